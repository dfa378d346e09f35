"""Who leads and decides on a day, without reading everybody."""

from __future__ import annotations

from datetime import date

from bot.core.reviewers import Bank
from bot.features.standings.everybody import remember
from bot.features.standings.load import load_people
from bot.services import Services


def load_bank(services: Services, *, day: date) -> Bank:
    """Return who leads whom and who decides on the local *day*, by the tree of now; made once for many."""
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
