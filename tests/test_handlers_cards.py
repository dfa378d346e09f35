"""Buttons of cards: each press acts once, for the receiver of the card only, and shows on his card."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from builders.cards import buttons, office_with_cards, press, put_card, receive, updates
from builders.delivery import Post
from builders.messages import BEHIND, EVENING, member

from bot.app.bootstrap import refresh_directory
from bot.features.notify import enqueue
from bot.features.preferences import preferences
from bot.features.teams.digest_message import digest
from bot.locales import languages
from bot.messages.catalog import texts_in
from bot.messages.message import Button
from bot.store.known_people import KnownPeople
from bot.wecom.events import CardPressed, EventError, event_of

ALIVE = [("明细", True), ("今天别提醒", True), ("我在休假", True)]
MIDNIGHT = 1_795_449_600  # 2026-11-24T00:00+08:00
HOURS_72 = 72 * 3600


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Post]:
    with office_with_cards(tmp_path) as opened:
        put_card(opened)
        opened.drain()
        yield opened


def answers(office: Post, userid: str = "yg01") -> list[str]:
    """First lines of what came after the card."""
    return [content.split("\n")[0].strip("*") for content in office.phone(userid)[1:]]


def test_no_more_today_keeps_it_quiet_until_midnight_and_greys_the_card(office: Post) -> None:
    receive(office.services, press(office, "今天别提醒"))
    office.drain()

    assert office.services.store.preferences.mutes()["yg01"].until == MIDNIGHT
    assert buttons(office) == [("明细", False), ("今天不再提醒", False), ("我在休假", False)]
    assert answers(office) == ["好的，今天不再打扰您"]
    assert updates(office) == [0]


def test_on_leave_keeps_today_quiet(office: Post) -> None:
    receive(office.services, press(office, "我在休假"))
    office.drain()

    (leave,) = office.services.store.preferences.leaves()["yg01"]
    assert (leave.first, leave.last) == (date(2026, 11, 23), date(2026, 11, 23))
    assert office.services.store.preferences.mutes() == {}
    assert buttons(office)[2] == ("已记下休假", False)
    assert answers(office) == ["好的，今天您休假，不打扰您"]


def test_the_list_is_asked_for_and_all_buttons_stay_alive(office: Post) -> None:
    receive(office.services, press(office, "明细"))
    office.drain()
    alive = buttons(office)
    receive(office.services, press(office, "今天别提醒"))
    office.drain()

    assert alive == ALIVE
    assert answers(office) == ["这段时间没有新增客户", "好的，今天不再打扰您"]
    assert "今天加 2 位就够" in office.phone()[0]
    assert [enabled for _, enabled in buttons(office)] == [False, False, False]
    assert updates(office) == [0, 0]


def test_the_same_press_three_times_is_one_act(office: Post) -> None:
    mute = press(office, "mute")
    same = [mute, mute.replace(b"<AgentID>", b"\n<AgentID>"), mute.replace(b"<AgentID>", b"\n\n<AgentID>")]
    receive(office.services, *same)
    office.drain()

    assert answers(office) == ["好的，今天不再打扰您"]
    assert updates(office) == [0]


def test_three_presses_are_one_act_and_each_changes_the_card_under_its_own_code(office: Post) -> None:
    receive(office.services, *[press(office, "mute") for _ in range(3)], *[press(office, "list")] * 3)
    office.drain()

    assert sorted(answers(office)) == ["好的，今天不再打扰您", "这段时间没有新增客户"]
    assert updates(office) == [0, 0, 0, 0]


def test_a_later_press_of_the_list_asks_again(office: Post) -> None:
    receive(office.services, press(office, "list"))
    office.world.clock.advance(60)
    receive(office.services, press(office, "list"))
    office.drain()

    assert len(answers(office)) == 2


def test_somebody_else_changes_nothing_with_the_card(office: Post) -> None:
    theirs = press(office, "mute").replace(b"[yg01]", b"[yg02]")
    receive(office.services, theirs)
    office.drain()

    assert office.services.store.preferences.mutes() == {}
    assert (buttons(office), updates(office), answers(office)) == (ALIVE, [], [])
    assert office.phone("yg02") == []


def test_a_person_renamed_since_may_still_press(office: Post) -> None:
    event = press(office, "mute").replace(b"[yg01]", b"[YG01.old]")
    with office.services.store.transaction():
        office.services.store.renames.put("yg01.old", "yg01", at=0, by="t")
    receive(office.services, event)

    assert set(office.services.store.preferences.mutes()) == {"yg01"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"[qb-", b"[other-", id="another program's card"),
        pytest.param(b"[mute]", b"[explode]", id="a button we do not have"),
    ],
)
def test_what_is_not_ours_does_nothing(office: Post, old: bytes, new: bytes) -> None:
    receive(office.services, press(office, "mute").replace(old, new))
    office.drain()

    assert office.services.store.preferences.mutes() == {}
    assert updates(office) == []


def test_a_press_of_days_ago_acts_on_its_own_day_and_leaves_the_card(office: Post) -> None:
    event = press(office, "mute")
    office.clock.pass_(HOURS_72)
    receive(office.services, event)
    office.drain()

    assert office.services.store.preferences.mutes()["yg01"].until == MIDNIGHT  # long over
    assert updates(office) == []
    assert set(office.states().values()) == {"sent", "expired"}


@pytest.mark.parametrize(
    ("leader", "button", "told"),
    [
        pytest.param("yg02", ("已告诉主管", False), ["员工甲想请您帮忙"], id="a leader is there"),
        pytest.param("", ("请人帮忙", True), [], id="nobody to tell"),
    ],
)
def test_help_tells_the_leader_once_and_greys_the_card_only_if_there_is_one(
    tmp_path: Path, leader: str, button: tuple[str, bool], told: list[str]
) -> None:
    with office_with_cards(tmp_path) as office:
        if leader:
            lead(office, leader)
        put_card(office, job="reminder")
        office.drain()
        receive(office.services, press(office, "help"), press(office, "help"))
        office.drain()

        assert buttons(office)[0] == button
        assert len(answers(office)) == 1
        assert [content.split("\n")[0].strip("*") for content in office.phone("yg02")] == told


def lead(office: Post, userid: str) -> None:
    """Make *userid* the leader of department 11 in the roster file, and read it."""
    path = office.services.config.directory.roster_path
    text = path.read_text(encoding="utf-8").replace(
        f"{userid},员工乙,11,客户经理,", f"{userid},员工乙,11,,11"
    )
    path.write_text(text, encoding="utf-8")
    refresh_directory(office.services)


def put_digest(office: Post, leader: str, *userids: str) -> None:
    """Send *leader* a card about these people, who are behind."""
    team = [member(f"员工{userid[-1]}", BEHIND, userid=userid) for userid in userids]
    said = digest(language="zh-CN", team=team, at=EVENING)
    row = enqueue.build_unasked(office.services, "digest", leader, said, at=office.services.clock.now())
    office.services.store.outbox.add(row, created_at=int(office.clock()))
    office.drain()


def test_a_leader_marks_whom_he_helps_once_and_sees_it_on_his_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office_with_cards(tmp_path) as office:
        with office.services.config.directory.roster_path.open("a", encoding="utf-8") as roster:
            roster.write("yg03,员工丙,11,客户经理,,,,\n")
        lead(office, "yg02")
        put_digest(office, "yg02", "yg01", "yg03")
        monkeypatch.setattr(KnownPeople, "__iter__", _everybody)
        for _ in range(2):
            receive(office.services, press(office, "coach:yg01", "yg02"))
        office.drain()
        one = buttons(office, "yg02")
        receive(office.services, press(office, "coach:yg03", "yg02"))
        office.drain()
        marks = office.services.store.coaching.marks(since=date(2026, 11, 1))

        assert [text for text, _ in one] == ["✓ 员工甲", "我来帮员工丙", "查看团队"]
        assert buttons(office, "yg02") == [("✓ 员工甲", True), ("✓ 员工丙", True), ("查看团队", True)]
        assert {(mark.leader, mark.userid) for mark in marks} == {("yg02", "yg01"), ("yg02", "yg03")}
        assert answers(office, "yg02") == ["好的，记下您来帮员工甲", "好的，记下您来帮员工丙"]


def _everybody(_: KnownPeople) -> Iterator[str]:
    raise AssertionError  # a press reads those on its card


def test_nobody_marks_whom_he_does_not_lead(tmp_path: Path) -> None:
    with office_with_cards(tmp_path) as office:
        put_digest(office, "yg02", "yg01")
        receive(office.services, press(office, "coach:yg01", "yg02"))
        office.drain()

        assert office.services.store.coaching.marks(since=date(2026, 11, 1)) == []
        assert [text for text, _ in buttons(office, "yg02")] == ["我来帮员工1", "查看团队"]
        assert answers(office, "yg02") == []


@contextmanager
def on_leave_today(folder: Path) -> Iterator[Post]:
    """yg01 pressed 我在休假 on Monday the 23rd; his leader yg02 has the card about it."""
    with office_with_cards(folder) as office:
        lead(office, "yg02")
        put_card(office)
        office.drain()
        receive(office.services, press(office, "我在休假"))
        office.drain()
        yield office


def absences(office: Post) -> dict[str, frozenset[date]]:
    return office.services.store.contact_knowledge.absences()


def test_a_leader_confirms_leave_by_his_card_which_greys(tmp_path: Path) -> None:
    with on_leave_today(tmp_path) as office:
        asked = office.phone("yg02")[0].split("\n")
        receive(office.services, *[press(office, "确认请假", "yg02") for _ in range(3)])
        office.drain()

        assert asked[:2] == ["员工甲 11-23 请假，请确认", "其中 1 个工作日要按天折算"]
        assert buttons(office, "yg02") == [("已确认", False)]
        assert answers(office, "yg02") == ["好的，已确认员工甲 11-23 请假"]
        assert absences(office) == {"yg01": frozenset({date(2026, 11, 23)})}
        assert [one.actor for one in office.services.store.audit.acts()] == ["yg02"]


def test_leave_that_was_taken_back_is_not_confirmed_until_it_is_said_again(tmp_path: Path) -> None:
    with on_leave_today(tmp_path) as office:
        preferences.back_from_leave(office.services, "yg01", at=office.services.clock.now())
        receive(office.services, press(office, "确认请假", "yg02"))
        office.drain()
        before = buttons(office, "yg02"), absences(office)
        preferences.on_leave(office.services, "yg01", at=office.services.clock.now())
        office.world.clock.advance(60)
        receive(office.services, press(office, "确认请假", "yg02"))
        office.later(60)

        assert before == ([("确认请假", True)], {})
        assert answers(office, "yg02") == ["没有确认：这几天没有请假", "好的，已确认员工甲 11-23 请假"]
        assert buttons(office, "yg02") == [("已确认", False)]


def test_a_press_that_names_no_leave_confirms_none(tmp_path: Path) -> None:
    with on_leave_today(tmp_path) as office:
        event = press(office, "确认请假", "yg02")
        for key in (b"confirm", b"confirm:yg01", b"confirm:yg01:2026-11-23:soon"):
            receive(office.services, event.replace(b"confirm:yg01:2026-11-23:2026-11-23", key))
        office.drain()

        assert (absences(office), answers(office, "yg02")) == ({}, [])
        assert buttons(office, "yg02") == [("确认请假", True)]
        assert len(updates(office)) == 2  # his own card, and that of the leader once: a code is good for one


PRESS = {
    "FromUserName": "YG01",
    "CreateTime": "1795406400",
    "MsgType": "event",
    "EventKey": "mute",
    "TaskId": "qb-1",
    "ResponseCode": "RC",
}


@pytest.mark.parametrize("kind", ["template_card_event", "TEMPLATE_CARD_MENU_EVENT"])
def test_a_press_as_a_type(kind: str) -> None:
    assert event_of({**PRESS, "Event": kind}) == CardPressed(
        created_at=1_795_406_400, userid="yg01", key="mute", task_id="qb-1", response_code="RC"
    )


@pytest.mark.parametrize("name", ["FromUserName", "EventKey", "TaskId", "ResponseCode", "CreateTime"])
def test_a_press_without_one_of_its_fields_is_an_error(name: str) -> None:
    with pytest.raises(EventError, match=name):
        event_of({**PRESS, "Event": "template_card_event", name: ""})


def test_every_button_has_words_in_each_language() -> None:
    for texts in map(texts_in, languages()):
        assert set(texts.table("cards.button")) == set(Button)
        assert set(texts.table("cards.done")) == {Button.MUTE, Button.LEAVE, Button.HELP, Button.CONFIRM}
