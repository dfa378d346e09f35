"""Several receivers and workers on one PostgreSQL, as real processes: killed, cut off, started at once.

QUOTABOT_CHAOS_S sets how long the random killing goes on (seconds); a minute in the thorough profile.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import requests
from builders.e2e import (
    PATIENCE_S,
    BotProcess,
    FakeTime,
    at,
    bot_process,
    far_schedule,
    installation,
    until,
    write_config,
    write_roster,
)
from builders.examples import PROFILE
from builders.postgres import Server
from builders.service import contact_event, running, sealed
from builders.stores import kept_contacts
from builders.wecom import WeCom, far_wecom

from bot.app import service
from bot.core.relations import Add, RelationEvent, RelationKind, fold
from bot.features.delivery.sender import LEASE_S
from bot.services import Services
from bot.store.outbox import OutboxMessage
from bot.store.store import Store
from handlers.inbox import work_off
from sandbox.wxcrypto import Codec
from scheduler.runs import tick

CHAOS_S = float(os.environ.get("QUOTABOT_CHAOS_S") or {"default": 15, "thorough": 60}[PROFILE])
MANY = 10  # kills, however slow the machine is to start processes
CORP = "ww0123456789abcdef"
CODEC = Codec(token="QDG6eK", aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", receive_id=CORP)
NINE = at("2026-11-23T09:00")


@pytest.fixture
def postgres_url(store_url: str) -> str:
    """The address of a database with a new store: making it is not the subject here."""
    return store_url


@pytest.fixture
def wecom() -> Iterator[tuple[WeCom, str]]:
    """WeCom and its address."""
    with far_wecom() as far:
        yield far


def bank(folder: Path, url: str, *, api_url: str = "http://127.0.0.1:9") -> Path:
    """A configuration on PostgreSQL whose timetable is far away."""
    write_roster(folder, *(f"u{number:03d},员工,1,客户经理,,,," for number in range(20)))
    return write_config(folder, api_url=api_url, store=url, more=far_schedule())


def post(url: str, customer: str, *, userid: str = "u001") -> int:
    """Send one callback; its status, 0 if the connection was cut."""
    callback = sealed(contact_event(userid=userid, customer=customer), codec=CODEC)
    try:
        return requests.post(f"{url}{callback.target}", data=callback.body, timeout=60).status_code
    except requests.RequestException:
        return 0


def query(url: str, text: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(text.encode()).fetchall()


@pytest.mark.lasting
@pytest.mark.timeout(600)  # three processes, and 500 messages one after another
def test_the_lease_passes_on_when_its_holder_is_killed_amid_500_messages(
    tmp_path: Path, postgres_url: str, wecom: tuple[WeCom, str]
) -> None:
    far, api_url = wecom
    far.pause_s = 0.04
    config = bank(tmp_path, postgres_url, api_url=api_url)
    with ExitStack() as stack:
        bots = [
            stack.enter_context(bot_process(config, "--role", "worker", ready="working")) for _ in range(3)
        ]
        until(lambda: query(postgres_url, "SELECT 1 FROM leases WHERE name = 'delivery'") != [])
        store = Store(postgres_url)
        now = int(time.time())
        with store.transaction():
            for number in range(500):
                store.outbox.add(
                    OutboxMessage(
                        key=f"progress:{number}",
                        job="progress",
                        to_userid=f"m{number:03d}",
                        content=f"{number}",
                        msgtype="text",
                        not_before=now - 1,
                        expires_at=now + 3600,
                        time_shift=0,
                    ),
                    created_at=now,
                )
        store.engine.notify("outbox")
        until(lambda: len(far.times) > 100, look_s=0.005)
        [(holder,)] = query(postgres_url, "SELECT holder FROM leases WHERE name = 'delivery'")
        pid = int(str(holder).split(":")[1])
        [victim] = [bot for bot in bots if bot.process.pid == pid]
        victim.kill()
        killed_at, sent = time.monotonic(), len(far.times)
        [(until_s,)] = query(postgres_url, "SELECT until FROM leases WHERE name = 'delivery'")
        assert float(str(until_s)) - time.time() <= LEASE_S  # and a living process looks every second
        assert sent < 500
        until(lambda: store.outbox.depth(now=0).pending == 0, within_s=150)
        store.close()

    after = [moment for moment in far.times if moment > killed_at + 0.5]
    assert after[0] - killed_at < 120  # it passes on by itself; how soon, the lease above says
    assert far.delivered == Counter({f"m{number:03d}": 1 for number in range(500)})


def test_three_workers_that_start_at_once_ask_for_one_token(
    tmp_path: Path, postgres_url: str, wecom: tuple[WeCom, str]
) -> None:
    far, api_url = wecom
    config = bank(tmp_path, postgres_url, api_url=api_url)
    bots: list[BotProcess] = []
    with ExitStack() as stack:

        def start() -> None:
            bots.append(stack.enter_context(bot_process(config, "--role", "worker", ready="working")))

        threads = [threading.Thread(target=start) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        until(lambda: query(postgres_url, "SELECT 1 FROM tokens WHERE token = 'token'") != [])
        codes = [bot.end() for bot in bots]  # whoever wanted to ask has asked when it has ended

    assert codes == [0, 0, 0]
    assert far.tokens == 1


def test_an_event_from_one_process_wakes_another(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_POLL_S", 3600.0)  # by looking alone it would find nothing
    config = bank(tmp_path, postgres_url)
    with (
        bot_process(config, "--role", "receiver") as receiver,
        installation(config, FakeTime(NINE), real_time=time.time) as here,
        running(here, role="worker"),
    ):
        until(lambda: _listeners(postgres_url) == 1)
        for number in range(8):
            assert post(receiver.url, f"wm-{number}") == 200
            until(
                lambda number=number: query(postgres_url, "SELECT count(*) FROM adds") == [(number + 1,)],
                look_s=0.01,
            )


def _listeners(url: str) -> int:
    database = "datname = current_database()"
    return len(query(url, f"SELECT 1 FROM pg_stat_activity WHERE {database} AND query LIKE 'LISTEN%'"))


@pytest.mark.lasting
def test_postgresql_restarted_under_load_loses_nothing_and_everything_recovers(
    tmp_path: Path, postgres: Server, new_database: Callable[..., str]
) -> None:
    url = new_database()
    config = bank(tmp_path, url)
    answers: dict[str, int] = {}
    ending = threading.Event()
    with (
        bot_process(config, "--role", "worker", ready="working"),
        bot_process(config, "--role", "receiver") as receiver,
    ):

        def load(lane: int) -> None:
            number = 0
            while not ending.is_set():
                customer = f"wm-{lane}-{number}"
                answers[customer] = post(receiver.url, customer, userid=f"u{lane:03d}")
                number += 1

        threads = [threading.Thread(target=load, args=(lane,)) for lane in range(8)]
        for thread in threads:
            thread.start()
        until(lambda: len(answers) > 50)
        postgres.stop(immediately=True)
        until(lambda: 503 in answers.values())
        postgres.start()
        restarted = len(answers)
        until(lambda: len(answers) > restarted + 50)
        ending.set()
        for thread in threads:
            thread.join()
        accepted = {customer for customer, status in answers.items() if status == 200}
        until(lambda: query(url, "SELECT count(*) FROM inbox WHERE state = 'pending'") == [(0,)])
        until(lambda: query(url, "SELECT count(*) FROM dirty") == [(0,)])

    assert set(answers.values()) == {200, 503}
    stored = Counter(str(row[0]) for row in query(url, "SELECT external_userid FROM adds"))
    assert accepted <= set(stored)
    assert set(stored.values()) == {1}
    assert [reason for (reason,) in query(url, "SELECT reason FROM outages")] == ["refused"]


@pytest.mark.lasting
@pytest.mark.timeout(CHAOS_S + 480)  # the killing, then what is left over
def test_killing_at_random_loses_no_event_and_counts_none_twice(tmp_path: Path, postgres_url: str) -> None:
    config = bank(tmp_path, postgres_url)
    chance = random.Random(20261123)
    answers: dict[str, int] = {}
    urls: list[str] = []
    ending = threading.Event()
    kills = 0
    with ExitStack() as everything:
        parts: list[tuple[str, ExitStack, BotProcess]] = []

        def start(role: str) -> None:
            own = everything.enter_context(ExitStack())
            ready = "listening on " if role == "receiver" else "working"
            parts.append((role, own, own.enter_context(bot_process(config, "--role", role, ready=ready))))
            urls[:] = [bot.url for part, _, bot in parts if part == "receiver"] or urls

        for role in ("receiver", "receiver", "worker", "worker", "worker"):
            start(role)

        def load(lane: int) -> None:
            number = 0
            while not ending.is_set():
                customer = f"wm-{lane}-{number // 2}"  # each twice: a retry of WeCom
                status = post(chance.choice(list(urls)), customer, userid=f"u{lane:03d}")
                answers[customer] = max(status if status == 200 else 0, answers.get(customer, 0))
                number += 1
                time.sleep(0.02)  # the processes need the machine, too

        over = time.monotonic() + CHAOS_S
        threads = [threading.Thread(target=load, args=(lane,)) for lane in range(4)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + CHAOS_S
        while time.monotonic() < end:
            time.sleep(chance.uniform(0.2, 1.0))  # killing at any moment is the test
            if len(parts) < 3:
                continue  # the machine is slow to start them
            role, own, bot = parts.pop(chance.randrange(len(parts)))
            bot.kill()
            own.close()
            kills += 1
            threads.append(threading.Thread(target=start, args=(role,)))
            threads[-1].start()
            end = over if kills >= MANY else time.monotonic() + PATIENCE_S
        ending.set()
        for thread in threads:
            thread.join()
        until(lambda: query(postgres_url, "SELECT count(*) FROM inbox WHERE state = 'pending'") == [(0,)])
        until(lambda: query(postgres_url, "SELECT count(*) FROM dirty") == [(0,)])

    accepted = {customer for customer, status in answers.items() if status == 200}
    stored = Counter(str(row[0]) for row in query(postgres_url, "SELECT external_userid FROM adds"))
    print(f"{kills} kills, {len(answers)} events, {len(accepted)} answered 200")
    assert kills > 5
    assert len(accepted) > 50
    assert accepted <= set(stored)
    assert set(stored.values()) == {1}
    assert query(postgres_url, "SELECT count(*) FROM inbox WHERE state <> 'done'") == [(0,)]


@pytest.mark.parametrize(
    ("userids", "customers"),
    [
        pytest.param(["u001", "u002"], ["wm-1"], id="two relations of one customer"),
        pytest.param(["u001"], ["wm-1", "wm-2"], id="two relations of one employee and day"),
        pytest.param(["u001"], ["wm-1"], id="one relation"),
    ],
)
def test_two_workers_at_once_derive_what_one_would(
    tmp_path: Path, postgres_url: str, userids: list[str], customers: list[str]
) -> None:
    chance = random.Random(1)
    changes = {
        "add_external_contact": RelationKind.ADDED,
        "del_follow_user": RelationKind.LOST_BY_CUSTOMER,
        "del_external_contact": RelationKind.LOST_BY_MEMBER,
    }
    facts: dict[tuple[str, str], list[RelationEvent]] = {}
    config = bank(tmp_path, postgres_url)
    clock = FakeTime(NINE)
    with installation(config, clock) as one, installation(config, clock) as two:
        for number in range(40):
            rows = []
            for _ in range(12):
                userid, customer = chance.choice(userids), chance.choice(customers)
                change = chance.choice(list(changes))
                moment = 1_700_000_000 + chance.randrange(5_000_000)
                fact = RelationEvent(userid=userid, external_userid=customer, at=moment, kind=changes[change])
                facts.setdefault((userid, customer), []).append(fact)
                body = contact_event(change, userid=userid, customer=customer, at=moment)
                rows.append(
                    {"hash": f"{number}-{len(rows)}-{chance.random()}", "body": body, "received_at": 0}
                )
            half = len(rows) // 2

            def deliver(mine: Services, part: list[dict[str, object]]) -> None:
                with mine.store.transaction():
                    mine.store.engine.run_many("inbox_add", part)
                work_off(mine)

            threads = [
                threading.Thread(target=deliver, args=(mine, part))
                for mine, part in ((one, rows[:half]), (two, rows[half:]))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        work_off(one)
        contacts = kept_contacts(one.store)

    regain_s = one.config.ledger.regain_s
    adds = [add for events in facts.values() for add in fold(events, regain_s=regain_s)]
    expected = [(add, _is_first_in_corp(add, adds)) for add in adds]
    found = [(contact.add, contact.known_since is None) for of_one in contacts.values() for contact in of_one]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def _is_first_in_corp(add: Add, adds: list[Add]) -> bool:
    return not any(
        other.external_userid == add.external_userid
        and other.userid != add.userid
        and other.added_at < add.added_at
        for other in adds
    )


def test_a_line_of_the_timetable_fires_once_with_three_workers_ticking(
    tmp_path: Path, postgres_url: str
) -> None:
    write_roster(tmp_path, *(f"u{number:03d},员工,1,客户经理,,,," for number in range(20)))
    config = write_config(tmp_path, store=postgres_url)
    clock = FakeTime(NINE)
    with ExitStack() as stack:
        workers = [stack.enter_context(installation(config, clock)) for _ in range(3)]
        for mine in workers:
            tick(mine)
        clock.set("2026-11-23T09:07:01")
        threads = [threading.Thread(target=tick, args=(mine,)) for mine in workers * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert query(postgres_url, "SELECT job, state, attempts, messages FROM runs") == [
        ("progress", "done", 1, 20)
    ]
    assert query(postgres_url, "SELECT count(*), count(DISTINCT key) FROM outbox") == [(20, 20)]
