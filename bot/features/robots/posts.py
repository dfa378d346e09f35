"""Posts of group robots as rows of the outbox: first the text, then the picture.

A robot's address is `robot:NAME`. The keys are `digest:2026-11-23:robot:NAME` and `…:picture`, so planning
twice posts once. A post names only the people at the top (`bot.core.leaderboard`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.config import Config
from bot.config.sections import Robot
from bot.core.leaderboard import Gain, GroupLeaderboard, build_leaderboard
from bot.core.people import Departments, Person
from bot.core.progress import QuotaFigures
from bot.core.teams import upwards
from bot.features.notify.enqueue import key_of
from bot.features.robots.message import GroupPost, group_message, group_picture, robot_disabled
from bot.features.standings.everybody import load_departments, load_people
from bot.features.standings.gains import Gains, list_silent
from bot.features.standings.load import load_rulebook, load_standings_of
from bot.features.standings.pieces import iter_people
from bot.messages.message import as_markdown
from bot.services import Services
from bot.store.outbox import OutboxMessage
from bot.wecom.robot import MARKDOWN_BYTES, address_of

PICTURE = ":picture"  # the end of a picture's key


def build_posts(
    services: Services,
    job: str,
    *,
    at: datetime,
    not_before: int,
    expires_at: int,
    time_shift: int | None = None,
) -> Iterator[OutboxMessage]:
    """Yield the posts of *job* (digest or weekly) as of *at* (aware), in the order of their addresses.

    Times are epoch seconds on the message's own clock. Robots that are off and robots of fewer than five
    people post nothing.
    """
    config = services.config
    wanted = [robot for robot in config.robots if job in robot.posts]
    if not wanted:
        return
    off = services.store.robots.off(fingerprints(config))
    posting = [robot for robot in sorted(wanted, key=lambda robot: robot.name) if robot.name not in off]
    if not posting:
        return
    shared, language = _Shared.of(services, posting, at=at), services.language
    for robot in posting:
        address = address_of(robot.name)
        post = _post(config, robot, job, shared)
        if post is None:
            continue
        key = key_of(job, shared.local.date(), address)
        words = as_markdown(group_message(post, language=language), limit=MARKDOWN_BYTES)
        picture = group_picture(post, language=language).to_json()
        for name, msgtype, content in ((key, "markdown", words), (f"{key}{PICTURE}", "image", picture)):
            yield OutboxMessage(
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
    """Return a hash of each robot's configuration, which does not show its key."""
    return {robot.name: _fingerprint(robot) for robot in config.robots}


def robots_off(services: Services) -> list[str]:
    """Return a sentence for admins about each robot that WeCom refuses."""
    off = services.store.robots.off(fingerprints(services.config))
    return [
        robot_disabled(language=services.language, name=robot.name, errcode=robot.errcode)
        for robot in off.values()
    ]


def _fingerprint(robot: Robot) -> str:
    parts = (robot.webhook_key.get_secret_value(), *map(str, robot.departments), *robot.posts)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """The data that all robots share, computed once, a piece of the people at a time.

    *rows* by quota, of the people of a robot only. *local*: the moment of the figures.
    """

    local: datetime
    departments: Departments
    rows: Mapping[str, list[QuotaFigures]]
    silent: Collection[str]
    gains: Mapping[str, Mapping[str, Gain]]
    people: Mapping[str, Person]

    @classmethod
    def of(cls, services: Services, robots: Sequence[Robot], *, at: datetime) -> _Shared:
        departments = load_departments(services)
        of_all = not all(robot.departments for robot in robots)
        scope = {number for robot in robots for number in robot.departments}
        today = services.config.work_calendar().local_day(at)
        rows: dict[str, list[QuotaFigures]] = {
            quota.id: [] for quota, _ in load_rulebook(services).periods_at(today)
        }
        gains: dict[str, dict[str, Gain]] = {}
        silent: set[str] = set()
        for userids in iter_people(services):
            standings = load_standings_of(services, userids, at=at)
            silent |= list_silent(standings)
            seen = [
                row
                for row in standings.rows
                if of_all or not scope.isdisjoint(upwards(row.department, departments))
            ]
            for row in seen:
                rows[row.quota].append(row)
            latest = Gains(services, standings).of(sorted({row.userid for row in seen}))
            for quota, of_quota in latest.items():
                gains.setdefault(quota, {}).update(of_quota)
        return cls(
            local=services.config.work_calendar().local(at),
            departments=departments,
            rows={quota: found for quota, found in rows.items() if found},
            silent=silent,
            gains=gains,
            people=load_people(services),
        )


def _post(config: Config, robot: Robot, job: str, shared: _Shared) -> GroupPost | None:
    leaders = config.messages.leaderboard
    boards: list[tuple[QuotaFigures, GroupLeaderboard]] = []
    for quota, rows in shared.rows.items():
        board = build_leaderboard(
            rows,
            departments=shared.departments,
            scope=robot.departments,
            size=leaders.size if leaders.names == "top" else 0,
            silent=shared.silent,
            gains=shared.gains.get(quota),
        )
        if board is not None:
            boards.append((rows[0], board))
    if not boards:
        return None
    named = {place.userid for _, board in boards for place in board.top}
    return GroupPost(
        job=job,
        boards=boards,
        people={userid: shared.people[userid].name for userid in named if userid in shared.people},
        departments=shared.departments.names,
        at=shared.local,
    )
