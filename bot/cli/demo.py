"""`quotabot demo`: a local WeCom with a made-up branch, and the bot, in one command."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from datetime import datetime

import click

from bot.app.demo import Demo, running, this_day, workday_in_mid_month
from bot.cli.stop import Stop
from bot.cli.tour import play
from bot.locales import DEFAULT, languages


@click.command()
@click.option("--tour", is_flag=True, help="Play one working day, print every message, and exit.")
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day to play; a working day in the middle of this month if left out.",
)
@click.option(
    "--language",
    type=click.Choice(languages()),
    help="Of the messages; that of your browser if left out, and zh-CN in a tour.",
)
def demo(*, tour: bool, day: datetime | None, language: str | None) -> None:
    """Start a local WeCom with a made-up branch and the bot. Nothing leaves this machine.

    \b
    quotabot demo
    quotabot demo --date 2026-11-30
    quotabot demo --tour
    """
    played = day.date() if day else workday_in_mid_month(this_day())
    click.echo("Starting a local WeCom and the bot, with a month of history ...", err=True)
    begin, speed = ("08:55:00", 0.0) if tour else ("09:06:50", 1.0)
    spoken = language or (DEFAULT if tour else "")
    with running(f"{played}T{begin}", language=spoken, speed=speed) as started:
        click.echo(f"A month of history: {started.history} callbacks delivered.", err=True)
        if tour:
            play(started, day=played)
        else:
            _invite(started, waits=not language)
            stop = Stop()
            stop.catch(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            stop.wait()
            click.echo("Ending ...", err=True)


def _own_name() -> str:
    """Return how to call this program: its environment may not be on the path."""
    return "quotabot" if shutil.which("quotabot") else os.path.relpath(sys.argv[0])


def _invite(started: Demo, *, waits: bool) -> None:
    sandbox = started.sandbox
    now = sandbox.get("clock")["iso"]
    clock = "The clock starts when you open the page" if waits else "The clock runs"
    click.echo(f"""
Open this page:      {sandbox.url}/
The bot:             {started.bot_url}/readyz
Its configuration:   {started.config_path}

It is {now[:16].replace("T", " ")} in the demo. {clock}; the morning messages come at 09:07.
On the page you can scan codes as a customer, write to the app, move the clock, and switch faults on.
In another terminal:
  {_own_name()} progress --config {started.config_path} --at {now[:10]}T18:00
Ctrl-C ends both.""")
