"""`quotabot run sync` and `run engagement`: readings of WeCom, with a bar on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click

from bot.cli.bars import bars
from bot.features.reviews.cases import rename_id
from bot.features.status.labels import NAMED
from bot.features.sync.report import SyncReport, load_sync_report
from bot.messages.catalog import Texts, texts_in
from bot.messages.sentences import in_language
from bot.services import Services
from bot.store.engagement import Asked
from bot.wecom.asker import StoppedError
from scheduler.engagement import read_figures
from scheduler.sync import take_over

SYNC, ENGAGEMENT = "sync", "engagement"


def compare(
    services: Services,
    *,
    at: datetime,
    accept_losses: bool = False,
    beat: Callable[[], None] = lambda: None,
) -> SyncReport | None:
    """Read the directory and compare as of *at* (aware). *beat* may raise StoppedError.

    Returns None after an early stop, and reports it on standard error. Raises WeComError.
    """
    try:
        with bars() as tell:
            run = take_over(services, at, beat=beat, accept_losses=accept_losses, progress=tell)
    except StoppedError as error:
        counts = services.store.syncs.counts()
        left = sum(number for state, number in counts.items() if state == "wanted")
        _say_stopped(error, left, texts_in(services.language))
        return None
    report = load_sync_report(services.store, run)
    _ask(report, texts_in(services.language))
    return report


def read_engagement(services: Services, *, at: datetime) -> bool:
    """Read WeCom's figures as of *at* (aware); report an early stop on standard error and return False."""
    try:
        with bars() as tell:
            read_figures(services, at, progress=tell)
    except StoppedError as error:
        left = services.store.engagement.counts().get(Asked.WANTED, 0)
        _say_stopped(error, left, texts_in(services.language))
        return False
    return True


def _say_stopped(error: StoppedError, left: int, texts: Texts) -> None:
    missing = texts["cli.run.left"].say(n=left) if left else ""
    why = in_language(texts, str(error))
    click.echo(texts["cli.run.stopped"].say(why=why, left=missing), err=True)


def _ask(report: SyncReport, texts: Texts) -> None:
    for drift in report.held[:NAMED]:
        why = in_language(texts, drift.text)
        click.echo(texts["cli.sync.losses_held"].say(userid=drift.userid, n=drift.number, why=why), err=True)
    if len(report.held) > NAMED:
        click.echo(texts["cli.sync.more_members"].say(n=len(report.held) - NAMED), err=True)
    if report.held:
        click.echo(texts["cli.sync.check_range"], err=True)
    for drift in report.renamed[:NAMED]:
        case = rename_id((drift.text, drift.userid))
        click.echo(texts["cli.sync.renamed"].say(old=drift.text, new=drift.userid, id=case), err=True)
    if len(report.renamed) > NAMED:
        click.echo(texts["cli.sync.more_renamed"].say(n=len(report.renamed) - NAMED), err=True)
