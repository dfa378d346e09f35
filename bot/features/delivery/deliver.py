"""Send one message to WeCom and interpret the answer by the classes of `bot.wecom.errors` alone.

The exact request is stored before the first try. Every retry sends the same bytes with
enable_duplicate_check, so WeCom drops a message that it has accepted before [90236]. After that interval an
open outcome stays unknown, and the message is not sent again.

If WeCom refuses the form of a card, the next form is sent. After a try with an open outcome this never
happens, because the card may have arrived. Card updates are rows like messages: their single-use codes make
repetitions harmless.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from bot.config.fields import is_userid
from bot.features.robots.deliver import RobotDelivery
from bot.logs.ref import bound_ref
from bot.messages.sentences import Sentence
from bot.store.outbox import UPDATE, Due, Outbox
from bot.store.troubles import NOTHING_LEARNT, Trouble
from bot.wecom.client import CALL_S, WeComClient, json_bytes
from bot.wecom.errors import (
    CODE_SPENT,
    RATE_WINDOW_S,
    SYSTEM_BUSY,
    TASK_KNOWN,
    TOO_MANY_AT_ONCE,
    AnswerError,
    ErrorKind,
    NotSentError,
    UnknownOutcomeError,
)
from bot.wecom.robot import robot_of
from bot.wecom.token import PAUSE_AFTER_FAULT_S, PAUSE_AFTER_REFUSAL_S, TokenError, TokenKeeper

log = structlog.get_logger(__name__)

DUPLICATE_CHECK_S = 14_400  # WeCom's longest
# A retry must arrive while WeCom still remembers the first try.
RESEND_WITHIN_S = DUPLICATE_CHECK_S - int(2 * CALL_S) - 60
TRIES = 6
_ANSWER = "answer:"  # how the keys of answers to chat messages begin
_BACK_OFF_S = (2, 5, 15, 45, 120, 300)
_BUSY_AGAIN_S = (5, 600)  # after -1; the sender pauses everybody meanwhile


class Delivery:
    """Delivery of single messages. Several threads call it at once."""

    def __init__(
        self,
        *,
        agent_id: int,
        client: WeComClient,
        tokens: TokenKeeper,
        outbox: Outbox,
        robots: RobotDelivery | None = None,
        real_time: Callable[[], float] = time.time,
    ) -> None:
        self._agent_id = agent_id
        self._client = client
        self._tokens = tokens
        self._outbox = outbox
        self._robots = robots
        self._time = real_time

    def deliver(self, due: Due, *, may_call: Callable[[], bool]) -> Trouble | None:
        """Try one message as `_deliver`; log lines name what the message comes from."""
        with bound_ref(due.ref):
            return self._deliver(due, may_call=may_call)

    def _deliver(self, due: Due, *, may_call: Callable[[], bool]) -> Trouble | None:
        """Try one message and store the outcome. Return trouble that concerns all messages.

        Ask *may_call* before each call: no call begins that could outlive the lease.
        """
        if self._robots is not None and (robot := robot_of(due.to_userid)) is not None:
            return self._robots.deliver(due, robot=robot, may_call=may_call)
        now = int(self._time())
        if not is_userid(due.to_userid):
            # WeCom reads `@all` as everybody, and `a|b` as two people.
            self._give_up(due, state="failed", error=Sentence("sentences.not_one"))
            return NOTHING_LEARNT
        if due.unsure_since is not None and now - due.unsure_since >= RESEND_WITHIN_S:
            reason = Sentence("sentences.open_too_late")
            self._outbox.finish(due.seq, state="unknown", now=now, error=reason)
            return NOTHING_LEARNT
        try:
            token = self._tokens.get()
        except TokenError as error:
            return Trouble(error.errcode, str(error), error.until, error.needs_human)
        request = due.request or self._request(due)
        if not may_call() or not self._outbox.begin(due.seq, request=request, now=now):
            return NOTHING_LEARNT
        return self._try(due, request, token, may_call)

    def _try(self, due: Due, request: bytes, token: str, may_call: Callable[[], bool]) -> Trouble | None:
        try:
            try:
                answer = self._call(due, request, token)
            except AnswerError as error:
                if error.kind is not ErrorKind.TOKEN:
                    raise
                self._tokens.void(token, error)
                token = self._tokens.get()
                if not may_call():
                    self._later(due, wait=0, unsure=False, error=str(error), spent=False)
                    return NOTHING_LEARNT
                answer = self._call(due, request, token)
        except TokenError as error:
            self._later(due, wait=0, unsure=False, error=str(error), spent=False)
            return Trouble(error.errcode, str(error), error.until, error.needs_human)
        except AnswerError as error:
            if error.kind is ErrorKind.TOKEN:
                self._tokens.void(token, error)
            return self._refused(due, error)
        except NotSentError as error:
            self._later(due, wait=_back_off(due.attempts), unsure=False, error=str(error), spent=False)
            return Trouble(0, str(error), int(self._time()) + _BACK_OFF_S[1], needs_human=False)
        except UnknownOutcomeError as error:
            self._later(due, wait=_back_off(due.attempts), unsure=True, error=str(error))
            return Trouble(0, str(error))
        self._taken(due, answer)
        return None

    def _call(self, due: Due, request: bytes, token: str) -> dict[str, Any]:
        if due.msgtype == UPDATE:
            return self._client.update_card(request, token=token)
        return self._client.send_message(request, token=token)

    def _taken(self, due: Due, answer: dict[str, Any]) -> None:
        """Store that WeCom accepted the message, or that its lists name the receiver as not reachable."""
        now = int(self._time())
        receipt = {
            name: answer[name] for name in ("msgid", "invaliduser", "unlicenseduser") if answer.get(name)
        }
        error = ""
        for name, reason in (
            ("invaliduser", "the app does not see this member (应用可见范围), or the userid is unknown"),
            ("unlicenseduser", "the member has no WeCom base licence (基础许可)"),
        ):
            if due.to_userid in _listed(answer.get(name)):
                error = reason
        if error:
            log.warning("message refused for receiver", key=due.key, reason=error)
            self._give_up(due, state=_lost(due), receipt=receipt, error=error)
        else:
            self._outbox.finish(due.seq, state="sent", now=now, receipt=json.dumps(receipt))
            log.info("message sent", key=due.key)

    def _refused(self, due: Due, error: AnswerError) -> Trouble | None:
        now = int(self._time())
        kind = error.kind
        if self._is_settled(due, error, now=now):
            return None
        if kind is ErrorKind.TRANSIENT:
            if error.errcode == SYSTEM_BUSY:
                return self._busy(due, error)
            if error.errcode in TOO_MANY_AT_ONCE:  # not the message's fault: does not count as a try
                self._later(due, wait=0, unsure=False, error=str(error), spent=False)
                return Trouble(error.errcode, str(error), is_busy=True)
            if due.attempts + 1 < TRIES:
                self._later(due, wait=_back_off(due.attempts), unsure=False, error=str(error))
                return None
        elif kind is ErrorKind.RATE:
            self._later(due, wait=RATE_WINDOW_S, unsure=False, error=str(error), spent=False)
            return Trouble(error.errcode, str(error), now + RATE_WINDOW_S, needs_human=False)
        elif kind is ErrorKind.TOKEN:  # two values in a row: a third one is fetched soon
            self._later(due, wait=0, unsure=False, error=str(error), spent=False)
            return Trouble(error.errcode, str(error), now + PAUSE_AFTER_FAULT_S, needs_human=False)
        elif kind is ErrorKind.CONFIG:
            self._later(due, wait=0, unsure=False, error=str(error), spent=False)
            return Trouble(error.errcode, str(error), now + PAUSE_AFTER_REFUSAL_S, needs_human=True)
        elif kind is ErrorKind.DONE:
            self._outbox.finish(due.seq, state="sent", now=now, error=str(error))
            return None
        self._refuse(due, error)
        return None

    def _busy(self, due: Due, error: AnswerError) -> Trouble:
        """Handle -1: a fault of everybody. One message at a time finds out whether it is over."""
        if due.attempts < len(_BUSY_AGAIN_S):
            self._later(due, wait=_BUSY_AGAIN_S[due.attempts], unsure=False, error=str(error))
        else:
            self._refuse(due, error)
        return Trouble(error.errcode, str(error), is_busy=True)

    def _refuse(self, due: Due, error: AnswerError) -> None:
        # A refusal of this try says nothing about an earlier one that WeCom may have accepted.
        state = _lost(due) if error.kind is ErrorKind.RECEIVER else "failed"
        state = state if due.unsure_since is None else "unknown"
        log.warning("message given up", key=due.key, errcode=error.errcode, state=state)
        self._give_up(due, state=state, receipt={"errcode": error.errcode}, error=str(error))

    def _give_up(
        self, due: Due, *, state: str, error: str, receipt: Mapping[str, object] | None = None
    ) -> None:
        """Store that the message did not reach its receiver."""
        stored = json.dumps(receipt) if receipt else ""
        self._outbox.finish(due.seq, state=state, now=int(self._time()), receipt=stored, error=error)

    def _is_settled(self, due: Due, error: AnswerError, *, now: int) -> bool:
        """Handle refusals that concern cards only. Return False for any other."""
        first = due.attempts == 0 and due.unsure_since is None
        receipt = json.dumps({"errcode": error.errcode})
        if due.msgtype == UPDATE:
            if error.errcode != CODE_SPENT:
                return False
            # After a try with an open outcome, the spent code means success; else the update was too late.
            state = "expired" if first else "sent"
            self._outbox.finish(due.seq, state=state, now=now, receipt=receipt)
            return True
        if error.errcode == TASK_KNOWN and not first:
            # A task_id is accepted once: WeCom had accepted an earlier try.
            self._outbox.finish(due.seq, state="sent", now=now, receipt=receipt)
            return True
        # A definite refusal that speaks of nothing else speaks of the form, known code or not.
        if due.unsure_since is not None or error.kind is not ErrorKind.PERMANENT or due.simpler is None:
            return False
        refused = f"{due.msgtype} {error.errcode}"
        msgtype, content = due.simpler
        self._outbox.fall_back(due.seq, msgtype=msgtype, content=content, refused=refused, now=now)
        log.warning("message falls back", key=due.key, errcode=error.errcode, to=msgtype)
        return True

    def _later(self, due: Due, *, wait: float, unsure: bool, error: str, spent: bool = True) -> None:
        now = int(self._time())
        # An earlier open outcome stays open; only the doubt of this try is cleared.
        since = due.unsure_since if due.unsure_since is not None or not unsure else now
        self._outbox.retry(
            due.seq, next_try_at=now + round(wait), unsure_since=since, error=error, spent=spent
        )

    def _message(self, due: Due, body: Mapping[str, Any]) -> bytes:
        """Return the body of the call that sends *body* as a message of the kind of *due*."""
        return json_bytes(
            {
                "touser": due.to_userid,
                "msgtype": due.msgtype,
                "agentid": self._agent_id,
                due.msgtype: body,
                "enable_duplicate_check": 1,
                "duplicate_check_interval": DUPLICATE_CHECK_S,
            }
        )

    def _request(self, due: Due) -> bytes:
        """Return the body of the call, with an ending while another row has made the same request."""
        if due.msgtype == UPDATE:
            return json_bytes({"userids": [due.to_userid], "agentid": self._agent_id, **due.body})
        body, number = due.body, 1
        while True:
            request = self._message(due, body)
            # Cards always differ by their task_id.
            if "content" not in body or not self._outbox.is_taken(due.seq, request=request):
                return request
            number += 1
            body = {**due.body, "content": f"{due.body['content']} ·{number}"}


def _listed(value: object) -> set[str]:
    """Return the userids of an answer's list, which is a text (`a|b`) or an array."""
    found = value if isinstance(value, list) else str(value or "").split("|")
    return {str(userid).strip().lower() for userid in found}


def _lost(due: Due) -> str:
    """Return the state of a message that its receiver cannot get.

    An answer is nothing for an operator to look after, and its words belong to who asked.
    """
    return "dropped" if due.key.startswith(_ANSWER) else "failed"


def _back_off(attempts: int) -> float:
    """Return the seconds until the next try after *attempts* tries, with up to a quarter of jitter."""
    base = _BACK_OFF_S[min(attempts, len(_BACK_OFF_S) - 1)]
    return base * random.uniform(1.0, 1.25)  # noqa: S311 - jitter, no secret
