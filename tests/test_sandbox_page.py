"""The page and the controls: what a newcomer sees and presses, and what a test sets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from builders.sandbox import NOON, Api, Receiver, make_api, receiving
from flask.testing import FlaskClient

from sandbox.clock import ClockError, VirtualClock


@pytest.fixture
def api() -> Api:
    return make_api()


@pytest.fixture
def receiver(api: Api) -> Iterator[Receiver]:
    with receiving() as receiver:
        api.world.callback_url = receiver.url
        yield receiver


def page_of(client: FlaskClient) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.text


def test_the_page_shows_every_person_and_each_message_under_its_receiver(api: Api) -> None:
    api.send(touser="yg02")

    page = page_of(api.client)
    assert all(f">{person.name}<" in page for person in api.world.branch.people)
    phone = page.split('aria-label="员工乙"')[1].split("</section>")[0]
    assert "今天加 2 位就够" in phone
    assert page.count("今天加 2 位就够") == 1
    assert "2026-11-23 12:00" in page


def test_chosen_phones_stand_alone_and_in_their_order(api: Api) -> None:
    api.send(touser="yg02")
    page = api.client.get("/?only=zg01,yg02,nobody").text

    assert [name for name in ("主管甲", "员工乙", "员工甲") if f">{name}<" in page] == ["主管甲", "员工乙"]
    assert page.index(">主管甲<") < page.index(">员工乙<")
    assert not [part for part in ("<header", "<script", "<input", "page/act") if part in page]


@pytest.mark.parametrize(
    ("content", "language"),
    [
        pytest.param("今天加 2 位就够", "zh-CN", id="Chinese"),
        pytest.param("2 条消息没有送到：no base licence", "zh-CN", id="Chinese with English in it"),
        pytest.param("Help 2 people first today: 员工甲, 员工乙", "en", id="English with names in it"),
    ],
)
def test_a_phone_sets_a_message_in_its_language(api: Api, content: str, language: str) -> None:
    api.send(text={"content": content})

    assert f'class="bubble text" lang="{language}">{content}' in page_of(api.client)


def test_the_page_loads_nothing_from_elsewhere(api: Api) -> None:
    page = page_of(api.client)

    assert "src=" not in page
    assert "<link" not in page


@pytest.mark.parametrize(
    ("msgtype", "content", "expected"),
    [
        pytest.param("markdown", "# 标题", '<div class="heading">标题</div>', id="a heading"),
        pytest.param("markdown", "> 引用", '<div class="quote">引用</div>', id="a quote"),
        pytest.param("markdown", "**粗**体", "<b>粗</b>体", id="bold"),
        pytest.param("markdown", "`码`", "<code>码</code>", id="code"),
        pytest.param(
            "markdown", '<font color="warning">少</font>', '<span class="warning">少</span>', id="colour"
        ),
        pytest.param(
            "markdown", "[看](https://h5.example.com/a)", 'href="https://h5.example.com/a"', id="a link"
        ),
        pytest.param("markdown", "[看](javascript:alert(1))", "[看](javascript:alert(1))", id="a bad link"),
        pytest.param("markdown", "<script>x</script>", "&lt;script&gt;x&lt;/script&gt;", id="markup"),
        pytest.param("text", "一\n二 <b>", "一<br>二 &lt;b&gt;", id="text keeps its lines"),
        pytest.param(
            "text",
            '<a href="https://h5.example.com/b">看板</a>',
            '<a href="https://h5.example.com/b" rel="noreferrer">看板</a>',
            id="a link in text",
        ),
    ],
)
def test_a_phone_shows_the_markdown_of_wecom_and_no_other_markup(
    api: Api, msgtype: str, content: str, expected: str
) -> None:
    api.send(**{"msgtype": msgtype, msgtype: {"content": content}})

    assert expected in page_of(api.client)


def test_the_buttons_fire_real_events(api: Api, receiver: Receiver) -> None:
    for act in ("add", "del_by_customer"):
        answer = api.client.post("/page/act", data={"userid": "yg01", "act": act})
        assert answer.status_code == 303
    api.client.post("/page/act", data={"userid": "yg01", "act": "text", "word": "进度"})

    assert len(receiver.posts) == 3
    assert api.world.customers_of("yg01") == []


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"userid": "yg01", "act": "raw"}, id="no such button"),
        pytest.param({"userid": "yg01", "act": "text", "word": " "}, id="nothing said"),
        pytest.param({"userid": "yg01", "act": "del_by_member"}, id="nobody to lose"),
        pytest.param({}, id="an empty form"),
    ],
)
def test_a_button_that_can_do_nothing_does_nothing(
    api: Api, receiver: Receiver, form: dict[str, str]
) -> None:
    assert api.client.post("/page/act", data=form).status_code == 303
    assert receiver.posts == []


def test_a_receiver_that_does_not_confirm_is_told_to_the_player(api: Api, receiver: Receiver) -> None:
    api.client.post("/sandbox/switches", json={"callbacks": {"retry_pause": 0.0}})
    receiver.plan = [500, 500, 500]

    answer = api.client.post("/page/act", data={"userid": "yg01", "act": "add"}, follow_redirects=True)

    assert "对方没有确认收到" in answer.text


def test_the_clock_is_read_set_and_sped_up(api: Api) -> None:
    jumped = api.client.post("/sandbox/clock", json={"now": "2026-11-24T09:07"}).json
    api.client.post("/sandbox/clock", json={"advance": 60, "speed": 10})

    assert jumped["iso"] == "2026-11-24T09:07:00+08:00"
    assert jumped["now"] == NOON + 21 * 3600 + 7 * 60
    assert api.client.get("/sandbox/clock").json["now"] >= jumped["now"] + 60
    assert api.client.get("/sandbox/clock").json["speed"] == 10


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"now": NOON - 1}, id="back"),
        pytest.param({"advance": -1}, id="a step back"),
        pytest.param({"speed": -1}, id="backwards"),
        pytest.param({"now": "soon"}, id="no time"),
        pytest.param({"tomorrow": 1}, id="no such key"),
        pytest.param({}, id="nothing"),
    ],
)
def test_the_clock_refuses_what_a_clock_cannot_do(api: Api, wanted: dict[str, object]) -> None:
    assert api.client.post("/sandbox/clock", json=wanted).status_code == 400
    assert api.client.get("/sandbox/clock").json["now"] == NOON


def test_a_clock_runs_at_its_speed_and_stands_at_none() -> None:
    now = [100.0]
    clock = VirtualClock(1000.0, speed=60, real=lambda: now[0])
    now[0] += 2
    running = clock.now()
    clock.run_at(0)
    now[0] += 50

    assert running == 1120
    assert clock.now() == 1120
    with pytest.raises(ClockError):
        VirtualClock(speed=-1)


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"api": {"windw": "clock"}}, id="no such switch"),
        pytest.param({"api": {"window": "round"}}, id="no such window"),
        pytest.param({"api": {"trusted_ips": "127.0.0.1"}}, id="an address that is no list"),
        pytest.param({"callbacks": {"drop_rate": 2}}, id="more than all"),
        pytest.param({"callbacks": {"tries": 0}}, id="never"),
        pytest.param({"other": {}}, id="no such part"),
        pytest.param({"callback_url": 5}, id="no address"),
    ],
)
def test_a_wrong_switch_is_refused_and_changes_nothing(api: Api, wanted: dict[str, object]) -> None:
    before = api.client.get("/sandbox/switches").json

    assert api.client.post("/sandbox/switches", json=wanted).status_code == 400
    assert api.client.get("/sandbox/switches").json == before


def test_the_app_and_its_people_can_be_asked_for(api: Api) -> None:
    api.client.post("/sandbox/people", json={"userid": "YG01", "visible": False})

    people = {line["userid"]: line for line in api.client.get("/sandbox/people").json["people"]}
    assert api.client.get("/sandbox/app").json["secret"] == api.world.app.secret
    assert (people["yg01"]["visible"], people["yg01"]["licensed"]) == (False, True)
    assert api.client.post("/sandbox/people", json={"userid": "ghost"}).status_code == 400


def test_the_page_moves_the_clock_forward_within_the_day_and_never_back(api: Api) -> None:
    api.client.post("/page/clock", data={"to": "16:36"})
    after = page_of(api.client)
    back = api.client.post("/page/clock", data={"to": "08:00"}, follow_redirects=True).text

    assert "2026-11-23 16:36" in after
    assert "the clock only goes forward" in back
    assert "2026-11-23 16:36" in back
