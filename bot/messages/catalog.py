"""The texts that people read, by key: `texts_in(language)["appeals.opened"]`.

`bot/locales` has a file for each language, read at its first use. Code writes keys in full, so that a search
finds them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeAlias

from bot.locales import file_of, languages

NUMBERS = ("n", "days")  # the places whose number chooses the form of a text, the first of them that it has


class Text(str):
    """A text with named places in braces; *one* is its form for the number 1."""

    __slots__ = ("one",)
    one: str | None

    def __new__(cls, other: str, one: str | None = None) -> Text:
        """Return *other*, with its form for the number 1 if it has one."""
        text = super().__new__(cls, other)
        text.one = one
        return text

    def say(self, **values: object) -> str:
        """Fill the places. Raises KeyError if one has no value."""
        number = next((values[name] for name in NUMBERS if name in values), None)
        form = self if self.one is None or number != 1 else self.one
        return form.format(**values)


# A text, texts in a fixed order, or a table of these.
Node: TypeAlias = "Text | tuple[Text, ...] | Mapping[str, Node]"


class Texts:
    """All texts of one language. Each lookup raises KeyError for an unknown key or one of another kind."""

    def __init__(self, tree: Mapping[str, Node]) -> None:
        """*tree* as a file has it: tables within tables."""
        self.tree = tree
        self._texts: dict[str, Text] = {}
        self._lists: dict[str, tuple[Text, ...]] = {}
        self._tables: dict[str, Mapping[str, Text]] = {}
        self._sort(tree, "")

    def __getitem__(self, key: str) -> Text:
        """Return the text under *key*, such as `close.missed`."""
        return self._texts[key]

    def table(self, key: str) -> Mapping[str, Text]:
        """Return the texts of the table *key*, such as `close.rejected`, by name."""
        return self._tables[key]

    def each(self, key: str) -> tuple[Text, ...]:
        """Return the texts of the list *key*, such as `progress.weekdays`, in their order."""
        return self._lists[key]

    def as_written(self) -> dict[str, object]:
        """Return all texts as a file has them."""
        return {name: _written(node) for name, node in self.tree.items()}

    def _sort(self, table: Mapping[str, Node], path: str) -> None:
        for name, node in table.items():
            match node:
                case Text():
                    self._texts[path + name] = node
                case tuple():
                    self._lists[path + name] = node
                case _:
                    texts = {key: text for key, text in node.items() if isinstance(text, Text)}
                    self._tables[path + name] = texts
                    self._sort(node, f"{path}{name}.")


class Voice(str):
    """The name of a language together with a bank's own *texts*; None: the texts of its file.

    Messages pass it on like a plain name. It equals its plain name, so no cache of rendered texts may use it
    as a key.
    """

    texts: Texts | None

    def __new__(cls, language: str, texts: Texts | None = None) -> Voice:
        """Return *language* with *texts*."""
        voice = super().__new__(cls, language)
        voice.texts = texts
        return voice

    def __getnewargs__(self) -> tuple[str, Texts | None]:  # type: ignore[override]  # str has one less
        """Return the arguments of an equal copy."""
        return str(self), self.texts


def texts_in(language: str) -> Texts:
    """Return the texts of *language*, maybe a `Voice`. Raises ValueError for an unknown language."""
    if isinstance(language, Voice) and language.texts is not None:
        return language.texts
    return _built_in(str(language))


@cache
def _built_in(language: str) -> Texts:
    if language not in languages():
        raise ValueError(f"language must be one of {', '.join(languages())}, not {language!r}")
    tree = tomllib.loads(file_of(language).read_text(encoding="utf-8"))
    return Texts({name: _node(value) for name, value in tree.items()})


def _node(value: Any) -> Node:
    match value:
        case {"other": str(other), "one": str(one)}:
            return Text(other, one)
        case Mapping():
            return {name: _node(child) for name, child in value.items()}
        case list():
            return tuple(map(Text, value))
    return Text(value)


def _written(node: Node) -> object:
    match node:
        case Text():
            return str(node) if node.one is None else {"other": str(node), "one": node.one}
        case tuple():
            return [str(text) for text in node]
    return {name: _written(child) for name, child in node.items()}
