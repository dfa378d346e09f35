"""`quotabot run JOB`: one job as if it were TIME, until it is complete."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot.app.bootstrap import begin_record, open_reader, open_sender, open_services
from bot.cli import backup
from bot.cli.comparison import compare_if_incomplete, describe_gap
from bot.cli.inbox import catch_up
from bot.cli.options import at_option, bad_usage, config_option, format_option, json_text, loaded, moment
from bot.cli.output import line_with
from bot.cli.sync import ENGAGEMENT, SYNC, compare, read_engagement
from bot.core.sync import NEVER_READ
from bot.features.details.tags import wait_for_reading, want_again
from bot.features.notify.enqueue import enqueue_unasked, preview_enqueue, quiet_hours
from bot.features.outages import clock
from bot.features.robots.picture import Picture
from bot.features.status.comparison import drift_lines, sync_report_json
from bot.features.status.figures import last_reading, reading_lines
from bot.features.status.labels import Labelled, numbered
from bot.features.sync.report import load_last_sync_report
from bot.messages.catalog import Texts, texts_in
from bot.messages.sentences import Sentence, in_language
from bot.services import Services
from bot.store.outbox import OutboxMessage
from bot.store.troubles import Part
from scheduler.jobs import JOBS, LASTING, SILENT
from scheduler.planner import plan, plan_pieces, prepare
from scheduler.purge import clean

_PURGE = "purge"
_LOOK_AGAIN_S = 0.2
# How people read the reports of jobs without messages, by their key.
_REPORTS: dict[str, Callable[[dict[str, Any], Texts], list[str]]] = {
    "drift": lambda drift, texts: _joined(drift_lines(drift, texts)),
    "engagement": lambda reading, texts: _joined(reading_lines(reading, texts)),
    "purged": lambda counts, texts: _purged(counts, texts),
    "backup": backup.for_people,
}


@click.command()
@click.argument("job", type=click.Choice(list(JOBS)))
@config_option
@at_option("Run as if it were this time (ISO 8601); now if left out.")
@click.option("--dry-run", is_flag=True, help="Print the messages; store and send nothing.")
@click.option("--no-wait", is_flag=True, help="Return when the messages are planned.")
@click.option("--accept-losses", is_flag=True, help="sync: write losses, however many they are.")
@format_option("text", "json")
def run(
    config_path: Path,
    job: str,
    at: str | None,
    *,
    dry_run: bool,
    no_wait: bool,
    accept_losses: bool,
    form: str,
) -> None:
    """Run one job once and return when its messages are sent or have failed.

    Nobody gets a message of the same job and day twice, however often it is run.

    \b
    quotabot run progress --dry-run
    quotabot run progress --at 2026-11-23T09:07
    quotabot run sync --accept-losses
    """
    config = loaded(config_path)
    if job != SYNC and accept_losses:
        raise bad_usage(Sentence("faults.usage.accept_losses"))
    with open_services(config) as services:
        now = services.clock.now()
        when = moment(at, config, now=now)
        shift = 0 if at is None else round(when.timestamp() - services.store.now())
        if not dry_run:
            clock.put_right(services)
        catch_up(services)
        report: dict[str, Any] = {"job": job, "at": when.isoformat(), "dry_run": dry_run, "messages": []}
        is_done = True
        if dry_run:
            report["messages"] = _preview(services, job, at=when)
        elif job in LASTING:
            begin_record(services, now=now)
            is_done = _work(services, report, at=when, accept_losses=accept_losses)
        else:
            is_done = _send(services, report, at=when, shift=shift, waits=not no_wait)
        _print(report, form, texts_in(services.language))
    if not is_done:
        sys.exit(1)


def _send(services: Services, report: dict[str, Any], *, at: datetime, shift: int, waits: bool) -> bool:
    """Plan the messages of a job and wait until they are sent; return False if not all of them went."""
    job, texts = report["job"], texts_in(services.language)
    if job not in SILENT and not services.config.work_calendar().in_working_hours(at):
        click.echo(texts["cli.run.outside"].say(at=f"{at:%Y-%m-%d %H:%M}"), err=True)
        return True
    if (held := compare_if_incomplete(services, job, at=at)) is not None:
        click.echo(texts["cli.run.held"].say(why=in_language(texts, held)), err=True)
        report["held"] = held
        return False
    planned = _plan(services, job, when=at, shift=shift)
    if waits:
        _deliver(services, planned)
    report["messages"] = [_now(services, message) for message in planned]
    return not waits or all(_went(services, message) for message in planned)


def _work(services: Services, report: dict[str, Any], *, at: datetime, accept_losses: bool) -> bool:
    """Run a long job without messages; return False if it did not finish."""
    if report["job"] == ENGAGEMENT:
        is_done = read_engagement(services, at=at)
        report["engagement"] = last_reading(services)
        return is_done
    if report["job"] == _PURGE:
        report["purged"] = clean(services, at=at)
        return True
    if report["job"] == backup.JOB:
        report["backup"] = backup.shown(services, at=at)
        return True
    drift = compare(services, at=at, accept_losses=accept_losses)
    report["drift"] = sync_report_json(services, drift or load_last_sync_report(services.store))
    return drift is not None and all(line.text in NEVER_READ for line in drift.unknown)


def _preview(services: Services, job: str, *, at: datetime) -> list[dict[str, Any]]:
    """Return the messages that a run would plan or has planned; print their gaps on standard error."""
    texts = texts_in(services.language)
    if job not in SILENT and not services.config.work_calendar().in_working_hours(at):
        click.echo(texts["cli.run.outside_preview"].say(at=f"{at:%Y-%m-%d %H:%M}"), err=True)
    if (lack := describe_gap(services, job, at=at)) is not None:
        click.echo(in_language(texts, lack), err=True)
    planned = preview_enqueue(services, plan(services, job, at=at), quiet=quiet_hours(services))
    return [_now(services, message, otherwise="planned") for message in planned]


def _plan(services: Services, job: str, *, when: datetime, shift: int) -> list[OutboxMessage]:
    begin_record(services, now=services.clock.now())
    if want_again(services, job, at=when):
        with open_reader(services) as reader:  # beside a service, its reader reads and we wait
            wait_for_reading(services, step=reader.step)
    prepare(services, job, at=when)
    planned: list[OutboxMessage] = []
    for piece in plan_pieces(services, job, at=when, time_shift=shift, keep=True):
        quiet = quiet_hours(services)
        rows = [row for to_one in piece.people for row in to_one]
        with services.store.transaction():
            for row in rows:
                enqueue_unasked(services, row, quiet=quiet)
        planned += [_named(services, row) for row in rows]
    why_of = services.store.unasked_messages.why
    reason_of = {message.key: why for message in planned if (why := why_of(message.key)) is not None}
    withheld = Counter(reason_of.values())
    if withheld:
        texts = texts_in(services.language)
        reasons = numbered(sorted(withheld.items()), texts)
        click.echo(texts["cli.run.withheld"].say(reasons=reasons), err=True)
    return [message for message in planned if message.key not in reason_of]


def _named(services: Services, row: OutboxMessage) -> OutboxMessage:
    """Return *row*, without what it says if it is stored: of a whole bank that would be too much."""
    if services.store.outbox.by_key(row.key) is None:
        return row
    return replace(row, content="", forms="")


def _deliver(services: Services, planned: list[OutboxMessage]) -> None:
    """Send, or wait while a service holds the delivery lease, until all are done or a human must act."""
    with open_sender(services) as (sender, _keeper):
        while _open(services, planned):
            wait = sender.step()
            if (reason := _needs_human(services)) is not None:
                texts = texts_in(services.language)
                click.echo(texts["cli.run.not_sent"].say(why=in_language(texts, reason)), err=True)
                return
            time.sleep(wait if sender.leads else _LOOK_AGAIN_S)


def _open(services: Services, planned: list[OutboxMessage]) -> bool:
    rows = (services.store.outbox.by_key(message.key) for message in planned)
    return any(row is not None and row["state"] == "pending" for row in rows)


def _needs_human(services: Services) -> str | None:
    trouble = services.store.troubles.get(Part.DELIVERY)
    return trouble.text if trouble and trouble.needs_human and trouble.until > services.store.now() else None


def _went(services: Services, message: OutboxMessage) -> bool:
    """Return whether it was sent, or is left to a later message that carries it."""
    row = services.store.outbox.by_key(message.key)
    return row is not None and row["state"] in {"sent", "waiting", "carried"}


def _now(services: Services, message: OutboxMessage, *, otherwise: str = "pending") -> dict[str, Any]:
    """Return the stored message if an earlier run planned it; else the new one in the state *otherwise*."""
    row = services.store.outbox.by_key(message.key)
    if row is None:
        return _told(message, otherwise, message.content)
    if row["error"]:
        texts = texts_in(services.language)
        state, error = texts.table("cli.run.states")[row["state"]], in_language(texts, row["error"])
        click.echo(texts["cli.run.state"].say(userid=message.to_userid, state=state, error=error), err=True)
    return _told(message, row["state"], row["content"])


def _told(message: OutboxMessage, state: str, content: str) -> dict[str, Any]:
    """Return the message as JSON; a picture as its title."""
    text = Picture.from_json(content).alternative if message.msgtype == "image" else content
    return {"key": message.key, "to": message.to_userid, "state": state, "text": text}


def _joined(lines: Iterable[Labelled]) -> list[str]:
    return [line_with(*line) for line in lines]


def _purged(counts: dict[str, int], texts: Texts) -> list[str]:
    rows = texts["cli.purge.rows"]
    lines = [rows.say(name=f"{name:<18}", n=number) for name, number in sorted(counts.items())]
    return lines or [texts["cli.purge.nothing"]]


def _print(report: dict[str, Any], form: str, texts: Texts) -> None:
    if form == "json":
        click.echo(json_text(report), nl=False)
        return
    for key, lines in _REPORTS.items():
        if key in report:
            click.echo("\n".join(lines(report[key], texts)))
            return
    for shown in report["messages"]:
        state = texts.table("cli.run.states")[shown["state"]]
        head = texts["cli.run.message"].say(userid=shown["to"], state=state)
        click.echo(click.style(head, bold=True))
        click.echo(shown["text"])
        click.echo()
    click.echo(texts["cli.run.sum"].say(n=len(report["messages"])))
