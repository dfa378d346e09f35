"""docs/faults.md names a test for each fault, and quotes what is printed."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.partition("\n## ")[0].splitlines()
    if line.startswith("| ") and "---" not in line
][1:]
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for room in ("bot", "handlers", "scheduler")
    for pattern in ("*.py", "en.toml")
    for path in (ROOT / room).rglob(pattern)
)
# Filled in at run time, or the name of a command.
NOT_IN_ONE_PIECE = re.compile(r"WeCom answered (HTTP )?-?\d+|check --live")
WANTED = (
    *(
        "revoked",
        "wrong secret",
        "45009",
        "45033",
        "−1",
        "timeout",
        "reset",
        "502",
        "broken JSON",
        "numbers as",
    ),
    *("10 MB", "one byte", "81013", "receivers", "60020", "app disabled", "card refused", "another app"),
    *("10 min", "disk full", "locked 20 s", "corrupt", "stopped"),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_fault_has_a_test_that_is_there(row: list[str]) -> None:
    _, does, sees, test = row
    file, _, name = test.strip("`").partition("::")
    module = importlib.import_module(file.removesuffix(".py"))

    assert name.startswith("test_")
    assert callable(getattr(module, name))
    quoted = re.findall(r"`([^`]+)`", sees)
    assert does
    assert quoted or sees == "nothing"
    assert [one for one in quoted if one not in SOURCE and not NOT_IN_ONE_PIECE.fullmatch(one)] == []


@pytest.mark.parametrize("fault", WANTED)
def test_no_fault_is_left_out(fault: str) -> None:
    assert [row for row in ROWS if fault in row[0]]


def test_the_page_is_short() -> None:
    prose = re.sub(r"`test_[^`]+`|\|", " ", PAGE)

    assert len(prose.split()) <= 600
