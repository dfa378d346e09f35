"""The comparison of one relation with WeCom's list: facts to write, and guards against harm.

A list names the living relations of one member, each with its createtime (epoch s). It still names a relation
that only the customer ended. It does not say when a relation ended, nor who ended it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.relations import ENDS, SAME_ADD_S, Add, RelationEvent, RelationKind, fold, taken_back_at

ORIGIN = "sync"

SETTLE_S = 600  # the last seconds before a reading are left to the next run: events may still be on their way
ROLLOUT_S = 30 * 86_400
# Reasons of an unknown list that a retry cannot read either.
FELL_OUT = "fell out of the visible range or of 客户联系 → 使用范围 while the lists were read"
UNLICENSED = "no licence for 客户联系 (fail_info)"
NEVER_READ = frozenset({FELL_OUT, UNLICENSED})
NOT_IN_DIRECTORY = "left, or not in the directory"


class Cause(StrEnum):
    """The causes in the report of a run. The values are stored."""

    IMPORTED = "imported"  # older than the first reading of the member's list
    MISSED_ADD = "missed_add"
    ROLLOUT = "rollout"  # such an add near the first run, of a customer known before
    RENEWED = "renewed"  # ended and begun again; an event is missing
    MISSED_LOSS = "missed_loss"
    MISSED_TRANSFER = "missed_transfer"
    RETURNED = "returned"  # missing in one list, back in a later one: no loss
    HELD = "held"  # losses that an admin must confirm
    ONE_WAY = "one_way"  # the customer left; no list says whether they came back
    LISTED_AFTER_END = "listed_after_end"  # ended in the ledger, listed as older than that end
    UNSEEN_LOSSES = "unseen_losses"  # customers who left without an event: still listed
    CAME_AND_WENT = "came_and_went"  # between two readings
    UNKNOWN = "unknown"  # members whose list could not be read
    FROZEN = "frozen"  # members with customers, but gone or out of range or scope
    RENAMED = "renamed"  # a new userid that may belong to a vanished one; nothing is written for the two


FOUND = frozenset(
    {
        *(Cause.IMPORTED, Cause.MISSED_ADD, Cause.ROLLOUT, Cause.RENEWED),
        *(Cause.MISSED_LOSS, Cause.MISSED_TRANSFER, Cause.RETURNED),
    }
)
ESTIMATED = frozenset({Cause.UNSEEN_LOSSES, Cause.CAME_AND_WENT})  # in no list; behaviour figures show some
UNVERIFIABLE = frozenset({Cause.ONE_WAY, Cause.LISTED_AFTER_END}) | ESTIMATED


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """A relation in WeCom's list. *createtime* in epoch s."""

    createtime: int
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time from the last complete reading of a member's list to this one, in epoch s.

    *since*: None for the first reading.
    """

    since: int | None
    upto: int

    @property
    def settled(self) -> int:
        """Return the epoch second from which events are left to the next run."""
        return self.upto - SETTLE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A fact missing in the ledger, and its cause."""

    cause: Cause
    fact: RelationEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationJudgement:
    """The result for one relation. *living*: the ledger has it alive, before any repair."""

    living: bool = False
    repairs: tuple[Repair, ...] = ()
    doubt: Cause | None = None


def judge(
    relation: tuple[str, str],
    *,
    facts: Sequence[RelationEvent],
    listed: ListEntry | None,
    window: Window,
    handed: Sequence[int] = (),
    missing_since: int | None = None,
) -> RelationJudgement:
    """Compare one relation (userid, external_userid) with its member's complete list of this window.

    *facts*: all its facts in the ledger, in any order. *listed*: None when the list lacks it. *handed*:
    createtimes of this customer in other members' lists, as given by an admin. *missing_since* (epoch s): an
    earlier run lacked it already, and its loss was held.
    """
    adds = fold(facts, regain_s=0)
    living = bool(adds) and adds[-1].ended_at is None
    moments = [fact.at for fact in facts if fact.kind is RelationKind.ADDED or fact.kind in ENDS]
    if listed is not None:
        moments.append(listed.createtime)
    if any(moment >= window.settled for moment in moments):
        return RelationJudgement(living=living)
    doubt = None
    if listed is not None:
        repairs = _begun(relation, facts, listed, window)
        known = fold([*facts, *(repair.fact for repair in repairs)], regain_s=0)
        if known and known[-1].ended_at is not None:
            more, doubt = _ended_but_listed(relation, known[-1], listed)
            repairs = (*repairs, *more)
    elif living:
        repairs = _vanished(relation, adds[-1], window, handed, missing_since)
    else:
        repairs = _handed_after_all(relation, adds[-1], handed) if adds else ()
    return RelationJudgement(living=living, repairs=repairs, doubt=doubt)


def _vanished(
    relation: tuple[str, str], last: Add, window: Window, handed: Sequence[int], missing_since: int | None
) -> tuple[Repair, ...]:
    first = max(last.added_at, window.since or 0)
    given = [moment for moment in handed if first <= moment <= window.upto]
    if given:
        return _transferred(relation, min(given))
    is_known = missing_since is not None and missing_since > last.added_at
    at = missing_since if missing_since is not None and is_known else window.upto
    return (Repair(cause=Cause.MISSED_LOSS, fact=_fact(relation, at, RelationKind.LOST_UNKNOWN)),)


def _handed_after_all(relation: tuple[str, str], last: Add, handed: Sequence[int]) -> tuple[Repair, ...]:
    """Turn a loss into a transfer if the taker's list, unknown at that time, shows one."""
    if last.ended_by is not RelationKind.LOST_UNKNOWN or last.ended_at is None:
        return ()
    given = [moment for moment in handed if last.added_at <= moment < last.ended_at]
    return _transferred(relation, min(given)) if given else ()


def _transferred(relation: tuple[str, str], at: int) -> tuple[Repair, ...]:
    return (Repair(cause=Cause.MISSED_TRANSFER, fact=_fact(relation, at, RelationKind.TRANSFERRED)),)


def _begun(
    relation: tuple[str, str], facts: Sequence[RelationEvent], listed: ListEntry, window: Window
) -> tuple[Repair, ...]:
    """Return the facts missing up to the beginning of the listed contact."""
    created = listed.createtime
    added = [fact.at for fact in facts if fact.kind is RelationKind.ADDED]
    same = [moment for moment in added if abs(moment - created) <= SAME_ADD_S]
    began = min(same, default=created)
    before = fold([fact for fact in facts if fact.at < began], regain_s=0)
    add = _fact(relation, created, RelationKind.ADDED, state=listed.state)
    if before and before[-1].ended_at is None:
        # WeCom dates the contact later than the living one of the ledger: that one ended before.
        loss = _fact(relation, began - 1, RelationKind.LOST_UNKNOWN)
        renewed = (loss,) if same else (loss, add)
        return tuple(Repair(cause=Cause.RENEWED, fact=fact) for fact in renewed)
    following = [fact for fact in facts if fact.at >= created and fact.kind in {RelationKind.ADDED, *ENDS}]
    upcoming = min(following, key=lambda fact: (fact.at, fact.kind in ENDS), default=None)
    if same or (upcoming is not None and upcoming.kind is RelationKind.ADDED):
        # The add of a callback: a customer who comes back may keep an earlier createtime.
        return ()
    return (Repair(cause=Cause.IMPORTED if window.since is None else Cause.MISSED_ADD, fact=add),)


def _ended_but_listed(
    relation: tuple[str, str], last: Add, listed: ListEntry
) -> tuple[tuple[Repair, ...], Cause | None]:
    ended_at = last.ended_at or 0
    if last.ended_by is RelationKind.LOST_BY_CUSTOMER:
        return (), Cause.ONE_WAY
    if listed.createtime > max(ended_at, last.added_at + SAME_ADD_S):
        fact = _fact(relation, listed.createtime, RelationKind.ADDED, state=listed.state)
        return (Repair(cause=Cause.RENEWED, fact=fact),), None
    if last.ended_by is RelationKind.LOST_UNKNOWN:
        fact = _fact(relation, taken_back_at(ended_at), RelationKind.ADDED, state=listed.state)
        return (Repair(cause=Cause.RETURNED, fact=fact),), None
    return (), Cause.LISTED_AFTER_END


def _fact(relation: tuple[str, str], at: int, kind: RelationKind, *, state: str = "") -> RelationEvent:
    userid, external_userid = relation
    return RelationEvent(
        userid=userid, external_userid=external_userid, at=at, kind=kind, state=state, listed=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Toll:
    """The living relations of the ledger, and the losses among them."""

    living: int
    losses: int


def is_too_much_of_one(toll: Toll) -> bool:
    """Return whether an admin must confirm the losses of one member: over 20 %, at least 10."""
    return toll.losses >= 10 and toll.losses * 5 > toll.living


def is_too_much_of_all(toll: Toll) -> bool:
    """Return whether an admin must confirm the losses of all members: over 5 %, at least 50."""
    return toll.losses >= 50 and toll.losses * 20 > toll.living
