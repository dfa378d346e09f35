"""`quotabot status`: queues, failures and the last runs."""

from __future__ import annotations

from pathlib import Path

import click

from bot.app.bootstrap import open_existing
from bot.cli.options import config_option, format_option, json_text, loaded
from bot.cli.output import line_with
from bot.features.status.lines import status_lines
from bot.features.status.report import list_degraded, status_report


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
        degraded = list_degraded(services)
        report = status_report(services, degraded)
        lines = [] if form == "json" else status_lines(services, report, degraded)
    text = json_text(report) if form == "json" else "".join(f"{line_with(*line)}\n" for line in lines)
    click.echo(text, nl=False)
