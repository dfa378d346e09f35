"""Template cards in the sandbox: what is refused, how a click comes back, and which code updates what."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from builders.sandbox import Api, make_api
from werkzeug.test import TestResponse

from sandbox.events import Event, SpecError, compose
from sandbox.staffing import carry_out

ACTION = {"type": 1, "url": "https://h5.example.com/t"}
NOTICE: dict[str, Any] = {"card_type": "text_notice", "main_title": {"title": "今天"}, "card_action": ACTION}
BUTTONS: dict[str, Any] = {
    "card_type": "button_interaction",
    "main_title": {"title": "今天加 2 位就够"},
    "task_id": "t-1",
    "button_list": [{"text": "明细", "key": "list"}, {"text": "今天别提醒", "key": "mute"}],
}
SIX_ROWS = [{"keyname": "本月", "value": "42/50"}] * 6
HOURS_72 = 72 * 3600


@pytest.fixture
def api() -> Api:
    return opened()


def opened(**switches: object) -> Api:
    """An API of an app that has a callback address, as interactive cards need."""
    made = make_api(**switches)
    made.world.callback_url = "http://127.0.0.1:1/callback"
    return made


def send(api: Api, card: dict[str, Any], **more: object) -> TestResponse:
    return api.send(msgtype="template_card", template_card=card, **more)


def update(api: Api, code: str, **body: object) -> dict[str, Any]:
    request = {"userids": ["yg01"], "agentid": api.world.app.agent_id, "response_code": code, **body}
    response = api.client.post(
        "/cgi-bin/message/update_template_card",
        query_string={"access_token": api.token},
        data=json.dumps(request, ensure_ascii=False).encode(),
    )
    answer: dict[str, Any] = json.loads(response.data)
    return answer


def click(api: Api, key: str, userid: str = "yg01", **more: object) -> Event:
    (event,) = compose(api.world, {"kind": "click", "userid": userid, "key": key, **more})
    return event


def code_in(event: Event) -> str:
    return ElementTree.fromstring(event.xml).findtext("ResponseCode", "")


def shown(api: Api, userid: str = "yg01") -> list[tuple[str, bool]]:
    message = api.world.mailbox.messages[userid][-1]
    return [(button.text, button.enabled) for button in message.buttons]


@pytest.mark.parametrize(
    ("card", "errcode"),
    [
        pytest.param(NOTICE, 0, id="a notice"),
        pytest.param({**NOTICE, "main_title": {}, "sub_title_text": "今天"}, 0, id="a notice by its text"),
        pytest.param({**NOTICE, "main_title": {}}, 42027, id="a notice that says nothing"),
        pytest.param({**NOTICE, "card_action": None}, 42027, id="a notice that leads nowhere"),
        pytest.param({**NOTICE, "card_action": {"type": 0}}, 42027, id="a notice with an action of no kind"),
        pytest.param({**NOTICE, "card_action": {"type": 1, "url": "h5"}}, 42027, id="url without scheme"),
        pytest.param({**NOTICE, "card_action": {"type": 2}}, 42027, id="mini-program without appid"),
        pytest.param(
            {**NOTICE, "action_menu": {"action_list": [{"text": "x", "key": "k"}]}},
            42027,
            id="a menu without task_id",
        ),
        pytest.param(
            {**NOTICE, "task_id": "t-2", "action_menu": {"action_list": [{"text": "x", "key": "k"}] * 2}},
            42027,
            id="a menu with one key twice",
        ),
        pytest.param({**NOTICE, "horizontal_content_list": SIX_ROWS}, 0, id="6 rows"),
        pytest.param({**NOTICE, "horizontal_content_list": [*SIX_ROWS, SIX_ROWS[0]]}, 42027, id="7 rows"),
        pytest.param({**NOTICE, "horizontal_content_list": [{"value": "1"}]}, 42027, id="row without key"),
        pytest.param(
            {**NOTICE, "horizontal_content_list": [{"keyname": "k", "type": 1}]}, 42027, id="link to nowhere"
        ),
        pytest.param({**NOTICE, "jump_list": [{"title": "x"}] * 4}, 42027, id="4 jumps"),
        pytest.param({**NOTICE, "jump_list": [{"type": 1}]}, 42027, id="a jump without title"),
        pytest.param({**NOTICE, "card_type": "news_notice"}, 42027, id="no picture"),
        pytest.param({**NOTICE, "card_type": "poem"}, 42027, id="no such type"),
        pytest.param(BUTTONS, 0, id="buttons"),
        pytest.param({**BUTTONS, "task_id": ""}, 42027, id="buttons without task_id"),
        pytest.param({**BUTTONS, "task_id": "t" * 128}, 0, id="task_id of 128"),
        pytest.param({**BUTTONS, "task_id": "t" * 129}, 42014, id="task_id of 129"),
        pytest.param({**BUTTONS, "task_id": "progress:2026"}, 42014, id="task_id with a colon"),
        pytest.param({**BUTTONS, "task_id": "员工甲"}, 42014, id="task_id in Chinese"),
        pytest.param({**BUTTONS, "main_title": {"desc": "x"}}, 42027, id="buttons without title"),
        pytest.param({**BUTTONS, "button_list": []}, 42027, id="no buttons"),
        pytest.param({**BUTTONS, "button_list": None}, 42027, id="buttons that are no list"),
        pytest.param(
            {**BUTTONS, "button_list": [{"text": "x", "key": str(n)} for n in range(7)]},
            42027,
            id="7 buttons",
        ),
        pytest.param({**BUTTONS, "button_list": [{"text": "x"}]}, 42027, id="a button without key"),
        pytest.param({**BUTTONS, "button_list": [{"key": "k"}]}, 42027, id="a button without words"),
        pytest.param(
            {**BUTTONS, "button_list": [{"text": "x", "key": "k"}] * 2}, 42027, id="two buttons with one key"
        ),
        pytest.param(
            {**BUTTONS, "button_list": [{"text": "x", "key": "k" * 1025}]}, 42027, id="a key of 1025 bytes"
        ),
        pytest.param(
            {**BUTTONS, "button_list": [{"text": "x", "key": "k", "style": 5}]}, 42027, id="no such style"
        ),
        pytest.param({**BUTTONS, "button_list": [{"text": "x", "type": 1}]}, 42027, id="link without url"),
        pytest.param({**BUTTONS, "jump_list": [{"title": "x"}]}, 42027, id="buttons and jumps"),
        pytest.param({**BUTTONS, "card_type": "vote_interaction"}, 42027, id="a vote without choices"),
        pytest.param({**BUTTONS, "card_type": "multiple_interaction"}, 42027, id="no lists"),
        pytest.param({**BUTTONS, "main_title": {"title": "多" * 36}}, 0, id="title of 36"),
        pytest.param({**BUTTONS, "main_title": {"title": "多" * 37}}, 40058, id="title of 37"),
        pytest.param({**BUTTONS, "sub_title_text": "多" * 161}, 40058, id="text of 161"),
        pytest.param(
            {**BUTTONS, "horizontal_content_list": [{"keyname": "六个字的名字"}]}, 40058, id="row name of 6"
        ),
        pytest.param(
            {**BUTTONS, "horizontal_content_list": [{"keyname": "k", "value": "v" * 31}]},
            40058,
            id="row of 31",
        ),
        pytest.param({**BUTTONS, "button_list": [{"text": "x" * 11, "key": "k"}]}, 40058, id="button of 11"),
    ],
)
def test_a_card_is_taken_or_refused_for_what_the_documents_say(
    api: Api, card: dict[str, Any], errcode: int
) -> None:
    answer = json.loads(send(api, card).data)

    assert answer["errcode"] == errcode
    assert bool(api.world.mailbox.messages) == (errcode == 0)
    assert ("response_code" in answer) == (errcode == 0 and card["card_type"] != "text_notice")


@pytest.mark.parametrize(
    ("switches", "card", "errcode"),
    [
        pytest.param({"card_fault": 42051}, {**BUTTONS, "button_list": []}, 42051, id="another code"),
        pytest.param(
            {"card_text_over": "shown"}, {**BUTTONS, "sub_title_text": "多" * 161}, 0, id="lengths as advice"
        ),
    ],
)
def test_what_the_documents_leave_open_is_a_switch(
    switches: dict[str, object], card: dict[str, Any], errcode: int
) -> None:
    assert json.loads(send(opened(**switches), card).data)["errcode"] == errcode


@pytest.mark.parametrize(
    ("card", "answer", "errcode"),
    [
        pytest.param(BUTTONS, 43012, 43012, id="interactive"),
        pytest.param(BUTTONS, 0, 0, id="interactive, taken by switch"),
        pytest.param(NOTICE, 43012, 0, id="a notice needs no callback"),
    ],
)
def test_an_interactive_card_needs_a_callback_address(
    card: dict[str, Any], answer: int, errcode: int
) -> None:
    api = make_api(card_without_callback=answer)

    assert json.loads(send(api, card).data)["errcode"] == errcode


@pytest.mark.parametrize(
    ("repeated", "errcode"), [("42014", 42014), ("duplicate", 0)], ids=["one reading", "the other"]
)
def test_a_task_id_is_taken_once(repeated: str, errcode: int) -> None:
    api = opened(repeated_task_id=repeated)
    check = {"enable_duplicate_check": 1}
    send(api, BUTTONS, **check)

    same = json.loads(send(api, BUTTONS, **check).data)
    another = json.loads(send(api, {**BUTTONS, "sub_title_text": "x"}, **check).data)

    assert (same["errcode"], another["errcode"]) == (errcode, 42014)
    assert len(api.world.mailbox.messages["yg01"]) == 1


def test_a_click_comes_back_as_an_event_with_a_code_of_its_own(api: Api) -> None:
    sent = send(api, BUTTONS, touser="Yg07").json["response_code"]

    events = [click(api, "list", "yg07"), click(api, "明细", "yg07")]

    fields = {element.tag: element.text for element in ElementTree.fromstring(events[0].xml)}
    assert fields | {"ResponseCode": None} == {
        "ToUserName": api.world.app.corp_id,
        "FromUserName": "Yg07",
        "CreateTime": str(int(api.world.clock.now())),
        "MsgType": "event",
        "Event": "template_card_event",
        "EventKey": "list",
        "TaskId": "t-1",
        "CardType": "button_interaction",
        "ResponseCode": None,
        "AgentID": str(api.world.app.agent_id),
    }
    assert len({sent, *map(code_in, events)}) == 3


def test_a_button_that_opens_a_page_tells_nobody(api: Api) -> None:
    send(api, {**BUTTONS, "button_list": [{"type": 1, "text": "打开", "url": "https://h5.example.com"}]})

    assert compose(api.world, {"kind": "click", "userid": "yg01", "key": "打开"}) == []


def test_nobody_clicks_what_he_does_not_have(api: Api) -> None:
    send(api, BUTTONS)

    with pytest.raises(SpecError):
        click(api, "list", "yg02")
    with pytest.raises(SpecError):
        click(api, "list", task_id="t-2")


def test_another_name_greys_all_buttons_and_full_cards_keep_theirs(api: Api) -> None:
    send(api, BUTTONS)
    card = {name: value for name, value in BUTTONS.items() if name != "task_id"}
    kept = update(api, code_in(click(api, "list")), template_card={**card, "sub_title_text": "已发"})
    alive = shown(api)
    greyed = update(api, code_in(click(api, "mute")), button={"replace_name": "今天不再提醒"})

    assert (kept["errcode"], greyed["errcode"]) == (0, 0)
    assert alive == [("明细", True), ("今天别提醒", True)]
    assert shown(api) == [("明细", False), ("今天不再提醒", False)]
    assert "已发" in api.texts("yg01")[0]
    with pytest.raises(SpecError):
        click(api, "list")


def test_replace_text_stands_for_all_buttons(api: Api) -> None:
    send(api, BUTTONS)
    card = {"card_type": "button_interaction", "main_title": {"title": "好"}, "replace_text": "已处理"}
    answer = update(api, code_in(click(api, "mute")), template_card=card)

    assert (answer["errcode"], shown(api)) == (0, [("已处理", False)])


def test_a_code_works_once_and_72_hours(api: Api) -> None:
    send(api, BUTTONS)
    first, second, third = (code_in(click(api, "list")) for _ in range(3))
    grey = {"button": {"replace_name": "好"}}
    api.world.clock.advance(HOURS_72 - 1)
    in_time, again = update(api, first, **grey), update(api, first, **grey)
    api.world.clock.advance(1)
    late = update(api, second, **grey)

    assert [answer["errcode"] for answer in (in_time, again, late)] == [0, 60140, 60140]
    assert update(api, "RCsim_made_up", **grey)["errcode"] == 60140
    assert third not in (first, second)


def test_a_refused_update_uses_the_code_up(api: Api) -> None:
    send(api, BUTTONS)
    code = code_in(click(api, "list"))

    assert update(api, code, template_card={"card_type": "poem"})["errcode"] == 42027
    assert update(api, code, button={"replace_name": "好"})["errcode"] == 60140


@pytest.mark.parametrize(
    ("body", "errcode", "invalid"),
    [
        pytest.param({"userids": ["YG01", "Ghost"]}, 0, ["ghost"], id="partly"),
        pytest.param({"userids": ["yg02"]}, 82102, None, id="only others"),
        pytest.param({"userids": []}, 82101, None, id="nobody named"),
        pytest.param({"userids": "yg01"}, 40058, None, id="no list"),
        pytest.param({"userids": [], "atall": 1}, 0, [], id="all who got it"),
        pytest.param({"userids": [], "partyids": [10]}, 0, None, id="a department"),
        pytest.param({"agentid": 1000003}, 301002, None, id="another app"),
        pytest.param({"button": {}}, 40058, None, id="nothing to change"),
    ],
)
def test_an_update_names_its_targets_as_lists(
    api: Api, body: dict[str, object], errcode: int, invalid: list[str] | None
) -> None:
    send(api, BUTTONS)
    answer = update(api, code_in(click(api, "list")), **{"button": {"replace_name": "好"}, **body})

    assert answer["errcode"] == errcode
    assert invalid is None or answer["invaliduser"] == invalid


def test_only_those_named_see_the_new_card(api: Api) -> None:
    send(api, BUTTONS, touser="yg01|yg02")
    update(api, code_in(click(api, "mute")), button={"replace_name": "好"})

    assert shown(api) == [("明细", False), ("好", False)]
    assert shown(api, "yg02") == [("明细", True), ("今天别提醒", True)]


def test_messages_and_page_show_the_card_as_it_is_now(api: Api) -> None:
    send(api, {**BUTTONS, "horizontal_content_list": [{"keyname": "本月", "value": "<42>/50"}]})
    before = api.client.get("/").text
    update(api, code_in(click(api, "mute")), button={"replace_name": "今天不再提醒"})
    after = api.client.get("/").text
    told = api.client.get("/sandbox/messages?userid=yg01").json["members"]["yg01"][0]

    assert "<dt>本月</dt><dd>&lt;42&gt;/50</dd>" in before
    assert '<button class="key" name="key" value="list">明细</button>' in before
    assert '<span class="key done">今天不再提醒</span>' in after
    assert told["content"] == "今天加 2 位就够\n本月：<42>/50\n（明细）（今天不再提醒）"
    assert [button["enabled"] for button in told["buttons"]] == [False, False]
    assert (told["updates"], told["raw"]["task_id"]) == (1, "t-1")


def test_a_click_on_the_page_fires_the_event(api: Api) -> None:
    send(api, BUTTONS)
    api.world.callbacks = replace(api.world.callbacks, tries=1)
    form = {"userid": "yg01", "act": "click", "key": "list", "task_id": "t-1"}
    pressed = api.client.post("/page/act", data=form, follow_redirects=True)
    stale = api.client.post("/page/act", data={**form, "key": "gone"}, follow_redirects=True)

    assert "对方没有确认收到" in pressed.text  # nobody listens there
    assert "这个按钮已经失效" in stale.text


def test_a_card_stays_with_its_person_when_the_userid_changes(api: Api) -> None:
    send(api, BUTTONS)
    api.world.mailbox.say("yg01", "进度", at=1.0, real_at=1.0)

    carry_out(api.world, {"act": "rename", "userid": "yg01", "to": "Zhang.San"})
    code = code_in(click(api, "mute", userid="zhang.san"))
    changed = update(api, code, userids=["zhang.san"], button={"replace_name": "好"})

    assert changed["errcode"] == 0
    assert shown(api, "zhang.san") == [("明细", False), ("好", False)]
    assert [one.userid for one in api.world.mailbox.said["zhang.san"]] == ["zhang.san"]
    assert "yg01" not in api.world.mailbox.messages
