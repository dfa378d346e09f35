"""`quotabot joiners`: who may have joined, as far as WeCom shows it; a person confirms the first day."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from bot.app.bootstrap import open_services
from bot.cli.inbox import catch_up
from bot.cli.options import config_option, format_option, loaded
from bot.features.people import joiners as people_joiners

by_option = click.option("--by", required=True, metavar="NAME", help="Who decides: stands in the audit log.")


@click.group()
def joiners() -> None:
    """WeCom knows no first working days. Who may have joined, and what a person says of it."""


@joiners.command("list")
@config_option
@format_option("text", "json")
def list_(config_path: Path, form: str) -> None:
    """List who came since the first reading and has no first day yet. Changes nothing.

    \b
    quotabot joiners list
    """
    with open_services(loaded(config_path)) as services:
        catch_up(services)
        found = people_joiners.waiting(services)
    if form == "json":
        told = [
            {
                "userid": one.userid,
                "name": one.name,
                "arrived_on": one.arrived_on.isoformat(),
                "listed_on": one.listed_on.isoformat(),
            }
            for one in found
        ]
        click.echo(json.dumps({"joiners": told}, ensure_ascii=False, indent=2))
        return
    for one in found:
        click.echo(f"{one.userid}  {one.name}  came {one.arrived_on}, in WeCom's lists since {one.listed_on}")
    click.echo(f"{len(found)} to confirm")


@joiners.command()
@click.argument("userid")
@config_option
@by_option
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The first working day; else when he came.")
def confirm(config_path: Path, userid: str, by: str, on: datetime | None) -> None:
    """Say that USERID joined: his target is prorated from that day on.

    \b
    quotabot joiners confirm zhangsan --by "HR, Wang" --on 2026-11-09
    """
    with open_services(loaded(config_path)) as services:
        catch_up(services)
        first = people_joiners.confirm(services, userid, by=by, on=None if on is None else on.date())
    click.echo(f"{userid}: since {first}")


@joiners.command()
@click.argument("userid")
@config_option
@by_option
def dismiss(config_path: Path, userid: str, by: str) -> None:
    """Say that USERID was there before and only became visible: his period is the whole one.

    \b
    quotabot joiners dismiss zhangsan --by "HR, Wang"
    """
    with open_services(loaded(config_path)) as services:
        catch_up(services)
        people_joiners.dismiss(services, userid, by=by)
    click.echo(f"{userid}: always there")
