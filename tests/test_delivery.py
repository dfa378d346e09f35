"""What WeCom's answers mean for a message: retry, pause, refresh, give up, or nobody knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.delivery import Post, make_sender, post
from builders.e2e import at, change

from bot.app.bootstrap import wecom_client
from bot.store.outbox import Lane
from bot.wecom.client import WeComClient

HOURS_4 = 14_400


@pytest.fixture
def office(tmp_path: Path, place: Path | str) -> Iterator[Post]:
    with post(tmp_path, place) as opened:
        yield opened


def errcodes(office: Post) -> list[int | None]:
    return [call.errcode for call in office.sends()]


def test_a_busy_wecom_is_asked_three_times_and_no_more(office: Post) -> None:
    office.world.faults.arm({"send_error": {"errcode": -1, "times": 9}})
    office.put("progress:1")
    office.drain()
    for _ in range(6):
        office.later(400)

    assert errcodes(office) == [-1, -1, -1]
    assert office.row("progress:1")["state"] == "failed"
    assert "-1" in office.row("progress:1")["error"]


def test_a_busy_wecom_that_recovers_gets_the_message_once(office: Post) -> None:
    office.world.faults.arm({"send_error": {"errcode": -1, "times": 2}})
    office.put("progress:1")
    office.drain()
    at_once = errcodes(office)
    for _ in range(3):
        office.later(400)

    assert at_once == [-1]  # backed off, not hammered
    assert errcodes(office) == [-1, -1, 0]
    assert len(office.phone()) == 1


@pytest.mark.parametrize("errcode", [45033, 6000], ids=["too many at a time", "a conflict of versions"])
def test_other_passing_errors_are_tried_for_longer(office: Post, errcode: int) -> None:
    office.world.faults.arm({"send_error": {"errcode": errcode, "times": 4}})
    office.put("progress:1")
    office.drain()
    for _ in range(6):
        office.later(400)

    assert errcodes(office) == [errcode] * 4 + [0]


def test_over_the_frequency_everybody_waits_for_a_minute_and_no_try_is_lost(office: Post) -> None:
    office.world.faults.arm({"send_error": {"errcode": 45009, "times": 1}})
    office.put("progress:1", "progress:2")
    office.put("progress:3", to="yg02")
    office.drain()
    office.later(59)
    within_the_minute = errcodes(office)
    office.later(2)

    assert within_the_minute == [45009]
    assert errcodes(office) == [45009, 0, 0, 0]
    assert office.row("progress:1")["attempts"] == 1


@pytest.mark.parametrize("fault", ["revoke_token", "expire_token"], ids=["40014", "42001"])
def test_a_refused_token_is_refreshed_once_and_the_call_repeated_once(office: Post, fault: str) -> None:
    office.put("progress:1")
    office.drain()
    if fault == "revoke_token":
        office.world.tokens.revoke()
    else:
        office.world.tokens.expire(office.world.real())
    office.put("progress:2")
    office.drain()

    refused = 40014 if fault == "revoke_token" else 42001
    assert errcodes(office) == [0, refused, 0]
    assert office.token_calls() == 2
    assert office.row("progress:2")["attempts"] == 1


def test_a_token_that_is_given_and_refused_again_is_no_loop(office: Post) -> None:
    office.world.faults.arm({"send_error": {"errcode": 40014, "times": 50}})
    office.put("progress:1", "progress:2", "progress:3")
    office.drain()
    at_once = errcodes(office), office.token_calls()
    for _ in range(60):
        office.later(10)

    assert at_once == ([40014, 40014], 2)
    assert len(errcodes(office)) <= 2 + 10
    assert office.token_calls() <= 2 + 10


def test_a_token_is_fetched_once_for_many_messages(tmp_path: Path) -> None:
    with post(tmp_path, wecom="max_in_flight = 5") as office:
        office.put(*[f"progress:{number}" for number in range(12)])
        office.drain()

        assert office.token_calls() == 1
        assert len(office.phone()) == 12


def test_a_token_is_replaced_before_it_ends(office: Post) -> None:
    office.put("progress:1")
    office.drain()
    office.clock.pass_(7200 - 100)
    office.put("progress:2")
    office.drain()

    assert errcodes(office) == [0, 0]


@pytest.mark.parametrize(
    "errcode",
    [
        pytest.param(48002, id="no right to this API"),
        pytest.param(60020, id="address not trusted"),
        pytest.param(301002, id="agent of another app"),
        pytest.param(50003, id="app disabled"),
    ],
)
def test_what_an_admin_must_change_pauses_everybody_and_is_told(office: Post, errcode: int) -> None:
    office.world.faults.arm({"send_error": {"errcode": errcode, "times": 1}})
    office.put("progress:1", "progress:2")
    office.put("progress:3", to="yg02")
    office.drain()
    office.later(590)
    paused, told = errcodes(office), office.degraded()
    office.later(15)

    assert paused == [errcode]
    assert [(part["part"], part["errcode"]) for part in told] == [("wecom", errcode)]
    assert str(errcode) in told[0]["problem"]
    # after the pause it goes on by itself, no try was lost, and nothing is degraded any more
    assert set(office.states().values()) == {"sent"}
    assert office.row("progress:1")["attempts"] == 1
    assert office.degraded() == []


def test_a_wrong_secret_is_asked_about_six_times_an_hour_at_most(tmp_path: Path) -> None:
    with post(tmp_path, wecom="max_in_flight = 5") as office:
        office.world.faults.arm({"token_error": {"errcode": 40001, "times": 500}})
        office.put(*[f"progress:{number}" for number in range(20)])
        office.drain()
        for _ in range(60):
            office.later(60)

        assert 1 < office.token_calls() <= 7
        assert errcodes(office) == []
        assert [part["errcode"] for part in office.degraded()] == [40001]
        assert "secret" in office.degraded()[0]["problem"]
        assert office.world.app.secret not in json.dumps(office.degraded())


def test_after_a_refused_token_everything_is_sent_when_it_is_given(office: Post) -> None:
    office.world.faults.arm({"token_error": {"errcode": 60020, "times": 1}})
    office.put("progress:1")
    office.drain()
    office.later(601)

    assert office.states() == {"progress:1": "sent"}
    assert office.degraded() == []


def test_somebody_outside_the_visible_range_fails_alone(office: Post) -> None:
    office.world.change_person("yg01", visible=False, licensed=None)
    office.put("progress:1")
    office.put("progress:2", to="yg02")
    office.drain()
    office.later(3600)

    assert errcodes(office) == [81013, 0]
    assert office.states() == {"progress:1": "failed", "progress:2": "sent"}
    assert "可见范围" in office.row("progress:1")["error"]
    assert office.degraded() == [{"part": "outbox", "problem": "1 given up on: see `quotabot dead list`"}]


@pytest.mark.parametrize(
    "errcode",
    [
        pytest.param(40058, id="too long"),
        pytest.param(40008, id="no such kind"),
        pytest.param(99999, id="unknown"),
    ],
)
def test_what_can_never_succeed_is_tried_once(office: Post, errcode: int) -> None:
    office.world.faults.arm({"send_error": {"errcode": errcode, "times": 9}})
    office.put("progress:1")
    office.drain()
    office.later(3600)

    assert errcodes(office) == [errcode]
    assert office.states() == {"progress:1": "failed"}


class Answering(WeComClient):
    """A WeCom that answers every message as told; only the wire is left out."""

    def __init__(self, office: Post, answer: dict[str, Any]) -> None:
        super().__init__(wecom_client(office.services.config)._access)
        self.answer = answer

    def send_message(self, request: bytes, *, token: str) -> dict[str, Any]:
        return self.answer


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        pytest.param({"invaliduser": "yg01"}, "failed", id="invaliduser"),
        pytest.param({"invaliduser": "yg09|YG01"}, "failed", id="among others, in another case"),
        pytest.param({"unlicenseduser": "yg01"}, "failed", id="unlicenseduser"),
        pytest.param({"invaliduser": "yg011"}, "sent", id="somebody else whose id begins like this"),
        pytest.param({"invaliduser": "", "unlicenseduser": ""}, "sent", id="nobody"),
    ],
)
def test_an_ok_that_names_the_receiver_is_no_ok(office: Post, answer: dict[str, Any], state: str) -> None:
    client = Answering(office, {"errcode": 0, "errmsg": "ok", "msgid": "m1", **answer})
    sender = make_sender(office.services, office.clock, client=client)
    office.put("progress:1")
    office.drain(sender)
    sender.close()
    client.close()

    assert office.states() == {"progress:1": state}
    assert json.loads(office.row("progress:1")["receipt"])["msgid"] == "m1"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"close_after": {"times": 1}}, id="the connection broke after WeCom took it"),
        pytest.param({"http_status": {"status": 502, "times": 1}}, id="a proxy answered 502"),
    ],
)
def test_an_open_outcome_is_asked_again_with_the_same_bytes(office: Post, fault: dict[str, Any]) -> None:
    office.world.faults.arm(fault)
    office.put("progress:1")
    office.drain()
    open_row = office.row("progress:1")
    office.later(400)

    assert open_row["state"] == "pending"
    assert open_row["unsure_since"] is not None
    assert office.states() == {"progress:1": "sent"}
    first, second = office.sends()
    assert first.request == second.request
    sent = json.loads(second.request)
    assert (sent["enable_duplicate_check"], sent["duplicate_check_interval"]) == (1, HOURS_4)
    assert len(office.phone()) == 1
    assert len(office.world.mailbox.duplicates) == (1 if "close_after" in fault else 0)


def test_a_text_that_changed_meanwhile_does_not_change_the_retry(office: Post) -> None:
    office.world.faults.arm({"close_after": {"times": 1}})
    office.put("progress:1", content="今天加 2 位就够")
    office.drain()
    change(office.services, "UPDATE outbox SET content = '今天加 1 位就够'")
    office.later(400)

    assert office.phone() == ["今天加 2 位就够"]


@pytest.mark.parametrize("silence", [HOURS_4, HOURS_4 + 3600], ids=["4 hours", "5 hours"])
def test_an_outcome_that_stayed_open_for_four_hours_is_unknown_and_not_sent_again(
    office: Post, silence: int
) -> None:
    office.world.faults.arm({"close_after": {"times": 1}})
    office.put("progress:1", expires_at=int(at("2026-11-24T18:00").timestamp()))
    office.drain()
    office.later(silence)
    office.later(3600)

    assert office.states() == {"progress:1": "unknown"}
    assert len(office.sends()) == 1
    assert len(office.phone()) == 1


def test_tries_that_all_stay_open_never_go_beyond_wecoms_memory(office: Post) -> None:
    office.world.faults.arm({"http_status": {"status": 502, "times": 10_000}})
    office.put("progress:1", expires_at=int(at("2026-11-24T18:00").timestamp()))
    for _ in range(60):
        office.later(300)

    assert office.states() == {"progress:1": "unknown"}
    times = [call.real_at for call in office.sends()]
    assert len(times) > 3
    assert max(times) - min(times) < HOURS_4
    assert len({call.sha256 for call in office.sends()}) == 1


def test_a_reminder_with_an_open_outcome_is_unknown_when_its_day_ends(office: Post) -> None:
    office.clock.set("2026-11-23T17:59")
    office.world.faults.arm({"http_status": {"status": 502, "times": 1}})
    office.put("reminder:2026-11-23:yg01")
    office.drain()
    office.clock.set("2026-11-23T18:00")
    office.drain()

    assert office.states() == {"reminder:2026-11-23:yg01": "unknown"}
    assert len(office.sends()) == 1


def test_a_refusal_after_an_open_outcome_does_not_claim_that_nothing_arrived(office: Post) -> None:
    office.world.faults.arm({"close_after": {"times": 1}})
    office.put("progress:1")
    office.drain()
    office.world.change_person("yg01", visible=False, licensed=None)
    office.later(400)

    assert office.states() == {"progress:1": "unknown"}
    assert len(office.phone()) == 1


def test_without_a_network_no_try_is_lost_and_everything_goes_when_it_is_back(tmp_path: Path) -> None:
    with post(tmp_path) as office:
        office.put("progress:1")
        office.drain()
        port = office.sandbox.port
        office.sandbox.close()
        office.put("progress:2", "progress:3")
        office.drain()
        office.later(20)
        during = {key: office.row(key) for key in ("progress:2", "progress:3")}
        (tmp_path / "again").mkdir()
        with post(tmp_path / "again", port=port) as back:
            office.later(20)
            office.later(20)

            assert {row["state"] for row in during.values()} == {"pending"}
            assert {row["attempts"] for row in during.values()} == {0}
            assert set(office.states().values()) == {"sent"}
            assert len(back.phone()) == 2


def test_an_answer_that_is_no_json_leaves_the_outcome_open(office: Post) -> None:
    office.world.faults.arm({"http_status": {"status": 200, "times": 1}})
    office.put("progress:1", lane=Lane.FAST)
    office.drain()

    assert office.row("progress:1")["state"] == "pending"
    assert office.row("progress:1")["unsure_since"] is not None


def test_two_equal_requests_in_one_moment_both_go_out(office: Post) -> None:
    """Two threads prepare the same request before either of them has stored it."""
    office.put("progress:1", "progress:2", content="一样的话")
    first, second = office.services.store.outbox.due(real_now=2**31, clock_now=int(office.clock()), batch=2)
    outbox = office.services.store.outbox
    begun = [outbox.begin(due.seq, request=b"the same", now=int(office.clock())) for due in (first, second)]
    change(office.services, "UPDATE outbox SET request = NULL, request_hash = NULL, unsure_since = NULL")
    office.drain()

    assert begun == [True, False]
    assert set(office.states().values()) == {"sent"}
    assert len(office.phone()) == 2


def test_an_answer_that_cannot_reach_its_asker_is_no_dead_letter(office: Post) -> None:
    office.put("answer:1", "progress:1", to="nobody-here")
    office.drain()

    assert office.states() == {"answer:1": "dropped", "progress:1": "failed"}
    assert office.services.store.outbox.depth(now=0).dead == 1
