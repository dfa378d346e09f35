"""Verify the whole audit log, and keep the result for pages."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.core.workdays import epoch_of
from bot.messages.catalog import Texts
from bot.services import Services

_MARK = "audit_verified"  # the mark with the last state, as JSON
_FRESH_S = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainState:
    """The chain as verified at *at* (epoch s): number of *entries*, and the first wrong one or None."""

    at: int
    entries: int
    broken_at: int | None


def verify_chain(services: Services, *, at: datetime) -> ChainState:
    """Verify every entry as of *at* (aware), and keep the result."""
    store = services.store
    state = ChainState(at=epoch_of(at), entries=store.audit.newest(), broken_at=store.audit.broken_at())
    with store.transaction():
        store.marks.put(_MARK, json.dumps(asdict(state)))
    return state


def last_state(services: Services, *, at: datetime) -> ChainState:
    """Return the last result; verify if it is a day old at *at* (aware) or missing."""
    text = services.store.marks.get(_MARK)
    state = None if text is None else ChainState(**json.loads(text))
    if (
        state is None
        or not 0 <= epoch_of(at) - state.at < _FRESH_S
        or state.entries > services.store.audit.newest()
    ):
        return verify_chain(services, at=at)
    return state


def said_of_chain(state: ChainState, texts: Texts) -> str:
    """Say whether the chain is whole."""
    return texts["audit.whole"] if state.broken_at is None else texts["audit.broken"].say(n=state.broken_at)
