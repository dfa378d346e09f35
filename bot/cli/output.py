"""Output of a report: to the terminal, or into a file."""

from __future__ import annotations

import csv
import io
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import click
from rich.cells import cell_len, set_cell_size
from rich.console import Console, RenderableType
from rich.table import Table

from bot.cli.options import bad_parameter, spoken_texts
from bot.messages.catalog import Texts
from bot.messages.sentences import Sentence, reason_of
from bot.spreadsheet import FORMULA

_LABEL = 8  # cells of a line's first word
_ROOM = 10_000  # wider than any table

output_option = click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write there instead of to the terminal.",
)


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield a CSV file; then say on standard error whether a spreadsheet would run some of its cells."""
    text, formulas = io.StringIO(), 0
    writer = csv.writer(text, lineterminator="\n")
    for row in chain([columns], rows):
        writer.writerow(row)
        formulas += sum(isinstance(cell, str) and cell.startswith(FORMULA) for cell in row)
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    if formulas:
        click.echo(spoken_texts()["cli.output.formulas"].say(n=formulas), err=True)


def short_name(texts: Texts, column: str) -> str:
    """Return how a table calls *column*: in short if there is such a name."""
    return texts.table("tables.short").get(column, texts.table("tables.columns")[column])


def refuse_bytes_on_terminal(form: str, output: Path | None) -> None:
    """Raise BadParameter for a spreadsheet without file or pipe. Call before the work is done."""
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise bad_parameter("--format", Sentence("faults.usage.on_terminal"))


def deliver(report: str | bytes | Iterable[str], output: Path | None) -> None:
    """Write *report* to *output*, text in UTF-8, or to standard output; a text may come in pieces."""
    pieces = [report] if isinstance(report, str | bytes) else report
    if output is None:
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    try:
        _write(pieces, output)
    except OSError as error:
        about = {"file": str(output), "why": reason_of(error)}
        raise bad_parameter("--output", Sentence("faults.usage.output", **about)) from None


def _write(pieces: Iterable[str | bytes], output: Path) -> None:
    """Write a file that nobody else may read: people's figures are in it. Raises OSError."""
    number = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(number, "wb") as stream:  # noqa: PTH123 - it is open already
        if stat.S_ISREG(os.fstat(number).st_mode):
            os.fchmod(number, 0o600)
        for piece in pieces:
            stream.write(piece.encode() if isinstance(piece, str) else piece)


def line_with(word: str, text: str) -> str:
    """Return *text* behind *word*, at the same place in all lines with a short one."""
    return set_cell_size(word, max(_LABEL, cell_len(word) + 1)) + text


def drawn(*parts: RenderableType) -> str:
    """Return *parts* as text for people, as wide as the terminal, but at least 100 characters.

    A table is never cut: it is as wide as its content.
    """
    text = io.StringIO()
    # People's names must not be read as markup.
    console = Console(file=text, force_terminal=False, markup=False, highlight=False, emoji=False)
    usual = max(Console().width, 100)
    for part in parts:
        console.width = usual
        if isinstance(part, Table):
            console.width = _ROOM
            console.width = max(usual, console.measure(part).maximum)
        console.print(part)
    return text.getvalue()
