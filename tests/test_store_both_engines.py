"""What holds on both engines alike: transactions, order of texts, bytes, two processes at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from builders.postgres import Server

from bot.store.engine import Engine, StoreBusyError, StoreError
from bot.store.outbox import OutboxMessage
from bot.store.store import Store


@pytest.fixture
def store(any_place: Path | str) -> Iterator[Store]:
    store = Store(any_place)
    yield store
    store.close()


@pytest.fixture
def other(store: Store, any_place: Path | str) -> Iterator[Store]:
    """Another process on the same store."""
    other = Store(any_place)
    yield other
    other.close()


@pytest.fixture
def engine(store: Store) -> Engine:
    return store.engine


def marks(engine: Engine) -> dict[str, str]:
    """What another connection sees of these names."""
    seen: dict[str, str] = {}

    def look() -> None:
        for name in ("a", "b", "before", "inside", "after"):
            if (row := engine.one("mark_get", name=name)) is not None:
                seen[name] = row["value"]

    thread = threading.Thread(target=look)  # a thread has a connection of its own
    thread.start()
    thread.join()
    return seen


def test_writes_of_a_transaction_are_kept_together(engine: Engine) -> None:
    with engine.transaction():
        engine.run("mark_put", name="a", value="1")
        assert marks(engine) == {}
        engine.run("mark_put", name="b", value="2")

    assert marks(engine) == {"a": "1", "b": "2"}


def test_writes_of_a_failed_transaction_are_undone_together(engine: Engine) -> None:
    def fail() -> None:
        with engine.transaction():
            engine.run("mark_put", name="a", value="1")
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert marks(engine) == {}


def test_a_failed_savepoint_undoes_only_its_own_block(engine: Engine) -> None:
    def fail() -> None:
        with engine.savepoint():
            engine.run("mark_put", name="inside", value="1")
            raise LookupError

    with engine.transaction():
        engine.run("mark_put", name="before", value="1")
        with pytest.raises(LookupError):
            fail()
        with engine.savepoint():
            engine.run("mark_put", name="after", value="1")

    assert set(marks(engine)) == {"before", "after"}


def test_texts_are_ordered_by_code_points_whatever_the_collation(store: Store) -> None:
    userids = ["a_b", "a-b", "ab", "a.b", "a1", "b", "B", "Z", "é", "员工", "a@b"]
    rows = [
        {
            "userid": userid,
            "name": userid,
            "leader_of": "",
            "joined_on": None,
            "left_on": None,
            "first_read": None,
            "in_range": 1,
            "read_on": "2026-11-23",
        }
        for userid in userids
    ]
    with store.transaction():
        store.engine.run_many("members_put", rows)
        memberships = [
            {"userid": userid, "since": "", "departments": "2", "role": None, "share": "1"}
            for userid in userids
        ]
        store.engine.run_many("memberships_put", memberships)

    assert [row["userid"] for row in store.engine.all("members_all")] == sorted(userids)


def test_bytes_and_texts_come_back_as_they_were(store: Store) -> None:
    body = bytes(range(256)) + "员工甲 \N{PARTY POPPER} % :name".encode()
    with store.transaction():
        store.engine.run_many("inbox_add", [{"hash": "%s :x", "body": body, "received_at": 2**40}])

    row = store.inbox.show(store.inbox.newest())
    assert row is not None
    assert (bytes(row["body"]), row["hash"], row["received_at"]) == (body, "%s :x", 2**40)


def test_what_is_not_committed_is_not_seen_by_others(store: Store, other: Store) -> None:
    with store.transaction():
        store.marks.put("a", "1")
        before = other.marks.get("a")

    assert (before, other.marks.get("a")) == (None, "1")


def test_two_writers_of_one_key_leave_one_row(store: Store, other: Store) -> None:
    told: list[bool] = []

    def claim(mine: Store) -> None:
        told.append(mine.runs.claim("progress", 1, holder=str(id(mine)), now=10, lease_until=70))

    threads = [threading.Thread(target=claim, args=(mine,)) for mine in (store, other) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(told) == [False] * 7 + [True]


def test_the_clock_of_the_store_is_about_real_time(store: Store) -> None:
    assert abs(store.now() - store.engine.now()) < 60


def test_a_database_with_another_collation_orders_alike(
    postgres: Server, new_database: Callable[..., str]
) -> None:
    locale = postgres.foreign_locale
    if locale is None:
        pytest.skip("this machine has no locale but C (Debian: apt-get install locales)")
    url = new_database(f"LOCALE '{locale}' TEMPLATE template0")
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT 'a' < 'B', 'a' COLLATE \"C\" < 'B'").fetchone()
    assert row == (True, False), "the database's own order must differ for this test to say anything"

    store = Store(url)
    try:
        test_texts_are_ordered_by_code_points_whatever_the_collation(store)
    finally:
        store.close()


def test_a_database_made_by_a_newer_version_is_refused(postgres_url: str) -> None:
    Store(postgres_url).close()
    with psycopg.connect(postgres_url) as connection:
        connection.execute("INSERT INTO migrations VALUES ('9999_future', 0)")

    with pytest.raises(StoreError, match=r"newer version.*9999_future.*install that version"):
        Store(postgres_url)


def test_processes_that_start_at_once_on_an_empty_database_all_find_it_made(postgres_url: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            Store(postgres_url).close()
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_an_unreachable_database_is_said_in_a_sentence_without_its_password() -> None:
    with pytest.raises(StoreError) as caught:
        Store("postgresql://bot:hunter2@127.0.0.1:9/bank")

    assert "start PostgreSQL, or correct [store] url" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_database_that_cannot_be_looked_into_is_no_empty_one() -> None:
    with pytest.raises(StoreError, match="start PostgreSQL"):
        Store.is_ready("postgresql://bot:hunter2@127.0.0.1:9/bank")


@pytest.mark.parametrize(
    "refusal",
    [
        psycopg.OperationalError("connection failed: fe_sendauth: no password supplied"),
        psycopg.errors.InvalidPassword("password authentication failed for user bot"),
        psycopg.errors.InvalidAuthorizationSpecification("no pg_hba.conf entry"),
    ],
)
def test_a_database_that_wants_a_password_is_told_apart_from_one_that_is_away(
    monkeypatch: pytest.MonkeyPatch, refusal: psycopg.Error
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr(psycopg.Connection, "connect", refused)

    with pytest.raises(StoreError, match="set PGPASSWORD"):
        Store.is_ready("postgresql://bot@127.0.0.1:9/bank")


def test_an_empty_database_is_not_ready(postgres_url: str) -> None:
    assert not Store.is_ready(postgres_url)


@pytest.mark.lasting
def test_a_lost_database_is_busy_and_comes_back_by_itself(
    postgres: Server, new_database: Callable[..., str]
) -> None:
    store = Store(new_database())
    try:
        store.marks.put("a", "1")
        postgres.stop(immediately=True)
        with pytest.raises(StoreBusyError):
            store.marks.put("a", "2")
        postgres.start()

        store.marks.put("a", "3")
        assert store.marks.get("a") == "3"
    finally:
        store.close()


def test_listeners_hear_what_others_commit(postgres_url: str) -> None:
    here, there = Store(postgres_url), Store(postgres_url)
    heard, rang = [], threading.Event()

    def hear(topic: str) -> None:
        heard.append(topic)
        rang.set()

    try:
        here.engine.listen(hear)
        for _ in range(600):  # until the listener is there
            with there.transaction():
                there.engine.notify("inbox")
            if rang.wait(0.1):
                break
    finally:
        here.close()
        there.close()

    assert set(heard) == {"inbox"}


def test_messages_never_tried_are_found_by_their_job(store: Store) -> None:
    rows = {
        key: OutboxMessage(
            key=key, job=job, to_userid="li", content="…", msgtype="text", not_before=5, expires_at=9
        )
        for key, job in (("a", "rules"), ("b", "rules:2"), ("c", "ruler"), ("d", "rule"), ("e", "rules:10"))
    }
    for row in rows.values():
        store.outbox.add(row, created_at=1)
    first, *_ = store.outbox.untried("rules")
    store.outbox.begin(first.seq, request=b"{}", now=6)

    assert [row.key for row in store.outbox.untried("rules")] == ["b", "e"]
