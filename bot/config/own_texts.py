"""`[messages] templates`: a bank's own texts, checked and laid over the built-in ones.

A file has only the texts to replace, in the form of `bot/locales`. A text has exactly the places of the
built-in text, so each message shows the same numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from string import Formatter
from typing import Any

from pydantic import SecretStr

from bot.config import Config
from bot.config.faults import ConfigError, Fault, nearest, shown, written_key
from bot.config.toml import read_toml
from bot.locales import languages
from bot.messages.catalog import NUMBERS, Node, Text, Texts, Voice, texts_in
from bot.messages.limits import CARD_CHARACTERS
from bot.messages.sentences import Sentence

# The page that checks codes must say the same everywhere. Faults are printed before own texts are read.
FIXED = frozenset({"pages", "faults", "warnings"})
# Texts of a message's first line, which the notification shows.
FIRST: Mapping[str, tuple[str, ...]] = {
    "progress": (
        *("add_today", "add_today_begun", "today_done", "all_met", "all_covered", "nothing_today"),
        *("period_over", "nothing_asked", "add_more", "add_more_begun", "left_open"),
        *("help_first", "help_nobody"),
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
        *("away_day", "away", "back", "not_away", "leave_how", "helped", "helped_later", "helped_before"),
        *("no_leader", "leader_away"),
    ),
    "leave": ("asks", "asks_shorter", "told", "confirmed", "already", "taken_back", "not_led", "how"),
    "rules": ("head",),
    "about": ("head", "help_head"),
    "team": ("head",),
    "statement": ("done", "done_open", "genuine", "unknown", "too_many"),
    "offer": ("first", "first_alone"),
    "helping": ("first_names", "first_number"),
    "subteams": ("first", "first_number", "others", "others_number"),
    "waited": ("head",),
    "weekly": ("dose", "dose_open", "talk", "talk_alone", "enough", "not_asked"),
}
_KEYNAMES = frozenset(
    (
        *("period", "pending", "to_add", "kept", "team", "enough", "on_track", "to_help", "attainment"),
        "replied",
        *("counted", "rejected", "object_until"),
    )
)
# Characters of a card's texts, by the name in the table `cards`: WeCom cuts or refuses more.
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
_MENU: Mapping[str, int] = {"groups": 16, "buttons": 40}  # bytes of UTF-8 [90231]
TEXT_BYTES = 480  # of UTF-8: four of the longest fill a message
FIRST_COLUMNS = 72  # a Chinese character takes two
PREVIEW_COLUMNS = 40  # about what a notification shows

_MONEY = re.compile(
    r"[¥￥$元]|人民币|奖金|罚|扣钱|扣款|工资|绩效|\b(?:yuan|rmb|cny|money|pay|bonus|fine[ds])\b",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"落后|\bbehind\b|\blagging\b", re.IGNORECASE)
_EXCLAIMED = re.compile(r"[!！]")


def voice(config: Config) -> Voice:
    """Return the language of *config* with the bank's own texts.

    Raises ConfigError with every fault of every file, those of other languages too.
    """
    return _read(config)[0]


def own_text_warnings(config: Config) -> list[Fault]:
    """Return warnings about texts that are probably mistakes. Raises ConfigError as `voice` does."""
    return _read(config)[1]


def _read(config: Config) -> tuple[Voice, list[Fault]]:
    folder, spoken = config.messages.templates, Voice(config.locale.language)
    if folder is None:
        return spoken, []
    faults: list[Fault] = []
    warnings: list[Fault] = []
    files = sorted(folder.glob("*.toml"))
    for file in files:
        if file.stem not in languages():
            names = [f"{language}.toml" for language in languages()]
            allowed = Sentence("faults.texts.no_language", names=", ".join(names[:-1]), last=names[-1])
            faults.append(Fault(file=str(file), key_path="", value=None, allowed=allowed))
            continue
        try:
            tree = _plain(read_toml(file, missing="faults.gone"))
        except ConfigError as error:
            faults += error.faults
            continue
        own = OwnTexts(file.stem, tree, file=str(file))
        faults += own.faults
        warnings += own.warnings
        if file.stem == spoken:
            spoken = Voice(file.stem, own.texts)
    if faults:
        raise ConfigError(faults)
    if not any(file.stem == spoken for file in files):
        allowed = Sentence("faults.texts.no_file", language=str(spoken))
        warnings.append(_fault(config.file, ("messages", "templates"), str(folder), allowed))
    return spoken, warnings


def _plain(value: Any) -> Any:
    """Return *value* without the secrets that `read_toml` makes of keys with suspicious names."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case Mapping():
            return {name: _plain(child) for name, child in value.items()}
        case list():
            return list(map(_plain, value))
    return value


def _fault(
    file: object, path: Sequence[str], value: object, allowed: str, known: Iterable[str] = ()
) -> Fault:
    return Fault(
        file=str(file),
        key_path=written_key(path),
        value=shown(value) if isinstance(value, str | int) else None,
        allowed=allowed,
        nearest=nearest(path[-1], known),
    )


class OwnTexts:
    """The texts of *language* with those of *tree* laid over them, without faulty ones.

    *faults* and *warnings* name *file*.
    """

    def __init__(self, language: str, tree: Mapping[str, Any], *, file: str = "") -> None:
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self._file = file
        texts = dict(texts_in(language).tree)
        ours = {name: node for name, node in texts.items() if name not in FIXED}
        for name, value in tree.items():
            if name not in ours:
                self._refuse((name,), value, Sentence("faults.texts.no_table"), ours)
            elif not isinstance(value, Mapping):
                self._refuse((name,), value, Sentence("faults.texts.table", name=name))
            else:
                texts[name] = self._node(ours[name], value, (name,))
        self.texts = Texts(texts)

    def _refuse(self, path: Sequence[str], value: object, allowed: str, known: Iterable[str] = ()) -> None:
        self.faults.append(_fault(self._file, path, value, allowed, known))

    def _node(self, ours: Node, value: Any, path: tuple[str, ...]) -> Node:
        """Return *value* as a replacement of *ours*; *ours* where *value* has a fault."""
        match ours:
            case Text():
                return self._forms(ours, value, path)
            case tuple():
                if not isinstance(value, list) or len(value) != len(ours):
                    self._refuse(path, value, Sentence("faults.texts.list", length=len(ours)))
                    return ours
                pairs = enumerate(zip(ours, value, strict=True))
                return tuple(Text(self._text(old, new, (*path, str(n)))) for n, (old, new) in pairs)
        if not isinstance(value, Mapping):
            self._refuse(path, value, Sentence("faults.texts.table_of_texts"), ours)
            return ours
        table = dict(ours)
        for name, child in value.items():
            if name in ours:
                table[name] = self._node(ours[name], child, (*path, name))
            else:
                self._refuse((*path, name), child, Sentence("faults.texts.no_text"), ours)
        return table

    def _forms(self, ours: Text, value: Any, path: tuple[str, ...]) -> Text:
        if not isinstance(value, Mapping):
            return Text(self._text(ours, value, path))
        for name in sorted({*value} - {"other", "one"}):
            self._refuse((*path, name), value[name], Sentence("faults.texts.forms"))
        if "other" not in value:
            self._refuse(path, None, Sentence("faults.texts.other"))
            return ours
        other = self._text(ours, value["other"], (*path, "other"))
        if "one" not in value:
            return Text(other)
        if place_names(ours).isdisjoint(NUMBERS):
            self._refuse((*path, "one"), value["one"], Sentence("faults.texts.no_number"))
            return ours
        return Text(other, self._text(ours, value["one"], (*path, "one"), spared={"n"}))

    def _text(
        self, ours: str, value: Any, path: tuple[str, ...], *, spared: AbstractSet[str] = frozenset()
    ) -> str:
        """Return *value*, or *ours* if *value* has a fault; places of *spared* may be left out."""
        wrong = list(_wrong(ours, value, path, spared=spared))
        if wrong:
            self.faults += [_fault(self._file, path, value, allowed) for allowed in wrong]
            return str(ours)
        self.warnings += [_fault(self._file, path, value, doubt) for doubt in _doubtful(ours, value, path)]
        return str(value)


def _wrong(ours: str, value: Any, path: tuple[str, ...], *, spared: AbstractSet[str]) -> Iterator[str]:
    if not isinstance(value, str):
        yield Sentence("faults.texts.text")
        return
    if (not value.strip() and ours.strip()) or any(unicodedata.category(one) == "Cc" for one in value):
        yield Sentence("faults.texts.one_line")
        return
    try:
        wanted = _places(value)
    except ValueError:
        yield Sentence("faults.texts.brace")
        return
    has = _places(ours)
    if not has and ("{" in value or "}" in value):
        yield Sentence("faults.texts.no_braces")
        return
    if unknown := sorted(wanted - has):
        yield Sentence("faults.texts.unknown", unknown=", ".join(unknown), known=", ".join(sorted(has)))
    meant = {_name_of(place) for place in unknown}
    if missing := sorted(place for place in has - wanted if _name_of(place) not in meant | spared):
        yield Sentence("faults.texts.missing", places=", ".join(missing))
    yield from _too_long(ours, value, path)


def _too_long(ours: str, value: str, path: tuple[str, ...]) -> Iterator[str]:
    if path[0] == "cards" and path[1] in _CARD:
        most = max(_CARD[path[1]], len(ours))
        if len(value) > most:
            yield Sentence("faults.texts.long_card", length=len(value), most=most)
    elif path[0] == "menu" and len(value.encode()) > max(_MENU[path[1]], len(ours.encode())):
        yield Sentence("faults.texts.long_menu", length=len(value.encode()), most=_MENU[path[1]])
    elif _is_first(path) and _columns(value) > max(FIRST_COLUMNS, _columns(ours)):
        yield Sentence("faults.texts.long_first", length=_columns(value), most=FIRST_COLUMNS)
    elif len(value.encode()) > max(TEXT_BYTES, len(ours.encode())):
        yield Sentence("faults.texts.long", length=len(value.encode()), most=TEXT_BYTES)


def _doubtful(ours: str, value: str, path: tuple[str, ...]) -> Iterator[str]:
    if not _is_first(path):
        return
    if _MONEY.search(value):
        yield Sentence("faults.texts.money")
    if _BEHIND.search(value):
        yield Sentence("faults.texts.behind")
    if _EXCLAIMED.search(value):
        yield Sentence("faults.texts.exclaimed")
    if _columns(value) > max(PREVIEW_COLUMNS, _columns(ours)):
        yield Sentence("faults.texts.preview")


def _is_first(path: tuple[str, ...]) -> bool:
    return path[1] in FIRST.get(path[0], ())


def _columns(text: str) -> int:
    """Return how many columns *text* takes with empty places."""
    literals = "".join(literal for literal, _, _, _ in Formatter().parse(text))
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in literals)


def _places(text: str) -> set[str]:
    """Return the places of *text* as written. Raises ValueError for a single brace."""
    return {
        "{" + name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}"
        for _, name, spec, conversion in Formatter().parse(text)
        if name is not None
    }


def place_names(text: str) -> set[str]:
    """Return the names of the places of *text*. Raises ValueError for a single brace."""
    return {_name_of(place) for place in _places(text)}


def _name_of(place: str) -> str:
    return re.split(r"[!:.}]", place[1:])[0]
