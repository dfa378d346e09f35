"""digest: each leader learns whom of his own people to help first. Nobody is paraded."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.people import Person, leads
from bot.messages import Message, TeamMember
from bot.messages import digest as digest_message
from bot.services import Services
from bot.standing import Standing


def messages(services: Services, standing: Standing) -> Iterator[tuple[str, Message]]:
    """One message for each leader who has somebody in a department at or below a led one, but himself."""
    local = standing.calendar.local(standing.at)
    for leader in sorted(standing.people.values(), key=lambda person: person.userid):
        if not leader.leader_of or not standing.works_on(leader.userid, local.date()):
            continue
        team = [
            TeamMember(name=person.name, userid=person.userid, rows=standing.by_person[person.userid])
            for person in _team(standing, leader)
        ]
        if team:
            language = services.config.locale.language
            yield leader.userid, digest_message(language=language, team=team, at=local)


def _team(standing: Standing, leader: Person) -> Iterator[Person]:
    today = standing.calendar.local_day(standing.at)
    for person in standing.people.values():
        is_asked = person.userid in standing.by_person
        if is_asked and leads(leader, person, departments=standing.departments, day=today):
            yield person
