"""In-service transfers: allotted now, done a virtual day later (92125); lists of refused calls are empty."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from builders.e2e import until
from builders.sandbox import Api, Receiver, make_api, make_world, receiving

from sandbox.app import create_app
from sandbox.events import SpecError, complete_transfers, compose
from sandbox.server import start
from sandbox.switches import CallbackSwitches
from sandbox.wxcrypto import Codec

DAY = 86_400


@pytest.fixture
def api() -> Api:
    return make_api(details_delay=0.0)


def allot(api: Api, customer: str, giver: str = "yg01", to: str = "yg02", **more: str) -> None:
    spec = {"kind": "allot", "userid": giver, "to": to, "external_userid": customer, **more}
    assert compose(api.world, spec) == []  # nobody is told of it yet


def after(api: Api, seconds: float) -> list[dict[str, str]]:
    """What the virtual clock brings after so long."""
    api.world.clock.advance(seconds)
    return [fields(event.xml) for event in complete_transfers(api.world)]


def fields(xml: bytes) -> dict[str, str]:
    head = {"ToUserName", "FromUserName", "MsgType", "Event"}
    root = ElementTree.fromstring(xml)
    return {child.tag: child.text or "" for child in root if child.tag not in head}


def followers(api: Api, customer: str) -> list[str]:
    found = api.read(external_userid=customer).json["follow_user"]
    return [f"{one['userid']} {one['add_way']}" for one in found]


def test_the_customer_stays_with_the_giver_for_a_virtual_day_and_goes_then(api: Api) -> None:
    customer = api.happen("add")
    began = int(api.world.clock.now())
    allot(api, customer)

    early = after(api, DAY - 1)
    meanwhile = followers(api, customer)
    told = after(api, 100)
    again = after(api, 100)

    assert (early, again) == ([], [])
    assert meanwhile == ["yg01 1"]
    done = {"CreateTime": str(began + DAY), "ExternalUserID": customer}
    assert told == [
        {**done, "ChangeType": "del_external_contact", "UserID": "yg01", "Source": "DELETE_BY_TRANSFER"},
        {**done, "ChangeType": "add_external_contact", "UserID": "yg02"},
    ]
    assert followers(api, customer) == ["yg02 202"]
    (row,) = api.read(external_userid=customer).json["follow_user"]
    assert (row["createtime"], row["oper_userid"]) == (began + DAY + 1, "yg01")


def test_a_taker_who_has_the_customer_gets_no_add_and_keeps_his_contact(api: Api) -> None:
    customer = api.happen("add")
    api.happen("add", "yg02", external_userid=customer)
    allot(api, customer)

    assert [one["UserID"] for one in after(api, DAY)] == ["yg01"]
    assert followers(api, customer) == ["yg02 1"]


def test_who_once_handed_the_customer_over_gets_no_add_when_he_comes_back(api: Api) -> None:
    customer = api.happen("add")
    allot(api, customer)
    after(api, DAY)
    allot(api, customer, giver="yg02", to="yg01")

    assert [one["UserID"] for one in after(api, DAY)] == ["yg02"]
    assert followers(api, customer) == ["yg01 202"]


def test_a_customer_may_say_no(api: Api) -> None:
    customer = api.happen("add")
    allot(api, customer)
    (event,) = compose(api.world, {"kind": "refuse_transfer", "external_userid": customer})

    told = fields(event.xml)
    assert (told["ChangeType"], told["FailReason"], told["UserID"]) == (
        "transfer_fail",
        "customer_refused",
        "yg02",
    )
    assert after(api, DAY) == []
    assert followers(api, customer) == ["yg01 1"]


def test_a_taker_may_be_full(api: Api) -> None:
    customer = api.happen("add")
    allot(api, customer, fail_reason="customer_limit_exceed")

    (told,) = after(api, DAY)
    assert (told["ChangeType"], told["FailReason"]) == ("transfer_fail", "customer_limit_exceed")
    assert followers(api, customer) == ["yg01 1"]


def test_a_customer_whom_the_giver_lost_meanwhile_does_not_move(api: Api) -> None:
    customer = api.happen("add")
    allot(api, customer)
    api.happen("del_by_member", external_userid=customer)

    assert after(api, DAY) == []
    assert [one.state for one in api.world.transfers.all] == ["void"]


def test_nobody_out_of_range_is_told_of(api: Api) -> None:
    customer = api.happen("add")
    allot(api, customer)
    api.world.change_person("yg02", visible=False, licensed=None)

    assert [one["UserID"] for one in after(api, DAY)] == ["yg01"]


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        pytest.param({"to": "yg01"}, "the same", id="to himself"),
        pytest.param({"to": "nobody"}, "nobody has the userid", id="to nobody"),
        pytest.param({"userid": "yg03", "to": "yg02"}, "does not have", id="not his"),
        pytest.param({"to": "yg02", "fail_reason": "x"}, "fail_reason is one of", id="another reason"),
    ],
)
def test_what_cannot_be_allotted_is_refused(api: Api, spec: dict[str, str], why: str) -> None:
    customer = api.happen("add")

    with pytest.raises(SpecError, match=why):
        compose(api.world, {"kind": "allot", "userid": "yg01", "external_userid": customer, **spec})


def test_a_customer_moves_twice_in_ninety_days_at_most_and_one_move_at_a_time(api: Api) -> None:
    customer = api.happen("add")
    allot(api, customer)
    with pytest.raises(SpecError, match="already"):
        allot(api, customer, to="yg03")
    after(api, DAY)
    allot(api, customer, giver="yg02", to="yg03")
    after(api, DAY)
    with pytest.raises(SpecError, match="2 times within 90 days"):
        allot(api, customer, giver="yg03", to="yg04")
    after(api, 90 * DAY)
    allot(api, customer, giver="yg03", to="yg04")

    assert api.world.transfers.waiting(customer) is not None


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def test_setting_the_clock_sends_what_is_due(receiver: Receiver) -> None:
    world, _ = make_world(callback_url=receiver.url, callbacks=CallbackSwitches(parallel=1))
    receiver.codec = Codec(
        token=world.app.callback_token, aes_key=world.app.callback_aes_key, receive_id=world.app.corp_id
    )
    client = create_app(world).test_client()
    client.post("/sandbox/events?wait=1", json={"kind": "add", "userid": "yg01"})
    client.post("/sandbox/events", json={"kind": "allot", "userid": "yg01", "to": "yg02"})
    client.post("/sandbox/clock", json={"advance": DAY})
    client.get("/sandbox/deliveries?wait=1")

    assert [event.findtext("UserID") for event in receiver.opened()] == ["yg01", "yg01", "yg02"]
    (transfer,) = client.get("/sandbox/transfers").json["transfers"]
    assert (transfer["state"], transfer["due_at"] - transfer["allotted_at"]) == ("done", DAY)


def test_a_clock_that_runs_brings_it_by_itself() -> None:
    world, _ = make_world()
    compose(world, {"kind": "add", "userid": "yg01", "external_userid": "wm-1"})
    compose(world, {"kind": "allot", "userid": "yg01", "to": "yg02"})
    world.clock.advance(DAY)
    with start(world) as server:
        until(lambda: world.transfers.all[0].state == "done")
        server.sender.wait(60)

    assert world.contacts.get("yg02", "wm-1") is not None


@pytest.mark.parametrize(
    ("path", "empty"),
    [
        ("externalcontact/get", {"follow_user": []}),
        ("externalcontact/get_follow_user_list", {"follow_user": []}),
        ("externalcontact/list", {"external_userid": []}),
        ("department/list", {"department": []}),
        ("tag/get", {"userlist": [], "partylist": []}),
    ],
)
def test_a_refused_reading_call_has_its_list_and_an_empty_one(
    api: Api, path: str, empty: dict[str, list[object]]
) -> None:
    refused = [
        api.read(path, access_token="garbled").json,
        api.client.post("/sandbox/faults", json={"read_error": {"errcode": 45033, "times": 1}}).json
        and api.read(path).json,
    ]

    assert [body["errcode"] for body in refused] == [40014, 45033]
    assert all(body.items() >= empty.items() for body in refused)


def test_lists_of_a_row_are_there_though_they_are_empty(api: Api) -> None:
    api.happen("add")
    body = {"userid_list": ["yg01"]}
    rows = api.client.post(
        "/cgi-bin/externalcontact/batch/get_by_user", query_string={"access_token": api.token}, json=body
    ).json["external_contact_list"]

    assert (rows[0]["follow_info"]["remark_mobiles"], rows[0]["follow_info"]["tag_id"]) == ([], [])
