"""A message as lines with priorities, rendered as text, markdown or the text of a card.

Messages are built at any length. Rendering shortens them: first long lists, which then say how many more
there are, then whole lines of the lowest priority. The first line and the footer always stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, IntEnum, StrEnum

from bot.messages.catalog import Text
from bot.messages.limits import MESSAGE_BYTES
from bot.messages.sanitize import clip, clip_characters


class Tone(Enum):
    """The emphasis of a part; the values are its markdown (document 90236: bold, three font colours)."""

    PLAIN = "{}"
    STRONG = "**{}**"
    GOOD = '<font color="info">{}</font>'
    QUIET = '<font color="comment">{}</font>'


class Keep(IntEnum):
    """The priority of a line: a message that is too long loses the lowest first."""

    NICE = 0
    USEFUL = 1
    CORE = 2
    ALWAYS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """Some words in one tone, without markup: foreign text went through `sanitize.clean`.

    *link*: an address of ours behind the words; empty for none.
    """

    words: str
    tone: Tone = Tone.PLAIN
    link: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message."""

    parts: tuple[Part, ...]
    keep: Keep

    @classmethod
    def of(cls, words: str, keep: Keep = Keep.CORE, tone: Tone = Tone.PLAIN) -> Line:
        """Return a line of *words* in one tone."""
        return cls((Part(words, tone),), keep)


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of one kind, the most important first. *more* says how many (n) of them are hidden."""

    items: tuple[Line, ...]
    more: Text
    keep: Keep = Keep.CORE
    hidden: int = 0

    @classmethod
    def of(cls, lines: Iterable[str], *, more: Text, keep: Keep = Keep.CORE) -> Listing:
        """Return a listing of plain *lines*."""
        return cls(tuple(Line.of(line, keep) for line in lines), more, keep)


Blocks = tuple[Line | Listing, ...]


class Button(StrEnum):
    """A card's button; the value is its key, as WeCom returns it."""

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
    """The same message as a card, with the message's first line as title and its last line below.

    *rows* are pairs of name and value, cut to fit; *body* is the text beside them. *title* replaces a first
    line that is too long. That line then begins the body if there is room, unless the rest *says_it_all*.
    *about*: the period of the list button (empty: running periods), or the leave to confirm. *coach*: userid
    and name of each person that the receiver may mark as helped, in the order of the card.
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
    """What one person reads: the main point in the first line, the moment in the last.

    *record*: the version for the outbox, where others may look; None: the message itself. *page*: the path of
    the page that shows more, such as `/me`; empty for none.
    """

    lines: tuple[Line | Listing, ...]
    card: Card | None = None
    record: Message | None = None
    page: str = ""


def as_text(message: Message, *, limit: int = MESSAGE_BYTES["text"]) -> str:
    """Render *message* as the content of a `text` message, at most *limit* bytes of UTF-8."""
    return _write(message, paint=_as_text, limit=limit)


def as_markdown(message: Message, *, limit: int = MESSAGE_BYTES["markdown"]) -> str:
    """Render *message* as the content of a `markdown` message, at most *limit* bytes of UTF-8."""
    return _write(message, paint=_as_markdown, limit=limit)


def _as_text(part: Part) -> str:
    return f'<a href="{part.link}">{part.words}</a>' if part.link else part.words


def _as_markdown(part: Part) -> str:
    return f"[{part.words}]({part.link})" if part.link else part.tone.value.format(part.words)


def plain(line: Line) -> str:
    """Return the words of *line* without their tones."""
    return "".join(part.words for part in line.parts)


def as_body(blocks: Blocks, *, limit: int) -> str:
    """Render *blocks* as plain text of at most *limit* characters; lines that always stay may be cut.

    Room is scarce, so lines below core go before a list is shortened.
    """
    left = blocks
    while len(_written(left)) > limit and any(block.keep < Keep.CORE for block in left):
        left = _without_least(left)
    text = _fitted(left, paint=lambda part: part.words, fits=lambda text: len(text) <= limit)
    if text is None:
        kept = [plain(block) for block in blocks if isinstance(block, Line) and block.keep is Keep.ALWAYS]
        return clip_characters("\n".join(kept), limit=limit)
    return text


def _written(blocks: Blocks, paint: Callable[[Part], str] = lambda part: part.words) -> str:
    return "\n".join("".join(map(paint, line.parts)) for line in _unrolled(blocks))


def _write(message: Message, *, paint: Callable[[Part], str], limit: int) -> str:
    text = _fitted(message.lines, paint=paint, fits=lambda text: len(text.encode()) <= limit)
    return _ends_only(message, limit=limit) if text is None else text


def _fitted(blocks: Blocks, *, paint: Callable[[Part], str], fits: Callable[[str], bool]) -> str | None:
    """Shorten *blocks* until they fit; None if the lines that always stay do not."""
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
            yield Line.of(block.more.say(n=block.hidden), block.keep)


def _smaller(some: Blocks) -> Blocks | None:
    """Return *some* one step shorter; None when only lines that always stay are left."""
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
    """Leave out the last block of the lowest priority."""
    lowest = min(block.keep for block in blocks)
    last = max(n for n, block in enumerate(blocks) if block.keep is lowest)
    return (*blocks[:last], *blocks[last + 1 :])


def _ends_only(message: Message, *, limit: int) -> str:
    """Render first line and footer without tones, so that a cut cannot fall into markup."""
    first, *_, last = map(plain, _unrolled(message.lines))
    footer = clip(last, limit=limit)
    head = clip(first, limit=limit - len(footer.encode()) - 1)
    return f"{head}\n{footer}" if head else footer
