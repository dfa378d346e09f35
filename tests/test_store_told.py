"""Whom a message of one job and day may have reached."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.store.outbox import OutboxMessage
from bot.store.store import Store

DAY = date(2026, 11, 20)
STATES = {"waits": "pending", "got": "sent", "maybe": "unknown", "not": "failed", "late": "expired"}


@pytest.fixture
def outbox_of(place: Path | str) -> dict[tuple[str, str], frozenset[str]]:
    """What is told by job and day, of messages of two jobs and two days in every state."""
    store = Store(place)
    for job in ("reminder", "remind"):
        for userid, state in STATES.items():
            key = f"{job}:2026-11-20:{userid}"
            store.outbox.add(
                OutboxMessage(
                    key=key,
                    job=job,
                    to_userid=userid,
                    content="x",
                    msgtype="text",
                    not_before=0,
                    expires_at=9,
                ),
                created_at=0,
            )
            row = store.outbox.by_key(key)
            if row is not None and state != "pending":
                store.outbox.finish(row["seq"], state=state, now=0)
    found = {
        (job, day.isoformat()): store.outbox.told(job, day, userids=STATES)
        for job in ("reminder", "weekly")
        for day in (DAY, date(2026, 11, 2))
    }
    store.close()
    return found


def test_whom_it_may_have_reached_by_job_and_day(
    outbox_of: dict[tuple[str, str], frozenset[str]],
) -> None:
    assert outbox_of == {
        ("reminder", "2026-11-20"): frozenset({"waits", "got", "maybe"}),
        ("reminder", "2026-11-02"): frozenset(),
        ("weekly", "2026-11-20"): frozenset(),
        ("weekly", "2026-11-02"): frozenset(),
    }
