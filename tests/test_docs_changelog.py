"""The changelog goes by version, newest first, and its newest version is the one that runs."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from click.testing import CliRunner

import bot
from bot.cli.main import cli

CHANGELOG = (Path(__file__).parent.parent / "CHANGELOG.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
VERSION = re.compile(r"\[(\d{4}\.\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)\] - (\d{4}-\d{2}-\d{2})")


def released() -> list[tuple[str, date]]:
    """Return each version with its day, in the order of the page."""
    return [
        (found[1], date.fromisoformat(found[2])) for found in map(VERSION.fullmatch, HEADINGS[1:]) if found
    ]


def test_command_code_and_newest_heading_name_the_same_version() -> None:
    newest, _ = released()[0]

    shown = CliRunner().invoke(cli, ["--version"])

    assert shown.output.split()[-1] == bot.__version__ == newest


def test_what_is_not_released_stands_first_and_every_other_heading_is_a_version_with_its_day() -> None:
    assert HEADINGS[0] == "[Unreleased]"
    assert len(released()) == len(HEADINGS) - 1


def test_versions_stand_newest_first_and_are_days_with_a_number_for_a_second_one_of_a_day() -> None:
    numbers = [tuple(map(int, version.split("."))) for version, _ in released()]

    assert numbers == sorted(set(numbers), reverse=True)
    newest, day = released()[0]
    assert numbers[0][:3] == (day.year, day.month, day.day), newest


def test_a_version_says_only_what_was_added_changed_and_fixed_in_this_order() -> None:
    _, *sections = re.split(r"^## .+$", CHANGELOG, flags=re.MULTILINE)

    assert len(sections) == len(HEADINGS)
    for section in sections:
        kinds = re.findall(r"^### (.+)$", section, re.MULTILINE)
        assert kinds == [kind for kind in ("Added", "Changed", "Fixed") if kind in kinds]
