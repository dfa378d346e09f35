"""`quotabot audit`: the acts of people, and whether their chain is whole."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from bot.app.bootstrap import open_existing
from bot.cli.options import config_option, format_option, json_text, loaded, moment
from bot.cli.output import csv_lines, deliver, drawn, output_option
from bot.config import Config
from bot.core.workdays import epoch_of
from bot.features.status.labels import iso
from bot.messages.catalog import Texts, texts_in
from bot.store.audit import Act

_COLUMNS = ("seq", "at", "actor", "act", "subject", "detail")


@click.command()
@config_option
@click.option("--since", metavar="TIME", help="Only acts from this time on; the chain is checked as a whole.")
@format_option("table", "json", "csv")
@output_option
def audit(config_path: Path, since: str | None, form: str, output: Path | None) -> None:
    """Show who did what, and whether the chain of entries is whole. Exit code 1: it is not.

    \b
    quotabot audit
    quotabot audit --since 2026-11-01 --format csv --output audit.csv
    """
    config = loaded(config_path)
    with open_existing(config) as services:
        first = (
            0
            if since is None
            else epoch_of(moment(since, config, now=services.clock.now(), option="--since"))
        )
        entries = list(services.store.audit.entries(since=first))
        broken_at, language = services.store.audit.broken_at(), services.language
    rows = [_row(config, seq, act) for seq, act in entries]
    texts = texts_in(language)
    state = texts["audit.whole"] if broken_at is None else texts["audit.broken"].say(n=broken_at)
    if form == "json":
        acts = [row | {"detail": json.loads(row["detail"])} for row in rows]
        deliver(json_text({"broken_at": broken_at, "acts": acts}), output)
    elif form == "csv":
        deliver(csv_lines(_COLUMNS, [list(row.values()) for row in rows]), output)
    else:
        deliver(_as_table(texts, rows) if rows else texts["audit.none"] + "\n", output)
    if form != "json":
        click.echo(state, err=True)
    if broken_at is not None:
        sys.exit(1)


def _row(config: Config, seq: int, act: Act) -> dict[str, Any]:
    cells = (seq, iso(config, act.at), act.actor, act.act, act.subject, act.detail)
    return dict(zip(_COLUMNS, cells, strict=True))


def _as_table(texts: Texts, rows: list[dict[str, Any]]) -> str:
    table = Table()
    for name in _COLUMNS:
        table.add_column(texts.table("audit.columns")[name], justify="right" if name == "seq" else "left")
    for row in rows:
        table.add_row(*(str(row[name]) for name in _COLUMNS))
    return drawn(table)
