"""`quotabot check`: every fault of the configuration, before it bites."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from bot import directory
from bot.cli.options import config_option, format_option, loaded
from bot.config import Config, ConfigError, Fault
from bot.config.warnings import warnings
from bot.directory import Directory
from bot.roster import RosterError


@click.command()
@config_option
@format_option("text", "json")
def check(config_path: Path, form: str) -> None:
    """Read the configuration and the roster, and say every fault. Changes and sends nothing.

    \b
    quotabot check
    quotabot check --config config.example.toml --format json
    """
    faults: list[str] = []
    notes: list[str] = []
    summary = ""
    try:
        config = loaded(config_path)
        people = directory.read(config)
        notes = [str(note) for note in _warnings(config, people)]
        quotas = len(config.quotas)
        summary = f"{config_path}: no fault. {quotas} quota(s), {len(people.people)} people in the roster."
    except (ConfigError, RosterError) as error:
        faults = [str(fault) for fault in error.faults]
    if form == "json":
        report = {"ok": not faults, "faults": faults, "warnings": notes}
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        for line in faults:
            click.echo(line, err=True)
        for line in notes:
            click.echo(f"warning: {line}", err=True)
        if summary:
            click.echo(summary)
    if faults:
        sys.exit(2)


def _warnings(config: Config, people: Directory) -> tuple[Fault, ...]:
    # In December next year's decree should be known; before, its absence is nothing to act on.
    today = datetime.now(UTC).astimezone(config.calendar.timezone)
    memberships = [membership for person in people.people for membership in person.memberships]
    departments = {department for membership in memberships for department in membership.departments}
    return warnings(
        config,
        years=(today.year, today.year + 1) if today.month == 12 else (today.year,),
        userids={person.userid for person in people.people},
        roles={membership.role for membership in memberships if membership.role},
        departments=departments | set(people.departments.parents) | set(people.departments.names),
    )
