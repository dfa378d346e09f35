"""`quotabot replay`: all derived data built again from the ledger, compared or repaired."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from bot.app.bootstrap import open_existing
from bot.cli.bars import bars
from bot.cli.inbox import catch_up
from bot.cli.options import SHOWN_ID, config_option, format_option, json_text, loaded
from bot.core.relations import Add
from bot.core.workdays import WorkCalendar
from bot.features.ledger.derive import retry_set_aside, rules_changed
from bot.features.ledger.replay import Difference, recount
from bot.messages.catalog import Texts, texts_in

_LISTED = 1000


@click.command()
@config_option
@click.option("--check", is_flag=True, help="Only compare and report; write nothing.")
@format_option("text", "json")
def replay(config_path: Path, form: str, *, check: bool) -> None:
    """Rebuild all data derived from the ledger. A service may run meanwhile.

    \b
    quotabot replay --check
    quotabot replay
    """
    relations, count, faults = 0, 0, 0
    listed: list[Difference] = []
    with open_existing(loaded(config_path)) as services:
        if not check:
            retry_set_aside(services)
            catch_up(services)
        elif rules_changed(services):
            click.echo(texts_in(services.language)["cli.replay.rules"], err=True)
        total = services.store.ledger.count_relations()
        with bars() as tell:
            for stage in recount(services, mend=not check):
                relations += stage.relations
                count += len(stage.differences)
                faults += stage.faults
                listed += stage.differences[: _LISTED - len(listed)]
                tell("relations", relations, max(relations, total))
        waiting = services.store.ledger.dirty()
        calendar = services.config.work_calendar()
    if form == "json":
        report = {
            "check": check,
            "relations": relations,
            "waiting": waiting,
            "differences": {"count": count, "listed": [_plain(item, calendar) for item in listed]},
            "mended": 0 if check else count,
            **({"faults": faults} if faults else {}),
        }
        click.echo(json_text(report), nl=False)
    else:
        texts = texts_in(services.language)
        for line in _for_people(listed, calendar, texts, count=count):
            click.echo(line)
        outcome = texts["cli.replay.differ"] if check else texts["cli.replay.mended"]
        later = texts["cli.replay.waiting"].say(n=waiting) if waiting else ""
        later += texts["cli.replay.faults"].say(n=faults) if faults else ""
        click.echo(outcome.say(relations=relations, n=count) + later)
    if faults or (check and count):
        sys.exit(1)


def _plain(difference: Difference, calendar: WorkCalendar) -> dict[str, Any]:
    return {
        "userid": difference.userid,
        "external_userid": difference.external_userid,
        "kept": [_add(add, calendar) for add in difference.kept],
        "recounted": [_add(add, calendar) for add in difference.recounted],
    }


def _add(add: Add, calendar: WorkCalendar) -> dict[str, Any]:
    return {
        "added_at": _moment(add.added_at, calendar),
        "nth": add.nth,
        "ended_at": _moment(add.ended_at, calendar),
        "ended_by": None if add.ended_by is None else add.ended_by.value,
        "slips": len(add.slips),
        "state": add.state,
    }


def _moment(moment: int | None, calendar: WorkCalendar) -> str | None:
    return None if moment is None else calendar.moment(moment).isoformat()


def _for_people(listed: list[Difference], calendar: WorkCalendar, texts: Texts, *, count: int) -> list[str]:
    lines = [
        texts["cli.replay.line"].say(
            userid=item.userid,
            customer=item.external_userid[-SHOWN_ID:],
            kept=_said(item.kept, calendar, texts),
            recounted=_said(item.recounted, calendar, texts),
        )
        for item in listed
    ]
    return lines + ([texts["cli.replay.more"].say(n=count - len(listed))] if count > len(listed) else [])


def _said(adds: tuple[Add, ...], calendar: WorkCalendar, texts: Texts) -> str:
    """Return each add in short: its begin and end."""
    if not adds:
        return texts["cli.replay.no_add"]
    return texts["cli.replay.comma"].join(_one(add, calendar, texts) for add in adds)


def _one(add: Add, calendar: WorkCalendar, texts: Texts) -> str:
    text = texts["cli.replay.add"].say(at=f"{calendar.moment(add.added_at):%Y-%m-%d %H:%M:%S}", nth=add.nth)
    if add.ended_at is not None and add.ended_by is not None:
        at = f"{calendar.moment(add.ended_at):%Y-%m-%d %H:%M:%S}"
        text = texts["cli.replay.ended"].say(add=text, kind=add.ended_by.value, at=at)
    if add.slips:
        text = texts["cli.replay.slips"].say(add=text, n=len(add.slips))
    return texts["cli.replay.state"].say(add=text, state=add.state) if add.state else text
