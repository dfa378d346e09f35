"""The time of refused callbacks is on record before their senders hear of it, and outlives a restart."""

from __future__ import annotations

import stat
from pathlib import Path
from threading import Event

import pytest
from builders.service import locked, services

from bot.app.service import open_app
from bot.store import group_commit
from bot.store.group_commit import GroupCommit
from bot.store.refusals import RefusalFile, RefusedSpan


def test_a_refusal_is_on_record_before_its_sender_hears_of_it_and_outlives_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "GIVE_UP_S", 0.3)
    monkeypatch.setattr(group_commit, "PATIENCE_S", 0.05)
    seen: list[RefusedSpan | None] = []
    told = Event()
    with services(tmp_path) as opened:
        where = opened.config.store.where
        assert isinstance(where, Path)
        refusals = RefusalFile(where.with_name(f"{where.name}.refused"))
        writer = GroupCommit(opened.store.engine, on_stored=lambda: None, refusals=refusals)

        def done(stored: bool) -> None:
            assert not stored
            seen.append(refusals.read())
            told.set()

        with locked(where):
            writer.put(hash="lost", body=b"x", received_at=1, done=done)
            assert told.wait(60)
            writer.close()  # and the process ends without another event

    assert isinstance(seen[0], RefusedSpan)
    with services(tmp_path) as opened, open_app(opened):
        (outage,) = opened.store.outages.since(0)
        assert (outage["reason"], outage["began_at"]) == ("refused", seen[0].since)
        assert refusals.read() is None


def test_a_store_that_takes_events_again_takes_the_time_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "GIVE_UP_S", 0.3)
    monkeypatch.setattr(group_commit, "PATIENCE_S", 0.05)
    with services(tmp_path) as opened:
        where = opened.config.store.where
        assert isinstance(where, Path)
        refusals = RefusalFile(tmp_path / "refused")
        writer = GroupCommit(opened.store.engine, on_stored=lambda: None, refusals=refusals)
        answers: list[bool] = []
        told = Event()

        def done(stored: bool) -> None:
            answers.append(stored)
            told.set()

        with locked(where):
            writer.put(hash="lost", body=b"x", received_at=1, done=done)
            assert told.wait(60)
        told.clear()
        writer.put(hash="kept", body=b"x", received_at=2, done=done)
        assert told.wait(60)
        writer.close()

        assert answers == [False, True]
        assert [row["reason"] for row in opened.store.outages.since(0)] == ["refused"]
        assert refusals.read() is None


def test_the_file_is_made_beforehand_keeps_its_size_and_belongs_to_its_user(tmp_path: Path) -> None:
    path = tmp_path / "refused"
    refusals = RefusalFile(path)
    empty = path.stat()
    refusals.note(1, 2)
    noted = path.stat()

    assert refusals.read() == RefusedSpan(1, 2)
    assert noted.st_size == empty.st_size > 0
    assert stat.S_IMODE(noted.st_mode) == 0o600


def test_a_folder_that_cannot_be_written_to_stops_nobody(tmp_path: Path) -> None:
    refusals = RefusalFile(tmp_path / "missing" / "refused")
    refusals.note(1, 2)

    assert refusals.read() is None
