"""admin: the morning message to the administrators, sent only when something needs attention."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.counting import DAY_S
from bot.core.sync import Cause as DriftCause
from bot.core.workdays import WorkCalendar, epoch_of
from bot.features.admin import Cause, Finding, Wrong, trouble_of
from bot.features.admin import admin as admin_message
from bot.features.health import Health
from bot.features.robots.deliver import PICTURE_BYTES
from bot.features.robots.posts import robots_off
from bot.features.standings.load import Standings
from bot.features.sync.report import load_last_sync_report
from bot.messages.message import Message
from bot.services import FIRST_START, Services
from bot.store.engine import SqlRow
from bot.wecom.errors import ErrorKind, kind_of

ADMIN = "admin"  # in the keys of the messages
OLD_FACTS_DAYS = 7
OLD_SYNC_DAYS = 2
_IN_OTHER_FINDINGS = frozenset({"inbox", "outbox", "catch_up", "robots"})  # parts of `Health`


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """Yield a message for each administrator at work, if anything is wrong."""
    local = standings.calendar.local(standings.at)
    admins = [
        userid
        for userid in sorted(set(services.config.admins.userids))
        if userid not in standings.people or standings.works_on(userid, local.date())
    ]
    if admins and (findings := wrong(services, at=standings.at)):
        for userid in admins:
            yield userid, admin_message(language=services.language, found=findings, at=local)


def wrong(services: Services, *, at: datetime) -> list[Finding]:
    """Return what is wrong as of *at* (aware), since the same time of the workday before."""
    since = epoch_of(_a_workday_before(services.config.work_calendar(), at))
    real_since = services.real_of(since)
    return [
        *_service(services),
        *_outages(services, real_since=real_since),
        *_jobs(services, since=since),
        *_undelivered(services, real_since=real_since),
        *_drift(services, since=since, at=epoch_of(at)),
        *_facts(services, at=epoch_of(at)),
    ]


def _a_workday_before(calendar: WorkCalendar, at: datetime) -> datetime:
    before = calendar.local(at) - timedelta(days=1)
    while not calendar.is_workday(before.date()):
        before -= timedelta(days=1)
    return before


def _service(services: Services) -> Iterator[Finding]:
    health = Health.of(services)
    for degraded in health.report()["degraded"]:
        if degraded["part"] not in _IN_OTHER_FINDINGS:
            yield trouble_of(degraded)
    for sentence in robots_off(services):
        yield Finding(what=Wrong.SERVICE, text=sentence)
    if dead := health.depths()["inbox_dead"]:
        yield Finding(what=Wrong.EVENTS, n=dead)


def _outages(services: Services, *, real_since: int) -> Iterator[Finding]:
    calendar = services.config.work_calendar()
    for outage in services.store.outages.since(real_since):
        begin, end = calendar.moment(outage["began_at"]), calendar.moment(outage["ended_at"])
        same_day = begin.date() == end.date()
        until = f"{end:%H:%M}" if same_day else f"{end:%m-%d %H:%M}"
        yield Finding(what=Wrong.OUTAGE, text=f"{begin:%m-%d %H:%M}–{until}")


def _jobs(services: Services, *, since: int) -> Iterator[Finding]:
    failed = [row["job"] for row in services.store.runs.unfinished_since(since)]
    if failed:
        yield Finding(what=Wrong.JOBS, n=len(failed), names=tuple(dict.fromkeys(failed)))


def _undelivered(services: Services, *, real_since: int) -> Iterator[Finding]:
    outbox = services.store.outbox
    by_reason: dict[Finding, list[str]] = {}
    for row in outbox.unreached_since(real_since):
        by_reason.setdefault(_unreached(row), []).append(row["to_userid"])
    for reason, userids in sorted(by_reason.items(), key=lambda item: item[1][0]):
        yield replace(reason, n=len(userids), names=tuple(dict.fromkeys(userids)))
    if expired := outbox.expired(since=real_since):
        yield Finding(what=Wrong.EXPIRED, n=expired)


def _unreached(row: SqlRow) -> Finding:
    """Return the reason for a failed message, without its receiver."""
    answer = json.loads(row["receipt"] or "{}")
    errcode = int(answer.get("errcode", 0))
    cause = None
    if row["state"] == "unknown":
        cause, errcode = Cause.OPEN, 0
    elif PICTURE_BYTES in answer:
        cause = Cause.PICTURE
    elif answer.get("unlicenseduser"):
        cause = Cause.LICENCE
    elif answer.get("invaliduser") or kind_of(errcode) is ErrorKind.RECEIVER:
        cause, errcode = Cause.RANGE, 0
    elif errcode:
        cause = Cause.REFUSED
    text = row["error"] if cause is None else ""
    return Finding(what=Wrong.UNREACHED, text=text, cause=cause, errcode=errcode)


def _drift(services: Services, *, since: int, at: int) -> Iterator[Finding]:
    report = load_last_sync_report(services.store)
    if report is None:
        first = int(services.store.marks.get(FIRST_START) or at)
        if at - first >= DAY_S:
            yield Finding(what=Wrong.NEVER_COMPARED)
        return
    if report.held:
        names = tuple(member.userid for member in report.held)
        yield Finding(what=Wrong.HELD, n=sum(member.number for member in report.held), names=names)
    if report.unknown:
        names = tuple(member.userid for member in report.unknown)
        yield Finding(what=Wrong.UNREAD, n=len(names), names=names)
    imported = report.causes.get(DriftCause.IMPORTED.value, 0)
    if report.at >= since and report.repaired > imported:
        yield Finding(what=Wrong.REPAIRED, n=report.repaired - imported)
    if (days := (at - report.at) // DAY_S) >= OLD_SYNC_DAYS:
        yield Finding(what=Wrong.COMPARED_LONG_AGO, n=days)


def _facts(services: Services, *, at: int) -> Iterator[Finding]:
    if not any(
        quota.counting.required_facts or quota.counting.own_book or quota.counting.max_share
        for quota in services.config.quotas
    ):
        return
    newest = services.store.contact_knowledge.newest_facts()
    if newest is None:
        yield Finding(what=Wrong.NO_FACTS)
    elif (days := (at - newest) // DAY_S) >= OLD_FACTS_DAYS:
        yield Finding(what=Wrong.OLD_FACTS, n=days)
