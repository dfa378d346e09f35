"""Example, schema and documentation say what the program knows."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import get_args

import pytest
from builders.config import ENVIRON
from builders.docs import LANGUAGES, text_of
from builders.reference import reference

from bot.config import Config, json_schema, load
from bot.config.fields import ConfigSource
from bot.config.sections import ClosingDay, Schedule
from bot.config.shape import key_paths
from bot.config.warnings import warnings

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config.example.toml"
KEYS = tuple(key_paths(Config))
REFERENCE = tuple(reference(Config))


def written_keys(tree: object, prefix: str = "") -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from written_keys(value, f"{prefix}.{key}" if prefix else key)
    elif isinstance(tree, list) and tree and isinstance(tree[0], dict):
        for item in tree:
            yield from written_keys(item, f"{prefix}[]")
    else:
        yield prefix


def without_secret_tables(keys: Iterator[str]) -> set[str]:
    return {re.sub(r"\.(env|file)$", "", key) for key in keys}


def test_the_example_loads_without_a_fault_or_warning(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path / "config.toml")

    config = load(tmp_path / "config.toml", environ=ENVIRON)

    assert warnings(config) == ()


def test_the_example_has_every_key_and_no_other(tmp_path: Path) -> None:
    tree = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"), parse_float=Decimal)
    (tmp_path / "templates").mkdir()

    Config.model_validate(tree, context=ConfigSource(file=tmp_path / "config.toml", environ=ENVIRON))

    assert without_secret_tables(written_keys(tree)) == set(KEYS)


def rows_of(section: str, language: str) -> list[str]:
    """Return the rows of the reference below the heading of a section."""
    heading = re.compile(rf"^## `\[+{section}\]+`\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    table = heading.findall(text_of("configuration", language))[0].partition("| --- |")[2]
    return [line for line in table.partition("\n\n")[0].splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("section", [name for name in Config.model_fields if name != "schedule"])
def test_the_reference_has_each_key_as_the_models_have_it(section: str, language: str) -> None:
    rows = [key.row(language) for key in REFERENCE if key.section == section]

    assert [row[: len(begin)] for row, begin in zip(rows_of(section, language), rows, strict=True)] == rows


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_has_each_job_with_its_times(language: str) -> None:
    times = {
        job: {at.path.rpartition(".")[2]: at.default for at in keys}
        for job, keys in groupby(
            (key for key in REFERENCE if key.section == "schedule"), key=lambda key: key.path.split(".")[1]
        )
    }
    rows = [f"| `{job}` | {time['at']} | {time['on']} | " for job, time in times.items()]

    assert [row[: len(begin)] for row, begin in zip(rows_of("schedule", language), rows, strict=True)] == rows


def test_the_english_reference_says_what_the_models_say() -> None:
    told = {
        row.split(" | ")[-1].removesuffix(" |") for name in Config.model_fields for row in rows_of(name, "en")
    }

    jobs = [info.description for info in Schedule.model_fields.values()]
    others = [key.meaning for key in REFERENCE if key.section != "schedule"]

    assert all((*others, *jobs))
    assert [meaning for meaning in (*others, *jobs) if meaning not in told] == []


def test_the_chinese_reference_says_each_key_in_chinese() -> None:
    told = [row.split(" | ")[-1] for name in Config.model_fields for row in rows_of(name, "zh-CN")]

    assert [meaning for meaning in told if not re.search(r"[\u4e00-\u9fff]", meaning)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_days_of_a_job_are_those_that_the_program_takes(language: str) -> None:
    section = text_of("configuration", language).partition("## `[schedule]`")[2].partition("| --- |")[0]

    assert [day for day in get_args(ClosingDay) if f"`{day}`" not in section] == []


def test_the_reference_knows_every_key() -> None:
    assert tuple(key.path for key in REFERENCE) == KEYS


def test_the_shipped_schema_is_that_of_the_program() -> None:
    shipped = (ROOT / "bot/config/config.schema.json").read_text(encoding="utf-8")

    # After a change: write json.dumps(json_schema(), ensure_ascii=False, indent=2) and a line end into it.
    assert json.loads(shipped) == json_schema()


def test_the_schema_forbids_unknown_keys_everywhere() -> None:
    schema = json_schema()

    assert all(part["additionalProperties"] is False for part in (schema, *schema["$defs"].values()))
