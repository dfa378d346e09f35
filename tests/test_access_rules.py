"""The rights: which pages are open to whom, and where a login may lead back to."""

from __future__ import annotations

from datetime import date

import pytest

from bot.core.people import Membership, Person
from bot.features.access.rules import Page, home_of, own_path, pages_of

DAY = date(2026, 11, 25)
ME, TEAM, REVIEW, ADMIN = Page.ME, Page.TEAM, Page.REVIEW, Page.ADMIN


def person(**changes: object) -> Person:
    given: dict[str, object] = {
        "userid": "zhang",
        "name": "员工甲",
        "memberships": (Membership(since=None, departments=(11,), role=None),),
    }
    return Person(**(given | changes))  # type: ignore[arg-type]  # a builder


@pytest.mark.parametrize(
    ("who", "reviewers", "admins", "open_pages"),
    [
        pytest.param(person(), (), (), {ME}, id="an employee"),
        pytest.param(person(leader_of=(11,)), (), (), {ME, TEAM, REVIEW}, id="a leader"),
        pytest.param(person(), ("zhang",), (), {ME, REVIEW}, id="a reviewer"),
        pytest.param(person(), (), ("zhang",), {ME, REVIEW, ADMIN}, id="an administrator"),
        pytest.param(person(), ("li",), ("li",), {ME}, id="a colleague of both"),
        pytest.param(None, (), (), set(), id="a stranger"),
        pytest.param(None, ("zhang",), (), {REVIEW}, id="a reviewer outside the roster"),
        pytest.param(None, (), ("zhang",), {REVIEW, ADMIN}, id="an administrator outside the roster"),
        pytest.param(person(left_on=DAY), (), (), {ME}, id="on the last day"),
        pytest.param(
            person(left_on=date(2026, 11, 24), leader_of=(11,)), ("zhang",), ("zhang",), set(), id="who left"
        ),
        pytest.param(person(joined_on=date(2026, 11, 26)), (), (), set(), id="who begins tomorrow"),
    ],
)
def test_pages_are_open_to_whom_they_concern(
    who: Person | None, reviewers: tuple[str, ...], admins: tuple[str, ...], open_pages: set[Page]
) -> None:
    assert pages_of("zhang", who, day=DAY, reviewers=reviewers, admins=admins) == open_pages


def test_the_first_page_is_the_own_one_where_there_is_one() -> None:
    assert home_of({ADMIN, ME}) is ME
    assert home_of({ADMIN, REVIEW}) is REVIEW


@pytest.mark.parametrize(
    "path",
    [
        "/me",
        "/me?period=2026-11",
        "/me#contact-wmAbc_-1",
        "/team?sort=name&page=2",
        "/review",
    ],
)
def test_a_login_leads_back_to_paths_of_this_site(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "me",
        "https://evil.example.com/me",
        "//evil.example.com",
        "/\\evil.example.com",
        "/me\n/x",
        "/@evil.example.com//x",
        "javascript:alert(1)",
        "/me/../../x y",
        "/" + "m" * 400,
    ],
)
def test_a_login_never_leads_anywhere_else(path: str) -> None:
    assert own_path(path) == ""
