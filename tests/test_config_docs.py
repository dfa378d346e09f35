"""Example, schema and documentation say what the program knows."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from builders.config import ENVIRON

from bot.config import Config, json_schema, load
from bot.config.fields import ConfigSource
from bot.config.shape import key_paths
from bot.config.unsupported import OFF_VALUES, unsupported_faults
from bot.config.warnings import warnings

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config.example.toml"
KEYS = tuple(key_paths(Config))


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


def uncommented(text: str) -> dict[str, object]:
    return tomllib.loads(text.replace("# not yet: ", ""), parse_float=Decimal)


def test_the_example_loads_without_a_fault_or_warning(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path / "config.toml")

    config = load(tmp_path / "config.toml", environ=ENVIRON)

    assert warnings(config) == ()


def test_the_example_with_all_that_is_not_yet_has_every_key_and_no_other(tmp_path: Path) -> None:
    tree = uncommented(EXAMPLE.read_text(encoding="utf-8"))
    (tmp_path / "templates").mkdir()

    Config.model_validate(tree, context=ConfigSource(file=tmp_path / "config.toml", environ=ENVIRON))

    assert without_secret_tables(written_keys(tree)) == set(KEYS)


def test_what_the_example_calls_not_yet_is_refused(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    tree = uncommented(text)

    refused = {
        re.sub(r"\[\d+\]", "[]", fault.key_path.split(" ")[0])
        for _, fault in unsupported_faults(tree, file="")
    }

    live = without_secret_tables(written_keys(tomllib.loads(text)))
    hidden = without_secret_tables(written_keys(tree)) - live
    also_live_elsewhere = {"quotas[].basis"}
    assert refused - also_live_elsewhere == {
        next(key for key in OFF_VALUES if name == key or name.startswith((f"{key}.", f"{key}[]")))
        for name in hidden
    }


def test_every_key_that_is_not_supported_is_a_key_of_the_file() -> None:
    tables = {key.rpartition(".")[0].removesuffix("[]") for key in KEYS}

    assert set(OFF_VALUES) <= {*KEYS, *tables}


@pytest.mark.parametrize("key", KEYS)
def test_the_documentation_has_every_key(key: str) -> None:
    docs = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")

    assert f"| `{key}` |" in docs


def test_the_documentation_has_no_key_that_does_not_exist() -> None:
    docs = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `(\w+(?:\[\])?\.[\w.\[\]]+)` \|", docs, re.MULTILINE)) == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_the_documentation_says_not_yet_where_the_program_refuses(key: str) -> None:
    docs = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    row = next(line for line in docs.splitlines() if line.startswith(f"| `{key}` |"))
    off = next((OFF_VALUES[k] for k in OFF_VALUES if key == k or key.startswith((f"{k}.", f"{k}[]"))), None)
    only_a_day_is_missing = off is not None and "every_day" in off

    assert ("not yet" in row.rpartition(" | ")[2]) == (off is not None and not only_a_day_is_missing)


def test_the_shipped_schema_is_that_of_the_program() -> None:
    shipped = (ROOT / "bot/config/config.schema.json").read_text(encoding="utf-8")

    # After a change: write json.dumps(json_schema(), ensure_ascii=False, indent=2) and a line end into it.
    assert json.loads(shipped) == json_schema()


def test_the_schema_forbids_unknown_keys_everywhere() -> None:
    schema = json_schema()

    assert all(part["additionalProperties"] is False for part in (schema, *schema["$defs"].values()))
