"""Backups while others write, read back before they count; restores that let nothing happen twice."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from builders.backups import use_programs, write_config
from builders.config import ENVIRON
from builders.copy import EVENT_AT, Quotabot, command_here, contact, live_a_day, put_events
from builders.e2e import until
from builders.postgres import Server
from builders.stores import make_complete

from bot.app.bootstrap import open_services
from bot.config import load
from bot.features.outages.gaps import find_gap
from bot.services import Services
from bot.store import backup as backups
from bot.store.backup import BackupError, back_up, check_file, is_empty, unpack
from bot.store.engine import StoreError
from bot.store.process_lock import lock_installation
from bot.store.store import Store
from handlers.inbox import work_off


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    use_programs(monkeypatch)
    return command_here(capsys, monkeypatch)


@pytest.fixture
def config(tmp_path: Path, place: Path | str) -> Path:
    return write_config(tmp_path, place)


@pytest.fixture
def services(config: Path) -> Iterator[Services]:
    with open_services(load(config, environ=ENVIRON)) as opened:
        live_a_day(opened)
        yield opened


def rows(file: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.execute(statement))


def test_a_backup_holds_what_the_store_holds_and_only_its_owner_may_read_it(
    quotabot: Quotabot, services: Services, config: Path, tmp_path: Path
) -> None:
    target = tmp_path / "kept.backup"
    done = quotabot("backup", str(target), "--config", str(config), "--format", "json")
    report = json.loads(done.out)

    assert done.code == 0, done.err
    assert target.stat().st_mode & 0o777 == 0o600
    assert report["bytes"] == target.stat().st_size
    assert report["rows"] > 1400  # 700 contacts: an event and a fact of each
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".kept")]


def test_a_backup_is_one_whole_file_without_tokens_and_leases(tmp_path: Path) -> None:
    with open_services(load(write_config(tmp_path, tmp_path / "bot.db"), environ=ENVIRON)) as services:
        live_a_day(services)
        target = tmp_path / "kept.db"
        back_up(tmp_path / "bot.db", target)

        assert rows(target, "PRAGMA journal_mode") == [("delete",)]
        assert rows(target, "PRAGMA integrity_check") == [("ok",)]
        assert rows(target, "SELECT COUNT(*) FROM relation_events") == [(720,)]
        assert rows(target, "SELECT * FROM tokens UNION ALL SELECT *, 0, '', 0 FROM leases") == []
        assert b"made-up-token" not in target.read_bytes()


def test_a_backup_beside_a_writer_is_of_one_moment(tmp_path: Path) -> None:
    where = tmp_path / "bot.db"
    ending = threading.Event()
    with closing(Store(where)) as store:

        def write() -> None:
            number = 0
            while not ending.is_set():
                put_events(store, [contact(number, userid="a"), contact(number, userid="b")])
                number += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            until(lambda: store.inbox.newest() >= 40)
            for _ in range(5):
                made = back_up(where, tmp_path / "kept.db")
        finally:
            ending.set()
            writer.join()

    assert made.rows >= 40
    count = rows(tmp_path / "kept.db", "SELECT COUNT(*), MAX(seq) FROM inbox")[0]
    assert count[0] == count[1]
    assert int(str(count[0])) % 2 == 0  # pairs are committed together


@pytest.mark.parametrize("end", ["", "-wal", ".lock"])
def test_the_store_is_never_overwritten_by_its_backup(quotabot: Quotabot, tmp_path: Path, end: str) -> None:
    config = write_config(tmp_path, tmp_path / "bot.db")
    with closing(Store(tmp_path / "bot.db")):
        done = quotabot("backup", str(tmp_path / f"bot.db{end}"), "--config", str(config))

    assert done.code == 2
    assert "就是正在用的数据文件" in done.err


def test_another_name_of_the_store_is_the_store(quotabot: Quotabot, tmp_path: Path) -> None:
    config = write_config(tmp_path, tmp_path / "bot.db")
    with closing(Store(tmp_path / "bot.db")):
        (tmp_path / "linked.db").hardlink_to(tmp_path / "bot.db")
        done = quotabot("backup", str(tmp_path / "linked.db"), "--config", str(config))

    assert done.code == 2
    assert "linked.db" in done.err


def test_a_file_that_is_no_backup_is_not_overwritten(quotabot: Quotabot, tmp_path: Path) -> None:
    config, letter = write_config(tmp_path, tmp_path / "bot.db"), tmp_path / "letter.txt"
    letter.write_text("dear bank", encoding="utf-8")
    with closing(Store(tmp_path / "bot.db")):
        done = quotabot("backup", str(letter), "--config", str(config))

    assert done.code == 2
    assert letter.read_text(encoding="utf-8") == "dear bank"


def test_a_copy_that_is_not_whole_leaves_the_older_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Store(tmp_path / "bot.db")):
        back_up(tmp_path / "bot.db", tmp_path / "kept.db")
        before = (tmp_path / "kept.db").read_bytes()

        def damaged(_connection: sqlite3.Connection, file: Path) -> None:
            raise BackupError(f"{file} is damaged")

        monkeypatch.setattr(backups, "_check", damaged)
        with pytest.raises(BackupError, match="damaged"):
            back_up(tmp_path / "bot.db", tmp_path / "kept.db")

    assert (tmp_path / "kept.db").read_bytes() == before
    assert not list(tmp_path.glob(".kept*"))


def test_a_restored_store_counts_the_same_and_is_incomplete_until_a_comparison(
    quotabot: Quotabot, config: Path, tmp_path: Path, place: Path | str, new_database: Callable[..., str]
) -> None:
    target = tmp_path / "kept.backup"
    with open_services(load(config, environ=ENVIRON)) as services:
        live_a_day(services)
        store = services.store
        make_complete(store)
        facts = store.engine.number("ledger_relations_count")
        before = find_gap(store, now=int(store.now()))
        assert before is None or not before.withholds
        assert quotabot("backup", str(target), "--config", str(config)).code == 0
    if isinstance(place, Path):
        (tmp_path / "other").mkdir()
        other = write_config(tmp_path / "other", tmp_path / "other" / "bot.db")
    else:
        (tmp_path / "other").mkdir()
        other = write_config(tmp_path / "other", new_database())
    done = quotabot("restore", str(target), "--config", str(other), "--by", "IT, Chen")

    assert done.code == 0, done.err
    with open_services(load(other, environ=ENVIRON)) as services:
        store = services.store
        work_off(services)
        gap = find_gap(store, now=int(store.now()))
        assert store.engine.number("ledger_relations_count") == facts
        assert gap is not None
        assert gap.withholds
        assert [act.act for act in store.audit.acts()][-1] == "restore"
        assert store.audit.broken_at() is None
    assert quotabot("replay", "--check", "--config", str(other)).code == 0


def test_what_a_backup_calls_open_is_not_done_again(quotabot: Quotabot, tmp_path: Path) -> None:
    config, target = write_config(tmp_path, tmp_path / "bot.db"), tmp_path / "kept.db"
    with open_services(load(config, environ=ENVIRON)) as services:
        live_a_day(services)
        store = services.store
        store.runs.put_up("sync", EVENT_AT)
        with store.transaction():
            store.engine.run(
                "word_add", msgid="m1", userid="sales01", text="进度", way="text", said_at=EVENT_AT, ref=""
            )
        quotabot("backup", str(target), "--config", str(config))
        assert store.outbox.depth(now=EVENT_AT).pending == 2
    quotabot("restore", str(target), "--config", str(config), "--replace")

    where = tmp_path / "bot.db"
    assert rows(where, "SELECT state, COUNT(*) FROM outbox GROUP BY state ORDER BY 1") == [
        ("dropped", 2),
        ("sent", 1),
    ]
    assert rows(where, "SELECT state FROM runs WHERE job = 'sync'") == [("missed",)]
    assert rows(where, "SELECT DISTINCT state, text FROM words") == [("done", "")]
    assert rows(where, "SELECT COUNT(*) FROM leases") == [(0,)]


def test_a_store_in_use_or_with_data_is_not_replaced(quotabot: Quotabot, tmp_path: Path) -> None:
    where, target = tmp_path / "bot.db", tmp_path / "kept.db"
    config = write_config(tmp_path, where)
    with open_services(load(config, environ=ENVIRON)) as services:
        live_a_day(services)
    quotabot("backup", str(target), "--config", str(config))
    before = rows(where, "SELECT * FROM inbox")
    held = quotabot("restore", str(target), "--config", str(config))
    with lock_installation(where):
        used = quotabot("restore", str(target), "--config", str(config), "--replace")

    assert (held.code, used.code) == (2, 2)
    assert "--replace" in held.err
    assert "请先停止它" in used.err
    assert rows(where, "SELECT * FROM inbox") == before
    assert not list(tmp_path.glob(".bot*"))


def test_a_replaced_store_is_put_aside_with_all_it_held(quotabot: Quotabot, tmp_path: Path) -> None:
    where, target = tmp_path / "bot.db", tmp_path / "kept.db"
    config = write_config(tmp_path, where)
    with open_services(load(config, environ=ENVIRON)) as services:
        quotabot("backup", str(target), "--config", str(config))
        live_a_day(services)
    report = json.loads(
        quotabot("restore", str(target), "--config", str(config), "--replace", "--format", "json").out
    )

    assert rows(Path(report["put_aside"]), "SELECT COUNT(*) FROM relation_events") == [(720,)]
    assert rows(where, "SELECT COUNT(*) FROM relation_events") == [(0,)]


def test_a_damaged_file_is_not_restored(quotabot: Quotabot, tmp_path: Path) -> None:
    where, target = tmp_path / "bot.db", tmp_path / "kept.db"
    config = write_config(tmp_path, where)
    with open_services(load(config, environ=ENVIRON)) as services:
        live_a_day(services)
    quotabot("backup", str(target), "--config", str(config))
    whole = target.read_bytes()
    target.write_bytes(whole[: len(whole) // 2])
    done = quotabot("restore", str(target), "--config", str(config), "--replace")

    assert done.code == 2
    assert "damaged" in done.err
    assert rows(where, "SELECT COUNT(*) FROM relation_events") == [(720,)]


def test_a_file_of_something_else_is_not_restored(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE _sqlite_migrations (name TEXT)")
        connection.commit()

    with pytest.raises(BackupError, match="holds no store"):
        check_file(other)


def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "bot.db")):
        back_up(tmp_path / "bot.db", tmp_path / "kept.db")
    with closing(sqlite3.connect(tmp_path / "kept.db")) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('quotabot', '9999', '')"
        )
        connection.commit()

    with pytest.raises(BackupError, match="newer version"):
        unpack(tmp_path / "kept.db", tmp_path / "fresh.db")


def test_a_store_without_events_people_and_acts_is_empty(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "bot.db")) as store:
        assert is_empty(tmp_path / "none.db")
        assert is_empty(tmp_path / "bot.db")
        put_events(store, [contact(1)])
        assert not is_empty(tmp_path / "bot.db")


def test_the_daily_backup_keeps_as_many_as_configured(quotabot: Quotabot, tmp_path: Path) -> None:
    more = '[backup]\nfolder = "backups"\nkeep = 2\n'
    config = write_config(tmp_path, tmp_path / "bot.db", more=more)
    Store(tmp_path / "bot.db").close()
    for day in (23, 24, 25):
        done = quotabot("run", "backup", "--at", f"2026-11-{day}T04:43", "--config", str(config))
        assert done.code == 0, done.err

    assert sorted(file.name for file in (tmp_path / "backups").iterdir()) == [
        "quotabot-20261124T044300.db",
        "quotabot-20261125T044300.db",
    ]
    check_file(tmp_path / "backups" / "quotabot-20261125T044300.db")


def test_without_a_folder_the_job_says_what_to_configure(quotabot: Quotabot, tmp_path: Path) -> None:
    config = write_config(tmp_path, tmp_path / "bot.db")
    done = quotabot("run", "backup", "--config", str(config))

    assert done.code == 2
    assert "请设置 [backup] folder" in done.err


def test_without_pg_dump_one_sentence_says_what_to_install(
    quotabot: Quotabot, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_config(tmp_path, store_url)
    monkeypatch.setenv("PATH", str(tmp_path))
    done = quotabot("backup", str(tmp_path / "kept.dump"), "--config", str(config))

    assert done.code == 2
    assert "没有 pg_dump：请安装" in done.err
    assert not (tmp_path / "kept.dump").exists()


def test_the_error_of_pg_dump_is_told_not_the_warnings_before_it(
    quotabot: Quotabot, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pg_dump"
    said = ("perl: warning: Setting locale failed.", "pg_dump: error: server version mismatch")
    told = "".join(f"echo '{line}' >&2\n" for line in said)
    program.write_text(f"#!/bin/sh\n{told}exit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    config = write_config(tmp_path, store_url)
    done = quotabot("backup", str(tmp_path / "kept.dump"), "--config", str(config))

    assert done.code == 2
    assert "server version mismatch" in done.err


def test_a_password_stands_in_no_list_of_processes(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def run(arguments: list[str], **_more: object) -> object:
        seen.extend(arguments)
        raise FileNotFoundError

    monkeypatch.setattr("subprocess.run", run)
    url = postgres.url("postgres").replace("quotabot@", "quotabot:sesame@")
    with pytest.raises(StoreError, match="is not there"):
        back_up(url, tmp_path / "kept.dump")

    assert seen
    assert "sesame" not in " ".join(seen)


def test_a_damaged_store_is_replaced_by_its_backup(quotabot: Quotabot, tmp_path: Path) -> None:
    where, target = tmp_path / "bot.db", tmp_path / "kept.db"
    config = write_config(tmp_path, where)
    with open_services(load(config, environ=ENVIRON)) as services:
        live_a_day(services)
    quotabot("backup", str(target), "--config", str(config))
    where.write_bytes(b"no database" * 1000)
    looked = quotabot("status", "--config", str(config))
    done = quotabot("restore", str(target), "--config", str(config), "--replace")

    assert looked.code == 2
    assert "quotabot restore" in looked.err
    assert done.code == 0, done.err
    assert rows(where, "SELECT COUNT(*) FROM relation_events") == [(720,)]
