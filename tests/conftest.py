"""A real PostgreSQL for the tests that ask for one: binaries from a package, one server a session."""

# ruff: noqa: E402 - what is imported before bytecode is kept is compiled by every worker

from __future__ import annotations

from builders import speed

speed.cache_bytecode()

import itertools
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import psycopg
import pytest
import structlog
from builders import examples, flask_speed
from builders.postgres import Server, server_folder
from builders.stores import Databases, SqliteTemplate

from bot.store.store import Store

pytest_plugins = ["builders.browser", "builders.days"]

examples.register()
speed.keep_files_in_memory()
flask_speed.share_templates()
flask_speed.build_addresses_late()

# Files that last longest: whichever began last would keep the others waiting at the end.
_LONG = (
    *("test_browser_pages.py", "test_torture_real.py", "test_browser_demo.py", "test_torture.py"),
    *("test_cli_start.py", "test_close_laws.py", "test_scheduler_killed.py", "test_fairness_laws.py"),
    *("test_e2e_crash.py", "test_postgres_workers.py", "test_cli_serve.py", "test_e2e_both_engines.py"),
    *("test_standings_pieces.py", "test_cli_run.py", "test_e2e_demo.py", "test_docs_site.py"),
    *("test_check_live.py", "test_sync.py", "test_delivery.py", "test_store_copy.py"),
    *("test_delivery_kinds.py", "test_faults_of_wecom.py", "test_wecom_client.py", "test_postgres_cut.py"),
    *("test_renames.py", "test_web_server.py", "test_cli_copy.py", "test_cli_simulate.py"),
    *("test_bench_numbers.py", "test_secrets_nowhere.py", "test_deploy_alerts.py", "test_wecom_token.py"),
)
_numbers = itertools.count()
# Tracebacks without the values of all variables, whose rendering takes seconds.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Around a worker's collecting."""
    with speed.growing():
        speed.import_in_turns(session.config)
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that last go first, the longest before all; the others stay in their order."""
    places = {name: place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for the whole session; it ends with it."""
    with server_folder(in_memory=True) as folder:
        server = Server(folder)
        server.start()
        yield server
        server.stop(immediately=True)  # nobody needs its data any more


@pytest.fixture(scope="session")
def new_database(postgres: Server) -> Callable[..., str]:
    """Makes empty databases; returns each one's address."""

    def make(options: str = "") -> str:
        name = f"bank{next(_numbers)}"
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {options}".encode())
        return postgres.url(name)

    return make


@pytest.fixture(scope="session")
def new_store(new_database: Callable[..., str]) -> Callable[..., str]:
    """Makes databases as a store that was just made leaves them: copies of one, a third of the time."""
    made: dict[str, str] = {}

    def make(options: str = "") -> str:
        if options not in made:
            url = new_database(options)
            Store(url).close()
            made[options] = url.rpartition("/")[2]
        return new_database(f"TEMPLATE {made[options]}")

    return make


@pytest.fixture(scope="session")
def databases(new_store: Callable[..., str]) -> Iterator[Databases]:
    """The databases that tests borrow."""
    lent = Databases(new_store)
    yield lent
    lent.close()


@pytest.fixture(scope="session", autouse=True)
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteTemplate]:
    """Every new SQLite store of the session is a copy of one file: its schema is made once."""
    template = SqliteTemplate(tmp_path_factory.mktemp("template") / "bot.db")
    with template.in_use():
        yield template


@pytest.fixture
def from_scratch(sqlite_template: SqliteTemplate, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of the schema's steps: new SQLite stores are made by them."""
    monkeypatch.setattr(sqlite_template, "is_on", False)


@pytest.fixture
def postgres_url(new_database: Callable[..., str]) -> str:
    """The address of an empty database."""
    return new_database()


@pytest.fixture
def store_url(databases: Databases) -> Iterator[str]:
    """The address of a database with a new store in it."""
    with databases.lend() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """Where a store may be: a test that asks for it runs on both engines."""
    if request.param == "sqlite":
        yield tmp_path / "bot.db"
        return
    databases: Databases = request.getfixturevalue("databases")
    with databases.lend() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres", "postgres, another collation"])
def any_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """Where a store may be, for the suite of the store: a database of another collation than C, too."""
    if request.param == "sqlite":
        yield tmp_path / "bot.db"
        return
    server: Server = request.getfixturevalue("postgres")
    options = ""
    if request.param != "postgres":
        if server.foreign_locale is None:
            pytest.skip("this machine has no locale but C (Debian: apt-get install locales)")
        options = f"LOCALE '{server.foreign_locale}' TEMPLATE template0"
    databases: Databases = request.getfixturevalue("databases")
    with databases.lend(options) as url:
        yield url
