"""`quotabot`: one file a command; our own errors become one line and an exit code.

A start imports only the command that is asked for. `--help` and `--version` import none.
"""

from __future__ import annotations

import gc
import io
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from bot import __version__
from bot.cli.help_texts import speak

# Each command and the first line of its docstring: `quotabot --help` imports no command.
_LINES = """\
init      Write a short configuration in shadow mode, and say what to paste where in WeCom's console.
check     Read the configuration and the roster, and report every fault. Changes and sends nothing.
serve     Receive callbacks, count, send. Ends on Ctrl-C or SIGTERM; SIGHUP re-reads the file.
run       Run one job once and return when its messages are sent or have failed.
progress  Show everybody's status. Sends nothing.
explain   Show every contact of an employee: verdict, reason, until when, and its events. Changes nothing.
quotas    Show and adopt changes of the rules, which are otherwise frozen for the running period.
close     Show, sign and correct results of settled periods. The job `close` stores them.
review    List and decide appeals, held adds, findings, changed userids, first days: with name and reason.
verify    Check whether CODE belongs to a statement of this installation. Exit code 1: it does not.
simulate  Show what other quotas would have given on the recorded data. Sends nothing, changes nothing.
import    Import data that only the bank has. A file with a wrong line stores nothing, unless --skip-bad.
export    Write tables out; each export is in the audit log.
erase     Remove a customer's personal data everywhere; figures stay. It cannot be undone.
replay    Rebuild all data derived from the ledger. A service may run meanwhile.
complete  Take the record as complete where WeCom's lists cannot be read. Later outages are named only.
audit     Show who did what, and whether the chain of entries is whole. Exit code 1: it is not.
status    Show waiting and failed events and messages, and the last run of each job. Changes nothing.
dead      List, show, retry or drop events and messages that were given up on.
backup    Write the whole store to FILE, read it back and check it. A service may run meanwhile.
restore   Put the backup FILE in the place of the store. Stop the service first.
copy      Copy the whole SQLite installation to PostgreSQL and compare both. Sends nothing.
menu      Manage the app's menu in WeCom: its buttons stand for chat commands of members.
texts     Print the texts as they are sent now, as TOML for the folder messages.templates. Changes nothing.
help-json Print all commands with their options and exit codes as JSON. Reads no configuration.
demo      Start a local WeCom with a made-up branch and the bot. Nothing leaves this machine.
"""
_OBJECTS = 10_000  # made since the last collection; Python's default is 700
# Where a command stands that is not `bot.cli.NAME:NAME`.
_ELSEWHERE = {
    "help-json": "bot.cli.help_json:help_json",
    "import": "bot.cli.import_:import_",
    "export": "bot.cli.export:export",
    "simulate": "bot.cli.simulate:simulate_",
}
COMMANDS = {
    name: (_ELSEWHERE.get(name, f"bot.cli.{name}:{name}"), line.strip())
    for name, line in (text.split(maxsplit=1) for text in _LINES.splitlines())
}


def load_command(name: str) -> click.Command:
    """Import and return the command *name*, one of `COMMANDS`."""
    gc.disable()  # no import is garbage
    try:
        _load_structlog()
        module, _, attribute = COMMANDS[name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
    finally:
        gc.enable()
    return command


def _load_structlog() -> None:
    """Import structlog as if there was no rich: it only needs it for tracebacks, which we never let it draw.

    rich and what it imports are a tenth of a start and of a service's memory.
    """
    if "rich" not in sys.modules and "structlog" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment]  # how Python notes what is not to be found
        import_module("structlog")
        del sys.modules["rich"]


def spare_the_collector() -> None:
    """Collect garbage seldom, and never among objects that exist already.

    Commands make contacts and rows by the ten thousand, hardly any of them in a reference cycle.
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS)


class _LazyGroup(click.Group):
    """A group whose commands are stand-ins with a name and a first line until one is called."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. An error of ours becomes a text in the command's language and an exit code."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if (code := _exit_code(error)) is None:
                raise
            from bot.cli.options import spoken_texts  # only errors need these
            from bot.messages.sentences import in_language

            with suppress(OSError):  # nobody reads it: the exit code still says it
                click.echo(in_language(spoken_texts(), _text_of(error)), err=True)
            ctx.exit(code)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that *args* begin with, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            command = load_command(str(command.name))
            spare_the_collector()
        return name, command, rest


@click.group(
    cls=_LazyGroup,
    commands=[click.Command(name, help=line) for name, (_, line) in COMMANDS.items()],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="quotabot")
@click.option("-v", "--verbose", is_flag=True, help="Log more to standard error.")
@click.option(
    "--log-format",
    type=click.Choice(["auto", "console", "json"]),
    default="auto",
    envvar="QUOTABOT_LOG_FORMAT",
    help="Of standard error; auto: console on a terminal, else json.",
)
def cli(*, verbose: bool, log_format: str) -> None:
    """Fair, calm and honest contact quotas in Enterprise WeChat (企业微信)."""
    from bot import logs  # --help and --version log nothing and do not wait for it

    logs.set_up(verbose=verbose, form=log_format)


def main() -> None:
    """Run the command and exit: 0 success, 1 failed check or job, 2 bad usage or configuration."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal in GBK prints what it can
    speak(sys.argv[1:])
    cli(prog_name="quotabot")


def _text_of(error: Exception) -> str:
    """Return the text of an error of ours; of a system error, without Python's number before it."""
    return str(error.strerror if isinstance(error, OSError) and error.strerror else error)


def _exit_code(error: Exception) -> int | None:
    """Return the exit code for an error of ours; None: it is a fault of the program, shown as it is."""
    from bot.app.demo import DemoError  # only errors need these
    from bot.config import ConfigError
    from bot.config.roster import RosterError
    from bot.store.engine import StoreError
    from bot.web.server import PortInUse
    from bot.wecom.errors import WeComError

    if isinstance(error, (ConfigError, RosterError, StoreError, PortInUse)):
        return 2
    return 1 if isinstance(error, (DemoError, WeComError)) else None
