"""Faults of a file, with all that its author needs: file, key, value, allowed values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from difflib import get_close_matches

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

NOT_SHOWN = "(not shown)"

_LONGEST_VALUE = 80
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_CREDENTIALS = re.compile(r"//.*@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of *file*.

    *key_path* is the key as its author writes it, or the position ("line 4, column share"); empty for the
    whole file. *value* is the written value, ready to print; None if absent or secret. *allowed* says what is
    right; *nearest* is the known name that was probably meant. *line* and *column* give the position in a
    table again, for programs.
    """

    file: str
    key_path: str
    value: str | None
    allowed: str
    nearest: str | None = None
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}: {self.key_path}" if self.key_path else self.file
        value = "" if self.value is None else f" = {self.value}"
        nearest = "" if self.nearest is None else f"; did you mean {self.nearest}?"
        return f"{place}{value}: {self.allowed}{nearest}"


class FileError(ValueError):
    """A file that cannot be used; *faults* holds all its faults, never only the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class ConfigError(FileError):
    """A configuration file that cannot be used."""


def sounds_secret(key: str) -> bool:
    """Return whether a value under *key* must be hidden; misspelt keys count too."""
    return any(sound in key.lower() for sound in ("secret", "token", "key", "password"))


def refusal(allowed: str, *, nearest: str | None = None) -> PydanticCustomError:
    """Return the error for a validator to raise; the author of the file reads the sentence *allowed*."""
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
            return json.dumps(cut, ensure_ascii=False)
        case int():
            # Python refuses to print a number of thousands of digits.
            return str(value) if abs(value) < 10**18 else "(a huge number)"
        case Decimal():
            return str(value)
        case date() | time():
            return value.isoformat()
    return NOT_SHOWN


def _item_name(path: Sequence[str | int], tree: object) -> str:
    singular = {"quotas": ("quota", "id"), "roles": ("role", "name"), "robots": ("robot", "name")}
    if len(path) < 2 or path[0] not in singular:
        return ""
    noun, key = singular[str(path[0])]
    name = value_at(tree, (*path[:2], key))
    return f" ({noun} {shown(name)})" if isinstance(name, str) else ""
