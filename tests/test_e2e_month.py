"""The demo's branch lives through a month; WeCom's rules, the cap of a day and working hours hold throughout.

Played are 30 days with 22 workdays and the close of November, by the timetable, in one process: the sandbox
checks every request of the outbox as it does for a call over HTTP. Each style has a sandbox of its own; the
month is lived through once for a language, since a row has the simpler styles in it, too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from builders.cards import receive
from builders.e2e import CHINA, FakeTime, installation, outbox_rows, write_config
from builders.messages import examples

from bot.features.delivery.deliver import DUPLICATE_CHECK_S, Delivery
from bot.features.robots.deliver import RobotDelivery
from bot.messages.forms import forms_of
from bot.services import Services
from bot.store.coordination import TOKEN
from bot.store.outbox import Due
from bot.wecom.errors import AnswerError
from bot.wecom.robot import robot_of
from bot.wecom.token import TokenKeeper
from sandbox import groups, sending
from sandbox.branch import employees, make_branch, write_files
from sandbox.clock import VirtualClock
from sandbox.errors import ApiError
from sandbox.events import compose
from sandbox.groups import KEY
from sandbox.history import history
from sandbox.world import World
from scheduler.runs import tick

FIRST, LAST = date(2026, 11, 9), date(2026, 12, 8)  # the settlement of November is on the last one
PER_DAY = 3
PUBLIC = "https://quota.example.com"
# What is due is looked for at each of these: before and after working hours and on weekends, too.
TIMES = ("08:29", "08:43", "09:08", "16:38", "17:24", "17:49", "17:59", "18:01")
QUOTAS = """
[[quotas]]
id = "cm-monthly"
roles = ["客户经理"]
period = "month"
target = 50
penalty = { flat = 300 }
[quotas.counting]
keep_days = 7
"""
MORE = f"""
[integrity]
shared_by = 5
burst = {{ adds = 15, minutes = 10 }}
quick_loss = {{ rate = 0.3, min_adds = 10 }}
[[robots]]
name = "branch"
webhook_key = "{KEY}"
posts = ["weekly"]
[schedule]
weekly = {{ at = "17:23", on = "last_workday_of_week" }}
"""
STYLES = ("card", "markdown", "text")
JOBS = {"progress", "reminder", "statement", "digest", "weekly", "close"}
NOT_IN_A_FIRST_LINE = ("元", "yuan", "落后", "!", "！")


@dataclass
class Wire:
    """The calls of the bot, answered by the sandbox's own checks of message/send; what came of each."""

    world: World
    clock: FakeTime
    told: list[tuple[datetime, str]] = field(default_factory=list)  # when, whom
    posted: list[datetime] = field(default_factory=list)
    refused: list[tuple[int, bytes]] = field(default_factory=list)

    def get_token(self) -> tuple[str, int]:
        app, now = self.world.app, self.clock()
        return self.world.tokens.issue(
            corp_id=app.corp_id, secret=app.secret, ip="", now=now, switches=self.world.api
        )

    def send_message(self, request: bytes, *, token: str) -> dict[str, Any]:
        call = self.world.new_call("message/send", ip="")
        with self._noting(request):
            answer = sending.send(self.world, token=token, raw=request, call=call)
        self.told.append((self.clock.moment, json.loads(request)["touser"]))
        return answer

    def post_to_robot(self, request: bytes, *, key: str) -> None:
        now, robots = self.clock(), self.world.robots
        with self._noting(request):
            groups.post(robots, key=key, raw=request, at=now, now=now, per_minute=20)
        self.posted.append(self.clock.moment)

    @contextmanager
    def _noting(self, request: bytes) -> Iterator[None]:
        try:
            yield
        except ApiError as error:
            self.refused.append((error.errcode, request))
            raise AnswerError(error.errcode) from None


@dataclass
class Month:
    """The installation, and for each style the sandbox that its messages go to."""

    services: Services
    wires: dict[str, Wire]
    delivery: Delivery

    def deliver(self) -> None:
        """Send what is due: in the configured style as the sender does, in the others beside it."""
        now = int(self.wires["card"].clock())
        for due in self.services.store.outbox.due(real_now=now, clock_now=now, batch=999):
            self.delivery.deliver(due, may_call=lambda: True)
            if robot_of(due.to_userid) is None:
                for style in STYLES[1:]:
                    self._send_beside(replace(due, msgtype=style))

    def _send_beside(self, due: Due) -> None:
        wire = self.wires[due.msgtype]
        request = {
            "touser": due.to_userid,
            "msgtype": due.msgtype,
            "agentid": wire.world.app.agent_id,
            due.msgtype: due.body,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": DUPLICATE_CHECK_S,
        }
        with suppress(AnswerError):  # the wire knows
            wire.send_message(json.dumps(request, ensure_ascii=False).encode(), token=wire.get_token()[0])


def moments() -> list[datetime]:
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    return [datetime.combine(day, time.fromisoformat(clock), CHINA) for day in days for clock in TIMES]


@contextmanager
def opened(folder: Path, *, language: str) -> Iterator[Month]:
    clock, branch = FakeTime(moments()[0]), make_branch(seed=7, today=LAST)
    wires = {
        style: Wire(World(branch, clock=VirtualClock(speed=1, real=clock), real=clock), clock)
        for style in STYLES
    }
    client: Any = wires["card"]
    client.world.callback_url = "http://127.0.0.1:1/callback"  # cards want one; nobody presses a button here
    write_files(branch, folder)
    more = f'{MORE}[locale]\nlanguage = "{language}"\n[messages]\nstyle = "card"\nper_day = {PER_DAY}\n'
    config = write_config(folder, app=asdict(branch.app), quotas=QUOTAS, more=more)
    known = config.read_text(encoding="utf-8")
    config.write_text(known.replace("[server]", f'[server]\npublic_url = "{PUBLIC}"'), encoding="utf-8")
    with installation(config, clock) as services:
        tokens = TokenKeeper(
            name=TOKEN,
            holder=services.holder,
            client=client,
            tokens=services.store.tokens,
            leases=services.store.leases,
            real_time=clock,
        )
        delivery = Delivery(
            agent_id=branch.app.agent_id,
            client=client,
            tokens=tokens,
            outbox=services.store.outbox,
            robots=RobotDelivery(services, client, real_time=clock),
            real_time=clock,
        )
        yield Month(services, wires, delivery)


def play(month: Month) -> None:
    """Let time pass: events come as they happen, jobs fire, and what is due is delivered."""
    services, wire = month.services, month.wires["card"]
    specs = history(wire.world.branch, until=datetime.combine(LAST, time(23), CHINA))
    tick(services)
    for before, moment in pairwise(moments()):
        began, ends = int(before.timestamp()), int(moment.timestamp())
        wire.clock.moment = moment
        fresh = [spec for spec in specs if began < int(str(spec["at"])) <= ends]
        receive(services, *(event.xml for spec in fresh for event in compose(wire.world, spec)))
        tick(services)
        month.deliver()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_wecom_refuses_nothing_of_a_month_and_nobody_is_told_too_much_or_too_late(
    tmp_path: Path, language: str
) -> None:
    with opened(tmp_path, language=language) as month:
        play(month)
        rows, calendar = outbox_rows(month.services), month.services.config.work_calendar()
    staff = {person.key for person in employees(month.wires["card"].world.branch)}
    people = [row for row in rows if robot_of(row["to_userid"]) is None]

    assert {row["job"] for row in people} == JOBS
    assert {(row["state"], row["refused_forms"], row["error"]) for row in rows} == {("sent", "", "")}
    assert Counter(row["to_userid"] for row in people if row["job"] == "close") == Counter(staff)
    assert not [
        row["content"] for row in people if any(map(first_line(row).__contains__, NOT_IN_A_FIRST_LINE))
    ]
    for style, wire in month.wires.items():
        assert wire.refused == []
        assert len(wire.told) == len(people), style
        assert not [call for call in wire.world.calls if call.dropped or call.invalid or call.duplicate_of]
        of_a_day = Counter((at.astimezone(CHINA).date(), userid) for at, userid in wire.told)
        assert max(of_a_day.values()) == PER_DAY  # it is reached, and never passed
        assert all(calendar.in_working_hours(at) for at, _ in wire.told)
    assert month.wires["card"].posted
    assert all(map(calendar.in_working_hours, month.wires["card"].posted))


def first_line(row: dict[str, Any]) -> str:
    return str(row["content"]).partition("\n")[0]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_simpler_style_is_what_a_card_would_fall_back_to(language: str) -> None:
    """What the month above relies on to play three styles at once."""
    for message in examples(language).values():
        card, markdown, text = (
            forms_of(message, style=style, language=language, task_id="qb-1", link=f"{PUBLIC}/about")
            for style in STYLES
        )

        assert [form.msgtype for form in markdown] == ["markdown", "text"]
        assert card[-2:] == markdown
        assert markdown[1:] == text
