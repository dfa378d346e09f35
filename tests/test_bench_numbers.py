"""`python -m bench.numbers` in small: every measurement runs, and counts everybody."""

from __future__ import annotations

from pathlib import Path

from bench import numbers


def test_a_small_bank_is_measured(tmp_path: Path) -> None:
    path = numbers.make_bank(tmp_path, people=30, adds=3)

    assert numbers.bare_query(tmp_path) > 0
    assert numbers.measured("everybody", path)["rows"] == 31  # and their head
    assert numbers.measured("first", path)["first"] > 0
    one = numbers.measured("one", path)
    assert one["rows"] == 1
    assert all(seconds > 0 for seconds in numbers.measured("words", path).values())
    assert one["cpu"] > 0
