"""Leave that was said by word: leaders are asked once, and only what they confirm changes a target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders.chat import say
from builders.e2e import at, outbox_rows
from builders.reviews import ROSTER, RULES, TUESDAY, branch, lost_contact, row

from bot.features.chat.answer import answer_waiting
from bot.features.close import results
from bot.features.preferences import leave, preferences
from bot.services import Services
from bot.store.contact_knowledge import Absence
from scheduler.jobs import PREPARES

ADMIN = '[admins]\nuserids = ["Boss"]\n'
SAID = "请假 11-26 11-27"
CONFIRMS = "确认请假 zhang 11-26 11-27"
DAYS = {date(2026, 11, 26), date(2026, 11, 27)}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, more=ADMIN, roster=(*ROSTER, "boss,管理员甲,1,管理员,,,,")) as opened:
        yield opened


def unasked(services: Services, kind: str) -> list[dict[str, Any]]:
    return [one for one in outbox_rows(services) if one["key"].startswith(f"{kind}:")]


def lines(content: str) -> list[str]:
    return re.sub(r"\*\*|</?font[^>]*>", "", content).split("\n")


def absences(services: Services, userid: str = "zhang") -> set[date]:
    return set(services.store.contact_knowledge.absences().get(userid, ()))


def confirmations(services: Services) -> list[tuple[str, str, str]]:
    kept = services.store.audit.acts()
    return [(one.actor, one.subject, one.detail) for one in kept if one.act == "confirm-leave"]


def test_the_leader_is_asked_once_with_what_it_would_change(services: Services) -> None:
    answers = [say(services, "zhang", SAID) for _ in range(2)]

    (asked,) = unasked(services, "leave")
    assert (asked["key"], asked["to_userid"]) == ("leave:zhang:2026-11-26:2026-11-27:2026-11-24:team", "team")
    assert lines(asked["content"]) == [
        "员工甲 11-26 至 11-27 请假，请确认",
        "其中 2 个工作日要按天折算",
        "确认后 2026-11 期目标折算为 45（原 50）",
        "不确认也没关系：这几天照样不打扰，只是目标不变。",
        "截至 11-24 周二 09:07 · 请假",
        "［确认请假］",
    ]
    assert answers[0][1] == "这里只是不打扰，目标不变；已请主管甲确认，确认后按天折算。"
    assert answers[1][0] == "好的，11-26 周四 至 11-27 周五 您休假，不打扰您"
    assert (row(services, "zhang", TUESDAY).target, absences(services)) == (50, set())


def test_in_words_it_says_what_to_answer(tmp_path: Path) -> None:
    with branch(tmp_path, more='[locale]\nlanguage = "en"\n[messages]\nstyle = "text"\n') as services:
        say(services, "zhang", "leave 11-26 11-27")

        (asked,) = unasked(services, "leave")
        assert lines(asked["content"]) == [
            "员工甲, leave 11-26 to 11-27: confirm?",
            "2 workdays of it would be prorated",
            "Period 2026-11: target 45 once confirmed (now 50)",
            "Or leave it: the days stay quiet, the target as it is.",
            "Or say: confirm-leave zhang 2026-11-26 2026-11-27",
            "As of Tue 11-24 09:07 · leave",
        ]
        answer = say(services, "team", "confirm-leave zhang 2026-11-26 2026-11-27")
        assert answer[:2] == [
            "Fine: leave of 员工甲, 11-26 to 11-27, is confirmed",
            "This month: target prorated to 45 (was 50)",
        ]


@pytest.mark.parametrize(
    ("userid", "word"),
    [
        pytest.param("zhang", "请假 11-28 11-29", id="a weekend"),
        pytest.param("li", "请假 11-26 11-27", id="imported before"),
        pytest.param("team", "请假 11-26 11-27", id="no quota asks anything of him"),
    ],
)
def test_nobody_is_asked_about_days_that_change_nothing(services: Services, userid: str, word: str) -> None:
    with services.store.transaction():
        known = Absence(userid="li", first=date(2026, 11, 26), last=date(2026, 11, 27), kind="年假")
        services.store.contact_knowledge.put_absences([known])

    answer = say(services, userid, word)

    assert unasked(services, "leave") == []
    assert answer[1] == "这里只是不打扰，目标不变；要按天折算目标，请主管或人力确认这几天。"


def test_what_the_leader_confirms_changes_the_target_and_is_told(services: Services) -> None:
    say(services, "zhang", SAID)

    answer = say(services, "team", CONFIRMS)

    assert answer[:3] == [
        "好的，已确认员工甲 11-26 至 11-27 请假",
        "本月目标按天折算为 45（原 50）",
        "会告诉本人；要更正请人力导入。",
    ]
    assert (row(services, "zhang", TUESDAY).target, absences(services)) == (45, DAYS)
    assert confirmations(services) == [("team", "zhang", '{"days": [["2026-11-26", "2026-11-27"]]}')]
    (told,) = unasked(services, "decided")
    assert (told["key"], told["to_userid"]) == (
        "decided:leave:2026-11-26:2026-11-27:2026-11-24:zhang",
        "zhang",
    )
    assert lines(told["content"])[:2] == [
        "主管甲已确认您 11-26 至 11-27 请假",
        "2026-11 期目标按天折算为 45（原 50）",
    ]


def test_who_is_on_leave_reads_it_when_he_is_back(services: Services) -> None:
    say(services, "zhang", "请假 11-24 11-25")
    say(services, "team", "确认请假 zhang 11-24 11-25")

    (told,) = unasked(services, "decided")
    assert told["state"] == "waiting"


@pytest.mark.parametrize(
    ("by", "word", "head"),
    [
        pytest.param("zhang", CONFIRMS, "没有确认：这位不是您直接带的人", id="himself"),
        pytest.param("li", CONFIRMS, "没有确认：这位不是您直接带的人", id="a colleague"),
        pytest.param("head", CONFIRMS, "没有确认：这位不是您直接带的人", id="another leads between"),
        pytest.param("team", "确认请假 nobody 11-26 11-27", "没有确认：这位不是您直接带的人", id="nobody"),
        pytest.param("team", "确认请假 li 11-26 11-27", "没有确认：这几天没有请假", id="never said"),
        pytest.param("team", "确认请假 zhang 12-01", "没有确认：这几天没有请假", id="not these days"),
        pytest.param("team", "确认请假", "请说谁、从哪天到哪天", id="nothing"),
        pytest.param("team", "确认请假 zhang", "请说谁、从哪天到哪天", id="no days"),
        pytest.param("team", "确认请假 zhang 11-27 11-26", "请说谁、从哪天到哪天", id="backwards"),
        pytest.param("team", "确认请假 11-26 11-27", "没有确认：这位不是您直接带的人", id="nobody's name"),
    ],
)
def test_nothing_else_confirms(services: Services, by: str, word: str, head: str) -> None:
    say(services, "zhang", SAID)

    assert say(services, by, word)[0] == head
    assert (absences(services), confirmations(services), unasked(services, "decided")) == (set(), [], [])


def test_an_administrator_does_not_confirm_his_own(tmp_path: Path) -> None:
    with branch(tmp_path, more=ADMIN.replace("Boss", "zhang")) as services:
        say(services, "zhang", SAID)

        assert say(services, "zhang", CONFIRMS)[0] == "没有确认：这位不是您直接带的人"
        assert absences(services) == set()


@pytest.mark.parametrize(
    ("by", "word"),
    [
        pytest.param("boss", CONFIRMS, id="an administrator"),
        pytest.param("team", "確認請假 ZHANG，11月26日到27日", id="traditional, capitals, a comma"),
        pytest.param("team", "confirm leave zhang 2026-11-01 2026-11-30", id="more days than were said"),
    ],
)
def test_who_else_confirms_and_how(services: Services, by: str, word: str) -> None:
    say(services, "zhang", SAID)

    assert say(services, by, word)[0] == "好的，已确认员工甲 11-26 至 11-27 请假"
    assert absences(services) == DAYS


def test_the_old_userid_of_somebody_who_was_renamed_still_names_him(services: Services) -> None:
    say(services, "zhang", SAID)
    with services.store.transaction():
        services.store.renames.put("zhang.old", "zhang", at=0, by="t")

    say(services, "team", CONFIRMS.replace("zhang", "zhang.old"))

    assert absences(services) == DAYS


def test_two_leaders_are_asked_and_who_is_second_reads_that_it_is_done(tmp_path: Path) -> None:
    with branch(tmp_path, more="", roster=(*ROSTER, "second,主管丙,11,主管,11,,,")) as services:
        answer = say(services, "zhang", SAID)
        heads = [say(services, leader, CONFIRMS)[0] for leader in ("second", "team")]

        assert [one["to_userid"] for one in unasked(services, "leave")] == ["second", "team"]
        assert "已请主管丙、主管甲确认" in answer[1]
        assert heads == ["好的，已确认员工甲 11-26 至 11-27 请假", "不用再确认了：已经折算过"]


def test_confirmed_twice_is_confirmed_once(services: Services) -> None:
    say(services, "zhang", SAID)

    heads = [say(services, by, CONFIRMS)[0] for by in ("team", "team", "boss")]

    assert heads[1:] == ["不用再确认了：已经折算过"] * 2
    assert (len(confirmations(services)), len(unasked(services, "decided"))) == (1, 1)


@pytest.mark.parametrize(
    ("said", "back", "head", "left"),
    [
        pytest.param(SAID, "2026-11-25T09:00", "没有确认：这几天没有请假", set(), id="all of it"),
        pytest.param(
            "请假 11-24 11-27",
            "2026-11-26T09:00",
            "好的，已确认员工甲 11-24 至 11-25 请假",
            {date(2026, 11, 24), date(2026, 11, 25)},
            id="the rest of it",
        ),
    ],
)
def test_days_that_were_taken_back_are_not_confirmed(
    services: Services, said: str, back: str, head: str, left: set[date]
) -> None:
    say(services, "zhang", said)
    preferences.back_from_leave(services, "zhang", at=at(back))

    assert say(services, "team", said.replace("请假", "确认请假 zhang"))[0] == head
    assert absences(services) == left


def test_who_comes_back_early_reads_that_confirmed_days_stay(services: Services) -> None:
    say(services, "zhang", SAID)
    say(services, "team", CONFIRMS)

    assert say(services, "zhang", "销假")[:2] == [
        "欢迎回来，照常提醒您",
        "11-26 周四 至 11-27 周五 已确认请假，仍按请假算（不提醒、目标已折算）；要更正请找人力。",
    ]


def test_the_leader_is_asked_when_he_is_at_work_again(services: Services) -> None:
    preferences.on_leave(services, "team", first=date(2026, 11, 24), last=date(2026, 12, 4), at=TUESDAY)

    answer = say(services, "zhang", SAID)

    (asked,) = unasked(services, "leave")
    assert asked["state"] == "waiting"
    assert answer[1] == "这里只是不打扰，目标不变；会请主管甲确认（可能不是今天），确认后按天折算。"


def test_leave_whose_question_to_the_leader_was_cut_off_is_noted_and_asked_after_it(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as cut:
        cut.setattr(leave, "enqueue_unasked", _cut_off)
        with pytest.raises(KeyboardInterrupt):
            say(services, "zhang", SAID)
    noted = services.store.preferences.leaves()

    answer_waiting(services)

    assert noted == {}
    assert set(services.store.preferences.leaves()) == {"zhang"}
    assert [one["to_userid"] for one in unasked(services, "leave")] == ["team"]


def _cut_off(*_arguments: object, **_named: object) -> bool:
    raise KeyboardInterrupt


def test_days_with_a_gap_are_said_as_they_are(services: Services) -> None:
    say(services, "zhang", "请假 11-24")
    say(services, "zhang", SAID)

    answer = say(services, "team", "确认请假 zhang 11-23 11-30")

    assert answer[:2] == [
        "好的，已确认员工甲 11-24、11-26 至 11-27 请假",
        "本月目标按天折算为 43（原 50）",
    ]
    assert absences(services) == {date(2026, 11, 24), *DAYS}


def test_a_leader_in_a_pilot_is_not_asked_about_somebody_outside_it(tmp_path: Path) -> None:
    pilot = '[rollout]\nmode = "pilot"\ndepartments = [11]\n'
    roster = ("zhang,员工甲,1,客户经理,,,,", "team,主管甲,11,主管,1,,,")
    with branch(tmp_path, more=pilot, roster=roster) as services:
        answer = say(services, "zhang", SAID)

        assert (unasked(services, "leave"), services.store.unasked_messages.withheld(on=TUESDAY.date())) == (
            [],
            {},
        )
        assert answer[1].endswith("请主管或人力确认这几天。")


def test_in_shadow_no_leader_is_asked_and_that_is_counted(tmp_path: Path) -> None:
    with branch(tmp_path, more='[rollout]\nmode = "shadow"\n') as services:
        answer = say(services, "zhang", SAID)

        assert unasked(services, "leave") == []
        assert answer[1].endswith("请主管或人力确认这几天。")
        assert services.store.unasked_messages.withheld(on=TUESDAY.date()) == {"rollout": 1}


def test_a_period_whose_figures_are_final_is_left_alone(tmp_path: Path) -> None:
    with branch(tmp_path, more="", quotas=RULES, when=at("2026-12-16T09:07")) as services:
        services.store.preferences.add_leave("zhang", date(2026, 11, 26), date(2026, 11, 27), at=0)
        lost_contact(services)
        PREPARES["close"](services, at("2026-12-08T08:42"))
        results.sign(services, "cm-monthly", "2026-11", by="HR", at=at("2026-12-16T09:00"))

        answer = say(services, "team", "确认请假 zhang 2026-11-26 2026-11-27")

        assert answer[:2] == [
            "不用再确认了：已经折算过",
            "员工甲 11-26 至 11-27 已记为请假，或这些天没有要折算的目标。",
        ]
        assert absences(services) == set()
