"""Perform what the buttons of our cards request, once, and show it on the card.

WeCom sends template_card_event [90240] with the button's key, the card's task_id and a response code of this
press. Mute, leave and its confirmation are stored at once. Other buttons are stored as chat commands and
answered after the transaction. The response code changes the card of the member who pressed: a finished act
greys the buttons, other acts keep them active. The change is an outbox row, so a crash loses nothing; the
outbox drops an expired code without an error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import structlog

from bot.features.notify.enqueue import answer
from bot.features.preferences import help_request, preferences
from bot.features.preferences.leave import confirm
from bot.features.preferences.leave_message import leave_of
from bot.features.standings.everybody import load_people
from bot.features.teams import coaching
from bot.messages.cards import button_of, coached_on, marked
from bot.messages.catalog import texts_in
from bot.messages.forms import CARD
from bot.messages.message import Button
from bot.messages.message import Message as Written
from bot.services import Services
from bot.store.chat import ChatRequest
from bot.store.engine import SqlRow
from bot.store.outbox import UPDATE, Lane, OutboxMessage
from bot.store.preferences import Way
from bot.wecom.events import CardPressed
from handlers.router import Router

log = structlog.get_logger(__name__)
router = Router()

JOB = "card"  # in the key of a card change
CODE_S = 72 * 3600  # lifetime of a response code [94888]
_ASK_AGAIN_S = 60  # the same button sooner is the same request
# Buttons whose answer reads many figures, with the commands that members may send.
_ASKED: Mapping[Button, str] = {
    Button.LIST: "list",
    Button.TEAM: "team",
    Button.RULES: "rules",
    Button.APPEAL: "appeal",
    Button.HELP: "help wanted",
    Button.COACH: "coach",
}


@router.on(CardPressed)
def card_pressed(event: CardPressed, services: Services) -> None:
    """Act if the card's receiver pressed it; ignore other people and unknown cards."""
    userid = services.store.renames.current(event.userid)
    sent = services.store.outbox.by_task(event.task_id)
    pressed = button_of(event.key)
    if sent is None or sent["to_userid"] != userid or pressed is None:
        log.info("ignored a press of a card", known=sent is not None, key=event.key)
        return
    button, about = pressed
    done = _act(services, event, userid, button, about=about)
    label = texts_in(services.language).table("cards.done")[button] if done else ""
    row = _change(event, userid, sent, label=label, card=_shown(services, event, userid, sent))
    services.store.outbox.add(row, created_at=int(services.store.now()))


def _act(services: Services, event: CardPressed, userid: str, button: Button, *, about: str) -> bool:
    """Perform *button* or store it as a command; return whether the act is finished."""
    at = services.config.work_calendar().moment(event.created_at)
    if button is Button.COACH:
        about = services.store.renames.current(about)
        if not coaching.coach(services, userid, about, at=at):
            log.info("ignored a press to help a person outside the team", key=event.key)
            return False
    if button is Button.CONFIRM:
        return _confirm(services, event, userid, about=about)
    if button in (Button.MUTE, Button.LEAVE):
        act = preferences.mute_today if button is Button.MUTE else preferences.on_leave
        _answer(services, event, userid, act(services, userid, at=at))
        return True
    again = "" if button in (Button.HELP, Button.COACH) else f":{event.created_at // _ASK_AGAIN_S}"
    services.store.chat.put(
        ChatRequest(
            msgid=f"{JOB}:{event.task_id}:{event.key}{again}",
            userid=userid,
            text=f"{_ASKED[button]} {about}".strip(),
            said_at=event.created_at,
            way=Way.BUTTON,
        )
    )
    return button is Button.HELP and help_request.build_helper_test(services, at=at)(userid)


def _confirm(services: Services, event: CardPressed, userid: str, *, about: str) -> bool:
    """Confirm the leave that the button names; return whether none of it is left to confirm.

    A later press may have another answer: the leave may be cancelled or entered again.
    """
    if (asked := leave_of(about)) is None:
        log.info("ignored a press that confirms no leave", key=event.key)
        return False
    at = services.config.work_calendar().moment(event.created_at)
    whom, days = services.store.renames.current(asked[0]), asked[1]
    message, done = confirm(services, userid, whom, days, at=at)
    _answer(services, event, userid, message, again=f":{event.created_at // _ASK_AGAIN_S}")
    return done


def _answer(services: Services, event: CardPressed, userid: str, text: Written, *, again: str = "") -> None:
    at = services.config.work_calendar().moment(event.created_at)
    row = answer(services, f"answer:{JOB}:{event.task_id}:{event.key}{again}", userid, text, at=at)
    services.store.outbox.add(row, created_at=int(services.store.now()))


def _shown(services: Services, event: CardPressed, userid: str, sent: SqlRow) -> dict[str, Any]:
    """Return the card as sent, marking the people whom its receiver helps since that day."""
    card = {name: value for name, value in _card(sent).items() if name != "task_id"}
    today = services.config.work_calendar().day_of(event.created_at)
    helped = {mark.userid for mark in services.store.coaching.marks(since=today) if mark.leader == userid}
    if not helped:
        return card
    names = {one.userid: one.name for one in load_people(services).some(coached_on(card)).values()}
    return marked(card, language=services.language, names=names, done=helped)


def _change(
    event: CardPressed, userid: str, sent: SqlRow, *, label: str, card: dict[str, Any]
) -> OutboxMessage:
    """Return the card's change as a row: the button disabled with *label*, or *card* kept active."""
    shown: dict[str, Any] = {"button": {"replace_name": label}} if label else {"template_card": card}
    body = {"response_code": event.response_code, **shown}
    code = hashlib.sha256(event.response_code.encode()).hexdigest()[:24]
    return OutboxMessage(
        key=f"{JOB}:{code}",
        job=JOB,
        to_userid=userid,
        content=f"{sent['key']} ← {label or event.key}",
        msgtype=UPDATE,
        not_before=0,
        expires_at=event.created_at + CODE_S,
        lane=Lane.FAST,
        forms=json.dumps([{"msgtype": UPDATE, "body": body}], ensure_ascii=False, separators=(",", ":")),
    )


def _card(sent: SqlRow) -> dict[str, Any]:
    forms: list[dict[str, Any]] = json.loads(sent["forms"])
    card: dict[str, Any] = next(form["body"] for form in forms if form["msgtype"] == CARD)
    return card
