"""进度, 排名: somebody's own figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.money import Scope
from bot.core.progress import Row
from bot.core.quotas import Quota
from bot.messages import Message, own
from bot.messages import progress as progress_message
from bot.messages.answers import timed
from bot.messages.own import Place
from bot.messages.statement import code_line
from bot.proving import issue, statement_of
from bot.replies.asking import Ask, Desk


def progress(ask: Ask) -> Message:
    """The morning's message as of now, with a code under it by which anybody can tell that it is genuine."""
    desk = ask.desk
    rows = desk.standing.by_person.get(ask.userid, ())
    if not rows:
        is_leader = desk.is_leader(ask.userid)
        return own.no_quota(language=desk.language, is_leader=is_leader, at=desk.local)
    said = progress_message(
        language=desk.language,
        rows=rows,
        yesterday=desk.standing.day(ask.userid, desk.local.date() - timedelta(days=1)),
        at=desk.local,
        waiting=desk.standing.waiting(ask.userid),
    )
    proof = issue(desk.services, [statement_of(desk.standing, ask.userid)])[ask.userid]
    *lines, footer = said.lines
    message = replace(said, lines=(*lines, code_line(desk.language, proof.code), footer))
    kind = own.WORDS[desk.language].progress_kind
    return timed(message, language=desk.language, kind=kind, at=desk.local)


def rank(ask: Ask) -> Message:
    """His own place in each quota, and among how many."""
    desk = ask.desk
    rows = desk.standing.by_person.get(ask.userid, ())
    if not rows:
        is_leader = desk.is_leader(ask.userid)
        return own.no_quota(language=desk.language, is_leader=is_leader, at=desk.local)
    quotas = {(quota.id, period.name): quota for quota, period in desk.standing.frames}
    places = {
        (row.quota, row.period): _place(desk, row, quotas[row.quota, row.period])
        for row in rows
        if row.rank is not None
    }
    return own.rank(language=desk.language, rows=rows, places=places, at=desk.local)


def _place(desk: Desk, row: Row, quota: Quota) -> Place:
    scope = quota.reward.scope if quota.reward is not None and quota.reward.top else Scope.ALL
    among = [
        other
        for other in desk.standing.rows
        if (other.quota, other.period) == (row.quota, row.period) and other.rank is not None
    ]
    if scope is Scope.DEPARTMENT:
        among = [other for other in among if other.department == row.department]
    elif scope is Scope.ROLE:
        among = [other for other in among if other.role == row.role]
    return Place(row=row, of=len(among), scope=scope)
