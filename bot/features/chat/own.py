"""The commands 进度, 排名: a member's own figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.features.chat import own_message
from bot.features.chat.desk import Ask
from bot.features.chat.own_message import OwnPlace
from bot.features.preferences.help_request import build_helper_test
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

    Incomplete figures judge nobody: the answer begins with what they lack, and has no offer and no code.
    """
    desk = ask.desk
    rows = desk.standings.by_person.get(ask.userid, ())
    if not rows:
        return _no_quota(ask)
    figures = progress_message(
        language=desk.language,
        rows=rows,
        yesterday=desk.standings.day(ask.userid, desk.local.date() - timedelta(days=1)),
        at=desk.local,
        waiting=desk.standings.waiting(ask.userid),
        offered=() if desk.lacks else build_offers(desk.services, desk.standings)(ask.userid),
        has_helper=build_helper_test(desk.services, at=desk.at)(ask.userid),
    )
    head, *lines, footer = figures.lines
    texts = texts_in(desk.language)
    if desk.lacks:
        message = replace(figures, lines=(first_line(texts["own.incomplete"]), *lines, footer))
    else:
        proof = issue(desk.services, [statement_of(desk.standings, ask.userid)])[ask.userid]
        message = replace(figures, lines=(head, *lines, code_line(desk.language, proof.code), footer))
    kind = texts["own.progress_kind"]
    return timed(message, language=desk.language, kind=kind, at=desk.local)


def rank(ask: Ask) -> Message:
    """Return the asker's own rank in each quota, and among how many people."""
    desk = ask.desk
    rows = desk.standings.by_person.get(ask.userid, ())
    if not rows:
        return _no_quota(ask)
    scopes = {quota.id: quota.ranked_in for quota, _ in desk.standings.periods}
    places = {
        (quota, period): OwnPlace(place=ranked_row.place, scope=scopes[quota], at=ranked_row.at)
        for (quota, period, _), ranked_row in compute_ranks(desk.services, rows, at=desk.at).items()
    }
    return own_message.rank(language=desk.language, rows=rows, places=places, at=desk.local)


def _no_quota(ask: Ask) -> Message:
    desk = ask.desk
    is_leader = desk.is_leader(ask.userid)
    return own_message.no_quota(language=desk.language, is_leader=is_leader, at=desk.local)
