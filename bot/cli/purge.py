"""`quotabot run purge`: removal by age."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.features.purge import purge
from bot.messages.catalog import Texts
from bot.services import Services

JOB = "purge"


def shown(services: Services, *, at: datetime) -> dict[str, Any]:
    """Remove what is too old as of *at* (aware); return the counts as JSON."""
    return purge(services, at=at)


def for_people(counts: dict[str, int], _texts: Texts) -> list[str]:
    """Return the counts in lines."""
    return [f"{name:<18} {rows} row(s)" for name, rows in sorted(counts.items())] or ["nothing is too old"]
