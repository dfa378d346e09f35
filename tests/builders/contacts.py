"""Contacts by hand, and what a quota of November 2026 makes of them: for tables that an eye can check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from bot.core.contacts import Contact, Details
from bot.core.counting import Counting
from bot.core.integrity import DecidedFinding
from bot.core.people import Departments, Person
from bot.core.periods import parse_period
from bot.core.progress import Branch, QuotaFigures, compute_rows
from bot.core.quota_periods import QuotaPeriod
from bot.core.quotas import Quota
from bot.core.relations import Add, RelationKind
from bot.core.rulebook import QuotaInPeriod
from builders.branches import NINE_TENTHS, at, china, person, quota, seconds

LOST, LEFT, MOVED = RelationKind.LOST_BY_CUSTOMER, RelationKind.LOST_BY_MEMBER, RelationKind.TRANSFERRED
WECHAT = Details(customer_type=1, add_way=1, tags=frozenset({"vip"}))
WECOM = Details(customer_type=2, add_way=1)
SHARED_INSIDE = Details(customer_type=1, add_way=201)


def contact(
    added: str = "2026-11-10T10:00",
    customer: str = "c1",
    *,
    lost: str | None = None,
    moved: str | None = None,
    nth: int = 1,
    userid: str = "jia",
    **known: Any,
) -> Contact:
    """One add; *lost* or *moved* is when a loss or a transfer ended it."""
    end = lost or moved
    add = Add(
        userid=userid,
        external_userid=customer,
        added_at=seconds(added),
        nth=nth,
        ended_at=None if end is None else seconds(end),
        ended_by=None if end is None else LOST if lost else MOVED,
    )
    return Contact.of(add, **known)


def branch(contacts: Iterable[Contact], people: Iterable[Person] = (person(),), **changes: Any) -> Branch:
    """What the core takes, of contacts made by hand."""
    told: dict[str, list[Contact]] = {}
    for one in contacts:
        told.setdefault(one.add.userid, []).append(one)
    parts: dict[str, Any] = {"people": tuple(people), "departments": Departments(), "calendar": china()}
    return Branch(contacts=told, **(parts | changes))


def words(
    contacts: Iterable[Contact],
    when: str = "2026-11-24T09:00",
    *,
    rules: Counting | None = None,
    asked: Quota | None = None,
    period: str = "2026-11",
    decided: Iterable[DecidedFinding] = (),
    planned: Iterable[tuple[str, date]] = (),
    userid: str = "jia",
) -> dict[str, str]:
    """The verdict of each of one person's contacts by customer, in the order of their place."""
    declared = frozenset(planned)
    judging = asked or quota(counting=rules or Counting())
    past = branch(
        contacts,
        decided=tuple(decided),
        planned=lambda who, day: (who, day) in declared,
    ).past(seconds(when))
    quota_period = QuotaPeriod.of(judging, parse_period(period), calendar=china())
    return {one.add.external_userid: str(verdict) for one, verdict in quota_period.judged(userid, past)}


def rows(
    contacts: Iterable[Contact],
    when: str,
    *,
    asked: Quota,
    people: Iterable[Person] = (person(),),
    period: str = "2026-11",
    periods: Sequence[QuotaInPeriod] = (),
    money: bool = False,
    **changes: Any,
) -> dict[str, QuotaFigures]:
    """Everybody's row by userid."""
    found = compute_rows(
        branch(contacts, people, **changes),
        quota_periods=periods or [(asked, parse_period(period))],
        at=at(when),
        behind_threshold=NINE_TENTHS,
        money=money,
    )
    return {row.userid: row for row in found}


def won(number: int, added: str = "2026-11-10T10:00", **changes: Any) -> list[Contact]:
    """So many adds of different customers in one second."""
    userid = changes.get("userid", "jia")
    return [contact(added, f"{userid}-{added}-{n:02}", **changes) for n in range(number)]
