"""The suite without what does not bear a faked clock, for `tests/other_days.py`: PostgreSQL and a browser."""

from __future__ import annotations

import pytest

_UNFIT = frozenset({"postgres", "new_database", "new_store", "postgres_url", "browser"})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--faked-clock", action="store_true", help="leave out tests that need PostgreSQL or a browser"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--faked-clock"):
        return
    left_out = [item for item in items if is_unfit(item)]
    items[:] = [item for item in items if not is_unfit(item)]
    config.hook.pytest_deselected(items=left_out)


def is_unfit(item: pytest.Item) -> bool:
    """Say whether the test asks for one of them, by a fixture or as one of its engines."""
    names = set(getattr(item, "fixturenames", ()))
    engines = getattr(getattr(item, "callspec", None), "params", {}).values()
    return bool(names & _UNFIT) or any(str(engine).startswith("postgres") for engine in engines)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--faked-clock"):
        terminalreporter.write_line(
            "SKIPPED: all tests that need PostgreSQL or a browser", yellow=True, bold=True
        )
