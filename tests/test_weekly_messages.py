"""The week's message: its first line, what it says of a week, and what it never says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from builders.messages import BEHIND, COVERED, EVENING, EXEMPT, FRIDAY, MET, MONDAY, MONTHLY, examples, member

from bot.core.day import DayFacts
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.features.teams.member import TeamMember
from bot.features.weekly import OwnWeek, TeamWeek, weekly
from bot.messages.cards import as_card
from bot.messages.limits import over
from bot.messages.message import Message, as_markdown, as_text

NINE = DayFacts(added=9, lost_by_customer=0, lost_by_member=0)
NONE = DayFacts(added=0, lost_by_customer=0, lost_by_member=0)
MISSED = replace(MONTHLY, status=Status.MISSED, workdays_left=0)
FORBIDDEN = re.compile(r"落后|[!！元¥￥$]|yuan|behind|rank|排名", re.IGNORECASE)


def said(message: Message) -> list[str]:
    return as_text(message).splitlines()


def told(**changes: Any) -> list[str]:
    return said(weekly(**{"language": "zh-CN", "first": MONDAY, "at": FRIDAY, **changes}))


def own(*rows: QuotaFigures, facts: DayFacts = NINE, dose: int | None = 0, **more: bool) -> OwnWeek:
    return OwnWeek(rows=rows, facts=facts, dose=dose, **more)


def team(*members: TeamMember, improved: Sequence[str] = (), more: int = 0) -> TeamWeek:
    return TeamWeek(members=members, facts=NINE, improved=improved, more=more)


@pytest.mark.parametrize(
    ("week", "chinese", "english"),
    [
        pytest.param(
            own(MONTHLY, dose=2),
            "本周新增 9 位，下周每天 2 位就够",
            "9 added this week; 2 a workday is enough next week",
            id="what is enough",
        ),
        pytest.param(
            own(MONTHLY, facts=NONE, dose=2),
            "下周每天 2 位就够",
            "2 a workday is enough next week",
            id="a week without adds is not counted to anybody",
        ),
        pytest.param(
            own(MET, EXEMPT), "本周新增 9 位，已经够了", "9 added this week; that is enough", id="met"
        ),
        pytest.param(
            own(COVERED, facts=NONE),
            "已经够了，下周不用再加",
            "Enough: nothing to add next week",
            id="covered, without adds",
        ),
        pytest.param(
            own(MET, dose=3),
            "本周新增 9 位，下周每天 3 位就够",
            "9 added this week; 3 a workday is enough next week",
            id="met, and the next period begins",
        ),
        pytest.param(
            own(MISSED),
            "本周新增 9 位，下周不用再加",
            "9 added this week; nothing is asked next week",
            id="over, and nothing follows",
        ),
        pytest.param(
            own(BEHIND, dose=None),
            "本周新增 9 位，辛苦了",
            "9 added this week; thank you",
            id="behind, and no day is left, or nobody knows which",
        ),
        pytest.param(
            own(BEHIND, facts=NONE, dose=None),
            "本周辛苦了",
            "Thank you for this week",
            id="the same without adds",
        ),
        pytest.param(
            own(BEHIND, dose=22, tight=True),
            "本周新增 9 位，下周先商量怎么安排",
            "9 added this week; let us plan together next week",
            id="tight: no number",
        ),
        pytest.param(
            replace(own(BEHIND, dose=22, tight=True), has_helper=False),
            "本周新增 9 位，下周尽力就好",
            "9 added this week; just do what you can next week",
            id="tight, and nobody to ask",
        ),
    ],
)
def test_the_first_line_says_what_the_week_brought_and_what_is_enough(
    week: OwnWeek, chinese: str, english: str
) -> None:
    assert told(own=week)[0] == chinese
    assert told(own=week, language="en")[0] == english
    assert len(chinese) <= 24


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_of_days_on_which_he_may_be_away_the_number_is_not_said(language: str) -> None:
    messages = [
        weekly(
            language=language,
            first=MONDAY,
            at=FRIDAY,
            own=own(BEHIND, dose=dose, may_be_away=dose is None),
        )
        for dose in (2, None)
    ]

    shown = [
        as_markdown(message) + str(as_card(message, language=language, task_id="t")) for message in messages
    ]
    assert [("个工作日" in one or "workday" in one) for one in shown] == [True, False]


@pytest.mark.parametrize(
    ("members", "first", "named"),
    [
        pytest.param([member("员工甲", BEHIND, userid="a")], "下周先帮 1 位", "下周先帮：员工甲", id="one"),
        pytest.param(
            [member(f"员工{n}", BEHIND, userid=n) for n in "甲乙丙丁"],
            "下周先帮 3 位",
            "下周先帮：员工丁、员工丙、员工乙",
            id="three at most",
        ),
        pytest.param([member("员工甲", MONTHLY)], "照这样就够", None, id="nobody"),
    ],
)
def test_a_leader_reads_what_the_week_brought_and_whom_to_help(
    members: list[TeamMember], first: str, named: str | None
) -> None:
    lines = told(team=team(*members))

    assert lines[0] == f"本周全队新增 9 位，{first}"
    assert next((line for line in lines if line.startswith("下周先帮：")), None) == named


@pytest.mark.parametrize(
    ("equal", "more", "named"),
    [
        pytest.param(1, 4, "进步最多：员工0，近 7 天比前 7 天多 4 位", id="one"),
        pytest.param(3, 4, "进步最多：员工0、员工1、员工2，近 7 天比前 7 天多 4 位", id="three equal ones"),
        pytest.param(4, 4, None, id="four: nobody"),
        pytest.param(1, 0, None, id="nobody improved"),
        pytest.param(1, -2, None, id="all have fewer"),
    ],
)
def test_only_who_improved_is_named(equal: int, more: int, named: str | None) -> None:
    people = [member(f"员工{n}", MONTHLY, userid=str(n)) for n in range(6)]
    lines = told(team=team(*people, improved=[one.name for one in people[:equal]], more=more))

    assert next((line for line in lines if line.startswith("进步最多")), None) == named


def test_whoever_leads_and_has_a_quota_reads_his_own_first_and_all_of_the_team() -> None:
    both = said(examples("zh-CN")["weekly, both"])
    alone, leading = (said(examples("zh-CN")[name]) for name in ("weekly", "weekly, leader"))

    assert both == [*alone[:-2], *leading[1:]]


def test_a_next_workday_in_a_later_week_is_not_called_next_week() -> None:
    lines = told(own=own(MONTHLY, dose=2), team=team(member("员工甲", BEHIND)), next_week=False)

    assert lines[0] == "本周新增 9 位，之后每天 2 位就够"
    assert "之后先帮：员工甲" in lines
    assert "下周" not in "".join(lines)


@pytest.mark.parametrize(
    ("since", "line"),
    [
        pytest.param(
            FRIDAY.replace(hour=14, minute=0), "14:00 以后的新增可能没有收全，数字可能偏低", id="today"
        ),
        pytest.param(
            FRIDAY.replace(day=19), "11-19 17:23 以后的新增可能没有收全，数字可能偏低", id="yesterday"
        ),
    ],
)
def test_incomplete_figures_are_said_to_be(since: datetime, line: str) -> None:
    assert told(own=own(MONTHLY, dose=2), incomplete_since=since)[1] == line


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(
    "heading",
    ["weekly", "weekly, enough", "weekly, help", "weekly, leader", "weekly, over teams", "weekly, both"],
)
def test_a_week_is_calm_and_fits_a_card(heading: str, language: str) -> None:
    message = examples(language)[heading]
    card = as_card(message, language=language, task_id="qb-1")

    assert card is not None
    assert over("template_card", card) is None
    assert "…" not in str(card)
    assert not FORBIDDEN.search(as_markdown(message) + str(card))


def test_money_and_rank_change_nothing() -> None:
    paid = replace(MISSED, rank=9, penalty=300, reward=200)

    assert told(own=own(paid)) == told(own=own(MISSED))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({}, "about somebody", id="about nobody"),
        pytest.param({"own": own(MONTHLY), "at": EVENING.replace(tzinfo=None)}, "zone", id="no zone"),
    ],
)
def test_what_makes_no_message_is_refused(changes: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        told(first=date(2026, 11, 16), **changes)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_help_is_offered_only_where_somebody_would_get_it(language: str) -> None:
    alone = replace(own(BEHIND, dose=22, tight=True), has_helper=False)
    message = weekly(language=language, first=MONDAY, at=FRIDAY, own=alone)
    card = as_card(message, language=language, task_id="qb-1")

    assert card is not None
    assert [one["key"] for one in card["button_list"]] == ["list"]  # type: ignore[attr-defined]  # JSON
    assert not re.search("主管|leader", f"{card}{as_text(message)}")
