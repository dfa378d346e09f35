"""Welcome messages: each of WeCom's codes is claimed once, however often its event is delivered.

A code lets its holder write to a customer, so only its hash is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.core.counting import DAY_S
from bot.store.engine import TableGroup


class WelcomeState(StrEnum):
    """What became of a welcome message."""

    CLAIMED = "claimed"  # being sent, or its process died over it: it is not sent again
    SENT = "sent"
    DROPPED = "dropped"  # too late
    REFUSED = "refused"  # by WeCom, with an errcode
    UNKNOWN = "unknown"  # WeCom did not answer


@dataclass(frozen=True, slots=True)
class Counts:
    """How many welcomes ended how; *refused* by WeCom's errcode."""

    states: Mapping[WelcomeState, int]
    refused: Mapping[int, int]


class Welcomes(TableGroup):
    """Rows of welcomes; each changing method is one statement, safe alone or in a transaction."""

    def claim(self, code: str, *, happened_at: int, now: int, late: bool = False) -> bool:
        """Take *code* for good; False if it was taken before. *late*: noted as dropped at once.

        Times are real epoch s; *happened_at* is the event's.
        """
        state = WelcomeState.DROPPED if late else WelcomeState.CLAIMED
        moments = {"happened_at": happened_at, "claimed_at": now}
        return self._engine.apply("welcome_claim", code_hash=_hash(code), state=state.value, **moments)

    def finish(self, code: str, *, state: WelcomeState, errcode: int, now: int) -> None:
        """Note what became of a claimed *code*; *now* in real epoch s."""
        self._engine.run(
            "welcome_finish", code_hash=_hash(code), state=state.value, errcode=errcode, finished_at=now
        )

    def counts(self, *, now: int) -> Counts:
        """Return how many of the 24 hours before *now* (real epoch s) ended how."""
        states, refused = dict.fromkeys(WelcomeState, 0), dict[int, int]()
        for row in self._engine.all("welcome_counts", since=now - DAY_S):
            states[WelcomeState(row["state"])] += row["welcomes"]
            if row["state"] == WelcomeState.REFUSED:
                refused[row["errcode"]] = row["welcomes"]
        return Counts(states, refused)

    def forget(self, *, before: int) -> int:
        """Delete what was claimed earlier than *before* (real epoch s); how many. A code lives 20 s."""
        return self._engine.run("welcome_forget", before=before)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
