"""Places of the day: who gets one, who leaves one, and that none is kept or given back for somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import QUOTA, FakeTime, at, change, installation, outbox_rows, write_config, write_roster

from bot.features.notify.enqueue import enqueue_unasked, going, quiet_hours, working_window
from bot.features.notify.recheck import hold_back
from bot.services import Services
from bot.store.outbox import OutboxMessage
from bot.store.store import Store

# Tuesday; on the far days before it nothing is planned. Progress comes at 09:07, the reminder at 16:37.
TUESDAY, NEXT = date(2026, 11, 24), date(2026, 11, 25)
MORNING = at("2026-11-24T08:40")
SCHEDULE = """[schedule]
progress = { at = "09:07", on = "workdays" }
reminder = { at = "16:37", on = "workdays" }
digest = { at = "17:48", on = "workdays" }
"""
ROSTER = (
    "jia,员工甲,11,客户经理,,,,",
    "yi,员工乙,11,客户经理,,,,",
    "boss,主管甲,11,主管,11,,,",
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


# --- who leaves a place to whom ---


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Two places a day."""
    with opened(tmp_path) as one:
        yield one


def opened(folder: Path, *, per_day: int = 2, schedule: str = SCHEDULE) -> Any:
    write_roster(folder, *ROSTER)
    path = write_config(folder, quotas=QUOTA, more=f"[messages]\nper_day = {per_day}\n{schedule}")
    return installation(path, FakeTime(MORNING))


def row(
    services: Services,
    job: str,
    to: str = "jia",
    *,
    when: datetime = MORNING,
    awaited: frozenset[str] | None = None,
) -> OutboxMessage:
    begin, end = working_window(services, when)
    return OutboxMessage(
        key=f"{job}:{services.config.work_calendar().day_of(begin)}:{to}",
        job=job,
        to_userid=to,
        content=job,
        msgtype="text",
        not_before=begin,
        expires_at=end,
        awaited=awaited,
    )


def put(services: Services, message: OutboxMessage, *, spread: bool = False) -> str:
    """When it goes, as month-day hour, or why not."""
    with services.store.transaction():
        enqueue_unasked(services, message, quiet=quiet_hours(services), spread=spread)
    stored = services.store.outbox.by_key(message.key)
    if stored is None:
        return str(services.store.unasked_messages.why(message.key))
    return f"{services.config.work_calendar().moment(stored['not_before']):%m-%d %H}"


def test_what_comes_later_and_matters_more_keeps_its_places(services: Services) -> None:
    """In the morning progress and the reminder are both to come: two places of two."""
    assert put(services, row(services, "statement")) == "per_day"
    assert put(services, row(services, "close")) == "11-26 08"  # after two workdays it takes one all the same
    assert [put(services, row(services, job)) for job in ("progress", "reminder")] == ["11-24 08"] * 2
    assert services.store.unasked_messages.counts(TUESDAY) == {"jia": 2}


@pytest.mark.parametrize(
    ("when", "got"),
    [
        pytest.param("09:10", "per_day", id="progress is still planned, a few minutes after its time"),
        pytest.param("09:13", "11-24 09", id="it was planned"),
    ],
)
def test_a_place_is_kept_until_planning_is_over(services: Services, when: str, got: str) -> None:
    assert put(services, row(services, "statement", when=at(f"2026-11-24T{when}"))) == got


@pytest.mark.parametrize(
    ("userid", "got"),
    [
        pytest.param("jia", "per_day", id="progress and a reminder may come"),
        pytest.param("boss", "11-24 08", id="the digest may come"),
        pytest.param("teller", "11-24 08", id="of him nothing is asked"),
        pytest.param("stranger", "per_day", id="nobody knows what may come"),
    ],
)
def test_places_are_kept_for_what_somebody_may_get(services: Services, userid: str, got: str) -> None:
    assert put(services, row(services, "statement", userid)) == got


def test_a_leader_keeps_a_place_for_the_digest_and_who_leads_nobody_does_not(tmp_path: Path) -> None:
    with opened(tmp_path, per_day=1) as services:
        found = {to: put(services, row(services, "statement", to)) for to in ("boss", "teller")}

    assert found == {"boss": "per_day", "teller": "11-24 08"}


def test_what_is_known_to_come_today_says_nothing_of_another_day(services: Services) -> None:
    """He is known to get nothing more today; tomorrow both may come, so the second waits for its patience."""
    nothing: frozenset[str] = frozenset()
    first = [put(services, row(services, f"rules:{n}", awaited=nothing)) for n in (1, 2)]

    third = put(services, row(services, "rules:3", awaited=nothing))

    assert first == ["11-24 08"] * 2
    assert third == "11-26 08"


def test_patience_takes_one_place_and_leaves_none_where_there_is_one(tmp_path: Path) -> None:
    """Of one place a day the rule is the same: after two workdays it goes, whatever else may come."""
    with opened(tmp_path, per_day=1) as services:
        found = [put(services, row(services, f"decided:appeal:{n}")) for n in (1, 2)]

    assert found == ["11-26 08", "11-27 08"]


def test_what_waits_goes_on_its_last_day_and_not_after_it(services: Services) -> None:
    services.store.preferences.add_leave("teller", TUESDAY, date(2026, 11, 25), at=0)
    services.store.preferences.add_leave("clerk", TUESDAY, date(2026, 11, 26), at=0)

    # A question waits for two workdays.
    assert put(services, row(services, "question", "teller")) == "11-26 08"
    assert put(services, row(services, "question", "clerk")) == "leave"


def test_a_message_that_waits_ends_with_the_day_on_which_it_goes(services: Services) -> None:
    services.store.preferences.add_leave("jia", TUESDAY, TUESDAY, at=0)
    put(services, row(services, "decided:appeal:1"))

    (stored,) = outbox_rows(services)
    assert stored["expires_at"] == int(
        at(f"{NEXT + (stored_day(services, stored) - NEXT)}T18:00").timestamp()
    )
    assert stored_day(services, stored) > TUESDAY


def stored_day(services: Services, stored: dict[str, Any]) -> date:
    day: date = services.config.work_calendar().day_of(stored["not_before"])
    return day


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

    assert minute(services) in minutes


def test_what_is_put_off_to_an_opening_goes_some_minutes_after_it(services: Services) -> None:
    services.store.preferences.add_leave("teller", TUESDAY, TUESDAY, at=0)
    put(services, row(services, "leave:1", "teller"))

    assert minute(services) in {31, 32, 33, 34}


def minute(services: Services) -> int:
    (stored,) = outbox_rows(services)
    moment: datetime = services.config.work_calendar().moment(stored["not_before"])
    return moment.minute


# --- what would go ---


def test_a_preview_names_what_would_go_and_takes_no_place(services: Services) -> None:
    evening = at("2026-11-24T17:00")
    stored = row(services, "progress", when=evening)
    put(services, stored)
    planned = [stored, *(row(services, job, when=evening) for job in ("statement", "admin", "leave:1"))]

    quiet = quiet_hours(services)
    found = [
        one.job
        for one in going(services, [*planned, row(services, "admin", "yi", when=evening)], quiet=quiet)
    ]

    # One of two places is taken, the next takes the other; leave waits for tomorrow.
    assert found == ["progress", "statement", "leave:1", "admin"]
    assert services.store.unasked_messages.counts(TUESDAY) == {"jia": 1}
    assert [one["key"] for one in outbox_rows(services)] == [stored.key]


def test_what_goes_is_what_was_previewed(services: Services) -> None:
    evening = at("2026-11-24T17:00")
    planned = [row(services, f"admin:{n}", to, when=evening) for n in range(4) for to in ("jia", "yi")]
    quiet = quiet_hours(services)
    previewed = [one.key for one in going(services, planned, quiet=quiet)]

    with services.store.transaction():
        for message in planned:
            enqueue_unasked(services, message, quiet=quiet)

    assert previewed == [one["key"] for one in outbox_rows(services)]
    assert len(previewed) == 4


def test_what_finds_no_place_in_a_preview_takes_none_from_others(services: Services) -> None:
    planned = [row(services, job) for job in ("statement", "progress", "reminder")]

    assert [one.job for one in going(services, planned, quiet=quiet_hours(services))] == [
        "progress",
        "reminder",
    ]


def test_the_same_message_planned_twice_takes_one_place(services: Services) -> None:
    evening = at("2026-11-24T17:00")
    message = row(services, "admin", when=evening)
    for _ in range(2):
        put(services, message)
    put(services, replace(message, content="another text"))

    assert services.store.unasked_messages.counts(TUESDAY) == {"jia": 1}
    assert len(outbox_rows(services)) == 1


def test_a_weekly_place_is_kept_on_the_last_workday_of_the_week_alone(tmp_path: Path) -> None:
    schedule = SCHEDULE.replace("workdays", "last_workday_of_week")
    with opened(tmp_path, per_day=1, schedule=schedule) as services:
        found = [
            put(services, row(services, "admin", when=at(f"{day}T08:40")))
            for day in ("2026-11-24", "2026-11-27")
        ]

    assert found == ["11-24 08", "per_day"]


def test_a_message_that_is_put_off_before_sending_waits_from_its_own_day_on(services: Services) -> None:
    """A question of Tuesday may wait until Thursday, also when it is found on Thursday that it may not go."""
    put(services, row(services, "question:1", "teller"))
    put(services, row(services, "question:2", "jia", when=at("2026-11-24T17:00")))
    change(services, "UPDATE outbox SET expires_at = expires_at + 864000")
    for userid in ("teller", "jia"):
        services.store.preferences.add_leave(userid, TUESDAY, date(2026, 11, 26), at=0)
    moment = int(at("2026-11-26T09:00").timestamp())
    hold_back(services, real_now=moment, clock_now=moment)

    assert [(one["state"], one["error"]) for one in outbox_rows(services)] == [("dropped", "leave")] * 2
    assert services.store.unasked_messages.counts(TUESDAY) == {}
    assert services.store.unasked_messages.counts(date(2026, 11, 27)) == {}
