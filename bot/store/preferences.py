"""What people want: silence until some time, leave said by word, help; and the list they were shown last."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.store.engine import SqlRow, TableGroup, value_of


class Way(StrEnum):
    """How somebody said something: in words, or by a button of a message or the menu."""

    WORD = "word"
    BUTTON = "button"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """A wish since *since* for nothing unasked before *until*. Epoch seconds."""

    userid: str
    until: int
    since: int
    way: Way


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidLeave:
    """Leave that somebody told the app, both local days included; it silences and changes no number."""

    userid: str
    first: date
    last: date
    said_at: int


class Preferences(TableGroup):
    """Userids in lower case. Each method is safe alone or inside a transaction."""

    def mute(self, userid: str, *, until: int, since: int, way: Way) -> None:
        """Store the wish for nothing unasked before *until*, in place of an earlier wish. Epoch seconds."""
        self._engine.run("mute_put", userid=userid, until=until, since=since, way=way.value)

    def unmute(self, userid: str) -> bool:
        """Forget the wish; whether there was one."""
        return self._engine.apply("mute_clear", userid=userid)

    def mutes(self) -> dict[str, Mute]:
        """Return all wishes by userid, past ones too."""
        return {row["userid"]: value_of(Mute, row) for row in self._engine.all("mutes_all")}

    def mute_of(self, userid: str) -> Mute | None:
        """Return the wish of one person, a past one too; None without any."""
        row = self._engine.one("mute_of", userid=userid)
        return None if row is None else value_of(Mute, row)

    def add_leave(self, userid: str, first: date, last: date, *, at: int) -> bool:
        """Store a leave, both days included; False when it is known. *at* in epoch s."""
        days = {"first_day": first.isoformat(), "last_day": last.isoformat()}
        return self._engine.apply("leave_said_add", userid=userid, said_at=at, **days)

    def end_leave(self, userid: str, *, back_on: date) -> bool:
        """End leave before the local day *back_on*; past days stay. Return whether anything changed."""
        before = (back_on - timedelta(days=1)).isoformat()
        cut = self._engine.run("leave_said_cut", userid=userid, day=before)
        return self._engine.run("leave_said_drop", userid=userid, day=before) + cut > 0

    def leaves(self) -> dict[str, tuple[SaidLeave, ...]]:
        """Return all leaves by userid, in the order of their days."""
        leaves: dict[str, list[SaidLeave]] = {}
        for leave in map(_leave, self._engine.all("leaves_said_all")):
            leaves.setdefault(leave.userid, []).append(leave)
        return {userid: tuple(of_person) for userid, of_person in leaves.items()}

    def leaves_of(self, userid: str) -> tuple[SaidLeave, ...]:
        """Return the leaves of one person, in the order of their days."""
        return tuple(map(_leave, self._engine.all("leaves_said_of", userid=userid)))

    def wish_help(self, userid: str, day: date, *, at: int) -> bool:
        """Note that they asked for help on the local *day*; False if that is known. *at* in epoch s."""
        return self._engine.apply("help_wish_add", userid=userid, day=day.isoformat(), wished_at=at)

    def help_wishes_of(self, userids: Collection[str], *, since: date) -> list[tuple[str, date]]:
        """Return the last request for help of *userids* since the local day *since*, by day."""
        about = {"userids": json.dumps(list(userids)), "day": since.isoformat()}
        rows = self._engine.all("help_wishes_of", **about)
        return [(row["userid"], date.fromisoformat(row["day"])) for row in rows]

    def show(self, userid: str, external_userids: Sequence[str], *, at: int) -> None:
        """Note that they were shown these customers under the numbers 1, 2 … *at* in epoch s.

        Call it inside a transaction: a second process waits at the first row.
        """
        rows = [
            {"userid": userid, "number": number, "external_userid": external_userid, "shown_at": at}
            for number, external_userid in enumerate(external_userids, start=1)
        ]
        self._engine.run_many("list_shown_put", rows)
        self._engine.run("list_shown_cut", userid=userid, last=len(rows))

    def shown(self, userid: str) -> dict[int, str]:
        """Return the customers of the list that they were shown last, by number."""
        rows = self._engine.all("list_shown", userid=userid)
        return {row["number"]: row["external_userid"] for row in rows}


def _leave(row: SqlRow) -> SaidLeave:
    return value_of(SaidLeave, row, first=row["first_day"], last=row["last_day"])
