"""`quotabot complete`: take the record as complete where WeCom's lists cannot be read."""

from __future__ import annotations

from pathlib import Path

import click

from bot.app.bootstrap import open_existing
from bot.cli.options import bad_usage, config_option, loaded
from bot.features.outages import gaps
from bot.messages.catalog import texts_in
from bot.messages.sentences import Sentence


@click.command()
@config_option
@click.option("--by", required=True, metavar="NAME", help="Who decides: the name stands in the audit log.")
@click.option("--reason", required=True, metavar="TEXT", help="Why nothing is missing, or may be missing.")
def complete(config_path: Path, by: str, reason: str) -> None:
    """Take the record as complete where WeCom's lists cannot be read. Later outages are named only.

    \b
    quotabot complete --by "IT, Chen" --reason "new app: nobody had customers before"
    """
    config = loaded(config_path)
    if not by.strip() or not reason.strip():
        raise bad_usage(Sentence("faults.usage.name_and_reason"))
    with open_existing(config) as services:
        gaps.take_as_complete(services, by=by.strip(), reason=reason.strip())
        texts = texts_in(services.language)
    click.echo(texts["cli.complete.done"].say(by=by.strip()))
