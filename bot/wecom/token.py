"""The access token: shared by all processes, refreshed by one at a time, never requested in a loop.

A token that WeCom refuses is renewed, once for each value: if WeCom gives the same value again and refuses it
again, the secret is blamed. A refusal of gettoken is stored with the time of the next try: WeCom blocks an
address for an hour after too many wrong secrets [90313, 45009].
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bot.messages.sentences import Sentence
from bot.store.coordination import Leases, Tokens
from bot.wecom.client import CALL_S, WeComClient
from bot.wecom.errors import AnswerError, ErrorKind, WeComError, kind_of

EARLY_S = 200  # renew it this long before its end
PAUSE_AFTER_REFUSAL_S = 600  # six tries an hour are far below any block
PAUSE_AFTER_FAULT_S = 15
PAUSE_AFTER_BLAME_S = 60  # gettoken succeeds meanwhile, so WeCom blocks nobody for it
_SAME_REFUSAL_S = 300  # a value that was good for so long is renewed again
_LEASE = "token"


class TokenError(WeComError):
    """A missing token; the text says why. *errcode* 0: WeCom did not answer."""

    def __init__(self, text: str, *, errcode: int, until: int) -> None:
        super().__init__(text)
        self.errcode = errcode
        self.until = until

    @property
    def needs_human(self) -> bool:
        """Whether waiting does not help."""
        return self.errcode != 0 and kind_of(self.errcode) not in {ErrorKind.TRANSIENT, ErrorKind.RATE}


class TokenKeeper:
    """The app's token. All times are real."""

    def __init__(
        self,
        *,
        name: str,
        holder: str,
        client: WeComClient,
        tokens: Tokens,
        leases: Leases,
        real_time: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Store the parts. *name* identifies the app (corp and agent); *holder* is this process."""
        self._name = name
        self._holder = holder
        self._client = client
        self._tokens = tokens
        self._leases = leases
        self._time = real_time
        self._pause = pause
        self._lock = threading.Lock()
        self._renewed, self._renewed_at = "", 0.0
        self._rounds = 0  # how often this process fetched a token
        self._given = threading.local()  # .round: the round of the token that this thread has

    def get(self) -> str:
        """Return a token that is valid as far as we know. Raises TokenError."""
        with self._lock:
            token = self._current()
            self._given.round = self._rounds
            return token

    def void(self, token: str, error: AnswerError) -> None:
        """Drop *token*, which `get` gave to this thread and WeCom refused: the next `get` fetches a new one.

        A value that was given again and is refused again is not the token's fault. The secret is blamed, and
        `get` raises TokenError for a while.
        """
        with self._lock:
            if getattr(self._given, "round", 0) < self._rounds:
                return  # it was fetched anew since
            if self._tokens.get(self._name).token != token:
                return
            now = self._time()
            if token == self._renewed and 0 <= now - self._renewed_at < _SAME_REFUSAL_S:
                text = Sentence("sentences.token_refused", errcode=error.errcode)
                until = int(now) + PAUSE_AFTER_BLAME_S
                self._tokens.block(self._name, error=text, errcode=error.errcode, until=until)
            self._renewed = token
            self._tokens.void(self._name, token=token)

    def _current(self) -> str:
        deadline = self._time() + CALL_S + 2
        while True:
            if token := self._settled():
                return token
            now = int(self._time())
            if self._leases.take(_LEASE, holder=self._holder, now=now, until=now + int(CALL_S) + 1):
                try:
                    # another process may have fetched one while we waited for the lease
                    return self._settled() or self._ask()
                finally:
                    self._leases.free(_LEASE, holder=self._holder)
            if now > deadline:
                raise TokenError(Sentence("sentences.token_asked"), errcode=0, until=now + 1)
            self._pause(0.2)

    def _settled(self) -> str:
        """Return the stored token; empty if it must be fetched. Raises TokenError while blocked."""
        now, stored = int(self._time()), self._tokens.get(self._name)
        if stored.token and stored.expires_at > now:
            return stored.token
        if stored.blocked_until > now:
            raise TokenError(stored.error, errcode=stored.errcode, until=stored.blocked_until)
        return ""

    def _ask(self) -> str:
        try:
            token, lifetime = self._client.get_token()
        except WeComError as error:
            code = error.errcode if isinstance(error, AnswerError) else 0
            passing = code == 0 or kind_of(code) is ErrorKind.TRANSIENT
            until = int(self._time()) + (PAUSE_AFTER_FAULT_S if passing else PAUSE_AFTER_REFUSAL_S)
            self._tokens.block(self._name, error=str(error), errcode=code, until=until)
            raise TokenError(str(error), errcode=code, until=until) from None
        self._rounds += 1
        self._renewed_at = self._time()
        early = min(EARLY_S, lifetime // 10)
        self._tokens.put(self._name, token=token, expires_at=int(self._time()) + lifetime - early)
        return token


def with_token(keeper: TokenKeeper, call: Callable[[str], object]) -> None:
    """Make one *call* with a token; renew a refused one and call once more. Raises WeComError."""
    token = keeper.get()
    try:
        call(token)
    except AnswerError as error:
        if error.kind is not ErrorKind.TOKEN:
            raise
        keeper.void(token, error)
        call(keeper.get())
