"""Processing of the inbox before a command reports or plans, so that its figures are current."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from bot.app.bootstrap import open_services
from bot.config import Config
from bot.features.ledger.derive import note_rules
from bot.messages.catalog import texts_in
from bot.messages.sentences import in_language
from bot.services import Services
from handlers.inbox import work_off

_PATIENCE_S = 10.0
_LOOK_S = 0.05


@contextmanager
def up_to_date(config: Config, *refusals: type[Exception], may_create: bool = False) -> Iterator[Services]:
    """Open the installation and process its inbox. Print one of *refusals* and exit with 1."""
    with open_services(config, may_create=may_create) as services:
        catch_up(services)
        try:
            yield services
        except refusals as error:
            click.echo(in_language(texts_in(services.language), str(error)), err=True)
            sys.exit(1)


def catch_up(services: Services) -> None:
    """Process the inbox up to its newest row; name the events that fail on stderr."""
    upto = services.store.inbox.newest()
    note_rules(services)
    work_off(services, upto=upto)
    _wait_for_others(services, upto=upto)
    texts = texts_in(services.language)
    for row in services.store.inbox.failing(upto=upto):
        what = texts["cli.inbox.dead"] if row["state"] == "dead" else texts["cli.inbox.retried"]
        kind = row["kind"] or texts["cli.inbox.unreadable"]
        line = texts["cli.inbox.event"].say(seq=row["seq"], kind=kind, what=what, error=row["error"])
        click.echo(line, err=True)


def _wait_for_others(services: Services, *, upto: int) -> None:
    """Wait until other workers have stored their events; take over what they release."""
    store = services.store
    deadline = time.monotonic() + _PATIENCE_S
    while store.inbox.waiting(now=int(store.now()), upto=upto) or store.ledger.dirty():
        if time.monotonic() > deadline:
            click.echo(texts_in(services.language)["cli.inbox.others"], err=True)
            return
        time.sleep(_LOOK_S)
        work_off(services, upto=upto)
