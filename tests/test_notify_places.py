"""Daily slots: which messages come first, what waits for them, and that nobody gets more than `per_day`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from builders.e2e import QUOTA, FakeTime, at, change, installation, outbox_rows, write_config, write_roster

from bot.features.notify.enqueue import build_unasked, enqueue_unasked, preview_enqueue, quiet_hours
from bot.features.notify.recheck import hold_back
from bot.messages.catalog import texts_in
from bot.messages.lines import first_line, footer
from bot.messages.message import Message
from bot.services import Services
from bot.store.outbox import OutboxMessage
from bot.store.preferences import Way
from bot.store.store import Store
from scheduler.planner import plan

# Tuesday; on the far days before it nothing is planned. Progress comes at 09:07, the reminder at 16:37.
TUESDAY, NEXT = date(2026, 11, 24), date(2026, 11, 25)
MORNING = at("2026-11-24T08:40")
SCHEDULE = """[schedule]
progress = { at = "09:07", on = "workdays" }
reminder = { at = "16:37", on = "workdays" }
digest = { at = "17:48", on = "workdays" }
weekly = { at = "17:23", on = "last_workday_of_week" }
"""
ROSTER = (
    "jia,员工甲,11,客户经理,,,,",
    "yi,员工乙,11,客户经理,,,,",
    "boss,主管甲,11,主管,11,,,",
    "both,主管乙,11,客户经理,12,,,",
    "teller,柜员甲,11,柜员,,,,",
    "clerk,柜员乙,11,柜员,,,,",
)


# --- the store ---


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "bot.db")
    yield store
    store.close()


def test_no_more_than_the_room_is_given_to_each_on_each_day(store: Store) -> None:
    unasked = store.unasked_messages
    asked = [("jia", TUESDAY), ("yi", TUESDAY), ("jia", NEXT), ("jia", TUESDAY), ("jia", TUESDAY)]

    given = [unasked.take(userid, day, room=2) for userid, day in asked]
    none = unasked.take("bing", TUESDAY, room=0), unasked.take("ding", TUESDAY, room=-1)

    assert (given, none) == ([True, True, True, True, False], (False, False))
    assert unasked.counts(TUESDAY) == {"jia": 2, "yi": 1}
    assert unasked.counts(NEXT) == {"jia": 1}


def test_a_place_is_given_back_to_its_person_and_day_and_no_more_than_was_taken(store: Store) -> None:
    unasked = store.unasked_messages
    for userid, day in (("jia", TUESDAY), ("jia", NEXT), ("yi", TUESDAY)):
        unasked.take(userid, day, room=3)

    for _ in range(3):
        unasked.give_back("jia", TUESDAY)

    assert unasked.counts(TUESDAY) == {"yi": 1}
    assert unasked.counts(NEXT) == {"jia": 1}
    assert [unasked.take("jia", TUESDAY, room=1) for _ in range(2)] == [True, False]


def test_what_was_withheld_is_counted_once_by_day_and_reason(store: Store) -> None:
    unasked = store.unasked_messages

    noted = [
        unasked.withhold(key, job="progress", userid="jia", day=day, reason=reason, at=1)
        for key, day, reason in (
            ("a", TUESDAY, "muted"),
            ("a", TUESDAY, "leave"),
            ("b", TUESDAY, "per_day"),
            ("c", NEXT, "muted"),
            ("d", NEXT, "muted"),
        )
    ]
    unasked.told("d")

    assert noted == [True, False, True, True, True]
    assert [unasked.why(key) for key in "abcd"] == ["muted", "per_day", "muted", None]
    assert unasked.withheld(on=TUESDAY) == {"muted": 1, "per_day": 1}
    assert unasked.withheld(on=NEXT) == {"muted": 1}
    assert unasked.withheld() == {"muted": 2, "per_day": 1}


# --- which messages come first ---


@contextmanager
def opened(folder: Path, *, per_day: int = 3, style: str = "card") -> Iterator[Services]:
    write_roster(folder, *ROSTER)
    more = f"[messages]\nper_day = {per_day}\nstyle = '{style}'\n{SCHEDULE}"
    with installation(write_config(folder, quotas=QUOTA, more=more), FakeTime(MORNING)) as services:
        yield services


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with opened(tmp_path) as one:
        yield one


def a_message(text: str, *, at: datetime = MORNING) -> Message:
    texts = texts_in("zh-CN")
    return Message((first_line(text), footer(texts, at=at, kind="测试")))


def row(services: Services, job: str, to: str = "jia", *, when: datetime = MORNING) -> OutboxMessage:
    return build_unasked(services, job, to, a_message(f"一条 {job}", at=when), at=when)


def put(services: Services, message: OutboxMessage, *, spread: bool = False) -> str:
    """Its state in the outbox, or why it is not there."""
    with services.store.transaction():
        enqueue_unasked(services, message, quiet=quiet_hours(services), spread=spread)
    stored = services.store.outbox.by_key(message.key)
    return str(services.store.unasked_messages.why(message.key)) if stored is None else stored["state"]


def texts_of(services: Services, job: str) -> list[str]:
    return [stored["content"] for stored in outbox_rows(services) if stored["job"] == job]


def test_a_leader_gets_the_digest_though_two_ask_for_leave_and_one_for_help(tmp_path: Path) -> None:
    with opened(tmp_path, style="text") as services:
        asked = [
            put(services, row(services, f"{job}:{n}", "boss")) for n, job in enumerate(("leave", "leave"))
        ]
        asked.append(put(services, row(services, "help:jia", "boss")))
        digest = put(services, row(services, "digest", "boss", when=at("2026-11-24T17:48")))

        assert (asked, digest) == (["pending", "pending", "waiting"], "pending")
        (told,) = texts_of(services, "digest")
        assert told.split("\n") == [
            "一条 digest",
            "一条 help:jia",
            "截至 11-24 周二 08:40 · 测试",
            "截至 11-24 周二 17:48 · 测试",
        ]
        assert services.store.unasked_messages.counts(TUESDAY) == {"boss": 3}


@pytest.mark.parametrize(
    ("per_day", "userid", "sent"),
    [
        pytest.param(1, "jia", {"progress"}, id="one a day: progress comes first"),
        pytest.param(2, "jia", {"progress", "reminder"}, id="two a day"),
        pytest.param(3, "jia", {"leave:1", "progress", "reminder"}, id="one is left"),
        pytest.param(3, "both", {"progress", "reminder", "digest"}, id="a leader with quotas of their own"),
        pytest.param(2, "boss", {"leave:1", "digest"}, id="a leader without"),
        pytest.param(1, "teller", {"leave:1"}, id="of whom nothing is asked"),
        pytest.param(0, "jia", set(), id="none"),
    ],
)
def test_what_asks_for_something_takes_what_the_day_leaves(
    tmp_path: Path, per_day: int, userid: str, sent: set[str]
) -> None:
    with opened(tmp_path, per_day=per_day) as services:
        of_day = {
            "leave:1": "08:40",
            "leave:2": "08:41",
            "progress": "09:07",
            "reminder": "16:37",
            "digest": "17:48",
        }
        kinds = {"jia": {"progress", "reminder"}, "both": {*of_day}, "boss": {"digest"}, "teller": set()}[
            userid
        ]
        for job, time in of_day.items():
            if job.startswith("leave") or job in kinds:
                put(services, row(services, job, userid, when=at(f"2026-11-24T{time}")))

        states = {stored["job"]: stored["state"] for stored in outbox_rows(services)}
        assert {job for job, state in states.items() if state == "pending"} == sent
        if per_day and kinds:
            assert {states["leave:2"]} == {"carried"}


@pytest.mark.parametrize(
    ("when", "got"),
    [
        pytest.param("09:10", "per_day", id="progress is still planned, a few minutes after its time"),
        pytest.param("09:13", "pending", id="it was planned"),
    ],
)
def test_a_slot_is_kept_until_planning_is_over(tmp_path: Path, when: str, got: str) -> None:
    with opened(tmp_path, per_day=2) as services:
        assert put(services, row(services, "statement", when=at(f"2026-11-24T{when}"))) == got


def test_the_week_has_a_slot_on_the_last_workday_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as services:
        found = [
            put(services, row(services, "statement", when=at(f"{day}T08:40")))
            for day in ("2026-11-24", "2026-11-27")
        ]

    assert found == ["pending", "per_day"]


def test_results_that_find_no_slot_are_told_inside_the_morning_message(tmp_path: Path) -> None:
    with opened(tmp_path, per_day=1, style="text") as services:
        closed = put(services, row(services, "close"))
        put(services, row(services, "progress", when=at("2026-11-24T09:07")))

        assert closed == "waiting"
        assert texts_of(services, "progress")[0].split("\n")[:2] == ["一条 progress", "一条 close"]


# --- what waits ---


def test_a_message_that_carries_another_has_no_card_and_leaves_nothing_out(services: Services) -> None:
    put(services, row(services, "leave:1", "both"))
    put(services, row(services, "progress", "both", when=at("2026-11-24T09:07")))

    (told,) = [stored for stored in outbox_rows(services) if stored["job"] == "progress"]
    assert told["msgtype"] == "markdown"
    assert "一条 leave:1" in told["content"]


def test_what_waits_is_told_once(services: Services) -> None:
    put(services, row(services, "leave:1", "both"))
    for job, time in (("progress", "09:07"), ("digest", "17:48")):
        put(services, row(services, job, "both", when=at(f"2026-11-24T{time}")))

    found = {stored["job"]: "leave:1" in stored["content"] for stored in outbox_rows(services)}
    assert found == {"leave:1": True, "progress": True, "digest": False}
    assert services.store.outbox.waiting("both", now=int(MORNING.timestamp())) == []


def test_what_a_dropped_message_carried_waits_again(services: Services) -> None:
    put(services, row(services, "leave:1", "both"))
    put(services, row(services, "progress", "both", when=at("2026-11-24T09:07")))
    services.store.preferences.mute(
        "both", until=int(at("2026-11-24T12:00").timestamp()), since=0, way=Way.WORD
    )
    moment = int(at("2026-11-24T09:08").timestamp())
    hold_back(services, real_now=moment, clock_now=moment, batch=1000)

    put(services, row(services, "digest", "both", when=at("2026-11-24T17:48")))

    assert ["leave:1" in text for text in texts_of(services, "digest")] == [True]


def test_who_gets_neither_reads_what_waits_in_a_message_of_its_own(services: Services) -> None:
    for n in range(4):
        put(services, row(services, f"review:{n}", "teller"))
    at_nine = at("2026-11-25T09:07")
    rows = list(plan(services, "progress", at=at_nine))

    states = [put(services, message) for message in rows if message.to_userid == "teller"]

    assert states == ["pending"]
    (told,) = texts_of(services, "waited")
    assert told.startswith("**有事等您看，都在下面**\n一条 review:3\n截至 11-24 周二 08:40")
    assert [put(services, message) for message in plan(services, "progress", at=at_nine)][-1:] != ["waiting"]


def test_messages_that_do_not_fit_wait_for_the_next_one(services: Services) -> None:
    long = Message((first_line("很长" * 300), footer(texts_in("zh-CN"), at=MORNING, kind="测试")))
    for n in range(2):
        put(services, build_unasked(services, f"rules:{n}", "both", long, at=MORNING))
    for job, time in (("progress", "09:07"), ("digest", "17:48")):
        put(services, row(services, job, "both", when=at(f"2026-11-24T{time}")))

    sizes = [len(text.encode()) for job in ("progress", "digest") for text in texts_of(services, job)]
    assert all(1800 < size <= 2048 for size in sizes)
    states = {stored["job"]: (stored["state"], stored["receipt"]) for stored in outbox_rows(services)}
    assert states["rules:0"] == ("carried", "progress:2026-11-24:both")
    assert states["rules:1"] == ("carried", "digest:2026-11-24:both")


@pytest.mark.parametrize(
    ("userid", "back", "got"),
    [
        pytest.param("teller", date(2026, 11, 25), "waiting", id="back within its time"),
        pytest.param("clerk", date(2026, 11, 26), "leave", id="back too late: a question waits two workdays"),
    ],
)
def test_what_waits_has_a_last_day(services: Services, userid: str, back: date, got: str) -> None:
    services.store.preferences.add_leave(userid, TUESDAY, back, at=0)

    assert put(services, row(services, "question", userid)) == got


def test_what_waited_too_long_is_dropped(services: Services) -> None:
    services.store.preferences.add_leave("teller", TUESDAY, date(2026, 11, 25), at=0)
    put(services, row(services, "question", "teller"))

    late = int(at("2026-11-26T18:00").timestamp())
    services.store.outbox.expire_waiting(clock_now=late - 1, real_now=late)
    before = outbox_rows(services)[0]["state"]
    services.store.outbox.expire_waiting(clock_now=late, real_now=late)

    assert (before, outbox_rows(services)[0]["state"]) == ("waiting", "expired")


@pytest.mark.parametrize(
    ("spread", "minutes"),
    [
        pytest.param(False, {30}, id="at a time that is fixed"),
        pytest.param(True, {31, 32, 33, 34}, id="spread"),
    ],
)
def test_whole_and_half_hours_are_left_to_what_has_its_time(
    services: Services, *, spread: bool, minutes: set[int]
) -> None:
    put(services, row(services, "admin", "teller", when=at("2026-11-24T14:30")), spread=spread)

    (stored,) = outbox_rows(services)
    assert services.config.work_calendar().moment(stored["not_before"]).minute in minutes


# --- what would go ---


def test_a_preview_names_what_would_go_and_takes_no_slot(services: Services) -> None:
    evening = at("2026-11-24T17:00")
    stored = row(services, "progress", when=evening)
    put(services, stored)
    planned = [
        stored,
        *(row(services, job, when=evening) for job in ("statement", "admin", "muted", "leave:1")),
    ]

    quiet = quiet_hours(services)
    found = [
        one.job
        for one in preview_enqueue(
            services, [*planned, row(services, "admin", "yi", when=evening)], quiet=quiet
        )
    ]

    # One of three slots is taken, the next two take the others; leave waits.
    assert found == ["progress", "statement", "admin", "leave:1", "admin"]
    assert services.store.unasked_messages.counts(TUESDAY) == {"jia": 1}
    assert [one["key"] for one in outbox_rows(services)] == [stored.key]


def test_what_goes_is_what_was_previewed(services: Services) -> None:
    evening = at("2026-11-24T17:00")
    planned = [row(services, f"statement:{n}", to, when=evening) for to in ("jia", "yi") for n in range(4)]
    quiet = quiet_hours(services)
    previewed = [one.key for one in preview_enqueue(services, planned, quiet=quiet)]

    with services.store.transaction():
        for message in planned:
            enqueue_unasked(services, message, quiet=quiet)

    assert previewed == [one["key"] for one in outbox_rows(services)]
    assert len(previewed) == 6


def test_the_same_message_planned_twice_takes_one_slot(services: Services) -> None:
    evening = at("2026-11-24T17:00")
    message = row(services, "admin", when=evening)
    for _ in range(2):
        put(services, message)
    put(services, replace(message, content="another text"))

    assert services.store.unasked_messages.counts(TUESDAY) == {"jia": 1}
    assert len(outbox_rows(services)) == 1


def test_a_message_that_is_held_back_before_sending_waits_from_its_own_day_on(services: Services) -> None:
    """A question of Tuesday may wait until Thursday, also when it is found on Thursday that it may not go."""
    put(services, row(services, "question:1", "teller"))
    put(services, row(services, "question:2", "jia", when=at("2026-11-24T17:00")))
    change(services, "UPDATE outbox SET expires_at = expires_at + 864000")
    for userid in ("teller", "jia"):
        services.store.preferences.add_leave(userid, TUESDAY, date(2026, 11, 26), at=0)
    moment = int(at("2026-11-26T09:00").timestamp())
    hold_back(services, real_now=moment, clock_now=moment, batch=1000)

    assert [(one["state"], one["error"]) for one in outbox_rows(services)] == [("dropped", "leave")] * 2
    assert services.store.unasked_messages.counts(TUESDAY) == {}
    assert services.store.unasked_messages.counts(date(2026, 11, 27)) == {}
