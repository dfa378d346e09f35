"""`quotabot dead`: failed events and messages without further retries."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bot.app.bootstrap import open_existing
from bot.cli.options import config_option, format_option, iso, json_text, loaded
from bot.messages.catalog import Text, Texts, texts_in
from bot.messages.sentences import Sentence, in_language
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
    with open_existing(loaded(config_path)) as services:
        letters = [_event(services, row) for row in services.store.inbox.dead()]
        letters += [_message(services, row) for row in services.store.outbox.dead()]
        texts = texts_in(services.language)
    if form == "json":
        click.echo(json_text({"dead": letters}), nl=False)
        return
    for letter in letters:
        click.echo(texts["cli.dead.line"].say(**_spoken(letter, texts)))
    if not letters:
        click.echo(texts["cli.dead.none"])


@dead.command()
@click.argument("ident", metavar="ID")
@config_option
@format_option("text", "json")
def show(config_path: Path, ident: str, form: str) -> None:
    """Show one with its content."""
    with open_existing(loaded(config_path)) as services:
        if ident.startswith(_EVENT):
            row = services.store.inbox.show(_number(ident))
            content = "" if row is None else bytes(row["body"]).decode("utf-8", "replace")
            letter = None if row is None else _event(services, row)
        else:
            row = services.store.outbox.by_key(ident.removeprefix(_MESSAGE))
            content = "" if row is None else str(row["content"])
            letter = None if row is None else _message(services, row)
        texts = texts_in(services.language)
    if letter is None:
        click.echo(texts["cli.dead.missing"].say(id=ident), err=True)
        sys.exit(1)
    if form == "json":
        click.echo(json_text({**letter, "content": content}), nl=False)
    else:
        fields = texts.table("cli.dead.fields")
        spoken = _spoken(letter, texts)
        click.echo("\n".join(fields[name].say(value=value) for name, value in spoken.items()))
        click.echo(f"\n{content}")


@dead.command()
@click.argument("idents", metavar="ID...", nargs=-1, required=True)
@config_option
def retry(config_path: Path, idents: tuple[str, ...]) -> None:
    """Retry them with a new round of tries. A message that lost its point meanwhile is not sent."""
    with open_existing(loaded(config_path)) as services:
        inbox, outbox = services.store.inbox, services.store.outbox
        texts = texts_in(services.language)
        _each(idents, texts, texts["cli.dead.retried"], event=inbox.revive, message=outbox.revive)


@dead.command()
@click.argument("idents", metavar="ID...", nargs=-1, required=True)
@config_option
def drop(config_path: Path, idents: tuple[str, ...]) -> None:
    """Drop them from the list for good; their data stays in the store."""
    with open_existing(loaded(config_path)) as services:
        inbox, outbox = services.store.inbox, services.store.outbox
        texts = texts_in(services.language)
        _each(idents, texts, texts["cli.dead.dropped"], event=inbox.drop, message=outbox.drop)


def _each(
    idents: tuple[str, ...],
    texts: Texts,
    done: Text,
    *,
    event: Callable[[int], bool],
    message: Callable[[str], bool],
) -> None:
    """Apply it to each letter and print the result; exit with 1 if one is missing."""
    missing = False
    for ident in idents:
        is_event = ident.startswith(_EVENT)
        if event(_number(ident)) if is_event else message(ident.removeprefix(_MESSAGE)):
            click.echo(done.say(id=ident))
        else:
            missing = True
            click.echo(texts["cli.dead.missing"].say(id=ident), err=True)
    if missing:
        sys.exit(1)


def _spoken(letter: dict[str, Any], texts: Texts) -> dict[str, Any]:
    """Return a letter's fields for people."""
    spoken = {name: in_language(texts, letter[name]) for name in ("what", "error")}
    state = letter["state"]
    return {**letter, **spoken, "state": texts.table("cli.run.states").get(state, state)}


def _event(services: Services, row: SqlRow) -> dict[str, Any]:
    ident, at = f"{_EVENT}{row['seq']}", iso(services.config, row["received_at"])
    return {"id": ident, "at": at, "what": row["kind"] or Sentence("cli.dead.unreadable"), **_outcome(row)}


def _message(services: Services, row: SqlRow) -> dict[str, Any]:
    ident, at = f"{_MESSAGE}{row['key']}", iso(services.config, row["created_at"])
    return {
        "id": ident,
        "at": at,
        "what": Sentence("cli.dead.message", job=row["job"], userid=row["to_userid"]),
        **_outcome(row),
    }


def _outcome(row: SqlRow) -> dict[str, Any]:
    return {"state": row["state"], "tries": row["attempts"], "error": row["error"]}


def _number(ident: str) -> int:
    text = ident.removeprefix(_EVENT)
    if not text.isdigit():
        raise click.BadParameter(f"{ident!r} is no id of `quotabot dead list`", param_hint="ID")
    return int(text)
