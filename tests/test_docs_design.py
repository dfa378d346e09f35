"""docs/design.md shows the house as it stands: its layers, its rooms, its capabilities, its tables."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
CAPABILITIES = [
    *("reviews", "sync", "leave", "digest", "rules", "close", "statements", "outages", "chat"),
    "customers' names",
]
PATH = re.compile(r"`((?:bot|handlers|scheduler|sandbox|bench|pictures|tests)/[\w./]*)`")


def section(heading: str) -> str:
    """Return what stands below *heading*, up to the next one of its level."""
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of each line of the tables in *text*, without headings."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row, line in zip(cells, lines, strict=True) if not line.startswith("| ---")]


def contract(name: str) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = (one["layers"] for one in project["tool"]["importlinter"]["contracts"] if one["name"] == name)
    return list(layers)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        pytest.param(0, "One way down", id="rooms"),
        pytest.param(1, "One way down among the features", id="features"),
    ],
)
def test_the_layers_of_the_page_are_those_of_the_contract(number: int, name: str) -> None:
    picture = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[number]

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


def test_every_room_and_every_feature_has_one_line() -> None:
    lines = [PATH.findall(row[0])[0] for row in rows(section("Rooms")) if PATH.findall(row[0])]

    assert sorted(lines) == sorted(rooms())


def test_every_path_of_the_page_exists() -> None:
    paths = set(PATH.findall(PAGE))

    assert len(paths) > 100
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


def test_each_of_the_ten_capabilities_has_its_two_places_and_its_triggers() -> None:
    lines = {row[0]: row[1:] for row in rows(section("Capabilities"))[1:]}

    assert list(lines) == CAPABILITIES
    for does, keeps, triggers in lines.values():
        assert PATH.fullmatch(does)
        assert does.startswith("`bot/features/")
        assert keeps.startswith("`bot/store/")
        assert PATH.findall(triggers)


def test_every_table_of_the_schema_stands_on_the_page() -> None:
    steps = (ROOT / "bot" / "store" / "schema").glob("*.sql")
    schema = "\n".join(step.read_text(encoding="utf-8") for step in steps)
    tables = {name.lower() for name in re.findall(r"create table (\w+)", schema, re.IGNORECASE)}
    gone = {name.lower() for name in re.findall(r"drop table (\w+)", schema, re.IGNORECASE)}

    named = {name for row in rows(section("Stores")) for name in re.findall(r"`(\w+)`", row[0])}

    assert len(tables) > 50
    assert tables - gone == named
