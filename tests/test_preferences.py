"""What a word or a button does: silence, leave, help, the list; and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from builders.e2e import at, outbox_rows
from builders.reviews import TUESDAY, branch, burst, lost_contact

from bot.features.contacts import contact_list
from bot.features.preferences import help_request, preferences
from bot.features.teams import coaching
from bot.messages.message import Message, as_text
from bot.services import Services
from bot.store.preferences import Way

EVENING = at("2026-11-24T20:15")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, more="", when=TUESDAY) as opened:
        yield opened


def lines(message: Message) -> list[str]:
    return as_text(message).split("\n")


def test_muted_today_until_midnight(services: Services) -> None:
    answer = preferences.mute_today(services, "zhang", at=TUESDAY)

    mute = services.store.preferences.mutes()["zhang"]
    assert (mute.until, mute.way) == (int(at("2026-11-25T00:00").timestamp()), Way.BUTTON)
    assert lines(answer)[0] == "好的，今天不再打扰您"
    assert lines(answer)[-1] == "截至 11-24 周二 09:07:00 · 静音"


def test_muted_until_a_day_that_day_included(services: Services) -> None:
    answer = preferences.mute_until(services, "zhang", date(2026, 12, 1), at=TUESDAY, way=Way.WORD)

    assert services.store.preferences.mutes()["zhang"].until == int(at("2026-12-02T00:00").timestamp())
    assert lines(answer)[0] == "好的，到 12-01 周二（含）都不打扰您"


def test_no_more_today_ends_no_longer_silence(services: Services) -> None:
    preferences.mute_until(services, "zhang", date(2026, 12, 31), at=TUESDAY, way=Way.WORD)

    answer = preferences.mute_today(services, "zhang", at=TUESDAY)

    assert services.store.preferences.mutes()["zhang"].until == int(at("2027-01-01T00:00").timestamp())
    assert lines(answer)[0] == "好的，到 12-31 周四（含）都不打扰您"


@pytest.mark.parametrize("last", [date(2026, 11, 23), date(2028, 1, 1)], ids=["yesterday", "years away"])
def test_no_mute_until_the_past_or_for_ever(services: Services, last: date) -> None:
    with pytest.raises(ValueError, match="a mute ends between"):
        preferences.mute_until(services, "zhang", last, at=TUESDAY)

    assert services.store.preferences.mutes() == {}


def test_unmuted_says_what_still_keeps_it_quiet(services: Services) -> None:
    preferences.mute_today(services, "zhang", at=TUESDAY)
    preferences.on_leave(services, "zhang", first=date(2026, 11, 23), last=date(2026, 11, 27), at=TUESDAY)

    answers = [lines(preferences.unmute(services, "zhang", at=TUESDAY)) for _ in range(2)]

    assert [answer[0] for answer in answers] == ["好的，照常提醒您", "您没有静音，照常提醒您"]
    assert answers[0][1] == "您说过请假到 11-27 周五，那之前仍不打扰；回来了就说“取消请假”。"
    assert services.store.preferences.mutes() == {}


def test_leave_of_today_and_of_days(services: Services) -> None:
    today = preferences.on_leave(services, "zhang", at=TUESDAY)
    days = preferences.on_leave(
        services, "zhang", first=date(2026, 12, 1), last=date(2026, 12, 3), at=TUESDAY
    )

    assert lines(today)[0] == "好的，今天您休假，不打扰您"
    assert lines(days)[0] == "好的，12-01 周二 至 12-03 周四 您休假，不打扰您"
    assert "目标不变" in lines(days)[1]
    said = services.store.preferences.leaves()["zhang"]
    assert [(one.first.day, one.last.day) for one in said] == [(24, 24), (1, 3)]


def test_leave_of_one_day_to_come_is_said_as_one(services: Services) -> None:
    answer = preferences.on_leave(services, "zhang", first=date(2026, 11, 25), at=TUESDAY)

    assert lines(answer)[0] == "好的，11-25 周三 您休假，不打扰您"


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param(date(2026, 11, 20), date(2026, 11, 23), id="over"),
        pytest.param(date(2026, 12, 3), date(2026, 12, 1), id="backwards"),
        pytest.param(date(2026, 12, 1), date(2028, 12, 1), id="years"),
        pytest.param(date(2030, 1, 1), date(2030, 1, 1), id="years away"),
    ],
)
def test_no_leave_without_sense(services: Services, first: date, last: date) -> None:
    with pytest.raises(ValueError, match="no leave to note"):
        preferences.on_leave(services, "zhang", first=first, last=last, at=TUESDAY)

    assert services.store.preferences.leaves() == {}


def test_back_from_leave_says_what_still_keeps_it_quiet(services: Services) -> None:
    preferences.on_leave(services, "zhang", first=date(2026, 11, 23), last=date(2026, 11, 27), at=TUESDAY)
    preferences.mute_until(services, "zhang", date(2026, 11, 25), at=TUESDAY)

    answers = [lines(preferences.back_from_leave(services, "zhang", at=TUESDAY)) for _ in range(2)]

    assert [answer[0] for answer in answers] == ["欢迎回来，照常提醒您", "没有记着您的请假，照常提醒您"]
    assert answers[0][1] == "您还静音到 11-25 周三（含）；想恢复就说“取消静音”。"


def test_help_goes_to_the_own_leader_once_a_day(services: Services) -> None:
    answers = [lines(help_request.ask_for_help(services, "zhang", at=TUESDAY)) for _ in range(2)]

    assert [answer[0] for answer in answers] == [
        "已告诉您的主管：主管甲",
        "今天的请求已经记下，会转告您的主管",
    ]
    (row,) = outbox_rows(services)
    assert (row["key"], row["to_userid"]) == ("help:zhang:2026-11-24:team", "team")
    assert row["content"].split("\n")[0] == "**员工甲想请您帮忙**"
    assert "2026-11 期 0/50" in row["content"]


def test_help_waits_for_the_leader_s_next_time_at_work(services: Services) -> None:
    preferences.on_leave(services, "team", first=date(2026, 11, 25), at=TUESDAY)

    answer = lines(help_request.ask_for_help(services, "zhang", at=EVENING))

    assert answer[:2] == [
        "会转告您的主管：主管甲",
        "会随主管的下一条进度或团队简报送达；只有主管会看到，不进任何报表。",
    ]
    assert [row["state"] for row in outbox_rows(services)] == ["waiting"]


def test_help_promises_no_day_when_the_leader_s_day_is_full(services: Services) -> None:
    for _ in range(3):
        services.store.unasked_messages.take("team", TUESDAY.date(), room=3)

    answer = lines(help_request.ask_for_help(services, "zhang", at=TUESDAY))

    assert [row["state"] for row in outbox_rows(services)] == ["waiting"]
    assert answer[:2] == [
        "会转告您的主管：主管甲",
        "会随主管的下一条进度或团队简报送达；只有主管会看到，不进任何报表。",
    ]


def test_help_asked_in_the_evening_is_not_called_told(services: Services) -> None:
    answer = lines(help_request.ask_for_help(services, "zhang", at=EVENING))

    assert answer[:2] == [
        "会转告您的主管：主管甲",
        "11-25 周三 08:30 送达；只有主管会看到，不进任何报表。",
    ]


def test_help_that_no_leader_can_be_told_these_days_says_so(services: Services) -> None:
    services.store.preferences.add_leave("team", TUESDAY.date(), date(2026, 11, 30), at=0)

    answer = lines(help_request.ask_for_help(services, "zhang", at=TUESDAY))

    assert answer[0] == "您的主管这几天收不到，请直接找他"
    assert outbox_rows(services) == []


def test_a_wish_for_help_that_was_cut_off_is_told_when_it_is_asked_again(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as cut:
        cut.setattr(help_request, "enqueue_unasked", _cut_off)
        with pytest.raises(KeyboardInterrupt):
            help_request.ask_for_help(services, "zhang", at=TUESDAY)

    answer = lines(help_request.ask_for_help(services, "zhang", at=TUESDAY))

    assert answer[0] == "已告诉您的主管：主管甲"
    assert [row["to_userid"] for row in outbox_rows(services)] == ["team"]


def _cut_off(*_arguments: object, **_named: object) -> bool:
    raise KeyboardInterrupt


def test_help_would_reach_somebody_where_a_leader_may_be_told(services: Services) -> None:
    has_helper = help_request.build_helper_test(services, at=TUESDAY)

    assert {userid: has_helper(userid) for userid in ("zhang", "head", "stranger")} == {
        "zhang": True,
        "head": False,
        "stranger": False,
    }


def test_help_would_reach_nobody_whose_leader_is_not_told_anything(tmp_path: Path) -> None:
    pilot = '[rollout]\nmode = "pilot"\ndepartments = [12]\n'
    with branch(tmp_path, more=pilot, when=TUESDAY) as services:
        assert not help_request.build_helper_test(services, at=TUESDAY)("zhang")


def test_whom_nobody_leads_is_told_so(services: Services) -> None:
    answer = help_request.ask_for_help(services, "head", at=TUESDAY)

    assert lines(answer)[0] == "没有查到您的主管，请直接找他"
    assert outbox_rows(services) == []


@pytest.mark.parametrize(("left_on", "noted"), [("", True), ("2026-11-23", False)], ids=["here", "has left"])
def test_who_has_left_helps_nobody_by_an_old_card(tmp_path: Path, left_on: str, noted: bool) -> None:
    roster = ("zhang,员工甲,11,客户经理,,,,", f"team,主管甲,11,主管,11,,{left_on},")
    with branch(tmp_path, more="", when=TUESDAY, roster=roster) as services:
        assert coaching.coach(services, "team", "zhang", at=TUESDAY) is noted


def test_contacts_are_listed_by_number_newest_first_and_the_numbers_kept(services: Services) -> None:
    lost_contact(services)
    burst(services, adds=2)

    answer = lines(contact_list.list_contacts(services, "zhang", at=TUESDAY))

    assert answer[:2] == ["3 位客户，最近的在前", "本月：计入 0，待确认 2，不计入 1"]
    assert answer[2].startswith("1. 11-23 10:09 方式待读 …")
    assert answer[2].endswith("待确认（留存期内，11-30）")
    assert answer[4] == "3. 11-04 10:00 方式待读 …lost：不计入（未满天数流失）"
    assert answer[5] == "想知道原因，说“为什么”加编号，如“为什么 1”。"
    assert services.store.preferences.shown("zhang")[3] == "wm-lost"


def test_a_long_list_has_pages(services: Services) -> None:
    burst(services, adds=25)

    first, second, third = (
        lines(contact_list.list_contacts(services, "zhang", page=page, at=TUESDAY)) for page in (1, 2, 3)
    )

    assert [line for line in first if line.startswith("20. ")] != []
    assert "更早的：说“明细 2”。" in first
    assert [line[:3] for line in second if line[0].isdigit() and "." in line[:3]] == [
        f"{n}." for n in range(21, 26)
    ]
    assert third[0] == "没有第 3 页，共 2 页"


def test_nobody_has_an_empty_list(services: Services) -> None:
    assert lines(contact_list.list_contacts(services, "head", at=TUESDAY))[0] == "这段时间没有新增客户"
