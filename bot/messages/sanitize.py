"""Make foreign text (names of people and quotas) harmless and short."""

from __future__ import annotations

import unicodedata

from bot.messages.limits import NAME_BYTES

_ELLIPSIS = "…"
ZERO_WIDTH_JOINER = "\u200d"

# WeCom documents no escape character, so what could start markup (or <a href> in a text) becomes its
# full-width twin, which looks the same and means nothing.
_HARMLESS = str.maketrans(
    {
        "<": "＜",
        ">": "＞",
        "*": "＊",
        "[": "［",
        "]": "］",
        "`": "｀",
        "#": "＃",
        # Direction marks would turn the rest of the line around.
        **dict.fromkeys("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
    }
)

_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})
_EXTENDING = frozenset({"Mn", "Mc", "Me", "Cf", "Sk"})


def clean(name: str, *, otherwise: str = "", limit: int = NAME_BYTES) -> str:
    """Return *name* on one line, without markup, at most *limit* bytes of UTF-8 long.

    If nothing visible is left, return *otherwise*, cleaned in the same way.
    """
    one_line = "".join(" " if unicodedata.category(char) in _BREAKING else char for char in name)
    words = " ".join(one_line.translate(_HARMLESS).split())
    if not words and otherwise:
        return clean(otherwise, limit=limit)
    return clip(words, limit=limit)


def clip(text: str, *, limit: int) -> str:
    """Return *text* in at most *limit* bytes of UTF-8, with … at the end if it was cut.

    A cut never splits a character or separates it from its marks and joiners. Below 3 bytes there is no room
    for the …: a text that does not fit becomes empty.
    """
    if len(text.encode()) <= limit:
        return text
    room = limit - len(_ELLIPSIS.encode())
    if room < 0:
        return ""
    return _cut(text, len(text.encode()[:room].decode(errors="ignore")))


def clip_characters(text: str, *, limit: int) -> str:
    """Return *text* in at most *limit* characters (code points), cut as `clip` does."""
    if len(text) <= limit:
        return text
    return _cut(text, limit - len(_ELLIPSIS)) if limit >= len(_ELLIPSIS) else ""


def _cut(text: str, end: int) -> str:
    while end and _belong_together(text, end):
        end -= 1
    return text[:end].rstrip() + _ELLIPSIS


def _belong_together(text: str, at: int) -> bool:
    """Return whether a cut before text[at] would split a visible character."""
    left, right = text[at - 1], text[at]
    if left == ZERO_WIDTH_JOINER or unicodedata.category(right) in _EXTENDING:
        return True
    if not (_is_flag_letter(left) and _is_flag_letter(right)):
        return False
    before = text[:at]
    run = len(before) - len(before.rstrip("".join(map(chr, range(0x1F1E6, 0x1F200)))))
    return run % 2 == 1


def _is_flag_letter(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF
