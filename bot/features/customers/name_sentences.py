"""Customers in a message: named by the end of the id, and by name for their own employee.

Customers choose their own names, and these stand next to important figures. So a name stands in quotation
marks that it cannot close. It stays on its line, is neither markup nor an address, and is cut visibly.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bot.messages.catalog import texts_in
from bot.messages.limits import CUSTOMER_BYTES
from bot.messages.message import Message
from bot.messages.sanitize import ZERO_WIDTH_JOINER, clean

_TAIL = 4  # characters of a customer's id
_MARKS = 2  # combining marks upon one character: more would cover other lines

# Characters without a visible shape: two different names would look the same.
_INVISIBLE = re.compile("[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufeff\uffa0]")
_LOOK_ALIKES = str.maketrans(
    {
        **dict.fromkeys('「『“”„‟〝〞｢"', "'"),
        **dict.fromkeys("」』｣", "'"),
        "&": "＆",
        ":": "：",
        "/": "／",
        "\\": "＼",
        "@": "＠",
        "|": "｜",
        "_": "＿",
        "~": "～",
    }
)
_DOT_OF_AN_ADDRESS = re.compile(r"(?<=\w)\.(?=\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Information about a customer. *names*, the best first, are only for the customer's own employee."""

    names: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(Named):
    """The customer that a message is about."""

    external_userid: str


N = TypeVar("N", bound=Named)


def called(customer: Customer, *, language: str) -> str:
    """Name the customer: `「李经理」…x7k2`, or without a visible name `…x7k2`."""
    texts, tail = texts_in(language), clean(customer.external_userid[-_TAIL:])
    if name := next(filter(None, map(_harmless, customer.names)), ""):
        return texts["customers.named"].say(name=name, customer=tail)
    return texts["customers.unnamed"].say(customer=tail)


def private(build: Callable[[Sequence[N]], Message], about: Sequence[N]) -> Message:
    """Return the message of *build*; if it has names, with a nameless version for the record."""
    message = build(about)
    if not any(customer.names for customer in about):
        return message
    return replace(message, record=build([nameless(customer) for customer in about]))


def nameless(customer: N) -> N:
    """Return *customer* without names, as anybody may see it."""
    return replace(customer, names=())


def _harmless(name: str) -> str:
    """Return *name* so that it can stand within a line; empty if nothing in it is visible."""
    escaped = _DOT_OF_AN_ADDRESS.sub("．", _visible(name).translate(_LOOK_ALIKES))
    shown = clean(escaped, limit=CUSTOMER_BYTES)
    return shown if any(unicodedata.category(char)[0] in "LNPS" for char in shown) else ""


def _visible(name: str) -> str:
    """Return *name* without invisible characters and without piled up accents."""
    kept: list[str] = []
    marks = 0
    for char in _INVISIBLE.sub("", name):
        category = unicodedata.category(char)
        if category == "Cf" and char != ZERO_WIDTH_JOINER:
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= _MARKS:
            kept.append(char)
    return "".join(kept)
