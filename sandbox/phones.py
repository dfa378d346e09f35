"""How a phone shows a message: the markdown of app messages (90236) as HTML, all else as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from sandbox.groups import Post
from sandbox.history import CHINA
from sandbox.mailbox import Message
from sandbox.welcome import Greeting
from sandbox.world import World

_SHOWN = 40  # messages a phone; the JSON has them all

_HEADING = re.compile(r"^#{1,6} (.*)$")
_QUOTE = re.compile(r"^&gt; ?(.*)$")
# All of these look at text that is escaped already, so what they let through is harmless.
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
class Phone:
    """One member's screen: *bubbles* are (time, HTML, msgtype), the newest last."""

    userid: str
    name: str
    department: str
    is_leader: bool
    customers: int
    bubbles: tuple[tuple[str, Markup, str], ...]
    more: int


def phones(world: World) -> list[Phone]:
    """Return all phones: employees as the branch lists them, with what each received."""
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
    """A group with a robot: what it posted, as `Phone` has it."""

    name: str
    bubbles: tuple[tuple[str, Markup, str], ...]


def groups(world: World) -> list[Group]:
    """Return the groups in which a robot said something."""
    with world.lock:
        return [
            Group(name=robot.group, bubbles=tuple(_posted(post) for post in robot.posts[-_SHOWN:]))
            for robot in world.robots.values()
            if robot.posts
        ]


def _posted(post: Post) -> tuple[str, Markup, str]:
    at = datetime.fromtimestamp(post.at, CHINA)
    if post.image:
        picture = Markup('<img alt="图片 · picture" src="data:image/png;base64,{}">').format(post.image)
        return f"{at:%m-%d %H:%M}", picture, "image"
    return f"{at:%m-%d %H:%M}", shown(post), post.msgtype


def shown(message: Message | Post) -> Markup:
    """Return the HTML of *message*; nothing in it can be markup of the sender's own."""
    if message.msgtype == "markdown":
        return Markup("").join(_line(line) for line in message.content.split("\n"))
    text = str(escape(message.content))
    if message.msgtype == "text":
        text = _TEXT_LINK.sub(r'<a href="\1" rel="noreferrer">\2</a>', text)
    return Markup(text.replace("\n", "<br>"))  # noqa: S704 - escaped above


def _bubbles(world: World, key: str) -> tuple[tuple[str, Markup, str], ...]:
    """What came last, and among it what the bot said to this employee's customers."""
    messages = world.mailbox.messages.get(key, [])[-_SHOWN:]
    greetings = [one for one in world.welcomes.greetings[-_SHOWN:] if one.userid.lower() == key]
    told = [*((one.at, _bubble(one)) for one in messages), *((one.at, _greeting(one)) for one in greetings)]
    return tuple(bubble for _, bubble in sorted(told, key=lambda pair: pair[0]))[-_SHOWN:]


def _greeting(greeting: Greeting) -> tuple[str, Markup, str]:
    at = datetime.fromtimestamp(greeting.at, CHINA)
    who = Markup('<div class="comment">欢迎语 → 客户 {} · welcome message</div>').format(
        greeting.external_userid[-4:]
    )
    return f"{at:%m-%d %H:%M}", who + escape(greeting.content), "greeting"


def _bubble(message: Message) -> tuple[str, Markup, str]:
    at = datetime.fromtimestamp(message.at, CHINA)
    return f"{at:%m-%d %H:%M}", shown(message), message.msgtype


def _line(line: str) -> Markup:
    text = str(escape(line))
    css = ""
    for pattern, name in ((_HEADING, "heading"), (_QUOTE, "quote")):
        if match := pattern.match(text):
            css, text = name, match.group(1)
    for inline, html in _INLINE:
        text = inline.sub(html, text)
    return Markup(f'<div class="{css}">{text or "&nbsp;"}</div>')  # noqa: S704 - escaped above
