"""The erasure of a customer: everywhere, with figures as they were, and a look for what is left."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import structlog

from bot.features.close.favour_rules import mark_of
from bot.store.audit import REDACTED, Act
from bot.store.erasures import ErasedMarks, Found, Traces, new_pseudonym
from bot.store.store import Store

log = structlog.get_logger(__name__)

_LOOKS = 3  # what comes in while a look is under way is found by the next one
_NOBODY = "…"
_WHOLE_ID = re.compile(r"w[mo][\w-]{18,}", re.ASCII)  # WeCom's have 32 characters


class UnknownCustomerError(Exception):
    """Nothing is stored of this customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """*relations*: with so many employees; *left*: columns in which something still stands.

    *is_clean*: nothing is left in the store's files, as far as they can be read.
    """

    relations: int
    left: tuple[tuple[str, str], ...]
    is_clean: bool


def erase(store: Store, external_userid: str, *, by: str, at: int) -> Erasure:
    """Remove the customer's personal data in the name of *by*; *at* in epoch s. Raises UnknownCustomerError.

    Rows that figures need get a random pseudonym, so every figure stays as it is.
    """
    pseudonym = new_pseudonym()
    traces = store.erasures.traces(external_userid)
    found = store.erasures.find(traces, pseudonym=pseudonym)
    if not external_userid or not (traces.userids or found.exact or _is_only_told(store, found, traces)):
        raise UnknownCustomerError
    for look in range(_LOOKS):
        with store.transaction():
            store.erasures.erase(traces, found, pseudonym=pseudonym, mark_of=mark_of)
            if not look:
                store.erasures.remember(traces)
                _note(store, traces, by=by, at=at)
        found = store.erasures.find(traces, pseudonym=pseudonym)
        if not found.places:
            break
    is_clean = store.engine.scrub(_unmistakable(traces))
    log.info("a customer was erased", relations=len(traces.userids), clean=is_clean)
    return Erasure(relations=len(traces.userids), left=tuple(found.places), is_clean=is_clean)


def erase_again(store: Store, marks: ErasedMarks, *, by: str, at: int) -> int:
    """Erase in a restored store whoever was erased since, as *marks* of the store before say; how many."""
    with store.transaction():
        is_same = store.erasures.adopt(marks)
    again = store.erasures.marked() if is_same else []
    for customer in again:
        erase(store, customer, by=by, at=at)
    return len(again)


def _is_only_told(store: Store, found: Found, traces: Traces) -> bool:
    """Return whether texts name a customer without a row of their own, and no other customer."""
    customer = traces.external_userid
    is_id = _WHOLE_ID.fullmatch(customer) is not None
    return bool(found.places) and is_id and not store.erasures.is_part_of_another(customer)


def _unmistakable(traces: Traces) -> tuple[str, ...]:
    """Return what belongs to this customer alone: a name may be another person's, too."""
    return (traces.external_userid, *traces.keys)


def _note(store: Store, traces: Traces, *, by: str, at: int) -> None:
    """Take the customer out of the audit log, and note the erasure there, without the customer."""

    def without(entry: Act) -> Act:
        subject, detail = entry.subject, entry.detail
        for needle in traces.needles:
            subject = subject.replace(needle, _NOBODY)
            detail = detail.replace(needle, _NOBODY)
        return replace(entry, subject=subject, detail=detail)

    redacted = store.audit.redact(without)
    store.audit.add(
        at=at,
        actor=by,
        act="erase",
        subject="customer",
        detail={"relations": len(traces.userids)} | ({REDACTED: redacted} if redacted else {}),
    )
