"""One reading call after another, paced and tried again where that helps [90313]; for jobs, not for people.

Reading twice harms nothing, so an open outcome is simply asked again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

import structlog

from bot.wecom.errors import (
    MAX_SYSTEM_BUSY_TRIES,
    RATE_WINDOW_S,
    AnswerError,
    Kind,
    NotSentError,
    UnknownOutcomeError,
    WeComError,
    kind_of,
)
from bot.wecom.pacing import ReadPacer
from bot.wecom.token import TokenKeeper

log = structlog.get_logger(__name__)

BACK_OFF_S = (1.0, 4.0)
_RATE_WAITS = 5
_SLICE_S = 3.0

T = TypeVar("T")


class StoppedError(Exception):
    """Nothing of this app can be read for now; the text says why. What was read so far is kept."""


class Asker:
    """Asks WeCom; one thread uses it."""

    def __init__(
        self,
        tokens: TokenKeeper,
        *,
        beat: Callable[[], None],
        real_time: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """*beat* is called before each call, and every few seconds of waiting."""
        self._tokens = tokens
        self._beat = beat
        self._time = real_time
        self._pause = pause
        self._pacers: dict[str, ReadPacer] = {}

    def ask(self, api: str, call: Callable[[str], T]) -> T:
        """What *call* (given a token) answers; *api* names whose pace it keeps.

        Raises StoppedError for what is in the way of every call, WeComError for what this one asked.
        """
        tries, waits, renewed = 0, 0, False
        while True:
            self._keep_pace(api)
            try:
                return self._once(call, may_renew=not renewed)
            except _RenewedError:
                renewed = True
            except AnswerError as error:
                kind = kind_of(error.errcode)
                if kind in {Kind.CONFIG, Kind.TOKEN} or (kind is Kind.RATE and waits == _RATE_WAITS):
                    raise StoppedError(str(error)) from None
                if kind is Kind.RATE:
                    waits += 1
                    log.info("lists wait", errcode=error.errcode, reason=str(error))
                    self.rest(RATE_WINDOW_S)
                    continue
                tries += 1
                if kind is not Kind.TRANSIENT or tries == MAX_SYSTEM_BUSY_TRIES:
                    raise
                self._back_off(tries)
            except (NotSentError, UnknownOutcomeError) as error:
                tries += 1
                if tries == MAX_SYSTEM_BUSY_TRIES:
                    if isinstance(error, NotSentError):
                        raise StoppedError(str(error)) from None
                    raise
                self._back_off(tries)

    def rest(self, seconds: float) -> None:
        """Wait, and stay alive for others meanwhile."""
        while seconds > 0:
            self._beat()
            self._pause(min(seconds, _SLICE_S))
            seconds -= _SLICE_S

    def _once(self, call: Callable[[str], T], *, may_renew: bool) -> T:
        self._beat()
        try:
            token = self._tokens.get()
        except WeComError as error:
            raise StoppedError(str(error)) from None
        try:
            return call(token)
        except AnswerError as error:
            if kind_of(error.errcode) is not Kind.TOKEN or not may_renew:
                raise
            self._tokens.void(token)
            raise _RenewedError from None

    def _keep_pace(self, api: str) -> None:
        pacer = self._pacers.setdefault(api, ReadPacer())
        while wait := pacer.wait(self._time()):
            self.rest(wait)
        pacer.note(self._time())

    def _back_off(self, tries: int) -> None:
        self.rest(BACK_OFF_S[tries - 1] * random.uniform(1.0, 1.25))  # noqa: S311 - jitter, no secret


class _RenewedError(Exception):
    """The token was refused; the next try has another."""
