"""What people decide: appeals about contacts, held contacts, and findings about adds.

Times are epoch seconds. Call the changing methods inside a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum

from bot.core.evidence import Evidence
from bot.core.integrity import Finding, FindingKind, FindingName, Flag, Key
from bot.store.engine import Engine, SqlRow


class ReviewKind(StrEnum):
    """appeal: the employee asked; held: `[integrity]` did."""

    APPEAL = "appeal"
    HELD = "held"


class ReviewState(StrEnum):
    """released: nothing was decided, and what held the contact is gone; the other rules decide."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A case about one contact under one quota in one period; *text* is what the employee says."""

    kind: ReviewKind
    quota: str
    period: str
    contact: Key
    opened_at: int
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Opening):
    """A case as it is kept. *told*: so many levels of reviewers were asked, the last one at *told_at*."""

    number: int
    state: ReviewState
    told: int = 0
    told_at: int | None = None
    decided_by: str = ""
    decided_at: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFinding:
    """A question that nobody has decided; *answered_at* is None until the employee has said something."""

    name: FindingName
    on: date
    concerned: tuple[Key, ...]
    evidence: Evidence
    asked_at: int
    answer: str
    answered_at: int | None
    told: int
    told_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Who decided about a contact, when (epoch s), and why."""

    by: str
    at: int | None
    why: str


class Reviews:
    """Cases about single contacts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def decisions(self) -> dict[Key, dict[str, bool]]:
        """What was decided of each contact, by quota (True counts); the newest decision holds."""
        found: dict[Key, dict[str, bool]] = {}
        for row in self._engine.all("reviews_decided"):
            found.setdefault(_key(row), {})[row["quota"]] = row["state"] == ReviewState.ACCEPTED
        return found

    def open(self, openings: Iterable[Opening]) -> None:
        """Open cases; one of a kind is open once for a contact and quota, and never after its decision."""
        self._engine.run_many("reviews_open_one", [_opening(one) for one in openings])

    def of_contact(self, contact: Key) -> list[Review]:
        """All cases there ever were about *contact*, oldest first."""
        userid, external_userid, added_at = contact
        rows = self._engine.all(
            "reviews_of_contact", userid=userid, external_userid=external_userid, added_at=added_at
        )
        return [_review(row) for row in rows]

    def all_open(self) -> list[Review]:
        """What waits for a decision, oldest first."""
        return [_review(row) for row in self._engine.all("reviews_all_open")]

    def decide(self, number: int, state: ReviewState, *, by: str, reason: str, at: int) -> bool:
        """End a case; False when it was not open."""
        return (
            self._engine.run("reviews_decide", number=number, state=state.value, by=by, reason=reason, at=at)
            > 0
        )

    def tell(self, number: int, *, told: int, at: int) -> None:
        """Note that so many levels of reviewers were asked."""
        self._engine.run("reviews_tell", number=number, told=told, at=at)

    def decided_of(self, userid: str) -> dict[tuple[str, str, int, str], Decided]:
        """Who decided what holds of one employee's contacts, by contact and quota."""
        return {
            (row["userid"], row["external_userid"], row["added_at"], row["quota"]): Decided(
                by=row["decided_by"], at=row["decided_at"], why=row["reason"]
            )
            for row in self._engine.all("reviews_decided_of", userid=userid)
        }


class Findings:
    """Questions about adds: asked, answered, confirmed or cleared. What was decided is not asked again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def decided(self) -> frozenset[FindingName]:
        """Those that hold nothing any more."""
        return frozenset(_name(row) for row in self._engine.all("findings_decided"))

    def flags(self) -> tuple[Flag, ...]:
        """Those that a reviewer confirmed."""
        return tuple(
            Flag(name=_name(row), on=date.fromisoformat(row["on_day"]))
            for row in self._engine.all("findings_decided")
            if row["state"] == "confirmed"
        )

    def names(self) -> frozenset[FindingName]:
        """Everything that was ever asked, decided or not."""
        return frozenset(_name(row) for row in self._engine.all("findings_names"))

    def ask(self, finding: Finding, evidence: Evidence, *, at: int) -> bool:
        """Keep a question under its time; False when it was asked before."""
        return (
            self._engine.run(
                "findings_ask",
                **_named(finding.name),
                on_day=finding.on.isoformat(),
                concerned=json.dumps(finding.concerned),
                evidence=json.dumps(asdict(evidence)),
                at=at,
            )
            > 0
        )

    def open(self) -> list[OpenFinding]:
        """What waits for an answer or a decision, oldest first."""
        return [_open_finding(row) for row in self._engine.all("findings_open")]

    def answer(self, name: FindingName, text: str, *, at: int) -> bool:
        """Keep what the person says, once; False when it was answered or decided."""
        return self._engine.run("findings_answer", **_named(name), answer=text, at=at) > 0

    def decide(self, name: FindingName, *, confirmed: bool, by: str, reason: str, at: int) -> bool:
        """Confirm or clear a finding; False when it was decided."""
        state = "confirmed" if confirmed else "cleared"
        return (
            self._engine.run("findings_decide", **_named(name), state=state, by=by, reason=reason, at=at) > 0
        )

    def tell(self, name: FindingName, *, told: int, at: int) -> None:
        """Note that so many levels of reviewers were asked."""
        self._engine.run("findings_tell", **_named(name), told=told, at=at)


def _key(row: SqlRow) -> Key:
    return row["userid"], row["external_userid"], row["added_at"]


def _opening(one: Opening) -> SqlRow:
    userid, external_userid, added_at = one.contact
    return {
        "kind": one.kind.value,
        "quota": one.quota,
        "period": one.period,
        "userid": userid,
        "external_userid": external_userid,
        "added_at": added_at,
        "opened_at": one.opened_at,
        "text": one.text,
    }


def _review(row: SqlRow) -> Review:
    return Review(
        kind=ReviewKind(row["kind"]),
        quota=row["quota"],
        period=row["period"],
        contact=_key(row),
        opened_at=row["opened_at"],
        text=row["text"],
        number=row["number"],
        state=ReviewState(row["state"]),
        told=row["told"],
        told_at=row["told_at"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        reason=row["reason"],
    )


def _name(row: SqlRow) -> FindingName:
    return FindingName(kind=FindingKind(row["kind"]), userid=row["userid"], subject=row["subject"])


def _named(name: FindingName) -> dict[str, str]:
    return {"kind": name.kind.value, "userid": name.userid, "subject": name.subject}


def _open_finding(row: SqlRow) -> OpenFinding:
    return OpenFinding(
        name=_name(row),
        on=date.fromisoformat(row["on_day"]),
        concerned=tuple(
            (userid, customer, moment) for userid, customer, moment in json.loads(row["concerned"])
        ),
        evidence=Evidence(**json.loads(row["evidence"])),
        asked_at=row["asked_at"],
        answer=row["answer"],
        answered_at=row["answered_at"],
        told=row["told"],
        told_at=row["told_at"],
    )
