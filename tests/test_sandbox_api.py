"""gettoken and message/send of the sandbox answer as WeCom does."""

from __future__ import annotations

import json
import re

import pytest
from builders.sandbox import NOON, Api, make_api

SHAPE = re.compile(
    r"^(?P<stem>.+), hint: \[\d{25}\], from ip: 127\.0\.0\.1,"
    r" more info at https://open\.work\.weixin\.qq\.com/devtool/query\?e=(?P<code>-?\d+)$"
)


@pytest.fixture
def api() -> Api:
    return make_api()


def code_of(response) -> int:
    return json.loads(response.data)["errcode"]


def test_an_error_has_hint_address_link_and_two_headers(api: Api) -> None:
    response = api.send_raw(b"{}", token="garbled")

    body = json.loads(response.data)
    match = SHAPE.match(body["errmsg"])
    assert response.status_code == 200
    assert response.content_type == "application/json; charset=UTF-8"
    assert match
    assert (match["stem"], match["code"]) == ("invalid access_token", "40014")
    assert response.headers["Error-Code"] == "40014"
    assert response.headers["Error-Msg"] == body["errmsg"]
    assert response.data.startswith(b'{"errcode":40014,"errmsg":"')


def test_a_success_has_neither_suffix_nor_headers(api: Api) -> None:
    response = api.gettoken()

    assert list(response.json) == ["errcode", "errmsg", "access_token", "expires_in"]
    assert response.json["errmsg"] == "ok"
    assert "Error-Code" not in response.headers


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        pytest.param(
            {"corpid": "-", "corpsecret": "-"}, 41004, id="nothing given: the secret is missed first"
        ),
        pytest.param({"corpid": "-"}, 41002, id="no corp"),
        pytest.param({"corpsecret": "-"}, 41004, id="no secret"),
        pytest.param({"corpid": "ww0000000000000000"}, 40013, id="unknown corp"),
        pytest.param({"corpsecret": "wrong"}, 40001, id="wrong secret"),
    ],
)
def test_gettoken_refuses(api: Api, query: dict[str, str], errcode: int) -> None:
    assert code_of(api.gettoken(**query)) == errcode


def test_the_token_stays_the_same_until_it_expires(api: Api) -> None:
    api.real.now += 7199
    same = api.gettoken().json
    api.real.now += 1
    fresh = api.gettoken().json

    assert same["access_token"] == api.token
    assert same["expires_in"] == 7200
    assert fresh["access_token"] != api.token
    assert len(fresh["access_token"]) <= 512


def test_expires_in_may_say_what_is_left() -> None:
    api = make_api(expires_in=100, expires_in_answer="remaining")
    api.real.now += 40

    assert api.gettoken().json["expires_in"] == 60


def test_every_call_of_gettoken_is_counted(api: Api) -> None:
    api.gettoken()
    api.gettoken(corpsecret="wrong")

    counts = api.client.get("/sandbox/calls").json["gettoken"]
    assert counts == {"calls": 3, "issued": 1}


def test_too_many_wrong_secrets_block_the_address_for_an_hour() -> None:
    api = make_api(wrong_secret_limit=3)
    answers = [code_of(api.gettoken(corpsecret="wrong")) for _ in range(4)]
    right_secret = code_of(api.gettoken())
    good_token = code_of(api.send())
    api.real.now += 3600

    assert answers == [40001, 40001, 40001, 45009]
    assert (right_secret, good_token) == (45009, 45009)
    assert code_of(api.gettoken()) == 0


def test_a_token_counts_in_the_query_only(api: Api) -> None:
    body = api.request(access_token=api.token)

    response = api.client.post(
        "/cgi-bin/message/send", json=body, headers={"Authorization": f"Bearer {api.token}"}
    )

    assert code_of(response) == 41001


def test_an_expired_token_and_an_unknown_one_are_told_apart(api: Api) -> None:
    api.real.now += 7200

    assert code_of(api.send()) == 42001
    assert code_of(api.send_raw(b"{}", token="SIMTOKEN_of_yesterday")) == 40014


@pytest.mark.parametrize(
    ("fault", "errcode"),
    [pytest.param("revoke_token", 40014, id="revoked"), pytest.param("expire_token", 42001, id="expired")],
)
def test_a_token_can_be_voided_early_and_gettoken_then_gives_another(
    api: Api, fault: str, errcode: int
) -> None:
    api.client.post("/sandbox/faults", json={fault: True})
    refused = code_of(api.send())
    api.token, old = api.gettoken().json["access_token"], api.token

    assert refused == errcode
    assert api.token != old
    assert code_of(api.send()) == 0


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        pytest.param({"agentid": None}, 41011, id="no agentid"),
        pytest.param({"agentid": 0}, 40056, id="an impossible agentid"),
        pytest.param({"agentid": 1000003}, 301002, id="another app's agentid"),
        pytest.param({"msgtype": "poem"}, 40008, id="no such msgtype"),
        pytest.param({"msgtype": None}, 40008, id="no msgtype"),
        pytest.param({"touser": None}, 82001, id="no receiver at all"),
        pytest.param({"touser": "|"}, 82001, id="only a separator"),
        pytest.param({"touser": "ghost|nobody"}, 81013, id="nobody is in range"),
        pytest.param({"touser": "|".join(f"u{n}" for n in range(1001))}, 40032, id="1001 users"),
        pytest.param({"toparty": "|".join(map(str, range(101)))}, 82002, id="101 departments"),
        pytest.param({"totag": "|".join(map(str, range(101)))}, 82003, id="101 tags"),
        pytest.param({"text": {"content": ""}}, 44004, id="empty text"),
        pytest.param({"text": None}, 44004, id="no text"),
        pytest.param({"msgtype": "markdown", "markdown": {"content": ""}}, 44004, id="empty markdown"),
        pytest.param({"msgtype": "markdown", "markdown": {"content": "x" * 2049}}, 40058, id="long markdown"),
        pytest.param({"msgtype": "markdown", "markdown": {"content": "多" * 683}}, 40058, id="2049 bytes"),
        pytest.param({"msgtype": "textcard", "textcard": {}}, 41016, id="card without title"),
        pytest.param({"msgtype": "textcard", "textcard": {"title": "t"}}, 41033, id="without description"),
        pytest.param(
            {"msgtype": "textcard", "textcard": {"title": "t", "description": "d", "url": "h5.example.com"}},
            40035,
            id="an address without scheme",
        ),
        pytest.param({"msgtype": "template_card", "template_card": {}}, 42027, id="card without type"),
    ],
)
def test_send_refuses_and_delivers_nothing(api: Api, changes: dict[str, object], errcode: int) -> None:
    response = api.send(**changes)

    assert code_of(response) == errcode
    assert api.world.mailbox.messages == {}


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b'{"agentid": "1000002"}', id="a number as text"),
        pytest.param(b"[" * 100_000, id="nested without end"),
    ],
)
def test_wrong_json_is_half_read_and_said_so(api: Api, raw: bytes) -> None:
    body = json.loads(api.send_raw(raw).data)

    assert body["errcode"] == 41011
    assert body["errmsg"].startswith("Warning: wrong json format. ")


@pytest.mark.parametrize(
    ("raw", "errcode"),
    [
        pytest.param(b'{"text":{"content":"\\u4f60"}}', 40033, id="an escape"),
        pytest.param(b'{"text":{"content":"\\\\u4f60"}}', 41011, id="a backslash and letters"),
    ],
)
def test_unicode_escapes_are_refused(api: Api, raw: bytes, errcode: int) -> None:
    assert code_of(api.send_raw(raw)) == errcode


def test_part_of_the_receivers_may_be_bad(api: Api) -> None:
    api.world.change_person("yg02", visible=None, licensed=False)
    api.world.change_person("yg03", visible=False, licensed=None)

    body = api.send(touser="YG01|Yg02|YG03|Ghost|yg01", toparty="99", totag="4").json

    assert body["errcode"] == 0
    assert body["invaliduser"] == "yg03|ghost"
    assert body["unlicenseduser"] == "yg02"
    assert (body["invalidparty"], body["invalidtag"]) == ("99", "4")
    assert api.texts("yg01") == ["今天加 2 位就够"]
    assert set(api.world.mailbox.messages) == {"yg01"}


def test_when_all_fail_the_answer_names_them(api: Api) -> None:
    api.world.change_person("yg02", visible=None, licensed=False)

    body = json.loads(api.send(touser="ghost|yg02").data)

    assert (body["errcode"], body["invaliduser"], body["unlicenseduser"]) == (81013, "ghost", "yg02")


def test_a_department_reaches_those_below_it_and_all_reaches_everybody(api: Api) -> None:
    api.send(touser=None, toparty="10")
    of_branch = set(api.world.mailbox.messages)
    api.send(touser="@all", text={"content": "2"})

    assert len(of_branch) == 14
    assert all(len(messages) == 2 for messages in api.world.mailbox.messages.values())


def test_a_userid_is_answered_and_kept_in_lower_case(api: Api) -> None:
    assert "Yg07" in {person.userid for person in api.world.branch.people}

    api.send(touser="YG07")

    assert api.texts("yg07") == ["今天加 2 位就够"]


def test_text_is_cut_at_2048_bytes_even_inside_a_character(api: Api) -> None:
    api.send(text={"content": "多" * 683})

    (message,) = api.world.mailbox.messages["yg01"]
    assert message.cut
    assert message.content == "多" * 682 + "\ufffd"


def test_text_and_markdown_of_2048_bytes_pass_whole(api: Api) -> None:
    api.send(text={"content": "x" * 2048})
    api.send(msgtype="markdown", markdown={"content": "x" * 2048})

    assert [message.cut for message in api.world.mailbox.messages["yg01"]] == [False, False]


def test_long_markdown_can_be_refused_with_the_other_code() -> None:
    api = make_api(markdown_over=45002)

    assert code_of(api.send(msgtype="markdown", markdown={"content": "x" * 2049})) == 45002


def test_a_msgtype_that_is_not_played_is_said_to_be_so(api: Api) -> None:
    response = api.send(msgtype="image", image={"media_id": "m"})

    assert response.status_code == 501


def test_the_31st_message_of_a_minute_vanishes_without_a_word(api: Api) -> None:
    answers = [code_of(api.send(touser="yg01|yg02" if n < 1 else "yg01")) for n in range(31)]
    delivered = len(api.texts("yg01"))
    api.real.now += 60
    api.send()

    assert set(answers) == {0}
    assert delivered == 30
    assert len(api.world.mailbox.dropped) == 1
    assert len(api.texts("yg02")) == 1
    assert len(api.texts("yg01")) == 31


def test_the_hour_has_a_limit_of_its_own() -> None:
    api = make_api(member_per_minute=0, member_per_hour=3)
    for _ in range(4):
        api.real.now += 600
        api.send()

    assert len(api.texts("yg01")) == 3


@pytest.mark.parametrize(
    ("window", "delivered"),
    [
        pytest.param("sliding", 2, id="the last 60 seconds"),
        pytest.param("clock", 3, id="a new minute began"),
    ],
)
def test_the_window_slides_or_follows_the_clock(window: str, delivered: int) -> None:
    api = make_api(window=window, member_per_minute=2)
    api.real.now = NOON + 50
    api.send()
    api.send()
    api.real.now = NOON + 61
    api.send()

    assert len(api.texts("yg01")) == delivered


def test_the_cap_of_the_day_counts_receivers_and_ends_at_midnight() -> None:
    api = make_api(account_cap=1, member_per_minute=0)
    answers = [code_of(api.send(touser="@all")) for _ in range(15)]
    small = [code_of(api.send()) for _ in range(5)]
    api.real.now += 12 * 3600
    api.token = api.gettoken().json["access_token"]

    assert answers == [0] * 14 + [45009]  # 14 x 14 = 196 of 200
    assert small == [0] * 4 + [45009]
    assert code_of(api.send(touser="@all")) == 0


CHECKED = {"enable_duplicate_check": 1, "duplicate_check_interval": 14_400}


def test_an_identical_request_is_answered_but_not_delivered(api: Api) -> None:
    first = api.send(**CHECKED).json
    again = api.send(**CHECKED).json

    (duplicate,) = api.world.mailbox.duplicates
    assert again["errcode"] == 0
    assert again["msgid"] != first["msgid"]
    assert duplicate.duplicate_of == first["msgid"]
    assert len(api.texts("yg01")) == 1


@pytest.mark.parametrize(
    ("changes", "seconds", "delivered"),
    [
        pytest.param({**CHECKED}, 14_399, 1, id="within four hours"),
        pytest.param({**CHECKED}, 14_400, 2, id="after them"),
        pytest.param({**CHECKED, "duplicate_check_interval": 99_999}, 14_400, 2, id="four hours at most"),
        pytest.param({"enable_duplicate_check": 1}, 1799, 1, id="half an hour by default"),
        pytest.param({"enable_duplicate_check": 1}, 1800, 2, id="and not longer"),
        pytest.param({}, 0, 2, id="only when asked for"),
        pytest.param({"enable_duplicate_check": 0}, 0, 2, id="switched off"),
    ],
)
def test_how_long_a_duplicate_is_one(
    api: Api, changes: dict[str, object], seconds: int, delivered: int
) -> None:
    api.send(**changes)
    api.real.now += seconds
    api.token = api.gettoken().json["access_token"]
    api.send(**changes)

    assert len(api.texts("yg01")) == delivered


def test_another_receiver_makes_another_request(api: Api) -> None:
    api.send(touser="yg01", **CHECKED)
    api.send(touser="yg02", **CHECKED)

    assert len(api.texts("yg02")) == 1


@pytest.mark.parametrize(
    ("compare", "delivered"), [pytest.param("parsed", 1, id="as JSON"), pytest.param("raw", 2, id="as bytes")]
)
def test_spaces_make_a_difference_only_when_bytes_are_compared(compare: str, delivered: int) -> None:
    api = make_api(duplicate_compare=compare)
    api.send(**CHECKED)
    api.send_raw(json.dumps(api.request(**CHECKED), ensure_ascii=False, indent=1).encode())

    assert len(api.texts("yg01")) == delivered


def test_a_refused_request_is_no_original(api: Api) -> None:
    api.world.change_person("yg01", visible=False, licensed=None)
    refused = code_of(api.send(**CHECKED))
    api.world.change_person("yg01", visible=True, licensed=None)
    api.send(**CHECKED)

    assert refused == 81013
    assert len(api.texts("yg01")) == 1


@pytest.mark.parametrize("path", ["/cgi-bin/nothing", "/cgi-bin/message", "/cgi-bin/"])
def test_an_unknown_path_is_404(api: Api, path: str) -> None:
    assert api.client.get(path).status_code == 404


def test_the_wrong_method_has_its_own_code(api: Api) -> None:
    assert code_of(api.client.post("/cgi-bin/gettoken")) == 43001
    assert code_of(api.client.get("/cgi-bin/message/send")) == 43002


def test_an_untrusted_address_is_refused_everywhere(api: Api) -> None:
    api.client.post("/sandbox/switches", json={"api": {"trusted_ips": ["203.0.113.7"]}})
    refused = code_of(api.gettoken()), code_of(api.send())
    api.client.post("/sandbox/switches", json={"api": {"trusted_ips": ["127.0.0.1"]}})

    assert refused == (60020, 60020)
    assert code_of(api.send()) == 0


def test_the_log_of_calls_tells_what_became_of_each_and_holds_no_secret(api: Api) -> None:
    api.send(touser="yg01|ghost")
    api.send(touser="ghost")

    answer = api.client.get("/sandbox/calls?path=message/send")
    sent, refused = answer.json["calls"]
    assert (sent["errcode"], sent["delivered"], sent["invalid"]) == (0, ["yg01"], ["ghost"])
    assert (refused["errcode"], refused["delivered"]) == (81013, [])
    assert sent["bytes"] == len(sent["request"].encode())
    assert api.token not in answer.text
    assert api.world.app.secret not in answer.text


def test_the_messages_of_a_person_are_listed_oldest_first(api: Api) -> None:
    api.send()
    api.world.clock.advance(60)
    api.send(text={"content": "再加 1 位"})

    answer = api.client.get("/sandbox/messages?userid=YG01").json
    assert [(line["at"], line["content"]) for line in answer["members"]["yg01"]] == [
        (NOON, "今天加 2 位就够"),
        (NOON + 60, "再加 1 位"),
    ]
    assert set(api.client.get("/sandbox/messages").json["members"]) == {
        person.userid.lower() for person in api.world.branch.people
    }
