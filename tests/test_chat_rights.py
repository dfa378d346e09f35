"""Whose answer, appeal and figures: nobody speaks for a colleague, and nobody is offered what is too late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from builders.chat import arrive, say, text_event
from builders.e2e import FakeTime, add_customers, at, rows_of, where
from builders.reviews import BURST_RULE, MONDAY, ROSTER, TUESDAY, branch, burst, lost_contact, morning, tell

from bot.core.relations import RelationKind
from bot.services import Services
from scheduler.jobs import PREPARES

TWO_LEADERS = (*ROSTER, "deputy,主管丙,11,主管,11,,,", "wang,员工丙,1,客户经理,,,,")
NO_QUESTION = "现在没有等您回答的问题"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, roster=TWO_LEADERS) as opened:
        yield opened


def set_clock(services: Services, text: str) -> None:
    assert isinstance(services.clock, FakeTime)
    services.clock.set(text)


def answers(services: Services) -> dict[str, str | None]:
    """What was said to each finding, by whom it is about and its day."""
    return {
        f"{one.name.userid} {one.name.subject}": one.answer if one.answered_at is not None else None
        for one in services.store.findings.open()
    }


# --- questions ---


@pytest.mark.parametrize("userid", ["li", "team", "head"])
def test_nobody_answers_the_question_of_somebody_else(services: Services, userid: str) -> None:
    burst(services)
    morning(services, TUESDAY)

    assert say(services, userid, "回答 那天支行开放日")[0] == NO_QUESTION
    assert answers(services) == {"zhang 2026-11-23": None}


def test_each_answer_goes_to_the_own_question(services: Services) -> None:
    for userid in ("zhang", "li"):
        burst(services, userid)
    morning(services, TUESDAY)

    said = [say(services, "li", "回答 展会")[0], say(services, "zhang", "回答 开放日")[0]]

    assert said == ["记下了，谢谢您的说明"] * 2
    assert answers(services) == {"zhang 2026-11-23": "开放日", "li 2026-11-23": "展会"}


def test_of_two_questions_the_one_that_is_named_is_answered_and_only_once(services: Services) -> None:
    friday = MONDAY - timedelta(days=3)
    burst(services, begin=friday)
    burst(services)
    morning(services, TUESDAY)
    unclear = say(services, "zhang", "回答 开放日")
    asked = [line for line in unclear if line[:2] in {"1.", "2."}]

    second = say(services, "zhang", "回答 2 开放日")[0]
    before = answers(services)
    first = say(services, "zhang", "回答 1 展会")[0]

    assert len(asked) == 2
    day = next(day for day in ("2026-11-20", "2026-11-23") if day[5:] in asked[1])
    other = ({"2026-11-20", "2026-11-23"} - {day}).pop()
    assert second == first == "记下了，谢谢您的说明"
    assert before == {f"zhang {day}": "开放日", f"zhang {other}": None}
    assert answers(services) == {f"zhang {day}": "开放日", f"zhang {other}": "展会"}
    assert say(services, "zhang", "回答 再说一句")[0] == NO_QUESTION


# --- appeals ---


@pytest.mark.parametrize(
    ("when", "offered", "first"),
    [
        pytest.param("2026-12-15T17:59", True, "申诉收到了：…lost", id="on the last evening"),
        pytest.param("2026-12-15T18:00", False, "…lost", id="when the five workdays are over"),
    ],
)
def test_an_appeal_is_offered_and_taken_until_its_time_is_over(
    services: Services, when: str, *, offered: bool, first: str
) -> None:
    lost_contact(services)
    closed = at("2026-12-08T08:42")
    set_clock(services, "2026-12-08T08:42")
    PREPARES["close"](services, closed)
    set_clock(services, when)

    say(services, "zhang", "明细 上月")
    explained = say(services, "zhang", "为什么 lost")
    said = say(services, "zhang", "申诉 lost 误删")

    assert explained[0] == "…lost 不计入"
    assert any("申诉" in line for line in explained[:-1]) is offered
    assert said[0].startswith(first)
    assert [review.text for review in services.store.reviews.all_open()] == ["误删"] * offered


def test_no_appeal_is_offered_twice_or_about_what_counts(services: Services) -> None:
    lost_contact(services)
    add_customers(services, "zhang", at("2026-11-03T10:00"))
    say(services, "zhang", "明细")
    counted = say(services, "zhang", "为什么 2")
    before = say(services, "zhang", "为什么 lost")
    say(services, "zhang", "申诉 lost 误删")
    after = say(services, "zhang", "为什么 lost")

    assert "不计入" not in counted[0]
    assert [any("觉得不对" in line for line in said) for said in (counted, before, after)] == [
        False,
        True,
        False,
    ]


def test_of_a_customer_added_twice_the_newest_contact_is_meant(services: Services) -> None:
    lost_contact(services)
    tell(services, "zhang", "wm-lost", at("2026-11-18T15:00"), RelationKind.ADDED)

    assert any("11-18 15:00" in line for line in say(services, "zhang", "为什么 wm-lost"))


# --- whom a leader may help, and what he exports ---


def test_a_wish_for_help_is_told_to_every_direct_leader_and_to_nobody_above(services: Services) -> None:
    say(services, "zhang", "请人帮忙")

    told = {
        userid: any("员工甲 11-24" in line for line in say(services, userid, "需帮助"))
        for userid in ("team", "deputy", "head", "zhang", "li")
    }

    assert told == {"team": True, "deputy": True, "head": False, "zhang": False, "li": False}


def test_a_wish_is_shown_for_seven_days(services: Services) -> None:
    say(services, "zhang", "请人帮忙")

    shown = []
    for day in ("2026-11-30", "2026-12-01"):
        set_clock(services, f"{day}T09:30")
        shown.append(any("员工甲 11-24" in line for line in say(services, "team", "需帮助")))

    assert shown == [True, False]


def test_a_leader_may_name_the_former_userid_of_one_of_his(services: Services) -> None:
    with services.store.transaction():
        services.store.renames.put("zhang.old", "zhang", at=0, by="hr")
    say(services, "zhang", "请假 11-26")

    assert say(services, "team", "我来帮 zhang.old")[0] == "好的，记下您来帮员工甲"
    say(services, "team", "确认请假 zhang.old 11-26")
    assert services.store.contact_knowledge.absences() == {"zhang": frozenset({date(2026, 11, 26)})}


def test_leave_whose_days_stand_backwards_is_not_confirmed(services: Services) -> None:
    say(services, "zhang", "请假 11-26 到 11-27")
    said = say(services, "team", "确认请假 zhang 11-27 到 11-26")

    assert said[0] == say(services, "team", "确认请假")[0]  # how it is said
    assert services.store.contact_knowledge.absences() == {}


def test_an_export_holds_the_own_people_and_is_noted_for_each_of_them(services: Services) -> None:
    set_clock(services, "2026-11-24T10:10")
    arrive(services, text_event("team", "导出", msgid="7", at=int(TUESDAY.timestamp())))
    arrive(services, text_event("zhang", "导出", msgid="8", at=int(TUESDAY.timestamp())))
    keys = [row["key"] for row in rows_of(where(services), "SELECT key, to_userid FROM outbox ORDER BY seq")]
    acts = [(one.actor, one.act, json.loads(one.detail)["people"]) for one in services.store.audit.acts()]
    seen = {userid: len(services.store.exports.of(userid, since=0)) for userid in ("zhang", "li", "wang")}

    assert keys == ["answer:7", "file:7", "answer:8"]
    assert acts == [("team", "export", 2)]
    assert seen == {"zhang": 1, "li": 1, "wang": 0}


# --- what is kept of somebody ---


def test_everybody_reads_who_exported_their_figures_and_nobody_elses(services: Services) -> None:
    say(services, "team", "导出")

    told = {userid: "主管甲" in _exported(say(services, userid, "隐私")) for userid in ("zhang", "wang")}

    assert told == {"zhang": True, "wang": False}


def test_an_export_is_named_for_half_a_year(services: Services) -> None:
    say(services, "team", "导出")
    named = []
    for when in ("2027-05-22T09:00", "2027-05-24T09:00"):
        set_clock(services, when)
        named.append("主管甲" in _exported(say(services, "zhang", "隐私")))

    assert named == [True, False]


def _exported(lines: list[str]) -> str:
    return "".join(line for line in lines if "导出" in line)


def test_silence_and_leave_are_named_to_their_last_day(services: Services) -> None:
    say(services, "zhang", "静音 11-26")
    say(services, "zhang", "请假 11-25")
    named = {}
    for when in ("2026-11-24T10:00", "2026-11-25T23:59", "2026-11-26T23:59", "2026-11-27T00:00"):
        set_clock(services, when)
        lines = say(services, "zhang", "隐私")[:-1]  # below stands the moment itself
        named[when[8:10]] = [day for day in (25, 26, 27) if any(f"11-{day}" in line for line in lines)]

    assert named == {"24": [25, 26], "25": [25, 26], "26": [26], "27": []}


def test_help_names_what_leaders_ask_to_leaders_alone(services: Services) -> None:
    for word in ("帮助", "什么？"):
        lines = {userid: say(services, userid, word) for userid in ("zhang", "deputy")}
        shown = {who: any(line.startswith("团队") for line in said) for who, said in lines.items()}

        assert shown == {"zhang": False, "deputy": True}


# --- who is no longer, or not yet, of the staff ---


@pytest.mark.parametrize(
    ("moment", "is_answered"),
    [
        pytest.param(at("2026-11-24T23:59"), True, id="the last day"),
        pytest.param(at("2026-11-25T00:01"), False, id="the day after"),
    ],
)
def test_who_has_left_learns_nothing_from_the_day_after(
    tmp_path: Path, moment: datetime, *, is_answered: bool
) -> None:
    roster = (*ROSTER, "ex,员工丁,11,客户经理,11,,2026-11-24,")
    with branch(tmp_path, more=BURST_RULE, roster=roster, when=moment) as opened:
        said = {word: say(opened, "ex", word) for word in ("进度", "团队", "导出", "隐私")}

    figures = [word for word, lines in said.items() if any("员工" in line or "50" in line for line in lines)]
    assert bool(figures) is is_answered
    assert len({lines[0] for lines in said.values()} & {said["进度"][0]}) == 1
    assert (len({lines[0] for lines in said.values()}) > 1) is is_answered
