"""digest: each leader learns whom of his own people to help first. Nobody is paraded.

It goes out on incomplete figures, too, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.people import Person
from bot.messages import Message, TeamMember
from bot.messages import digest as digest_message
from bot.services import Services
from bot.standing import Standing
from scheduler.catching_up import gap_of


def messages(services: Services, standing: Standing) -> Iterator[tuple[str, Message]]:
    """One message for each leader who has somebody in a department at or below a led one, but himself."""
    local = standing.calendar.local(standing.at)
    gap = gap_of(services, "digest", at=standing.at)
    since = None if gap is None else standing.calendar.moment(gap.since)
    for leader in sorted(standing.people.values(), key=lambda person: person.userid):
        if not leader.leader_of or not standing.works_on(leader.userid, local.date()):
            continue
        team = [
            TeamMember(name=person.name, userid=person.userid, rows=standing.by_person[person.userid])
            for person in _team(standing, leader)
        ]
        if team:
            language = services.config.locale.language
            yield (
                leader.userid,
                digest_message(language=language, team=team, at=local, incomplete_since=since),
            )


def _team(standing: Standing, leader: Person) -> Iterator[Person]:
    today = standing.calendar.local_day(standing.at)
    for person in standing.people.values():
        membership = person.membership_on(today)
        if person.userid == leader.userid or person.userid not in standing.by_person:
            continue
        if any(
            standing.departments.at_or_below(department, led)
            for department in membership.departments
            for led in leader.leader_of
        ):
            yield person
