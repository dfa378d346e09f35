"""sync: take over WeCom's own lists, first the directory, then contacts, and send no message.

It runs each night, because no event is certain: an app gets no event of most changes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from bot.core.workdays import epoch_of
from bot.features.outages import silence
from bot.features.outages.catch_up import is_wanted
from bot.features.people.refresh import read_directory
from bot.features.sync.lists import Tell
from bot.features.sync.reconcile import ignore_progress, reconcile
from bot.features.sync.report import load_sync_report
from bot.services import Services
from bot.store.sync import SyncRun
from bot.wecom.directory import AddressBook
from handlers.inbox import work_off

log = structlog.get_logger(__name__)


def take_over(
    services: Services,
    at: datetime,
    *,
    beat: Callable[[], None] = lambda: None,
    accept_losses: bool = False,
    progress: Tell = ignore_progress,
) -> SyncRun:
    """Read the directory, unless a roster replaces it, and compare contacts as of *at* (aware).

    *beat*, *accept_losses* and *progress* are those of `reconcile`. Raises WeComError if the directory
    cannot be read; then nothing has changed. Raises StoppedError if the comparison cannot continue now.
    """
    beat = services.beating(beat)
    with services.reads() as reads:
        reads.beat = beat
        if services.config.directory.source == "wecom":
            book = AddressBook(reads, agent_id=services.config.wecom.agent_id)
            read_directory(services, book=book, at=at)
        run = reconcile(
            services,
            reads,
            at=at,
            work_off=work_off,
            accept_losses=accept_losses,
            progress=progress,
            beat=beat,
        )
    silence.after_comparing(services, run)
    return run


def work(services: Services, at: datetime, beat: Callable[[], None]) -> None:
    """Run the job of the timetable."""
    run = take_over(services, at, beat=beat)
    if run.began_at < epoch_of(at) and is_wanted(services):
        # That was the rest of an earlier comparison, maybe one before an outage.
        run = take_over(services, at, beat=beat)
    report = load_sync_report(services.store, run)
    log.info("compared with WeCom's lists", found=report.found, repaired=report.repaired)
