"""docs/threats.md is one page, and each line of what holds names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "threats.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line][1:]


def test_each_line_of_what_holds_names_a_test_that_is_there() -> None:
    assert len(ROWS) > 10
    for row in ROWS:
        named = re.findall(r"`(test_\w+\.py)`", row.strip("| ").split(" | ")[-1])
        assert named, row
        assert [name for name in named if not (TESTS / name).exists()] == []


def test_it_is_one_page() -> None:
    assert len(PAGE.replace("|", " ").split()) <= 500
