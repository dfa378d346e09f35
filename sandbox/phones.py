"""Display of messages on a phone: the markdown of app messages (90236) as HTML, all others as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from sandbox.cards import Button, Part, items, mapping, string
from sandbox.groups import Post
from sandbox.history import CHINA
from sandbox.mailbox import Message
from sandbox.welcome import Greeting
from sandbox.world import World

_SHOWN = 40  # messages a phone; the JSON has them all

_HEADING = re.compile(r"^#{1,6} (.*)$")
_QUOTE = re.compile(r"^&gt; ?(.*)$")
# All of these match escaped text, so their results are harmless.
_INLINE = (
    (re.compile(r"\*\*(.+?)\*\*"), r"<b>\1</b>"),
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\[([^\]]+)\]\((https?://[^\s)]+)\)"), r'<a href="\2" rel="noreferrer">\1</a>'),
    (
        re.compile(
            r"&lt;font color=(?:&#34;|&#39;)(info|comment|warning)(?:&#34;|&#39;)&gt;(.*?)&lt;/font&gt;"
        ),
        r'<span class="\1">\2</span>',
    ),
)
_TEXT_LINK = re.compile(
    r"&lt;a href=(?:&#34;|&#39;)(https?://[^\s&]+)(?:&#34;|&#39;)&gt;(.*?)&lt;/a&gt;", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One message on a screen; *buttons* are those of a card, *updated*: it was changed since."""

    at: str
    html: Markup
    msgtype: str
    task_id: str = ""
    buttons: tuple[Button, ...] = ()
    updated: bool = False

    @property
    def language(self) -> str:
        """Return the language of the text: English with a Chinese name in it is English."""
        words = self.html.striptags()
        chinese = sum("\u4e00" <= letter <= "\u9fff" for letter in words)
        latin = sum(letter.isascii() and letter.isalpha() for letter in words)
        return "zh-CN" if 2 * chinese >= latin else "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One member's screen: *bubbles*, the newest last."""

    userid: str
    name: str
    department: str
    is_leader: bool
    customers: int
    bubbles: tuple[Bubble, ...]
    more: int


def phones(world: World) -> list[Phone]:
    """Return all phones: employees in the branch's order, with their messages."""
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
                customers=len(world.customers_of(person.userid)),
                bubbles=_bubbles(world, key),
                more=max(0, len(world.mailbox.messages.get(key, [])) - _SHOWN),
            )
            for key, person in world.people.items()
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group with a robot, and its posts as on a `Phone`."""

    name: str
    bubbles: tuple[Bubble, ...]


def groups(world: World) -> list[Group]:
    """Return the groups with posts of a robot."""
    with world.lock:
        return [
            Group(name=robot.group, bubbles=tuple(_posted(post) for post in robot.posts[-_SHOWN:]))
            for robot in world.robots.values()
            if robot.posts
        ]


def _posted(post: Post) -> Bubble:
    at = datetime.fromtimestamp(post.at, CHINA)
    if post.image:
        picture = Markup('<img alt="图片 · picture" src="data:image/png;base64,{}">').format(post.image)
        return Bubble(at=f"{at:%m-%d %H:%M}", html=picture, msgtype="image")
    return Bubble(at=f"{at:%m-%d %H:%M}", html=shown(post), msgtype=post.msgtype)


def shown(message: Message | Post) -> Markup:
    """Return the HTML of *message*; nothing in it can be the sender's own markup."""
    if message.msgtype == "markdown":
        return Markup("").join(_line(line) for line in message.content.split("\n"))
    if isinstance(message, Message) and message.msgtype == "template_card" and isinstance(message.card, dict):
        return _card(message.card)
    text = str(escape(message.content))
    if message.msgtype == "text":
        text = _TEXT_LINK.sub(r'<a href="\1" rel="noreferrer">\2</a>', text)
    return Markup(text.replace("\n", "<br>"))  # noqa: S704 - escaped above


def _bubbles(world: World, key: str) -> tuple[Bubble, ...]:
    """Return the newest messages, including the bot's to this employee's customers."""
    messages = world.mailbox.messages.get(key, [])[-_SHOWN:]
    greetings = [one for one in world.welcomes.greetings[-_SHOWN:] if one.userid.lower() == key]
    told = [*((one.at, _bubble(one)) for one in messages), *((one.at, _greeting(one)) for one in greetings)]
    return tuple(bubble for _, bubble in sorted(told, key=lambda pair: pair[0]))[-_SHOWN:]


def _greeting(greeting: Greeting) -> Bubble:
    at = datetime.fromtimestamp(greeting.at, CHINA)
    who = Markup('<div class="comment">欢迎语 → 客户 {} · welcome message</div>').format(
        greeting.external_userid[-4:]
    )
    return Bubble(at=f"{at:%m-%d %H:%M}", html=who + escape(greeting.content), msgtype="greeting")


def _bubble(message: Message) -> Bubble:
    at = datetime.fromtimestamp(message.at, CHINA)
    return Bubble(
        at=f"{at:%m-%d %H:%M}",
        html=shown(message),
        msgtype=message.msgtype,
        task_id=message.task_id,
        buttons=message.buttons,
        updated=bool(message.updates),
    )


def _card(card: Part) -> Markup:
    """Return the part of a template card above its buttons, in the order of the client."""
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
    if url := string(mapping(card, "card_action"), "url"):
        html.append(
            Markup('<div class="jump"><a href="{}" rel="noreferrer">打开 open ›</a></div>').format(url)
        )
    return Markup("").join(html)


def _line(line: str) -> Markup:
    text = str(escape(line))
    css = ""
    for pattern, name in ((_HEADING, "heading"), (_QUOTE, "quote")):
        if match := pattern.match(text):
            css, text = name, match.group(1)
    for inline, html in _INLINE:
        text = inline.sub(html, text)
    return Markup(f'<div class="{css}">{text or "&nbsp;"}</div>')  # noqa: S704 - escaped above
