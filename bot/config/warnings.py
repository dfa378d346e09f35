"""Allowed but probably unintended settings: `quotabot check` prints them; they stop nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date, time, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from bot.config import Config
from bot.config.faults import Fault, nearest, shown, written_key
from bot.config.rules import Quota
from bot.core.engagement import READY
from bot.core.periods import period_of
from bot.core.quotas import PeriodKind

# Jobs with unrequested messages: they wait for working hours.
PUSHING_JOBS = ("progress", "reminder", "digest", "weekly")

CROWDED_MINUTES = (0, 30)

Path = tuple[str | int, ...]
Found = tuple[Path, object, str, str | None]


def warnings(
    config: Config,
    *,
    years: Iterable[int] = (),
    userids: Collection[str] | None = None,
    roles: Collection[str] | None = None,
    departments: Collection[int] | None = None,
    tags: Collection[int] | None = None,
) -> tuple[Fault, ...]:
    """Return the probable mistakes in *config*, printed like faults.

    *years* are those whose working days matter. *userids* (in lower case), *roles*, *departments* and *tags*
    come from roster or WeCom; None: unknown, so not checked.
    """
    mistakes = [
        *_address(config),
        *_calendar(config, years),
        *_firings(config),
        *_rollout(config),
        *_privacy(config),
    ]
    for number, quota in enumerate(config.quotas):
        mistakes += [*_quota(quota, ("quotas", number)), *_incentives(quota, ("quotas", number))]
    if userids is not None:
        mistakes += _unknown_userids(config, userids)
    if roles is not None:
        mistakes += _unknown_roles(config, roles)
    if departments is not None:
        mistakes += _unknown_departments(config, departments)
    if tags is not None:
        mistakes += _unknown_tags(config, tags)
    return tuple(warning(config, path, value, allowed, meant) for path, value, allowed, meant in mistakes)


def warning(config: Config, path: Path, value: object, allowed: str, meant: str | None = None) -> Fault:
    """Return the warning about *value* at *path* of *config*; *meant* is the nearest known name."""
    names = {"quotas": [{"id": quota.id} for quota in config.quotas]}
    place = written_key(path, names)
    return Fault(file=str(config.file), key_path=place, value=shown(value), allowed=allowed, nearest=meant)


def _address(config: Config) -> Iterator[Found]:
    if not re.fullmatch(r"w[wx][0-9a-f]{16}", config.wecom.corp_id):
        allowed = "is unlike all known ones: ww (old corps: wx) and 16 of 0-9 a-f"
        yield ("wecom", "corp_id"), config.wecom.corp_id, allowed, None
    url = urlsplit(config.wecom.api_base_url)
    if url.scheme == "http" and not _is_loopback(url.hostname or ""):
        allowed = "the app's secret crosses the network unencrypted; use https:// outside this machine"
        yield ("wecom", "api_base_url"), config.wecom.api_base_url, allowed, None


def _rollout(config: Config) -> Iterator[Found]:
    rollout = config.rollout
    if rollout.mode == "pilot" and not rollout.departments:
        allowed = (
            "a pilot without departments tells nobody but admins, as shadow does; name some in departments"
        )
        yield ("rollout", "mode"), rollout.mode, allowed, None
    if rollout.mode != "on" and not config.admins.userids:
        allowed = "tells admins, and there are none; name some in [admins] userids"
        yield ("rollout", "mode"), rollout.mode, allowed, None


def _privacy(config: Config) -> Iterator[Found]:
    if config.privacy.store_customer_names:
        allowed = (
            "names of customers and the remarks of staff stand readable in the store and its backups; each "
            "is shown to the customer's own employee only; with false, the next start removes them"
        )
        yield ("privacy", "store_customer_names"), True, allowed, None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_CHINA_TIME = {
    *("Asia/Shanghai", "PRC", "Asia/Chongqing", "Asia/Chungking", "Asia/Harbin"),
    *("Asia/Hong_Kong", "Hongkong", "Asia/Macau", "Asia/Macao"),
}


def _calendar(config: Config, years: Iterable[int]) -> Iterator[Found]:
    both = sorted(set(config.calendar.holidays) & set(config.calendar.workdays))
    for day in both:
        yield ("calendar", "holidays"), day, "is in workdays too; it counts as a working day", None
    calendar, zone = config.work_calendar(), config.calendar.timezone.key
    if config.calendar.country == "CN" and zone not in _CHINA_TIME:
        allowed = "is not China's time, though country is CN: days and working hours would be shifted"
        yield ("calendar", "timezone"), zone, allowed, "Asia/Shanghai"
    for year in sorted(set(years)):
        if not calendar.decreed(year):
            yield ("calendar", "country"), config.calendar.country, _no_decree(year), None


def _no_decree(year: int) -> str:
    return (
        f"the holiday decree (放假安排) for {year} is not known to this version: make-up days are "
        "missing, statutory days off are used; update, or write them into holidays and workdays"
    )


def years_that_matter(today: date) -> tuple[int, ...]:
    """Return the years whose decree should be known: from 1 December on next year's, too."""
    return (today.year, today.year + 1) if today.month == 12 else (today.year,)


def missing_decree(config: Config, *, today: date) -> tuple[int, str] | None:
    """Return the first year that matters and has no decree, and what to do; None if all have one.

    Who wrote days of that year into the configuration has seen to it.
    """
    calendar, written = config.work_calendar(), {*config.calendar.holidays, *config.calendar.workdays}
    for year in years_that_matter(today):
        if not calendar.decreed(year) and not any(day.year == year for day in written):
            return year, _no_decree(year)
    return None


def _firings(config: Config) -> Iterator[Found]:
    hours = config.calendar.working_hours
    for job in (*PUSHING_JOBS, "sync", "engagement"):
        firing = getattr(config.schedule, job)
        if firing is None:
            continue
        path, at = ("schedule", job, "at"), firing.at
        written = f"{at:%H:%M}"
        if at.minute in CROWDED_MINUTES:
            yield path, written, "WeCom asks to avoid minutes 0 and 30; take another one", None
        if not _is_inside(config, job):
            written_hours = f"{hours.opens:%H:%M}-{hours.closes:%H:%M}"
            yield (
                path,
                written,
                f"lies outside the working hours {written_hours}, when nothing unasked is pushed",
                None,
            )
    if config.schedule.engagement.at < READY:
        written_hours = f"{config.schedule.engagement.at:%H:%M}"
        allowed = "WeCom has yesterday's figures from about 06:00 on; before, the days before it are read"
        yield ("schedule", "engagement", "at"), written_hours, allowed, None


def outside_hours(config: Config) -> list[tuple[str, time]]:
    """Return the jobs with messages that are due outside working hours, with their time."""
    return [(job, getattr(config.schedule, job).at) for job in PUSHING_JOBS if not _is_inside(config, job)]


def _is_inside(config: Config, job: str) -> bool:
    """Say whether *job* tells nobody anything, is off, or is due within working hours."""
    hours, firing = config.calendar.working_hours, getattr(config.schedule, job)
    return job not in PUSHING_JOBS or firing is None or hours.opens <= firing.at < hours.closes


def _quota(quota: Quota, path: Path) -> Iterator[Found]:
    if quota.target == 0:
        yield (*path, "target"), 0, "exempts everybody under this quota", None
    if quota.starts_on is None:
        return
    kind = PeriodKind(quota.period)
    period = period_of(kind, quota.starts_on)
    if period.first != quota.starts_on:
        period = period_of(kind, period.last + timedelta(days=1))
        allowed = f"is not the first day of a {kind}; the quota begins with {period.name}"
        yield (*path, "starts_on"), quota.starts_on, allowed, None
    if quota.ends_on is not None and quota.ends_on < period.first:
        allowed = f"the quota never holds: no {kind} begins between starts_on and ends_on"
        yield (*path, "ends_on"), quota.ends_on, allowed, None


def _incentives(quota: Quota, path: Path) -> Iterator[Found]:
    """Yield rules that invite people to fake, or that pay for data people can write themselves."""
    counting = quota.counting
    if quota.basis == "added" and counting.first_add == "any":
        allowed = "removing and adding the same customer in turns earns each time; use pair or corp"
        yield (*path, "counting", "first_add"), counting.first_add, allowed, None
    if quota.basis == "added" and counting.keep_days == 0:
        allowed = (
            "a contact counts even when it is lost in the next minute, so adds can be bought; 7 is usual"
        )
        yield (*path, "counting", "keep_days"), 0, allowed, None
        if quota.penalty is not None and quota.penalty.flat:
            allowed = "a flat deduction without keep_days drives people to any add at all; set keep_days"
            yield (*path, "penalty", "flat"), quota.penalty.flat, allowed, None
    if quota.penalty or quota.reward:
        allowed = (
            "money follows tags that staff can set themselves; take a rule group's tags (规则组标签), which "
            "they cannot"
        )
        if counting.segment_tags:
            yield (*path, "counting", "segment_tags"), list(counting.segment_tags), allowed, None
        if counting.required_tags:
            allowed += ", or required_facts"
            yield (*path, "counting", "required_tags"), list(counting.required_tags), allowed, None


def _unknown(
    lists: Iterable[tuple[Path, Iterable[Any]]], known: Collection[Any], allowed: str
) -> Iterator[Found]:
    """Yield the values of *lists*, each at its path, that are not *known*; names with the nearest one."""
    for path, values in lists:
        for number, value in enumerate(values):
            if value not in known:
                meant = nearest(value, known) if isinstance(value, str) else None
                yield (*path, number), value, allowed, meant


def _unknown_userids(config: Config, known: Collection[str]) -> Iterator[Found]:
    where = "in the roster" if config.directory.source == "csv" else "whom WeCom shows"
    lists: list[tuple[Path, Iterable[str]]] = [
        *((("roles", n, "match", "userids"), role.match.userids) for n, role in enumerate(config.roles)),
        *((("quotas", n, "userids"), quota.userids) for n, quota in enumerate(config.quotas)),
        (("review", "reviewers"), config.review.reviewers),
        (("admins", "userids"), config.admins.userids),
    ]
    return _unknown(lists, known, f"nobody {where} has this userid")


def _unknown_roles(config: Config, from_roster: Collection[str]) -> Iterator[Found]:
    known = {role.name for role in config.roles} | set(from_roster)
    lists = ((("quotas", number, "roles"), quota.roles) for number, quota in enumerate(config.quotas))
    return _unknown(lists, known, "no [[roles]] and no line of the roster gives this role, so nobody has it")


def _unknown_tags(config: Config, known: Collection[int]) -> Iterator[Found]:
    lists = ((("roles", n, "match", "tags"), role.match.tags) for n, role in enumerate(config.roles))
    return _unknown(lists, known, "WeCom has no tag of this id, so nobody gets the role by it")


def _unknown_departments(config: Config, known: Collection[int]) -> Iterator[Found]:
    allowed = "neither the roster nor departments has this department"
    if config.directory.source == "wecom":
        allowed = "WeCom shows the app no department of this id"
    lists: list[tuple[Path, Iterable[int]]] = [
        *((("quotas", n, "departments"), quota.departments) for n, quota in enumerate(config.quotas)),
        *((("robots", n, "departments"), robot.departments) for n, robot in enumerate(config.robots)),
        (("rollout", "departments"), config.rollout.departments),
    ]
    return _unknown(lists, known, allowed)
