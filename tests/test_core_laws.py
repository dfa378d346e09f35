"""Laws that hold for every branch: no order, repetition or later event changes a number."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from core_branches import DAY_S, Branch, branches, fold_all
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.people import Departments
from bot.core.progress import Status
from bot.core.workdays import epoch_of

# A branch is a large value to draw; the machine that runs the tests may be busy.
calm = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


@calm
@given(branch=branches(), data=st.data())
def test_order_and_repetition_of_events_never_change_a_row(branch: Branch, data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(branch.events))) if branch.events else []
    order = data.draw(st.randoms(use_true_random=False))
    delivered = [*branch.events, *again]
    order.shuffle(delivered)

    assert branch.rows(events=delivered) == branch.rows()


@calm
@given(branch=branches(), data=st.data())
def test_order_of_adds_and_people_never_changes_a_row(branch: Branch, data: st.DataObject) -> None:
    order = data.draw(st.randoms(use_true_random=False))
    people = list(branch.people)
    order.shuffle(people)

    assert replace(branch, people=tuple(people), events=branch.events[::-1]).rows() == branch.rows()


@calm
@given(branch=branches())
def test_counted_pending_and_rejected_are_the_adds_dated_in_the_period(branch: Branch) -> None:
    known = [one for one in branch.events if one.at <= epoch_of(branch.at)]
    adds = fold_all(known, regain_s=branch.regain_s)

    for row in branch.rows():
        dated = [branch.calendar.day_of(add.added_at) for add in adds.get(row.userid, [])]
        gross = sum(row.period_start <= day <= row.period_end for day in dated)
        assert row.counted + row.pending + row.rejected == row.gross == gross


@calm
@given(branch=branches())
def test_what_came_later_is_as_if_it_had_never_been(branch: Branch) -> None:
    known = [one for one in branch.events if one.at <= epoch_of(branch.at)]

    assert branch.rows() == branch.rows(events=known)


@calm
@given(branch=branches())
def test_the_departments_add_up_to_the_whole(branch: Branch) -> None:
    everybody = replace(branch.quotas[0], roles=frozenset(), departments=frozenset(), userids=frozenset())
    flat = [
        replace(who, memberships=(replace(who.memberships[0], departments=(number % 3,)),))
        for number, who in enumerate(branch.people)
    ]

    def counted(*departments: int) -> list[tuple[int, int, int]]:
        asked = replace(everybody, departments=frozenset(departments))
        rows = replace(branch, quotas=(asked,), people=tuple(flat), departments=Departments()).rows()
        return sorted((row.counted, row.gross, row.target) for row in rows)

    assert counted() == sorted(counted(0) + counted(1) + counted(2))


@calm
@given(branch=branches(), first=st.integers(0, DAY_S - 1), second=st.integers(0, DAY_S - 1))
def test_the_dose_is_fixed_and_what_is_left_of_it_never_grows_during_a_day(
    branch: Branch, first: int, second: int
) -> None:
    midnight = branch.calendar.start_of(branch.calendar.local_day(branch.at))
    earlier, later = (branch.calendar.moment(midnight + step) for step in sorted((first, second)))
    # On the day on which clocks change, the later one may already be on the next.
    if branch.calendar.local_day(later) != branch.calendar.local_day(earlier):
        later = earlier

    pairs = zip(branch.rows(when=earlier), branch.rows(when=later), strict=True)

    for before, after in pairs:
        assert before.today_dose == after.today_dose
        assert before.today_left >= after.today_left
        assert before.counted <= after.counted


@calm
@given(branch=branches())
def test_the_dose_on_each_own_workday_left_is_enough(branch: Branch) -> None:
    rows = [row for row in branch.rows() if row.today_dose]

    for row in rows:
        own_days = row.workdays_left + (branch.calendar.hours_over(branch.at))
        assert row.today_dose * own_days >= row.to_add
        assert row.today_left <= row.today_dose


@calm
@given(branch=branches())
def test_after_its_end_a_period_is_met_missed_or_exempt(branch: Branch) -> None:
    over = branch.at + timedelta(days=400)

    statuses = {row.status for row in replace(branch, period_name="2026-02").rows(when=over)}

    assert statuses <= {Status.MET, Status.MISSED, Status.EXEMPT}
