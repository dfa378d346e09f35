"""`quotabot run engagement`: reading of WeCom's behaviour figures, with a bar on a terminal."""

from __future__ import annotations

from datetime import datetime

from bot.cli.bars import bars
from bot.cli.sync import say_stopped
from bot.messages.catalog import texts_in
from bot.services import Services
from bot.store.engagement import Asked
from bot.wecom.asker import StoppedError
from scheduler.engagement import read_figures

JOB = "engagement"


def read(services: Services, *, at: datetime) -> bool:
    """Read as of *at* (aware); report an early stop on standard error and return False."""
    try:
        with bars() as tell:
            read_figures(services, at, progress=tell)
    except StoppedError as error:
        left = services.store.engagement.counts().get(Asked.WANTED, 0)
        say_stopped(error, left, texts_in(services.language))
        return False
    return True
