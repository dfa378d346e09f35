"""docs/design.md shows the house as it stands, in both languages: layers, rooms, capabilities, tables."""

from __future__ import annotations

import re
import tomllib

import pytest
from builders.docs import LANGUAGES, ROOT, path_of, rows, section, text_of

PAGE = "design"
CAPABILITIES = [
    *("reviews", "sync", "leave", "digest", "rules", "close", "statements", "outages", "chat"),
    "customers' names",
]
IN_EACH_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
PATH = re.compile(r"`((?:bot|handlers|scheduler|sandbox|bench|pictures|tests)/[\w./]*)`")


def contract(name: str) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = (one["layers"] for one in project["tool"]["importlinter"]["contracts"] if one["name"] == name)
    return list(layers)


@IN_EACH_LANGUAGE
@pytest.mark.parametrize(
    ("number", "name"),
    [
        pytest.param(0, "One way down", id="rooms"),
        pytest.param(1, "One way down among the features", id="features"),
    ],
)
def test_the_layers_of_the_page_are_those_of_the_contract(number: int, name: str, language: str) -> None:
    picture = re.findall(r"^```text\n(.*?)^```$", text_of(PAGE, language), re.MULTILINE | re.DOTALL)[number]

    # What a line says of its layer stands after two blanks or more.
    assert [re.split(r" {2,}", line)[0] for line in picture.splitlines()] == contract(name)


def rooms() -> set[str]:
    """Return every package and loose module of the product, every feature, and the folders beside them."""
    found = {f"{name}/" for name in ("handlers", "scheduler", "sandbox", "bench", "pictures", "tests")}
    for folder in (ROOT / "bot", ROOT / "bot" / "features"):
        inside = [path for path in folder.iterdir() if not path.name.startswith("__")]
        place = folder.relative_to(ROOT).as_posix()
        found |= {f"{place}/{path.name}/" for path in inside if any(path.glob("*.py"))}
        found |= {f"{place}/{path.name}" for path in inside if path.suffix == ".py"}
    return found


@IN_EACH_LANGUAGE
def test_every_room_and_every_feature_has_one_line(language: str) -> None:
    cells = [row[0] for row in rows(section(PAGE, "Rooms", language))]
    lines = [PATH.findall(cell)[0] for cell in cells if PATH.findall(cell)]

    assert sorted(lines) == sorted(rooms())


@IN_EACH_LANGUAGE
def test_every_path_of_the_page_exists(language: str) -> None:
    paths = set(PATH.findall(text_of(PAGE, language)))

    assert len(paths) > 100
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


def test_there_are_ten_capabilities() -> None:
    assert [row[0] for row in rows(section(PAGE, "Capabilities", "en"))] == CAPABILITIES


@IN_EACH_LANGUAGE
def test_each_of_the_ten_capabilities_has_its_two_places_and_its_triggers(language: str) -> None:
    lines = {row[0]: row[1:] for row in rows(section(PAGE, "Capabilities", language))}

    assert len(lines) == len(CAPABILITIES)
    for does, keeps, triggers in lines.values():
        assert PATH.fullmatch(does)
        assert does.startswith("`bot/features/")
        assert keeps.startswith("`bot/store/")
        assert PATH.findall(triggers)


@IN_EACH_LANGUAGE
def test_every_table_of_the_schema_stands_on_the_page_that_the_section_names(language: str) -> None:
    steps = (ROOT / "bot" / "store" / "schema").glob("*.sql")
    schema = "\n".join(step.read_text(encoding="utf-8") for step in steps)
    tables = {name.lower() for name in re.findall(r"create table (\w+)", schema, re.IGNORECASE)}
    gone = {name.lower() for name in re.findall(r"drop table (\w+)", schema, re.IGNORECASE)}

    stores = section(PAGE, "Stores", language)
    named = {name for row in rows(stores) for name in re.findall(r"`(\w+)`", row[0])}
    told = set(re.findall(r"^## `(\w+)`$", text_of("data-map", language), re.MULTILINE))

    assert len(tables) > 50
    assert tables - gone == told
    assert len(named) > 15
    assert named - told == set()
    assert f"]({path_of('data-map', language).name})" in stores
