"""Whom a leader said he will help, and what became of it a week later. Nobody is blamed if nothing did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.core.progress import QuotaFigures, Status

TOLD_FROM, TOLD_TO = 7, 13  # days after the mark in which its effect is told: the week before the last
ROSE_BY = 10  # hundredths of pace
_NORMAL = frozenset({Status.ON_TRACK, Status.COVERED, Status.MET})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """*leader* will help *userid*, said on the local *day*.

    *pace*: in hundredths, then, in *quota*, that of his lowest pace; None and empty if he was not behind.
    """

    leader: str
    userid: str
    day: date
    quota: str = ""
    pace: int | None = None


class Effect(StrEnum):
    """What became of a mark."""

    BACK = "back"  # on track again, or done
    ROSE = "rose"  # the pace is higher by 0.1 or more
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoachingOutcome:
    """Of *people* who were marked a week before so many are *back* to normal; of others the pace *rose*."""

    people: int
    back: int
    rose: int


def effect(mark: Mark, rows: Sequence[QuotaFigures]) -> Effect | None:
    """Say what became of *mark* by the person's *rows* of now; None if nothing is asked of him any more.

    Paces of two periods may be compared: both are shares of what was expected.
    """
    row = next((row for row in rows if row.quota == mark.quota), None)
    if mark.pace is None or row is None or row.status is Status.EXEMPT:
        return None
    if row.status in _NORMAL:
        return Effect.BACK
    risen = row.pace is not None and round(100 * row.pace) - mark.pace >= ROSE_BY
    return Effect.ROSE if risen else Effect.NONE


def outcome(
    marks: Iterable[Mark], rows: Mapping[str, Sequence[QuotaFigures]], *, today: date
) -> CoachingOutcome | None:
    """Return what became of the *marks* of a week ago as of the local day *today*; None without any.

    A person counts once, from the first mark of that week on, whoever made it. *rows* by userid.
    """
    first: dict[str, Mark] = {}
    for mark in sorted(marks, key=lambda one: (one.day, one.leader)):
        if mark.pace is not None and TOLD_FROM <= (today - mark.day).days <= TOLD_TO:
            first.setdefault(mark.userid, mark)
    found = [effect(mark, rows.get(userid, ())) for userid, mark in first.items()]
    known = [one for one in found if one is not None]
    if not known:
        return None
    return CoachingOutcome(people=len(known), back=known.count(Effect.BACK), rose=known.count(Effect.ROSE))


def helped_lately(marks: Iterable[Mark], *, today: date) -> frozenset[str]:
    """Return who was marked in the last two weeks up to the local day *today*."""
    return frozenset(mark.userid for mark in marks if 0 <= (today - mark.day).days <= TOLD_TO)
