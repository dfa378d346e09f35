"""The limits of messages, in one table.

WeCom counts bytes of UTF-8 in text and markdown messages (document 90236). It cuts a longer text; for longer
markdown nothing is documented. So no message is longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

# Bytes of UTF-8 by msgtype.
MESSAGE_BYTES: Mapping[str, int] = MappingProxyType({"text": 2048, "markdown": 2048})

# Room for the ending that tells two equal messages apart, below WeCom's limit.
CONTENT_BYTES = 2040

# Characters of a template card's texts by place. The documents advise them and do not say whether WeCom
# refuses more, so no card has more.
CARD_CHARACTERS: Mapping[str, int] = MappingProxyType(
    {
        "main_title.title": 36,
        "main_title.desc": 44,
        "sub_title_text": 160,
        "horizontal_content_list.keyname": 5,
        "horizontal_content_list.value": 30,
        "button_list.text": 10,
        "button.replace_name": 10,
    }
)
# Items of a template card's lists: more are refused.
CARD_ITEMS: Mapping[str, int] = MappingProxyType({"horizontal_content_list": 6, "button_list": 6})
# Bytes of UTF-8 in a template card: more are refused.
CARD_BYTES: Mapping[str, int] = MappingProxyType(
    {"task_id": 128, "button_list.key": 1024, "card_action.url": 2048}
)

# Bytes of UTF-8 that one name may take (16 Chinese characters), so that a line stays a line.
NAME_BYTES = 48

# Bytes of UTF-8 of a customer's name. Customers choose it, and a list has up to twenty names.
CUSTOMER_BYTES = 30

# A digest names at most so many people: a leader cannot help more in one day.
HELP_FIRST = 3

# Bytes of UTF-8 of a member's own text, or of a case's name, within a message about it.
SAID_BYTES = 180


def over(msgtype: str, body: Mapping[str, object]) -> str | None:
    """Return the first place of *body* over its limit, as named in the tables above; None if all is within.

    *body* is the part of a request named *msgtype*. Asked before a message is enqueued.
    """
    if msgtype in MESSAGE_BYTES:
        return "content" if len(str(body["content"]).encode()) > MESSAGE_BYTES[msgtype] else None
    for name, most in CARD_ITEMS.items():
        items = body.get(name, ())
        if isinstance(items, list) and len(items) > most:
            return name
    for name, most in CARD_CHARACTERS.items():
        if any(len(text) > most for text in _texts(body, name.split("."))):
            return name
    for name, most in CARD_BYTES.items():
        if any(len(text.encode()) > most for text in _texts(body, name.split("."))):
            return name
    return None


def _texts(part: object, way: Sequence[str]) -> Iterator[str]:
    """Yield the texts at *way* below *part*, through every item of a list."""
    if isinstance(part, list):
        for item in part:
            yield from _texts(item, way)
    elif not way:
        if isinstance(part, str):
            yield part
    elif isinstance(part, Mapping):
        yield from _texts(part.get(way[0]), way[1:])
