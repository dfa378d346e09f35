"""New customers are greeted once, soon, and only where WeCom gives a code for it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from builders.copy import put_events
from builders.e2e import change, command_here, far_schedule, rows_of, until, where, write_config, write_roster
from builders.sandbox import TODAY
from builders.service import contact_event, logged, running, services

from bot.app.bootstrap import open_services
from bot.config import load
from bot.features import welcome
from bot.features.health import Health
from bot.features.metrics import metrics_text
from bot.services import Services
from bot.store.engine import StoreBusyError
from bot.store.welcomes import WelcomeState
from bot.wecom import events
from bot.wecom.welcome import Greeting
from handlers import welcomes
from handlers.inbox import work_off
from handlers.router import Router
from sandbox.branch import make_branch
from sandbox.callbacks import CallbackSender
from sandbox.events import compose
from sandbox.server import RunningServer, start
from sandbox.world import World

ENABLED = "[welcome]\nenabled = true\n"


@pytest.fixture
def bot(tmp_path: Path, place: Path | str) -> Iterator[tuple[Services, list[Greeting]]]:
    """An installation whose greetings go into a list."""
    rest = f'[store]\nurl = "{place}"\n' if isinstance(place, str) else ""
    with services(tmp_path, rest=ENABLED + rest) as opened:
        greeted: list[Greeting] = []
        opened.greet = greeted.append
        yield opened, greeted


def put(opened: Services, *bodies: bytes) -> None:
    """As the receiver stores them."""
    put_events(opened.store, list(bodies))


def came(code: str, *, age_s: int = 0, change: str = "add_external_contact", customer: str = "wm1") -> bytes:
    extra = f"<WelcomeCode><![CDATA[{code}]]></WelcomeCode>" if code else ""
    return contact_event(change, customer=customer, at=int(time.time()) - age_s, extra=extra)


def counts(opened: Services) -> Mapping[WelcomeState, int]:
    return opened.store.welcomes.counts(now=int(time.time())).states


def states(opened: Services) -> list[str]:
    return [row["state"] for row in rows_of(where(opened), "SELECT state FROM welcomes ORDER BY state")]


def test_two_different_deliveries_of_one_code_greet_once(bot: tuple[Services, list[Greeting]]) -> None:
    opened, greeted = bot
    put(opened, came("WC1"), came("WC1", age_s=1), came("WC2", customer="wm2"))

    work_off(opened)

    assert sorted(one.code for one in greeted) == ["WC1", "WC2"]
    assert states(opened) == ["claimed", "claimed"]


def test_half_an_add_is_greeted_too_and_an_add_without_a_code_is_not(
    bot: tuple[Services, list[Greeting]],
) -> None:
    opened, greeted = bot
    put(opened, came("WC1", change="add_half_external_contact"), came(""))

    work_off(opened)

    assert [one.code for one in greeted] == ["WC1"]


@pytest.mark.parametrize(("age_s", "greetings"), [(16, 1), (20, 0)], ids=["in time", "late"])
def test_after_18_seconds_it_is_dropped(
    bot: tuple[Services, list[Greeting]], age_s: int, greetings: int
) -> None:
    opened, greeted = bot
    put(opened, came("WC1", age_s=age_s))

    work_off(opened)

    assert len(greeted) == greetings
    assert states(opened) == ["claimed" if greetings else "dropped"]


def test_switched_off_it_claims_nothing(tmp_path: Path) -> None:
    with services(tmp_path) as opened:
        put(opened, came("WC1"))

        work_off(opened)  # nobody who greets is there: an attempt would fail

        assert states(opened) == []


def test_an_event_that_fails_after_its_claim_is_neither_claimed_nor_greeted(
    bot: tuple[Services, list[Greeting]],
) -> None:
    opened, greeted = bot
    broken = Router()

    @broken.on(events.ContactAdded)
    def fail(event: events.ContactAdded, services: Services) -> None:
        raise ValueError("made for the test")

    put(opened, came("WC1"))
    work_off(opened, router=Router.of(welcomes.router, broken))
    after_the_failure = (list(greeted), states(opened))
    change(opened, "UPDATE inbox SET next_try_at = 1")
    work_off(opened)

    assert after_the_failure == ([], [])
    assert [one.code for one in greeted] == ["WC1"]


def test_a_process_that_died_between_claim_and_call_does_not_greet_again(
    bot: tuple[Services, list[Greeting]],
) -> None:
    opened, greeted = bot
    opened.greet = lambda _greeting: None  # killed here
    put(opened, came("WC1"))
    work_off(opened)
    opened.greet = greeted.append

    put(opened, came("WC1", age_s=1))
    work_off(opened)

    assert greeted == []
    assert counts(opened)[WelcomeState.CLAIMED] == 1


def test_what_is_undone_as_a_whole_greets_nobody(bot: tuple[Services, list[Greeting]]) -> None:
    opened, greeted = bot
    put(opened, came("WC1"))
    broken = Router()

    @broken.on(events.ContactAdded)
    def fail(event: events.ContactAdded, services: Services) -> None:
        raise StoreBusyError("made for the test")

    with pytest.raises(StoreBusyError):
        work_off(opened, router=Router.of(welcomes.router, broken))
    after_the_failure = (list(greeted), states(opened))
    work_off(opened)

    assert after_the_failure == ([], [])
    assert [one.code for one in greeted] == ["WC1"]


def test_claims_of_earlier_days_are_not_counted_and_can_be_forgotten(
    bot: tuple[Services, list[Greeting]],
) -> None:
    opened, _ = bot
    now = int(time.time())
    for code, age in (("WC1", 10), ("WC2", 90_000), ("WC3", 900_000)):
        opened.store.welcomes.claim(code, happened_at=now - age, now=now - age)

    forgotten = opened.store.welcomes.forget(before=now - 800_000)

    assert counts(opened)[WelcomeState.CLAIMED] == 1
    assert (forgotten, len(states(opened))) == (1, 2)


def test_no_code_is_kept(bot: tuple[Services, list[Greeting]]) -> None:
    opened, _ = bot
    put(opened, came("WCsecret1"))

    with logged(welcomes) as lines:
        work_off(opened)

    (row,) = rows_of(where(opened), "SELECT * FROM welcomes")
    assert "WCsecret1" not in json.dumps([row, lines])


# --- with WeCom's stand-in ---


@pytest.fixture
def wecom() -> Iterator[RunningServer]:
    with start(World(make_branch(seed=7, today=TODAY))) as running:
        yield running


@pytest.fixture
def branch(tmp_path: Path, wecom: RunningServer) -> Iterator[Services]:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    config = write_config(
        tmp_path, app=asdict(wecom.world.app), api_url=wecom.url, more=ENABLED + far_schedule()
    )
    with open_services(load(config, environ={})) as opened:
        yield opened


def added(world: World) -> bytes:
    (event,) = compose(world, {"kind": "add", "userid": "yg01", "at": time.time()})
    return event.xml


def ended(opened: Services, state: WelcomeState, count: int = 1) -> bool:
    return counts(opened)[state] == count


def test_a_customer_reads_the_text_of_the_language(branch: Services, wecom: RunningServer) -> None:
    put(branch, added(wecom.world), added(wecom.world))

    with logged(welcome) as lines:
        work_off(branch)
        until(lambda: ended(branch, WelcomeState.SENT, 2))

    assert {one.content for one in wecom.world.welcomes.greetings} == {
        "您好，我是您的客户经理，请问有什么可以帮您？"
    }
    assert {line["event"] for line in lines} == {"customer greeted"}
    assert not {"userid", "code", "external_userid"} & {key for line in lines for key in line}


def test_a_running_service_greets_who_comes_by_callback(branch: Services, wecom: RunningServer) -> None:
    world = wecom.world
    with running(branch, role="all") as site:
        world.callback_url = f"http://127.0.0.1:{site.port}/callback"
        (event,) = compose(world, {"kind": "add", "userid": "yg01", "at": time.time()})
        CallbackSender(world).send([event])
        until(lambda: ended(branch, WelcomeState.SENT))

    assert [one.external_userid for one in world.welcomes.greetings] == [event.external_userid]


def test_what_wecom_refuses_is_counted_by_code_and_says_what_to_change(
    branch: Services,
    wecom: RunningServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wecom.world.faults.arm({"welcome_error": {"errcode": 48002, "times": 1}})
    put(branch, added(wecom.world))
    work_off(branch)
    health = Health(branch.store, probe=lambda: None)

    def told() -> list[dict[str, Any]]:
        return [part for part in health.report()["degraded"] if part["part"] == "welcome"]

    until(
        lambda: ended(branch, WelcomeState.REFUSED) and told() != []
    )  # the trouble is noted after the outcome
    degraded = told()
    metrics = metrics_text(health).decode()
    done = command_here(capsys, monkeypatch)("status", "--config", str(config_of(branch)))

    assert [part["errcode"] for part in degraded] == [48002]
    assert 'quotabot_welcomes_refused{errcode="48002"} 1.0' in metrics
    assert "欢迎语  已发 0，太迟 0，被拒 1（48002：1）" in done.out


def test_a_success_takes_the_trouble_back(branch: Services, wecom: RunningServer) -> None:
    wecom.world.faults.arm({"welcome_error": {"errcode": 48002, "times": 1}})
    for state in (WelcomeState.REFUSED, WelcomeState.SENT):
        put(branch, added(wecom.world))
        work_off(branch)
        until(lambda state=state: ended(branch, state))  # type: ignore[misc]  # bound now

    health = Health(branch.store, probe=lambda: None)
    until(lambda: not [part for part in health.report()["degraded"] if part["part"] == "welcome"])


def config_of(opened: Services) -> Path:
    place = where(opened)
    assert isinstance(place, Path)
    return place.parent / "config.toml"
