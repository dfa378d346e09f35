"""`quotabot run engagement`: reading of WeCom's behaviour figures, with a bar on a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from bot.cli.bars import bars
from bot.cli.options import iso
from bot.cli.sync import some_of
from bot.services import Services
from bot.store.engagement import Asked
from bot.wecom.asker import StoppedError
from scheduler.engagement import read_figures

JOB = "engagement"


def read(services: Services, *, at: datetime) -> bool:
    """Read as of *at* (aware); report an early stop on standard error and return False."""
    try:
        with bars() as tell:
            read_figures(services, at, progress=tell)
    except StoppedError as error:
        left = services.store.engagement.counts().get(Asked.WANTED, 0)
        missing = f" ({left} member(s) are not read yet)" if left else ""
        click.echo(f"stopped: {error}{missing}; the same command goes on from here", err=True)
        return False
    return True


def shown(services: Services) -> dict[str, Any]:
    """Return the newest complete reading as JSON; `members` and `unknown` are those of the newest at all.

    `stopped`: why an unfinished reading does not continue.
    """
    kept = services.store.engagement
    last, unfinished, counts = kept.last(), kept.unfinished(), kept.counts()
    stopped = {"stopped": unfinished.error} if unfinished is not None and unfinished.error else {}
    return {
        "at": None if last is None else iso(services.config, last.began_at),
        "upto": None if last is None else last.last_day.isoformat(),
        "members": counts.get(Asked.READ, 0),
        "unknown": kept.members(Asked.UNKNOWN),
        **stopped,
    }


def for_people(reading: dict[str, Any]) -> list[str]:
    """Return a reading in lines."""
    if reading["at"] is None:
        lines = ["figures WeCom's behaviour figures were never read to the end"]
    else:
        lines = [f"figures {reading['at']}: up to {reading['upto']}, {reading['members']} member(s)"]
    if unknown := reading["unknown"]:
        lines.append(f"        {some_of(unknown)}: nothing was told: {next(iter(unknown.values()))}")
    if "stopped" in reading:
        lines.append(f"        stopped: {reading['stopped']}")
    return lines
