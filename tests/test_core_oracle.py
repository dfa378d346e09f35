"""On whole random branches the core and the naive reading give the same verdicts, rows and teams."""

from __future__ import annotations

from dataclasses import asdict

from builders.examples import tried
from builders.oracle_rows import Rows
from builders.worlds import World, worlds
from hypothesis import given


@tried(200)
@given(world=worlds)
def test_verdicts_rows_and_teams_are_those_of_the_naive_reading(world: World) -> None:
    naive = Rows(world)

    assert world.words() == naive.words()
    assert [asdict(row) for row in world.rows()] == naive.rows()
    assert [asdict(team) for team in world.teams()] == naive.teams()
