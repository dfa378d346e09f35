"""sync: takes over what WeCom's own lists say; so far the directory. Tells nobody anything.

Each night, because no event is sure to come: an app gets none at all of most changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.messages import Message
from bot.services import Services
from bot.standing import Standing
from scheduler.directory import address_book, read_directory


def needed(services: Services, _at: datetime) -> bool:
    """Whether there is anything to read: a roster file needs no reading."""
    return services.config.directory.source == "wecom"


def prepare(services: Services, at: datetime) -> None:
    """Read everything as of *at* (aware). Raises WeComError; then nothing has changed."""
    if needed(services, at):
        with address_book(services) as book:
            read_directory(services, book=book, at=at)


def messages(_services: Services, _standing: Standing) -> Iterator[tuple[str, Message]]:
    """Nothing for anybody."""
    return iter(())
