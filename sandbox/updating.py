"""message/update_template_card (94888): whose card changes, and under which code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sandbox.cards import Button, buttons_of, check_card, content_of_card, mapping, string
from sandbox.errors import WRONG_JSON, ApiError
from sandbox.mailbox import Message
from sandbox.sending import check_access, check_agent, parsed
from sandbox.world import Call, World

_MAX_USERS = 1000


def update(world: World, *, token: str | None, raw: bytes, call: Call) -> dict[str, object]:
    """Change the card of a response code for the named people. Raises ApiError.

    The first call that names the code uses it up, also if that call is refused for another reason. "One call
    each" can be read so, and it is the harder reading.
    """
    with world.lock:
        check_access(world, token=token, ip=call.ip)
        request, is_wrong = parsed(raw)
        try:
            return _updated(world, request, call)
        except ApiError as error:
            if is_wrong:
                error.stem = WRONG_JSON + error.stem
            raise


def _updated(world: World, request: Mapping[str, object], call: Call) -> dict[str, object]:
    check_agent(world, request)
    wanted = _wanted(world, request)
    msgid, key = world.cards.redeem(request.get("response_code"), at=world.clock.now())
    card, name = mapping(request, "template_card"), string(mapping(request, "button"), "replace_name")
    if card:
        check_card(card, world.api, is_update=True)
    elif not name:
        raise ApiError(40058)
    holders = world.mailbox.holders(msgid)
    reached = holders if wanted is None else [userid for userid in wanted if userid in holders]
    if not reached:
        raise ApiError(82102)
    for userid in reached:
        old = world.mailbox.card(userid, msgid)
        new = _changed(old, card) if card else _greyed(old, key=key, name=name)
        world.mailbox.put_back(new)
    call.msgid, call.delivered = msgid, reached
    call.invalid = [] if wanted is None else [userid for userid in wanted if userid not in holders]
    return {"errcode": 0, "errmsg": "ok", "invaliduser": call.invalid}


def _wanted(world: World, request: Mapping[str, object]) -> list[str] | None:
    """Return the requested userids in lower case; None for every receiver of the card."""
    if request.get("atall") == 1:
        return None
    users, parties = request.get("userids", []), request.get("partyids", [])
    if not isinstance(users, list) or not isinstance(parties, list) or len(users) > _MAX_USERS:
        raise ApiError(40058)
    found = [str(userid).lower() for userid in users]
    known = {int(party) for party in parties if str(party).isdigit()}
    found += [person.key for person in world.in_range(known)] if known else []
    if not found:
        raise ApiError(82101)
    return list(dict.fromkeys(found))


def _changed(old: Message, card: Mapping[str, object]) -> Message:
    buttons = buttons_of(card)
    return replace(
        old, card=card, buttons=buttons, content=content_of_card(card, buttons), updates=old.updates + 1
    )


def _greyed(old: Message, *, key: str, name: str) -> Message:
    """Return *old* with disabled buttons; the clicked one, or each if none was, now reads *name*."""
    buttons = tuple(
        Button(text=name if key in ("", button.key) else button.text, key=button.key, enabled=False)
        for button in old.buttons
    )
    card = old.card if isinstance(old.card, dict) else {}
    return replace(old, buttons=buttons, content=content_of_card(card, buttons), updates=old.updates + 1)
