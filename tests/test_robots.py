"""Group robots: planned once with their job, paced, and switched off when WeCom refuses them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from builders.delivery import Post
from builders.e2e import (
    FakeTime,
    add_customers,
    at,
    command_here,
    installation,
    outbox_rows,
    write_config,
    write_roster,
)
from builders.sandbox import TODAY
from builders.service import logged
from PIL import Image

from bot.app.bootstrap import open_sender, wecom_client
from bot.config import load
from bot.features.admin import Cause
from bot.features.delivery.deliver import Delivery
from bot.features.delivery.sender import Sender
from bot.features.health import Health
from bot.features.robots import deliver
from bot.features.robots.deliver import RobotDelivery
from bot.features.robots.posts import robots_off
from bot.services import Services
from bot.store.store import Store
from bot.wecom.client import WeComClient
from bot.wecom.errors import AnswerError, NotSentError, UnknownOutcomeError, WeComError
from bot.wecom.robot import address_of
from sandbox import groups as sandbox_groups
from sandbox.branch import make_branch
from sandbox.clock import VirtualClock
from sandbox.server import start
from sandbox.world import World
from scheduler.admin import wrong
from scheduler.planner import plan
from scheduler.runs import fire
from scheduler.timetable import Firing

EVENING = "2026-11-23T17:48"
KEY = "digest:2026-11-23:robot:south-branch"
ROBOT = f"""[[robots]]
name = "south-branch"
webhook_key = "{sandbox_groups.KEY}"
departments = [11]
posts = ["digest"]
"""
LETTERS = "甲乙丙丁戊己"


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """Six people of one department, the first with three adds, beside a sandbox; it is evening."""
    clock = FakeTime(at(EVENING))
    world = World(make_branch(seed=7, today=TODAY), clock=VirtualClock(clock(), speed=0), real=clock)
    with start(world) as sandbox:
        write_roster(
            tmp_path, *(f"yg{n:02},员工{letter},11,客户经理,,,," for n, letter in enumerate(LETTERS))
        )
        config = write_config(tmp_path, app=asdict(world.app), api_url=sandbox.url, more=ROBOT)
        with installation(config, clock) as services:
            add_customers(services, "yg00", *(at(EVENING) - timedelta(hours=n) for n in (1, 2, 3)))
            add_customers(services, "yg01", at(EVENING) - timedelta(days=9))
            client = wecom_client(services.config)
            sender = sender_of(services, clock, client)
            yield Post(services, sandbox, clock, sender)
            world.stopping.set()
            sender.close()
            client.close()


def sender_of(services: Services, clock: FakeTime, client: WeComClient) -> Sender:
    """Tokens are none of a robot's business: here is no keeper."""
    robots = RobotDelivery(services, client, real_time=clock)
    delivery = Delivery(
        agent_id=1,
        client=client,
        tokens=None,  # type: ignore[arg-type]  # see above
        outbox=services.store.outbox,
        robots=robots,
        real_time=clock,
    )
    return Sender(services, delivery, real_time=clock)


def planned(post: Post) -> None:
    """Fire the digest of this evening."""
    moment = at(EVENING)
    assert fire(post.services, Firing("digest", int(moment.timestamp())), now=moment)


def posts(post: Post) -> list[sandbox_groups.Post]:
    with post.world.lock:
        return list(post.world.robots[sandbox_groups.KEY].posts)


def break_robot(post: Post, errcode: int) -> None:
    with post.world.lock:
        post.world.robots[sandbox_groups.KEY].errcode = errcode


def test_the_digest_is_posted_as_words_and_then_as_a_picture_without_a_token(post: Post) -> None:
    planned(post)
    post.drain()
    post.later(2)

    words, picture = posts(post)
    assert words.content.startswith("**全队 6 人，达成率 1%**")
    assert "1. 员工甲 3/50" in words.content
    assert "员工丙" not in words.content
    with Image.open(BytesIO(base64.b64decode(picture.image))) as image:
        assert image.size[0] == 1080
    assert post.states() == {KEY: "sent", f"{KEY}:picture": "sent"}
    assert post.token_calls() == 0


def test_a_picture_over_the_limit_is_not_posted_and_its_words_stand(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "IMAGE_BYTES", 1000)
    planned(post)
    with logged(deliver) as lines:
        post.drain()
        post.later(2)

    assert [one.msgtype for one in posts(post)] == ["markdown"]
    assert post.states() == {KEY: "sent", f"{KEY}:picture": "failed"}
    assert [line["key"] for line in lines] == [f"{KEY}:picture"]
    picture = next(row for row in outbox_rows(post.services) if row["key"] == f"{KEY}:picture")
    assert "only the words were posted" in picture["error"]
    assert [(one.cause, one.names) for one in wrong(post.services, at=at(EVENING))] == [
        (Cause.PICTURE, (address_of("south-branch"),))
    ]
    assert not robots_off(post.services)


def test_a_day_is_posted_once_however_often_it_is_planned(post: Post) -> None:
    planned(post)
    again = list(plan(post.services, "digest", at=at(EVENING)))
    new = [post.services.store.outbox.add(message, created_at=0) for message in again]

    assert [message.key for message in again] == [KEY, f"{KEY}:picture"]
    assert new == [False, False]


def test_whoever_goes_on_after_the_last_person_plans_the_posts(post: Post) -> None:
    whole = [row.key for row in plan(post.services, "digest", at=at(EVENING))]

    assert [row.key for row in plan(post.services, "digest", at=at(EVENING), after="zzz")] == whole


def test_other_jobs_are_not_posted(post: Post) -> None:
    assert not [
        m for m in plan(post.services, "progress", at=at(EVENING)) if m.to_userid.startswith("robot:")
    ]


def test_nothing_is_posted_when_working_hours_are_over(post: Post) -> None:
    planned(post)
    post.clock.set("2026-11-23T18:00")
    post.drain()

    assert posts(post) == []
    assert set(post.states().values()) == {"expired"}


def test_who_improved_is_compared_within_14_days(post: Post) -> None:
    (words, _) = plan(post.services, "digest", at=at(EVENING))

    assert "近 7 天有效新增 3 位，前 7 天 1 位" in words.content
    assert "进步最多：员工甲，近 7 天比前 7 天多 3 位" in words.content


@pytest.mark.parametrize("errcode", [93000, 93001, 93004, 93008, 93019])
def test_a_robot_that_is_refused_is_switched_off_and_said_to_be(post: Post, errcode: int) -> None:
    break_robot(post, errcode)
    planned(post)
    with logged(deliver) as lines:
        post.drain()
        post.later(2)

    assert post.states() == {KEY: "failed", f"{KEY}:picture": "failed"}
    assert [line["errcode"] for line in lines] == [errcode]  # the picture made no call
    assert [part["errcode"] for part in post.degraded() if part["part"] == "robots"] == [errcode]
    assert f"south-branch”已停用：企业微信返回 {errcode}" in robots_off(post.services)[0]
    assert list(plan(post.services, "digest", at=at(EVENING))) == []


def test_it_is_off_before_another_thread_may_take_its_picture(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_robot(post, 93000)
    planned(post)
    robots, words = post.services.store.robots, []
    switch_off = robots.switch_off

    def noted(*args: str, **details: Any) -> None:
        words.append(post.states()[KEY])
        switch_off(*args, **details)

    monkeypatch.setattr(robots, "switch_off", noted)
    post.drain()

    assert words == ["pending"]


def test_its_refusal_is_shown_and_forgotten_with_a_new_key(
    post: Post, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    break_robot(post, 93000)
    planned(post)
    post.drain()
    quotabot, config = command_here(capsys, monkeypatch), tmp_path / "config.toml"
    before = quotabot("status", "--config", str(config), "--format", "json").json()["robots"]

    config.write_text(config.read_text(encoding="utf-8").replace(sandbox_groups.KEY, "another"))
    after = quotabot("status", "--config", str(config), "--format", "json").json()["robots"]
    post.services.use(load(config, environ={}), post.services.directory)
    with open_sender(post.services):
        pass

    assert "webhook_key" in before[0]["error"]
    assert after == [{"robot": "south-branch", "off_since": None, "error": None}]
    assert [part for part in post.degraded() if part["part"] == "robots"] == []
    assert len(list(plan(post.services, "digest", at=at(EVENING)))) == 2


def test_no_key_shows_anywhere(post: Post) -> None:
    break_robot(post, 93000)
    planned(post)
    with logged(deliver) as lines:
        post.drain()

    kept = json.dumps([outbox_rows(post.services), lines], default=str)
    health = Health(post.services.store, probe=lambda: None).report()
    assert sandbox_groups.KEY not in kept + json.dumps(health)


def test_run_posts_by_hand_and_tells_the_picture_by_its_title(
    post: Post, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot, config = command_here(capsys, monkeypatch), str(tmp_path / "config.toml")

    done = quotabot("run", "digest", "--config", config, "--at", EVENING, "--format", "json").json()

    assert [(one["key"], one["state"]) for one in done["messages"]] == [
        (KEY, "sent"),
        (f"{KEY}:picture", "sent"),
    ]
    assert done["messages"][1]["text"] == "本月团队进度 · 全队 6 人，达成率 1%"
    assert len(posts(post)) == 2


def test_more_than_18_posts_a_minute_wait(post: Post) -> None:
    for number in range(20):
        post.put(f"digest:x{number}", to=address_of("south-branch"))
    post.drain()
    at_once = len(posts(post))
    post.later(61)

    assert (at_once, len(posts(post))) == (18, 20)


class Line:
    """A way to WeCom that gives *answers* in turn."""

    def __init__(self, *answers: WeComError | None) -> None:
        self.answers = list(answers)
        self.calls = 0

    def post_to_robot(self, request: bytes, *, key: str) -> None:
        assert (key, json.loads(request)["msgtype"]) == (sandbox_groups.KEY, "markdown")
        self.calls += 1
        answer = self.answers.pop(0)
        if answer is not None:
            raise answer


@pytest.mark.parametrize(
    ("answers", "wait_s", "calls", "state"),
    [
        pytest.param([UnknownOutcomeError("?")], 60, 1, "unknown", id="no answer: never again"),
        pytest.param([NotSentError("no"), None], 20, 2, "sent", id="no connection"),
        pytest.param([AnswerError(45009), None], 61, 2, "sent", id="too often"),
        pytest.param([AnswerError(-1)] * 3, 250, 3, "failed", id="busy three times"),
        pytest.param([AnswerError(40058)], 60, 1, "failed", id="malformed"),
    ],
)
def test_each_answer_has_its_meaning(
    post: Post, answers: list[WeComError | None], wait_s: int, calls: int, state: str
) -> None:
    line = Line(*answers)
    post.sender.close()
    sender = sender_of(post.services, post.clock, line)  # type: ignore[arg-type]  # what it needs of it
    post.put("digest:x", to=address_of("south-branch"))
    for _ in range(4):
        post.drain(sender)
        post.clock.pass_(wait_s)
    sender.close()

    assert (line.calls, post.states()["digest:x"]) == (calls, state)


def test_what_a_killed_sender_left_open_is_not_posted_again(post: Post) -> None:
    post.put("digest:x", to=address_of("south-branch"))
    (due,) = post.services.store.outbox.due(real_now=int(post.clock()), clock_now=int(post.clock()), batch=9)
    post.services.store.outbox.begin(due.seq, request=b"digest:x", now=int(post.clock()))  # killed here
    post.drain()

    assert post.states()["digest:x"] == "unknown"
    assert posts(post) == []


def test_a_robot_that_is_no_longer_configured_posts_nothing(post: Post) -> None:
    post.put("digest:x", to=address_of("gone"))
    post.drain()

    assert post.states()["digest:x"] == "failed"


def test_a_refusal_holds_for_its_configuration_only(any_place: Path | str) -> None:
    store = Store(any_place)
    try:
        off = store.robots.switch_off("a", configured="1", errcode=93000, error="gone", now=5)
        again = store.robots.switch_off("a", configured="1", errcode=93004, error="later", now=6)
        same, other = store.robots.off({"a": "1"}), store.robots.off({"a": "2"})
        anew = store.robots.switch_off("a", configured="2", errcode=93004, error="again", now=7)
        store.robots.forget_changed({"a": "2", "b": "1"})
        kept = store.robots.all()
        store.robots.forget_changed({})

        assert (off, again, anew) == (True, False, True)
        assert ([one.errcode for one in same.values()], other) == ([93000], {})
        assert [(one.errcode, one.since) for one in kept] == [(93004, 7)]
        assert store.robots.all() == []
    finally:
        store.close()
