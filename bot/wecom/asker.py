"""One reading call after another, for jobs: what is in the way of all of them stops the job."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bot.wecom.errors import AnswerError, BlockedError, ErrorKind, NotSentError, kind_of
from bot.wecom.reads import Reads
from bot.wecom.token import TokenError

PATIENCE_S = 300.0  # so long a block is waited for: a minute's is, an hour's is not

T = TypeVar("T")


class StoppedError(Exception):
    """Nothing of this app can be read for now; the text says why. What was read so far is kept."""


class Asker:
    """Asks WeCom; one thread uses it."""

    def __init__(self, reads: Reads, *, beat: Callable[[], None]) -> None:
        """*beat* is called before each call, and every few seconds of waiting."""
        self._reads = reads
        reads.beat = beat

    def ask(self, api: str, call: Callable[[str], T]) -> T:
        """What *call* (given a token) answers; it is one call of *api*, named by its path.

        Raises StoppedError for what is in the way of every call, WeComError for what this one asked.
        """
        try:
            return self._reads.ask(api, call, patience_s=PATIENCE_S)
        except (TokenError, BlockedError, NotSentError) as error:
            raise StoppedError(str(error)) from None
        except AnswerError as error:
            if kind_of(error.errcode) in {ErrorKind.CONFIG, ErrorKind.TOKEN, ErrorKind.RATE}:
                raise StoppedError(str(error)) from None
            raise

    def rest(self, seconds: float) -> None:
        """Wait, and stay alive for others meanwhile. Raises StoppedError when the service ends."""
        try:
            self._reads.rest(seconds)
        except NotSentError as error:
            raise StoppedError(str(error)) from None
