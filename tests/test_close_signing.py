"""Closing and signing under stress: two processes at once, what is final, what the audit log proves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from builders.e2e import QUOTA, FakeTime, add_customers, at, installation, rows_of, where, write_roster
from builders.reviews import ROSTER, branch, tell

from bot.app.bootstrap import refresh_directory
from bot.core.relations import RelationKind
from bot.features.close import results, settle
from bot.features.reviews.decide import CaseDecision, decide, open_appeal
from bot.services import FIRST_START, Services
from bot.store.results import ResultState
from scheduler.jobs import PREPARES
from scheduler.planner import plan

RULES = QUOTA.replace("50", "3") + "penalty = { flat = 300 }\n[quotas.counting]\nkeep_days = 7\n"
# November 2026 and seven days: settled on Tuesday 8 December at midnight.
CLOSE = at("2026-12-08T08:42")
# Five workdays after the 8th: 9, 10, 11, 14, 15.
OVER = at("2026-12-15T18:00")
LATER = at("2026-12-20T10:00")
NAME = ("cm-monthly", "2026-11")


def add(services: Services, userid: str, customer: str, when: str) -> None:
    tell(services, userid, customer, at(when), RelationKind.ADDED)


def close(services: Services) -> None:
    PREPARES["close"](services, CLOSE)


def sign(services: Services) -> tuple[list[str], list[str]]:
    return results.sign(services, *NAME, by="人事", at=OVER)


def signed(services: Services, userid: str = "zhang") -> tuple[int, ResultState, str]:
    """Counted, state and reason of somebody's newest line."""
    line = services.store.results.newest(*NAME)[userid]
    return line.line.counted, line.state, line.reason


def acts(services: Services) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Actor, act, subject and detail of what the audit log holds about closing."""
    found = [one for one in services.store.audit.acts() if one.act in {"close", "sign", "correct"}]
    return [(one.actor, one.act, one.subject, json.loads(one.detail)) for one in found]


def digest_of(services: Services, version: int, *userids: str) -> str:
    """The digest of stored lines, as an auditor works it out of the table."""
    rows = rows_of(where(services), f"SELECT userid, line FROM results WHERE version = {version}")
    lines = {row["userid"]: row["line"] for row in rows}
    return hashlib.sha256("\n".join(lines[userid] for userid in sorted(userids)).encode()).hexdigest()


# --- closing ---


def test_of_two_processes_that_close_at_once_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one begins while the first one stores its lines; it waits, and stores nothing."""
    clock = FakeTime(CLOSE)
    with branch(tmp_path, quotas=RULES, when=CLOSE) as services:
        add(services, "zhang", "wm-1", "2026-11-03T10:00")
        with installation(services.config.file, clock) as faster:
            whole, overtaken = services.store.transaction, []
            second = Thread(target=close, args=(faster,))

            @contextmanager
            def in_between() -> Iterator[None]:
                if not overtaken:
                    overtaken.append(settle.list_due(faster, at=CLOSE))
                    add(faster, "zhang", "wm-2", "2026-11-04T10:00")
                    second.start()
                with whole():
                    yield

            monkeypatch.setattr(services.store, "transaction", in_between)
            close(services)
            second.join()
        lines = {userid: one.line.counted for userid, one in services.store.results.newest(*NAME).items()}
        found = acts(services)
        digest = digest_of(services, 1, "li", "zhang")

    assert [[quota.id for quota, _ in due] for due in overtaken] == [["cm-monthly"]]
    assert lines == {"li": 0, "zhang": 1}
    assert [(act, detail["sha256"]) for _, act, _, detail in found] == [("close", digest)]


def test_a_year_is_closed_after_its_end_and_what_ended_first_comes_first(tmp_path: Path) -> None:
    quotas = (
        '[[quotas]]\nid = "yearly"\nperiod = "year"\ntarget = 9\n'
        '[[quotas]]\nid = "monthly"\nperiod = "month"\ntarget = 9\n'
    )
    with branch(tmp_path, quotas=quotas) as services:
        add(services, "zhang", "wm-1", "2026-10-20T10:00")
        found = [
            (quota.id, period.name) for quota, period in settle.list_due(services, at=at("2027-01-20T09:00"))
        ]

    assert found == [
        ("monthly", "2026-10"),
        ("monthly", "2026-11"),
        ("yearly", "2026"),
        ("monthly", "2026-12"),
    ]


@pytest.mark.parametrize(
    ("first_start", "incomplete"),
    [
        pytest.param("2026-11-02T08:00", False, id="the bot ran, and nobody added anybody"),
        pytest.param("2026-12-01T08:00", True, id="the bot was started later, on facts of before"),
    ],
)
def test_the_record_begins_with_the_bot_or_with_its_oldest_fact(
    tmp_path: Path, first_start: str, *, incomplete: bool
) -> None:
    with branch(tmp_path, quotas=RULES, when=CLOSE) as services:
        services.store.marks.put(FIRST_START, str(int(at(first_start).timestamp())))
        add(services, "zhang", "wm-1", "2026-11-09T10:00")
        close(services)
        told = {message.to_userid: message.content for message in plan(services, "close", at=CLOSE)}

    assert ("仅供参考" in told["zhang"]) is incomplete


def test_two_quotas_of_one_month_are_told_once_each(tmp_path: Path) -> None:
    other = RULES.replace("cm-monthly", "cm-other").replace("3\n", "7\n", 1)
    with branch(tmp_path, quotas=RULES + other, more='[messages]\nstyle = "text"\n', when=CLOSE) as services:
        add(services, "zhang", "wm-1", "2026-11-03T10:00")
        close(services)
        told = {message.to_userid: message.content for message in plan(services, "close", at=CLOSE)}

    assert [told["zhang"].count(figures) for figures in ("1/3", "1/7")] == [1, 1]


# --- what is signed ---


@pytest.mark.parametrize(
    ("late_losses", "figures"),
    [
        pytest.param(0, (3, "signed with what reviews decided"), id="it counts"),
        pytest.param(1, (3, "signed with what reviews decided"), id="a late loss beside it is left out"),
        pytest.param(
            2, (3, "signed with what reviews decided"), id="late losses beside it take nothing away"
        ),
    ],
)
def test_an_accepted_appeal_is_not_lost_by_the_signature(
    tmp_path: Path, late_losses: int, figures: tuple[int, str]
) -> None:
    with branch(tmp_path, quotas=RULES, when=OVER) as services:
        for customer in ("wm-1", "wm-2", "wm-lost"):
            add(services, "zhang", customer, "2026-11-04T10:00")
        tell(services, "zhang", "wm-lost", at("2026-11-06T10:00"), RelationKind.LOST_BY_CUSTOMER)
        close(services)
        before = signed(services)
        (case,) = open_appeal(services, "zhang", "wm-lost", text="", at=at("2026-12-14T10:00"))
        for customer in ("wm-1", "wm-2")[:late_losses]:
            tell(services, "zhang", customer, at("2026-11-06T10:00"), RelationKind.LOST_BY_CUSTOMER)
        decide(
            services,
            case.id,
            CaseDecision(accept=True, by="head", reason="有录音"),
            at=at("2026-12-14T11:00"),
        )
        sign(services)
        counted, state, reason = signed(services)

    assert before == (2, ResultState.PRELIMINARY, "settlement")
    assert ((counted, reason), state) == (figures, ResultState.FINAL)


def test_each_quota_of_a_month_is_signed_with_its_own_figures(tmp_path: Path) -> None:
    other = RULES.replace("cm-monthly", "cm-other").replace("3\n", "7\n", 1)
    with branch(tmp_path, quotas=RULES + other, when=OVER) as services:
        add(services, "zhang", "wm-lost", "2026-11-04T10:00")
        tell(services, "zhang", "wm-lost", at("2026-11-06T10:00"), RelationKind.LOST_BY_CUSTOMER)
        close(services)
        for case in open_appeal(services, "zhang", "wm-lost", text="", at=at("2026-12-14T10:00")):
            decide(
                services,
                case.id,
                CaseDecision(accept=True, by="head", reason="有录音"),
                at=at("2026-12-14T11:00"),
            )
        sign(services)
        line = services.store.results.newest(*NAME)["zhang"].line
        to_correct = results.list_corrections(services, *NAME, at=LATER)

    assert (line.quota, line.target, line.counted) == ("cm-monthly", 3, 1)
    assert to_correct == []


# --- corrections ---


def test_only_final_lines_are_corrected(tmp_path: Path) -> None:
    with branch(tmp_path, quotas=RULES, when=OVER) as services:
        add(services, "zhang", "wm-lost", "2026-11-04T10:00")
        tell(services, "zhang", "wm-lost", at("2026-11-06T10:00"), RelationKind.LOST_BY_CUSTOMER)
        close(services)
        open_appeal(services, "zhang", "wm-lost", text="", at=at("2026-12-14T10:00"))
        add(services, "zhang", "wm-late", "2026-11-20T10:00")
        before_the_signature = results.list_corrections(services, *NAME, at=OVER)
        signature = sign(services)
        while_it_is_open = results.list_corrections(services, *NAME, at=LATER)
        with pytest.raises(results.ClosingError, match="nothing to correct for zhang"):
            results.correct(services, *NAME, "zhang", by="人事", reason="迟到", at=LATER)
        line = signed(services)

    assert (before_the_signature, while_it_is_open) == ([], [])
    assert signature == (["li"], ["zhang"])
    assert line == (0, ResultState.PRELIMINARY, "settlement")


def test_a_correction_is_about_the_named_person_only_and_a_second_one_adds_to_it(tmp_path: Path) -> None:
    with branch(tmp_path, quotas=RULES, when=OVER) as services:
        add(services, "zhang", "wm-1", "2026-11-04T10:00")
        close(services)
        sign(services)
        for number, day in enumerate((20, 21)):
            add(services, "li", f"wm-li-{number}", f"2026-11-{day}T10:00")
            add(services, "zhang", f"wm-late-{number}", f"2026-11-{day}T10:00")
            results.correct(services, *NAME, "zhang", by="人事", reason=f"迟到 {number}", at=LATER)
        lines = services.store.results.newest(*NAME)
        left = [one.now.userid for one in results.list_corrections(services, *NAME, at=LATER)]

    assert {userid: (one.line.counted, one.version) for userid, one in lines.items()} == {
        "li": (0, 2),
        "zhang": (3, 4),
    }
    assert left == ["li"]


def test_a_final_line_stays_when_nothing_is_asked_of_the_person_any_more(tmp_path: Path) -> None:
    with branch(tmp_path, quotas=RULES, when=OVER) as services:
        add(services, "zhang", "wm-1", "2026-11-04T10:00")
        close(services)
        sign(services)
        write_roster(
            tmp_path, *(line.replace("11,客户经理,,,", "11,客户经理,,2026-12-01,") for line in ROSTER)
        )
        refresh_directory(services)
        found = results.list_corrections(services, *NAME, at=LATER)

    assert found == []


def test_what_changes_in_money_alone_is_a_correction_too(tmp_path: Path) -> None:
    rules = QUOTA.replace("50", "1") + "reward = { top = [500], min_attainment = 0 }\n"
    with branch(tmp_path, quotas=rules, when=OVER) as services:
        add_customers(services, "zhang", at("2026-11-03T10:00"))
        PREPARES["close"](services, at("2026-12-01T08:42"))
        sign(services)
        add_customers(services, "li", at("2026-11-04T10:00"), at("2026-11-05T10:00"))
        found = {
            one.now.userid: ((one.stored.counted, one.stored.reward), (one.now.counted, one.now.reward))
            for one in results.list_corrections(services, *NAME, at=LATER)
        }

    assert found == {"li": ((0, 0), (2, 500)), "zhang": ((1, 500), (1, 0))}


# --- the audit log ---


def test_each_act_stands_in_the_audit_log_with_a_digest_of_its_lines(tmp_path: Path) -> None:
    with branch(tmp_path, quotas=RULES, when=OVER) as services:
        add(services, "zhang", "wm-1", "2026-11-04T10:00")
        close(services)
        sign(services)
        add(services, "zhang", "wm-late", "2026-11-20T10:00")
        results.correct(services, *NAME, "zhang", by="李人事", reason="回调迟到", at=LATER)
        found, whole = acts(services), services.store.audit.broken_at() is None
        digests = [
            digest_of(services, 1, "li", "zhang"),
            digest_of(services, 2, "li", "zhang"),
            digest_of(services, 3, "zhang"),
        ]

    assert [(actor, act, subject) for actor, act, subject, _ in found] == [
        ("quotabot", "close", "cm-monthly 2026-11"),
        ("人事", "sign", "cm-monthly 2026-11"),
        ("李人事", "correct", "cm-monthly 2026-11"),
    ]
    roots = [detail.pop("root") for *_, detail in found]
    assert len(set(roots)) == 3
    assert [detail for *_, detail in found] == [
        {"lines": 2, "sha256": digests[0], "reason": "", "size": 2},
        {"lines": 2, "sha256": digests[1], "reason": "", "size": 2},
        {"lines": 1, "sha256": digests[2], "reason": "回调迟到", "size": 2},
    ]
    assert digests[1] != digests[2]
    assert whole


def test_a_second_signature_that_finds_nothing_to_sign_leaves_no_act(tmp_path: Path) -> None:
    with branch(tmp_path, quotas=RULES, when=OVER) as services:
        add(services, "zhang", "wm-1", "2026-11-04T10:00")
        close(services)
        sign(services)
        again = sign(services)
        found = [act for _, act, _, _ in acts(services)]

    assert again == ([], [])
    assert found == ["close", "sign"]
