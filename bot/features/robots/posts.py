"""Posts of group robots as rows of the outbox: first the text, then the picture.

A robot's address is `robot:NAME`. The keys are `digest:2026-11-23:robot:NAME` and `…:picture`, so planning
twice posts once. A post names only the people at the top (`bot.core.leaderboard`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bot.config import Config
from bot.config.sections import Robot
from bot.core.leaderboard import Gain, GroupLeaderboard, build_leaderboard
from bot.core.progress import QuotaFigures
from bot.features.notify.enqueue import key_of
from bot.features.robots.message import GroupPost, group_message, group_picture, robot_disabled
from bot.features.standings.gains import Gains, list_silent
from bot.features.standings.load import Standings
from bot.messages.message import as_markdown
from bot.services import Services
from bot.store.outbox import OutboxMessage
from bot.wecom.robot import MARKDOWN_BYTES, address_of

PICTURE = ":picture"  # the end of a picture's key


def build_posts(
    services: Services,
    job: str,
    standings: Standings,
    *,
    not_before: int,
    expires_at: int,
    time_shift: int | None = None,
    after: str = "",
) -> Iterator[OutboxMessage]:
    """Yield the posts of *job* (digest or weekly) to addresses greater than *after*, in their order.

    Times are epoch seconds on the message's own clock. Robots that are off and robots of fewer than five
    people post nothing.
    """
    config = services.config
    wanted = [robot for robot in config.robots if job in robot.posts]
    if not wanted:
        return
    off = services.store.robots.off(fingerprints(config))
    shared, language = _Shared.of(services, standings), services.language
    for robot in sorted(wanted, key=lambda robot: robot.name):
        address = address_of(robot.name)
        if address <= after or robot.name in off:
            continue
        post = _post(config, robot, job, shared)
        if post is None:
            continue
        key = key_of(job, standings.calendar.local_day(standings.at), address)
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
    """The data that all robots share, computed once."""

    standings: Standings
    rows: Mapping[str, list[QuotaFigures]]
    silent: Collection[str]
    gains: Mapping[str, Mapping[str, Gain]]
    names: Mapping[str, str]

    @classmethod
    def of(cls, services: Services, standings: Standings) -> _Shared:
        rows: dict[str, list[QuotaFigures]] = {}
        for row in standings.rows:
            rows.setdefault(row.quota, []).append(row)
        return cls(
            standings=standings,
            rows=rows,
            silent=list_silent(standings),
            gains=Gains(services, standings).of(standings.by_person),
            names={userid: person.name for userid, person in standings.people.items()},
        )


def _post(config: Config, robot: Robot, job: str, shared: _Shared) -> GroupPost | None:
    leaders, standings = config.messages.leaderboard, shared.standings
    boards: list[tuple[QuotaFigures, GroupLeaderboard]] = []
    for quota, rows in shared.rows.items():
        board = build_leaderboard(
            rows,
            departments=standings.departments,
            scope=robot.departments,
            size=leaders.size if leaders.names == "top" else 0,
            silent=shared.silent,
            gains=shared.gains.get(quota),
        )
        if board is not None:
            boards.append((rows[0], board))
    if not boards:
        return None
    return GroupPost(
        job=job,
        boards=boards,
        people=shared.names,
        departments=standings.departments.names,
        at=standings.calendar.local(standings.at),
    )
