"""Comparing with WeCom's lists: the run, whom it reads, what it read, what it found.

One run at a time; its lists are kept only until it is done. Times are epoch seconds of WeCom's clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.store.details import ContactRead
from bot.store.engine import Engine, Row

_CLEAR = 2_000


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
    UNKNOWN = "unknown"  # his list could not be read
    ASKED = "asked"  # he may be somebody with a changed userid; nothing is written before that is decided


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """One comparison. *cursor*: where the list of the present batch goes on."""

    number: int
    began_at: int
    accepts_losses: bool
    step: Step
    cursor: str
    calls: int
    ended_at: int | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Burden:
    """Losses found for one member, and how many living relations he had."""

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
class Drift:
    """How much of one cause a run found; *userid* is empty for what concerns nobody by name."""

    cause: str
    userid: str
    number: int
    text: str = ""


class Syncs:
    """Rows of these tables. Call the changing methods inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # --- the run ---

    def begin(self, *, began_at: int, accepts_losses: bool) -> SyncRun:
        """A new run; an unfinished one is abandoned."""
        self.abandon()
        self._engine.run("sync_begin", began_at=began_at, accepts_losses=int(accepts_losses))
        run = self.unfinished()
        if run is None:
            raise RuntimeError("the run that was begun is not there")
        return run

    def abandon(self) -> None:
        """An unfinished run is not gone on with: what it read no longer fits."""
        self._engine.run("sync_abandon")
        self._engine.run("sync_members_clear")

    def unfinished(self) -> SyncRun | None:
        """The run that is to be gone on with."""
        return _run(self._engine.one("sync_unfinished"))

    def last(self) -> SyncRun | None:
        """The newest run that came to its end."""
        return _run(self._engine.one("sync_last_done"))

    def first_at(self) -> int | None:
        """When the first complete run began."""
        row = self._engine.one("sync_first_done")
        return None if row is None or row["began_at"] is None else int(row["began_at"])

    def done_before(self, at: int) -> int | None:
        """When the newest complete run that began before *at* did."""
        row = self._engine.one("sync_done_before", at=at)
        return None if row is None or row["began_at"] is None else int(row["began_at"])

    def go_on(self, run: SyncRun, step: Step) -> None:
        """The run is at *step* now."""
        self._engine.run("sync_step", number=run.number, state=step.value)

    def note(self, run: SyncRun, error: str) -> None:
        """Why it does not go on for now."""
        self._engine.run("sync_note", number=run.number, error=error)

    def end(self, run: SyncRun, *, ended_at: int) -> None:
        """Done: whose lists were accounted for is read up to the beginning of the run."""
        self._engine.run("sync_readings_keep", read_at=run.began_at)
        self._engine.run("sync_end", number=run.number, ended_at=ended_at)

    # --- whom it reads ---

    def put_batches(self, batches: Iterable[Sequence[str]]) -> None:
        """Members to be read, each batch together, behind those that are there."""
        row = self._engine.one("sync_last_batch")
        last = -1 if row is None or row["batch"] is None else int(row["batch"])
        rows = [
            {"userid": userid, "batch": number}
            for number, batch in enumerate(batches, start=last + 1)
            for userid in batch
        ]
        if rows:
            self._engine.run_many("sync_members_put", rows)

    def batch(self) -> list[str]:
        """The members to be read next; empty when all are read or unknown."""
        return [row["userid"] for row in self._engine.all("sync_batch")]

    def put_states(self, states: Mapping[str, tuple[Member, str]]) -> None:
        """What became of members, each with what is in the way."""
        rows = [
            {"userid": userid, "state": state.value, "error": error}
            for userid, (state, error) in sorted(states.items())
        ]
        if rows:
            self._engine.run_many("sync_members_state", rows)

    def counts(self) -> dict[Member, int]:
        """How many members are how far."""
        return {Member(row["state"]): row["members"] for row in self._engine.all("sync_members_count")}

    def some(self, state: Member, *, most: int) -> list[str]:
        """Up to *most* members in a state, in their order."""
        return [row["userid"] for row in self._engine.all("sync_members_in", state=state.value, batch=most)]

    def unknown(self) -> dict[str, str]:
        """Whose list could not be read, and why."""
        return {row["userid"]: row["error"] for row in self._engine.all("sync_members_unknown")}

    def left_out(self, userids: Iterable[str]) -> list[str]:
        """Those of *userids* that the run does not ask about at all."""
        taking_part = {row["userid"] for row in self._engine.all("sync_members_all")}
        return sorted(set(userids) - taking_part)

    # --- what it read ---

    def put_page(self, run: SyncRun, contacts: Sequence[ContactRead], *, cursor: str) -> None:
        """A page of the present batch; *cursor* is where the next one begins."""
        if contacts:
            self._engine.run_many("sync_listed_put", [_listed_row(contact) for contact in contacts])
        self._engine.run("sync_read_on", number=run.number, cursor=cursor, calls=1)

    def forget_lists(self, userids: Iterable[str]) -> None:
        """What was read of these is not used."""
        rows = [{"userid": userid} for userid in userids]
        if rows:
            self._engine.run_many("sync_listed_forget", rows)

    def rewind(self, run: SyncRun) -> None:
        """The present batch is read from its beginning."""
        self._engine.run("sync_read_on", number=run.number, cursor="", calls=0)

    def clear_some(self) -> bool:
        """Forget some of what was read; False when nothing is left."""
        return self._engine.run("sync_listed_clear", chunk=_CLEAR) > 0

    def listed(self, userid: str) -> dict[str, ContactRead]:
        """A member's list, by customer."""
        return {
            row["external_userid"]: _contact(userid, row)
            for row in self._engine.all("sync_listed_of", userid=userid)
        }

    def handed(self, userid: str, external_userid: str) -> list[int]:
        """When other members' contacts with this customer began, where an admin gave him."""
        rows = self._engine.all("sync_handed", userid=userid, external_userid=external_userid)
        return [row["createtime"] for row in rows]

    def seen_before(self, userid: str, *, since: int) -> set[str]:
        """A member's listed customers, begun since a time, whom somebody at the bank had before that."""
        rows = self._engine.all("sync_seen_before", userid=userid, since=since)
        return {row["external_userid"] for row in rows}

    def read_at(self, userid: str) -> int | None:
        """Up to when a member's list was last accounted for."""
        row = self._engine.one("sync_reading", userid=userid)
        return None if row is None else int(row["read_at"])

    def readings(self) -> dict[str, int]:
        """The same of everybody whose list was ever accounted for."""
        return {row["userid"]: row["read_at"] for row in self._engine.all("sync_readings_all")}

    # --- what it found ---

    def put_judged(self, burden: Burden, losses: Sequence[FoundLoss]) -> None:
        """A member is judged; his losses wait for the decision. Earlier ones that waited are forgotten."""
        self._engine.run("sync_losses_clear", userid=burden.userid)
        if losses:
            self._engine.run_many("sync_losses_put", [_loss_row(loss) for loss in losses])
        self._engine.run("sync_judged", userid=burden.userid, living=burden.living, losses=burden.losses)

    def missing_since(self, userid: str) -> dict[str, int]:
        """Customers whose loss was held, and since when their list lacks them."""
        rows = self._engine.all("sync_losses_of", userid=userid)
        return {row["external_userid"]: row["at"] for row in rows if row["is_gone"]}

    def burdens(self) -> list[Burden]:
        """Members with losses."""
        return [
            Burden(
                userid=row["userid"],
                living=row["living"],
                losses=row["losses"],
                is_held=bool(row["is_held"]),
            )
            for row in self._engine.all("sync_toll")
        ]

    def burden_of_all(self) -> Burden:
        """All judged members together; *userid* is empty."""
        row = self._engine.one("sync_toll_of_all")
        return Burden(userid="", **(row or {"living": 0, "losses": 0}))

    def hold(self, userids: Iterable[str]) -> None:
        """The losses of these wait for a person's word."""
        rows = [{"userid": userid} for userid in userids]
        if rows:
            self._engine.run_many("sync_hold", rows)

    def free_losses(self, *, most: int) -> list[FoundLoss]:
        """Up to *most* losses that wait for nobody."""
        return [FoundLoss(**row) for row in self._engine.all("sync_losses_free", batch=most)]

    def drop_losses(self, losses: Iterable[FoundLoss]) -> None:
        """They are written."""
        rows = [{"userid": loss.userid, "external_userid": loss.external_userid} for loss in losses]
        if rows:
            self._engine.run_many("sync_losses_drop", rows)

    def put_drift(self, run: SyncRun, drifts: Iterable[Drift]) -> None:
        """What a run found."""
        rows = [
            {
                "run": run.number,
                "cause": drift.cause,
                "userid": drift.userid,
                "number": drift.number,
                "text": drift.text,
            }
            for drift in drifts
        ]
        if rows:
            self._engine.run_many("sync_drift_put", rows)

    def drift(self, run: SyncRun) -> dict[str, tuple[int, int]]:
        """How much a run found of each cause, and how many members that concerns."""
        rows = self._engine.all("sync_drift_by_cause", run=run.number)
        return {row["cause"]: (row["number"], row["members"]) for row in rows}

    def concerned(self, run: SyncRun, cause: str) -> list[Drift]:
        """Whom one cause concerns."""
        rows = self._engine.all("sync_drift_of", run=run.number, cause=cause)
        return [Drift(cause=cause, **row) for row in rows]


def _run(row: Row | None) -> SyncRun | None:
    if row is None:
        return None
    step = Step(row.pop("state"))
    return SyncRun(**{**row, "accepts_losses": bool(row["accepts_losses"])}, step=step)


def _loss_row(loss: FoundLoss) -> Row:
    return {
        "userid": loss.userid,
        "external_userid": loss.external_userid,
        "at": loss.at,
        "is_gone": int(loss.is_gone),
    }


def _listed_row(contact: ContactRead) -> Row:
    return {
        "userid": contact.userid,
        "external_userid": contact.external_userid,
        "createtime": contact.createtime,
        "customer_type": contact.customer_type,
        "add_way": contact.add_way,
        "state": contact.state,
        "oper_userid": contact.oper_userid,
        "tags": json.dumps(sorted(contact.tags)),
        "unionid": contact.unionid,
        "mobile_sha256": " ".join(sorted(contact.mobiles_sha256)),
    }


def _contact(userid: str, row: Row) -> ContactRead:
    return ContactRead(
        userid=userid,
        external_userid=row["external_userid"],
        createtime=row["createtime"],
        customer_type=row["customer_type"],
        add_way=row["add_way"],
        state=row["state"],
        oper_userid=row["oper_userid"],
        tags=tuple(json.loads(row["tags"])),
        unionid=row["unionid"],
        mobiles_sha256=tuple(row["mobile_sha256"].split()),
    )
