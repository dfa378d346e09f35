"""`check --live`: each part of a good installation is OK, and each fault is one line with its remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import (
    CHINA,
    BotProcess,
    Quotabot,
    SandboxProcess,
    bot_process,
    command_here,
    rows_of,
    sandbox_process,
    until,
    write_config,
)
from builders.ports import free_port

from bot.app.bootstrap import wecom_client
from bot.cli.check_live import live_parts, part_for_people
from bot.config import load
from bot.features.live.check import check_parts
from bot.features.live.part import Part, PartState
from bot.features.people import directory
from bot.locales import languages
from bot.messages.catalog import texts_in
from bot.wecom.errors import AnswerError, stem_of
from bot.wecom.plain_http import HttpAnswer

FAR = '[schedule]\nsync = { at = "03:11", on = "every_day" }\n[admins]\nuserids = ["zg01", "zg02"]\n'
ALWAYS = {
    *("store", "disk", "clock", "token", "trusted_ip", "agent", "visible_range", "oauth_domain", "contacts"),
    *("contact_range", "lists", "engagement", "tags", "callback_check", "callback_event", "holidays"),
    *("next_holidays", "schedule", "roles", "quotas", "reviewers"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SandboxProcess, BotProcess, Path]]:
    """A running bot whose public address is its own, and the sandbox that it asks."""
    folder = tmp_path_factory.mktemp("live")
    with sandbox_process(folder) as sandbox:
        port = free_port()
        years = [datetime.now(CHINA).year, datetime.now(CHINA).year + 1]
        days = ", ".join(f"{year}-01-01" for year in years)  # whoever wrote days has seen to the year
        more = f"{FAR}[calendar]\nholidays = [{days}]\n"
        path = write_config(
            folder, app=sandbox.get("app"), api_url=sandbox.url, listen=f"127.0.0.1:{port}", more=more
        )
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("[server]", f'[server]\npublic_url = "http://127.0.0.1:{port}"'), encoding="utf-8"
        )
        sandbox.post("switches", {"api": {"redirect_domain": "127.0.0.1"}})
        with bot_process(path) as bot:
            yield sandbox, bot, path


@pytest.fixture
def sandbox(place: tuple[SandboxProcess, BotProcess, Path]) -> Iterator[SandboxProcess]:
    running = place[0]
    before = running.get("switches")["api"]
    yield running
    running.post("switches", {"api": before})
    running.post("faults", {"clear": True})


@pytest.fixture
def config(place: tuple[SandboxProcess, BotProcess, Path]) -> Path:
    return place[2]


def tried(config: Path) -> dict[str, Part]:
    return {part.name: part for part in live_parts(load(config, environ={}), texts_in("zh-CN"))}


def changed(config: Path, old: str, new: str) -> Path:
    """Return another file with *new* for *old*, beside the first, on the same store."""
    text = config.read_text(encoding="utf-8")
    assert old in text
    other = config.with_name("other.toml")
    other.write_text(text.replace(old, new), encoding="utf-8")
    return other


def test_a_good_installation_is_ok_in_every_part(sandbox: SandboxProcess, config: Path) -> None:
    parts = tried(config)

    assert {name: part.text for name, part in parts.items() if part.state is PartState.WRONG} == {}
    assert set(parts) - {"details"} == ALWAYS
    assert [part.name for part in parts.values() if part.state is PartState.SKIPPED] == []


def test_the_event_is_stored_and_ignored_and_ends_no_silence(sandbox: SandboxProcess, config: Path) -> None:
    before = sandbox.counts()
    tried(config)
    store = config.with_name("quotabot.db")

    def own() -> list[dict[str, Any]]:
        return rows_of(store, "SELECT state, kind FROM inbox WHERE kind = 'event/quotabot_check'")

    until(lambda: bool(own()))
    assert {row["state"] for row in own()} == {"ignored"}
    assert sandbox.counts() == before


@pytest.mark.parametrize(
    ("switches", "part", "words"),
    [
        pytest.param({"trusted_ips": ["203.0.113.9"]}, "trusted_ip", "加上 127.0.0.1", id="60020"),
        pytest.param({"contacts_api": False}, "contacts", "可调用接口的应用", id="48002"),
        pytest.param({"redirect_domain": ""}, "oauth_domain", "可信域名，填 127.0.0.1", id="no domain"),
        pytest.param({"redirect_domain": "a.cn"}, "oauth_domain", "后台填的是 a.cn", id="other domain"),
        pytest.param({"app_closed": True}, "agent", "应用已停用", id="disabled app"),
    ],
)
def test_what_the_console_lacks_is_named_with_its_menu(
    sandbox: SandboxProcess, config: Path, switches: dict[str, Any], part: str, words: str
) -> None:
    sandbox.post("switches", {"api": switches})
    parts = tried(config)

    assert parts[part].state is PartState.WRONG
    assert words in parts[part].text
    assert [other.name for other in parts.values() if other.state is PartState.WRONG] == [part]


@pytest.mark.parametrize(
    ("fault", "part", "words"),
    [
        pytest.param(
            {"token_error": {"errcode": 40001, "times": 50}}, "token", "该应用 → Secret", id="secret"
        ),
        pytest.param(
            {"token_error": {"errcode": 40013, "times": 50}}, "token", "企业信息 → 企业ID", id="corp"
        ),
        pytest.param({"read_error": {"errcode": 60011, "times": 50}}, "agent", "可见范围", id="60011"),
        pytest.param({"gateway": {"times": 50}}, "token", "行内代理", id="a gateway answers"),
    ],
)
def test_an_error_of_one_call_is_said_where_it_belongs(
    sandbox: SandboxProcess, config: Path, fault: dict[str, Any], part: str, words: str
) -> None:
    sandbox.post("faults", fault)  # often enough for the bot, too, which asks meanwhile
    wrong = [other for other in tried(config).values() if other.state is PartState.WRONG]

    assert wrong[0].name == part
    assert words in wrong[0].text


def test_somebody_outside_of_a_range_is_named(sandbox: SandboxProcess, config: Path) -> None:
    sandbox.post("scope", {"userid": "yg03", "in_scope": False})
    out_of_scope = tried(config)["contact_range"]
    sandbox.post("scope", {"userid": "yg03", "in_scope": True})
    sandbox.post("people", {"userid": "yg04", "visible": False})
    unseen = tried(config)["visible_range"]
    sandbox.post("people", {"userid": "yg04", "visible": True})

    assert (out_of_scope.state, unseen.state) == (PartState.WRONG, PartState.WRONG)
    assert "yg03" in out_of_scope.text
    assert "使用范围" in out_of_scope.text
    assert "yg04" in unseen.text


@pytest.mark.parametrize(
    ("old", "new", "part", "words"),
    [
        pytest.param('callback_token = "', 'callback_token = "X', "callback_check", "签名不符", id="token"),
        pytest.param("agent_id = ", "agent_id = 9", "agent", "同一页面复制", id="agent"),
        pytest.param('roles = ["客户经理"]', 'roles = ["行长"]', "quotas", "cm-monthly", id="empty quota"),
        pytest.param('userids = ["zg01", "zg02"]', "userids = []", "reviewers", "yg01", id="nobody decides"),
        pytest.param(
            "[schedule]\n",
            '[schedule]\nreminder = { at = "19:03", on = "workdays" }\n',
            "schedule",
            "reminder 19:03",
            id="timetable",
        ),
        pytest.param("quotabot.db", "nothing.db", "store", "quotabot serve", id="no store"),
    ],
)
def test_a_fault_of_the_file_is_found(
    sandbox: SandboxProcess, config: Path, old: str, new: str, part: str, words: str
) -> None:
    parts = tried(changed(config, old, new))

    assert parts[part].state is PartState.WRONG
    assert words in parts[part].text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        pytest.param("http://127.0.0.1:9", "quotabot serve 在运行吗", id="nothing listens"),
        pytest.param("SANDBOX", "返回 404", id="another server"),
    ],
)
def test_an_address_without_the_bot_is_said(
    sandbox: SandboxProcess, config: Path, address: str, words: str
) -> None:
    line = next(line for line in config.read_text(encoding="utf-8").splitlines() if "public_url" in line)
    other = changed(config, line, f'public_url = "{address.replace("SANDBOX", sandbox.url)}"')
    parts = tried(other)

    assert parts["callback_check"].state is PartState.WRONG
    assert words in parts["callback_check"].text


@pytest.mark.parametrize(("body", "words"), [(b"", "签名不符"), (b"<html>403 Forbidden</html>", "返回 403")])
def test_the_refusal_of_a_firewall_is_not_taken_for_the_bots(
    config: Path, monkeypatch: pytest.MonkeyPatch, body: bytes, words: str
) -> None:
    answer = HttpAnswer(status=403, headers={}, body=body, took_s=0.0)
    monkeypatch.setattr("bot.features.live.callback.fetch", lambda *_given, **_more: answer)
    parts = tried(config)

    assert words in parts["callback_check"].text


def at_time(config: Path, moment: datetime) -> dict[str, Part]:
    """Try every part as if this machine's clock said *moment*."""
    read = load(config, environ={})
    people = directory.build_directory(read, directory.read_files(read), None)
    with closing(wecom_client(read)) as client:
        parts = check_parts(read, None, people, client, texts_in("zh-CN"), now=moment.timestamp)
        return {part.name: part for part in parts}


def test_a_clock_that_differs_from_wecoms_is_said(sandbox: SandboxProcess, config: Path) -> None:
    clock = at_time(config, datetime(2061, 3, 3, 12, tzinfo=CHINA))["clock"]

    assert clock.state is PartState.WRONG
    assert "timedatectl" in clock.text


def test_a_year_without_a_decree_is_a_fault_from_december_on(sandbox: SandboxProcess, config: Path) -> None:
    november = at_time(config, datetime(2061, 11, 30, 12, tzinfo=CHINA))
    december = at_time(config, datetime(2061, 12, 1, 12, tzinfo=CHINA))

    assert november["holidays"].state is PartState.WRONG
    assert november["next_holidays"].state is PartState.NOTE
    assert december["holidays"].state is PartState.WRONG


def test_no_way_to_wecom_skips_what_needs_it(config: Path, sandbox: SandboxProcess) -> None:
    parts = tried(changed(config, f'api_base_url = "{sandbox.url}"', 'api_base_url = "http://127.0.0.1:9"'))

    assert parts["address"].state is PartState.WRONG
    assert "proxy" in parts["address"].text
    assert parts["token"].state is PartState.SKIPPED
    assert parts["callback_event"].state is PartState.OK


def test_the_command_exits_with_1_and_speaks_to_programs(
    sandbox: SandboxProcess,
    config: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    good = quotabot("check", "--live", "--config", str(config))
    sandbox.post("switches", {"api": {"contacts_api": False}})
    bad = quotabot("check", "--live", "--config", str(config), "--format", "json")
    report = json.loads(bad.out)

    assert good.code == 0, good.out
    assert "OK  Secret 和 token：能取到" in good.out
    assert bad.code == 1
    assert report["ok"] is False
    (contacts,) = (part for part in report["live"] if part["part"] == "contacts")
    assert contacts["state"] == "wrong"
    assert contacts["text"].endswith("可调用接口的应用: add the app")  # programs read one language
    words = {part["part"]: part["text"] for part in report["live"]}
    assert words["token"] == "WeCom gives one"  # for programs, whatever [locale] says
    assert quotabot("check", "--config", str(config)).code == 0


@pytest.mark.parametrize("language", languages())
def test_each_part_has_a_name_and_no_secret_is_shown(
    sandbox: SandboxProcess, config: Path, language: str
) -> None:
    read = load(changed(config, "[admins]", f'[locale]\nlanguage = "{language}"\n[admins]'), environ={})
    lines = [part_for_people(part, read) for part in live_parts(read, texts_in(language))]
    names = texts_in(language).table("live.parts")

    assert all(any(name in line for name in names.values()) for line in lines)
    for secret in (read.wecom.secret, read.wecom.callback_token, read.wecom.callback_aes_key):
        assert not [line for line in lines if secret.get_secret_value() in line]


def test_the_address_that_wecom_names_is_in_the_error() -> None:
    stem = stem_of("not allow to access from your ip, hint: [1], from ip: 203.0.113.7, more info at x")

    assert AnswerError(60020, stem).address == "203.0.113.7"
    assert "203.0.113.7" in str(AnswerError(60020, stem))
    assert AnswerError(40001, stem_of("invalid credential, from ip: 203.0.113.7, x")).address == ""
