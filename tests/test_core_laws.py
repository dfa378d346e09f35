"""Laws that hold for every branch: no order, repetition or later event changes a number."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from builders.branches import DAY_S, event, fold_all
from builders.examples import tried
from builders.worlds import World, worlds
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.counting import OFF, Counting
from bot.core.people import Departments
from bot.core.periods import PeriodKind, parse_period, period_of
from bot.core.progress import QuotaFigures
from bot.core.quotas import Basis, Quota, under_quota
from bot.core.relations import LOSSES, RelationKind
from bot.core.status import Status
from bot.core.workdays import epoch_of

calm = tried(100)
chances = st.integers(0, 2**32 - 1).map(Random)


def done(rows: tuple[QuotaFigures, ...]) -> list[int]:
    return [row.counted + row.pending for row in rows]


def each_quota(world: World, **changes: object) -> World:
    return replace(world, quotas=tuple(replace(quota, **changes) for quota in world.quotas))  # type: ignore[arg-type]  # a builder


def counting_all(world: World, **changes: object) -> World:
    """*world* with other counting rules, whatever else they are."""
    quotas = (
        replace(quota, counting=replace(quota.counting, **changes))  # type: ignore[arg-type]  # a builder
        for quota in world.quotas
    )
    return replace(world, quotas=tuple(quotas))


def without_caps_and_shares(world: World) -> World:
    return counting_all(world, max_per_day=0, max_share=())


def in_which_adds_only_come(world: World) -> World:
    """*world* with each add earning at once and for good, unless it is the second of its relation."""
    return each_quota(world, basis=Basis.ADDED, counting=Counting(), integrity=OFF)


@calm
@given(world=worlds, chance=chances)
def test_order_and_repetition_of_events_never_change_a_row(world: World, chance: Random) -> None:
    delivered = [one for one in world.events for _ in range(chance.choice((1, 1, 1, 2, 3)))]
    chance.shuffle(delivered)

    assert world.rows(events=delivered) == world.rows()


@calm
@given(world=worlds, chance=chances)
def test_order_of_people_never_changes_a_row(world: World, chance: Random) -> None:
    people = list(world.people)
    chance.shuffle(people)

    shuffled = replace(world, people=tuple(people))

    assert (shuffled.rows(), shuffled.teams()) == (world.rows(), world.teams())


@calm
@given(world=worlds)
def test_the_zone_in_which_the_time_is_written_never_changes_a_row(world: World) -> None:
    elsewhere = world.at.astimezone(ZoneInfo("America/Los_Angeles"))

    assert world.rows(when=elsewhere) == world.rows()


@calm
@given(world=worlds)
def test_counted_pending_and_rejected_are_gross(world: World) -> None:
    for row in world.rows():
        assert row.counted + row.pending + row.rejected == row.gross


@calm
@given(world=worlds)
def test_gross_is_the_adds_dated_in_the_period_and_under_the_quota(world: World) -> None:
    known = [one for one in world.events if one.at <= epoch_of(world.at)]
    adds = fold_all(known, regain_s=world.regain_s)

    asked = counting_all(each_quota(world, basis=Basis.ADDED), segment_tags=())
    quotas, people = ({one.id: one for one in asked.quotas}, {one.userid: one for one in asked.people})
    for row in asked.rows():
        dated = [world.calendar.day_of(add.added_at) for add in adds.get(row.userid, [])]
        under = [
            day
            for day in dated
            if under_quota(quotas[row.quota], people[row.userid], day, departments=world.departments)
        ]
        if quotas[row.quota].period is not PeriodKind.DAY:
            assert row.gross == sum(row.period_start <= day <= row.period_end for day in under)


@calm
@given(world=worlds)
def test_what_came_later_is_as_if_it_had_never_been(world: World) -> None:
    never_seen = replace(world, events=tuple(one for one in world.events if one.at <= epoch_of(world.at)))

    assert (never_seen.rows(), never_seen.teams()) == (world.rows(), world.teams())


@calm
@given(world=worlds, chance=chances)
def test_a_last_loss_never_raises_what_is_counted_or_pending(world: World, chance: Random) -> None:
    world = without_caps_and_shares(world)
    if not world.events:
        return
    whose = chance.choice(world.events)
    last = max(one.at for one in world.events) + chance.choice((1, DAY_S, chance.randrange(1, 30 * DAY_S)))
    kind = chance.choice((RelationKind.LOST_BY_CUSTOMER, RelationKind.LOST_BY_MEMBER))
    loss = event(kind, last, customer=whose.external_userid, userid=whose.userid)
    asked = max(world.at, world.calendar.moment(last + chance.randrange(30 * DAY_S)))
    world = replace(world, period_name=world.period_name or chance.choice(("2026-02", "2026-Q1")))

    before, after = world.rows(when=asked), world.rows(when=asked, events=[*world.events, loss])

    assert all(less <= more for less, more in zip(done(after), done(before), strict=True))


@calm
@given(world=worlds, more=st.integers(1, 30))
def test_a_longer_keep_period_never_raises_what_is_counted_or_pending(world: World, more: int) -> None:
    world = without_caps_and_shares(world)
    longer = replace(
        world,
        quotas=tuple(
            replace(quota, counting=replace(quota.counting, keep_days=quota.counting.keep_days + more))
            for quota in world.quotas
        ),
    )
    shown = world.rows()
    settled = {
        row.quota: [epoch_of(world.at) >= settlement_of(which, row) for which in (world, longer)]
        for row in shown
    }

    # Between the two settlements the shorter one has closed what may still be mended under the longer one.
    for row, later in zip(shown, longer.rows(), strict=True):
        if len(set(settled[row.quota])) == 1:
            assert later.counted + later.pending <= row.counted + row.pending


def settlement_of(world: World, row: QuotaFigures) -> int:
    quota = quota_of(world, row)
    return quota.settlement(parse_period(row.period), calendar=world.calendar)


def quota_of(world: World, row: QuotaFigures) -> Quota:
    return next(quota for quota in world.quotas if quota.id == row.quota)


@calm
@given(world=worlds, chance=chances)
def test_after_the_settlement_nothing_is_pending_and_money_is_there(world: World, chance: Random) -> None:
    world, quota, settled = settled_for_everybody(world, chance)
    rows = world.rows(when=world.calendar.moment(settled + chance.choice((0, 1, 30 * DAY_S))))

    assume(rows)  # somebody was there in the period
    for row in rows:
        assert row.pending == 0
        assert row.status in {Status.MET, Status.MISSED, Status.EXEMPT}
        asked = row.target > 0
        assert (row.penalty is not None) == (asked and quota.penalty is not None)
        assert (row.reward is not None) == (asked and quota.reward is not None)


@calm
@given(world=worlds, chance=chances)
def test_before_the_settlement_there_is_no_money_unless_it_is_asked_for(world: World, chance: Random) -> None:
    world, quota, settled = settled_for_everybody(replace(world, money=chance.random() < 0.5), chance)
    rows = world.rows(when=world.calendar.moment(settled - 1))

    assume(rows)
    paid = (quota.penalty is not None, quota.reward is not None) if world.money else (False, False)
    for row in rows:
        asked = paid if row.target else (False, False)
        assert (row.penalty is not None, row.reward is not None) == asked


def settled_for_everybody(world: World, chance: Random) -> tuple[World, Quota, int]:
    """*world* with one of its quotas, for all its people, in a period around its time; its settlement."""
    asked = chance.choice(world.quotas)
    quota = replace(asked, roles=frozenset(), departments=frozenset(), userids=frozenset())
    period = period_of(quota.period, world.calendar.local_day(world.at))
    return (
        replace(world, quotas=(quota,), period_name=period.name),
        quota,
        quota.settlement(period, calendar=world.calendar),
    )


@calm
@given(world=worlds)
def test_the_departments_add_up_to_the_whole(world: World) -> None:
    everybody = replace(world.quotas[0], roles=frozenset(), departments=frozenset(), userids=frozenset())
    flat = [
        replace(who, memberships=(replace(who.memberships[0], departments=(number % 3,)),))
        for number, who in enumerate(world.people)
    ]

    def counted(*departments: int) -> list[tuple[str, int, int, int, int]]:
        asked = replace(everybody, departments=frozenset(departments))
        rows = replace(world, quotas=(asked,), people=tuple(flat), departments=Departments()).rows()
        return sorted((row.userid, row.counted, row.pending, row.gross, row.target) for row in rows)

    assert counted() == sorted(counted(0) + counted(1) + counted(2))


@calm
@given(world=worlds)
def test_a_team_at_the_top_holds_everybody_below(world: World) -> None:
    moved = replace(
        world,
        people=tuple(
            replace(who, memberships=(replace(who.memberships[0], departments=(1 + number % 3,)),))
            for number, who in enumerate(world.people)
        ),
        departments=Departments(parents={2: 1, 3: 2}),
    )

    asked = [row.quota for row in moved.rows() if row.target]
    for team in moved.teams():
        if team.department == 1:
            assert team.people == asked.count(team.quota)
        assert team.attainment is None or 0 <= team.attainment <= 1


@calm
@given(world=worlds, first=st.integers(0, DAY_S - 1), second=st.integers(0, DAY_S - 1))
def test_the_dose_is_fixed_during_a_day(world: World, first: int, second: int) -> None:
    earlier, later = two_times_of_the_day(world, first, second)

    doses = [
        [row.today_dose for row in world.rows(when=world.calendar.moment(when))] for when in (earlier, later)
    ]

    assert doses[0] == doses[1]


def two_times_of_the_day(world: World, first: int, second: int) -> tuple[int, int]:
    midnight = world.calendar.start_of(world.calendar.local_day(world.at))
    earlier, later = midnight + min(first, second), midnight + max(first, second)
    # On the day on which clocks change, the later one may already be on the next.
    same = world.calendar.day_of(earlier) == world.calendar.day_of(later)
    return earlier, later if same else earlier


@calm
@given(world=worlds, first=st.integers(0, DAY_S - 1), second=st.integers(0, DAY_S - 1))
def test_what_is_left_of_the_dose_never_grows_while_adds_only_come(
    world: World, first: int, second: int
) -> None:
    world = in_which_adds_only_come(world)
    earlier, later = two_times_of_the_day(world, first, second)

    pairs = zip(
        world.rows(when=world.calendar.moment(earlier)),
        world.rows(when=world.calendar.moment(later)),
        strict=True,
    )

    for before, after in pairs:
        assert before.today_left >= after.today_left
        assert before.counted <= after.counted


@calm
@given(world=worlds, chance=chances)
def test_an_event_changes_no_dose_and_only_a_loss_raises_what_is_left_of_it(
    world: World, chance: Random
) -> None:
    days = [world.calendar.day_of(one.at - 1) == world.calendar.day_of(one.at) for one in world.events]
    told = [one for one, same_day in zip(world.events, days, strict=True) if same_day]
    assume(told)
    moment = chance.choice(told).at
    losses = Counter(one.userid for one in told if one.at == moment and one.kind in LOSSES)

    pairs = zip(
        world.rows(when=world.calendar.moment(moment - 1)),
        world.rows(when=world.calendar.moment(moment)),
        strict=True,
    )

    for before, after in pairs:
        assert before.today_dose == after.today_dose
        assert after.today_left - before.today_left <= losses[after.userid]


@calm
@given(world=worlds)
def test_the_dose_on_each_own_workday_left_is_enough(world: World) -> None:
    rows = [row for row in in_which_adds_only_come(world).rows() if row.today_dose]

    for row in rows:
        own_days = row.workdays_left + (world.calendar.hours_over(world.at))
        assert row.today_dose * own_days >= row.to_add
        assert row.today_left <= row.today_dose


@calm
@given(world=worlds)
def test_after_its_end_a_period_is_met_missed_or_exempt(world: World) -> None:
    over = world.at + timedelta(days=800)

    statuses = {row.status for row in replace(world, period_name="2026-02").rows(when=over)}

    assert statuses <= {Status.MET, Status.MISSED, Status.EXEMPT}
