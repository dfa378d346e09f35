"""The command `python -m sandbox`."""

from __future__ import annotations

import os
import signal
import threading
from datetime import datetime
from pathlib import Path

import click

from sandbox.branch import make_branch, write_files
from sandbox.clock import VirtualClock
from sandbox.history import CHINA
from sandbox.server import AddressInUseError, start
from sandbox.switches import CallbackSwitches
from sandbox.workdays import WorkCalendar
from sandbox.world import World

_PARENT_CHECK = 0.5  # seconds
_MAX_PORT = 65_535
_DAY = click.DateTime(["%Y-%m-%d"])


class _RefusedError(click.ClickException):
    """Bad usage, or an address in use: one sentence and exit code 2."""

    exit_code = 2


@click.command()
@click.option(
    "--listen", default="127.0.0.1:0", show_default=True, help="HOST:PORT; port 0 takes a free one."
)
@click.option(
    "--callback-url", default="", help="Where events go; can be set later by POST /sandbox/switches."
)
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same branch and secrets.")
@click.option("--start", "start_at", default="", help="First reading of the clock, ISO 8601; China time.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Virtual seconds a real second; 0 stands still.",
)
@click.option(
    "--retry-pause",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Seconds between the tries of a callback.",
)
@click.option("--day-off", "days_off", multiple=True, type=_DAY, help="A weekday off; may be repeated.")
@click.option(
    "--workday", "workdays", multiple=True, type=_DAY, help="A weekend day worked; may be repeated."
)
@click.option(
    "--write-files", "folder", type=click.Path(path_type=Path), help="Folder for roster.csv, departments.csv."
)
@click.option("--die-with-parent", is_flag=True, help="End when the process that started this one is gone.")
def main(
    *,
    listen: str,
    callback_url: str,
    seed: int,
    start_at: str,
    speed: float,
    retry_pause: float,
    days_off: tuple[datetime, ...],
    workdays: tuple[datetime, ...],
    folder: Path | None,
    die_with_parent: bool,
) -> None:
    """Play WeCom's servers on this machine. Sends callbacks to --callback-url only.

    \b
    python -m sandbox --listen 127.0.0.1:8090 --start 2026-11-23T08:30
    """
    parent = os.getppid()
    host, port = _address(listen)
    moment = _moment(start_at)
    branch = make_branch(seed=seed, today=moment.date())
    if folder:
        write_files(branch, folder)
    world = World(
        branch,
        clock=VirtualClock(moment.timestamp(), speed=speed),
        callbacks=CallbackSwitches(retry_pause=retry_pause),
        callback_url=callback_url,
        calendar=_calendar(days_off, workdays),
    )
    ended = _ended_by_signal()  # before the address is printed: its reader may stop us at once
    try:
        server = start(world, host=host, port=port)
    except AddressInUseError as exc:
        raise _RefusedError(str(exc)) from exc
    with server:
        click.echo(f"sandbox listening on {server.url}")
        while not ended.wait(_PARENT_CHECK):
            if die_with_parent and os.getppid() != parent:
                return


def _ended_by_signal() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    return ended


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > _MAX_PORT:
        raise _RefusedError(f"--listen must be HOST:PORT, not {listen!r}")
    return host.strip("[]"), int(port)


def _moment(text: str) -> datetime:
    if not text:
        return datetime.now(CHINA)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise _RefusedError(f"--start must be ISO 8601, not {text!r}") from exc
    return moment.astimezone(CHINA) if moment.tzinfo else moment.replace(tzinfo=CHINA)


def _calendar(days_off: tuple[datetime, ...], workdays: tuple[datetime, ...]) -> WorkCalendar:
    return WorkCalendar(
        days_off=frozenset(day.date() for day in days_off),
        workdays=frozenset(day.date() for day in workdays),
    )


if __name__ == "__main__":
    main()
