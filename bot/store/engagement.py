"""WeCom's behaviour figures by member and day, of teams, and the reading that is under way.

One reading at a time. Days are those of China; times are epoch seconds as of the job.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from bot.core.engagement import CHINA, ChatFigures, TeamRate
from bot.core.relations import RelationKind
from bot.core.sync_estimate import MemberDay
from bot.messages.sentences import packed, unpacked
from bot.store.engine import SqlRow, TableGroup, row_of, value_of

_BATCH = 500
_MEMBERS = 200
_EPOCH = date(1970, 1, 1)


class Asked(StrEnum):
    """How far one member is in a reading."""

    WANTED = "wanted"
    READ = "read"
    UNKNOWN = "unknown"  # WeCom told nothing of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of everybody's days up to *last_day*, as of *began_at*."""

    number: int
    last_day: date
    began_at: int
    state: str
    ended_at: int | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDay:
    """One member's day as it is kept."""

    userid: str
    day: date
    figures: ChatFigures
    is_final: bool
    read_at: int


class Engagement(TableGroup):
    """Rows of these tables. Call the changing methods inside a transaction."""

    # --- the reading ---

    def begin(self, *, last_day: date, began_at: int, userids: Iterable[str]) -> Reading:
        """Begin a new reading of these members; an unfinished one is abandoned."""
        self._engine.run("engagement_abandon")
        self._engine.run("engagement_members_clear")
        self._engine.run("engagement_begin", last_day=last_day.isoformat(), began_at=began_at)
        self._engine.run_many("engagement_members_put", [{"userid": userid} for userid in sorted(userids)])
        reading = self.unfinished()
        if reading is None:
            raise RuntimeError("the reading that was begun is not there")
        return reading

    def unfinished(self) -> Reading | None:
        """Return the reading that is to be continued."""
        return _reading(self._engine.one("engagement_unfinished"))

    def last(self) -> Reading | None:
        """Return the newest finished reading."""
        return _reading(self._engine.one("engagement_last"))

    def note(self, reading: Reading, error: str) -> None:
        """Note why the reading does not continue for now."""
        self._engine.run("engagement_note", number=reading.number, error=packed(error))

    def end(self, reading: Reading, *, ended_at: int) -> None:
        """Mark the reading as done."""
        self._engine.run("engagement_end", number=reading.number, ended_at=ended_at)

    def counts(self) -> dict[Asked, int]:
        """Return how many members are in each state."""
        return {Asked(row["state"]): row["members"] for row in self._engine.all("engagement_members_count")}

    def members(self, state: Asked) -> dict[str, str]:
        """Return the members in a state, each with their error."""
        rows = self._engine.all("engagement_members_in", state=state.value)
        return {row["userid"]: row["error"] for row in rows}

    # --- members ---

    def put(self, userid: str, days: Mapping[date, ChatFigures], *, final_upto: date, read_at: int) -> None:
        """Store what was read of a member. Days up to *final_upto* become final; final days stay as they are.

        A changed userid's days are stored under the new one.
        """
        userid = (self._engine.one("rename_of", userid=userid) or {"userid": userid})["userid"]
        rows = [
            row_of(figures, userid=userid, day=day, is_final=day <= final_upto, read_at=read_at)
            for day, figures in sorted(days.items())
        ]
        self._engine.run_many("engagement_put", rows)
        self._engine.run("engagement_members_state", userid=userid, state=Asked.READ.value, error="")

    def put_unknown(self, userid: str, reason: str) -> None:
        """Note that WeCom told nothing of a member, and why."""
        self._engine.run("engagement_members_state", userid=userid, state=Asked.UNKNOWN.value, error=reason)

    def newest_final(self, userid: str) -> date | None:
        """Return the newest final day of a member."""
        row = self._engine.one("engagement_newest_final", userid=userid)
        return date.fromisoformat(row["day"]) if row and row["day"] else None

    def of_day(self, day: date, userids: Collection[str] | None = None) -> dict[str, ChatFigures]:
        """Return everybody's figures of one day, by userid; *userids*: those of these people alone."""
        if userids is None:
            rows = self._engine.all("engagement_of_day", day=day.isoformat())
        else:
            listed = json.dumps(list(userids))
            rows = self._engine.all("engagement_of_day_some", day=day.isoformat(), userids=listed)
        return {row["userid"]: value_of(ChatFigures, row) for row in rows}

    def of_person(self, userid: str, *, first: date) -> dict[date, ChatFigures]:
        """Return one member's figures from the day *first* on, the newest day first."""
        rows = self._engine.all("engagement_of", userid=userid, first=first.isoformat())
        return {date.fromisoformat(row["day"]): value_of(ChatFigures, row) for row in rows}

    def all(self) -> Iterator[KeptDay]:
        """Yield every member's days, by userid and day; never many in memory."""
        after = {"userid": "", "day": ""}
        while rows := self._engine.all("engagement_after", batch=_BATCH, **after):
            yield from map(_kept, rows)
            after = {"userid": rows[-1]["userid"], "day": rows[-1]["day"]}

    # --- teams ---

    def put_team(self, reading: Reading, department: int, rate: TeamRate) -> None:
        """Store the rate of a department with all below it, for the last day of *reading*."""
        about = {"run": reading.number, "read_at": reading.began_at}
        row = row_of(rate, department=department, day=reading.last_day, **about)
        self._engine.run("engagement_team_put", **row)

    def teams(self, day: date) -> dict[int, TeamRate]:
        """Return the rates of departments on one day."""
        rows = self._engine.all("engagement_teams_of", day=day.isoformat())
        return {row["department"]: value_of(TeamRate, row) for row in rows}

    def teams_read(self, reading: Reading) -> set[int]:
        """Return the departments that *reading* is done with."""
        return {row["department"] for row in self._engine.all("engagement_teams_read", run=reading.number)}

    # --- beside the ledger ---

    def beside_ledger(self, *, since: int) -> Iterator[MemberDay]:
        """Yield each day that was read since a time, beside what the ledger knows of it; by member."""
        userids = [row["userid"] for row in self._engine.all("engagement_of_whom", since=since)]
        for first in range(0, len(userids), _MEMBERS):
            some = userids[first : first + _MEMBERS]
            yield from self._beside_ledger(some[0], some[-1], since)

    def _beside_ledger(self, first_userid: str, last_userid: str, since: int) -> Iterator[MemberDay]:
        span = {"first_userid": first_userid, "last_userid": last_userid}
        counted = self._engine.all("engagement_counted", since=since, **span)
        begin = min(date.fromisoformat(row["day"]) for row in counted)
        begin_at = int(datetime.combine(begin, time(), CHINA).timestamp())
        known = {
            (row["userid"], _EPOCH + timedelta(days=row["day_number"]), row["kind"]): row["counted"]
            for row in self._engine.all("engagement_known", since=begin_at, **span)
        }
        for row in counted:
            userid, day = row["userid"], date.fromisoformat(row["day"])
            yield MemberDay(
                userid=userid,
                day=day,
                told_losses=row["losses"],
                told_adds=row["added"],
                known_losses=known.get((userid, day, RelationKind.LOST_BY_CUSTOMER.value), 0),
                known_adds=known.get((userid, day, RelationKind.ADDED.value), 0),
            )


def _reading(row: SqlRow | None) -> Reading | None:
    return None if row is None else replace(value_of(Reading, row), error=unpacked(row["error"]))


def _kept(row: SqlRow) -> KeptDay:
    return value_of(KeptDay, row, figures=value_of(ChatFigures, row))
