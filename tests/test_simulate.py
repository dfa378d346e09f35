"""A simulation puts two sets of rules beside each other on one record, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import QUOTA, FakeTime, add_customers, at, installation, write_config, write_roster

from bot.core.money import Pay, Penalty
from bot.core.periods import PeriodKind
from bot.core.quotas import Quota
from bot.core.relations import RelationEvent, RelationKind
from bot.core.status import Status
from bot.features.close import results
from bot.features.ledger.derive import derive
from bot.features.simulate.simulate import Simulated, Simulation, simulate
from bot.features.standings.load import load_rulebook, load_standings, load_standings_in
from bot.services import Services
from scheduler.jobs import PREPARES

MET, MISSED, EXEMPT = Status.MET, Status.MISSED, Status.EXEMPT
RULES = QUOTA.replace("50", "3") + "penalty = { flat = 300 }\n[quotas.counting]\nkeep_days = 7\n"
# November 2026 and seven days: settled on 8 December at midnight.
SETTLED = "2026-12-09T10:00"
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


@contextmanager
def branch(folder: Path, *, quotas: str = RULES, now: str = SETTLED, more: str = "") -> Iterator[Services]:
    """zhang has 3 of 3 and keeps them; li had 3, of which one was lost after two days; wang is no manager."""
    write_roster(
        folder,
        "zhang,员工甲,1,客户经理,,,,",
        "li,员工乙,1,客户经理,,,,",
        "wang,员工丙,1,柜员,,,,",
    )
    clock = FakeTime(at("2026-11-01T08:00"))
    with installation(write_config(folder, quotas=quotas, more=more), clock) as services:
        clock.set(now)
        for userid in ("zhang", "li"):
            add_customers(services, userid, *(at(f"2026-11-{day:02d}T10:00") for day in (3, 4, 5)))
        lose(services, "li", "wm-li-1104100000-1", when="2026-11-06T10:00")
        yield services


def lose(services: Services, userid: str, customer: str, *, when: str) -> None:
    event = RelationEvent(
        userid=userid,
        external_userid=customer,
        at=int(at(when).timestamp()),
        kind=RelationKind.LOST_BY_CUSTOMER,
    )
    with services.store.transaction():
        services.store.ledger.append(event, origin="callback", recorded_at=0)
    derive(services)


def in_force(services: Services) -> Quota:
    return services.config.core_quotas()[0]


def keeping(quota: Quota, days: int) -> Quota:
    return replace(quota, counting=replace(quota.counting, keep_days=days))


def simulated(
    services: Services, *quotas: Quota, first: date = NOVEMBER[0], last: date = NOVEMBER[1]
) -> Simulation:
    return simulate(services, quotas=quotas, first=first, last=last, at=services.clock.now())


def only(found: Simulation) -> Simulated:
    (one,) = found.quotas
    return one


def statuses(one: Simulated) -> dict[str, tuple[Status, Status]]:
    return {person.userid: person.statuses for person in one.people}


def test_a_milder_rule_shows_who_would_have_met_it_and_what_it_would_cost(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        one = only(simulated(services, keeping(in_force(services), 0)))

    assert statuses(one) == {"li": (MISSED, MET), "zhang": (MET, MET)}
    assert [person.userid for person in one.people if person.changes_status] == ["li"]
    assert one.was is not None
    assert one.would_be is not None
    sums = [
        (side.people, side.met, side.counted, side.target, side.attainment, side.penalty)
        for side in (one.was, one.would_be)
    ]
    assert sums == [(2, 1, 5, 6, Fraction(83, 100), 300), (2, 2, 6, 6, Fraction(1), 0)]


def test_money_may_change_where_the_status_does_not(tmp_path: Path) -> None:
    dearer = Penalty(per_missing=Pay(amount=400))
    with branch(tmp_path) as services:
        one = only(simulated(services, replace(in_force(services), penalty=dearer)))

    changed = [(person.userid, person.changes_status) for person in one.people if person.changes]
    assert changed == [("li", False)]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        pytest.param({}, [("cm-monthly", "other")], id="the same people and kind of period"),
        pytest.param(
            {"roles": frozenset({"柜员"})}, [("cm-monthly", None), ("other", None)], id="other people"
        ),
        pytest.param({"period": PeriodKind.QUARTER}, [("cm-monthly", None)], id="another kind of period"),
    ],
)
def test_a_quota_with_another_id_is_compared_when_it_asks_the_same_people(
    tmp_path: Path, changes: dict[str, Any], named: list[tuple[str, str | None]]
) -> None:
    with branch(tmp_path) as services:
        found = simulated(services, replace(in_force(services), id="other", **changes))

    assert [(one.quota, one.called) for one in found.quotas] == named


def test_of_two_that_ask_the_same_people_neither_is_taken_for_the_one_in_force(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        twice = [replace(in_force(services), id=name) for name in ("one", "two")]
        found = simulated(services, *twice)

    assert [(one.quota, one.called) for one in found.quotas] == [
        ("cm-monthly", None),
        ("one", None),
        ("two", None),
    ]


def test_the_same_rules_change_nothing_and_are_what_progress_shows(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        one = only(simulated(services, in_force(services)))
        told = load_standings(services, at=services.clock.now(), period="2026-11").rows

    assert [person for person in one.people if person.changes] == []
    assert one.differences == []
    assert one.was is not None
    assert one.was == one.would_be
    assert [(row.userid, row.counted, row.penalty) for row in one.was.rows.values()] == [
        (row.userid, row.counted, row.penalty) for row in told
    ]


@pytest.mark.parametrize(
    ("now", "days", "as_of", "settled"),
    [
        pytest.param("2026-12-20T10:00", 3, "2026-12-08T00:00", True, id="the old rule settles later"),
        pytest.param("2026-12-20T10:00", 14, "2026-12-15T00:00", True, id="the new rule settles later"),
        pytest.param("2026-12-08T00:00", 3, "2026-12-08T00:00", True, id="settled this second"),
        pytest.param("2026-12-09T10:00", 14, "2026-12-09T10:00", False, id="the new rule is not settled"),
        pytest.param("2026-11-20T10:00", 3, "2026-11-20T10:00", False, id="running"),
    ],
)
def test_a_period_is_simulated_as_of_the_later_settlement_but_never_of_a_time_to_come(
    tmp_path: Path, now: str, days: int, as_of: str, settled: bool
) -> None:
    with branch(tmp_path, now=now) as services:
        one = only(simulated(services, keeping(in_force(services), days)))

    assert (one.as_of, one.settled) == (at(as_of), settled)


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        pytest.param(date(2026, 11, 1), date(2026, 11, 30), ["2026-11"], id="one month"),
        pytest.param(date(2026, 11, 2), date(2026, 11, 30), ["2026-11"], id="it only has to end within"),
        pytest.param(date(2026, 11, 1), date(2026, 11, 29), [], id="it ends after the last day"),
        pytest.param(date(2026, 11, 1), date(2026, 12, 31), ["2026-11", "2026-12"], id="a running one"),
        pytest.param(date(2026, 11, 1), date(2027, 6, 30), ["2026-11", "2026-12"], id="none to come"),
        pytest.param(date(1, 1, 1), date(2026, 11, 30), ["2026-11"], id="none before the record"),
        pytest.param(date(2026, 11, 1), date(9999, 12, 31), ["2026-11", "2026-12"], id="the end of days"),
    ],
)
def test_periods_that_end_within_the_days_are_taken(
    tmp_path: Path, first: date, last: date, found: list[str]
) -> None:
    with branch(tmp_path) as services:
        told = simulated(services, in_force(services), first=first, last=last)

    assert [one.period.name for one in told.quotas] == found
    assert told.recorded_from == date(2026, 11, 3)


def test_without_a_record_there_is_nothing_to_simulate(tmp_path: Path) -> None:
    write_roster(tmp_path, "zhang,员工甲,1,客户经理,,,,")
    with installation(write_config(tmp_path, quotas=RULES), FakeTime(at(SETTLED))) as services:
        told = simulated(services, in_force(services))

    assert (told.quotas, told.recorded_from) == ((), None)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"id": "other", "departments": frozenset({1})}, id="another id and scope"),
        pytest.param({"period": PeriodKind.QUARTER}, id="another kind of period"),
    ],
)
def test_what_stands_on_one_side_only_is_not_compared(tmp_path: Path, change: dict[str, object]) -> None:
    with branch(tmp_path) as services:
        other = replace(in_force(services), **change)  # type: ignore[arg-type]  # the table above
        told = simulated(services, other, last=date(2026, 12, 31))

    alone = {(one.quota, one.period.name): (one.was is None, one.would_be is None) for one in told.quotas}
    assert alone["cm-monthly", "2026-11"] == (False, True)
    assert (True, False) in alone.values()
    assert (False, False) not in alone.values()
    assert [one.differences for one in told.quotas] == [()] * len(told.quotas)


def test_quotas_stand_in_the_order_of_the_file_in_force_then_new_ones_by_time(tmp_path: Path) -> None:
    second = QUOTA.replace("cm-monthly", "b").replace('"month"', '"week"')
    with branch(tmp_path, quotas=RULES + second, now="2026-11-20T10:00") as services:
        monthly, weekly = services.config.core_quotas()
        told = simulated(services, replace(monthly, id="a"), weekly, monthly, last=date(2026, 11, 15))
        months = simulated(services, replace(monthly, id="a"), weekly, monthly, first=date(2026, 11, 30))

    assert [(one.quota, one.period.name) for one in told.quotas] == [
        ("b", "2026-W45"),
        ("b", "2026-W46"),
    ]
    assert [one.quota for one in months.quotas] == ["cm-monthly", "a"]


def test_who_leaves_or_enters_the_scope_counts_as_exempt_on_the_other_side(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        told = simulated(services, replace(in_force(services), roles=frozenset(["柜员"])))

    one = only(told)
    assert statuses(one) == {"li": (MISSED, EXEMPT), "wang": (EXEMPT, MISSED), "zhang": (MET, EXEMPT)}
    assert [person.was is None for person in one.people] == [False, True, False]
    assert all(person.changes_status for person in one.people)


def test_each_period_keeps_the_rule_it_began_with_on_the_side_in_force(tmp_path: Path) -> None:
    with branch(tmp_path):
        pass
    changed = write_config(tmp_path, quotas=RULES.replace("target = 3", "target = 5"))
    with installation(changed, FakeTime(at("2026-12-01T09:00"))):
        pass
    with installation(changed, FakeTime(at("2026-12-09T09:00"))) as services:
        told = simulated(services, replace(in_force(services), target=9), last=date(2027, 1, 31))

    targets = [
        (one.was and one.was.rule.target, one.would_be and one.would_be.rule.target) for one in told.quotas
    ]
    assert targets == [(3, 9), (3, 9)]  # the change was first recorded in December: it holds from January on


def test_the_monthly_cap_holds_on_both_sides(tmp_path: Path) -> None:
    dearer = Penalty(flat=1000)
    with branch(tmp_path, more="[money]\ncap_per_month = 250\n") as services:
        one = only(simulated(services, replace(in_force(services), penalty=dearer)))

    assert one.was is not None
    assert one.would_be is not None
    assert (one.was.penalty, one.would_be.penalty) == (250, 250)


def test_signed_lines_do_not_stand_in_the_way_of_a_comparison(tmp_path: Path) -> None:
    with branch(tmp_path, now="2026-12-15T18:00") as services:
        PREPARES["close"](services, at("2026-12-08T08:42"))
        results.sign(services, "cm-monthly", "2026-11", by="HR", at=at("2026-12-15T18:00"))
        add_customers(services, "li", at("2026-11-25T10:00"))
        signed = load_standings(services, at=services.clock.now(), period="2026-11").rows
        one = only(simulated(services, keeping(in_force(services), 0)))

    assert {row.userid: row.counted for row in signed} == {"li": 2, "zhang": 3}
    li = next(person for person in one.people if person.userid == "li")
    assert li.was is not None
    assert li.would_be is not None
    assert (li.was.counted, li.would_be.counted) == (3, 4)


def test_reading_everything_once_gives_the_numbers_of_each_time(tmp_path: Path) -> None:
    daily = QUOTA.replace("cm-monthly", "daily").replace('"month"', '"day"').replace("50", "1")
    held = QUOTA.replace("cm-monthly", "held").replace('"month"', '"week"') + 'basis = "held"\n'
    more = '[money]\ncap_per_month = 1000\n[integrity]\nburst = { adds = 2, minutes = 5 }\naction = "hold"\n'
    with branch(tmp_path, quotas=daily + held + RULES, more=more) as services:
        old = [at("2026-07-01T10:00") + timedelta(days=day) for day in range(40)]
        add_customers(services, "zhang", *old, at("2026-11-09T10:00"), at("2026-11-09T10:02"))
        lose(services, "zhang", "wm-zhang-0705100000-4", when="2026-11-12T10:00")
        told = simulated(services, *services.config.core_quotas())
        book = load_rulebook(services)
        alone = {
            (one.quota, one.period.name): load_standings_in(
                services, [(side.rule, one.period)], at=one.as_of, book=book, money=True, stored=False
            ).rows
            for one in told.quotas
            if (side := one.was) is not None
        }

    assert len(told.quotas) == 30 + 5 + 1  # days, weeks that end in November, the month
    for one in told.quotas:
        assert one.was is not None
        assert tuple(one.was.rows.values()) == alone[one.quota, one.period.name]
        assert one.was == one.would_be
