"""Daily slots taken by unasked messages, and withheld messages with their reasons."""

from __future__ import annotations

from datetime import date

from bot.store.engine import TableGroup


class UnaskedMessages(TableGroup):
    """Userids in lower case, days local. Call the changing methods inside a transaction."""

    def take(self, userid: str, day: date, *, room: int) -> bool:
        """Take one of *room* daily slots. Return False if all are taken."""
        about = {"userid": userid, "day": day.isoformat()}
        self._engine.run("unasked_begin", **about)
        return self._engine.apply("unasked_take", room=room, **about)

    def give_back(self, userid: str, day: date) -> None:
        """Free a daily slot of a message that does not go that day."""
        self._engine.run("unasked_give_back", userid=userid, day=day.isoformat())

    def counts(self, day: date) -> dict[str, int]:
        """Return how many daily slots are taken, by userid; people with none are absent."""
        return {row["userid"]: row["number"] for row in self._engine.all("unasked_on", day=day.isoformat())}

    def count(self, userid: str, day: date) -> int:
        """Return how many daily slots of one person are taken."""
        return self._engine.number("unasked_of", userid=userid, day=day.isoformat()) or 0

    def withhold(self, key: str, *, job: str, userid: str, day: date, reason: str, at: int) -> bool:
        """Note that the message *key* does not go; False when that is known. *at* in epoch s."""
        about = {"job": job, "userid": userid, "day": day.isoformat(), "reason": reason}
        return self._engine.apply("withhold", key=key, at=at, **about)

    def told(self, key: str) -> None:
        """Note that the message *key* went after all."""
        self._engine.run("withheld_told", key=key)

    def why(self, key: str) -> str | None:
        """Return why the message *key* was withheld; None if it was not."""
        row = self._engine.one("withheld_show", key=key)
        return None if row is None else str(row["reason"])

    def withheld(self, *, on: date | None = None) -> dict[str, int]:
        """Return how many messages were withheld by reason: of the local day *on*, or of all days."""
        statement, day = ("withheld_all", {}) if on is None else ("withheld_on", {"day": on.isoformat()})
        return {row["reason"]: int(row["number"]) for row in self._engine.all(statement, **day)}
