"""A relation (employee, customer) is the set of its events; adds are folded from that set.

Times are whole epoch seconds (UTC), as WeCom's CreateTime.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class RelationKind(StrEnum):
    """What happened to a relation. The values are stored in the ledger: never rename one."""

    ADDED = "added"
    HALF_ADDED = "half_added"
    EDITED = "edited"
    LOST_BY_MEMBER = "lost_by_member"  # del_external_contact: the employee deleted the customer
    LOST_BY_CUSTOMER = "lost_by_customer"  # del_follow_user: the customer deleted the employee
    LOST_UNKNOWN = "lost_unknown"  # WeCom's list no longer has it; by whom, no list says
    TRANSFERRED = "transferred"  # del_external_contact with Source=DELETE_BY_TRANSFER
    TRANSFER_FAILED = "transfer_failed"  # kept for explaining; changes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationEvent:
    """One fact about a relation.

    *userid* is in lower case; *at* is epoch seconds; *state* is WeCom's channel state, empty if none.
    """

    userid: str
    external_userid: str
    at: int
    kind: RelationKind
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A loss that was followed by an add so soon that, as of *regained_at*, neither was."""

    lost_at: int
    lost_by: RelationKind
    regained_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """One add of a relation as the whole set of events tells it.

    *nth* is 1 for the first add of the relation. *ended_at* and *ended_by* are both None while it is
    alive. *slips* are in the order of time. *state* is the channel state of the event that began it.
    """

    userid: str
    external_userid: str
    added_at: int
    nth: int
    ended_at: int | None = None
    ended_by: RelationKind | None = None
    slips: tuple[Slip, ...] = ()
    state: str = ""


LOSSES = frozenset({RelationKind.LOST_BY_CUSTOMER, RelationKind.LOST_BY_MEMBER, RelationKind.LOST_UNKNOWN})
ENDS = LOSSES | {RelationKind.TRANSFERRED}

# Order at equal times. Of two losses in one second the first one ends the relation: the customer's, since
# it is never the employee's doing; what an event told goes before what was only found missing.
_RANK = {
    RelationKind.ADDED: 0,
    RelationKind.HALF_ADDED: 1,
    RelationKind.EDITED: 2,
    RelationKind.LOST_BY_CUSTOMER: 3,
    RelationKind.LOST_BY_MEMBER: 4,
    RelationKind.LOST_UNKNOWN: 5,
    RelationKind.TRANSFERRED: 6,
    RelationKind.TRANSFER_FAILED: 7,
}


def fold(events: Iterable[RelationEvent], *, regain_s: int) -> tuple[Add, ...]:
    """Return the adds of one relation, in the order of time, from its events in any order and number.

    A loss that is followed by an add less than *regain_s* seconds later was a slip; 0 knows no slips.
    The gap is measured from the loss that ended the relation, not from a later one that found it ended.
    Raises ValueError if the events are of several relations.
    """
    # Of two deliveries of one add the one with a state is believed, whichever came first.
    by_state = sorted(set(events), key=lambda event: event.state, reverse=True)
    history = sorted(by_state, key=lambda event: (event.at, _RANK[event.kind]))
    if len({(event.userid, event.external_userid) for event in history}) > 1:
        raise ValueError("fold takes the events of one relation only")
    adds: list[Add] = []
    for event in history:
        last = adds[-1] if adds else None
        alive = last is not None and last.ended_at is None
        if event.kind is RelationKind.ADDED and not alive:
            slip = _slip(last, regained_at=event.at, regain_s=regain_s)
            if last is not None and slip is not None:
                adds[-1] = replace(last, ended_at=None, ended_by=None, slips=(*last.slips, slip))
            else:
                adds.append(_added(event, nth=len(adds) + 1))
        elif event.kind in ENDS and last is not None and alive:
            adds[-1] = replace(last, ended_at=event.at, ended_by=event.kind)
    return tuple(adds)


def as_of(add: Add, at: int) -> Add | None:
    """Return *add* as it stood at *at* (epoch seconds, included), or None if it was not yet.

    *add* must come from the fold of all events; the answer is what the fold of those up to *at* gives.
    """
    if add.added_at > at:
        return None
    if (add.ended_at is None or add.ended_at <= at) and (not add.slips or add.slips[-1].regained_at <= at):
        return add
    over = tuple(slip for slip in add.slips if slip.regained_at <= at)
    if len(over) < len(add.slips) and (slip := add.slips[len(over)]).lost_at <= at:
        return replace(add, ended_at=slip.lost_at, ended_by=slip.lost_by, slips=over)
    return replace(add, ended_at=None, ended_by=None, slips=over)


def _slip(last: Add | None, *, regained_at: int, regain_s: int) -> Slip | None:
    if last is None or last.ended_at is None or last.ended_by is None or last.ended_by not in LOSSES:
        return None
    if regained_at - last.ended_at >= regain_s:
        return None
    return Slip(lost_at=last.ended_at, lost_by=last.ended_by, regained_at=regained_at)


def _added(event: RelationEvent, *, nth: int) -> Add:
    return Add(
        userid=event.userid,
        external_userid=event.external_userid,
        added_at=event.at,
        nth=nth,
        state=event.state,
    )
