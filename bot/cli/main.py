"""`quotabot`: one file a command; our own errors become one line and an exit code."""

from __future__ import annotations

import sys

import click

from bot import __version__, logs
from bot.app.demo import DemoError
from bot.cli.check import check
from bot.cli.close import close
from bot.cli.copy import copy
from bot.cli.dead import dead
from bot.cli.demo import demo
from bot.cli.explain import explain
from bot.cli.exporting import export
from bot.cli.importing import import_
from bot.cli.menu import menu
from bot.cli.progress import progress
from bot.cli.quotas import quotas
from bot.cli.replay import replay
from bot.cli.review import review
from bot.cli.run import run
from bot.cli.serve import serve
from bot.cli.simulate import simulate_
from bot.cli.status import status
from bot.cli.texts import texts
from bot.cli.verify import verify
from bot.config import ConfigError
from bot.config.roster import RosterError
from bot.store.engine import StoreError
from bot.web.server import PortInUse
from bot.wecom.errors import WeComError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="quotabot")
@click.option("-v", "--verbose", is_flag=True, help="Log more to standard error.")
def cli(*, verbose: bool) -> None:
    """Fair, calm and honest contact quotas in Enterprise WeChat (企业微信)."""
    logs.set_up(verbose=verbose)


COMMANDS = (
    check,
    serve,
    run,
    progress,
    explain,
    quotas,
    close,
    review,
    verify,
    simulate_,
    import_,
    export,
    replay,
    status,
    dead,
    copy,
    menu,
    texts,
    demo,
)
for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run the command; 0 on success, 1 on a failed check or job, 2 on bad usage or configuration."""
    try:
        cli(prog_name="quotabot")
    except (ConfigError, RosterError, StoreError, PortInUse) as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except (DemoError, WeComError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
