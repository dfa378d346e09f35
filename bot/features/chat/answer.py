"""Answering chat messages, the oldest first: each once, with a message in the fast lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import structlog

from bot.core.workdays import epoch_of
from bot.features.chat import about, contacts, own_message, preferences, statements, team
from bot.features.chat import own as own_replies
from bot.features.chat.claim import Claim
from bot.features.chat.commands import Command, parse_command
from bot.features.chat.desk import Answer, Ask, Desk, File, Reply
from bot.features.chat.groups import groups
from bot.features.notify.enqueue import answer, build_attached
from bot.features.teams.exports import record_export
from bot.logs.ref import bound_ref
from bot.messages.catalog import texts_in
from bot.messages.lines import first_line
from bot.messages.message import Line, Message
from bot.services import Services
from bot.store.chat import ChatRequest as Asked
from bot.store.engine import StoreError

log = structlog.get_logger(__name__)

BATCH = 50

REPLIES: Mapping[Command, Reply] = {
    Command.PROGRESS: own_replies.progress,
    Command.RANK: own_replies.rank,
    Command.LIST: contacts.listed,
    Command.WHY: contacts.why,
    Command.APPEAL: contacts.appeal,
    Command.ANSWER: contacts.respond,
    Command.MUTE: preferences.mute,
    Command.MUTE_TODAY: preferences.mute_today,
    Command.UNMUTE: preferences.unmute,
    Command.LEAVE: preferences.leave,
    Command.LEAVE_TODAY: preferences.leave_today,
    Command.BACK: preferences.back,
    Command.WANT_HELP: preferences.want_help,
    Command.RULES: about.rules,
    Command.PRIVACY: about.privacy,
    Command.VERIFY: statements.verify,
    Command.HELP: about.help_text,
    Command.TEAM: team.team,
    Command.NEEDS_HELP: team.needs_help,
    Command.COACH: team.coach,
    Command.CONFIRM_LEAVE: team.confirm_leave,
    Command.EXPORT: team.export,
}

# Answers with figures: they say so while figures are incomplete.
FIGURES = frozenset(
    (
        *(Command.PROGRESS, Command.RANK, Command.LIST, Command.WHY),
        *(Command.TEAM, Command.NEEDS_HELP, Command.COACH, Command.EXPORT),
    )
)

# All members may mute the bot, note leave and see their stored data, also before the rollout includes them.
ALWAYS = frozenset(
    (
        Command.MUTE,
        Command.MUTE_TODAY,
        Command.UNMUTE,
        Command.LEAVE,
        Command.LEAVE_TODAY,
        Command.BACK,
        Command.PRIVACY,
    )
)


def answer_waiting(services: Services) -> int:
    """Answer all waiting messages and return their number. Not inside a transaction.

    Figures are read once for many answers. Several processes may do this at once: each answers its own claim.
    """
    total, claim = 0, Claim(services.store)
    try:
        while waiting := claim.take(batch=BATCH):
            for group, whose in groups(services, waiting):
                askers = {asked.userid for asked in group}
                desk = Desk(services, at=services.clock.now(), about=whose, askers=askers)
                for asked in group:
                    with bound_ref(asked.ref):
                        _answer(desk, asked, claim)
                services.outbox_signal.ring()
            total += len(waiting)
    except BaseException:
        claim.give_back()
        raise
    return total


def _answer(desk: Desk, asked: Asked, claim: Claim) -> None:
    if not claim.holds(asked.msgid, people=len(desk.about)):
        return  # the claim ran out: another process acts and answers
    reply = _reply(desk, asked)
    try:
        _store(desk, asked, claim, reply)
    except StoreError:
        raise
    except Exception:
        log.exception("could not store the answer to a chat message", msgid=asked.msgid)
        _store(desk, asked, claim, own_message.failed(language=desk.language, at=desk.local))


def _store(desk: Desk, asked: Asked, claim: Claim, reply: Message | Answer) -> None:
    store = desk.services.store
    message, file = (reply.message, reply.file) if isinstance(reply, Answer) else (reply, None)
    with store.transaction():
        if not claim.finish(asked.msgid):
            return
        row = answer(desk.services, f"answer:{asked.msgid}", asked.userid, message, at=desk.at)
        store.outbox.add(row, created_at=int(store.now()))
        if file is not None:
            _attach(desk, asked, file)


def _reply(desk: Desk, asked: Asked) -> Message | Answer:
    """Return the answer; a fault of the program becomes one neutral sentence and a logged traceback."""
    try:
        if not desk.knows(asked.userid):
            return own_message.unknown(language=desk.language, at=desk.local)
        understood = parse_command(asked.text)
        if not desk.is_in_rollout(asked.userid) and (understood is None or understood.command not in ALWAYS):
            return own_message.not_begun(language=desk.language, at=desk.local)
        reply = (
            partial(about.not_understood, text=asked.text)
            if understood is None
            else REPLIES[understood.command]
        )
        answered = reply(
            Ask(
                desk=desk,
                userid=asked.userid,
                msgid=asked.msgid,
                rest="" if understood is None else understood.rest,
                way=asked.way,
                said_at=desk.calendar.moment(asked.said_at),
            )
        )
        if understood is None or understood.command not in FIGURES or not desk.lacks:
            return answered
        return _with_lack(desk, answered)
    except StoreError:
        raise  # not the fault of this message: it waits for the store
    except Exception:
        log.exception("could not answer a chat message", msgid=asked.msgid)
        return own_message.failed(language=desk.language, at=desk.local)


def _with_lack(desk: Desk, answered: Message | Answer) -> Message | Answer:
    """Add the line that figures may be too low, above the footer."""
    if isinstance(answered, Answer):
        return replace(answered, message=_with_line(desk, answered.message))
    return _with_line(desk, answered)


def _with_line(desk: Desk, message: Message) -> Message:
    text = texts_in(desk.language)["own.incomplete"]
    if message.lines[0] == first_line(text):
        return message  # it begins with it
    *lines, footer = message.lines
    lack = Line.of(text)
    record = None if message.record is None else _with_line(desk, message.record)
    return replace(message, lines=(*lines, lack, footer), record=record)


def _attach(desk: Desk, asked: Asked, file: File) -> None:
    """Store the file until it is sent, and record the export. Inside the answer's transaction."""
    store, at = desk.services.store, epoch_of(desk.at)
    name = f"export:{asked.msgid}"
    store.attachments.put(name, filename=file.filename, body=file.body, at=at)
    detail = {"filename": file.filename, "format": "xlsx"}
    record_export(store, name, file.userids, by=asked.userid, at=at, detail=detail)
    row = build_attached(f"file:{asked.msgid}", asked.userid, name, at=desk.at)
    store.outbox.add(row, created_at=int(store.now()))
