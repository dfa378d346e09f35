"""The commands 规则, 隐私, 帮助: a member's rules, their stored data, the commands they may use."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.reviewers import WORKDAYS
from bot.core.workdays import epoch_of
from bot.features.chat import about_message, own_message
from bot.features.chat.about_message import Kept
from bot.features.chat.commands import LED, nearest_command
from bot.features.chat.desk import Ask
from bot.features.customers.names import KEPT
from bot.features.ledger.versions import load_integrity
from bot.features.rules.message import rules as rules_message
from bot.messages.message import Message

_EXPORTS_DAYS = 180  # how far back members see who exported their figures


def rules(ask: Ask) -> Message:
    """Return the rules of the asker's quotas in the running periods, the deciders, the source of money."""
    desk = ask.desk
    rows = {(row.quota, row.period): row for row in desk.standings.by_person.get(ask.userid, ())}
    today = load_integrity(desk.services).on(desk.local.date())  # an add has the rules of its day
    asked = [
        (
            replace(quota, integrity=replace(today, quick_loss=quota.integrity.quick_loss)),
            rows[quota.id, period.name],
        )
        for quota, period in desk.standings.periods
        if (quota.id, period.name) in rows
    ]
    if not asked:
        is_leader = desk.is_leader(ask.userid)
        return own_message.no_rules(language=desk.language, is_leader=is_leader, at=desk.local)
    levels = desk.bank.levels(ask.userid)
    return rules_message(
        language=desk.language,
        asked=asked,
        deciders=[desk.name(userid) for userid in (levels[0] if levels else ())],
        decide_workdays=WORKDAYS,
        appeal_workdays=desk.services.config.review.appeal_workdays,
        money=desk.rollout.shows_money,
        at=desk.local,
    )


def privacy(ask: Ask) -> Message:
    """Return what the bot stores about the asker, for how long, who sees it and who exported it."""
    desk, store = ask.desk, ask.desk.services.store
    exports = store.exports.of(ask.userid, since=epoch_of(desk.at - timedelta(days=_EXPORTS_DAYS)))
    levels = desk.bank.levels(ask.userid)
    mute = store.preferences.mute_of(ask.userid)
    muted = mute is not None and mute.until > epoch_of(desk.at)
    config = desk.services.config
    board = config.messages.leaderboard
    return about_message.privacy(
        language=desk.language,
        kept=Kept(
            names_days=KEPT.days if config.privacy.store_customer_names else None,
            event_days=config.privacy.event_log_days,
            leaders=[desk.name(userid) for userid in sorted(desk.bank.leaders_of(ask.userid))],
            deciders=[desk.name(userid) for userid in (levels[0] if levels else ())],
            exports=[(desk.calendar.moment(export.at), desk.name(export.by)) for export in exports],
            exports_days=_EXPORTS_DAYS,
            muted_until=desk.calendar.day_of(mute.until - 1) if mute is not None and muted else None,
            leaves=[
                (leave.first, leave.last)
                for leave in store.preferences.leaves_of(ask.userid)
                if leave.last >= desk.local.date()
            ],
            named_in_groups=bool(config.robots) and board.names == "top" and board.size > 0,
        ),
        at=desk.local,
    )


def help_text(ask: Ask) -> Message:
    """List the commands that the asker may use."""
    desk = ask.desk
    is_leader = desk.is_leader(ask.userid)
    return about_message.help_text(
        language=desk.language, is_leader=is_leader, understood=True, at=desk.local
    )


def not_understood(ask: Ask, text: str) -> Message:
    """Say that *text* is no command, name the command that it resembles, and list all."""
    desk = ask.desk
    is_leader = desk.is_leader(ask.userid)
    return about_message.help_text(
        language=desk.language,
        is_leader=is_leader,
        understood=False,
        meant=nearest_command(text, besides=() if is_leader else LED),
        at=desk.local,
    )
