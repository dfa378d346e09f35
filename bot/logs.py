"""Logs: one line an entry on standard error, a fixed sentence and fields. No content, secrets or names."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is when the entry comes: it may have been exchanged since the start."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*."""
        self.stream = sys.stderr
        super().emit(record)


def set_up(*, verbose: bool = False) -> None:
    """Send our entries and those of the libraries to standard error; for people on a terminal, else JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
    ]
    for_people = sys.stderr.isatty()
    last: structlog.typing.Processor = (
        # The renderer's own tracebacks show the values of variables: secrets and names among them.
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if for_people
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
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
    for name in ("urllib3", "apscheduler", "wechatpy", "werkzeug", "uvicorn"):
        logging.getLogger(name).setLevel(logging.ERROR)
