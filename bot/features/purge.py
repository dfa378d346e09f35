"""Removal of what is older than it may be, in small steps beside a service; figures stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from bot.core.workdays import epoch_of
from bot.services import Services
from bot.store.retention import RULES, Age, Clock, Rule, days_of


def purge(services: Services, *, at: datetime, beat: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Remove what is too old as of *at* (aware); return how many rows of each class.

    *beat* is called after each step. It may be repeated, and goes on where it was cut off.
    """
    counts: dict[str, int] = {}

    def count(name: str, steps: Iterable[int]) -> None:
        for rows in steps:
            counts[name] = counts.get(name, 0) + rows
            beat()

    retention, store = services.store.retention, services.store
    contents, records = (_real(services, at - _days(services, age)) for age in (Age.CONTENTS, Age.RECORDS))
    count("dead events", [retention.drop_dead_events(contents)])
    count("inbox", retention.purge_queue(store.inbox.purge_before, contents))
    count("outbox", retention.purge_queue(store.outbox.purge_before, records))
    count("sync_drift", [retention.purge_drift(records)])
    for rule in RULES:
        count(rule.name, retention.purge(rule, _before(services, rule, at=at)))
    return {name: rows for name, rows in counts.items() if rows}


def _days(services: Services, age: Age) -> timedelta:
    return timedelta(days=days_of(age, event_log_days=services.config.privacy.event_log_days))


def _before(services: Services, rule: Rule, *, at: datetime) -> int | str:
    """Return the moment before which rows of *rule* go, as its column tells time."""
    moment = at - _days(services, rule.age)
    day = services.config.work_calendar().local_day(moment)
    if rule.clock is Clock.REAL:
        return _real(services, moment)
    if rule.clock is Clock.PLAYED:
        return epoch_of(moment)
    return day.isoformat() if rule.clock is Clock.DAY else f"{day:%Y-%m}"


def _real(services: Services, moment: datetime) -> int:
    return services.real_of(epoch_of(moment))
