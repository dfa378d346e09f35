"""The commands 明细, 为什么, 申诉, 回答: a member's own contacts, appeals and answers about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.features.chat.desk import Ask, Desk
from bot.features.chat.list_request import list_request
from bot.features.contacts import contact_list, message
from bot.features.contacts.contact_list import number_contacts
from bot.features.contacts.message import ListedCustomer
from bot.features.reviews import appeal_message
from bot.features.reviews.answers import list_questions
from bot.features.reviews.answers import respond as respond_to
from bot.features.reviews.appeals import Appeals
from bot.features.standings.load import load_rulebook
from bot.messages.message import Message

_ENOUGH = 4  # characters of a customer's id that identify the customer
_WHICH = re.compile(
    r"^(?P<which>\d{1,3}(?![\w-])|\d{1,3}(?=[^\x00-\x7f])|[\w-]{4,})\s*[:：,，、]?\s*(?P<text>.*)$", re.ASCII
)
_MANY = 5  # contacts at most to choose from


def listed(ask: Ask) -> Message:
    """List the contacts of the running periods, or of the named one; name unclear words."""
    desk = ask.desk
    request = list_request(ask.rest, today=ask.said_at.date())
    if request is None:
        return message.which_list(language=desk.language, words=ask.rest, at=desk.local)
    if request.period is None:
        return contact_list.list_contacts(
            desk.services, ask.userid, at=desk.at, page=request.page, branch=desk.branch
        )
    period = request.period.name
    if not load_rulebook(desk.services).periods_named(request.period):
        return message.no_quota_period(language=desk.language, period=period, at=desk.local)
    return contact_list.list_contacts(desk.services, ask.userid, at=desk.at, page=request.page, period=period)


def why(ask: Ask) -> Message:
    """Say why one contact counts or not: by its number in the last list or the end of its id."""
    desk = ask.desk
    contacts = _meant(ask, ask.rest.strip("? "))
    if len(contacts) != 1:
        return message.not_found(language=desk.language, many=contacts[:_MANY], at=desk.local)
    (contact,) = contacts
    may_object = Appeals(desk.services, ask.userid, at=desk.at).may_object(contact)
    return message.explained(language=desk.language, contact=contact, may_object=may_object, at=desk.local)


def appeal(ask: Ask) -> Message:
    """Open an appeal about one contact of the asker, with their text."""
    desk = ask.desk
    match = _WHICH.match(ask.rest)
    if match is None:
        return appeal_message.how(language=desk.language, at=desk.local)
    which, text = match["which"], match["text"].strip()
    contacts = _meant(ask, which)
    if len(contacts) != 1:
        number = int(which) if which.isdecimal() and len(which) < _ENOUGH else None
        return appeal_message.not_found(
            language=desk.language, many=contacts[:_MANY], number=number, at=desk.local
        )
    if not text:
        return appeal_message.how(language=desk.language, at=desk.local)
    return Appeals(desk.services, ask.userid, at=desk.at).open(contacts[0], text)


def respond(ask: Ask) -> Message:
    """Store the asker's answer to a question about their adds."""
    services = ask.desk.services
    asked = list_questions(services, ask.userid)
    number, text = _number_and_text(ask.rest, of=len(asked))
    chosen = None if number is None or not asked else asked[number - 1]
    return respond_to(services, asked=asked, chosen=chosen, text=text, at=ask.desk.at)


def _meant(ask: Ask, which: str) -> list[ListedCustomer]:
    """Return the asker's contacts that *which* can mean: a number in the last list, else the end of an id."""
    desk, which = ask.desk, which.strip(" .…#")
    shown = desk.services.store.preferences.shown(ask.userid)
    running = number_contacts(desk.services, ask.userid, at=desk.at, branch=desk.branch)
    if len(which) < _ENOUGH:
        customer = shown.get(int(which)) if which.isdecimal() else None
        return _contacts_of(desk, ask.userid, customer, running, number=int(which)) if customer else []
    ending = which.casefold()
    customers = dict.fromkeys(
        customer
        for customer in (*(contact.external_userid for contact in running), *shown.values())
        if customer.casefold().endswith(ending)
    )
    numbers = {customer: number for number, customer in sorted(shown.items(), reverse=True)}
    return [
        contact
        for customer in customers
        for contact in _contacts_of(desk, ask.userid, customer, running, number=numbers.get(customer, 0))
    ]


def _contacts_of(
    desk: Desk, userid: str, customer: str, running: Sequence[ListedCustomer], *, number: int
) -> list[ListedCustomer]:
    """Return the last contact with *customer*: of the running periods, else of the periods of its add."""
    contacts = [contact for contact in running if contact.external_userid == customer]
    contacts = contacts or _earlier(desk, userid, customer)
    if not contacts:
        return []
    newest = max(contacts, key=lambda contact: contact.added_at)
    return [replace(newest, number=number or (newest.number if newest in running else 0))]


def _earlier(desk: Desk, userid: str, customer: str) -> list[ListedCustomer]:
    adds = desk.services.store.ledger.kept_adds(userid, customer)
    begun = [add.added_at for add in adds if add.added_at <= int(desk.at.timestamp())]
    if not begun:
        return []
    quota_periods = load_rulebook(desk.services).periods_at(desk.calendar.day_of(begun[-1]))
    periods = dict.fromkeys(period.name for _, period in quota_periods)
    lists = (number_contacts(desk.services, userid, at=desk.at, period=name) for name in periods)
    return [contact for contacts in lists for contact in contacts if contact.external_userid == customer]


def _number_and_text(rest: str, *, of: int) -> tuple[int | None, str]:
    """Return the number of the answered question among *of* (None: unclear), and the answer."""
    if of == 1:
        return 1, re.sub(r"^1[\s:：,，、.。]+", "", rest).strip()
    match = re.match(r"^(\d{1,6})\s*[:：,，、.。]?\s*(.*)$", rest)
    if match is None or not 1 <= int(match[1]) <= of:
        return None, rest
    return int(match[1]), match[2].strip()
