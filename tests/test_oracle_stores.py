"""Random stories, played to real stores, give the oracle's rows, verdicts, teams and closed periods.

Everything goes the way of an installation: files, rosters and rules recorded on their days, notices by
callback and by list, details, facts and decisions, a close, and what came late. `QUOTABOT_STORIES` sets how
many stories are tried on each engine, from `QUOTABOT_FIRST_STORY` on.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from builders import stories
from builders.examples import examples
from builders.stores import Databases
from builders.stories import Played, played
from builders.teams import teams_of
from oracle.closed import Oracle
from oracle.stories import Story, story_of

from bot.features.contacts.explain import explain
from bot.features.standings.load import Standings, load_standings

FIRST = int(os.environ.get("QUOTABOT_FIRST_STORY", "0"))
STORIES = int(os.environ.get("QUOTABOT_STORIES") or examples(30))


def rows_of(standings: Standings) -> list[dict[str, Any]]:
    return [stories.row_of(row) for row in standings.rows]


def words_of(story: Story, played: Played, userids: set[str]) -> dict[tuple[str, str], dict[Any, str]]:
    """Return what `explain` says, by quota and employee."""
    return {
        (quota.quota, userid): {
            (userid, contact.external_userid, int(contact.added_at.timestamp())): str(contact.verdict)
            for contact in quota.contacts
        }
        for userid in sorted(userids)
        for quota in explain(played.services, userid, at=story.at, period=story.period).quotas
    }


def differences(story: Story, played: Played) -> list[str]:
    """Return what the product says otherwise than the oracle."""
    oracle = Oracle(story.after)
    standings = load_standings(played.services, at=story.at, period=story.period, money=story.money)
    rows, words = oracle.rows(story.at, story.period, money=story.money), oracle.words(story.at, story.period)
    found = words_of(story, played, {userid for _, userid in words})
    closed = {about for about, closing in story.after.closings.items() if closing.rows}
    pairs = {
        "rows": (rows_of(standings), rows),
        "verdicts": ({about: found.get(about) for about in words}, words),
        "teams": ([asdict(team) for team in teams_of(standings)], oracle.teams(story.at, story.period)),
        "closed": (played.closed, closed),
    }
    return [f"{name}: {theirs} instead of {ours}" for name, (theirs, ours) in pairs.items() if theirs != ours]


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.lasting)])
def test_random_stories_give_the_oracles_figures(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    unlike = {}
    for seed in range(FIRST, FIRST + STORIES):
        story = story_of(seed)
        if engine == "sqlite":
            with played(tmp_path / str(seed), "sqlite:///quotabot.db", story) as told:
                found = differences(story, told)
        else:
            databases: Databases = request.getfixturevalue("databases")
            with databases.lend() as url, played(tmp_path / str(seed), url, story) as told:
                found = differences(story, told)
        if found:
            unlike[seed] = found

    assert unlike == {}
