"""A message as lines that know how much they matter, and its faces: text, markdown, the text of a card.

Messages are built without a thought for their length. Only here, when one is written out, what matters
least gives way: long lists end earlier and say how many more there are, then whole lines go. The first
line and the footer always stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, IntEnum, StrEnum

from bot.messages.catalog import Text
from bot.messages.limits import MESSAGE_BYTES
from bot.messages.sanitize import clip, clip_characters


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
    more: Text
    keep: Keep
    hidden: int = 0


Blocks = tuple[Line | Listing, ...]


class Button(StrEnum):
    """What a card's button asks for; the value is its key, as WeCom gives it back."""

    LIST = "list"
    MUTE = "mute"
    LEAVE = "leave"
    HELP = "help"
    TEAM = "team"
    COACH = "coach"
    RULES = "rules"
    APPEAL = "appeal"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The same message as a card: first and last line of the message are its title and what stands below.

    *rows* are pairs of a name and its value, shortened to what fits; *body* is the text beside them. *title*
    is taken instead of a first line that is too long, which then begins the body if there is room, unless
    the rest *says_it_all* anyway. *about*: the period whose contacts the list button asks for,
    empty for those that run, or whose leave on which days is confirmed. *coach*: userid and name of each whom
    the receiver may mark as helped by him, in the order in which the card names them.
    """

    rows: tuple[tuple[str, str], ...]
    body: tuple[Line | Listing, ...]
    buttons: tuple[Button, ...]
    title: str = ""
    says_it_all: bool = False
    about: str = ""
    coach: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What one person reads: the first line says it all, the last one says as of when.

    *record*: what stays of it where others may look; None: the message itself, which is nobody's secret.
    """

    lines: tuple[Line | Listing, ...]
    card: Card | None = None
    record: Message | None = None


def as_text(message: Message, *, limit: int = MESSAGE_BYTES["text"]) -> str:
    """Write *message* as the content of a `text` message, at most *limit* bytes of UTF-8."""
    return _write(message, paint=lambda part: part.words, limit=limit)


def as_markdown(message: Message, *, limit: int = MESSAGE_BYTES["markdown"]) -> str:
    """Write *message* as the content of a `markdown` message, at most *limit* bytes of UTF-8."""
    return _write(message, paint=lambda part: part.tone.value.format(part.words), limit=limit)


def plain(line: Line) -> str:
    """Return the words of *line* without their tones."""
    return "".join(part.words for part in line.parts)


def as_body(blocks: Blocks, *, limit: int) -> str:
    """Write *blocks* as plain text of at most *limit* characters; what always stays is cut if it must be.

    There is so little room that what is less than core goes before a list is shortened.
    """
    left = blocks
    while len(_written(left)) > limit and any(block.keep < Keep.CORE for block in left):
        left = _without_least(left)
    said = _fitted(left, paint=lambda part: part.words, fits=lambda text: len(text) <= limit)
    if said is None:
        kept = [plain(block) for block in blocks if isinstance(block, Line) and block.keep is Keep.ALWAYS]
        return clip_characters("\n".join(kept), limit=limit)
    return said


def _written(blocks: Blocks, paint: Callable[[Part], str] = lambda part: part.words) -> str:
    return "\n".join("".join(map(paint, line.parts)) for line in _unrolled(blocks))


def _write(message: Message, *, paint: Callable[[Part], str], limit: int) -> str:
    said = _fitted(message.lines, paint=paint, fits=lambda text: len(text.encode()) <= limit)
    return _ends_only(message, limit=limit) if said is None else said


def _fitted(blocks: Blocks, *, paint: Callable[[Part], str], fits: Callable[[str], bool]) -> str | None:
    """Let *blocks* give way until they fit; None when what always stays does not."""
    left: Blocks | None = blocks
    while left is not None:
        content = _written(left, paint)
        if fits(content):
            return content
        left = _smaller(left)
    return None


def _unrolled(blocks: Blocks) -> Iterator[Line]:
    for block in blocks:
        if isinstance(block, Line):
            yield block
            continue
        yield from block.items
        if block.hidden:
            yield Line((Part(block.more.say(n=block.hidden)),), block.keep)


def _smaller(some: Blocks) -> Blocks | None:
    """Give way by one step; None when only what always stays is left."""
    blocks = list(some)
    listings = [(i, block) for i, block in enumerate(blocks) if isinstance(block, Listing)]
    at, longest = max(listings, key=lambda pair: len(pair[1].items), default=(0, None))
    if longest and len(longest.items) > 1:
        blocks[at] = replace(longest, items=longest.items[:-1], hidden=longest.hidden + 1)
        return tuple(blocks)
    if all(block.keep is Keep.ALWAYS for block in blocks):
        return None
    return _without_least(some)


def _without_least(blocks: Blocks) -> Blocks:
    """Leave out the last of those that matter least."""
    lowest = min(block.keep for block in blocks)
    last = max(n for n, block in enumerate(blocks) if block.keep is lowest)
    return (*blocks[:last], *blocks[last + 1 :])


def _ends_only(message: Message, *, limit: int) -> str:
    """Write first line and footer without tones, so that a cut cannot fall into markup."""
    first, *_, last = ["".join(part.words for part in line.parts) for line in _unrolled(message.lines)]
    footer = clip(last, limit=limit)
    head = clip(first, limit=limit - len(footer.encode()) - 1)
    return f"{head}\n{footer}" if head else footer
