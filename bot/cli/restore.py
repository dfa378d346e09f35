"""`quotabot restore`: a backup in the place of the store."""

from __future__ import annotations

from pathlib import Path

import click

from bot.app.restore import restore as restore_store
from bot.cli.options import config_option, format_option, json_text, loaded, spoken_texts, user_name


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@config_option
@click.option(
    "--replace", is_flag=True, help="Also where a store with data is; SQLite: that one is put aside."
)
@click.option("--by", metavar="NAME", help="Who restores; the user of this computer if left out.")
@format_option("text", "json")
def restore(file: Path, config_path: Path, by: str | None, form: str, *, replace: bool) -> None:
    """Put the backup FILE in the place of the store. Stop the service first.

    Messages and jobs that the backup calls open do not go again. Figures stay incomplete until the next
    comparison with WeCom's lists, which a service begins by itself.

    \b
    quotabot restore /var/backups/quotabot.db
    quotabot run sync
    """
    done = restore_store(loaded(config_path), file, replace=replace, by=by or user_name())
    if form == "json":
        report = {
            "file": str(file),
            "made_at": done.made_at.isoformat(),
            "put_aside": None if done.aside is None else str(done.aside),
            "erased_again": done.erased,
        }
        click.echo(json_text(report), nl=False)
        return
    texts = spoken_texts()
    click.echo(texts["cli.restore.done"].say(at=f"{done.made_at:%Y-%m-%d %H:%M:%S}"))
    if done.aside is not None:
        click.echo(texts["cli.restore.aside"].say(file=done.aside))
    if done.erased:
        click.echo(texts["cli.restore.erased"].say(n=done.erased))
    click.echo(texts["cli.restore.next"])
