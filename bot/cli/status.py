"""`quotabot status`: what waits, what was given up on, what ran last."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot.bootstrap import open_services
from bot.cli.options import config_option, format_option, loaded
from bot.cli.sync import for_people, last_shown
from bot.health import TOKEN
from bot.services import Services
from bot.store.address_book import READ_AT, READ_ERROR, State
from bot.store.inbox import Depth
from scheduler.sender import LEASE


@click.command()
@config_option
@format_option("text", "json")
def status(config_path: Path, form: str) -> None:
    """Show what waits, what was given up on, and what ran last. Changes nothing.

    \b
    quotabot status
    quotabot status --format json
    """
    with open_services(loaded(config_path)) as services:
        report = _report(services)
    click.echo(json.dumps(report, ensure_ascii=False, indent=2) if form == "json" else _for_people(report))


def _report(services: Services) -> dict[str, Any]:
    store, now = services.store, int(time.time())
    zone = services.config.calendar.timezone
    token = store.tokens.get(TOKEN)
    lease = store.leases.get(LEASE, now=now)
    newest = store.knowledge.newest_facts()
    return {
        "inbox": _depth(store.inbox.depth(now=now)),
        "outbox": _depth(store.outbox.depth(now=now)),
        "withheld": {
            "today": store.unasked.withheld(
                on=services.config.work_calendar().local_day(services.clock.now())
            ),
            "in_all": store.unasked.withheld(),
            "expired": store.outbox.expired(since=0),
        },
        "details": {"pending": store.details.pending()},
        "jobs": [
            {
                "job": row["job"],
                "fire_at": datetime.fromtimestamp(row["fire_at"], zone).isoformat(),
                "outcome": row["state"],
                "messages": row["messages"],
            }
            for row in store.runs.last()
        ],
        "token": {
            "expires_in_s": max(0, token.expires_at - now) if token.token else None,
            "error": token.error or None,
        },
        "lease": {
            "holder": lease["holder"] if lease else None,
            "until_s": lease["until_s"] if lease else None,
        },
        "drift": last_shown(services),
        "facts": {"newest_at": None if newest is None else datetime.fromtimestamp(newest, zone).isoformat()},
        "directory": _directory(services),
    }


def _directory(services: Services) -> dict[str, Any]:
    """When WeCom's directory was read, and how it stands; with a roster alone only how many people it has."""
    store, source = services.store, services.config.directory.source
    if source == "csv":
        return {"source": source, "read_at": None, "people": len(services.directory.people)}
    read_at = store.marks.get(READ_AT)
    states = store.address_book.states()
    zone = services.config.calendar.timezone
    return {
        "source": source,
        "read_at": None if read_at is None else datetime.fromtimestamp(int(read_at), zone).isoformat(),
        "people": states[State.PRESENT],
        "unknown": states[State.UNKNOWN],
        "left": states[State.LEFT],
        "to_read": len(store.address_book.wanted()),
        "error": store.marks.get(READ_ERROR),
    }


def _depth(depth: Depth) -> dict[str, int | None]:
    return {"pending": depth.pending, "dead": depth.dead, "oldest_s": depth.oldest_s}


def _for_people(report: dict[str, Any]) -> str:
    lines = [
        f"{name:<7} {box['pending']} waiting, {box['dead']} given up on"
        + (f", oldest {box['oldest_s']} s" if box["oldest_s"] is not None else "")
        for name, box in (("inbox", report["inbox"]), ("outbox", report["outbox"]))
    ]
    held = report["withheld"]
    today = ", ".join(f"{number} {why}" for why, number in held["today"].items()) or "none"
    lines.append(f"peace   withheld today: {today}; {held['expired']} lost their point in all")
    lines.append(f"details {report['details']['pending']} contact(s) to be read")
    lines += [
        f"{job['job']:<9} last {job['fire_at']}: {job['outcome']}, {job['messages']} message(s)"
        for job in report["jobs"]
    ] or ["jobs    none has run yet"]
    token, lease, people = report["token"], report["lease"], report["directory"]
    if token["error"]:
        lines.append(f"token   none: {token['error']}")
    else:
        lines.append(
            f"token   {token['expires_in_s']} s left" if token["expires_in_s"] else "token   none yet"
        )
    lines.append(f"sender  {lease['holder'] or 'nobody is sending'}")
    lines.append(f"facts   {report['facts']['newest_at'] or 'none were imported yet'}")
    if people["source"] == "csv":
        lines.append(f"people  {people['people']} in the roster")
    else:
        when = f"read {people['read_at']}" if people["read_at"] else "not read from WeCom yet"
        lines.append(
            f"people  {people['people']}, {people['unknown']} unknown, {people['left']} left; {when}"
        )
    if people.get("error"):
        lines.append(f"people  the last reading failed: {people['error']}")
    lines += for_people(report["drift"])
    return "\n".join(lines)
