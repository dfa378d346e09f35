"""`quotabot texts`: every replaceable text, in the form of the file that replaces it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from bot.cli.options import config_option, loaded
from bot.config.faults import written_key
from bot.config.own_texts import FIXED, voice
from bot.locales import languages
from bot.messages.catalog import texts_in


@click.command()
@config_option
@click.option("--language", type=click.Choice(languages()), help="The built-in texts of this language.")
def texts(config_path: Path, language: str | None) -> None:
    """Print the texts as they are sent now, as TOML for the folder messages.templates. Changes nothing.

    \b
    quotabot texts
    quotabot texts --language en > templates/en.toml
    """
    spoken = voice(loaded(config_path)) if language is None else language
    for table, table_texts in texts_in(spoken).as_written().items():
        if table in FIXED:
            continue
        click.echo(f"[{table}]")
        for line in _lines((), table_texts):
            click.echo(line)
        click.echo()


def _lines(path: tuple[str, ...], text: object) -> Iterator[str]:
    if isinstance(text, Mapping) and set(text) != {"other", "one"}:
        for name, text_below in text.items():
            yield from _lines((*path, name), text_below)
    else:
        yield f"{written_key(path)} = {_toml(text)}"


def _toml(text: object) -> str:
    """Return a TOML value; JSON's strings and lists are valid TOML."""
    if isinstance(text, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(form)}" for name, form in text.items()) + " }"
    return json.dumps(text, ensure_ascii=False)
