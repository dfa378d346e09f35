"""While figures may lack something for everybody, only administrators are told anything unasked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.e2e import FakeTime, add_customers, at, installation, outbox_rows, write_config, write_roster
from click.testing import CliRunner

from bot.cli.main import cli
from bot.core.sync import NEVER_READ
from bot.features.chat.answer import answer_waiting
from bot.features.health import Health
from bot.features.outages import catch_up, gaps
from bot.services import Services
from bot.store.chat import ChatRequest
from bot.store.sync import WHOLE, SyncReportLine
from scheduler.runs import tick

MONDAY = "2026-11-23"
ROSTER = (
    "yg01,员工甲,1,客户经理,,,,",
    "boss,主管甲,1,主管,1,,,",
    "admin,管理员,2,主管,,,,",
)
WORKDAY = ("08:00", "09:07", "12:00", "16:37", "17:29", "17:48")


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime(at(f"{MONDAY}T08:00"))


@pytest.fixture
def services(tmp_path: Path, clock: FakeTime) -> Iterator[Services]:
    """An installation that starts for the first time, with an administrator."""
    write_roster(tmp_path, *ROSTER)
    config = write_config(tmp_path, more='[admins]\nuserids = ["admin"]\n')
    with installation(config, clock) as services:
        services.store.marks.clear(WHOLE)
        yield services


def s(text: str) -> int:
    return int(at(f"{MONDAY}T{text}").timestamp())


def compare(services: Services, when: str, **unread: str) -> None:
    """End a comparison that began at *when*; *unread*: members with what was in the way."""
    syncs = services.store.syncs
    with services.store.transaction():
        run = syncs.begin(began_at=s(when), real_began_at=s(when), accepts_losses=False)
        lines = [SyncReportLine(cause="unknown", userid=u, number=1, text=text) for u, text in unread.items()]
        syncs.put_report_lines(run, lines)
        is_whole = all(text in NEVER_READ for text in unread.values())
        syncs.end(run, ended_at=run.began_at + 60, is_whole=is_whole)


def tick_at(services: Services, clock: FakeTime, *times: str) -> None:
    for time in times:
        clock.set(f"{MONDAY}T{time}")
        tick(services)


def told(services: Services) -> set[tuple[str, str]]:
    return {(row["job"], row["to_userid"]) for row in outbox_rows(services)}


def test_before_the_first_whole_comparison_only_administrators_are_told(
    services: Services, clock: FakeTime
) -> None:
    add_customers(services, "yg01", *[at(f"{MONDAY}T08:30")] * 3)

    tick_at(services, clock, *WORKDAY)

    assert told(services) == {("admin", "admin")}


def test_the_service_asks_for_the_first_comparison_at_once(services: Services) -> None:
    catch_up.begin_if_due(services)

    assert services.store.runs.newest("sync") is not None


def test_a_morning_message_that_waited_goes_by_itself_after_the_comparison(
    services: Services, clock: FakeTime
) -> None:
    add_customers(services, "yg01", *[at(f"{MONDAY}T08:30")] * 3)
    tick_at(services, clock, "08:00", "09:07", "09:30")
    before = told(services)

    compare(services, "09:31")
    tick_at(services, clock, "09:45")

    assert ("progress", "yg01") not in before
    assert ("progress", "yg01") in told(services)


def test_a_morning_message_is_not_sent_in_the_afternoon(services: Services, clock: FakeTime) -> None:
    tick_at(services, clock, "08:00", "09:07", "12:00", "13:08")
    compare(services, "13:09")
    tick_at(services, clock, "13:30")

    assert told(services) == {("admin", "admin")}
    run = services.store.runs.get("progress", s("09:07"))
    assert run is not None
    assert run["state"] == "held"


def test_a_service_that_starts_late_sends_neither_the_morning_s_message_nor_the_reminder(
    services: Services, clock: FakeTime
) -> None:
    compare(services, "07:00")
    tick_at(services, clock, "08:00")  # it was started before, so that what is missed is known

    tick_at(services, clock, "17:51")

    assert told(services) & {("progress", "yg01"), ("reminder", "yg01")} == set()
    assert ("digest", "boss") in told(services)


@pytest.mark.parametrize(
    ("reason", "is_complete"),
    [
        pytest.param("WeCom answered -1 (system error)", False, id="it may be read later"),
        pytest.param("no licence for 客户联系 (fail_info)", True, id="it can never be read"),
    ],
)
def test_a_comparison_is_whole_if_it_read_all_lists_that_can_be_read(
    services: Services, reason: str, *, is_complete: bool
) -> None:
    compare(services, "08:10", yg01=reason)

    assert (catch_up.explain_withheld(services) is None) is is_complete


@pytest.mark.parametrize(
    ("began", "ended", "reason", "is_complete"),
    [
        pytest.param("10:00", "10:10", "refused", True, id="ten minutes"),
        pytest.param("10:00", "10:11", "refused", False, id="eleven minutes without storing"),
        pytest.param("10:00", "10:11", "down", False, id="eleven minutes without a receiver"),
        pytest.param("10:00", "12:00", "silence", True, id="silence is no outage of the receiver"),
    ],
)
def test_an_outage_of_over_ten_minutes_makes_figures_incomplete(
    services: Services, clock: FakeTime, began: str, ended: str, reason: str, *, is_complete: bool
) -> None:
    compare(services, "07:00")
    services.store.outages.add(s(began), s(ended), reason=reason, holder="a:1")
    clock.set(f"{MONDAY}T12:30")

    assert (catch_up.explain_withheld(services) is None) is is_complete


def test_figures_are_complete_again_after_the_comparison_that_covers_the_outage(
    services: Services, clock: FakeTime
) -> None:
    compare(services, "07:00")
    services.store.outages.add(s("10:00"), s("10:30"), reason="refused", holder="a:1")
    clock.set(f"{MONDAY}T12:30")
    before = catch_up.explain_withheld(services)

    compare(services, "12:00")

    assert before == "events since 11-23 10:00 may be missing (refused)"
    assert catch_up.explain_withheld(services) is None


def test_a_person_takes_the_record_as_complete_and_later_outages_are_only_named(
    services: Services, clock: FakeTime
) -> None:
    gaps.take_as_complete(services, by="IT", reason="a new app")
    services.store.outages.add(s("08:10"), s("08:40"), reason="refused", holder="a:1")

    tick_at(services, clock, "08:00", "09:07")
    (act,) = [act for act in services.store.audit.acts() if act.act == "complete"]

    assert catch_up.explain_withheld(services) is None
    assert ("progress", "yg01") in told(services)
    assert (act.actor, json.loads(act.detail)) == ("IT", {"reason": "a new app"})


@pytest.mark.parametrize("command", ["进度", "排名", "明细", "团队"])
def test_an_answer_with_figures_says_that_they_may_be_too_low(services: Services, command: str) -> None:
    services.store.chat.put(ChatRequest(msgid="m1", userid="boss", text=command, said_at=s("08:00")))

    answer_waiting(services)
    (row,) = outbox_rows(services)

    assert "客户名单还没有核对完，数字可能偏低" in row["content"]


def test_readiness_status_and_figures_name_it(services: Services, tmp_path: Path) -> None:
    health = Health(services.store, probe=lambda: None, real_time=services.store.now)
    config = str(tmp_path / "config.toml")

    def shown(*command: str) -> dict[str, object]:
        run = CliRunner().invoke(cli, [*command, "--config", config, "--format", "json"])
        report: dict[str, object] = json.loads(run.stdout)
        return report

    assert "complete" in [part["part"] for part in health.report()["degraded"]]
    assert shown("progress")["complete"] is False
    assert shown("status")["complete"] == {
        "complete": False,
        "because": "WeCom's lists were not compared as a whole yet: earlier customers may be missing",
        "members_read": 0,
        "members": 0,
    }

    done = CliRunner().invoke(cli, ["complete", "--by", "IT", "--reason", "new", "--config", config])

    assert done.exit_code == 0
    assert shown("progress")["complete"] is True
    assert "complete" not in [part["part"] for part in health.report()["degraded"]]
