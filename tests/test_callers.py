"""`[server] callback_ips = "wecom"`: WeCom's own addresses alone may call; no list shuts out everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from builders.e2e import COMMAND_NOW, FakeTime, Quotabot, command_here, until
from builders.pages import beside_wecom
from builders.service import Callback, contact_event, logged, running, sealed
from structlog.typing import EventDict

from bot.app import service
from bot.app.bootstrap import forget_other_app
from bot.features.callers import addresses
from bot.features.callers.addresses import MARK, find_problem, renewing
from bot.features.callers.rules import LONGEST_S, RENEW_S
from bot.features.status.report import list_degraded
from bot.services import Services
from bot.web import receiver
from sandbox.server import RunningServer
from sandbox.wxcrypto import Codec

LISTED, STRANGER = "203.0.113.10", "198.51.100.1"
REFUSED = "address: not one of WeCom's (getcallbackip); is trusted_proxies right?"


@dataclass
class Beside:
    """An installation beside a WeCom that calls from LISTED, and the installation's clock."""

    services: Services
    wecom: RunningServer

    @property
    def clock(self) -> FakeTime:
        clock = self.services.clock
        assert isinstance(clock, FakeTime)
        return clock

    def lists(self, *entries: str) -> None:
        """Let WeCom list these from now on."""
        self.wecom.world.api = replace(self.wecom.world.api, callback_ips=entries)

    def asked(self) -> int:
        return sum(call.path == "getcallbackip" for call in self.wecom.world.calls)

    def refused(self) -> int:
        """What the metric says of callbacks that were refused for their address."""
        return self.services.store.counters.all().get("callbacks", {}).get("address", 0)

    def callback(self) -> Callback:
        app = self.wecom.world.app
        codec = Codec(token=app.callback_token, aes_key=app.callback_aes_key, receive_id=app.corp_id)
        return sealed(contact_event(), codec=codec)


@contextmanager
def opened(folder: Path, *, server: str = 'callback_ips = "wecom"') -> Iterator[Beside]:
    with beside_wecom(folder, server=server) as (services, wecom):
        beside = Beside(services, wecom)
        beside.lists(LISTED)
        yield beside


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Beside]:
    with opened(tmp_path) as beside:
        yield beside


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EventDict]]:
    monkeypatch.setattr(receiver, "_PAUSE_S", 3600.0)  # a line of each failed check, however slow we are
    with logged(receiver) as entries:
        yield entries


@contextmanager
def server_door(beside: Beside) -> Iterator[Callable[[str], int]]:
    """The built-in server, behind a trusted proxy that names the caller."""
    with running(beside.services) as site:

        def post(address: str) -> int:
            one = beside.callback()
            return site.ask("POST", one.target, one.body, headers={"X-Forwarded-For": address}).status

        yield post


@contextmanager
def flask_door(beside: Beside) -> Iterator[Callable[[str], int]]:
    """The application under any WSGI server, without a proxy."""
    with service.open_app(beside.services) as (app, _):

        def post(address: str) -> int:
            one = beside.callback()
            return (
                app.test_client()
                .post(one.target, data=one.body, environ_overrides={"REMOTE_ADDR": address})
                .status_code
            )

        yield post


BOTH_DOORS = pytest.mark.parametrize("door", [server_door, flask_door])


@BOTH_DOORS
def test_wecoms_addresses_are_admitted_and_others_refused_before_anything_else(
    here: Beside, door: Callable[..., Iterator[Callable[[str], int]]], lines: list[EventDict]
) -> None:
    renewing()(here.services)
    before = here.refused()
    with door(here) as post:
        statuses = post(LISTED), post(STRANGER), post("garbage"), post(LISTED)

    assert statuses == (200, 403, 403, 200)
    assert [(line["status"], line["reason"], line["peer"]) for line in lines] == [(403, REFUSED, STRANGER)]
    assert here.services.store.inbox.depth(now=0).pending == 1
    assert here.refused() - before == 2


@BOTH_DOORS
@pytest.mark.parametrize(
    "entries", [pytest.param((), id="empty"), pytest.param((LISTED, "wecom.example"), id="one is unclear")]
)
def test_a_list_that_cannot_be_used_admits_everybody_and_says_so(
    here: Beside, door: Callable[..., Iterator[Callable[[str], int]]], entries: tuple[str, ...]
) -> None:
    renewing()(here.services)
    here.clock.pass_(RENEW_S)
    here.lists(*entries)
    with logged(addresses) as said:
        renewing()(here.services)
    with door(here) as post:
        status = post(STRANGER)

    assert status == 200
    assert [line["event"] for line in said] == ["WeCom's addresses for callbacks were not read"]
    assert [part["part"] for part in list_degraded(here.services)] == ["callers"]


def test_before_the_first_list_everybody_is_admitted(here: Beside) -> None:
    with flask_door(here) as post:
        assert post(STRANGER) == 200
    assert find_problem(here.services) is not None


def test_a_list_over_seven_days_old_admits_everybody(here: Beside) -> None:
    renewing()(here.services)
    here.clock.pass_(LONGEST_S)
    at_the_edge = find_problem(here.services)
    here.clock.pass_(1)

    assert (at_the_edge, find_problem(here.services) is None) == (None, False)
    with flask_door(here) as post:
        assert post(STRANGER) == 200


def test_by_default_the_address_does_not_matter_and_wecom_is_not_asked(tmp_path: Path) -> None:
    with opened(tmp_path, server="") as beside:
        renewing()(beside.services)
        with flask_door(beside) as post:
            assert post(STRANGER) == 200
        assert (beside.asked(), find_problem(beside.services)) == (0, None)


def test_the_list_is_renewed_once_a_day(here: Beside) -> None:
    renew = renewing()
    for _ in range(3):
        renew(here.services)
    first = here.asked()
    here.clock.pass_(RENEW_S)
    here.lists(STRANGER)
    renew(here.services)
    renew(here.services)

    assert (first, here.asked()) == (1, 2)
    assert STRANGER in str(here.services.store.marks.get(MARK))


def test_a_refused_question_keeps_the_list_and_is_logged_once(
    here: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_RETRY_S", 0.0)
    renew = renewing()
    renew(here.services)
    here.clock.pass_(RENEW_S)
    here.wecom.world.api = replace(here.wecom.world.api, trusted_ips=("203.0.113.9",))
    with logged(addresses) as said:
        renew(here.services)
        renew(here.services)

    assert [line["event"] for line in said] == ["WeCom's addresses for callbacks were not read"]
    assert "60020" in said[0]["reason"]
    assert LISTED in str(here.services.store.marks.get(MARK))


def test_after_a_refusal_wecom_is_left_alone_for_a_while(here: Beside) -> None:
    here.lists()
    renew = renewing()
    for _ in range(3):
        renew(here.services)

    assert here.asked() == 1


def test_of_several_workers_one_asks(here: Beside) -> None:
    here.lists()
    other = replace(here.services, holder="another")
    renewing()(here.services)
    renewing()(other)

    assert here.asked() == 1


def test_a_running_service_reads_the_list_and_uses_it(here: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "RENEW_LOOK_S", 0.05)
    monkeypatch.setattr(addresses, "LOOK_S", 0.05)
    with running(here.services, role="all") as site:

        def post(address: str) -> int:
            one = here.callback()
            return site.ask("POST", one.target, one.body, headers={"X-Forwarded-For": address}).status

        until(lambda: post(STRANGER) == 403)
        assert post(LISTED) == 200


def test_a_callback_costs_no_read_of_the_store(here: Beside) -> None:
    renewing()(here.services)
    callers = addresses.Callers(here.services)
    here.services.store.marks.clear(MARK)

    assert (callers.admits(LISTED), callers.admits(STRANGER)) == (True, False)
    callers.look()
    assert callers.admits(STRANGER)


def test_the_list_of_another_source_is_forgotten(here: Beside) -> None:
    forget_other_app(here.services)
    renewing()(here.services)
    here.services.store.marks.put("app", "another app, secret or source")
    forget_other_app(here.services)

    assert here.services.store.marks.get(MARK) is None


def test_a_flood_of_strangers_hides_no_wrong_signature(here: Beside, lines: list[EventDict]) -> None:
    renewing()(here.services)
    with service.open_app(here.services) as (app, _):
        for address, changes in ((STRANGER, {}), (STRANGER, {}), (LISTED, {"msg_signature": "0" * 40})):
            one = here.callback().with_query(**changes)
            app.test_client().post(one.target, data=one.body, environ_overrides={"REMOTE_ADDR": address})

    assert [str(line["reason"]).partition(":")[0] for line in lines] == ["address", "signature"]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("zh-CN", "没有读到企业微信回调的来源 IP，或读到的已超过七天"),
        ("en", "WeCom's own addresses are not known"),
    ],
)
def test_status_says_it_in_both_languages(
    tmp_path: Path,
    language: str,
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with opened(tmp_path) as beside:
        path = beside.services.config.file
    path.write_text(
        f'{path.read_text(encoding="utf-8")}\n[locale]\nlanguage = "{language}"\n', encoding="utf-8"
    )
    quotabot: Quotabot = command_here(capsys, monkeypatch, now=COMMAND_NOW)

    assert sentence in quotabot("status", "--config", str(path)).out
