"""In-service transfers (在职继承, 92125): started by an admin or leader, completed a virtual day later.

Until then the customer stays with the giver and may refuse. A customer moves at most twice in 90 days.
"""

from __future__ import annotations

from dataclasses import dataclass

_MOVES, _WITHIN_S = 2, 90 * 86_400
_REASONS = ("", "customer_refused", "customer_limit_exceed")


class TransferError(ValueError):
    """A customer who cannot be transferred; the text says why."""


@dataclass(slots=True, kw_only=True)
class Transfer:
    """One transfer; times are virtual epoch seconds. *state*: waiting, done, failed, or void.

    *fail_reason*: why it failed or will fail; empty if it does not. Void: the giver had lost the customer
    when it was due.
    """

    giver: str
    taker: str
    external_userid: str
    allotted_at: int
    due_at: int
    fail_reason: str = ""
    state: str = "waiting"


class Transfers:
    """All transfers. Not thread-safe: the caller holds the world's lock. Userids in any case."""

    def __init__(self) -> None:
        self.all: list[Transfer] = []
        self._given: set[tuple[str, str]] = set()

    def allot(self, transfer: Transfer) -> None:
        """Store a transfer until its day. Raises TransferError."""
        if transfer.fail_reason not in _REASONS:
            raise TransferError(f"fail_reason is one of: {', '.join(_REASONS[1:])}")
        if transfer.giver.lower() == transfer.taker.lower():
            raise TransferError("giver and taker are the same")
        if self.waiting(transfer.external_userid) is not None:
            raise TransferError(f"{transfer.external_userid} is being transferred already")
        since = transfer.allotted_at - _WITHIN_S
        moves = [
            one
            for one in self.all
            if (one.external_userid, one.state) == (transfer.external_userid, "done") and one.due_at > since
        ]
        if len(moves) >= _MOVES:
            raise TransferError(f"{transfer.external_userid} was moved {_MOVES} times within 90 days")
        self.all.append(transfer)

    def waiting(self, external_userid: str) -> Transfer | None:
        """Return the waiting transfer of this customer, if any."""
        return next(
            (one for one in self.all if (one.external_userid, one.state) == (external_userid, "waiting")),
            None,
        )

    def due(self, now: float) -> list[Transfer]:
        """Return the waiting transfers that are due at *now*, the oldest first."""
        found = [one for one in self.all if one.state == "waiting" and one.due_at <= now]
        return sorted(found, key=lambda one: one.due_at)

    def note_given(self, userid: str, external_userid: str) -> None:
        """Record that a member handed this customer over: a transfer back fires no add for them."""
        self._given.add((userid.lower(), external_userid))

    def has_given(self, userid: str, external_userid: str) -> bool:
        """Return whether a member handed this customer over before."""
        return (userid.lower(), external_userid) in self._given
