"""A message as a template card [90236]: title, a table of at most six rows, a text, buttons.

No card is over the limits of `limits.py`: lines give way as in a text.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bot.messages.catalog import texts_in
from bot.messages.limits import CARD_CHARACTERS, CARD_ITEMS
from bot.messages.message import Button, Card, Line, Message, as_body, plain
from bot.messages.sanitize import clean, clip_characters

_ABOUT = frozenset({Button.LIST, Button.COACH, Button.CONFIRM})  # their keys say more than the button
_NAME, _VALUE = "horizontal_content_list.keyname", "horizontal_content_list.value"


def as_card(message: Message, *, language: str, task_id: str, link: str = "") -> dict[str, object] | None:
    """Return *message* as the `template_card` of a request; None if it has no card.

    With buttons the card is a button_interaction under *task_id*, else a text_notice with *link*. A card
    without buttons and link does not exist.
    """
    card = message.card
    if card is None or not (card.buttons or link):
        return None
    first, last = message.lines[0], message.lines[-1]
    if not isinstance(first, Line) or not isinstance(last, Line):
        raise TypeError("a message begins and ends with a line")
    title = _title(plain(first), card.title)
    text = _text(first, card, with_first=title != plain(first) and not card.says_it_all)
    made: dict[str, object] = {
        "card_type": "button_interaction" if card.buttons else "text_notice",
        "main_title": {"title": title, "desc": _short(plain(last), "main_title.desc")},
        **({"sub_title_text": text} if text else {}),
        **({"horizontal_content_list": _rows(card.rows)} if card.rows else {}),
    }
    if not card.buttons:
        return {**made, "card_action": {"type": 1, "url": link}}
    names = texts_in(language).table("cards.button")
    texts = [
        *_coach_buttons(card.coach, language=language),
        *((names[button], key_of(button, card.about)) for button in card.buttons),
    ]
    buttons = [{"text": text, "style": 1 if n == 0 else 2, "key": key} for n, (text, key) in enumerate(texts)]
    return {**made, "task_id": task_id, "button_list": buttons}


def marked(
    card: Mapping[str, Any], *, language: str, names: Mapping[str, str], done: Collection[str]
) -> dict[str, Any]:
    """Return *card* with the coach buttons of the userids in *done* shown as marked.

    *names* by userid. WeCom cannot grey one button alone: the button stays active, and a further press
    changes nothing.
    """
    coach = [(userid, clean(names.get(userid, ""), otherwise=userid)) for userid in coached_on(card)]
    text = {key: name for name, key in _coach_buttons(coach, language=language, done=done)}
    buttons = [{**button, "text": text.get(button["key"], button["text"])} for button in card["button_list"]]
    return {**card, "button_list": buttons}


def coached_on(card: Mapping[str, Any]) -> list[str]:
    """Return the userids on the coach buttons of *card*, in their order."""
    keys = [button_of(str(button["key"])) for button in card["button_list"]]
    return [key[1] for key in keys if key and key[0] is Button.COACH]


def _coach_buttons(
    coach: Sequence[tuple[str, str]], *, language: str, done: Collection[str] = ()
) -> list[tuple[str, str]]:
    """Return text and key of each person's button; numbers replace names that are equal when cut."""
    texts, most = texts_in(language), CARD_CHARACTERS["button_list.text"]
    named = [clip_characters(texts["cards.coach"].say(name=name), limit=most) for _, name in coach]
    if len(set(named)) == len(named):
        pending, marked = texts["cards.coach"], texts["cards.coach_done"]
    else:
        pending, marked = texts["cards.coach_numbered"], texts["cards.coach_done_numbered"]
    return [
        (
            clip_characters((marked if userid in done else pending).say(name=name, n=n), limit=most),
            key_of(Button.COACH, userid),
        )
        for n, (userid, name) in enumerate(coach, start=1)
    ]


def key_of(button: Button, about: str) -> str:
    """Return the key of *button*, with *about* for a list (period), help (userid) or leave (whose, when)."""
    return f"{button.value}:{about}" if button in _ABOUT and about else button.value


def button_of(key: str) -> tuple[Button, str] | None:
    """Return the button of *key* and what it is about; None for a foreign key."""
    name, _, about = key.partition(":")
    return (Button(name), about) if name in set(Button) else None


def card_text(card: Mapping[str, object]) -> str:
    """Return *card* as plain text, its buttons in brackets, for reports and the terminal."""
    title, rows, buttons = card["main_title"], card.get("horizontal_content_list"), card.get("button_list")
    lines = [
        str(title.get("title", "")) if isinstance(title, Mapping) else "",
        str(card.get("sub_title_text", "")),
        *(_row_text(row) for row in (rows if isinstance(rows, list) else ())),
        str(title.get("desc", "")) if isinstance(title, Mapping) else "",
        "".join(f"［{button['text']}］" for button in (buttons if isinstance(buttons, list) else ())),
    ]
    return "\n".join(line for line in lines if line)


def _row_text(row: Mapping[str, str]) -> str:
    """Join name and value with the colon of the name's own script."""
    colon = ": " if row["keyname"].isascii() else "："
    return f"{row['keyname']}{colon}{row['value']}"


def _text(first: Line, card: Card, *, with_first: bool) -> str:
    """Return the body. Under a shorter title it begins with the first line if everything fits."""
    most = CARD_CHARACTERS["sub_title_text"]
    if with_first:
        whole = as_body((first, *card.body), limit=sys.maxsize)
        if len(whole) <= most or not card.title:
            return as_body((first, *card.body), limit=most)
    return as_body(card.body, limit=most)


def fitting(*values: str) -> str:
    """Return the first of *values* that fits a row, else the last one, which is then cut."""
    return next((value for value in values if len(value) <= CARD_CHARACTERS[_VALUE]), values[-1])


def _title(first_line: str, shorter: str) -> str:
    most = CARD_CHARACTERS["main_title.title"]
    title = next((line for line in (first_line, shorter) if line and len(line) <= most), first_line)
    return clip_characters(title, limit=most)


def _rows(rows: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [
        {"keyname": _short(name, _NAME), "value": _short(value, _VALUE)}
        for name, value in rows[: CARD_ITEMS["horizontal_content_list"]]
    ]


def _short(text: str, place: str) -> str:
    return clip_characters(text, limit=CARD_CHARACTERS[place])
