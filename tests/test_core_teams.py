"""What departments reached together."""

from __future__ import annotations

from datetime import date
from typing import Any

from builders.branches import NINE_TENTHS, at, person, quota, seconds
from builders.contacts import branch, contact, rows, won
from builders.teams import compute_teams

from bot.core.contacts import Contact
from bot.core.history import Kept
from bot.core.people import Departments, Person
from bot.core.periods import parse_period
from bot.core.progress import compute_rows
from bot.core.quotas import Quota
from bot.core.teams import Team, compute_large_teams

# 1 with 11 and 12 below it; 2 beside it.
TREE = Departments(parents={11: 1, 12: 1})
WHEN = "2026-11-24T09:00"
FIVE = {"jia": 6, "yi": 2, "bing": 2, "ding": 4, "wu": 4}
ALL_MONTH = frozenset(date(2026, 11, day) for day in range(1, 31))


def teams_of(
    contacts: list[Contact], people: list[Person], *quotas: Quota, tree: Departments = TREE
) -> list[Team]:
    told = branch(contacts, people, departments=tree)
    past = told.past(seconds(WHEN))
    rows = compute_rows(
        told,
        quota_periods=[(asked, parse_period("2026-11")) for asked in quotas],
        at=at(WHEN),
        behind_threshold=NINE_TENTHS,
    )
    kept = {who.userid: past.history(who.userid).kept_90(seconds(WHEN)) for who in people}
    days = told.shown_days([(asked, parse_period("2026-11")) for asked in quotas], today=date(2026, 11, 24))
    return list(compute_teams(rows, departments=tree, kept=kept, days=days))


def team(department: int, **changes: Any) -> Team:
    usual: dict[str, Any] = {"quota": "q", "period": "2026-11", "kept_90": None}
    return Team(department=department, **(usual | changes))


def test_a_department_holds_what_stands_below_it() -> None:
    # Of 4 each: jia 6, yi 2, bing 3, ding 0.
    people = [
        person("jia", departments=(11,)),
        person("yi", departments=(12, 2)),
        person("bing", departments=(1,)),
        person("ding", departments=(2,)),
    ]
    contacts = [*won(6), *won(2, userid="yi"), *won(3, userid="bing")]

    assert teams_of(contacts, people, quota(4)) == [
        # min(6, 4) + 2 + 3 = 9 of 12; the middle of 1.5, 0.5 and 0.75; 11 adds, all kept.
        team(1, people=3, attainment=0.75, median=0.75, kept_90=1.0),
        team(2, people=1, attainment=0.0, median=0.0),
        team(11, people=1, attainment=1.0, median=1.5),
        team(12, people=1, attainment=0.5, median=0.5),
    ]


def test_of_given_members_only_a_large_team_is_summed() -> None:
    contacts = [one for userid, number in FIVE.items() for one in won(number, userid=userid)]
    months = rows(contacts, WHEN, asked=quota(4), people=[person(userid) for userid in FIVE])
    members = {11: list(FIVE), 12: ["jia", "yi", "bing", "ding"], 13: ["nobody"]}

    kept = dict.fromkeys(FIVE, Kept(kept=3, adds=4))

    found = compute_large_teams(members, {userid: [row] for userid, row in months.items()}, kept=kept)

    # 4 + 2 + 2 + 4 + 4 of 20; the middle of 1.5, 0.5, 0.5, 1 and 1; 15 of 20 kept.
    assert found == (team(11, people=5, attainment=0.8, median=1.0, kept_90=0.75),)


def test_two_decimals_halves_up_and_the_middle_of_two() -> None:
    # 3 and 2 of 8 each: 5 / 16 = 0.3125; between 0.375 and 0.25 lies 0.3125.
    people = [person("jia"), person("yi")]
    contacts = [*won(3), *won(2, userid="yi")]

    assert teams_of(contacts, people, quota(8)) == [team(1, people=2, attainment=0.31, median=0.31)]


def test_a_half_of_a_hundredth_is_rounded_up() -> None:
    # 25 of 200 is 0.125.
    assert teams_of(won(25), [person()], quota(200)) == [
        team(1, people=1, attainment=0.13, median=0.13, kept_90=1.0)
    ]


def test_the_exempt_are_no_part_of_a_team() -> None:
    people = [
        person("jia"),
        person("yi", absences=ALL_MONTH),
        person("bing", departments=(2,), absences=ALL_MONTH),
    ]
    contacts = [*won(4), *won(9, userid="yi")]

    assert teams_of(contacts, people, quota(4)) == [
        team(1, people=1, attainment=1.0, median=1.0),
        team(2, people=0, attainment=None, median=None),
    ]


def test_kept_90_is_over_all_adds_and_not_the_middle_of_the_shares() -> None:
    # jia 9 of 9 and yi 0 of 3 kept: 9 / 12. Alone neither has ten adds.
    people = [person("jia"), person("yi")]
    lost = won(3, userid="yi", lost="2026-11-20T10:00")

    (found,) = teams_of([*won(9), *lost], people, quota(4))

    assert found.kept_90 == 0.75


def test_what_was_handed_on_is_no_part_of_kept_90() -> None:
    contacts = [*won(9), contact(customer="gone", moved="2026-11-12T10:00")]

    (found,) = teams_of(contacts, [person()], quota(4))

    assert found.kept_90 is None


def test_teams_stand_in_the_order_of_quotas_then_by_department() -> None:
    people = [person("jia", departments=(12,)), person("yi", departments=(2,))]

    found = teams_of([], people, quota(4, id="b"), quota(4, id="a"))

    assert [(one.quota, one.department) for one in found] == [
        ("b", 1), ("b", 2), ("b", 12), ("a", 1), ("a", 2), ("a", 12),
    ]  # fmt: skip


def test_somebody_without_a_department_is_in_no_team_and_a_circle_of_parents_ends() -> None:
    people = [person("jia", departments=()), person("yi", departments=(4,))]

    found = teams_of([], people, quota(4), tree=Departments(parents={4: 5, 5: 4}))

    assert [(one.department, one.people) for one in found] == [(4, 1), (5, 1)]
