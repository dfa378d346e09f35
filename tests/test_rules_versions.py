"""A period keeps the rules it began with; a changed file holds from the next period on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from builders.branches import quota

from bot.core import rulebook
from bot.core.counting import OFF, Burst, Counting, Integrity, MaxShare, QuickLoss
from bot.core.money import Pay, Penalty, Reward, Scope
from bot.core.periods import PeriodKind, parse_period
from bot.core.quotas import Basis, Quota
from bot.core.rulebook import Rulebook, Version
from bot.features.rules import changes
from bot.store.store import Store

OLD, NEW = quota(50), quota(40)
NOVEMBER = date(2026, 11, 25)
DECEMBER = date(2026, 12, 2)


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def recorded(store: Store, *steps: tuple[date, list[Quota]]) -> dict[str, tuple[Version, ...]]:
    for number, (today, quotas) in enumerate(steps):
        with store.transaction():
            changes.record(quotas, store.rule_versions, today=today, now=number)
    return store.rule_versions.all()


def targets(book: Rulebook, *periods: str) -> list[int | None]:
    """The target of the only quota in each of the periods."""
    found = [book.periods_named(parse_period(name)) for name in periods]
    return [quota_periods[0][0].target if quota_periods else None for quota_periods in found]


def test_with_nothing_recorded_the_file_holds_for_all_time() -> None:
    book = rulebook.build_rulebook([OLD], {}, today=NOVEMBER)

    assert targets(book, "2020-01", "2026-11", "2027-03") == [50, 50, 50]


def test_the_first_record_holds_for_all_time_before(store: Store) -> None:
    versions = recorded(store, (NOVEMBER, [OLD]))

    assert targets(rulebook.build_rulebook([OLD], versions, today=NOVEMBER), "2026-01", "2026-11") == [50, 50]


def test_a_changed_file_holds_from_the_next_period_on_recorded_or_not(store: Store) -> None:
    before = recorded(store, (NOVEMBER, [OLD]))
    looked_at = rulebook.build_rulebook([NEW], before, today=NOVEMBER)
    after = recorded(store, (NOVEMBER, [NEW]))
    kept = rulebook.build_rulebook([NEW], after, today=NOVEMBER)

    assert targets(looked_at, "2026-10", "2026-11", "2026-12") == [50, 50, 40]
    assert targets(kept, "2026-10", "2026-11", "2026-12") == [50, 50, 40]


def test_a_file_that_was_changed_back_leaves_no_trace(store: Store) -> None:
    versions = recorded(store, (NOVEMBER, [OLD]), (NOVEMBER, [NEW]), (NOVEMBER, [OLD]))

    assert targets(rulebook.build_rulebook([OLD], versions, today=NOVEMBER), "2026-11", "2026-12") == [50, 50]
    assert len(versions["q"]) == 1


def test_of_two_changes_in_one_period_the_last_one_holds_in_the_next(store: Store) -> None:
    versions = recorded(store, (NOVEMBER, [OLD]), (NOVEMBER, [NEW]), (NOVEMBER, [quota(30)]))

    assert targets(rulebook.build_rulebook([quota(30)], versions, today=DECEMBER), "2026-11", "2026-12") == [
        50,
        30,
    ]


def test_a_change_in_december_does_not_touch_what_began_in_december(store: Store) -> None:
    versions = recorded(store, (NOVEMBER, [OLD]), (NOVEMBER, [NEW]), (DECEMBER, [quota(30)]))
    book = rulebook.build_rulebook([quota(30)], versions, today=DECEMBER)

    assert targets(book, "2026-11", "2026-12", "2027-01") == [50, 40, 30]


def test_a_new_quota_begins_with_its_next_period_once_others_are_recorded(store: Store) -> None:
    weekly = quota(10, id="w", period=PeriodKind.WEEK)
    versions = recorded(store, (NOVEMBER, [OLD]), (NOVEMBER, [OLD, weekly]))
    book = rulebook.build_rulebook([OLD, weekly], versions, today=NOVEMBER)

    assert targets(book, "2026-W47", "2026-W48", "2026-W49") == [None, None, 10]


def test_a_quota_that_left_the_file_holds_to_the_end_of_its_period(store: Store) -> None:
    other = quota(5, id="other")
    versions = recorded(store, (NOVEMBER, [other, OLD]), (NOVEMBER, [other]))
    book = rulebook.build_rulebook([other], versions, today=NOVEMBER)
    names = [
        [quota_period[0].id for quota_period in book.periods_named(parse_period(name))]
        for name in ("2026-11", "2026-12")
    ]

    assert names == [["other", "q"], ["other"]]


def test_another_kind_of_period_begins_after_the_old_one_has_ended(store: Store) -> None:
    weekly = quota(10, period=PeriodKind.WEEK)
    versions = recorded(store, (NOVEMBER, [OLD]), (NOVEMBER, [weekly]))
    book = rulebook.build_rulebook([weekly], versions, today=NOVEMBER)

    # November ends on Monday the 30th, on which week 49 begins; week 50 is the first to begin in December.
    assert targets(book, "2026-11", "2026-12", "2026-W48", "2026-W49", "2026-W50") == [
        50,
        50,  # until the 6th
        None,
        None,
        10,
    ]
    assert [quota_period[1].name for quota_period in book.periods_at(date(2026, 12, 3))] == ["2026-12"]
    assert [quota_period[1].name for quota_period in book.periods_at(date(2026, 12, 8))] == ["2026-W50"]


def test_integrity_is_frozen_with_the_quota(store: Store) -> None:
    strict = replace(OLD, integrity=Integrity(burst=Burst(adds=15, minutes=10), hold=True))
    versions = recorded(store, (NOVEMBER, [strict]))
    book = rulebook.build_rulebook([OLD], versions, today=NOVEMBER)

    held = [
        quota_period[0].integrity
        for name in ("2026-11", "2026-12")
        for quota_period in book.periods_named(parse_period(name))
    ]
    assert held == [strict.integrity, OFF]


def test_a_rule_with_everything_in_it_comes_back_as_it_was(store: Store) -> None:
    whole = Quota(
        id="q",
        period=PeriodKind.QUARTER,
        target=300,
        roles=frozenset({"客户经理", "柜员"}),
        departments=frozenset({12, 13}),
        userids=frozenset({"zhangsan"}),
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        basis=Basis.HELD,
        counting=Counting(
            keep_days=7,
            required_tags=("级别/贵宾",),
            required_facts=("account",),
            own_book=True,
            max_share=(MaxShare(fact="out_of_province", share=Fraction(1, 5)),),
            exclude_add_ways=frozenset({201, 202}),
            exclude_states=frozenset({"lobby"}),
            max_per_day=15,
        ),
        penalty=Penalty(per_missing=Pay(amount=50, cap=500)),
        reward=Reward(top=(500, 300), scope=Scope.DEPARTMENT),
        integrity=Integrity(shared_by=5, quick_loss=QuickLoss(rate=Fraction(3, 10), min_adds=10)),
    )

    versions = recorded(store, (NOVEMBER, [whole]))

    assert versions["q"][0].quota == whole
