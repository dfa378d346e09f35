"""Peace on random branches and days: nothing unasked comes too often, too late or to the wrong one."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from builders.e2e import CHINA, QUOTA, FakeTime, at, installation, outbox_rows, write_config, write_roster

from bot.core.quiet_hours import Silence, kind_of
from bot.core.relations import RelationEvent, RelationKind
from bot.core.status import Status
from bot.features.ledger.derive import derive
from bot.features.notify.enqueue import build_unasked, enqueue_unasked, quiet_hours
from bot.features.notify.recheck import hold_back
from bot.features.reminder.message import list_to_remind
from bot.features.rules.announcement import RuleNews, rules_changed
from bot.features.standings.load import load_standings
from bot.services import Services
from bot.store.contact_knowledge import Absence
from bot.store.preferences import Way
from scheduler.runs import tick

DAYS = [date(2026, 11, day) for day in (27, 28, 30)]  # Friday, Saturday, Monday
TIMES = ("08:36", "09:07", "16:37", "17:48", "20:00")
QUOTAS = QUOTA + '[[quotas]]\nid = "daily"\nroles = ["客户经理"]\nperiod = "day"\ntarget = 3\n'
REMIND_AT = "16:37"
BRANCHES = int(os.environ.get("QUOTABOT_BRANCHES", "1"))  # so many with each limit a day
ENOUGH = {Status.MET, Status.COVERED, Status.EXEMPT}


@contextmanager
def branch(folder: Path, chance: random.Random, *, per_day: int) -> Iterator[tuple[Services, FakeTime]]:
    """Some people under one or two leaders, one of whom has quotas himself; one has left."""
    people = [f"p{number:02d}" for number in range(7)]
    lines = [f"{who},员工{who},{chance.choice((11, 12))},客户经理,,,," for who in people]
    lines += [
        "boss,主管甲,11,客户经理,11,,,",
        "head,主管乙,1,主管,1,,,",
        "gone,员工丁,11,客户经理,,,2026-11-25,",
    ]
    (folder / "departments.csv").write_text(
        "id,name,parent\n1,支行,\n11,一部,1\n12,二部,1\n", encoding="utf-8"
    )
    write_roster(folder, *lines)
    clock = FakeTime(at("2026-11-26T20:00"))
    # a comparison would ask WeCom, which is not there
    more = f'[messages]\nper_day = {per_day}\n[schedule]\nsync = {{ at = "23:59", on = "workdays" }}\n'
    with installation(write_config(folder, quotas=QUOTAS, more=more), clock) as services:
        tick(services)
        yield services, clock


def adds(services: Services, chance: random.Random, userid: str, day: date, number: int) -> None:
    with services.store.transaction():
        for n in range(number):
            moment = datetime(day.year, day.month, day.day, 10, chance.randrange(60), tzinfo=CHINA)
            services.store.ledger.append(
                RelationEvent(
                    userid=userid,
                    external_userid=f"wm-{userid}-{day}-{n}",
                    at=int(moment.timestamp()),
                    kind=RelationKind.ADDED,
                ),
                origin="callback",
                recorded_at=0,
            )
    derive(services)


def something_happens(services: Services, chance: random.Random, clock: FakeTime, userid: str) -> None:
    """What people do and what befalls them between two looks at the timetable."""
    today = clock.moment.date()
    now = int(clock.moment.timestamp())
    store = services.store
    match chance.randrange(9):
        case 0:
            last = today + timedelta(days=chance.randrange(3))
            until = int(datetime(last.year, last.month, last.day, tzinfo=CHINA).timestamp()) + 86400
            store.preferences.mute(userid, until=until, since=now, way=Way.WORD)
        case 1:
            store.preferences.unmute(userid)
        case 2:
            store.preferences.add_leave(userid, today, today + timedelta(days=chance.randrange(4)), at=now)
        case 3:
            store.preferences.end_leave(userid, back_on=today)
        case 4:
            absence = Absence(userid=userid, first=today, last=today + timedelta(days=1))
            with store.transaction():
                store.contact_knowledge.put_absences([absence])
        case 5 | 6:
            adds(services, chance, userid, today, chance.randrange(12))
        case _:
            news = RuleNews(
                quota="cm-monthly", period="2026-11", following="2026-12", now=(), later=(), begins=True
            )
            message = rules_changed(language="zh-CN", news=[news], at=clock.moment)
            row = build_unasked(services, f"rules:{now}", userid, message, at=clock.moment)
            with store.transaction():
                enqueue_unasked(services, row, quiet=quiet_hours(services))


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What somebody was told, at which local moment."""

    to: str
    job: str
    at: datetime
    expires_at: int


def send(services: Services, clock: FakeTime) -> Iterator[Sent]:
    """Send what is due, as the sender does, and check who is written to at this moment."""
    store, now = services.store, int(clock())
    store.outbox.expire(real_now=now, clock_now=now)
    hold_back(services, real_now=now, clock_now=now, batch=1000)
    quiet, by_person = quiet_hours(services), load_standings(services, at=clock.moment).by_person
    for due in store.outbox.due(real_now=now, clock_now=now, batch=1000):
        row = next(row for row in outbox_rows(services) if row["seq"] == due.seq)
        assert quiet.silence(due.to_userid, clock.moment) is None, due.key
        if row["job"] == "reminder":
            assert not {row.status for row in by_person[due.to_userid]} <= ENOUGH, due.key
        store.outbox.finish(due.seq, state="sent", now=now)
        yield Sent(to=due.to_userid, job=row["job"], at=clock.moment, expires_at=row["expires_at"])


def play(
    services: Services, chance: random.Random, clock: FakeTime
) -> tuple[list[Sent], set[tuple[date, str]]]:
    """Live through DAYS; what was sent, and who was to be reminded when the reminder fired."""
    sent: list[Sent] = []
    to_be_reminded: set[tuple[date, str]] = set()
    userids = sorted(services.store.members.all())
    for day in DAYS:
        for text in TIMES:
            clock.set(f"{day}T{text}")
            for _ in range(4):
                something_happens(services, chance, clock, chance.choice(userids))
            if text == REMIND_AT and services.config.work_calendar().is_workday(day):
                found, quiet = load_standings(services, at=clock.moment), quiet_hours(services)
                to_be_reminded |= {
                    (day, userid)
                    for userid, rows in found.by_person.items()
                    if list_to_remind(rows) and quiet.silence(userid, clock.moment) is None
                }
            tick(services)
            sent += send(services, clock)
    return sent, to_be_reminded


@pytest.mark.parametrize("seed", range(BRANCHES))
@pytest.mark.parametrize("per_day", [0, 1, 2, 3])
def test_peace_is_kept_on_random_branches(tmp_path: Path, per_day: int, seed: int) -> None:
    chance = random.Random(f"peace {per_day} {seed}")
    with branch(tmp_path, chance, per_day=per_day) as (services, clock):
        sent, wanted = play(services, chance, clock)
        withheld = services.store.unasked_messages.withheld()
        calendar = services.config.work_calendar()

    of_day = Counter((one.to, one.at.date()) for one in sent)
    reminded = [(one.at.date(), one.to) for one in sent if one.job == "reminder"]
    assert max(of_day.values(), default=0) <= per_day
    assert [one for one in sent if not calendar.in_working_hours(one.at)] == []
    assert {calendar.moment(one.expires_at).date() == one.at.date() for one in sent} <= {True}
    assert not any(one.to == "gone" for one in sent)
    assert len(set(reminded)) == len(reminded)
    assert set(reminded) <= wanted
    assert wanted
    if per_day >= 2:
        assert set(reminded) == wanted
        assert {kind_of(one.job) for one in sent} >= {"progress", "reminder"}
    assert set(withheld) <= set(Silence)
    assert withheld


@pytest.fixture
def one(tmp_path: Path) -> Iterator[tuple[Services, FakeTime]]:
    write_roster(tmp_path, "jia,员工甲,11,客户经理,,,,", "boss,主管甲,11,主管,11,,,")
    clock = FakeTime(at("2026-11-24T09:07"))
    with installation(write_config(tmp_path), clock) as services:
        yield services, clock


def news(services: Services, moment: datetime, *, job: str = "decided:appeal:1") -> bool:
    message = rules_changed(
        language="zh-CN",
        news=[RuleNews(quota="q", period="2026-11", following="2026-12", now=(), later=(), begins=True)],
        at=moment,
    )
    row = build_unasked(services, job, "jia", message, at=moment)
    with services.store.transaction():
        return enqueue_unasked(services, row, quiet=quiet_hours(services))


def test_what_finds_no_slot_waits_for_the_next_message(one: tuple[Services, FakeTime]) -> None:
    services, clock = one
    clock.set("2026-11-24T10:00")
    for number in range(4):
        news(services, clock.moment, job=f"decided:appeal:{number}")

    # Progress is over, a slot is left to the reminder that may come.
    assert [row["state"] for row in outbox_rows(services)] == ["pending", "pending", "waiting", "waiting"]
    assert services.store.unasked_messages.withheld() == {}


def test_a_decision_waits_for_the_end_of_a_leave_and_a_result_no_longer_than_its_appeals(
    one: tuple[Services, FakeTime],
) -> None:
    services, clock = one
    services.store.preferences.add_leave("jia", date(2026, 11, 24), date(2026, 12, 4), at=0)

    decided, closed = news(services, clock.moment), news(services, clock.moment, job="close")

    assert (decided, closed) == (True, False)
    assert [(row["job"], row["state"]) for row in outbox_rows(services)] == [("decided:appeal:1", "waiting")]
    assert services.store.unasked_messages.withheld() == {"leave": 1}


def test_what_was_withheld_goes_when_it_is_planned_again_in_peace(one: tuple[Services, FakeTime]) -> None:
    services, clock = one
    services.store.preferences.mute("jia", until=int(clock()) + 60, since=0, way=Way.WORD)
    muted = news(services, clock.moment, job="progress")
    before = services.store.unasked_messages.withheld()
    services.store.preferences.unmute("jia")

    planned = [news(services, clock.moment, job="progress") for _ in range(2)]

    assert (muted, before, planned) == (False, {"muted": 1}, [True, False])
    assert services.store.unasked_messages.withheld() == {}
    assert services.store.unasked_messages.counts(date(2026, 11, 24)) == {"jia": 1}


def test_a_group_is_nobody_who_could_be_told_too_much(one: tuple[Services, FakeTime]) -> None:
    services, clock = one
    message = rules_changed(
        language="zh-CN",
        news=[RuleNews(quota="q", period="2026-11", following="2026-12", now=(), later=(), begins=True)],
        at=clock.moment,
    )

    with services.store.transaction():
        added = [
            enqueue_unasked(
                services,
                build_unasked(services, f"digest{number}", "robot:south", message, at=clock.moment),
                quiet=quiet_hours(services),
            )
            for number in range(5)
        ]

    assert added == [True] * 5
    assert services.store.unasked_messages.counts(date(2026, 11, 24)) == {}
