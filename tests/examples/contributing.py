"""Tries the examples of CONTRIBUTING.md: tests/test_docs_contributing.py runs this in a copy with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.branches import quota
from builders.chat import say
from builders.contacts import contact, words
from builders.e2e import QUOTA, FakeTime, at, installation, write_config, write_roster

import bot
from bot.core.counting import Counting
from bot.features.rules.diff import find_differences
from bot.wecom.events import GroupChanged, event_of
from handlers import ALL
from scheduler.planner import plan
from scheduler.timetable import Entry, timetable

MORNING = at("2026-11-23T09:07")
SPOKEN = {
    "zh-CN": ("工作时间", "工作时间：08:30 到 18:00。"),
    "en": ("hours", "We work from 08:30 to 18:00."),
}


def test_this_is_the_copy_and_not_the_installed_product() -> None:
    assert Path(bot.__file__).parent.parent == Path(__file__).parent.parent


@pytest.mark.parametrize("language", SPOKEN)
def test_the_chat_command_is_answered_with_the_text(tmp_path: Path, language: str) -> None:
    write_roster(tmp_path, "zhang,员工甲,1,客户经理,,,,")
    path = write_config(tmp_path, more=f'[locale]\nlanguage = "{language}"\n')
    command, line = SPOKEN[language]

    with installation(path, FakeTime(MORNING)) as services:
        answer = say(services, "zhang", command)

    assert answer[0] == line


def test_the_event_reaches_its_handler(tmp_path: Path) -> None:
    write_roster(tmp_path, "zhang,员工甲,1,客户经理,,,,")
    event = event_of({"MsgType": "event", "Event": "change_external_chat", "CreateTime": "1795395600"})

    with installation(write_config(tmp_path), FakeTime(MORNING)) as services:
        assert ALL.dispatch(event, services)

        assert isinstance(event, GroupChanged)
        assert services.store.marks.get("group_changed") == "1795395600"


def test_the_job_greets_those_who_begin_today_when_the_timetable_says_so(tmp_path: Path) -> None:
    write_roster(tmp_path, "li,员工甲,1,客户经理,,2026-11-23,,", "zhang,员工乙,1,客户经理,,,,")
    path = write_config(tmp_path, more='[schedule]\nfirst_day = { at = "09:07", on = "workdays" }\n')

    with installation(path, FakeTime(MORNING)) as services:
        planned = list(plan(services, "first_day", at=MORNING))

        assert [message.key for message in planned] == ["first_day:2026-11-23:li"]
        assert "员工甲，欢迎加入" in planned[0].content
        assert Entry("first_day", services.config.schedule.first_day.at, "workdays") in timetable(
            services.config
        )


@pytest.mark.parametrize(("state", "verdict"), [("hall", "counted"), ("street", "rejected:state")])
def test_the_rule_rejects_other_channels(tmp_path: Path, state: str, verdict: str) -> None:
    write_roster(tmp_path, "zhang,员工甲,1,客户经理,,,,")
    path = write_config(tmp_path, quotas=f'{QUOTA}\n[quotas.counting]\nrequired_states = ["hall"]\n')
    with installation(path, FakeTime(MORNING)) as services:
        (ruled,) = services.config.core_quotas()

    assert words([contact(state=state)], rules=ruled.counting) == {"c1": verdict}


def test_a_channel_less_is_a_change_that_harms() -> None:
    two, one, all_of_them = (
        quota(counting=Counting(required_states=frozenset(states))) for states in (("a", "b"), ("a",), ())
    )

    assert [change.lenient for change in find_differences(two, one)] == [False]
    assert [change.lenient for change in find_differences(one, two)] == [True]
    assert [change.lenient for change in find_differences(all_of_them, one)] == [False]
    assert [change.lenient for change in find_differences(one, all_of_them)] == [True]
