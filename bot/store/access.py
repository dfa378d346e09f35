"""How often each person logged out: an earlier session is over then."""

from __future__ import annotations

from bot.store.engine import TableGroup


class Logouts(TableGroup):
    """Userids in lower case. A number and no moment, so that no clock can bring a session back."""

    def count(self, userid: str) -> int:
        """Return how often they logged out."""
        return self._engine.number("logouts_of", userid=userid) or 0

    def add(self, userid: str) -> None:
        """Count one more."""
        self._engine.run("logout_add", userid=userid)
