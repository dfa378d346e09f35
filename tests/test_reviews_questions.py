"""Findings as questions: asked once, answered, then to a reviewer; nobody hears of them before that."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from builders.e2e import add_customers, at, outbox_rows
from builders.reviews import (
    ANSWERED,
    BURST_ID,
    BURST_RULE,
    HOLD,
    NEXT_MONDAY,
    ROSTER,
    TUESDAY,
    branch,
    burst,
    lost_contact,
    messages,
    morning,
    numbers,
    tell,
)

from bot.core.relations import RelationKind
from bot.features.reviews.cases import load_cases
from bot.features.reviews.decide import CaseDecision, answer, decide, open_appeal
from bot.services import Services
from bot.store.contact_knowledge import Absence
from scheduler.planner import plan
from scheduler.runs import fire
from scheduler.timetable import Firing

ASKED_ON_TUESDAY = "question:2026-11-24:zhang"
WEDNESDAY = at("2026-11-25T09:07")
THURSDAY = at("2026-11-26T09:07")


def test_a_burst_is_put_to_the_person_once_as_a_question(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        burst(services)
        dry = messages(services, TUESDAY)
        nothing_stored = services.store.findings.open()
        first = morning(services, TUESDAY)
        again = morning(services, TUESDAY)
        next_day = morning(services, WEDNESDAY)

    assert first == {
        ASKED_ON_TUESDAY: (
            "**有件事想问您，说一句就够**\n"
            "11-23 10:02–10:09 有 16 位新增，是不是有活动？\n"
            "11-27 18:00 前回复“回答”加一句话即可，如“回答 那天有活动”；没有说明，复核人就只看数字。\n"
            "这只是提问：复核人确认之前，不进任何报表和团队消息。\n"
            '<font color="comment">截至 11-24 周二 09:07 · 提问</font>'
        )
    }
    assert (dry, nothing_stored, again, next_day) == (first, [], first, {})


def test_nothing_undecided_is_in_a_row_or_in_anybody_elses_message(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        burst(services)
        morning(services, TUESDAY)
        flags = numbers(services, "zhang", TUESDAY)[3]
        evening = at("2026-11-24T17:48")
        told = [
            message.content
            for job in ("digest", "reminder")
            for message in plan(services, job, at=evening)
            if message.to_userid != "zhang"
        ]

    assert flags == ()
    assert told
    assert [text for text in told if "10:02" in text or "提问" in text] == []


def test_a_cleared_finding_is_never_asked_again_and_a_confirmed_one_becomes_a_flag(tmp_path: Path) -> None:
    for accept, flags in ((True, ()), (False, ("burst",))):
        folder = tmp_path / str(accept)
        folder.mkdir()
        with branch(folder) as services:
            burst(services)
            morning(services, TUESDAY)
            answer(services, BURST_ID, "支行开放日", at=ANSWERED)
            decide(services, BURST_ID, CaseDecision(accept=accept, by="head", reason="核实"), at=ANSWERED)
            later = morning(services, THURSDAY)
            shown = numbers(services, "zhang", THURSDAY)[3]

        assert later == {}
        assert shown == flags


def test_the_reviewer_is_told_with_evidence_and_the_answer_once(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        burst(services)
        morning(services, TUESDAY)
        unanswered = morning(services, WEDNESDAY)
        answer(services, BURST_ID, "支行*开放日*", at=ANSWERED)
        told = morning(services, THURSDAY)
        next_day = morning(services, at("2026-11-27T09:07"))

    assert unanswered == next_day == {}
    assert told == {
        "review:2026-11-26:head": (
            "**有 1 件事等您看看**\n"
            "员工甲：11-23 10:02–10:09 有 16 位新增。本人说：支行＊开放日＊"
            "（finding:burst:zhang:2026-11-23）\n"
            "请把通过或不通过、以及理由告诉管理员录入；通过总是对员工有利。\n"
            "仅供您决定，请勿转发。\n"
            '<font color="comment">截至 11-26 周四 09:07 · 复核</font>'
        )
    }


def test_without_an_answer_it_goes_to_the_reviewer_after_three_workdays(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        burst(services)
        morning(services, TUESDAY)
        waiting = [morning(services, at(f"2026-11-{day}T09:07")) for day in (25, 26, 27)]
        told = morning(services, NEXT_MONDAY)

    assert waiting == [{}, {}, {}]
    assert list(told) == ["review:2026-11-30:head"]
    assert "本人没有说明" in told["review:2026-11-30:head"]


def test_undecided_after_three_workdays_it_goes_one_up(tmp_path: Path) -> None:
    with branch(
        tmp_path, more=BURST_RULE + '[review]\nreviewers = ["li"]\n[admins]\nuserids = ["it"]\n'
    ) as s:
        burst(s)
        morning(s, TUESDAY)
        answer(s, BURST_ID, "支行开放日", at=ANSWERED)
        first = morning(s, THURSDAY)
        days = ["2026-11-27", "2026-11-30", "2026-12-01", "2026-12-02", "2026-12-03", "2026-12-04"]
        told = {day: list(morning(s, at(f"{day}T09:07"))) for day in days}

    assert list(first) == ["review:2026-11-26:li"]
    assert "11-30 18:00 前没有决定，就请上一级看。" in first["review:2026-11-26:li"]
    assert told == {
        "2026-11-27": [],
        "2026-11-30": [],
        "2026-12-01": ["review:2026-12-01:head"],
        "2026-12-02": [],
        "2026-12-03": [],
        "2026-12-04": ["review:2026-12-04:it"],
    }


def test_an_appeal_is_put_to_the_reviewer_the_next_morning_in_one_message_with_all_of_his_cases(
    tmp_path: Path,
) -> None:
    with branch(tmp_path) as services:
        burst(services)
        morning(services, TUESDAY)
        lost_contact(services)
        open_appeal(services, "zhang", "wm-lost", text="柜面误删", at=ANSWERED)
        answer(services, BURST_ID, "支行开放日", at=ANSWERED)
        told = morning(services, THURSDAY)

    assert list(told) == ["review:2026-11-26:head"]
    assert told["review:2026-11-26:head"].splitlines()[:3] == [
        "**有 2 件事等您看看**",
        ("员工甲：申诉 11-04 添加的客户 …lost，现未计入：未满留存天数就流失。本人说：柜面误删（appeal:1）"),
        "员工甲：11-23 10:02–10:09 有 16 位新增。本人说：支行开放日（finding:burst:zhang:2026-11-23）",
    ]


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        pytest.param("zhang,员工甲,11,客户经理,,,,", True, id="at work"),
        pytest.param("zhang,员工甲,11,客户经理,,,2026-11-23,", False, id="has left"),
        pytest.param("zhang,员工甲,11,柜员,,,,", False, id="nothing is asked of his role"),
    ],
)
def test_only_those_at_work_and_under_the_quota_are_asked(tmp_path: Path, line: str, *, asked: bool) -> None:
    with branch(tmp_path, roster=(line, *ROSTER[1:])) as services:
        burst(services)
        told = morning(services, TUESDAY)

    assert list(told) == ([ASKED_ON_TUESDAY] if asked else [])


def absent(services: Services, userid: str, first: str, last: str) -> None:
    leave = Absence(userid=userid, first=date.fromisoformat(first), last=date.fromisoformat(last))
    with services.store.transaction():
        services.store.contact_knowledge.put_absences([leave])


def test_who_is_on_leave_is_asked_when_he_is_back_and_his_days_of_leave_do_not_count(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        burst(services)
        absent(services, "zhang", "2026-11-24", "2026-11-24")
        absent(services, "zhang", "2026-11-26", "2026-11-26")
        away = morning(services, TUESDAY)
        back = morning(services, WEDNESDAY)
        (case,) = load_cases(services, at=WEDNESDAY)

    assert away == {}
    assert list(back) == ["question:2026-11-25:zhang"]
    assert case.until == at("2026-12-01T18:00")  # Friday, Monday, Tuesday


def test_a_reviewer_on_leave_is_told_when_he_is_back(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        burst(services)
        absent(services, "head", "2026-11-26", "2026-11-26")
        morning(services, TUESDAY)
        answer(services, BURST_ID, "支行开放日", at=ANSWERED)
        away = morning(services, THURSDAY)
        back = morning(services, at("2026-11-27T09:07"))

    assert (away, list(back)) == ({}, ["review:2026-11-27:head"])


@pytest.mark.parametrize(
    "campaign",
    [
        pytest.param("", id="of everybody"),
        pytest.param("departments = [1]\n", id="of a department above"),
    ],
)
def test_a_declared_event_asks_nothing(tmp_path: Path, campaign: str) -> None:
    event = f'[[campaigns]]\nname = "fair"\nfrom = 2026-11-23\nto = 2026-11-23\n{campaign}'
    with branch(tmp_path, more=BURST_RULE + event) as services:
        burst(services)
        told = morning(services, TUESDAY)

    assert told == {}


def test_an_event_of_others_changes_nothing(tmp_path: Path) -> None:
    event = '[[campaigns]]\nname = "fair"\nfrom = 2026-11-23\nto = 2026-11-23\ndepartments = [12]\n'
    with branch(tmp_path, more=BURST_RULE + event) as services:
        burst(services)
        told = morning(services, TUESDAY)

    assert list(told) == [ASKED_ON_TUESDAY]


def test_what_happened_on_the_last_day_of_a_period_is_asked_on_the_first_of_the_next(tmp_path: Path) -> None:
    with branch(tmp_path, when=at("2026-12-01T09:07")) as services:
        burst(services, begin=at("2026-11-30T10:02"))
        told = morning(services, at("2026-12-01T09:07"))

    assert list(told) == ["question:2026-12-01:zhang"]


def test_what_lies_in_an_earlier_period_is_asked_no_more(tmp_path: Path) -> None:
    with branch(tmp_path, when=at("2026-12-02T09:07")) as services:
        burst(services)
        told = morning(services, at("2026-12-02T09:07"))

    assert told == {}


def test_all_questions_of_a_day_are_one_message_and_colleagues_are_not_named(tmp_path: Path) -> None:
    rules = (
        "[integrity]\nburst = { adds = 15, minutes = 10 }\nshared_by = 2\nwindow_days = 30\n"
        "quick_loss = { rate = 0.1, min_adds = 10 }\n"
    )
    with branch(tmp_path, more=rules) as services:
        burst(services, begin=at("2026-11-16T10:02"))  # eight days old: old enough for a quick loss
        lost_contact(services)
        last = max(services.store.ledger.relations())[1]
        tell(services, "li", last, at("2026-11-13T10:00"), RelationKind.ADDED)
        tell(services, "zhang", "wm-zhang-1116100200-0", at("2026-11-16T12:00"), RelationKind.LOST_BY_MEMBER)
        told = morning(services, TUESDAY)

    assert list(told) == [ASKED_ON_TUESDAY]
    lines = told[ASKED_ON_TUESDAY].splitlines()
    assert lines[0] == "**有 3 件事想问您，各说一句就够**"
    assert set(lines[1:4]) == {
        "11-16 10:02–10:09 有 16 位新增，是不是有活动？",
        f"客户 …{last[-4:]} 在 30 天内有 2 位员工添加，是不是有交接？",
        "2026-11 新增 17 位，其中 2 位不到 7 天就流失，是不是有什么情况？",
    }
    assert "员工乙" not in told[ASKED_ON_TUESDAY]


@pytest.mark.parametrize(
    ("when", "asked"),
    [
        pytest.param("2026-12-03T09:07", False, id="six days later: no add is old enough"),
        pytest.param("2026-12-04T10:07", True, id="seven days later, in the next period"),
        pytest.param("2026-12-08T09:07", True, id="on the day of the settlement"),
        pytest.param("2026-12-10T09:07", False, id="a workday after it: no more"),
    ],
)
def test_quick_losses_of_the_last_days_of_a_period_are_asked_about_once_they_are_old_enough(
    tmp_path: Path, when: str, *, asked: bool
) -> None:
    rules = "[integrity]\nburst = { adds = 9, minutes = 10 }\nquick_loss = { rate = 0.1, min_adds = 10 }\n"
    with branch(tmp_path, more=rules, when=at(when)) as services:
        burst(services, begin=at("2026-11-27T09:50"), adds=12)
        for _, lost in services.store.ledger.relations()[:2]:
            tell(services, "zhang", lost, at("2026-11-28T10:00"), RelationKind.LOST_BY_CUSTOMER)
        told = morning(services, at(when))

    lines = [line for message in told.values() for line in message.splitlines() if "新增" in line]
    assert lines == ["2026-11 新增 12 位，其中 2 位不到 7 天就流失，是不是有什么情况？"] * asked


def test_held_contacts_are_named_as_pending_meanwhile(tmp_path: Path) -> None:
    with branch(tmp_path, more=HOLD) as services:
        burst(services)
        dry = messages(services, TUESDAY)
        told = morning(services, TUESDAY)

    assert told == dry
    assert "是不是有活动？其间 16 位暂列待确认。" in told[ASKED_ON_TUESDAY]


def test_without_rules_nothing_is_looked_at_and_nobody_is_asked(tmp_path: Path) -> None:
    with branch(tmp_path, more="") as services:
        burst(services)
        told = morning(services, TUESDAY)

    assert told == {}


def test_a_change_of_the_rules_asks_nothing_about_a_period_that_began_without_them(tmp_path: Path) -> None:
    with branch(tmp_path, more="") as services:
        burst(services)
    with branch(tmp_path) as services:
        told = morning(services, TUESDAY)

    assert told == {}


def test_the_firing_sends_questions_with_the_morning_message_each_under_its_own_key(tmp_path: Path) -> None:
    with branch(tmp_path, when=TUESDAY) as services:
        burst(services)
        fire(services, Firing("progress", int(TUESDAY.timestamp())), now=TUESDAY)
        keys = [row["key"] for row in outbox_rows(services)]

    assert keys == ["progress:2026-11-24:li", ASKED_ON_TUESDAY, "progress:2026-11-24:zhang"]


def test_questions_in_english(tmp_path: Path) -> None:
    with branch(tmp_path, more=HOLD + '[locale]\nlanguage = "en"\n') as services:
        burst(services)
        told = morning(services, TUESDAY)[ASKED_ON_TUESDAY]
        answer(services, BURST_ID, "open day", at=ANSWERED)
        review = morning(services, THURSDAY)["review:2026-11-26:head"]

    assert told.splitlines()[:2] == [
        "**A question for you: one sentence is enough**",
        "11-23 10:02–10:09: 16 added. Was there an event? 16 of them are pending meanwhile.",
    ]
    assert review.splitlines()[1] == (
        "员工甲: 11-23 10:02–10:09: 16 added. Says: open day (finding:burst:zhang:2026-11-23)"
    )


def test_overtime_is_a_matter_of_the_unit_and_asks_nobody(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        add_customers(services, "zhang", at("2026-11-22T23:00"))
        told = morning(services, TUESDAY)

    assert told == {}
