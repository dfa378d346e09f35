"""Comparisons with WeCom's lists: the run, its members, the lists it read, the losses it found.

One run at a time; its lists are kept only until it is done. Times are epoch seconds of the service's clock,
which is WeCom's; a name with *real*, and *ended_at*, say real time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from enum import StrEnum

from bot.messages.sentences import packed, unpacked
from bot.store.coordination import Marks
from bot.store.details import ContactRead, contact_from, contact_row
from bot.store.engine import Engine, SqlRow, TableGroup, row_of, value_of

_CLEAR = 2_000
STARTS = "sync_real_began"  # the mark of the real beginnings of runs
_COVERED = "sync_real_covered"  # the mark of the newest one of a run that is done
WHOLE = "compared_whole"  # the mark of the real time at which the first whole comparison ended


class Step(StrEnum):
    """How far a run is."""

    LISTING = "listing"  # who has customers at all
    READING = "reading"
    JUDGING = "judging"
    APPLYING = "applying"
    DONE = "done"
    ABANDONED = "abandoned"


class Member(StrEnum):
    """How far one member is in a run."""

    WANTED = "wanted"
    READ = "read"
    JUDGED = "judged"
    UNKNOWN = "unknown"  # their list could not be read
    ASKED = "asked"  # perhaps a changed userid; nothing is written before that is decided


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """One comparison. *cursor*: where the list of the present batch goes on.

    *began_at* is on the service's clock, like the facts that the run is compared with. *real_began_at*, the
    same moment or an earlier one, and *ended_at* are real time, like outages.
    """

    number: int
    began_at: int
    real_began_at: int
    accepts_losses: bool
    step: Step
    cursor: str
    calls: int
    ended_at: int | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Burden:
    """The losses and living relations of one member."""

    userid: str
    living: int
    losses: int
    is_held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLoss:
    """A loss that is not written yet. *is_gone*: the list lacks it, since *at*."""

    userid: str
    external_userid: str
    at: int
    is_gone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReportLine:
    """How much of one cause a run found; *userid* is empty for what concerns nobody by name."""

    cause: str
    userid: str
    number: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Start:
    """When a run began, on the service's clock and in real time."""

    number: int
    began_at: int
    real_began_at: int


class Syncs(TableGroup):
    """Rows of these tables. Call the changing methods inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._marks = Marks(engine)

    # --- the run ---

    def begin(self, *, began_at: int, real_began_at: int, accepts_losses: bool) -> SyncRun:
        """Begin a new run; an unfinished one is abandoned. Times as in `SyncRun`."""
        self.abandon()
        self._engine.run("sync_begin", began_at=began_at, accepts_losses=int(accepts_losses))
        run = self.unfinished()
        if run is None:
            raise RuntimeError("the run that was begun is not there")
        self._put_starts([*self._starts(), _Start(run.number, began_at, real_began_at)])
        return replace(run, real_began_at=real_began_at)

    def abandon(self) -> None:
        """Abandon an unfinished run: what it read no longer fits."""
        self._engine.run("sync_abandon")
        self._engine.run("sync_members_clear")

    def unfinished(self) -> SyncRun | None:
        """Return the run that is to be continued."""
        return self._run(self._engine.one("sync_unfinished"))

    def last(self) -> SyncRun | None:
        """Return the newest finished run."""
        return self._run(self._engine.one("sync_last_done"))

    def first_at(self) -> int | None:
        """Return when the first complete run began."""
        return self._engine.number("sync_first_done")

    def first_whole_at(self) -> int | None:
        """Return the real time at which the first whole comparison ended; None before."""
        known = self._marks.get(WHOLE)
        return None if known is None else int(known)

    def done_before(self, at: int) -> int | None:
        """Return when the newest complete run that began before *at* did, both on the service's clock."""
        return self._engine.number("sync_done_before", at=at)

    def _run(self, row: SqlRow | None) -> SyncRun | None:
        if row is None:
            return None
        # A run of an earlier version has one time only: its clocks were the same.
        real = {start.number: start.real_began_at for start in self._starts()}
        real_began_at = real.get(row["number"], row["began_at"])
        run = value_of(SyncRun, row, step=row["state"], real_began_at=real_began_at)
        return replace(run, error=unpacked(run.error))

    def _starts(self) -> list[_Start]:
        return [_Start(*start) for start in json.loads(self._marks.get(STARTS) or "[]")]

    def _put_starts(self, starts: Iterable[_Start]) -> None:
        self._marks.put(STARTS, json.dumps(list(map(astuple, starts))))

    def real_covered(self, *, now: int) -> int | None:
        """Return up to when a complete run compared all lists, at real *now*: in real time."""
        known = self._marks.get(_COVERED)
        # In an earlier version both clocks were the same; a run of a day to come covers nothing yet.
        return self.done_before(now + 1) if known is None else int(known)

    def go_on(self, run: SyncRun, step: Step) -> None:
        """Bring the run to *step*."""
        self._engine.run("sync_step", number=run.number, state=step.value)

    def note(self, run: SyncRun, error: str) -> None:
        """Note why the run does not continue for now."""
        self._engine.run("sync_note", number=run.number, error=packed(error))

    def end(self, run: SyncRun, *, ended_at: int, is_whole: bool = True) -> None:
        """End the run in real time: lists that were accounted for are read up to the run's beginning.

        *is_whole*: it read every list that can be read.
        """
        if is_whole:
            self._marks.first(WHOLE, str(ended_at))
        self._engine.run("sync_readings_keep", read_at=run.began_at)
        covered = self.real_covered(now=ended_at) or 0
        self._marks.put(_COVERED, str(max(covered, run.real_began_at)))
        self._engine.run("sync_end", number=run.number, ended_at=ended_at)
        needed = {row["read_at"] for row in self._engine.all("sync_readings_all")}
        starts = self._starts()
        self._put_starts(each for each in starts if each.began_at in needed or each.number >= run.number)

    # --- its members ---

    def put_batches(self, batches: Iterable[Sequence[str]]) -> None:
        """Add members to be read, each batch together, behind those that are there."""
        last = self._engine.number("sync_last_batch")
        rows = [
            {"userid": userid, "batch": number}
            for number, batch in enumerate(batches, start=0 if last is None else last + 1)
            for userid in batch
        ]
        self._engine.run_many("sync_members_put", rows)

    def batch(self) -> list[str]:
        """Return the members to be read next; empty when all are read or unknown."""
        return [row["userid"] for row in self._engine.all("sync_batch")]

    def put_states(self, states: Mapping[str, tuple[Member, str]]) -> None:
        """Store the states of members, each with their error."""
        rows = [
            {"userid": userid, "state": state.value, "error": error}
            for userid, (state, error) in sorted(states.items())
        ]
        self._engine.run_many("sync_members_state", rows)

    def counts(self) -> dict[Member, int]:
        """Return how many members are in each state."""
        return {Member(row["state"]): row["members"] for row in self._engine.all("sync_members_count")}

    def read_of(self) -> tuple[int, int]:
        """Return how many members' lists were read, and of how many."""
        counts = self.counts()
        return sum(counts.values()) - counts.get(Member.WANTED, 0), sum(counts.values())

    def some(self, state: Member, *, most: int) -> list[str]:
        """Return up to *most* members in a state, in their order."""
        return [row["userid"] for row in self._engine.all("sync_members_in", state=state.value, batch=most)]

    def unknown(self) -> dict[str, str]:
        """Return the members whose list could not be read, each with the reason."""
        return {row["userid"]: row["error"] for row in self._engine.all("sync_members_unknown")}

    def left_out(self, userids: Iterable[str]) -> list[str]:
        """Return those of *userids* that the run does not ask about at all."""
        taking_part = {row["userid"] for row in self._engine.all("sync_members_all")}
        return sorted(set(userids) - taking_part)

    # --- what it read ---

    def put_page(self, run: SyncRun, contacts: Sequence[ContactRead], *, cursor: str) -> None:
        """Store a page of the present batch; *cursor* is where the next one begins."""
        self._engine.run_many("sync_listed_put", list(map(contact_row, contacts)))
        self._engine.run("sync_read_on", number=run.number, cursor=cursor, calls=1)

    def forget_lists(self, userids: Iterable[str]) -> None:
        """Forget the lists that were read of these members."""
        self._engine.run_many("sync_listed_forget", [{"userid": userid} for userid in userids])

    def rewind(self, run: SyncRun) -> None:
        """Read the present batch from its beginning."""
        self._engine.run("sync_read_on", number=run.number, cursor="", calls=0)

    def clear_some(self) -> bool:
        """Forget some of what was read; False when nothing is left."""
        return self._engine.apply("sync_listed_clear", chunk=_CLEAR)

    def listed(self, userid: str) -> dict[str, ContactRead]:
        """Return a member's list, by customer."""
        rows = self._engine.all("sync_listed_of", userid=userid)
        return {row["external_userid"]: contact_from({**row, "userid": userid}) for row in rows}

    def handed(self, userid: str, external_userid: str) -> list[int]:
        """Return when other members' contacts with this customer began, if an admin assigned them."""
        rows = self._engine.all("sync_handed", userid=userid, external_userid=external_userid)
        return [row["createtime"] for row in rows]

    def seen_before(self, userid: str, *, since: int) -> set[str]:
        """Return a member's listed customers since a time that somebody at the bank had before it."""
        rows = self._engine.all("sync_seen_before", userid=userid, since=since)
        return {row["external_userid"] for row in rows}

    def read_at(self, userid: str) -> int | None:
        """Return up to when a member's list was last accounted for, on the service's clock."""
        return self._engine.number("sync_reading", userid=userid)

    def real_readings(self) -> dict[str, int]:
        """Return the same of everybody whose list was ever accounted for, but in real time."""
        # Newest first: of two runs of one moment on the service's clock the earlier real time holds.
        real = {start.began_at: start.real_began_at for start in reversed(self._starts())}
        rows = self._engine.all("sync_readings_all")
        return {row["userid"]: real.get(int(row["read_at"]), int(row["read_at"])) for row in rows}

    # --- what it found ---

    def put_judged(self, burden: Burden, losses: Sequence[FoundLoss]) -> None:
        """Note that a member is judged, and store their undecided losses in place of earlier ones."""
        self._engine.run("sync_losses_clear", userid=burden.userid)
        self._engine.run_many("sync_losses_put", list(map(row_of, losses)))
        self._engine.run("sync_judged", userid=burden.userid, living=burden.living, losses=burden.losses)

    def missing_since(self, userid: str) -> dict[str, int]:
        """Return customers whose loss was held, and since when their list lacks them."""
        rows = self._engine.all("sync_losses_of", userid=userid)
        return {row["external_userid"]: row["at"] for row in rows if row["is_gone"]}

    def burdens(self) -> list[Burden]:
        """Return the members with losses."""
        return [value_of(Burden, row) for row in self._engine.all("sync_toll")]

    def burden_of_all(self) -> Burden:
        """Return all judged members together; *userid* is empty."""
        row = self._engine.one("sync_toll_of_all")
        return Burden(userid="", **(row or {"living": 0, "losses": 0}))

    def hold(self, userids: Iterable[str]) -> None:
        """Hold the losses of these members until a person decides."""
        self._engine.run_many("sync_hold", [{"userid": userid} for userid in userids])

    def free_losses(self, *, most: int) -> list[FoundLoss]:
        """Return up to *most* losses that nobody has to decide on."""
        return [FoundLoss(**row) for row in self._engine.all("sync_losses_free", batch=most)]

    def drop_losses(self, losses: Iterable[FoundLoss]) -> None:
        """Remove losses that are written."""
        self._engine.run_many("sync_losses_drop", list(map(row_of, losses)))

    def put_report_lines(self, run: SyncRun, lines: Iterable[SyncReportLine]) -> None:
        """Store what a run found."""
        self._engine.run_many("sync_drift_put", [row_of(line, run=run.number) for line in lines])

    def report_totals(self, run: SyncRun) -> dict[str, tuple[int, int]]:
        """Return how much a run found of each cause, and how many members that concerns."""
        rows = self._engine.all("sync_drift_by_cause", run=run.number)
        return {row["cause"]: (row["number"], row["members"]) for row in rows}

    def report_lines(self, run: SyncRun, cause: str) -> list[SyncReportLine]:
        """Return the members that one cause concerns."""
        rows = self._engine.all("sync_drift_of", run=run.number, cause=cause)
        return [SyncReportLine(cause=cause, **row) for row in rows]
