"""docs/troubleshooting.md quotes what the program prints; each quotation is still printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
TITLES = ("## Setting up and deploying", "## What WeCom sends and answers")
SECTIONS = [PAGE.partition(title)[2].partition("\n## ")[0] for title in TITLES]
ROWS = [
    line
    for section in SECTIONS
    for line in [line for line in section.splitlines() if line.startswith("| ") and "---" not in line][1:]
]
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for room in ("bot", "handlers", "scheduler")
    for pattern in ("*.py", "*.toml")
    for path in (ROOT / room).rglob(pattern)
)
# Words of WeCom, of an older version, or filled in at run time.
NOT_IN_ONE_PIECE = {
    "errcode",
    "not allow to access from your ip",  # WeCom's
    "no live upstreams",  # nginx's
    "max_fails",
    "check --live",
    "init",
    "event … (event/location) failed",
    "WeCom answered 40001",
    "WeCom answered -1",
    "WeCom answered HTTP 502",
    "no whole answer from WeCom within 10 s",
    "WeCom refuses the token that it gave anew (40001)",
    "… fails (…) and is tried again: see the log",
    "�",
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:40])
def test_what_a_row_says_is_printed(row: str) -> None:
    quoted = re.findall(r"`([^`]+)`", row.split(" | ")[0])

    assert quoted
    assert [text for text in quoted if text not in NOT_IN_ONE_PIECE and text not in SOURCE] == []
    assert row.count(" | ") == 2


def test_each_kind_of_fault_has_its_row() -> None:
    assert len(ROWS) >= 14
