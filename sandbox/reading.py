"""Reading calls: externalcontact/get (92114) and externalcontact/get_corp_tag_list (92117)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from sandbox.contacts import CORP, Contact, Tag
from sandbox.errors import ApiError
from sandbox.sending import check_access
from sandbox.world import Call, World

Body = dict[str, object]

_EXTERNAL_USERID = re.compile(r"w[mo][A-Za-z0-9_-]{30}")
_WECHAT_USER, _WECOM_USER = 1, 2
_PERSONAL = 2
_BLOCK = 60.0  # a block lasts as long as the exceeded window (90312)


class Read(Protocol):
    """A function that answers one reading call. Raises ApiError."""

    def __call__(self, world: World, *, query: Mapping[str, str], raw: bytes, call: Call) -> Body: ...


def contact(world: World, *, query: Mapping[str, str], raw: bytes, call: Call) -> Body:  # noqa: ARG001 - as Read has it
    """Answer externalcontact/get. Raises ApiError."""
    with world.lock:
        check_contacts(world, query, call)
        external = query.get("external_userid", "")
        if not external:
            raise ApiError(41035)
        if not _EXTERNAL_USERID.fullmatch(external):
            raise ApiError(40096)
        visible = {person.key for person in world.in_range()}
        now = world.real()
        followers = [
            one
            for one in world.contacts.of_customer(external)
            if one.userid.lower() in visible and one.readable_from <= now
        ]
        if not followers:
            raise ApiError(84061)
        first = _offset(query.get("cursor", ""), external)
        last = first + world.api.followers_per_page
        return {
            "errcode": 0,
            "errmsg": "ok",
            "external_contact": customer_of(world, external),
            "follow_user": [follow_user_of(world, one) for one in followers[first:last]],
            "next_cursor": _cursor(last, external) if last < len(followers) else "",
        }


def corp_tag_list(world: World, *, query: Mapping[str, str], raw: bytes, call: Call) -> Body:
    """Answer externalcontact/get_corp_tag_list: tags of the corp, without those of rule groups."""
    with world.lock:
        check_contacts(world, query, call)
        try:
            asked = json.loads(raw or b"{}")
        except ValueError:
            asked = {}
        groups = _ids(asked, "group_id")
        tags = set() if groups else _ids(asked, "tag_id")  # with both, tag_id is ignored
        known = [tag for tag in world.contacts.tags.values() if tag.kind == CORP]
        chosen = [
            tag for tag in known if (not groups or tag.group_id in groups) and (not tags or tag.id in tags)
        ]
        return {"errcode": 0, "errmsg": "ok", "tag_group": _groups(chosen)}


def check(world: World, query: Mapping[str, str], call: Call) -> None:
    """Raise ApiError for the refusals of every reading call; the caller holds the lock."""
    check_access(world, token=query.get("access_token"), ip=call.ip)
    now = world.real()
    if now < world.read_blocked_until.get(call.path, 0):
        raise ApiError(45009)
    window = world.reads[call.path]
    if not window.has_room(now, limit=world.api.reads_per_minute):
        world.read_blocked_until[call.path] = now + _BLOCK
        raise ApiError(45009)
    window.add(now)


def check_contacts(world: World, query: Mapping[str, str], call: Call) -> None:
    """Raise ApiError for the refusals of every call about contacts."""
    check(world, query, call)
    if not world.api.contacts_api:
        raise ApiError(48002)


def customer_of(world: World, external: str) -> Body:
    """Return a customer's data, the same for all contacts."""
    is_wechat = external.startswith("wm")
    body: Body = {
        "external_userid": external,
        "name": world.contacts.name_of(external),
        "avatar": "https://p.example.com/a/0",
        "type": _WECHAT_USER if is_wechat else _WECOM_USER,
        "gender": 0,
    }
    if is_wechat and world.api.with_unionid:
        body["unionid"] = f"oSIM{external[2:26]}"
    if not is_wechat:
        body |= {"position": "经理", "corp_name": "示例贸易", "corp_full_name": "示例贸易有限公司"}
    return body


def follow_user_of(world: World, one: Contact) -> Body:
    """Return the data of one employee's contact, without absent fields."""
    body: Body = {
        "userid": one.userid.lower(),
        "remark": one.remark,
        "description": "",
        "createtime": one.createtime,
        "oper_userid": one.oper_userid,
        "add_way": one.add_way,
    }
    tags: list[Body] = [
        {"group_name": tag.group_name, "tag_name": tag.name, "tag_id": tag.id, "type": tag.kind}
        for tag in (world.contacts.tags[tag] for tag in one.tags)
    ]
    tags += [{"group_name": "我的", "tag_name": name, "type": _PERSONAL} for name in one.personal_tags]
    more = {"tags": tags, "remark_mobiles": one.remark_mobiles, "state": one.state}
    return body | {name: value for name, value in more.items() if value}


def _groups(tags: Sequence[Tag]) -> list[Body]:
    groups: dict[str, list[Tag]] = {}
    for tag in tags:
        groups.setdefault(tag.group_id, []).append(tag)
    return [
        {
            "group_id": group_id,
            "group_name": of_group[0].group_name,
            "create_time": of_group[0].create_time,
            "order": number,
            "tag": [
                {"id": tag.id, "name": tag.name, "create_time": tag.create_time, "order": order}
                for order, tag in enumerate(of_group)
            ],
        }
        for number, (group_id, of_group) in enumerate(groups.items())
    ]


def _ids(asked: object, name: str) -> set[str]:
    value = asked.get(name) if isinstance(asked, dict) else None
    return {str(one) for one in value} if isinstance(value, list) else set()


def _cursor(offset: int, external: str) -> str:
    return base64.urlsafe_b64encode(f"{external}:{offset}".encode()).decode()


def _offset(cursor: str, external: str) -> int:
    """Return the start of a page. Raises ApiError 60268 for an invalid cursor or one of another customer."""
    if not cursor:
        return 0
    try:
        owner, _, offset = base64.urlsafe_b64decode(cursor).decode().partition(":")
    except (binascii.Error, ValueError):
        raise ApiError(60268) from None
    if owner != external or not offset.isdecimal():
        raise ApiError(60268)
    return int(offset)
