"""A dry run shows what the run then stores, no more and no less, on random branches."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from builders.e2e import (
    QUOTA,
    FakeTime,
    add_customers,
    at,
    installation,
    outbox_rows,
    write_config,
    write_roster,
)

from bot.core.quiet_hours import kind_of
from bot.features.notify.enqueue import preview_enqueue, quiet_hours
from bot.services import Services
from bot.store.contact_knowledge import Absence
from bot.store.preferences import Way
from scheduler.planner import plan
from scheduler.runs import fire
from scheduler.timetable import Firing

FIRINGS = (
    *(("progress", "2026-11-27T09:07"), ("reminder", "2026-11-27T16:37"), ("weekly", "2026-11-27T17:23")),
    *(("digest", "2026-11-27T17:48"), ("progress", "2026-11-30T09:07"), ("close", "2026-12-01T08:42")),
    ("progress", "2026-12-01T09:07"),
)
MORE = """
[integrity]
burst = { adds = 5, minutes = 60 }
action = "hold"
[admins]
userids = ["boss", "clerk"]
[schedule]
weekly = { at = "17:23", on = "last_workday_of_week" }
"""
PEOPLE = [f"p{number}" for number in range(6)]
EVERYBODY = [*PEOPLE, "boss", "head", "clerk"]


@contextmanager
def branch(folder: Path, chance: random.Random) -> Iterator[tuple[Services, FakeTime]]:
    """Some people under boss, who has a quota and administers, as does clerk; head leads them all."""
    (folder / "departments.csv").write_text("id,name,parent\n1,支行,\n11,一部,1\n", encoding="utf-8")
    lines = [f"{who},员工{who},11,客户经理,,,," for who in PEOPLE]
    write_roster(folder, *lines, "boss,主管甲,11,客户经理,11,,,", "head,主管乙,1,主管,1,,,")
    more = f"{MORE}[messages]\nper_day = {chance.choice((1, 1, 2, 3))}\n"
    clock = FakeTime(at("2026-11-25T20:00"))
    with installation(write_config(folder, quotas=QUOTA, more=more), clock) as services:
        services.store.marks.first("first_start", str(int(clock())))  # no comparison since: that is wrong
        with services.store.transaction():
            services.store.daily_statements.make_key("2026-11")
        yield services, clock


def something_happens(services: Services, chance: random.Random, clock: FakeTime) -> None:
    store, today = services.store, clock.moment.date()
    who, now = chance.choice(EVERYBODY), int(clock())
    match chance.randrange(5):
        case 0:
            store.preferences.mute(who, until=now + chance.choice((60, 90_000)), since=now, way=Way.WORD)
        case 1:
            store.preferences.add_leave(who, today, today + timedelta(days=chance.randrange(3)), at=now)
        case 2:
            with store.transaction():
                store.contact_knowledge.put_absences([Absence(userid=who, first=today, last=today)])
        case 3:
            with store.transaction():
                store.unasked_messages.take(who, today, room=3)
        case _:
            begin = clock.moment - timedelta(minutes=70)
            add_customers(
                services, who, *(begin + timedelta(minutes=n) for n in range(chance.randrange(1, 9)))
            )


def shown_and_stored(
    services: Services, job: str, when: str, clock: FakeTime
) -> tuple[dict[str, str], dict[str, str]]:
    """What a dry run shows of *job*, and what is in the outbox once it has run; by key."""
    clock.set(when)
    before = {row["key"] for row in outbox_rows(services)}
    planned = plan(services, job, at=clock.now())
    shown = {one.key: one.content for one in preview_enqueue(services, planned, quiet=quiet_hours(services))}
    untouched = {row["key"] for row in outbox_rows(services)} == before

    fired = fire(services, Firing(job, int(clock())), now=clock.now())

    assert (untouched, fired, services.store.runs.last()[0]["state"]) == (True, True, "done")
    stored = {row["key"]: row["content"] for row in outbox_rows(services) if row["key"] not in before}
    return shown, stored


@pytest.mark.parametrize("seed", range(1, 2 + int(os.environ.get("QUOTABOT_BRANCHES", "1"))))
def test_a_dry_run_shows_what_the_run_stores(tmp_path: Path, seed: int) -> None:
    chance = random.Random(f"preview {seed}")
    kinds: Counter[str] = Counter()
    with branch(tmp_path, chance) as (services, clock):
        add_customers(services, "p0", *[at("2026-11-10T10:00")] * 60)
        for job, when in FIRINGS:
            clock.set(when)
            for _ in range(4):
                something_happens(services, chance, clock)
            shown, stored = shown_and_stored(services, job, when, clock)

            assert shown == stored
            kinds.update(kind_of(key) for key in stored)
        withheld = services.store.unasked_messages.withheld()

    assert kinds
    assert withheld


def test_of_two_messages_of_one_dry_run_one_carries_the_other(tmp_path: Path) -> None:
    write_roster(tmp_path, "boss,主管甲,11,客户经理,,,,")
    more = '[admins]\nuserids = ["boss"]\n[messages]\nper_day = 1\n'
    clock = FakeTime(at("2026-11-24T20:00"))
    with installation(write_config(tmp_path, more=more), clock) as services:
        services.store.marks.first("first_start", str(int(clock())))
        add_customers(
            services, "boss", *[at("2026-11-10T10:00")] * 60
        )  # done: no reminder to leave a place to
        clock.set("2026-11-26T09:07")
        planned = list(plan(services, "progress", at=clock.now()))
        admin, progress = preview_enqueue(services, planned, quiet=quiet_hours(services))

        assert [one.job for one in planned] == ["admin", "progress"]
        assert (admin.key, progress.key) == ("admin:2026-11-26:boss", "progress:2026-11-26:boss")
        assert admin.content.splitlines()[0] in progress.content
        assert services.store.unasked_messages.counts(date(2026, 11, 26)) == {}
