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
from bot.core.periods import PeriodKind, period_of
from bot.messages.sentences import Say, Sentence

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
    say: Say = Sentence,
) -> tuple[Fault, ...]:
    """Return the probable mistakes in *config*, printed like faults; *say* writes their sentences.

    *years* are those whose working days matter. *userids* (in lower case), *roles*, *departments* and *tags*
    come from roster or WeCom; None: unknown, so not checked.
    """
    mistakes = [
        *_address(config, say),
        *_calendar(config, years, say),
        *_firings(config, say),
        *_rollout(config, say),
        *_privacy(config, say),
    ]
    for number, quota in enumerate(config.quotas):
        mistakes += [*_quota(quota, ("quotas", number), say), *_incentives(quota, ("quotas", number), say)]
    if userids is not None:
        mistakes += _unknown_userids(config, userids, say)
    if roles is not None:
        mistakes += _unknown_roles(config, roles, say)
    if departments is not None:
        mistakes += _unknown_departments(config, departments, say)
    if tags is not None:
        mistakes += _unknown_tags(config, tags, say)
    return tuple(warning(config, path, value, allowed, meant) for path, value, allowed, meant in mistakes)


def warning(config: Config, path: Path, value: object, allowed: str, meant: str | None = None) -> Fault:
    """Return the warning about *value* at *path* of *config*; *meant* is the nearest known name."""
    names = {"quotas": [{"id": quota.id} for quota in config.quotas]}
    place = written_key(path, names)
    return Fault(file=str(config.file), key_path=place, value=shown(value), allowed=allowed, nearest=meant)


def _address(config: Config, say: Say) -> Iterator[Found]:
    if not re.fullmatch(r"w[wx][0-9a-f]{16}", config.wecom.corp_id):
        yield ("wecom", "corp_id"), config.wecom.corp_id, say("warnings.corp_id"), None
    url = urlsplit(config.wecom.api_base_url)
    if url.scheme == "http" and not _is_loopback(url.hostname or ""):
        yield ("wecom", "api_base_url"), config.wecom.api_base_url, say("warnings.unencrypted"), None


def _rollout(config: Config, say: Say) -> Iterator[Found]:
    rollout = config.rollout
    if rollout.mode == "pilot" and not rollout.departments:
        yield ("rollout", "mode"), rollout.mode, say("warnings.pilot"), None
    if rollout.mode != "on" and not config.admins.userids:
        yield ("rollout", "mode"), rollout.mode, say("warnings.no_admins"), None


def _privacy(config: Config, say: Say) -> Iterator[Found]:
    if config.privacy.store_customer_names:
        yield ("privacy", "store_customer_names"), True, say("warnings.names"), None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_CHINA_TIME = {
    *("Asia/Shanghai", "PRC", "Asia/Chongqing", "Asia/Chungking", "Asia/Harbin"),
    *("Asia/Hong_Kong", "Hongkong", "Asia/Macau", "Asia/Macao"),
}


def _calendar(config: Config, years: Iterable[int], say: Say) -> Iterator[Found]:
    both = sorted(set(config.calendar.holidays) & set(config.calendar.workdays))
    for day in both:
        yield ("calendar", "holidays"), day, say("warnings.holiday_and_workday"), None
    calendar, zone = config.work_calendar(), config.calendar.timezone.key
    if config.calendar.country == "CN" and zone not in _CHINA_TIME:
        yield ("calendar", "timezone"), zone, say("warnings.zone"), "Asia/Shanghai"
    for year in sorted(set(years)):
        if not calendar.decreed(year):
            yield ("calendar", "country"), config.calendar.country, say("warnings.decree", year=year), None


def years_that_matter(today: date) -> tuple[int, ...]:
    """Return the years whose decree should be known: from 1 December on next year's, too."""
    return (today.year, today.year + 1) if today.month == 12 else (today.year,)


def missing_decree(config: Config, *, today: date) -> int | None:
    """Return the first year that matters and has no decree; None if all have one.

    A year with own days in the configuration needs none.
    """
    calendar, written = config.work_calendar(), {*config.calendar.holidays, *config.calendar.workdays}
    for year in years_that_matter(today):
        if not calendar.decreed(year) and not any(day.year == year for day in written):
            return year
    return None


def _firings(config: Config, say: Say) -> Iterator[Found]:
    hours = config.calendar.working_hours
    for job in (*PUSHING_JOBS, "sync", "engagement"):
        firing = getattr(config.schedule, job)
        if firing is None:
            continue
        path, at = ("schedule", job, "at"), firing.at
        written = f"{at:%H:%M}"
        if at.minute in CROWDED_MINUTES:
            yield path, written, say("warnings.crowded"), None
        if not _is_inside(config, job):
            written_hours = f"{hours.opens:%H:%M}-{hours.closes:%H:%M}"
            yield path, written, say("warnings.outside_hours", hours=written_hours), None
    if config.schedule.engagement.at < READY:
        written_hours = f"{config.schedule.engagement.at:%H:%M}"
        yield ("schedule", "engagement", "at"), written_hours, say("warnings.engagement"), None


def outside_hours(config: Config) -> list[tuple[str, time]]:
    """Return the jobs with messages that are due outside working hours, with their time."""
    return [(job, getattr(config.schedule, job).at) for job in PUSHING_JOBS if not _is_inside(config, job)]


def _is_inside(config: Config, job: str) -> bool:
    """Say whether *job* tells nobody anything, is off, or is due within working hours."""
    hours, firing = config.calendar.working_hours, getattr(config.schedule, job)
    return job not in PUSHING_JOBS or firing is None or hours.opens <= firing.at < hours.closes


def _quota(quota: Quota, path: Path, say: Say) -> Iterator[Found]:
    if quota.target == 0:
        yield (*path, "target"), 0, say("warnings.no_target"), None
    if quota.starts_on is None:
        return
    kind = PeriodKind(quota.period)
    named = say(f"warnings.kinds.{kind}")
    period = period_of(kind, quota.starts_on)
    if period.first != quota.starts_on:
        period = period_of(kind, period.last + timedelta(days=1))
        allowed = say("warnings.not_first", kind=named, period=period.name)
        yield (*path, "starts_on"), quota.starts_on, allowed, None
    if quota.ends_on is not None and quota.ends_on < period.first:
        yield (*path, "ends_on"), quota.ends_on, say("warnings.never", kind=named), None


def _incentives(quota: Quota, path: Path, say: Say) -> Iterator[Found]:
    """Yield rules that invite people to fake, or that pay for data people can write themselves."""
    counting = quota.counting
    if quota.basis == "added" and counting.first_add == "any":
        yield (*path, "counting", "first_add"), counting.first_add, say("warnings.any"), None
    if quota.basis == "added" and counting.keep_days == 0:
        yield (*path, "counting", "keep_days"), 0, say("warnings.keep_days"), None
        if quota.penalty is not None and quota.penalty.flat:
            yield (*path, "penalty", "flat"), quota.penalty.flat, say("warnings.flat"), None
    if quota.penalty or quota.reward:
        place = (*path, "counting")
        if counting.segment_tags:
            yield (*place, "segment_tags"), list(counting.segment_tags), say("warnings.tags"), None
        if counting.required_tags:
            yield (*place, "required_tags"), list(counting.required_tags), say("warnings.tags_or_facts"), None


def _unknown(
    lists: Iterable[tuple[Path, Iterable[Any]]], known: Collection[Any], allowed: str
) -> Iterator[Found]:
    """Yield the values of *lists*, each at its path, that are not *known*; names with the nearest one."""
    for path, values in lists:
        for number, value in enumerate(values):
            if value not in known:
                meant = nearest(value, known) if isinstance(value, str) else None
                yield (*path, number), value, allowed, meant


def _unknown_userids(config: Config, known: Collection[str], say: Say) -> Iterator[Found]:
    of_csv = config.directory.source == "csv"
    lists: list[tuple[Path, Iterable[str]]] = [
        *((("roles", n, "match", "userids"), role.match.userids) for n, role in enumerate(config.roles)),
        *((("quotas", n, "userids"), quota.userids) for n, quota in enumerate(config.quotas)),
        (("review", "reviewers"), config.review.reviewers),
        (("admins", "userids"), config.admins.userids),
    ]
    return _unknown(
        lists, known, say("warnings.unknown_in_roster" if of_csv else "warnings.unknown_to_wecom")
    )


def _unknown_roles(config: Config, from_roster: Collection[str], say: Say) -> Iterator[Found]:
    known = {role.name for role in config.roles} | set(from_roster)
    lists = ((("quotas", number, "roles"), quota.roles) for number, quota in enumerate(config.quotas))
    return _unknown(lists, known, say("warnings.role"))


def _unknown_tags(config: Config, known: Collection[int], say: Say) -> Iterator[Found]:
    lists = ((("roles", n, "match", "tags"), role.match.tags) for n, role in enumerate(config.roles))
    return _unknown(lists, known, say("warnings.tag"))


def _unknown_departments(config: Config, known: Collection[int], say: Say) -> Iterator[Found]:
    of_csv = config.directory.source == "csv"
    allowed = say("warnings.department" if of_csv else "warnings.department_of_wecom")
    lists: list[tuple[Path, Iterable[int]]] = [
        *((("quotas", n, "departments"), quota.departments) for n, quota in enumerate(config.quotas)),
        *((("robots", n, "departments"), robot.departments) for n, robot in enumerate(config.robots)),
        (("rollout", "departments"), config.rollout.departments),
    ]
    return _unknown(lists, known, allowed)
