"""Texts that a bank wrote itself: what may stand in their place, and what is wrong with one.

A file has a table for each book of words and in it only the texts that are to be replaced. A text has the
places of the built-in one, all of them and no other: a number that a message gives is never lost, and none
that it does not have is asked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, replace
from string import Formatter
from typing import Any

from bot.messages import (
    about,
    admin,
    appeals,
    cards,
    changes,
    close,
    contacts,
    customers,
    decided,
    helping,
    leave,
    offer,
    over_teams,
    own,
    pending,
    preferences,
    questions,
    robots,
    rules,
    rules_changed,
    statement,
    team,
    weekly,
)
from bot.messages.language import LANGUAGES
from bot.messages.limits import CARD_CHARACTERS
from bot.messages.phrases import Phrase
from bot.messages.wordbook import Voice, Wordbook

BOOKS: Mapping[str, Wordbook[Any]] = {
    book.name: book
    for book in (
        LANGUAGES,
        *(
            module.WORDS
            for module in (close, questions, cards, pending, rules_changed, decided, robots, admin)
        ),
        *(
            module.WORDS
            for module in (own, contacts, customers, appeals, preferences, rules, about, team, statement)
        ),
        *(module.WORDS for module in (changes, offer, weekly, helping, over_teams, leave)),
    )
}

# What stands in a message's first line, and so in the notification.
FIRST: Mapping[str, tuple[str, ...]] = {
    "progress": (
        *("add_today", "add_today_begun", "today_done", "all_met", "all_covered", "nothing_today"),
        *("period_over", "nothing_asked", "add_more", "add_more_begun", "help_first", "help_nobody"),
    ),
    "close": ("missed", "missed_short", "met"),
    "questions": ("head", "review_head"),
    "rules_changed": ("head_now", "head_later"),
    "decided": ("heads",),
    "robots": ("enough", "nobody_yet"),
    "admin": ("head",),
    "own": ("rank_head", "no_quota", "unknown", "not_begun", "failed"),
    "contacts": ("head", "none", "why_head"),
    "appeals": ("opened", "opened_case", "counts", "open", "decided", "too_late", "how", "answered", "which"),
    "preferences": (
        *("muted_today", "muted_until", "unmuted", "not_muted", "mute_how", "away_today"),
        *("away_day", "away", "back", "not_away", "leave_how", "helped", "helped_before", "no_leader"),
        "leader_away",
    ),
    "leave": ("asks", "asks_shorter", "told", "confirmed", "already", "taken_back", "not_led", "how"),
    "rules": ("head",),
    "about": ("head", "help_head"),
    "team": ("head",),
    "statement": ("done", "genuine", "unknown", "too_many"),
    "offer": ("first", "first_alone"),
    "helping": ("first_names", "first_number"),
    "over_teams": ("first", "first_number", "others", "others_number"),
    "weekly": ("dose", "talk", "talk_alone", "enough", "not_asked"),
}
_KEYNAMES = frozenset(
    (
        *("period", "pending", "to_add", "kept", "team", "enough", "on_track", "to_help", "attainment"),
        "replied",
        *("counted", "rejected", "object_until"),
    )
)
# Characters of a card's texts, by the name in the book `cards`: WeCom cuts or refuses more.
_CARD: Mapping[str, int] = {
    **dict.fromkeys(_KEYNAMES, CARD_CHARACTERS["horizontal_content_list.keyname"]),
    **dict.fromkeys(
        ("kept_value", "people", "pending_until", "replied_median", "object_value"),
        CARD_CHARACTERS["horizontal_content_list.value"],
    ),
    **dict.fromkeys(
        ("button", "coach", "coach_numbered", "coach_done", "coach_done_numbered"),
        CARD_CHARACTERS["button_list.text"],
    ),
    "done": CARD_CHARACTERS["button.replace_name"],
}
TEXT_BYTES = 480  # of UTF-8: four of the longest fill a message
FIRST_COLUMNS = 72  # a Chinese character takes two
PREVIEW_COLUMNS = 40  # about what a notification shows

_MONEY = re.compile(
    r"[¥￥$元]|人民币|奖金|罚|扣钱|扣款|工资|绩效|\b(?:yuan|rmb|cny|money|pay|bonus|fine[ds])\b",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"落后|\bbehind\b|\blagging\b", re.IGNORECASE)
_EXCLAIMED = re.compile(r"[!！]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What is wrong, or hardly meant, with the text at *path*; *known*: names that may have been meant."""

    path: tuple[str, ...]
    value: object
    allowed: str
    known: tuple[str, ...] = ()


@dataclass(slots=True)
class _Remarks:
    faults: list[Remark]
    warnings: list[Remark]

    def refuse(self, path: Sequence[str], value: object, allowed: str, known: Sequence[str] = ()) -> None:
        self.faults.append(Remark(path=tuple(path), value=value, allowed=allowed, known=tuple(known)))

    def warn(self, path: Sequence[str], value: object, allowed: str) -> None:
        self.warnings.append(Remark(path=tuple(path), value=value, allowed=allowed))


def voice_of(language: str, tree: Mapping[str, Any]) -> tuple[Voice, list[Remark], list[Remark]]:
    """Return *language* with the texts of *tree*, its faults and its warnings; a faulty text is left out."""
    remarks = _Remarks([], [])
    words: dict[str, Any] = {}
    for name, table in tree.items():
        if name not in BOOKS:
            remarks.refuse((name,), table, "there is no such table of texts", tuple(BOOKS))
        elif not isinstance(table, Mapping):
            remarks.refuse((name,), table, f"must be a table: [{name}]")
        else:
            words[name] = _replaced(BOOKS[name][language], table, (name,), remarks)
    return Voice(language, words), remarks.faults, remarks.warnings


def texts_of(language: str) -> dict[str, dict[str, Any]]:
    """Return all texts of *language*, which may be a `Voice`, as a file would have them."""
    return {
        name: {field.name: _written(getattr(book[language], field.name)) for field in fields(book[language])}
        for name, book in BOOKS.items()
    }


def _written(text: Any) -> Any:
    match text:
        case Phrase():
            return text.other if text.one is None else {"other": text.other, "one": text.one}
        case Mapping():
            return {_name(key): _written(one) for key, one in text.items()}
        case tuple():
            return list(text)
    return text


def _name(key: object) -> str:
    return str(key)


def _replaced(built_in: Any, table: Mapping[str, Any], path: tuple[str, ...], remarks: _Remarks) -> Any:
    known = [field.name for field in fields(built_in)]
    found = {}
    for name, value in table.items():
        if name not in known:
            remarks.refuse((*path, name), value, "there is no such text", known)
            continue
        found[name] = _one(getattr(built_in, name), value, (*path, name), remarks)
    return replace(built_in, **found)


def _one(built_in: Any, value: Any, path: tuple[str, ...], remarks: _Remarks) -> Any:
    """Return *value* as what stands in the place of *built_in*; the latter where *value* has a fault."""
    match built_in:
        case Phrase():
            return _phrase(built_in, value, path, remarks)
        case Mapping():
            return _mapping(built_in, value, path, remarks)
        case tuple():
            if not isinstance(value, list) or len(value) != len(built_in):
                remarks.refuse(path, value, f"must be a list of {len(built_in)} texts")
                return built_in
            return tuple(
                _text(old, new, (*path, str(number)), remarks)
                for number, (old, new) in enumerate(zip(built_in, value, strict=True))
            )
    return _text(built_in, value, path, remarks)


def _mapping(built_in: Mapping[Any, Any], value: Any, path: tuple[str, ...], remarks: _Remarks) -> Any:
    if not isinstance(value, Mapping):
        remarks.refuse(path, value, "must be a table of texts", [_name(key) for key in built_in])
        return built_in
    keys = {_name(key): key for key in built_in}
    found = dict(built_in)
    for name, one in value.items():
        if name in keys:
            found[keys[name]] = _one(built_in[keys[name]], one, (*path, name), remarks)
        else:
            remarks.refuse((*path, name), one, "there is no such text", tuple(keys))
    return found


def _phrase(built_in: Phrase, value: Any, path: tuple[str, ...], remarks: _Remarks) -> Phrase:
    if not isinstance(value, Mapping):
        return Phrase(_text(built_in.other, value, path, remarks))
    for name in sorted({*value} - {"other", "one"}):
        remarks.refuse((*path, name), value[name], "a text has only the forms other and one")
    if "other" not in value:
        remarks.refuse(path, None, "needs the form other, said of all numbers but 1")
        return built_in
    other = _text(built_in.other, value["other"], (*path, "other"), remarks)
    if "one" not in value:
        return Phrase(other)
    if "n" not in _names(built_in.other):
        remarks.refuse((*path, "one"), value["one"], "has no number {n}, so it has no form for 1")
        return built_in
    return Phrase(other, one=_text(built_in.other, value["one"], (*path, "one"), remarks, spared={"n"}))


def _text(
    built_in: str,
    value: Any,
    path: tuple[str, ...],
    remarks: _Remarks,
    *,
    spared: AbstractSet[str] = frozenset(),
) -> str:
    """Return *value* if nothing is wrong with it; places of *spared* may be left out."""
    before = len(remarks.faults)
    for allowed in _wrong(built_in, value, path, spared=spared):
        remarks.refuse(path, value, allowed)
    if len(remarks.faults) > before:
        return built_in
    for said in _doubtful(built_in, value, path):
        remarks.warn(path, value, said)
    return str(value)


def _wrong(built_in: str, value: Any, path: tuple[str, ...], *, spared: AbstractSet[str]) -> Iterator[str]:
    if not isinstance(value, str):
        yield "must be a text"
        return
    if (not value.strip() and built_in.strip()) or any(unicodedata.category(one) == "Cc" for one in value):
        yield "must be one line that says something"
        return
    try:
        wanted = _places(value)
    except ValueError:
        yield "has a brace without its other half; a place is written {n}"
        return
    has = _places(built_in)
    if not has and ("{" in value or "}" in value):
        yield "has no variables, so no braces either"
        return
    if unknown := sorted(wanted - has):
        yield f"has no {_listed(unknown)}; it has {_listed(sorted(has))}"
    meant = {_name_of(place) for place in unknown}
    if missing := sorted(place for place in has - wanted if _name_of(place) not in meant | spared):
        yield f"must have {_listed(missing)}"
    yield from _too_long(built_in, value, path)


def _too_long(built_in: str, value: str, path: tuple[str, ...]) -> Iterator[str]:
    if path[0] == "cards" and path[1] in _CARD:
        most = max(_CARD[path[1]], len(built_in))
        if len(value) > most:
            yield f"is too long for a card: {len(value)} characters, {most} at most"
    elif _is_first(path) and _columns(value) > max(FIRST_COLUMNS, _columns(built_in)):
        yield f"is too long for a first line: {_columns(value)} columns, {FIRST_COLUMNS} at most"
    elif len(value.encode()) > max(TEXT_BYTES, len(built_in.encode())):
        yield f"is too long: {len(value.encode())} bytes of UTF-8, {TEXT_BYTES} at most"


def _doubtful(built_in: str, value: str, path: tuple[str, ...]) -> Iterator[str]:
    if not _is_first(path):
        return
    if _MONEY.search(value):
        yield "speaks of money in a first line, which everybody near the phone can read"
    if _BEHIND.search(value):
        yield "says that somebody is behind; say what is enough today instead"
    if _EXCLAIMED.search(value):
        yield "has an exclamation mark in a first line; the bot never raises its voice"
    if _columns(value) > max(PREVIEW_COLUMNS, _columns(built_in)):
        yield "is longer than a notification shows, about 20 Chinese characters"


def _is_first(path: tuple[str, ...]) -> bool:
    return path[1] in FIRST.get(path[0], ())


def _columns(text: str) -> int:
    """How many columns *text* takes with its places empty."""
    said = "".join(literal for literal, _, _, _ in Formatter().parse(text))
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in said)


def _places(text: str) -> set[str]:
    """Return the places of *text* as they are written. Raises ValueError for half a brace."""
    return {
        "{" + name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}"
        for _, name, spec, conversion in Formatter().parse(text)
        if name is not None
    }


def _names(text: str) -> set[str]:
    return {_name_of(place) for place in _places(text)}


def _name_of(place: str) -> str:
    return re.split(r"[!:.}]", place[1:])[0]


def _listed(places: Sequence[str]) -> str:
    return ", ".join(places)
