"""What people decide: appeals about contacts, held contacts, and findings about adds.

Times are epoch seconds. Call the changing methods inside a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum

from bot.core.evidence import Evidence
from bot.core.integrity import DecidedFinding, Finding, FindingName, Flag, Key
from bot.store.engine import SqlRow, TableGroup, row_of, value_of


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


class Reviews(TableGroup):
    """Cases about single contacts."""

    def decisions(self, userids: Collection[str] | None = None) -> dict[Key, dict[str, bool]]:
        """Return the decision on each contact, by quota (True counts); the newest decision holds.

        *userids*: on their contacts alone.
        """
        decisions: dict[Key, dict[str, bool]] = {}
        if userids is None:
            rows = self._engine.all("reviews_decided")
        else:
            rows = self._engine.all("reviews_decided_about", userids=json.dumps(list(userids)))
        for row in rows:
            decisions.setdefault(_key(row), {})[row["quota"]] = row["state"] == ReviewState.ACCEPTED
        return decisions

    def open(self, openings: Iterable[Opening]) -> None:
        """Open cases; one of a kind is open once for a contact and quota, and never after its decision."""
        self._engine.run_many("reviews_open_one", list(map(_opening, openings)))

    def of_contact(self, contact: Key) -> list[Review]:
        """Return all cases there ever were about *contact*, oldest first."""
        userid, external_userid, added_at = contact
        rows = self._engine.all(
            "reviews_of_contact", userid=userid, external_userid=external_userid, added_at=added_at
        )
        return [_review(row) for row in rows]

    def of_person(self, userid: str) -> dict[Key, list[Review]]:
        """Return all cases there ever were about the contacts of *userid*, by contact, oldest first."""
        cases: dict[Key, list[Review]] = {}
        for review in map(_review, self._engine.all("reviews_of_person", userid=userid)):
            cases.setdefault(review.contact, []).append(review)
        return cases

    def all_open(self) -> list[Review]:
        """Return the undecided cases, oldest first."""
        return [_review(row) for row in self._engine.all("reviews_all_open")]

    def decide(self, number: int, state: ReviewState, *, by: str, reason: str, at: int) -> bool:
        """End a case; False when it was not open."""
        decision = {"state": state.value, "by": by, "reason": reason, "at": at}
        return self._engine.apply("reviews_decide", number=number, **decision)

    def tell(self, number: int, *, told: int, at: int) -> None:
        """Note that so many levels of reviewers were asked."""
        self._engine.run("reviews_tell", number=number, told=told, at=at)

    def decided_of(self, userid: str) -> dict[tuple[str, str, int, str], Decided]:
        """Return who made the decisions that hold of one employee's contacts, by contact and quota."""
        return {
            (row["userid"], row["external_userid"], row["added_at"], row["quota"]): Decided(
                by=row["decided_by"], at=row["decided_at"], why=row["reason"]
            )
            for row in self._engine.all("reviews_decided_of", userid=userid)
        }


class Findings(TableGroup):
    """Questions about adds: asked, answered, confirmed or cleared. What was decided is not asked again."""

    def decided(self, userids: Collection[str] | None = None) -> tuple[DecidedFinding, ...]:
        """Return the decisions, each on the adds that it named; *userids*: on theirs alone."""
        return tuple(
            DecidedFinding(
                name=_name(row),
                concerned=frozenset(_keys(row)),
                confirmed=row["state"] == "confirmed",
                at=row["decided_at"],
            )
            for row in self._decided(userids)
        )

    def _decided(self, userids: Collection[str] | None) -> list[SqlRow]:
        if userids is None:
            return self._engine.all("findings_decided")
        return self._engine.all("findings_decided_about", userids=json.dumps(list(userids)))

    def confirmed_of(self, userid: str) -> dict[Key, Decided]:
        """Return who confirmed a finding about one employee's contacts, by contact."""
        return {
            key: Decided(by=row["decided_by"], at=row["decided_at"], why=row["reason"])
            for row in self._engine.all("findings_decided")
            if row["userid"] == userid and row["state"] == "confirmed"
            for key in _keys(row)
        }

    def flags(self, userids: Collection[str] | None = None) -> tuple[Flag, ...]:
        """Return the findings that a reviewer confirmed; *userids*: about them alone."""
        return tuple(
            Flag(name=_name(row), on=date.fromisoformat(row["on_day"]))
            for row in self._decided(userids)
            if row["state"] == "confirmed"
        )

    def names(self) -> frozenset[FindingName]:
        """Return all findings there ever were, decided or not."""
        return frozenset(_name(row) for row in self._engine.all("findings_names"))

    def ask(self, finding: Finding, evidence: Evidence, *, at: int) -> bool:
        """Store a question under its time; False when it was asked before."""
        return self._engine.apply(
            "findings_ask",
            **_named(finding.name),
            on_day=finding.on.isoformat(),
            concerned=json.dumps(finding.concerned),
            evidence=json.dumps(asdict(evidence)),
            at=at,
        )

    def open(self) -> list[OpenFinding]:
        """Return the undecided findings, oldest first."""
        return [_open_finding(row) for row in self._engine.all("findings_open")]

    def open_of(self, userid: str) -> list[OpenFinding]:
        """Return the undecided findings about one employee, oldest first."""
        return [_open_finding(row) for row in self._engine.all("findings_open_of", userid=userid)]

    def answer(self, name: FindingName, text: str, *, at: int) -> bool:
        """Store what the person says, once; False when it was answered or decided."""
        return self._engine.apply("findings_answer", **_named(name), answer=text, at=at)

    def decide(self, name: FindingName, *, confirmed: bool, by: str, reason: str, at: int) -> bool:
        """Confirm or clear a finding; False when it was decided."""
        state = "confirmed" if confirmed else "cleared"
        return self._engine.apply("findings_decide", **_named(name), state=state, by=by, reason=reason, at=at)

    def tell(self, name: FindingName, *, told: int, at: int) -> None:
        """Note that so many levels of reviewers were asked."""
        self._engine.run("findings_tell", **_named(name), told=told, at=at)


def _key(row: SqlRow) -> Key:
    return row["userid"], row["external_userid"], row["added_at"]


def _keys(row: SqlRow) -> list[Key]:
    return [(userid, customer, moment) for userid, customer, moment in json.loads(row["concerned"])]


def _opening(opening: Opening) -> SqlRow:
    userid, external_userid, added_at = opening.contact
    return row_of(opening, userid=userid, external_userid=external_userid, added_at=added_at)


def _review(row: SqlRow) -> Review:
    return value_of(Review, row, contact=_key(row))


def _name(row: SqlRow) -> FindingName:
    subject, _, nth = row["subject"].partition("#")
    return value_of(FindingName, row, subject=subject, nth=int(nth or 1))


def _named(name: FindingName) -> dict[str, str]:
    subject = name.subject if name.nth == 1 else f"{name.subject}#{name.nth}"
    return {"kind": name.kind.value, "userid": name.userid, "subject": subject}


def _open_finding(row: SqlRow) -> OpenFinding:
    evidence, concerned = json.loads(row["evidence"]), _keys(row)
    return value_of(
        OpenFinding, row, name=_name(row), on=row["on_day"], concerned=concerned, evidence=evidence
    )
