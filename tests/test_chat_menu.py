"""The app's menu: created in WeCom, and each of its buttons is a word that is understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from builders.e2e import Quotabot, command_here, write_config, write_roster
from builders.sandbox import TODAY, Api, make_api

from bot.features.chat.answer import REPLIES
from bot.features.chat.commands import ParsedCommand, parse_command
from bot.features.chat.menu import groups, menu
from bot.store.store import Store
from sandbox.branch import make_branch
from sandbox.server import start
from sandbox.world import World


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_each_button_is_a_word_that_has_an_answer(language: str) -> None:
    keys = [button["key"] for group in menu(language=language)["button"] for button in group["sub_button"]]
    words = [word for _, buttons in groups(language=language) for word in buttons]

    assert [parse_command(key) for key in keys] == [ParsedCommand(command=word) for word in words]
    assert set(words) <= set(REPLIES)


@pytest.fixture
def world() -> Iterator[World]:
    made = World(make_branch(seed=7, today=TODAY))
    with start(made) as sandbox:
        made.callback_url = sandbox.url  # kept here for the configuration only
        yield made


def quotabot(
    folder: Path, world: World, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch, more: str = ""
) -> Quotabot:
    write_roster(folder, "yg01,员工甲,11,客户经理,,,,")
    config = write_config(folder, app=asdict(world.app), api_url=world.callback_url, more=more)
    Store(folder / "quotabot.db").close()  # the command makes none
    patch.setenv("QUOTABOT_CONFIG", str(config))
    return command_here(capsys, patch)


def test_push_replaces_the_menu_in_the_language_of_the_file(
    tmp_path: Path, world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = quotabot(tmp_path, world, capsys, monkeypatch, '[locale]\nlanguage = "en"\n')

    done = run("menu", "push")

    assert (done.code, done.out.splitlines()[0]) == (0, "Mine: Progress · List · Rank · Rules · Privacy")
    assert world.menu == menu(language="en")


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_push_renews_a_kept_token_that_wecom_refuses(
    tmp_path: Path,
    world: World,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    errcode: int,
) -> None:
    """Kind: an error judged without the call that it belongs to."""
    run = quotabot(tmp_path, world, capsys, monkeypatch)
    assert run("menu", "push").code == 0
    world.faults.arm({"read_error": {"errcode": errcode, "times": 1}})
    done = run("menu", "push")

    assert (done.code, done.err) == (0, "")
    assert world.tokens.calls == 2


def test_push_says_why_wecom_refuses(
    tmp_path: Path, world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = quotabot(tmp_path, world, capsys, monkeypatch)
    world.faults.untrusted_ip = True

    done = run("menu", "push")

    assert done.code == 1
    assert "60020" in done.err
    assert world.menu is None


# --- the sandbox's side ---


@pytest.fixture
def api() -> Api:
    return make_api()


def create(api: Api, body: object, **query: str) -> int:
    given = {"access_token": api.token, "agentid": str(api.world.app.agent_id)} | query
    answer = api.client.post("/cgi-bin/menu/create", query_string=given, json=body)
    return int(answer.json["errcode"])


BUTTON = {"type": "click", "name": "进度", "key": "progress"}


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        pytest.param({"button": [BUTTON]}, 0, id="one button"),
        pytest.param({"button": []}, 40016, id="none"),
        pytest.param({"button": [BUTTON] * 4}, 40016, id="four groups"),
        pytest.param({"button": [{**BUTTON, "name": "六个汉字太长"}]}, 40018, id="17 bytes and more"),
        pytest.param({"button": [{**BUTTON, "type": "shake"}]}, 40017, id="an unknown type"),
        pytest.param({"button": [{**BUTTON, "key": ""}]}, 40019, id="no key"),
        pytest.param({"button": [{"name": "我的", "sub_button": [BUTTON] * 6}]}, 40023, id="six below"),
        pytest.param(
            {"button": [{"name": "我的", "sub_button": [{**BUTTON, "name": "长" * 14}]}]},
            40025,
            id="41 bytes below",
        ),
    ],
)
def test_what_menu_create_refuses(api: Api, body: object, errcode: int) -> None:
    assert create(api, body) == errcode
    assert (api.world.menu is not None) is (errcode == 0)


def test_a_menu_is_shown_and_removed(api: Api) -> None:
    agent = str(api.world.app.agent_id)
    create(api, menu(language="zh-CN"))

    there = api.read("menu/get", agentid=agent).json
    removed = api.read("menu/delete", agentid=agent).json["errcode"]

    assert there["button"] == menu(language="zh-CN")["button"]
    assert (removed, api.read("menu/get", agentid=agent).json["errcode"]) == (0, 46003)
    assert create(api, menu(language="en"), agentid="9") == 301002
