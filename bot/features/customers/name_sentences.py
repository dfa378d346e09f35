"""How a customer is called in a message: by the end of his id, and by name where it is for his own employee.

A customer chooses his own name, and it stands beside figures that matter. So a name is put between quotation
marks that it cannot close, stays on its line, is neither markup nor an address, and is cut visibly.
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
from bot.messages.sanitize import clean

_TAIL = 4  # characters of a customer's id
_MARKS = 2  # accents and the like upon one character: more would reach into other lines
_ZERO_WIDTH_JOINER = "\u200d"

# Drawn as nothing, or as a blank that is none: nobody would see the difference between two names.
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
    """Something that is about a customer. *names*, the best first, only for the employee whose he is."""

    names: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(Named):
    """Whom a message is about."""

    external_userid: str


N = TypeVar("N", bound=Named)


def called(customer: Customer, *, language: str) -> str:
    """Say who is meant: `「李经理」…x7k2`, without a name that can be seen `…x7k2`."""
    texts = texts_in(language)
    tail = clean(customer.external_userid[-_TAIL:])
    name = next(filter(None, map(_harmless, customer.names)), "")
    return (
        texts["customers.named"].say(name=name, customer=tail)
        if name
        else texts["customers.unnamed"].say(customer=tail)
    )


def private(build: Callable[[Sequence[N]], Message], about: Sequence[N]) -> Message:
    """Return what *build* makes of *about*; with names, together with what others may read of it."""
    said = build(about)
    if not any(one.names for one in about):
        return said
    return replace(said, record=build([nameless(one) for one in about]))


def nameless(one: N) -> N:
    """Return *one* as anybody may see it."""
    return replace(one, names=())


def _harmless(name: str) -> str:
    """Return *name* so that it can stand within a line, empty if nothing of it can be seen."""
    seen = _DOT_OF_AN_ADDRESS.sub("．", _visible(name).translate(_LOOK_ALIKES))
    said = clean(seen, limit=CUSTOMER_BYTES)
    return said if any(unicodedata.category(char)[0] in "LNPS" for char in said) else ""


def _visible(name: str) -> str:
    """Return *name* without what cannot be seen, and without accents that pile up."""
    kept: list[str] = []
    marks = 0
    for char in _INVISIBLE.sub("", name):
        category = unicodedata.category(char)
        if category == "Cf" and char != _ZERO_WIDTH_JOINER:
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= _MARKS:
            kept.append(char)
    return "".join(kept)
