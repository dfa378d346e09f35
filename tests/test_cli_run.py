"""`quotabot run`: one job, once, to its end, against a sandbox over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from builders.e2e import (
    FakeTime,
    Quotabot,
    at,
    bot_process,
    command,
    command_here,
    far_schedule,
    installation,
    open_store,
    outbox_rows,
    rows_of,
    until,
    write_config,
    write_roster,
)
from builders.sandbox import TODAY

from bot.store.preferences import Way
from bot.store.troubles import Part, Trouble
from sandbox.branch import make_branch
from sandbox.server import start
from sandbox.world import Call, World

MORNING = "2026-11-23T09:07"
ROSTER = (
    "yg01,员工甲,11,客户经理,,,,",
    "yg02,员工乙,11,客户经理,,,,",
    "yg03,员工丙,12,客户经理,,,,",
    "zg01,主管甲,11,主管,11,,,",
)


@pytest.fixture
def world() -> Iterator[World]:
    made = World(make_branch(seed=7, today=TODAY))
    with start(made) as sandbox:
        made.callback_url = sandbox.url  # kept here for the configuration only; no event is sent
        yield made


@pytest.fixture
def config(tmp_path: Path, world: World) -> Path:
    write_roster(tmp_path, *ROSTER)
    return write_config(tmp_path, app=asdict(world.app), api_url=world.callback_url, more=far_schedule())


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, config: Path) -> Quotabot:
    monkeypatch.setenv("QUOTABOT_CONFIG", str(config))
    return command_here(capsys, monkeypatch)


def phones(world: World) -> dict[str, int]:
    with world.lock:
        return {userid: len(messages) for userid, messages in world.mailbox.messages.items()}


def calls(world: World, path: str) -> list[Call]:
    with world.lock:
        return [call for call in world.calls if call.path == path]


def stored(config: Path) -> list[dict[str, object]]:
    return rows_of(config.parent / "quotabot.db", "SELECT * FROM outbox ORDER BY seq")


def test_twice_the_same_morning_is_one_message_for_each_employee(quotabot: Quotabot, world: World) -> None:
    first = quotabot("run", "progress", "--at", MORNING)
    second = quotabot("run", "progress", "--at", MORNING)
    third = quotabot("run", "progress", "--at", "2026-11-23T11:30")

    assert (first.code, second.code, third.code) == (0, 0, 0)
    assert phones(world) == {"yg01": 1, "yg02": 1, "yg03": 1}
    assert world.mailbox.duplicates == []  # not even asked


def test_another_day_is_another_message(quotabot: Quotabot, world: World) -> None:
    quotabot("run", "progress", "--at", MORNING)
    quotabot("run", "progress", "--at", "2026-11-24T09:07")

    assert phones(world) == {"yg01": 2, "yg02": 2, "yg03": 2}


def test_json_has_the_shape_of_the_contract_and_nothing_beside_it(quotabot: Quotabot) -> None:
    done = quotabot("run", "progress", "--at", MORNING, "--format", "json")
    report = done.json()

    assert list(report) == ["job", "at", "dry_run", "messages"]
    assert (report["job"], report["at"], report["dry_run"]) == ("progress", f"{MORNING}:00+08:00", False)
    assert [list(message) for message in report["messages"]] == [["key", "to", "state", "text"]] * 3
    assert [(message["key"], message["to"], message["state"]) for message in report["messages"]] == [
        (f"progress:2026-11-23:{userid}", userid, "sent") for userid in ("yg01", "yg02", "yg03")
    ]
    assert done.err == ""


def test_what_is_reported_is_what_arrived(quotabot: Quotabot, world: World) -> None:
    report = quotabot("run", "progress", "--at", MORNING, "--format", "json").json()

    assert [message["text"] for message in report["messages"]] == [
        world.mailbox.messages[userid][0].content for userid in ("yg01", "yg02", "yg03")
    ]


def test_a_dry_run_prints_the_messages_and_leaves_no_trace(
    quotabot: Quotabot, world: World, config: Path
) -> None:
    dry = quotabot("run", "progress", "--at", MORNING, "--dry-run", "--format", "json").json()
    rows, contacted = stored(config), list(world.calls)
    real = quotabot("run", "progress", "--at", MORNING, "--format", "json").json()

    assert dry["dry_run"] is True
    assert {message["state"] for message in dry["messages"]} == {"planned"}
    assert (rows, contacted) == ([], [])
    assert [m["text"] for m in dry["messages"]] == [m["text"] for m in real["messages"]]


def test_a_dry_run_after_a_run_shows_what_is_stored(quotabot: Quotabot) -> None:
    quotabot("run", "progress", "--at", MORNING, "--no-wait")
    dry = quotabot("run", "progress", "--at", "2026-11-23T11:30", "--dry-run", "--format", "json").json()

    assert {message["state"] for message in dry["messages"]} == {"pending"}
    assert all("09:07" in message["text"] for message in dry["messages"])


def test_a_dry_run_says_that_nothing_goes_outside_working_hours(quotabot: Quotabot) -> None:
    dry = quotabot("run", "progress", "--at", "2026-11-23T19:30", "--dry-run", "--format", "json")

    assert (dry.code, len(dry.json()["messages"])) == (0, 3)
    assert "不在工作时间内，以下都不会发送" in dry.err


def test_a_dry_run_is_for_people_too(quotabot: Quotabot) -> None:
    out = quotabot("run", "progress", "--at", MORNING, "--dry-run").out

    assert "yg01" in out
    assert "共 3 条消息" in out


def test_without_waiting_messages_are_planned_and_a_later_run_sends_them(
    quotabot: Quotabot, world: World
) -> None:
    planned = quotabot("run", "progress", "--at", MORNING, "--no-wait", "--format", "json")
    before = phones(world)
    sent = quotabot("run", "progress", "--at", MORNING, "--format", "json")

    assert planned.code == 0
    assert {message["state"] for message in planned.json()["messages"]} == {"pending"}
    assert before == {}
    assert {message["state"] for message in sent.json()["messages"]} == {"sent"}
    assert phones(world) == {"yg01": 1, "yg02": 1, "yg03": 1}


@pytest.mark.parametrize(
    "when",
    [
        pytest.param("2026-11-23T08:29:59", id="before opening"),
        pytest.param("2026-11-23T18:00", id="at closing"),
        pytest.param("2026-11-23T19:30", id="in the evening"),
        pytest.param("2026-11-28T10:00", id="on a Saturday"),
        pytest.param("2026-10-01T10:00", id="on National Day"),
        pytest.param("2026-02-18T10:00", id="in the Spring Festival"),
    ],
)
def test_outside_working_hours_it_says_so_sends_nothing_and_is_content(
    quotabot: Quotabot, world: World, config: Path, when: str
) -> None:
    done = quotabot("run", "progress", "--at", when, "--format", "json")

    assert done.code == 0
    assert done.json()["messages"] == []
    assert "不在工作时间内，不发送" in done.err
    assert (stored(config), list(world.calls)) == ([], [])


def test_who_is_silent_gets_none_and_it_is_said(quotabot: Quotabot, world: World, config: Path) -> None:
    store = open_store(config)
    store.preferences.mute("yg01", until=int(at("2026-11-24T00:00").timestamp()), since=0, way=Way.WORD)
    store.close()

    dry = quotabot("run", "progress", "--at", MORNING, "--dry-run", "--format", "json")
    done = quotabot("run", "progress", "--at", MORNING, "--format", "json")

    assert [message["to"] for message in dry.json()["messages"]] == ["yg02", "yg03"]
    assert [message["to"] for message in done.json()["messages"]] == ["yg02", "yg03"]
    assert (done.code, phones(world)) == (0, {"yg02": 1, "yg03": 1})
    assert "未打扰：静音 1" in done.err


def test_a_make_up_saturday_is_a_working_day(quotabot: Quotabot, world: World) -> None:
    assert quotabot("run", "progress", "--at", "2026-02-28T10:00").code == 0
    assert phones(world) == {"yg01": 1, "yg02": 1, "yg03": 1}


@pytest.mark.parametrize(("job", "receivers"), [("reminder", {"yg01", "yg02", "yg03"}), ("digest", {"zg01"})])
def test_each_job_reaches_its_own_people(
    quotabot: Quotabot, world: World, job: str, receivers: set[str]
) -> None:
    assert quotabot("run", job, "--at", "2026-11-23T16:37").code == 0
    assert phones(world) == dict.fromkeys(receivers, 1)


def test_it_claims_no_firing_of_the_timetable(quotabot: Quotabot, config: Path) -> None:
    quotabot("run", "progress", "--at", MORNING)

    assert rows_of(config.parent / "quotabot.db", "SELECT * FROM runs") == []


def test_a_receiver_who_cannot_be_reached_fails_alone_and_the_end_is_1(
    quotabot: Quotabot, world: World
) -> None:
    world.change_person("yg02", visible=False, licensed=None)
    done = quotabot("run", "progress", "--at", MORNING, "--format", "json")

    assert done.code == 1
    assert {message["to"]: message["state"] for message in done.json()["messages"]} == {
        "yg01": "sent",
        "yg02": "failed",
        "yg03": "sent",
    }
    assert phones(world) == {"yg01": 1, "yg03": 1}


def test_running_again_does_not_ask_again_for_him_who_cannot_be_reached(
    quotabot: Quotabot, world: World
) -> None:
    world.change_person("yg02", visible=False, licensed=None)
    quotabot("run", "progress", "--at", MORNING)
    again = quotabot("run", "progress", "--at", MORNING)

    assert again.code == 1
    assert [call.errcode for call in calls(world, "message/send")].count(81013) == 1


def test_after_the_remedy_a_retry_of_the_dead_letter_reaches_him(quotabot: Quotabot, world: World) -> None:
    world.change_person("yg02", visible=False, licensed=None)
    quotabot("run", "progress", "--at", MORNING)
    world.change_person("yg02", visible=True, licensed=None)
    retried = quotabot("dead", "retry", "message:progress:2026-11-23:yg02")
    done = quotabot("run", "progress", "--at", MORNING)

    assert (retried.code, done.code) == (0, 0)
    assert phones(world) == {"yg01": 1, "yg02": 1, "yg03": 1}


def test_a_wrong_secret_is_one_sentence_and_hardly_a_question(
    quotabot: Quotabot, world: World, config: Path
) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace(world.app.secret, "wrong"), encoding="utf-8")
    done = quotabot("run", "progress", "--at", MORNING, "--format", "json")
    again = quotabot("run", "progress", "--at", MORNING)

    assert (done.code, again.code) == (1, 1)
    sentences = [line for line in done.err.splitlines() if line.startswith("没有发出：")]
    assert len(sentences) == 1
    assert "40001" in sentences[0]
    assert "secret" in sentences[0]
    assert {message["state"] for message in done.json()["messages"]} == {"pending"}
    assert len(calls(world, "gettoken")) == 1
    assert calls(world, "message/send") == []


def test_a_corrected_secret_works_at_once(quotabot: Quotabot, world: World, config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace(world.app.secret, "wrong"), encoding="utf-8")
    quotabot("run", "progress", "--at", MORNING)
    config.write_text(text, encoding="utf-8")
    done = quotabot("run", "progress", "--at", MORNING)

    assert done.code == 0, done.err
    assert phones(world) == {"yg01": 1, "yg02": 1, "yg03": 1}


def test_a_token_of_another_secret_is_not_used_after_a_change(
    quotabot: Quotabot, world: World, config: Path
) -> None:
    quotabot("run", "progress", "--at", MORNING)
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace(world.app.secret, "wrong"), encoding="utf-8")
    done = quotabot("run", "progress", "--at", "2026-11-24T09:07")

    assert done.code == 1
    assert "40001" in done.err


def test_an_untrusted_address_is_told_with_its_remedy(quotabot: Quotabot, world: World) -> None:
    world.faults.arm({"untrusted_ip": True})
    done = quotabot("run", "progress", "--at", MORNING)

    assert done.code == 1
    assert "60020" in done.err
    assert "企业可信IP" in done.err


def test_an_event_that_cannot_be_read_is_named_and_the_job_goes_on(
    quotabot: Quotabot, world: World, config: Path
) -> None:
    with installation(config, FakeTime(at(MORNING))) as services:
        services.store.engine._connection().execute(
            "INSERT INTO inbox (hash, body, received_at) VALUES ('h', CAST('<xml><MsgType>event</MsgType>"
            "<Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType></xml>' "
            "AS BLOB), 0)"
        )
    done = quotabot("run", "progress", "--at", MORNING)

    assert done.code == 0
    assert "事件 1（" in done.err
    assert len(phones(world)) == 3


def test_while_a_service_holds_the_lease_the_service_sends_and_run_waits(
    quotabot: Quotabot, world: World, config: Path
) -> None:
    with bot_process(config, "--role", "worker", ready="working") as bot:

        def is_led_by_the_service() -> bool:
            lease = quotabot("status", "--format", "json").json()["lease"]
            return f":{bot.process.pid}:" in (lease["holder"] or "")

        until(is_led_by_the_service)
        done = quotabot("run", "progress", "--at", MORNING, "--format", "json")
        until(is_led_by_the_service)  # a busy machine may have let the lease run out meanwhile
        code = bot.end()

    assert done.code == 0
    assert {message["state"] for message in done.json()["messages"]} == {"sent"}
    assert phones(world) == {"yg01": 1, "yg02": 1, "yg03": 1}
    assert len(calls(world, "gettoken")) == 1  # the token is shared
    assert code == 0


def test_two_runs_at_once_send_each_message_once(
    config: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUOTABOT_CONFIG", str(config))
    world.faults.arm({"delay_ms": 100})
    codes: list[int] = []

    def run() -> None:
        codes.append(command("run", "progress", "--at", MORNING).code)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes == [0, 0]
    assert phones(world) == {"yg01": 1, "yg02": 1, "yg03": 1}
    assert len(calls(world, "message/send")) == 3


def test_success_clears_the_note_of_an_earlier_trouble(quotabot: Quotabot, config: Path) -> None:
    with installation(config, FakeTime(at(MORNING))) as services:
        services.store.troubles.note(Part.DELIVERY, Trouble(45009, "made up", until=1))
    quotabot("run", "progress", "--at", MORNING)
    with installation(config, FakeTime(at(MORNING))) as services:
        assert services.store.troubles.get(Part.DELIVERY) is None
        assert {row["state"] for row in outbox_rows(services)} == {"sent"}
