"""Reads with the app's token: paced, and retried where WeCom's table says it helps [90313]."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import structlog

from bot.messages.sentences import Sentence
from bot.wecom.budget import ReadBudget, Wait
from bot.wecom.client import WeComClient
from bot.wecom.errors import (
    MAX_SYSTEM_BUSY_TRIES,
    TOO_MANY_AT_ONCE,
    AnswerError,
    BlockedError,
    ErrorKind,
    NotSentError,
    UnknownOutcomeError,
)
from bot.wecom.token import TokenKeeper

log = structlog.get_logger(__name__)

_BACK_OFF_S = (1.0, 4.0)
_SLICE_S = 3.0

T = TypeVar("T")


class Reads:
    """The only way to read from WeCom. Reading twice is harmless, so unknown outcomes are retried.

    *client*: for callers that build the call themselves. *beat* is called before each call and every few
    seconds of waiting; an error of *beat* ends the read. Several threads may read, if *beat* allows it.
    """

    def __init__(
        self,
        client: WeComClient,
        tokens: TokenKeeper,
        budget: ReadBudget,
        *,
        ending: threading.Event | None = None,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """Store the parts. When *ending* is set, no call begins: a long read must not delay a stop."""
        self.client = client
        self.budget = budget
        self.beat: Callable[[], None] = lambda: None
        self._tokens = tokens
        self._ending = ending or threading.Event()
        self._pause = pause or self._ending.wait

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Return what *path* answers, as `ask` does."""
        asked = {name: str(value) for name, value in query.items()}
        return self.ask(path, lambda token: self.client.read(path, token=token, **asked))

    def ask(
        self,
        api: str,
        call: Callable[[str], T],
        *,
        tries: int = MAX_SYSTEM_BUSY_TRIES,
        patience_s: float = 0.0,
        turn_s: float = math.inf,
    ) -> T:
        """Return what *call* answers; it gets a token and makes one call of *api* (its path).

        Waits for the budget up to *turn_s*, and for the end of a block up to *patience_s*. A refused token is
        replaced once; transient errors (busy, no connection) are tried *tries* times in all.

        Raises WeComError: TokenError without a token, BlockedError after too long a wait, AnswerError for a
        refusal.
        """
        tried, fresh, refused = 0, True, None
        while True:
            self._alive()
            token = self._tokens.get()
            self._await_turn(api, patience_s=patience_s, turn_s=turn_s, refused=refused)
            try:
                return self._once(api, call, token)
            except AnswerError as error:
                kind = error.kind
                if kind is ErrorKind.TOKEN:
                    self._tokens.void(token, error)
                    if fresh:
                        fresh = False
                        continue
                if kind is ErrorKind.RATE:
                    log.info("reading is blocked, waiting", api=api, errcode=error.errcode, reason=str(error))
                    refused = error
                    continue
                tried += 1
                if kind is not ErrorKind.TRANSIENT or tried >= tries:
                    raise
                if error.errcode in TOO_MANY_AT_ONCE:
                    continue  # the budget pauses all processes
            except (NotSentError, UnknownOutcomeError):
                tried += 1
                if tried >= tries:
                    raise
            self.rest(_BACK_OFF_S[tried - 1] * random.uniform(1.0, 1.25))  # noqa: S311 - jitter, no secret

    def rest(self, seconds: float) -> None:
        """Wait, and keep calling *beat*."""
        while seconds > 0:
            self._alive()
            self._pause(min(seconds, _SLICE_S))
            seconds -= _SLICE_S

    def _alive(self) -> None:
        if self._ending.is_set():
            raise NotSentError(Sentence("sentences.ending"))
        self.beat()

    def _await_turn(self, api: str, *, patience_s: float, turn_s: float, refused: AnswerError | None) -> None:
        """Wait until the budget allows a call of *api*; *refused*: the error for too long a block."""
        while wait := self.budget.begin(api):
            if wait.is_block:
                patience_s -= wait.seconds
            else:
                turn_s -= wait.seconds
            if patience_s < 0 or turn_s < 0:
                raise (refused if wait.is_block else None) or _not_yet(api, wait)
            self.rest(wait.seconds)

    def _once(self, api: str, call: Callable[[str], T], token: str) -> T:
        errcode: int | None = None
        try:
            answer = call(token)
            errcode = 0
        except AnswerError as error:
            errcode = error.errcode
            raise
        finally:
            self.budget.end(api, errcode)
        return answer


def _not_yet(api: str, wait: Wait) -> BlockedError:
    about = {"api": api, "seconds": round(wait.seconds)}
    reason = (
        Sentence("sentences.blocked", **about) if wait.is_block else Sentence("sentences.used_up", **about)
    )
    return BlockedError(reason, until=wait.until)
