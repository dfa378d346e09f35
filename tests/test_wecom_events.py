"""XML and events of WeCom as types."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.service import contact_event

from bot.wecom import events
from bot.wecom.events import EventError, OtherEvent, event_of, kind_of, text_of
from bot.wecom.xml import MAX_DEPTH, XmlError, parse

SAMPLES = Path(__file__).parent / "samples"


def sample(name: str) -> events.Event:
    return event_of(parse((SAMPLES / f"{name}.xml").read_bytes()))


@pytest.mark.parametrize(
    ("name", "kind", "userid", "customer"),
    [
        ("add_external_contact", events.ContactAdded, "sales01", "1"),
        ("add_half_external_contact", events.ContactHalfAdded, "sales01", "2"),
        ("edit_external_contact", events.ContactEdited, "sales01", "1"),
        ("del_external_contact", events.ContactTransferred, "sales01", "1"),
        ("del_follow_user", events.ContactDeletedByCustomer, "sales01", "3"),
        ("transfer_fail", events.TransferFailed, "sales02", "4"),
    ],
)
def test_each_contact_sample_is_its_type(
    name: str, kind: type[events.ContactEvent], userid: str, customer: str
) -> None:
    event = sample(f"change_external_contact-{name}")

    assert type(event) is kind
    assert (event.userid, event.external_userid[-1], event.created_at) == (userid, customer, 1_760_000_000)


def test_a_deletion_without_a_source_is_the_employees() -> None:
    event = event_of(parse(contact_event("del_external_contact")))

    assert type(event) is events.ContactDeletedByMember


OF_MEMBERS = (
    "subscribe",
    *(f"change_contact-{what}" for what in ("create_u", "delete_u", "update_u", "update_t")),
)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.xml")), ids=lambda path: path.stem)
def test_each_sample_says_what_it_is(path: Path) -> None:
    fields = parse(path.read_bytes())

    kind = kind_of(fields)

    assert kind.split("/")[0] in {"event", "text"}
    if path.stem.startswith("change_external_tag-"):
        assert event_of(fields) == events.TagsChanged(created_at=int(text_of(fields, "CreateTime")))
    elif path.stem in {"text", "click"}:
        assert isinstance(event_of(fields), events.MemberSaid)
    elif path.stem == "template_card_event":
        assert isinstance(event_of(fields), events.CardPressed)
    elif not path.stem.startswith(("change_external_contact-", *OF_MEMBERS)):
        assert event_of(fields) == OtherEvent(created_at=int(text_of(fields, "CreateTime")), kind=kind)


def test_texts_come_bare_or_as_cdata_and_blanks_around_them_mean_nothing() -> None:
    bare = parse(b"<xml><ChangeType> create_user\n</ChangeType></xml>")
    wrapped = parse(b"<xml><ChangeType><![CDATA[create_user]]></ChangeType></xml>")

    assert text_of(bare, "ChangeType") == text_of(wrapped, "ChangeType") == "create_user"


def test_an_element_that_repeats_is_a_list_and_its_first_text_speaks() -> None:
    fields = parse(b"<xml><Item>a</Item><Item>b</Item><Item>c</Item></xml>")

    assert fields == {"Item": ["a", "b", "c"]}
    assert text_of(fields, "Item") == "a"


@pytest.mark.parametrize(
    "field", [b"<UserID><a>x</a></UserID>", b"<UserID/>"], ids=["with children", "empty"]
)
def test_a_field_that_is_no_text_is_missing(field: bytes) -> None:
    body = contact_event().replace(b"<UserID><![CDATA[sales01]]></UserID>", field)

    with pytest.raises(EventError, match="UserID is missing"):
        event_of(parse(body))


def test_xml_as_deep_as_allowed_is_read_and_one_level_more_is_refused() -> None:
    allowed = MAX_DEPTH + 1

    parse(b"<a>" * allowed + b"</a>" * allowed)
    with pytest.raises(XmlError, match="levels"):
        parse(b"<a>" * (allowed + 1) + b"</a>" * (allowed + 1))


def test_an_error_of_xml_holds_none_of_it() -> None:
    with pytest.raises(XmlError) as caught:
        parse(b"<xml>customer-name</wrong>")

    assert "customer" not in f"{caught.value!r}{caught.value.__cause__!r}"
