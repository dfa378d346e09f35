"""Banks reach the outside through a proxy, and know its certificate: so does every call to WeCom."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from builders.e2e import ROOT, FakeTime, at, far_schedule, installation, until, write_config
from builders.outgoing import Proxy, bank_proxy
from builders.sandbox import make_world

from bot.app.bootstrap import open_reader, open_sender
from bot.services import Services
from bot.store.outbox import OutboxMessage
from bot.wecom.token import TokenError
from sandbox import server as sandbox_server
from sandbox.events import compose
from sandbox.world import World
from scheduler.sync import take_over

NOWHERE = "wecom.invalid"  # without the proxy nobody finds it
NOW = at("2026-11-23T12:00")
IMPORTS = re.compile(
    r"^\s*(?:import|from) (?:requests|urllib\.request|http\.client|httpx|wechatpy\.work import)", re.M
)
MAKES = re.compile(r"(?<!class )\b(?:WeComClient|Access)\(")


@pytest.fixture
def world() -> World:
    world, real = make_world()
    real.now = time.time()
    return world


@pytest.fixture
def proxy(tmp_path: Path, world: World) -> Iterator[Proxy]:
    with (
        sandbox_server.start(world) as wecom,
        bank_proxy(tmp_path, host=NOWHERE, server_port=wecom.port) as proxy,
    ):
        yield proxy


def config(folder: Path, world: World, *outgoing: str) -> Path:
    return write_config(
        folder,
        app=asdict(world.app),
        api_url=f"https://{NOWHERE}",
        wecom="\n".join(outgoing),
        more=far_schedule(),
        source="wecom",
    )


def send_one(services: Services) -> None:
    now = int(services.store.now())
    message = OutboxMessage(
        key="progress:1",
        job="progress",
        to_userid="yg01",
        content="今天加 2 位就够",
        msgtype="text",
        not_before=0,
        expires_at=2**40,
    )
    with services.store.transaction():
        services.store.outbox.add(message, created_at=now)
    with open_sender(services) as (sender, _):
        until(lambda: sender.step() > 0 and services.store.outbox.depth(now=now).pending == 0)


def read_one(services: Services, world: World) -> None:
    customer = compose(world, {"kind": "add", "userid": "yg01"})[0].external_userid
    with services.store.transaction():
        services.store.details.want("yg01", customer, now=int(services.store.now()))
    with open_reader(services) as reader:
        until(lambda: reader.step() > 0 and services.store.details.untried() == 0)


def test_every_kind_of_call_goes_through_the_proxy_and_trusts_its_ca(
    tmp_path: Path, world: World, proxy: Proxy
) -> None:
    outgoing = (f'proxy = "{proxy.url}"', f'ca_file = "{proxy.ca_file}"')
    with installation(config(tmp_path, world, *outgoing), FakeTime(NOW), real_time=time.time) as services:
        take_over(services, NOW)
        send_one(services)
        read_one(services, world)

    called = {call.path for call in world.calls}
    assert called >= {
        "gettoken",
        "message/send",
        "department/list",
        "user/list",
        "tag/list",
        "agent/get",
        "externalcontact/get",
        "externalcontact/get_corp_tag_list",
        "externalcontact/get_follow_user_list",
        "externalcontact/batch/get_by_user",
    }
    assert set(proxy.asked) == {f"CONNECT {NOWHERE}:443"}


def test_a_proxy_whose_ca_is_not_known_is_not_trusted(tmp_path: Path, world: World, proxy: Proxy) -> None:
    path = config(tmp_path, world, f'proxy = "{proxy.url}"')
    with (
        installation(path, FakeTime(NOW), real_time=time.time) as services,
        pytest.raises(TokenError, match="ca_file"),
    ):
        take_over(services, NOW)

    assert not world.calls


def test_no_other_file_opens_connections_of_its_own() -> None:
    texts = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for room in ("bot", "handlers", "scheduler")
        for path in (ROOT / room).rglob("*.py")
    }
    calling = {name for name, text in texts.items() if IMPORTS.search(text)}
    making = {name for name, text in texts.items() if MAKES.search(text)}

    # The demo plays the sandbox's people; it does not speak to WeCom. plain_http asks the own address, a
    # watcher, and a server for its clock.
    spoken = calling - {"bot/app/demo.py", "bot/app/demo_report.py"}
    assert spoken == {"bot/wecom/transport.py", "bot/wecom/plain_http.py"}
    assert making - {"bot/wecom/client.py"} == {"bot/app/bootstrap.py"}
