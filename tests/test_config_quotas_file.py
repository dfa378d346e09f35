"""A file of quotas alone is checked as the same parts of a configuration are."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.config import MINIMAL, read

from bot.config import ConfigError
from bot.config.quotas_file import load_quotas
from bot.core.counting import OFF, Integrity
from bot.core.quotas import Quota

QUOTA = '[[quotas]]\nid = "cm"\nperiod = "month"\ntarget = 30\n'
HELD = '[integrity]\nshared_by = 3\naction = "hold"\n'
HOLDS = Integrity(shared_by=3, window_days=30, burst=None, quick_loss=None, hold=True)


def quotas(folder: Path, text: str, *, in_force: str = "") -> tuple[Quota, ...]:
    config = read(folder, MINIMAL + in_force)
    (folder / "other.toml").write_text(text, encoding="utf-8")
    return load_quotas(folder / "other.toml", config=config)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        quotas(folder, text)
    return [str(fault).removeprefix(f"{folder / 'other.toml'}: ") for fault in caught.value.faults]


def test_quotas_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = quotas(tmp_path, QUOTA + QUOTA.replace("cm", "am"))

    assert [(quota.id, quota.target) for quota in found] == [("cm", 30), ("am", 30)]


@pytest.mark.parametrize(
    ("text", "in_force", "expected"),
    [
        pytest.param(QUOTA, HELD, HOLDS, id="left out: as it is in force"),
        pytest.param(QUOTA + HELD, "", HOLDS, id="written: as written"),
        pytest.param(QUOTA + "[integrity]\n", HELD, OFF, id="written empty: off"),
        pytest.param(MINIMAL, HELD, OFF, id="left out of a whole configuration: off, as there"),
        pytest.param(MINIMAL + HELD, "", HOLDS, id="taken from a whole configuration"),
    ],
)
def test_questions_are_those_of_the_file_or_those_in_force(
    tmp_path: Path, text: str, in_force: str, expected: Integrity
) -> None:
    (quota,) = quotas(tmp_path, text, in_force=in_force)

    assert quota.integrity == expected


def test_of_a_whole_configuration_only_these_two_parts_are_looked_at(tmp_path: Path) -> None:
    text = QUOTA + '[wecom]\nsecret = { env = "NOT_SET" }\n[messages]\nstyle = "neon"\n'

    assert [quota.id for quota in quotas(tmp_path, text)] == ["cm"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", ["quotas: is required. At least one [[quotas]]."], id="an empty file"),
        pytest.param("quotas = []", ["quotas: must have at least one [[quotas]]"], id="an empty list"),
        pytest.param(
            QUOTA.replace("30", "-1") + "tagret = 3\n",
            [
                'quotas[0].target (quota "cm") = -1: must be at least 0',
                'quotas[0].tagret (quota "cm"): unknown key; did you mean target?',
            ],
            id="every fault of a quota",
        ),
        pytest.param(
            QUOTA + QUOTA,
            ['quotas[1].id (quota "cm") = "cm": must be unique; quotas[0] has it already'],
            id="two of one id",
        ),
        pytest.param(
            QUOTA + "[integrty]\nshared_by = 3\n",
            ["integrty: unknown key; did you mean integrity?"],
            id="a misspelt section",
        ),
    ],
)
def test_faults_read_as_those_of_a_configuration(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert faults(tmp_path, text) == expected


def test_a_missing_file_is_one_fault(tmp_path: Path) -> None:
    config = read(tmp_path, MINIMAL)

    with pytest.raises(ConfigError, match="there is no such file of"):
        load_quotas(tmp_path / "none.toml", config=config)
