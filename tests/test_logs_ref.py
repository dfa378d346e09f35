"""One id from a callback, or a firing, to its message; the action word; the form of the log."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from builders.chat import arrive, text_event
from builders.e2e import FakeTime, at, installation, outbox_rows, write_config, write_roster

from bot import logs
from bot.features.delivery.deliver import Delivery
from bot.services import Services
from bot.store.troubles import NOTHING_LEARNT
from scheduler.runs import fire
from scheduler.timetable import Firing

Log = Callable[[], list[dict[str, object]]]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is everybody's: what a test sets up ends with it."""
    root, configured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**configured)


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Log:
    """The lines of the log so far, as a program reads them."""
    structlog.reset_defaults()
    logs.set_up(verbose=True, form="json")
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    with installation(write_config(tmp_path), FakeTime(at("2026-11-23T12:00"))) as opened:
        yield opened


def test_the_answer_to_a_callback_has_its_id(services: Services) -> None:
    body = text_event("yg01", "进度")
    arrive(services, body)
    (row,) = outbox_rows(services)

    assert row["ref"] == hashlib.sha256(body).hexdigest()[:12]


def test_a_message_of_a_job_names_the_firing(services: Services) -> None:
    fire_at = int(at("2026-11-23T09:07").timestamp())
    assert fire(services, Firing("progress", fire_at), now=at("2026-11-23T12:00"))
    refs = {row["ref"] for row in outbox_rows(services)}

    assert refs == {f"progress:{fire_at}"}


def test_the_sender_logs_with_the_id_that_the_outbox_keeps(services: Services, log: Log) -> None:
    body = text_event("yg01", "进度")
    arrive(services, body)
    now = services.clock.now() + timedelta(seconds=1)
    moment = int(now.timestamp())
    (due,) = services.store.outbox.due(real_now=moment, clock_now=moment, batch=9)
    logger = structlog.get_logger("test")

    class Refusing(Delivery):
        def _deliver(self, *_: object, **__: object) -> object:  # type: ignore[override]  # it only logs
            logger.warning("message given up")
            return NOTHING_LEARNT

    Refusing.__new__(Refusing).deliver(due, may_call=lambda: True)
    refs = {line["ref"] for line in log() if line["event"] == "message given up"}

    assert refs == {hashlib.sha256(body).hexdigest()[:12]}


def test_a_failing_event_and_its_neighbours_have_their_own_ids(services: Services, log: Log) -> None:
    good, broken = text_event("yg01", "规则"), b"<xml><MsgType>text</MsgType></xml>"
    arrive(services, broken, good)
    logger = structlog.get_logger("test")
    logger.warning("afterwards")
    by_event = {str(line["event"]): line for line in log()}

    assert by_event["event failed"]["ref"] == hashlib.sha256(broken).hexdigest()[:12]
    assert by_event["event handled"]["ref"] == hashlib.sha256(good).hexdigest()[:12]
    assert "ref" not in by_event["afterwards"]


def test_a_line_for_programs_has_its_action_as_one_word(log: Log) -> None:
    structlog.get_logger("test").warning("not well; the watcher is not called", reason="x")

    assert log()[0]["action"] == "not_well_the_watcher_is_not_called"


@pytest.mark.parametrize(
    ("given", "variable", "is_json"),
    [
        pytest.param("json", "", True, id="json"),
        pytest.param("console", "", False, id="console into a file"),
        pytest.param("", "console", False, id="by the environment"),
        pytest.param("json", "console", True, id="the option wins"),
        pytest.param("auto", "", True, id="auto into a file"),
    ],
)
def test_the_form_can_be_chosen(
    monkeypatch: pytest.MonkeyPatch, given: str, variable: str, is_json: bool
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("QUOTABOT_LOG_FORMAT", variable)
    structlog.reset_defaults()
    logs.set_up(form=given)
    structlog.get_logger("test").warning("something happened")

    assert stream.getvalue().startswith("{") is is_json
