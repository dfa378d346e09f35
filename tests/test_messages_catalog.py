"""The catalog of texts: both languages are whole, every key is used, and a further language is one file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.chat import say
from builders.e2e import FakeTime, installation, write_config, write_roster
from builders.e2e import at as moment
from builders.messages import examples

from bot import locales
from bot.config import ConfigError, load
from bot.config.own_texts import place_names
from bot.locales import languages
from bot.messages import catalog
from bot.messages.catalog import NUMBERS, Node, Text, texts_in
from bot.messages.message import as_text

ROOT = Path(__file__).parent.parent
SOURCES = [
    file
    for folder in ("bot", "handlers", "scheduler")
    for ending in ("*.py", "*.html")
    for file in (ROOT / folder).rglob(ending)
]
# How a key is written in code, by the kind of what stands under it.
KEYS = {
    Text: re.compile(
        r"""\b(?:spoken_)?texts(?:_in\([\w.]+\)|\(\))?\[\s*["']([\w.]+)["']\s*\]"""
        r"""|\b(?:Sentence|say)\(\s*["']([\w.]+)["']|(?<!table\()["']((?:faults|warnings)\.[\w.]+)["']"""
    ),
    dict: re.compile(r"""\.table\(\s*["']([\w.]+)["']\s*\)|\b(?:Sentence|say)\(\s*f["']([\w.]+)\.\{"""),
    tuple: re.compile(r"""\.each\(\s*["']([\w.]+)["']\s*\)"""),
}
# English says less on cards, where its words have no room for all figures.
SHORTER_IN_ENGLISH = {
    "helping.back_prorated_short": {"n"},
    "subteams.figures_short": {"middle"},
    "subteams.figures_of_short": {"middle"},
}


def nodes(language: str) -> dict[str, Node]:
    """Every text, list and table of *language* by its key."""
    return dict(_below(texts_in(language).tree, ""))


def _below(table: object, path: str) -> Iterator[tuple[str, Node]]:
    assert isinstance(table, dict)
    for name, node in table.items():
        yield path + name, node
        if isinstance(node, dict):
            yield from _below(node, f"{path}{name}.")


def used() -> dict[type, set[str]]:
    """The keys that stand in the product's source, by kind."""
    written = [file.read_text(encoding="utf-8") for file in SOURCES]
    return {
        kind: {next(filter(None, found.groups())) for text in written for found in form.finditer(text)}
        for kind, form in KEYS.items()
    }


# --- both files say the same things ---


def test_all_languages_have_the_same_keys_in_the_same_order_and_of_the_same_kinds() -> None:
    chinese, *others = ([(key, type(node)) for key, node in nodes(name).items()] for name in languages())

    assert len(chinese) > 900
    assert others == [chinese] * len(others)


def test_lists_are_equally_long() -> None:
    lengths = [
        {key: len(node) for key, node in nodes(name).items() if isinstance(node, tuple)}
        for name in languages()
    ]

    assert lengths == [lengths[0]] * len(lengths)


def test_a_text_has_the_same_variables_in_each_language() -> None:
    chinese, english = (
        {key: place_names(node) for key, node in nodes(name).items() if isinstance(node, Text)}
        for name in ("zh-CN", "en")
    )

    assert {key: chinese[key] - places for key, places in english.items() if chinese[key] != places} == (
        SHORTER_IN_ENGLISH
    )
    assert not [key for key, places in english.items() if places - chinese[key]]


@pytest.mark.parametrize("language", languages())
def test_the_form_for_one_has_the_variables_of_the_other_form_but_perhaps_its_number(language: str) -> None:
    wrong = [
        key
        for key, node in nodes(language).items()
        if isinstance(node, Text) and node.one is not None
        if place_names(node) - place_names(node.one) not in (set(), {"n"})
        or place_names(node.one) - place_names(node)
        or place_names(node).isdisjoint(NUMBERS)
    ]

    assert wrong == []


# --- code and files belong together ---


def test_every_key_in_the_code_stands_in_the_files_as_what_it_is_asked_for() -> None:
    known = {key: type(node) for key, node in nodes("zh-CN").items()}

    asked = {key: kind for kind, keys in used().items() for key in keys}

    assert {key: kind for key, kind in asked.items() if known.get(key) is not kind} == {}
    assert len(asked) > 600


def test_every_text_of_the_files_is_used_somewhere() -> None:
    keys = set().union(*used().values())

    unused = [
        key
        for key, node in nodes("zh-CN").items()
        if not isinstance(node, dict) and key not in keys and _table_of(key) not in keys
    ]

    assert unused == []


def _table_of(key: str) -> str:
    """The table of *key*; its last part may itself have dots."""
    return key.rpartition(".")[0] if key.startswith(("pages.", "cli.")) else ".".join(key.split(".")[:2])


def test_a_key_of_another_kind_or_of_none_is_refused() -> None:
    texts = texts_in("en")

    for wrong in ("close.rejected", "progress.weekdays", "close.misssed", "close"):
        with pytest.raises(KeyError):
            texts[wrong]
    with pytest.raises(KeyError):
        texts.table("close.missed")
    with pytest.raises(KeyError):
        texts.each("close.missed")


def test_only_the_language_that_is_spoken_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = locales.file_of

    def file_of(language: str) -> Path:
        read.append(language)
        return real(language)

    monkeypatch.setattr(catalog, "file_of", file_of)
    catalog._built_in.cache_clear()

    languages()
    texts_in("en")
    texts_in("en")

    assert read == ["en"]


def test_an_unknown_language_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^language must be one of zh-CN, en, not 'fr'$"):
        texts_in("fr")


# --- a further language is one file ---


@pytest.fixture
def french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of languages that has one more: English with a text of its own."""
    folder = tmp_path / "locales"
    shutil.copytree(locales.FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text = (folder / "en.toml").read_text(encoding="utf-8")
    text = text.replace('"Add {n} today, that is enough"', '"Ajoutez-en {n} et cela suffit"')
    (folder / "fr.toml").write_text(text.replace("{weekday} {day}", "{weekday} le {day}"), encoding="utf-8")
    monkeypatch.setattr(locales, "FOLDER", folder)
    yield folder
    catalog._built_in.cache_clear()


def test_a_further_file_is_a_further_language(french: Path) -> None:
    said = as_text(examples("fr")["progress"])

    assert languages() == ("zh-CN", "en", "fr")
    assert said.startswith("Ajoutez-en 2 et cela suffit\n")
    assert as_text(examples("en")["progress"]).startswith("Add 2 today, that is enough\n")
    assert all(as_text(message) for message in examples("fr").values())


def test_a_further_language_is_one_of_the_configuration_and_answers(french: Path, tmp_path: Path) -> None:
    write_roster(tmp_path, "zhang,员工甲,11,客户经理,,,,")
    config = write_config(tmp_path, more='[locale]\nlanguage = "fr"\n')

    with installation(config, FakeTime(moment("2026-11-09T09:07"))) as services:
        muted = say(services, "zhang", "mute 2026-12-01")
        answer = say(services, "zhang", "progress")

    assert services.language == "fr"
    assert "Tue le 12-01" in muted[0]
    assert "Ajoutez-en" in answer[0]


def test_what_is_no_language_is_refused_with_those_there_are(french: Path, tmp_path: Path) -> None:
    write_roster(tmp_path, "zhang,员工甲,11,客户经理,,,,")
    config = write_config(tmp_path, more='[locale]\nlanguage = "de"\n')

    with pytest.raises(ConfigError) as caught:
        load(config, environ={})

    (fault,) = caught.value.faults
    assert (fault.key_path, fault.value, fault.allowed) == (
        "locale.language",
        '"de"',
        'must be one of "zh-CN", "en" or "fr"',
    )
