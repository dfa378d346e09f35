"""What members say is answered: only what is theirs, once, at any hour, and never like the last time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from builders import service as bot_builders
from builders.chat import arrive, click_event, say, text_event
from builders.e2e import FakeTime, at, outbox_rows, write_config
from builders.reviews import (
    BURST_RULE,
    HOLD,
    MONDAY,
    ROSTER,
    RULES,
    TUESDAY,
    branch,
    burst,
    lost_contact,
    morning,
    tell,
)

from bot.app.bootstrap import record_files
from bot.config import load
from bot.core.coaching import Mark
from bot.core.relations import RelationKind
from bot.features.chat import answer
from bot.features.chat.commands import Command
from bot.features.reviews import decide
from bot.features.standings.load import load_standings
from bot.services import Services
from bot.store.outbox import Lane
from bot.store.preferences import Way
from bot.store.reviews import ReviewState

NIGHT = at("2026-11-28T23:30")  # a Saturday
LED_BY_HEAD = (*ROSTER, "wang,员工丙,1,客户经理,,,,")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, more=BURST_RULE, roster=LED_BY_HEAD) as opened:
        lost_contact(opened)
        burst(opened)
        yield opened


@pytest.fixture
def english(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, more='[locale]\nlanguage = "en"\n') as opened:
        lost_contact(opened)
        yield opened


def answers(services: Services) -> list[str]:
    return [row["key"] for row in outbox_rows(services) if row["key"].startswith("answer:")]


# --- each once, at once ---


def test_an_answer_goes_at_night_before_everything_else(services: Services) -> None:
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.moment = NIGHT

    said = say(services, "zhang", "进度")

    (row,) = outbox_rows(services)
    assert (row["lane"], row["not_before"]) == (Lane.FAST, int(NIGHT.timestamp()))
    assert row["expires_at"] - row["not_before"] == 7200
    assert said[-1] == "截至 11-28 周六 23:30:00 · 进度"


def test_one_message_delivered_thrice_is_answered_once(services: Services) -> None:
    for attempt in range(3):
        # What is delivered again need not be the same bytes.
        arrive(services, text_event("zhang", "进度" + " " * attempt, msgid="7349"))

    assert answers(services) == ["answer:7349"]


def test_the_same_word_twice_is_answered_twice(services: Services) -> None:
    arrive(services, text_event("zhang", "进度", msgid="1"), text_event("zhang", "进度", msgid="2"))

    assert answers(services) == ["answer:1", "answer:2"]


def test_two_answers_of_different_seconds_differ(services: Services) -> None:
    clock = services.clock
    assert isinstance(clock, FakeTime)

    first = say(services, "zhang", "进度")
    clock.pass_(1)

    assert say(services, "zhang", "进度") != first


def test_a_menu_button_is_answered_like_its_word(services: Services) -> None:
    arrive(services, click_event("zhang", "进度"), click_event("zhang", "进度", at=1_795_482_421))
    arrive(services, click_event("zhang", "静音"))

    assert len(answers(services)) == 3
    assert services.store.preferences.mutes()["zhang"].way is Way.BUTTON


def test_a_contact_that_came_just_before_the_word_is_in_the_answer(services: Services) -> None:
    added = bot_builders.contact_event(userid="li", customer="wm-new", at=int(TUESDAY.timestamp()) - 60)

    arrive(services, added, text_event("li", "进度"))

    assert "本月 1/50" in outbox_rows(services)[0]["content"]


def test_no_answer_reads_everybody(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    read, members = [0], services.store.members.all
    monkeypatch.setattr(
        services.store.members, "all", lambda: (read.__setitem__(0, read[0] + 1), members())[1]
    )

    arrive(services, *(text_event(userid, "帮助") for userid in ("zhang", "li", "team", "head", "wang")))

    assert len(answers(services)) == 5
    assert read[0] == 0


def test_whoever_sends_a_picture_gets_the_help(services: Services) -> None:
    picture = text_event("zhang", "").replace(b"[text]", b"[image]")

    arrive(services, picture)

    assert "没听懂，可以这样问我" in outbox_rows(services)[0]["content"]


@pytest.mark.parametrize("userid", ["stranger", "gone"])
def test_who_is_not_of_the_staff_learns_nothing(tmp_path: Path, userid: str) -> None:
    roster = (*ROSTER, "gone,员工丁,11,客户经理,1,,2026-11-20,")
    with branch(tmp_path, roster=roster) as opened:
        said = [say(opened, userid, word) for word in ("进度", "团队")]

    assert [lines[0] for lines in said] == ["通讯录里还没有您"] * 2


def test_a_fault_of_ours_is_one_neutral_sentence(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("wm-lost of zhang")

    monkeypatch.setitem(answer.REPLIES, Command.RANK, broken)  # type: ignore[arg-type]  # a dict, told as a mapping
    with bot_builders.logged(answer) as logs:
        said = say(services, "zhang", "排名")

    assert said[0] == "这会儿答不上来，请稍后再问"
    assert [entry["event"] for entry in logs] == ["could not answer a chat message"]
    assert say(services, "zhang", "进度")[-1].endswith("进度")


def test_what_was_said_is_forgotten_with_the_answer(services: Services) -> None:
    arrive(services, text_event("zhang", "申诉 lost 客户张三误删", msgid="9"))

    services.store.engine.learn("-- name: texts_of_a_test()\nSELECT text FROM words;")
    assert services.store.engine.all("texts_of_a_test") == [{"text": ""}]


# --- somebody's own figures ---


def test_a_place_is_told_without_anybody_else(services: Services) -> None:
    said = say(services, "zhang", "排名")

    assert said[1] == "本月：第 1 名，共 3 人（全体）；已确认 0/50"
    assert not any(name in line for line in said for name in ("员工乙", "员工丙"))


def test_whom_nothing_is_asked_of_is_told_so(services: Services) -> None:
    assert say(services, "team", "进度")[:2] == ["您目前没有指标，不用加也够", "想看您负责的人，说“团队”。"]


@pytest.mark.parametrize(
    ("which", "first"),
    [
        pytest.param("17", "…lost 不计入", id="the number in the last list"),
        pytest.param("LOST", "…lost 不计入", id="the end of the id"),
        pytest.param("wm-lost？", "…lost 不计入", id="the whole id, and a question mark"),
        pytest.param("18", "没有找到这位客户", id="a number that is not there"),
        pytest.param("st", "没有找到这位客户", id="too little of an id"),
        pytest.param("", "没有找到这位客户", id="nothing"),
    ],
)
def test_why_takes_a_number_or_an_ending(services: Services, which: str, first: str) -> None:
    say(services, "zhang", "明细")

    assert say(services, "zhang", f"为什么 {which}")[0] == first


@pytest.mark.parametrize("word", ["明细 ፩", "为什么 ፩"])
def test_a_digit_that_is_no_number_is_no_fault(services: Services, word: str) -> None:
    assert say(services, "zhang", word)[0] in {"没听懂要看哪段时间：፩", "没有找到这位客户"}


def test_why_says_the_reason_and_how_to_object(services: Services) -> None:
    say(services, "zhang", "明细")

    said = say(services, "zhang", "为什么17")

    assert said[1:4] == [
        "11-04 10:00 方式待读",
        "本月：客户添加不满 7 天即流失（11-04 10:00 加，11-06 10:00 流失），不计入",
        "觉得不对？说“申诉 17 原因”，由复核人决定，每条都有回复。",
    ]


def test_the_numbers_are_those_of_the_last_list_that_was_shown(services: Services) -> None:
    say(services, "zhang", "明细")
    burst(services, begin=MONDAY + timedelta(hours=3), adds=2)

    before = say(services, "zhang", "为什么 17")[0]
    say(services, "zhang", "明细")

    assert before == "…lost 不计入"
    assert say(services, "zhang", "为什么 19")[0] == "…lost 不计入"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param("明细", "加了客户马上就能查到。", id="the running one"),
        pytest.param("明细 2026-12", "加了客户马上就能查到。", id="the running one by its name"),
        pytest.param("明细 10月", "这段时间已经结束。看本期的，说“明细”。", id="one that is over"),
        pytest.param("明细 10月 2", "这段时间已经结束。看本期的，说“明细”。", id="a page of it"),
    ],
)
def test_an_empty_list_promises_nothing_of_a_period_that_is_over(
    services: Services, words: str, says: str
) -> None:
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.set("2026-12-01T10:00")

    assert say(services, "zhang", words)[:2] == ["这段时间没有新增客户", says]


def test_a_contact_of_a_period_that_is_over_is_found_in_its_list(services: Services) -> None:
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.set("2026-12-01T10:00")

    first = say(services, "zhang", "明细")[0]
    listed = say(services, "zhang", "明细 上月")

    assert (first, listed[0]) == ("这段时间没有新增客户", "17 位客户，最近的在前")
    assert listed[1] == "2026-11 期：计入 16，待确认 0，不计入 1"
    assert say(services, "zhang", "为什么 17")[0] == "…lost 不计入"


def test_nobody_sees_a_contact_of_somebody_else(services: Services) -> None:
    say(services, "zhang", "明细")

    for userid in ("li", "team", "head"):
        assert say(services, userid, "为什么 lost")[0] == "没有找到这位客户"
        assert say(services, userid, "为什么 17")[0] == "没有找到这位客户"
        assert say(services, userid, "申诉 lost 我的")[0] == "没有找到这位客户"
    assert services.store.reviews.all_open() == []


# --- appeals and answers ---


def test_an_appeal_is_opened_in_his_words(services: Services) -> None:
    said = say(services, "zhang", "申诉 LOST：客户在柜面误删。")

    (review,) = services.store.reviews.all_open()
    assert (review.contact[:2], review.text) == (("zhang", "wm-lost"), "客户在柜面误删")
    assert said[:3] == [
        "申诉收到了：…lost",
        f"编号 appeal:{review.number}；您说：客户在柜面误删",
        "由 主管乙 决定；到 11-27 周五 18:00 没有决定，就请上一级看。",
    ]


def test_an_appeal_by_number_without_a_space(services: Services) -> None:
    say(services, "zhang", "明细")

    assert say(services, "zhang", "申诉17客户误删")[0] == "申诉收到了：…lost"


@pytest.mark.parametrize("text", ["申诉", "申诉 lost", "申诉 客户误删"])
def test_an_appeal_needs_a_contact_and_words(services: Services, text: str) -> None:
    assert say(services, "zhang", text)[0] == "请说清哪一位、为什么"
    assert services.store.reviews.all_open() == []


@pytest.mark.parametrize(
    ("text", "first", "then"),
    [
        pytest.param(
            "申诉 30 客户误删",
            "编号 30 不在最近的列表里，先说“明细”",
            "再说“申诉”加编号和原因，如“申诉 1 客户在柜面误删”。",
            id="a number that is not there",
        ),
        pytest.param(
            "申诉 x7k2 客户误删",
            "没有找到这位客户",
            "先说“明细”，再说“申诉”加编号或客户尾号和原因，如“申诉 1 客户在柜面误删”。",
            id="an id that is not there",
        ),
    ],
)
def test_an_appeal_about_nobody_says_how_to_appeal(
    services: Services, text: str, first: str, then: str
) -> None:
    said = say(services, "zhang", text)

    assert said == [first, then, "截至 11-24 周二 09:07:00 · 申诉"]
    assert services.store.reviews.all_open() == []


def test_an_appeal_about_several_is_told_which(services: Services) -> None:
    tell(services, "zhang", "wm-also-lost", MONDAY, RelationKind.ADDED)

    said = say(services, "zhang", "申诉 lost 客户误删")

    assert said[0] == "有 2 位客户的编号以此结尾"
    assert said[-1].endswith("· 申诉")


def test_an_appeal_is_opened_once_and_its_end_is_told(services: Services) -> None:
    say(services, "zhang", "申诉 lost 误删")
    (review,) = services.store.reviews.all_open()
    again = say(services, "zhang", "申诉 lost 真的是误删")
    decide.decide(
        services,
        f"appeal:{review.number}",
        decide.CaseDecision(accept=False, by="head", reason="没有记录"),
        at=TUESDAY,
    )

    after = say(services, "zhang", "申诉 lost 请再看看")

    assert again[0] == f"…lost 已在申诉中（appeal:{review.number}）"
    assert after[:2] == [
        "…lost 的申诉已有结果，不再受理",
        f"appeal:{review.number} 由 主管乙 决定，理由：没有记录",
    ]
    assert services.store.reviews.of_contact(review.contact)[0].state is ReviewState.REJECTED


def test_what_counts_needs_no_appeal(services: Services) -> None:
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.set("2026-11-30T16:00")
    say(services, "zhang", "明细")

    assert say(services, "zhang", "申诉 1 请看看")[0].endswith("已经计入，不用申诉")


def test_a_question_is_answered_by_a_word(services: Services) -> None:
    morning(services, TUESDAY)

    said = say(services, "zhang", "回答 那天支行开放日")

    (finding,) = services.store.findings.open()
    assert (said[0], finding.answer) == ("记下了，谢谢您的说明", "那天支行开放日")
    assert say(services, "zhang", "回答 再说一句")[0] == "现在没有等您回答的问题"
    assert say(services, "li", "回答 我也说一句")[0] == "现在没有等您回答的问题"


def test_an_answer_without_words_is_told_what_was_asked(services: Services) -> None:
    morning(services, TUESDAY)

    said = say(services, "zhang", "回答")

    assert said[1] == "1. 11-23 10:02–10:09 有 16 位新增"
    assert services.store.findings.open()[0].answered_at is None


# --- rules, privacy, help ---


def test_rules_are_plain_sentences(services: Services) -> None:
    said = say(services, "zhang", "规则")

    assert said[1] == "本月（11-01 至 11-30）目标 50 位，看新增客户"
    assert "· 加上后满 7 天还在才算" in said
    assert "谁决定：主管乙；3 个工作日没有决定就上一级。本人和直接主管不决定" in said
    assert said[-2] == "这里没有扣减，也没有奖励"


def test_rules_say_what_happens_to_the_adds_of_today(services: Services, tmp_path: Path) -> None:
    record_files(services, now=TUESDAY - timedelta(days=4))
    before = say(services, "zhang", "规则")
    services.use(load(write_config(tmp_path, quotas=RULES, more=HOLD), environ={}), services.directory)
    record_files(services, now=TUESDAY - timedelta(days=1))
    after = say(services, "zhang", "规则")

    assert [line.rpartition("，")[2] for line in before if "集中添加" in line] == ["照常计入"]
    assert [line.rpartition("，")[2] for line in after if "集中添加" in line] == ["暂列待确认"]


@pytest.mark.parametrize(
    ("board", "first"),
    [
        pytest.param("", "群里只在您领先时列出您的名字和数字", id="robots name who leads"),
        pytest.param(
            'leaderboard = { size = 5, names = "none" }', "群里和别的同事看不到", id="they name nobody"
        ),
    ],
)
def test_privacy_says_whether_a_group_sees_ones_name(tmp_path: Path, board: str, first: str) -> None:
    robot = '[[robots]]\nname = "r"\nwebhook_key = "k"\nposts = ["digest"]\n'
    with branch(tmp_path, more=f"[messages]\n{board}\n{robot}") as services:
        said = say(services, "zhang", "隐私")

    assert [line.startswith(first) for line in said].count(True) == 1


def test_privacy_names_all_that_is_kept_and_fits_whole(services: Services) -> None:
    said = say(services, "zhang", "隐私")

    assert all(
        any(kept in line for line in said) for kept in ("回复率", "当日证明", "散列值", "请假", "原始通知")
    )
    assert sum(line.startswith(("您的主管", "复核人", "人力资源部")) for line in said) == 3


def test_help_has_the_leader_s_words_only_for_leaders(services: Services) -> None:
    own, led = (say(services, userid, "帮助") for userid in ("zhang", "team"))

    assert not any(line.startswith(("团队", "导出")) for line in own)
    assert [line.split("：")[0] for line in led[-5:-1]] == ["团队", "需帮助", "我来帮 姓名", "导出"]


# --- a leader and his own people ---


def test_a_leader_sees_his_own_people_and_nobody_else(services: Services) -> None:
    led = {userid: say(services, userid, "需帮助") for userid in ("team", "head")}
    others = [say(services, "zhang", word)[0] for word in ("团队", "需帮助", "落后", "导出")]

    assert [any("员工丙" in line for line in led[userid]) for userid in ("team", "head")] == [False, True]
    assert any("员工甲" in line for line in led["team"])
    assert others == ["这个词只给主管用"] * 4
    assert services.store.exports.of("zhang", since=0) == []


def test_who_asked_for_help_is_named_to_his_own_leader_alone(services: Services) -> None:
    say(services, "zhang", "请人帮忙")

    asked = [
        "近 7 天请您帮忙：员工甲 11-24" in say(services, userid, "需帮助") for userid in ("team", "head")
    ]

    assert asked == [True, False]


def test_a_team_is_the_evening_s_message_as_of_now(services: Services) -> None:
    said = say(services, "team", "团队")

    assert "全队 2 人：已够 0 · 正常 0 · 需帮助 2" in said
    assert said[-1] == "截至 11-24 周二 09:07:00 · 团队"


@pytest.mark.parametrize(
    "word", ["我来帮 zhang", "我来帮ZHANG", "coach zhang", "我来帮员工甲", "我来帮 员工 甲。", "coach 员工甲"]
)
def test_who_helps_somebody_is_noted_with_the_pace_of_now(services: Services, word: str) -> None:
    said = [say(services, "team", word)[0] for _ in range(2)]

    (pace,) = [row.pace for row in load_standings(services, at=TUESDAY).by_person["zhang"]]
    assert pace is not None
    assert said == ["好的，记下您来帮员工甲"] * 2
    assert services.store.coaching.marks(since=TUESDAY.date()) == [
        Mark(
            leader="team",
            userid="zhang",
            day=TUESDAY.date(),
            quota="cm-monthly",
            pace=round(100 * pace),
        )
    ]


@pytest.mark.parametrize(
    ("asker", "word"),
    [
        pytest.param("team", "我来帮 wang", id="not his"),
        pytest.param("head", "我来帮 zhang", id="another leader's"),
        pytest.param("zhang", "我来帮 li", id="no leader"),
        pytest.param("team", "我来帮 team", id="himself"),
        pytest.param("team", "我来帮 员工丙", id="the name of somebody who is not his"),
    ],
)
def test_nobody_is_noted_whom_he_does_not_lead(services: Services, asker: str, word: str) -> None:
    assert say(services, asker, word)[0] == "没有记下：这位不是您直接带的人"
    assert services.store.coaching.marks(since=TUESDAY.date()) == []


@pytest.mark.parametrize(
    ("asker", "first"),
    [
        pytest.param("team", "请写姓名或工号，如“我来帮 员工甲”", id="a leader"),
        pytest.param("zhang", "这个词只给主管用", id="no leader"),
    ],
)
def test_who_is_to_be_helped_must_be_said(services: Services, asker: str, first: str) -> None:
    assert say(services, asker, "我来帮")[0] == first
    assert services.store.coaching.marks(since=TUESDAY.date()) == []


def test_of_two_of_a_name_the_userid_is_asked_for(tmp_path: Path) -> None:
    with branch(tmp_path, roster=(*ROSTER, "zhao,员工甲,11,客户经理,,,,")) as opened:
        asked = say(opened, "team", "我来帮 员工甲")
        marks = opened.store.coaching.marks(since=TUESDAY.date())
        chosen = say(opened, "team", "我来帮 zhao")

    assert asked[:-1] == [
        "您带的人里有 2 位叫员工甲，请写工号",
        "员工甲：zhang",
        "员工甲：zhao",
        "如“我来帮 zhang”。",
    ]
    assert (marks, chosen[0]) == ([], "好的，记下您来帮员工甲")


@pytest.mark.parametrize("word", ["团队", "需帮助"])
def test_a_leader_of_leaders_hears_of_his_own_and_of_nobody_in_a_small_team(
    services: Services, word: str
) -> None:
    said = say(services, "head", word)

    assert "1 个不足 5 人的团队不单列，也不计入合计" in said
    assert not any(name in line for line in said for name in ("员工甲", "员工乙", " 2 位", "全队 3 人"))
    assert any("员工丙" in line for line in said)


def test_the_same_in_english(english: Services) -> None:
    say(english, "zhang", "list")
    first = {
        word: say(english, "zhang", word)[0]
        for word in ("why 1", "appeal 1 deleted by mistake", "Leave 12-01 to 12-03", "HELP", "what?", "team")
    }

    assert list(first.values()) == [
        "…lost: not counted",
        "Your appeal arrived: …lost",
        "Fine: you are on leave Tue 12-01 to Thu 12-03, no messages",
        "Ask me like this, at any hour",
        "That was not clear; ask me like this",
        "This word is for leaders",
    ]


# --- statements and their codes ---


def code_in(lines: list[str]) -> str:
    return next(line for line in lines if line.startswith(("校验码", "Code ")))


def test_progress_has_a_code_that_anybody_can_have_checked(services: Services) -> None:
    code = code_in(say(services, "zhang", "进度"))

    own, leader, colleague = (say(services, userid, f"验证 {code}") for userid in ("zhang", "team", "li"))

    assert own[0] == leader[0] == colleague[0] == "校验码有效，2026-11-24 09:07 由本应用发出"
    assert own[1:-1] == leader[1:-1]
    assert own[1].startswith("员工甲 2026-11-24：")
    assert colleague[1:-1] == ["数字只有本人和他的主管能看到。"]


def test_a_code_that_was_never_given_out_is_said_to_be_none(services: Services) -> None:
    assert say(services, "li", "验证 7K3M-9Q2P-XW4D-8HTR")[0] == "没有发出过这个校验码：请核对有没有抄错"


def test_without_a_code_it_says_what_is_missing(services: Services) -> None:
    assert say(services, "li", "验证")[0] == "请说“验证”加 16 位校验码"


def test_wrong_codes_are_limited_by_who_asks(services: Services) -> None:
    for _ in range(10):
        say(services, "li", "验证 0000-0000-0000-0000")

    assert say(services, "li", "验证 0000-0000-0000-0000")[0] == "试得太多了，请一小时后再试"
    assert say(services, "team", "验证 0000-0000-0000-0000")[0].startswith("没有发出过")


def test_what_is_no_code_uses_up_no_try(services: Services) -> None:
    for _ in range(10):
        say(services, "li", "验证 我的进度是真的")

    assert say(services, "li", "验证 0000-0000-0000-0000")[0].startswith("没有发出过")


def test_a_code_is_said_in_english_as_well(english: Services) -> None:
    code = code_in(say(english, "zhang", "progress"))

    assert say(english, "team", f"Verify: {code.lower()}")[0].startswith("The code is genuine")


def test_whose_userid_changed_is_called_by_name_under_a_code_from_before(services: Services) -> None:
    code = code_in(say(services, "zhang", "进度"))
    with services.store.transaction():
        services.store.renames.put("zhang", "li", at=0, by="hr")

    assert say(services, "li", f"验证 {code}")[1].startswith("员工乙 2026-11-24：")


def test_an_appeal_that_time_answers_says_the_date_and_opens_nothing(services: Services) -> None:
    tell(services, "zhang", "wm-waits", at("2026-11-20T10:00"), RelationKind.ADDED)

    said = say(services, "zhang", "申诉 waits 为什么还没算")

    assert said[:2] == [
        "…aits 到 11-27 自动计入，不用申诉",
        "您这边不用再做什么，等时间到就行；11-27 周五 10:00 以后还没计入，再申诉也来得及。",
    ]
    assert services.store.reviews.all_open() == []


@pytest.mark.parametrize("words", ["为什么 {}", "申诉 {} 客户是我的", "明细 {}", "排名 {}", "验证 {}"])
def test_a_number_of_5000_digits_is_no_fault_of_the_program(services: Services, words: str) -> None:
    with bot_builders.logged(answer) as log:
        say(services, "zhangsan", words.format("9" * 5000))

    assert log == []


# --- which list, which command ---


@pytest.mark.parametrize(
    "words", ["10月", "十月份", "2026年10月", "2026-10", "October", "oct 2026", "上个月"]
)
def test_a_named_month_is_listed(services: Services, words: str) -> None:
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.set("2026-11-27T10:00")
    mine = say(services, "zhang", "明细")[0]
    clock.set("2026-12-01T10:00")
    november = {"10": "11", "十": "十一", "October": "Nov", "oct": "november"}
    then = next((words.replace(old, new) for old, new in november.items() if old in words), words)

    assert mine == "17 位客户，最近的在前"
    assert say(services, "zhang", f"明细 {then}")[1].startswith("2026-11 期：")


@pytest.mark.parametrize("words", ["last month", "Last-Month", "previous month"])
def test_last_month_in_english_is_listed(english: Services, words: str) -> None:
    clock = english.clock
    assert isinstance(clock, FakeTime)
    clock.set("2026-12-01T10:00")

    assert "2026-11" in say(english, "zhang", f"list {words}")[1]


@pytest.mark.parametrize("words", ["13月", "下月", "全部", "2 3", "上上上月", "10月 11月", "foo"])
def test_a_time_that_is_not_clear_is_never_this_month(services: Services, words: str) -> None:
    said = say(services, "zhang", f"明细 {words}")

    assert said[0] == f"没听懂要看哪段时间：{words}"
    assert "“明细 10月”" in said[1]


def test_a_period_of_no_quota_is_named(services: Services) -> None:
    assert say(services, "zhang", "明细 上周")[0] == "没有按 2026-W47 考核的指标"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        *(
            ("进渡", "进度"),
            ("查进度", "进度"),
            ("我要请假", "请假"),
            ("排明", "排名"),
            ("progres", "progress"),
        ),
        # A slip away from two commands: the more usual word, not 名次 and 求助.
        *(("名细", "明细"), ("邦助", "帮助")),
    ],
)
def test_a_near_miss_names_the_nearest_word(services: Services, text: str, word: str) -> None:
    assert say(services, "zhang", text)[0] == f"没听懂，是不是“{word}”？"


def test_a_word_of_leaders_is_named_to_leaders_alone(services: Services) -> None:
    assert say(services, "zhang", "我的团队")[0] == "没听懂，可以这样问我"
    assert say(services, "team", "我的团队")[0] == "没听懂，是不是“团队”？"
