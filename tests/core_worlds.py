"""Whole random branches with everything that a verdict can depend on: what `core_branches` draws, and what is
known of each contact, decided, planned and asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

from core_branches import (
    DAY_S,
    FIRST_DAY,
    LAST_DAY,
    NAMES,
    NINE_TENTHS,
    NO_SCOPE,
    REGAIN_S,
    ROLES,
    SHANGHAI,
    STEPS,
    USERIDS,
    Branch,
    china,
    clock,
    core_branch,
    days,
    event,
    fold_all,
    frames_of,
    persons,
    rarely,
    seeds,
    told_by,
)
from hypothesis import strategies as st

from bot.core.contacts import Contact, Details, contacts_of
from bot.core.counting import Burst, Counting, FirstAdd, Integrity, MaxShare, QuickLoss
from bot.core.integrity import FindingKind, FindingName, Flag
from bot.core.money import Pay, Penalty, Reward, Scope
from bot.core.people import Departments
from bot.core.periods import PeriodKind, parse_period
from bot.core.progress import Branch as CoreBranch
from bot.core.progress import Row, progress
from bot.core.quotas import Basis, Quota
from bot.core.relations import Kind, RelationEvent
from bot.core.teams import Team, teams
from bot.core.workdays import epoch_of

Pair = tuple[str, str]  # employee, customer
Key = tuple[str, str, int]  # … and epoch seconds of the add


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known now; what is not in here is unknown or undecided."""

    details: Mapping[Pair, Details] = field(default_factory=dict)
    managers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    decisions: Mapping[Key, Mapping[str, bool]] = field(default_factory=dict)

    def of(self, contact: Contact) -> Contact:
        """*contact* with what is known of it."""
        userid, customer, _ = contact.key
        return replace(
            contact,
            state=contact.add.state,
            details=self.details.get((userid, customer)),
            manager=self.managers.get(customer),
            facts=self.facts.get(customer, {}),
            decisions=self.decisions.get(contact.key, {}),
        )


@dataclass(frozen=True, kw_only=True)
class World(Branch):
    """A branch with all that is known, decided and planned."""

    known: Known = field(default_factory=Known)
    decided: frozenset[FindingName] = frozenset()
    flags: tuple[Flag, ...] = ()
    planned: frozenset[tuple[str, date]] = frozenset()
    money: bool = False

    def core(self, events: Iterable[RelationEvent] | None = None) -> CoreBranch:
        """What the core takes."""
        folded = fold_all(self.events if events is None else events, regain_s=self.regain_s)
        told = contacts_of(add for adds in folded.values() for add in adds)
        return core_branch(
            self.people,
            (),
            contacts={userid: [self.known.of(one) for one in of_one] for userid, of_one in told.items()},
            departments=self.departments,
            calendar=self.calendar,
            decided=self.decided,
            flags=self.flags,
            planned=lambda userid, day: (userid, day) in self.planned,
        )

    def rows(
        self, *, events: Iterable[RelationEvent] | None = None, when: datetime | None = None
    ) -> tuple[Row, ...]:
        """The rows, of other events or at another time if asked."""
        moment = when or self.at
        return progress(
            self.core(events),
            frames=frames_of(self.quotas, when=self.calendar.local(moment), period_name=self.period_name),
            at=moment,
            behind_threshold=self.behind_threshold,
            money=self.money,
        )

    def teams(self) -> tuple[Team, ...]:
        """The teams of the rows."""
        moment = epoch_of(self.at)
        past = self.core().past(moment)
        kept = {who.userid: past.history(who.userid).kept_90(moment) for who in self.people}
        return teams(self.rows(), departments=self.departments, kept=kept)


FACTS, TAGS, STATES, ADD_WAYS = ("open", "far"), ("vip", "grp/vip"), ("", "", "fair", "poster"), (0, 1, 201, 202)
FRACTIONS = [Fraction(0), Fraction(1, 5), Fraction(1, 3), Fraction(1, 2), Fraction(9, 10)]


def some(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    """None of the *values* more often than some of them."""
    return st.sampled_from([(), (), values[:1], values[1:], values])


countings = st.builds(
    Counting,
    first_add=st.sampled_from([FirstAdd.ANY, FirstAdd.PAIR, FirstAdd.CORP]),
    customer_types=st.sampled_from([frozenset({1, 2})] * 2 + [frozenset({1}), frozenset({2})]),
    keep_days=st.sampled_from([0, 0, 1, 3, 7, 30]),
    required_tags=some(*TAGS),
    required_facts=some(*FACTS),
    own_book=st.sampled_from([False, False, True]),
    max_share=st.sampled_from([(), ("open",), ("far",), ("far", "open"), ("open", "far")]).flatmap(
        lambda facts: st.tuples(
            *(st.builds(MaxShare, fact=st.just(fact), share=st.sampled_from(FRACTIONS)) for fact in facts)
        )
    ),
    exclude_add_ways=st.sampled_from([frozenset[int]()] * 2 + [frozenset({201}), frozenset({201, 202})]),
    exclude_states=some(*STATES[2:]).map(frozenset),
    max_per_day=st.sampled_from([0, 0, 0, 1, 2, 5]),
)
pays = st.builds(Pay, amount=st.integers(0, 100), cap=st.sampled_from([None, 0, 55, 500]))
tiers = st.dictionaries(st.sampled_from([*FRACTIONS[1:], Fraction(1)]), st.integers(0, 999), min_size=1).map(
    lambda amounts: tuple(amounts.items())
)
penalties = st.one_of(
    st.none(),
    st.builds(Penalty, flat=st.integers(0, 999)),
    st.builds(Penalty, per_missing=pays),
    st.builds(Penalty, tiers=tiers),
)
rewards = st.one_of(
    st.none(),
    st.builds(Reward, per_extra=pays, scope=st.sampled_from(Scope)),
    st.builds(
        Reward,
        top=st.lists(st.integers(0, 500), min_size=1, max_size=3).map(tuple),
        scope=st.sampled_from(Scope),
        min_attainment=st.sampled_from([*FRACTIONS, Fraction(1)]),
        min_kept=st.sampled_from(FRACTIONS),
    ),
)
integrities = st.builds(
    Integrity,
    shared_by=st.sampled_from([None, 2, 3]),
    window_days=st.sampled_from([1, 3, 30]),
    burst=st.one_of(
        st.none(),
        st.builds(Burst, adds=st.integers(1, 4), minutes=st.sampled_from([1, 10, 60, 1500])),
    ),
    quick_loss=st.one_of(
        st.none(),
        st.builds(QuickLoss, rate=st.sampled_from(FRACTIONS[1:]), min_adds=st.integers(1, 3)),
    ),
    hold=st.sampled_from([True, False]),
)


@st.composite
def quotas(draw: st.DrawFn, number: int) -> Quota:
    return draw(
        st.builds(
            Quota,
            id=st.just(f"q{number}"),
            period=st.sampled_from(PeriodKind),
            target=st.integers(0, 20),
            roles=st.sampled_from([*NO_SCOPE, frozenset(ROLES[:1]), frozenset(ROLES)]),
            departments=st.sampled_from([*NO_SCOPE, frozenset({1}), frozenset({2, 5})]),
            userids=st.sampled_from([*NO_SCOPE, frozenset(USERIDS[:2])]),
            starts_on=rarely(days),
            ends_on=rarely(st.dates(LAST_DAY - timedelta(days=40), LAST_DAY)),
            basis=st.sampled_from([Basis.ADDED, Basis.ADDED, Basis.HELD]),
            counting=countings,
            penalty=penalties,
            reward=rewards,
            integrity=integrities,
        )
    )


def told_in(
    chance: Random, *, userid: str, customer: str, crowds: list[int], steps: list[int]
) -> list[RelationEvent]:
    """The events of one relation, often in a crowd of others; *steps* are spans at which a rule turns."""
    told = told_by(chance, userid=userid, customer=customer)
    if chance.random() < 0.6:
        moment = chance.choice(crowds) + chance.choice([-1, 0, 0, 1, 60, 600, chance.randrange(1200)])
        told = [event(Kind.ADDED, moment, customer=customer, userid=userid)]
        for kind in chance.choice([[], [], [Kind.LOST_BY_CUSTOMER], [Kind.TRANSFERRED], LOST_AND_BACK]):
            moment += chance.choice([*steps, chance.randrange(1, 9 * DAY_S)])
            told.append(event(kind, moment, customer=customer, userid=userid))
    # One state to a relation and second, as the ledger keeps one row of each.
    return [replace(one, state=STATES[one.at % 4]) if one.kind is Kind.ADDED else one for one in told]


LOST_AND_BACK = [Kind.LOST_BY_MEMBER, Kind.ADDED]


def known_of(chance: Random, told: list[RelationEvent], userids: list[str], asked: list[str]) -> Known:
    """What is known of the relations of *told*: of most something, of few everything."""
    pairs = sorted({(one.userid, one.external_userid) for one in told})
    customers = sorted({customer for _, customer in pairs})
    added = sorted({(*pair_of(one), one.at) for one in told if one.kind is Kind.ADDED})
    return Known(
        details={
            pair: Details(
                customer_type=chance.choice((1, 1, 2)),
                add_way=chance.choice(ADD_WAYS),
                tags=frozenset(tag for tag in TAGS if chance.random() < 0.7),
            )
            for pair in pairs
            if chance.random() < 0.8
        },
        managers={one: chance.choice(userids) for one in customers if chance.random() < 0.8},
        facts={
            one: {fact: chance.random() < 0.6 for fact in FACTS if chance.random() < 0.8}
            for one in customers
            if chance.random() < 0.9
        },
        decisions={
            key: {quota: chance.random() < 0.5 for quota in asked if chance.random() < 0.7}
            for key in added
            if chance.random() < 0.1
        },
    )


def pair_of(one: RelationEvent) -> Pair:
    return one.userid, one.external_userid


def moments(draw: st.DrawFn, world: World) -> datetime:
    """A time to ask about: any, or one at which something turns."""
    zone = world.calendar.zone
    asked = datetime.combine(draw(days), time.min, zone) + timedelta(seconds=draw(clock))
    name = world.period_name
    turning: list[int] = []
    for quota in world.quotas:
        if name is not None and (period := parse_period(name)).kind is quota.period:
            end = world.calendar.start_of(period.last + timedelta(days=1))
            turning += [end, world.calendar.start_of(period.first), quota.settlement(period, calendar=world.calendar)] * 4
        turning += [one.at + quota.counting.keep_s for one in world.events[:3]]
    if turning and draw(st.sampled_from([False, True])):
        second = draw(st.sampled_from(turning)) + draw(st.sampled_from([-1, 0, 1]))
        turned = world.calendar.moment(second)
        if name is not None or turned.year == 2026:
            asked = turned
    return asked + timedelta(microseconds=draw(st.sampled_from([0, 1, 999_999])))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A small branch around the Spring Festival of 2026, asked about at a time near the edges."""
    userids = draw(st.lists(st.sampled_from(USERIDS), min_size=1, max_size=4, unique=True))
    zone = ZoneInfo(draw(st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York"])))
    rules = tuple(draw(quotas(number)) for number in range(draw(st.integers(1, 2))))
    chance, customers = draw(seeds), draw(st.integers(0, 12))
    crowds = [
        int(datetime.combine(FIRST_DAY + timedelta(days=day), time.min, SHANGHAI).timestamp()) + second
        for day, second in [
            (chance.randrange(60), chance.choice([0, 36000, 57600])) for _ in range(3)
        ] + [(12, 0), (40, 0)]
    ]  # fmt: skip
    steps = [step + more for step in (*STEPS, *(rule.counting.keep_s for rule in rules)) for more in (-1, 0, 1)]
    told = [
        one
        for userid in userids
        for number in range(customers)
        for one in told_in(
            chance,
            userid=userid,
            customer=f"c{number if chance.random() < 0.7 else userid}",
            crowds=crowds,
            steps=[max(0, step) for step in steps],
        )
    ]
    names = [draw(st.sampled_from(NAMES)), draw(st.sampled_from(NAMES))]
    world = World(
        quotas=rules,
        people=tuple(draw(persons(userid)) for userid in userids),
        departments=Departments(parents={2: 1, 3: 2, 4: 5, 5: 4}),
        events=tuple(told),
        regain_s=draw(st.sampled_from([0, REGAIN_S])),
        calendar=china(
            zone=zone,
            holidays=draw(st.frozensets(days, max_size=3)),
            workdays=draw(st.frozensets(days, max_size=3)),
        ),
        at=datetime.combine(FIRST_DAY, time.min, zone),
        behind_threshold=draw(st.sampled_from([Fraction(0), NINE_TENTHS, Fraction(1)])),
        period_name=next((name for name in names if name is not None), None),
        known=known_of(chance, told, userids, [rule.id for rule in rules]),
        money=draw(st.booleans()),
    )
    world = replace(world, at=moments(draw, world))
    return replace(world, **asides(chance, world))


def asides(chance: Random, world: World) -> dict[str, object]:
    """What reviewers decided and what was planned, about days on which something happened."""
    calendar = world.calendar
    seen = [(one.userid, calendar.day_of(one.at), one.external_userid) for one in world.events]
    periods = {"2026-02", "2026-W08", *(name for name in [world.period_name] if name)}
    names = {
        name
        for userid, day, customer in chance.sample(seen, len(seen) // 4)
        for name in (
            FindingName(kind=FindingKind.BURST, userid=userid, subject=day.isoformat()),
            FindingName(kind=FindingKind.SHARED, userid=userid, subject=customer),
            *(
                FindingName(kind=FindingKind.QUICK_LOSS, userid=userid, subject=f"{quota.id} {period}")
                for quota in world.quotas
                for period in sorted(periods)
            ),
        )
        if chance.random() < 0.4
    }
    flagged = sorted(names, key=lambda name: (name.kind, name.userid, name.subject))
    return {
        "decided": frozenset(names),
        "flags": tuple(
            Flag(name=name, on=FIRST_DAY + timedelta(days=chance.randrange(60)))
            for name in flagged
            if chance.random() < 0.3
        ),
        "planned": frozenset((userid, day) for userid, day, _ in seen if chance.random() < 0.1),
    }
