"""robots: what group robots post with a job, as rows of the outbox: the words, and the picture after them.

A robot's rows are addressed to `robot:NAME` and named `digest:2026-11-23:robot:NAME` and `…:picture`, so
planning twice posts once. Only the few who lead are named (`bot.core.board`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.config import Config
from bot.config.sections import Robot
from bot.core.board import Board, Gain, board
from bot.core.frames import Frame, Judged
from bot.core.history import Tally
from bot.core.progress import Row
from bot.core.quotas import Basis
from bot.core.workdays import epoch_of
from bot.messages import as_markdown
from bot.messages.robots import GroupPost, group_message, group_picture, robot_disabled
from bot.services import Services
from bot.standing import Standing, rules
from bot.store.outbox import Message
from bot.telling import key_of
from bot.wecom.robot import MARKDOWN_BYTES, address_of

PICTURE = ":picture"  # ends the key of the row beside the words
_WEEK = 7  # days


def posts(
    services: Services,
    job: str,
    standing: Standing,
    *,
    not_before: int,
    expires_at: int,
    time_shift: int | None = None,
    after: str = "",
) -> Iterator[Message]:
    """What robots post with *job* (digest or weekly), in the order of their addresses greater than *after*.

    Times are epoch s on the message's own clock. A robot that is off posts nothing, nor one whose departments
    have fewer than five people.
    """
    config = services.config
    wanted = [robot for robot in config.robots if job in robot.posts]
    if not wanted:
        return
    off = services.store.robots.off(fingerprints(config))
    seen = _Seen.of(services, standing)
    for robot in sorted(wanted, key=lambda one: one.name):
        address = address_of(robot.name)
        if address <= after or robot.name in off:
            continue
        post = _post(config, robot, job, seen)
        if post is None:
            continue
        language = services.language
        key = key_of(job, standing.calendar.local_day(standing.at), address)
        words = as_markdown(group_message(post, language=language), limit=MARKDOWN_BYTES)
        picture = group_picture(post, language=language).to_json()
        for name, msgtype, content in ((key, "markdown", words), (f"{key}{PICTURE}", "image", picture)):
            yield Message(
                key=name,
                job=job,
                to_userid=address,
                content=content,
                msgtype=msgtype,
                not_before=not_before,
                expires_at=expires_at,
                time_shift=time_shift,
            )


def fingerprints(config: Config) -> dict[str, str]:
    """What tells one configuration of each robot from another, without showing its key."""
    return {robot.name: _fingerprint(robot) for robot in config.robots}


def robots_off(services: Services) -> list[str]:
    """One sentence for admins about each robot that WeCom refuses, in the language of the configuration."""
    off = services.store.robots.off(fingerprints(services.config))
    language = services.language
    return [robot_disabled(language=language, name=one.name, errcode=one.errcode) for one in off.values()]


def _fingerprint(robot: Robot) -> str:
    parts = (robot.webhook_key.get_secret_value(), *map(str, robot.departments), *robot.posts)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What all robots look at, worked out once."""

    standing: Standing
    rows: Mapping[str, list[Row]]
    silent: Collection[str]
    gains: Mapping[str, Mapping[str, Gain]]
    names: Mapping[str, str]

    @classmethod
    def of(cls, services: Services, standing: Standing) -> _Seen:
        rows: dict[str, list[Row]] = {}
        for row in standing.rows:
            rows.setdefault(row.quota, []).append(row)
        return cls(
            standing=standing,
            rows=rows,
            silent=_silent(standing),
            gains=gains(services, standing),
            names={userid: person.name for userid, person in standing.people.items()},
        )


def _post(config: Config, robot: Robot, job: str, seen: _Seen) -> GroupPost | None:
    leaders, standing = config.messages.leaderboard, seen.standing
    boards: list[tuple[Row, Board]] = []
    for quota, rows in seen.rows.items():
        found = board(
            rows,
            departments=standing.departments,
            scope=robot.departments,
            size=leaders.size if leaders.names == "top" else 0,
            silent=seen.silent,
            gains=seen.gains.get(quota),
        )
        if found is not None:
            boards.append((rows[0], found))
    if not boards:
        return None
    return GroupPost(
        job=job,
        boards=boards,
        people=seen.names,
        departments=standing.departments.names,
        at=standing.calendar.local(standing.at),
    )


def _silent(standing: Standing) -> set[str]:
    """Whom no group hears of: who has left, and whose adds a reviewer confirmed a finding about."""
    today, people = standing.calendar.local_day(standing.at), standing.people
    return {
        row.userid
        for row in standing.rows
        if row.flags or row.userid not in people or not people[row.userid].employed_on(today)
    }


def gains(services: Services, standing: Standing) -> dict[str, dict[str, Gain]]:
    """Each person's adds that count or may, of this week and the one before, by quota.

    Only where the number of adds is what is asked for, and a period is no shorter than a week.
    """
    calendar, today = standing.calendar, standing.calendar.local_day(standing.at)
    upto = epoch_of(standing.at) + 1
    edges = [calendar.start_of(today - timedelta(days=days - 1)) for days in (_WEEK, 2 * _WEEK)]
    past, book = standing.branch.past(epoch_of(standing.at)), rules(services)
    frames = {
        (quota.id, period.name): Frame.of(quota, period, calendar=calendar)
        for days in range(2 * _WEEK)
        for quota, period in book.frames_at(today - timedelta(days=days))
        if quota.basis is Basis.ADDED and (period.last - period.first).days + 1 >= _WEEK
    }
    found: dict[str, dict[str, Gain]] = {}
    for (quota, _), frame in frames.items():
        of_quota = found.setdefault(quota, {})
        for userid in standing.by_person:
            judged = frame.judged(userid, past)
            latest = _done(judged, edges[0], upto)
            before = _done(judged, edges[1], edges[0])
            earlier = of_quota.get(userid, Gain(latest=0, before=0))
            of_quota[userid] = Gain(latest=earlier.latest + latest, before=earlier.before + before)
    return found


def _done(judged: Judged, first_s: int, end_s: int) -> int:
    """How many of *judged* were added in first_s <= time < end_s and count or may."""
    return Tally.of(verdict for contact, verdict in judged if first_s <= contact.add.added_at < end_s).done
