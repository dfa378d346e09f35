"""The suite without PostgreSQL, for `tests/other_days.py`: it does not bear a faked clock."""

from __future__ import annotations

import pytest

_DATABASE = frozenset({"postgres", "new_database", "new_store", "postgres_url"})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without-postgres", action="store_true", help="leave out tests that need PostgreSQL")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--without-postgres"):
        return
    left_out = [item for item in items if needs_postgres(item)]
    items[:] = [item for item in items if not needs_postgres(item)]
    config.hook.pytest_deselected(items=left_out)


def needs_postgres(item: pytest.Item) -> bool:
    """Say whether the test asks for the server, by a fixture or as one of its engines."""
    names = set(getattr(item, "fixturenames", ()))
    engines = getattr(getattr(item, "callspec", None), "params", {}).values()
    return bool(names & _DATABASE) or any(str(engine).startswith("postgres") for engine in engines)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--without-postgres"):
        terminalreporter.write_line("SKIPPED: all tests that need PostgreSQL", yellow=True, bold=True)
