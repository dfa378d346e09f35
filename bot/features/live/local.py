"""The parts of this machine and of the configuration: store, disk, calendar, timetable, people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from bot.config import Config
from bot.config.warnings import missing_decree, outside_hours
from bot.core.quotas import under_quota
from bot.features.health import low_space
from bot.features.live.part import Part, PartState, named, ok, wrong
from bot.features.reviews.cases import list_without_reviewer
from bot.messages.catalog import Texts
from bot.services import Directory, Services
from bot.store.engine import StoreError
from bot.store.group_commit import try_event


def store_parts(
    services: Services | None, config: Config, texts: Texts, *, error: str = ""
) -> Iterator[Part]:
    """Yield whether events can be stored and how much room is left. *services* None: *error*, or no store."""
    if services is None:
        where = config.store.where
        place = str(where) if isinstance(where, Path) else "postgresql"
        yield wrong("store", error or texts["live.no_store"].say(place=place))
        return
    try:
        try_event(services.store.engine)
    except StoreError as failure:
        yield wrong("store", str(failure))
        return
    yield ok("store", texts["live.store"])
    space = services.store.engine.space()
    if space is None:
        return
    free = space[0] // 2**20
    tight = low_space(services.store) is not None
    text = texts["live.disk_full"] if tight else texts["live.disk"]
    yield Part("disk", PartState.WRONG if tight else PartState.OK, text.say(n=f"{free:,}"))


def calendar_parts(config: Config, texts: Texts, *, today: date) -> Iterator[Part]:
    """Yield whether holidays of this and of the next year are known, and the timetable against its hours."""
    needed = missing_decree(config, today=today)
    for name, year in (("holidays", today.year), ("next_holidays", today.year + 1)):
        if needed == year:
            yield wrong(name, texts["live.no_decree"].say(year=year))
        elif year > today.year and not _is_known(config, year):
            yield Part(name, PartState.NOTE, texts["live.decree_later"].say(year=year))
        else:
            yield ok(name, texts["live.decree"].say(year=year))
    hours = config.calendar.working_hours
    written = f"{hours.opens:%H:%M}-{hours.closes:%H:%M}"
    late = [f"{job} {at:%H:%M}" for job, at in outside_hours(config)]
    if late:
        yield wrong("schedule", texts["live.outside"].say(jobs=", ".join(late), hours=written))
    else:
        yield ok("schedule", texts["live.schedule"].say(hours=written))


def people_parts(config: Config, people: Directory, texts: Texts, *, today: date) -> Iterator[Part]:
    """Yield whether everybody has a role, each quota somebody, and everybody a person who decides."""
    known = [person for person in people.people if person.employed_on(today)]
    if not known:
        yield wrong("people", texts["live.nobody"])
        return
    quotas, tree = config.core_quotas(), people.departments
    under = {
        quota.id: {p.userid for p in known if under_quota(quota, p, today, departments=tree)}
        for quota in quotas
    }
    without = [
        person.userid
        for person in known
        if not person.membership_on(today).role
        and not person.leader_of
        and not any(person.userid in members for members in under.values())
    ]
    if without:
        text = texts["live.no_role"].say(n=len(without), of=len(known), names=named(without))
        yield Part("roles", PartState.NOTE, text)
    else:
        yield ok("roles", texts["live.roles"].say(n=len(known)))
    empty = [quota.id for quota in quotas if not under[quota.id]]
    if empty:
        yield wrong("quotas", texts["live.empty_quotas"].say(names=named(empty)))
    else:
        yield ok("quotas", texts["live.quotas"].say(n=len(set().union(*under.values()))))
    nobody = list_without_reviewer(config, people, day=today)
    if nobody:
        yield wrong("reviewers", texts["live.no_reviewer"].say(n=len(nobody), names=named(nobody)))
    else:
        yield ok("reviewers", texts["live.reviewers"])


def _is_known(config: Config, year: int) -> bool:
    written = {*config.calendar.holidays, *config.calendar.workdays}
    return config.work_calendar().decreed(year) or any(day.year == year for day in written)
