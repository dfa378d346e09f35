"""Logs: one line an entry on standard error, a fixed sentence and fields. No content, secrets or names."""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from typing import TextIO

import click
import structlog

from bot.logs.writer import LogWriter

FORMAT_VARIABLE = "QUOTABOT_LOG_FORMAT"
_LONGEST_ACTION = 80


def never_wait() -> None:
    """From now on a service logs: whatever becomes of standard error, nobody waits for it or ends with it."""
    if sys.stderr is None:  # closed: no file of ours may take its number
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    root = logging.getLogger()
    writer = LogWriter()
    if root.handlers:
        writer.setFormatter(root.handlers[0].formatter)
    root.handlers[:] = [writer]


def say(line: str) -> None:
    """Write a line for people to standard error, the way that the log goes."""
    writer = _writer()
    if writer is None:
        click.echo(line, err=True)
    else:
        writer.say(line)


def lost(*, unsaid: bool = False) -> int:
    """Return how many lines of this service nobody can read; *unsaid*: and nobody can be told of."""
    writer = _writer()
    if writer is None:
        return 0
    return writer.unsaid if unsaid else writer.lost


def _writer() -> LogWriter | None:
    handlers = logging.getLogger().handlers
    return next((one for one in handlers if isinstance(one, LogWriter)), None)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is when the entry comes: it may have been exchanged since the start."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*."""
        self.stream = sys.stderr
        super().emit(record)


def _stamped(_logger: object, _method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Add the time of the machine, with its zone."""
    entry["timestamp"] = datetime.now(tz=UTC).astimezone().isoformat(timespec="milliseconds")
    return entry


def _with_action(
    _logger: object, _method: str, entry: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Add the action word: the fixed sentence as one word, for filters of programs."""
    words = str(entry.get("event", "")).lower().replace("'", "").split()
    entry["action"] = "_".join(word.strip(";:,.") for word in words)[:_LONGEST_ACTION]
    return entry


def set_up(*, verbose: bool = False, form: str = "") -> None:
    """Send our entries and those of the libraries to standard error.

    *form*: console, json, or auto (console on a terminal); if empty, that of QUOTABOT_LOG_FORMAT.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _stamped,
    ]
    wanted = form or os.environ.get(FORMAT_VARIABLE, "")
    for_people = wanted == "console" or (wanted != "json" and sys.stderr is not None and sys.stderr.isatty())
    last: structlog.typing.Processor = (
        # The renderer's own tracebacks show the values of variables: secrets and names among them.
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if for_people
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    if not for_people:
        shared.append(_with_action)
    before = shared if for_people else [*shared, structlog.processors.format_exc_info]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = _StandardError()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=last, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    # Libraries tell of URLs and of each tick; ours say what matters.
    for name in ("urllib3", "apscheduler", "wechatpy", "werkzeug", "uvicorn", "psycopg"):
        logging.getLogger(name).setLevel(logging.ERROR)
