"""One Tuesday of a branch in which everybody's case is another: who is told what, and what it says.

The jobs of the day are played once, by the timetable; the cases look at what came of it.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders.cards import office_with_cards, put_card, receive
from builders.chat import say, text_event
from builders.e2e import FakeTime, add_customers, at, installation, outbox_rows, write_config, write_roster

from bot.services import Services
from bot.store.contact_knowledge import Absence
from bot.store.preferences import Way
from sandbox import sending
from sandbox.branch import make_branch
from sandbox.errors import ApiError
from sandbox.world import World
from scheduler.planner import plan
from scheduler.runs import tick

# November has 21 workdays; on the 24th 16 are over and five are left.
QUOTAS = """
[[quotas]]
id = "monthly"
roles = ["客户经理"]
period = "month"
target = 42
counting = { keep_days = 7 }
[[quotas]]
id = "weekly"
userids = ["two"]
period = "week"
starts_on = 2026-11-23
target = 40
"""
ROSTER = (
    *(
        f"{userid},{userid},11,客户经理,,{joined},{left},{share}"
        for userid, joined, left, share in (
            ("plain", "", "", ""),
            ("muted", "", "", ""),
            ("unmuted", "", "", ""),
            ("said", "", "", ""),
            ("away", "", "", ""),
            ("gone", "", "2026-11-23", ""),
            ("leaving", "", "2026-11-24", ""),
            ("done", "", "", ""),
            ("covered", "", "", ""),
            ("dosed", "", "", ""),
            ("new", "2026-11-24", "", ""),
            ("half", "", "", "0.5"),
        )
    ),
    "both,both,11,客户经理,11,,,",
    "two,two,12,客户经理,,,,",
    "chief,chief,12,主管,12,,,",
    "orphan,orphan,13,客户经理,,,,",
)
LONG_AGO, LAST_WEEK, TODAY = "2026-11-10T10:00", "2026-11-20T10:00", "2026-11-24T10:00"
ADDS = {"done": 42, "covered": 30, "half": 10, "new": 0}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the outbox has after the day."""
    folder, clock = tmp_path_factory.mktemp("branch"), FakeTime(at("2026-11-23T20:00"))
    (folder / "departments.csv").write_text(
        "id,name,parent\n1,支行,\n11,一部,1\n12,二部,1\n13,三部,1\n", encoding="utf-8"
    )
    write_roster(folder, *ROSTER)
    config = write_config(folder, quotas=QUOTAS, more='[messages]\nstyle = "text"\n')
    with installation(config, clock) as services:
        tick(services)
        _live(services, clock)
        return outbox_rows(services)


def _live(services: Services, clock: FakeTime) -> None:
    for line in ROSTER:
        userid = line.partition(",")[0]
        add_customers(services, userid, *[at(LONG_AGO)] * ADDS.get(userid, 20))
    add_customers(services, "covered", *[at(LAST_WEEK)] * 12)
    store, tuesday = services.store, date(2026, 11, 24)
    midnight = int(at("2026-11-24T00:00").timestamp())
    store.preferences.mute("muted", until=midnight + 86_400, since=0, way=Way.BUTTON)
    store.preferences.mute("unmuted", until=midnight, since=0, way=Way.BUTTON)
    with store.transaction():
        store.contact_knowledge.put_absences([Absence(userid="away", first=tuesday, last=tuesday)])
    clock.set("2026-11-24T08:40")
    assert say(services, "said", "请假 11-24 11-26")
    clock.set("2026-11-24T09:07")
    tick(services)
    add_customers(services, "dosed", *[at(TODAY)] * 5)
    for moment in ("16:37", "17:48"):
        clock.set(f"2026-11-24T{moment}")
        tick(services)


def told(rows: list[dict[str, Any]], userid: str) -> list[str]:
    """The jobs of what *userid* is told on that day; what waits for another is none of it."""
    over = at("2026-11-25T00:00").timestamp()
    sent = [row for row in rows if row["state"] not in {"waiting", "carried"}]
    return [row["job"] for row in sent if row["to_userid"] == userid and row["not_before"] < over]


def said(rows: list[dict[str, Any]], userid: str, job: str = "progress") -> list[str]:
    """The lines of the one message of *job* to *userid*."""
    (found,) = [row["content"] for row in rows if (row["to_userid"], row["job"]) == (userid, job)]
    return str(found).split("\n")


@pytest.mark.parametrize(
    ("userid", "jobs"),
    [
        pytest.param("plain", ["progress", "reminder"], id="behind"),
        pytest.param("muted", [], id="muted until midnight"),
        pytest.param("unmuted", ["progress", "reminder"], id="muted until yesterday's midnight"),
        pytest.param("said", ["answer"], id="on leave by his own word: only that is answered"),
        pytest.param("away", [], id="on leave by import"),
        pytest.param("gone", [], id="left yesterday"),
        pytest.param("leaving", ["progress", "reminder"], id="leaves today"),
        pytest.param("done", ["progress"], id="done"),
        pytest.param("covered", ["progress"], id="covered"),
        pytest.param("dosed", ["progress", "statement"], id="did today's dose"),
        pytest.param("new", ["progress"], id="new today: nothing was expected before"),
        pytest.param("half", ["progress", "reminder"], id="part-time"),
        pytest.param("two", ["progress", "reminder"], id="two quotas: one message of a kind"),
        pytest.param("both", ["progress", "reminder", "digest"], id="a leader who is an employee"),
        pytest.param("chief", ["digest"], id="a leader without a quota"),
        pytest.param("orphan", ["progress", "reminder"], id="nobody leads him"),
    ],
)
def test_who_is_told_what_on_one_day(rows: list[dict[str, Any]], userid: str, jobs: list[str]) -> None:
    assert told(rows, userid) == jobs


@pytest.mark.parametrize(
    ("userid", "job", "first"),
    [
        pytest.param("plain", "progress", "今天加 5 位就够", id="22 in five workdays"),
        pytest.param("plain", "reminder", "今天再加 5 位就够", id="and none of them came"),
        pytest.param("half", "progress", "今天加 3 位就够", id="part-time: 11 of 21 in five workdays"),
        pytest.param("new", "progress", "今天加 2 位就够", id="new today: five of 21 workdays, ten of 42"),
        pytest.param("two", "progress", "今天加 10 位就够", id="two quotas: 40 in four workdays are more"),
        pytest.param("done", "progress", "已经够了，目标已完成", id="done"),
        pytest.param("covered", "progress", "已经够了，确认后即完成", id="covered"),
        pytest.param("dosed", "statement", "今天够了，已加 5 位", id="did today's dose"),
        pytest.param("leaving", "reminder", "本月目标可能偏紧，先商量怎么办", id="14 on his last day"),
    ],
)
def test_the_first_line_is_of_his_own_case(
    rows: list[dict[str, Any]], userid: str, job: str, first: str
) -> None:
    assert said(rows, userid, job)[0] == first


def test_both_quotas_have_a_line_in_the_one_message(rows: list[dict[str, Any]]) -> None:
    assert [line.partition("：")[0] for line in said(rows, "two")[1:3]] == ["本周 0/40", "本月 20/42"]


def test_two_leaders_read_of_their_own_team_and_neither_of_whom_nobody_leads(
    rows: list[dict[str, Any]],
) -> None:
    eleven, twelve = said(rows, "both", "digest"), said(rows, "chief", "digest")

    # Himself and who left are none of the team; who is on leave or muted is.
    assert "全队 11 人：已够 2 · 正常 1 · 需帮助 8" in eleven
    assert "全队 1 人：已够 0 · 正常 0 · 需帮助 1" in twelve
    assert "two" not in "".join(eleven)
    assert not [line for line in eleven + twelve if "gone" in line or "orphan" in line]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_leader_of_300_people_gets_a_card_that_wecom_takes(tmp_path: Path, language: str) -> None:
    people = [f"yg{number:03d},员工{number:03d},11,客户经理,,,," for number in range(300)]
    write_roster(tmp_path, *people, "boss,主管甲,11,主管,11,,,")
    path = write_config(tmp_path, more=f'[locale]\nlanguage = "{language}"\n')
    with installation(path, FakeTime(at("2026-11-24T17:48"))) as services:
        (row,) = plan(services, "digest", at=at("2026-11-24T17:48"))
    forms = json.loads(row.forms)

    assert (row.to_userid, [form["msgtype"] for form in forms]) == (
        "boss",
        ["template_card", "markdown", "text"],
    )
    assert [answer_of_wecom(form) for form in forms] == [0, 0, 0]
    assert all("300" in form["text"] for form in forms)
    # Three to begin with, the rest as a number.
    assert [set(re.findall(r"员工\d+", form["text"])) for form in forms] == [
        {"员工000", "员工001", "员工002"}
    ] * 3


def answer_of_wecom(form: dict[str, Any]) -> int:
    """The errcode of a sandbox for a message in this *form*."""
    branch = make_branch(seed=7, today=date(2026, 11, 24))
    world = World(branch)
    world.callback_url = "http://127.0.0.1:1/callback"
    app = branch.app
    token, _ = world.tokens.issue(
        corp_id=app.corp_id, secret=app.secret, ip="", now=world.real(), switches=world.api
    )
    request = {
        "touser": "zg01",
        "msgtype": form["msgtype"],
        "agentid": app.agent_id,
        form["msgtype"]: form["body"],
    }
    raw = json.dumps(request, ensure_ascii=False).encode()
    call = world.new_call("message/send", ip="")
    try:
        sending.send(world, token=token, raw=raw, call=call)
    except ApiError as error:
        return error.errcode
    return 0


@pytest.mark.parametrize(
    "seconds", [pytest.param(0, id="within a second"), pytest.param(40, id="within a minute")]
)
def test_the_same_word_twice_within_a_minute_is_answered_twice_on_the_phone(
    tmp_path: Path, seconds: int
) -> None:
    with office_with_cards(tmp_path) as office:
        for _ in range(2):
            receive(office.services, text_event("yg01", "进度", at=int(office.clock())))
            office.later(seconds)

        assert [bool(call.duplicate_of or call.dropped) for call in office.sends()] == [False, False]
        assert ["进度" in content for content in office.phone()] == [True, True]


def test_a_card_to_somebody_whom_the_app_does_not_see_fails_alone_and_is_tried_once(
    tmp_path: Path,
) -> None:
    with office_with_cards(tmp_path) as office:
        office.world.change_person("yg01", visible=False, licensed=None)
        keys = put_card(office), put_card(office, "yg02")
        office.drain()
        office.later(3600)

        rows = [office.row(key) for key in keys]
        assert [call.errcode for call in office.sends()] == [81013, 0]
        assert [(row["state"], row["msgtype"]) for row in rows] == [
            ("failed", "template_card"),
            ("sent", "template_card"),
        ]
