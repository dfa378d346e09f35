"""The sender's order of work: lease, pace, lanes, calls side by side, takeover, an orderly end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.delivery import Post, make_sender, post
from builders.e2e import at, until

from bot.store.outbox import Lane
from bot.wecom.client import CALL_S


@pytest.fixture
def office(tmp_path: Path, place: Path | str) -> Iterator[Post]:
    with post(tmp_path, place) as opened:
        yield opened


def keys(number: int, *, first: int = 0) -> list[str]:
    return [f"progress:2026-11-23:m{first + n:02d}" for n in range(number)]


def test_each_row_is_sent_once_in_the_order_of_planning(office: Post) -> None:
    office.put(*keys(5))
    office.drain()
    office.later(3600)

    assert office.phone() == [f"今天加 2 位就够 ({key})" for key in keys(5)]
    assert set(office.states().values()) == {"sent"}


def test_answers_go_before_what_nobody_asked_for(office: Post) -> None:
    office.put(*keys(3))
    office.put("answer:1", lane=Lane.FAST)
    office.drain()

    assert office.phone()[0] == "今天加 2 位就够 (answer:1)"


def test_what_is_not_due_yet_waits_for_its_moment(office: Post) -> None:
    office.put("progress:later", not_before=int(at("2026-11-23T12:10").timestamp()))
    office.drain()
    before = office.phone()
    office.later(601)

    assert before == []
    assert len(office.phone()) == 1


def test_a_message_dies_with_its_day(office: Post) -> None:
    office.clock.set("2026-11-23T18:00")
    office.put("reminder:2026-11-23:yg01")
    office.drain()

    assert office.states() == {"reminder:2026-11-23:yg01": "expired"}
    assert office.sends() == []


def test_one_member_gets_at_most_25_a_minute_and_nothing_is_swallowed(office: Post) -> None:
    office.put(*keys(40))
    office.put("progress:other", to="yg02")
    office.drain()
    at_once = len(office.phone())
    office.later(30)
    half_a_minute_later = len(office.phone())
    office.later(31)

    assert (at_once, half_a_minute_later, len(office.phone())) == (25, 25, 40)
    assert len(office.phone("yg02")) == 1  # who waits holds nobody up
    assert office.world.mailbox.dropped == []


def test_the_pace_of_a_member_is_remembered_by_a_successor(office: Post) -> None:
    office.put(*keys(20))
    office.drain()
    office.sender.close()
    office.put(*keys(20, first=20))
    successor = office.another_sender(holder="the successor")
    office.drain(successor)
    at_once = len(office.phone())
    office.clock.pass_(62)
    office.drain(successor)
    successor.close()

    assert at_once == 25
    assert len(office.phone()) == 40
    assert office.world.mailbox.dropped == []


def test_the_app_keeps_to_its_own_pace(tmp_path: Path) -> None:
    with post(tmp_path, wecom="max_per_minute = 6\nmax_in_flight = 3") as office:
        for number, userid in enumerate(["yg01", "yg02", "yg03", "yg04"] * 3):
            office.put(f"progress:{number}", to=userid)
        office.drain()
        at_once = len(office.sends())
        office.later(61)

        assert at_once == 6
        assert len(office.sends()) == 12


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_calls_at_a_time_than_configured(tmp_path: Path, most: int) -> None:
    with post(tmp_path, wecom=f"max_in_flight = {most}") as office:
        office.world.faults.arm({"delay_ms": 60, "concurrency": most})
        office.put(*keys(9))
        office.drain()

        assert [call.errcode for call in office.sends()] == [0] * 9  # one more at a time would be 45033
        assert set(office.states().values()) == {"sent"}


def test_calls_go_side_by_side(tmp_path: Path) -> None:
    with post(tmp_path, wecom="max_in_flight = 4") as office:
        office.world.faults.arm({"delay_ms": 500, "concurrency": 3})
        office.put(*keys(4))
        office.drain()

        assert sorted(call.errcode or 0 for call in office.sends()) == [0, 0, 0, 45033]


@pytest.mark.parametrize("most", [1, 5], ids=["one after another", "side by side"])
def test_two_rows_never_make_the_same_request(tmp_path: Path, most: int) -> None:
    with post(tmp_path, wecom=f"max_in_flight = {most}") as office:
        office.put(*keys(4), content="今天加 2 位就够")
        office.drain()
        for _ in range(4):
            office.later(2)

        assert len(office.phone()) == 4  # WeCom would have dropped the same request without a word
        assert len({call.sha256 for call in office.sends()}) == 4
        assert all(text.startswith("今天加 2 位就够") for text in office.phone())
        assert office.world.mailbox.duplicates == []


def test_a_second_sender_does_nothing_while_the_first_holds_the_lease(office: Post) -> None:
    office.drain()
    second = office.another_sender(holder="the second")
    office.put(*keys(2))
    office.drain(second)
    by_the_second = len(office.sends())
    leads = second.leads
    office.drain()
    second.close()

    assert by_the_second == 0
    assert not leads
    assert len(office.sends()) == 2


def test_a_silent_holder_is_followed_within_15_seconds(office: Post) -> None:
    office.drain()
    office.put("progress:1")
    second = office.another_sender(holder="the second")
    office.clock.pass_(CALL_S)  # the holder's last call may still be under way
    office.drain(second)
    too_early = len(office.sends())
    office.clock.pass_(15 - CALL_S)
    office.drain(second)
    second.close()

    assert too_early == 0
    assert office.states() == {"progress:1": "sent"}


def test_a_holder_that_woke_up_late_sends_nothing_beside_its_successor(office: Post) -> None:
    office.drain()
    office.clock.pass_(15)
    second = office.another_sender(holder="the second")
    office.drain(second)
    office.put("progress:1")
    office.drain()
    second_leads, first_leads = second.leads, office.sender.leads
    second.close()

    assert (second_leads, first_leads) == (True, False)
    assert office.sends() == []


def test_an_orderly_end_notes_the_call_in_flight_and_gives_the_lease_back(tmp_path: Path) -> None:
    with post(tmp_path) as office:
        office.world.faults.arm({"delay_ms": 300})
        office.put("progress:1")
        office.sender.step()
        until(lambda: len(office.sends()) == 1)
        before = office.states()
        office.sender.close()

        assert before == {"progress:1": "pending"}
        assert office.states() == {"progress:1": "sent"}
        assert office.services.store.leases.get("delivery", now=int(office.clock())) is None


def test_the_store_holds_the_exact_bytes_before_wecom_has_them(office: Post) -> None:
    office.world.faults.arm({"hang_before": {"seconds": 20}})
    office.put("progress:1")
    stepping = threading.Thread(target=office.sender.step)
    stepping.start()
    stepping.join()
    until(lambda: len(office.sends()) == 1)
    row = office.row("progress:1")

    assert bytes(row["request"]).decode() == office.sends()[0].request
    assert row["unsure_since"] == int(office.clock())


def test_a_sender_without_work_asks_wecom_nothing(office: Post) -> None:
    office.drain()
    office.later(3600)

    assert list(office.world.calls) == []


def test_a_new_sender_starts_with_what_an_old_one_left(office: Post) -> None:
    office.put(*keys(2))
    office.sender.close()
    fresh = make_sender(office.services, office.clock)
    office.drain(fresh)
    fresh.close()

    assert len(office.phone()) == 2
