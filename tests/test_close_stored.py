"""A closed period consists of its stored lines: late people and late events are proposed corrections."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from builders.e2e import (
    QUOTA,
    FakeTime,
    Quotabot,
    add_customers,
    at,
    change,
    command_here,
    installation,
    write_config,
    write_roster,
)
from builders.reviews import ROSTER, branch, tell
from builders.teams import teams_of

from bot.config import load
from bot.core.progress import QuotaFigures
from bot.core.relations import RelationKind
from bot.features.close import results
from bot.features.contacts.contact_list import list_contacts
from bot.features.standings.load import Standings, load_standings
from bot.messages.message import as_text
from bot.services import FIRST_START, Services
from scheduler.jobs import PREPARES
from scheduler.planner import plan

REWARD = 'reward = { top = [500], scope = "department" }\n'
RULES = f"{QUOTA.replace('50', '3')}penalty = {{ flat = 300 }}\n{REWARD}[quotas.counting]\nkeep_days = 7\n"
CLOSE = at("2026-12-08T08:42")
OVER = at("2026-12-15T18:00")
NAME = ("cm-monthly", "2026-11")
NEW = "new,员工丙,11,客户经理,,2026-10-01,,"  # in the roster late, employed before
ENGLISH = '[locale]\nlanguage = "en"\n'


def close(services: Services, *, when: datetime = CLOSE) -> None:
    PREPARES["close"](services, when)


def standings(services: Services, *, when: datetime, period: str = "2026-11") -> Standings:
    return load_standings(services, at=when, period=period)


def november(services: Services, *, when: datetime) -> dict[str, QuotaFigures]:
    return {row.userid: row for row in standings(services, when=when).rows}


def add(services: Services, userid: str, customer: str, moment: str) -> None:
    tell(services, userid, customer, at(moment), RelationKind.ADDED)


def lose(services: Services, userid: str, customer: str, moment: str) -> None:
    tell(services, userid, customer, at(moment), RelationKind.LOST_BY_CUSTOMER)


# --- only stored lines ---


@pytest.mark.parametrize("is_signed", [False, True], ids=["preliminary", "signed"])
def test_a_closed_period_shows_exactly_its_stored_lines(tmp_path: Path, *, is_signed: bool) -> None:
    """A third person enters the roster after the close, with five adds: no row, no rank, no money."""
    with branch(tmp_path, quotas=RULES, when=CLOSE) as services:
        for number in (1, 2):
            add(services, "zhang", f"wm-{number}", "2026-11-04T10:00")
        close(services)
        before, teams = november(services, when=CLOSE), teams_of(standings(services, when=CLOSE))
        if is_signed:
            results.sign(services, *NAME, by="人事", at=OVER)
        config = services.config.file
    write_roster(tmp_path, *ROSTER, NEW)
    with installation(config, FakeTime(OVER)) as services:
        add_customers(services, "new", *(at(f"2026-11-{day:02d}T10:00") for day in range(2, 7)))
        lose(services, "zhang", "wm-1", "2026-11-05T10:00")
        after = november(services, when=OVER)
        teams_after = teams_of(standings(services, when=OVER))
        as_of_before_the_close = november(services, when=at("2026-12-08T08:41"))

    assert sorted(before) == ["li", "zhang"]
    assert after == before
    assert teams_after == teams
    assert sorted(as_of_before_the_close) == ["li", "new", "zhang"]


def test_a_late_person_is_a_proposed_correction(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    october = ("cm-monthly", "2026-10")
    with branch(tmp_path, quotas=RULES, more=ENGLISH, when=at("2026-11-09T08:42")) as services:
        add(services, "zhang", "wm-1", "2026-10-12T10:00")
        close(services, when=at("2026-11-09T08:42"))
        config = services.config.file
    write_roster(tmp_path, *ROSTER, NEW)
    with installation(config, FakeTime(at("2026-11-17T10:00"))) as services:
        add_customers(services, "new", *(at(f"2026-10-{day:02d}T10:00") for day in range(12, 16)))
        options = ("--config", str(config))
        listed = quotabot("close", "list", *options).out.splitlines()
        signed = quotabot("close", "sign", *october, "--by", "人事", *options)
        proposed = quotabot("close", "list", *options).out.splitlines()
        corrected = quotabot(
            "close", "correct", *october, "new", "--by", "人事", "--reason", "迟到", *options
        )
        line = services.store.results.newest(*october)["new"]
        others = {
            userid: result.version for userid, result in services.store.results.newest(*october).items()
        }
        nothing_left = results.list_corrections(services, *october, at=at("2026-11-17T10:00"))

    late = "new: no stored line, now 4/3: left out, a correction after the signature adds the line"
    assert f"  {late}" in listed
    assert signed.out.splitlines() == [late, "cm-monthly 2026-10: 2 line(s) are final now, signed by 人事"]
    assert "  new: no stored line, would be 4/3 now: quotabot close correct" in proposed
    assert corrected.out == "cm-monthly 2026-10 new: 4/3 from now on, by 人事\n"
    assert (line.version, line.author, line.reason, line.line.counted) == (1, "人事", "迟到", 4)
    assert others == {"li": 2, "new": 1, "zhang": 2}
    assert nothing_left == []


def test_the_message_of_the_close_says_the_stored_figures(tmp_path: Path) -> None:
    """The close is stored, the process is cut, a late add arrives, and the messages are planned again."""
    with branch(tmp_path, quotas=RULES, more='[messages]\nstyle = "text"\n', when=CLOSE) as services:
        add(services, "zhang", "wm-1", "2026-11-04T10:00")
        close(services)
        add(services, "zhang", "wm-late", "2026-11-05T10:00")
        texts = {message.to_userid: message.content for message in plan(services, "close", at=CLOSE)}

    assert texts["zhang"].startswith("11 月初步结果：1/3，差 2 位")


def test_the_sums_of_explain_and_of_the_list_are_the_stored_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    with branch(tmp_path, quotas=RULES, when=OVER) as services:
        add(services, "zhang", "wm-1", "2026-11-04T10:00")
        close(services)
        add(services, "zhang", "wm-late", "2026-11-05T10:00")
        listed = list_contacts(services, "zhang", at=OVER, period="2026-11")
        options = (
            "--period",
            "2026-11",
            "--at",
            f"{OVER.isoformat()}",
            "--config",
            str(services.config.file),
        )
        explained = quotabot("explain", "zhang", *options)

    assert "计入 1，待确认 0，不计入 0" in as_text(listed)
    assert as_text(listed).count("：计入\n") == 2  # both contacts are listed with their verdicts
    assert "结果为初步结果：新增 1 位，计入 1，不计入 0，目标 3" in explained.err


@pytest.mark.parametrize("cap", ["", "[money]\ncap_per_month = 100\n"], ids=["no cap", "a cap"])
def test_running_periods_do_not_read_the_stored_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cap: str
) -> None:
    """Every answer asks for them, and the table of results only grows."""
    last_day = at("2026-11-30T17:00")
    with branch(tmp_path, quotas=RULES, more=cap, when=last_day) as services:
        monkeypatch.setattr(services.store, "results", None)
        rows = load_standings(services, at=last_day).rows

    assert [row.userid for row in rows] == ["li", "zhang"]


# --- what a signature takes ---


def signature(services: Services) -> dict[str, tuple[int, int | None]]:
    """Sign November; each person's counted contacts and penalty then."""
    results.sign(services, *NAME, by="人事", at=OVER)
    newest = services.store.results.newest(*NAME)
    return {userid: (result.line.counted, result.line.penalty) for userid, result in newest.items()}


def test_a_late_add_and_a_late_loss(tmp_path: Path) -> None:
    with branch(tmp_path, quotas=RULES, when=OVER) as services:
        for customer in ("wm-1", "wm-2"):
            add(services, "zhang", customer, "2026-11-04T10:00")
            add(services, "li", f"{customer}-li", "2026-11-04T10:00")
        close(services)
        add(services, "zhang", "wm-late", "2026-11-05T10:00")
        lose(services, "zhang", "wm-1", "2026-11-06T10:00")
        lose(services, "li", "wm-1-li", "2026-11-06T10:00")
        shown = november(services, when=OVER)
        changes = {change.userid: change for change in results.list_changes(services, *NAME, at=OVER)}
        signed = signature(services)
        left_for_a_correction = results.list_corrections(services, *NAME, at=OVER)

    assert (shown["zhang"].counted, shown["li"].counted) == (2, 2)
    zhang, li = changes["zhang"], changes["li"]
    assert [row.counted for row in (zhang.stored, zhang.now, zhang.signed) if row] == [2, 2, 3]
    assert [row.counted for row in (li.stored, li.now, li.signed) if row] == [2, 1, 2]
    assert (zhang.left_out, li.left_out) == (True, True)
    assert signed == {"zhang": (3, 0), "li": (2, 300)}
    assert {change.userid for change in left_for_a_correction} == {"zhang", "li"}


def test_a_rejected_appeal_brings_no_late_loss_into_the_signed_line(tmp_path: Path) -> None:
    with branch(tmp_path, quotas=RULES, when=OVER) as services:
        for customer in ("wm-1", "wm-2", "wm-lost"):
            add(services, "zhang", customer, "2026-11-04T10:00")
        lose(services, "zhang", "wm-lost", "2026-11-06T10:00")
        close(services)
        services.store.engine.learn(
            """
-- name: rejected_appeal(at)!
INSERT INTO reviews (kind, quota, period, userid, external_userid, added_at, opened_at, state, decided_at)
VALUES ('appeal', 'cm-monthly', '2026-11', 'zhang', 'wm-lost', :at, 0, 'rejected', 1);
"""
        )
        services.store.engine.run("rejected_appeal", at=int(at("2026-11-04T10:00").timestamp()))
        lose(services, "zhang", "wm-1", "2026-11-06T10:00")
        signed = signature(services)

    assert signed["zhang"] == (2, 300)


def test_the_commands_print_every_change_before_signing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    october = ("cm-monthly", "2026-10")
    with branch(tmp_path, quotas=RULES, more=ENGLISH, when=at("2026-11-09T08:42")) as services:
        for customer in ("wm-1", "wm-2"):
            add(services, "zhang", customer, "2026-10-12T10:00")
            add(services, "li", f"{customer}-li", "2026-10-12T10:00")
        close(services, when=at("2026-11-09T08:42"))
        add(services, "zhang", "wm-late", "2026-10-13T10:00")
        lose(services, "li", "wm-1-li", "2026-10-14T10:00")
        options = ("--config", str(services.config.file))
        listed = quotabot("close", "list", *options)
        plain = quotabot("close", "list", "--format", "json", *options).json()["periods"][0]["changes"]
        signed = quotabot("close", "sign", *october, "--by", "人事", *options)

    lines = [
        "li: stored 2/3, now 1/3: not in the employee's favour, left out",
        "zhang: stored 2/3 −300, now 3/3 +500: in the employee's favour, taken",
    ]
    _, root, *shown = listed.out.splitlines()
    assert root.startswith("  published root: ")
    assert shown == [f"  {line}" for line in lines]
    assert [(change["userid"], change["signed"]["counted"]) for change in plain] == [("li", 2), ("zhang", 3)]
    assert signed.out.splitlines() == [
        *lines,
        "cm-monthly 2026-10: 2 line(s) are final now, signed by 人事",
    ]


def test_a_quota_that_nobody_recorded_and_the_file_lost_proposes_nothing(tmp_path: Path) -> None:
    with branch(tmp_path, quotas=RULES, when=OVER) as services:
        add(services, "zhang", "wm-1", "2026-11-04T10:00")
        close(services)
        change(services, "DELETE FROM rule_versions")
        path = write_config(tmp_path, quotas=RULES.replace("cm-monthly", "another"))
        services.use(load(path, environ={}), services.directory)
        proposed = results.list_changes(services, *NAME, at=OVER)
        signed = signature(services)

    assert proposed == []
    assert signed["zhang"] == (1, 300)


# --- for reference only ---


def test_a_period_for_reference_only_has_no_money_stored_or_signed(tmp_path: Path) -> None:
    """The record begins on 3 December, and the fourth quarter closes."""
    quarter = RULES.replace('"month"', '"quarter"').replace("300", "1000")
    with branch(tmp_path, quotas=quarter, more='[messages]\nstyle = "text"\n') as services:
        services.store.marks.put(FIRST_START, str(int(at("2026-12-03T08:00").timestamp())))
        add(services, "zhang", "wm-1", "2026-12-04T10:00")
        when = at("2027-01-08T08:42")
        close(services, when=when)
        texts = {message.to_userid: message.content for message in plan(services, "close", at=when)}
        stored = services.store.results.newest("cm-monthly", "2026-Q4")["zhang"].line
        results.sign(services, "cm-monthly", "2026-Q4", by="人事", at=at("2027-01-29T18:00"))
        signed = services.store.results.newest("cm-monthly", "2026-Q4")["zhang"].line
        shown = standings(services, when=at("2027-01-30T09:00"), period="2026-Q4").rows

    assert "仅供参考" in texts["zhang"]
    assert "元" not in texts["zhang"]
    assert [(row.penalty, row.reward) for row in (stored, signed, *shown)] == [(None, None)] * 4


# --- the cap of a month ---

STOCK = (
    '[[quotas]]\nid = "stock"\nroles = ["客户经理"]\nperiod = "quarter"\ntarget = 10\nbasis = "held"\n'
    "penalty = { flat = 1000 }\n"
)
CAP = "[money]\ncap_per_month = 1000\n"


def money(services: Services, quota: str, period: str) -> int | None:
    return services.store.results.newest(quota, period)["zhang"].line.penalty


def test_the_cap_is_used_up_in_the_order_of_settlement_and_a_correction_frees_nothing(tmp_path: Path) -> None:
    """December stands first in the file, but the quarterly stock is settled a week earlier."""
    with branch(tmp_path, quotas=RULES + STOCK, more=CAP, when=at("2027-01-04T08:42")) as services:
        add(services, "zhang", "wm-1", "2026-12-04T10:00")
        close(services, when=at("2027-01-04T08:42"))
        stock = money(services, "stock", "2026-Q4")
        close(services, when=at("2027-01-08T08:42"))
        december = money(services, "cm-monthly", "2026-12")
        results.sign(services, "stock", "2026-Q4", by="人事", at=at("2027-01-29T18:00"))
        for number in range(2, 11):
            add(services, "zhang", f"wm-{number}", "2026-12-04T10:00")
        later = at("2027-01-30T10:00")
        results.correct(services, "stock", "2026-Q4", "zhang", by="人事", reason="迟到", at=later)
        corrected = money(services, "stock", "2026-Q4")
        changes = results.list_changes(services, "cm-monthly", "2026-12", at=later)
        lines = {change.userid: change for change in changes}

    assert (stock, december, corrected) == (1000, 0, 0)
    assert lines["zhang"].signed is not None
    assert lines["zhang"].signed.penalty == 0


def test_a_correction_of_the_earlier_line_takes_only_what_the_later_left(tmp_path: Path) -> None:
    quotas = RULES + STOCK.replace("flat = 1000", "per_missing = 100")
    with branch(tmp_path, quotas=quotas, more=CAP, when=at("2027-01-04T08:42")) as services:
        for number in range(1, 6):
            add(services, "li", f"wm-{number}", "2026-12-04T10:00")
        lose(services, "li", "wm-1", "2026-12-05T10:00")
        close(services, when=at("2027-01-04T08:42"))
        close(services, when=at("2027-01-08T08:42"))
        newest = services.store.results.newest
        stored = (
            newest("stock", "2026-Q4")["li"].line.penalty,
            newest("cm-monthly", "2026-12")["li"].line.penalty,
        )
        results.sign(services, "stock", "2026-Q4", by="人事", at=at("2027-01-29T18:00"))
        for number in range(2, 6):
            lose(services, "li", f"wm-{number}", "2026-12-05T10:00")
        (change,) = [
            change
            for change in results.list_corrections(services, "stock", "2026-Q4", at=at("2027-01-30T10:00"))
            if change.userid == "li"
        ]

    assert stored == (600, 0)
    assert change.now is not None
    assert change.now.penalty == 1000


def test_a_month_has_the_cap_of_its_first_day(tmp_path: Path) -> None:
    with branch(
        tmp_path, quotas=RULES, more="[money]\ncap_per_month = 100\n", when=at("2026-10-30T09:00")
    ) as services:
        add(services, "zhang", "wm-1", "2026-11-04T10:00")
        config = services.config.file
    for day, cap in (("2026-11-10", 50), ("2026-11-30", 20)):
        write_config(tmp_path, quotas=RULES, more=f"[money]\ncap_per_month = {cap}\n")
        with installation(config, FakeTime(at(f"{day}T09:00"))):
            pass
    with installation(config, FakeTime(at("2027-01-20T09:00"))) as services:
        capped = {
            period: standings(services, when=at("2027-01-20T09:00"), period=period).rows[0].penalty
            for period in ("2026-10", "2026-11", "2026-12")
        }

    assert capped == {"2026-10": 100, "2026-11": 100, "2026-12": 20}
