"""Made-up branches for the tests of bot/core: short builders, and Hypothesis strategies for whole ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.core.contacts import contacts_of
from bot.core.counting import Counting, FirstAdd
from bot.core.people import Departments, Membership, Person
from bot.core.periods import PeriodKind, parse_period
from bot.core.progress import Branch as CoreBranch
from bot.core.progress import Row, progress
from bot.core.quotas import Quota
from bot.core.relations import Add, Kind, RelationEvent, fold
from bot.core.rulebook import Framed, Rulebook
from bot.core.workdays import WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY_S = 24 * 3600
REGAIN_S = 3 * DAY_S
NINE_TENTHS = Fraction(9, 10)


def china(**changes: Any) -> WorkCalendar:
    settings: dict[str, Any] = {
        "zone": SHANGHAI,
        "country": "CN",
        "opens": time(8, 30),
        "closes": time(18, 0),
    }
    return WorkCalendar(**(settings | changes))


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def seconds(text: str) -> int:
    return int(at(text).timestamp())


def person(
    userid: str = "jia",
    *,
    departments: tuple[int, ...] = (1,),
    role: str | None = "客户经理",
    memberships: tuple[Membership, ...] = (),
    **changes: Any,
) -> Person:
    held = memberships or (Membership(since=None, departments=departments, role=role),)
    return Person(userid=userid, name="员工甲", memberships=held, **changes)


def quota(target: int = 50, *, period: PeriodKind = PeriodKind.MONTH, **changes: Any) -> Quota:
    return Quota(**{"id": "q", "period": period, "target": target, **changes})


def event(kind: Kind, when: str | int, *, customer: str = "c1", userid: str = "jia") -> RelationEvent:
    moment = seconds(when) if isinstance(when, str) else when
    return RelationEvent(userid=userid, external_userid=customer, at=moment, kind=kind)


def fold_all(events: Iterable[RelationEvent], *, regain_s: int = REGAIN_S) -> dict[str, list[Add]]:
    """Group a heap of events into relations, and fold each."""
    relations: dict[tuple[str, str], list[RelationEvent]] = {}
    for one in events:
        relations.setdefault((one.userid, one.external_userid), []).append(one)
    adds: dict[str, list[Add]] = {}
    for (userid, _), history in relations.items():
        adds.setdefault(userid, []).extend(fold(history, regain_s=regain_s))
    return adds


def core_branch(
    people: Iterable[Person],
    events: Iterable[RelationEvent],
    *,
    regain_s: int = REGAIN_S,
    **changes: Any,
) -> CoreBranch:
    """What the core takes, made from a heap of events."""
    adds = fold_all(events, regain_s=regain_s)
    parts: dict[str, Any] = {
        "people": tuple(people),
        "departments": Departments(),
        "contacts": contacts_of(add for of_one in adds.values() for add in of_one),
        "calendar": china(),
    }
    return CoreBranch(**(parts | changes))


def frames_of(quotas: Sequence[Quota], *, when: datetime, period_name: str | None = None) -> list[Framed]:
    """Each quota in its period in which *when* (in the zone of the branch) lies, or in the one named."""
    book = Rulebook.of(quotas)
    return (
        book.frames_at(when.date()) if period_name is None else book.frames_named(parse_period(period_name))
    )


def adds_on(*days: tuple[str, int], userid: str = "jia") -> list[RelationEvent]:
    """So many adds of different customers, a second apart, from each of the times on."""
    return [
        event(Kind.ADDED, seconds(when) + n, customer=f"{when}#{n}", userid=userid)
        for when, number in days
        for n in range(number)
    ]


def row(
    events: Sequence[RelationEvent],
    when: str,
    *,
    asked: Quota | None = None,
    who: Person | None = None,
    calendar: WorkCalendar | None = None,
    period_name: str | None = None,
) -> Row:
    """The only row of one person under one quota."""
    (only,) = progress(
        core_branch([who or person()], events, calendar=calendar or china()),
        frames=frames_of([asked or quota()], when=at(when), period_name=period_name),
        at=at(when),
        behind_threshold=NINE_TENTHS,
    )
    return only


@dataclass(frozen=True, kw_only=True)
class Branch:
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

    def rows(
        self, *, events: Iterable[RelationEvent] | None = None, when: datetime | None = None
    ) -> tuple[Row, ...]:
        """The rows, of other events or at another time if asked."""
        told = self.events if events is None else events
        moment = when or self.at
        return progress(
            core_branch(
                self.people,
                told,
                regain_s=self.regain_s,
                departments=self.departments,
                calendar=self.calendar,
            ),
            frames=frames_of(self.quotas, when=self.calendar.local(moment), period_name=self.period_name),
            at=moment,
            behind_threshold=self.behind_threshold,
        )


USERIDS = ("jia", "yi", "bing", "ding")
ROLES = ("客户经理", "柜员")
FIRST_DAY, LAST_DAY = date(2026, 1, 20), date(2026, 3, 20)
# Edges of days, of working hours, and of 16:00 are where a second matters.
EDGES = (0, 1, 8 * 3600 + 1799, 30600, 57599, 57600, 64799, 64800, 86399)
NAMES = (
    *[None] * 12,
    "2026-02",
    "2026-Q1",
    "2026-W07",
    "2026-W08",
    "2026-W09",
    "2026-02-24",
    "2026-03",
    "2026",
)

days = st.dates(FIRST_DAY, LAST_DAY)
clock = st.one_of(st.sampled_from(EDGES), st.integers(0, DAY_S - 1))


STEPS = (0, 1, DAY_S, REGAIN_S - 1, REGAIN_S)
KINDS = [Kind.ADDED] * 6 + list(Kind)


def told_by(chance: Random, *, userid: str = "jia", customer: str = "c1") -> list[RelationEvent]:
    """The events of one relation: steps of time are often 0, a day, or the edge of a slip."""
    day = FIRST_DAY + timedelta(days=chance.randrange(-20, (LAST_DAY - FIRST_DAY).days))
    second = chance.choice([chance.choice(EDGES), chance.randrange(DAY_S)])
    moment = int(datetime.combine(day, time.min, SHANGHAI).timestamp()) + second
    told = []
    for _ in range(chance.randint(1, 7)):
        told.append(event(chance.choice(KINDS), moment, customer=customer, userid=userid))
        moment += chance.choice([chance.choice(STEPS), chance.randrange(9 * DAY_S)])
    return told


# Drawn from a seed, and not event by event: many branches matter more here than small counterexamples.
seeds = st.integers(0, 2**32 - 1).map(Random)
relation_events = seeds.map(told_by)


def rarely(strategy: st.SearchStrategy[date]) -> st.SearchStrategy[date | None]:
    return st.sampled_from([False] * 4 + [True]).flatmap(lambda given: strategy if given else st.none())


@st.composite
def persons(draw: st.DrawFn, userid: str) -> Person:
    belongs = st.builds(
        Membership,
        since=st.none(),
        departments=st.lists(st.integers(1, 5), max_size=2).map(tuple),
        role=st.sampled_from([*ROLES, None]),
    )
    moves = sorted(draw(st.sets(days, max_size=2)))
    first, *later = [draw(belongs) for _ in range(1 + len(moves))]
    moved = [
        Membership(since=since, departments=then.departments, role=then.role)
        for since, then in zip(moves, later, strict=True)
    ]
    return Person(
        userid=userid,
        name="员工",
        memberships=(first, *moved),
        joined_on=draw(rarely(days)),
        left_on=draw(rarely(days)),
        share=draw(
            st.sampled_from([Fraction(1), Fraction(1), Fraction(1, 2), Fraction(4, 5), Fraction(1, 3)])
        ),
        absences=draw(st.frozensets(days, max_size=6)),
    )


NO_SCOPE: list[frozenset[Any]] = [frozenset()] * 2


@st.composite
def quota_lists(draw: st.DrawFn) -> tuple[Quota, ...]:
    one = st.builds(
        Quota,
        id=st.just("q"),
        period=st.sampled_from(PeriodKind),
        target=st.integers(0, 30),
        roles=st.sampled_from([*NO_SCOPE, frozenset(ROLES[:1]), frozenset(ROLES)]),
        departments=st.sampled_from([*NO_SCOPE, frozenset({1}), frozenset({2, 5})]),
        userids=st.sampled_from([*NO_SCOPE, frozenset(USERIDS[:2])]),
        starts_on=rarely(days),
        ends_on=rarely(st.dates(LAST_DAY - timedelta(days=40), LAST_DAY)),
        counting=st.builds(Counting, first_add=st.sampled_from([FirstAdd.PAIR, FirstAdd.ANY])),
    )
    return tuple(draw(st.lists(one, min_size=1, max_size=3)))


@st.composite
def branches(draw: st.DrawFn) -> Branch:
    """A small branch around the Spring Festival of 2026, asked about at a time near the edges."""
    userids = draw(st.lists(st.sampled_from(USERIDS), min_size=1, max_size=4, unique=True))
    zone = ZoneInfo(draw(st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York"])))
    chance, customers = draw(seeds), draw(st.integers(0, 25))
    told = [
        one
        for userid in userids
        for number in range(customers)
        for one in told_by(chance, userid=userid, customer=f"c{number}")
    ]
    asked = datetime.combine(draw(days), time.min, zone) + timedelta(seconds=draw(clock))
    return Branch(
        quotas=draw(quota_lists()),
        people=tuple(draw(persons(userid)) for userid in userids),
        departments=Departments(parents={2: 1, 3: 2, 4: 5, 5: 4}),
        events=tuple(told),
        regain_s=draw(st.sampled_from([0, REGAIN_S])),
        calendar=china(
            zone=zone,
            holidays=draw(st.frozensets(days, max_size=3)),
            workdays=draw(st.frozensets(days, max_size=3)),
        ),
        at=asked + timedelta(microseconds=draw(st.sampled_from([0, 1, 999_999]))),
        behind_threshold=draw(st.sampled_from([Fraction(0), NINE_TENTHS, Fraction(1)])),
        period_name=draw(st.sampled_from(NAMES)),
    )
