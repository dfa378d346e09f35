"""`quotabot close`: preliminary results, the signature that makes them final, and later corrections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.inbox import up_to_date
from bot.cli.options import config_option, format_option, iso, json_text, loaded
from bot.core.progress import QuotaFigures
from bot.features.close import results
from bot.services import Services
from bot.store.results import Closed

_SHOWN = ("target", "counted", "rejected", "gross", "status", "penalty", "reward", "flags")


@click.group()
def close() -> None:
    """Show, sign and correct results of settled periods. The job `close` stores them."""


@close.command("list")
@config_option
@format_option("text", "json")
def list_(config_path: Path, form: str) -> None:
    """List closed periods: open appeals, changes since the close, possible corrections. Changes nothing."""
    with up_to_date(loaded(config_path)) as services:
        periods = [_period(services, closed) for closed in services.store.results.closed()]
    if form == "json":
        click.echo(json_text({"periods": periods}), nl=False)
        return
    for period in periods:
        click.echo(_for_people(period))
    if not periods:
        click.echo("nothing was closed yet")


@close.command()
@click.argument("quota")
@click.argument("period")
@config_option
@click.option("--by", required=True, metavar="NAME", help="Who signs: the name stands in the audit log.")
def sign(config_path: Path, quota: str, period: str, by: str) -> None:
    """Make a period's lines final, once appeals are over; lines with an undecided appeal stay open.

    Changes since the close are printed first. The signature takes those in the employee's favour and leaves
    out the rest.

    \b
    quotabot close sign cm-monthly 2026-11 --by "HR, Wang"
    """
    with up_to_date(loaded(config_path), results.ClosingError, ValueError) as services:
        now = services.clock.now()
        results.may_sign(services, quota, period, at=now)
        for change in results.list_changes(services, quota, period, at=now):
            click.echo(_change_for_people(_change(change)))
        final, waiting = results.sign(services, quota, period, by=by, at=now)
    click.echo(f"{quota} {period}: {len(final)} line(s) are final now, signed by {by}")
    for userid in waiting:
        click.echo(f"{userid}: an appeal is undecided; sign again after the decision", err=True)


@close.command()
@click.argument("quota")
@click.argument("period")
@click.argument("userid")
@config_option
@click.option("--by", required=True, metavar="NAME", help="Who corrects.")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
def correct(config_path: Path, quota: str, period: str, userid: str, by: str, reason: str) -> None:
    """Append the current figures to a signed period, as a new line with author and reason.

    \b
    quotabot close correct cm-monthly 2026-11 zhangsan --by "HR, Wang" --reason "late callback"
    """
    with up_to_date(loaded(config_path), results.ClosingError, ValueError) as services:
        at = services.clock.now()
        line = results.correct(services, quota, period, userid.lower(), by=by, reason=reason, at=at)
    click.echo(f"{quota} {period} {line.userid}: {line.counted}/{line.target} from now on, by {by}")


def _period(services: Services, closed: Closed) -> dict[str, Any]:
    config, now = services.config, services.clock.now()
    workdays = config.review.appeal_workdays
    until = results.deadline(closed.closed_at, calendar=config.work_calendar(), workdays=workdays)
    return {
        "quota": closed.quota,
        "period": closed.period,
        "closed_at": iso(config, closed.closed_at),
        "appeals_until": until.isoformat(),
        "people": closed.people,
        "final": closed.final,
        "open": sorted(results.list_undecided(services, closed.quota, closed.period)),
        "changes": [
            _change(change) for change in results.list_changes(services, closed.quota, closed.period, at=now)
        ],
        "corrections": [
            {name: value for name, value in _change(change).items() if name != "signed"}
            for change in results.list_corrections(services, closed.quota, closed.period, at=now)
        ],
    }


def _change(change: results.Change) -> dict[str, Any]:
    figures = {"stored": change.stored, "now": change.now, "signed": change.signed}
    return {"userid": change.userid} | {name: _figures(row) for name, row in figures.items()}


def _figures(row: QuotaFigures | None) -> dict[str, Any] | None:
    return None if row is None else {name: getattr(row, name) for name in _SHOWN}


def _for_people(period: dict[str, Any]) -> str:
    state = f"{period['final']} of {period['people']} line(s) final"
    lines = [f"{period['quota']} {period['period']}: {state}; appeals until {period['appeals_until'][:16]}"]
    lines += [f"  {userid}: an appeal is undecided" for userid in period["open"]]
    lines += [f"  {_change_for_people(change)}" for change in period["changes"]]
    for change in period["corrections"]:
        stored, now, _ = _texts(change)
        lines.append(f"  {change['userid']}: {stored}, would be {now} now: quotabot close correct")
    return "\n".join(lines)


def _change_for_people(change: dict[str, Any]) -> str:
    """Return one line about a change since the close, and what a signature makes of it."""
    stored, now, signed = _texts(change)
    if change["stored"] is None:
        fate = "left out, a correction after the signature adds the line"
    elif change["signed"] is None:
        fate = "an appeal is undecided, the line stays open"
    elif change["signed"] == change["stored"]:
        fate = "not in the employee's favour, left out"
    elif change["signed"] == change["now"]:
        fate = "in the employee's favour, taken"
    else:
        fate = f"signed as {signed}: what is in the employee's favour, the rest is left out"
    return f"{change['userid']}: {stored}, now {now}: {fate}"


def _texts(change: dict[str, Any]) -> tuple[str, str, str]:
    """Return the stored, present and signed figures for people, with what differs between them."""
    figures = [change["stored"], change["now"], change.get("signed")]
    known = [row for row in figures if row is not None]
    keys = [
        key
        for key in ("gross", "flags", "penalty", "reward")
        if any(row[key] != known[0][key] for row in known)
    ]
    if len({(row["counted"], row["target"]) for row in known}) > 1:
        keys = [key for key in keys if key in ("penalty", "reward")]
    stored, now, signed = ("" if row is None else _short(row, keys) for row in figures)
    return f"stored {stored}" if stored else "no stored line", now or "under the quota no longer", signed


def _short(figures: dict[str, Any], keys: list[str]) -> str:
    """Return figures as people write them: `47/50`, then those named by *keys*."""
    more = {
        "gross": f" of {figures['gross']} adds",
        "flags": f", {' '.join(figures['flags']) or 'no flag'}",
        "penalty": f" −{figures['penalty']}" if figures["penalty"] else "",
        "reward": f" +{figures['reward']}" if figures["reward"] else "",
    }
    return f"{figures['counted']}/{figures['target']}" + "".join(more[key] for key in keys)
