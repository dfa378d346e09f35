"""What the log shows, and where it goes."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest
import structlog

from bot import logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is everybody's: what a test sets up ends with it."""
    root, configured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**configured)


class Terminal(io.StringIO):
    """Standard error as a person watches it."""

    def isatty(self) -> bool:
        return True


def fail(log: structlog.stdlib.BoundLogger) -> None:
    token = "made-up-" + "access-token"
    try:
        raise LookupError(f"no answer of {len(token)} letters")
    except LookupError:
        log.exception("something failed")


@pytest.mark.parametrize("make", [Terminal, io.StringIO], ids=["a terminal", "a file"])
def test_a_traceback_tells_where_it_failed_and_no_values(
    monkeypatch: pytest.MonkeyPatch, make: type[io.StringIO]
) -> None:
    monkeypatch.setattr(sys, "stderr", make())
    logs.set_up()
    fail(structlog.get_logger("test"))
    said = sys.stderr.getvalue()  # type: ignore[attr-defined]  # it is ours

    assert "no answer of 20 letters" in said
    assert "in fail" in said
    assert "made-up-access-token" not in said


def test_the_log_goes_to_what_standard_error_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    logs.set_up()
    monkeypatch.setattr(sys, "stderr", second)
    first.close()
    logging.getLogger("some.library").warning("said later")

    assert "said later" in second.getvalue()


def test_the_time_of_an_entry_has_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.set_up()
    structlog.get_logger("test").warning("something happened")

    assert datetime.fromisoformat(json.loads(stream.getvalue())["timestamp"]).utcoffset() is not None
