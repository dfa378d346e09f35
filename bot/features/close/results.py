"""Results of settled periods: preliminary once, then final by a signature.

From the close on everybody sees the stored figures. Later changes are proposed corrections: a new line with
author and reason, never an edit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from itertools import count, groupby
from operator import itemgetter
from typing import Any

from bot.core.periods import parse_period
from bot.core.progress import Branch, QuotaFigures
from bot.core.rulebook import QuotaInPeriod
from bot.core.workdays import WorkCalendar, epoch_of
from bot.features.close import proof, settle
from bot.features.close.favour_rules import choose_favourable, figures_of, mark_of
from bot.features.standings.load import load_rulebook
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.results import Closed, Result, ResultState, text_of
from bot.store.reviews import ReviewState


class ClosingError(Exception):
    """A result cannot be signed or corrected; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A line of a closed period and the figures as they would be *now*.

    *stored*: None for a person without a stored line. *now*: None for a person under the quota no longer.
    *signed*: the line that a signature stores. None with an open appeal, and where only a correction can add
    the line.
    """

    userid: str
    stored: QuotaFigures | None
    now: QuotaFigures | None
    signed: QuotaFigures | None = None

    @property
    def left_out(self) -> bool:
        """Say whether a signature leaves out something of the present figures."""
        return self.now is None or self.signed is None or figures_of(self.signed) != figures_of(self.now)


def deadline(closed_at: int, *, calendar: WorkCalendar, workdays: int) -> datetime:
    """Return the end of appeals: closing time, *workdays* after a close at *closed_at* (epoch s)."""
    day = calendar.day_of(closed_at)
    for _ in range(workdays):
        day = calendar.next_workday(day)
    return datetime.combine(day, calendar.closes, calendar.zone)


def may_appeal(services: Services, quota: str, period: str, *, at: datetime) -> bool:
    """Say whether this period is open for appeals at *at* (aware): until some workdays after its close."""
    closed = _closed(services, quota, period)
    return closed is None or at < _deadline(services, closed)


def list_undecided(services: Services, quota: str, period: str) -> frozenset[str]:
    """Return the userids whose lines stay open because their appeal is undecided."""
    states = services.store.results.appeals(quota, period)
    return frozenset(userid for userid, state in states if state == "open")


def may_sign(services: Services, quota: str, period: str, *, at: datetime) -> None:
    """Raise ClosingError if the period was not closed, or appeals still run at *at* (aware)."""
    if (closed := _closed(services, quota, period)) is None:
        raise ClosingError(Sentence("cli.close.not_closed", quota=quota, period=period))
    if at < (until := _deadline(services, closed)):
        day = f"{until:%Y-%m-%d %H:%M}"
        raise ClosingError(Sentence("cli.close.appeals_run", quota=quota, period=period, until=day))


def sign(
    services: Services, quota: str, period: str, *, by: str, at: datetime
) -> tuple[list[str], list[str]]:
    """Make the lines of a closed period final in the name of *by*; lines with open appeals stay open.

    A line takes what came since the close in the person's favour, and nothing else.
    Returns the userids with lines final now, and those with open lines. Signing twice changes nothing.
    Raises ClosingError if the period was not closed or appeals still run.
    """
    may_sign(services, quota, period, at=at)
    store = services.store
    waiting, final = list_undecided(services, quota, period), list[str]()
    digest = hashlib.sha256()
    with _best(services, quota, period, at=at) as best, store.transaction():
        for userid, (result, row) in _together(_stored(services, quota, period), best):
            if result is None or result.state is not ResultState.PRELIMINARY or userid in waiting:
                continue
            signed = _signed(services, result, row, by=by, at=at)
            store.results.add([signed])
            digest.update(f"{chr(10) if final else ''}{text_of(signed.line)}".encode())
            final.append(userid)
        if final:
            noted = {"lines": len(final), "sha256": digest.hexdigest()}
            _note(services, "sign", quota, period, noted, actor=by, at=epoch_of(at))
    return final, sorted(waiting)


def list_changes(services: Services, quota: str, period: str, *, at: datetime) -> list[Change]:
    """Return what differs as of *at* (aware) from the preliminary lines of a closed period, by userid."""
    closed = _closed(services, quota, period)
    if closed is None or closed.final == closed.people or not _quota_period(services, quota, period):
        return []
    waiting, changes = list_undecided(services, quota, period), list[Change]()
    with _computed(services, quota, period, at=at) as now, _best(services, quota, period, at=at) as best:
        for userid, (result, row, good) in _together(_stored(services, quota, period), now, best):
            change = _change(userid, result, row)
            if change is None or (result is not None and result.state is not ResultState.PRELIMINARY):
                continue
            if result is not None and userid not in waiting:
                change = replace(change, signed=choose_favourable(result.line, good or result.line))
            changes.append(change)
    return changes


def list_corrections(services: Services, quota: str, period: str, *, at: datetime) -> list[Change]:
    """Return the proposed corrections of a signed period, because of late events, people or decisions."""
    closed = _closed(services, quota, period)
    if closed is None or not closed.final:
        return []
    with _computed(services, quota, period, at=at) as now:
        return [
            change
            for userid, (result, row) in _together(_stored(services, quota, period), now)
            if row is not None and (result is None or result.state is ResultState.FINAL)
            if (change := _change(userid, result, row)) is not None
        ]


def correct(
    services: Services, quota: str, period: str, userid: str, *, by: str, reason: str, at: datetime
) -> QuotaFigures:
    """Append the present figures of *userid* as a new line by *by* for *reason*, and return it.

    Raises ClosingError if there is nothing to correct.
    """
    proposed = {item.userid: item.now for item in list_corrections(services, quota, period, at=at)}
    if (line := proposed.get(userid)) is None:
        about = {"quota": quota, "period": period, "userid": userid}
        raise ClosingError(Sentence("cli.close.nothing_to_correct", **about))
    store = services.store
    with store.transaction():
        before, now = store.results.newest_of(userid, quota=quota, period=period), epoch_of(at)
        new = Result(
            line=line,
            version=1 if before is None else before.version + 1,
            state=ResultState.FINAL,
            author=by,
            reason=reason,
            stored_at=now,
            counted=frozenset() if before is None else before.counted,
        )
        store.results.add([new])
        noted = {"lines": 1, "sha256": hashlib.sha256(text_of(line).encode()).hexdigest()}
        _note(services, "correct", quota, period, noted, actor=by, at=now, reason=reason)
    return line


def _signed(
    services: Services, result: Result, best: QuotaFigures | None, *, by: str, at: datetime
) -> Result:
    """Return the final version of a line: with what is in the person's favour, and nothing against them."""
    line = result.line if best is None else choose_favourable(result.line, best)
    reason = "signed as it was"
    if line is not result.line:
        appeals = services.store.results.appeals(*result.name)
        decided = (line.userid, ReviewState.ACCEPTED.value) in appeals
        reason = "signed with what reviews decided" if decided else "signed with what came late in favour"
    return replace(
        result,
        line=line,
        version=result.version + 1,
        state=ResultState.FINAL,
        author=by,
        reason=reason,
        stored_at=epoch_of(at),
    )


def _change(userid: str, result: Result | None, now: QuotaFigures | None) -> Change | None:
    """Return the difference between the line of *userid* and the figures of *now*; None without one."""
    stored = None if result is None else result.line
    if stored is not None and now is not None and figures_of(stored) == figures_of(now):
        return None
    return Change(userid=userid, stored=stored, now=now)


_Rows = Iterator[tuple[str, QuotaFigures]]  # by userid, in its order


@contextmanager
def _computed(
    services: Services,
    quota: str,
    period: str,
    *,
    at: datetime,
    change: Callable[[Branch], Branch] = lambda branch: branch,
) -> Iterator[_Rows]:
    """Yield the figures as of *at*, computed anew in pieces, regardless of stored results.

    None if the quota is gone from the file and was never recorded.
    """
    if not (quota_period := _quota_period(services, quota, period)):
        yield iter(())
        return
    with settle.lines_of(services, quota_period[0], at=at, change=change) as whole:
        yield ((line.row.userid, line.row) for line in whole.read())


def _best(services: Services, quota: str, period: str, *, at: datetime) -> AbstractContextManager[_Rows]:
    """Return the figures as of *at*, in which each contact that counted at the close still counts."""

    def keep(branch: Branch) -> Branch:
        asked = [person.userid for person in branch.people]
        stored = services.store.results.newest(quota, period, asked)
        contacts = {
            userid: [
                contact._replace(decisions={**contact.decisions, quota: True})
                if userid in stored and mark_of(contact.key) in stored[userid].counted
                else contact
                for contact in of_person
            ]
            for userid, of_person in branch.contacts.items()
        }
        return replace(branch, contacts=contacts)

    return _computed(services, quota, period, at=at, change=keep)


def _stored(services: Services, quota: str, period: str) -> Iterator[tuple[str, Result]]:
    """Yield the valid version of each line, by userid."""
    return ((result.line.userid, result) for result in services.store.results.iter_newest(quota, period))


def _together(*streams: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    """Yield the entries of each userid in *streams*, None for a missing one. All are sorted by userid."""

    def numbered(number: int, stream: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, int, Any]]:
        return ((userid, number, item) for userid, item in stream)

    ordered = merge(*map(numbered, count(), streams), key=itemgetter(0))
    for userid, group in groupby(ordered, key=itemgetter(0)):
        found: list[Any] = [None] * len(streams)
        for _, number, item in group:
            found[number] = item
        yield userid, found


def _note(
    services: Services,
    act: str,
    quota: str,
    period: str,
    lines: Mapping[str, object],
    *,
    actor: str,
    at: int,
    reason: str = "",
) -> None:
    """Store number and digest of the *lines*, and the root over all valid ones, in the audit chain."""
    detail = {**lines, "reason": reason, **proof.publish(services.store, quota, period)}
    services.store.audit.add(at=at, actor=actor, act=act, subject=f"{quota} {period}", detail=detail)


def _closed(services: Services, quota: str, period: str) -> Closed | None:
    closed = services.store.results.closed()
    return next((line for line in closed if (line.quota, line.period) == (quota, period)), None)


def _deadline(services: Services, closed: Closed) -> datetime:
    return deadline(
        closed.closed_at,
        calendar=services.config.work_calendar(),
        workdays=services.config.review.appeal_workdays,
    )


def _quota_period(services: Services, quota: str, period: str) -> list[QuotaInPeriod]:
    """Return the quota period with this name as the only item; none if it does not exist any more."""
    return load_rulebook(services).in_period(quota, parse_period(period))
