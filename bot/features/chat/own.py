"""The commands 进度, 排名: a member's own figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.features.chat import own_message
from bot.features.chat.desk import Ask, Desk
from bot.features.chat.own_message import OwnPlace
from bot.features.preferences.help_request import has_helper
from bot.features.progress import progress as progress_message
from bot.features.reminder.offers import build_offers
from bot.features.standings.ranks import compute_ranks
from bot.features.statements.message import code_line
from bot.features.statements.proof import issue, statement_of
from bot.messages.answers import timed
from bot.messages.catalog import texts_in
from bot.messages.lines import first_line
from bot.messages.message import Message


def progress(ask: Ask) -> Message:
    """Return the morning message as of now, with a code that proves the figures genuine.

    Incomplete figures have no code.
    """
    desk = ask.desk
    if not desk.standings.by_person.get(ask.userid, ()):
        return _no_quota(ask)
    message = own_figures(desk, ask.userid)
    if not desk.lacks:
        head, *lines, footer = message.lines
        proof = issue(desk.services, [statement_of(desk.standings, ask.userid)])[ask.userid]
        message = replace(message, lines=(head, *lines, code_line(desk.language, proof.code), footer))
    texts = texts_in(desk.language)
    return timed(message, texts=texts, kind=texts["own.progress_kind"], at=desk.local)


def own_figures(desk: Desk, userid: str) -> Message:
    """Return the morning message of *userid* (with rows) as of the desk's time, for an answer or a page.

    Incomplete figures judge nobody: the message begins with what they lack, and has no offer.
    """
    rows = desk.standings.by_person[userid]
    offered = () if desk.lacks else build_offers(desk.services, desk.standings)(userid)
    talks = any(row.today_left for row in offered)
    figures = progress_message(
        language=desk.language,
        rows=rows,
        yesterday=desk.standings.day(userid, desk.local.date() - timedelta(days=1)),
        at=desk.local,
        waiting=desk.standings.waiting(userid),
        offered=offered,
        has_helper=not talks or has_helper(desk.services, userid, at=desk.at),  # said of an offer only
    )
    if not desk.lacks:
        return figures
    lacking = texts_in(desk.language)["own.incomplete"]
    return replace(figures, lines=(first_line(lacking), *figures.lines[1:]))


def rank(ask: Ask) -> Message:
    """Return the asker's own rank in each quota, and among how many people."""
    desk = ask.desk
    rows = desk.standings.by_person.get(ask.userid, ())
    if not rows:
        return _no_quota(ask)
    return own_message.rank(
        language=desk.language, rows=rows, places=own_places(desk, ask.userid), at=desk.local
    )


def own_places(
    desk: Desk, userid: str, *, few: int | None = None, kept: bool = True
) -> dict[tuple[str, str], OwnPlace]:
    """Return the places of *userid* by quota and period: computed now among *few* people at most.

    Among more they are *kept* ones, or none.
    """
    rows = desk.standings.by_person.get(userid, ())
    scopes = {quota.id: quota.ranked_in for quota, _ in desk.standings.periods}
    return {
        (quota, period): OwnPlace(
            place=ranked.place,
            scope=scopes[quota],
            at=ranked.at,
            above=ranked.above,
            below=ranked.below,
        )
        for (quota, period, _), ranked in compute_ranks(
            desk.services, rows, at=desk.at, few=few, kept=kept
        ).items()
    }


def _no_quota(ask: Ask) -> Message:
    desk = ask.desk
    is_leader = desk.is_leader(ask.userid)
    return own_message.no_quota(language=desk.language, is_leader=is_leader, at=desk.local)
