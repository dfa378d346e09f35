"""A month with all that can be known of contacts: the same rows, teams and closed lines on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

from builders.e2e import FakeTime, at, installation
from builders.month import PEOPLE, live, write_month
from builders.teams import teams_of

from bot.features.close import settle
from bot.features.standings.load import load_standings
from bot.store.results import text_of

CLOSE = "2026-12-08T08:42"


def month_on(folder: Path, store: str) -> tuple[str, list[str], list[str]]:
    """Rows in the month, closed lines after it, and the teams, each as text."""
    with installation(write_month(folder, store), FakeTime(at(CLOSE))) as services:
        live(services, Random(20261123))
        running = load_standings(services, at=at("2026-11-23T18:00"), money=True)
        settle.close_due(services, at=at(CLOSE))
        lines = [
            text_of(one.line)
            for quota, period in sorted({(one.quota, one.period) for one in services.store.results.closed()})
            for one in services.store.results.newest(quota, period).values()
        ]
    return "\n".join(map(text_of, running.rows)), lines, list(map(repr, teams_of(running)))


def test_a_month_gives_the_same_rows_teams_and_closed_lines_on_both_engines(
    tmp_path: Path, new_database: Callable[..., str]
) -> None:
    embedded = month_on(tmp_path / "embedded", "sqlite:///quotabot.db")
    scaled_out = month_on(tmp_path / "scaled_out", new_database())
    rows, lines, teams = embedded

    assert embedded == scaled_out
    assert len(rows.splitlines()) == 2 * len(PEOPLE)
    assert len(lines) == 2 * len(PEOPLE)
    shown = [json.loads(row) for row in rows.splitlines()]
    # what is the same on both is not just nothing
    for figure in ("counted", "pending", "rejected", "lost", "penalty", "reward"):
        assert sum(row[figure] or 0 for row in shown) > 0, figure
    assert len(teams) == 6
