"""Stored moments that lie further ahead than their span allows: a clock that was ahead wrote them.

`REAL` and `PLAYED` name every column that holds such a moment, with the longest honest distance from now in
seconds. Left out are times that WeCom told, days, and what is chained or closed.
"""

from __future__ import annotations

import json

from bot.store.coordination import Marks
from bot.store.engine import Engine, SqlRow
from bot.store.sync import STARTS

SLACK_S = 120  # two machines may differ so much
_HOUR_S, _DAY_S = 3600, 86_400

REAL: dict[tuple[str, str], int] = {
    ("inbox", "received_at"): 0,
    ("inbox", "next_try_at"): _HOUR_S,
    ("relation_events", "recorded_at"): 0,
    ("outbox", "next_try_at"): _HOUR_S,
    ("outbox", "tried_at"): 0,
    ("outbox", "unsure_since"): 0,
    ("outbox", "finished_at"): 0,
    ("runs", "lease_until"): 300,
    ("leases", "until"): 300,
    ("tokens", "expires_at"): 2 * _HOUR_S,
    ("tokens", "blocked_until"): _HOUR_S,
    ("outages", "ended_at"): 0,
    ("details", "read_at"): 0,
    ("detail_reads", "wanted_since"): 0,
    ("detail_reads", "next_try_at"): _DAY_S,
    ("member_reads", "wanted_since"): 0,
    ("member_reads", "next_try_at"): 2 * _HOUR_S,
    ("sync_runs", "ended_at"): 0,
    ("engagement_runs", "ended_at"): 0,
    ("read_apis", "blocked_until"): _HOUR_S,
    ("read_apis", "rests_until"): 60,
    ("read_apis", "lowered_at"): 0,
    ("read_flights", "since"): 0,
    ("read_flights", "until"): 120,
    ("words", "claimed_until"): 300,
    ("withheld", "at"): 0,
    ("attachments", "made_at"): 0,
    ("exports", "at"): 0,
    ("welcomes", "claimed_at"): 0,
    ("welcomes", "finished_at"): 0,
    ("robots_off", "since"): 0,
}
"""Columns of real time."""

PLAYED: dict[tuple[str, str], int] = {
    ("runs", "planned_at"): 0,
    ("sync_runs", "began_at"): 0,
    ("sync_readings", "read_at"): 0,
    ("engagement", "read_at"): 0,
    ("engagement_teams", "read_at"): 0,
    ("engagement_runs", "began_at"): 0,
    ("reviews", "opened_at"): 0,
    ("reviews", "told_at"): 0,
    ("findings", "asked_at"): 0,
    ("findings", "answered_at"): 0,
    ("findings", "told_at"): 0,
    ("proposed_renames", "proposed_at"): 0,
    ("proposed_renames", "told_at"): 0,
    ("coaching", "marked_at"): 0,
    ("customer_names", "read_at"): 0,
    ("mutes", "since"): 0,
    ("help_wishes", "wished_at"): 0,
    ("leaves_said", "said_at"): 0,
    ("lists_shown", "shown_at"): 0,
    ("figures", "as_of"): 0,
}
"""Columns of the service's clock."""

# These tables stay small. A process with a clock ahead leaves a moment in one of them, in a mark, in the
# newest rows of a queue or in a waiting message. Only then are large tables searched.
_SMALL = frozenset(
    (
        *("runs", "leases", "tokens", "outages", "sync_runs", "engagement_runs", "read_apis", "read_flights"),
        *("exports", "attachments", "robots_off", "proposed_renames", "mutes", "coaching"),
    )
)

_REAL_MARKS = {
    "receiving": 0,
    "quiet_until": 0,
    "directory_next_try": _HOUR_S,
    "sync_real_covered": 0,
    "facts_imported_at": 0,
}
_PLAYED_MARKS = {
    "timetable_seen": 0,
    "first_start": 0,
    "directory_read_at": 0,
    "questions_put": 0,
    "rollout_since": 0,
    "figures_kept_at": 0,
}
# What cannot be put right is forgotten, and made anew soon. They hold lists, so they are read in one place.
_LISTS = ("heard", "tags_read")
_LATER = "later_time"


def _statements() -> str:
    """Return the statements of each column: whether one lies ahead of :latest, and that it becomes :now."""
    return "\n\n".join(
        f"-- name: moments_{table}_{column}(now, latest)!\n"
        f"UPDATE {table}\n   SET {column} = :now\n WHERE {column} > :latest;\n\n"
        f"-- name: moments_has_{table}_{column}(latest)^\n"
        f"SELECT {column}\n  FROM {table}\n WHERE {column} > :latest\n LIMIT 1;"
        for table, column in (*REAL, *PLAYED)
    )


class Moments:
    """What is put right after the clock went back. Call the changing methods inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        engine.learn(_statements())
        self._engine = engine
        self._marks = Marks(engine)

    def is_ahead(self, *, real: int, played: int) -> bool:
        """Return whether the store has seen a later time than *real*, or *played* on the service's clock."""
        seen, receiving = self._marks.get("timetable_seen"), self._marks.get("receiving")
        return (seen is not None and int(seen) > played + SLACK_S) or (
            receiving is not None and int(receiving) > real + SLACK_S
        )

    def has_later(self, *, real: int, played: int) -> bool:
        """Return whether anything may lie ahead of *real*, or of *played* on the service's clock.

        The cost does not grow with the bank.
        """
        newest = self._engine.number("moments_newest", latest=real + SLACK_S)
        if self.is_ahead(real=real, played=played) or newest is not None:
            return True
        for columns, marks, now in ((REAL, _REAL_MARKS, real), (PLAYED, _PLAYED_MARKS, played)):
            if any(float(self._marks.get(name) or 0) > now + span + SLACK_S for name, span in marks.items()):
                return True
            for (table, column), span in columns.items():
                name = f"moments_has_{table}_{column}"
                if table in _SMALL and self._engine.one(name, latest=now + span + SLACK_S) is not None:
                    return True
        return any(self._is_list_ahead(name, real=real) for name in _LISTS)

    def later_time(self, *, real: int) -> int | None:
        """Return the later time that the store has seen (real epoch s); None if it is over or a day old."""
        noted = json.loads(self._marks.get(_LATER) or "[0, 0]")
        return int(noted[0]) if noted[0] > real + SLACK_S and real < noted[1] + _DAY_S else None

    def put_right(self, *, real: int, played: int) -> dict[str, int]:
        """Set what lies too far ahead to now; return how many rows of each table and how many marks.

        Rows of the timetable and of the outbox that no other rule covers are `runs_ahead`, `messages_ahead`.
        """
        found: dict[str, int] = {}
        later = max(self._latest(real=real, played=played), real)
        for spans, now in ((REAL, real), (PLAYED, played)):
            for (table, column), span in spans.items():
                name, latest = f"moments_{table}_{column}", now + span + SLACK_S
                if count := self._engine.run(name, now=now, latest=latest):
                    found[table] = found.get(table, 0) + count
        for name in ("moments_outages", "moments_grants", "moments_shift"):
            if count := self._engine.run(name, now=real, latest=real + SLACK_S):
                table = name.removeprefix("moments_")
                found[table] = found.get(table, 0) + count
        if count := self._put_marks_right(real=real, played=played):
            found["marks"] = count
        if found and later > real + SLACK_S:
            self._marks.put(_LATER, json.dumps([later, real]))
        return found

    def runs_ahead(self, *, played: int) -> list[SqlRow]:
        """Firings after *played*: job, fire_at, state."""
        return self._engine.all("moments_runs_ahead", latest=played + SLACK_S)

    def forget_run(self, job: str, fire_at: int) -> None:
        """Forget a firing: it is due when its time comes."""
        self._engine.run("moments_run_forget", job=job, fire_at=fire_at)

    def messages_ahead(self, *, real: int) -> list[SqlRow]:
        """Unasked messages stored after *real* and never tried: seq, job, to_userid, not_before."""
        return self._engine.all("moments_messages_ahead", latest=real + SLACK_S)

    def forget_message(self, seq: int) -> None:
        """Forget a message that was never tried: it is planned again."""
        self._engine.run("moments_message_forget", seq=seq)

    def _latest(self, *, real: int, played: int) -> int:
        """Return the latest time the store has seen, as real time."""
        row = self._engine.one("moments_latest")
        seen, receiving = self._marks.get("timetable_seen"), self._marks.get("receiving")
        stored = int(row["latest"] or 0) if row else 0
        return max(stored, int(receiving or 0), int(seen or 0) - played + real)

    def _put_marks_right(self, *, real: int, played: int) -> int:
        count = 0
        for spans, now in ((_REAL_MARKS, real), (_PLAYED_MARKS, played)):
            for name, span in spans.items():
                value = self._marks.get(name)
                if value is not None and float(value) > now + span + SLACK_S:
                    self._marks.put(name, str(now))
                    count += 1
        count += self._put_starts_right(real=real, played=played)
        return count + sum(self._forget_ahead(name, real=real) for name in _LISTS)

    def _put_starts_right(self, *, real: int, played: int) -> bool:
        """Let no comparison have begun after now: it would cover what is still to come."""
        starts = json.loads(self._marks.get(STARTS) or "[]")
        right = [[number, min(began, played), min(known, real)] for number, began, known in starts]
        if is_ahead := any(start[2] > real + SLACK_S for start in starts):
            self._marks.put(STARTS, json.dumps(right))
        return is_ahead

    def _forget_ahead(self, name: str, *, real: int) -> bool:
        """Forget the mark *name* if a moment in it lies ahead."""
        if is_ahead := self._is_list_ahead(name, real=real):
            self._marks.clear(name)
        return is_ahead

    def _is_list_ahead(self, name: str, *, real: int) -> bool:
        value = json.loads(self._marks.get(name) or "null")
        moments = [value["last"], value["looked_at"]] if isinstance(value, dict) else (value or [])[:1]
        return any(moment > real + SLACK_S for moment in moments)
