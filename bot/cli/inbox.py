"""Before a command reports or plans: what was answered 200 before is in its numbers."""

from __future__ import annotations

import click

from bot.services import Services
from handlers.inbox import note_rules, work_off


def catch_up(services: Services) -> None:
    """Work the inbox off up to its newest row now; events that cannot be handled are named on stderr."""
    upto = services.store.inbox.newest()
    note_rules(services)
    work_off(services, upto=upto)
    for row in services.store.inbox.failing(upto=upto):
        what = "was given up on" if row["state"] == "dead" else "failed and is tried again"
        click.echo(
            f"event {row['seq']} ({row['kind'] or 'unreadable'}) {what}: {row['error']}; "
            f"the numbers lack it (quotabot dead show event:{row['seq']})",
            err=True,
        )
