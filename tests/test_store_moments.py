"""A start looks for moments that lie ahead without reading large tables, and mends all if it finds one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.e2e import FakeTime, at, change, installation, rows_of, where, write_config, write_roster

from bot.clock import RealClock
from bot.features.outages import clock
from bot.services import Services
from bot.store.engine import StoreBusyError
from bot.store.moments import _SMALL, PLAYED, REAL

NOW = at("2026-11-24T09:07")
LATER = int(NOW.timestamp()) + 8 * 3600
EVENT = (
    "INSERT INTO relation_events (userid, external_userid, at, kind, origin, state, recorded_at) "
    f"VALUES ('yg01', 'wm', 1, 'added', 'callback', '', {LATER})"
)
SEEN = {
    "a mark": f"UPDATE marks SET value = '{LATER}' WHERE name = 'first_start'",
    "a lease": f"INSERT INTO leases (name, holder, until) VALUES ('facts', 'other', {LATER})",
    "an event": (
        "INSERT INTO inbox (hash, received_at, body, state) VALUES ('h', "
        f"{LATER}, CAST('<xml/>' AS {{bytes}}), 'done')"
    ),
    "a firing": f"INSERT INTO runs (job, fire_at, state, planned_at) VALUES ('digest', 1, 'done', {LATER})",
}


@pytest.fixture
def services(place: Path | str, tmp_path: Path) -> Iterator[Services]:
    write_roster(tmp_path, "yg01,员工甲,1,客户经理,,,,")
    store = place if isinstance(place, str) else f"sqlite:///{place}"
    with installation(write_config(tmp_path, store=store), FakeTime(NOW)) as opened:
        opened.store.marks.put("first_start", str(int(NOW.timestamp())))
        yield opened


def asked(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put the store right; return the names of the statements that it took."""
    names: list[str] = []
    engine = services.store.engine
    for way in ("one", "run", "all"):

        def noted(name: str, /, way: object = getattr(engine, way), **values: object) -> object:
            names.append(name)
            assert callable(way)
            return way(name, **values)

        monkeypatch.setattr(engine, way, noted)
    clock.put_right(services)
    return names


def test_a_start_after_an_honest_clock_reads_small_tables_only(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = [(table, column) for table, column in (*REAL, *PLAYED) if table not in _SMALL]
    large = {f"moments_{way}{table}_{column}" for table, column in columns for way in ("", "has_")}
    names = asked(services, monkeypatch)

    assert "moments_newest" in names
    assert not {*large, "moments_latest"} & set(names)


@pytest.mark.parametrize("seen", SEEN)
def test_what_an_early_clock_left_anywhere_shows_all_that_it_left(services: Services, seen: str) -> None:
    is_postgres = isinstance(where(services), str)
    change(services, EVENT)
    change(services, SEEN[seen].replace("{bytes}", "BYTEA" if is_postgres else "BLOB"))
    clock.put_right(services)

    (row,) = rows_of(where(services), "SELECT recorded_at FROM relation_events")
    assert row["recorded_at"] == int(NOW.timestamp())


def test_a_clock_that_is_not_set_yet_changes_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is behind everything that the store has: to put that right would move it all to 2000."""
    assert isinstance(services.clock, FakeTime)
    change(services, SEEN["a firing"])
    services.store.marks.put("receiving", str(LATER))
    services.clock.set("2000-01-01T00:00")
    before = rows_of(where(services), "SELECT * FROM marks"), rows_of(where(services), "SELECT * FROM runs")
    monkeypatch.setattr(RealClock, "now", lambda _clock: at("2000-01-01T00:00"))

    with pytest.raises(StoreBusyError, match="2000-01-01"):
        clock.put_right(services)
    clock.look_at_clock(services)

    after = rows_of(where(services), "SELECT * FROM marks"), rows_of(where(services), "SELECT * FROM runs")
    assert after == before
