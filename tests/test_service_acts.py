"""What a running service does by itself: its start, and each act by its effect."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from builders.e2e import at, change, outbox_rows, until, write_roster
from builders.service import contact_event, locked, logged, running
from builders.service_acts import EMPLOYEES, NEVER_S, Bank, bank, post, run_state

from bot.app import bootstrap, service
from bot.app.bootstrap import refresh_directory
from bot.features.ledger.derive import rules_changed
from bot.features.outages import catch_up, silence
from bot.features.outages.silence_rules import LOOK_S, CallbackHistory, Day
from bot.features.standings import figures
from bot.services import Services
from bot.store import group_commit
from bot.store.customers import CustomerName
from bot.store.troubles import Failing
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


def test_a_receiver_tells_other_processes_and_a_worker_hears_them(
    here: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_POLL_S", NEVER_S)  # by looking alone it would find nothing
    told: list[str] = []
    heard: list[Callable[[str], None]] = []
    engine = here.services.store.engine
    monkeypatch.setattr(engine, "notify", told.append)
    monkeypatch.setattr(engine, "listen", heard.append)
    with running(here.services, role="receiver") as site:
        assert post(site, "wm-before") == 200
        by_the_receiver = list(told)
    with running(here.services, role="worker"):
        until(lambda: here.added() == ["wm-before"])
        row = {"hash": "of another", "body": contact_event(userid="yg01", customer="wm-1"), "received_at": 1}
        with here.services.store.transaction():
            engine.run_many("inbox_add", [row])
        heard[0]("inbox")
        until(lambda: here.added() == ["wm-1", "wm-before"])

    assert by_the_receiver == ["inbox"]


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
        until(lambda: run_state(here.services, "sync", NIGHT_S) == "done")


def test_a_changed_roster_is_read_and_recorded_and_a_wrong_one_is_refused_once(
    tmp_path: Path, here: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = itertools.count()
    seen = [0]

    def look(services: Services) -> None:
        refresh_directory(services)
        seen[0] = next(looks)

    def change_to(*lines: str) -> None:
        """As an editor does it: the new file is whole when it gets its name."""
        (tmp_path / "new").mkdir(exist_ok=True)
        write_roster(tmp_path / "new", *EMPLOYEES, *lines)
        (tmp_path / "new" / "roster.csv").replace(tmp_path / "roster.csv")

    monkeypatch.setattr(service, "refresh_directory", look)
    monkeypatch.setattr(service, "_REREAD_S", 0.02)
    members = here.services.store.members
    with running(here.services, role="worker"), logged(bootstrap) as entries:
        change_to("yg03,员工丙,1,客户经理,,,,")
        until(lambda: "yg03" in members.all())
        change_to("yg03,员工丙,no number,客户经理,,,,")
        until(lambda: bool(entries))
        later = seen[0] + 4
        until(lambda: seen[0] > later)
        change_to("yg04,员工丁,1,客户经理,,,,")
        until(lambda: "yg04" in members.all())

    assert [entry["event"] for entry in entries] == ["changed roster refused; the old one stays"]


def test_places_among_many_are_worked_out(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_FIGURES_S", 0.05)
    monkeypatch.setattr(figures, "FEW", 1)
    with running(here.services, role="worker"):
        until(lambda: here.services.store.marks.get("figures_kept_at") is not None)


def test_after_an_outage_a_comparison_is_asked_for(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catch_up, "LOOK_S", 0.05)
    monkeypatch.setitem(LASTING, "sync", lambda _services, _at, _beat: None)
    here.one_clock()
    now = int(here.clock())
    here.services.store.outages.add(now - 3600, now - 1800, reason="down", holder="")
    with running(here.services, role="worker"):
        until(lambda: here.services.store.runs.newest("sync") is not None)


def test_a_silence_of_wecom_is_noticed(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LOOK_S", 0.05)
    monkeypatch.setattr(catch_up, "LOOK_S", NEVER_S)
    here.one_clock()
    store, ten = here.services.store, int(here.clock())
    days = tuple(Day(day=date(2026, 11, number), longest_s=1800, busy=20) for number in range(16, 21))
    silence.remember(here.services, CallbackHistory(last=ten, looked_at=ten, days=days))
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
    monkeypatch.setattr("bot.features.customers.names.LOOK_S", 0.05)
    store = here.services.store
    with running(here.services, role="worker"):
        with store.transaction():
            name = CustomerName(userid="yg01", external_userid="wm-1", name="李四")
            store.customer_names.put([name], read_at=1, since=0)
        until(lambda: not store.customer_names.any())


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
        def __init__(self, acts: Sequence[tuple[str, Callable[[], None], float]], failing: Failing) -> None:
            super().__init__(acts, failing)
            for _, act, seconds in acts:
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
        "keep_figures": 60.0,
        "begin_if_due": 15,
        "look": 60,
        "look_at_clock": 5.0,
        "look_over": 300.0,
        "_mark_receiving": 10,
        "_keep_counts": 10.0,
        "ping_watcher": 60.0,
        "renew_callers": 5.0,
    }
    assert LOOK_S == 60


def test_refused_callbacks_are_an_outage_of_this_process(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "GIVE_UP_S", 0.2)
    monkeypatch.setattr(group_commit, "PATIENCE_S", 0.05)
    with running(here.services, role="receiver") as site:
        with locked(site.path):
            refused = post(site, "wm-lost")
        stored = post(site, "wm-kept")

    (outage,) = here.services.store.outages.since(0)
    assert (refused, stored) == (503, 200)
    assert (outage["reason"], outage["holder"]) == ("refused", here.services.holder)
