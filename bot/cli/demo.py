"""`quotabot demo`: a local WeCom with a made-up branch, and the bot, in one command."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from datetime import datetime

import click

from bot.app.demo import Demo, running, this_day, workday_in_mid_month
from bot.cli.help_texts import language_of_environment
from bot.cli.options import DAY, speak, spoken_texts
from bot.cli.stop import Stop
from bot.cli.tour import play
from bot.locales import languages
from bot.messages.catalog import Texts


@click.command()
@click.option("--tour", is_flag=True, help="Play one working day, print every message, and exit.")
@click.option(
    "--date",
    "day",
    type=DAY,
    help="The day to play; a working day in the middle of this month if left out.",
)
@click.option(
    "--language",
    type=click.Choice(languages()),
    help="Of the messages; that of your browser if left out, and of LANG in a tour.",
)
def demo(*, tour: bool, day: datetime | None, language: str | None) -> None:
    """Start a local WeCom with a made-up branch and the bot. Nothing leaves this machine.

    \b
    quotabot demo
    quotabot demo --date 2026-11-30
    quotabot demo --tour
    """
    played = day.date() if day else workday_in_mid_month(this_day())
    begin, speed = ("08:55:00", 0.0) if tour else ("09:06:50", 1.0)
    spoken = language or (language_of_environment() if tour else "")
    if spoken:
        speak(spoken)
    texts = spoken_texts()
    click.echo(texts["cli.demo.starting"], err=True)
    with running(f"{played}T{begin}", language=spoken, speed=speed) as started:
        click.echo(texts["cli.demo.history"].say(n=started.history), err=True)
        if tour:
            play(started, day=played)
        else:
            click.echo("\n".join(_invitation(started, texts, waits=not language)))
            stop = Stop()
            stop.catch(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            stop.wait()
            click.echo(texts["cli.demo.ending"], err=True)


def _own_name() -> str:
    """Return how to call this program: its environment may not be on the path."""
    return "quotabot" if shutil.which("quotabot") else os.path.relpath(sys.argv[0])


def _invitation(started: Demo, texts: Texts, *, waits: bool) -> Iterator[str]:
    """Yield the addresses and what to do with them."""
    sandbox = started.sandbox
    now = sandbox.get("clock")["iso"]
    clock = texts["cli.demo.waits"] if waits else texts["cli.demo.runs"]
    yield ""
    yield texts["cli.demo.page"].say(url=f"{sandbox.url}/")
    yield texts["cli.demo.bot"].say(url=f"{started.bot_url}/readyz")
    yield texts["cli.demo.file"].say(file=started.config_path)
    yield ""
    yield clock.say(now=now[:16].replace("T", " "))
    yield texts["cli.demo.hint"]
    yield texts["cli.demo.terminal"]
    yield f"  {_own_name()} progress --config {started.config_path} --at {now[:10]}T18:00"
    yield texts["cli.demo.stop"]
