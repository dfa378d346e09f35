"""A message as lines that know how much they matter, and its two faces: text and markdown.

Messages are built without a thought for their length. Only here, when one is written out, what matters
least gives way: long lists end earlier and say how many more there are, then whole lines go. The first
line and the footer always stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, IntEnum

from bot.messages.limits import MESSAGE_BYTES
from bot.messages.names import clip
from bot.messages.phrases import Phrase


class Tone(Enum):
    """How a part sounds; the values are its markdown (document 90236: bold and three font colours)."""

    PLAIN = "{}"
    STRONG = "**{}**"
    GOOD = '<font color="info">{}</font>'
    QUIET = '<font color="comment">{}</font>'


class Keep(IntEnum):
    """What gives way when a message is too long: the lowest first."""

    NICE = 0
    USEFUL = 1
    CORE = 2
    ALWAYS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """Some words in one tone. The words hold no markup: what others wrote went through `names.clean`."""

    words: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message."""

    parts: tuple[Part, ...]
    keep: Keep


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of one kind, the most important first. *more* says how many (n) are hidden at the end."""

    items: tuple[Line, ...]
    more: Phrase
    keep: Keep
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """What one person reads: the first line says it all, the last one says as of when."""

    lines: tuple[Line | Listing, ...]


def as_text(message: Message, *, limit: int = MESSAGE_BYTES["text"]) -> str:
    """Write *message* as the content of a `text` message, at most *limit* bytes of UTF-8."""
    return _write(message, paint=lambda part: part.words, limit=limit)


def as_markdown(message: Message, *, limit: int = MESSAGE_BYTES["markdown"]) -> str:
    """Write *message* as the content of a `markdown` message, at most *limit* bytes of UTF-8."""
    return _write(message, paint=lambda part: part.tone.value.format(part.words), limit=limit)


def _write(message: Message, *, paint: Callable[[Part], str], limit: int) -> str:
    while True:
        lines = ["".join(map(paint, line.parts)) for line in _unrolled(message)]
        content = "\n".join(lines)
        if len(content.encode()) <= limit:
            return content
        smaller = _smaller(message)
        if smaller is None:
            return _ends_only(message, limit=limit)
        message = smaller


def _unrolled(message: Message) -> Iterator[Line]:
    for block in message.lines:
        if isinstance(block, Line):
            yield block
            continue
        yield from block.items
        if block.hidden:
            yield Line((Part(block.more.say(n=block.hidden)),), block.keep)


def _smaller(message: Message) -> Message | None:
    """Give way by one step; None when only what always stays is left."""
    blocks = list(message.lines)
    listings = [(i, block) for i, block in enumerate(blocks) if isinstance(block, Listing)]
    at, longest = max(listings, key=lambda pair: len(pair[1].items), default=(0, None))
    if longest and len(longest.items) > 1:
        blocks[at] = replace(longest, items=longest.items[:-1], hidden=longest.hidden + 1)
        return Message(tuple(blocks))
    lowest = min(block.keep for block in blocks)
    if lowest is Keep.ALWAYS:
        return None
    del blocks[max(i for i, block in enumerate(blocks) if block.keep is lowest)]
    return Message(tuple(blocks))


def _ends_only(message: Message, *, limit: int) -> str:
    """Write first line and footer without tones, so that a cut cannot fall into markup."""
    first, *_, last = ["".join(part.words for part in line.parts) for line in _unrolled(message)]
    footer = clip(last, limit=limit)
    head = clip(first, limit=limit - len(footer.encode()) - 1)
    return f"{head}\n{footer}" if head else footer
