"""The directory (通讯录) for a self-built app: departments, members, tags, its visible range.

Documents 90196 (user/get), 90200, 90201, 90208, 90213, 90216, 90227, 95350, 95351. Only the visible range is
shown. Fields that an app made after 2022-06-20 never gets (mobile, email, avatar …) do not exist here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from sandbox.errors import ApiError
from sandbox.people import Department, Person
from sandbox.reading import Read, check
from sandbox.world import Call, World

Query = Mapping[str, str]
Body = dict[str, object]

_USERID = r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}"
_ORDER = 100_000  # larger orders come first


def agent_get(world: World, query: Query) -> Body:
    """Answer agent/get: the app's visible range, as in the admin console."""
    number = query.get("agentid", "")
    if not number:
        raise ApiError(41011)
    if not number.isdigit():
        raise ApiError(40056)
    if int(number) != world.app.agent_id:
        raise ApiError(301002)
    allowed = world.visible_range
    return {
        "agentid": world.app.agent_id,
        "name": "加友助手",
        "description": "",
        "allow_userinfos": {"user": [{"userid": userid} for userid in allowed.users]},
        "allow_partys": {"partyid": list(allowed.departments)},
        "allow_tags": {"tagid": list(allowed.tags)},
        "close": int(world.api.app_closed),
        "redirect_domain": world.api.redirect_domain,
    }


def callback_ips(world: World, query: Query) -> Body:  # noqa: ARG001 - it takes a token alone
    """Answer getcallbackip: the addresses of callbacks."""
    return {"ip_list": list(world.api.callback_ips)}


def department_list(world: World, query: Query) -> Body:
    """Answer department/list: all in range, or *id* and below, with names and leaders."""
    found = _departments(world, query, empty="department")
    return {"department": [_department(world, one) for one in found]}


def department_simplelist(world: World, query: Query) -> Body:
    """Answer department/simplelist: the same, ids only."""
    found = _departments(world, query, empty="department_id")
    keys = ("id", "parentid", "order")
    return {"department_id": [{key: _department(world, one)[key] for key in keys} for one in found]}


def department_get(world: World, query: Query) -> Body:
    """Answer department/get: one department."""
    return {"department": _department(world, _visible_department(world, query.get("id", "")))}


def user_get(world: World, query: Query) -> Body:
    """Answer user/get: one member. 60111: unknown userid; 60011 (or 60111, a switch): not in range."""
    userid = query.get("userid", "")
    if not userid:
        raise ApiError(41009)
    if not re.fullmatch(_USERID, userid):
        raise ApiError(40003)
    _refuse_odd(world, "userid", userid)
    person = world.people.get(userid.lower())
    if person is None:
        raise ApiError(60111)
    if not world.sees(person):
        raise ApiError(world.api.hidden_member)
    return _member(world, person)


def user_simplelist(world: World, query: Query) -> Body:
    """Answer user/simplelist: the direct members of a department, by name only."""
    found = _members(world, query)
    shown = [{"userid": one.key, "name": one.name, "department": _visible_of(world, one)[0]} for one in found]
    return {"userlist": shown}


def user_list(world: World, query: Query) -> Body:
    """Answer user/list: the direct members of a department with all their fields; 45029 for too many."""
    found = _members(world, query)
    if world.api.user_list_max and len(found) > world.api.user_list_max:
        raise ApiError(45029, extra={"userlist": []})
    return {"userlist": [_member(world, one) for one in found]}


def tag_list(world: World, _query: Query) -> Body:
    """Answer tag/list: every tag of the corp, also tags without people in range."""
    return {"taglist": [{"tagid": tag.id, "tagname": tag.name} for tag in world.tags.values()]}


def tag_get(world: World, query: Query) -> Body:
    """Answer tag/get: a tag's people and departments in range."""
    number = query.get("tagid", "")
    _refuse_odd(world, "tag", number)
    tag = world.tags.get(int(number)) if number.isdigit() else None
    if tag is None:
        raise ApiError(40068, extra={"userlist": [], "partylist": []})
    seen = {person.key: person for person in world.in_range()}
    users = [{"userid": key, "name": seen[key].name} for key in tag.users if key in seen]
    visible = world.visible_departments()
    return {
        "tagname": tag.name,
        "userlist": users,
        "partylist": [number for number in tag.departments if number in visible],
    }


def forbidden(_world: World, _query: Query) -> Body:
    """Refuse user/list_id: only the secret of 通讯录同步 may call it."""
    raise ApiError(48002, extra={"dept_user": []})


READS: Mapping[str, Callable[[World, Query], Body]] = {
    "agent/get": agent_get,
    "getcallbackip": callback_ips,
    "department/list": department_list,
    "department/simplelist": department_simplelist,
    "department/get": department_get,
    "user/get": user_get,
    "user/simplelist": user_simplelist,
    "user/list": user_list,
    "tag/list": tag_list,
    "tag/get": tag_get,
}


def answering(read: Callable[[World, Query], Body]) -> Read:
    """Return *read* as a call that first makes the checks of all reading calls."""

    def answer(world: World, *, query: Query, raw: bytes, call: Call) -> Body:  # noqa: ARG001 - a GET has no body
        with world.lock:
            check(world, query, call)
            return {"errcode": 0, "errmsg": "ok", **read(world, query)}

    return answer


def _departments(world: World, query: Query, *, empty: str) -> Iterable[Department]:
    visible = world.visible_departments()
    if number := query.get("id", ""):
        try:
            visible &= world.with_below({_visible_department(world, number).id})
        except ApiError as error:
            error.extra = {empty: []}
            raise
    return [one for one in world.departments.values() if one.id in visible]


def _visible_department(world: World, number: str) -> Department:
    if not number.isdigit() or int(number) == 0:
        raise ApiError(60123)
    if int(number) not in world.departments:
        raise ApiError(60003)
    if int(number) not in world.visible_departments():
        raise ApiError(60011)
    return world.departments[int(number)]


def _department(world: World, one: Department) -> Body:
    leaders = [person.key for person in world.in_range() if one.id in person.leader_of]
    parent = one.parent or 0
    return {
        "id": one.id,
        "name": one.name,
        "name_en": "",
        "department_leader": leaders,
        "parentid": parent,
        "order": _ORDER,
    }


def _refuse_odd(world: World, kind: str, name: str) -> None:
    if (errcode := world.faults.oddity(kind, name)) is not None:
        raise ApiError(errcode)


def _members(world: World, query: Query) -> list[Person]:
    try:
        _refuse_odd(world, "department", query.get("department_id", ""))
        department = _visible_department(world, query.get("department_id", "")).id
    except ApiError as error:
        error.extra = {"userlist": []}
        raise
    return [person for person in world.in_range() if department in person.departments]


def _member(world: World, person: Person) -> Body:
    """Return a member's fields for a self-built app; its arrays are parallel, without hidden departments."""
    departments, leads = _visible_of(world, person)
    main = person.main_department or (person.departments[0] if person.departments else 0)
    leader = world.people.get(person.direct_leader)
    return {
        "userid": person.key,
        "name": person.name,
        "department": departments,
        "order": [0] * len(departments),
        "position": person.position,
        "is_leader_in_dept": leads,
        "direct_leader": [leader.key] if leader is not None and world.sees(leader) else [],
        "telephone": "",
        "alias": "",
        "status": person.status,
        **({"main_department": main} if main in departments else {}),
        "extattr": {"attrs": []},
        "external_position": "",
    }


def _visible_of(world: World, person: Person) -> tuple[list[int], list[int]]:
    visible = world.visible_departments()
    departments = [number for number in person.departments if number in visible]
    return departments, [int(number in person.leader_of) for number in departments]
