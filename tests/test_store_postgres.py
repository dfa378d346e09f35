"""PostgreSQL as banks run it: read-only for a while, behind PgBouncer, in another encoding, away at first."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from builders.e2e import PATIENCE_S, until
from builders.pgbouncer import pgbouncer
from builders.postgres import Server, server_folder
from builders.service import contact_event, logged, running, sealed
from builders.service_acts import bank

from bot.store import group_commit
from bot.store.engine import StoreBusyError, StoreError
from bot.store.group_commit import GroupCommit
from bot.store.store import Store
from scheduler import runner


@contextmanager
def read_only(url: str) -> Iterator[None]:
    """As after a failover to a standby: all sessions may only read, those that are open, too."""
    name = url.rpartition("/")[2]
    admin = url.removesuffix(name) + "postgres"
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(admin, autocommit=True) as connection:
        for value in ("on", "off"):
            connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}".encode())
            connection.execute(cut, (name,))
            if value == "on":
                yield


def test_while_the_database_is_read_only_readyz_is_503_with_a_sentence_and_the_log_has_one_line(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "GIVE_UP_S", 0.3)
    with (
        bank(tmp_path, place=store_url) as here,
        logged(runner) as log,
        running(here.services, role="all") as site,
    ):
        with read_only(store_url):
            until(lambda: b"read-only" in site.ask("GET", "/readyz").body)
            asked = [site.ask("GET", "/readyz") for _ in range(5)]
            metrics = site.ask("GET", "/metrics").status
            refused = site.post(sealed(contact_event())).status
            until(lambda: bool(log))
        until(lambda: site.ask("GET", "/readyz").status == 200)
        until(lambda: len(log) > 1)
        stored = site.post(sealed(contact_event())).status

    events = [line["event"] for line in log]
    assert {answer.status for answer in asked} == {503}
    assert all(b"the database is read-only now" in answer.body for answer in asked)
    assert metrics in {200, 503}
    assert (refused, stored) == (503, 200)
    assert events == ["the store is away; trying again", "the store is back"]


@pytest.mark.parametrize(
    "more", ["", "ignore_startup_parameters = options"], ids=["as it comes", "options ignored"]
)
def test_behind_pgbouncer_in_transaction_mode_everything_works(
    postgres: Server, new_database: Callable[..., str], more: str
) -> None:
    name = new_database().rpartition("/")[2]
    with server_folder() as folder, pgbouncer(postgres, folder, more=more) as url:
        store = Store(url.removesuffix("postgres") + name)
        told: list[bool] = []
        writer = GroupCommit(store.engine, on_stored=lambda: None)
        for number in range(40):  # psycopg prepares a statement that it meets often
            writer.put(hash=str(number), body=b"x", received_at=1, done=told.append)
        until(lambda: len(told) == 40)
        writer.probe()

        def read() -> None:
            for _ in range(30):
                assert store.inbox.depth(now=2).pending == 40

        readers = [threading.Thread(target=read) for _ in range(6)]
        for thread in readers:
            thread.start()
        for thread in readers:
            thread.join(PATIENCE_S)
        with store.transaction():
            store.marks.put("a", "b")
        writer.close()
        store.close()
        again = Store(url.removesuffix("postgres") + name)
        kept = again.inbox.depth(now=2).pending, again.marks.get("a")
        again.close()

    assert set(told) == {True}
    assert kept == (40, "b")


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "EUC_CN", "LATIN1"])
def test_a_database_that_cannot_hold_every_name_is_one_sentence(
    new_database: Callable[..., str], encoding: str
) -> None:
    url = new_database(f"ENCODING '{encoding}' TEMPLATE template0")

    with pytest.raises(StoreError, match=rf"encoded as {encoding}.*ENCODING 'UTF8'"):
        Store(url)


def test_a_database_without_a_store_is_not_made_one_by_a_command_that_only_looks(postgres_url: str) -> None:
    with pytest.raises(StoreError, match="no store in this database"):
        Store(postgres_url, may_create=False)
    with psycopg.connect(postgres_url) as connection:
        tables = connection.execute("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()

    assert tables == (0,)


def test_a_server_that_is_away_or_starting_is_a_fault_that_passes() -> None:
    with pytest.raises(StoreBusyError, match="start PostgreSQL"):
        Store("postgresql://quotabot@127.0.0.1:1/bank")


@contextmanager
def refusing(said: str) -> Iterator[int]:
    """A server that answers everybody so and hangs up; yields its port."""
    fields = f"SFATAL\0C28000\0M{said}\0\0".encode()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):  # the end of the test closes it
                while True:
                    with listener.accept()[0] as client:
                        if client.recv(1024)[4:8] == b"\x04\xd2\x16\x2f":  # it asks for TLS first
                            client.sendall(b"N")
                            client.recv(1024)
                        client.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(
    "said",
    [
        '用户 "quotabot" Password 认证失败',
        '数据库 "bank" 不存在',
        '没有用于主机 "10.0.0.7", 用户 "quotabot", 数据库 "bank", 无加密的 pg_hba.conf 记录',
        'password authentication failed for user "quotabot"',
    ],
)
def test_a_refusal_in_the_server_s_own_language_is_a_fault_for_a_person(said: str) -> None:
    with refusing(said) as port, pytest.raises(StoreError) as caught:
        Store(f"postgresql://quotabot@127.0.0.1:{port}/bank")

    assert not isinstance(caught.value, StoreBusyError)
    assert said in str(caught.value)


def test_a_server_that_is_starting_says_so_in_its_own_language_and_is_waited_for() -> None:
    with refusing("数据库系统启动中") as port, pytest.raises(StoreBusyError):
        Store(f"postgresql://quotabot@127.0.0.1:{port}/bank")


def test_a_database_that_is_not_there_is_a_fault_for_a_person(postgres: Server) -> None:
    with pytest.raises(StoreError) as caught:
        Store(postgres.url("nowhere"))

    assert not isinstance(caught.value, StoreBusyError)
    assert '"nowhere" does not exist' in str(caught.value)
