"""`quotabot copy`: an installation moves from its file to PostgreSQL."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from builders import config as config_files
from builders.copy import (
    EVENT_AT,
    Quotabot,
    command_here,
    contact,
    live_a_day,
    put_events,
    seen,
    tampered,
    write_config,
)
from psycopg.rows import TupleRow

from bot.app.bootstrap import open_services
from bot.config import load
from bot.store.copy import CHUNK
from bot.store.process_lock import lock_installation
from bot.store.store import Store

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-c", "from bot.cli.main import main; main()"]
EVENTS = 20_000
PATIENCE_S = 120.0


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    for name, value in config_files.ENVIRON.items():
        monkeypatch.setenv(name, value)
    return command_here(capsys, monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An installation whose store exists and is empty."""
    path = write_config(tmp_path)
    Store(tmp_path / "quotabot.db").close()
    return path


def live(config: Path) -> None:
    with open_services(load(config, environ=config_files.ENVIRON)) as services:
        live_a_day(services)


def started(config: Path, url: str, *, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """The copy as a process of its own."""
    return subprocess.Popen(
        [*COMMAND, "copy", "--config", str(config), "--to", url],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        env={**os.environ, **config_files.ENVIRON, "PYTHONPATH": str(ROOT)},
    )


def inbox_rows(url: str) -> int:
    try:
        return int(seen(url, "SELECT COUNT(*) FROM inbox")[0][0])
    except psycopg.errors.UndefinedTable:
        return 0


def test_the_same_progress_comes_from_both_engines_byte_for_byte(
    quotabot: Quotabot, config: Path, postgres_url: str
) -> None:
    live(config)
    done = quotabot("copy", "--config", str(config), "--to", postgres_url, "--format", "json")
    moved = write_config(config.parent, store=postgres_url, name="moved.toml")
    when = ("--at", "2026-11-23T18:00", "--format", "json")
    here = quotabot("progress", "--config", str(config), *when)
    there = quotabot("progress", "--config", str(moved), *when)

    assert done.code == 0
    assert json.loads(done.out)["equal"] is True
    assert (here.code, there.code) == (0, 0)
    assert here.out == there.out
    counted = {row["userid"]: row["counted"] + row["pending"] for row in json.loads(there.out)["rows"]}
    assert counted["sales01"] > 300
    assert counted["sales02"] > 300


def test_it_says_what_it_copied_and_what_to_change(
    quotabot: Quotabot, config: Path, postgres_url: str
) -> None:
    live(config)
    done = quotabot("copy", "--config", str(config), "--to", postgres_url)

    inbox = next(line.split() for line in done.out.splitlines() if line.split()[:1] == ["inbox"])
    assert done.code == 0
    assert inbox[1] == inbox[2] == "722"
    assert inbox[3] == inbox[4]
    assert inbox[5] == "equal"
    # Nobody watches: no bar, only the sentence.
    assert (
        done.err.splitlines()[-1] == f"complete. In {config} set [store] url to the address given with --to"
    )
    assert "copying" not in done.err


def test_a_copy_that_was_killed_is_finished_by_the_next(
    quotabot: Quotabot, config: Path, postgres_url: str
) -> None:
    with closing(Store(config.parent / "quotabot.db")) as store:
        put_events(store, [contact(number) for number in range(EVENTS)])
    Store(postgres_url).close()
    half = EVENTS // 2 // CHUNK * CHUNK
    # Somebody else's open transaction holds the next row: there the copy waits, surely in the middle.
    with psycopg.connect(postgres_url) as holding:
        holding.execute(
            "INSERT INTO inbox (seq, hash, body, received_at) VALUES (%s, 'held', '', 0)", (half + 1,)
        )
        process = started(config, postgres_url)
        try:
            deadline = time.monotonic() + PATIENCE_S
            while inbox_rows(postgres_url) < half:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)  # between two looks
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        holding.rollback()
    assert inbox_rows(postgres_url) == half
    done = quotabot("copy", "--config", str(config), "--to", postgres_url, "--format", "json")
    again = quotabot("copy", "--config", str(config), "--to", postgres_url, "--format", "json")

    assert done.code == 0, done.err
    inbox = json.loads(done.out)["tables"][0]
    assert inbox["table"] == "inbox"
    assert inbox["rows"] == {"source": EVENTS, "target": EVENTS}
    assert inbox["sha256"]["source"] == inbox["sha256"]["target"]
    assert (again.code, again.out) == (0, done.out)
    assert seen(postgres_url, "SELECT MIN(received_at) FROM inbox") == [(EVENT_AT,)]


def test_a_difference_is_named_and_ends_with_1(quotabot: Quotabot, config: Path, postgres_url: str) -> None:
    live(config)
    quotabot("copy", "--config", str(config), "--to", postgres_url)
    tampered(postgres_url, "UPDATE outbox SET state = 'pending' WHERE seq = 1")
    done = quotabot("copy", "--config", str(config), "--to", postgres_url, "--format", "json")
    people = quotabot("copy", "--config", str(config), "--to", postgres_url)

    report = json.loads(done.out)
    assert (done.code, people.code) == (1, 1)
    assert report["equal"] is False
    assert [table["table"] for table in report["tables"] if not table["equal"]] == ["outbox"]
    assert done.err.splitlines()[-1].startswith("different: outbox. ")
    assert "DIFFERENT" in people.out


def test_a_served_source_is_refused_and_so_is_a_service_during_the_copy(
    quotabot: Quotabot, config: Path, postgres_url: str
) -> None:
    with lock_installation(config.parent / "quotabot.db"):
        done = quotabot("copy", "--config", str(config), "--to", postgres_url)
        serve = quotabot("serve", "--config", str(config))

    assert (done.code, serve.code) == (2, 2)
    assert done.out == ""
    assert done.err == serve.err
    assert done.err.startswith("another quotabot serves (or copies) ")
    assert seen(postgres_url, "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("sqlite:///other.db", "must begin with postgresql://", id="no PostgreSQL"),
        pytest.param(
            "postgresql://quotabot:hush@127.0.0.1:1/bank", "--to: the store cannot be used", id="away"
        ),
        pytest.param("postgresql://quotabot:hush@[::1/bank", "the address cannot be read", id="no address"),
        pytest.param("postgresql://quotabot:hu%zzsh@h/bank", "the address cannot be read", id="bad password"),
    ],
)
def test_a_target_that_cannot_be_one_is_refused(
    quotabot: Quotabot, config: Path, url: str, said: str
) -> None:
    done = quotabot("copy", "--config", str(config), "--to", url)

    assert done.code == 2
    assert done.out == ""
    assert said in done.err
    assert "hush" not in done.err
    assert "hu%zz" not in done.err


def test_a_target_in_use_is_refused(quotabot: Quotabot, config: Path, postgres_url: str) -> None:
    with closing(Store(postgres_url)) as store:
        store.marks.put("receiving", "1")
    done = quotabot("copy", "--config", str(config), "--to", postgres_url)

    assert (done.code, done.out) == (2, "")
    assert done.err == "the target is not empty: copy into a new database\n"


def test_a_target_that_goes_away_stops_the_copy_with_1_and_the_next_goes_on(
    quotabot: Quotabot, config: Path, postgres_url: str
) -> None:
    live(config)
    Store(postgres_url).close()
    with psycopg.connect(postgres_url, autocommit=True) as other:
        _refuse_rows_of_outbox(other)
        done = quotabot("copy", "--config", str(config), "--to", postgres_url)
        other.execute("DROP TRIGGER away ON outbox")
        other.execute("DROP FUNCTION go_away")
    again = quotabot("copy", "--config", str(config), "--to", postgres_url)

    assert (done.code, done.out) == (1, "")
    assert "the same command goes on from here" in done.err
    assert again.code == 0


def test_a_copy_that_is_not_complete_is_neither_served_nor_reported_from(
    quotabot: Quotabot, config: Path, postgres_url: str
) -> None:
    live(config)
    Store(postgres_url).close()
    moved = write_config(config.parent, store=postgres_url, name="moved.toml")
    with psycopg.connect(postgres_url, autocommit=True) as other:
        _refuse_rows_of_outbox(other)
        stopped = quotabot("copy", "--config", str(config), "--to", postgres_url)
        before = _everything(postgres_url)
        done = {
            " ".join(arguments): quotabot(*arguments, "--config", str(moved))
            for arguments in (
                ("serve",),
                ("serve", "--role", "receiver"),
                ("serve", "--role", "worker"),
                ("run", "progress"),
                ("run", "progress", "--dry-run"),
                ("progress",),
                ("status",),
                ("dead", "list"),
                ("quotas", "diff"),
                ("close", "list"),
            )
        }
        after = _everything(postgres_url)
        other.execute("DROP TRIGGER away ON outbox")
    finished = quotabot("copy", "--config", str(config), "--to", postgres_url)
    served = quotabot("status", "--config", str(moved))

    assert stopped.code == 1
    assert {name: (one.code, one.out) for name, one in done.items()} == dict.fromkeys(done, (2, ""))
    said = (
        "the store is a copy that is not complete: run `quotabot copy` to its end, "
        "or set [store] url back to the SQLite file\n"
    )
    assert {one.err for one in done.values()} == {said}
    assert after == before
    assert (finished.code, served.code) == (0, 0)


def _refuse_rows_of_outbox(other: psycopg.Connection[TupleRow]) -> None:
    """The database goes away whenever something is put there."""
    other.execute(
        "CREATE FUNCTION go_away() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'made to' USING ERRCODE = 'admin_shutdown'; END $$"
    )
    other.execute("CREATE TRIGGER away BEFORE INSERT ON outbox EXECUTE FUNCTION go_away()")


def _everything(url: str) -> dict[str, list[TupleRow]]:
    """All rows of the tables that a service or a report would touch first."""
    tables = ("marks", "inbox", "dirty", "adds", "members", "outages", "outbox", "leases", "runs")
    return {table: sorted(seen(url, f"SELECT * FROM {table}"), key=repr) for table in tables}


def test_only_a_file_that_is_there_is_copied(quotabot: Quotabot, tmp_path: Path, postgres_url: str) -> None:
    nothing = write_config(tmp_path)
    moved = write_config(tmp_path, store=postgres_url, name="moved.toml")
    none_yet = quotabot("copy", "--config", str(nothing), "--to", postgres_url)
    already = quotabot("copy", "--config", str(moved), "--to", postgres_url)

    assert (none_yet.code, already.code) == (2, 2)
    assert "there is no store" in none_yet.err
    assert not (tmp_path / "quotabot.db").exists()
    assert "[store] url is PostgreSQL" in already.err


def test_the_address_may_stand_in_the_environment(
    quotabot: Quotabot, config: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUOTABOT_COPY_TO", postgres_url)

    assert quotabot("copy", "--config", str(config)).code == 0


def test_a_person_sees_how_far_it_is(config: Path, postgres_url: str) -> None:
    with closing(Store(config.parent / "quotabot.db")) as store:
        put_events(store, [contact(number) for number in range(100)])
    watching, terminal = pty.openpty()
    process = started(config, postgres_url, stderr=terminal)
    os.close(terminal)
    shown = b""
    try:
        while piece := os.read(watching, 4096):
            shown += piece
    except OSError:
        pass  # the other end is closed
    finally:
        os.close(watching)

    assert process.wait(PATIENCE_S) == 0
    assert b"copying" in shown
    assert b"comparing" in shown
    assert b"102/102" in shown
