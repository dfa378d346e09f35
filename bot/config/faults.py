"""Faults of a file, with all that its author needs: file, key, value, allowed values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from bot.messages.catalog import Texts
from bot.messages.sentences import Say, Sentence, speaker

NOT_SHOWN = "(not shown)"
_HUGE = "(a huge number)"

_LONGEST_VALUE = 80
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_CREDENTIALS = re.compile(r"//.*@")
_ITEM = re.compile(r"(?P<path>.*) \((?P<noun>quota|role|robot) (?P<name>.*)\)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of *file*.

    *key_path* is the key as its author writes it, or the position ("line 4, column share"); empty for the
    whole file. *value* is the written value, ready to print; None if absent or secret. *allowed* says what is
    right, best as a `Sentence`; *nearest* is the known name that was probably meant. *line* and *column* give
    the position in a table again, for programs. `str(fault)` is English, and a `Sentence` itself.
    """

    file: str
    key_path: str
    value: str | None
    allowed: str
    nearest: str | None = None
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        return self._said(Sentence)

    def say(self, texts: Texts) -> str:
        """Return the line that people read, in the language of *texts*."""
        return self._said(speaker(texts))

    def _said(self, say: Say) -> str:
        value = "" if self.value is None else say("faults.value", value=_value_said(self.value, say))
        meant = "" if self.nearest is None else say("faults.meant", word=self.nearest)
        about = {"file": self.file, "value": value, "allowed": self.allowed, "meant": meant}
        if not self.key_path:
            return say("faults.whole", **about)
        return say("faults.at_key", key=self._key_said(say), **about)

    def _key_said(self, say: Say) -> str:
        if self.line is not None and self.column is not None:
            return say("faults.line_column", line=self.line, column=self.column)
        if self.line is not None:
            return say("faults.line", line=self.line)
        if self.column is not None:
            return say("faults.column", column=self.column)
        if (item := _ITEM.fullmatch(self.key_path)) is not None:
            return say(f"faults.items.{item['noun']}", path=item["path"], name=item["name"])
        return self.key_path


class FileError(ValueError):
    """A file that cannot be used; *faults* holds all its faults, never only the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(Sentence("faults.all", lines=[str(fault) for fault in faults]))
        self.faults = tuple(faults)


class ConfigError(FileError):
    """A configuration file that cannot be used."""


def sounds_secret(key: str) -> bool:
    """Return whether a value under *key* must be hidden; misspelt keys count too."""
    return any(sound in key.lower() for sound in ("secret", "token", "key", "password"))


def refusal(key: str, *, nearest: str | None = None, **values: Any) -> PydanticCustomError:
    """Return the error for a validator to raise; the author of the file reads the sentence under *key*."""
    allowed = Sentence(key, **values)
    return PydanticCustomError("refused", "{allowed}", {"allowed": allowed, "nearest": nearest})


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the word of *known* most similar to *word*, or None."""
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


def written_key(path: Sequence[str | int], tree: object = None) -> str:
    """Return *path* as it is written in TOML: `quotas[0].counting.first_add (quota "cm-monthly")`.

    With the *tree* of the file, list items are named by their id or name if they have one.
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        text += ("." if text else "") + (part if _BARE_KEY.fullmatch(part) else shown(part) or "")
    return text + _item_name(path, tree)


def value_at(tree: object, path: Sequence[str | int]) -> object:
    """Return the value at *path* in the *tree* of a file, None if absent."""
    for part in path:
        if isinstance(tree, Mapping) and isinstance(part, str):
            tree = tree.get(part)
        elif isinstance(tree, list) and isinstance(part, int) and part < len(tree):
            tree = tree[part]
        else:
            return None
    return tree


def shown(value: object) -> str | None:
    """Return *value* for readers: as TOML, shortened, without credentials; None for tables."""
    match value:
        case None | dict() | list():
            return None
        case SecretStr():
            return NOT_SHOWN
        case bool():
            return "true" if value else "false"
        case str():
            text = _CREDENTIALS.sub(f"//{NOT_SHOWN}@", value)
            cut = text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
            quoted = json.dumps(cut, ensure_ascii=False)
            # A reader cannot see a blank of no width.
            return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in quoted)
        case int():
            # Python refuses to print a number of thousands of digits.
            return str(value) if abs(value) < 10**18 else _HUGE
        case Decimal():
            return str(value)
        case date() | time():
            return value.isoformat()
    return NOT_SHOWN


def _value_said(value: str, say: Say) -> str:
    if value == NOT_SHOWN:
        return say("faults.hidden")
    return say("faults.huge") if value == _HUGE else value


def _item_name(path: Sequence[str | int], tree: object) -> str:
    singular = {"quotas": ("quota", "id"), "roles": ("role", "name"), "robots": ("robot", "name")}
    if len(path) < 2 or path[0] not in singular:
        return ""
    noun, key = singular[str(path[0])]
    name = value_at(tree, (*path[:2], key))
    return f" ({noun} {shown(name)})" if isinstance(name, str) else ""
