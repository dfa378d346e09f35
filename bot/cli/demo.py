"""`quotabot demo`: a local WeCom with a made-up branch, and the bot, in one command."""

from __future__ import annotations

import os
import shutil
import sys

import click

from bot.app.demo import Demo, last_workday, running
from bot.cli.stop import Stop
from bot.cli.tour import play
from bot.locales import DEFAULT, languages


@click.command()
@click.option("--tour", is_flag=True, help="Play one working day, print every message, and exit.")
@click.option(
    "--language",
    type=click.Choice(languages()),
    default=DEFAULT,
    show_default=True,
    help="Of the messages.",
)
def demo(*, tour: bool, language: str) -> None:
    """Start a local WeCom with a made-up branch and the bot. Nothing leaves this machine.

    \b
    quotabot demo
    quotabot demo --tour
    """
    day = last_workday()
    begin = "08:55:00" if tour else "09:06:45"
    with running(f"{day}T{begin}", language=language, speed=0.0 if tour else 1.0) as started:
        click.echo(f"A month of history: {started.history} callbacks delivered.", err=True)
        if tour:
            play(started, day=day)
        else:
            _invite(started)
            stop = Stop()
            stop.catch()
            stop.wait()


def _own_name() -> str:
    """Return how to call this program: its environment may not be on the path."""
    return "quotabot" if shutil.which("quotabot") else os.path.relpath(sys.argv[0])


def _invite(started: Demo) -> None:
    sandbox = started.sandbox
    click.echo(f"""
What people receive, and buttons to play:  {sandbox.url}/
The bot:                                   {started.bot_url}/readyz
Its configuration:                         {started.config_path}

It is {sandbox.get("clock")["iso"]} in the demo; the morning messages go out at 09:07, in a few seconds.
On the page you can add and lose customers, and move the clock: go to 16:37 for the reminders,
then to 17:48 for the leaders' digest.
In another terminal:
  {_own_name()} progress --config {started.config_path} --at {sandbox.get("clock")["iso"][:10]}T18:00
Ctrl-C ends both.""")
