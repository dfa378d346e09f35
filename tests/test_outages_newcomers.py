"""Whoever comes onto the roster after the comparison that repaired an outage lacks their events of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.e2e import FakeTime, add_customers, at, installation, outbox_rows, write_config, write_roster

from bot.app.bootstrap import refresh_directory
from bot.core.sync import NOT_IN_DIRECTORY, UNLICENSED
from bot.features.outages import gaps
from bot.features.outages.catch_up import begin_if_due
from bot.services import Services
from bot.store.sync import SyncReportLine
from scheduler.runs import tick

MONDAY, TUESDAY = "2026-11-23", "2026-11-24"
ROSTER = ("yg01,员工甲,1,客户经理,,,,", "yg02,员工乙,1,客户经理,,,,")
BUSY = "WeCom answered -1 (system error)"


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime(at(f"{MONDAY}T08:00"))


@pytest.fixture
def services(tmp_path: Path, clock: FakeTime, place: Path | str) -> Iterator[Services]:
    """An installation that was started before, on one clock for everybody, on each engine."""
    write_roster(tmp_path, *ROSTER)
    store = place if isinstance(place, str) else f"sqlite:///{place}"
    with installation(write_config(tmp_path, store=store), clock) as services:
        tick(services)
        compared(services, f"{MONDAY}T08:00")
        yield services


def s(text: str) -> int:
    return int(at(text).timestamp())


def compared(
    services: Services,
    when: str,
    *,
    read: tuple[str, ...] = ("yg01", "yg02"),
    **lines: tuple[str, str],
) -> None:
    """A comparison began at *when* and came to its end; *lines*: members with cause and text."""
    syncs = services.store.syncs
    with services.store.transaction():
        run = syncs.begin(began_at=s(when), real_began_at=s(when), accepts_losses=False)
        syncs.put_batches([read])
        for userid in read:
            services.store.engine.run("sync_judged", userid=userid, living=0, losses=0)
        syncs.put_report_lines(
            run,
            [
                SyncReportLine(cause=cause, userid=userid, number=1, text=text)
                for userid, (cause, text) in lines.items()
            ],
        )
        syncs.end(run, ended_at=run.began_at + 60)


def refused(services: Services, began: str, *, minutes: int = 5) -> None:
    services.store.outages.add(s(began), s(began) + 60 * minutes, reason="refused", holder="a:1")


def comes(services: Services, clock: FakeTime, when: str, *, joined_on: str = "") -> None:
    """Somebody new stands in the roster from *when* on."""
    clock.set(when)
    folder = services.config.file.parent
    write_roster(folder, *ROSTER, f"new,新员工,1,客户经理,,{joined_on},,")
    refresh_directory(services)


def members(services: Services) -> frozenset[str] | None:
    """Return whose figures are incomplete now."""
    found = gaps.find_gap_now(services)
    assert found is None or found.members is not None
    return None if found is None else found.members


@pytest.mark.parametrize(
    ("outage", "joined_on", "incomplete"),
    [
        pytest.param(f"{MONDAY}T09:00", "", {"new"}, id="an outage on their first day"),
        pytest.param(f"{MONDAY}T09:00", TUESDAY, None, id="before their first day"),
        pytest.param("2026-11-20T09:00", "", None, id="before the day on which they were first read"),
        pytest.param("2026-11-20T09:00", "2026-11-20", {"new"}, id="they are said to have been there"),
        pytest.param(None, "", None, id="no outage: an ordinary newcomer"),
    ],
)
def test_a_newcomer_lacks_the_outages_since_their_first_day(
    services: Services, clock: FakeTime, outage: str | None, joined_on: str, incomplete: set[str] | None
) -> None:
    if outage:
        refused(services, outage)
    compared(services, f"{MONDAY}T09:30")
    comes(services, clock, f"{MONDAY}T10:05", joined_on=joined_on)

    assert members(services) == incomplete


def test_only_they_are_left_out_and_no_comparison_begins_by_day(services: Services, clock: FakeTime) -> None:
    refused(services, f"{MONDAY}T09:00")
    compared(services, f"{MONDAY}T09:30")
    comes(services, clock, f"{MONDAY}T10:05", joined_on="2026-11-02")
    for userid in ("yg01", "yg02", "new"):
        add_customers(services, userid, at(f"{MONDAY}T10:30"))
    before = services.store.runs.newest("sync")
    for moment in ("11:30", "14:00", "16:37"):
        clock.set(f"{MONDAY}T{moment}")
        begin_if_due(services)
        tick(services)

    assert services.store.runs.newest("sync") == before
    reminded = {row["to_userid"] for row in outbox_rows(services) if row["job"] == "reminder"}
    assert reminded == {"yg01", "yg02"}


def test_beside_somebody_whose_list_could_not_be_read_a_comparison_begins(
    services: Services, clock: FakeTime
) -> None:
    refused(services, f"{MONDAY}T09:00")
    compared(services, f"{MONDAY}T09:30", read=("yg01", "boss"), yg02=("unknown", BUSY))
    comes(services, clock, f"{MONDAY}T10:05")
    clock.set(f"{MONDAY}T11:30")
    begin_if_due(services)
    newest = services.store.runs.newest("sync")

    assert members(services) == {"new", "yg02"}
    assert newest is not None
    assert newest["fire_at"] == s(f"{MONDAY}T11:30")


@pytest.mark.parametrize(
    ("when", "read", "lines"),
    [
        pytest.param(f"{MONDAY}T11:00", ("new",), {}, id="by hand on the same day"),
        pytest.param(f"{TUESDAY}T02:17", ("new",), {}, id="in the night"),
        pytest.param(f"{TUESDAY}T02:17", (), {}, id="WeCom does not list them at all"),
        pytest.param(f"{MONDAY}T11:00", (), {"new": ("unknown", UNLICENSED)}, id="without a licence"),
    ],
)
def test_the_next_comparison_that_knows_them_completes_them(
    services: Services,
    clock: FakeTime,
    when: str,
    read: tuple[str, ...],
    lines: dict[str, tuple[str, str]],
) -> None:
    refused(services, f"{MONDAY}T09:00")
    compared(services, f"{MONDAY}T09:30")
    comes(services, clock, f"{MONDAY}T10:05")
    before = members(services)
    compared(services, when, read=("yg01", "yg02", *read), **lines)
    clock.set(when)

    assert (before, members(services)) == ({"new"}, None)


def test_whoever_comes_back_after_the_comparison_lacks_what_it_did_not_read(
    services: Services, clock: FakeTime
) -> None:
    """They were known, had left, and the roster takes them in again."""
    folder = services.config.file.parent
    write_roster(folder, ROSTER[0], "yg02,员工乙,1,客户经理,,,2026-11-20,")
    refresh_directory(services)
    refused(services, f"{MONDAY}T09:00")
    compared(services, f"{MONDAY}T09:30", read=("yg01",), yg02=("frozen", NOT_IN_DIRECTORY))
    still_away = members(services)
    clock.set(f"{MONDAY}T10:05")
    write_roster(folder, ROSTER[0], "yg02,员工乙,1,客户经理,,,,")
    refresh_directory(services)

    assert (still_away, members(services)) == (None, {"yg02"})
