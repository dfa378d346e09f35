"""The forms of one message: the configured one, then simpler ones in case WeCom refuses a card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.messages.cards import as_card, card_text
from bot.messages.limits import CONTENT_BYTES, over
from bot.messages.message import Message, as_markdown, as_text

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
    message: Message, *, style: str, language: str, task_id: str, link: str = ""
) -> tuple[Form, ...]:
    """Return *message* in *style* (card, markdown or text) and in every simpler style, in this order.

    A message without buttons and *link* has no card. Forms over a limit of WeCom are left out.
    """
    return tuple(
        form
        for form in _from(style, message, language=language, task_id=task_id, link=link)
        if over(form.msgtype, form.body) is None
    )


def _from(style: str, message: Message, *, language: str, task_id: str, link: str) -> Iterator[Form]:
    if style == "card":
        card = as_card(message, language=language, task_id=task_id, link=link)
        if card is not None:
            yield Form(CARD, card)
    if style != "text":
        yield Form("markdown", {"content": as_markdown(message, limit=CONTENT_BYTES)})
    yield Form("text", {"content": as_text(message, limit=CONTENT_BYTES)})
