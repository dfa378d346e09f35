"""Firings over time: played months, what was missed, what was abandoned, what fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import e2e as e2e_builders
from builders.e2e import (
    CHINA,
    FakeTime,
    add_customers,
    at,
    change,
    installation,
    outbox_rows,
    where,
    write_config,
    write_roster,
)

from bot.features.standings.load import Standings
from bot.messages.message import Message
from bot.services import Services
from scheduler import jobs, runs
from scheduler.runs import tick, tick_lasting

NOVEMBER = [*range(2, 7), *range(9, 14), *range(16, 21), *range(23, 28), 30]
FEBRUARY = [*range(2, 7), *range(9, 15), *range(24, 29)]
ROSTER = (
    "early,员工甲,11,客户经理,,,,",  # keeps pace every morning
    "late,员工乙,11,客户经理,,,,",  # keeps pace too, but only after the reminder
    "none,员工丙,12,客户经理,,,,",  # adds nobody
    "tiny,员工丁,12,客户经理,,,,0.001",  # so small a share that nothing is asked: exempt
    "boss,主管甲,11,主管,11;12,,,",
)


def quota(target: int) -> str:
    return f'[[quotas]]\nid = "cm-monthly"\nroles = ["客户经理"]\nperiod = "month"\ntarget = {target}\n'


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime(at("2026-11-23T08:00"))


@pytest.fixture
def services(tmp_path: Path, clock: FakeTime, place: Path | str) -> Iterator[Services]:
    write_roster(tmp_path, *ROSTER)
    store = place if isinstance(place, str) else f"sqlite:///{place}"
    with installation(write_config(tmp_path, store=store), clock) as opened:
        tick(opened)  # the first start
        yield opened


def rows_of(services: Services, query: str) -> list[dict[str, Any]]:
    return e2e_builders.rows_of(where(services), query)


def tick_at(services: Services, clock: FakeTime, *texts: str) -> None:
    for text in texts:
        clock.set(text)
        tick(services)
        tick_lasting(services)


def told(services: Services) -> dict[tuple[str, str], int]:
    """How many messages each job made for each person."""
    return dict(Counter((row["job"], row["to_userid"]) for row in outbox_rows(services)))


def states(services: Services) -> dict[str, str]:
    rows = rows_of(services, "SELECT * FROM runs ORDER BY fire_at")
    return {
        f"{row['job']} {datetime.fromtimestamp(row['fire_at'], CHINA):%m-%d %H:%M}": row["state"]
        for row in rows
    }


def looks(first: date, last: date) -> Iterator[datetime]:
    """Moments at which a service looks: around each line of the timetable, at the edges of days and hours."""
    times: tuple[str, ...] = (
        "00:00:00",
        "08:29:59",
        "09:06:59",
        "09:07:00",
        "09:07:01",
        "10:00:00",
        "12:00:00",
    )
    times += ("16:36:59", "16:37:00", "16:37:05", "17:48:00", "17:48:30", "18:00:00", "23:59:59")
    for number in range((last - first).days + 1):
        for text in times:
            yield at(f"{first + timedelta(days=number)}T{text}")


def play(tmp_path: Path, first: date, last: date, workdays: list[date]) -> list[dict[str, object]]:
    """A whole month with two adds a workday by those who add; the rows of the outbox at its end."""
    write_roster(tmp_path, *ROSTER)
    clock = FakeTime(at(f"{first}T00:00"))
    config = write_config(tmp_path, quotas=quota(2 * len(workdays)))
    with installation(config, clock) as services:
        for userid, hour in (("early", 9), ("late", 17)):
            moments = [at(f"{day}T{hour:02d}:{minute}") for day in workdays for minute in (30, 40)]
            add_customers(services, userid, *moments)
        for moment in looks(first, last):
            clock.moment = moment
            tick(services)
        return outbox_rows(services)


@pytest.mark.parametrize(
    ("month", "length", "workdays"),
    [
        pytest.param(11, 30, NOVEMBER, id="November 2026"),
        pytest.param(2, 28, FEBRUARY, id="Spring Festival 2026: a week without a workday, Saturdays made up"),
    ],
)
def test_a_month_gives_each_person_what_concerns_him_on_workdays_only(
    tmp_path: Path, month: int, length: int, workdays: list[int]
) -> None:
    days = [date(2026, month, day) for day in workdays]
    rows = play(tmp_path, date(2026, month, 1), date(2026, month, length), days)

    expected = {("progress", userid, day) for userid in ("early", "late", "none") for day in days}
    # On the first workday nobody is behind: nothing was expected before it.
    expected |= {("reminder", "none", day) for day in days[1:]}
    expected.add(("reminder", "late", days[-1]))  # on the last workday 2 are missing
    expected |= {("digest", "boss", day) for day in days}
    # In the reminder's place who added somebody and is done; "late" does so only afterwards.
    expected |= {("statement", "early", day) for day in days}
    # Of a week whose Friday lies in the month the last workday does too.
    weeks = {
        day.isocalendar()[:2]: day for day in days if (day + timedelta(5 - day.isoweekday())).month == month
    }
    expected |= {
        ("weekly", userid, day) for userid in ("early", "late", "none", "boss") for day in weeks.values()
    }
    found = [(row["job"], row["to_userid"], _day(row["not_before"])) for row in rows]
    assert set(found) == expected
    assert len(found) == len(expected)  # nobody twice
    assert all(_within_hours(row) for row in rows)


def _day(epoch_s: object) -> date:
    assert isinstance(epoch_s, int)
    return datetime.fromtimestamp(epoch_s, CHINA).date()


def _within_hours(row: dict[str, object]) -> bool:
    begin, end = (datetime.fromtimestamp(int(str(row[name])), CHINA) for name in ("not_before", "expires_at"))
    return f"{begin:%H:%M}" >= "08:30" and end == begin.replace(hour=18, minute=0, second=0)


def test_a_line_fires_once_however_often_it_is_looked_at(services: Services, clock: FakeTime) -> None:
    tick_at(services, clock, "2026-11-23T09:07:00", "2026-11-23T09:07:00", "2026-11-23T09:07:01")

    assert told(services) == {("progress", userid): 1 for userid in ("early", "late", "none")}
    assert states(services) == {"progress 11-23 09:07": "done"}


def test_two_processes_on_one_store_fire_a_line_once(
    services: Services, clock: FakeTime, tmp_path: Path
) -> None:
    with installation(tmp_path / "config.toml", clock) as other:
        clock.set("2026-11-23T09:07:02")
        tick(services)
        tick(other)

        assert sum(told(services).values()) == 3
        assert rows_of(services, "SELECT attempts, messages FROM runs") == [{"attempts": 1, "messages": 3}]


def test_nothing_due_before_the_first_start_is_missed(tmp_path: Path, clock: FakeTime) -> None:
    write_roster(tmp_path, *ROSTER)
    clock.set("2026-11-23T11:00")
    with installation(write_config(tmp_path), clock) as services:
        tick(services)
        tick_at(services, clock, "2026-11-23T11:00:01", "2026-11-23T15:00")

        assert states(services) == {}
        assert told(services) == {}


def test_what_fell_into_a_pause_is_caught_up_the_same_day(services: Services, clock: FakeTime) -> None:
    tick_at(services, clock, "2026-11-23T11:00")

    assert states(services) == {"progress 11-23 09:07": "done"}
    rows = outbox_rows(services)
    assert {row["key"] for row in rows} == {f"progress:2026-11-23:{who}" for who in ("early", "late", "none")}
    late = [row["not_before"] - int(at("2026-11-23T11:00").timestamp()) for row in rows]
    assert all(60 <= seconds < 300 for seconds in late)  # minute 0 is left to others


@pytest.mark.parametrize(
    ("start", "missed", "done"),
    [
        pytest.param(
            "2026-11-23T19:00",
            ["progress 11-23 09:07", "reminder 11-23 16:37", "digest 11-23 17:48"],
            [],
            id="the same evening",
        ),
        pytest.param(
            "2026-11-23T18:00",
            ["progress 11-23 09:07", "reminder 11-23 16:37", "digest 11-23 17:48"],
            [],
            id="the second in which working hours end",
        ),
        pytest.param(
            "2026-11-24T08:45",
            ["progress 11-23 09:07", "reminder 11-23 16:37", "digest 11-23 17:48"],
            ["sync 11-24 02:17", "purge 11-24 03:41", "engagement 11-24 06:11"],
            id="the next morning, within working hours",
        ),
        pytest.param(
            "2026-11-28T10:00",
            [
                f"{job} 11-{day} {when}"
                for day in range(23, 28)
                for job, when in (("progress", "09:07"), ("reminder", "16:37"), ("digest", "17:48"))
            ]
            + [
                f"{job} 11-{day} {when}"
                for day in range(24, 28)
                for job, when in (("sync", "02:17"), ("purge", "03:41"), ("engagement", "06:11"))
            ]
            + ["weekly 11-27 17:23"],
            ["sync 11-28 02:17", "purge 11-28 03:41", "engagement 11-28 06:11"],
            id="the Saturday after a week",
        ),
    ],
)
def test_what_cannot_be_caught_up_is_noted_as_missed_and_never_sent(
    services: Services,
    clock: FakeTime,
    monkeypatch: pytest.MonkeyPatch,
    start: str,
    missed: list[str],
    done: list[str],
) -> None:
    """What tells nobody anything is caught up on its day, at any hour."""
    for job in ("sync", "engagement"):
        monkeypatch.setitem(jobs.LASTING, job, lambda *_: None)
    tick_at(services, clock, start)

    assert states(services) == dict.fromkeys(missed, "missed") | dict.fromkeys(done, "done")
    assert told(services) == {}


def test_a_clock_that_began_in_another_century_holds_up_no_job(
    tmp_path: Path, place: Path | str, clock: FakeTime
) -> None:
    write_roster(tmp_path, *ROSTER)
    store = place if isinstance(place, str) else f"sqlite:///{place}"
    clock.set("2000-01-01T08:00")
    with installation(write_config(tmp_path, store=store), clock) as services:
        tick(services)
        tick_at(services, clock, "2026-11-23T09:08")
        found = states(services)

    assert found["progress 11-23 09:07"] == "done"
    assert len(found) < 300


def test_a_firing_that_a_fast_clock_stored_waits_for_its_time(services: Services, clock: FakeTime) -> None:
    services.store.runs.put_up("purge", int(at("2026-11-25T03:41").timestamp()))
    tick_at(services, clock, "2026-11-23T11:00", "2026-11-24T11:00")
    early = states(services)["purge 11-25 03:41"]
    tick_at(services, clock, "2026-11-25T03:42")

    assert (early, states(services)["purge 11-25 03:41"]) == ("waiting", "done")


def test_after_a_missed_day_the_next_one_is_as_always(services: Services, clock: FakeTime) -> None:
    tick_at(services, clock, "2026-11-24T08:45", "2026-11-24T09:07")

    assert {row["key"].split(":")[1] for row in outbox_rows(services)} == {"2026-11-24"}
    assert states(services)["progress 11-24 09:07"] == "done"


def test_an_abandoned_run_is_taken_over_and_goes_on_from_its_cursor(
    services: Services, clock: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "CHUNK", 2)
    monkeypatch.setattr(runs, "LEASE_S", 0)  # a lease that is over at once: its holder is dead
    whole = jobs.JOBS["progress"]
    monkeypatch.setitem(jobs.JOBS, "progress", _dying_after(2))
    clock.set("2026-11-23T09:07")
    with pytest.raises(SystemExit):
        tick(services)
    planned_by_the_dead = told(services)
    monkeypatch.setitem(jobs.JOBS, "progress", whole)
    with installation(tmp_path / "config.toml", clock) as other:
        tick_at(other, clock, "2026-11-23T09:09")

    assert planned_by_the_dead == {("progress", "early"): 1, ("progress", "late"): 1}
    assert told(services) == {("progress", userid): 1 for userid in ("early", "late", "none")}
    assert rows_of(services, "SELECT state, attempts, messages FROM runs") == [
        {"state": "done", "attempts": 2, "messages": 3}
    ]
    # who was planned before keeps the message of then
    moments = {row["to_userid"]: row["not_before"] for row in outbox_rows(services)}
    assert moments["none"] - moments["early"] == 120


def test_a_takeover_does_not_plan_again_who_stands_before_the_cursor(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "CHUNK", 2)
    monkeypatch.setattr(runs, "LEASE_S", 0)
    whole = jobs.JOBS["progress"]
    monkeypatch.setitem(jobs.JOBS, "progress", _dying_after(2))
    clock.set("2026-11-23T09:07")
    with pytest.raises(SystemExit):
        tick(services)
    # without their rows nothing but the cursor says that two are done
    change(services, "DELETE FROM outbox")
    monkeypatch.setitem(jobs.JOBS, "progress", whole)
    tick_at(services, clock, "2026-11-23T09:09")

    assert told(services) == {("progress", "none"): 1}


def _dying_after(number: int) -> jobs.Job:
    whole = jobs.JOBS["progress"]

    def job(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
        for count, message in enumerate(whole(services, standings)):
            if count == number:
                raise SystemExit  # as good as a kill: nobody catches it
            yield message

    return job


def test_a_run_under_a_living_lease_is_left_alone(
    services: Services, clock: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(jobs.JOBS, "progress", _dying_after(2))
    monkeypatch.setattr(runs, "LEASE_S", 86_400)  # it lives to the evening
    clock.set("2026-11-23T09:07")
    with pytest.raises(SystemExit):
        tick(services)
    monkeypatch.undo()
    with installation(tmp_path / "config.toml", clock) as other:
        tick_at(other, clock, "2026-11-23T09:07:30")
        tick_at(other, clock, "2026-11-23T18:30")  # nor is it noted as missed while somebody is at it

    assert states(services)["progress 11-23 09:07"] == "running"
    assert told(services) == {}  # its first chunk was not complete


def test_an_abandoned_run_found_after_hours_is_missed(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LEASE_S", 0)
    monkeypatch.setitem(jobs.JOBS, "progress", _dying_after(0))
    clock.set("2026-11-23T09:07")
    with pytest.raises(SystemExit):
        tick(services)
    tick_at(services, clock, "2026-11-23T18:30")

    assert states(services)["progress 11-23 09:07"] == "missed"


def test_a_job_that_raises_is_tried_three_times_and_ends_failed(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[datetime] = []

    def broken(_services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
        tries.append(standings.at)
        raise ZeroDivisionError
        yield

    monkeypatch.setattr(runs, "LEASE_S", 0)
    monkeypatch.setitem(jobs.JOBS, "progress", broken)
    tick_at(services, clock, *(f"2026-11-23T09:{minute:02d}" for minute in range(7, 13)))

    assert len(tries) == 3
    assert rows_of(services, "SELECT state, error FROM runs") == [
        {"state": "failed", "error": "ZeroDivisionError"}
    ]


def test_a_job_that_raises_does_not_stop_the_others(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(jobs.JOBS, "progress", _dying_with(ValueError("made up")))
    tick_at(services, clock, "2026-11-23T17:50")

    assert states(services)["digest 11-23 17:48"] == "done"
    assert told(services)[("digest", "boss")] == 1


def _dying_with(error: Exception) -> jobs.Job:
    def job(_services: Services, _standing: Standings) -> Iterator[tuple[str, Message]]:
        raise error
        yield

    return job


def test_a_job_that_recovers_is_completed_by_a_later_try(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = jobs.JOBS["progress"]
    monkeypatch.setattr(runs, "LEASE_S", 0)
    monkeypatch.setitem(jobs.JOBS, "progress", _dying_with(ValueError("made up")))
    tick_at(services, clock, "2026-11-23T09:07")
    monkeypatch.setitem(jobs.JOBS, "progress", whole)
    tick_at(services, clock, "2026-11-23T09:08", "2026-11-23T09:09")

    assert told(services) == {("progress", userid): 1 for userid in ("early", "late", "none")}
    assert states(services) == {"progress 11-23 09:07": "done"}
