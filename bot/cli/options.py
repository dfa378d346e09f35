"""What several commands share: the options for file, time and format, and how JSON and times are written."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.cli.help_texts import language_of, language_of_environment
from bot.config import Config, ConfigError, load
from bot.messages.catalog import Texts, texts_in
from bot.messages.sentences import Sentence, in_language

_LANGUAGE = "quotabot.language"  # in the context of a command
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
SHOWN_ID = 4  # last characters of a customer's id that people see

F = TypeVar("F", bound=Callable[..., Any])

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="QUOTABOT_CONFIG",
    default=Path("config.toml"),
    show_default=True,
    help="The configuration file.",
)


def format_option(*names: str) -> Callable[[F], F]:
    """Return the option `--format`; the first of *names* is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(names),
        default=names[0],
        show_default=True,
        help="For people or for programs.",
    )


class _Day(click.DateTime):
    """A day of an option, in years that every part of the program can count in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the day, or refuse it."""
        day: datetime = super().convert(value, param, ctx)
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            self.fail(in_language(spoken_texts(), _no_year(str(value))), param, ctx)
        return day


DAY = _Day(["%Y-%m-%d"])


def at_option(text: str) -> Callable[[F], F]:
    """Return the option `--at TIME` with the help *text*; `moment` parses its value."""
    return click.option("--at", "at", metavar="TIME", help=text)


def loaded(path: Path) -> Config:
    """Return the configuration, and speak its language. Raises ConfigError with all its faults."""
    try:
        config = load(path, environ=os.environ)
    except ConfigError:
        speak(language_of(path))
        raise
    speak(config.locale.language)
    return config


def spoken_texts() -> Texts:
    """Return the texts in the language of the configuration; before it is read, in that of `LANG`."""
    context = click.get_current_context(silent=True)
    return texts_in((context and context.meta.get(_LANGUAGE)) or language_of_environment())


def speak(language: str) -> None:
    """Set the *language* of what this command prints from now on."""
    if (context := click.get_current_context(silent=True)) is not None:
        context.meta[_LANGUAGE] = language


def bad_parameter(option: str, sentence: Sentence) -> click.BadParameter:
    """Return the error that *sentence* is wrong with *option*, in the language of the configuration."""
    return click.BadParameter(in_language(spoken_texts(), sentence), param_hint=option)


def bad_usage(sentence: Sentence) -> click.UsageError:
    """Return the error for a wrong use of a command, in the language of the configuration."""
    return click.UsageError(in_language(spoken_texts(), sentence))


def no_period(name: str) -> click.BadParameter:
    """Return the error that *name* is no period."""
    return bad_parameter("--period", Sentence("faults.usage.period", given=repr(name)))


def json_text(report: object) -> str:
    """Return *report* as JSON for programs, with a line break at its end."""
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


def moment(text: str | None, config: Config, *, now: datetime, option: str = "--at") -> datetime:
    """Return TIME as a moment: ISO 8601, in the configured zone unless it has an offset; left out: *now*."""
    zone = config.calendar.timezone
    if text is None:
        return now.astimezone(zone).replace(microsecond=0)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise bad_parameter(option, Sentence("faults.usage.time", given=repr(text))) from None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise bad_parameter(option, _no_year(text))
    return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)


def _no_year(text: str) -> Sentence:
    return Sentence("faults.usage.years", given=repr(text), first=_FIRST_YEAR, last=_LAST_YEAR)


def user_name() -> str:
    """Return the name of this computer's user; a container may know only the number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid {os.getuid()}"
