"""A changed userid with a roster alone, and in periods that are closed."""

from __future__ import annotations

from pathlib import Path

from builders.e2e import FakeTime, add_customers, at, installation, write_config, write_roster

from bot.app.bootstrap import record_files, refresh_directory
from bot.features.close import results, settle
from bot.features.ledger.derive import derive
from bot.features.renames.rename import find_faults, rename
from bot.features.standings.load import load_standings

FIRST, NOW = "2026-11-02T02:17", "2026-11-13T10:00"
QUOTA = '[[quotas]]\nid = "named"\nuserids = ["yg01"]\nperiod = "month"\ntarget = 20\n'


def test_with_a_roster_alone_the_new_roster_comes_first(tmp_path: Path, place: Path | str) -> None:
    write_roster(tmp_path, "yg01,员工甲,11,,,2026-11-03,,")
    url = f"sqlite:///{place}" if isinstance(place, Path) else place
    clock = FakeTime(at(FIRST))
    with installation(write_config(tmp_path, store=url, quotas=QUOTA), clock) as services:
        add_customers(services, "yg01", at("2026-11-03T10:00"))
        clock.set(NOW)
        too_early = find_faults(services, [("yg01", "zs")])
        write_roster(tmp_path, "zs,员工甲,11,,,,,")
        refresh_directory(services)

        rename(services, [("yg01", "zs")], "HR")
        derive(services)

        (row,) = load_standings(services, at=at("2026-11-20T18:00")).rows
        assert too_early == ["the roster still has yg01: replace the roster first"]
        assert (row.userid, row.gross) == ("zs", 1)  # the frozen rule that named yg01 names zs


def test_signed_lines_stay_as_they_were_and_are_shown_under_the_new_userid(
    tmp_path: Path, place: Path | str
) -> None:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    url = f"sqlite:///{place}" if isinstance(place, Path) else place
    clock = FakeTime(at("2026-10-01T08:00"))
    with installation(write_config(tmp_path, store=url), clock) as services:
        add_customers(services, "yg01", at("2026-10-03T10:00"), at("2026-10-04T10:00"))
        clock.set("2026-11-02T09:00")
        settle.close_due(services, at=clock.now())
        clock.set("2026-11-12T09:00")
        write_roster(tmp_path, "zs,员工甲,11,客户经理,,,,")
        refresh_directory(services)
        record_files(services, now=clock.now())
        rename(services, [("yg01", "zs")], "HR")
        derive(services)

        signed, _ = results.sign(services, "cm-monthly", "2026-10", by="HR", at=clock.now())
        rows = load_standings(services, at=clock.now(), period="2026-10").rows
        (closed,) = services.store.results.closed()

        assert signed == ["zs"]
        assert [(row.userid, row.counted) for row in rows] == [("zs", 2)]
        assert (closed.people, closed.final) == (1, 1)
        assert results.list_corrections(services, "cm-monthly", "2026-10", at=clock.now()) == []
