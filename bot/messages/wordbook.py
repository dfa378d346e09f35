"""The words of a topic by language, and a language whose words a bank wrote itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

W = TypeVar("W")


class Voice(str):
    """The name of a language together with what replaces its built-in words.

    It is given on wherever the name is, so no message needs to know of it. *words*: by the name of the book.
    It equals its plain name: nothing that is made from words may be kept under it.
    """

    words: Mapping[str, Any]

    def __new__(cls, language: str, words: Mapping[str, Any]) -> Voice:
        """Return *language*, speaking with *words* where they are given."""
        voice = super().__new__(cls, language)
        voice.words = dict(words)
        return voice

    def __getnewargs__(self) -> tuple[str, Mapping[str, Any]]:  # type: ignore[override]  # str has one less
        """A copy speaks alike."""
        return str(self), self.words


class Wordbook(Mapping[str, W], Generic[W]):
    """The words of one topic by language; a `Voice` gets its own. Raises KeyError for any other language."""

    def __init__(self, name: str, built_in: Mapping[str, W]) -> None:
        """*name* is that of the table in a file of texts."""
        self.name = name
        self._built_in = dict(built_in)

    def __getitem__(self, language: str) -> W:
        built_in = self._built_in[language]
        if isinstance(language, Voice) and self.name in language.words:
            replaced: W = language.words[self.name]
            return replaced
        return built_in

    def __iter__(self) -> Iterator[str]:
        return iter(self._built_in)

    def __len__(self) -> int:
        return len(self._built_in)
