"""What a changed file would change, for whom, and what of it may hold in the running period."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from builders.e2e import (
    QUOTA,
    FakeTime,
    Quotabot,
    add_customers,
    at,
    command_here,
    installation,
    outbox_rows,
    write_config,
    write_roster,
)
from test_rules_diff import KINDER

from bot.config import load
from bot.core.relations import RelationEvent, RelationKind
from bot.core.workdays import epoch_of
from bot.features.ledger.derive import derive
from bot.features.rules.announce import build_announcements
from bot.features.rules.change_report import dates_of
from bot.features.rules.change_sentences import sentence
from bot.features.rules.changes import QuotaChange, adopt, find_pending_changes
from bot.features.rules.diff import find_differences
from bot.features.standings.load import load_standings
from bot.locales import languages
from bot.services import Services

WHEN = at("2026-11-25T10:00")
COUNTING = "[quotas.counting]\n"
MONEY = "penalty = { flat = 300 }\n"


@contextmanager
def changed(folder: Path, before: str, after: str) -> Iterator[Services]:
    """An installation that recorded the quotas *before* and has a file with those *after*."""
    write_roster(
        folder,
        "zhang,员工甲,1,客户经理,,,,",
        "li,员工乙,1,客户经理,,,,",
        "gone,员工丙,1,客户经理,,,2026-11-10,",
        "teller,员工丁,1,柜员,,,,",
    )
    clock = FakeTime(WHEN)
    with installation(write_config(folder, quotas=before), clock) as services:
        add_customers(services, "zhang", *(at(f"2026-11-{day:02d}T10:00") for day in range(2, 8)))
        path = write_config(folder, quotas=after)
        services.use(load(path, environ={}), services.directory)
        yield services


def only(services: Services) -> QuotaChange:
    (change,) = find_pending_changes(services, at=WHEN)
    return change


def target_of(services: Services, *, when: datetime = WHEN) -> int:
    return next(row.target for row in load_standings(services, at=when).rows if row.userid == "zhang")


def adopted(services: Services) -> Services:
    adopt(services, find_pending_changes(services, at=WHEN), by="人力资源部", now=5, at=WHEN)
    return services


def test_an_unchanged_file_changes_nothing(tmp_path: Path) -> None:
    with changed(tmp_path, QUOTA, QUOTA) as services:
        found = find_pending_changes(services, at=WHEN)

    assert found == []


def test_a_lower_target_may_hold_at_once_for_those_under_the_quota(tmp_path: Path) -> None:
    with changed(tmp_path, QUOTA, QUOTA.replace("50", "40")) as services:
        change = only(services)
        before = target_of(services)
        adopted(services)
        after = [target_of(services), target_of(services, when=at("2026-12-03T10:00"))]
        earlier = load_standings(services, at=WHEN, period="2026-10").rows[0].target

    assert [one.key for one in change.adoptable] == ["target"]
    assert change.people == ("gone", "li", "zhang")
    assert (before, after, earlier) == (50, [40, 40], 50)


def test_a_higher_target_waits_for_the_next_period(tmp_path: Path) -> None:
    with changed(tmp_path, QUOTA, QUOTA.replace("50", "60")) as services:
        change = only(services)
        adopted(services)
        targets = [target_of(services), target_of(services, when=at("2026-12-03T10:00"))]

    assert (change.adoptable, [one.key for one in change.waiting]) == ((), ["target"])
    assert targets == [50, 60]


def test_what_helps_is_adopted_and_what_harms_waits(tmp_path: Path) -> None:
    after = QUOTA.replace("50", "40") + MONEY + COUNTING + "keep_days = 7\n"
    with changed(tmp_path, QUOTA, after) as services:
        change = only(services)
        adopted(services)
        now = load_standings(services, at=WHEN, money=True).rows
        later = load_standings(services, at=at("2026-12-03T10:00"), money=True).rows

    assert [one.key for one in change.adoptable] == ["target"]
    assert [one.key for one in change.waiting] == ["penalty", "counting.keep_days"]
    assert {(row.target, row.penalty) for row in now if row.userid != "gone"} == {(40, None)}
    assert {(row.target, row.penalty) for row in later} == {(40, 300)}


def test_who_would_lose_his_place_keeps_the_key_from_being_adopted(tmp_path: Path) -> None:
    # Re-adds would count for li and take zhang's first place: lenient by itself, harmful to zhang.
    before = QUOTA + "reward = { top = [500], min_attainment = 0 }\n"
    with changed(tmp_path, before, before + COUNTING + 'first_add = "any"\n') as services:
        lose_and_win_again(services, "li", times=7)
        change = only(services)

    assert [one.lenient for one in change.differences] == [True]
    assert change.adoptable == ()


def lose_and_win_again(services: Services, userid: str, *, times: int) -> None:
    begin = int(at("2026-11-01T10:00").timestamp())
    with services.store.transaction():
        for number in range(times + 1):
            # Three days and an hour from add to add, three days from loss to add: no slip.
            moment = begin + number * (3 * 24 + 1) * 3600
            for kind, when in ((RelationKind.ADDED, moment), (RelationKind.LOST_BY_CUSTOMER, moment + 3600)):
                event = RelationEvent(userid=userid, external_userid="wm-again", at=when, kind=kind)
                services.store.ledger.append(event, origin="callback", recorded_at=0)
    derive(services)


def test_people_taken_in_by_another_scope_wait(tmp_path: Path) -> None:
    after = QUOTA.replace('["客户经理"]', '["客户经理", "柜员"]')
    with changed(tmp_path, QUOTA, after) as services:
        change = only(services)

    assert (change.adoptable, change.people) == ((), ("gone", "li", "teller", "zhang"))


def test_a_new_and_a_removed_quota_wait_for_their_periods(tmp_path: Path) -> None:
    weekly = '[[quotas]]\nid = "weekly"\nperiod = "week"\ntarget = 5\n'
    with changed(tmp_path, QUOTA, weekly) as services:
        new, removed = find_pending_changes(services, at=WHEN)

    assert (new.quota, new.old, new.following.name) == ("weekly", None, "2026-W49")
    assert (removed.quota, removed.new, removed.following.name) == ("cm-monthly", None, "2026-12")


def test_an_adoption_stands_in_the_audit_log(tmp_path: Path) -> None:
    with changed(tmp_path, QUOTA, QUOTA.replace("50", "40")) as services:
        (act,) = adopted(services).store.audit.acts()
        whole = services.store.audit.broken_at() is None

    assert (act.actor, act.act, act.subject, act.at) == (
        "人力资源部",
        "adopt",
        "cm-monthly 2026-11",
        epoch_of(WHEN),
    )
    assert act.detail == '{"target": ["50", "40"]}'
    assert whole


def test_those_concerned_are_told_once_and_nobody_who_left(tmp_path: Path) -> None:
    after = QUOTA.replace("50", "40") + COUNTING + "keep_days = 7\n"
    with changed(tmp_path, QUOTA, after) as services:
        messages = build_announcements(services, find_pending_changes(services, at=WHEN), at=WHEN)

    assert [message.key for message in messages] == ["rules:2026-11-25:li", "rules:2026-11-25:zhang"]
    assert messages[0].content.splitlines()[:3] == [
        "**2026-11 的指标放宽了，其他照常**",
        "cm-monthly（2026-11 起）目标：50 → 40",
        "cm-monthly（2026-12 起）留存天数：无 → 7",
    ]


def test_at_night_the_message_waits_for_the_morning(tmp_path: Path) -> None:
    night = at("2026-11-27T21:00")  # a Friday
    with changed(tmp_path, QUOTA, QUOTA.replace("50", "40")) as services:
        (message, _) = build_announcements(services, find_pending_changes(services, at=night), at=night)

    assert message.not_before == int(at("2026-11-30T08:30").timestamp())
    assert message.expires_at == int(at("2026-11-30T18:00").timestamp())


@pytest.mark.parametrize("language", languages())
def test_every_key_has_its_words(language: str) -> None:
    told = [
        sentence(one, language=language)
        for case in KINDER
        for one in find_differences(case.values[0], case.values[1])  # type: ignore[arg-type]  # a table
    ]

    assert len(told) == len(KINDER)
    assert not [said for said in told if "{" in said or "Fraction" in said or "frozenset" in said]


def test_the_command_says_and_adopts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    with changed(tmp_path, QUOTA, QUOTA.replace("50", "40")) as services:
        config = str(services.config.file)

        said = quotabot("quotas", "diff", "--config", config)
        told = quotabot("quotas", "diff", "--config", config, "--format", "json").json()
        done = quotabot("quotas", "adopt", "--by", "人力资源部", "--config", config)
        again = quotabot("quotas", "diff", "--config", config)
        rows = outbox_rows(services)

    assert "目标：50 → 40" in said.out
    assert "没有人因此变差：可以立即适用" in said.out
    assert [(key["key"], key["adoptable"]) for key in told["changes"][0]["keys"]] == [("target", True)]
    assert done.code == 0
    assert "配置没有改变什么" in again.out
    assert sorted(row["to_userid"] for row in rows) == ["li", "zhang"]


@pytest.mark.parametrize(
    ("kind", "until", "begins", "cut"),
    [
        pytest.param("quarter", "2026-12-31 (2026-12)", "2027-01-01 on (2027-Q1)", None, id="December whole"),
        pytest.param(
            "week", "2026-12-06 (2026-12)", "2026-12-07 on (2026-W50)", "2026-12", id="December cut"
        ),
    ],
)
def test_diff_and_check_say_when_another_kind_of_period_begins(
    kind: str,
    until: str,
    begins: str,
    cut: str | None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    with changed(tmp_path, QUOTA, QUOTA.replace('"month"', f'"{kind}"')) as services:
        line = dates_of(only(services))
    config = str(tmp_path / "config.toml")

    said = quotabot("quotas", "diff", "--config", config)
    told = quotabot("quotas", "diff", "--config", config, "--format", "json").json()
    checked = quotabot("check", "--config", config)

    same = f"another kind of period: the old rule holds until {until}, the new one from {begins}"
    assert line.startswith(same)
    assert ("is cut: it ends on 2026-12-06" in line) == (cut is not None)
    for printed in (said.out, checked.err):  # of another today
        assert "周期种类改变：旧规则到 2" in printed
    assert {"begins_on", "cut"} <= told["changes"][0].keys()
