"""`quotabot export`: data out. Each export is in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from bot.cli.inbox import up_to_date
from bot.cli.options import config_option, format_option, json_text, loaded, user_name
from bot.cli.output import csv_text, deliver, output_option, refuse_bytes_on_terminal
from bot.core.workdays import WorkCalendar, epoch_of
from bot.messages.catalog import Texts, texts_in
from bot.services import Services
from bot.spreadsheet import Cell, Column, Sheet, workbook

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


TABLES = {
    CONTACT_KEYS: _Table(KEY_COLUMNS, _contact_keys),
    ENGAGEMENT: _Table(FIGURE_COLUMNS, _figures),
}


@click.command()
@click.argument("table", type=click.Choice(list(TABLES)))
@config_option
@click.option("--by", metavar="NAME", help="Who exports; the user of this computer if left out.")
@format_option("csv", "json", "xlsx")
@output_option
def export(table: str, config_path: Path, by: str | None, form: str, output: Path | None) -> None:
    """Write a table out; each export is in the audit log.

    contact-keys: the keys with which the bank can give facts of its customers, for `import facts`. No names.
    engagement: WeCom's behaviour figures by employee and day.

    \b
    quotabot export contact-keys --output keys.csv
    quotabot export engagement --format xlsx --output figures.xlsx
    """
    refuse_bytes_on_terminal(form, output)
    with up_to_date(loaded(config_path)) as services:
        lines = list(TABLES[table].lines(services, services.config.work_calendar()))
        with services.store.transaction():
            services.store.audit.add(
                at=epoch_of(services.clock.now()),
                actor=by or user_name(),
                act="export",
                subject=table,
                detail={"rows": len(lines), "format": form},
            )
    deliver(_written(table, lines, form, texts_in(services.language)), output)


def _written(table: str, lines: list[Line], form: str, texts: Texts) -> str | bytes:
    names = TABLES[table].columns
    match form:
        case "json":
            rows = [dict(zip(names, line, strict=True)) for line in lines]
            return json_text({table.replace("-", "_"): rows})
        case "xlsx":
            columns = tuple(Column(heading=name) for name in names)
            return workbook([Sheet(name=table, title=table, columns=columns, rows=lines)])
        case _:
            return csv_text(names, lines, texts)
