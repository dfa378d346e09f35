"""What is open covers nothing: doses, reminders and messages of real branches."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.chat import say
from builders.e2e import QUOTA, FakeTime, add_customers, at, installation, write_config, write_roster

from bot.core.relations import RelationEvent, RelationKind
from bot.core.status import Status
from bot.core.workdays import epoch_of
from bot.features.ledger.derive import derive
from bot.features.standings.load import load_standings
from bot.services import Services
from bot.store.details import ContactRead
from scheduler.planner import plan

FULL = "yg01,员工甲,11,客户经理,,,,"
BOSS = "boss,主管甲,11,主管,11,,,"  # who would be told of a wish for help


def planned(services: Services, job: str, when: str) -> dict[str, list[str]]:
    """The lines of each message of *job*, by receiver."""
    found = [message for message in plan(services, job, at=at(when)) if message.job == job]
    return {message.to_userid: message.content.splitlines() for message in found}


VIPS = '[quotas.counting]\nrequired_tags = ["贵宾"]\n'


def test_twelve_customers_without_the_tag_bring_a_reminder_that_names_it(tmp_path: Path) -> None:
    """A bank that deducts for each VIP missing: 12 others cover nothing."""
    write_roster(tmp_path, FULL, BOSS)
    quotas = QUOTA.replace("50", "12") + VIPS
    with installation(write_config(tmp_path, quotas=quotas), FakeTime(at("2026-11-16T16:37"))) as services:
        moment = at("2026-11-10T10:00")
        add_customers(services, "yg01", *[moment] * 12)
        with services.store.transaction():
            customers = [f"wm-yg01-{moment:%m%d%H%M%S}-{n}" for n in range(12)]
            reads = [
                ContactRead(
                    userid="yg01",
                    external_userid=one,
                    createtime=epoch_of(moment),
                    customer_type=1,
                    add_way=1,
                )
                for one in customers
            ]
            services.store.details.put(reads, read_at=0)
        (row,) = load_standings(services, at=at("2026-11-16T16:37")).rows
        morning = planned(services, "progress", "2026-11-16T09:07")["yg01"]
        lines = planned(services, "reminder", "2026-11-16T16:37")["yg01"]

    assert (row.status, row.pending, row.open, row.to_add) == (Status.BEHIND, 12, 12, 12)
    for message in (morning, lines):
        assert not [line for line in message if "够" in line]
        assert any(line.startswith("12 位缺“贵宾”标签") and line.endswith("否则不计入") for line in message)


@pytest.mark.parametrize(
    ("adds", "first"),
    [
        pytest.param(46, "今天再加 4 位就够", id="46 of 50"),
        pytest.param(49, "今天再加 1 位就够", id="49 of 50"),
        pytest.param(50, None, id="covered"),
    ],
)
def test_who_lacks_something_on_the_last_workday_gets_a_reminder(
    tmp_path: Path, adds: int, first: str | None
) -> None:
    write_roster(tmp_path, FULL, BOSS)
    with installation(write_config(tmp_path), FakeTime(at("2026-11-30T16:37"))) as services:
        add_customers(services, "yg01", *[at("2026-11-20T10:00")] * adds)
        lines = planned(services, "reminder", "2026-11-30T16:37").get("yg01", [])

    assert (lines[0] if lines else None) == first


@pytest.mark.parametrize(
    ("adds", "today", "first", "answer"),
    [
        pytest.param(50, 0, "今天再加 1 位就够", "今天加 1 位就够", id="covered in the morning"),
        pytest.param(48, 2, "今天再加 1 位就够，已加 2 位", "今天加 3 位就够，已加 2 位", id="done today"),
    ],
)
def test_who_loses_somebody_on_the_last_workday_is_not_told_that_it_is_enough(
    tmp_path: Path, adds: int, today: int, first: str, answer: str
) -> None:
    write_roster(tmp_path, FULL, BOSS)
    quotas = QUOTA + "[quotas.counting]\nkeep_days = 7\n"
    clock = FakeTime(at("2026-11-30T16:37"))
    with installation(write_config(tmp_path, quotas=quotas), clock) as services:
        moment = at("2026-11-27T10:00")
        add_customers(services, "yg01", *[moment] * adds, *[at("2026-11-30T09:30")] * today)
        with services.store.transaction():
            loss = RelationEvent(
                userid="yg01",
                external_userid=f"wm-yg01-{moment:%m%d%H%M%S}-0",
                at=epoch_of(at("2026-11-30T10:00")),
                kind=RelationKind.LOST_BY_CUSTOMER,
            )
            services.store.ledger.append(loss, origin="callback", recorded_at=0)
        derive(services)
        lines = planned(services, "reminder", "2026-11-30T16:37").get("yg01", [""])
        answered = say(services, "yg01", "进度")
        (row,) = load_standings(services, at=at("2026-11-30T16:37")).rows

    assert (lines[0], answered[0]) == (first, answer)
    assert (row.today_dose, row.today_left) == (today, 0)  # the figure is fixed for the day


def test_a_dose_above_what_counts_of_a_day_is_called_enough_by_no_message(tmp_path: Path) -> None:
    """Of 47 in 50, two a day count: three on the last day are not enough."""
    write_roster(tmp_path, FULL, BOSS)
    quotas = QUOTA + "[quotas.counting]\nmax_per_day = 2\n"
    clock = FakeTime(at("2026-11-30T09:07"))
    with installation(write_config(tmp_path, quotas=quotas), clock) as services:
        days = [at(f"2026-11-{day:02}T10:00") for day in range(2, 26)]
        add_customers(services, "yg01", *(2 * days)[:47])
        morning = planned(services, "progress", "2026-11-30T09:07")["yg01"]
        lines = planned(services, "reminder", "2026-11-30T16:37")["yg01"]
        answered = say(services, "yg01", "进度")

    assert {morning[0], lines[0], answered[0]} == {"本月目标可能偏紧，先商量怎么办"}


def test_an_add_lost_before_its_details_were_read_is_in_today_s_dose(tmp_path: Path) -> None:
    """Nineteen of 21, one of them lost unread: three are to go, not two."""
    write_roster(tmp_path, FULL, BOSS)
    quotas = QUOTA.replace("50", "21") + '[quotas.counting]\ncustomer_types = ["wechat"]\n'
    with installation(write_config(tmp_path, quotas=quotas), FakeTime(at("2026-11-30T09:07"))) as services:
        moment = at("2026-11-20T10:00")
        add_customers(services, "yg01", *[moment] * 19)
        with services.store.transaction():
            loss = RelationEvent(
                userid="yg01",
                external_userid=f"wm-yg01-{moment:%m%d%H%M%S}-0",
                at=epoch_of(at("2026-11-27T10:00")),
                kind=RelationKind.LOST_BY_CUSTOMER,
            )
            services.store.ledger.append(loss, origin="callback", recorded_at=0)
        derive(services)
        morning = planned(services, "progress", "2026-11-30T09:07")["yg01"]

    assert morning[0] == "今天还需 3 位，另有 1 位补齐才算"
    assert any("1 位没读到资料就流失了" in line for line in morning)
