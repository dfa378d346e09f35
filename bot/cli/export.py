"""`quotabot export`: data out. Each export is in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from bot.cli.inbox import up_to_date
from bot.cli.options import bad_parameter, config_option, format_option, json_text, loaded, user_name
from bot.cli.output import csv_lines, deliver, refuse_bytes_on_terminal
from bot.core.workdays import WorkCalendar, epoch_of
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.spreadsheet import Cell, Column, Sheet, harmless, workbook
from bot.store.data_map import Holds
from bot.store.tables import Tables

Line = tuple[Cell, ...]

CONTACT_KEYS = "contact-keys"
ENGAGEMENT = "engagement"
KEY_COLUMNS = (
    "external_userid",
    "unionid",
    "mobile_sha256",
    "state",
    "userid",
    "added_at",
    "self_declared",
)
# WeCom's names; a cell is empty if WeCom gave no figure.
FIGURE_COLUMNS = (
    "userid",
    "day",
    "chat_cnt",
    "message_cnt",
    "reply_percentage",
    "avg_reply_time",
    "negative_feedback_cnt",
    "new_apply_cnt",
    "new_contact_cnt",
    "final",
    "read_at",
)


def _contact_keys(services: Services, calendar: WorkCalendar) -> Iterator[Line]:
    """Yield a line for each contact, and one more for each further number that the employee noted."""
    for contact in services.store.contact_knowledge.contact_keys():
        added = calendar.moment(contact.added_at).isoformat()
        for mobile in contact.mobiles_sha256 or ("",):
            keys = (contact.external_userid, contact.unionid, mobile, contact.state)
            yield *keys, contact.userid, added, "mobile_sha256" if mobile else ""


def _figures(services: Services, calendar: WorkCalendar) -> Iterator[Line]:
    """Yield a line for each member and day; percent and minutes as WeCom gives them."""
    for kept in services.store.engagement.all():
        figures = kept.figures
        yield (
            kept.userid,
            kept.day.isoformat(),
            figures.chats,
            figures.messages,
            None if figures.reply_rate is None else figures.reply_rate / 100,
            None if figures.first_reply_s is None else round(figures.first_reply_s / 60, 2),
            figures.losses,
            figures.applied,
            figures.added,
            int(kept.is_final),
            calendar.moment(kept.read_at).isoformat(),
        )


@dataclass(frozen=True, slots=True)
class _Table:
    columns: tuple[str, ...]
    lines: Callable[[Services, WorkCalendar], Iterator[Line]]


# Tables with columns of their own; the others are those of the store.
_SHAPED = {
    CONTACT_KEYS: _Table(KEY_COLUMNS, _contact_keys),
    ENGAGEMENT: _Table(FIGURE_COLUMNS, _figures),
}
TABLES = (*_SHAPED, *(name for name in Tables.exported() if name not in _SHAPED))


@click.command()
@click.argument("tables", type=click.Choice(TABLES), nargs=-1, required=True, metavar="TABLE...")
@config_option
@click.option("--by", metavar="NAME", help="Who exports; the user of this computer if left out.")
@format_option("csv", "json", "xlsx")
@click.option("--output", type=click.Path(path_type=Path), help="Write there instead of to the terminal.")
def export(
    tables: tuple[str, ...], config_path: Path, by: str | None, form: str, output: Path | None
) -> None:
    """Write tables out; each export is in the audit log.

    contact-keys: the keys with which the bank can give facts of its customers, for `import facts`. No names.
    engagement: WeCom's behaviour figures by employee and day. Other tables: as docs/data-map.md lists them.
    Several tables as CSV are one file each in the folder that --output names.

    \b
    quotabot export contact-keys --output keys.csv
    quotabot export engagement --format xlsx --output figures.xlsx
    quotabot export adds results audit --format json
    """
    config = loaded(config_path)
    refuse_bytes_on_terminal(form, output)
    if form == "csv" and len(tables) > 1 and (output is None or not output.is_dir()):
        raise bad_parameter("--output", Sentence("faults.usage.folder"))
    with up_to_date(config) as services:
        read = {table: _read(services, table) for table in dict.fromkeys(tables)}
        with services.store.transaction():
            for table, (_, lines) in read.items():
                services.store.audit.add(
                    at=epoch_of(services.clock.now()),
                    actor=by or user_name(),
                    act="export",
                    subject=table,
                    detail={"rows": len(lines), "format": form},
                )
    if form == "csv":
        for table, content in read.items():
            is_folder = output is not None and output.is_dir()
            deliver(_csv(*content), output / f"{table}.csv" if output and is_folder else output)
    else:
        deliver(_json(read) if form == "json" else _xlsx(read), output)


def _read(services: Services, table: str) -> tuple[tuple[str, ...], list[Line]]:
    """Return the columns and lines of *table*."""
    calendar = services.config.work_calendar()
    if (shaped := _SHAPED.get(table)) is not None:
        return shaped.columns, list(shaped.lines(services, calendar))
    columns = Tables.columns(table)
    kinds = [column.holds for column in columns]
    lines = [
        tuple(_cell(value, kind, calendar) for value, kind in zip(row, kinds, strict=True))
        for row in services.store.tables.rows(table)
    ]
    return tuple(column.name for column in columns), lines


def _cell(value: object, kind: Holds, calendar: WorkCalendar) -> Cell:
    match value:
        case int() if kind in (Holds.MOMENT, Holds.REAL):
            return calendar.moment(value).isoformat() if value else None
        case None | int() | str():
            return value
        case bytes() | memoryview():
            return bytes(value).decode(errors="replace")
        case _:
            return str(value)


def _json(read: Mapping[str, tuple[tuple[str, ...], list[Line]]]) -> str:
    return json_text(
        {
            table.replace("-", "_"): [dict(zip(names, line, strict=True)) for line in lines]
            for table, (names, lines) in read.items()
        }
    )


def _xlsx(read: Mapping[str, tuple[tuple[str, ...], list[Line]]]) -> bytes:
    return workbook(
        [
            Sheet(name=table, title=table, columns=tuple(Column(heading=name) for name in names), rows=lines)
            for table, (names, lines) in read.items()
        ]
    )


def _csv(names: tuple[str, ...], lines: list[Line]) -> Iterator[str]:
    return csv_lines(names, map(harmless, lines))
