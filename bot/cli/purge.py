"""`quotabot run purge`: removal by age."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.messages.catalog import Texts
from bot.services import Services
from scheduler.purge import clean

JOB = "purge"


def shown(services: Services, *, at: datetime) -> dict[str, Any]:
    """Remove what is too old as of *at* (aware); return the counts as JSON."""
    return clean(services, at=at)


def for_people(counts: dict[str, int], texts: Texts) -> list[str]:
    """Return the counts in lines."""
    rows = texts["cli.purge.rows"]
    lines = [rows.say(name=f"{name:<18}", n=number) for name, number in sorted(counts.items())]
    return lines or [texts["cli.purge.nothing"]]
