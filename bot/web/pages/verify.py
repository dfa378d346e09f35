"""/verify: whether a code stands under a statement that the bot gave out, and when; for anybody.

Never whose it is and no figures: nobody is logged in here. A code comes in the body, so that no URL and no
log holds one.
"""

from __future__ import annotations

import threading
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Protocol

import structlog
from flask import Blueprint, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from bot.features.statements.proof import StatementCheck
from bot.features.statements.rules import read_code, shown_code
from bot.store.engine import StoreError
from bot.web.peer import Peer, household

log = structlog.get_logger(__name__)

MAX_FORM_BYTES = 1024
SHOWN_CHARACTERS = 64  # of what was typed, back in its field
# Of a process, so that a store that is slow keeps no thread from /readyz. The server has eight.
LOOKS_AT_ONCE = 4

_Answer = tuple[str, HTTPStatus]


class CheckCode(Protocol):
    """Says what the code in some words is, to somebody at a network address. Raises StoreError."""

    def __call__(self, words: str, /, *, address: str) -> StatementCheck: ...


class Verdict(StrEnum):
    """What the page says of a code; the value is the name in its words."""

    GENUINE = "genuine"
    UNKNOWN = "unknown"
    TOO_MANY = "too_many"
    NOTHING = "nothing"
    TOO_LONG = "too_long"
    AWAY = "away"


_STATUS = {
    Verdict.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Verdict.NOTHING: HTTPStatus.BAD_REQUEST,
    Verdict.TOO_LONG: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Verdict.AWAY: HTTPStatus.SERVICE_UNAVAILABLE,
}


def add(routes: Blueprint, *, check_code: CheckCode, peer: Peer) -> None:
    """Put the page among *routes*; tries are counted by what *peer* says of the caller."""
    turns = threading.BoundedSemaphore(LOOKS_AT_ONCE)

    @routes.get("/verify")
    def verify() -> str:
        return render_template("verify.html", verdict=None, typed="")

    @routes.post("/verify")
    def verified() -> _Answer:
        request.max_content_length = MAX_FORM_BYTES
        try:
            typed = request.form.get("code", "").strip()
        except RequestEntityTooLarge:
            return _answer(Verdict.TOO_LONG)
        if not typed:
            return _answer(Verdict.NOTHING)
        if not turns.acquire(blocking=False):
            return _answer(Verdict.AWAY, typed=typed)
        try:
            looked = check_code(typed, address=household(_caller(peer)))
        except StoreError as error:
            log.warning("a page could not ask the store", path=request.path, reason=str(error))
            return _answer(Verdict.AWAY, typed=typed)
        finally:
            turns.release()
        return _answer(_verdict(looked), typed=typed, at=looked.at)


def _caller(peer: Peer) -> str:
    return peer.behind(request.remote_addr or "", forwarded=request.headers.get("X-Forwarded-For", ""))


def _verdict(looked: StatementCheck) -> Verdict:
    if looked.too_many:
        return Verdict.TOO_MANY
    return Verdict.GENUINE if looked.genuine else Verdict.UNKNOWN


def _answer(verdict: Verdict, *, typed: str = "", at: datetime | None = None) -> _Answer:
    """Return the page with *verdict*; show a genuine code as it is written, others as they were typed."""
    code = read_code(typed) if verdict is Verdict.GENUINE else None
    page = render_template(
        "verify.html",
        verdict=verdict.value,
        typed="" if code else typed[:SHOWN_CHARACTERS],
        code=code and shown_code(code),
        at=at and at.isoformat(timespec="seconds"),
        at_shown=at and f"{at:%Y-%m-%d %H:%M} (UTC{at.isoformat()[-6:]})",
    )
    return page, _STATUS.get(verdict, HTTPStatus.OK)
