"""`--help` and wrong usage in the language of the installation: our sentences, and those of click.

The code has them in English. Another language has a file in `bot/locales/help/`, read when one is said.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from bot.locales import DEFAULT, FOLDER, languages

_BARE = "\b"  # how click marks a paragraph that stays as it is
_WIDE = r"[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60]"
# A wide character takes two places. A line may be broken behind it, but no mark begins a line.
_WORD = re.compile(rf"{_WIDE}[\u3001\u3002\u201d\uff01\uff09\uff0c\uff1a\uff1b\uff1f]*")
_SPACED = re.compile(rf"({_WORD.pattern})( +)")


def speak(words: Sequence[str]) -> None:
    """Let click speak the language of the configuration that the command line *words* names."""

    @cache
    def sentences() -> Mapping[str, str]:
        return read_sentences(language_of(_config_in(words)))

    def say(text: str) -> str:
        return sentences().get(text, text)

    def say_number(one: str, more: str, n: int) -> str:
        return say(one if n == 1 else more)

    # click takes its sentences from gettext, whose catalogs are compiled files; ours are TOML.
    for module in [module for name, module in sys.modules.items() if name.startswith("click.")]:
        for called, ours in (("_", say), ("ngettext", say_number)):
            if hasattr(module, called):
                setattr(module, called, ours)
    _Page.sentences = staticmethod(sentences)
    click.Context.formatter_class = _Page


def read_sentences(language: str) -> Mapping[str, str]:
    """Return the sentences of *language* by the English ones; none for English."""
    file = FOLDER / "help" / f"{language}.toml"
    if not file.exists():
        return {}
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    return {**tables["click"], **tables["help"]}


def language_of(path: Path) -> str:
    """Return the language that the file at *path* names, whatever is wrong with it, else that of `LANG`."""
    try:
        locale = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("locale", {})
    except (OSError, ValueError):
        return language_of_environment()
    named = locale.get("language", DEFAULT) if isinstance(locale, dict) else None
    return named if named in languages() else language_of_environment()


def language_of_environment() -> str:
    """Return the language that `LC_ALL`, `LC_MESSAGES` or `LANG` names; Chinese for others, C and none."""
    named = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return next((name for name in languages() if name[:2] == named[:2]), DEFAULT)


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a help text, each on one line; examples stay as they are."""
    return [part if part.startswith(_BARE) else " ".join(part.split()) for part in text.split("\n\n")]


def _config_in(words: Sequence[str]) -> Path:
    given = [after for before, after in pairwise(words) if before == "--config"]
    given += [word.removeprefix("--config=") for word in words if word.startswith("--config=")]
    return Path(given[-1] if given else os.environ.get("QUOTABOT_CONFIG") or "config.toml")


class _Page(click.HelpFormatter):
    """A page of help that says its texts by *sentences*. Lines know that Chinese characters are wide."""

    sentences: Callable[[], Mapping[str, str]] = dict

    def write_text(self, text: str) -> None:
        """Write the help of a command."""
        super().write_text("\n\n".join(map(self._said, paragraphs(text))))

    def write_dl(self, rows: Sequence[tuple[str, str]], *arguments: Any, **named: Any) -> None:  # type: ignore[override]  # click asks for Iterable
        """Write options or commands. Behind the help of an option stand its default and the like."""
        parts = [(name, *text.partition("  [")) for name, text in rows]
        said = [(_spaced(name), self._said(own) + gap + _spaced(more)) for name, own, gap, more in parts]
        super().write_dl(said, *arguments, **named)

    def getvalue(self) -> str:
        """Return the page."""
        return _SPACED.sub(lambda found: found[1] + found[2][len(found[1]) :], super().getvalue())

    def _said(self, text: str) -> str:
        known = self.sentences()
        if (found := known.get(text)) is None and (begin := text.rstrip(".")):
            # click shortens what it lists
            found = next((said for key, said in known.items() if key.startswith(begin)), None)
        return _spaced(text if found is None else found)


def _spaced(text: str) -> str:
    """Return *text* with a blank for the second place of each wide character."""
    return _WORD.sub(lambda found: found[0] + " " * len(found[0]), text)
