"""The names of messages."""

from __future__ import annotations

from datetime import date


def key_of(job: str, day: date, userid: str) -> str:
    """What a message is: one job, one local day, one person."""
    return f"{job}:{day.isoformat()}:{userid}"
