"""`quotabot help-json` and shell completion: programs and shells learn what the commands are."""

from __future__ import annotations

import re

import click
import pytest
from builders.docs import LANGUAGES, text_of
from builders.e2e import Quotabot, command, command_here
from click.shell_completion import BashComplete

from bot import __version__
from bot.cli import help_json as described
from bot.cli.main import COMMANDS, cli, load_command


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


def test_every_command_and_every_option_is_told(quotabot: Quotabot) -> None:
    report = quotabot("help-json").json()
    told = {one["name"]: one for one in report["commands"]}

    assert report["version"] == __version__
    assert set(COMMANDS) <= set(told)
    for name in COMMANDS:
        real = load_command(name)
        options = {option for one in told[name]["options"] for option in one["names"]}
        assert options == {opt for one in real.params if isinstance(one, click.Option) for opt in one.opts}
        if isinstance(real, click.Group):
            assert {f"{name} {short}" for short in real.commands} <= set(told)


def test_choices_defaults_and_environment_are_told(quotabot: Quotabot) -> None:
    told = {one["name"]: one for one in quotabot("help-json").json()["commands"]}
    options = {one["names"][0]: one for one in told["serve"]["options"]}
    (job,) = told["run"]["arguments"]

    assert options["--role"]["choices"] == ["all", "receiver", "worker"]
    assert options["--role"]["default"] == "all"
    assert options["--config"]["environment"] == "QUOTABOT_CONFIG"
    assert "progress" in job["choices"]
    assert (job["required"], job["multiple"]) == (True, False)
    assert told["review accept"]["arguments"][0]["multiple"] is True


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_exit_codes_are_those_of_the_page(quotabot: Quotabot, language: str) -> None:
    report = quotabot("help-json").json()
    page = text_of("commands", language)
    sections = dict(re.findall(r"^## `([\w-]+)`\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    one = {"en": "xit code 1", "zh-CN": "退出码 1"}[language]

    assert set(re.findall(r"^\| (\d) \|", page, re.MULTILINE)) == set(report["exit_codes"]) == {"0", "1", "2"}
    assert set(described._ONE) == set(COMMANDS)  # a new command says its own
    assert {name for name, text in sections.items() if re.search(rf"{one}\b", text)} == {
        name for name, says in described._ONE.items() if says not in (described._NEVER, "an unexpected fault")
    }


@pytest.mark.parametrize(
    ("words", "incomplete", "offered"),
    [
        pytest.param([], "rev", {"review"}, id="a command"),
        pytest.param(["dead"], "", {"list", "show", "retry", "drop"}, id="a command of a group"),
        pytest.param(["serve"], "--ro", {"--role"}, id="an option"),
        pytest.param(["serve", "--role"], "w", {"worker"}, id="a choice"),
        pytest.param(["run"], "prog", {"progress"}, id="a job"),
    ],
)
def test_shells_complete_commands_options_and_choices(
    words: list[str], incomplete: str, offered: set[str]
) -> None:
    completion = BashComplete(cli, {}, "quotabot", "_QUOTABOT_COMPLETE")

    assert {item.value for item in completion.get_completions(words, incomplete)} == offered


def test_the_console_script_gives_the_script_for_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_QUOTABOT_COMPLETE", "zsh_source")

    assert "compdef" in command().out
