"""Relations (employee, customer) as sets of events. Adds are folded from the set.

Times are whole epoch seconds (UTC), as WeCom's CreateTime.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar


class RelationKind(StrEnum):
    """The kinds of events of a relation. The ledger stores the values: never rename one."""

    ADDED = "added"
    HALF_ADDED = "half_added"
    EDITED = "edited"
    LOST_BY_MEMBER = "lost_by_member"  # del_external_contact: the employee deleted the customer
    LOST_BY_CUSTOMER = "lost_by_customer"  # del_follow_user: the customer deleted the employee
    LOST_UNKNOWN = "lost_unknown"  # WeCom's list lacks it; no list says who ended it
    TRANSFERRED = "transferred"  # del_external_contact with Source=DELETE_BY_TRANSFER
    TRANSFER_FAILED = "transfer_failed"  # kept for explaining; changes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationEvent:
    """One fact about a relation: *userid* in lower case, WeCom's channel *state*, empty if none.

    *listed*: WeCom's list told it, and no callback.
    """

    userid: str
    external_userid: str
    at: int
    kind: RelationKind
    state: str = ""
    listed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A loss soon followed by an add. From *regained_at* on, neither has happened."""

    lost_at: int
    lost_by: RelationKind
    regained_at: int


class Add(NamedTuple):
    """One add of a relation according to the whole set of events.

    *nth*: 1 for the first add of the relation. *ended_at*, *ended_by*: both None while it is alive. *slips*:
    by time. *state*: the channel state of the add's event.
    """

    userid: str
    external_userid: str
    added_at: int
    nth: int
    ended_at: int | None = None
    ended_by: RelationKind | None = None
    state: str = ""
    slips: tuple[Slip, ...] = ()


class Ending(Protocol):
    """An add, or a contact, which is an add with all knowledge about it."""

    @property
    def added_at(self) -> int: ...
    @property
    def ended_at(self) -> int | None: ...
    @property
    def ended_by(self) -> RelationKind | None: ...
    @property
    def slips(self) -> tuple[Slip, ...]: ...
    @property
    def _replace(self) -> Callable[..., Any]: ...


Ended = TypeVar("Ended", bound=Ending)

SAME_ADD_S = 60  # an add of a list, or details, so close to an add of a callback belong to it
LOSSES = frozenset({RelationKind.LOST_BY_CUSTOMER, RelationKind.LOST_BY_MEMBER, RelationKind.LOST_UNKNOWN})
ENDS = LOSSES | {RelationKind.TRANSFERRED}

# Order at equal times. The first of two losses in one second ends the relation. The customer's loss goes
# first: it is not the employee's doing. A loss without an event goes last.
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


def fold(events: Iterable[RelationEvent], *, regain_s: int | Callable[[int], int]) -> tuple[Add, ...]:
    """Return the adds of one relation by time, from its events in any order and number.

    A loss and an add less than *regain_s* seconds later are a slip; 0 knows no slips. *regain_s* may depend
    on the time of the loss (epoch s). The gap begins at the loss that ended the relation. A found loss that a
    list takes back is always a slip. Raises ValueError if the events are of several relations.
    """
    # Of two deliveries of one add, the one with a state wins.
    by_state = sorted(_same_adds_once(set(events)), key=lambda event: event.state, reverse=True)
    history = sorted(by_state, key=lambda event: (event.at, _RANK[event.kind]))
    if len({(event.userid, event.external_userid) for event in history}) > 1:
        raise ValueError("fold takes the events of one relation only")
    adds: list[Add] = []
    for event in history:
        last = adds[-1] if adds else None
        alive = last is not None and last.ended_at is None
        if event.kind is RelationKind.ADDED and not alive:
            slip = _slip(last, event, regain_s=regain_s)
            if last is not None and slip is not None:
                adds[-1] = last._replace(ended_at=None, ended_by=None, slips=(*last.slips, slip))
            else:
                adds.append(
                    Add(
                        userid=event.userid,
                        external_userid=event.external_userid,
                        added_at=event.at,
                        nth=len(adds) + 1,
                        state=event.state,
                    )
                )
        elif event.kind in ENDS and last is not None and alive:
            adds[-1] = last._replace(ended_at=event.at, ended_by=event.kind)
    return tuple(adds)


def as_of(add: Ended, at: int) -> Ended | None:
    """Return *add* as of *at* (epoch seconds, included), or None before it happened.

    *add* must come from the fold of all events. The result equals the fold of the events up to *at*.
    """
    if add.added_at > at:
        return None
    if (add.ended_at is None or add.ended_at <= at) and (not add.slips or add.slips[-1].regained_at <= at):
        return add
    past = tuple(slip for slip in add.slips if slip.regained_at <= at)
    if len(past) < len(add.slips) and (slip := add.slips[len(past)]).lost_at <= at:
        end: dict[str, Any] = {"ended_at": slip.lost_at, "ended_by": slip.lost_by}
    else:
        end = {"ended_at": None, "ended_by": None}
    earlier: Ended = add._replace(**end, slips=past)
    return earlier


def _same_adds_once(events: Collection[RelationEvent]) -> Iterator[RelationEvent]:
    """Yield *events* without the adds of lists that callbacks told too; these keep their dates."""
    found = [event for event in events if event.kind is RelationKind.ADDED and event.listed]
    if not found:
        yield from events
        return
    told = [event for event in events if event.kind is RelationKind.ADDED and not event.listed]
    others = [event for event in events if event.kind is not RelationKind.ADDED]
    for event in found:
        near = [add for add in told if abs(add.at - event.at) <= SAME_ADD_S]
        if not near:
            yield event
            continue
        same = min(near, key=lambda add: (abs(add.at - event.at), add.at))
        told[told.index(same)] = replace(same, state=same.state or event.state)
        # A list dates the end of the contact before by the second before its add.
        others = [
            replace(other, at=min(same.at, event.at) - 1)
            if other.kind is RelationKind.LOST_UNKNOWN and other.at == event.at - 1
            else other
            for other in others
        ]
    yield from told
    yield from others


def _slip(last: Add | None, add: RelationEvent, *, regain_s: int | Callable[[int], int]) -> Slip | None:
    if last is None or last.ended_at is None or last.ended_by is None or last.ended_by not in LOSSES:
        return None
    slip = Slip(lost_at=last.ended_at, lost_by=last.ended_by, regained_at=add.at)
    if add.listed and slip.lost_by is RelationKind.LOST_UNKNOWN and add.at == taken_back_at(slip.lost_at):
        return slip
    limit = regain_s if isinstance(regain_s, int) else regain_s(slip.lost_at)
    return slip if slip.regained_at - slip.lost_at < limit else None


def taken_back_at(lost_at: int) -> int:
    """Return the time of the add by which a list takes back a loss found at *lost_at*, both epoch s."""
    return lost_at + 1
