"""The same day on both engines: what people received and every number are the same, byte for byte."""

from __future__ import annotations

import re

import pytest
from e2e_builders import command

from bot.cli.tour import play
from bot.demo import last_workday, running

SECONDS = re.compile(r"played in \d+ s")


def day_on(store: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What the tour printed on *store*, and `progress --format json` afterwards."""
    day = last_workday()
    with running(f"{day}T08:55:00", language="zh-CN", speed=0.0, store=store) as demo:
        capsys.readouterr()
        play(demo, day=day)
        told = SECONDS.sub("", capsys.readouterr().out)
        numbers = command(
            *("progress", "--config", str(demo.config_path), "--at", f"{day}T18:00", "--format", "json")
        )
    assert numbers.code == 0, numbers.err
    return told, numbers.out


def test_the_day_of_the_tour_is_the_same_on_both_engines(
    postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    embedded = day_on("sqlite:///quotabot.db", capsys)
    scaled_out = day_on(postgres_url, capsys)

    assert "员工丁" in embedded[0]
    assert scaled_out == embedded
