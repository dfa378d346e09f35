"""SQLite's file as the machine treats it: full disks, deleted and replaced files, rights, locks."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.service import Site, contact_event, running, sealed, services

from bot.services import Services
from bot.store import group_commit
from bot.store.engine import StoreBusyError, StoreError
from bot.store.store import Store


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own that fills up soon."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "GIVE_UP_S", 0.3)


def post(site: Site, number: int, *, filling: str = "") -> int:
    event = contact_event(customer=f"wm{number:04d}", extra=filling)
    return site.post(sealed(event)).status


def ready(site: Site) -> int:
    return site.ask("GET", "/readyz").status


def fill(folder: Path) -> Path:
    """Take all that is left of a disk."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)
        except OSError:
            return filler


@pytest.fixture
def opened(small_disk: Path) -> Iterator[Services]:
    with services(small_disk) as opened:
        yield opened


def test_readiness_and_the_receiver_say_the_same_while_the_disk_is_full(
    opened: Services, small_disk: Path, impatient: None
) -> None:
    with running(opened, role="receiver") as site:
        before = post(site, 0), ready(site)
        filler = fill(small_disk)
        answers = []
        for number in range(1, 40):
            answers.append((post(site, number, filling=f"<Remark>{'x' * 20_000}</Remark>"), ready(site)))
            if answers[-1][0] == 503:
                break
        again = post(site, 99, filling=f"<Remark>{'y' * 20_000}</Remark>"), ready(site)
        filler.unlink()
        after = post(site, 100), ready(site)

    assert before == (200, 200)
    assert answers[-1] == (503, 503)
    assert again == (503, 503)
    assert after == (200, 200)


def test_a_disk_that_is_nearly_full_is_told_before(opened: Services, small_disk: Path) -> None:
    with running(opened, role="receiver") as site:
        filler = fill(small_disk)
        os.truncate(filler, filler.stat().st_size - 64 * 1024)
        report = site.ask("GET", "/readyz")

    assert report.status == 200
    assert b"before it is full" in report.body


def deleted(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    copy = path.with_name("copied")
    shutil.copyfile(path, copy)
    copy.replace(path)


@pytest.mark.parametrize("end", ["", "-wal"], ids=["file", "WAL"])
@pytest.mark.parametrize("act", [deleted, replaced])
def test_a_file_that_is_deleted_or_replaced_under_the_service_is_503_and_a_sentence(
    tmp_path: Path, impatient: None, act: object, end: str
) -> None:
    with services(tmp_path) as opened, running(opened, role="receiver") as site:
        path = site.path.with_name(site.path.name + end)
        before = post(site, 1)
        kept = path.with_name("kept")
        os.link(path, kept)
        act(path)  # type: ignore[operator]
        refused = post(site, 2), ready(site)
        still = post(site, 3), site.ask("GET", "/readyz")
        kept.replace(path)
        back = post(site, 4), ready(site)

    assert before == 200
    assert refused == (503, 503)
    assert (still[0], still[1].status) == (503, 503)
    assert b"deleted or replaced under the service" in still[1].body
    assert back == (200, 200)


def test_a_new_file_in_the_place_of_the_deleted_one_does_not_make_the_service_ready(
    tmp_path: Path, impatient: None
) -> None:
    with services(tmp_path) as opened, running(opened, role="receiver") as site:
        site.path.unlink()
        Store(site.path).close()  # what any command that makes stores does
        found = post(site, 1), ready(site)

    assert found == (503, 503)


def test_a_store_can_be_read_by_nobody_else(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = Store(tmp_path / "bot.db")
        store.marks.put("a", "b")
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.glob("bot.db*")}
        store.close()
    finally:
        os.umask(before)

    assert set(modes.values()) == {"0o600"}
    assert modes.keys() == {"bot.db", "bot.db-wal", "bot.db-shm"}


def test_an_older_store_that_everybody_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    Store(path).close()
    path.chmod(0o644)
    Store(path).close()

    assert oct(path.stat().st_mode & 0o777) == "0o600"


def test_a_store_that_is_not_there_is_not_made_unless_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "typo.db"
    with pytest.raises(StoreError, match=r"no store at .*typo\.db"):
        Store(path, may_create=False)
    there = path.exists()
    path.touch()  # what is left of a copy without its WAL
    with pytest.raises(StoreError, match="-wal"):
        Store(path, may_create=False)

    assert not there
    assert path.stat().st_size == 0


def test_a_locked_store_is_a_fault_that_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.sqlite.PATIENCE_S", 0.2)
    path = tmp_path / "bot.db"
    Store(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusyError, match="locked"):
        Store(path)
    other.close()


def test_a_damaged_file_names_the_backup(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    path.write_bytes(b"not a database at all " * 500)

    with pytest.raises(StoreError, match=r"restore the last backup .quotabot restore"):
        Store(path)
