"""The oracle on examples by hand: ranks, yuan, caps, closed periods and teams."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from oracle.branch import Branch, Closing, Line, Penalty, Quota, Reward, Rules, Version
from oracle.closed import Oracle
from oracle.rows import Row
from oracle.short import LONG_AGO, TODAY, at, branch, ended, figures, november, reading, row, won

HALF = Fraction(1, 2)
FLAT = Penalty(flat=300)
AFTER = "2026-12-01T00:00"  # November's settlement without keep days


def november_row(asked: Branch, when: str = AFTER, *, userid: str = "jia") -> Row:
    return row(asked, when, userid=userid, period="2026-11")


# -- yuan


@pytest.mark.parametrize(
    ("penalty", "counted", "amount"),
    [
        (FLAT, 49, 300),
        (FLAT, 50, 0),
        (Penalty(per_missing=50, cap=500), 45, 250),
        (Penalty(per_missing=50, cap=500), 30, 500),
        (Penalty(per_missing=50), 30, 1000),
        (Penalty(tiers=((Fraction(1), 200), (HALF, 500))), 24, 500),
        (Penalty(tiers=((Fraction(1), 200), (HALF, 500))), 25, 200),
        (Penalty(tiers=((HALF, 500),)), 25, 0),
        (None, 0, None),
    ],
)
def test_what_a_miss_costs(penalty: Penalty | None, counted: int, amount: int | None) -> None:
    asked = branch(won(counted, "2026-11-03T10:00"), quota=Quota(penalty=penalty))

    assert november_row(asked)["penalty"] == amount


def test_flat_amounts_are_prorated_and_rounded_down_and_those_by_contact_are_not() -> None:
    half = (reading(jia=Line(share=HALF)),)
    away = {"jia": november(2, 2)}
    flat = branch(won(24, "2026-11-03T10:00"), quota=Quota(penalty=FLAT), readings=half)
    by_contact = branch(
        won(24, "2026-11-03T10:00"), quota=Quota(penalty=Penalty(per_missing=50)), readings=half
    )
    day_off = branch(quota=Quota(penalty=FLAT), absences=away)

    assert [november_row(asked)["penalty"] for asked in (flat, by_contact, day_off)] == [150, 50, 285]


def test_a_stocks_deduction_is_prorated_by_the_share_alone() -> None:
    quota = Quota(basis="held", target=300, penalty=Penalty(flat=1000))
    asked = branch(quota=quota, readings=(reading(jia=Line(share=HALF)),), absences={"jia": november(2, 6)})

    assert figures(november_row(asked), "target", "penalty") == [150, 500]


def test_money_comes_with_the_settlement_or_when_it_is_asked_for() -> None:
    asked = branch(quota=Quota(penalty=FLAT, keep_days=7))

    assert november_row(asked, "2026-12-07T23:59:59")["penalty"] is None
    assert november_row(asked, "2026-12-08T00:00:00")["penalty"] == 300
    assert row(asked, TODAY, money=True)["penalty"] == 300


def test_the_exempt_have_no_money() -> None:
    quota = Quota(penalty=FLAT, reward=Reward(per_extra=10))
    asked = branch(won(3, "2026-11-03T10:00"), quota=quota, absences={"jia": november(1, 30)})

    assert figures(november_row(asked), "penalty", "reward") == [None, None]


@pytest.mark.parametrize(
    ("period", "settled", "amount"),
    [("quarter", "2027-01-01T00:00", None), ("month", "2027-01-01T00:00", 300)],
)
def test_a_period_that_began_long_before_the_record_is_for_reference(
    period: str, settled: str, amount: int | None
) -> None:
    # Before 3 December lie 41 of the quarter's 62 workdays, and 2 of December's 23.
    asked = branch(quota=Quota(period=period, penalty=FLAT), record_began=date(2026, 12, 3))
    name = {"quarter": "2026-Q4", "month": "2026-12"}[period]

    assert row(asked, settled, period=name)["penalty"] == amount


# -- ranks and rewards


def several(quota: Quota, won_by: dict[str, int], **lines: Line) -> Branch:
    people = {userid: Line() for userid in won_by} | lines
    events = [
        won(number, "2026-11-03T10:00", userid=userid, name=userid) for userid, number in won_by.items()
    ]
    return branch(*events, quota=quota, readings=(reading(**people),))


def column(asked: Branch, name: str, when: str = AFTER) -> dict[str, Any]:
    return {row["userid"]: row[name] for row in Oracle(asked).rows(at(when), "2026-11")}


def test_equal_ranks_each_get_their_amount() -> None:
    asked = several(Quota(reward=Reward(top=(500, 300, 100))), {"a": 70, "b": 60, "c": 60, "d": 55})

    assert column(asked, "rank") == {"a": 1, "b": 2, "c": 2, "d": 4}
    assert column(asked, "reward") == {"a": 500, "b": 300, "c": 300, "d": 0}


def test_ranks_are_within_the_scope_of_the_reward() -> None:
    quota = Quota(reward=Reward(top=(500,), scope="department", min_attainment=Fraction(1)))
    asked = several(quota, {"a": 70, "b": 60, "c": 49}, b=Line(departments=(2,)), c=Line(departments=(3,)))

    assert column(asked, "rank") == {"a": 1, "b": 1, "c": 1}
    assert column(asked, "reward") == {"a": 500, "b": 500, "c": 0}


def test_a_per_extra_reward_ranks_everybody_together() -> None:
    quota = Quota(reward=Reward(per_extra=10, cap=150, scope="department"))
    asked = several(quota, {"a": 70, "b": 60}, b=Line(departments=(2,)))

    assert column(asked, "rank") == {"a": 1, "b": 2}
    assert column(asked, "reward") == {"a": 150, "b": 100}


def test_kept_relations_are_asked_as_of_the_settlement() -> None:
    adds = won(60, "2026-11-03T10:00")
    quota = Quota(reward=Reward(top=(500,), min_kept=Fraction(8, 10)))
    asked = branch(adds, ended(adds[:13], "2026-12-05T10:00"), quota=quota)
    sooner = branch(adds, ended(adds[:13], "2026-11-30T10:00"), quota=quota)

    assert [november_row(one, "2026-12-08T09:00")["reward"] for one in (asked, sooner)] == [500, 0]
    assert november_row(asked, "2026-12-08T09:00")["kept_90"] == 0.78


def test_only_those_who_were_there_rank() -> None:
    # A teller until the 13th: 52 of 24 in 10 of 21 days is no rank 1 where half of the days are asked.
    quota = Quota(target=50, roles=frozenset({"teller"}), reward=Reward(top=(500, 300), min_presence=HALF))
    asked = branch(
        won(52, "2026-11-03T10:00"),
        won(50, "2026-11-03T10:00", userid="yi"),
        quota=quota,
        readings=(
            reading(jia=Line(role="teller"), yi=Line(role="teller")),
            reading(date(2026, 11, 16), jia=Line(role="manager"), yi=Line(role="teller")),
        ),
    )

    assert column(asked, "rank") == {"jia": None, "yi": 1}
    assert column(asked, "reward") == {"jia": 0, "yi": 500}


def test_who_changed_departments_is_no_department_of_one() -> None:
    quota = Quota(
        roles=frozenset({"teller"}), reward=Reward(top=(500,), scope="department", min_attainment=HALF)
    )
    asked = branch(
        won(13, "2026-11-03T10:00"),
        won(50, "2026-11-03T10:00", userid="yi"),
        quota=quota,
        readings=(
            reading(jia=Line(role="teller"), yi=Line(role="teller")),
            reading(date(2026, 11, 16), jia=Line(role="manager", departments=(2,)), yi=Line(role="teller")),
        ),
    )

    assert figures(november_row(asked), "target", "counted", "department", "rank", "reward") == [
        24,
        13,
        1,
        2,
        0,
    ]


# -- the cap of a month


def capped(cap: int, *quotas: Quota, later: int | None = None) -> Branch:
    versions = [Version(on=LONG_AGO, rules=Rules(quotas=quotas, cap_per_month=cap))]
    if later is not None:
        versions.append(Version(on=date(2026, 12, 1), rules=Rules(quotas=quotas, cap_per_month=later)))
    return branch(versions=tuple(versions))


STOCK = Quota(id="stock", period="quarter", basis="held", target=300, penalty=Penalty(flat=1000))
MONTH = Quota(id="month", target=50, penalty=FLAT, keep_days=7)


def deductions(asked: Branch, when: str) -> dict[str, int | None]:
    rows = [row for name in ("2026-12", "2026-Q4") for row in Oracle(asked).rows(at(when), name)]
    return {row["quota"]: row["penalty"] for row in rows}


def test_what_settles_first_is_deducted_first() -> None:
    asked = capped(1000, MONTH, STOCK)

    assert deductions(asked, "2027-01-01T00:00") == {"month": None, "stock": 1000}
    assert deductions(asked, "2027-01-08T00:00") == {"month": 0, "stock": 1000}
    assert deductions(capped(1200, MONTH, STOCK), "2027-01-08T00:00") == {"month": 200, "stock": 1000}


def test_of_two_that_settle_at_once_the_files_order_decides() -> None:
    quarter = Quota(id="stock", period="quarter", penalty=FLAT)
    month = Quota(id="month", penalty=FLAT)

    assert deductions(capped(500, month, quarter), "2027-01-01T00:00") == {"month": 300, "stock": 200}
    assert deductions(capped(500, quarter, month), "2027-01-01T00:00") == {"month": 200, "stock": 300}


def test_the_cap_is_that_of_the_months_first_day() -> None:
    assert deductions(capped(500, STOCK, later=100), "2027-01-08T00:00") == {"stock": 500}


def test_what_is_stored_keeps_its_amount_and_what_a_correction_frees_goes_to_nobody() -> None:
    asked = capped(1000, MONTH, STOCK)
    stored = Oracle(asked).close("stock", "2026-Q4", at("2027-01-04T08:42"))
    corrected = {**stored.rows["jia"], "counted": 300, "penalty": 0}
    moment = int(at("2027-01-05T10:00").timestamp())
    closed = replace(
        asked, closings={("stock", "2026-Q4"): replace(stored, corrections=((moment, corrected),))}
    )

    assert deductions(closed, "2027-01-08T00:00") == {"month": 0, "stock": 0}


# -- closed periods


def closed_september() -> tuple[Branch, Closing]:
    asked = several(Quota(reward=Reward(top=(500,), min_attainment=HALF), penalty=FLAT), {"a": 40, "b": 30})
    return asked, Oracle(asked).close("q", "2026-11", at("2026-12-01T08:42"))


def test_only_stored_lines_exist_in_a_closed_period() -> None:
    asked, closing = closed_september()
    late = reading(date(2026, 12, 1), a=Line(), b=Line(), c=Line(joined_on=date(2026, 11, 2)))
    changed = replace(
        asked,
        readings=(*asked.readings, late),
        events=(
            *asked.events,
            *won(50, "2026-11-04T10:00", userid="c"),
            *won(20, "2026-11-05T10:00", userid="b"),
        ),
        closings={("q", "2026-11"): closing},
    )

    assert column(changed, "counted", "2026-12-02T09:00") == {"a": 40, "b": 30}
    assert column(changed, "reward", "2026-12-02T09:00") == {"a": 500, "b": 0}
    assert [team["people"] for team in Oracle(changed).teams(at("2026-12-02T09:00"), "2026-11")] == [2]
    # Before the close the same time shows what is known now.
    assert column(changed, "counted", "2026-12-01T08:41") == {"a": 40, "b": 50, "c": 50}


def test_a_correction_is_shown_from_its_time_on() -> None:
    asked, closing = closed_september()
    line = {**closing.rows["b"], "counted": 50, "penalty": 0}
    moment = int(at("2026-12-03T10:00").timestamp())
    closed = replace(asked, closings={("q", "2026-11"): replace(closing, corrections=((moment, line),))})

    assert column(closed, "counted", "2026-12-03T09:59:59")["b"] == 30
    assert column(closed, "penalty", "2026-12-03T10:00:00")["b"] == 0


# -- teams


def test_teams_have_what_is_below_them_and_leave_out_the_exempt() -> None:
    asked = branch(
        won(60, "2026-11-03T10:00"),
        won(25, "2026-11-03T10:00", userid="yi"),
        readings=(
            reading(
                parents={3: 1, 2: 1},
                jia=Line(departments=(3,)),
                yi=Line(departments=(2,)),
                bing=Line(departments=(2,)),
            ),
        ),
        absences={"bing": november(1, 30)},
    )
    teams = {team["department"]: team for team in Oracle(asked).teams(at(TODAY))}

    # 50 of 60 and 25 count: 75 / 100; the middle of 1.2 and 0.5.
    assert figures(teams[1], "people", "attainment", "median", "kept_90") == [2, 0.75, 0.85, 1.0]
    assert figures(teams[2], "people", "attainment", "median") == [1, 0.5, 0.5]


def test_a_department_of_the_exempt_alone_has_no_shares() -> None:
    asked = branch(absences={"jia": november(1, 30)})
    (team,) = Oracle(asked).teams(at(TODAY))

    assert figures(team, "people", "attainment", "median", "kept_90") == [0, None, None, None]
