"""People marked for help by a leader, and the effect a week later. Nobody is blamed for no effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.core.progress import QuotaFigures
from bot.core.status import Status

TOLD_FROM, TOLD_TO = 7, 13  # days after the mark in which its effect is told: the week before the last
ROSE_BY = 10  # hundredths of pace
_NORMAL = frozenset({Status.ON_TRACK, Status.COVERED, Status.MET})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The word of *leader* on the local *day* to help *userid*.

    *quota*: the one with their lowest pace then; *pace*: in hundredths. Empty and None: they were not behind.
    """

    leader: str
    userid: str
    day: date
    quota: str = ""
    pace: int | None = None


class Effect(StrEnum):
    """The effect of a mark."""

    BACK = "back"  # on track again, or done
    ROSE = "rose"  # the pace is higher by 0.1 or more
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoachingOutcome:
    """Numbers of *people* marked a week before, those *back* to normal, and others whose pace *rose*."""

    people: int
    back: int
    rose: int


def compute_effect(mark: Mark, rows: Sequence[QuotaFigures]) -> Effect | None:
    """Return the effect of *mark* by the person's *rows* of now; None if no quota asks anything of them now.

    Paces of two periods may be compared: both are shares of what was expected.
    """
    row = next((row for row in rows if row.quota == mark.quota), None)
    if mark.pace is None or row is None or row.status is Status.EXEMPT:
        return None
    if row.status in _NORMAL:
        return Effect.BACK
    risen = row.pace is not None and round(100 * row.pace) - mark.pace >= ROSE_BY
    return Effect.ROSE if risen else Effect.NONE


def compute_outcome(
    marks: Iterable[Mark], rows: Mapping[str, Sequence[QuotaFigures]], *, today: date
) -> CoachingOutcome | None:
    """Return the effects of the *marks* of a week ago as of the local day *today*; None without any.

    A person counts once, from the first mark of that week on, by any leader. *rows* by userid.
    """
    first: dict[str, Mark] = {}
    for mark in sorted(marks, key=lambda mark: (mark.day, mark.leader)):
        if mark.pace is not None and TOLD_FROM <= (today - mark.day).days <= TOLD_TO:
            first.setdefault(mark.userid, mark)
    effects = [compute_effect(mark, rows.get(userid, ())) for userid, mark in first.items()]
    back, rose = effects.count(Effect.BACK), effects.count(Effect.ROSE)
    people = len(effects) - effects.count(None)
    return CoachingOutcome(people=people, back=back, rose=rose) if people else None


def list_helped(marks: Iterable[Mark], *, today: date) -> frozenset[str]:
    """Return the people marked in the last two weeks up to the local day *today*."""
    return frozenset(mark.userid for mark in marks if 0 <= (today - mark.day).days <= TOLD_TO)
