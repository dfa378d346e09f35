"""Kinds of faults on the way to WeCom, each with the example that it was found by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from builders.delivery import Post, make_sender, post
from builders.service import logged

from bot.app.bootstrap import wecom_client
from bot.features.delivery import sender
from bot.store.outbox import Lane, Outbox
from bot.wecom.client import WeComClient


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Post]:
    with post(tmp_path) as opened:
        yield opened


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Post]:
    """200 messages to 20 people; five calls at a time, as in a bank."""
    with post(tmp_path, wecom="max_in_flight = 5") as opened:
        people = [name for name in sorted(opened.world.people) if name.startswith("yg")]
        for number in range(200):
            opened.put(f"progress:{number}", to=people[number % len(people)])
        yield opened


def errcodes(office: Post) -> list[int | None]:
    return [call.errcode for call in office.sends()]


def arm(office: Post, **faults: object) -> None:
    office.world.faults.arm(faults)


# A name that is a command of the other side.


@pytest.mark.parametrize("receiver", ["@all", "@ALL", "yg01|yg02", "", "yg 01", "员工", "y" * 65])
@pytest.mark.parametrize("msgtype", ["markdown", "file"])
def test_a_name_that_is_a_command_of_wecom_gets_no_message(office: Post, receiver: str, msgtype: str) -> None:
    office.services.store.attachments.put("export:1", filename="a.xlsx", body=b"a file", at=0)
    office.put("progress:1", to=receiver, content="export:1", msgtype=msgtype)
    office.drain()

    assert office.states() == {"progress:1": "failed"}
    assert "not one userid" in office.row("progress:1")["error"]
    assert not office.world.calls


# Results that nobody looked at.


@pytest.mark.parametrize("form", ["text", "array"])
@pytest.mark.parametrize("name", ["invaliduser", "unlicenseduser"])
def test_a_receiver_in_wecom_s_list_is_not_reached_in_either_form(
    office: Post, monkeypatch: pytest.MonkeyPatch, form: str, name: str
) -> None:
    listed: Any = ["yg02", "YG01"] if form == "array" else "yg02|YG01"
    answer = {"errcode": 0, "errmsg": "ok", name: listed, "msgid": "m"}
    monkeypatch.setattr(WeComClient, "send_message", lambda *_, **__: answer)
    office.put("progress:1")
    office.drain()

    assert office.states() == {"progress:1": "failed"}


def test_the_sandbox_names_unreached_receivers_in_both_forms(office: Post) -> None:
    for number, form in enumerate(("text", "array")):
        office.world.api = type(office.world.api)(invalid_users_as=form)
        office.world.people["yg02"] = replace(office.world.people["yg02"], licensed=False)
        office.put(f"progress:{number}", to="yg02")
        office.drain()

    assert set(office.states().values()) == {"failed"}


@pytest.mark.parametrize("errcode", [40007, 45001, 40004, 40006])
def test_a_file_that_wecom_refuses_is_told_to_who_asked_for_it(office: Post, errcode: int) -> None:
    office.services.store.attachments.put("export:1", filename="a.xlsx", body=b"a longer file", at=0)
    office.put("file:1", content="export:1", msgtype="file", lane=Lane.FAST)
    arm(office, read_error={"errcode": errcode, "times": 1})
    office.drain()

    assert office.states() == {"file:1": "failed", "file:1:refused": "sent"}
    (told,) = office.phone()
    assert "文件" in told
    assert str(errcode) in told


def test_a_file_whose_message_is_refused_is_told_too(office: Post) -> None:
    office.services.store.attachments.put("export:1", filename="a.xlsx", body=b"a longer file", at=0)
    office.put("file:1", content="export:1", msgtype="file", lane=Lane.FAST)
    arm(office, send_error={"errcode": 40007, "times": 1})
    office.drain()

    assert office.states() == {"file:1": "failed", "file:1:refused": "sent"}


# An error judged without the call that it belongs to.


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refusal_of_a_kept_token_is_answered_by_a_new_one(office: Post, errcode: int) -> None:
    office.put("progress:1")
    office.drain()
    arm(office, send_error={"errcode": errcode, "times": 1})
    office.put("progress:2")
    office.drain()

    assert errcodes(office) == [0, errcode, 0]
    assert office.token_calls() == 2
    assert office.degraded() == []


def test_a_refusal_of_a_kept_token_is_answered_by_a_new_one_after_a_restart(office: Post) -> None:
    office.put("progress:1")
    office.drain()
    office.sender.close()
    arm(office, send_error={"errcode": 40001, "times": 1})
    office.put("progress:2")
    again = make_sender(office.services, office.clock)
    office.drain(again)
    again.close()

    assert errcodes(office) == [0, 40001, 0]


@pytest.mark.parametrize("dead", [1, 2, 3])
def test_tokens_that_are_refused_one_after_another_stop_delivery_for_seconds(office: Post, dead: int) -> None:
    arm(office, dead_token=dead)
    office.put("progress:1")
    office.drain()
    for _ in range(3):
        office.later(16)

    assert errcodes(office) == [40014] * dead + [0]
    assert office.states() == {"progress:1": "sent"}
    assert office.degraded() == []


def test_a_value_that_is_given_and_refused_again_is_blamed_on_the_secret(office: Post) -> None:
    arm(office, send_error={"errcode": 40001, "times": 2})
    office.put("progress:1")
    office.drain()
    (told,) = office.degraded()
    office.later(61)

    assert errcodes(office) == [40001, 40001, 0]
    assert told["part"] == "wecom"
    assert "[wecom] secret" in told["problem"]
    assert office.states() == {"progress:1": "sent"}


# One message's patience for a fault of everybody.


def test_a_busy_system_of_15_seconds_costs_no_message(morning: Post) -> None:
    """118 of 200 were dead letters after three tries within 9 s."""
    arm(morning, send_error={"errcode": -1, "times": 1000})
    for _ in range(15):
        morning.drain()
        morning.clock.pass_(1)
    busy = [code for code in errcodes(morning) if code == -1]
    morning.world.faults.clear()
    for _ in range(300):
        morning.later(5)

    assert set(morning.states().values()) == {"sent"}
    assert len(busy) <= 5 + 2  # one round side by side, then probes


def test_a_busy_system_of_a_quarter_of_an_hour_costs_no_message(morning: Post) -> None:
    arm(morning, send_error={"errcode": -1, "times": 1000})
    for _ in range(15 * 12):
        morning.drain()
        morning.clock.pass_(5)
    busy, (told,) = len(errcodes(morning)), morning.degraded()
    morning.world.faults.clear()
    for _ in range(300):
        morning.later(10)

    assert set(morning.states().values()) == {"sent"}
    assert busy <= 5 + 5
    assert told["errcode"] == -1


def test_three_tries_of_one_message_lie_far_apart(office: Post) -> None:
    arm(office, send_error={"errcode": -1, "times": 9})
    office.put("progress:1")
    times = []
    for _ in range(2000):
        before = len(errcodes(office))
        office.drain()
        times += [office.clock()] * (len(errcodes(office)) - before)
        office.clock.pass_(1)

    assert [round(later - first) for first, later in pairwise(times)] == [5, 600]
    assert office.states() == {"progress:1": "failed"}


# Unknown outcomes that nobody sees.


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"http_status": {"status": 502, "times": 1000}}, "502"),
        ({"gateway": 1000}, "no errcode"),
        ({"close_after": 1000}, "connection"),
    ],
)
def test_an_unknown_outcome_shows_in_readyz_and_in_one_line(
    office: Post, fault: dict[str, Any], words: str
) -> None:
    office.put("progress:0")
    office.drain()
    office.world.faults.arm(fault)
    office.put(*[f"progress:{number}" for number in range(1, 9)])
    with logged(sender) as entries:
        for _ in range(20):
            office.later(10)
        told = office.degraded()
        office.world.faults.clear()
        office.later(400)

    assert [(one["part"], words in one["problem"] or "answer" in one["problem"]) for one in told] == [
        ("wecom", True)
    ]
    assert len([entry for entry in entries if entry["event"] == "delivery waits"]) == 1
    assert office.degraded() == []
    assert set(office.states().values()) == {"sent"}


@pytest.mark.parametrize(
    ("fault", "words"),
    [({"gateway": 1000}, "no errcode"), ({"read_error": {"errcode": -1, "times": 1000}}, "answered -1")],
)
def test_an_upload_that_fails_shows_in_readyz(office: Post, fault: dict[str, Any], words: str) -> None:
    office.put("progress:0")
    office.drain()
    office.services.store.attachments.put("export:1", filename="a.xlsx", body=b"a longer file", at=0)
    office.put("file:1", content="export:1", msgtype="file", lane=Lane.FAST)
    office.world.faults.arm(fault)
    for _ in range(5):
        office.later(15)
    (told,) = office.degraded()
    office.world.faults.clear()
    office.later(700)

    assert words in told["problem"]
    assert office.states()["file:1"] == "sent"
    assert office.degraded() == []


def test_what_makes_no_call_says_nothing_of_wecom(office: Post) -> None:
    office.put("progress:0")
    office.drain()
    arm(office, http_status={"status": 502, "times": 1})
    office.put("progress:1")
    office.drain()
    office.put("progress:2", to="@all")
    office.drain()

    assert [one["part"] for one in office.degraded()] == ["wecom", "outbox"]


# The absence of an error taken for success.


def test_an_answer_of_a_gateway_is_no_success_and_the_message_arrives_later(office: Post) -> None:
    office.put("progress:0")
    office.drain()
    arm(office, gateway=1)
    office.put("progress:1")
    office.drain()
    at_once = office.states()["progress:1"], len(office.phone())
    office.later(30)

    assert at_once == ("pending", 1)
    assert (office.states()["progress:1"], len(office.phone())) == ("sent", 2)


# A time-out per read taken for one per call.


def test_an_answer_that_drips_ends_at_the_deadline_and_is_asked_for_again(
    office: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wecom.client.CONNECT_S", 0.5)
    monkeypatch.setattr("bot.wecom.client.READ_S", 1.5)
    dripping = make_sender(office.services, office.clock, client=wecom_client(office.services.config))
    office.put("progress:1")
    arm(office, drip={"seconds": 0.1, "times": 2})  # gettoken and message/send
    office.drain(dripping)
    office.clock.pass_(20)
    office.drain(dripping)
    first = office.states()
    office.clock.pass_(30)
    office.drain(dripping)
    dripping.close()

    assert first == {"progress:1": "pending"}
    assert office.states() == {"progress:1": "sent"}
    assert len(office.phone()) == 1


# An unexpected exception never blocks neighbours.


def test_a_fault_of_one_message_does_not_hold_up_the_others(
    office: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.put("progress:1", "progress:2", "progress:3")
    begin = Outbox.begin

    def broken(outbox: Outbox, seq: int, **named: Any) -> bool:
        if seq == office.row("progress:1")["seq"]:
            raise ValueError("odd")
        return begin(outbox, seq, **named)

    monkeypatch.setattr(Outbox, "begin", broken)
    office.drain()
    told = office.degraded()

    assert office.states() == {"progress:1": "pending", "progress:2": "sent", "progress:3": "sent"}
    assert told == [] or "ValueError" in told[0]["problem"]
