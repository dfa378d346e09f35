"""Grouping of chat messages: each group shares one reading of figures, and nobody waits for a large team."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.features.chat.commands import Command, parse_command
from bot.features.chat.desk import Desk
from bot.services import Services
from bot.store.chat import ChatRequest as Asked

TOGETHER = 200  # people whose figures are read at once: half a second, so that the first answers go early
_ABOUT_OTHERS = frozenset((Command.TEAM, Command.NEEDS_HELP, Command.COACH, Command.EXPORT))


def groups(services: Services, waiting: Sequence[Asked]) -> Iterator[tuple[list[Asked], set[str]]]:
    """Yield messages that share one reading, with the userids they are about; large teams last, alone."""
    desk = Desk(services, at=services.clock.now())
    about = {asked.msgid: _about(desk, asked) for asked in waiting}
    group: list[Asked] = []
    whose: set[str] = set()
    for asked in sorted(waiting, key=lambda asked: len(about[asked.msgid]) > TOGETHER):
        if group and len(whose) + len(about[asked.msgid]) > TOGETHER:
            yield group, whose
            group, whose = [], set()
        group.append(asked)
        whose |= about[asked.msgid]
    yield group, whose


def _about(desk: Desk, asked: Asked) -> set[str]:
    """Return the userids whose figures the answer needs."""
    understood = parse_command(asked.text)
    if understood is None or understood.command not in _ABOUT_OTHERS:
        return {asked.userid}
    return {asked.userid, *desk.led_by(asked.userid)}
