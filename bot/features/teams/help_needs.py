"""What helps people who are behind most, and the best improvement in a team."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.core.leaderboard import Gain
from bot.core.pending import Waiting
from bot.core.progress import QuotaFigures
from bot.core.verdicts import Verdict
from bot.core.workdays import ONE_DAY

LONG_OFF = 3  # workdays: a shorter leave needs no help
JUST_BACK = 3  # workdays after the return, its first day included
_LOOK_BACK = 400  # days: no leave is followed further
_MOST_NAMED = 2  # of equal ones, so that no line becomes a list


class NeedKind(StrEnum):
    """The kind of an obstacle."""

    TAGS = "tags"
    FACTS = "facts"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """*n* pending contacts without tags or facts (*missing*), or *n* workdays off until lately.

    *target*: after days off, the prorated target; None if these days lie outside the period.
    """

    kind: NeedKind
    n: int
    missing: tuple[str, ...] = ()
    target: int | None = None


def need_of(
    row: QuotaFigures,
    waiting: Iterable[Waiting],
    *,
    absences: Collection[date],
    today: date,
    is_workday: Callable[[date], bool],
) -> Need | None:
    """Return the one thing that helps most in the quota of *row*; None if nothing is known.

    The lack of most pending contacts comes first, tags before facts; leave comes last. Days are local.
    """
    kinds = {Verdict.TAGS: NeedKind.TAGS, Verdict.FACTS: NeedKind.FACTS}
    lacking = [group for group in waiting if group.quota == row.quota and group.verdict in kinds]
    if lacking:
        most = max(lacking, key=lambda group: (group.contacts, group.verdict is Verdict.TAGS))
        return Need(kind=kinds[most.verdict], n=most.contacts, missing=most.missing)
    off = find_last_leave(absences, today=today, is_workday=is_workday)
    if len(off) < LONG_OFF:
        return None
    prorated = any(row.period_start <= day <= row.period_end for day in off)
    return Need(kind=NeedKind.BACK, n=len(off), target=row.target if prorated else None)


def find_last_leave(
    absences: Collection[date], *, today: date, is_workday: Callable[[date], bool]
) -> tuple[date, ...]:
    """Return the last leave's workdays, in order, if it ended within JUST_BACK workdays; none if away."""
    if not absences or today in absences:
        return ()
    day, first, worked = today, min(absences), 0
    off: list[date] = []
    for _ in range(_LOOK_BACK):
        if is_workday(day):
            if day in absences:
                off.append(day)
            elif off:
                break
            else:
                worked += 1
        if worked > JUST_BACK or day < first:
            break
        day -= ONE_DAY
    return tuple(reversed(off))


@dataclass(frozen=True, slots=True, kw_only=True)
class Improved:
    """The userids with the largest increase: *more* adds (above 0) than in the week before."""

    userids: tuple[str, ...]
    more: int


def find_most_improved(
    team: Collection[str], gains: Iterable[Mapping[str, Gain]], *, silent: Collection[str] = ()
) -> Improved | None:
    """Return the people in *team* who improved most in a quota; None if nobody did or many are equal.

    *gains* by userid, for each quota. The userids in *silent* are left out.
    """
    best: dict[str, int] = {}
    for of_quota in gains:
        for userid in team:
            if userid in of_quota and userid not in silent:
                best[userid] = max(best.get(userid, 0), of_quota[userid].more)
    most = max(best.values(), default=0)
    whose = sorted(userid for userid, more in best.items() if more == most)
    return Improved(userids=tuple(whose), more=most) if most > 0 and len(whose) <= _MOST_NAMED else None
