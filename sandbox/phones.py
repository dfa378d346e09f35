"""Display of messages on a phone: the markdown of app messages (90236) as HTML, all others as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from markupsafe import Markup, escape

from sandbox.cards import Button, Part, items, mapping, string
from sandbox.customer import Line
from sandbox.groups import Post, Robot
from sandbox.history import CHINA
from sandbox.mailbox import Message
from sandbox.texts import Texts
from sandbox.welcome import Greeting
from sandbox.world import World

_SHOWN = 40  # messages a phone; the JSON has them all
_PAUSE_S = 300.0  # between two messages, before a phone shows the time again

_HEADING = re.compile(r"^#{1,6} (.*)$")
_QUOTE = re.compile(r"^&gt; ?(.*)$")
# All of these match escaped text, so their results are harmless.
_INLINE = (
    (re.compile(r"\*\*(.+?)\*\*"), r"<b>\1</b>"),
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (
        re.compile(
            r"&lt;font color=(?:&#34;|&#39;)(info|comment|warning)(?:&#34;|&#39;)&gt;(.*?)&lt;/font&gt;"
        ),
        r'<span class="\1">\2</span>',
    ),
)
_MARKDOWN_LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<to>https?://[^\s)]+)\)")
_TEXT_LINK = re.compile(
    r"&lt;a href=(?:&#34;|&#39;)(?P<to>https?://[^\s&]+)(?:&#34;|&#39;)&gt;(?P<text>.*?)&lt;/a&gt;",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One message on a screen. *at* is virtual; *buttons* are of a card, *updated*: it was changed since.

    *is_own*: the owner of the phone wrote it, so it stands right. *file*: name, size in bytes, address.
    """

    at: float
    html: Markup
    msgtype: str
    task_id: str = ""
    buttons: tuple[Button, ...] = ()
    updated: bool = False
    is_own: bool = False
    file: tuple[str, int, str] | None = None
    link: str = ""

    @property
    def clock(self) -> str:
        """Return day and time in China."""
        return f"{datetime.fromtimestamp(self.at, CHINA):%m-%d %H:%M}"

    @property
    def language(self) -> str:
        """Return the language of the text: English with a Chinese name in it is English."""
        words = self.html.striptags()
        chinese = sum("\u4e00" <= letter <= "\u9fff" for letter in words)
        latin = sum(letter.isascii() and letter.isalpha() for letter in words)
        return "zh-CN" if 2 * chinese >= latin else "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What a phone shows: *bubbles*, the newest last, and how many are too old to be shown."""

    bubbles: tuple[Bubble, ...]
    more: int = 0

    def timed(self) -> Iterator[tuple[str, Bubble]]:
        """Yield each bubble with the time above it: none where the one before is a few minutes old."""
        before = 0.0
        for bubble in self.bubbles:
            yield (bubble.clock if bubble.at - before > _PAUSE_S else "", bubble)
            before = bubble.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One member's phone, open at the chat with the app."""

    userid: str
    name: str
    department: str
    is_leader: bool
    screen: Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group with a robot, and its posts."""

    name: str
    screen: Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPhone:
    """A customer's phone. *relations*: (userid, state); *told*: (time, line or None, welcome text)."""

    external_userid: str
    name: str
    relations: tuple[tuple[str, str], ...]
    told: tuple[tuple[str, Line | None, str], ...]
    others: tuple[tuple[str, str], ...]


def phones(world: World, texts: Texts) -> list[Phone]:
    """Return all phones: people in the branch's order, with their messages."""
    with world.lock:
        return [
            Phone(
                userid=person.userid,
                name=person.name,
                department="、".join(
                    world.departments[number].name
                    for number in person.departments
                    if number in world.departments
                ),
                is_leader=bool(person.leader_of),
                screen=_screen(_bubbles(world, key, texts)),
            )
            for key, person in world.people.items()
        ]


def groups(world: World, texts: Texts) -> list[Group]:
    """Return the groups with posts of a robot."""
    with world.lock:
        return [
            Group(name=robot.group, screen=_screen(_posts(robot, texts)))
            for robot in world.robots.values()
            if robot.posts
        ]


def customer(world: World) -> CustomerPhone:
    """Return the phone of the customer on the desk."""
    with world.lock:
        book, current = world.customers, world.customers.current
        welcomes = [one for one in world.welcomes.greetings if one.external_userid == current]
        told: list[tuple[float, Line | None, str]] = [(line.at, line, "") for line in book.lines[current]]
        told += [(one.at, None, one.content) for one in welcomes]
        told.sort(key=lambda one: one[0])
        return CustomerPhone(
            external_userid=current,
            name=world.contacts.name_of(current),
            relations=tuple(reversed(book.relations(current).items())),
            told=tuple((f"{datetime.fromtimestamp(at, CHINA):%H:%M}", line, text) for at, line, text in told),
            others=tuple(
                (one, f"{world.contacts.name_of(one)} …{one[-4:]}")
                for one, lines in book.lines.items()
                if one != current and lines
            ),
        )


def _screen(bubbles: list[Bubble]) -> Screen:
    bubbles.sort(key=lambda bubble: bubble.at)  # stable: of one second, words before answers
    return Screen(bubbles=tuple(bubbles[-_SHOWN:]), more=max(0, len(bubbles) - _SHOWN))


def _posts(robot: Robot, texts: Texts) -> list[Bubble]:
    bubbles = []
    for number, post in enumerate(robot.posts):
        html = shown(post)
        if post.image:
            html = Markup('<img alt="{}" src="/page/picture/{}/{}">').format(
                texts["phones"]["picture"], robot.key, number
            )
        bubbles.append(Bubble(at=post.at, html=html, msgtype=post.msgtype))
    return bubbles


def shown(message: Message | Post) -> Markup:
    """Return the HTML of *message*; nothing in it can be the sender's own markup."""
    owner = message.to if isinstance(message, Message) else ""
    if message.msgtype == "markdown":
        return Markup("").join(_line(line, owner=owner) for line in message.content.split("\n"))
    if isinstance(message, Message) and message.msgtype == "template_card" and isinstance(message.card, dict):
        return _card(message.card)
    text = str(escape(message.content))
    if message.msgtype == "text":
        text = _linked(_TEXT_LINK, text, owner=owner)
    return Markup(text.replace("\n", "<br>"))  # noqa: S704 - escaped above


def _bubbles(world: World, key: str, texts: Texts) -> list[Bubble]:
    """Return what was said and answered, and the bot's welcomes to this employee's customers."""
    said = [
        Bubble(at=one.at, html=escape(one.content), msgtype="said", is_own=True)
        for one in world.mailbox.said.get(key, ())
    ]
    greetings = [_greeting(one, texts) for one in world.welcomes.greetings if one.userid.lower() == key]
    return [
        *said,
        *(_bubble(world, one) for one in world.mailbox.messages.get(key, ())),
        *greetings,
    ]


def _greeting(greeting: Greeting, texts: Texts) -> Bubble:
    who = texts["phones"]["welcome"].format(tail=greeting.external_userid[-4:])
    html = Markup('<div class="comment">{}</div>').format(who) + escape(greeting.content)
    return Bubble(at=greeting.at, html=html, msgtype="greeting", is_own=True)


def _bubble(world: World, message: Message) -> Bubble:
    link = string(mapping(message.card, "card_action"), "url") if isinstance(message.card, dict) else ""
    return Bubble(
        at=message.at,
        html=shown(message),
        msgtype=message.msgtype,
        task_id=message.task_id,
        buttons=message.buttons,
        updated=bool(message.updates),
        file=_file(world, message),
        link=link,
    )


def _file(world: World, message: Message) -> tuple[str, int, str] | None:
    raw = message.raw if message.msgtype == "file" and isinstance(message.raw, dict) else {}
    media_id = string(raw, "media_id")
    media = world.media.files.get(media_id)
    return (media.filename, len(media.body), f"/sandbox/media/{media_id}") if media else None


def _card(card: Part) -> Markup:
    """Return the part of a template card above its link and buttons, in the order of the client."""
    title, emphasis = mapping(card, "main_title"), mapping(card, "emphasis_content")
    parts = [
        ("source", string(mapping(card, "source"), "desc")),
        ("title", string(title, "title")),
        ("desc", string(title, "desc")),
        ("figure", string(emphasis, "title")),
        ("desc", string(emphasis, "desc")),
        ("quoted", string(mapping(card, "quote_area"), "quote_text")),
        ("sub", string(card, "sub_title_text")),
    ]
    html = [Markup('<div class="{}">{}</div>').format(css, text) for css, text in parts if text]
    rows = [
        Markup("<dt>{}</dt><dd>{}</dd>").format(string(row, "keyname"), string(row, "value"))
        for row in items(card, "horizontal_content_list")
    ]
    if rows:
        html.append(Markup("<dl>{}</dl>").format(Markup("").join(rows)))
    html += [
        Markup('<div class="sub">{} {}</div>').format(string(row, "title"), string(row, "desc"))
        for row in items(card, "vertical_content_list")
    ]
    html += [
        Markup('<div class="jump">{} ›</div>').format(string(row, "title"))
        for row in items(card, "jump_list")
    ]
    return Markup("").join(html)


def opened(address: str, userid: str) -> str:
    """Return the address behind a link on the phone of *userid*: a login then knows who opens it."""
    return f"/phone/open?{urlencode({'as': userid, 'to': address})}" if userid else address


def _linked(pattern: re.Pattern[str], text: str, *, owner: str) -> str:
    """Return escaped *text* with the links of *pattern*."""

    def link(found: re.Match[str]) -> str:
        address = escape(opened(Markup(found["to"]).unescape(), owner))  # noqa: S704 - to take it apart
        return f'<a href="{address}" target="_blank" rel="noopener">{found["text"]}</a>'

    return pattern.sub(link, text)


def _line(line: str, *, owner: str) -> Markup:
    text = str(escape(line))
    css = ""
    for pattern, name in ((_HEADING, "heading"), (_QUOTE, "quote")):
        if match := pattern.match(text):
            css, text = name, match.group(1)
    for inline, html in _INLINE:
        text = inline.sub(html, text)
    text = _linked(_MARKDOWN_LINK, text, owner=owner)
    return Markup(f'<div class="{css}">{text or "&nbsp;"}</div>')  # noqa: S704 - escaped above
