"""externalcontact/send_welcome_msg of the sandbox answers as WeCom does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.etree import ElementTree

import pytest
from builders.sandbox import Api, make_api

from sandbox.events import compose

TEXT = {"content": "您好"}


@pytest.fixture
def api() -> Api:
    return make_api()


def code_of_event(api: Api, kind: str = "add", **more: object) -> str:
    (event, *_) = compose(api.world, {"kind": kind, "userid": "yg01", **more})
    return ElementTree.fromstring(event.xml).findtext("WelcomeCode", "")


def greet(api: Api, body: object) -> int:
    response = api.client.post(
        "/cgi-bin/externalcontact/send_welcome_msg",
        query_string={"access_token": api.token},
        data=body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode(),
    )
    return int(response.json["errcode"])


def test_a_customer_is_greeted_once_and_has_the_text(api: Api) -> None:
    code = code_of_event(api)

    answers = [greet(api, {"welcome_code": code, "text": TEXT}) for _ in range(2)]

    told = api.client.get("/sandbox/messages?userid=YG01").json["customers"]
    assert answers == [0, 41051]
    assert [(one["userid"], one["content"]) for one in told] == [("yg01", "您好")]
    assert "您好" in api.client.get("/").text


@pytest.mark.parametrize(("age", "answer"), [(20.0, 0), (20.1, 41050)], ids=["just in time", "too old"])
def test_a_code_lives_20_seconds(api: Api, age: float, answer: int) -> None:
    code = code_of_event(api)
    api.real.now += age

    assert greet(api, {"welcome_code": code, "text": TEXT}) == answer


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param({"text": TEXT}, 41049, id="no code"),
        pytest.param(b"{", 41049, id="no JSON"),
        pytest.param({"welcome_code": "WCother", "text": TEXT}, 41050, id="a code nobody issued"),
        pytest.param({"welcome_code": "CODE"}, 44004, id="neither text nor attachment"),
        pytest.param({"welcome_code": "CODE", "text": {"content": "好" * 1334}}, 40058, id="4002 bytes"),
        pytest.param({"welcome_code": "CODE", "text": {"content": "好" * 1333}}, 0, id="3999 bytes"),
        pytest.param(
            {"welcome_code": "CODE", "attachments": [{"msgtype": "image", "image": {}}] * 10},
            41064,
            id="10 attachments",
        ),
        pytest.param(
            {"welcome_code": "CODE", "attachments": [{"msgtype": "voice"}]}, 41065, id="an unknown type"
        ),
        pytest.param(
            {"welcome_code": "CODE", "attachments": [{"msgtype": "link", "link": {"title": "好" * 43}}]},
            40058,
            id="a link's title of 129 bytes",
        ),
    ],
)
def test_what_is_wrong_is_refused(api: Api, body: Mapping[str, object] | bytes, answer: int) -> None:
    code = code_of_event(api)
    if isinstance(body, dict) and body.get("welcome_code") == "CODE":
        body = {**body, "welcome_code": code}

    assert greet(api, body) == answer


def test_after_the_half_add_was_greeted_the_add_brings_no_code(api: Api) -> None:
    customer = api.world.new_customer()
    code = code_of_event(api, "half_add", external_userid=customer)

    answer = greet(api, {"welcome_code": code, "text": TEXT})

    assert answer == 0
    assert code_of_event(api, "add", external_userid=customer) == ""


def test_a_customer_of_another_corp_brings_no_code(api: Api) -> None:
    assert code_of_event(api, external_userid=api.world.new_customer(is_wecom_user=True)) == ""


def test_another_app_that_is_sending_can_be_played(api: Api) -> None:
    code = code_of_event(api)
    api.client.post("/sandbox/faults", json={"welcome_error": {"errcode": 41096, "times": 1}})

    answers = [greet(api, {"welcome_code": code, "text": TEXT}) for _ in range(2)]

    assert answers == [41096, 0]


def test_an_app_that_may_not_use_contacts_may_not_greet_either() -> None:
    api = make_api(contacts_api=False)

    assert greet(api, {"welcome_code": code_of_event(api), "text": TEXT}) == 48002
