"""Whom `[rollout]` lets the bot speak to, as the file and the directory say now."""

from __future__ import annotations

from bot.core.rollout import Mode, RolloutScope
from bot.services import Services
from bot.wecom.robot import address_of


def rollout_scope(services: Services) -> RolloutScope:
    """Return who may be told something; kept nowhere, so a re-read file holds from the next message on."""
    config = services.config
    return RolloutScope(
        mode=Mode(config.rollout.mode),
        pilot=config.rollout.departments,
        admins=frozenset(userid.lower() for userid in config.admins.userids),
        reviewers=frozenset(userid.lower() for userid in config.review.reviewers),
        departments=services.directory.departments,
        groups={address_of(robot.name): robot.departments for robot in config.robots},
    )
