"""Kind: the names of events and of message types are one namespace. What is not ours is ignored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.chat import arrive, text_event
from builders.service import CORP, rows, services
from hypothesis import given
from hypothesis import strategies as st

from bot.services import Services
from bot.wecom.events import EventError, MemberSaid, OtherEvent, event_of
from bot.wecom.xml import parse

# Every name of an event in the documents [90240, 90930, 90970, 92130, 97299 and the pages that they lead to].
OF_CLIENTS = (
    *("enter_agent", "LOCATION", "view", "view_miniprogram", "scancode_push", "scancode_waitmsg"),
    *("pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select", "open_approval_change"),
    *("share_agent_change", "share_chain_change", "inactive_alert", "low_active_alert", "low_active"),
    *("close_inactive_agent", "reopen_inactive_agent", "active_restored", "batch_job_result"),
    *("change_external_chat", "customer_acquisition", "sys_approval_change", "msgaudit_notify"),
    *("kf_msg_or_event", "living_status_change", "book_meeting_room", "device_feature_change"),
)
OURS = frozenset(
    {
        *("subscribe", "unsubscribe", "change_contact", "change_external_contact", "change_external_tag"),
        *("click", "template_card_event", "template_card_menu_event"),
    }
)
MESSAGES = ("text", "image", "voice", "video", "location", "link", "file")
CHANGES = (
    *("", "create", "update", "dismiss", "create_party", "update_party", "delete_party", "balance_low"),
    *("customer_start_chat", "friend_request", "msg_audit_approved", "never_heard_of"),
)


def event(name: str, change: str = "", *, msgtype: str = "event") -> bytes:
    changed = f"<ChangeType><![CDATA[{change}]]></ChangeType>" if change else ""
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[sales01]]></FromUserName>"
        f"<CreateTime>1795395600</CreateTime><MsgType><![CDATA[{msgtype}]]></MsgType>"
        f"<Event><![CDATA[{name}]]></Event>{changed}<Latitude>23.1</Latitude></xml>"
    ).encode()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Services]:
    with services(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("name", [*OF_CLIENTS, *MESSAGES])
def test_an_event_that_is_not_ours_is_ignored(opened: Services, name: str) -> None:
    arrive(opened, event(name))

    assert rows(opened.store.engine.path, "SELECT state, attempts FROM inbox") == [("ignored", 0)]


@given(
    name=st.one_of(
        st.sampled_from((*OF_CLIENTS, *MESSAGES)), st.from_regex("[A-Za-z_/]{1,24}", fullmatch=True)
    ),
    change=st.sampled_from(CHANGES),
)
def test_no_name_of_an_event_that_is_not_ours_is_an_error(name: str, change: str) -> None:
    if name.lower() in OURS:
        return

    assert type(event_of(parse(event(name, change)))) is OtherEvent


@given(
    msgtype=st.one_of(
        st.sampled_from(("event/text", "click", "subscribe", "change_contact", "template_card_event", "")),
        st.from_regex("[A-Za-z_/]{1,24}", fullmatch=True),
    ),
    name=st.sampled_from((*OURS, *OF_CLIENTS)),
)
def test_no_message_is_taken_for_an_event(msgtype: str, name: str) -> None:
    if msgtype.lower() in {"event", *MESSAGES}:
        return

    assert type(event_of(parse(event(name, "create_user", msgtype=msgtype)))) is OtherEvent


def test_a_message_and_an_event_of_one_name_are_two_things() -> None:
    place = text_event("sales01", "", msgid="1").replace(b"[text]", b"[location]")

    assert type(event_of(parse(place))) is MemberSaid
    assert type(event_of(parse(event("LOCATION")))) is OtherEvent
    with pytest.raises(EventError):
        event_of(parse(event("", msgtype="location")))


@given(name=st.sampled_from(sorted(OURS)), change=st.sampled_from(CHANGES[:8]))
def test_a_kind_of_change_that_is_not_ours_is_ignored_with_its_event(name: str, change: str) -> None:
    if name not in {"change_contact", "change_external_contact"}:
        return

    assert type(event_of(parse(event(name, change)))) is OtherEvent
