"""Lists of contacts: get_follow_user_list (92571), list (92113) and batch/get_by_user (92994).

Contacts that only the customer deleted are listed, too; those that ended between two reads never were.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from sandbox.contacts import Contact
from sandbox.errors import ApiError
from sandbox.reading import Body, check_contacts, customer_of, follow_user_of
from sandbox.world import Call, World

_MOST = 100  # members of a call, and rows of a page
_ROWS = 50  # without a limit
_START = (0, 0, "")

ListingPlace = tuple[int, int, str]  # index of the member, createtime, customer


def follow_users(world: World, *, query: Mapping[str, str], raw: bytes, call: Call) -> Body:  # noqa: ARG001 - as Read has it
    """Answer externalcontact/get_follow_user_list. Raises ApiError."""
    with world.lock:
        check_contacts(world, query, call)
        return {
            "errcode": 0,
            "errmsg": "ok",
            "follow_user": sorted({one.key for one in world.in_range()} - world.contacts.out_of_scope),
        }


def customers(world: World, *, query: Mapping[str, str], raw: bytes, call: Call) -> Body:  # noqa: ARG001 - as Read has it
    """Answer externalcontact/list: one member's customers, without pages. Raises ApiError."""
    with world.lock:
        check_contacts(world, query, call)
        userid = query.get("userid", "").lower()
        if not userid:
            raise ApiError(41009)
        if userid not in world.people:
            raise ApiError(60111)
        if not world.people[userid].licensed:
            raise ApiError(701008)
        found = [one.external_userid for one in _readable(world, userid)]
        if not found:
            raise ApiError(84061)
        return {"errcode": 0, "errmsg": "ok", "external_userid": found}


def by_users(world: World, *, query: Mapping[str, str], raw: bytes, call: Call) -> Body:
    """Answer externalcontact/batch/get_by_user: rows of up to 100 members, page by page. Raises ApiError."""
    with world.lock:
        check_contacts(world, query, call)
        userids, cursor, limit = _asked(raw)
        if (errcode := world.faults.oddity("userid", *userids)) is not None:
            raise ApiError(errcode)
        unlicensed = [one for one in userids if one in world.people and not world.people[one].licensed]
        licensed = [one for one in userids if one not in unlicensed]
        if not licensed:
            raise ApiError(701008)
        if not cursor:
            _refuse_nobody(world, licensed)
        body: Body = {"errcode": 0, "errmsg": "ok", "external_contact_list": []}
        body["fail_info"] = {"unlicensed_userid_list": unlicensed}
        if not cursor and world.api.empty_pages:
            return body | {"next_cursor": _cursor(userids, _START)}
        place = _place(cursor, userids)
        found = list(islice(_after(world, licensed, place), limit + 1))
        following = _cursor(userids, found[limit - 1][0]) if len(found) > limit else ""
        rows = [_row(world, one) for _, one in found[:limit]]
        return body | {"external_contact_list": rows, "next_cursor": following}


def _in_scope(world: World, userid: str) -> bool:
    person = world.people.get(userid)
    return person is not None and world.sees(person) and userid not in world.contacts.out_of_scope


def _readable(world: World, userid: str) -> list[Contact]:
    if not _in_scope(world, userid):
        return []
    now = world.real()
    return [one for one in world.contacts.of_member(userid) if one.readable_from <= now]


def _refuse_nobody(world: World, userids: Sequence[str]) -> None:
    """Raise ApiError 84061 if the switch demands it."""
    have = [bool(_readable(world, userid)) for userid in userids]
    rule = world.api.nobody_listed
    if (rule == "any" and not all(have)) or (rule == "all" and not any(have)):
        raise ApiError(84061)


def _asked(raw: bytes) -> tuple[list[str], str, int]:
    try:
        asked = json.loads(raw or b"{}")
    except ValueError:
        asked = {}
    listed = asked.get("userid_list") if isinstance(asked, dict) else None
    if not isinstance(listed, list) or not listed:
        raise ApiError(41009)
    if len(listed) > _MOST:
        raise ApiError(40032)
    limit = asked.get("limit", _ROWS)
    rows = limit if type(limit) is int and limit > 0 else _ROWS
    return [str(one).lower() for one in listed], str(asked.get("cursor") or ""), min(rows, _MOST)


def _after(
    world: World, userids: Sequence[str], place: ListingPlace
) -> Iterator[tuple[ListingPlace, Contact]]:
    """Yield all rows after *place*, whatever changed before it meanwhile."""
    for number, userid in enumerate(userids):
        if number < place[0]:
            continue
        for one in _readable(world, userid):
            here = (number, one.createtime, one.external_userid)
            if here > place:
                yield here, one


def _row(world: World, one: Contact) -> Body:
    follow = follow_user_of(world, one)
    tags = follow.pop("tags", [])
    named = [tag["tag_id"] for tag in tags if "tag_id" in tag] if isinstance(tags, list) else []
    return {
        "external_contact": customer_of(world, one.external_userid),
        # This answer includes empty lists (92994's own example).
        "follow_info": {"remark_mobiles": []} | follow | {"tag_id": named},
    }


def _cursor(userids: Sequence[str], place: ListingPlace) -> str:
    return base64.urlsafe_b64encode(json.dumps([_whose(userids), *place]).encode()).decode()


def _place(cursor: str, userids: Sequence[str]) -> ListingPlace:
    """Return the position of *cursor*. Raises ApiError 60268 for an invalid one, or one of other members."""
    if not cursor:
        return _START
    try:
        whose, number, createtime, customer = json.loads(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError):
        raise ApiError(60268) from None
    if whose != _whose(userids):
        raise ApiError(60268)
    return int(number), int(createtime), str(customer)


def _whose(userids: Sequence[str]) -> str:
    return hashlib.sha256(" ".join(userids).encode()).hexdigest()[:16]
