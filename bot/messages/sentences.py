"""Sentences that are thrown and stored: English for logs and programs, any language for people."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from errno import errorcode
from functools import partial
from typing import Any, TypeAlias

from bot.messages.catalog import Texts, texts_in

_ENGLISH = "en"
_ANSWERED = re.compile(r"WeCom answered (-?\d+)")
_SEPARATE_LINES = "lines"  # a list of this name

Say: TypeAlias = Callable[..., str]  # a function from a key and its values to a text, such as `Sentence`


class Sentence(str):
    """A text of the catalog in English, with its *key* and *values*.

    A value may be a sentence itself, or a list of them: *lines* are joined by line breaks, other lists by
    semicolons. `str(error)` of an error made with a sentence returns this sentence.
    """

    __slots__ = ("key", "values")
    key: str
    values: Mapping[str, Any]

    def __new__(cls, key: str, /, **values: Any) -> Sentence:
        """Return the English text under *key* with *values*."""
        sentence = super().__new__(cls, _filled(texts_in(_ENGLISH), key, values, str))
        sentence.key, sentence.values = key, values
        return sentence

    def __str__(self) -> str:
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """Return the arguments of an equal copy."""
        return (self.key,), dict(self.values)


def in_language(texts: Texts, sentence: str) -> str:
    """Return *sentence* in the language of *texts*; a text that is no `Sentence` as it is.

    WeCom's errcodes have their remedy in each language, also where only their English text was stored.
    """
    if isinstance(sentence, Sentence):
        return _filled(texts, sentence.key, sentence.values, partial(in_language, texts))
    if (answered := _ANSWERED.match(sentence)) is None:
        return sentence
    remedy = texts.table("admin.remedies").get(answered[1])
    if remedy is None:
        return texts["sentences.answered_only"].say(errcode=answered[1])
    return texts["sentences.answered"].say(errcode=answered[1], remedy=remedy)


def speaker(texts: Texts) -> Say:
    """Return the function that says keys in the language of *texts*, without reading the English texts."""

    def say(key: str, /, **values: Any) -> str:
        return _filled(texts, key, values, partial(in_language, texts))

    return say


def reason_of(error: OSError) -> str:
    """Return the system's reason for *error*; for the common ones a `Sentence`."""
    name = errorcode.get(error.errno or 0)
    if name in texts_in(_ENGLISH).table("faults.system"):
        return Sentence(f"faults.system.{name}")
    return error.strerror or str(error)


def packed(sentence: str) -> str:
    """Return *sentence* as it is stored: a `Sentence` with its key and values."""
    if not isinstance(sentence, Sentence):
        return sentence
    return json.dumps(_plain(sentence), ensure_ascii=False)


def unpacked(stored: str) -> str:
    """Return a stored sentence. Texts of earlier versions, and keys of later ones, are plain English."""
    if not stored.startswith('{"english":'):
        return stored
    kept = json.loads(stored)
    try:
        return Sentence(kept["key"], **{name: _value(value) for name, value in kept["values"].items()})
    except KeyError:
        return str(kept["english"])


def _filled(texts: Texts, key: str, values: Mapping[str, Any], say: Callable[[str], str]) -> str:
    """Return the text under *key*; *say* says the sentences among *values*."""

    def said(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return ("\n" if name == _SEPARATE_LINES else texts["sentences.join"]).join(map(say, value))
        return say(value) if isinstance(value, str) else value

    return texts[key].say(**{name: said(name, value) for name, value in values.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, Sentence):
        values = {name: _plain(each) for name, each in value.values.items()}
        return {"english": value, "key": value.key, "values": values}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(item) for item in value]
    return unpacked(json.dumps(value)) if isinstance(value, Mapping) else value
