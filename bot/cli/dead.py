"""`quotabot dead`: failed events and messages without further retries."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot.app.bootstrap import open_services
from bot.cli.options import config_option, format_option, loaded
from bot.services import Services
from bot.store.engine import SqlRow

_EVENT, _MESSAGE = "event:", "message:"


@click.group()
def dead() -> None:
    """List, show, retry or drop events and messages that were given up on."""


@dead.command("list")
@config_option
@format_option("text", "json")
def list_(config_path: Path, form: str) -> None:
    """List them. Changes nothing."""
    with open_services(loaded(config_path)) as services:
        letters = list(_letters(services))
    if form == "json":
        click.echo(json.dumps({"dead": letters}, ensure_ascii=False, indent=2))
        return
    for letter in letters:
        click.echo(
            f"{letter['id']}  {letter['at']}  {letter['what']}  {letter['tries']} tries: {letter['error']}"
        )
    if not letters:
        click.echo("nothing was given up on")


@dead.command()
@click.argument("ident", metavar="ID")
@config_option
@format_option("text", "json")
def show(config_path: Path, ident: str, form: str) -> None:
    """Show one with its content."""
    with open_services(loaded(config_path)) as services:
        if ident.startswith(_EVENT):
            row = services.store.inbox.show(_number(ident))
            content = "" if row is None else bytes(row["body"]).decode("utf-8", "replace")
            letter = None if row is None else _event(services, row)
        else:
            row = services.store.outbox.by_key(ident.removeprefix(_MESSAGE))
            content = "" if row is None else str(row["content"])
            letter = None if row is None else _message(services, row)
    if letter is None:
        _said(ident, "", found=False)
        sys.exit(1)
    if form == "json":
        click.echo(json.dumps({**letter, "content": content}, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(f"{name}: {value}" for name, value in letter.items()))
        click.echo(f"\n{content}")


@dead.command()
@click.argument("idents", metavar="ID...", nargs=-1, required=True)
@config_option
def retry(config_path: Path, idents: tuple[str, ...]) -> None:
    """Retry them with a new round of tries. A message that lost its point meanwhile is not sent."""
    with open_services(loaded(config_path)) as services:
        inbox, outbox = services.store.inbox, services.store.outbox
        _each(idents, "waits for its next try", event=inbox.revive, message=outbox.revive)


@dead.command()
@click.argument("idents", metavar="ID...", nargs=-1, required=True)
@config_option
def drop(config_path: Path, idents: tuple[str, ...]) -> None:
    """Drop them from the list for good; their data stays in the store."""
    with open_services(loaded(config_path)) as services:
        inbox, outbox = services.store.inbox, services.store.outbox
        _each(idents, "dropped", event=inbox.drop, message=outbox.drop)


def _each(
    idents: tuple[str, ...], words: str, *, event: Callable[[int], bool], message: Callable[[str], bool]
) -> None:
    """Apply it to each letter and print the result; exit with 1 if one is missing."""
    missing = False
    for ident in idents:
        is_event = ident.startswith(_EVENT)
        found = event(_number(ident)) if is_event else message(ident.removeprefix(_MESSAGE))
        missing |= _said(ident, words, found=found)
    if missing:
        sys.exit(1)


def _letters(services: Services) -> Iterator[dict[str, Any]]:
    for row in services.store.inbox.dead():
        yield _event(services, row)
    for row in services.store.outbox.dead():
        yield _message(services, row)


def _event(services: Services, row: SqlRow) -> dict[str, Any]:
    return {
        "id": f"{_EVENT}{row['seq']}",
        "at": _time(services, row["received_at"]),
        "what": row["kind"] or "unreadable event",
        "state": row["state"],
        "tries": row["attempts"],
        "error": row["error"],
    }


def _message(services: Services, row: SqlRow) -> dict[str, Any]:
    return {
        "id": f"{_MESSAGE}{row['key']}",
        "at": _time(services, row["created_at"]),
        "what": f"{row['job']} to {row['to_userid']}",
        "state": row["state"],
        "tries": row["attempts"],
        "error": row["error"],
    }


def _time(services: Services, at: int) -> str:
    return datetime.fromtimestamp(at, services.config.calendar.timezone).isoformat()


def _number(ident: str) -> int:
    text = ident.removeprefix(_EVENT)
    if not text.isdigit():
        raise click.BadParameter(f"{ident!r} is no id of `quotabot dead list`", param_hint="ID")
    return int(text)


def _said(ident: str, words: str, *, found: bool) -> bool:
    """Print the result for one letter; return whether it was missing."""
    if found:
        click.echo(f"{ident}: {words}")
    else:
        click.echo(f"{ident}: there is no such dead letter", err=True)
    return not found
