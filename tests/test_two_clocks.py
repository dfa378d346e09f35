"""The service's clock and real time are two: whatever compares moments compares those of one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from builders.copy import put_events
from builders.docs import LANGUAGES, section
from builders.e2e import ROOT, FakeTime, add_customers, at, installation, rows_of, write_config, write_roster
from builders.service import contact_event

from bot.core.outages import SILENCE
from bot.core.relations import RelationEvent, RelationKind
from bot.core.workdays import epoch_of
from bot.features.admin import Wrong
from bot.features.outages import catch_up, gaps, silence
from bot.services import Services
from bot.store.data_map import Holds, data_map
from bot.store.outbox import OutboxMessage
from bot.store.store import Store
from bot.store.sync import SyncReportLine, SyncRun
from bot.wecom.welcome import Greeting
from handlers.inbox import work_off
from scheduler.admin import wrong

PLAYED = at("2026-11-23T09:07")  # a Monday, by the service's clock
REAL = at("2031-05-01T03:00").timestamp()
HOUR, DAY = 3600, 86_400
_MOMENT = re.compile(r"(^|_)(at|until|since|before|as_of)$")
_OF_WECOM = "createtime"  # WeCom's own word for a moment
FACTS = """[[quotas]]
id = "cm"
roles = ["客户经理"]
period = "month"
target = 5
[quotas.counting]
required_facts = ["account"]
"""


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime(PLAYED)


@pytest.fixture
def services(tmp_path: Path, clock: FakeTime) -> Iterator[Services]:
    """An installation whose clocks are five years apart, as in a demo of another day."""
    write_roster(
        tmp_path, "yg01,员工甲,1,客户经理,,,,", "yg02,员工乙,1,客户经理,,,,", "boss,主管甲,1,主管,1,,,"
    )
    more = '[admins]\nuserids = ["boss"]\n[welcome]\nenabled = true\n'
    config = write_config(tmp_path, quotas=FACTS, more=more)
    with installation(config, clock, real_time=lambda: REAL) as opened:
        yield opened


def compared(services: Services, *, seconds_ago: int, unread: str = "") -> SyncRun:
    """A comparison that began so long ago by either clock; it could not read the list of *unread*."""
    syncs, began_at = services.store.syncs, epoch_of(services.clock.now()) - seconds_ago
    with services.store.transaction():
        run = syncs.begin(began_at=began_at, real_began_at=int(REAL) - seconds_ago, accepts_losses=False)
        read = [userid for userid in ("yg01", "yg02", "yg03") if userid != unread]
        syncs.put_batches([read])
        for userid in read:
            services.store.engine.run("sync_judged", userid=userid, living=0, losses=0)
        if unread:
            syncs.put_report_lines(
                run, [SyncReportLine(cause="unknown", userid=unread, number=1, text="busy")]
            )
        syncs.end(run, ended_at=int(REAL) - seconds_ago + 60)
    return run


def refused(services: Services, *, seconds_ago: int) -> int:
    """Callbacks were answered 503 for five minutes; when that began, in real time."""
    began = int(REAL) - seconds_ago
    services.store.outages.add(began, began + 300, reason="refused", holder="a:1")
    return began


def test_a_moment_of_one_clock_has_its_place_on_the_other(services: Services) -> None:
    played = epoch_of(PLAYED) - HOUR

    assert services.real_of(played) == REAL - HOUR
    assert services.moment_of(services.real_of(played)) == played


@pytest.mark.parametrize(
    ("seconds_ago", "is_covered"),
    [pytest.param(2 * HOUR, False, id="before the outage"), pytest.param(HOUR, True, id="after it")],
)
def test_a_comparison_covers_an_outage_that_was_before_it_in_real_time(
    services: Services, *, seconds_ago: int, is_covered: bool
) -> None:
    refused(services, seconds_ago=HOUR + 1200)
    compared(services, seconds_ago=seconds_ago)

    assert (gaps.find_gap(services.store, now=int(REAL)) is None) is is_covered


def test_a_member_is_missing_since_his_own_list_was_read_in_real_time(services: Services) -> None:
    compared(services, seconds_ago=3 * HOUR)
    began = refused(services, seconds_ago=2 * HOUR)
    compared(services, seconds_ago=HOUR, unread="yg02")

    found = gaps.find_gap(services.store, now=int(REAL))

    assert found is not None
    assert (found.members, found.since) == ({"yg02"}, began)


def test_the_store_of_an_earlier_version_has_one_time_for_a_run(services: Services) -> None:
    run = compared(services, seconds_ago=HOUR)
    for mark in ("sync_real_began", "sync_real_covered"):
        services.store.marks.clear(mark)

    last = services.store.syncs.last()

    assert last is not None
    assert last.real_began_at == run.began_at == services.store.syncs.real_covered(now=int(REAL))
    assert set(services.store.syncs.real_readings().values()) == {run.began_at}


def test_real_beginnings_are_kept_only_as_long_as_somebody_asks_for_them(services: Services) -> None:
    for seconds_ago in (9 * HOUR, 8 * HOUR, 7 * HOUR):
        compared(services, seconds_ago=seconds_ago)

    assert (services.store.marks.get("sync_real_began") or "").count("[") == 2  # the list and the newest


def test_a_close_asks_what_was_lost_before_its_settlement_in_real_time(
    services: Services, clock: FakeTime
) -> None:
    clock.moment = at("2026-12-08T08:42")  # the settlement of November was a little before
    add_customers(services, "yg01", at("2026-11-03T10:00"))  # the record begins with the month
    (settled,) = {services.real_of(one) for one in catch_up._settlements(services, at=clock.moment)}
    services.store.outages.add(settled + 60, settled + 360, reason="refused", holder="a:1")
    after = catch_up.gap_of(services, "close", at=clock.moment)
    services.store.outages.add(settled - 360, settled - 60, reason="refused", holder="a:1")
    before = catch_up.gap_of(services, "close", at=clock.moment)

    assert after is None
    assert before is not None
    assert before.since == settled - 360


@pytest.mark.parametrize("found_s", [pytest.param(None, id="nothing"), pytest.param(-60, id="before it")])
def test_a_silence_was_none_when_a_comparison_found_nothing_of_it(
    services: Services, found_s: int | None
) -> None:
    began = int(REAL) - HOUR
    services.store.outages.add(began, int(REAL) - 60, reason=SILENCE, holder="")
    if found_s is not None:
        found(services, at_s=epoch_of(PLAYED) - HOUR + found_s)

    silence.after_comparing(services, compared(services, seconds_ago=0))

    assert services.store.outages.since(0) == []


def test_a_silence_stays_on_record_when_a_comparison_found_what_was_lost_in_it(services: Services) -> None:
    began = int(REAL) - HOUR
    services.store.outages.add(began, int(REAL) - 60, reason=SILENCE, holder="")
    found(services, at_s=epoch_of(PLAYED) - HOUR + 60)

    silence.after_comparing(services, compared(services, seconds_ago=0))

    assert [row["began_at"] for row in services.store.outages.since(0)] == [began]


def found(services: Services, *, at_s: int) -> None:
    """A comparison wrote an add of *at_s*, by the service's clock."""
    fact = RelationEvent(userid="yg01", external_userid="wm1", at=at_s, kind=RelationKind.ADDED)
    with services.store.transaction():
        services.store.ledger.append_all([fact], origin="sync", recorded_at=int(REAL))


def test_administrators_hear_what_happened_since_the_workday_before_by_its_own_clock(
    services: Services,
) -> None:
    weekend = int(timedelta(days=3).total_seconds())  # the same time of the workday before is Friday's
    for key, seconds_ago in (("new", weekend - 60), ("old", weekend + 60)):
        message = OutboxMessage(
            key=key, job="progress", to_userid=key, content=key, msgtype="text", not_before=0, expires_at=9
        )
        services.store.outbox.add(message, created_at=0)
        row = services.store.outbox.by_key(key)
        assert row is not None
        services.store.outbox.finish(
            row["seq"], state="failed", now=int(REAL) - seconds_ago, receipt='{"errcode": 82004}'
        )

    told = {one.what: one.names for one in wrong(services, at=PLAYED)}

    assert told[Wrong.UNREACHED] == ("new",)


@pytest.mark.parametrize(("days", "told"), [(6, None), (8, 8)])
def test_the_age_of_facts_is_told_by_the_service_s_clock(
    services: Services, days: int, told: int | None
) -> None:
    services.store.marks.put("facts_imported_at", str(epoch_of(PLAYED) - days * DAY))

    old = {one.what: one.n for one in wrong(services, at=PLAYED)}

    assert old.get(Wrong.OLD_FACTS) == told


@pytest.mark.parametrize(("age_s", "greetings"), [(16, 1), (20, 0)], ids=["in time", "late"])
def test_a_welcome_code_has_its_age_by_wecom_s_own_clock(
    services: Services, age_s: int, greetings: int
) -> None:
    greeted: list[Greeting] = []
    services.greet = greeted.append
    extra = "<WelcomeCode><![CDATA[WC1]]></WelcomeCode>"
    event = contact_event(
        "add_external_contact", userid="yg01", customer="wm1", at=epoch_of(PLAYED) - age_s, extra=extra
    )
    put_events(services.store, [event])

    work_off(services)

    assert [one.happened_at for one in greeted] == [int(REAL) - age_s] * greetings


# --- every moment says whose it is ---


def test_each_stored_moment_has_a_clock_in_the_data_map(tmp_path: Path) -> None:
    told = {
        f"{table.name}.{name}"
        for table in data_map().values()
        for name in table.names(Holds.MOMENT, Holds.REAL)
        if name != _OF_WECOM
    }
    Store(tmp_path / "bot.db").close()
    columns = rows_of(
        tmp_path / "bot.db",
        "SELECT tables.name AS room, columns.name AS name, columns.type AS type"
        " FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
        " WHERE tables.type = 'table'",
    )
    kept = {
        f"{one['room']}.{one['name']}"
        for one in columns
        if one["type"] == "BIGINT" and _MOMENT.search(one["name"])
    }

    assert kept
    assert sorted(told) == sorted(kept)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_mark_of_a_moment_has_a_clock_in_the_documentation(language: str) -> None:
    told = set(re.findall(r"`(\w+)`", section("data-flow", "Two clocks", language).rpartition(".md)")[2]))
    rooms = ("bot", "handlers", "scheduler")
    code = "".join(path.read_text(encoding="utf-8") for room in rooms for path in (ROOT / room).rglob("*.py"))

    assert len(told) == 11
    assert [mark for mark in told if f'"{mark}"' not in code] == []
