"""Callback events in WeCom's form: documents 92130 (customers), 90970 (directory), 90239 (app).

A *spec* is a request of a test or the page, `{"kind": "add", "userid": "yg01"}`; the result is the plain XML
inside the envelope.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.contacts import Contact, Tag
from sandbox.transfers import Transfer, TransferError
from sandbox.world import World

Spec = Mapping[str, object]


class SpecError(ValueError):
    """A spec that makes no event; the text says what is missing or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event before encryption. *is_app*: about the app itself, so the outer AgentID is always ours."""

    kind: str
    userid: str
    external_userid: str
    xml: bytes
    is_app: bool = False


# kind: ChangeType, whether they are contacts afterwards (None: unchanged), whether there is a welcome code
_CONTACT: Mapping[str, tuple[str, bool | None, bool]] = {
    "add": ("add_external_contact", True, True),
    "half_add": ("add_half_external_contact", None, True),
    "edit": ("edit_external_contact", None, False),
    "del_by_member": ("del_external_contact", False, False),
    "del_by_customer": ("del_follow_user", False, False),
    "transfer_fail": ("transfer_fail", None, False),
    "msg_audit_approved": ("msg_audit_approved", None, True),
}
_BY_ADMIN = 202  # add_way of a transferred customer (92114)
_APP_EVENTS = ("subscribe", "unsubscribe", "enter_agent", "menu")
# ChangeTypes that WeCom writes without CDATA; readers must accept both.
_BARE_CHANGES = ("create_user", "update_user", "delete_user", "create_party", "update_party", "delete_party")


def compose(world: World, spec: Spec) -> list[Event]:
    """Return the events of *spec*, none if its member is outside the visible range.

    Kinds: add, half_add, edit, del_by_member, del_by_customer, transfer (with ``to``), allot (with ``to``: a
    transfer that takes its day), refuse_transfer, transfer_fail, msg_audit_approved, text (``word``), click
    (``key``, ``task_id``), menu (``key``), subscribe, unsubscribe, enter_agent, contact_change
    (``change_type``, ``fields``), tag_create (``group``, ``name``), tag_update (``tag``, ``name``),
    tag_delete (``tag``, or a group's), tag_shuffle, raw (``xml``). ``at`` is epoch seconds, by default the
    virtual now. Without ``external_userid`` an add gets a new customer, every other kind the member's newest
    one.
    """
    kind = spec.get("kind")
    maker = _MAKERS.get(kind) if isinstance(kind, str) else None
    if maker is None:
        raise SpecError(f"no kind {kind!r}; there are: {', '.join(sorted(_MAKERS))}")
    at = spec.get("at", world.clock.now())
    if isinstance(at, bool) or not isinstance(at, int | float):
        raise SpecError(f"at must be epoch seconds, not {at!r}")
    with world.lock:
        return _seen(world, maker(world, spec, int(at)))


def _contact(world: World, spec: Spec, at: int) -> list[Event]:
    kind = _needed(spec, "kind")
    userid = _spelled(world, _needed(spec, "userid"))
    change, is_alive, has_code = _CONTACT[kind]
    external = _customer(world, spec, userid, is_new=kind in ("add", "half_add"))
    fields = {"UserID": userid, "ExternalUserID": external}
    if kind == "transfer_fail":
        fields = {"FailReason": _optional(spec, "fail_reason") or "customer_refused", **fields}
    fields["State"] = _optional(spec, "state")
    # No welcome code for a user of another corp: WeCom itself sends a name card (92137).
    default = f"WCsim{world.rng.getrandbits(64):016x}" if has_code and external.startswith("wm") else ""
    if world.welcomes.has_greeted(userid, external):
        default = ""  # they already talked (92137)
    code = fields["WelcomeCode"] = _optional(spec, "welcome_code", default)
    if code:
        world.welcomes.issue(code, userid=userid, external_userid=external, now=world.real())
    fields["Source"] = _optional(spec, "source")
    if is_alive is not None:
        world.set_contact(userid, external, is_alive=is_alive)
    _note_details(world, spec, userid=userid, external=external, at=at)
    return [_contact_event(world, kind, change, fields, at)]


def _note_details(world: World, spec: Spec, *, userid: str, external: str, at: int) -> None:
    """Update what the details API answers about this contact."""
    kind = spec["kind"]
    if kind == "add":
        _begin(
            world,
            userid,
            external,
            at=at,
            state=_optional(spec, "state"),
            add_way=_whole(spec, "add_way", 1),
            oper_userid=_optional(spec, "oper_userid", external),
        )
    elif kind == "del_by_member":
        world.contacts.end(userid, external)
    elif kind == "del_by_customer":
        world.contacts.leave(userid, external, at=at)
    if kind in ("add", "edit"):
        try:
            world.change_contact(userid, external, spec)
        except ValueError as exc:
            raise SpecError(str(exc)) from exc


def _begin(
    world: World, userid: str, external: str, *, at: int, state: str, add_way: int, oper_userid: str
) -> None:
    world.contacts.count("begun", userid, at=at)
    world.contacts.begin(
        Contact(
            userid=userid,
            external_userid=external,
            createtime=at + world.api.createtime_shift,
            state=state,
            add_way=add_way,
            oper_userid=oper_userid,
            readable_from=world.real() + world.api.details_delay,
        ),
        keeps_createtime=world.api.return_keeps_createtime,
    )


def _transfer(world: World, spec: Spec, at: int) -> list[Event]:
    """Complete an in-service transfer (在职继承) at once."""
    giver = _spelled(world, _needed(spec, "userid"))
    external = _customer(world, spec, giver, is_new=False)
    return _hand_over(world, giver, _optional(spec, "to"), external, at)


def _hand_over(world: World, giver: str, taker: str, external: str, at: int) -> list[Event]:
    """Move a customer: the giver loses them; the taker gets an add unless they have or gave the customer."""
    ids = {"UserID": giver, "ExternalUserID": external, "Source": "DELETE_BY_TRANSFER"}
    world.set_contact(giver, external, is_alive=False)
    world.contacts.end(giver, external)
    world.transfers.note_given(giver, external)
    events = [_contact_event(world, "transfer", "del_external_contact", ids, at)]
    held = world.contacts.get(taker, external)
    if not taker or (held is not None and not held.left_by_customer):
        return events
    world.set_contact(taker, external, is_alive=True)
    _begin(world, taker, external, at=at, state="", add_way=_BY_ADMIN, oper_userid=giver.lower())
    if not world.transfers.has_given(taker, external):
        ids = {"UserID": _spelled(world, taker), "ExternalUserID": external}
        events.append(_contact_event(world, "add", "add_external_contact", ids, at))
    return events


def _allot(world: World, spec: Spec, at: int) -> list[Event]:
    """Start a transfer by an admin or leader: it has no effect before the day is over (92125)."""
    giver, taker = _needed(spec, "userid"), _needed(spec, "to")
    external = _customer(world, spec, giver, is_new=False)
    if world.contacts.get(giver, external) is None:
        raise SpecError(f"{giver} does not have the customer {external}")
    if taker.lower() not in world.people:
        raise SpecError(f"nobody has the userid {taker!r}")
    try:
        world.transfers.allot(
            Transfer(
                giver=_spelled(world, giver),
                taker=_spelled(world, taker),
                external_userid=external,
                allotted_at=at,
                due_at=at + world.api.transfer_takes,
                fail_reason=_optional(spec, "fail_reason"),
            )
        )
    except TransferError as exc:
        raise SpecError(str(exc)) from exc
    return []


def _refuse_transfer(world: World, spec: Spec, at: int) -> list[Event]:
    """Let the customer refuse a transfer before the day is over."""
    external = _needed(spec, "external_userid")
    transfer = world.transfers.waiting(external)
    if transfer is None:
        raise SpecError(f"nobody allotted {external}")
    transfer.fail_reason = "customer_refused"
    return [_failed(world, transfer, at)]


def _failed(world: World, transfer: Transfer, at: int) -> Event:
    transfer.state = "failed"
    fields = {
        "FailReason": transfer.fail_reason,
        "UserID": transfer.taker,
        "ExternalUserID": transfer.external_userid,
    }
    return _contact_event(world, "transfer_fail", "transfer_fail", fields, at)


def complete_transfers(world: World) -> list[Event]:
    """Return the events of transfers whose virtual day is over, each once, dated by its end."""
    with world.lock:
        events = []
        for transfer in world.transfers.due(world.clock.now()):
            if transfer.fail_reason:
                events.append(_failed(world, transfer, transfer.due_at))
            elif world.contacts.get(transfer.giver, transfer.external_userid) is None:
                transfer.state = "void"
            else:
                transfer.state = "done"
                parts = (transfer.giver, transfer.taker, transfer.external_userid, transfer.due_at)
                events += _hand_over(world, *parts)
        return _seen(world, events)


def _seen(world: World, events: list[Event]) -> list[Event]:
    hidden = world.people.keys() - {person.key for person in world.in_range()}
    return [event for event in events if event.userid.lower() not in hidden]


def _contact_event(world: World, kind: str, change: str, fields: Mapping[str, str], at: int) -> Event:
    inner = {"Event": "change_external_contact", "ChangeType": change, **fields}
    body = "".join(cdata(name, value) for name, value in inner.items() if value)
    return Event(
        kind=kind,
        userid=fields["UserID"],
        external_userid=fields["ExternalUserID"],
        xml=_xml(world, "sys", at, "event", body),
    )


def _text(world: World, spec: Spec, at: int) -> list[Event]:
    userid = _spelled(world, _needed(spec, "userid"))
    msgid = 7_349_000_000_000_000_000 + world.rng.getrandbits(40)
    word = _needed(spec, "word")
    world.mailbox.say(userid, word, at=at, real_at=world.real())
    body = cdata("Content", word) + f"<MsgId>{msgid}</MsgId>" + _agent(world)
    return [_app_event("text", userid, _xml(world, userid, at, "text", body))]


def _app(world: World, spec: Spec, at: int) -> list[Event]:
    userid, kind = _spelled(world, _needed(spec, "userid")), _needed(spec, "kind")
    key = cdata("EventKey", _optional(spec, "key")) if kind in ("enter_agent", "menu") else ""
    body = cdata("Event", {"menu": "click"}.get(kind, kind)) + key + _agent(world)
    return [_app_event(kind, userid, _xml(world, userid, at, "event", body))]


def _click(world: World, spec: Spec, at: int) -> list[Event]:
    """Press a card's button (90240): of the card with ``task_id``, else of the newest card with it.

    ``key`` is the button's key or text. Each press gets a new response code.
    """
    userid, wanted = _spelled(world, _needed(spec, "userid")), _needed(spec, "key")
    for message in reversed(world.mailbox.messages.get(userid.lower(), [])):
        pressed = [one for one in message.buttons if one.enabled and wanted in (one.key, one.text)]
        if pressed and _optional(spec, "task_id", message.task_id) == message.task_id:
            break
    else:
        raise SpecError(f"{userid} has no card with a live button {wanted!r}")
    if pressed[0].url:
        return []  # a page opens; the app gets no event
    hours = world.api.response_code_hours
    code = world.cards.issue(message.msgid, at=world.clock.now(), hours=hours, key=pressed[0].key)
    kind = message.card.get("card_type", "") if isinstance(message.card, dict) else ""
    is_menu = kind in ("text_notice", "news_notice")
    body = cdata("Event", "template_card_menu_event" if is_menu else "template_card_event")
    body += cdata("EventKey", pressed[0].key) + cdata("TaskId", message.task_id)
    body += cdata("CardType", kind) + cdata("ResponseCode", code) + _agent(world)
    return [_app_event("click", userid, _xml(world, userid, at, "event", body))]


def _contact_change(world: World, spec: Spec, at: int) -> list[Event]:
    change, fields = _needed(spec, "change_type"), spec.get("fields")
    if not isinstance(fields, dict):
        raise SpecError("contact_change needs fields, like {'UserID': 'yg01', 'Department': '11'}")
    written = f"<ChangeType>{change}</ChangeType>" if change in _BARE_CHANGES else cdata("ChangeType", change)
    inner = "".join(_element(str(name), value) for name, value in fields.items())
    xml = _xml(world, "sys", at, "event", cdata("Event", "change_contact") + written + inner)
    return [Event(kind=f"contact_change:{change}", userid="", external_userid="", xml=xml)]


def _tag(world: World, spec: Spec, at: int) -> list[Event]:
    """Change the corp's tags like the admin console (92130), with the event."""
    kind, book = _needed(spec, "kind"), world.contacts
    if kind == "tag_shuffle":
        return [_tag_event(world, "shuffle", _optional(spec, "tag"), "", at)]
    if kind == "tag_create":
        made = book.new_tag(_needed(spec, "group"), _needed(spec, "name"), create_time=at)
        return [_tag_event(world, "create", made.id, "tag", at)]
    asked = _needed(spec, "tag")
    is_group = any(tag.group_id == asked for tag in book.tags.values())
    found = asked if is_group else _known_tag(world, asked).id
    if kind == "tag_update":
        for tag in book.tags.values():
            if is_group and tag.group_id == asked:
                tag.group_name = _needed(spec, "name")
            elif tag.id == found:
                tag.name = _needed(spec, "name")
        return [_tag_event(world, "update", found, "tag_group" if is_group else "tag", at)]
    book.drop_tag(found)
    return [_tag_event(world, "delete", found, "tag_group" if is_group else "tag", at)]


def _known_tag(world: World, text: str) -> Tag:
    try:
        return world.contacts.tag_named(text)
    except KeyError:
        raise SpecError(f"no tag {text!r}, or several") from None


def _tag_event(world: World, change: str, tag_id: str, tag_type: str, at: int) -> Event:
    body = cdata("Event", "change_external_tag") + cdata("Id", tag_id)
    body += (cdata("TagType", tag_type) if tag_type else "") + cdata("ChangeType", change)
    xml = _xml(world, "sys", at, "event", body)
    return Event(kind=f"tag_{change}", userid="", external_userid="", xml=xml)


def _raw(_world: World, spec: Spec, _at: int) -> list[Event]:
    return [Event(kind="raw", userid="", external_userid="", xml=_needed(spec, "xml").encode())]


def cdata(name: str, value: str) -> str:
    """Return an element; its text may hold anything, also the end of a CDATA section."""
    safe = value.replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{safe}]]></{name}>"


def _element(name: str, value: object) -> str:
    return f"<{name}>{value}</{name}>" if isinstance(value, int) else cdata(name, str(value))


def _xml(world: World, sender: str, at: int, msgtype: str, body: str) -> bytes:
    head = cdata("ToUserName", world.app.corp_id) + cdata("FromUserName", sender)
    return f"<xml>{head}<CreateTime>{at}</CreateTime>{cdata('MsgType', msgtype)}{body}</xml>".encode()


def _agent(world: World) -> str:
    return f"<AgentID>{world.app.agent_id}</AgentID>"


def _app_event(kind: str, userid: str, xml: bytes) -> Event:
    return Event(kind=kind, userid=userid, external_userid="", xml=xml, is_app=True)


def _spelled(world: World, userid: str) -> str:
    """Return *userid* with the corp's registered case, as in events."""
    person = world.people.get(userid.lower())
    return person.userid if person else userid


def _customer(world: World, spec: Spec, userid: str, *, is_new: bool) -> str:
    if given := _optional(spec, "external_userid"):
        return given
    if is_new:
        return world.new_customer()
    known = world.customers_of(userid)
    if not known:
        raise SpecError(f"{userid} has no customer; give external_userid")
    return known[-1]


def _needed(spec: Spec, name: str) -> str:
    value = spec.get(name)
    if not isinstance(value, str) or not value:
        raise SpecError(f"{spec.get('kind')} needs {name}")
    return value


def _optional(spec: Spec, name: str, default: str = "") -> str:
    value = spec.get(name, default)
    if not isinstance(value, str):
        raise SpecError(f"{name} must be a string, not {value!r}")
    return value


def _whole(spec: Spec, name: str, default: int) -> int:
    value = spec.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise SpecError(f"{name} must be a whole number, not {value!r}")
    return value


_MAKERS: Mapping[str, Callable[[World, Spec, int], list[Event]]] = {
    **dict.fromkeys(_CONTACT, _contact),
    **dict.fromkeys(_APP_EVENTS, _app),
    "transfer": _transfer,
    "allot": _allot,
    "refuse_transfer": _refuse_transfer,
    "text": _text,
    "click": _click,
    "contact_change": _contact_change,
    **dict.fromkeys(("tag_create", "tag_update", "tag_delete", "tag_shuffle"), _tag),
    "raw": _raw,
}
