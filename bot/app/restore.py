"""The restore of a backup: checked, prepared beside the store, then put in its place in one step."""

from __future__ import annotations

import time
import uuid
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.config import Config
from bot.features.backup import moment_of, settle_restored
from bot.features.privacy.erase import erase_again
from bot.messages.sentences import Sentence
from bot.store.backup import BackupError, check_file, is_empty, put_aside, unpack
from bot.store.engine import StoreError
from bot.store.erasures import ErasedMarks
from bot.store.process_lock import lock_installation
from bot.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredStore:
    """A restored store. *made_at*: of what moment the backup is; *aside*: the store that was here.

    *erased*: customers that were erased since the backup, and now again.
    """

    made_at: datetime
    aside: Path | None
    erased: int = 0


def restore(config: Config, file: Path, *, replace: bool, by: str) -> RestoredStore:
    """Put the backup *file* in the place of the store, in the name of *by*.

    Raises StoreError, and changes nothing, if the file is not whole or the store is in use. Without *replace*
    also if the store holds data.
    """
    where = config.store.address
    if isinstance(where, Path):
        return _restore_file(config, file, where, replace=replace, by=by)
    from bot.store import postgres_backup  # an installation on SQLite needs no driver

    if not file.is_file():
        raise BackupError(Sentence("faults.store.no_backup", file=str(file)))
    marks = _marks_of(where)
    postgres_backup.load(where, file, replace=replace)
    made_at, erased = _settle(config, where, file, by=by, marks=marks)
    return RestoredStore(made_at=made_at, aside=None, erased=erased)


def _restore_file(config: Config, file: Path, where: Path, *, replace: bool, by: str) -> RestoredStore:
    check_file(file)
    where.parent.mkdir(parents=True, exist_ok=True)
    with lock_installation(where):
        if not replace and not is_empty(where):
            raise BackupError(Sentence("faults.store.holds_data", path=str(where)))
        fresh = where.with_name(f".{where.name}.{uuid.uuid4().hex[:8]}")
        try:
            unpack(file, fresh)
            made_at, erased = _settle(config, fresh, file, by=by, marks=_marks_of(where))
            aside = put_aside(where) if where.exists() else None
            fresh.rename(where)
        finally:
            for end in ("", "-wal", "-shm"):
                fresh.with_name(fresh.name + end).unlink(missing_ok=True)
    return RestoredStore(made_at=made_at, aside=aside, erased=erased)


def _marks_of(where: Path | str) -> ErasedMarks:
    """Return who was erased in the store that is replaced; nobody, if it cannot be read."""
    try:
        with closing(Store(where, may_create=False)) as store:
            return store.erasures.export()
    except StoreError:
        return ErasedMarks("", ())


def _settle(
    config: Config, where: Path | str, file: Path, *, by: str, marks: ErasedMarks
) -> tuple[datetime, int]:
    """Migrate the restored store and let nothing in it happen twice.

    Return of what moment it is, and how many customers were erased again.
    """
    now = int(time.time())
    with closing(Store(where)) as store:
        made_at = moment_of(store, file)
        settle_restored(store, file=file, made_at=made_at, by=by, now=now)
        erased = erase_again(store, marks, by=by, at=now)
    return config.work_calendar().moment(made_at), erased
