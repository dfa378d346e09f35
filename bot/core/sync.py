"""What WeCom's lists say that the ledger does not: facts to write for one relation, and guards against harm.

A list names the living relations of one member, each with its createtime (epoch s). It also names one-way
friendships, where only the customer left, and it tells neither who ended a relation nor when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.relations import ENDS, Add, RelationEvent, RelationKind, fold

ORIGIN = "sync"

SAME_ADD_S = 60  # an add in the ledger so close to a createtime is that very add
# What happened so shortly before the lists were read is left to the next time: its event, and WeCom's lists,
# may still be on their way.
SETTLE_S = 600
ROLLOUT_S = 30 * 86_400
# Why a list is unknown that a later try cannot read either.
FELL_OUT = "fell out of the visible range or of 客户联系 → 使用范围 while the lists were read"
UNLICENSED = "no licence for 客户联系 (fail_info)"
NEVER_READ = frozenset({FELL_OUT, UNLICENSED})


class Cause(StrEnum):
    """Why something is told of a run. The values are stored."""

    IMPORTED = "imported"  # there before the member's list was ever read
    MISSED_ADD = "missed_add"
    ROLLOUT = "rollout"  # such an add, near the first run, of a customer who was there before
    RENEWED = "renewed"  # ended and begun again, and not both were told
    MISSED_LOSS = "missed_loss"
    MISSED_TRANSFER = "missed_transfer"
    RETURNED = "returned"  # a list lacked it, a later one has it again: that loss was none
    HELD = "held"  # losses that are found, and wait for a person's word
    ONE_WAY = "one_way"  # the customer left; whether he came back no list says
    LISTED_AFTER_END = "listed_after_end"  # ended in the ledger, listed as older than that end
    UNSEEN_LOSSES = "unseen_losses"  # customers who left without an event: still listed
    CAME_AND_WENT = "came_and_went"  # between two readings
    UNKNOWN = "unknown"  # members whose list could not be read
    FROZEN = "frozen"  # members with customers, who left or are out of range or scope
    RENAMED = "renamed"  # a new userid that may be a vanished one's; nothing is written for the two


FOUND = frozenset(
    {
        *(Cause.IMPORTED, Cause.MISSED_ADD, Cause.ROLLOUT, Cause.RENEWED),
        *(Cause.MISSED_LOSS, Cause.MISSED_TRANSFER, Cause.RETURNED),
    }
)
ESTIMATED = frozenset(
    {Cause.UNSEEN_LOSSES, Cause.CAME_AND_WENT}
)  # no list has them; figures tell about how many
UNVERIFIABLE = frozenset({Cause.ONE_WAY, Cause.LISTED_AFTER_END}) | ESTIMATED


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """A relation as WeCom's list has it. *createtime* in epoch s."""

    createtime: int
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From the last complete reading of a member's list to this one, in epoch s; *since* None: the first."""

    since: int | None
    upto: int

    @property
    def settled(self) -> int:
        """What is younger is left to the next time."""
        return self.upto - SETTLE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A fact that the ledger lacks, and why."""

    cause: Cause
    fact: RelationEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationJudgement:
    """What is to be done about one relation. *living*: the ledger has it alive, before any repair."""

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

    *facts*: all that the ledger has of it, in any order. *listed*: None when the list lacks it. *handed*:
    createtimes with which other members' lists have this customer as given by an admin. *missing_since*
    (epoch s): an earlier run lacked it already, and its loss was held.
    """
    adds = fold(facts, regain_s=0)
    living = bool(adds) and adds[-1].ended_at is None
    moments = [fact.at for fact in facts if fact.kind is RelationKind.ADDED or fact.kind in ENDS]
    if listed is not None:
        moments.append(listed.createtime)
    if any(moment >= window.settled for moment in moments):
        return RelationJudgement(living=living)
    if listed is None:
        if living:
            gone = _vanished(relation, adds[-1], window, handed, missing_since)
        else:
            gone = _handed_after_all(relation, adds[-1], handed) if adds else ()
        return RelationJudgement(living=living, repairs=gone)
    repairs = _begun(relation, facts, listed, window)
    known = fold([*facts, *(repair.fact for repair in repairs)], regain_s=0)
    if not known or known[-1].ended_at is None:
        return RelationJudgement(living=living, repairs=repairs)
    more, doubt = _ended_but_listed(relation, known[-1], listed)
    return RelationJudgement(living=living, repairs=(*repairs, *more), doubt=doubt)


def _vanished(
    relation: tuple[str, str], last: Add, window: Window, handed: Sequence[int], missing_since: int | None
) -> tuple[Repair, ...]:
    first = max(last.added_at, window.since or 0)
    given = [moment for moment in handed if first <= moment <= window.upto]
    if given:
        fact = _fact(relation, min(given), RelationKind.TRANSFERRED)
        return (Repair(cause=Cause.MISSED_TRANSFER, fact=fact),)
    at = window.upto
    if missing_since is not None and missing_since > last.added_at:
        at = missing_since
    return (Repair(cause=Cause.MISSED_LOSS, fact=_fact(relation, at, RelationKind.LOST_UNKNOWN)),)


def _handed_after_all(relation: tuple[str, str], last: Add, handed: Sequence[int]) -> tuple[Repair, ...]:
    """A loss that was found while the taker's list was not known."""
    if last.ended_by is not RelationKind.LOST_UNKNOWN or last.ended_at is None:
        return ()
    given = [moment for moment in handed if last.added_at <= moment < last.ended_at]
    if not given:
        return ()
    fact = _fact(relation, min(given), RelationKind.TRANSFERRED)
    return (Repair(cause=Cause.MISSED_TRANSFER, fact=fact),)


def _begun(
    relation: tuple[str, str], facts: Sequence[RelationEvent], listed: ListEntry, window: Window
) -> tuple[Repair, ...]:
    """What is missing up to the moment at which the listed contact began."""
    created = listed.createtime
    added = [fact.at for fact in facts if fact.kind is RelationKind.ADDED]
    same = [moment for moment in added if abs(moment - created) <= SAME_ADD_S]
    began = min(same, default=created)
    before = fold([fact for fact in facts if fact.at < began], regain_s=0)
    add = _fact(relation, created, RelationKind.ADDED, state=listed.state)
    if before and before[-1].ended_at is None:
        # WeCom dates the contact later than the one that the ledger has alive: that one ended before.
        loss = _fact(relation, began - 1, RelationKind.LOST_UNKNOWN)
        renewed = (loss,) if same else (loss, add)
        return tuple(Repair(cause=Cause.RENEWED, fact=fact) for fact in renewed)
    following = [fact for fact in facts if fact.at >= created and fact.kind in {RelationKind.ADDED, *ENDS}]
    upcoming = min(following, key=lambda fact: (fact.at, fact.kind in ENDS), default=None)
    if same or (upcoming is not None and upcoming.kind is RelationKind.ADDED):
        # The add that we heard of: a customer who comes back may keep an earlier createtime.
        return ()
    return (Repair(cause=_of_add(window), fact=add),)


def _ended_but_listed(
    relation: tuple[str, str], last: Add, listed: ListEntry
) -> tuple[tuple[Repair, ...], Cause | None]:
    ended_at = last.ended_at or 0
    if last.ended_by is RelationKind.LOST_BY_CUSTOMER:
        return (), Cause.ONE_WAY
    if listed.createtime > ended_at:
        fact = _fact(relation, listed.createtime, RelationKind.ADDED, state=listed.state)
        return (Repair(cause=Cause.RENEWED, fact=fact),), None
    if last.ended_by is RelationKind.LOST_UNKNOWN:
        fact = _fact(relation, ended_at + 1, RelationKind.ADDED, state=listed.state)
        return (Repair(cause=Cause.RETURNED, fact=fact),), None
    return (), Cause.LISTED_AFTER_END


def _of_add(window: Window) -> Cause:
    return Cause.IMPORTED if window.since is None else Cause.MISSED_ADD


def _fact(relation: tuple[str, str], at: int, kind: RelationKind, *, state: str = "") -> RelationEvent:
    userid, external_userid = relation
    return RelationEvent(userid=userid, external_userid=external_userid, at=at, kind=kind, state=state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Toll:
    """How many relations the ledger has alive, and how many of them would be lost."""

    living: int
    losses: int


def is_too_much_of_one(toll: Toll) -> bool:
    """Whether so many losses of one member need a person's word: over 20 %, and 10 at least."""
    return toll.losses >= 10 and toll.losses * 5 > toll.living


def is_too_much_of_all(toll: Toll) -> bool:
    """Whether so many losses of all members together do: over 5 %, and 50 at least."""
    return toll.losses >= 50 and toll.losses * 20 > toll.living
