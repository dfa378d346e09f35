"""digest: each leader learns whom of his own people to help first. Nobody is paraded.

It goes out on incomplete figures, too, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.features.outages.catch_up import gap_of
from bot.features.standings.load import Standings
from bot.features.teams.digest import TeamDigest
from bot.messages.message import Message
from bot.services import Services


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """One message for each leader who has somebody in a department at or below a led one, but himself."""
    today = standings.calendar.local_day(standings.at)
    team_digest = TeamDigest(services, standings)
    gap = gap_of(services, "digest", at=standings.at)
    since = None if gap is None else standings.calendar.moment(gap.since)
    for leader in sorted(standings.people.values(), key=lambda person: person.userid):
        if leader.leader_of and standings.works_on(leader.userid, today):
            said = team_digest.message_for(leader, incomplete_since=since)
            if said is not None:
                yield leader.userid, said
