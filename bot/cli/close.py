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

_SHOWN = ("target", "counted", "status", "penalty", "reward")


@click.group()
def close() -> None:
    """Show, sign and correct results of settled periods. The job `close` stores them."""


@close.command("list")
@config_option
@format_option("text", "json")
def list_(config_path: Path, form: str) -> None:
    """List closed periods: people with an open line, and possible corrections. Changes nothing."""
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

    \b
    quotabot close sign cm-monthly 2026-11 --by "HR, Wang"
    """
    with up_to_date(loaded(config_path), results.ClosingError, ValueError) as services:
        final, waiting = results.sign(services, quota, period, by=by, at=services.clock.now())
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
    """Append the current figures to a final line, as a new line with author and reason.

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
        "open": sorted(results.undecided(services, closed.quota, closed.period)),
        "corrections": [
            {"userid": one.now.userid, "stored": _figures(one.stored), "now": _figures(one.now)}
            for one in results.corrections(services, closed.quota, closed.period, at=now)
        ],
    }


def _figures(row: QuotaFigures) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _SHOWN}


def _for_people(period: dict[str, Any]) -> str:
    state = f"{period['final']} of {period['people']} line(s) final"
    lines = [f"{period['quota']} {period['period']}: {state}; appeals until {period['appeals_until'][:16]}"]
    lines += [f"  {userid}: an appeal is undecided" for userid in period["open"]]
    lines += [
        f"  {one['userid']}: stored {one['stored']['counted']}/{one['stored']['target']}, "
        f"would be {one['now']['counted']}/{one['now']['target']} now: quotabot close correct"
        for one in period["corrections"]
    ]
    return "\n".join(lines)
