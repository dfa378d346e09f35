"""Results of settled periods: preliminary once, then final by a signature.

From the close on everybody sees the stored figures. Later changes are proposed corrections: a new line with
author and reason, never an edit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from bot.core.periods import parse_period
from bot.core.progress import QuotaFigures
from bot.core.rulebook import QuotaInPeriod
from bot.core.workdays import WorkCalendar, epoch_of
from bot.features.close import proof
from bot.features.close.favour_rules import choose_favourable, figures_of, mark_of
from bot.features.standings.load import Standings, load_branch, load_rulebook, load_standings_in
from bot.features.standings.stored import list_needed_periods
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
    waiting = list_undecided(services, quota, period)
    best = _best(services, quota, period, at=at)
    with store.transaction():
        signed = [
            _signed(services, result, best.get(userid), by=by, at=at)
            for userid, result in store.results.newest(quota, period).items()
            if result.state is ResultState.PRELIMINARY and userid not in waiting
        ]
        store.results.add(signed)
        if signed:
            lines = [result.line for result in signed]
            _note(services, "sign", quota, period, lines, actor=by, at=epoch_of(at))
    return [result.line.userid for result in signed], sorted(waiting)


def list_changes(services: Services, quota: str, period: str, *, at: datetime) -> list[Change]:
    """Return what differs as of *at* (aware) from the preliminary lines of a closed period, by userid."""
    newest = services.store.results.newest(quota, period)
    if all(result.state is ResultState.FINAL for result in newest.values()):
        return []
    waiting, best = list_undecided(services, quota, period), _best(services, quota, period, at=at)
    open_lines = {
        userid: choose_favourable(result.line, best.get(userid, result.line))
        for userid, result in newest.items()
        if result.state is ResultState.PRELIMINARY
    }
    return [
        replace(change, signed=None if change.userid in waiting else open_lines.get(change.userid))
        for change in _differing(services, quota, period, at=at)
        if change.stored is None or change.userid in open_lines
    ]


def list_corrections(services: Services, quota: str, period: str, *, at: datetime) -> list[Change]:
    """Return the proposed corrections of a signed period, because of late events, people or decisions."""
    newest = services.store.results.newest(quota, period)
    final = {userid for userid, result in newest.items() if result.state is ResultState.FINAL}
    if not final:
        return []
    return [
        change
        for change in _differing(services, quota, period, at=at)
        if change.now is not None and (change.stored is None or change.userid in final)
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
        before, now = store.results.newest(quota, period).get(userid), epoch_of(at)
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
        _note(services, "correct", quota, period, [line], actor=by, at=now, reason=reason)
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


def _differing(services: Services, quota: str, period: str, *, at: datetime) -> list[Change]:
    """Return the stored lines of a period that would differ as of *at*, and people without one, by userid."""
    if not (quota_period := _quota_period(services, quota, period)):
        return []  # the quota is gone from the file and was never recorded
    stored = {userid: result.line for userid, result in services.store.results.newest(quota, period).items()}
    now = {row.userid: row for row in _computed(services, quota_period, at=at).rows}
    pairs = [(userid, stored.get(userid), now.get(userid)) for userid in sorted(stored.keys() | now.keys())]
    return [
        Change(userid=userid, stored=before, now=after)
        for userid, before, after in pairs
        if before is None or after is None or figures_of(before) != figures_of(after)
    ]


def _best(services: Services, quota: str, period: str, *, at: datetime) -> dict[str, QuotaFigures]:
    """Return by userid the figures as of *at* in which no contact that counted at the close is lost."""
    quota_period = _quota_period(services, quota, period)
    if not quota_period:
        return {}
    book, stored = load_rulebook(services), services.store.results.newest(quota, period)
    branch = load_branch(services, list_needed_periods(services, quota_period, book=book), at=at)
    contacts = {
        userid: [
            contact._replace(decisions={**contact.decisions, quota: True})
            if userid in stored and mark_of(contact.key) in stored[userid].counted
            else contact
            for contact in of_person
        ]
        for userid, of_person in branch.contacts.items()
    }
    branch = replace(branch, contacts=contacts)
    rows = load_standings_in(services, quota_period, at=at, book=book, stored=False, branch=branch).rows
    return {row.userid: row for row in rows}


def _note(
    services: Services,
    act: str,
    quota: str,
    period: str,
    lines: Sequence[QuotaFigures],
    *,
    actor: str,
    at: int,
    reason: str = "",
) -> None:
    """Store the digest of the lines, and the root over all that hold now, in the audit chain."""
    text = "\n".join(text_of(line) for line in sorted(lines, key=attrgetter("userid")))
    detail = {"lines": len(lines), "sha256": hashlib.sha256(text.encode()).hexdigest(), "reason": reason}
    detail |= proof.publish(services.store, quota, period)
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
    named = load_rulebook(services).periods_named(parse_period(period))
    return [quota_period for quota_period in named if quota_period[0].id == quota]


def _computed(services: Services, quota_periods: Sequence[QuotaInPeriod], *, at: datetime) -> Standings:
    """Return the standings computed anew, regardless of stored results."""
    return load_standings_in(services, quota_periods, at=at, book=load_rulebook(services), stored=False)
