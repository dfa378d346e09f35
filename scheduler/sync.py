"""sync: takes over what WeCom's own lists say, of the directory and then of contacts. Tells nobody anything.

Each night, because no event is sure to come: an app gets none at all of most changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import structlog

from bot.core.workdays import epoch_of
from bot.features.outages import silence
from bot.features.outages.catch_up import is_wanted
from bot.features.people.refresh import read_directory
from bot.features.standings.load import Standings
from bot.features.sync.lists import Tell
from bot.features.sync.reconcile import reconcile, silent
from bot.features.sync.report import load_sync_report
from bot.messages.message import Message
from bot.services import Services
from bot.store.sync import SyncRun
from bot.wecom.asker import StoppedError
from bot.wecom.directory import AddressBook
from handlers.inbox import work_off

log = structlog.get_logger(__name__)


def take_over(
    services: Services,
    at: datetime,
    *,
    beat: Callable[[], None] = lambda: None,
    accept_losses: bool = False,
    progress: Tell = silent,
) -> SyncRun:
    """Read the directory, unless a roster stands for it, and compare contacts as of *at* (aware).

    *beat*, *accept_losses* and *progress* as `reconcile` has them. Raises WeComError when the directory
    cannot be read; then nothing has changed. Raises StoppedError when the comparison cannot go on now.
    """

    def alive() -> None:
        if services.ending.is_set():
            raise StoppedError("the service is ending")
        beat()

    with services.reads() as reads:
        reads.beat = alive
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
            beat=alive,
        )
    silence.after_comparing(services, run)
    return run


def work(services: Services, at: datetime, beat: Callable[[], None]) -> None:
    """The job by the timetable."""
    run = take_over(services, at, beat=beat)
    if run.began_at < epoch_of(at) and is_wanted(services):
        # That was the rest of one that began earlier, maybe before an outage.
        run = take_over(services, at, beat=beat)
    found = load_sync_report(services.store, run)
    log.info("compared with WeCom's lists", found=found.found, repaired=found.repaired)


def messages(_services: Services, _standing: Standings) -> Iterator[tuple[str, Message]]:
    """Nothing for anybody."""
    return iter(())
