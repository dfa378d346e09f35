"""Comparison with WeCom's lists before a job by hand, if events may be missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import click

from bot.app.bootstrap import record_files
from bot.cli.sync import compare
from bot.features.outages import catch_up, gaps
from bot.features.sync.reconcile import LEASE
from bot.messages.catalog import texts_in
from bot.messages.sentences import Sentence, in_language
from bot.services import Services
from bot.wecom.asker import StoppedError
from bot.wecom.errors import WeComError

PATIENCE_S = 1200.0
_LOOK_S = 5.0


def describe_gap(services: Services, job: str, *, at: datetime) -> str | None:
    """Return what the figures of *job* as of *at* (aware) may lack, for people; None: nothing."""
    gap = catch_up.gap_of(services, job, at=at)
    if gap is None or (job not in catch_up.ASK_FIRST and not gap.withholds):
        return None
    return catch_up.describe_gap(gap, calendar=services.config.work_calendar())


def compare_if_incomplete(services: Services, job: str, *, at: datetime) -> str | None:
    """Compare first, for at most 20 minutes, if the figures of *job* as of *at* (aware) are incomplete.

    Returns why they must not be sent; None: they may be sent.
    """
    if (lack := describe_gap(services, job, at=at)) is None:
        return None
    texts = texts_in(services.language)
    if gaps.is_taken(services.store):
        click.echo(in_language(texts, lack), err=True)
        return None
    click.echo(texts["cli.run.first_compare"].say(lack=in_language(texts, lack)), err=True)
    record_files(services, now=services.clock.now())
    end = time.monotonic() + PATIENCE_S
    _compare_until(services, job, at=at, end=end)
    gap = catch_up.gap_of(services, job, at=at)
    if gap is None:
        return None
    lack = catch_up.describe_gap(gap, calendar=services.config.work_calendar())
    if catch_up.goes_anyway(services, job, gap, at=at):
        click.echo(in_language(texts, lack), err=True)
        return None
    return lack


def _compare_until(services: Services, job: str, *, at: datetime, end: float) -> None:
    """Compare when that covers the outage; once more if it was the rest of an earlier comparison."""
    tried = 0
    while tried < 2 and (gap := catch_up.gap_of(services, job, at=at)) is not None:
        if not (gap.is_ripe or gap.lasts or gap.members is not None):
            # Late events are still arriving; a comparison would leave out the last ten minutes.
            if time.monotonic() + _LOOK_S > end:
                return
            time.sleep(_LOOK_S)
            continue
        if _compared(services, end=end):
            tried += 1
        elif not _is_another_at_it(services) or time.monotonic() > end:
            return


def _compared(services: Services, *, end: float) -> bool:
    try:
        return compare(services, at=services.clock.now(), beat=_until(end)) is not None
    except WeComError as error:
        click.echo(in_language(texts_in(services.language), str(error)), err=True)
        return False


def _until(end: float) -> Callable[[], None]:
    def beat() -> None:
        if time.monotonic() > end:
            raise StoppedError(Sentence("sentences.too_long"))

    return beat


def _is_another_at_it(services: Services) -> bool:
    lease = services.store.leases.get(LEASE, now=int(services.store.now()))
    return lease is not None and lease["holder"] != services.holder
