"""Kind: characters that XML 1.0 forbids. They are replaced, and the notice is stored and counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from builders.chat import text_event
from builders.service import Site, contact_event, rows, running, sealed, services
from hypothesis import given
from hypothesis import strategies as st

from bot.wecom.events import ContactAdded, event_of, text_of
from bot.wecom.xml import XmlError, parse
from handlers.inbox import work_off

STATE = "<State><![CDATA[a{}b]]></State>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with services(tmp_path_factory.mktemp("bot")) as opened, running(opened) as site:
        yield site


@pytest.mark.parametrize("odd", ["\x1d", "\x00", "\x0b", "\x1f", "￾", "￿"])
@pytest.mark.parametrize("state", [STATE, "<State>a{}b</State>"], ids=["CDATA", "bare"])
def test_a_forbidden_character_in_a_state_becomes_a_replacement_sign(odd: str, state: str) -> None:
    event = event_of(parse(contact_event(extra=state.format(odd))))

    assert isinstance(event, ContactAdded)
    assert event.state == "a\ufffdb"


@pytest.mark.parametrize("reference", ["&#29;", "&#x1D;", "&#0;", "&#xD83D;", "&#xFFFE;", "&#x110000;"])
def test_a_reference_to_a_forbidden_character_is_replaced_too(reference: str) -> None:
    fields = parse(f"<xml><State>a{reference}b&#38;&#x4e2d;</State></xml>".encode())

    assert fields == {"State": "a\ufffdb&中"}


def test_a_reference_inside_cdata_is_plain_text_and_stays() -> None:
    fields = parse(b"<xml><Content><![CDATA[&#29;\x1d]]></Content></xml>")

    assert text_of(fields, "Content") == "&#29;\ufffd"


@pytest.mark.parametrize(
    "odd", [b"\xed\xa0\xbd", b"\xff", b"\xe4\xb8"], ids=["half an emoji", "no UTF-8", "cut"]
)
def test_bytes_that_are_no_characters_are_replaced(odd: bytes) -> None:
    fields = parse(b"<xml><State>a" + odd + b"b</State></xml>")

    state = text_of(fields, "State")
    assert (state[0], set(state[1:-1]), state[-1]) == ("a", {"\ufffd"}, "b")


@given(text=st.text().filter(lambda text: "]]>" not in text))
def test_no_text_of_a_person_makes_an_event_unreadable(text: str) -> None:
    body = contact_event(extra=f"<State><![CDATA[{text}]]></State>")

    assert isinstance(event_of(parse(body)), ContactAdded)


@pytest.mark.parametrize(
    "body",
    [b"<xml>\x1d", b"\x1d", b"<xml><a>&#29;</b></xml>", b'<!DOCTYPE x [<!ENTITY a "b">]><xml>&#29;</xml>'],
)
def test_what_is_no_xml_without_them_either_is_still_refused(body: bytes) -> None:
    with pytest.raises(XmlError):
        parse(body)


def test_a_notice_with_a_forbidden_character_is_stored_and_counted(site: Site) -> None:
    bodies = [
        contact_event(extra=STATE.format("\x1d")),
        text_event("sales01", "进度\x1d", msgid="1"),
    ]

    statuses = [site.post(sealed(body)).status for body in bodies]
    work_off(site.services)

    assert statuses == [200, 200]
    assert [state for *_, state in site.inbox()] == ["done", "done"]
    assert rows(site.path, "SELECT state FROM relation_events WHERE kind = 'added'") == [("a\ufffdb",)]
