"""The page and the controls: what a newcomer sees and presses, and what a test sets."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape

import pytest
from builders.sandbox import NOON, Api, Receiver, make_api, receiving
from flask.testing import FlaskClient

from sandbox.clock import ClockError, VirtualClock
from sandbox.history import CHINA
from sandbox.texts import LANGUAGES, texts_in
from sandbox.wxcrypto import Codec


@pytest.fixture
def api() -> Api:
    return make_api()


@pytest.fixture
def receiver(api: Api) -> Iterator[Receiver]:
    with receiving() as receiver:
        api.world.callback_url = receiver.url
        app = api.world.app
        receiver.codec = Codec(token=app.callback_token, aes_key=app.callback_aes_key, receive_id=app.corp_id)
        yield receiver


def page_of(client: FlaskClient) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.text


def test_the_page_shows_every_person_and_each_message_under_its_receiver(api: Api) -> None:
    api.send(touser="yg02")

    page = page_of(api.client)
    assert all(f">{person.name}<" in page for person in api.world.branch.people)
    phone = page.split('id="yg02"')[1].split("</article>")[0]
    assert "今天加 2 位就够" in phone
    assert page.count("今天加 2 位就够") == 1
    assert '<time datetime="2026-11-23T12:00:00+08:00">' in page


def test_every_phone_has_the_apps_menu_whose_buttons_are_pressed(api: Api, receiver: Receiver) -> None:
    buttons = [
        {"type": "click", "name": "进度", "key": "progress"},
        {"type": "view", "name": "关于", "url": "https://a.b"},
    ]
    before = page_of(api.client)
    api.world.menu = {"button": [{"name": "我的", "sub_button": buttons}, buttons[0]]}
    phone = page_of(api.client).split('id="yg02"')[1].split("</article>")[0]
    bar = phone[phone.index('<nav class="menu"') : phone.index("</nav>")]
    api.client.post("/page/act", data={"act": "menu", "userid": "yg02", "key": "progress"})

    assert '<nav class="menu"' not in before
    assert 'aria-label="员工乙的菜单"' in bar
    assert bar.count('<button name="key" value="progress">进度</button>') == 2
    assert "<summary>我的</summary>" in bar
    assert "/phone/open?as=yg02&amp;to=https%3A%2F%2Fa.b" in bar
    told = [(event.findtext("Event"), event.findtext("EventKey")) for event in receiver.opened()]
    assert told == [("click", "progress")]


def test_chosen_phones_stand_alone_and_in_their_order(api: Api) -> None:
    api.send(touser="yg02")
    page = api.client.get("/?only=zg01,yg02,nobody").text

    assert [name for name in ("主管甲", "员工乙", "员工甲") if f">{name}<" in page] == ["主管甲", "员工乙"]
    assert page.index(">主管甲<") < page.index(">员工乙<")
    assert not [part for part in ("<header", "<script", "<input", "page/act", "<form") if part in page]


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


def test_the_page_loads_nothing_from_elsewhere_and_has_no_code_of_its_own(api: Api) -> None:
    answer = api.client.get("/")
    loaded = re.findall(r'(?:src|href)="(/[^"#]*)"', answer.text)

    assert "/page/static/page.css" in loaded
    for address in loaded:
        with api.client.get(address) as file:
            assert file.status_code == 200
    assert re.findall(r'(?:src|href)="(?!/|#)[^"]*"', answer.text) == []
    assert re.findall(r"<style|<script>|style=| on[a-z]+=|javascript:", answer.text) == []
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


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
        pytest.param("markdown", "[看](https://h5.example.com/a)", 'h5.example.com%2Fa" target', id="a link"),
        pytest.param("markdown", "[看](javascript:alert(1))", "[看](javascript:alert(1))", id="a bad link"),
        pytest.param("markdown", "<script>x</script>", "&lt;script&gt;x&lt;/script&gt;", id="markup"),
        pytest.param("text", "一\n二 <b>", "一<br>二 &lt;b&gt;", id="text keeps its lines"),
        pytest.param(
            "text",
            '<a href="https://h5.example.com/b">看板</a>',
            'h5.example.com%2Fb" target="_blank" rel="noopener">看板</a>',
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


def now_on(api: Api) -> str:
    """The page's time, to the minute."""
    return datetime.fromtimestamp(api.world.clock.now(), CHINA).isoformat()[:16]


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        pytest.param("16:36", "2026-11-23T16:36", id="a time of the day"),
        pytest.param("reminder", "2026-11-23T16:37", id="the reminders"),
        pytest.param("hour", "2026-11-23T13:00", id="an hour on"),
        pytest.param("day", "2026-11-24T09:06", id="the next workday"),
        pytest.param("night", "2026-11-24T02:17", id="the comparison in the night"),
        pytest.param("month_end", "2026-11-30T09:06", id="the last workday of the month"),
        pytest.param("2026-12-08T08:41", "2026-12-08T08:41", id="any moment"),
        pytest.param("12:00", "2026-11-23T12:00", id="the minute that is running"),
        pytest.param("morning", "2026-11-23T12:00", id="a time that has passed"),
        pytest.param("08:00", "2026-11-23T12:00", id="earlier that day"),
        pytest.param("2026-11-22T18:00", "2026-11-23T12:00", id="the day before"),
        pytest.param("soon", "2026-11-23T12:00", id="no time"),
        pytest.param("", "2026-11-23T12:00", id="nothing"),
    ],
)
def test_the_page_moves_the_clock_forward_and_never_back(api: Api, to: str, expected: str) -> None:
    assert api.client.post("/page/clock", data={"to": to}).status_code == 303
    assert now_on(api) == expected


def test_a_time_that_has_passed_is_refused_in_words_and_offered_for_the_next_workday(api: Api) -> None:
    page = api.client.post("/page/clock", data={"to": "morning"}, follow_redirects=True).text
    (retry,) = re.findall(r'name="to" value="(2026[^"]+)"><button>', page)
    api.client.post("/page/clock", data={"to": retry})

    assert "现在已经是 11-23 12:00，不能回到 11-23 09:07：时间不会倒流。" in page
    assert now_on(api) == "2026-11-24T09:07"


def test_the_minute_of_a_button_has_not_passed_while_it_runs(api: Api) -> None:
    api.client.post("/page/clock", data={"to": "2026-11-24T09:07:20"})
    page = api.client.post("/page/clock", data={"to": "morning"}, follow_redirects=True).text

    assert "时间不会倒流" not in page
    assert now_on(api) == "2026-11-24T09:07"


def test_on_the_last_workday_the_end_of_the_month_is_that_of_the_next(api: Api) -> None:
    for _ in range(2):
        api.client.post("/page/clock", data={"to": "month_end"})

    assert now_on(api) == "2026-12-31T09:06"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        pytest.param("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN", id="Chinese"),
        pytest.param("zh-HK", "zh-CN", id="Chinese of another place"),
        pytest.param("en-GB,en;q=0.9", "en", id="English"),
        pytest.param("de-DE,de;q=0.9,en;q=0.8", "en", id="a language that there is not, then English"),
        pytest.param("fr", "zh-CN", id="none that there is"),
        pytest.param("", "zh-CN", id="none"),
    ],
)
def test_the_page_speaks_the_browsers_language(api: Api, accepted: str, language: str) -> None:
    page = api.client.get("/", headers={"Accept-Language": accepted}).text

    assert f'<html lang="{language}">' in page
    assert texts_in(language)["page"]["about"] in page


def test_a_chosen_language_stays(api: Api) -> None:
    api.client.post("/page/language", data={"language": "en"})

    assert '<html lang="en">' in api.client.get("/", headers={"Accept-Language": "zh-CN"}).text


def keys_of(table: dict[str, object], above: str = "") -> dict[str, list[str]]:
    """Every text of a language by its key, with its places in braces."""
    found: dict[str, list[str]] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            found |= keys_of(value, f"{above}{name}.")
            continue
        texts = value if isinstance(value, list) else [value]
        for number, text in enumerate(texts):
            one = f"{above}{name}.{number}"
            found |= keys_of(text, f"{one}.") if isinstance(text, dict) else {one: places(text)}
    return found


def places(text: object) -> list[str]:
    return sorted(re.findall(r"{(\w+)}", str(text)))


def test_both_languages_have_the_same_texts_with_the_same_places() -> None:
    chinese, english = (keys_of(texts_in(language)) for language in LANGUAGES)

    assert chinese == english


def test_own_words_stand_right_and_answers_left(api: Api, receiver: Receiver) -> None:
    api.client.post("/page/act", data={"userid": "yg01", "act": "text", "word": "进度 <b>"})
    api.send()
    phone = page_of(api.client).split('id="chat-yg01"')[1].split("</article>")[0]

    assert re.findall(r'class="bubble (\w+( own)?)"[^>]*>([^<]+)', phone) == [
        ("said own", " own", "进度 &lt;b&gt;"),
        ("text", "", "今天加 2 位就够"),
    ]
    assert api.client.get("/sandbox/messages?userid=yg01").json["said"]["yg01"][0]["content"] == "进度 <b>"


def test_a_file_is_shown_by_name_and_can_be_fetched(api: Api) -> None:
    answer = api.client.post(
        f"/cgi-bin/media/upload?access_token={api.token}&type=file",
        data={"media": (io.BytesIO(b"a,b\n1,2\n" * 40), "team.csv")},
    )
    api.send(msgtype="file", text=None, file={"media_id": answer.json["media_id"]})
    phone = page_of(api.client).split('id="chat-yg01"')[1].split("</article>")[0]
    (address,) = re.findall(r'class="document" href="([^"]+)" download="team.csv"', phone)

    assert api.client.get(address).data.startswith(b"a,b")


def customer_act(api: Api, act: str, **form: str) -> str:
    """Press a button of the customer's phone; the state of each relation on it, by userid."""
    external = api.world.customers.current
    api.client.post("/page/act", data={"act": act, "external_userid": external, **form})
    return " ".join(f"{userid}:{state}" for userid, state in api.world.customers.relations(external).items())


def test_a_customers_phone_plays_a_whole_life(api: Api, receiver: Receiver) -> None:
    page_of(api.client)
    lives = [
        customer_act(api, "half_add", userid="yg01"),
        customer_act(api, "add", userid="yg01"),
        customer_act(api, "del_by_customer", userid="yg01", to="yg03"),  # the list is beside each button
        customer_act(api, "add", userid="yg01"),
        customer_act(api, "transfer", userid="yg01", to="yg02"),
        customer_act(api, "del_by_member", userid="yg02"),
    ]

    assert lives == [
        "yg01:half_add",
        "yg01:add",
        "yg01:del_by_customer",
        "yg01:add",
        "yg01:transfer yg02:add",
        "yg01:transfer yg02:del_by_member",
    ]
    assert len(receiver.posts) == 7  # a transfer is two events
    page = page_of(api.client)
    assert "员工甲 把您转给了 员工乙" in page
    assert "员工乙 删除了您" in page


def test_another_customer_comes_and_the_first_one_can_be_taken_up_again(api: Api, receiver: Receiver) -> None:
    page_of(api.client)
    first = api.world.customers.current
    customer_act(api, "add", userid="yg01")
    api.client.post("/page/customer", data={"external_userid": ""})
    second = api.world.customers.current
    api.client.post("/page/customer", data={"external_userid": first})

    assert second != first
    assert api.world.customers.current == first
    assert "您添加了 员工甲" in page_of(api.client)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(
            {
                "msgtype": "template_card",
                "template_card": {
                    "card_type": "text_notice",
                    "main_title": {"title": "今天加 2 位就够"},
                    "card_action": {"type": 1, "url": "https://quota.example.com/me#today"},
                },
            },
            id="a card",
        ),
        pytest.param(
            {"text": {"content": '<a href="https://quota.example.com/me#today">看</a>'}}, id="a text"
        ),
        pytest.param(
            {"msgtype": "markdown", "markdown": {"content": "[看](https://quota.example.com/me#today)"}},
            id="markdown",
        ),
    ],
)
def test_a_link_on_a_phone_opens_as_its_owner(api: Api, message: dict[str, object]) -> None:
    api.send(**message)
    phone = page_of(api.client).split('id="chat-yg01"')[1].split("</article>")[0]
    (link,) = re.findall(r'<a [^>]*href="(/phone/open[^"]*)"', phone)
    opened = api.client.get(unescape(link))

    assert opened.location == "https://quota.example.com/me#today"
    assert "sandbox_member=yg01" in opened.headers["Set-Cookie"]
