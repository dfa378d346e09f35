"""Reads with the app's token: tried again where WeCom's table of errors says that it helps [90313]."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

from bot.wecom.client import WeComClient
from bot.wecom.errors import (
    MAX_SYSTEM_BUSY_TRIES,
    AnswerError,
    Kind,
    NotSentError,
    UnknownOutcomeError,
    kind_of,
)
from bot.wecom.token import TokenKeeper

_BACK_OFF_S = (1.0, 4.0)


class Reads:
    """Asks WeCom. Reading twice harms nothing, so an open outcome is simply asked again.

    *client* and *tokens*: the way itself, for who asks in another manner. *beat* is called before each call.
    """

    def __init__(
        self,
        client: WeComClient,
        tokens: TokenKeeper,
        *,
        ending: threading.Event | None = None,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """When *ending* is set no further call begins: a long reading must not hold up a stop."""
        self.client = client
        self.tokens = tokens
        self.beat: Callable[[], None] = lambda: None
        self._ending = ending or threading.Event()
        self._pause = pause or self._ending.wait

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """What *path* answers.

        A refused token is replaced once; what passes (busy, no connection) is tried three times in all within
        about 6 s. Raises WeComError: TokenError without a token, AnswerError for a refusal, a rate limit too.
        """
        asked = {name: str(value) for name, value in query.items()}
        tries, fresh = 1, True
        while True:
            if self._ending.is_set():
                raise NotSentError("the service is ending")
            self.beat()
            token = self.tokens.get()
            try:
                return self.client.read(path, token=token, **asked)
            except AnswerError as error:
                kind = kind_of(error.errcode)
                if kind is Kind.TOKEN and fresh:
                    fresh = False
                    self.tokens.void(token)
                    continue
                if kind is not Kind.TRANSIENT or tries >= MAX_SYSTEM_BUSY_TRIES:
                    raise
            except (NotSentError, UnknownOutcomeError):
                if tries >= MAX_SYSTEM_BUSY_TRIES:
                    raise
            self._pause(_BACK_OFF_S[tries - 1] * random.uniform(1.0, 1.25))  # noqa: S311 - jitter, no secret
            tries += 1
