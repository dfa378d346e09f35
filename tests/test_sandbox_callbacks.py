"""Callbacks of the sandbox go out as WeCom's do: sealed, signed, tried three times, in no sure order."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from builders.sandbox import NOON, Receiver, make_world, receiving
from flask.testing import FlaskClient

from sandbox.app import create_app
from sandbox.switches import CallbackSwitches
from sandbox.world import World
from sandbox.wxcrypto import Codec

# Quick where nothing else is told, and as patient as a busy machine needs.
QUICK = CallbackSwitches(timeout=60.0, retry_pause=0.01, verify_timeout=60.0)
CUSTOMER = "wmSIM0AAAAcust000000000000000001"


class Stage:
    """A world whose callbacks reach a receiver, and the client that drives it."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.world: World = make_world(callbacks=QUICK, callback_url=receiver.url)[0]
        app = self.world.app
        receiver.codec = Codec(token=app.callback_token, aes_key=app.callback_aes_key, receive_id=app.corp_id)
        self.client: FlaskClient = create_app(self.world).test_client()

    def fire(self, *specs: dict[str, object], **switches: object) -> dict[str, object]:
        answer = self.client.post("/sandbox/events?wait=1", json={"events": list(specs), **switches})
        assert answer.status_code == 200, answer.text
        return answer.json

    def tries(self) -> list[dict[str, object]]:
        return self.client.get("/sandbox/deliveries?wait=1").json["deliveries"]


@pytest.fixture
def stage() -> Iterator[Stage]:
    with receiving() as receiver:
        yield Stage(receiver)


def fields(event: ElementTree.Element) -> dict[str, str]:
    return {child.tag: child.text or "" for child in event}


ADD = {"kind": "add", "userid": "yg01", "external_userid": CUSTOMER, "welcome_code": ""}
IDS = {"UserID": "yg01", "ExternalUserID": CUSTOMER}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(ADD, {"ChangeType": "add_external_contact", **IDS}, id="an add"),
        pytest.param(
            {**ADD, "state": "hall_qr", "welcome_code": "WC1"},
            {"ChangeType": "add_external_contact", **IDS, "State": "hall_qr", "WelcomeCode": "WC1"},
            id="an add by a channel",
        ),
        pytest.param(
            {**ADD, "kind": "half_add"}, {"ChangeType": "add_half_external_contact", **IDS}, id="half an add"
        ),
        pytest.param({**ADD, "kind": "edit"}, {"ChangeType": "edit_external_contact", **IDS}, id="an edit"),
        pytest.param(
            {**ADD, "kind": "del_by_member"},
            {"ChangeType": "del_external_contact", **IDS},
            id="the member deletes the customer",
        ),
        pytest.param(
            {**ADD, "kind": "del_by_customer"},
            {"ChangeType": "del_follow_user", **IDS},
            id="the customer deletes the member",
        ),
        pytest.param(
            {**ADD, "kind": "transfer"},
            {"ChangeType": "del_external_contact", **IDS, "Source": "DELETE_BY_TRANSFER"},
            id="handed over",
        ),
        pytest.param(
            {**ADD, "kind": "transfer_fail", "fail_reason": "customer_limit_exceed"},
            {"ChangeType": "transfer_fail", "FailReason": "customer_limit_exceed", **IDS},
            id="a handover that failed",
        ),
        pytest.param(
            {**ADD, "kind": "msg_audit_approved"},
            {"ChangeType": "msg_audit_approved", **IDS},
            id="agreed to archiving",
        ),
    ],
)
def test_a_contact_event_has_the_documented_fields(
    stage: Stage, spec: dict[str, object], expected: dict[str, str]
) -> None:
    stage.fire({**spec, "at": 1_760_000_000})

    (event,) = stage.receiver.opened()
    assert fields(event) == {
        "ToUserName": stage.world.app.corp_id,
        "FromUserName": "sys",
        "CreateTime": "1760000000",
        "MsgType": "event",
        "Event": "change_external_contact",
        **expected,
    }


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(
            {"kind": "text", "userid": "yg01", "word": "进度 ]]> <b>"},
            {"MsgType": "text", "Content": "进度 ]]> <b>"},
            id="a word, even one that ends CDATA",
        ),
        pytest.param(
            {"kind": "enter_agent", "userid": "yg01"},
            {"MsgType": "event", "Event": "enter_agent", "EventKey": ""},
            id="the app is opened",
        ),
        pytest.param(
            {"kind": "subscribe", "userid": "yg01"}, {"MsgType": "event", "Event": "subscribe"}, id="joined"
        ),
    ],
)
def test_what_a_member_does_comes_from_the_member(
    stage: Stage, spec: dict[str, object], expected: dict[str, str]
) -> None:
    stage.fire(spec)

    (event,) = stage.receiver.opened()
    seen = fields(event)
    seen.pop("MsgId", None)
    assert seen == {
        "ToUserName": stage.world.app.corp_id,
        "FromUserName": "yg01",
        "CreateTime": str(int(NOON)),
        "AgentID": str(stage.world.app.agent_id),
        **expected,
    }


def test_a_directory_change_writes_its_kind_without_cdata(stage: Stage) -> None:
    change = {"change_type": "update_user", "fields": {"UserID": "yg01", "Department": "11,12", "Id": 3}}
    stage.fire({"kind": "contact_change", **change})

    (event,) = stage.receiver.opened()
    assert fields(event)["Department"] == "11,12"
    sealed = ElementTree.fromstring(stage.receiver.posts[0][1]).findtext("Encrypt", "")
    assert stage.receiver.codec
    assert b"<ChangeType>update_user</ChangeType>" in stage.receiver.codec.decrypt(sealed)


def test_raw_xml_goes_out_as_it_is(stage: Stage) -> None:
    stage.fire({"kind": "raw", "xml": "<xml><MsgType>other</MsgType></xml>"})

    (event,) = stage.receiver.opened()
    assert fields(event) == {"MsgType": "other"}


@pytest.mark.parametrize(
    ("outer_agent", "expected"),
    [
        pytest.param("own", "1000002", id="the app's own"),
        pytest.param("empty", "", id="empty"),
        pytest.param("2000003", "2000003", id="that of the system app"),
    ],
)
def test_the_outer_packet_names_corp_and_agent(stage: Stage, outer_agent: str, expected: str) -> None:
    stage.fire(ADD, outer_agent=outer_agent)

    outer = fields(ElementTree.fromstring(stage.receiver.posts[0][1]))
    assert (outer["ToUserName"], outer["AgentID"]) == (stage.world.app.corp_id, expected)


def test_a_userid_is_written_as_the_corp_registered_it(stage: Stage) -> None:
    stage.fire({"kind": "add", "userid": "YG07"})

    (event,) = stage.receiver.opened()
    assert event.findtext("UserID") == "Yg07"


def test_a_customer_of_another_corp_brings_no_welcome_code(stage: Stage) -> None:
    stage.fire({"kind": "add", "userid": "yg01"})
    stage.fire({"kind": "add", "userid": "yg01", "external_userid": "woSIM0AAAAcust000000000000000009"})

    codes = [event.findtext("WelcomeCode", "") for event in stage.receiver.opened()]
    assert [bool(code) for code in codes] == [True, False]


def test_a_handover_gives_the_taker_an_add(stage: Stage) -> None:
    stage.fire({"kind": "add", "userid": "yg01"})
    stage.fire({"kind": "transfer", "userid": "yg01", "to": "yg02"}, parallel=1)

    _, left, taken = stage.receiver.opened()
    assert left.findtext("Source") == "DELETE_BY_TRANSFER"
    assert (taken.findtext("ChangeType"), taken.findtext("UserID")) == ("add_external_contact", "yg02")
    assert left.findtext("ExternalUserID") == taken.findtext("ExternalUserID")
    assert stage.world.customers_of("yg02") == [taken.findtext("ExternalUserID")]
    assert stage.world.customers_of("yg01") == []


def test_nothing_is_sent_about_a_member_out_of_range(stage: Stage) -> None:
    stage.world.change_person("yg01", visible=False, licensed=None)

    assert stage.fire(ADD)["planned"] == 0
    assert stage.receiver.posts == []


@pytest.mark.parametrize(
    ("plan", "switches", "tries", "delivered"),
    [
        pytest.param([], {}, [200], 1, id="the first is enough"),
        pytest.param(["hang"], {"timeout": 1.0}, [None, 200], 1, id="a timeout is tried again"),
        pytest.param([503, 500], {}, [503, 500, 200], 1, id="so is another status"),
        pytest.param([503], {"retry_non_200": False}, [503], 0, id="unless switched off"),
        pytest.param(
            ["hang"],
            {"timeout": 1.0, "retry_non_200": False},
            [None, 200],
            1,
            id="which concerns no timeout",
        ),
        pytest.param([500, 500, 500, 200], {}, [500, 500, 500], 0, id="three in total, then it is lost"),
        pytest.param([302, 204], {}, [302, 204, 200], 1, id="only 200 is 200"),
    ],
)
def test_what_is_tried_again(
    stage: Stage, plan: list[int | str], switches: dict[str, object], tries: list[int | None], delivered: int
) -> None:
    stage.receiver.plan = plan

    report = stage.fire(ADD, **switches)

    log = stage.tries()
    assert [line["status"] for line in log] == tries
    assert [line["attempt"] for line in log] == list(range(1, len(tries) + 1))
    assert [line["ok"] for line in log] == [status == 200 for status in tries]
    assert (report["delivered"], report["failed"]) == (delivered, 1 - delivered)


def test_a_refused_connection_is_tried_three_times(stage: Stage) -> None:
    with receiving() as gone:
        url = gone.url
    stage.world.callback_url = url

    report = stage.fire(ADD)

    assert report["failed"] == 1
    assert [line["error"] for line in stage.tries()] == ["ConnectionError"] * 3


@pytest.mark.parametrize(
    ("fresh", "different"), [pytest.param(True, 3, id="new"), pytest.param(False, 1, id="the same")]
)
def test_a_retry_has_a_new_or_the_same_envelope(stage: Stage, fresh: bool, different: int) -> None:
    stage.receiver.plan = [500, 500]
    stage.fire(ADD, fresh_retry=fresh)

    assert len({query["nonce"] for query, _ in stage.receiver.posts}) == different
    assert len({body for _, body in stage.receiver.posts}) == different
    assert len({ElementTree.tostring(event) for event in stage.receiver.opened()}) == 1


def test_copies_differ_in_nonce_and_ciphertext_but_not_inside(stage: Stage) -> None:
    report = stage.fire(ADD, copies=3)

    assert report["delivered"] == 3
    assert len({query["nonce"] for query, _ in stage.receiver.posts}) == 3
    assert len({body for _, body in stage.receiver.posts}) == 3
    assert len({ElementTree.tostring(event) for event in stage.receiver.opened()}) == 1


def numbered(count: int) -> list[dict[str, object]]:
    return [{"kind": "edit", "userid": "yg01", "external_userid": f"wm{n:030d}"} for n in range(count)]


def arrived(stage: Stage) -> list[int]:
    return [int(event.findtext("ExternalUserID", "")[2:]) for event in stage.receiver.opened()]


def test_order_is_kept_one_at_a_time_and_lost_on_demand(stage: Stage) -> None:
    stage.fire(*numbered(12), parallel=1)
    in_order = arrived(stage)
    stage.receiver.posts.clear()
    stage.fire(*numbered(12), parallel=1, reorder=True)

    assert in_order == list(range(12))
    assert arrived(stage) != in_order
    assert sorted(arrived(stage)) == in_order


def test_callbacks_come_side_by_side(stage: Stage) -> None:
    stage.fire(*numbered(24), parallel=6)

    assert 2 <= stage.receiver.most_at_once <= 6


def test_a_share_of_the_events_can_get_lost(stage: Stage) -> None:
    report = stage.fire(*numbered(60), drop_rate=0.5)

    assert report["delivered"] + report["lost"] == 60
    assert 10 < len(stage.receiver.posts) < 50
    assert stage.fire(ADD, drop_rate=1)["lost"] == 1


def test_events_can_come_late(stage: Stage) -> None:
    began = time.monotonic()
    stage.fire(ADD, delay=0.2)

    assert time.monotonic() - began >= 0.2


def test_without_an_address_everything_is_lost(stage: Stage) -> None:
    stage.world.callback_url = ""

    assert stage.fire(ADD)["lost"] == 1


@pytest.mark.parametrize(
    ("suffix", "delay", "patience", "reason"),
    [
        pytest.param(b"", 0, 60.0, "", id="right"),
        pytest.param(b"\n", 0, 60.0, "another body than the decrypted echostr", id="a newline too many"),
        pytest.param(b"", 60, 0.5, "ReadTimeout", id="too slow"),
    ],
)
def test_the_address_check_wants_the_plain_text_in_time(
    stage: Stage, suffix: bytes, delay: float, patience: float, reason: str
) -> None:
    stage.receiver.echo_suffix, stage.receiver.echo_delay = suffix, delay
    stage.client.post("/sandbox/switches", json={"callbacks": {"verify_timeout": patience}})

    report = stage.client.post("/sandbox/verify").json

    assert (report["ok"], report["reason"]) == (not reason, reason)


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        pytest.param({"kind": "poem"}, "no kind 'poem'", id="an unknown kind"),
        pytest.param({"kind": "add"}, "add needs userid", id="nobody"),
        pytest.param({"kind": "del_by_member", "userid": "yg01"}, "has no customer", id="nothing to lose"),
        pytest.param({"kind": "add", "userid": "yg01", "at": "noon"}, "epoch seconds", id="no time"),
        pytest.param({"events": [ADD], "copys": 2}, "no switch 'copys'", id="an unknown switch"),
        pytest.param({"events": [ADD], "copies": "2"}, "copies must be int", id="a number as text"),
        pytest.param({"events": ADD}, "must be a list", id="no list"),
    ],
)
def test_a_wrong_order_is_refused_in_words(stage: Stage, body: dict[str, object], hint: str) -> None:
    answer = stage.client.post("/sandbox/events", json=body)

    assert answer.status_code == 400
    assert hint in answer.json["error"]
    assert stage.receiver.posts == []


def test_the_history_goes_out_whole(stage: Stage) -> None:
    report = stage.client.post("/sandbox/history", json={}).json

    assert report["done"]
    assert 400 <= report["events"] <= 650
    assert report["delivered"] == report["events"] == len(stage.receiver.posts)
    kinds = Counter(event.findtext("ChangeType") for event in stage.receiver.opened())
    assert kinds["add_external_contact"] > 300
    assert max(int(event.findtext("CreateTime", "")) for event in stage.receiver.opened()) < NOON
