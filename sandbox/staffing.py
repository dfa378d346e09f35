"""Acts of HR and the admin console on people (join, move, leave, rename), departments, tags and the range.

Each act changes the world and returns the events that WeCom sends for it: subscribe and unsubscribe of people
who enter or leave the app's range (90240), and change_contact (90970) if a switch says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from sandbox.events import Event, compose
from sandbox.people import Department, Person, Tag, VisibleRange
from sandbox.world import World

Act = Mapping[str, Any]


class StaffingError(ValueError):
    """An act that cannot be performed; the text says why."""


def carry_out(world: World, act: Act) -> list[Event]:
    """Perform *act* and return its events.

    Acts: join and change (``userid``, ``name``, ``departments``, ``main_department``, ``position``,
    ``status``, ``leader_of``, ``direct_leader``), leave, rename (``to``), department (``id``, ``name``,
    ``parent``), remove_department (``id``), tag (``id``, ``name``, ``users``, ``departments``), range
    (``users``, ``departments``, ``tags``). Raises StaffingError; then nothing has changed.
    """
    given = dict(act)
    name = given.pop("act", None)
    made = _ACTS.get(name) if isinstance(name, str) else None
    if made is None:
        raise StaffingError(f"no act {name!r}; there are: {', '.join(sorted(_ACTS))}")
    with world.lock:
        before, old = _subscribed(world), dict(world.people)
        specs = made(world, given)
        after = _subscribed(world)
        if name == "rename":  # a renamed person neither leaves nor enters
            before, after = before & world.people.keys(), after & old.keys()
        gone = [{"kind": "unsubscribe", "userid": old[key].userid} for key in sorted(before - after)]
        come = [{"kind": "subscribe", "userid": world.people[key].userid} for key in sorted(after - before)]
        told = specs if world.callbacks.directory_events != "off" else []
        return [*_unseen(world, gone), *(event for spec in [*come, *told] for event in compose(world, spec))]


def state(world: World) -> dict[str, object]:
    """Return the current departments, tags, range and people."""
    with world.lock:
        return {
            "departments": [_plain(one) for one in world.departments.values()],
            "tags": [_plain(one) for one in world.tags.values()],
            "range": _plain(world.visible_range),
            "people": {key: list(person.departments) for key, person in world.people.items()},
            "in_range": [person.key for person in world.in_range()],
        }


def _subscribed(world: World) -> set[str]:
    """Return the people within the app's reach: disabled ones have been unsubscribed (90240)."""
    return {person.key for person in world.in_range() if person.status != _DISABLED}


def _unseen(world: World, specs: list[dict[str, str]]) -> list[Event]:
    """Return the last events of people whom the app no longer sees."""
    people = world.people
    try:
        world.people = {}  # compose skips hidden people, not unknown ones
        return [event for spec in specs for event in compose(world, spec)]
    finally:
        world.people = people


def _join(world: World, given: dict[str, Any]) -> list[dict[str, Any]]:
    person = Person(**{"name": given.get("userid", ""), **_person_fields(given)})
    if not person.userid or person.key in world.people:
        raise StaffingError(f"join needs a userid that nobody has, not {person.userid!r}")
    world.people[person.key] = person
    return [_told(world, "create_user", person)]


def _change(world: World, given: dict[str, Any]) -> list[dict[str, Any]]:
    person = _known(world, given.get("userid"))
    changed = replace(person, **{**_person_fields(given), "userid": person.userid})
    world.people[person.key] = changed
    moved = changed.departments != person.departments
    is_told = moved or world.callbacks.directory_events == "full"
    return [_told(world, "update_user", changed)] if is_told else []


def _leave(world: World, given: dict[str, Any]) -> list[dict[str, Any]]:
    person = _known(world, given.get("userid"))
    del world.people[person.key]
    return [_contact_change("delete_user", {"UserID": person.userid})]


def _rename(world: World, given: dict[str, Any]) -> list[dict[str, Any]]:
    person, new = _known(world, given.get("userid")), given.get("to")
    if not isinstance(new, str) or not new or new.lower() in world.people:
        raise StaffingError(f"rename needs a new userid that nobody has in to, not {new!r}")
    changed = replace(person, userid=new)
    # Dicts keep their order: the renamed person keeps their position.
    world.people = {
        (changed.key if key == person.key else key): (changed if key == person.key else one)
        for key, one in world.people.items()
    }
    for external in world.customers_of(person.key):
        world.set_contact(person.key, external, is_alive=False)
        world.set_contact(changed.key, external, is_alive=True)
    with world.lock:
        world.contacts.rename(person.userid, changed.userid)
        world.mailbox.rename(person.key, changed.key)
    for number, tag in world.tags.items():
        users = tuple(changed.key if key == person.key else key for key in tag.users)
        world.tags[number] = replace(tag, users=users)
    users = tuple(changed.key if key == person.key else key for key in world.visible_range.users)
    world.visible_range = replace(world.visible_range, users=users)
    listed = ",".join(map(str, changed.departments))
    told = {"UserID": person.userid, "NewUserID": changed.userid, "Department": listed}
    return [_contact_change("update_user", told)]


def _department(world: World, given: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = _only(given, Department)
    known = world.departments.get(wanted.get("id", 0))
    one = replace(known, **wanted) if known else Department(**wanted)
    world.departments[one.id] = one
    change = "update_party" if known else "create_party"
    return [_contact_change(change, {"Id": one.id, "ParentId": str(one.parent or 0)})]


def _remove_department(world: World, given: dict[str, Any]) -> list[dict[str, Any]]:
    number = given.get("id")
    if number not in world.departments or any(number in one.departments for one in world.people.values()):
        raise StaffingError(f"there is no empty department {number!r}")
    del world.departments[number]
    return [_contact_change("delete_party", {"Id": number})]


def _tag(world: World, given: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = _only(given, Tag)
    known = world.tags.get(wanted.get("id", 0), Tag(id=wanted.get("id", 0), name=""))
    tag = replace(known, **wanted)
    tag = replace(tag, users=tuple(key.lower() for key in tag.users))
    world.tags[tag.id] = tag
    added, dropped = set(tag.users) - set(known.users), set(known.users) - set(tag.users)
    items = {
        "TagId": tag.id,
        "AddUserItems": ",".join(sorted(added)),
        "DelUserItems": ",".join(sorted(dropped)),
    }
    return [_contact_change("update_tag", items)]


def _range(world: World, given: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = _only(given, VisibleRange)
    allowed = replace(world.visible_range, **wanted)
    world.visible_range = replace(allowed, users=tuple(key.lower() for key in allowed.users))
    return []


_ACTS: Mapping[str, Callable[[World, dict[str, Any]], list[dict[str, Any]]]] = {
    "join": _join,
    "change": _change,
    "leave": _leave,
    "rename": _rename,
    "department": _department,
    "remove_department": _remove_department,
    "tag": _tag,
    "range": _range,
}
_DISABLED = 2
_PERSON = (
    "userid",
    "name",
    "departments",
    "main_department",
    "position",
    "status",
    "leader_of",
    "direct_leader",
)


def _known(world: World, userid: object) -> Person:
    person = world.people.get(str(userid).lower())
    if person is None:
        raise StaffingError(f"nobody has the userid {userid!r}")
    return person


def _person_fields(given: dict[str, Any]) -> dict[str, Any]:
    if strange := given.keys() - set(_PERSON):
        raise StaffingError(f"a person has no {sorted(strange)}; there are: {', '.join(_PERSON)}")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def _only(given: dict[str, Any], kind: type) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    if strange := given.keys() - names:
        raise StaffingError(
            f"{kind.__name__} has no {sorted(strange)}; there are: {', '.join(sorted(names))}"
        )
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def _told(world: World, change: str, person: Person) -> dict[str, Any]:
    told: dict[str, Any] = {"UserID": person.userid, "Department": ",".join(map(str, person.departments))}
    if world.callbacks.directory_events == "full":
        leads = ",".join(str(int(number in person.leader_of)) for number in person.departments)
        told |= {"Name": person.name, "IsLeaderInDept": leads, "Position": person.position}
        told |= {"Status": person.status}
    return _contact_change(change, told)


def _contact_change(change: str, told: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "contact_change", "change_type": change, "fields": told}


def _plain(one: Department | Tag | VisibleRange) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in fields(one)}
