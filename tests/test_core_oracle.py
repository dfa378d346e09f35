"""On whole random branches the core and the oracle give the same verdicts, rows and teams."""

from __future__ import annotations

from dataclasses import asdict

from builders import oracle_worlds
from builders.examples import tried
from builders.worlds import World, worlds
from hypothesis import given


@tried(200)
@given(world=worlds)
def test_verdicts_rows_and_teams_are_those_of_the_oracle(world: World) -> None:
    words = oracle_worlds.words(world)

    assert {about: world.words()[about] for about in words} == words
    assert [asdict(row) for row in world.rows()] == oracle_worlds.rows(world)
    assert [asdict(team) for team in world.teams()] == oracle_worlds.teams(world)
