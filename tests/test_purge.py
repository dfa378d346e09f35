"""Removal by age: what is old goes, what figures need stays, and a service beside it waits for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders.backups import write_config
from builders.config import ENVIRON
from builders.copy import EVENT_AT, Quotabot, command_here, live_a_day

from bot.app.bootstrap import open_services
from bot.config import load
from bot.features.ledger.replay import recount
from bot.features.purge import purge
from bot.services import Services
from bot.store import retention
from bot.store.retention import RULES, Age, days_of
from handlers.inbox import work_off

AT = datetime.fromtimestamp(EVENT_AT, UTC)
LATER = AT + timedelta(days=1000)
OLD = (
    *("words", "withheld", "unasked_days", "exports", "help_wishes", "engagement", "attachments"),
    *("daily_statements", "statement_keys", "welcomes", "runs", "coaching", "leaves_said", "lists_shown"),
)
KEPT = {"relation_events", "adds", "details", "facts", "reviews", "findings", "results", "audit", "members"}


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        return AT + timedelta(minutes=1)


@pytest.fixture
def services(tmp_path: Path, place: Path | str) -> Iterator[Services]:
    config = load(write_config(tmp_path, place), environ=ENVIRON)
    with open_services(config, clock=Noon(), real_time=lambda: float(EVENT_AT + 60)) as opened:
        live_a_day(opened)
        yield opened


def count(services: Services, table: str) -> int:
    services.store.engine.learn(f"-- name: test_count_{table}()^\nSELECT COUNT(*) AS n FROM {table};\n")
    return services.store.engine.number(f"test_count_{table}") or 0


def test_nothing_is_too_old_on_the_same_day(services: Services) -> None:

    fresh = {"inbox", "outbox", "runs", "welcomes", "attachments", "daily_statements"}

    assert fresh.isdisjoint(purge(services, at=AT + timedelta(minutes=1)))


def test_what_is_old_goes_class_by_class(services: Services) -> None:
    before = {table: count(services, table) for table in OLD}
    purge(services, at=LATER)

    assert 0 not in before.values()
    assert {table: count(services, table) for table in OLD} == dict.fromkeys(OLD, 0)


def test_the_ledger_and_its_figures_stay_and_a_recount_finds_no_difference(services: Services) -> None:
    facts, adds = count(services, "relation_events"), count(services, "adds")
    purge(services, at=LATER)

    assert (count(services, "relation_events"), count(services, "adds")) == (facts, adds)
    assert [stage.differences for stage in recount(services, mend=False) if stage.differences] == []


def test_events_go_and_an_old_one_that_comes_again_is_still_known(services: Services) -> None:
    before, known = count(services, "inbox"), count(services, "inbox_hashes")
    work_off(services)
    purge(services, at=LATER)
    left = count(services, "inbox")

    assert before > 700
    assert left == 3  # events that could not be read wait to be tried again
    assert count(services, "inbox_hashes") == known + before - left


def test_texts_of_sent_messages_go_before_their_rows(services: Services) -> None:
    messages = count(services, "outbox")
    services.config.privacy.__dict__["event_log_days"] = 5
    purge(services, at=AT + timedelta(days=6))
    row = next(row for row in sent(services))

    assert count(services, "outbox") == messages
    assert (row["content"], row["forms"], row["request"]) == ("", "", None)
    assert row["receipt"] != ""


def sent(services: Services) -> list[dict[str, object]]:
    services.store.engine.learn(
        "-- name: test_sent()\nSELECT content, forms, request, receipt FROM outbox WHERE state = 'sent';\n"
    )
    return services.store.engine.all("test_sent")


def test_it_goes_in_steps_and_tells_after_each(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_CHUNK", 100)
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        assert count(services, "inbox") >= 0  # nobody is locked out between two steps

    purge(services, at=LATER, beat=beat)

    assert beats > 7


def test_an_interrupted_purge_goes_on_with_the_rest(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_CHUNK", 100)

    def beat() -> None:
        if count(services, "inbox") < 500:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        purge(services, at=LATER, beat=beat)
    purge(services, at=LATER)

    assert count(services, "inbox") == 3


@pytest.mark.parametrize(
    ("age", "days", "expected"),
    [
        pytest.param(Age.CONTENTS, 5, 5, id="texts as configured"),
        pytest.param(Age.RECORDS, 5, 180, id="a reminder looks back 120 days"),
        pytest.param(Age.RECORDS, 365, 365, id="records never before texts"),
        pytest.param(Age.PERIODS, 180, 800, id="a year, its keep period and appeals"),
    ],
)
def test_how_long_each_class_is_kept(age: Age, days: int, expected: int) -> None:
    assert days_of(age, event_log_days=days) == expected


def test_no_rule_touches_what_figures_come_from() -> None:
    kept = {
        "relation_events",
        "adds",
        "details",
        "facts",
        "reviews",
        "findings",
        "results",
        "audit",
        "members",
    }

    assert kept.isdisjoint(rule.table for rule in RULES)


def test_the_command_says_how_many_rows_went(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    config = write_config(tmp_path, tmp_path / "bot.db")
    with open_services(load(config, environ=ENVIRON)) as services:
        live_a_day(services)
    at = LATER.isoformat()
    done = quotabot("run", "purge", "--at", at, "--config", str(config))
    again = quotabot("run", "purge", "--at", at, "--config", str(config))

    assert (done.code, again.code) == (0, 0)
    assert "inbox" in done.out
    assert again.out == "没有到期要删除的\n"
    assert quotabot("replay", "--check", "--config", str(config)).code == 0
