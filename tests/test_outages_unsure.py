"""Nobody is told figures as if they were whole while they may lack something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.e2e import FakeTime, add_customers, at, installation, rows_of, where, write_config, write_roster

from bot.core.renames import Overlap
from bot.services import Services
from bot.store.sync import SyncReportLine
from scheduler.planner import plan, plan_pieces, prepare

MONDAY = "2026-11-23"
REMINDER = at(f"{MONDAY}T16:37")
QUOTA = '[[quotas]]\nid = "cm-monthly"\nroles = ["客户经理"]\nperiod = "month"\ntarget = 12\n'
BUSY = "WeCom answered -1 (system error)"
ROSTER = (
    "behind,员工甲,11,客户经理,,,,",
    "behind2,员工乙,11,客户经理,,,,",
    "done,员工丙,11,客户经理,,,,",
    "done2,员工丁,11,客户经理,,,,",
    "rest,员工戊,11,客户经理,,,,",
    "boss,主管甲,11,主管,11,,,",
)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Two who are behind and two who are done, on one clock."""
    clock = FakeTime(REMINDER)
    write_roster(tmp_path, *ROSTER)
    with installation(write_config(tmp_path, quotas=QUOTA), clock) as opened:
        opened.store.now = clock  # type: ignore[method-assign]  # one clock for everybody
        today = at(f"{MONDAY}T10:00")
        for userid in ("behind", "behind2"):
            add_customers(opened, userid, at("2026-11-10T10:00"))
        for userid in ("done", "done2"):
            add_customers(opened, userid, *[today] * 12)
        yield opened


def told(services: Services) -> set[str]:
    """Who gets a reminder or a statement, from what was prepared and from nothing (a dry run)."""
    prepare(services, "reminder", at=REMINDER)
    pieces = plan_pieces(services, "reminder", at=REMINDER, keep=True)
    keys = {message.key for piece in pieces for to_one in piece.people for message in to_one}
    assert keys == {message.key for message in plan(services, "reminder", at=REMINDER)}
    return keys


def key(job: str, userid: str) -> str:
    return f"{job}:{MONDAY}:{userid}"


def test_of_those_whose_figures_are_whole_everybody_is_told(services: Services) -> None:
    assert told(services) == {
        *(key("reminder", userid) for userid in ("behind", "behind2", "rest")),
        *(key("statement", userid) for userid in ("done", "done2")),
    }


def test_whose_list_could_not_be_read_after_an_outage_is_told_nothing(services: Services) -> None:
    store = services.store
    store.outages.add(
        int(at(f"{MONDAY}T15:00").timestamp()),
        int(at(f"{MONDAY}T15:05").timestamp()),
        reason="refused",
        holder="a:1",
    )
    with store.transaction():
        began = int(at(f"{MONDAY}T15:20").timestamp())
        run = store.syncs.begin(began_at=began, real_began_at=began, accepts_losses=False)
        read = ["behind", "done", "rest", "boss"]
        store.syncs.put_batches([read])
        for userid in read:
            store.engine.run("sync_judged", userid=userid, living=0, losses=0)
        store.syncs.put_report_lines(
            run,
            [
                SyncReportLine(cause="unknown", userid=one, number=1, text=BUSY)
                for one in ("behind2", "done2")
            ],
        )
        store.syncs.end(run, ended_at=run.began_at + 60)

    assert told(services) == {
        key("reminder", "behind"),
        key("reminder", "rest"),
        key("statement", "done"),
    }
    assert _statements(services) == 1


def _outage(services: Services) -> None:
    moments = (int(at(f"{MONDAY}T15:0{minute}").timestamp()) for minute in (0, 5))
    services.store.outages.add(*moments, reason="refused", holder="a:1")


def _compare(services: Services, moment: str, *userids: str) -> None:
    """Store a whole comparison that accounts for *userids*."""
    store, began = services.store, int(at(f"{MONDAY}T{moment}").timestamp())
    with store.transaction():
        run = store.syncs.begin(began_at=began, real_began_at=began, accepts_losses=False)
        store.syncs.put_batches([list(userids)])
        for userid in userids:
            store.engine.run("sync_judged", userid=userid, living=0, losses=0)
        store.syncs.end(run, ended_at=began + 60)


def test_who_was_renamed_after_the_comparison_is_told_nothing_until_the_next_one(services: Services) -> None:
    """Until the bank imports a rename, nobody asks for the list under the new userid."""
    everybody = [line.partition(",")[0] for line in ROSTER]
    _compare(services, "14:00", *everybody)
    _outage(services)
    _compare(services, "15:20", *(userid for userid in everybody if userid != "behind2"))
    with services.store.transaction():
        services.store.renames.put("old2", "behind2", at=int(at(f"{MONDAY}T16:00").timestamp()), by="HR")
    before = told(services)
    _compare(services, "16:20", *everybody)

    assert key("reminder", "behind2") not in before
    assert key("reminder", "behind") in before
    assert key("reminder", "behind2") in told(services)


def test_who_may_be_somebody_known_already_is_told_nothing(services: Services) -> None:
    with services.store.transaction():
        services.store.proposals.put(
            [
                Overlap(old_userid="old1", userid="behind2", same=3, living=3),
                Overlap(old_userid="old2", userid="done2", same=3, living=3),
            ],
            at=int(REMINDER.timestamp()),
        )

    assert told(services) == {
        key("reminder", "behind"),
        key("reminder", "rest"),
        key("statement", "done"),
    }
    assert _statements(services) == 1


def _statements(services: Services) -> int:
    """How many figures of a day have a code that is genuine."""
    return len(rows_of(where(services), "SELECT code FROM daily_statements"))
