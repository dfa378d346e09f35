"""`quotabot verify`: whether the code under a statement of the day is genuine."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bot.app.bootstrap import open_existing
from bot.cli.options import config_option, format_option, json_text, loaded
from bot.config import Config
from bot.features.standings.everybody import load_people
from bot.features.statements.message import answer_code
from bot.features.statements.proof import StatementCheck, check_code
from bot.features.status.labels import iso
from bot.messages.message import as_text

_ASKER = "quotabot verify"
_ROOM = 100_000  # bytes: a terminal has no limit


@click.command()
@click.argument("code", nargs=-1, required=True)
@config_option
@click.option("--by", metavar="USERID", help="Who asks: they see figures of their own and of their team.")
@format_option("text", "json")
def verify(code: tuple[str, ...], config_path: Path, by: str | None, form: str) -> None:
    """Check whether CODE belongs to a statement of this installation. Exit code 1: it does not.

    \b
    quotabot verify 7K3M-9Q2P-XW4D-8HTR
    quotabot verify 7K3M-9Q2P-XW4D-8HTR --by zhangsan
    """
    config = loaded(config_path)
    with open_existing(config) as services:
        looked = check_code(services, "".join(code), asker=_ASKER, by=by)
        now = services.config.work_calendar().local(services.clock.now())
        seen = looked.statement
        whose = "" if seen is None else services.store.renames.current(seen.userid)
        people = {} if seen is None else load_people(services)
    if form == "json":
        click.echo(json_text(_plain(looked, config)), nl=False)
    else:
        message = answer_code(
            language=services.language,
            at=now,
            given_at=looked.at,
            too_many=looked.too_many,
            name=people[whose].name if whose in people else whose,
            seen=seen,
        )
        click.echo(as_text(message, limit=_ROOM))
    sys.exit(0 if looked.genuine else 1)


def _plain(looked: StatementCheck, config: Config) -> dict[str, Any]:
    seen = looked.statement
    return {
        "genuine": looked.genuine,
        "at": None if looked.at is None else looked.at.isoformat(),
        "too_many_tries": looked.too_many,
        "statement": seen and asdict(seen) | {"at": iso(config, seen.at)},
    }
