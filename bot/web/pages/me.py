"""/me: one's own figures, contacts, wishes, statements, closed periods. Each act is one of the chat's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from bot.features.access.rules import Page
from bot.features.access.visitor import Visitor
from bot.features.chat import own_message
from bot.features.chat.desk import Desk
from bot.features.contacts.contact_list import number_contacts
from bot.features.preferences import help_request, preferences
from bot.features.preferences import message as preference_message
from bot.features.preferences.preferences import MUTE
from bot.features.reviews import appeal_message
from bot.features.reviews.answers import list_questions, respond
from bot.features.reviews.appeals import Appeals
from bot.messages.answers import moment_of
from bot.messages.message import Message
from bot.services import Services
from bot.store.preferences import Way
from bot.web.pages.door import Door
from bot.web.pages.me_view import OwnPage, day_asked, period_asked, said

LONGEST_TEXT = 500  # characters of an appeal

Act = Callable[[Services, Visitor], Message]


def add(routes: Blueprint, *, services: Services, door: Door) -> None:
    """Put the page and its forms among *routes*."""

    @routes.get("/me")
    @door.opens(Page.ME)
    def me(visitor: Visitor) -> str:
        desk = Desk(services, at=services.clock.now(), about=[visitor.userid])
        page, period = OwnPage(desk, visitor.userid), period_asked(request.args.get("period", ""))
        return render_template(
            "me.html",
            at=moment_of(desk.local, language=desk.language),
            figures=page.figures(),
            questions=page.questions(),
            contacts=page.contacts(period),
            places=page.places(asked="rank" in request.args),
            wishes=page.wishes(),
            chats=page.chats(),
            statements=page.statements(),
            closed=page.closed(),
            longest_text=LONGEST_TEXT,
        )

    for name, act in _ACTS.items():
        routes.post(f"/me/{name}", endpoint=f"me_{name}")(door.opens(Page.ME)(_acting(services, door, act)))


def _acting(services: Services, door: Door, act: Act) -> Callable[[Visitor], ResponseReturnValue]:
    """Return the view of a form: do *act*, go back to the page of its period, and say what came of it."""

    def acting(visitor: Visitor) -> ResponseReturnValue:
        period = period_asked(request.form.get("period", ""))
        return door.done(f"me?period={period}" if period else "me", said(act(services, visitor)))

    return acting


def appeal(services: Services, visitor: Visitor) -> Message:
    """Open an appeal about one contact of the visitor, with their text."""
    at, form = services.clock.now(), request.form
    text = form.get("text", "").strip()[:LONGEST_TEXT]
    period = period_asked(form.get("period", ""))
    local = services.config.work_calendar().local(at)
    if not text:
        return appeal_message.how(language=services.language, at=local)
    for contact in number_contacts(services, visitor.userid, at=at, period=period):
        if contact.external_userid == form.get("customer"):
            return Appeals(services, visitor.userid, at=at).open(contact, text)
    return appeal_message.not_found(language=services.language, many=(), number=None, at=local)


def answer(services: Services, visitor: Visitor) -> Message:
    """Answer a question about the visitor's adds, as the chat's 回答 does."""
    at, form = services.clock.now(), request.form
    desk = Desk(services, at=at)
    if not desk.is_in_rollout(visitor.userid):
        return own_message.not_begun(language=desk.language, at=desk.local)
    asked = list_questions(services, visitor.userid)
    chosen = next((question for question in asked if question.id == form.get("question")), None)
    text = " ".join(form.get("text", "").split())[:LONGEST_TEXT]
    return respond(services, asked=asked, chosen=chosen, text=text, at=at)


def mute(services: Services, visitor: Visitor) -> Message:
    """Mute messages today, up to a named day, or for some weeks."""
    at, userid = services.clock.now(), visitor.userid
    local = services.config.work_calendar().local(at)
    if request.form.get("today"):
        return preferences.mute_today(services, userid, at=at)
    last = day_asked(request.form.get("last", "")) or local.date() + MUTE
    try:
        return preferences.mute_until(services, userid, last, at=at, way=Way.WORD)
    except ValueError:
        return preference_message.mute_how(language=services.language, at=local)


def unmute(services: Services, visitor: Visitor) -> Message:
    """End the mute."""
    return preferences.unmute(services, visitor.userid, at=services.clock.now())


def leave(services: Services, visitor: Visitor) -> Message:
    """Note leave; the leaders are asked to confirm it."""
    at = services.clock.now()
    first, last = (day_asked(request.form.get(name, "")) for name in ("first", "last"))
    try:
        with services.store.transaction():
            message = preferences.on_leave(services, visitor.userid, at=at, first=first, last=last)
    except ValueError:
        return preference_message.leave_how(
            language=services.language, at=services.config.work_calendar().local(at)
        )
    services.outbox_signal.ring()
    return message


def back(services: Services, visitor: Visitor) -> Message:
    """End the noted leave today."""
    return preferences.back_from_leave(services, visitor.userid, at=services.clock.now())


def ask_for_help(services: Services, visitor: Visitor) -> Message:
    """Ask for help; only the visitor's own leaders learn of it."""
    message = help_request.ask_for_help(services, visitor.userid, at=services.clock.now())
    services.outbox_signal.ring()
    return message


_ACTS: Mapping[str, Act] = {
    "appeal": appeal,
    "answer": answer,
    "mute": mute,
    "unmute": unmute,
    "leave": leave,
    "back": back,
    "help": ask_for_help,
}
