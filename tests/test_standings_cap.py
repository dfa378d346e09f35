"""`[money] cap_per_month`: what all quotas of one person deduct for periods that end in one month."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from builders.branches import NINE_TENTHS, at, china, person, quota

from bot.core.counting import OFF
from bot.core.money import Penalty
from bot.core.people import Departments
from bot.core.periods import PeriodKind, parse_period
from bot.core.rulebook import Rulebook
from bot.features.standings.load import load_standings_in
from bot.services import Directory, Services
from bot.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "bot.db")
    yield store
    store.close()


def penalties(store: Store, *names: str, when: str, cap: int) -> dict[str, int | None]:
    """What jia is to pay in the periods called *names*, by quota and period."""
    flat = Penalty(flat=300)
    book = Rulebook.of(
        [quota(5, id="month", penalty=flat), quota(5, id="quarter", period=PeriodKind.QUARTER, penalty=flat)]
    )
    config = SimpleNamespace(
        work_calendar=china,
        campaigns=(),
        core_integrity=lambda: OFF,
        core_quotas=tuple,
        money=SimpleNamespace(cap_per_month=cap),
        messages=SimpleNamespace(behind_threshold=NINE_TENTHS),
    )
    services = SimpleNamespace(
        config=config,
        store=store,
        clock=SimpleNamespace(now=lambda: at(when)),
        directory=Directory(people=(person(),), departments=Departments()),
        people=None,
    )
    quota_periods = [
        quota_period for name in names for quota_period in book.periods_named(parse_period(name))
    ]
    shown = load_standings_in(cast(Services, services), quota_periods, at=at(when), book=book, stored=False)
    return {f"{row.quota} {row.period}": row.penalty for row in shown.rows}


@pytest.mark.parametrize(
    ("names", "cap", "wanted"),
    [
        pytest.param(("2026-Q4",), 0, {"quarter 2026-Q4": 300}, id="no cap"),
        pytest.param(("2026-Q4",), 500, {"quarter 2026-Q4": 200}, id="the quarter, which stands later"),
        pytest.param(("2026-12",), 500, {"month 2026-12": 300}, id="the month, seen alone"),
        pytest.param(
            ("2026-Q4", "2026-12"), 500, {"month 2026-12": 300, "quarter 2026-Q4": 200}, id="both at once"
        ),
        pytest.param(("2026-11",), 500, {"month 2026-11": 300}, id="another month"),
    ],
)
def test_whatever_is_asked_for_the_same_is_cut(
    store: Store, names: tuple[str, ...], cap: int, wanted: dict[str, int]
) -> None:
    assert penalties(store, *names, when="2027-01-01T00:00", cap=cap) == wanted
