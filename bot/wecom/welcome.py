"""A welcome message to a new customer [92137]: one call within 20 s of the event, with the event's code.

A code works once, so a retry can never send two messages. What an answer means:

* 41096, -1, 45033 and no connection: retried while there is time;
* no answer: retried, too; 41050 or 41051 then mean that the first try succeeded;
* 41051 (they talk already, or another app was faster) and all others are final.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.wecom.client import WeComClient, json_bytes
from bot.wecom.errors import (
    MAX_SYSTEM_BUSY_TRIES,
    AnswerError,
    ErrorKind,
    NotSentError,
    UnknownOutcomeError,
    remedy_of,
)
from bot.wecom.token import TokenError, TokenKeeper

DROP_AFTER_S = 18  # WeCom's code lives 20 s, including the duration of the call
_CODE_IS_GONE = {41050, 41051}
_BACK_OFF_S = (0.3, 1.0, 3.0)


@dataclass(frozen=True, slots=True)
class Greeting:
    """A welcome message: the code of an event of *happened_at* (real epoch s); its `repr` shows no code."""

    code: str = field(repr=False)
    happened_at: int


@dataclass(frozen=True, slots=True)
class WelcomeOutcome:
    """The result: sent, dropped, refused or unknown. *errcode*: WeCom's last one, 0 if there is none.

    *problem*: what is in the way, or what an administrator must change; empty if nothing.
    """

    state: str
    errcode: int = 0
    problem: str = ""


class WelcomeSender:
    """Sender of single welcome messages, called from several threads at once."""

    def __init__(
        self,
        client: WeComClient,
        tokens: TokenKeeper,
        *,
        real_time: Callable[[], float],
        ending: threading.Event,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """Store the parts. When *ending* is set, nothing is retried."""
        self._client = client
        self._tokens = tokens
        self._time = real_time
        self._ending = ending
        self._pause = pause or ending.wait

    def send(self, greeting: Greeting, *, text: str) -> WelcomeOutcome:
        """Send *text* and return the result."""
        request = json_bytes({"welcome_code": greeting.code, "text": {"content": text}})
        tries, fresh, unsure, last = 0, True, False, WelcomeOutcome("dropped")
        while self._time() - greeting.happened_at <= DROP_AFTER_S:
            tries += 1
            try:
                token = self._tokens.get()
                self._client.send_welcome(request, token=token)
            except TokenError as error:
                return WelcomeOutcome("refused", error.errcode, str(error))
            except AnswerError as error:
                kind = error.kind
                if kind is ErrorKind.TOKEN:
                    self._tokens.void(token, error)
                    if fresh:
                        fresh = False
                        continue
                if unsure and error.errcode in _CODE_IS_GONE:
                    return WelcomeOutcome("sent")
                last = WelcomeOutcome("refused", error.errcode, remedy_of(error.errcode) and str(error))
                if kind is not ErrorKind.TRANSIENT or (
                    error.errcode == -1 and tries >= MAX_SYSTEM_BUSY_TRIES
                ):
                    return last
            except NotSentError as error:
                last = last if unsure else WelcomeOutcome("dropped", problem=str(error))
            except UnknownOutcomeError as error:
                unsure, last = True, WelcomeOutcome("unknown", problem=str(error))
            else:
                return WelcomeOutcome("sent")
            if self._ending.is_set():
                return last
            wait = _BACK_OFF_S[min(tries, len(_BACK_OFF_S)) - 1]
            self._pause(wait * random.uniform(1.0, 1.25))  # noqa: S311 - jitter, no secret
        return last
