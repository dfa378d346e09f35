"""Marks of leaders: the people they said they will help."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date

from bot.core.coaching import Mark
from bot.store.engine import TableGroup, value_of


class Coaching(TableGroup):
    """Userids in lower case; days are local. Each method is one statement, safe alone or in a transaction."""

    def mark(self, leader: str, userid: str, day: date, *, at: int) -> bool:
        """Note that *leader* will help *userid*; False if that was noted on *day* before. *at* in epoch s."""
        row = {"leader": leader, "userid": userid, "day": day.isoformat(), "marked_at": at}
        return self._engine.apply("coaching_mark", **row)

    def note_pace(self, leader: str, userid: str, day: date, *, quota: str, pace: int) -> None:
        """Store their *pace* (hundredths) in *quota* at the mark; a later one changes nothing."""
        self._engine.run(
            "coaching_pace", leader=leader, userid=userid, day=day.isoformat(), quota=quota, pace=pace
        )

    def marks(self, *, since: date) -> list[Mark]:
        """Return all marks from the local day *since* on, in the order of days."""
        return [value_of(Mark, row) for row in self._engine.all("coaching_since", day=since.isoformat())]

    def marks_of(self, userids: Collection[str], *, since: date) -> list[Mark]:
        """Return only those about *userids*."""
        about = {"userids": json.dumps(list(userids)), "day": since.isoformat()}
        return [value_of(Mark, row) for row in self._engine.all("coaching_of", **about)]
