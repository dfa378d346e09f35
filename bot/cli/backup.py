"""`quotabot backup` and `quotabot run backup`: the store in a file, checked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot.app.bootstrap import open_existing
from bot.cli.options import config_option, format_option, json_text, loaded
from bot.features.backup import make_backup, make_daily
from bot.messages.catalog import Texts, texts_in
from bot.services import Services
from bot.store.backup import Backup

JOB = "backup"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@config_option
@format_option("text", "json")
def backup(file: Path, config_path: Path, form: str) -> None:
    """Write the whole store to FILE, read it back and check it. A service may run meanwhile.

    SQLite: one file. PostgreSQL: an archive of pg_dump. An older backup in FILE is replaced at the end.

    \b
    quotabot backup /var/backups/quotabot.db
    """
    with open_existing(loaded(config_path)) as services:
        made = make_backup(services, file)
        texts = texts_in(services.language)
    text = (
        json_text(_plain(made)) if form == "json" else for_people({**_plain(made), "removed": []}, texts)[0]
    )
    click.echo(text, nl=form != "json")


def shown(services: Services, *, at: datetime) -> dict[str, Any]:
    """Make the daily backup of *at* (aware); return it as JSON."""
    made = make_daily(services, at=at)
    return {**_plain(made.backup), "removed": [file.name for file in made.removed]}


def for_people(made: dict[str, Any], texts: Texts) -> list[str]:
    """Return a daily backup in lines."""
    about = {name: made[name] for name in ("file", "rows", "tables", "bytes")}
    removed = texts["cli.backup.removed"]
    return [texts["cli.backup.made"].say(**about), *(removed.say(name=name) for name in made["removed"])]


def _plain(made: Backup) -> dict[str, Any]:
    return {"file": str(made.file), "bytes": made.size, "tables": made.tables, "rows": made.rows}
