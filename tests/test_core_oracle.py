"""On whole random branches the core and the naive reading give the same rows and teams, key by key.

`QUOTABOT_EXAMPLES` sets how many branches are tried.
"""

from __future__ import annotations

import os
from dataclasses import asdict

from core_oracle_rows import Rows
from core_worlds import World, worlds
from hypothesis import HealthCheck, given, settings

EXAMPLES = int(os.environ.get("QUOTABOT_EXAMPLES", "400"))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=SLOW)
@given(world=worlds())
def test_the_rows_and_teams_are_those_of_the_naive_reading(world: World) -> None:
    naive = Rows(world)

    assert [asdict(row) for row in world.rows()] == naive.rows()
    assert [asdict(team) for team in world.teams()] == naive.teams()
