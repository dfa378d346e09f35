"""A silence of WeCom in working hours is on record, shown, and over with the next callback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from builders.e2e import CHINA, FakeTime, at, installation, write_config, write_roster

from bot.core.relations import RelationEvent, RelationKind
from bot.core.sync import ORIGIN
from bot.features.health import Health
from bot.features.outages import gaps
from bot.features.outages import silence as outages_silence
from bot.features.outages.catch_up import begin_if_due
from bot.features.outages.silence_rules import CallbackHistory, note_callback
from bot.services import Services
from bot.store.sync import SyncReportLine, SyncRun

TODAY = "2026-11-23"
LAST = f"{TODAY}T10:00"
EVERY_MIN = 30  # so that an hour is what is plausible


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime(at(f"{TODAY}T10:01"))


@pytest.fixture
def services(tmp_path: Path, clock: FakeTime) -> Iterator[Services]:
    with listened(tmp_path, clock, "sqlite:///quotabot.db") as opened:
        yield opened


@pytest.fixture
def on_both(tmp_path: Path, clock: FakeTime, place: Path | str) -> Iterator[Services]:
    """The same, on each engine."""
    with listened(tmp_path, clock, place if isinstance(place, str) else f"sqlite:///{place}") as opened:
        yield opened


@contextmanager
def listened(folder: Path, clock: FakeTime, store: str) -> Iterator[Services]:
    """An installation with six working days of callbacks behind it, the last one at ten today."""
    write_roster(folder, "yg01,员工甲,1,客户经理,,,,")
    with installation(write_config(folder, store=store), clock) as opened:
        outages_silence.remember(opened, past(opened))
        come(opened, LAST)
        outages_silence.look(opened)
        yield opened


def past(services: Services) -> CallbackHistory:
    """Six working days with a callback each half an hour, and somebody who looked."""
    calendar, heard = services.config.work_calendar(), None
    for day in calendar.workdays_between(date(2026, 11, 13), date(2026, 11, 20)):
        moment = datetime(day.year, day.month, day.day, 8, 30, tzinfo=CHINA)
        while moment.hour < 18:
            last = int(moment.timestamp())
            if heard is not None:
                heard = note_callback(heard, last=heard.last, now=last - 30, calendar=calendar)
            heard = note_callback(heard, last=last, now=last + 30, calendar=calendar)
            moment += timedelta(minutes=EVERY_MIN)
    assert heard is not None
    return heard


def come(services: Services, when: str) -> None:
    """A callback came."""
    row = {"hash": f"hash of {when}", "body": b"<xml/>", "received_at": s(when)}
    with services.store.transaction():
        services.store.engine.run_many("inbox_add", [row])


def look_at(services: Services, clock: FakeTime, *times: str) -> None:
    for text in times:
        clock.set(f"{TODAY}T{text}")
        outages_silence.look(services)


def s(text: str) -> int:
    return int(at(text).timestamp())


def on_record(services: Services) -> list[tuple[str, str, str]]:
    zone = services.config.calendar.timezone
    return [
        (
            row["reason"],
            f"{datetime.fromtimestamp(row['began_at'], zone):%H:%M}",
            f"{datetime.fromtimestamp(row['ended_at'], zone):%H:%M}",
        )
        for row in services.store.outages.since(0)
    ]


def silence(services: Services) -> int | None:
    found = gaps.find_silence(services.store, now=int(services.store.now()))
    return None if found is None else found.began_at


def test_a_silence_begins_with_the_last_callback_and_ends_with_the_next(
    on_both: Services, clock: FakeTime
) -> None:
    look_at(on_both, clock, "11:00")
    plausible = silence(on_both)
    look_at(on_both, clock, "11:01", "11:30")
    silent = silence(on_both)
    come(on_both, f"{TODAY}T11:40")
    spoken = silence(on_both)
    look_at(on_both, clock, "11:41")

    assert (plausible, silent, spoken) == (None, s(LAST), None)
    assert on_record(on_both) == [("silence", "10:00", "11:40")]


def test_monitors_are_told_while_it_lasts(services: Services, clock: FakeTime) -> None:
    health = Health(services.store, probe=lambda: None, real_time=clock)
    look_at(services, clock, "11:00")
    before = health.report()["degraded"]
    look_at(services, clock, "12:00")
    while_it_lasts = health.report()
    come(services, f"{TODAY}T12:05")
    after = health.report()["degraded"]

    assert before == []
    assert while_it_lasts["ready"]
    assert [one["part"] for one in while_it_lasts["degraded"]] == ["silence", "catch_up"]
    assert "120 min" in while_it_lasts["degraded"][0]["problem"]
    assert [one["part"] for one in after] == ["catch_up"]  # what it hid is not made good yet


def test_an_installation_that_has_heard_little_is_never_alarmed(services: Services, clock: FakeTime) -> None:
    services.store.marks.clear("heard")
    look_at(services, clock, "10:30", "12:00", "17:00")

    assert on_record(services) == []


def test_before_the_first_callback_nobody_is_alarmed(tmp_path: Path, clock: FakeTime) -> None:
    write_roster(tmp_path, "yg01,员工甲,1,客户经理,,,,")
    with installation(write_config(tmp_path), clock) as opened:
        look_at(opened, clock, "10:30", "17:00")

        assert on_record(opened) == []


def test_after_a_downtime_the_silence_counts_from_its_end(services: Services, clock: FakeTime) -> None:
    services.store.outages.add(s(f"{TODAY}T10:10"), s(f"{TODAY}T13:00"), reason="down", holder="a:1")
    look_at(services, clock, "13:01", "14:00")
    plausible = silence(services)
    look_at(services, clock, "14:01")

    assert (plausible, silence(services)) == (None, s(f"{TODAY}T13:00"))


def test_one_process_listens_and_another_takes_over(
    services: Services, clock: FakeTime, tmp_path: Path
) -> None:
    with installation(tmp_path / "config.toml", clock) as other:
        clock.set(f"{TODAY}T10:02")
        outages_silence.look(other)
        left_to_the_first = services.store.leases.get(outages_silence.LEASE, now=int(clock()))
        look_at(other, clock, "11:30", "11:40")

        assert left_to_the_first is not None
        assert left_to_the_first["holder"] == services.holder
        assert on_record(services) == [("silence", "10:00", "11:40")]


# --- what a comparison says of it ---


def done(services: Services, when: str, *, found_at: str = "", cause: str = "", text: str = "") -> SyncRun:
    """A comparison that began at *when*; *found_at*: when the add that it found began."""
    store = services.store
    with store.transaction():
        run = store.syncs.begin(
            began_at=s(f"{TODAY}T{when}"), real_began_at=s(f"{TODAY}T{when}"), accepts_losses=False
        )
        if found_at:
            fact = RelationEvent(
                userid="yg01", external_userid="wm1", at=s(f"{TODAY}T{found_at}"), kind=RelationKind.ADDED
            )
            store.ledger.append(fact, origin=ORIGIN, recorded_at=0)
        if cause:
            store.syncs.put_report_lines(
                run, [SyncReportLine(cause=cause, userid="yg01", number=12, text=text)]
            )
        store.syncs.end(run, ended_at=run.began_at + 60)
    return run


@pytest.mark.parametrize(
    ("when", "found", "is_one"),
    [
        pytest.param("11:31", {}, False, id="WeCom had nothing to tell"),
        pytest.param("11:31", {"found_at": "09:00"}, False, id="what it found is older"),
        pytest.param("11:31", {"found_at": "10:30"}, True, id="something had happened"),
        pytest.param("11:31", {"cause": "held"}, True, id="losses wait for a person: who knows"),
        pytest.param("11:31", {"cause": "unknown", "text": "busy"}, True, id="not all lists were read"),
        pytest.param("10:05", {}, True, id="it says nothing of that time"),
    ],
)
def test_a_comparison_that_finds_nothing_of_it_ends_the_alarm(
    on_both: Services, clock: FakeTime, when: str, found: dict[str, str], is_one: bool
) -> None:
    look_at(on_both, clock, "11:30", "11:35")
    outages_silence.after_comparing(on_both, done(on_both, when, **found))

    assert (silence(on_both) is not None) is is_one
    assert bool(on_record(on_both)) is is_one


def test_after_such_a_false_alarm_the_next_one_takes_as_long_again(
    services: Services, clock: FakeTime
) -> None:
    look_at(services, clock, "11:30")
    outages_silence.after_comparing(services, done(services, "11:30"))
    look_at(services, clock, "12:20")
    plausible = silence(services)
    look_at(services, clock, "12:21")

    assert (plausible, silence(services)) == (None, s(f"{TODAY}T11:20"))


def test_while_it_lasts_lists_are_compared_each_hour(services: Services, clock: FakeTime) -> None:
    asked = []
    look_at(services, clock, "11:30")
    for text in ("11:30", "12:29", "12:30"):
        clock.set(f"{TODAY}T{text}")
        begin_if_due(services)
        row = services.store.runs.newest("sync")
        assert row is not None
        asked.append(row["fire_at"])
        services.store.runs.miss("sync", row["fire_at"], now=int(clock()))

    assert asked == [s(f"{TODAY}T11:30"), s(f"{TODAY}T11:30"), s(f"{TODAY}T12:30")]
