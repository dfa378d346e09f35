"""Faults of WeCom that last, on the way of messages: nothing is lost, nothing arrives twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.delivery import Post, post

from bot.store.outbox import Lane

MESSAGES = 60


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Post]:
    """60 messages to 20 people; five calls at a time, as in a bank."""
    with post(tmp_path, wecom="max_in_flight = 5") as opened:
        people = [name for name in sorted(opened.world.people) if name.startswith("yg")]
        for number in range(MESSAGES):
            opened.put(f"progress:{number}", to=people[number % len(people)])
        yield opened


def arrived(office: Post) -> Counter[str]:
    """How often each text stands on a phone."""
    with office.world.lock:
        return Counter(
            f"{userid} {message.content}"
            for userid, messages in office.world.mailbox.messages.items()
            for message in messages
        )


def drain_for(office: Post, seconds: int, *, step: int) -> None:
    for _ in range(0, seconds, step):
        office.drain()
        office.clock.pass_(step)


def test_a_token_revoked_in_the_middle_of_a_batch_is_replaced_once(morning: Post) -> None:
    while len(morning.sends()) < MESSAGES // 3:
        morning.sender.step()
    morning.world.tokens.revoke()
    drain_for(morning, 120, step=5)

    assert set(morning.states().values()) == {"sent"}
    assert sum(arrived(morning).values()) == MESSAGES
    assert morning.token_calls() == 2
    refused = [call for call in morning.sends() if call.errcode == 40014]
    assert 1 <= len(refused) <= 5
    assert morning.degraded() == []


@pytest.mark.parametrize("minutes", [1, 60])
def test_a_frequency_limit_is_waited_out_and_costs_no_message(morning: Post, minutes: int) -> None:
    morning.world.faults.arm({"send_error": {"errcode": 45009, "times": 10_000}})
    drain_for(morning, minutes * 60, step=10)
    refused, told = len(morning.sends()), morning.degraded()
    morning.world.faults.clear()
    drain_for(morning, 180, step=10)

    assert set(morning.states().values()) == {"sent"}
    assert sum(arrived(morning).values()) == MESSAGES
    assert refused <= 5 * (minutes + 1)
    assert [(one["part"], one["errcode"]) for one in told] == [("wecom", 45009)]
    assert morning.degraded() == []


@pytest.mark.parametrize("errcode", [45033, 45036])
def test_too_many_calls_at_once_for_half_an_hour_cost_no_message(morning: Post, errcode: int) -> None:
    """Other programs of the bank may take all places of an API for long."""
    morning.world.faults.arm({"send_error": {"errcode": errcode, "times": 100_000}})
    drain_for(morning, 1800, step=5)
    refused, told = len(morning.sends()), morning.degraded()
    morning.world.faults.clear()
    drain_for(morning, 300, step=5)

    assert set(morning.states().values()) == {"sent"}
    assert sum(arrived(morning).values()) == MESSAGES
    assert refused <= 1800 / 30 + 20  # one at a time, not five at full speed
    assert [(one["part"], one["errcode"]) for one in told] == [("wecom", errcode)]
    assert morning.degraded() == []


@pytest.mark.parametrize(
    ("fault", "seen_twice"),
    [
        pytest.param({"hang_before": {"seconds": 60.0, "times": 1}}, 0, id="before WeCom took it"),
        pytest.param({"hang_after": {"seconds": 60.0, "times": 1}}, 1, id="after WeCom took it"),
    ],
)
def test_a_timeout_is_asked_about_with_the_same_bytes_and_arrives_once(
    tmp_path: Path, fault: dict[str, object], seen_twice: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wecom.client.READ_S", 2.0)
    monkeypatch.setattr("bot.wecom.client.CONNECT_S", 0.5)
    with post(tmp_path) as office:
        office.world.faults.arm(fault)
        office.put("progress:1", lane=Lane.FAST)
        office.drain()
        open_row = office.row("progress:1")
        for _ in range(3):
            office.later(400)

        assert (open_row["state"], open_row["unsure_since"] is not None) == ("pending", True)
        assert office.states() == {"progress:1": "sent"}
        assert sum(arrived(office).values()) == 1
        assert len({call.sha256 for call in office.sends()}) == 1
        assert len(office.world.mailbox.duplicates) == seen_twice
