"""digest: tell each leader whom of their own people to help first, and rank nobody.

The digest is also sent on incomplete figures, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.features.outages.catch_up import gap_of
from bot.features.standings.load import Standings
from bot.features.teams.digest import TeamDigest
from bot.messages.message import Message
from bot.services import Services


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """Yield a message for each leader with other people in or below a department that they lead."""
    today = standings.calendar.local_day(standings.at)
    team_digest = TeamDigest(services, standings)
    gap = gap_of(services, "digest", at=standings.at)
    since = None if gap is None else standings.calendar.moment(gap.since)
    leading = standings.people.leading()
    for userid in standings.receivers():
        leader = leading.get(userid)
        if leader is not None and standings.works_on(userid, today):
            message = team_digest.message_for(leader, incomplete_since=since)
            if message is not None:
                yield leader.userid, message
