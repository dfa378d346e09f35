"""kill -9, with real processes on both sides: nothing that was answered is lost, nobody is told twice.

On both engines.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import (
    COMMAND,
    PATIENCE_S,
    ROOT,
    SandboxProcess,
    bot_process,
    far_schedule,
    rows_of,
    sandbox_process,
    until,
    write_config,
)

EMPLOYEES = {f"yg{number:02d}" for number in range(1, 13)}
MORNING = "2026-11-23T09:07"
MANY = 1000  # events: so many last longer than a test on a busy machine needs to look and to kill


@dataclass
class Office:
    """A sandbox with its branch and an installation for it, whose store is at *place*."""

    sandbox: SandboxProcess
    config: Path
    place: Path | str

    def rows(self, query: str) -> list[dict[str, Any]]:
        return rows_of(self.place, query)

    def states(self) -> Counter[str]:
        return Counter(row["state"] for row in self.rows("SELECT state FROM outbox"))


def open_office(stack: ExitStack, folder: Path, place: Path | str) -> Office:
    # Cards are taken only while there is a callback address, be it that nobody listens there.
    sandbox = stack.enter_context(sandbox_process(folder, callback_url="http://127.0.0.1:9/callback"))
    url = place if isinstance(place, str) else f"sqlite:///{place}"
    config = write_config(folder, app=sandbox.get("app"), api_url=sandbox.url, more=far_schedule(), store=url)
    return Office(sandbox, config, place)


@pytest.fixture
def office(tmp_path: Path, place: Path | str) -> Iterator[Office]:
    with ExitStack() as stack:
        yield open_office(stack, tmp_path, place)


# --- between the 200 and the handler ---


@pytest.mark.lasting
def test_events_that_were_answered_and_not_handled_are_counted_after_a_kill(office: Office) -> None:
    with bot_process(office.config, "--role", "receiver") as receiver:  # nobody handles them here
        office.sandbox.post("switches", {"callback_url": f"{receiver.url}/callback"})
        adds = [{"kind": "add", "userid": f"yg{number % 12 + 1:02d}"} for number in range(40)]
        told = office.sandbox.post("events?wait=1", {"events": adds, "copies": 2})
        receiver.kill()
    waiting = office.rows("SELECT state FROM inbox")
    with bot_process(office.config) as bot:
        until(lambda: len(office.rows("SELECT * FROM adds")) == 40)
        bot.end()

    assert told["delivered"] == 80
    assert waiting == [{"state": "pending"}] * 40
    assert {row["state"] for row in office.rows("SELECT state FROM inbox")} == {"done"}


def test_whatever_got_a_200_is_counted_once_though_the_service_was_killed_amid_the_work(
    office: Office,
) -> None:
    with bot_process(office.config) as bot:
        office.sandbox.post("switches", {"callback_url": f"{bot.url}/callback"})
        adds = [{"kind": "add", "userid": f"yg{number % 12 + 1:02d}"} for number in range(MANY)]
        office.sandbox.post("events", {"events": adds, "tries": 1, "parallel": 8})
        until(lambda: len(_answered(office)) >= 60, look_s=0.01)
        bot.kill()
    office.sandbox.get("deliveries?wait=1")
    answered = _answered(office)
    with bot_process(office.config) as again:
        until(lambda: {row["state"] for row in office.rows("SELECT state FROM inbox")} == {"done"})
        again.end()

    counted = [row["external_userid"] for row in office.rows("SELECT external_userid FROM adds")]
    assert 60 <= len(answered) < MANY  # it was killed amid the work
    assert answered <= set(counted)
    assert len(counted) == len(set(counted)) == len(office.rows("SELECT * FROM inbox"))


def _answered(office: Office) -> set[str]:
    """The customers whose event got a 200."""
    tries = office.sandbox.get("deliveries")["deliveries"]
    return {delivery["external_userid"] for delivery in tries if delivery["status"] == 200}


# --- between planning, sending and noting ---


@dataclass(frozen=True)
class Point:
    """Where `quotabot run` is killed: what the sandbox does to it, and when it dies."""

    faults: dict[str, Any]
    is_reached: Callable[[Office], bool]
    follows: str  # who goes on: the same command, or a service


POINTS = {
    "planned, no call came through": Point(
        {"hang_before": {"seconds": 60, "times": 99}},
        lambda office: len(office.sandbox.sends()) == 5,
        "run",
    ),
    "taken by WeCom, not noted by us": Point(
        {"hang_after": {"seconds": 60, "times": 99}},
        lambda office: len(office.sandbox.counts()) == 5,
        "serve",
    ),
    "some are noted, one is in flight": Point(
        {"delay_ms": 250},
        lambda office: len(office.sandbox.sends()) > 5,  # one of the first five has been noted
        "serve",
    ),
}


@dataclass
class CrashOutcome:
    """What the world looks like after the successor has done its work."""

    before: Counter[str] = field(default_factory=Counter)
    phones_before: dict[str, int] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    phones: dict[str, int] = field(default_factory=dict)
    duplicates: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    sends: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture(scope="module")
def lives(
    tmp_path_factory: pytest.TempPathFactory, new_store: Callable[[], str]
) -> dict[tuple[str, str], CrashOutcome]:
    """All points on both engines side by side: each waits for the lease of the dead, 14 s, mostly idle."""

    wanted = [(engine, name) for engine in ("sqlite", "postgres") for name in POINTS]
    folders = {life: tmp_path_factory.mktemp("crash") for life in wanted}
    places = {
        life: new_store() if life[0] == "postgres" else folders[life] / "quotabot.db" for life in wanted
    }

    def live_through(life: tuple[str, str]) -> CrashOutcome:
        with ExitStack() as stack:
            return _killed_and_followed(open_office(stack, folders[life], places[life]), POINTS[life[1]])

    with ThreadPoolExecutor(len(wanted)) as pool:
        return dict(zip(wanted, pool.map(live_through, wanted), strict=True))


@pytest.fixture(params=["sqlite", "postgres"])
def outcomes(
    request: pytest.FixtureRequest, lives: dict[tuple[str, str], CrashOutcome]
) -> dict[str, CrashOutcome]:
    """What became of each point on one engine."""
    return {name: outcome for (engine, name), outcome in lives.items() if engine == request.param}


def _killed_and_followed(office: Office, point: Point) -> CrashOutcome:
    outcome = CrashOutcome()
    office.sandbox.post("faults", point.faults)
    command = [*COMMAND, "run", "progress", "--at", MORNING, "--config", str(office.config)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        try:
            until(lambda: point.is_reached(office))
        finally:
            run.kill()
    outcome.before, outcome.phones_before = office.states(), office.sandbox.counts()
    office.sandbox.post("faults", {"clear": True})
    if point.follows == "run":
        subprocess.run(command, cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=True)
    else:
        with bot_process(office.config, "--role", "worker", ready="working") as bot:
            until(lambda: set(office.states()) == {"sent"})
            bot.end()
    told = office.sandbox.get("messages")
    outcome.states, outcome.phones = office.states(), office.sandbox.counts()
    outcome.duplicates, outcome.dropped = told["duplicates"], told["dropped"]
    outcome.sends = office.sandbox.sends()
    return outcome


@pytest.mark.lasting
@pytest.mark.parametrize("name", POINTS)
def test_after_a_kill_and_a_restart_everybody_has_exactly_one_message(
    outcomes: dict[str, CrashOutcome], name: str
) -> None:
    outcome = outcomes[name]

    assert outcome.before["pending"] >= 1  # there was something to lose
    assert outcome.phones == dict.fromkeys(EMPLOYEES, 1)
    assert outcome.states == {"sent": 12}
    assert outcome.dropped == []


@pytest.mark.lasting
def test_what_wecom_had_taken_was_asked_about_with_the_same_bytes(outcomes: dict[str, CrashOutcome]) -> None:
    outcome = outcomes["taken by WeCom, not noted by us"]
    taken = set(outcome.phones_before)

    assert len(taken) == 5
    assert outcome.before == {"pending": 12}
    assert {message["to"] for message in outcome.duplicates} == taken
    by_bytes = Counter(call["sha256"] for call in outcome.sends)
    assert sorted(by_bytes.values()) == [1] * 7 + [2] * 5


@pytest.mark.lasting
def test_what_wecom_had_not_taken_was_sent_later(outcomes: dict[str, CrashOutcome]) -> None:
    outcome = outcomes["planned, no call came through"]

    assert (outcome.before, outcome.phones_before) == ({"pending": 12}, {})
    assert outcome.duplicates == []
