"""Made-up branches for the tests of bot/core: short builders. Whole random ones are in `core_worlds`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.core.contacts import Contact
from bot.core.people import Departments, Membership, Person
from bot.core.periods import PeriodKind, parse_period
from bot.core.progress import Branch as CoreBranch
from bot.core.progress import QuotaFigures, compute_rows
from bot.core.quotas import Quota
from bot.core.relations import Add, RelationEvent, RelationKind, fold
from bot.core.rulebook import QuotaInPeriod, Rulebook
from bot.core.workdays import WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY_S = 24 * 3600
REGAIN_S = 3 * DAY_S
NINE_TENTHS = Fraction(9, 10)


def contacts_of(adds: Iterable[Add]) -> dict[str, list[Contact]]:
    """Contacts by userid of which nothing but the adds of the whole bank is known."""
    by_customer: dict[str, list[Add]] = {}
    for add in adds:
        by_customer.setdefault(add.external_userid, []).append(add)
    contacts: dict[str, list[Contact]] = {}
    for of_customer in by_customer.values():
        for add in of_customer:
            others = (one.added_at for one in of_customer if one.userid != add.userid)
            since = min((moment for moment in others if moment < add.added_at), default=None)
            contact = Contact.of(add, known_since=since)
            contacts.setdefault(add.userid, []).append(contact)
    return contacts


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
    share: Fraction = Fraction(1),
    **changes: Any,
) -> Person:
    held = memberships or (Membership(since=None, departments=departments, role=role, share=share),)
    return Person(userid=userid, name="员工甲", memberships=held, **changes)


def quota(target: int = 50, *, period: PeriodKind = PeriodKind.MONTH, **changes: Any) -> Quota:
    return Quota(**{"id": "q", "period": period, "target": target, **changes})


def event(kind: RelationKind, when: str | int, *, customer: str = "c1", userid: str = "jia") -> RelationEvent:
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


def quota_periods_of(
    quotas: Sequence[Quota], *, when: datetime, period_name: str | None = None
) -> list[QuotaInPeriod]:
    """Each quota in its period in which *when* (in the zone of the branch) lies, or in the one named."""
    book = Rulebook.of(quotas)
    return (
        book.periods_at(when.date()) if period_name is None else book.periods_named(parse_period(period_name))
    )


def adds_on(*days: tuple[str, int], userid: str = "jia") -> list[RelationEvent]:
    """So many adds of different customers, a second apart, from each of the times on."""
    return [
        event(RelationKind.ADDED, seconds(when) + n, customer=f"{when}#{n}", userid=userid)
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
) -> QuotaFigures:
    """The only row of one person under one quota."""
    (only,) = compute_rows(
        core_branch([who or person()], events, calendar=calendar or china()),
        quota_periods=quota_periods_of([asked or quota()], when=at(when), period_name=period_name),
        at=at(when),
        behind_threshold=NINE_TENTHS,
    )
    return only


USERIDS = ("jia", "yi", "bing", "ding")
ROLES = ("客户经理", "柜员")
FIRST_DAY, LAST_DAY = date(2026, 1, 20), date(2026, 3, 20)
# Edges of days, of working hours, and of 16:00 are where a second matters.
EDGES = (0, 1, 8 * 3600 + 1799, 30600, 57599, 57600, 64799, 64800, 86399)
STEPS = (0, 1, DAY_S, REGAIN_S - 1, REGAIN_S)
KINDS = [RelationKind.ADDED] * 6 + list(RelationKind)


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
