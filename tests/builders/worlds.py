"""Whole random branches with everything that a number can depend on: people, quotas, events, what is known of
each contact, what was decided and planned, and a time near the edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.core.contacts import Contact, Details
from bot.core.integrity import DecidedFinding, FindingKind, FindingName, Flag
from bot.core.people import Departments, Membership, Person
from bot.core.periods import period_of
from bot.core.progress import Branch as CoreBranch
from bot.core.progress import QuotaFigures, compute_rows
from bot.core.quota_periods import QuotaPeriod
from bot.core.quotas import Quota
from bot.core.relations import RelationEvent, RelationKind
from bot.core.sync import ROLLOUT_S
from bot.core.teams import Team
from bot.core.workdays import WorkCalendar, epoch_of
from builders.branches import (
    DAY_S,
    EDGES,
    KINDS,
    NINE_TENTHS,
    REGAIN_S,
    ROLES,
    STEPS,
    USERIDS,
    china,
    contacts_of,
    core_branch,
    event,
    fold_all,
    quota_periods_of,
)
from builders.chance import ADD_WAYS, AROUND, FACTS, STATES, TAGS, Chance, quota
from builders.teams import compute_teams

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
        return contact._replace(
            details=self.details.get((userid, customer)),
            manager=self.managers.get(customer),
            facts=self.facts.get(customer, {}),
            decisions=self.decisions.get(contact.key, {}),
        )


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that numbers are made from, before anything is folded."""

    quotas: tuple[Quota, ...]
    people: tuple[Person, ...]
    departments: Departments
    events: tuple[RelationEvent, ...]
    regain_s: int
    calendar: WorkCalendar
    at: datetime
    behind_threshold: Fraction
    period_name: str | None
    known: Known = field(default_factory=Known)
    decided: tuple[DecidedFinding, ...] = ()
    flags: tuple[Flag, ...] = ()
    planned: frozenset[tuple[str, date]] = frozenset()
    start: int | None = None
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
            start=self.start,
        )

    def rows(
        self, *, events: Iterable[RelationEvent] | None = None, when: datetime | None = None
    ) -> tuple[QuotaFigures, ...]:
        """The rows, of other events or at another time if asked."""
        moment = when or self.at
        return compute_rows(
            self.core(events),
            quota_periods=quota_periods_of(
                self.quotas, when=self.calendar.local(moment), period_name=self.period_name
            ),
            at=moment,
            behind_threshold=self.behind_threshold,
            money=self.money,
        )

    def words(self) -> dict[tuple[str, str], list[tuple[Key, str]]]:
        """The verdict of each add that each quota looks at, by quota and employee."""
        past = self.core().past(epoch_of(self.at))
        asked = quota_periods_of(self.quotas, when=self.calendar.local(self.at), period_name=self.period_name)
        return {
            (quota.id, who.userid): [
                (contact.key, str(verdict))
                for contact, verdict in QuotaPeriod.of(quota, period, calendar=self.calendar).judged(
                    who.userid, past
                )
            ]
            for quota, period in asked
            for who in self.people
        }

    def teams(self) -> tuple[Team, ...]:
        """The teams of the rows."""
        moment = epoch_of(self.at)
        past = self.core().past(moment)
        kept = {who.userid: past.history(who.userid).kept_90(moment) for who in self.people}
        asked = quota_periods_of(self.quotas, when=self.calendar.local(self.at), period_name=self.period_name)
        days = self.core().shown_days(asked, today=self.calendar.local_day(self.at))
        return compute_teams(self.rows(), departments=self.departments, kept=kept, days=days)


def somebody(chance: Chance, userid: str) -> Person:
    """An employee who may move, be away, work part-time, join or leave."""
    moves = [None, *sorted({chance.day() for _ in range(chance.one(0, 0, 1, 2))})]
    dated: dict[str, Any] = {
        "joined_on": chance.day(),
        "first_read": chance.day(),
        "left_on": chance.day() + timedelta(days=20),
    }
    return Person(
        userid=userid,
        name="员工",
        memberships=tuple(
            Membership(
                since=since,
                departments=tuple(chance.sample(range(1, 6), chance.one(0, 1, 1, 2))),
                role=chance.one(*ROLES, None),
                share=chance.one(Fraction(1), Fraction(1), Fraction(1, 2), Fraction(4, 5), Fraction(1, 3)),
            )
            for since in moves
        ),
        absences=frozenset(chance.day() for _ in range(chance.one(0, 0, 3, 6))),
        **{name: day for name, day in dated.items() if chance.often(0.2)},
    )


def told_in(
    chance: Chance, *, userid: str, customer: str, starts: list[int], steps: list[int]
) -> list[RelationEvent]:
    """The events of one relation, often in a crowd of others; *steps* are spans at which a rule turns."""
    kinds = chance.one(
        [RelationKind.ADDED],
        [RelationKind.ADDED],
        [RelationKind.ADDED, RelationKind.LOST_BY_CUSTOMER],
        [RelationKind.ADDED, RelationKind.TRANSFERRED],
        [RelationKind.ADDED, RelationKind.LOST_BY_MEMBER, RelationKind.ADDED],
        [chance.choice(KINDS) for _ in range(chance.randint(1, 7))],
    )
    moment, told = chance.choice(starts) + chance.one(-1, 0, 0, 1, 60, 600, chance.randrange(1200)), []
    for kind in kinds:
        # One state to a relation and second, as the ledger keeps one row of each.
        state = STATES[moment % 4] if kind is RelationKind.ADDED else ""
        told.append(replace(event(kind, moment, customer=customer, userid=userid), state=state))
        moment += chance.choice([*steps, chance.randrange(1, 9 * DAY_S)])
    return told


def known_of(chance: Chance, told: Sequence[RelationEvent], asked: Sequence[Quota]) -> Known:
    """What is known of the relations of *told*: of most something, of few everything."""
    pairs = sorted({(one.userid, one.external_userid) for one in told})
    customers = sorted({customer for _, customer in pairs})
    added = sorted(
        {(one.userid, one.external_userid, one.at) for one in told if one.kind is RelationKind.ADDED}
    )
    return Known(
        details={
            pair: Details(
                customer_type=chance.one(1, 1, 2),
                add_way=chance.choice(ADD_WAYS),
                tags=frozenset(chance.some(TAGS, 0.7)),
            )
            for pair in pairs
            if chance.often(0.8)
        },
        managers={one: chance.choice(USERIDS[:2]) for one in customers if chance.often(0.8)},
        facts={
            one: {fact: chance.often(0.6) for fact in chance.some(FACTS, 0.8)}
            for one in customers
            if chance.often(0.9)
        },
        decisions={
            key: {quota.id: chance.often(0.5) for quota in asked if chance.often(0.7)}
            for key in added
            if chance.often(0.1)
        },
    )


def turning_points(quotas: Iterable[Quota], *, calendar: WorkCalendar, day: date) -> list[int]:
    """Begin, end and settlement of the periods around *day*, and midnights beside it."""
    found = [calendar.start_of(day + timedelta(days=step)) for step in (0, 1)]
    for one in quotas:
        period = period_of(one.period, day)
        end = period.last + timedelta(days=1)
        found += [
            calendar.start_of(period.first),
            calendar.start_of(end),
            one.settlement(period, calendar=calendar),
        ]
    return found


def asked_at(chance: Chance, *, turning: list[int], told: Sequence[RelationEvent], keeps: list[int]) -> int:
    """A time to ask about: any, or one at which something turns."""
    event_s = [one.at + keep for one in told[:9] for keep in keeps] or turning
    moment = chance.one(chance.choice(turning), chance.choice(turning), chance.choice(event_s))
    return moment + chance.one(
        -1, 0, 1, chance.choice(EDGES), chance.randrange(DAY_S), chance.randrange(9 * DAY_S)
    )


def calendar_of(chance: Chance) -> WorkCalendar:
    """China's days with a few of the bank's own, in one of three zones."""
    return china(
        zone=ZoneInfo(chance.one("Asia/Shanghai", "Asia/Shanghai", "UTC", "America/New_York")),
        holidays=frozenset(chance.day() for _ in range(chance.one(0, 2))),
        workdays=frozenset(chance.day() for _ in range(chance.one(0, 2))),
    )


def world_of(seed: int, *, people: int, customers: int, quotas: int) -> World:
    """A branch around the Spring Festival of 2026, asked about at a time near the edges."""
    chance = Chance(seed)
    drawn = [quota(chance, number) for number in range(quotas)]
    rules = tuple(replace(one, integrity=drawn[0].integrity) for one in drawn)  # one file, one [integrity]
    calendar = calendar_of(chance)
    day = chance.day()
    turning, keeps = (
        turning_points(rules, calendar=calendar, day=day),
        [rule.counting.keep_s for rule in rules],
    )
    near = [point for point in turning if abs(calendar.day_of(point) - AROUND) < timedelta(days=99)]
    starts = [
        chance.choice(near),
        *(calendar.start_of(chance.day(20)) + chance.choice(EDGES) for _ in range(4)),
    ]
    steps = [max(0, step + more) for step in (*STEPS, *keeps) for more in (-1, 0, 1)]
    told = [
        one
        for userid in USERIDS[:people]
        for number in range(customers)
        for one in told_in(
            chance,
            userid=userid,
            customer=f"c{number}" if chance.often(0.5) else f"c{number}-{userid}",
            starts=[*starts, calendar.start_of(day) + chance.choice(EDGES)],
            steps=steps,
        )
    ]
    second = asked_at(chance, turning=turning, told=told, keeps=keeps)
    world = World(
        quotas=rules,
        people=tuple(somebody(chance, userid) for userid in USERIDS[:people]),
        departments=Departments(
            parents={2: 1, 3: 2, 4: 5, 5: 4},
            before=((chance.day(), Departments(parents={3: 1, 2: 3})),) if chance.often(0.3) else (),
        ),
        events=tuple(told),
        regain_s=chance.one(0, REGAIN_S),
        calendar=calendar,
        at=calendar.moment(second) + timedelta(microseconds=chance.one(0, 1, 999_999)),
        behind_threshold=chance.one(Fraction(0), NINE_TENTHS, Fraction(1)),
        period_name=period_of(chance.choice(rules).period, day).name,
        known=known_of(chance, told, rules),
        money=chance.often(0.5),
    )
    # The naive calendar knows the holidays of one year only.
    if chance.often(0.4) and world.calendar.local_day(world.at).year == AROUND.year:
        world = replace(world, period_name=None)
    return with_asides(chance, world)


def with_asides(chance: Chance, world: World) -> World:
    """*world* with what reviewers decided and what was planned, about days on which something happened."""
    seen = [(one.userid, world.calendar.day_of(one.at), one.external_userid) for one in world.events]
    periods = {period_of(quota.period, day).name for quota in world.quotas for _, day, _ in seen[:5]}
    near = [one.at + more for one in world.events[:5] for more in (-ROLLOUT_S - 1, -ROLLOUT_S, 0, ROLLOUT_S)]
    names = [
        FindingName(kind=kind, userid=userid, subject=subject)
        for userid, day, customer in seen
        for kind, subject in (
            (FindingKind.BURST, day.isoformat()),
            (FindingKind.SHARED, customer),
            (FindingKind.ROLLOUT, day.isoformat()),
            *(
                (FindingKind.QUICK_LOSS, f"{quota.id} {period}")
                for quota in world.quotas
                for period in sorted(periods)
            ),
        )
        if chance.often(0.05)
    ]
    adds = {
        (one.userid, one.external_userid, one.at) for one in world.events if one.kind is RelationKind.ADDED
    }
    decided = tuple(
        DecidedFinding(
            name=name,
            concerned=frozenset(
                key
                for key in sorted(adds)
                if key[0] == name.userid
                and name.subject in {key[1], world.calendar.day_of(key[2]).isoformat()}
                and chance.often(0.8)
            ),
            confirmed=chance.often(0.5),
        )
        for name in names
    )
    return replace(
        world,
        decided=decided,
        flags=tuple(
            Flag(name=one.name, on=world.calendar.day_of(min((key[2] for key in one.concerned), default=0)))
            for one in decided
            if one.confirmed
        ),
        planned=frozenset((userid, day) for userid, day, _ in seen if chance.often(0.1)),
        start=chance.one(None, chance.choice(near)) if near else None,
    )


# From a seed and three sizes, not choice by choice: many branches matter more here than how they shrink.
worlds = st.builds(
    world_of,
    st.integers(0, 2**32 - 1),
    people=st.integers(1, 4),
    customers=st.integers(0, 20),
    quotas=st.integers(1, 3),
)
