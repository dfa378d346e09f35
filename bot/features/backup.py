"""Backups of the store: by command, by the daily job, and what a restored store must not do again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from bot.core.outages import DOWN, LONG_S
from bot.core.workdays import epoch_of
from bot.features.outages.gaps import RECEIVING
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.backup import BEGAN, Backup, BackupError, back_up
from bot.store.runs import SEEN
from bot.store.store import Store

log = structlog.get_logger(__name__)

DONE = "backup_done"  # the mark with moment (real epoch s), file and size of the newest backup, as JSON
_NAME = "quotabot-"


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyBackup:
    """The backup of a day, and the older files that it made superfluous."""

    backup: Backup
    removed: tuple[Path, ...]


def make_backup(services: Services, target: Path) -> Backup:
    """Write the store to *target* while it is in use, and note it. Raises BackupError."""
    store, began = services.store, int(services.store.now())
    store.marks.put(BEGAN, str(began))
    made = back_up(services.config.store.address, target)
    noted = {"at": began, "file": str(made.file), "size": made.size}
    store.marks.put(DONE, json.dumps(noted, ensure_ascii=False))
    return made


def make_daily(services: Services, *, at: datetime) -> DailyBackup:
    """Write the backup of *at* (aware) into `[backup] folder`, then remove the oldest ones beyond `keep`.

    Raises BackupError, also if no folder is configured; then nothing is removed.
    """
    config = services.config.backup
    if config.folder is None:
        raise BackupError(Sentence("faults.store.no_backups"))
    try:
        config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BackupError(
            Sentence("faults.store.folder_unmade", folder=str(config.folder), why=str(error))
        ) from error
    end = ".db" if isinstance(services.config.store.where, Path) else ".dump"
    local = services.config.work_calendar().moment(epoch_of(at))
    made = make_backup(services, config.folder / f"{_NAME}{local:%Y%m%dT%H%M%S}{end}")
    old = sorted(config.folder.glob(f"{_NAME}[0-9]*T[0-9]*{end}"))[: -config.keep]
    for file in old:
        file.unlink(missing_ok=True)
    return DailyBackup(backup=made, removed=tuple(old))


def settle_restored(store: Store, *, file: Path, made_at: int, by: str, now: int) -> None:
    """Prepare a store that was just restored from *file*, *made_at* (real epoch s; *now* as well).

    What the backup calls open may have been done since: no message, answer or job of before *now* goes again.
    An outage since the backup keeps figures incomplete until the next comparison with WeCom's lists.
    """
    began = min(made_at, now - LONG_S - 1)
    with store.transaction():
        store.restored.drop_messages(now=now)
        store.restored.drop_jobs()
        store.restored.drop_words()
        store.restored.drop_processes()
        store.syncs.abandon()
        store.marks.put(SEEN, str(now))
        store.outages.add(began, now, reason=DOWN, holder="restore")
        store.audit.add(
            at=now, actor=by, act="restore", subject=file.name, detail={"made_at": made_at, "since": began}
        )


def moment_of(store: Store, file: Path) -> int:
    """Return the last moment (real epoch s) of which a restored store knows; *file*: the backup."""
    known = [store.marks.get(BEGAN), store.marks.get(RECEIVING)]
    moments = [int(mark) for mark in known if mark is not None]
    return max(moments, default=int(file.stat().st_mtime))
