"""Which rule holds for which period: a period keeps what it began with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from builders.branches import quota
from builders.contacts import rows
from hypothesis import given
from hypothesis import strategies as st

from bot.core.periods import PeriodKind, parse_period, period_of
from bot.core.quotas import Quota
from bot.core.rulebook import QuotaInPeriod, Rulebook, Version, build_rulebook, find_changes
from bot.core.status import Status

MONTH, WEEK, DAY = PeriodKind.MONTH, PeriodKind.WEEK, PeriodKind.DAY
EVER = date.min


def book(*lines: list[tuple[date, Quota | None]]) -> Rulebook:
    return Rulebook(
        lines=tuple(tuple(Version(since=since, quota=rule) for since, rule in line) for line in lines)
    )


def shown(quota_periods: list[QuotaInPeriod]) -> list[tuple[str, int]]:
    """Periods with the target that is asked in them."""
    return [(period.name, rule.target) for rule, period in quota_periods]


CHANGED = book([(EVER, quota(50)), (date(2026, 12, 1), quota(60))])
TWICE = book([(EVER, quota(50)), (date(2026, 12, 1), quota(60)), (date(2027, 1, 1), quota(70))])
DROPPED = book([(EVER, quota(50)), (date(2026, 12, 1), None)])
BACK = book([(EVER, quota(50)), (date(2026, 12, 1), None), (date(2027, 1, 1), quota(70))])
# The first record was made in November, so that one holds for all time before.
RECORDED = book([(date(2026, 11, 1), quota(50)), (date(2026, 12, 1), quota(60))])
DATED = book([(EVER, quota(50, starts_on=date(2026, 11, 2), ends_on=date(2026, 12, 1)))])
# 1 December 2026 is a Tuesday: the first whole week after it begins on the 7th.
TO_WEEKS = book([(EVER, quota(50)), (date(2026, 12, 1), quota(9, period=WEEK))])
TO_DAYS = book([(EVER, quota(9, period=WEEK)), (date(2026, 12, 7), quota(2, period=DAY))])


@pytest.mark.parametrize(
    ("rules", "day", "quota_periods"),
    [
        pytest.param(CHANGED, date(2026, 11, 30), [("2026-11", 50)], id="what the month began with"),
        pytest.param(CHANGED, date(2026, 12, 1), [("2026-12", 60)], id="the change, from its first day on"),
        pytest.param(TWICE, date(2026, 12, 31), [("2026-12", 60)], id="between two changes"),
        pytest.param(TWICE, date(2027, 1, 1), [("2027-01", 70)], id="after the second"),
        pytest.param(
            RECORDED, date(2025, 3, 1), [("2025-03", 50)], id="before the first record that one holds"
        ),
        pytest.param(DROPPED, date(2026, 11, 30), [("2026-11", 50)], id="dropped: to the end of its period"),
        pytest.param(DROPPED, date(2026, 12, 1), [], id="dropped: then no more"),
        pytest.param(BACK, date(2026, 12, 31), [], id="not there in between"),
        pytest.param(BACK, date(2027, 1, 1), [("2027-01", 70)], id="there again"),
        pytest.param(DATED, date(2026, 11, 30), [], id="the month began a day before starts_on"),
        pytest.param(DATED, date(2026, 12, 31), [("2026-12", 50)], id="the month began on ends_on"),
        pytest.param(DATED, date(2027, 1, 1), [], id="after ends_on"),
        pytest.param(
            TO_WEEKS, date(2026, 11, 30), [("2026-11", 50)], id="month to week: the month to its end"
        ),
        pytest.param(
            TO_WEEKS, date(2026, 12, 6), [("2026-12", 50)], id="month to week: the old rule up to Sunday"
        ),
        pytest.param(TO_WEEKS, date(2026, 12, 7), [("2026-W50", 9)], id="month to week: from Monday on"),
        pytest.param(TO_DAYS, date(2026, 12, 6), [("2026-W49", 9)], id="week to day: the week to its end"),
        pytest.param(TO_DAYS, date(2026, 12, 7), [("2026-12-07", 2)], id="week to day: without a gap"),
    ],
)
def test_the_periods_in_which_a_day_lies(
    rules: Rulebook, day: date, quota_periods: list[tuple[str, int]]
) -> None:
    assert shown(rules.periods_at(day)) == quota_periods


@pytest.mark.parametrize(
    ("rules", "name", "quota_periods"),
    [
        pytest.param(CHANGED, "2026-11", [("2026-11", 50)], id="before the change"),
        pytest.param(CHANGED, "2026-12", [("2026-12", 60)], id="from the change on"),
        pytest.param(CHANGED, "2026-W49", [], id="a name of another kind"),
        pytest.param(DROPPED, "2027-01", [], id="not in the file any more"),
        pytest.param(TO_WEEKS, "2026-12", [("2026-12", 50)], id="the month that is cut"),
        pytest.param(TO_WEEKS, "2027-01", [], id="no month any more"),
        pytest.param(TO_WEEKS, "2026-W49", [], id="the week that began before the change"),
        pytest.param(TO_WEEKS, "2026-W50", [("2026-W50", 9)], id="the first week of the change"),
    ],
)
def test_a_period_by_its_name(rules: Rulebook, name: str, quota_periods: list[tuple[str, int]]) -> None:
    assert shown(rules.periods_named(parse_period(name))) == quota_periods


def test_quotas_stand_in_the_order_of_the_file() -> None:
    rules = Rulebook.of([quota(5, id="b", period=WEEK), quota(50, id="a")])

    assert [rule.id for rule, _ in rules.periods_at(date(2026, 11, 24))] == ["b", "a"]
    assert [rule.id for rule, _ in rules.periods_named(parse_period("2026-11"))] == ["a"]


def test_one_quota_of_a_period_stands_alone_or_not_at_all() -> None:
    rules, period = (
        book([(date(2026, 10, 1), quota(id="one"))], [(date(2026, 10, 1), quota(id="two"))]),
        parse_period("2026-11"),
    )

    assert [asked[0].id for asked in rules.in_period("two", period)] == ["two"]
    assert rules.in_period("three", period) == []
    assert rules.in_period("two", parse_period("2026-W48")) == []


def test_all_periods_that_begin_or_end_between_two_days() -> None:
    rules = book([(EVER, quota(50)), (date(2026, 12, 1), quota(60))], [(EVER, quota(9, id="w", period=WEEK))])

    beginning = rules.periods_beginning(date(2026, 11, 1), date(2026, 12, 1))
    ending = rules.periods_ending(date(2026, 11, 29), date(2026, 12, 6))

    assert shown(beginning) == [
        *(("2026-11", 50), ("2026-12", 60)),
        *((f"2026-W{week}", 9) for week in (45, 46, 47, 48, 49)),
    ]
    assert shown(ending) == [("2026-W48", 9), ("2026-11", 50), ("2026-W49", 9)]


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
RULES = st.one_of(
    st.none(),
    st.builds(Quota, id=st.just("q"), period=st.sampled_from([MONTH, WEEK, DAY]), target=st.integers(0, 99)),
)


def taking_over(line: list[tuple[date, Quota | None]]) -> Iterator[tuple[date, Quota | None]]:
    """Each day on which another rule takes over: the newest that may, when a period of its kind begins."""
    kinds = [rule.period if rule else None for _, rule in line]
    for number in range(1, len(kinds)):
        kinds[number] = kinds[number] or kinds[number - 1]
    in_force, day = 0, date(2025, 12, 1)
    while day < date(2028, 1, 1):
        for number in range(len(line) - 1, in_force, -1):
            kind = kinds[number]
            if line[number][0] <= day and (kind is None or period_of(kind, day).first == day):
                in_force = number
                yield day, line[number][1]
                break
        day += timedelta(days=1)


@given(changes=st.dictionaries(DAYS, RULES, max_size=4), first=RULES, day=DAYS)
def test_a_day_lies_in_one_period_at_most_and_that_keeps_what_it_began_with(
    changes: dict[date, Quota | None], first: Quota | None, day: date
) -> None:
    line = [(EVER, first), *sorted(changes.items(), key=lambda change: change[0])]

    quota_periods = book(line).periods_at(day)

    # Naively, day by day: who is in force, and when the next one takes over.
    turns = {when: rule for when, rule in taking_over(line) if when > date(2025, 12, 1)}
    held = next((turns[when] for when in sorted(turns, reverse=True) if when <= day), first)
    following = min((when for when in turns if when > day), default=date.max)
    wanted = []
    if held is not None:
        whole = period_of(held.period, day)
        last = min(whole.last, following - timedelta(days=1))
        wanted = [(held, replace(whole, last=last, cut_from=None if last == whole.last else whole.last))]
    assert quota_periods == wanted


@given(changes=st.dictionaries(DAYS, RULES, max_size=4), first=RULES, day=DAYS)
def test_what_begins_is_what_is_found_day_by_day(
    changes: dict[date, Quota | None], first: Quota | None, day: date
) -> None:
    rules = book([(EVER, first), *sorted(changes.items(), key=lambda change: change[0])])
    span = [day + timedelta(days=step) for step in range(40)]

    found = rules.periods_beginning(span[0], span[-1])

    named = [period_of(kind, one) for one in span for kind in PeriodKind if period_of(kind, one).first == one]
    assert sorted(shown(found)) == sorted(
        line for period in named for line in shown(rules.periods_named(period))
    )


QUARTER = PeriodKind.QUARTER


def history(*steps: tuple[date, Quota | None]) -> Rulebook:
    """What is recorded when the file is changed on these days."""
    recorded: dict[str, tuple[Version, ...]] = {}
    for today, rule in steps:
        for change in find_changes([] if rule is None else [rule], recorded, today=today):
            kept = tuple(version for version in recorded.get("q", ()) if version.since < change.since)
            recorded["q"] = kept + change.versions
    return Rulebook(lines=(recorded["q"],))


def spans(rules: Rulebook) -> list[tuple[str, str, str, int]]:
    return [
        (period.name, f"{period.first:%m-%d}", f"{period.last:%m-%d}", rule.target)
        for rule, period in rules.periods_beginning(date(2026, 11, 1), date(2027, 1, 10))
    ]


BEGIN, MID_NOVEMBER = (date(2026, 10, 1), quota(50)), date(2026, 11, 20)


def test_from_month_to_quarter_december_stays_a_month() -> None:
    rules = history(BEGIN, (MID_NOVEMBER, quota(150, period=QUARTER)))

    assert spans(rules) == [
        ("2026-11", "11-01", "11-30", 50),
        ("2026-12", "12-01", "12-31", 50),
        ("2027-Q1", "01-01", "03-31", 150),
    ]


def test_from_month_to_week_december_is_cut_on_the_seventh() -> None:
    rules = history(BEGIN, (MID_NOVEMBER, quota(9, period=WEEK)))

    assert spans(rules)[:3] == [
        ("2026-11", "11-01", "11-30", 50),
        ("2026-12", "12-01", "12-06", 50),
        ("2026-W50", "12-07", "12-13", 9),
    ]
    # four of the whole month's 23 workdays: 50 x 4 / 23 = 8.7
    found = rows([], "2026-12-03T09:00", asked=quota(50), periods=rules.periods_at(date(2026, 12, 3)))["jia"]
    assert (found.target, found.period_end, found.workdays_left) == (9, date(2026, 12, 6), 2)
    after = rows(
        [], "2026-12-07T00:00", asked=quota(50), periods=rules.periods_named(parse_period("2026-12"))
    )
    assert after["jia"].status is Status.MISSED


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        pytest.param(
            [(MID_NOVEMBER, quota(9, period=WEEK)), (date(2026, 11, 25), quota(50))],
            [("2026-12", "12-01", "12-31", 50), ("2027-01", "01-01", "01-31", 50)],
            id="taken back before December began",
        ),
        pytest.param(
            [(MID_NOVEMBER, quota(9, period=WEEK)), (date(2026, 12, 3), quota(50))],
            [
                ("2026-12", "12-01", "12-06", 50),
                *(
                    (f"2026-W{week}", f"12-{day:02}", f"12-{day + 6:02}", 9)
                    for week, day in ((50, 7), (51, 14), (52, 21))
                ),
                ("2026-W53", "12-28", "12-31", 9),
                ("2027-01", "01-01", "01-31", 50),
            ],
            id="taken back in the cut December: the weeks that cut it run until the next month",
        ),
        pytest.param(
            [(MID_NOVEMBER, quota(9, period=WEEK)), (date(2026, 11, 25), quota(150, period=QUARTER))],
            [("2026-12", "12-01", "12-31", 50), ("2027-Q1", "01-01", "03-31", 150)],
            id="another kind before the first one began",
        ),
        pytest.param(
            [(MID_NOVEMBER, quota(9, period=WEEK)), (date(2026, 11, 25), None)],
            [],
            id="removed before it began",
        ),
    ],
)
def test_a_second_change_of_kind(
    steps: list[tuple[date, Quota | None]], wanted: list[tuple[str, str, str, int]]
) -> None:
    assert spans(history(BEGIN, *steps))[1:] == wanted


def test_a_later_change_of_the_file_holds_from_the_period_after_the_running_one() -> None:
    rules = history(BEGIN, (MID_NOVEMBER, quota(60)), (date(2026, 12, 10), quota(70)))

    assert spans(rules) == [
        ("2026-11", "11-01", "11-30", 50),
        ("2026-12", "12-01", "12-31", 60),
        ("2027-01", "01-01", "01-31", 70),
    ]


def test_a_changed_file_holds_from_the_next_period_and_what_it_lacks_stands_last() -> None:
    kept, gone, changed = quota(id="kept"), quota(id="gone"), quota(40, id="kept")
    recorded = {rule.id: (Version(since=EVER, quota=rule),) for rule in (gone, kept)}

    book = build_rulebook([changed], recorded, today=date(2026, 11, 20))

    november, december = (book.periods_named(parse_period(name)) for name in ("2026-11", "2026-12"))
    assert [rule for rule, _ in november] == [kept, gone]
    assert [rule for rule, _ in december] == [changed]


def test_each_quota_keeps_its_place_also_when_it_is_dropped() -> None:
    rules = book(
        [(EVER, quota(9, id="w", period=WEEK)), (date(2026, 12, 7), None)],
        [(EVER, quota(50, id="m")), (date(2026, 12, 1), quota(60, id="m"))],
        [(EVER, None), (date(2027, 1, 1), quota(5, id="new"))],
    )

    assert rules.places() == {"w": 0, "m": 1, "new": 2}


def test_a_quota_that_the_file_drops_before_its_first_period_never_begins() -> None:
    old, new = quota(50, id="old"), quota(5, id="new")
    recorded = {"old": (Version(since=EVER, quota=old),)}

    (added,) = find_changes([old, new], recorded, today=MID_NOVEMBER)
    recorded["new"] = added.versions
    (dropped,) = find_changes([old], recorded, today=date(2026, 11, 25))

    assert [(one.since, one.quota) for one in added.versions] == [(EVER, None), (date(2026, 12, 1), new)]
    assert (dropped.quota, dropped.since, dropped.versions) == ("new", date(2026, 12, 1), ())
