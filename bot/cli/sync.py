"""`quotabot run sync`: reading and comparison of WeCom's lists, with a bar on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from bot.cli.bars import bars
from bot.cli.options import iso
from bot.cli.output import labelled
from bot.core.sync import ESTIMATED
from bot.features.reviews.cases import rename_id
from bot.features.sync.report import SyncReport, load_last_sync_report, load_sync_report
from bot.messages.catalog import Texts, texts_in
from bot.messages.sentences import in_language
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
        say_stopped(error, left, texts_in(services.language))
        return None
    report = load_sync_report(services.store, run)
    _ask(report, texts_in(services.language))
    return report


def say_stopped(error: StoppedError, left: int, texts: Texts) -> None:
    """Print on standard error why a reading stopped, and of how many members it read nothing yet."""
    missing = texts["cli.run.left"].say(n=left) if left else ""
    why = in_language(texts, str(error))
    click.echo(texts["cli.run.stopped"].say(why=why, left=missing), err=True)


def _ask(report: SyncReport, texts: Texts) -> None:
    for drift in report.held[:_NAMED]:
        why = in_language(texts, drift.text)
        click.echo(texts["cli.sync.losses_held"].say(userid=drift.userid, n=drift.number, why=why), err=True)
    if len(report.held) > _NAMED:
        click.echo(texts["cli.sync.more_members"].say(n=len(report.held) - _NAMED), err=True)
    if report.held:
        click.echo(texts["cli.sync.check_range"], err=True)
    for drift in report.renamed[:_NAMED]:
        case = rename_id((drift.text, drift.userid))
        click.echo(texts["cli.sync.renamed"].say(old=drift.text, new=drift.userid, id=case), err=True)
    if len(report.renamed) > _NAMED:
        click.echo(texts["cli.sync.more_renamed"].say(n=len(report.renamed) - _NAMED), err=True)


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


def for_people(drift: dict[str, Any], texts: Texts) -> list[str]:
    """Return a drift in lines."""
    lines = []
    if drift["at"] is None:
        lines.append(labelled(texts, "sync", texts["cli.sync.never"]))
    else:
        lines.append(labelled(texts, "sync", _found(drift, texts)))
        for word, meaning in texts.table("cli.sync.meanings").items():
            if drift[word]:
                members = some_of(drift[word], texts)
                text = texts["cli.sync.members"].say(members=members, meaning=meaning)
                lines.append(labelled(texts, None, text))
        unseen = [_unseen(cause, number, texts) for cause, number in drift["unverifiable"].items()]
        if unseen:
            causes = texts["cli.sync.comma"].join(unseen)
            lines.append(labelled(texts, None, texts["cli.sync.unseen"].say(causes=causes)))
    if "stopped" in drift:
        why = in_language(texts, drift["stopped"])
        lines.append(labelled(texts, None, texts["cli.status.stopped"].say(why=why)))
    return lines


def _found(drift: dict[str, Any], texts: Texts) -> str:
    about = {name: drift[name] for name in ("at", "found", "repaired")}
    if not drift["causes"]:
        return texts["cli.sync.found"].say(**about)
    causes = [_cause(cause, number, texts) for cause, number in drift["causes"].items()]
    return texts["cli.sync.found_causes"].say(causes=texts["cli.sync.comma"].join(causes), **about)


def _cause(cause: str, number: int, texts: Texts) -> str:
    return texts["cli.sync.cause"].say(cause=texts.table("cli.sync.causes")[cause], n=number)


def _unseen(cause: str, number: int | None, texts: Texts) -> str:
    name = texts.table("cli.sync.causes")[cause]
    if number is None:
        return name
    return (
        texts["cli.sync.about"].say(cause=name, n=number)
        if cause in ESTIMATED
        else _cause(cause, number, texts)
    )


def some_of(userids: dict[str, Any], texts: Texts) -> str:
    """Return the first userids, and how many more there are."""
    named = texts["cli.sync.comma"].join(list(userids)[:_NAMED])
    more = len(userids) - _NAMED
    return texts["cli.sync.more"].say(names=named, n=more) if more > 0 else named
