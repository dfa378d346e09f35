"""A start loads what its command uses, and nothing else. Measured by modules and files, never by time."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from builders.e2e import PATIENCE_S, ROOT, write_config, write_roster

from bot.cli.main import COMMANDS, cli, load_command
from bot.store.store import Store

# What takes long to import, by the name of its module.
HEAVY = {
    "PIL",
    "aiosql",
    "apscheduler",
    "cryptography",
    "flask",
    "granian",
    "holidays",
    "holidays.countries.albania",
    "httptools",
    "prometheus_client",
    "psycopg",
    "psycopg_pool",
    "pydantic",
    "pygments",
    "requests",
    "rich",
    "sandbox",
    "sqlite_utils",
    "structlog",
    "uvicorn",
    "wechatpy",
    "xlsxwriter",
}
LOG = {"structlog", "rich"}  # rich for tables alone
FILE = LOG | {"pydantic"}
STORE = FILE | {"aiosql"}  # sqlite_utils for a store that lacks steps of the schema
FIGURES = STORE | {"holidays"}
PROGRAM = """
import json, sys
from pathlib import Path

texts = set()
sys.addaudithook(
    lambda event, values: event == "open" and str(values[0]).endswith(".toml") and texts.add(str(values[0]))
)
from bot.cli.main import main

sys.argv = ["quotabot", *sys.argv[2:]]
code = 0
try:
    main()
except SystemExit as end:
    code = end.code or 0
loaded = {"code": code, "modules": sorted(sys.modules), "files": sorted(texts)}
Path(sys.orig_argv[-len(sys.argv)]).write_text(json.dumps(loaded), encoding="utf-8")
"""


@dataclass(frozen=True, slots=True)
class Start:
    """What a command had loaded at its end: modules, and the languages whose texts were read."""

    code: int
    modules: frozenset[str]
    languages: frozenset[str]

    @property
    def heavy(self) -> frozenset[str]:
        """Return the heavy ones among the modules."""
        return self.modules & HEAVY


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """A configuration with a roster and a new store, its texts in Chinese."""
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    Store(tmp_path / "quotabot.db").close()
    return write_config(tmp_path)


def start(folder: Path, *arguments: str, config: Path | None = None) -> Start:
    """Run `quotabot` as a process of its own and return what it loaded."""
    seen = folder / "loaded.json"
    words = [*arguments, *([] if config is None else ["--config", str(config)])]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(seen), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(seen.read_text(encoding="utf-8"))
    spoken = {Path(file).stem for file in told["files"] if Path(file).parent.name == "locales"}
    return Start(told["code"], frozenset(told["modules"]), frozenset(spoken))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("--help",), 0, id="help"),
        pytest.param(("--version",), 0, id="version"),
        pytest.param((), 2, id="nothing"),
    ],
)
def test_help_and_version_import_no_part_of_the_bot(
    tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    done = start(tmp_path, *arguments)

    assert done.code == code
    assert done.heavy == set()
    assert {name for name in done.modules if name.split(".")[0] in {"bot", "handlers", "scheduler"}} == {
        "bot",
        "bot.cli",
        "bot.cli.help_texts",
        "bot.cli.main",
        "bot.locales",
    }


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Run a *program* of Python in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )


def test_the_service_has_no_use_for_tables_and_colours() -> None:
    program = "import sys; from bot.cli.main import load_command; load_command('serve'); print(*sys.modules)"
    done = run(program)

    assert {"pygments", "rich.console", "rich.traceback", "structlog"} & set(done.stdout.split()) == {
        "structlog"
    }


def test_the_client_of_wecom_loads_one_half_of_wechatpy_and_no_guesser_of_encodings() -> None:
    program = """
import sys
from bot.wecom import client, crypto
access = client.Access(corp_id="ww1", secret="s", base_url="http://127.0.0.1:9")
client.WeComClient(access).close()
print(*sys.modules)
from wechatpy.work import parse_message  # whoever wants the whole of it gets it
"""
    done = run(program)
    loaded = set(done.stdout.split())

    assert done.stderr == ""
    assert {"requests", "wechatpy.work.client", "wechatpy.work.crypto"} <= loaded
    unused = {"chardet", "charset_normalizer", "wechatpy.pay", "wechatpy.component", "wechatpy.messages"}
    assert not unused & loaded


def test_the_list_of_commands_has_the_first_lines_of_their_own_help() -> None:
    commands = {name: load_command(name) for name in COMMANDS}

    assert list(cli.commands) == list(COMMANDS)
    assert {name: command.name for name, command in commands.items()} == {name: name for name in COMMANDS}
    assert {name: line for name, (_, line) in COMMANDS.items()} == {
        name: (command.help or "").splitlines()[0] for name, command in commands.items()
    }


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        pytest.param(("frobnicate",), LOG, id="no such command"),
        pytest.param(("texts", "--help"), FILE, id="help of texts"),
        pytest.param(("progress", "--help"), FILE, id="help of progress"),
        pytest.param(("run", "--help"), FILE, id="help of run"),
    ],
)
def test_the_help_of_a_command_opens_nothing(
    tmp_path: Path, arguments: tuple[str, ...], allowed: set[str]
) -> None:
    done = start(tmp_path, *arguments)

    assert done.heavy <= allowed
    assert done.languages == set()


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        pytest.param(("texts",), FILE, id="texts"),
        pytest.param(("check",), FIGURES, id="check"),
        pytest.param(("status",), FIGURES, id="status"),  # it tells whether the decree is known
        pytest.param(("dead", "list"), STORE, id="dead"),
        pytest.param(("verify", "AAAA-AAAA-AAAA"), FIGURES, id="verify"),
        pytest.param(("progress",), FIGURES, id="progress"),
        pytest.param(("explain", "yg01"), FIGURES, id="explain"),
        pytest.param(("review", "list"), FIGURES, id="review"),
        pytest.param(("close", "list"), FIGURES, id="close"),
        pytest.param(("quotas", "diff"), FIGURES, id="quotas"),
        pytest.param(("replay", "--check"), FIGURES, id="replay"),
        pytest.param(("run", "progress", "--dry-run"), FIGURES, id="dry run"),
    ],
)
def test_a_command_on_sqlite_loads_what_it_uses_and_one_language(
    installation: Path, arguments: tuple[str, ...], allowed: set[str]
) -> None:
    done = start(installation.parent, *arguments, config=installation)

    assert done.heavy - allowed == set()
    assert done.languages <= {"zh-CN"}


def test_texts_of_another_language_are_read_when_they_are_asked_for(installation: Path) -> None:
    done = start(installation.parent, "texts", "--language", "en", config=installation)

    assert (done.code, done.languages) == (0, {"en"})


def test_a_spreadsheet_loads_its_maker_when_it_is_made(installation: Path) -> None:
    sheet = installation.parent / "all.xlsx"
    done = start(
        installation.parent, "progress", "--format", "xlsx", "--output", str(sheet), config=installation
    )

    assert done.heavy == FIGURES | {"xlsxwriter"}
    assert sheet.stat().st_size > 0
