"""`python -m bench.pages` in small: each page is opened, first and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import pages
from bench.numbers import make_bank


@pytest.mark.parametrize(("userid", "page"), [("u000000", "/team"), ("u000001", "/me"), ("u000012", "/team")])
def test_a_page_is_measured(tmp_path: Path, userid: str, page: str) -> None:
    path = make_bank(tmp_path, people=16, adds=3, team=4, first_team=9)

    found = pages.ask(path, userid=userid, page=page)

    assert found["first"] > 0
    assert found["again"] > 0
