"""Faults on demand, over a real socket: what a bot sees when WeCom or the way to it breaks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import requests
from builders.e2e import until
from builders.sandbox import make_world

from sandbox.server import AddressInUseError, RunningServer, start


class Caller:
    """A program that sends messages over HTTP."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        app = server.world.app
        query = {"corpid": app.corp_id, "corpsecret": app.secret}
        self.token = requests.get(f"{server.url}/cgi-bin/gettoken", params=query, timeout=60).json()[
            "access_token"
        ]

    def arm(self, **faults: object) -> requests.Response:
        return requests.post(f"{self.server.url}/sandbox/faults", json=faults, timeout=60)

    def send(self, *, content: str = "x", timeout: float = 60) -> requests.Response:
        return requests.post(
            f"{self.server.url}/cgi-bin/message/send",
            params={"access_token": self.token},
            json={
                "touser": "yg01",
                "msgtype": "text",
                "agentid": self.server.world.app.agent_id,
                "text": {"content": content},
                "enable_duplicate_check": 1,
            },
            timeout=timeout,
        )

    def received(self) -> list[str]:
        answer = requests.get(f"{self.server.url}/sandbox/messages?userid=yg01", timeout=60)
        return [message["content"] for message in answer.json()["members"]["yg01"]]

    def calls(self) -> list[dict[str, object]]:
        answer = requests.get(f"{self.server.url}/sandbox/calls?path=message/send", timeout=60)
        return answer.json()["calls"]


@pytest.fixture
def caller() -> Iterator[Caller]:
    world, _ = make_world()
    with start(world) as server:
        yield Caller(server)


def test_the_next_sends_answer_a_code_and_then_all_is_well(caller: Caller) -> None:
    caller.arm(send_error={"errcode": 45009, "times": 2})

    codes = [caller.send(content=str(n)).json()["errcode"] for n in range(3)]

    assert codes == [45009, 45009, 0]
    assert caller.received() == ["2"]


def test_gettoken_can_fail_too(caller: Caller) -> None:
    caller.arm(token_error={"errcode": -1})
    url = f"{caller.server.url}/cgi-bin/gettoken"

    assert requests.get(url, timeout=60).json()["errcode"] == -1
    assert requests.get(url, timeout=60).json()["errcode"] == 41004


def test_a_connection_may_break_after_the_message_was_taken(caller: Caller) -> None:
    caller.arm(close_after=1)
    with pytest.raises(requests.ConnectionError):
        caller.send()
    again = caller.send().json()

    assert again["errcode"] == 0
    assert caller.received() == ["x"]
    taken, retried = caller.calls()
    assert (taken["delivered"], taken["errcode"], taken["faults"]) == (["yg01"], None, ["close_after"])
    assert retried["duplicate_of"] == taken["msgid"]


@pytest.mark.parametrize(
    ("fault", "received"),
    [
        pytest.param("hang_after", ["x"], id="taken, then silence"),
        pytest.param("hang_before", [], id="silence, nothing taken"),
    ],
)
def test_an_answer_may_never_come(caller: Caller, fault: str, received: list[str]) -> None:
    caller.arm(**{fault: {"seconds": 20, "times": 1}})
    with pytest.raises(requests.Timeout):
        caller.send(timeout=(60, 1))  # the connection is made, however busy the machine

    until(lambda: bool(caller.calls()) and caller.received() == received)


def test_a_proxy_may_answer_502(caller: Caller) -> None:
    caller.arm(http_status={"times": 1})

    assert caller.send().status_code == 502
    assert caller.send().json()["errcode"] == 0


def test_every_send_can_be_slow(caller: Caller) -> None:
    caller.arm(delay_ms=150)
    began = time.monotonic()
    caller.send()

    assert time.monotonic() - began >= 0.15


def test_an_address_can_lose_its_trust_and_get_it_back(caller: Caller) -> None:
    caller.arm(untrusted_ip=True)
    refused = caller.send().json()["errcode"]
    caller.arm(clear=True)

    assert refused == 60020
    assert caller.send().json()["errcode"] == 0


def test_too_many_at_once_are_refused(caller: Caller) -> None:
    caller.arm(concurrency=5, delay_ms=60_000)
    world = caller.server.world
    with ThreadPoolExecutor(8) as pool:
        served = [pool.submit(caller.send, content=str(n)) for n in range(5)]
        while world.in_flight["message/send"] < 5:
            assert not any(one.done() for one in served)
            time.sleep(0.001)  # between two looks
        caller.arm(delay_ms=0)
        refused = [caller.send(content=str(n)).json()["errcode"] for n in range(5, 8)]
        world.stopping.set()  # lets go of the five

    assert refused == [45033] * 3
    assert [one.result().json()["errcode"] for one in served] == [0] * 5


def test_fifty_at_once_are_served(caller: Caller) -> None:
    caller.server.world.api = make_world()[0].api
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: caller.send(content=str(n)).json()["errcode"], range(50)))

    assert answers == [0] * 50
    assert len(caller.received()) == 30  # the rest is over the minute's 30 and vanished


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param({"earthquake": 1}, id="no such fault"),
        pytest.param({"send_error": {"times": 1}}, id="no code"),
        pytest.param({"send_error": {"errcode": 1, "times": 0}}, id="not even once"),
        pytest.param({"delay_ms": -1}, id="back in time"),
        pytest.param({"untrusted_ip": "yes"}, id="neither true nor false"),
    ],
)
def test_a_wrong_fault_is_refused_and_nothing_is_armed(caller: Caller, faults: dict[str, object]) -> None:
    answer = caller.arm(close_after=1, **faults)

    assert answer.status_code == 400
    assert caller.send().json()["errcode"] == 0


def test_a_taken_port_is_one_sentence(caller: Caller) -> None:
    world, _ = make_world()
    with pytest.raises(
        AddressInUseError, match=r"cannot listen on 127\.0\.0\.1:\d+: .+; choose another port"
    ):
        start(world, port=caller.server.port)


def test_closing_lets_go_of_calls_that_hang() -> None:
    world, _ = make_world()
    with start(world) as server, ThreadPoolExecutor(1) as pool:
        caller = Caller(server)
        caller.arm(hang_before={"seconds": 60})
        hanging = pool.submit(caller.send)
        while not world.in_flight["message/send"]:
            time.sleep(0.01)  # between two looks
        began = time.monotonic()
        server.close()
        with pytest.raises(requests.ConnectionError):
            hanging.result(30)
        assert time.monotonic() - began < 30  # and not the minute that it was to hang


def test_something_before_wecom_may_answer_without_an_errcode(caller: Caller) -> None:
    caller.arm(gateway=2)
    answer = caller.send()
    token = requests.get(f"{caller.server.url}/cgi-bin/gettoken", timeout=60)

    assert (answer.status_code, "errcode" in answer.json(), "errcode" in token.json()) == (200, False, False)
    assert caller.received() == []
    assert caller.send().json()["errcode"] == 0


def test_an_answer_may_come_byte_by_byte(caller: Caller) -> None:
    caller.arm(drip={"seconds": 0.01, "times": 1})
    began = time.monotonic()
    answer = caller.send()

    assert answer.json()["errcode"] == 0
    assert time.monotonic() - began > 0.01 * len(answer.content)


def test_a_token_may_be_refused_from_its_first_use(caller: Caller) -> None:
    caller.server.world.tokens.revoke()
    caller.arm(dead_token=1)
    first, second = Caller(caller.server), Caller(caller.server)

    assert [one.send().json()["errcode"] for one in (first, second)] == [40014, 0]


def test_single_items_may_be_refused_by_every_call_that_names_them(caller: Caller) -> None:
    url, query = f"{caller.server.url}/cgi-bin", {"access_token": caller.token}
    caller.arm(odd={"userid:yg01": 41054, "department:12": 60003})

    def code(path: str, **asked: object) -> object:
        return requests.get(f"{url}/{path}", params={**query, **asked}, timeout=60).json()["errcode"]

    lists = [
        requests.post(
            f"{url}/externalcontact/batch/get_by_user",
            params=query,
            json={"userid_list": userids},
            timeout=60,
        ).json()["errcode"]
        for userids in (["yg02", "YG01"], ["yg02"])
    ]
    assert (code("user/get", userid="yg01"), code("user/get", userid="yg02")) == (41054, 0)
    assert (code("user/list", department_id=12), code("user/list", department_id=11)) == (60003, 0)
    assert lists == [41054, 84061]  # yg02 has no customer


@pytest.mark.parametrize("odd", [{"yg01": 41054}, {"userid:yg01": 0}, {"userid:yg01": "x"}, 7])
def test_a_wrong_odd_item_is_refused(caller: Caller, odd: object) -> None:
    assert caller.arm(odd=odd).status_code == 400


def test_half_an_emoji_in_a_name_is_given_as_wecom_gives_it(caller: Caller) -> None:
    world = caller.server.world
    world.people["yg01"] = replace(world.people["yg01"], name="a\ud83db")
    answer = requests.get(
        f"{caller.server.url}/cgi-bin/user/get",
        params={"access_token": caller.token, "userid": "yg01"},
        timeout=60,
    )

    assert b"a\\ud83db" in answer.content
