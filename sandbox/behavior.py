"""get_user_behavior_data (92132): the members' work with customers, a row a day, summed over all of them.

New contacts and deletions by customers come from the sandbox's own history; chats are made up.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.contacts import Chats
from sandbox.errors import ApiError
from sandbox.people import Person
from sandbox.reading import Body, check_contacts
from sandbox.world import Call, World

CHINA = ZoneInfo("Asia/Shanghai")
_MOST_USERIDS = _MOST_PARTIES = 100
_DAYS_OF_A_CALL, _DAYS_BACK = 30, 180
_ROWS: Mapping[str, object] = {"behavior_data": []}
_CHATTY = 0.9  # share of workdays with any chat


def answer(world: World, *, query: Mapping[str, str], raw: bytes, call: Call) -> Body:
    """Answer externalcontact/get_user_behavior_data. Raises ApiError."""
    with world.lock:
        check_contacts(world, query, call)
        asked = _asked(raw)
        days = _days(world, asked)
        people = _people(world, asked)
        return {"errcode": 0, "errmsg": "ok", "behavior_data": [_row(world, people, day) for day in days]}


def _asked(raw: bytes) -> Mapping[str, object]:
    try:
        asked = json.loads(raw or b"{}")
    except ValueError:
        asked = {}
    return asked if isinstance(asked, dict) else {}


def _days(world: World, asked: Mapping[str, object]) -> list[date]:
    """Return the days of [start_time, end_time], each floored to midnight in China. Raises ApiError."""
    today = datetime.fromtimestamp(world.clock.now(), CHINA).date()
    first, last = (_day(asked.get(name)) for name in ("start_time", "end_time"))
    number = (last - first).days + 1
    if not 1 <= number <= _DAYS_OF_A_CALL or last >= today or first < today - timedelta(days=_DAYS_BACK):
        raise ApiError(40058, extra=_ROWS)
    return [first + timedelta(days=more) for more in range(number)]


def _day(value: object) -> date:
    if type(value) is not int:
        raise ApiError(40058, extra=_ROWS)
    return datetime.fromtimestamp(value, CHINA).date()


def _people(world: World, asked: Mapping[str, object]) -> list[Person]:
    """Return the requested people, each once. Raises ApiError."""
    userids = [str(one).lower() for one in _listed(asked, "userid")]
    parties = _listed(asked, "partyid")
    if not userids and not parties:
        raise ApiError(40058, extra=_ROWS)
    if len(userids) > _MOST_USERIDS:
        raise ApiError(40032, extra=_ROWS)
    if len(parties) > _MOST_PARTIES:
        raise ApiError(82002, extra=_ROWS)
    found = {userid: _person(world, userid) for userid in userids}
    for party in parties:
        found |= {person.key: person for person in _members(world, party)}
    return list(found.values())


def _listed(asked: Mapping[str, object], name: str) -> list[object]:
    value = asked.get(name) or []
    if not isinstance(value, list):
        raise ApiError(40058, extra=_ROWS)
    return value


def _person(world: World, userid: str) -> Person:
    """Return one requested member. A member without the function fails the whole call. Raises ApiError."""
    person = world.people.get(userid)
    if person is None:
        raise ApiError(60111, extra=_ROWS)
    if not world.sees(person):
        raise ApiError(60011, extra=_ROWS)
    if userid in world.contacts.out_of_scope:
        raise ApiError(84074, extra=_ROWS)
    if not person.licensed:
        raise ApiError(701008, extra=_ROWS)
    return person


def _members(world: World, party: object) -> Iterable[Person]:
    """Return a department's members with the function; a switch says whether those below it are included."""
    if type(party) is not int or party not in world.departments:
        raise ApiError(60003, extra=_ROWS)
    if party not in world.visible_departments():
        raise ApiError(60011, extra=_ROWS)
    wanted = world.with_below({party}) if world.api.behavior_party_below else {party}
    return [
        person
        for person in world.in_range()
        if wanted.intersection(person.departments)
        and person.licensed
        and person.key not in world.contacts.out_of_scope
    ]


def _row(world: World, people: Collection[Person], day: date) -> Body:
    """Return one day of all *people* together; percentages are over all their chats, not over people."""
    complete = datetime.combine(day + timedelta(days=1), time(), CHINA) + timedelta(
        hours=world.api.behavior_ready_hour
    )
    told = people if world.clock.now() >= complete.timestamp() else ()
    chats = [chats_of(world, person, day) for person in told]
    opened, answered = sum(one.opened for one in chats), sum(one.answered for one in chats)
    contacts = sum((world.contacts.of_day(person.key, day) for person in told), Counter[str]())
    row: Body = {
        "stat_time": int(datetime.combine(day, time(), CHINA).timestamp()),
        "chat_cnt": sum(one.held for one in chats),
        "message_cnt": sum(one.messages for one in chats),
        "negative_feedback_cnt": contacts["left"],
        "new_apply_cnt": contacts["begun"],
        "new_contact_cnt": contacts["begun"],
    }
    if opened:
        row["reply_percentage"] = round(100 * answered / opened, 2)
    if answered:
        row["avg_reply_time"] = round(sum(one.minutes for one in chats) / answered)
    return row


def chats_of(world: World, person: Person, day: date) -> Chats:
    """Return the chats of *person* on *day*: the same for the same seed, and none on days off."""
    if (person.key, day) in world.chats:
        return world.chats[person.key, day]
    if not world.calendar.is_workday(day) or (person.joined_on and day < person.joined_on):
        return Chats()
    # Made-up numbers, no secret.
    rng = random.Random(f"chats {world.branch.seed} {person.key} {day}")  # noqa: S311 - see above
    if rng.random() > _CHATTY:
        return Chats()
    opened = rng.randrange(12)
    answered = rng.randint(opened // 2, opened)
    held = answered + rng.randrange(6)
    return Chats(
        held=held,
        messages=held * rng.randint(2, 6),
        opened=opened,
        answered=answered,
        minutes=sum(rng.randint(1, 40) for _ in range(answered)),
    )
