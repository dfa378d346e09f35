"""`quotabot help-json`: every command with its options and exit codes, for programs and agents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import cleandoc
from typing import Any

import click

from bot import __version__
from bot.cli.options import json_text

_EXIT = {
    "0": "done",
    "1": "a failed check or job",
    "2": "bad usage or configuration, a store that cannot be used, or a taken port",
}
_NEVER = "never"
# What exit code 1 means for each command.
_ONE: Mapping[str, str] = {
    "audit": "the chain of entries is broken",
    "backup": _NEVER,
    "check": "with --live: a part is wrong",
    "close": "not closed, a line may not be signed yet, or nothing is to be corrected or proved",
    "complete": _NEVER,
    "copy": "the two stores differ, or the copy stopped",
    "dead": "there is no such dead letter",
    "demo": "the demo cannot go on",
    "erase": "nothing is stored of this customer, or something of them is left",
    "explain": "nobody has this userid",
    "export": _NEVER,
    "help-json": _NEVER,
    "import": "a line is wrong and --skip-bad was not given, or the file cannot be used",
    "init": "stopped by Ctrl-C",
    "menu": "WeCom refused the menu",
    "progress": _NEVER,
    "quotas": _NEVER,
    "replay": "with --check: something derived differs from the ledger",
    "restore": _NEVER,
    "review": "a case cannot be opened, answered or decided, or nobody confirmed",
    "run": "a message was not sent, the job was held, or a list could not be read",
    "serve": "an unexpected fault",
    "simulate": _NEVER,
    "status": _NEVER,
    "texts": _NEVER,
    "verify": "the code is not genuine, or there were too many wrong tries",
}


@click.command("help-json")
def help_json() -> None:
    """Print all commands with their options and exit codes as JSON. Reads no configuration.

    \b
    quotabot help-json
    """
    root = click.get_current_context().find_root().command
    report = {
        "version": __version__,
        "program": "quotabot",
        "exit_codes": _EXIT,
        "commands": list(_commands(root)),
    }
    click.echo(json_text(report), nl=False)


def _commands(root: click.Command) -> Iterator[dict[str, Any]]:
    """Yield each command by its whole name; groups have commands instead of options."""
    from bot.cli.main import COMMANDS, load_command

    yield _described("", root)
    for name in COMMANDS:
        command = load_command(name)
        yield _described(name, command)
        if isinstance(command, click.Group):
            for short, inner in command.commands.items():
                yield _described(f"{name} {short}", inner)


def _described(name: str, command: click.Command) -> dict[str, Any]:
    options = [_parameter(one) for one in command.params if isinstance(one, click.Option)]
    arguments = [_parameter(one) for one in command.params if isinstance(one, click.Argument)]
    help_text = cleandoc((command.help or "").replace("\b\n", ""))
    first, _, more = help_text.partition("\n")
    return {
        "name": name,
        "is_group": isinstance(command, click.Group),
        "summary": first,
        "help": more.strip(),
        "arguments": arguments,
        "options": options,
        "exit_codes": _EXIT | {"1": _ONE.get(name.partition(" ")[0], _EXIT["1"])},
    }


def _parameter(one: click.Parameter) -> dict[str, Any]:
    """Return what a program must know to use an option or an argument."""
    kind = one.type
    described: dict[str, Any] = {
        "names": [*one.opts, *one.secondary_opts],
        "type": kind.name,
        "metavar": one.metavar,
        "required": one.required,
        "multiple": one.multiple or one.nargs == -1,
    }
    if isinstance(kind, click.Choice):
        described["choices"] = list(kind.choices)
    if isinstance(one, click.Option):
        default = one.to_info_dict()["default"]
        described |= {
            "is_flag": one.is_flag,
            "default": default if isinstance(default, bool | int | float | str | None) else str(default),
            "environment": one.envvar,
            "help": one.help or "",
        }
    return described
