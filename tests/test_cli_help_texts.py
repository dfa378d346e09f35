"""`--help` and wrong usage are in the language of the installation, click's own sentences, too."""

from __future__ import annotations

import ast
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from builders.e2e import Quotabot, command, command_here, write_config
from rich.cells import cell_len

from bot.cli.help_texts import paragraphs
from bot.cli.main import COMMANDS, cli, load_command
from bot.locales import FOLDER

TABLES = tomllib.loads((FOLDER / "help" / "zh-CN.toml").read_text(encoding="utf-8"))
CHINESE, ENGLISH = {"LC_ALL": "zh_CN.UTF-8"}, {"LC_ALL": "en_US.UTF-8"}


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Quotabot:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", CHINESE["LC_ALL"])
    return command_here(capsys, monkeypatch)


def commands(found: click.Command, *words: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, found
    for name, inner in getattr(found, "commands", {}).items():
        yield from commands(inner if words else load_command(name), *words, name)


EVERY = list(commands(cli))


def said_by_us() -> set[str]:
    texts = {text for _, one in EVERY for text in paragraphs(one.help or "") if not text.startswith("\b")}
    options = [option for _, one in EVERY for option in one.params if isinstance(option, click.Option)]
    return texts | {str(option.help) for option in options}


def said_by_click() -> set[str]:
    """What click gives to gettext, by its sources."""
    found: set[str] = set()
    for file in Path(click.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_", "ngettext"}:
                found |= {str(one.value) for one in node.args if isinstance(one, ast.Constant)}
    return found


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_sentence_of_our_help_is_said_in_chinese_and_no_other() -> None:
    assert set(TABLES["help"]) == said_by_us()


def test_the_sentences_of_click_are_click_s() -> None:
    assert set(TABLES["click"]) - said_by_click() == {"required"}  # of an option, looked up by its name


def test_a_sentence_has_no_place_that_its_original_lacks() -> None:
    for english, chinese in {**TABLES["click"], **TABLES["help"]}.items():
        assert places(chinese) <= places(english), chinese


@pytest.mark.parametrize("words", [words for words, _ in EVERY], ids=" ".join)
def test_a_page_of_help_is_chinese_and_no_wider_than_a_terminal(
    quotabot: Quotabot, words: tuple[str, ...]
) -> None:
    done = quotabot(*words, "--help")
    lines = [line for line in done.out.splitlines() if not line.strip().startswith("quotabot ")]

    assert (done.code, done.err) == (0, "")
    assert lines[0].startswith(f"用法：quotabot {' '.join(words)}".rstrip())
    assert [line for line in lines if cell_len(line) > 80] == []
    assert not [text for text in said_by_us() if text in done.out]
    assert "  -h, --help" in done.out
    assert {"显示这份说明。"} <= set(done.out.split())


def test_the_list_of_commands_has_whole_sentences(quotabot: Quotabot) -> None:
    shown = "".join(quotabot("--help").out.split())

    for _, line in COMMANDS.values():
        assert "".join(TABLES["help"][line].split()) in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("frobnicate",), "错误：没有命令 'frobnicate'。"),
        (("status", "--fromat", "json"), "错误：没有选项 '--fromat'。 是不是 '--format'？"),
        (("serve", "--role", "king"), "错误：'--role' 的值不对：'king' 不在可选之列："),
        (("init", "--agent-id", "x"), "错误：'--agent-id' 的值不对：'x' 不是整数。"),
        (("complete", "--by", "IT"), "错误：缺少选项 '--reason'"),
        (("status", "now"), "错误：多了一个参数（now）"),
        (("restore",), "错误：缺少参数 'FILE'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage_is_told_in_chinese(quotabot: Quotabot, words: tuple[str, ...], said: str) -> None:
    done = quotabot(*words)

    assert done.code == 2
    assert said in done.err
    assert done.err.startswith("用法：quotabot")
    assert "请看“quotabot" in done.err


@pytest.mark.parametrize(("language", "usage"), [("en", "Usage: "), ("zh-CN", "用法：")])
@pytest.mark.parametrize("form", ["--config {}", "--config={}"])
def test_the_language_of_the_configuration_goes_before_that_of_the_terminal(
    quotabot: Quotabot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, usage: str, form: str
) -> None:
    monkeypatch.setenv("LC_ALL", (CHINESE if language == "en" else ENGLISH)["LC_ALL"])
    (tmp_path / "there").mkdir()
    config = write_config(tmp_path / "there", language=language)

    assert quotabot("status", *form.format(config).split(), "--help").out.startswith(usage)
    assert quotabot(*form.format(config).split(), "frobnicate").err.startswith(usage)


def test_without_a_configuration_the_terminal_says_the_language() -> None:
    assert command("run", "--help", environ=ENGLISH).out.startswith("Usage: quotabot run")
    assert command("run", "--help", environ=CHINESE).out.startswith("用法：quotabot run")
    assert "文件 'none.csv' 不存在。" in command("import", "facts", "none.csv", environ=CHINESE).err
    assert command("help-json", environ=CHINESE).json()["commands"][1]["summary"].startswith("Write a short")
