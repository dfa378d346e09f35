"""Delivery of files: upload the bytes just before the message, and delete them after it.

A media_id lives for three days [90253], longer than any message may wait. A second upload is harmless, so
only the outcome of the message itself can be unknown.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot.config.fields import is_userid
from bot.features.delivery.deliver import Delivery
from bot.features.delivery.message import file_refused
from bot.features.notify.enqueue import FILE, answer
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.outbox import Due
from bot.store.troubles import NOTHING_LEARNT, Trouble
from bot.wecom.errors import RATE_WINDOW_S, AnswerError, ErrorKind, WeComError
from bot.wecom.token import PAUSE_AFTER_REFUSAL_S, TokenError

log = structlog.get_logger(__name__)

_AGAIN_S = 10.0


class FileDelivery(Delivery):
    """A `Delivery` that uploads the bytes of a row with a file first."""

    def __init__(self, *, services: Services, **parts: Any) -> None:
        super().__init__(**parts)
        self._services = services
        self._attachments = services.store.attachments

    def deliver(self, due: Due, *, may_call: Callable[[], bool]) -> Trouble | None:
        """Try one message as `Delivery` does, after its upload."""
        if due.msgtype == FILE and due.request is None and is_userid(due.to_userid):
            found = self._uploaded(due, may_call)
            if not isinstance(found, bytes):
                return found
            due = replace(due, request=found)
        return super().deliver(due, may_call=may_call)

    def _taken(self, due: Due, answer: dict[str, Any]) -> None:
        super()._taken(due, answer)
        if due.msgtype == FILE:
            self._attachments.drop(due.content)

    def _uploaded(self, due: Due, may_call: Callable[[], bool]) -> bytes | Trouble | None:
        """Return the request with the media_id, or trouble for all messages; None: not now."""
        if (stored := self._attachments.get(due.content)) is None:
            self._give_up(due, state="failed", error=Sentence("sentences.no_file"))
            return NOTHING_LEARNT
        token = ""
        try:
            token = self._tokens.get()
            if not may_call():
                return NOTHING_LEARNT
            media_id = self._client.upload_file(*stored, token=token)
        except TokenError as error:
            return Trouble(error.errcode, str(error), error.until, error.needs_human)
        except AnswerError as error:
            return self._upload_refused(due, error, token=token)
        except WeComError as error:
            self._again(due, error)
            return Trouble(0, str(error))
        return self._message(due, {"media_id": media_id})

    def _upload_refused(self, due: Due, error: AnswerError, *, token: str) -> Trouble | None:
        now = int(self._time())
        match error.kind:
            case ErrorKind.TOKEN:
                self._tokens.void(token, error)
                self._again(due, error)
            case ErrorKind.TRANSIENT:
                self._again(due, error)
                return Trouble(error.errcode, str(error))
            case ErrorKind.RATE:
                return Trouble(error.errcode, str(error), now + RATE_WINDOW_S, needs_human=False)
            case ErrorKind.CONFIG:
                return Trouble(error.errcode, str(error), now + PAUSE_AFTER_REFUSAL_S, needs_human=True)
            case _:
                self._give_up(due, state="failed", receipt={"errcode": error.errcode}, error=str(error))
                log.warning("file refused", key=due.key, errcode=error.errcode)
        return None

    def _give_up(
        self, due: Due, *, state: str, error: str, receipt: Mapping[str, object] | None = None
    ) -> None:
        super()._give_up(due, state=state, error=error, receipt=receipt)
        if due.msgtype != FILE or state != "failed" or not is_userid(due.to_userid):
            return
        at = self._services.clock.now()
        message = file_refused(
            language=self._services.language,
            errcode=int(str((receipt or {}).get("errcode", 0))),
            at=self._services.config.work_calendar().local(at),
        )
        row = answer(self._services, f"{due.key}:refused", due.to_userid, message, at=at)
        self._outbox.add(row, created_at=int(self._time()))

    def _again(self, due: Due, error: Exception) -> None:
        """Postpone the message; it expires if its file takes too long."""
        wait = round(_AGAIN_S * random.uniform(1.0, 1.25))  # noqa: S311 - jitter, no secret
        self._outbox.postpone(due.seq, next_try_at=int(self._time()) + wait)
        log.info("file not uploaded yet", key=due.key, reason=str(error))
