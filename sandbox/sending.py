"""message/send (90236): allowed receivers, refusals, and messages that are dropped silently."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.bodies import read_body
from sandbox.errors import WRONG_JSON, ApiError
from sandbox.shelf import shown
from sandbox.world import Call, World

_MAX_USERS = 1000
_MAX_PARTIES = 100
_MAX_TAGS = 100
_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")
_TYPES = {"touser": str, "toparty": str, "totag": str, "msgtype": str, "agentid": int}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Receivers:
    good: list[str]
    unlicensed: list[str]
    bad_users: list[str]
    bad_parties: list[str]
    bad_tags: list[str]

    def fields(self) -> dict[str, object]:
        """Return the answer's fields that name unreached receivers."""
        return {
            "invaliduser": "|".join(self.bad_users),
            "invalidparty": "|".join(self.bad_parties),
            "invalidtag": "|".join(self.bad_tags),
            "unlicenseduser": "|".join(self.unlicensed),
        }


def send(world: World, *, token: str | None, raw: bytes, call: Call) -> dict[str, object]:
    """Accept one message and return WeCom's answer; *call* records the result.

    Raises ApiError for a refusal and NotPlayedError for a msgtype that the sandbox does not know. Like WeCom,
    it answers a duplicate and a message over the pace of a member like any other.
    """
    with world.lock:
        check_access(world, token=token, ip=call.ip)
        if world.api.reject_unicode_escapes and _ESCAPE.search(raw):
            raise ApiError(40033)
        request, is_wrong = parsed(raw)
        try:
            return _accepted(world, request, raw, call)
        except ApiError as error:
            if is_wrong:
                error.stem = WRONG_JSON + error.stem
            raise


def check_access(world: World, *, token: str | None, ip: str) -> None:
    """Raise ApiError for a blocked address, a bad token or an address that is not trusted (60020)."""
    with world.lock:
        world.tokens.check_address(ip, now=world.real())
        world.tokens.check(token, now=world.real())
        check_trusted(world, ip)


def check_trusted(world: World, ip: str) -> None:
    """Raise ApiError 60020 for an address outside the trusted ones (企业可信IP)."""
    trusted = world.api.trusted_ips
    if world.faults.untrusted_ip or (trusted is not None and ip not in trusted):
        raise ApiError(60020)


def parsed(raw: bytes) -> tuple[dict[str, object], bool]:
    """Return the readable fields of *raw*, and whether others were not: WeCom continues with the rest."""
    try:
        request = json.loads(raw)
    except (ValueError, RecursionError):
        return {}, True
    if not isinstance(request, dict):
        return {}, True
    wrong = {name for name, kind in _TYPES.items() if name in request and type(request[name]) is not kind}
    return {name: value for name, value in request.items() if name not in wrong}, bool(wrong)


def _accepted(world: World, request: dict[str, object], raw: bytes, call: Call) -> dict[str, object]:
    check_agent(world, request)
    body = shown(read_body(request, world.api), world.media, now=world.real())
    if body.has_response_code and not world.callback_url and world.api.card_without_callback:
        raise ApiError(world.api.card_without_callback)
    receivers = _receivers(world, request)
    call.invalid = [*receivers.bad_users, *receivers.unlicensed]
    if not receivers.good:
        raise ApiError(81013, extra=receivers.fields())
    now, at, switches = world.real(), world.clock.now(), world.api
    mailbox = world.mailbox
    original = mailbox.earlier(request, raw, now=now, switches=switches)
    if body.task_id in world.cards.task_ids and (original is None or switches.repeated_task_id == "42014"):
        raise ApiError(42014)
    if original is None:
        mailbox.check_daily_cap(len(receivers.good), now=now, switches=switches)
    msgid = call.msgid = mailbox.next_msgid()
    if original is None:
        mailbox.remember(request, raw, msgid=msgid, now=now, switches=switches)
        world.cards.task_ids |= {body.task_id} - {""}
        call.delivered, call.dropped = mailbox.deliver(
            receivers.good, body, msgid=msgid, at=at, now=now, switches=switches
        )
    else:
        call.duplicate_of = original
        mailbox.note_duplicate(receivers.good, body, msgid=msgid, original=original, at=at, now=now)
    code = {}
    if body.has_response_code:
        code["response_code"] = world.cards.issue(msgid, at=at, hours=switches.response_code_hours)
    named: dict[str, object] = receivers.fields()
    if switches.invalid_users_as == "array":
        named |= {"invaliduser": receivers.bad_users, "unlicenseduser": receivers.unlicensed}
    return {"errcode": 0, "errmsg": "ok", **named, "msgid": msgid, **code}


def check_agent(world: World, request: Mapping[str, object]) -> None:
    """Raise ApiError 41011, 40056 or 301002 unless *request* names this app."""
    agent_id = request.get("agentid")
    if not isinstance(agent_id, int):
        raise ApiError(41011)
    if agent_id <= 0:
        raise ApiError(40056)
    if agent_id != world.app.agent_id:
        raise ApiError(301002)


def _receivers(world: World, request: Mapping[str, object]) -> _Receivers:
    users, parties, tags = (_split(request.get(name)) for name in ("touser", "toparty", "totag"))
    if not users and not parties and not tags:
        raise ApiError(82001)
    if len(users) > _MAX_USERS:
        raise ApiError(40032)
    if len(parties) > _MAX_PARTIES:
        raise ApiError(82002)
    if len(tags) > _MAX_TAGS:
        raise ApiError(82003)
    visible = {person.key: person for person in world.in_range()}
    if "@all" in users:
        wanted, bad_users, bad_parties, bad_tags = list(visible), [], [], []
    else:
        ids = [userid.lower() for userid in dict.fromkeys(users)]
        known = {str(number) for number in world.departments}
        members = world.in_range({int(party) for party in parties if party in known})
        wanted = [*(userid for userid in ids if userid in visible), *(person.key for person in members)]
        bad_users = [userid for userid in ids if userid not in visible]
        bad_parties = [party for party in parties if party not in known]
        bad_tags = tags  # sending to tags is not played
    wanted = list(dict.fromkeys(wanted))
    return _Receivers(
        good=[userid for userid in wanted if visible[userid].licensed],
        unlicensed=[userid for userid in wanted if not visible[userid].licensed],
        bad_users=list(dict.fromkeys(bad_users)),
        bad_parties=bad_parties,
        bad_tags=bad_tags,
    )


def _split(value: object) -> list[str]:
    return [part for part in value.split("|") if part] if isinstance(value, str) else []
