"""Faults that involve several keys of the configuration file.

The checks read the file as written, not the finished configuration, so that all faults are reported together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, TypeGuard

from bot.config.faults import Fault, shown, written_key
from bot.messages.sentences import Sentence

Path = tuple[str | int, ...]


def cross_faults(tree: Mapping[str, Any], *, file: str) -> list[tuple[Path, Fault]]:
    """Return the contradictions in *tree*; skip keys of a wrong type, which are reported elsewhere."""
    contradictions = [
        *_no_quota(tree),
        *_repeated(tree, "quotas", "id"),
        *_repeated(tree, "robots", "name"),
        *_empty_matches(tree),
        *_of_the_other_source(tree),
        *_backwards(tree, "quotas", "starts_on", "ends_on"),
        *_backwards(tree, "campaigns", "from", "to"),
    ]
    return [
        (path, Fault(file=file, key_path=written_key(path, tree), value=shown(value), allowed=allowed))
        for path, value, allowed in contradictions
    ]


def _no_quota(tree: Mapping[str, Any]) -> Iterator[tuple[Path, object, str]]:
    if tree.get("quotas") == []:
        yield ("quotas",), None, Sentence("faults.no_quota")


def _repeated(tree: Mapping[str, Any], section: str, key: str) -> Iterator[tuple[Path, object, str]]:
    seen: dict[str, int] = {}
    for number, item in _items(tree, section):
        name = item.get(key)
        if not isinstance(name, str):
            continue
        if name in seen:
            allowed = Sentence("faults.repeated", section=section, number=seen[name])
            yield (section, number, key), name, allowed
        else:
            seen[name] = number


def _empty_matches(tree: Mapping[str, Any]) -> Iterator[tuple[Path, object, str]]:
    for number, role in _items(tree, "roles"):
        match = role.get("match")
        if isinstance(match, Mapping) and not any(match.values()):
            yield ("roles", number, "match"), None, Sentence("faults.nobody")


def _of_the_other_source(tree: Mapping[str, Any]) -> Iterator[tuple[Path, object, str]]:
    """Yield keys without effect: only WeCom has their data, or has better data."""
    directory = tree.get("directory", {})
    source = directory.get("source", "wecom") if isinstance(directory, Mapping) else None
    if source == "wecom" and directory.get("departments"):
        allowed = Sentence("faults.departments_of_csv")
        yield ("directory", "departments"), directory["departments"], allowed
    for number, role in _items(tree, "roles") if source == "csv" else ():
        match = role.get("match")
        for key in ("tags", "positions"):
            if isinstance(match, Mapping) and match.get(key):
                yield ("roles", number, "match", key), match[key], Sentence("faults.of_wecom")


def _backwards(
    tree: Mapping[str, Any], section: str, first: str, last: str
) -> Iterator[tuple[Path, object, str]]:
    for number, item in _items(tree, section):
        begin, end = item.get(first), item.get(last)
        if _is_day(begin) and _is_day(end) and begin > end:
            allowed = Sentence("faults.backwards", first=first, begin=str(begin))
            yield (section, number, last), end, allowed


def _items(tree: Mapping[str, Any], section: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    items = tree.get(section)
    for number, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, Mapping):
            yield number, item


def _is_day(value: object) -> TypeGuard[date]:
    return isinstance(value, date) and not isinstance(value, datetime)
