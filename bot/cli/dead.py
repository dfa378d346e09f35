"""`quotabot dead`: failed events and messages without further retries."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from bot.app.bootstrap import open_existing
from bot.cli.options import bad_parameter, config_option, format_option, json_text, loaded
from bot.features import dead as dead_letters
from bot.features.dead import find_letter, list_dead, spoken
from bot.messages.catalog import Text, texts_in
from bot.messages.sentences import Sentence
from bot.services import Services

T = TypeVar("T")


@click.group()
def dead() -> None:
    """List, show, retry or drop events and messages that were given up on."""


@dead.command("list")
@config_option
@format_option("text", "json")
def list_(config_path: Path, form: str) -> None:
    """List them. Changes nothing."""
    with open_existing(loaded(config_path)) as services:
        letters = list_dead(services)
        texts = texts_in(services.language)
    if form == "json":
        click.echo(json_text({"dead": letters}), nl=False)
        return
    for letter in letters:
        click.echo(texts["cli.dead.line"].say(**spoken(letter, texts)))
    if not letters:
        click.echo(texts["cli.dead.none"])


@dead.command()
@click.argument("ident", metavar="ID")
@config_option
@format_option("text", "json")
def show(config_path: Path, ident: str, form: str) -> None:
    """Show one with its content."""
    with open_existing(loaded(config_path)) as services:
        found = _asked(find_letter, services, ident)
        texts = texts_in(services.language)
    if found is None:
        click.echo(texts["cli.dead.missing"].say(id=ident), err=True)
        sys.exit(1)
    letter, content = found
    if form == "json":
        click.echo(json_text({**letter, "content": content}), nl=False)
    else:
        fields = texts.table("cli.dead.fields")
        said = spoken(letter, texts)
        click.echo("\n".join(fields[name].say(value=value) for name, value in said.items()))
        click.echo(f"\n{content}")


@dead.command()
@click.argument("idents", metavar="ID...", nargs=-1, required=True)
@config_option
def retry(config_path: Path, idents: tuple[str, ...]) -> None:
    """Retry them with a new round of tries. A message that lost its point meanwhile is not sent."""
    with open_existing(loaded(config_path)) as services:
        _each(services, idents, dead_letters.retry, texts_in(services.language)["cli.dead.retried"])


@dead.command()
@click.argument("idents", metavar="ID...", nargs=-1, required=True)
@config_option
def drop(config_path: Path, idents: tuple[str, ...]) -> None:
    """Drop them from the list for good; their data stays in the store."""
    with open_existing(loaded(config_path)) as services:
        _each(services, idents, dead_letters.drop, texts_in(services.language)["cli.dead.dropped"])


def _each(
    services: Services, idents: tuple[str, ...], act: Callable[[Services, str], bool], done: Text
) -> None:
    """Apply it to each letter and print the result; exit with 1 if one is missing."""
    texts, missing = texts_in(services.language), False
    for ident in idents:
        if _asked(act, services, ident):
            click.echo(done.say(id=ident))
        else:
            missing = True
            click.echo(texts["cli.dead.missing"].say(id=ident), err=True)
    if missing:
        sys.exit(1)


def _asked(act: Callable[[Services, str], T], services: Services, ident: str) -> T:
    try:
        return act(services, ident)
    except ValueError:
        raise bad_parameter("ID", Sentence("faults.usage.dead_id", given=repr(ident))) from None
