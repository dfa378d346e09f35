"""The forms of one message: the configured one, then simpler ones in case WeCom refuses a card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.messages.cards import as_card, card_text
from bot.messages.catalog import texts_in
from bot.messages.limits import CONTENT_BYTES, over
from bot.messages.message import Keep, Line, Message, Part, as_markdown, as_text

CARD = "template_card"


@dataclass(frozen=True, slots=True)
class Form:
    """The part of a message/send request that is named *msgtype*."""

    msgtype: str
    body: Mapping[str, object]

    @property
    def text(self) -> str:
        """The text for reports."""
        return card_text(self.body) if self.msgtype == CARD else str(self.body["content"])


def forms_of(
    message: Message, *, style: str, language: str, task_id: str, link: str = "", page: str = ""
) -> tuple[Form, ...]:
    """Return *message* in *style* (card, markdown or text) and in every simpler style, in this order.

    A message without buttons and *link* has no card. *page*: the address of the page that shows more, empty
    for none: a card opens it, the other forms have a line with it. Forms over a limit of WeCom are left out.
    """
    return tuple(
        form
        for form in _from(style, message, language=language, task_id=task_id, link=link, page=page)
        if over(form.msgtype, form.body) is None
    )


def _from(
    style: str, message: Message, *, language: str, task_id: str, link: str, page: str
) -> Iterator[Form]:
    if style == "card":
        card = as_card(message, language=language, task_id=task_id, link=page or link)
        if card is not None:
            yield Form(CARD, {**card, **({"card_action": {"type": 1, "url": page}} if page else {})})
    if page:
        more = Line((Part(texts_in(language)["answers.on_the_page"], link=page),), Keep.NICE)
        message = replace(message, lines=(*message.lines[:-1], more, message.lines[-1]))
    if style != "text":
        yield Form("markdown", {"content": as_markdown(message, limit=CONTENT_BYTES)})
    yield Form("text", {"content": as_text(message, limit=CONTENT_BYTES)})
