"""`quotabot copy`: from a branch's SQLite file to a bank's PostgreSQL."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from bot.cli.bars import bars
from bot.cli.options import bad_parameter, config_option, format_option, json_text, loaded
from bot.config.own_texts import voice
from bot.messages.catalog import Texts, texts_in
from bot.messages.sentences import Sentence, in_language
from bot.store.copy import ComparedTable, Tell
from bot.store.copy import copy as copy_all
from bot.store.engine import Engine, StoreBusyError, StoreError
from bot.store.process_lock import lock_installation
from bot.store.store import Store

_SCHEME = "postgresql://"


@click.command()
@config_option
@click.option(
    "--to",
    "target",
    metavar="URL",
    envvar="QUOTABOT_COPY_TO",  # keeps a password out of the list of processes
    show_envvar=True,
    required=True,
    help="postgresql://USER@HOST/DATABASE, a new database.",
)
@format_option("table", "json")
def copy(config_path: Path, target: str, form: str) -> None:
    """Copy the whole SQLite installation to PostgreSQL and compare both. Sends nothing.

    Stop the service first. After an interruption, the same command continues. The file stays as it is, except
    for a mark that names the installation. Exits with 1 if the two differ or the copy stopped.

    \b
    quotabot copy --to postgresql://quotabot@db.example/quotabot
    """
    config = loaded(config_path)
    if not target.startswith(_SCHEME):
        raise bad_parameter("--to", Sentence("faults.usage.copy_target", scheme=_SCHEME))
    source, texts = config.store.where, texts_in(voice(config))
    if not isinstance(source, Path):
        raise StoreError(Sentence("faults.store.copy_of_postgres", config=str(config_path)))
    if not source.is_file():
        about = {"config": str(config_path), "path": str(source)}
        raise StoreError(Sentence("faults.store.copy_of_none", **about))
    try:
        with lock_installation(source), bars() as tell:
            compared = _copy(source, target, tell)
    except StoreBusyError as error:
        click.echo(texts["cli.copy.stopped"].say(why=in_language(texts, str(error))), err=True)
        sys.exit(1)
    click.echo(_as_json(compared) if form == "json" else _as_table(compared, texts), nl=False)
    if different := [table.table for table in compared if not table.equal]:
        click.echo(texts["cli.copy.differ"].say(tables=", ".join(different)), err=True)
        sys.exit(1)
    click.echo(texts["cli.copy.done"].say(config=config_path), err=True)


def _copy(source: Path, target: str, tell: Tell) -> list[ComparedTable]:
    with closing(_opened(target)) as there, closing(Store(source).engine) as here:
        return copy_all(here, there, tell=tell)


def _opened(target: str) -> Engine:
    try:
        return Store(target).engine
    except StoreError as error:
        raise StoreError(Sentence("faults.store.of_target", why=str(error))) from None


def _as_json(compared: list[ComparedTable]) -> str:
    tables: list[dict[str, Any]] = [
        {
            "table": table.table,
            "rows": {"source": table.source.rows, "target": table.target.rows},
            "sha256": {"source": table.source.checksum, "target": table.target.checksum},
            "equal": table.equal,
        }
        for table in compared
    ]
    report = {"equal": all(table.equal for table in compared), "tables": tables}
    return json_text(report)


def _as_table(compared: list[ComparedTable], texts: Texts) -> str:
    table = Table(box=box.SIMPLE_HEAD)
    for number, heading in enumerate(texts.each("cli.copy.columns")):
        table.add_column(heading, justify="right" if number in (1, 2) else "left", no_wrap=True)
    for each in compared:
        rows = (str(side.rows) for side in (each.source, each.target))
        checksums = (side.checksum[:12] for side in (each.source, each.target))
        table.add_row(
            each.table,
            *rows,
            *checksums,
            texts["cli.copy.equal"] if each.equal else texts["cli.copy.different"],
        )
    console = Console(width=110, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return captured.get()
