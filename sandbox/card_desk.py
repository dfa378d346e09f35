"""Which task_ids were used, and which response codes may still update a card (90236, 94888)."""

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
    """Not thread-safe: the world's lock is held. Times are virtual, as the people's are."""

    def __init__(self) -> None:
        self.task_ids: set[str] = set()
        self._codes: dict[str, _Code] = {}

    def issue(self, msgid: str, *, at: float, hours: int, key: str = "") -> str:
        """Return a fresh response code for the card of *msgid*; *key*: the button whose click it is for."""
        code = f"RCsim_{len(self._codes) + 1:010d}"
        self._codes[code] = _Code(msgid=msgid, key=key, valid_until=at + hours * _HOUR)
        return code

    def redeem(self, code: object, *, at: float) -> tuple[str, str]:
        """Use *code* up and return the msgid and the clicked key.

        Raises ApiError 60140 for one that is unknown, used or too old.
        """
        found = self._codes.get(code) if isinstance(code, str) else None
        if found is None or found.is_used or at >= found.valid_until:
            raise ApiError(60140)
        found.is_used = True
        return found.msgid, found.key
