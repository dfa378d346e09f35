"""What a running service does by itself: each act happens, goes on after a fault, and ends with the stop."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bot_builders import running
from e2e_builders import at, change, outbox_rows, rows_of, until, where, write_roster
from service_builders import EMPLOYEES, NEVER_S, Bank, all_quick, bank, post

from bot import ranking, service
from bot.core.silence import LOOK_S, Day, Heard
from bot.services import Services
from bot.store.engine import StoreBusyError
from bot.store.names import CustomerName
from handlers.inbox import rules_changed
from scheduler import catching_up, listening
from scheduler.jobs import LASTING

MORNING = "2026-11-24T09:07"
NIGHT_S = int(at("2026-11-24T02:17").timestamp())


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Bank]:
    with bank(tmp_path) as opened:
        yield opened


# --- its start ---


def test_a_start_records_who_works_here_and_under_which_rules_is_counted(here: Bank) -> None:
    store = here.services.store
    with running(here.services, role="receiver"):
        recorded = store.members.all().keys()
        rules = store.rule_versions.all()

        assert recorded == {"yg01", "yg02"}
        assert [len(versions) for versions in rules.values()] == [1]
        assert not rules_changed(here.services)


def test_a_start_under_other_rules_of_the_ledger_derives_everything_anew(here: Bank) -> None:
    with running(here.services, role="all") as site:
        assert post(site, "wm-1") == 200
        until(lambda: here.added() == ["wm-1"])
    here.services.store.marks.put("derived_under", "regain_s=1")
    change(here.services, "DELETE FROM adds")
    with running(here.services, role="all") as site:
        assert post(site, "wm-2") == 200
        until(lambda: here.added() == ["wm-1", "wm-2"])


# --- its acts ---


def test_an_event_is_counted_without_waiting_for_the_next_look(
    here: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_POLL_S", NEVER_S)
    with running(here.services, role="all") as site:
        for number in range(3):
            assert post(site, f"wm-{number}") == 200
            until(lambda number=number: len(here.added()) == number + 1, look_s=0.01)


def test_an_event_that_another_process_stored_is_found_by_looking(
    here: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_POLL_S", 0.05)
    with running(here.services, role="receiver") as site:
        assert post(site, "wm-0") == 200
    with running(here.services, role="worker"):
        until(lambda: here.added() == ["wm-0"])


def test_a_line_of_the_timetable_fires_and_reaches_the_phone(here: Bank) -> None:
    with running(here.services, role="worker", tick_s=0.05):
        until(lambda: here.services.store.marks.get("first_start") is not None)
        here.one_clock()
        here.clock.set(MORNING)
        until(lambda: here.far.delivered["yg01"] == here.far.delivered["yg02"] == 1)

    assert [row["state"] for row in outbox_rows(here.services)] == ["sent"] * 2


def test_what_lasts_is_done_when_it_is_put_up(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    here.clock.set("2026-11-24T02:18")
    monkeypatch.setitem(LASTING, "sync", lambda _services, _at, _beat: None)
    here.services.store.runs.put_up("sync", NIGHT_S)
    with running(here.services, role="worker", tick_s=0.05):
        until(lambda: run_state(here.services) == "done")


def run_state(services: Services, job: str = "sync", fire_at: int = NIGHT_S) -> str:
    row = services.store.runs.get(job, fire_at)
    return "none" if row is None else str(row["state"])


def test_a_changed_roster_is_read_and_recorded(
    tmp_path: Path, here: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_REREAD_S", 0.05)
    members = here.services.store.members
    with running(here.services, role="worker"):
        write_roster(tmp_path, *EMPLOYEES, "yg03,员工丙,1,客户经理,,,,")
        until(lambda: "yg03" in members.all())
        write_roster(tmp_path, *EMPLOYEES, "yg03,员工丙,no number,客户经理,,,,")
        write_roster(tmp_path, *EMPLOYEES, "yg04,员工丁,1,客户经理,,,,")
        until(lambda: "yg04" in members.all())


def test_who_works_where_is_known_before_anybody_asks(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_PEOPLE_S", 0.05)
    monkeypatch.setattr(service, "_PLACES_S", NEVER_S)  # it would ask
    services = here.services
    with running(services, role="worker"):
        for _ in range(2):
            services.people = None
            until(lambda: services.people is not None)

        assert services.people is not None
        assert services.people.by_userid.keys() == {"yg01", "yg02"}


def test_places_among_many_are_worked_out(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_PLACES_S", 0.05)
    monkeypatch.setattr(ranking, "FEW", 1)
    with running(here.services, role="worker"):
        until(lambda: here.services.store.ranks.newest() is not None)


def test_after_an_outage_a_comparison_is_asked_for(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "LOOK_S", 0.05)
    monkeypatch.setitem(LASTING, "sync", lambda _services, _at, _beat: None)
    here.one_clock()
    now = int(here.clock())
    here.services.store.outages.add(now - 3600, now - 1800, reason="down", holder="")
    with running(here.services, role="worker"):
        until(lambda: here.services.store.runs.newest("sync") is not None)


def test_a_silence_of_wecom_is_noticed(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LOOK_S", 0.05)
    monkeypatch.setattr(catching_up, "LOOK_S", NEVER_S)
    here.one_clock()
    store, ten = here.services.store, int(here.clock())
    days = tuple(Day(day=date(2026, 11, number), longest_s=1800, busy=20) for number in range(16, 21))
    listening.remember(here.services, Heard(last=ten, looked_at=ten, days=days))
    with store.transaction():
        store.engine.run_many("inbox_add", [{"hash": "last", "body": b"<xml/>", "received_at": ten}])
    here.clock.set("2026-11-23T11:30")
    with running(here.services, role="worker"):
        until(lambda: store.outages.last("silence") is not None)

    (outage,) = store.outages.since(0)
    assert (outage["began_at"], outage["ended_at"]) == (ten, ten + 5400)


def test_names_of_customers_do_not_stay_while_the_file_forbids_them(
    here: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.naming.LOOK_S", 0.05)
    store = here.services.store
    with running(here.services, role="worker"):
        with store.transaction():
            name = CustomerName(userid="yg01", external_userid="wm-1", name="李四")
            store.names.put([name], read_at=1, since=0)
        until(lambda: not store.names.any())


def test_a_receiver_says_again_and_again_that_it_runs(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "ALIVE_S", 0.05)
    marks = here.services.store.marks
    with running(here.services, role="receiver"):
        started_with = marks.get("receiving")
        marks.put("receiving", "1")
        until(lambda: int(marks.get("receiving") or 0) > 1)

    assert started_with is not None


def test_the_list_of_acts_and_how_often_each_happens(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long somebody may have to wait for each of them; that each happens is tested above."""
    started: dict[str, float] = {}

    class Noted(service.Runner):
        def __init__(self, act: Callable[[], None], *, seconds: float) -> None:
            super().__init__(act, seconds=seconds)
            assert isinstance(act, partial)
            started[act.func.__name__] = seconds

    monkeypatch.setattr(service, "Runner", Noted)
    stop = threading.Event()
    service.run(here.services, stop=stop, on_ready=lambda _port: stop.set(), role="all", tick_s=0.5)

    assert started == {
        "tick": 0.5,
        "tick_lasting": 0.5,
        "look_after": 0.5,
        "refresh_directory": 20.0,
        "_know_people": 5.0,
        "keep_places": 60.0,
        "begin_if_due": 15,
        "look": 60,
        "look_over": 300.0,
        "_mark_receiving": 10,
    }
    assert LOOK_S == 60


# --- faults ---


class Faulty:
    """A method that fails some times before it does its work."""

    def __init__(self, real: Callable[..., Any], errors: list[Exception]) -> None:
        self._real, self._errors = real, errors

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        with contextlib.suppress(IndexError):
            raise self._errors.pop(0)
        return self._real(*arguments, **named)

    @property
    def is_well(self) -> bool:
        return not self._errors


def errors() -> list[Exception]:
    return [LookupError("unexpected"), StoreBusyError("the store is away"), LookupError("unexpected")]


def spoil(patch: pytest.MonkeyPatch, owner: object, name: str) -> Faulty:
    faulty = Faulty(getattr(owner, name), errors())
    patch.setattr(owner, name, faulty)
    return faulty


def test_the_inbox_is_worked_off_after_unexpected_faults(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    all_quick(monkeypatch)
    faulty = spoil(monkeypatch, here.services.store.inbox, "due")
    with running(here.services, role="all") as site:
        assert post(site, "wm-1") == 200
        until(lambda: here.added() == ["wm-1"])

    assert faulty.is_well


def test_messages_are_sent_after_unexpected_faults(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    all_quick(monkeypatch)
    faulty = spoil(monkeypatch, here.services.store.outbox, "due")
    here.queue("yg01")
    with running(here.services, role="worker"):
        until(lambda: here.far.delivered["yg01"] == 1)

    assert faulty.is_well


def test_contacts_are_read_after_unexpected_faults(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    all_quick(monkeypatch)
    details = here.services.store.details
    faulty = spoil(monkeypatch, details, "tags_due")
    asked = threading.Event()

    def tags_change() -> Any:
        asked.set()
        return original()

    original = details.tags_change
    monkeypatch.setattr(details, "tags_change", tags_change)
    with running(here.services, role="worker"):
        assert asked.wait(60)

    assert faulty.is_well


def test_the_timetable_goes_on_after_unexpected_faults(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    all_quick(monkeypatch)
    runs = here.services.store.runs
    faults: dict[str, list[Exception]] = {}
    real = runs.abandoned

    def abandoned(**named: Any) -> Any:
        with contextlib.suppress(IndexError):
            raise faults.setdefault(threading.current_thread().name.rpartition("-")[0], errors()).pop(0)
        return real(**named)

    monkeypatch.setattr(runs, "abandoned", abandoned)
    monkeypatch.setitem(LASTING, "sync", lambda _services, _at, _beat: None)
    with running(here.services, role="worker", tick_s=0.05):
        until(lambda: here.services.store.marks.get("first_start") is not None)
        here.one_clock()
        here.clock.set(MORNING)
        runs.put_up("sync", NIGHT_S)
        until(lambda: run_state(here.services) == "done")
        until(lambda: run_state(here.services, "progress", int(at(MORNING).timestamp())) == "done")


# --- its end ---


def test_a_stop_leaves_no_thread_and_no_lease(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_POLL_S", NEVER_S)  # the stop must wake whoever waits
    before = set(threading.enumerate())
    with running(here.services, role="all") as site:
        assert post(site, "wm-1") == 200
        here.queue("yg01")
        until(lambda: here.far.delivered["yg01"] == 1 and here.added() == ["wm-1"])
        until(lambda: {"delivery", "details"} <= set(held(here.services)))
        began = time.monotonic()
    took = time.monotonic() - began

    assert took < 30
    assert held(here.services) == []
    until(lambda: [one.name for one in set(threading.enumerate()) - before if not is_fars(one)] == [])
    with pytest.raises(ConnectionError):
        site.ask("GET", "/healthz")


def held(services: Services) -> list[str]:
    """Leases that a service gives back; the token's is over in no time, two others run out by themselves."""
    names = [row["name"] for row in rows_of(where(services), "SELECT name FROM leases ORDER BY name")]
    return [name for name in names if name not in {"token", "listening", "ranks"}]


def is_fars(thread: threading.Thread) -> bool:
    """Whether a thread serves the WeCom of the test."""
    return "process_request_thread" in thread.name


def test_a_stop_tells_those_who_last_and_waits_for_them(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()
    told: list[bool] = []

    def job(services: Services, _at: datetime, _beat: Callable[[], None]) -> None:
        begun.set()
        told.append(services.ending.wait(20))
        time.sleep(0.2)  # it needs a moment to end
        ended.set()

    monkeypatch.setitem(LASTING, "sync", job)
    here.clock.set("2026-11-24T02:18")
    here.services.store.runs.put_up("sync", NIGHT_S)
    with running(here.services, role="worker", tick_s=0.05):
        assert begun.wait(60)
    is_over = ended.is_set()

    assert (told, is_over) == ([True], True)


@pytest.mark.parametrize(
    ("room", "method"),
    [
        pytest.param("inbox", "due", id="inbox"),
        pytest.param("outbox", "due", id="sender"),
        pytest.param("details", "tags_due", id="details"),
        pytest.param("runs", "abandoned", id="timetable"),
    ],
)
def test_a_stop_waits_for_what_is_under_way(
    here: Bank, monkeypatch: pytest.MonkeyPatch, room: str, method: str
) -> None:
    begun, stopping = threading.Event(), threading.Event()
    under_way: list[int] = [0]
    owner = getattr(here.services.store, room)
    real = getattr(owner, method)

    def slow(*arguments: Any, **named: Any) -> Any:
        under_way[0] += 1
        begun.set()
        if stopping.wait(60):
            time.sleep(0.1)
        found = real(*arguments, **named)
        under_way[0] -= 1
        return found

    monkeypatch.setattr(owner, method, slow)
    here.queue("yg01")
    with running(here.services, role="worker", tick_s=0.05):
        assert begun.wait(60)
        stopping.set()
    left = under_way[0]

    assert left == 0


@pytest.mark.parametrize("role", ["all", "receiver", "worker"])
def test_a_service_may_be_started_again_in_the_same_process(here: Bank, role: str) -> None:
    ports: list[int] = []
    for _ in range(2):
        here.services.ending.clear()
        with running(here.services, role=role) as site:
            ports.append(site.port)

    assert [bool(port) for port in ports] == [role != "worker"] * 2
