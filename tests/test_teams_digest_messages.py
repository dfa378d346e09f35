"""The leader's message: whom to help first, how the team stands, nobody paraded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from builders.messages import (
    BEHIND,
    COVERED,
    DAILY,
    EVENING,
    EXEMPT,
    MET,
    MONTHLY,
    a_team,
    examples,
    member,
    over_teams,
)

from bot.core.coaching import CoachingOutcome
from bot.core.engagement import Method, TeamRate
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.features.teams.digest_message import News, digest
from bot.features.teams.help_needs import Improved, Need, NeedKind
from bot.features.teams.member import TeamMember
from bot.features.teams.subteam_rules import SubTeams, TeamFigures
from bot.messages.cards import as_card, card_text
from bot.messages.limits import CARD_CHARACTERS
from bot.messages.message import as_text


def said(team: Sequence[TeamMember], *, language: str = "zh-CN") -> list[str]:
    return as_text(digest(language=language, team=team, at=EVENING)).splitlines()


def test_a_digest_in_full() -> None:
    assert said(a_team()) == [
        "今天先帮 3 位：员工甲、员工乙、员工丙",
        "员工甲 · 本月 12/50：已确认 7，待确认 5，今天还需 2 位；5 位待确认缺“已实名”标签，请柜面协助",
        "员工乙 · 本月 18/36：已确认 14，待确认 4，今天的已加完；休假 6 个工作日刚回来，目标已按天折算为 36",
        "员工丙 · 本月 28/50：已确认 24，待确认 4，今天还需 2 位，剩 5 个工作日",
        "全队 20 人：已够 6 · 正常 9 · 需帮助 3 · 不考核 2",
        # 3 x 46 + 3 x 50 + 9 x 38 + 7 + 14 + 24 of 17 x 50 + 36; the 9th and 10th of 18 have 38 of 50
        "达成率 76%（每人最多按 100% 计），中位数 76%，时间进度 81%",
        "近 90 天客户留存（每人的中位数）93%",
        "仅供您安排帮助，请勿转发或张榜。",
        "截至 11-24 周二 17:48 · 团队",
    ]


def test_a_digest_in_english() -> None:
    lines = said(
        [member("Employee A", replace(BEHIND, kept_90=0.8)), member("Employee B", MET)], language="en"
    )

    assert lines == [
        "Help 1 person first today: Employee A",
        "Employee A · This month 28/50: 24 confirmed, 4 pending, 2 left today, 5 workdays left",
        "Team of 2: enough 1 · on track 0 · to help 1",
        "Attainment 74% (each person up to 100%), median 75%, time elapsed 81%",
        "Customers kept over 90 days (median of people): 86%",
        "For your planning only: please do not forward it.",
        "As of Tue 11-24 17:48 · team",
    ]


def test_the_lowest_pace_comes_first_and_only_three_are_named() -> None:
    paces = {"戊": 0.8, "丁": 0.1, "丙": 0.5, "乙": 0.3, "甲": 0.85}
    team = [member(name, replace(BEHIND, pace=pace), userid=name) for name, pace in paces.items()]

    lines = said(team)

    assert lines[0] == "今天先帮 3 位：丁、乙、丙"
    assert [line[0] for line in lines[1:4]] == ["丁", "乙", "丙"]
    assert lines[4] == "另有 2 位"
    assert not {"甲", "戊"} & set("".join(lines))


def test_equal_paces_stand_by_userid() -> None:
    team = [member("员工乙", BEHIND, userid="b"), member("员工甲", BEHIND, userid="a")]

    assert said(team)[0] == "今天先帮 2 位：员工甲、员工乙"


def test_with_nobody_behind_nobody_is_named() -> None:
    lines = said([member("员工甲", MONTHLY), member("员工乙", COVERED)])

    assert lines[0] == "今天没有需要先帮的人"
    assert "员工" not in "".join(lines)


@pytest.mark.parametrize(
    ("rows", "group"),
    [
        pytest.param((MET, BEHIND), "已够 0 · 正常 0 · 需帮助 1", id="one quota behind"),
        pytest.param((MET, MONTHLY), "已够 0 · 正常 1 · 需帮助 0", id="one met, one on track"),
        pytest.param((MET, COVERED), "已够 1 · 正常 0 · 需帮助 0", id="met and covered are enough"),
        pytest.param((MET, EXEMPT), "已够 1 · 正常 0 · 需帮助 0", id="an exempt row does not weigh"),
        pytest.param((EXEMPT, EXEMPT), "已够 0 · 正常 0 · 需帮助 0 · 不考核 1", id="only exempt rows"),
        pytest.param((), "已够 0 · 正常 0 · 需帮助 0 · 不考核 1", id="no quota at all"),
        pytest.param(
            (MET, replace(MONTHLY, status=Status.MISSED)),
            "已够 0 · 正常 0 · 需帮助 0 · 已结束 1",
            id="a period that is over",
        ),
    ],
)
def test_the_worst_quota_decides_where_a_person_is(rows: tuple[QuotaFigures, ...], group: str) -> None:
    assert f"全队 1 人：{group}" in said([member("员工甲", *rows)])


def test_a_person_is_told_of_by_the_quota_of_the_lowest_pace() -> None:
    other = replace(BEHIND, quota="vip", counted=1, pending=0, target=10, pace=0.12)

    assert said([member("员工甲", BEHIND, other)])[1].startswith("员工甲 · vip · 本月 1/10：已确认 1，")


def test_several_quotas_have_a_line_each_and_are_not_summed() -> None:
    team = [member("员工甲", MONTHLY, DAILY), member("员工乙", MET), member("员工丙", EXEMPT)]

    assert said(team)[2:4] == [
        "本月：达成率 88%，中位数 89%，时间进度 81%",
        "今天：达成率 20%，中位数 20%，时间进度 100%",
    ]


def test_more_than_the_target_does_not_make_up_for_others() -> None:
    team = [member("员工甲", replace(MET, counted=100)), member("员工乙", replace(BEHIND, counted=0))]

    assert "达成率 50%（每人最多按 100% 计），中位数 100%，时间进度 81%" in said(team)


def test_almost_all_is_not_called_all() -> None:
    team = [member("员工甲", replace(MONTHLY, target=1000, counted=999, expected=1000.0))]

    assert "达成率 99%（每人最多按 100% 计），中位数 99%，时间进度 100%" in said(team)


def test_a_team_of_which_nothing_is_asked_has_no_figures() -> None:
    assert said([member("员工甲", EXEMPT)]) == [
        "今天没有需要先帮的人",
        "全队 1 人：已够 0 · 正常 0 · 需帮助 0 · 不考核 1",
        "仅供您安排帮助，请勿转发或张榜。",
        "截至 11-24 周二 17:48 · 团队",
    ]


def test_a_person_without_a_name_is_called_by_userid() -> None:
    assert said([member(" \n", BEHIND, userid="yuangong-jia")])[0] == "今天先帮 1 位：yuangong-jia"


def test_an_empty_team_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        said([])


@pytest.mark.parametrize(
    ("replies", "line"),
    [
        pytest.param(
            TeamRate(method=Method.AGGREGATED, people=2, reply_rate=10_000, first_reply_s=0),
            "昨日回复率 100%，首次回复 0 分钟",
            id="all of them, at once",
        ),
        pytest.param(
            TeamRate(method=Method.AGGREGATED, people=2, reply_rate=9_999, first_reply_s=61),
            "昨日回复率 99%，首次回复 2 分钟",
            id="almost all is not all, and a begun minute is one",
        ),
        pytest.param(
            TeamRate(method=Method.MEDIAN, people=2, reply_rate=0, first_reply_s=None),
            "昨日回复率（每人的中位数）0%",
            id="a median says so; nobody was answered",
        ),
        pytest.param(None, None, id="no figures"),
        pytest.param(
            TeamRate(method=Method.AGGREGATED, people=2, reply_rate=None, first_reply_s=None),
            None,
            id="no chats",
        ),
    ],
)
def test_how_the_team_answered_is_said_where_it_is_known(replies: TeamRate | None, line: str | None) -> None:
    team = [member("员工甲", MONTHLY)]
    lines = as_text(digest(language="zh-CN", team=team, at=EVENING, replies=replies)).splitlines()

    assert [one for one in lines if "回复" in one] == ([line] if line else [])


@pytest.mark.parametrize(
    ("need", "zh", "en", "en_short"),
    [
        pytest.param(
            Need(kind=NeedKind.TAGS, n=5, missing=("已实名", "*企*")),
            "5 位待确认缺“已实名、＊企＊”标签，请柜面协助",
            "5 pending lack the tag “已实名, ＊企＊”, which the counter can set",
            "5 pending lack “已实名, ＊企＊”",
            id="tags, made harmless",
        ),
        pytest.param(
            Need(kind=NeedKind.FACTS, n=1, missing=("opened",)),
            "1 位待确认等银行资料“opened”，可请同事补报",
            "1 pending waits for the bank's “opened”, which a colleague can report",
            "1 pending lacks the bank's “opened”",
            id="a fact",
        ),
        pytest.param(
            Need(kind=NeedKind.FACTS, n=1),
            "1 位待确认等银行资料，可请同事补报",
            "1 pending waits for the bank's data, which a colleague can report",
            "1 pending waits for bank data",
            id="whose customer it is",
        ),
        pytest.param(
            Need(kind=NeedKind.BACK, n=6),
            "休假 6 个工作日刚回来",
            "just back from 6 workdays off",
            "back from 6 workdays off",
            id="back, the target is whole",
        ),
    ],
)
def test_with_what_to_help_stands_in_text_and_card(need: Need, zh: str, en: str, en_short: str) -> None:
    for language, said_of_him, in_short in (("zh-CN", zh, zh), ("en", en, en_short)):
        team = [replace(member("员工甲", BEHIND), need=need)]
        message = digest(language=language, team=team, at=EVENING)
        card = as_card(message, language=language, task_id="qb-1")

        assert as_text(message).splitlines()[1].endswith(said_of_him)
        assert card is not None
        assert f": {in_short}\n" in str(card["sub_title_text"]).replace("：", ": ")


def test_who_improved_most_and_appeals_are_told_if_there_are_any() -> None:
    team = [member("员工甲", MONTHLY, userid="a"), member("员工乙", MONTHLY, userid="b")]
    news = News(improved=Improved(userids=("a", "b"), more=3), appeals=1)
    message = digest(language="zh-CN", team=team, at=EVENING, news=news)

    new = [line for line in as_text(message).splitlines() if line not in said(team)]
    assert new == ["进步最多：员工甲、员工乙，一周 +3 位", "1 条申诉复核中"]


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        pytest.param(
            CoachingOutcome(people=2, back=1, rose=0), "上周您标记帮助 2 位：1 位已回到正常", id="back"
        ),
        pytest.param(
            CoachingOutcome(people=3, back=1, rose=2),
            "上周您标记帮助 3 位：1 位已回到正常、2 位节奏回升",
            id="both",
        ),
        pytest.param(
            CoachingOutcome(people=1, back=0, rose=0),
            "上周您标记帮助 1 位：还没有看到变化，可换个办法",
            id="nothing yet",
        ),
    ],
)
def test_what_became_of_help_is_told_without_names(outcome: CoachingOutcome, line: str) -> None:
    team = [member("员工甲", MONTHLY)]
    message = digest(language="zh-CN", team=team, at=EVENING, news=News(outcome=outcome))

    assert [one for one in as_text(message).splitlines() if one not in said(team)] == [line]


@pytest.mark.parametrize(
    ("teams", "first"),
    [
        pytest.param(
            SubTeams(shown=(), small=2, alone=1, behind=1),
            "各团队有 1 位还没人帮，先问问他们的主管需要什么",
            id="in small teams only",
        ),
        pytest.param(
            SubTeams(shown=(), small=2, alone=0, behind=0), "今天先帮 1 位：员工丙", id="his own people"
        ),
        pytest.param(over_teams().teams, "先支持 1 个团队：南区一部", id="a team"),
    ],
)
@pytest.mark.parametrize("card", [False, True], ids=["text", "card"])
def test_a_leader_of_leaders_is_told_first_where_nobody_helps(
    teams: SubTeams, first: str, card: bool
) -> None:
    message = digest(language="zh-CN", team=a_team(), at=EVENING, subteams=replace(over_teams(), teams=teams))
    made = as_card(message, language="zh-CN", task_id="qb-1")
    assert made is not None
    text = card_text(made) if card else as_text(message)

    assert text.splitlines()[0] == first
    assert "员工丙" in text
    assert "员工甲" not in text
    assert "员工乙" not in text


def test_a_card_over_teams_names_all_that_its_title_counts_or_none() -> None:
    (south, north) = over_teams().teams.shown
    teams = replace(over_teams().teams, shown=(south, replace(north, behind=1)), small=0, alone=2)
    over = replace(over_teams(), teams=teams, names={121: "Southern branch", 122: "Northern branch"})
    card = as_card(
        digest(language="en", team=a_team(), at=EVENING, subteams=over), language="en", task_id="qb-1"
    )

    assert card is not None
    assert card_text(card).splitlines()[0] == "Support 2 teams first"


@pytest.mark.parametrize(
    ("south", "north"),
    [("南区一部", "南区二部"), ("Southern branch", "Northern branch")],
    ids=["Chinese names", "English names"],
)
def test_an_english_card_over_two_teams_has_both_and_asks_not_to_forward(south: str, north: str) -> None:
    over = replace(over_teams(), names={121: south, 122: north})
    card = as_card(
        digest(language="en", team=a_team(), at=EVENING, subteams=over), language="en", task_id="qb-1"
    )

    assert card is not None
    text = str(card["sub_title_text"])
    assert text.splitlines() == [
        f"{south} (8): 64%; 2 to help, 1 helped; last week 1 of 2 better",
        f"{north} (9): 85%",
        "员工丙 28/50: 2 left today",
        "Please do not forward it.",
    ]
    assert len(text) <= CARD_CHARACTERS["sub_title_text"]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("zh-CN", "上周您标记帮助 2 位：1 位已回到正常"),
        ("en", "2 helped last week: 1 back to normal"),
    ],
)
def test_a_card_says_what_help_brought(language: str, line: str) -> None:
    card = as_card(examples(language)["digest"], language=language, task_id="qb-1")

    assert card is not None
    assert line in str(card["sub_title_text"]).splitlines()


def test_several_quotas_of_a_team_are_named_and_not_summed() -> None:
    (south, _) = over_teams().teams.shown
    both = replace(south, figures=(*south.figures, TeamFigures(quota="daily", percent=20, middle=10)))
    over = replace(over_teams(), teams=SubTeams(shown=(both,), small=1, alone=1, behind=1))
    message = digest(language="zh-CN", team=[member("员工甲", MONTHLY, DAILY)], at=EVENING, subteams=over)

    assert as_text(message).splitlines()[1:3] == [
        (
            "南区一部 8 人：本月达成率 64%，中位数 68%；今天达成率 20%，中位数 10%；"
            "需帮助 2，已有人帮 1；上周帮 2 位，1 位好转"
        ),
        "1 个不足 5 人的团队或小组不单列，只计入合计",
    ]
