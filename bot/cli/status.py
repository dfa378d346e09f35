"""`quotabot status`: queues, failures and the last runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.app.bootstrap import open_existing
from bot.cli import engagement
from bot.cli.options import config_option, format_option, iso, json_text, loaded
from bot.cli.sync import for_people, last_shown
from bot.features.delivery.sender import LEASE
from bot.features.health import Health, refused_line
from bot.features.outages import catch_up, gaps
from bot.features.robots.posts import fingerprints
from bot.services import Services
from bot.store.address_book import READ_AT, EntryState
from bot.store.coordination import TOKEN
from bot.store.inbox import Depth
from bot.store.troubles import Part
from bot.store.welcomes import Counts

_OWN_PARTS = {"clock", "space", "decree", "ledger"}


@click.command()
@config_option
@format_option("text", "json")
def status(config_path: Path, form: str) -> None:
    """Show waiting and failed events and messages, and the last run of each job. Changes nothing.

    \b
    quotabot status
    quotabot status --format json
    """
    with open_existing(loaded(config_path)) as services:
        report = _report(services)
    click.echo(json_text(report) if form == "json" else _for_people(report) + "\n", nl=False)


def _report(services: Services) -> dict[str, Any]:
    store, now, config = services.store, int(services.store.now()), services.config
    token = store.tokens.get(TOKEN)
    lease = store.leases.get(LEASE, now=now)
    return {
        "inbox": _depth(store.inbox.depth(now=now)),
        "outbox": _depth(store.outbox.depth(now=now)),
        "withheld": {
            "today": store.unasked_messages.withheld(
                on=config.work_calendar().local_day(services.clock.now())
            ),
            "in_all": store.unasked_messages.withheld(),
            "expired": store.outbox.expired(since=0),
        },
        "details": {"pending": store.details.pending()},
        "reads": {"refused_s": {api: until - now for api, until in store.budget.blocked(now=now).items()}},
        "robots": _robots(services),
        "welcomes": _welcomes(store.welcomes.counts(now=now)),
        "jobs": [
            {
                "job": row["job"],
                "fire_at": iso(config, row["fire_at"]),
                "outcome": row["state"],
                "messages": row["messages"],
                **({"note": row["error"]} if row["error"] else {}),
            }
            for row in store.runs.last()
        ],
        "token": {
            "expires_in_s": max(0, token.expires_at - now) if token.token else None,
            "error": token.error or None,
        },
        "lease": lease or {"holder": None, "until_s": None},
        "drift": last_shown(services),
        "engagement": engagement.shown(services),
        "complete": _complete(services),
        "catch_up": _catch_up(services),
        "facts": {"newest_at": iso(config, store.contact_knowledge.newest_facts())},
        "directory": _directory(services),
        "troubles": _troubles(services),
        "audit": {"broken_at": store.audit.broken_at()},
    }


def _complete(services: Services) -> dict[str, Any]:
    """Return whether figures are complete, why not, and how far the comparison under way is."""
    reason, (read, members) = catch_up.explain_withheld(services), services.store.syncs.read_of()
    return {"complete": reason is None, "because": reason, "members_read": read, "members": members}


def _catch_up(services: Services) -> dict[str, Any]:
    """Return since when figures may be incomplete, for whom and why; and since when WeCom is silent."""
    now, config = int(services.store.now()), services.config
    gap, silent = gaps.find_gap(services.store, now=now), gaps.find_silence(services.store, now=now)
    return {
        "incomplete_since": iso(config, gap.since if gap else None),
        "reasons": [] if gap is None else list(gap.reasons),
        "members": None if gap is None or gap.members is None else sorted(gap.members),
        "silent_since": iso(config, silent.began_at if silent else None),
    }


def _troubles(services: Services) -> list[str]:
    """Return what `readyz` says of this machine, of the roster and of next year's calendar."""
    health = Health(
        services.store,
        probe=lambda: None,
        real_time=services.store.now,
        missing_decree=services.missing_decree,
    )
    told = [part["problem"] for part in health.report()["degraded"] if part["part"] in _OWN_PARTS]
    fault = services.directory.files.fault
    return [*told, *([f"the last good roster stands in: {fault}"] if fault else [])]


def _directory(services: Services) -> dict[str, Any]:
    """Return when WeCom's directory was read, and its state; of a roster alone only its number of people."""
    store, source = services.store, services.config.directory.source
    if source == "csv":
        return {"source": source, "read_at": None, "people": len(services.directory.people)}
    read_at, trouble = store.marks.get(READ_AT), store.troubles.get(Part.DIRECTORY)
    odd, states = store.troubles.get(Part.SET_ASIDE), store.address_book.states()
    return {
        "source": source,
        "read_at": iso(services.config, None if read_at is None else int(read_at)),
        "people": states[EntryState.PRESENT],
        "unknown": states[EntryState.UNKNOWN],
        "left": states[EntryState.LEFT],
        "to_read": len(store.address_book.wanted()),
        "error": None if trouble is None else trouble.text,
        "set_aside": None if odd is None else odd.text,
    }


def _robots(services: Services) -> list[dict[str, Any]]:
    """Return the group robots, and why one of them does not post."""
    config = services.config
    off = services.store.robots.off(fingerprints(config))
    refusals = ((robot.name, off.get(robot.name)) for robot in config.robots)
    return [
        {
            "robot": name,
            "off_since": iso(config, refusal.since if refusal else None),
            "error": refusal.error if refusal else None,
        }
        for name, refusal in refusals
    ]


def _welcomes(counts: Counts) -> dict[str, Any]:
    """Return the number of welcome messages of 24 hours by outcome, and WeCom's codes of the refused ones."""
    return {
        **{state.value: number for state, number in counts.states.items()},
        "errcodes": {str(errcode): number for errcode, number in counts.refused.items()},
    }


def _depth(depth: Depth) -> dict[str, int | None]:
    return {"pending": depth.pending, "dead": depth.dead, "oldest_s": depth.oldest_s}


def _welcomes_for_people(welcomes: dict[str, Any]) -> str:
    codes = ", ".join(f"{number} by {errcode}" for errcode, number in welcomes["errcodes"].items())
    parts = [f"{welcomes['sent']} sent", f"{welcomes['dropped']} too late", f"{welcomes['refused']} refused"]
    parts[-1] += f" ({codes})" if codes else ""
    open_ones = welcomes["claimed"] + welcomes["unknown"]
    return "welcome " + ", ".join([*parts, *([f"{open_ones} without an outcome"] if open_ones else [])])


def _for_people(report: dict[str, Any]) -> str:
    lines = [
        f"{name:<7} {box['pending']} waiting, {box['dead']} given up on"
        + (f", oldest {box['oldest_s']} s" if box["oldest_s"] is not None else "")
        for name, box in (("inbox", report["inbox"]), ("outbox", report["outbox"]))
    ]
    held = report["withheld"]
    today = ", ".join(f"{number} {why}" for why, number in held["today"].items()) or "none"
    lines.append(f"quiet   withheld today: {today}; {held['expired']} lost their point in all")
    lines.append(f"details {report['details']['pending']} contact(s) to be read")
    lines += [f"reads   {refused_line(api, left)}" for api, left in report["reads"]["refused_s"].items()]
    lines += [
        f"robot   {robot['robot']} is off since {robot['off_since']}: {robot['error']}"
        for robot in report["robots"]
        if robot["error"]
    ]
    if any(number for state, number in report["welcomes"].items() if state != "errcodes"):
        lines.append(_welcomes_for_people(report["welcomes"]))
    lines += [
        f"{job['job']:<9} last {job['fire_at']}: {job['outcome']}, {job['messages']} message(s)"
        + (f"; {job['note']}" if "note" in job else "")
        for job in report["jobs"]
    ] or ["jobs    none has run yet"]
    token, lease = report["token"], report["lease"]
    if token["error"]:
        lines.append(f"token   none: {token['error']}")
    else:
        lines.append(
            f"token   {token['expires_in_s']} s left" if token["expires_in_s"] else "token   none yet"
        )
    lines.append(f"sender  {lease['holder'] or 'nobody is sending'}")
    lines.append(f"facts   {report['facts']['newest_at'] or 'none were imported yet'}")
    lines += _directory_for_people(report["directory"])
    lines += _troubles_for_people(report)
    lines += for_people(report["drift"])
    lines += engagement.for_people(report["engagement"])
    whole = report["complete"]
    if not whole["complete"]:
        read = f"{whole['members_read']} of {whole['members']} member(s) read"
        lines.append(f"record  {whole['because']}; {read}")
    lines += _catch_up_for_people(report["catch_up"])
    lines.append(_audit_for_people(report["audit"]["broken_at"]))
    return "\n".join(lines)


def _troubles_for_people(report: dict[str, Any]) -> list[str]:
    """Return a line for each thing about this machine or its files that a person should look at."""
    return [f"trouble {text}" for text in report["troubles"]]


def _directory_for_people(people: dict[str, Any]) -> list[str]:
    if people["source"] == "csv":
        lines = [f"people  {people['people']} in the roster"]
    else:
        when = f"read {people['read_at']}" if people["read_at"] else "not read from WeCom yet"
        lines = [f"people  {people['people']}, {people['unknown']} unknown, {people['left']} left; {when}"]
    if people.get("error"):
        lines.append(f"people  the last reading failed: {people['error']}")
    if people.get("set_aside"):
        lines.append(f"people  read without: {people['set_aside']}")
    return lines


def _audit_for_people(broken_at: int | None) -> str:
    if broken_at is None:
        return "audit   the chain is intact"
    return f"audit   changed at entry {broken_at} or removed: from there on the log proves nothing"


def _catch_up_for_people(lost: dict[str, Any]) -> list[str]:
    lines = []
    if lost["silent_since"]:
        lines.append(f"silence no callback from WeCom since {lost['silent_since']}")
    if lost["incomplete_since"]:
        who = "" if lost["members"] is None else f" of {len(lost['members'])} member(s)"
        lines.append(
            f"figures{who} may be incomplete since {lost['incomplete_since']} ({', '.join(lost['reasons'])})"
        )
    return lines
