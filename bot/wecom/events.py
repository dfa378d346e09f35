"""WeCom's events as types [90238, 90240, 90970, 92130, 92117]. An unused kind is an OtherEvent.

Names compare without case. A known event with a missing or broken field raises EventError.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

from bot.config.fields import is_userid
from bot.core.errors import ContentFreeError
from bot.wecom.xml import Fields

CHECK_EVENT = "quotabot_check"  # of `check --live`; the bot ignores it


class EventError(ContentFreeError, ValueError):
    """A known event with a missing or broken field. The text names only the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The common fields of all events. *created_at*: CreateTime, epoch seconds."""

    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent(Event):
    """An event that is stored but ignored; *kind* names it."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactEvent(Event):
    """An event between an employee (*userid*, lower case) and a customer."""

    userid: str
    external_userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactBegun(ContactEvent):
    """The begin of a contact between an employee and a customer. *state*: the channel, empty without one.

    *welcome_code*: allows one welcome message within 20 s; empty if none is allowed.
    """

    state: str = ""
    welcome_code: str = field(default="", repr=False)


class ContactAdded(ContactBegun):
    """add_external_contact: they became contacts."""


class ContactHalfAdded(ContactBegun):
    """add_half_external_contact: the customer added the employee, who has not confirmed yet."""


class ContactEdited(ContactEvent):
    """edit_external_contact: the employee changed remark, phone or tags."""


class ContactDeletedByMember(ContactEvent):
    """del_external_contact: the employee deleted the customer."""


class ContactTransferred(ContactEvent):
    """del_external_contact with Source=DELETE_BY_TRANSFER: the customer went to a colleague."""


class ContactDeletedByCustomer(ContactEvent):
    """del_follow_user: the customer deleted the employee."""


class TransferFailed(ContactEvent):
    """transfer_fail: the colleague did not get the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEvent(Event):
    """A change of members (*userids*, lower case); WeCom's lists show what changed."""

    userids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberArrived(MemberEvent):
    """subscribe: a member entered the app's visible range; create_user: a member joined the corp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChanged(MemberEvent):
    """unsubscribe, delete_user, update_user (both userids of a rename), update_tag (affected members)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagsChanged(Event):
    """change_external_tag: the corp's list of tags changed; the list itself shows how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPressed(Event):
    """template_card_event: a member (*userid*, lower case) pressed the button *key* of the card *task_id*.

    *response_code* belongs to this press alone and changes the card once, within 72 hours.
    """

    userid: str
    key: str
    task_id: str
    response_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSaid(Event):
    """A message of a member (*userid*, lower case) to the app. *text*: empty for a picture or the like.

    *msgid* is WeCom's; for a menu button it is made of the fields that identify one press.
    """

    userid: str
    msgid: str
    text: str


class MenuPressed(MemberSaid):
    """click: a menu button that stands for a command; *text* is its key."""


_DELETED_BY_TRANSFER = "DELETE_BY_TRANSFER"
_PLAIN: dict[str, type[ContactEvent]] = {
    "edit_external_contact": ContactEdited,
    "del_follow_user": ContactDeletedByCustomer,
    "transfer_fail": TransferFailed,
}
_WITH_STATE: dict[str, type[ContactAdded] | type[ContactHalfAdded]] = {
    "add_external_contact": ContactAdded,
    "add_half_external_contact": ContactHalfAdded,
}


# Event (and ChangeType): its type, and the fields with userids; the first field is required.
_MEMBER: dict[tuple[str, str], tuple[type[MemberEvent], tuple[str, ...]]] = {
    ("subscribe", ""): (MemberArrived, ("FromUserName",)),
    ("unsubscribe", ""): (MemberChanged, ("FromUserName",)),
    ("change_contact", "create_user"): (MemberArrived, ("UserID",)),
    ("change_contact", "update_user"): (MemberChanged, ("UserID", "NewUserID")),
    ("change_contact", "delete_user"): (MemberChanged, ("UserID",)),
}
_CARD_EVENTS = frozenset({"template_card_event", "template_card_menu_event"})
# Kinds of messages [90239]; the sender of a picture expects an answer, too.
_SAID = frozenset({"text", "image", "voice", "video", "location", "link", "file"})
_TAG_ITEMS = ("AddUserItems", "DelUserItems")
# In characters: WeCom's ids have 64, its keys of buttons 1,024, and the index of a store takes no more.
_LONGEST_ID, _LONGEST_KEY = 128, 1024


def text_of(fields: Fields, name: str) -> str:
    """Return the text of a field, empty if absent; of a repeated field, the first text."""
    value = fields.get(name, "")
    if isinstance(value, list):
        value = value[0]
    return value.strip() if isinstance(value, str) else ""


def kind_of(fields: Fields) -> str:
    """Return an event's kind in lower case: `event/change_external_contact/add_external_contact`."""
    names = [text_of(fields, name).lower() for name in ("MsgType", "Event", "ChangeType")]
    return "/".join(filter(None, names))


def event_of(fields: Fields) -> Event:
    """Return the event as a type. Raises EventError for a known event with a missing or broken field.

    Messages and events have separate names: `location` is a message, `LOCATION` an event without a MsgId.
    """
    kind = text_of(fields, "MsgType").lower()
    known = _event(fields) if kind == "event" else _said(fields) if kind in _SAID else None
    return known or OtherEvent(created_at=_created_at(fields, strict=False), kind=kind_of(fields))


def _event(fields: Fields) -> Event | None:
    event, change = text_of(fields, "Event").lower(), text_of(fields, "ChangeType").lower()
    if event == "change_external_contact":
        return _contact_event(fields, change)
    if (event, change) in _MEMBER:
        return _member_event(fields, *_MEMBER[event, change])
    if (event, change) == ("change_contact", "update_tag"):
        return MemberChanged(created_at=_created_at(fields, strict=True), userids=_named(fields, _TAG_ITEMS))
    if event == "click":
        return _pressed(fields)
    if event in _CARD_EVENTS:
        return _card_pressed(fields)
    if event == "change_external_tag":
        return TagsChanged(created_at=_created_at(fields, strict=False))
    return None


def _contact_event(fields: Fields, change: str) -> ContactEvent | None:
    if change in _WITH_STATE:
        return _WITH_STATE[change](
            **_relation(fields),
            state=text_of(fields, "State"),
            welcome_code=text_of(fields, "WelcomeCode"),
        )
    if change == "del_external_contact":
        moved = text_of(fields, "Source").upper() == _DELETED_BY_TRANSFER
        return (ContactTransferred if moved else ContactDeletedByMember)(**_relation(fields))
    return _PLAIN[change](**_relation(fields)) if change in _PLAIN else None


def _id(fields: Fields, name: str, *, longest: int = _LONGEST_ID) -> str:
    text = _short(fields, name, longest=longest)
    if not text:
        raise EventError(f"{name} is missing")
    return text


def _short(fields: Fields, name: str, *, longest: int) -> str:
    text = text_of(fields, name)
    if len(text) > longest:
        raise EventError(f"{name} is too long")
    return text


def _created_at(fields: Fields, *, strict: bool) -> int:
    text = text_of(fields, "CreateTime")
    if text.isascii() and text.isdigit() and len(text) <= 11:
        return int(text)
    if strict:
        raise EventError("CreateTime is missing or no number")
    return 0


def _card_pressed(fields: Fields) -> CardPressed:
    names = ("FromUserName", "EventKey", "TaskId", "ResponseCode")
    values = {name: _id(fields, name, longest=_LONGEST_KEY) for name in names}
    return CardPressed(
        created_at=_created_at(fields, strict=True),
        userid=values["FromUserName"].lower(),
        key=values["EventKey"],
        task_id=values["TaskId"],
        response_code=values["ResponseCode"],
    )


def _said(fields: Fields) -> MemberSaid:
    msgid = _id(fields, "MsgId")
    created_at = _created_at(fields, strict=True)
    return MemberSaid(
        created_at=created_at, userid=_from(fields), msgid=msgid, text=text_of(fields, "Content")
    )


def _pressed(fields: Fields) -> MenuPressed:
    key = _short(fields, "EventKey", longest=_LONGEST_KEY)
    userid, created_at = _from(fields), _created_at(fields, strict=True)
    return MenuPressed(
        created_at=created_at, userid=userid, msgid=f"click:{userid}:{created_at}:{key}", text=key
    )


def _from(fields: Fields) -> str:
    userid = text_of(fields, "FromUserName").lower()
    if not is_userid(userid):
        raise EventError("FromUserName is no userid")
    return userid


def _member_event(fields: Fields, kind: type[MemberEvent], names: tuple[str, ...]) -> MemberEvent:
    if not text_of(fields, names[0]):
        raise EventError(f"{names[0]} is missing")
    return kind(created_at=_created_at(fields, strict=True), userids=_named(fields, names))


def _named(fields: Fields, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the userids in the fields *names*; a field may hold several, joined with commas."""
    parts = [part.strip().lower() for name in names for part in text_of(fields, name).split(",")]
    userids = tuple(dict.fromkeys(userid for userid in parts if userid))
    if not all(is_userid(userid) for userid in userids):
        raise EventError(f"{names[0]} is no userid")
    return userids


class _Relation(TypedDict):
    created_at: int
    userid: str
    external_userid: str


def _relation(fields: Fields) -> _Relation:
    userid = _id(fields, "UserID").lower()
    if userid.split() != [userid]:  # the ledger's keys depend on it
        raise EventError("UserID has a blank in it")
    external_userid = _id(fields, "ExternalUserID")
    return {
        "created_at": _created_at(fields, strict=True),
        "userid": userid,
        "external_userid": external_userid,
    }
