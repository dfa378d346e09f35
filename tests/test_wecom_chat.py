"""Messages and menu clicks of members as types."""

from __future__ import annotations

import pytest
from builders.chat import click_event, text_event

from bot.wecom.events import EventError, MemberSaid, MenuPressed, event_of
from bot.wecom.xml import parse


def test_a_text_is_the_member_s_words() -> None:
    event = event_of(parse(text_event("Sales01", " 进度 ", msgid="7349000000000000001", at=1_760_000_100)))

    assert event == MemberSaid(
        created_at=1_760_000_100, userid="sales01", msgid="7349000000000000001", text="进度"
    )


@pytest.mark.parametrize("kind", [b"image", b"voice", b"video", b"location", b"link", b"file"])
def test_what_is_no_text_is_said_without_words(kind: bytes) -> None:
    body = (
        text_event("sales01", "x", msgid="1").replace(b"[text]", b"[%s]" % kind).replace(b"Content", b"Url")
    )

    event = event_of(parse(body))

    assert (type(event), event.text) == (MemberSaid, "")  # type: ignore[attr-defined]  # the type is asserted


def test_a_press_of_a_button_is_named_by_who_when_and_which() -> None:
    first, second, other = (
        event_of(parse(click_event("Sales01", key, at=moment)))
        for key, moment in (("进度", 5), ("进度", 6), ("明细", 5))
    )

    assert isinstance(first, MenuPressed)
    assert isinstance(second, MenuPressed)
    assert isinstance(other, MenuPressed)
    assert (first.userid, first.text) == ("sales01", "进度")
    assert len({first.msgid, second.msgid, other.msgid}) == 3


@pytest.mark.parametrize("field", ["MsgId", "FromUserName", "CreateTime"])
def test_a_message_without_its_names_is_refused(field: str) -> None:
    body = text_event("sales01", "进度").replace(field.encode(), b"Nothing")

    with pytest.raises(EventError, match=field):
        event_of(parse(body))
