"""What a player does on the page: fault switches with their effect, the tour, and the way of each event."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from builders.e2e import until
from builders.sandbox import NOON, Api, Receiver, make_api, receiving

from sandbox import switchboard, tour, trail
from sandbox.callbacks import CallbackSender, SentEvent
from sandbox.control import fire
from sandbox.texts import texts_in


@pytest.fixture
def api() -> Api:
    return make_api()


@pytest.fixture
def receiver(api: Api) -> Iterator[Receiver]:
    with receiving() as receiver:
        api.world.callback_url = receiver.url
        yield receiver


@pytest.fixture
def sender(api: Api) -> CallbackSender:
    return CallbackSender(api.world)


def turn(api: Api, key: str, *, on: bool = True) -> None:
    assert api.client.post("/page/switch", data={"key": key, "on": "1" if on else "0"}).status_code == 303


def effect(api: Api, key: str) -> str:
    """What stands beside the switch; empty while nothing does."""
    page = api.client.get("/").text
    _, found, after = page.partition(f'data-effect="{key}">')
    return after.partition("</p>")[0] if found else ""


def scan(api: Api, userid: str = "yg01") -> None:
    api.client.post("/page/act", data={"act": "add", "userid": userid})


def test_a_switch_shows_nothing_before_it_is_on_and_its_effect_after_it_is_off(
    api: Api, receiver: Receiver
) -> None:
    scan(api)
    before = effect(api, "drop")
    turn(api, "drop")
    scan(api)
    turn(api, "drop", on=False)
    scan(api)

    assert before == ""
    assert effect(api, "drop").startswith("丢了 1 个事件")
    assert len(receiver.posts) == 2


def test_each_event_comes_three_times(api: Api, receiver: Receiver) -> None:
    turn(api, "double")
    scan(api)
    scan(api)

    assert len(receiver.posts) == 6
    assert effect(api, "double") == "2 个事件送达 6 次，每个只算一次。"


def test_an_event_is_overtaken(api: Api, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchboard, "LATE_S", 0.3)
    turn(api, "reorder")
    scan(api, "yg01")
    scan(api, "yg02")
    until(lambda: len(receiver.posts) == 2)

    until(lambda: effect(api, "reorder").startswith("1 个事件"))


def test_answers_are_slow(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.world.stopping, "wait", lambda _seconds: False)
    turn(api, "slow")
    api.send()
    turn(api, "slow", on=False)
    api.send()

    assert effect(api, "slow").startswith("1 次调用变慢")


def test_the_token_is_revoked_at_once(api: Api) -> None:
    turn(api, "token")
    refused = api.send().json["errcode"]
    api.token = api.gettoken().json["access_token"]

    assert refused == 40014
    assert api.send().json["errcode"] == 0
    assert effect(api, "token") == "作废 1 次，被拒绝 1 次，机器人换了 1 次新令牌。"


@pytest.mark.parametrize(
    ("key", "errcode"),
    [
        pytest.param("often", 45009, id="too many calls"),
        pytest.param("busy", -1, id="system busy"),
        pytest.param("address", 60020, id="an untrusted address"),
    ],
)
def test_messages_are_refused_until_the_switch_is_off(api: Api, key: str, errcode: int) -> None:
    turn(api, key)
    refused = [api.send().json["errcode"] for _ in range(2)]
    turn(api, key, on=False)

    assert refused == [errcode] * 2
    assert api.send().json["errcode"] == 0
    assert effect(api, key).startswith("拒绝 2 次")


def test_lists_of_customers_fail_and_nothing_else(api: Api) -> None:
    api.happen("add")
    api.real.now += 60
    turn(api, "lists")
    codes = [
        api.read(path, **query).json["errcode"]
        for path, query in (
            ("externalcontact/get_follow_user_list", {}),
            ("externalcontact/list", {"userid": "yg01"}),
            ("user/get", {"userid": "yg01"}),
        )
    ]
    turn(api, "lists", on=False)

    assert codes == [-1, -1, 0]
    assert api.read("externalcontact/list", userid="yg01").json["errcode"] == 0
    assert effect(api, "lists").startswith("失败 2 次")


def test_all_switches_go_off_together_and_an_unknown_one_does_nothing(api: Api) -> None:
    for key in ("double", "often", "reorder", "nobody"):
        turn(api, key)
    on = set(api.world.board.on)
    api.client.post("/page/switch", data={})

    assert on == {"double", "often", "reorder"}
    assert api.world.board.on == set()
    assert (api.world.callbacks.copies, api.send().json["errcode"]) == (1, 0)


def test_every_switch_has_its_texts_and_its_state_for_a_screen_reader(api: Api) -> None:
    turn(api, "drop")
    page = api.client.get("/").text

    assert page.count('role="switch"') == len(switchboard.SWITCHES) - 1  # a revoked token stays revoked
    assert page.count('aria-checked="true"') == 1


# --- the way of an event ---


REPORT = {
    "language": "zh-CN",
    "queue": {"inbox": 0, "outbox": 2, "dead": 0},
    "figures": {"yg01": {"counted": 3, "pending": 1, "target": 50}},
}


def told(event: SentEvent, **verdict: object) -> dict[str, object]:
    contact = {
        "userid": event.userid.lower(),
        "external_userid": event.external_userid,
        "facts": [{"kind": "added", "at_s": event.at, "source": "callback"}],
        "verdict": {"outcome": "pending", "reason": "到 11-30 满 7 天", **verdict},
    }
    return {**REPORT, "contacts": [contact]}


def test_an_event_is_followed_to_its_message(api: Api, receiver: Receiver, sender: CallbackSender) -> None:
    fire(api.world, sender, [{"kind": "add", "userid": "Yg07"}])[1].done.wait(60)
    (before,) = trail.steps(api.world, sender)
    api.world.beside = told(before.event)
    api.real.now += 1
    api.send(touser="yg07", text={"content": "**今天加 2 位就够**\n本月 3/50"})
    (after,) = trail.steps(api.world, sender)

    assert (before.facts, before.verdict, before.message) == (None, None, None)
    assert (after.name, after.event.way) == ("员工庚", "delivered")
    assert after.facts == ("added · 12:00:00 · callback",)
    assert after.verdict == {"outcome": "pending", "reason": "到 11-30 满 7 天"}
    assert after.message == ("11-23 12:00:00", "今天加 2 位就够 本月 3/50")


@pytest.mark.parametrize(
    ("plan", "switches", "way"),
    [
        pytest.param([], {}, "delivered", id="delivered"),
        pytest.param([], {"copies": 3}, "many", id="delivered more than once"),
        pytest.param([500], {}, "late", id="not at the first try"),
        pytest.param([500, 500, 500], {}, "failed", id="never confirmed"),
        pytest.param([], {"drop_rate": 1.0}, "lost", id="lost"),
        pytest.param(["hang"], {"timeout": 60.0}, "sending", id="under way"),
    ],
)
def test_it_is_said_how_an_event_went(
    api: Api,
    receiver: Receiver,
    sender: CallbackSender,
    plan: list[int | str],
    switches: dict[str, object],
    way: str,
) -> None:
    receiver.plan = plan
    _, batch = fire(api.world, sender, [{"kind": "add", "userid": "yg01"}], retry_pause=0.0, **switches)
    batch.done.wait(0.2 if way == "sending" else 10)

    assert [step.event.way for step in trail.steps(api.world, sender)] == [way]


def test_the_page_asks_for_the_contacts_that_it_shows_and_shows_what_it_is_given(
    api: Api, receiver: Receiver
) -> None:
    scan(api)
    idle = api.client.get("/sandbox/beside").json
    api.client.get("/", headers={"Accept-Language": "en"})
    asked = api.client.get("/sandbox/beside").json
    ((userid, external),) = asked["wanted"]
    report = {
        **REPORT,
        "contacts": [{"userid": userid, "external_userid": external, "facts": [], "verdict": None}],
    }
    answer = api.client.post("/sandbox/beside", json=report)
    page = api.client.get("/").text

    assert (idle["language"], idle["is_watched"]) == ("", False)
    assert (asked["language"], asked["is_watched"], userid) == ("en", True, "yg01")
    assert answer.status_code == 200
    assert "收件箱待处理 0 · 发件箱待发送 2 · 放弃 0" in page
    assert ">3 + 1 / 50<" in page


def test_half_a_report_is_refused(api: Api) -> None:
    assert api.client.post("/sandbox/beside", json={"language": "en"}).status_code == 400
    assert api.world.beside is None


# --- the tour ---


def test_a_first_visit_is_offered_a_tour_and_no_second_one(api: Api) -> None:
    first = api.client.get("/").text
    api.client.post("/page/tour", data={"step": "0"})

    assert "第一次来？用两分钟看八步。" in first
    assert "第一次来" not in api.client.get("/").text


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_tour_has_eight_steps_whose_places_are_on_the_page(api: Api, language: str) -> None:
    texts = texts_in(language)
    page = api.client.get("/").text
    steps = [tour.shown(texts, str(number)) for number in range(1, 10)]

    assert [step["n"] for step in steps if step] == list(range(1, 9))
    assert [number for number in range(1, 9) if f'id="{tour.anchor(number, texts)}"' not in page] == []
    assert all(("act" in step) == step["does"] for step in steps if step)


def test_the_tour_plays_itself(api: Api, receiver: Receiver) -> None:
    api.world.clock.set(NOON + 21 * 3600)  # nine o'clock of the next day
    titles = []
    for step in range(1, 9):
        answer = api.client.post("/page/tour", data={"step": str(step)}, follow_redirects=True)
        titles.append(texts_in("zh-CN")["tour"]["steps"][step - 1]["title"] in answer.text)
        assert api.client.post("/page/tour", data={"step": str(step), "act": "1"}).status_code == 303

    assert titles == [True] * 8
    # a scan, a loss, the return, a word, and a scan that comes three times
    assert len(receiver.posts) == 7
    assert api.client.get("/sandbox/clock").json["iso"] == "2026-11-24T16:37:00+08:00"


def test_a_step_that_was_played_already_is_played_again_without_harm(api: Api, receiver: Receiver) -> None:
    for step in (2, 3, 3, 5, 8, 8):
        answer = api.client.post("/page/tour", data={"step": str(step), "act": "1"}, follow_redirects=True)
        assert answer.status_code == 200

    assert len(api.world.customers.lines) == 2  # each scan is of another customer


def test_without_a_bot_the_tour_says_so(api: Api) -> None:
    answer = api.client.post("/page/tour", data={"step": "3", "act": "1"}, follow_redirects=True)

    assert "还没有设置回调地址。" in answer.text
