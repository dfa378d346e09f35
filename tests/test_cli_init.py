"""`quotabot init`: the file passes `check` in shadow mode, secrets are private, nothing is overwritten."""

from __future__ import annotations

import base64
import io
import stat
from pathlib import Path

import pytest
from builders.e2e import Quotabot, command_here

from bot.app.starter import store_url
from bot.config import load
from bot.locales import languages

OPTIONS = {
    "--language": "en",
    "--source": "wecom",
    "--corp-id": "ww0123456789abcdef",
    "--agent-id": "1000002",
    "--secret-env": "MADE_UP_SECRET",
    "--public-url": "https://quota.example.com/",
    "--admins": "lisi, WangWu",
    "--target": "30",
}
ANSWERS = ["en", "csv", "ww0123456789abcdef", "1000002", "made-up", "https://quota.example.com", "lisi", "30"]


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Quotabot:
    monkeypatch.setenv("MADE_UP_SECRET", "made-up")
    monkeypatch.setenv("QUOTABOT_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return command_here(capsys, monkeypatch)


def options(**changed: str) -> list[str]:
    given = OPTIONS | {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
    return [word for pair in given.items() for word in pair]


@pytest.mark.parametrize("source", ["wecom", "csv"])
@pytest.mark.parametrize("language", languages())
def test_the_file_passes_the_check_in_shadow_mode(
    quotabot: Quotabot, tmp_path: Path, language: str, source: str
) -> None:
    done = quotabot("init", *options(language=language, source=source))
    checked = quotabot("check", "--format", "json").json()
    config = load(tmp_path / "config.toml", environ={"MADE_UP_SECRET": "made-up"})

    assert done.code == 0
    assert (checked["ok"], checked["faults"]) == (True, [])
    assert not [line for line in checked["warnings"] if "decree" not in line]
    assert (config.rollout.mode, config.locale.language, config.directory.source) == (
        "shadow",
        language,
        source,
    )
    assert config.admins.userids == ("lisi", "wangwu")
    assert config.quotas[0].target == 30


def test_token_and_key_are_new_each_time_and_what_the_console_takes(
    quotabot: Quotabot, tmp_path: Path
) -> None:
    made = []
    for name in ("one", "two"):
        path = tmp_path / name / "config.toml"
        done = quotabot("init", *options(), "--config", str(path))
        wecom = load(path, environ={"MADE_UP_SECRET": "made-up"}).wecom
        made.append((wecom.callback_token.get_secret_value(), wecom.callback_aes_key.get_secret_value()))
        assert all(value in done.out for value in made[-1])

    assert made[0][0] != made[1][0]
    assert made[0][1] != made[1][1]
    assert all(len(base64.b64decode(key + "=", validate=True)) == 32 for _, key in made)


def test_the_steps_name_the_menus_and_what_to_paste(quotabot: Quotabot) -> None:
    printed = quotabot("init", *options()).out

    for words in (
        "企业ID must be ww0123456789abcdef",
        "AgentId 1000002",
        "可见范围",
        "接收消息 → 设置API接收",
        "URL             https://quota.example.com/callback",
        "外部联系人变更回调",
        "企业可信IP",
        "可调用接口的应用",
        "可信域名: quota.example.com",
        "quotabot check --live",
    ):
        assert words in printed
    assert "made-up" not in printed


def test_secrets_are_files_that_only_the_owner_may_read(
    quotabot: Quotabot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(ANSWERS) + "\n"))
    done = quotabot("init")
    files = {file.name: file for file in (tmp_path / "secrets").iterdir()}

    assert done.code == 0
    assert set(files) == {"wecom_secret", "callback_token", "callback_aes_key"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files.values()} == {0o600}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    text = (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert not any(file.read_text(encoding="utf-8").strip() in text for file in files.values())
    assert load(tmp_path / "config.toml", environ={}).wecom.secret.get_secret_value() == "made-up"


@pytest.mark.parametrize("there", ["config.toml", "secrets/callback_token"])
def test_nothing_is_overwritten(quotabot: Quotabot, tmp_path: Path, there: str) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / there).write_text("mine", encoding="utf-8")
    done = quotabot("init", *options())

    assert done.code == 2
    assert f"{there} exists already" in done.err
    assert (tmp_path / there).read_text(encoding="utf-8") == "mine"
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [tmp_path / there]


def test_a_roster_that_is_there_stays(quotabot: Quotabot, tmp_path: Path) -> None:
    roster = "userid,name,department,role,leader_of,joined_on,left_on,share\nlisi,A,1,,,,,\nwangwu,B,1,,,,,\n"
    (tmp_path / "roster.csv").write_text(roster, encoding="utf-8")
    done = quotabot("init", *options(source="csv"))

    assert done.code == 0
    assert (tmp_path / "roster.csv").read_text(encoding="utf-8") == roster


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        pytest.param("corp_id", "1000002", "must be ww", id="corp id"),
        pytest.param("public_url", "quota.example.com", "https://", id="address"),
        pytest.param("admins", "@all", "must be a WeCom userid", id="everybody"),
        pytest.param("admins", " ", "must be a WeCom userid", id="nobody"),
        pytest.param("agent_id", "0", "--agent-id", id="agent"),
    ],
)
def test_a_wrong_option_is_bad_usage_and_writes_nothing(
    quotabot: Quotabot, tmp_path: Path, option: str, value: str, allowed: str
) -> None:
    done = quotabot("init", *options(**{option: value}))

    assert done.code == 2
    assert allowed in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_is_not_set_is_named_and_writes_nothing(quotabot: Quotabot, tmp_path: Path) -> None:
    done = quotabot("init", *options(language="en", secret_env="NOT_SET"))

    assert done.code == 2
    assert "NOT_SET is not set" in done.err
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_a_wrong_answer_is_asked_again(
    quotabot: Quotabot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [*ANSWERS[:2], "1000002", *ANSWERS[2:]]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(answers) + "\n"))
    done = quotabot("init")

    assert done.code == 0
    assert "must be ww" in done.err


def test_where_nobody_answers_the_missing_option_is_named(quotabot: Quotabot, tmp_path: Path) -> None:
    done = quotabot("init", "--language", "en", "--source", "csv")

    assert done.code == 2
    assert "give --corp-id" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("state", "path", "url"),
    [
        ("", "config.toml", "sqlite:///var/quotabot.db"),
        ("", "/etc/quotabot/config.toml", "sqlite:////var/lib/quotabot/quotabot.db"),
        ("", "/etc/config.toml", "sqlite:///var/quotabot.db"),
        ("/var/lib/mounted", "/etc/quotabot/config.toml", "sqlite:////var/lib/mounted/quotabot.db"),
    ],
)
def test_the_store_lies_where_the_service_may_write(state: str, path: str, url: str) -> None:
    assert store_url(Path(path), {"STATE_DIRECTORY": state}) == url
