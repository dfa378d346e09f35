"""Versions of `[ledger]`, `[integrity]` and `[money]`: a loss, an add, a month keep the rules of their day.

A day has the rules that stood at its start, so a changed file holds from tomorrow on. Before the first
recorded version that one holds; with none recorded the file holds for all time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from bot.core.counting import DAY_S, Integrity
from bot.core.rulebook import Dated
from bot.core.workdays import ONE_DAY
from bot.services import Services

_LEDGER, _INTEGRITY, _MONEY = _SECTIONS = ("ledger", "integrity", "money")
_INTEGRITY_TYPE = TypeAdapter(Integrity)


def record_sections(services: Services, *, today: date, now: int) -> None:
    """Store changed sections from tomorrow on; *now* in epoch s. Call inside a transaction."""
    store = services.store.rule_versions
    for section in _SECTIONS:
        recorded, held = store.section(section), _versions(services, section, today=today)
        if recorded != held:
            changed = [version for version in held if version not in recorded]
            store.replace_section_from(section, changed, since=today + ONE_DAY, now=now)


def load_regain(services: Services) -> int | Callable[[int], int]:
    """Return the seconds within which an add makes a loss a slip, by the time of the loss (epoch s)."""
    versions = _versions(services, _LEDGER)
    if len(versions) == 1:
        return int(versions[0][1])
    calendar, dated = services.config.work_calendar(), Dated(tuple((since, int(s)) for since, s in versions))
    return lambda lost_at: dated.on(calendar.day_of(lost_at))


def describe_regain(services: Services) -> str:
    """Return a text that differs when adds are to be derived anew."""
    versions = _versions(services, _LEDGER)
    first, later = versions[0][1], [f" {value} from {since}" for since, value in versions[1:]]
    return f"regain_s={first}{''.join(later)}"


def load_integrity(services: Services) -> Dated[Integrity]:
    """Return `[integrity]` by the day of the add."""
    versions = _versions(services, _INTEGRITY)
    return Dated(tuple((since, _INTEGRITY_TYPE.validate_json(value)) for since, value in versions))


def load_caps(services: Services) -> Dated[int]:
    """Return the monthly cap on deductions, in yuan (0: none), by the day of `[money]`."""
    return Dated(tuple((since, int(value)) for since, value in _versions(services, _MONEY)))


def coming_sections(services: Services) -> dict[str, tuple[Any, Any, date]]:
    """Return by section its present value, the file's and the day from which that holds, where they differ.

    `ledger` in days, `money` in yuan, `integrity` as its rules.
    """
    today = services.config.work_calendar().local_day(services.clock.now())
    read: dict[str, Callable[[str], Any]] = {
        _LEDGER: lambda value: int(value) // DAY_S,
        _MONEY: int,
        _INTEGRITY: _INTEGRITY_TYPE.validate_json,
    }
    coming = {}
    for section, parse in read.items():
        versions = _versions(services, section)
        since, value = versions[-1]
        if since > today:
            coming[section] = parse(Dated(versions).on(today)), parse(value), since
    return coming


def _versions(services: Services, section: str, *, today: date | None = None) -> tuple[tuple[date, str], ...]:
    config, recorded = services.config, services.store.rule_versions.section(section)
    in_file = {
        _LEDGER: lambda: str(config.ledger.regain_s),
        _MONEY: lambda: str(config.money.cap_per_month),
        _INTEGRITY: lambda: _INTEGRITY_TYPE.dump_json(config.core_integrity()).decode(),
    }[section]()
    if not recorded:
        return ((date.min, in_file),)
    if recorded[-1][1] == in_file:
        return recorded
    day = today or config.work_calendar().local_day(services.clock.now())
    begun = tuple(version for version in recorded if version[0] <= day)
    return begun if begun[-1][1] == in_file else (*begun, (day + ONE_DAY, in_file))
