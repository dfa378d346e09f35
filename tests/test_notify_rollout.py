"""`[rollout]`: who is told what in its three modes, and what a switch from one to another brings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from builders.chat import arrive, say
from builders.e2e import (
    QUOTA,
    FakeTime,
    add_customers,
    at,
    command_here,
    installation,
    outbox_rows,
    write_config,
    write_roster,
)
from builders.service import contact_event

from bot.config import load
from bot.features.health import Health
from bot.features.metrics import metrics_text
from bot.features.notify.enqueue import enqueue_unasked, preview_enqueue, quiet_hours
from bot.features.notify.recheck import hold_back
from bot.services import Services
from bot.wecom.welcome import Greeting
from scheduler.planner import plan
from scheduler.runs import fire
from scheduler.timetable import Firing

DEPARTMENTS = "id,name,parent\n1,支行,\n11,一部,1\n12,二部,1\n"
ROSTER = (
    *(f"a{n},员工甲{n},11,客户经理,,,," for n in range(1, 7)),
    *(f"b{n},员工乙{n},12,客户经理,,,," for n in range(1, 7)),
    "team,主管甲,11,主管,11,,,",
    "duo,主管乙,12,主管,12,,,",
    "head,主管丙,1,主管,1,,,",
)
PILOT = {f"a{n}" for n in range(1, 7)}
OTHERS = {f"b{n}" for n in range(1, 7)}
RULES = (
    QUOTA.replace("50", "3")
    + "penalty = { flat = 300 }\n[quotas.counting]\nkeep_days = 7\n"
    + "[integrity]\nburst = { adds = 15, minutes = 10 }\n"
)
MORE = """[admins]
userids = ["root"]
[messages]
style = "markdown"
[welcome]
enabled = true
[[robots]]
name = "south"
webhook_key = "11111111-1111-1111-1111-111111111111"
departments = [11]
posts = ["digest"]
[[robots]]
name = "everywhere"
webhook_key = "22222222-2222-2222-2222-222222222222"
posts = ["digest"]
"""
MORNING, EVENING, NEXT_MORNING = at("2026-11-24T09:07"), at("2026-11-24T17:48"), at("2026-11-25T09:07")
CLOSE = at("2026-12-08T08:42")
SHADOW = '[rollout]\nmode = "shadow"\n'
IN_PILOT = '[rollout]\nmode = "pilot"\ndepartments = [11]\n'
ON = ""


def write(folder: Path, rollout: str) -> Path:
    return write_config(folder, quotas=RULES, more=MORE + rollout)


@contextmanager
def branch(folder: Path, rollout: str, *, when: datetime = MORNING) -> Iterator[Services]:
    """Two departments of six, each with a leader, under head; root, an admin, is not in the roster."""
    (folder / "departments.csv").write_text(DEPARTMENTS, encoding="utf-8")
    write_roster(folder, *ROSTER)
    with installation(write(folder, rollout), FakeTime(when)) as services:
        yield services


def switch(services: Services, rollout: str) -> None:
    """Re-read a changed file, as SIGHUP does."""
    services.use(load(write(services.config.file.parent, rollout), environ={}), services.directory)


def run(services: Services, job: str, when: datetime) -> set[str]:
    """Let the timetable fire; whom *job* was planned to be told."""
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.moment = when
    before = len(outbox_rows(services))
    fire(services, Firing(job=job, fire_at=int(when.timestamp())), now=when)
    return {row["to_userid"] for row in outbox_rows(services)[before:]}


@pytest.mark.parametrize(
    ("rollout", "morning", "evening"),
    [
        pytest.param(SHADOW, set(), set(), id="shadow"),
        pytest.param(IN_PILOT, PILOT, {"team", "robot:south"}, id="pilot"),
        pytest.param(
            ON,
            PILOT | OTHERS,
            {"team", "duo", "head", "robot:south", "robot:everywhere"},
            id="on",
        ),
    ],
)
def test_who_is_told_in_each_mode(tmp_path: Path, rollout: str, morning: set[str], evening: set[str]) -> None:
    with branch(tmp_path, rollout) as services:
        add_customers(services, "a1", at("2026-11-23T10:00"))
        in_the_morning = run(services, "progress", MORNING)
        in_the_evening = run(services, "digest", EVENING)

    assert in_the_morning - {"root"} == morning
    assert in_the_evening == evening


@pytest.mark.parametrize("rollout", [SHADOW, IN_PILOT, ON], ids=["shadow", "pilot", "on"])
def test_the_admin_learns_what_is_wrong_in_every_mode(tmp_path: Path, rollout: str) -> None:
    with branch(tmp_path, rollout) as services:
        services.store.marks.put("first_start", "0")  # and never compared since
        told = run(services, "progress", MORNING)

    assert "root" in told


def test_what_nobody_is_told_yet_is_counted_as_rollout(tmp_path: Path) -> None:
    with branch(tmp_path, SHADOW) as services:
        run(services, "progress", MORNING)
        run(services, "digest", EVENING)
        withheld = services.store.unasked_messages.withheld(on=MORNING.date())
        text = metrics_text(Health(services.store, probe=lambda: None))

    # twelve in the morning; three leaders, and two robots with words and a picture each, in the evening
    assert withheld == {"rollout": 12 + 3 + 4}
    assert "quotabot_withheld_rollout 19" in str(text)


def test_a_leader_in_a_pilot_reads_only_of_its_people(tmp_path: Path) -> None:
    with branch(tmp_path, IN_PILOT):
        write_roster(tmp_path, *ROSTER, "both,主管丁,11,主管,11;12,,,")
        with installation(write(tmp_path, IN_PILOT), FakeTime(EVENING)) as reread:
            (text,) = [m.content for m in plan(reread, "digest", at=EVENING) if m.to_userid == "both"]
            answered = "\n".join(say(reread, "both", "团队"))

    for said in (text, answered):
        assert "全队 6 人" in said
        assert "员工乙" not in said


@pytest.mark.parametrize(
    ("rollout", "begun"),
    [
        pytest.param(SHADOW, set(), id="shadow"),
        pytest.param(IN_PILOT, {"a1", "team"}, id="pilot"),
        pytest.param(ON, {"a1", "b1", "team", "head"}, id="on"),
    ],
)
def test_words_are_answered_to_whom_the_rollout_has_come(
    tmp_path: Path, rollout: str, begun: set[str]
) -> None:
    with branch(tmp_path, rollout) as services:
        heads = {userid: say(services, userid, "进度")[0] for userid in ("a1", "b1", "team", "head")}

    assert {userid for userid, head in heads.items() if head != "这里还在试运行，您现在不用做什么"} == begun


def test_silence_and_privacy_are_everybodys_in_shadow(tmp_path: Path) -> None:
    with branch(tmp_path, SHADOW) as services:
        kept = say(services, "b1", "隐私")
        say(services, "b1", "静音 3天")
        muted = set(services.store.preferences.mutes())
        refused = [say(services, "b1", word)[0] for word in ("规则", "明细", "帮助", "你好")]

    assert kept[0] != refused[0]
    assert muted == {"b1"}
    assert refused == ["这里还在试运行，您现在不用做什么"] * 4


def test_an_admin_of_the_roster_gets_answers_in_shadow(tmp_path: Path) -> None:
    with branch(tmp_path, SHADOW) as services:
        write_config(tmp_path, quotas=RULES, more=MORE.replace('"root"', '"root", "Head"') + SHADOW)
        services.use(load(tmp_path / "config.toml", environ={}), services.directory)
        team = "\n".join(say(services, "head", "团队"))

    assert "全队 12 人" in team


@pytest.mark.parametrize(
    ("rollout", "money"),
    [pytest.param(IN_PILOT, False, id="pilot"), pytest.param(ON, True, id="on")],
)
def test_a_pilot_speaks_of_no_money(tmp_path: Path, rollout: str, money: bool) -> None:
    with branch(tmp_path, rollout, when=CLOSE) as services:
        add_customers(services, "a1", at("2026-11-02T10:00"))  # the record begins with the month
        run(services, "close", CLOSE)
        told = next(row["content"] for row in outbox_rows(services) if row["to_userid"] == "a1")
        rules = "\n".join(say(services, "a1", "规则"))
        results = services.store.results.newest("cm-monthly", "2026-11")

    assert "初步结果：1/3" in told
    assert ("300" in told, "扣减" in rules, "钱" in rules) == (money, money, money)
    assert results["a1"].line.penalty == 300  # counting goes on as it will


def test_rollout_decides_who_is_greeted_for(tmp_path: Path) -> None:
    found = {}
    for name, rollout in (("shadow", SHADOW), ("pilot", IN_PILOT), ("on", ON)):
        folder = tmp_path / name
        folder.mkdir()
        with branch(folder, rollout) as services:
            clock = services.clock
            assert isinstance(clock, FakeTime)
            greeted: list[Greeting] = []
            services.greet = greeted.append
            arrive(
                services,
                *(
                    contact_event(
                        "add_external_contact",
                        userid=userid,
                        customer=f"wm-{userid}",
                        at=int(clock()),
                        extra=f"<WelcomeCode><![CDATA[{userid}]]></WelcomeCode>",
                    )
                    for userid in ("a1", "b1")
                ),
            )
            found[name] = [greeting.code for greeting in greeted]

    assert found == {"shadow": [], "pilot": ["a1"], "on": ["a1", "b1"]}


# --- from one mode to another ---


def test_nothing_of_the_shadow_comes_when_it_ends(tmp_path: Path) -> None:
    with branch(tmp_path, SHADOW, when=CLOSE) as services:
        step = at("2026-12-07T10:02")
        add_customers(services, "a1", *(step.replace(second=n) for n in range(16)))  # a burst
        run(services, "close", CLOSE)
        run(services, "progress", at("2026-12-08T09:07"))
        asked = services.store.findings.open()
        switch(services, ON)
        run(services, "progress", at("2026-12-09T09:07"))
        kinds = {row["job"] for row in outbox_rows(services) if row["to_userid"] != "root"}
        still = services.store.findings.open()

    assert kinds == {"progress"}
    assert (asked, still) == ([], [])


def test_what_is_seen_after_the_shadow_is_asked(tmp_path: Path) -> None:
    with branch(tmp_path, SHADOW, when=at("2026-12-08T09:07")) as services:
        step = at("2026-12-08T10:02")
        run(services, "progress", at("2026-12-08T09:07"))
        switch(services, ON)
        add_customers(services, "a1", *(step.replace(second=n) for n in range(16)))
        told = run(services, "progress", at("2026-12-09T09:07"))
        asked = [one.name.userid for one in services.store.findings.open()]

    assert "a1" in told
    assert asked == ["a1"]


def test_a_message_that_the_mode_held_back_goes_when_its_job_is_run_again_that_day(tmp_path: Path) -> None:
    with branch(tmp_path, SHADOW) as services:
        run(services, "progress", MORNING)
        switch(services, ON)
        messages = [one for one in plan(services, "progress", at=MORNING) if one.to_userid == "a1"]
        with services.store.transaction():
            put = [enqueue_unasked(services, one, quiet=quiet_hours(services)) for one in messages]
        withheld = services.store.unasked_messages.withheld(on=MORNING.date())

    assert put == [True]
    assert withheld == {"rollout": 11}


def test_back_to_shadow_stops_what_was_planned_but_not_sent(tmp_path: Path) -> None:
    with branch(tmp_path, ON) as services:
        run(services, "digest", EVENING)
        switch(services, SHADOW)
        now = int(EVENING.timestamp()) + 600
        hold_back(services, real_now=now, clock_now=now, batch=1000)
        states = {row["to_userid"]: (row["state"], row["error"]) for row in outbox_rows(services)}

    assert set(states) == {"team", "duo", "head", "robot:south", "robot:everywhere"}
    assert set(states.values()) == {("dropped", "rollout")}


def test_a_dry_run_shows_what_would_go_in_this_mode(tmp_path: Path) -> None:
    with branch(tmp_path, IN_PILOT) as services:
        planned = plan(services, "progress", at=MORNING)
        shown = {one.to_userid for one in preview_enqueue(services, planned, quiet=quiet_hours(services))}

    assert shown - {"root"} == PILOT


def test_check_warns_of_a_rollout_that_reaches_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot = command_here(capsys, monkeypatch)
    (tmp_path / "departments.csv").write_text(DEPARTMENTS, encoding="utf-8")
    write_roster(tmp_path, *ROSTER)
    said = []
    for rollout in ('[rollout]\nmode = "pilot"\n', '[rollout]\nmode = "pilot"\ndepartments = [99]\n'):
        path = write_config(tmp_path, quotas=RULES, more=rollout)
        done = quotabot("check", "--config", str(path))
        said.append([line for line in done.err.splitlines() if "rollout" in line])

    assert ["departments" in line for line in said[0]] == [True, False]
    assert "试点没有写部门，与 shadow 一样只告诉管理员" in said[0][0]
    assert "而现在没有管理员" in said[0][1]
    assert "rollout.departments[0] = 99：花名册和部门文件里都没有这个部门" in said[1][-1]
