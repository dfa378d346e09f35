"""Used task_ids, and response codes that may still update a card (90236, 94888)."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.errors import ApiError

_HOUR = 3600


@dataclass(slots=True, kw_only=True)
class _Code:
    msgid: str
    key: str
    valid_until: float
    is_used: bool = False


class CardDesk:
    """Task ids and response codes. Not thread-safe: the caller holds the world's lock. Times are virtual."""

    def __init__(self) -> None:
        self.task_ids: set[str] = set()
        self._codes: dict[str, _Code] = {}

    def issue(self, msgid: str, *, at: float, hours: int, key: str = "") -> str:
        """Return a fresh response code for the card of *msgid*; *key*: the clicked button."""
        code = f"RCsim_{len(self._codes) + 1:010d}"
        self._codes[code] = _Code(msgid=msgid, key=key, valid_until=at + hours * _HOUR)
        return code

    def redeem(self, code: object, *, at: float) -> tuple[str, str]:
        """Use *code* up and return the msgid and the clicked key.

        Raises ApiError 60140 for an unknown, used or expired code.
        """
        found = self._codes.get(code) if isinstance(code, str) else None
        if found is None or found.is_used or at >= found.valid_until:
            raise ApiError(60140)
        found.is_used = True
        return found.msgid, found.key
