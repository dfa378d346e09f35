"""`quotabot run sync`: reading and comparison of WeCom's lists, with a bar on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from bot.cli.bars import bars
from bot.cli.options import iso
from bot.core.sync import ESTIMATED
from bot.features.reviews.cases import rename_id
from bot.features.sync.report import SyncReport, load_last_sync_report, load_sync_report
from bot.services import Services
from bot.wecom.asker import StoppedError
from scheduler.sync import take_over

JOB = "sync"
_NAMED = 10


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
        missing = f" ({left} member(s) are not read yet)" if left else ""
        click.echo(f"stopped: {error}{missing}; the same command goes on from here", err=True)
        return None
    report = load_sync_report(services.store, run)
    _ask(report)
    return report


def _ask(report: SyncReport) -> None:
    for drift in report.held[:_NAMED]:
        click.echo(f"{drift.userid}: {drift.number} losses are not written: {drift.text}", err=True)
    if len(report.held) > _NAMED:
        click.echo(f"and {len(report.held) - _NAMED} more member(s)", err=True)
    if report.held:
        click.echo(
            "Check whether the app's visible range and 客户联系 → 使用范围 are as they should be. If these "
            "customers are really gone: quotabot run sync --accept-losses",
            err=True,
        )
    for drift in report.renamed[:_NAMED]:
        click.echo(
            f"{drift.text} seems to be {drift.userid} now; nothing is written for the two until a reviewer "
            f"decides: quotabot review accept|reject {rename_id((drift.text, drift.userid))}",
            err=True,
        )
    if len(report.renamed) > _NAMED:
        click.echo(f"and {len(report.renamed) - _NAMED} more: quotabot review list", err=True)


def sync_report_json(services: Services, report: SyncReport | None) -> dict[str, Any]:
    """Return *report* as JSON, also without a run. `stopped`: why an unfinished run does not continue."""
    unfinished = services.store.syncs.unfinished()
    stopped = {"stopped": unfinished.error} if unfinished is not None and unfinished.error else {}
    if report is None:
        return {"at": None, "found": 0, "repaired": 0, **stopped}
    return {
        "at": iso(services.config, report.at),
        "found": report.found,
        "repaired": report.repaired,
        "causes": report.causes,
        "held": {drift.userid: drift.number for drift in report.held},
        "unverifiable": report.unverifiable,
        "unknown": {drift.userid: drift.text for drift in report.unknown},
        "frozen": {drift.userid: drift.text for drift in report.frozen},
        "renamed": {drift.userid: drift.text for drift in report.renamed},
        **stopped,
    }


def last_shown(services: Services) -> dict[str, Any]:
    """Return the newest complete run's drift as JSON."""
    return sync_report_json(services, load_last_sync_report(services.store))


def for_people(drift: dict[str, Any]) -> list[str]:
    """Return a drift in lines."""
    lines = []
    if drift["at"] is None:
        lines.append("sync    never compared with WeCom's lists")
    else:
        causes = ", ".join(f"{cause} {number}" for cause, number in drift["causes"].items())
        lines.append(
            f"sync    {drift['at']}: {drift['found']} found{f' ({causes})' if causes else ''}, "
            f"{drift['repaired']} repaired"
        )
        for word, meaning in (
            ("held", "losses wait for: quotabot run sync --accept-losses"),
            ("unknown", "lists were not read"),
            ("frozen", "left, or out of range or scope: nothing is changed"),
            ("renamed", "may be a changed userid, nothing is written: quotabot review list"),
        ):
            if drift[word]:
                lines.append(f"        {some_of(drift[word])}: {meaning}")
        unseen = ", ".join(_unseen(cause, number) for cause, number in drift["unverifiable"].items())
        if unseen:
            lines.append(f"        no list can show: {unseen}")
    if "stopped" in drift:
        lines.append(f"        stopped: {drift['stopped']}")
    return lines


def _unseen(cause: str, number: int | None) -> str:
    if number is None:
        return cause
    return f"{cause} about {number}" if cause in ESTIMATED else f"{cause} {number}"


def some_of(userids: dict[str, Any]) -> str:
    """Return the first userids, and how many more there are."""
    named = ", ".join(list(userids)[:_NAMED])
    more = len(userids) - _NAMED
    return f"{named} and {more} more" if more > 0 else named
