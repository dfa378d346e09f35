"""Who leads and decides on a day, without reading everybody."""

from __future__ import annotations

from datetime import date

from bot.core.reviewers import Bank
from bot.features.standings.everybody import load_people, remember
from bot.services import Services


def load_bank(services: Services, *, day: date) -> Bank:
    """Return leaders and reviewers on the local *day*, by the current tree; built once for many calls."""
    review, admins = services.config.review.reviewers, services.config.admins.userids

    def make() -> Bank:
        people = load_people(services)
        return Bank(
            people=people,
            leading=people.leading(),
            departments=services.directory.departments,
            day=day,
            reviewers=review,
            admins=admins,
        )

    return remember(services, ("bank", day), (review, admins), make)
