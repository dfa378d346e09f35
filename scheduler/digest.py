"""digest: each leader learns whom of his own people to help first. Nobody is paraded.

It goes out on incomplete figures, too, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.core.engagement import Figures, TeamRate, team_rate, yesterday
from bot.core.people import Departments, Person, leads
from bot.core.reach import Mode, Reach
from bot.messages import Message, TeamMember
from bot.messages import digest as digest_message
from bot.reaching import reach
from bot.services import Services
from bot.standing import Standing
from scheduler.catching_up import gap_of


def messages(services: Services, standing: Standing) -> Iterator[tuple[str, Message]]:
    """One message for each leader who has somebody in a department at or below a led one, but himself.

    In a pilot it is about its people alone: of the others nobody is told anything.
    """
    local, day = standing.calendar.local(standing.at), yesterday(standing.at)
    rates, own = services.store.engagement.teams(day), services.store.engagement.of_day(day)
    gap = gap_of(services, "digest", at=standing.at)
    reached = reach(services)
    since = None if gap is None else standing.calendar.moment(gap.since)
    for leader in sorted(standing.people.values(), key=lambda person: person.userid):
        if not leader.leader_of or not standing.works_on(leader.userid, local.date()):
            continue
        team = [
            TeamMember(name=person.name, userid=person.userid, rows=standing.by_person[person.userid])
            for person in led_by(standing, leader, reached=reached)
        ]
        if team:
            language = services.language
            top = topmost(leader.leader_of, standing.departments)
            replies = rates.get(top[0]) if len(top) == 1 else _median(team, own)
            said = digest_message(
                language=language, team=team, at=local, replies=replies, incomplete_since=since
            )
            yield leader.userid, said


def topmost(led: Sequence[int], departments: Departments) -> list[int]:
    """Of the departments that somebody leads those that stand below no other of them."""
    return sorted(
        {one for one in led if not any(one != other and departments.at_or_below(one, other) for other in led)}
    )


def _median(team: Iterable[TeamMember], own: Mapping[str, Figures]) -> TeamRate | None:
    """Of several departments WeCom was not asked together, and two rates make no third."""
    return team_rate([own[member.userid] for member in team if member.userid in own], together=None)


def led_by(standing: Standing, leader: Person, *, reached: Reach) -> Iterator[Person]:
    """Who has a row and stands, today, in a department at or below one that *leader* leads, but himself.

    In a pilot its people alone.
    """
    today = standing.calendar.local_day(standing.at)
    for person in standing.people.values():
        is_asked = person.userid in standing.by_person
        if reached.mode is Mode.PILOT and not reached.includes(person, today):
            continue
        if is_asked and leads(leader, person, departments=standing.departments, day=today):
            yield person
