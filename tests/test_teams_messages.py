"""Answers to leaders about their people: heads, teams of others, who is on leave; in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from builders.messages import BEHIND, EVENING, MONTHLY, member, over_teams

from bot.features.teams.answers import export_notes, exported, needs_help, too_few
from bot.features.teams.member import TeamMember
from bot.features.teams.subteam_rules import SubTeams
from bot.features.teams.subteams import NamedSubTeams
from bot.messages.message import as_text

WEAK = member("员工丙", BEHIND, userid="bing")
FINE = member("员工乙", MONTHLY, userid="yi")
AWAY = replace(member("员工丁", BEHIND, userid="ding"), away=True)
OVER = replace(over_teams(), leaders={121: ("主管乙", "主管丙"), 122: ()})
NO_HELP = replace(OVER, teams=SubTeams(shown=(OVER.teams.shown[1],), small=0, alone=0, behind=0))
LEFT_OUT = replace(OVER, teams=SubTeams(shown=(), small=2, alone=0, behind=0, in_sums=False))


def asked(team: Sequence[TeamMember], over: NamedSubTeams | None, *, language: str = "zh-CN") -> list[str]:
    message = needs_help(language=language, team=team, wished=(), at=EVENING, subteams=over)
    return as_text(message).splitlines()


@pytest.mark.parametrize(
    ("team", "over", "chinese", "english"),
    [
        pytest.param([WEAK], None, "有 1 位可以帮一把", "1 person could use a hand", id="own people only"),
        pytest.param(
            [WEAK, FINE],
            OVER,
            "有 1 位可以帮一把，各团队另有 2 位",
            "1 person could use a hand, 2 more in your teams",
            id="own and teams",
        ),
        pytest.param(
            [FINE],
            OVER,
            "各团队有 2 位需帮助，先问问他们的主管需要什么",
            "2 people in your teams could use a hand",
            id="teams only",
        ),
        pytest.param(
            [FINE], NO_HELP, "现在没有需要先帮的人", "Nobody needs help first right now", id="nobody anywhere"
        ),
        pytest.param(
            [AWAY], None, "现在没有需要先帮的人", "Nobody needs help first right now", id="on leave today"
        ),
    ],
)
def test_the_first_line_says_how_many_and_where(
    team: list[TeamMember], over: NamedSubTeams | None, chinese: str, english: str
) -> None:
    assert asked(team, over)[0] == chinese
    assert asked(team, over, language="en")[0] == english


@pytest.mark.parametrize(
    ("language", "line"),
    [
        pytest.param("zh-CN", "南区一部 8 人（主管 主管乙、主管丙）：需帮助 2，已有人帮 1", id="Chinese"),
        pytest.param(
            "en", "南区一部, 8 people (led by 主管乙, 主管丙): 2 to help, 1 of them helped", id="English"
        ),
    ],
)
def test_only_teams_with_somebody_behind_stand_there_with_who_leads_them(language: str, line: str) -> None:
    lines = asked([FINE], OVER, language=language)

    assert [one for one in lines if "南区" in one] == [line]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        pytest.param("zh-CN", "2 个不足 5 人的团队不单列，也不计入合计", id="Chinese"),
        pytest.param("en", "2 teams are too small to be told of and are not in the sums", id="English"),
    ],
)
def test_teams_that_are_left_out_are_said_to_be(language: str, line: str) -> None:
    assert line in asked([WEAK], LEFT_OUT, language=language)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        pytest.param("zh-CN", "另有 1 位今天休假，回来后再帮", id="Chinese"),
        pytest.param("en", "1 more is on leave today: when back", id="English"),
    ],
)
def test_who_is_on_leave_is_counted_and_not_named(language: str, line: str) -> None:
    lines = asked([WEAK, AWAY], None, language=language)

    assert line in lines
    assert "员工丁" not in "".join(lines)


@pytest.mark.parametrize(
    ("language", "teams", "first"),
    [
        pytest.param("zh-CN", None, "表格随后发给您，共 3 人", id="own people"),
        pytest.param("zh-CN", 2, "表格随后发给您：3 人，2 个团队", id="and teams"),
        pytest.param("en", None, "The file follows, with 3 people", id="own people in English"),
        pytest.param("en", 2, "The file follows, with 3 people; teams: 2", id="and teams in English"),
    ],
)
def test_an_export_says_what_is_in_the_file(language: str, teams: int | None, first: str) -> None:
    said = as_text(exported(language=language, people=3, teams=teams, at=EVENING))
    notes = export_notes(language=language, name="主管甲", userid="boss", at=EVENING, teams=teams is not None)

    assert said.splitlines()[0] == first
    assert len(notes) == (1 if teams is None else 2)
    assert "主管甲" in notes[0]
    assert "boss" in notes[0]


def test_whose_teams_are_too_few_for_figures_reads_so() -> None:
    said = {language: as_text(too_few(language=language, at=EVENING)) for language in ("zh-CN", "en")}

    assert said["zh-CN"].startswith("您下面的团队考核不足 5 人，不看数字\n")
    assert said["en"].startswith("Your teams are fewer than 5 people together: no figures\n")
