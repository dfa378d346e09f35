"""The guided tour: one working day in under a minute, through real HTTP on both sides."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from time import monotonic, sleep
from typing import Any

import click

from bot.app.demo import Demo, DemoError
from bot.config import Config
from bot.core.progress import QuotaFigures
from bot.features.standings.load import load_standings
from bot.messages.catalog import Texts, texts_in
from bot.messages.sentences import Sentence
from bot.services import FIRST_START, Services

_PATIENCE_S = 40.0
_LOOK_S = 0.05
_RETRIES_S = 3600  # retries until then still count as under way
_GROUP = "group:"  # prefix of a shown post's key
_PRESSED = {"yg01": "list", "yg04": "mute"}
_MARKUP = re.compile(r"</?font[^>]*>|\*\*")  # a terminal shows plain text


def play(demo: Demo, *, day: date) -> None:
    """Play *day* and print each message under its receiver's name."""
    began = monotonic()
    seen: set[str] = set()
    _until(lambda: demo.services.store.marks.get(FIRST_START) is not None)
    texts = texts_in(demo.services.language)
    jobs = texts.table("cli.tour.jobs")
    _chapter(f"{day} 09:07 · {jobs['progress']}")
    _fire(demo, day, "09:07:01", "progress", seen)
    _chapter(texts["cli.tour.buttons"])
    _press(demo, day, seen)
    _chapter(texts["cli.tour.work"])
    before = _rows(demo, day, "09:08")
    _work(demo, day)
    _changes(texts, before, _rows(demo, day, "16:30"))
    for at, job in evening(demo.services.config, day):
        _chapter(f"{at} · {jobs[job]}")
        _fire(demo, day, f"{at}:01", job, seen)
    _close(demo, seen, monotonic() - began)


def evening(config: Config, day: date) -> list[tuple[str, str]]:
    """Return the jobs after the day's work, each with its time before it."""
    jobs = [("16:37", "reminder")]
    if config.work_calendar().is_last_workday_of_week(day):
        jobs.append(("17:23", "weekly"))
    return [*jobs, ("17:48", "digest")]


def _chapter(title: str) -> None:
    click.echo("\n" + click.style(f"━━ {title} ━━", bold=True))


def _set_clock(demo: Demo, day: date, at: str) -> None:
    """Set the sandbox's clock and wait until the bot, which follows it, sees the new time."""
    demo.sandbox.post("clock", {"now": f"{day}T{at}"})
    _until(lambda: demo.services.clock.now().timestamp() >= _epoch(demo, day, at))


def _fire(demo: Demo, day: date, at: str, job: str, seen: set[str]) -> None:
    """Move the clock past a firing and print its messages."""
    fire_at = _epoch(demo, day, at[:5])
    _set_clock(demo, day, at)
    store = demo.services.store
    _until(lambda: (row := store.runs.get(job, fire_at)) is not None and row["state"] == "done")
    _until(lambda: all_sent(demo.services))
    _print_new(demo, seen)


def all_sent(services: Services) -> bool:
    """Return whether only messages for another day are pending, such as to people who muted today."""
    store, now = services.store, int(services.clock.now().timestamp())
    if store.outbox.depth(now=0).pending == 0:
        return True
    return not store.outbox.due(real_now=int(store.now()) + _RETRIES_S, clock_now=now, batch=1)


def _press(demo: Demo, day: date, seen: set[str]) -> None:
    """Press two buttons: the list keeps a card's buttons active, a finished act greys them."""
    _set_clock(demo, day, "09:20:00")
    pressed = [{"kind": "click", "userid": userid, "key": key} for userid, key in _PRESSED.items()]
    demo.sandbox.post("events?wait=1", {"events": pressed, "copies": 3})
    store = demo.services.store
    _until(lambda: store.inbox.depth(now=0).pending == 0 and not store.chat.open(batch=1))
    _until(lambda: all_sent(demo.services))
    _print_new(demo, seen)
    members = demo.sandbox.get("messages")["members"]
    click.echo("\n" + texts_in(demo.services.language)["cli.tour.greyed"])
    for userid in _PRESSED:
        card = next(message for message in members[userid] if message["msgtype"] == "template_card")
        click.echo(f"{userid}: {card['content'].splitlines()[-1]}")


def _work(demo: Demo, day: date) -> None:
    """Play two adds in one second and one more, each delivered three times; a slip; a loss."""
    post = demo.sandbox.post
    noon = _epoch(demo, day, "10:15:00")
    lost = post("events?wait=1", {"events": [{"kind": "add", "userid": "yg08", "at": noon - 3600}]})
    mine = post("events?wait=1", {"events": [{"kind": "add", "userid": "yg04", "at": noon - 1800}]})
    slipped = mine["events"][0]["external_userid"]
    gone = lost["events"][0]["external_userid"]
    _set_clock(demo, day, "15:40:00")
    storm = [{"kind": "add", "userid": userid, "at": noon} for userid in ("yg01", "yg01", "yg02")]
    answer = post("events?wait=1", {"events": storm, "copies": 3})
    post(
        "events?wait=1",
        {
            "events": [
                {"kind": "del_by_customer", "userid": "yg04", "external_userid": slipped, "at": noon + 600},
                {"kind": "add", "userid": "yg04", "external_userid": slipped, "at": noon + 900},
                {"kind": "del_by_customer", "userid": "yg08", "external_userid": gone, "at": noon + 1200},
            ]
        },
    )
    texts = texts_in(demo.services.language)
    click.echo(texts["cli.tour.storm"].say(n=answer["delivered"]))
    click.echo(texts["cli.tour.slip"])
    click.echo(texts["cli.tour.loss"])
    store = demo.services.store
    _until(lambda: store.inbox.depth(now=0).pending == 0 and store.ledger.dirty() == 0)


def _epoch(demo: Demo, day: date, at: str) -> int:
    return int(_moment(demo, day, at).timestamp())


def _moment(demo: Demo, day: date, at: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(at), demo.services.config.calendar.timezone)


def _rows(demo: Demo, day: date, at: str) -> dict[str, QuotaFigures]:
    rows = load_standings(demo.services, at=_moment(demo, day, at)).rows
    return {row.userid: row for row in rows}


def _changes(texts: Texts, before: dict[str, QuotaFigures], after: dict[str, QuotaFigures]) -> None:
    click.echo("\n" + texts["cli.tour.changes"])
    figure, names = texts["cli.tour.figure"], texts.table("cli.tour.figures")
    for userid, row in after.items():
        old = before[userid]
        if (row.gross, row.lost) != (old.gross, old.lost):
            changes = texts["cli.tour.comma"].join(
                figure.say(name=said, old=getattr(old, name), new=getattr(row, name))
                for name, said in names.items()
            )
            said = texts["cli.tour.change"].say(userid=userid, changes=changes, target=row.target)
            click.echo(said)


def _print_new(demo: Demo, seen: set[str]) -> None:
    people, texts = demo.services.store.members.all(), texts_in(demo.services.language)
    shown, fresh = demo.sandbox.get("messages"), 0
    for userid, messages in shown["members"].items():
        for message in messages:
            if message["msgid"] in seen:
                continue
            seen.add(message["msgid"])
            fresh += 1
            name = people[userid].name if userid in people else "?"
            _print(texts["cli.tour.person"].say(name=name, userid=userid), message["content"])
    fresh += _print_groups(texts, shown["groups"], seen)
    if not fresh:
        click.echo(texts["cli.tour.nobody"])


def _print_groups(texts: Texts, groups: dict[str, list[dict[str, Any]]], seen: set[str]) -> int:
    """Print the new posts of group robots; return their number."""
    fresh = 0
    for group, posts in groups.items():
        for number, post in enumerate(posts):
            if (name := f"{_GROUP}{group}:{number}") in seen:
                continue
            seen.add(name)
            fresh += 1
            _print(texts["cli.tour.group"].say(group=group), post["content"] or texts["cli.tour.picture"])
    return fresh


def _print(whom: str, content: str) -> None:
    click.echo("\n" + click.style(whom, fg="cyan", bold=True))
    click.echo(_MARKUP.sub("", content))


def _close(demo: Demo, seen: set[str], seconds: float) -> None:
    messages = demo.sandbox.get("messages")
    received = sum(not name.startswith(_GROUP) for name in seen)
    calls = [call for call in demo.sandbox.get("calls")["calls"] if call["path"].endswith("message/send")]
    texts = texts_in(demo.services.language)
    _chapter(texts["cli.tour.numbers"])
    dropped = len(messages["dropped"])
    click.echo(texts["cli.tour.received"].say(n=received, calls=len(calls), dropped=dropped))
    click.echo(texts["cli.tour.twice"].say(n=len(messages["duplicates"]), seconds=f"{seconds:.0f}"))


def _until(holds: Callable[[], bool]) -> None:
    deadline = monotonic() + _PATIENCE_S
    while not holds():
        if monotonic() > deadline:
            raise DemoError(Sentence("cli.demo.late"))
        sleep(_LOOK_S)
