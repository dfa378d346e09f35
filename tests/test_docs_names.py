"""What users type and scripts read stands in the pages, and what stands there is known to the program."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import click
import pytest
from builders.docs import LANGUAGES, path_of, text_of
from flask import Flask

from bot.cli import main as entry
from bot.cli.main import cli, load_command
from bot.config import Config
from bot.config.shape import key_paths
from bot.core.outages import DOWN, REFUSED, SILENCE
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.features.health import Health
from bot.features.statements.proof import StatementCheck
from bot.messages.catalog import texts_in
from bot.services import Services
from bot.store.store import Store
from bot.store.troubles import Part
from bot.web import pages
from bot.web.app import create_app
from bot.web.peer import Peer
from scheduler.jobs import JOBS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
FENCE = re.compile(r"^```(?:sh|bash)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(quotabot [^`]*)`")
OUR_WORDS = re.compile(r"(?:^|[/\s])quotabot (.*)")
HELP = {"--help", "-h"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


FIRST_WORDS = {word: load_command(word) for word in entry.COMMANDS}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by its full name: `dead list`, not `list`."""
    for word, command in FIRST_WORDS.items():
        yield word, command
        if isinstance(command, click.Group):
            yield from ((f"{word} {short}", inner) for short, inner in command.commands.items())


def options(command: click.Command) -> set[str]:
    found = {name for parameter in command.params for name in parameter.opts if name.startswith("-")}
    return found | HELP


COMMANDS = dict(commands())


def invocations(page: Path) -> Iterator[str]:
    """What the page tells people to type after `quotabot`."""
    text = page.read_text(encoding="utf-8")
    for fence in FENCE.findall(text):
        for line in fence.replace("\\\n", " ").splitlines():
            if found := OUR_WORDS.search(line.split("#")[0]):
                yield found[1]
    yield from (span.removeprefix("quotabot ") for span in SPAN.findall(text))


def faults_of(invocation: str) -> list[str]:
    words = shlex.split(invocation)
    command: click.Command = cli
    faults = []
    for word in words:
        if word.startswith("-"):
            faults += [] if word.partition("=")[0] in options(command) else [f"no option {word}"]
        elif isinstance(command, click.Group):
            known = FIRST_WORDS if command is cli else command.commands
            if word not in known:
                faults.append(f"no command {word}")
                break
            command = known[word]
    return [f"{invocation}: {fault}" for fault in faults]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_that_a_page_shows_can_be_typed(page: Path) -> None:
    assert [fault for invocation in invocations(page) for fault in faults_of(invocation)] == []


@pytest.mark.parametrize(
    ("invocation", "fault"),
    [
        pytest.param("progess", "no command progess", id="a misspelt command"),
        pytest.param("dead bury event:1", "no command bury", id="a misspelt command of a group"),
        pytest.param("run progress --dryrun", "no option --dryrun", id="a misspelt option"),
        pytest.param("status --at now", "no option --at", id="an option of another command"),
    ],
)
def test_a_command_that_does_not_exist_is_found(invocation: str, fault: str) -> None:
    assert faults_of(invocation) == [f"{invocation}: {fault}"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_readmes_show_commands_at_all(language: str) -> None:
    shown = {invocation.split()[0] for invocation in invocations(path_of("README", language))}

    assert {"init", "demo", "check", "serve", "status", "run"} <= shown


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_stands_on_its_page_with_all_its_options(command: str, language: str) -> None:
    sections = re.split(r"^## ", text_of("commands", language), flags=re.MULTILINE)
    general, own = sections[0], [part for part in sections if part.startswith(f"`{command.split()[0]}`")]

    assert len(own) == 1
    assert command in own[0]
    assert [option for option in options(COMMANDS[command]) if option not in own[0] + general] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_commands_has_no_command_and_no_option_that_is_gone(language: str) -> None:
    page = text_of("commands", language)
    headings = re.findall(r"^## `([\w -]+)`", page, re.MULTILINE)
    known = {option for command in [cli, *COMMANDS.values()] for option in options(command)}

    assert headings == [heading for heading in headings if heading in COMMANDS]
    assert len(headings) == len(set(headings)) == len(FIRST_WORDS)
    assert set(re.findall(r"(?<![\w-])--[a-z][\w-]+", page)) - known == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_choices_of_options_stand_on_the_page(language: str) -> None:
    page = text_of("commands", language).replace("\\|", "|")
    choices = {
        "|".join(parameter.type.choices)
        for command in COMMANDS.values()
        for parameter in command.params
        if isinstance(parameter, click.Option) and isinstance(parameter.type, click.Choice)
    }

    assert choices
    assert [choice for choice in choices if choice not in page] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("job", JOBS)
def test_every_job_has_its_file_on_the_way_of_the_data(job: str, language: str) -> None:
    assert f"scheduler/{job}.py" in path_of("data-flow", language).read_text(encoding="utf-8")


@pytest.mark.parametrize("job", JOBS)
def test_every_job_stands_in_the_pages(job: str) -> None:
    assert job in text_of("messages", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_jobs_of_the_commands_and_of_the_configuration_are_those_of_the_program(language: str) -> None:
    run = text_of("commands", language).partition("\n## `run`\n")[2].partition("\n## ")[0]
    schedule = text_of("configuration", language).partition("\n## `[schedule]`\n")[2].partition("\n## ")[0]

    assert sorted(re.findall(r"^\| `(\w+)` \|", run, re.MULTILINE)) == sorted(JOBS)
    assert sorted(re.findall(r"^\| `(\w+)` \|", schedule, re.MULTILINE)) == sorted(JOBS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_of_the_configuration_has_its_heading(language: str) -> None:
    headings = set(re.findall(r"^## `\[+([a-z]+)", text_of("configuration", language), re.MULTILINE))

    assert {path.partition(".")[0].removesuffix("[]") for path in key_paths(Config)} == headings


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_of_a_row_and_every_status_is_explained(language: str) -> None:
    page = text_of("commands", language)

    assert [key for key in QuotaFigures.__dataclass_fields__ if f"`{key}`" not in page] == []
    assert [status.value for status in Status if f"`{status.value}`" not in page] == []


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "quotabot.db")
    yield opened
    opened.close()


@pytest.fixture
def app(store: Store) -> Flask:
    shown = [
        *pages.blueprints(
            language=lambda: "en", check_code=lambda *_, **__: StatementCheck(genuine=False), peer=Peer(())
        ),
        pages.own_pages(cast("Services", None)),  # for its paths only
    ]
    return create_app(
        receive=lambda *_: None, health=Health(store, probe=lambda: None), pages=shown, peer=Peer([])
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_path_stands_on_the_page_and_no_other(app: Flask, language: str) -> None:
    page = text_of("http", language)
    told = set(re.findall(r"^\| `[A-Z]+ (/[\w./-]+)` ", page, re.MULTILINE))
    served = {rule.rule for rule in app.url_map.iter_rules() if "<" not in rule.rule}

    assert told == served


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_status_of_a_callback_stands_on_the_page(language: str) -> None:
    receiver = (ROOT / "bot" / "web" / "receiver.py").read_text(encoding="utf-8")
    statuses = set(re.findall(r"(?:Refusal|reply)\((\d{3}),", receiver))

    assert {"200", "413", "503"} <= statuses
    assert [status for status in statuses if status not in text_of("http", language)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_of_readyz_stands_on_the_page_and_no_other(language: str) -> None:
    section = text_of("http", language).partition("\n## `readyz`\n")[2].partition("\n## ")[0]
    cells = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    health = (ROOT / "bot" / "features" / "health.py").read_text(encoding="utf-8")
    noted = {part.value for part in Part} - {Part.DELIVERY.value}  # shown as wecom
    parts = set(re.findall(r'"part": "(\w+)"', health)) | noted | {"inbox", "outbox"}

    assert {part for cell in cells for part in re.findall(r"`(\w+)`", cell)} == parts


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_and_outage_of_a_comparison_stands_on_its_page(language: str) -> None:
    page = text_of("sync", language)
    causes = texts_in("en").table("cli.sync.causes")
    table = page.partition("| `imported` |")[2].partition("\n\n")[0]
    told = {"imported", *re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)}

    assert [word for word in (*causes, DOWN, REFUSED, SILENCE) if f"`{word}`" not in page] == []
    assert told - set(causes) == set()


def logged(levels: str) -> set[str]:
    """Return the fixed sentences of the log with these levels, as `warning|error`."""
    call = re.compile(rf'\blog\.(?:{levels})\(\s*"([^"]+)"')
    files = [path for room in ("bot", "handlers", "scheduler") for path in (ROOT / room).rglob("*.py")]
    return {found for path in files for found in call.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_the_log_is_explained_to_operators(language: str) -> None:
    pages = text_of("operating", language) + text_of("troubleshooting", language)
    sentences = logged("warning|error|exception")

    assert len(sentences) > 10
    assert sorted(sentence for sentence in sentences if f"`{sentence}`" not in pages) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_of_log_sentences_has_none_that_is_gone_and_none_twice(language: str) -> None:
    table = text_of("operating", language).rpartition("\n## ")[2].partition("| --- |")[2]
    cells = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    told = [sentence for cell in cells for sentence in re.findall(r"`([^`]+)`", cell)]

    assert set(told) - logged("info|warning|error|exception") == set()
    assert len(told) == len(set(told))
