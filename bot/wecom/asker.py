"""Sequential reading calls for jobs. An error that would stop every call stops the job."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bot.wecom.errors import AnswerError, BlockedError, ErrorKind, NotSentError
from bot.wecom.reads import Reads
from bot.wecom.token import TokenError

PATIENCE_S = 300.0  # waits out a block of a minute, not one of an hour

T = TypeVar("T")


class StoppedError(Exception):
    """An obstacle to all reading calls of this app; the text says why. Everything read before is kept."""


class Asker:
    """The reading calls of one job, made by one thread."""

    def __init__(self, reads: Reads, *, beat: Callable[[], None]) -> None:
        """Store *reads*; call *beat* before each call, and every few seconds of waiting."""
        self._reads = reads
        reads.beat = beat

    def ask(self, api: str, call: Callable[[str], T]) -> T:
        """Return what *call* answers; it gets a token and makes one call of *api* (its path).

        Raises StoppedError for an error that stops every call, WeComError for an error of this call.
        """
        try:
            return self._reads.ask(api, call, patience_s=PATIENCE_S)
        except (TokenError, BlockedError, NotSentError) as error:
            raise StoppedError(str(error)) from None
        except AnswerError as error:
            if error.kind in {ErrorKind.CONFIG, ErrorKind.TOKEN, ErrorKind.RATE}:
                raise StoppedError(str(error)) from None
            raise

    def rest(self, seconds: float) -> None:
        """Wait, and keep calling *beat*. Raises StoppedError when the service ends."""
        try:
            self._reads.rest(seconds)
        except NotSentError as error:
            raise StoppedError(str(error)) from None
