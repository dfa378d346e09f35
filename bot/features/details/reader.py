"""The reader of contacts and tags: one in the whole installation, a few calls at a time, paced.

It reads in waves: parallel calls up to WeCom's limit, then one transaction with all answers. A repeated call
does no harm. The lease only keeps two readers from doing the same work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from bot.features.details.answers import Acts, Details, Question
from bot.services import Services
from bot.store.engine import StoreError
from bot.store.lease import Lease
from bot.store.troubles import Part, Trouble
from bot.wecom.budget import READS_IN_FLIGHT
from bot.wecom.client import CALL_S, WeComClient
from bot.wecom.contacts import CORP_TAGS, DETAILS, CustomerDetails, contact_details, corp_tags
from bot.wecom.errors import (
    TOO_MANY_AT_ONCE,
    AnswerError,
    BlockedError,
    ErrorKind,
    MalformedError,
    NotSentError,
    WeComError,
)
from bot.wecom.reads import Reads
from bot.wecom.token import PAUSE_AFTER_FAULT_S, PAUSE_AFTER_REFUSAL_S, TokenError, TokenKeeper

log = structlog.get_logger(__name__)

LEASE = "details"
LEASE_S = int(CALL_S) + 3
TAGS_EVERY_S = 86_400  # changes of tags through the API fire no event
_IDLE_S = 1.0
_UNREACHED_S = 5
_TURN_S = 1.0  # a call that cannot begin so soon is put off, so that the lease lasts
_TAGS_AGAIN_S = 600
_NAMED = 5


class Reader:
    """The reader of due contacts. One thread calls `step` again and again; `close` ends it."""

    def __init__(
        self,
        services: Services,
        *,
        client: WeComClient,
        tokens: TokenKeeper,
        real_time: Callable[[], float] = time.time,
    ) -> None:
        self._services = services
        self._store = services.store
        self._client = client
        self._reads = Reads(client, tokens, services.read_budget, ending=services.ending)
        self._time = real_time
        self._details = Details(services)
        self._pool = ThreadPoolExecutor(max_workers=READS_IN_FLIGHT, thread_name_prefix="details")
        self._lease = Lease(
            services.store.leases, LEASE, holder=services.holder, lasts_s=LEASE_S, real_time=real_time
        )
        self._hold_until = self._looked_at = 0.0
        self._tags_again_at = 0.0
        self._trouble = services.store.troubles.of(Part.DETAILS)
        self._odd_tags = services.store.troubles.of(Part.TAGS)

    def step(self) -> float:
        """Read the due contacts; return the seconds to wait before the next step."""
        now = self._time()
        if now < self._looked_at:  # the clock went back: nothing that we wait for is true
            self._hold_until = self._tags_again_at = 0.0
        self._looked_at = now
        if not self._lease.hold(for_s=CALL_S):
            return _IDLE_S
        if now < self._hold_until:
            return min(_IDLE_S, self._hold_until - now)
        if now >= self._tags_again_at and self._store.details.tags_due(now=int(now), every_s=TAGS_EVERY_S):
            self._read_tags(now)
            return 0.0
        wave = self._wave(int(now))
        if not wave:
            return _IDLE_S
        room, wait = self._reads.budget.room(DETAILS, most=len(wave))
        if wait:
            self._hold(now + wait.seconds)
            return min(_IDLE_S, wait.seconds)
        answers = list(self._pool.map(self._about, wave[:room]))
        self._settle(wave[:room], answers)
        return 0.0

    def close(self) -> None:
        """Wait for calls in flight and give the lease back."""
        self._pool.shutdown(wait=True)
        self._lease.free()

    def _wave(self, now: int) -> list[Question]:
        """Return the customers to ask about next, each with all waiting relations."""
        wanted: dict[str, list[str]] = {}
        for read in self._store.details.due(now=now, batch=READS_IN_FLIGHT * 4):
            if read.external_userid in wanted or len(wanted) < READS_IN_FLIGHT:
                wanted.setdefault(read.external_userid, []).append(read.userid)
        wave = []
        for external_userid, due in wanted.items():
            waiting = self._store.details.of_customer(external_userid)
            wave.append(
                Question(
                    external_userid=external_userid,
                    due=tuple(read for read in waiting if read.userid in due),
                    others=tuple(read for read in waiting if read.userid not in due),
                )
            )
        return wave

    def _about(self, question: Question) -> CustomerDetails | WeComError:
        def ask(call: Callable[[str], Mapping[str, Any]]) -> Mapping[str, Any]:
            return self._reads.ask(DETAILS, call, tries=1, turn_s=_TURN_S)

        named = self._services.config.privacy.store_customer_names
        try:
            return contact_details(self._client, question.external_userid, ask=ask, named=named)
        except WeComError as error:
            return error

    def _settle(self, wave: list[Question], answers: list[CustomerDetails | WeComError]) -> None:
        """Store the answers; one that cannot be stored does not hold up the others."""
        try:
            self._store_answers(wave, answers)
        except StoreError:
            raise
        except Exception as error:
            if len(wave) > 1:
                for question, answer in zip(wave, answers, strict=True):
                    self._settle([question], [answer])
                return
            log.exception("details of a contact could not be stored")
            self._store_answers(wave, [MalformedError(f"cannot be stored ({type(error).__name__})")])

    def _store_answers(self, wave: list[Question], answers: list[CustomerDetails | WeComError]) -> None:
        now = self._time()
        acts: Acts = {}
        with self._store.transaction():
            for question, answer in zip(wave, answers, strict=True):
                if isinstance(answer, CustomerDetails):
                    acts |= self._details.keep(question, answer, now=int(now))
                elif not self._is_in_everybodys_way(answer, now):
                    acts |= self._details.miss(question, answer, now=int(now))
            for _, act in sorted(acts.items(), key=lambda item: (item[0].userid, item[0].external_userid)):
                act()
        if any(isinstance(answer, CustomerDetails) for answer in answers) and now >= self._hold_until:
            self._trouble.clear()

    def _read_tags(self, now: float) -> None:
        change = self._store.details.tags_change()
        try:
            tags = self._reads.ask(
                CORP_TAGS, lambda token: corp_tags(self._client, token=token), tries=1, turn_s=_TURN_S
            )
        except BlockedError as error:
            self._tags_again_at = error.until
            return
        except WeComError as error:
            if not self._is_in_everybodys_way(error, now):
                self._tags_again_at = now + _TAGS_AGAIN_S
                log.warning("tags not read", reason=str(error))
            return
        with self._store.transaction():
            self._store.details.replace_corp_tags(
                tags.tags, read_at=int(now), change=change, keep_others=bool(tags.odd)
            )
        self._note_odd(tags.odd)
        self._trouble.clear()

    def _note_odd(self, odd: Sequence[str]) -> None:
        """Note the tags that the list was read without."""
        if not odd:
            self._odd_tags.clear()
            return
        more = f" and {len(odd) - _NAMED} more" if len(odd) > _NAMED else ""
        if self._odd_tags.note(Trouble(0, ", ".join(odd[:_NAMED]) + more)):
            log.warning("set aside", what="corp tags", reason=", ".join(odd[:_NAMED]) + more)

    def _is_in_everybodys_way(self, error: WeComError, now: float) -> bool:
        """Return whether *error* concerns the whole app, not this question; then everything waits."""
        if isinstance(error, TokenError | BlockedError):
            self._hold(float(error.until))  # `readyz` already shows the token's trouble
            return True
        if isinstance(error, NotSentError):
            self._hold(now + _UNREACHED_S)
            self._note(error)
            return True
        if not isinstance(error, AnswerError):
            if not isinstance(error, MalformedError):  # of this contact alone
                self._note(error)
            return False
        kind = error.kind
        if error.errcode in TOO_MANY_AT_ONCE or kind is ErrorKind.RATE:
            pass  # the budget knows how long to wait
        elif kind in {ErrorKind.CONFIG, ErrorKind.TOKEN}:
            self._hold(now + (PAUSE_AFTER_FAULT_S if kind is ErrorKind.TOKEN else PAUSE_AFTER_REFUSAL_S))
            self._note(error)
        else:
            return False
        return True

    def _hold(self, until: float) -> None:
        self._hold_until = max(self._hold_until, until)

    def _note(self, error: WeComError) -> None:
        code = error.errcode if isinstance(error, AnswerError) else 0
        if self._trouble.note(Trouble(code, str(error))):
            log.error("details wait", errcode=code, reason=str(error))
