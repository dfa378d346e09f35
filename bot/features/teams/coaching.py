"""Help that a leader gives to a member of their team."""

from __future__ import annotations

from datetime import datetime

from bot.core.workdays import epoch_of
from bot.features.standings.everybody import load_people
from bot.features.teams.digest import leads
from bot.services import Services


def coach(services: Services, userid: str, whom: str, *, at: datetime) -> bool:
    """Mark *whom* as helped by *userid* on the local day of *at*.

    Return False unless both work here and *userid* leads *whom* directly.
    """
    today = services.config.work_calendar().local_day(at)
    if not leads(services, userid, whom, people=load_people(services), day=today):
        return False
    services.store.coaching.mark(userid, whom, today, at=epoch_of(at))
    return True
