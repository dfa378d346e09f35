"""What is a finding does not depend on which periods are asked for, or on how much is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.e2e import at
from builders.reviews import branch, tell

from bot.core.relations import RelationKind
from bot.features.standings.load import load_standings, load_standings_of
from bot.services import Services

BURST = '[integrity]\nburst = { adds = 2, minutes = 10 }\naction = "hold"\n'
SHARED = '[integrity]\nshared_by = 2\nwindow_days = 30\naction = "hold"\n'
STOCK = '[[quotas]]\nid = "stock"\nroles = ["客户经理"]\nperiod = "month"\ntarget = 5\nbasis = "held"\n'
NOW = at("2026-11-24T12:00")


def put_adds_of_last_year(services: Services, colleague: str, customer: str) -> None:
    """Two adds within minutes in May 2025; the second one was lost in June."""
    tell(services, "zhang", "wm-1", at("2025-05-12T10:00"), RelationKind.ADDED)
    tell(services, colleague, customer, at("2025-05-12T09:59"), RelationKind.ADDED)
    tell(services, colleague, customer, at("2025-06-12T10:05"), RelationKind.LOST_BY_CUSTOMER)


@pytest.mark.parametrize(
    ("rules", "colleague", "customer"),
    [
        pytest.param(BURST, "zhang", "wm-2", id="a burst of two"),
        pytest.param(SHARED, "li", "wm-1", id="a customer of two employees"),
    ],
)
def test_a_held_contact_stays_held_long_after_its_neighbour_was_lost(
    tmp_path: Path, rules: str, colleague: str, customer: str
) -> None:
    with branch(tmp_path, more=rules, quotas=STOCK, when=NOW) as services:
        put_adds_of_last_year(services, colleague, customer)
        found = [
            load_standings(services, at=NOW),
            load_standings(services, at=NOW, period="2026-11"),
            load_standings_of(services, ["zhang"], at=NOW),
        ]

    rows = [row for one in found for row in one.rows if row.userid == "zhang"]
    assert [(row.counted, row.pending) for row in rows] == [(0, 1)] * 3
