"""The people that `[rollout]` lets the bot write to, by the current file and directory."""

from __future__ import annotations

from bot.core.rollout import Mode, RolloutScope
from bot.services import Services
from bot.wecom.robot import address_of


def rollout_scope(services: Services) -> RolloutScope:
    """Return the scope of the rollout; it is not stored, so a re-read file holds from the next message on."""
    config = services.config
    return RolloutScope(
        mode=Mode(config.rollout.mode),
        pilot=config.rollout.departments,
        admins=frozenset(config.admins.userids),
        reviewers=frozenset(config.review.reviewers),
        departments=services.directory.departments,
        groups={address_of(robot.name): robot.departments for robot in config.robots},
    )
