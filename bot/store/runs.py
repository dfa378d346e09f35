"""The run ledger: one row for one firing of one job, claimed once in the whole installation."""

from __future__ import annotations

from bot.messages.sentences import packed
from bot.store.counters import count
from bot.store.engine import SqlRow, TableGroup, told

SEEN = "timetable_seen"  # the mark with the last moment of the timetable that was looked at


class Runs(TableGroup):
    """Firings and what became of them. Times are epoch seconds; leases live by real time."""

    def claim(self, job: str, fire_at: int, *, holder: str, now: int, lease_until: int) -> bool:
        """Take a firing that is new, waiting or abandoned; False when it is somebody's or at its end."""
        lease = {"holder": holder, "now": now, "lease_until": lease_until}
        return self._engine.apply("runs_claim", job=job, fire_at=fire_at, **lease)

    def get(self, job: str, fire_at: int) -> SqlRow | None:
        """Return one firing."""
        row = self._engine.one("runs_get", job=job, fire_at=fire_at)
        return row and told(row)

    def advance(
        self,
        job: str,
        fire_at: int,
        *,
        holder: str,
        lease_until: int,
        planned_at: int,
        cursor: str,
        messages: int,
    ) -> bool:
        """Note that a chunk up to userid *cursor* is planned; False if another took the firing over."""
        lease = {"holder": holder, "lease_until": lease_until}
        plan = {"planned_at": planned_at, "cursor": cursor, "messages": messages}
        return self._engine.apply("runs_advance", job=job, fire_at=fire_at, **lease, **plan)

    def renew(self, job: str, fire_at: int, *, holder: str, lease_until: int) -> bool:
        """Renew the lease of a firing. Return False if another process took it over."""
        return self._engine.apply(
            "runs_renew", job=job, fire_at=fire_at, holder=holder, lease_until=lease_until
        )

    def end(self, job: str, fire_at: int, *, holder: str, state: str, error: str = "") -> None:
        """End a firing: *state* is done, failed or held (withheld, because figures may be wrong)."""
        values = {"job": job, "fire_at": fire_at, "holder": holder, "state": state, "error": packed(error)}
        if self._engine.apply("runs_end", **values):
            count("job_runs", job, state)

    def put_up(self, job: str, fire_at: int) -> bool:
        """Add a new firing for the first process that takes it; False when it is known."""
        return self._engine.apply("runs_put_up", job=job, fire_at=fire_at)

    def put_back(self, job: str, fire_at: int, *, holder: str, until: int, error: str = "") -> None:
        """Put a firing off to *until*, when any process may continue it. It was no try; *error* says why."""
        about = {"until": until, "error": packed(error)}
        self._engine.run("runs_put_back", job=job, fire_at=fire_at, holder=holder, **about)

    def miss(self, job: str, fire_at: int, *, now: int) -> bool:
        """Mark a firing as missed. Return False if it is already final or still running."""
        is_missed = self._engine.apply("runs_miss", job=job, fire_at=fire_at, now=now)
        if is_missed:
            count("job_runs", job, "missed")
        return is_missed

    def abandoned(self, *, now: int) -> list[tuple[str, int]]:
        """Return the firings whose planner fell silent, and those that were put off until now."""
        return [(row["job"], row["fire_at"]) for row in self._engine.all("runs_abandoned", now=now)]

    def unfinished_since(self, since: int) -> list[SqlRow]:
        """Return runs after *since* that failed, were held or missed, oldest first: job, fire_at, state."""
        return self._engine.all("runs_unfinished_since", since=since)

    def done_since(self, since: int) -> list[tuple[str, int]]:
        """Return job and fire_at of the runs after *since* (epoch s) that came to their end, oldest first."""
        return [(row["job"], row["fire_at"]) for row in self._engine.all("runs_done_since", since=since)]

    def last(self) -> list[SqlRow]:
        """Return the last firing of each job."""
        return [told(row) for row in self._engine.all("runs_last")]

    def newest(self, job: str) -> SqlRow | None:
        """Return the last firing of one job."""
        return self._engine.one("runs_newest", job=job)
