"""Who wishes for silence after a message was planned is not written to all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from builders.chat import arrive, text_event
from builders.delivery import Post, post
from builders.e2e import at, outbox_rows

from bot.features.notify.enqueue import build_unasked, enqueue_unasked, quiet_hours
from bot.messages.catalog import texts_in
from bot.messages.lines import first_line, footer
from bot.messages.message import Message
from bot.store.outbox import Lane
from bot.store.preferences import Way

DAY = date(2026, 11, 23)


@pytest.fixture
def office(tmp_path: Path, place: Path | str) -> Iterator[Post]:
    with post(tmp_path, place) as opened:
        yield opened


def mute(office: Post, until: str) -> None:
    moment = int(at(until).timestamp())
    office.services.store.preferences.mute("yg01", until=moment, since=0, way=Way.WORD)


def test_what_loses_its_point_is_dropped_and_counted(office: Post) -> None:
    with office.services.store.transaction():
        office.services.store.unasked_messages.take("yg01", DAY, room=3)
    office.put("progress:2026-11-23:yg01")
    mute(office, "2026-11-24T00:00")
    office.drain()

    assert office.phone() == []
    assert (
        office.row("progress:2026-11-23:yg01")["state"],
        office.row("progress:2026-11-23:yg01")["error"],
    ) == (
        "dropped",
        "muted",
    )
    assert office.services.store.unasked_messages.withheld(on=DAY) == {"muted": 1}
    assert office.services.store.unasked_messages.counts(DAY) == {}  # his place of the day is free again


def test_what_may_wait_is_kept_for_the_next_message(office: Post) -> None:
    with office.services.store.transaction():
        office.services.store.unasked_messages.take("yg01", DAY, room=3)
    office.put("decided:appeal:1:2026-11-23:yg01", job="decided:appeal:1")
    mute(office, "2026-11-24T00:00")
    office.drain()

    assert office.phone() == []
    assert office.row("decided:appeal:1:2026-11-23:yg01")["state"] == "waiting"
    assert office.services.store.unasked_messages.counts(DAY) == {}


def test_answers_and_what_others_get_go_on(office: Post) -> None:
    office.put("answer:1", lane=Lane.FAST)
    office.put("progress:2026-11-23:yg02", to="yg02")
    mute(office, "2026-11-24T00:00")
    office.drain()

    assert (len(office.phone()), len(office.phone("yg02"))) == (1, 1)


def test_a_message_that_was_tried_before_is_left_to_its_delivery(office: Post) -> None:
    office.world.faults.arm({"send_error": {"errcode": -1, "times": 1}})
    office.put("progress:2026-11-23:yg01")
    office.drain()
    mute(office, "2026-11-24T00:00")
    office.later(5)

    assert len(office.phone()) == 1


def test_who_is_answered_is_silent_from_then_on(office: Post) -> None:
    later = int(at("2026-11-23T14:00").timestamp())
    office.put("reminder:2026-11-23:yg01", job="reminder", not_before=later)
    arrive(office.services, text_event("yg01", "今天别提醒", at=int(at("2026-11-23T09:07").timestamp())))
    office.drain()
    office.clock.set("2026-11-23T14:00")
    office.drain()

    assert [content.split("\n")[0] for content in office.phone()] == ["**好的，今天不再打扰您**"]


def test_threads_at_once_never_take_the_slot_of_a_reminder(office: Post) -> None:
    """Eight decisions at once, after the progress of the morning: two slots, one left to the reminder."""
    office.clock.set("2026-11-23T10:00")
    services = office.services
    with services.store.transaction():
        services.store.unasked_messages.take("yg01", DAY, room=3)

    def ask(job: str) -> None:
        message = Message((first_line(job), footer(texts_in("zh-CN"), at=services.clock.now(), kind="x")))
        row = build_unasked(services, job, "yg01", message, at=services.clock.now())
        with services.store.transaction():
            enqueue_unasked(services, row, quiet=quiet_hours(services))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, [f"decided:appeal:{n}" for n in range(8)]))
    ask("reminder")

    states = Counter(row["state"] for row in outbox_rows(services) if row["to_userid"] == "yg01")
    assert states == {"pending": 2, "waiting": 7}
    assert office.row("reminder:2026-11-23:yg01")["state"] == "pending"
    assert services.store.unasked_messages.counts(DAY) == {"yg01": 3}
