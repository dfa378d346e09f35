"""A connection that is lost in the middle of a commit: its outcome is looked up by key, never assumed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from builders.copy import contact
from builders.e2e import FakeTime, at, far_schedule, installation, until, write_config, write_roster
from builders.postgres import Server
from builders.postgres_proxy import Cut, Proxy, proxy
from builders.service import contact_event, running, sealed
from builders.wecom import WeCom, far_wecom

from bot.features.ledger.derive import derive
from bot.services import Services
from bot.store.engine import StoreBusyError
from bot.store.outbox import OutboxMessage
from handlers.inbox import work_off
from sandbox.wxcrypto import Codec
from scheduler import runs
from scheduler.runs import tick

CORP = "ww0123456789abcdef"
CODEC = Codec(token="QDG6eK", aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", receive_id=CORP)
PEOPLE = [f"u{number:03d}" for number in range(12)]
ARRIVES = [pytest.param(True, id="done, not answered"), pytest.param(False, id="lost on the way")]


@pytest.fixture
def postgres_url(store_url: str) -> str:
    """The address of a database with a new store: making it is not the subject here."""
    return store_url


@pytest.fixture
def between(postgres: Server) -> Iterator[Proxy]:
    with proxy(postgres.port) as opened:
        yield opened


@pytest.fixture
def wecom() -> Iterator[tuple[WeCom, str]]:
    with far_wecom() as far:
        yield far


@contextmanager
def bank(
    folder: Path, url: str, *, api_url: str = "http://127.0.0.1:9", more: str | None = None
) -> Iterator[tuple[Services, FakeTime]]:
    """An installation on PostgreSQL at *url*."""
    write_roster(folder, *(f"{userid},员工,1,客户经理,,,," for userid in PEOPLE))
    config = write_config(folder, api_url=api_url, store=url, more=far_schedule() if more is None else more)
    clock = FakeTime(at("2026-11-23T09:00"))
    with installation(config, clock, real_time=time.time) as services:
        yield services, clock


def query(url: str, text: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(text.encode()).fetchall()


def again_and_again(act: Callable[[], object], *, done: Callable[[], bool]) -> int:
    """Do as the loops of the service do: until all is done, also when the store was away; how often it was.

    One more act may be too early: the server keeps a cut connection's rows locked until it sees the cut.
    """
    failures = 0

    def acted() -> bool:
        nonlocal failures
        try:
            act()
        except StoreBusyError:
            failures += 1
            return False
        return done()

    until(acted)
    return failures


# --- the receiver ---


class Sender:
    """Posts callbacks to a receiver."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.answers: dict[str, int] = {}

    def post(self, customer: str) -> int:
        callback = sealed(contact_event(customer=customer), codec=CODEC)
        url = f"http://127.0.0.1:{self._port}{callback.target}"
        self.answers[customer] = requests.post(url, data=callback.body, timeout=60).status_code
        return self.answers[customer]


def stored(url: str) -> Counter[str]:
    """How often each customer is in the inbox."""
    bodies = [bytes(body).decode() for (body,) in query(url, "SELECT body FROM inbox")]
    return Counter(body.partition("<ExternalUserID><![CDATA[")[2].partition("]")[0] for body in bodies)


@pytest.mark.parametrize("arrives", ARRIVES)
def test_a_callback_whose_commit_was_cut_is_answered_200_when_it_is_surely_there_once(
    tmp_path: Path, postgres_url: str, between: Proxy, *, arrives: bool
) -> None:
    with bank(tmp_path, between.url(postgres_url)) as (services, _), running(services) as site:
        sender = Sender(site.port)
        sender.post("wm-before")
        between.arm(Cut(arrives=arrives))
        answer = sender.post("wm-cut")

    assert between.cuts == 1
    assert answer == 200
    assert stored(postgres_url) == {"wm-before": 1, "wm-cut": 1}


@pytest.mark.lasting
@pytest.mark.parametrize("arrives", ARRIVES)
def test_a_callback_whose_outcome_cannot_be_looked_up_in_time_is_answered_503_and_may_come_again(
    tmp_path: Path, postgres_url: str, between: Proxy, *, arrives: bool
) -> None:
    with bank(tmp_path, between.url(postgres_url)) as (services, _), running(services) as site:
        sender = Sender(site.port)
        sender.post("wm-before")
        between.arm(Cut(arrives=arrives, away_s=8.0))
        refused = sender.post("wm-cut")
        left = stored(postgres_url)
        until(lambda: sender.post("wm-cut") == 200)

    assert (between.cuts, refused) == (1, 503)
    assert left["wm-cut"] == int(arrives)  # what was done cannot be taken back, and is a true event
    assert stored(postgres_url) == {"wm-before": 1, "wm-cut": 1}
    assert query(postgres_url, "SELECT reason FROM outages") == [("refused",)]


@pytest.mark.lasting
def test_of_many_callbacks_amid_many_cuts_each_that_got_200_is_there_once(
    tmp_path: Path, postgres_url: str, between: Proxy
) -> None:
    with bank(tmp_path, between.url(postgres_url)) as (services, _), running(services) as site:
        sender = Sender(site.port)

        def load(lane: int) -> None:
            for number in range(25):
                sender.post(f"wm-{lane}-{number}")

        threads = [threading.Thread(target=load, args=(lane,)) for lane in range(8)]
        for thread in threads:
            thread.start()
        number = 0
        while any(thread.is_alive() for thread in threads):
            cuts = between.cuts
            between.arm(Cut(arrives=number % 2 == 0, skip=1))
            until(lambda cuts=cuts: between.cuts > cuts or not any(map(threading.Thread.is_alive, threads)))
            number += 1
        for thread in threads:
            thread.join()

    accepted = {customer for customer, status in sender.answers.items() if status == 200}
    found = stored(postgres_url)
    assert between.cuts >= 3
    assert len(accepted) > 150
    assert set(sender.answers.values()) <= {200, 503}
    assert accepted <= set(found)
    assert set(found.values()) == {1}


# --- the worker ---


@pytest.mark.parametrize("arrives", ARRIVES)
def test_events_whose_handling_was_cut_count_once(
    tmp_path: Path, postgres_url: str, between: Proxy, *, arrives: bool
) -> None:
    bodies = [contact(number, userid=PEOPLE[0]) for number in range(10)]
    rows = [{"hash": sha256(body).hexdigest(), "body": body, "received_at": 0} for body in bodies]
    waiting = "SELECT (SELECT count(*) FROM inbox WHERE state = 'pending') + (SELECT count(*) FROM dirty)"
    with bank(tmp_path, between.url(postgres_url)) as (services, _):
        with services.store.transaction():
            services.store.engine.run_many("inbox_add", rows)
        between.arm(Cut(arrives=arrives))
        failures = again_and_again(
            lambda: work_off(services),
            done=lambda: query(postgres_url, waiting) == [(0,)],
        )

    assert (between.cuts, failures) == (1, 1)
    assert query(postgres_url, "SELECT state, count(*) FROM inbox GROUP BY 1") == [("done", 10)]
    assert query(postgres_url, "SELECT count(*), count(DISTINCT external_userid) FROM adds") == [(10, 10)]
    assert query(postgres_url, "SELECT count(*) FROM relation_events") == [(10,)]


@pytest.mark.parametrize("arrives", ARRIVES)
def test_marks_whose_deriving_was_cut_are_derived(
    tmp_path: Path, postgres_url: str, between: Proxy, *, arrives: bool
) -> None:
    bodies = [contact(number, userid=PEOPLE[0]) for number in range(10)]
    rows = [{"hash": sha256(body).hexdigest(), "body": body, "received_at": 0} for body in bodies]
    with bank(tmp_path, between.url(postgres_url)) as (services, _):
        with services.store.transaction():
            services.store.engine.run_many("inbox_add", rows)
        work_off(services)
        with services.store.transaction():
            services.store.ledger.mark_all()
        between.arm(Cut(arrives=arrives))
        failures = again_and_again(
            lambda: derive(services),
            done=lambda: query(postgres_url, "SELECT count(*) FROM dirty") == [(0,)],
        )

    assert (between.cuts, failures) == (1, 1)
    assert query(postgres_url, "SELECT count(*), count(DISTINCT external_userid) FROM adds") == [(10, 10)]


# --- the timetable and the sender ---


@pytest.mark.parametrize("arrives", ARRIVES)
@pytest.mark.parametrize("skip", [0, 1], ids=["first chunk", "a later chunk"])
def test_a_planning_whose_commit_was_cut_goes_on_and_plans_nobody_twice(
    tmp_path: Path,
    postgres_url: str,
    between: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    *,
    arrives: bool,
    skip: int,
) -> None:
    monkeypatch.setattr(runs, "CHUNK", 5)
    monkeypatch.setattr(runs, "LEASE_S", 0)  # who goes on need not wait
    with bank(tmp_path, between.url(postgres_url), more="") as (services, clock):
        tick(services)
        clock.set("2026-11-23T09:07:01")
        between.arm(Cut(arrives=arrives, skip=skip))
        again_and_again(
            lambda: tick(services),
            done=lambda: query(postgres_url, "SELECT state, messages FROM runs") == [("done", len(PEOPLE))],
        )

    assert between.cuts == 1
    assert query(postgres_url, "SELECT key FROM outbox ORDER BY key") == [
        (f"progress:2026-11-23:{userid}",) for userid in PEOPLE
    ]


@pytest.mark.parametrize("arrives", ARRIVES)
@pytest.mark.parametrize(
    ("needle", "asked_twice"),
    [
        pytest.param(b"SET request = COALESCE", 0, id="noting the request"),
        pytest.param(b"unsure_since = CASE WHEN", 1, id="noting the outcome"),
        pytest.param(b"INSERT INTO leases", 0, id="taking the lease"),
    ],
)
def test_a_message_whose_noting_was_cut_reaches_its_person_once(
    tmp_path: Path,
    postgres_url: str,
    between: Proxy,
    wecom: tuple[WeCom, str],
    *,
    arrives: bool,
    needle: bytes,
    asked_twice: int,
) -> None:
    far, api_url = wecom
    with bank(tmp_path, between.url(postgres_url), api_url=api_url) as (services, _):
        now = int(services.store.now())
        with services.store.transaction():
            for userid in PEOPLE:
                message = OutboxMessage(
                    key=f"progress:{userid}",
                    job="progress",
                    to_userid=userid,
                    content=userid,
                    msgtype="text",
                    not_before=now - 1,
                    expires_at=now + 3600,
                    time_shift=0,
                )
                services.store.outbox.add(message, created_at=now)
        between.arm(Cut(needle=needle, arrives=arrives))
        with running(services, role="worker"):
            until(lambda: query(postgres_url, "SELECT DISTINCT state FROM outbox") == [("sent",)])

    assert between.cuts == 1
    assert far.delivered == Counter(PEOPLE)
    # What WeCom may have taken is asked about with the same bytes, which WeCom drops; and nothing else is.
    assert len(far.times) - len(PEOPLE) == (0 if arrives else asked_twice)
