"""After an outage: when a comparison begins, and which jobs wait for it, are held, or go and say so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import FakeTime, add_customers, at, installation, outbox_rows, write_config, write_roster

from bot.core.sync import FELL_OUT, UNLICENSED
from bot.features.health import Health
from bot.features.outages import catch_up, gaps
from bot.features.outages.catch_up import begin_if_due
from bot.services import Services
from bot.store.sync import SyncReportLine
from scheduler.runs import TRIES, tick

MONDAY = "2026-11-23"
REMINDER, DIGEST = f"{MONDAY}T16:37", f"{MONDAY}T17:48"
ROSTER = (
    "yg01,员工甲,1,客户经理,,,,",
    "yg02,员工乙,1,客户经理,,,,",
    "boss,主管甲,1,主管,1,,,",
)
BUSY = "WeCom answered -1 (system error)"


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime(at(f"{MONDAY}T08:00"))


@contextmanager
def opened(folder: Path, clock: FakeTime, **config: Any) -> Iterator[Services]:
    """An installation that was started before, on one clock for everybody."""
    write_roster(folder, *ROSTER)
    with installation(write_config(folder, **config), clock) as services:
        tick(services)  # the first start
        yield services


@pytest.fixture
def services(tmp_path: Path, clock: FakeTime) -> Iterator[Services]:
    with opened(tmp_path, clock) as services:
        yield services


@pytest.fixture
def on_both(tmp_path: Path, clock: FakeTime, place: Path | str) -> Iterator[Services]:
    """The same, on each engine."""
    store = place if isinstance(place, str) else f"sqlite:///{place}"
    with opened(tmp_path, clock, store=store) as services:
        yield services


def s(text: str) -> int:
    return int(at(text).timestamp())


def outage(services: Services, began: str, ended: str, reason: str = "refused") -> None:
    services.store.outages.add(s(f"{MONDAY}T{began}"), s(f"{MONDAY}T{ended}"), reason=reason, holder="a:1")


def compared(services: Services, when: str, *, read: tuple[str, ...] = (), **unread: str) -> None:
    """A comparison began at *when* and came to its end; *unread*: members with what was in the way."""
    syncs = services.store.syncs
    with services.store.transaction():
        run = syncs.begin(
            began_at=s(f"{MONDAY}T{when}"), real_began_at=s(f"{MONDAY}T{when}"), accepts_losses=False
        )
        syncs.put_batches([read])
        for userid in read:
            services.store.engine.run("sync_judged", userid=userid, living=0, losses=0)
        syncs.put_report_lines(
            run,
            [SyncReportLine(cause="unknown", userid=u, number=1, text=text) for u, text in unread.items()],
        )
        syncs.end(run, ended_at=run.began_at + 60)


def tick_at(services: Services, clock: FakeTime, *texts: str) -> None:
    for text in texts:
        clock.set(text if "T" in text else f"{MONDAY}T{text}")
        tick(services)


def firing(services: Services, job: str, when: str) -> tuple[str, str]:
    """(state, note) of a firing."""
    row = services.store.runs.get(job, s(when))
    return ("none", "") if row is None else (row["state"], row["error"])


def syncs_asked(services: Services) -> list[str]:
    """When comparisons were put up."""
    row = services.store.runs.newest("sync")
    zone = services.config.calendar.timezone
    return [] if row is None else [f"{datetime.fromtimestamp(row['fire_at'], zone):%H:%M}"]


def told(services: Services) -> list[str]:
    """The reminders, in their order."""
    return [row["key"] for row in outbox_rows(services) if row["job"] == "reminder"]


# --- what is not made good yet ---


def test_without_an_outage_nothing_is_missing(services: Services) -> None:
    assert gaps.find_gap(services.store, now=s(REMINDER)) is None


@pytest.mark.parametrize(
    ("began", "since"),
    [
        pytest.param(None, "16:00", id="nothing was ever compared"),
        pytest.param("09:00", "16:00", id="before it"),
        pytest.param("16:12", "16:02", id="in the middle of it: the last ten minutes are left out"),
        pytest.param("16:14", "16:04", id="less than ten minutes after it"),
        pytest.param("16:15", None, id="ten minutes after it"),
    ],
)
def test_what_is_missing_begins_where_a_comparison_stopped(
    on_both: Services, began: str | None, since: str | None
) -> None:
    outage(on_both, "16:00", "16:05")
    if began:
        compared(on_both, began)
    found = gaps.find_gap(on_both.store, now=s(REMINDER))

    assert (None if found is None else found.since) == (None if since is None else s(f"{MONDAY}T{since}"))


def test_a_comparison_of_an_earlier_day_by_hand_takes_nothing_back(services: Services) -> None:
    outage(services, "16:00", "16:05")
    compared(services, "16:20")
    compared(services, "09:00")

    assert gaps.find_gap(services.store, now=s(REMINDER)) is None


def test_while_no_receiver_runs_the_outage_lasts(services: Services) -> None:
    services.store.marks.put(gaps.RECEIVING, str(s(f"{MONDAY}T16:00")))
    quick, later = (gaps.find_gap(services.store, now=s(f"{MONDAY}T16:00") + after) for after in (65, 75))

    assert quick is None
    assert later is not None
    assert (later.reasons, later.lasts, later.is_ripe) == (("down",), True, False)


# --- by itself ---


@pytest.mark.parametrize(
    ("now", "asked"),
    [
        pytest.param("16:14", [], id="late callbacks are still on their way"),
        pytest.param("16:15", ["16:15"], id="ten minutes after it"),
        pytest.param("20:03", ["20:03"], id="in the evening, too"),
    ],
)
def test_a_comparison_begins_soon_after_an_outage(
    services: Services, clock: FakeTime, now: str, asked: list[str]
) -> None:
    outage(services, "16:00", "16:05")
    clock.set(f"{MONDAY}T{now}")
    begin_if_due(services)

    assert syncs_asked(services) == asked


@pytest.mark.parametrize(
    ("state", "after_min", "asked"),
    [
        pytest.param("waiting", 30, "10:00", id="one is not begun yet"),
        pytest.param("failed", 9, "10:00", id="one has just failed"),
        pytest.param("failed", 10, "10:10", id="it failed ten minutes ago"),
    ],
)
def test_it_is_tried_again_without_haste(
    services: Services, clock: FakeTime, state: str, after_min: int, asked: str
) -> None:
    outage(services, "09:40", "09:45")
    clock.set(f"{MONDAY}T10:00")
    begin_if_due(services)
    end_as(services, state)
    clock.pass_(60 * after_min)
    begin_if_due(services)

    assert syncs_asked(services) == [asked]


@pytest.mark.parametrize(("after_min", "asked"), [(59, "20:00"), (60, "21:00")])
def test_outside_working_hours_it_is_tried_again_each_hour(
    services: Services, clock: FakeTime, after_min: int, asked: str
) -> None:
    outage(services, "19:00", "19:05")
    clock.set(f"{MONDAY}T20:00")
    begin_if_due(services)
    end_as(services, "failed")
    clock.pass_(60 * after_min)
    begin_if_due(services)

    assert syncs_asked(services) == [asked]


def end_as(services: Services, state: str) -> None:
    """Let the newest comparison be at its end."""
    row = services.store.runs.newest("sync")
    assert row is not None
    if state != "waiting":
        now = int(services.store.now())
        services.store.runs.claim("sync", row["fire_at"], holder="a", now=now, lease_until=now)
        services.store.runs.end("sync", row["fire_at"], holder="a", state=state)


# --- the reminder ---


def behind(services: Services) -> None:
    """Both have something, and too little."""
    for userid in ("yg01", "yg02"):
        add_customers(services, userid, at("2026-11-20T10:00"))


def test_a_reminder_waits_for_the_comparison_and_then_goes(services: Services, clock: FakeTime) -> None:
    behind(services)
    outage(services, "16:30", "16:32")
    moments = [f"16:{minute}:{second:02d}" for minute in range(37, 43) for second in (0, 20, 40)]
    tick_at(services, clock, *moments)
    waiting, nobody = firing(services, "reminder", REMINDER), told(services)
    compared(services, "16:42")
    tick_at(services, clock, "16:43")

    assert waiting[0] == "waiting"
    assert "since 11-23 16:30 may be missing (refused)" in waiting[1]
    assert nobody == []
    assert len(moments) > TRIES
    assert firing(services, "reminder", REMINDER) == ("done", "")
    assert told(services) == [f"reminder:{MONDAY}:{who}" for who in ("yg01", "yg02")]


def test_a_reminder_that_cannot_be_sure_in_time_is_held(services: Services, clock: FakeTime) -> None:
    behind(services)
    outage(services, "16:30", "16:32")
    tick_at(services, clock, "16:37", "17:29:59")
    waiting = firing(services, "reminder", REMINDER)[0]
    tick_at(services, clock, "17:30:30")
    compared(services, "17:35")
    tick_at(services, clock, "17:36")

    assert waiting == "waiting"
    assert firing(services, "reminder", REMINDER)[0] == "held"
    assert told(services) == []


def test_a_reminder_after_a_comparison_that_is_late_enough_waits_for_nobody(
    services: Services, clock: FakeTime
) -> None:
    behind(services)
    outage(services, "12:00", "12:30", "down")
    compared(services, "12:41")
    tick_at(services, clock, "16:37")

    assert firing(services, "reminder", REMINDER) == ("done", "")


@pytest.mark.parametrize(
    ("reason", "receivers"),
    [
        pytest.param(BUSY, ["yg01"], id="his list could not be read"),
        pytest.param(UNLICENSED, ["yg01", "yg02"], id="it never can: no licence"),
        pytest.param(FELL_OUT, ["yg01", "yg02"], id="it never can: out of range"),
    ],
)
def test_a_reminder_leaves_out_whose_list_could_not_be_read(
    on_both: Services, clock: FakeTime, reason: str, receivers: list[str]
) -> None:
    behind(on_both)
    compared(on_both, "08:30", read=("yg01", "yg02"))
    outage(on_both, "16:00", "16:02")
    compared(on_both, "16:20", read=("yg01", "boss"), yg02=reason)
    tick_at(on_both, clock, "16:37")

    assert told(on_both) == [f"reminder:{MONDAY}:{who}" for who in receivers]


def test_without_an_outage_a_list_that_could_not_be_read_holds_nobody(
    services: Services, clock: FakeTime
) -> None:
    behind(services)
    compared(services, "08:30", read=("yg01",), yg02=BUSY)
    tick_at(services, clock, "16:37")

    assert len(told(services)) == 2


def test_where_no_list_could_be_read_the_reminder_waits(services: Services, clock: FakeTime) -> None:
    behind(services)
    outage(services, "16:00", "16:02")
    compared(services, "16:20", yg01=BUSY, yg02=BUSY)
    tick_at(services, clock, "16:37")

    assert firing(services, "reminder", REMINDER)[0] == "waiting"


def test_the_morning_waits_for_nothing(services: Services, clock: FakeTime) -> None:
    outage(services, "08:50", "08:52")
    tick_at(services, clock, "09:07")

    assert firing(services, "progress", f"{MONDAY}T09:07")[0] == "done"


def test_a_job_that_waits_while_an_outage_lasts_asks_once_for_what_can_be_known(
    services: Services, clock: FakeTime
) -> None:
    services.store.marks.put(gaps.RECEIVING, str(s(f"{MONDAY}T15:00")))
    tick_at(services, clock, "16:37")
    first = syncs_asked(services)
    end_as(services, "done")
    tick_at(services, clock, "16:38", "16:39")

    assert (first, syncs_asked(services)) == (["16:37"], ["16:37"])


# --- the digest ---


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("zh-CN", "17:40 以后的新增可能没有收全，数字可能偏低"),
        ("en", "Figures may be incomplete since 17:40: adds of that time may be missing"),
    ],
)
def test_a_digest_goes_in_time_and_says_that_it_may_be_incomplete(
    tmp_path: Path, clock: FakeTime, language: str, line: str
) -> None:
    with opened(tmp_path, clock, more=f'[locale]\nlanguage = "{language}"') as services:
        behind(services)
        outage(services, "17:40", "17:41")
        tick_at(services, clock, "17:48", "17:54:59")
        waiting = firing(services, "digest", DIGEST)[0]
        tick_at(services, clock, "17:55:15")
        (message,) = [row for row in outbox_rows(services) if row["job"] == "digest"]

        assert waiting == "waiting"
        assert line in message["content"].splitlines()
        assert firing(services, "digest", DIGEST)[0] == "done"


def test_a_digest_with_all_figures_says_nothing_of_it(services: Services, clock: FakeTime) -> None:
    behind(services)
    outage(services, "17:00", "17:01")
    compared(services, "17:11")
    tick_at(services, clock, "17:48")
    (message,) = [row for row in outbox_rows(services) if row["job"] == "digest"]

    assert "可能没有收全" not in message["content"]


def test_a_digest_waits_for_nobody_whose_list_could_not_be_read(services: Services, clock: FakeTime) -> None:
    behind(services)
    outage(services, "16:00", "16:02")
    compared(services, "16:20", read=("yg01", "boss"), yg02=BUSY)
    tick_at(services, clock, "17:48")
    (message,) = [row for row in outbox_rows(services) if row["job"] == "digest"]

    assert "16:00 以后的新增可能没有收全" in message["content"]


# --- the close ---

DAILY = '[[quotas]]\nid = "daily"\nroles = ["客户经理"]\nperiod = "day"\ntarget = 1\n'
CLOSES = tuple(f"2026-11-{day}T08:42" for day in (24, 25, 26))


def days_on(clock: FakeTime, services: Services, *moments: str) -> list[tuple[str, list[str]]]:
    """The state of the day's close at each moment, and which periods are stored then."""
    seen = []
    for moment in moments:
        tick_at(services, clock, moment)
        closed = sorted(one.period for one in services.store.results.closed())
        seen.append((firing(services, "close", f"{moment[:10]}T08:42")[0], closed))
    return seen


def test_a_close_waits_for_days_but_not_for_ever(tmp_path: Path, clock: FakeTime) -> None:
    with opened(tmp_path, clock, quotas=DAILY) as services:
        clock.set(f"{MONDAY}T18:30")
        tick(services)
        add_customers(services, "yg01", at(f"{MONDAY}T10:00"))
        outage(services, "17:00", "17:05")
        seen = days_on(
            clock,
            services,
            *("2026-11-24T08:42", "2026-11-24T17:31", "2026-11-25T08:42", "2026-11-25T17:31"),
            *("2026-11-26T08:42", "2026-11-26T17:31"),
        )

        assert seen[:5] == [("waiting", []), ("held", []), ("waiting", []), ("held", []), ("waiting", [])]
        assert seen[5] == ("done", ["2026-11-23", "2026-11-24", "2026-11-25"])


def test_a_close_stores_once_what_was_lost_is_made_good(tmp_path: Path, clock: FakeTime) -> None:
    with opened(tmp_path, clock, quotas=DAILY) as services:
        add_customers(services, "yg01", at(f"{MONDAY}T10:00"))
        outage(services, "17:00", "17:05")
        held = days_on(clock, services, "2026-11-24T08:42")
        compared(services, "23:00")
        after = days_on(clock, services, "2026-11-24T08:43")

        assert (held, after) == ([("waiting", [])], [("done", ["2026-11-23"])])


def test_a_close_does_not_mind_what_happened_after_the_settlement(tmp_path: Path, clock: FakeTime) -> None:
    with opened(tmp_path, clock, quotas=DAILY) as services:
        add_customers(services, "yg01", at(f"{MONDAY}T10:00"))
        began, ended = s("2026-11-24T08:30"), s("2026-11-24T08:40")
        services.store.outages.add(began, ended, reason="refused", holder="a:1")

        assert days_on(clock, services, "2026-11-24T08:42") == [("done", ["2026-11-23"])]


# --- how long a job waits ---


@pytest.mark.parametrize(
    ("job", "due", "until"),
    [
        pytest.param("reminder", "16:37", "17:30", id="half an hour before the end of working hours"),
        pytest.param("reminder", "17:20", "17:40", id="twenty minutes at least"),
        pytest.param("reminder", "17:50", "17:55", id="but its messages must still go out"),
        pytest.param("digest", "17:48", "17:55", id="digest: in time to go out"),
        pytest.param("digest", "12:00", "12:20", id="digest: twenty minutes"),
        pytest.param("weekly", "17:23", "17:43", id="weekly: twenty minutes"),
        pytest.param("close", "08:42", "17:30", id="close: the whole day"),
    ],
)
def test_a_job_waits_until(services: Services, job: str, due: str, until: str) -> None:
    calendar = services.config.work_calendar()

    found = catch_up.latest(job, s(f"{MONDAY}T{due}"), calendar=calendar)

    assert f"{found:%H:%M}" == until


# --- for monitors ---


def test_monitors_see_that_figures_may_be_incomplete(services: Services, clock: FakeTime) -> None:
    health = Health(services.store, probe=lambda: None, real_time=clock)
    outage(services, "16:00", "16:05")
    clock.set(REMINDER)
    missing = health.report()
    compared(services, "16:20")

    assert missing["ready"]
    assert [(one["part"], "refused" in one["problem"]) for one in missing["degraded"]] == [("catch_up", True)]
    assert health.report()["degraded"] == []
