"""`quotabot serve`: the service."""

from __future__ import annotations

import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import structlog

from bot import logs
from bot.app import service
from bot.app.bootstrap import open_services
from bot.cli.options import config_option, loaded
from bot.cli.stop import Stop
from bot.config import Config, ConfigError
from bot.config.roster import RosterError
from bot.features.ledger.derive import note_rules
from bot.features.people import directory
from bot.features.rules.changes import find_pending_changes, find_section_changes
from bot.messages.catalog import texts_in
from bot.services import Services
from bot.store.engine import StoreBusyError

log = structlog.get_logger(__name__)

_WAIT_S = 2.0
_RESTART = ("wecom", "server", "store")  # sections that are read at the start only
_FROZEN = ("quotas", "integrity", "ledger", "money")  # their old rules hold for a while


@click.command()
@config_option
@click.option(
    "--role",
    type=click.Choice(["all", "receiver", "worker"]),
    default="all",
    show_default=True,
    help="receiver: HTTP only; worker: all but HTTP.",
)
def serve(config_path: Path, role: str) -> None:
    """Receive callbacks, count, send. Ends on Ctrl-C or SIGTERM; SIGHUP re-reads the file.

    \b
    quotabot serve
    quotabot serve --config /etc/quotabot/config.toml
    """
    config = loaded(config_path)
    stop = Stop()
    stop.catch()

    def on_ready(port: int) -> None:
        texts = texts_in(config.locale.language)
        if role == "worker":
            logs.say(texts["cli.serve.working"])
            return
        host = config.server.listen.host
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        callback = f"{config.server.public_url}/callback"
        logs.say(texts["cli.serve.listening"].say(address=address, callback=callback))

    logs.never_wait()
    waited_for = ""
    while True:
        try:
            with open_services(config) as services:
                signal.signal(signal.SIGHUP, partial(_heard_hup, services, config_path))
                service.run(services, stop=stop, on_ready=on_ready, role=role)
            break
        except StoreBusyError as error:
            # What passes by itself must not end the service: nobody starts it again after a 2.
            if str(error) != waited_for:
                log.warning("cannot begin yet; waiting", reason=str(error))
            waited_for = str(error)
            if stop.wait_for(_WAIT_S):
                break


def _heard_hup(services: Services, path: Path, *_: object) -> None:
    _reload(services, path)


def _reload(services: Services, path: Path) -> None:
    """Use a changed file in the running service if it is valid; else log its faults and keep the old one."""
    try:
        config = loaded(path)
        people = directory.read(config, services.store)
        before = services.config
        # Without the stamp, the thread that watches the directory reads it once more and records it.
        services.use(config, replace(people, stamp=()))
    except (ConfigError, RosterError) as error:
        log.warning("changed configuration refused; the old one stays", faults=str(error))
        return
    note_rules(services)
    log.warning("changed configuration in use", **_effects(services, before, config))


def _effects(services: Services, before: Config, after: Config) -> dict[str, object]:
    """Return which changed sections hold now, which from when, and which need a restart."""
    changed = [name for name in Config.model_fields if getattr(before, name) != getattr(after, name)]
    pending = find_pending_changes(services, at=services.clock.now())
    later = {f"quota {change.quota}": change.following.first for change in pending}
    later |= {change.key: change.begins_on for change in find_section_changes(services)}
    return {
        "now": [name for name in changed if name not in (*_RESTART, *_FROZEN)],
        "later": {name: day.isoformat() for name, day in later.items()},
        "restart": [name for name in changed if name in _RESTART],
    }
