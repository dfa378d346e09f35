"""Questions about adds, never accusations: bursts, shared customers, quick losses, customers known before.

The person answers a finding, a reviewer decides it. A decided question is not asked again. So the name of a
finding is its subject, not the list of its adds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction

from bot.core.contacts import ADDED_AT, CUSTOMER, Contact, is_crowded
from bot.core.counting import DAY_S, Burst, FirstAdd, Integrity, QuickLoss
from bot.core.relations import LOSSES, SAME_ADD_S
from bot.core.sync import ROLLOUT_S

Key = tuple[str, str, int]  # of a contact: employee, customer, epoch seconds of the add
GIVEN_WAYS = frozenset({201, 202})  # WeCom's add_way [92114]: shared by a colleague, given by an admin
Planned = Callable[[str, date], bool]  # whether a userid's adds of a local day belong to a declared event


class FindingKind(StrEnum):
    """The kinds of findings. The values are stored."""

    BURST = "burst"
    SHARED = "shared"
    QUICK_LOSS = "quick_loss"
    ROLLOUT = "rollout"


DECIDED_BY_ADD = frozenset({FindingKind.BURST, FindingKind.SHARED})  # later adds are asked about anew
FLAGS = (FindingKind.BURST, FindingKind.SHARED, FindingKind.QUICK_LOSS)  # a row may show them once confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingName:
    """The person and *subject* of a finding.

    The subject is a local day (burst, rollout), a customer (shared) or `quota period` (quick_loss). *nth* is
    above 1 for adds that came after a decision about the same subject.
    """

    kind: FindingKind
    userid: str
    subject: str
    nth: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A question with its evidence: the adds *concerned*, by time; *on* is the local day of the first.

    *seen* counts adds in the window, employees of the customer, quickly lost adds, or adds of customers
    known before. *of*: the number of adds that *seen* of a quick loss is part of.
    """

    name: FindingName
    on: date
    concerned: tuple[Key, ...]
    seen: int
    of: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedFinding:
    """A reviewer's decision *at* epoch s on the adds *concerned* by a finding."""

    name: FindingName
    concerned: frozenset[Key]
    confirmed: bool
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A finding that a reviewer confirmed; *on* is the local day of its first concerned add."""

    name: FindingName
    on: date


def no_event(_userid: str, _day: date) -> bool:
    """Return False: nothing was declared beforehand."""
    return False


def find_bursts(
    contacts: Sequence[Contact], *, burst: Burst, day_of: Callable[[int], date], planned: Planned = no_event
) -> list[Finding]:
    """Return one finding for each local day on which bursts of one employee began.

    *contacts* are as of T, by time, then by customer. Concerned are all adds of each window of *minutes*,
    both ends included, with at least *adds* of them. Adds of a planned event are left out altogether.
    """
    unplanned = contacts
    if planned is not no_event:
        unplanned = [contact for contact in contacts if not planned(contact.userid, day_of(contact.added_at))]
    if not is_crowded(list(map(ADDED_AT, unplanned)), number=burst.adds, within_s=burst.minutes * 60):
        return []
    concerned: dict[date, list[Key]] = {}
    seen: dict[date, int] = {}
    day, begin, end = date.min, 0, 0  # unplanned[:end] are behind the last burst
    for index, contact in enumerate(unplanned):
        while unplanned[begin].added_at < contact.added_at - burst.minutes * 60:
            begin += 1
        number = index - begin + 1
        if number >= burst.adds:
            if begin >= end:  # no add in common with the burst before
                day, end = day_of(unplanned[begin].added_at), begin
            concerned.setdefault(day, []).extend(other.key for other in unplanned[end : index + 1])
            seen[day], end = max(seen.get(day, 0), number), index + 1
    return [
        _finding(FindingKind.BURST, day.isoformat(), keys, seen=seen[day], day_of=day_of)
        for day, keys in concerned.items()
    ]


def find_shared(
    contacts: Sequence[Contact], *, shared_by: int, window_days: int, day_of: Callable[[int], date]
) -> list[Finding]:
    """Return one finding for each employee with an add that makes one customer shared.

    *contacts* are all adds of one customer as of T, at any employee. The window of an add is *window_days* ×
    24 h up to it, both ends included. An add is concerned with adds of *shared_by* employees in its window.
    """
    concerned: dict[str, list[Key]] = {}
    seen: dict[str, int] = {}
    for contact in sorted(contacts, key=lambda contact: (contact.added_at, contact.userid)):
        end, userid = contact.added_at, contact.userid
        begin = end - window_days * DAY_S
        number = len({other.userid for other in contacts if begin <= other.added_at <= end})
        if number >= shared_by:
            concerned.setdefault(userid, []).append(contact.key)
            seen[userid] = max(seen.get(userid, 0), number)
    return [
        _finding(FindingKind.SHARED, keys[0][1], keys, seen=seen[userid], day_of=day_of)
        for userid, keys in concerned.items()
    ]


def find_quick_loss(
    contacts: Sequence[Contact],
    *,
    rule: QuickLoss,
    keep_s: int,
    at_s: int,
    about: str,
    day_of: Callable[[int], date],
) -> Finding | None:
    """Return the finding about one employee's adds of one period, or None.

    *contacts*: the period's adds as of *at_s* (epoch s); *about*: `quota period`. Only adds at least *keep_s*
    old are looked at. Losses less than *keep_s* after the add are quick. A share equal to the rate is a
    finding.
    """
    old = [contact for contact in contacts if contact.added_at + keep_s <= at_s]
    lost = [
        contact
        for contact in old
        if contact.ended_by in LOSSES
        and contact.ended_at is not None
        and contact.ended_at - contact.added_at < keep_s
    ]
    if len(old) < rule.min_adds or not lost or Fraction(len(lost), len(old)) < rule.rate:
        return None
    keys = [contact.key for contact in lost]
    return replace(_finding(FindingKind.QUICK_LOSS, about, keys, seen=len(lost), day_of=day_of), of=len(old))


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRule:
    """The start (epoch s) of the bot's record, and *first_add*, which says which adds earn anyway."""

    start: int
    first_add: FirstAdd

    def concerns(self, contact: Contact) -> bool:
        """Return whether this add near the start is of a customer known to the bank before.

        False for an add that the bank itself gave, and for one that earns nothing anyway. False while the
        way of adding is unknown, and within 60 s of a colleague's add: they stood side by side.
        """
        if abs(contact.added_at - self.start) > ROLLOUT_S or self.first_add is FirstAdd.CORP:
            return False
        if contact.details is None or contact.details.add_way in GIVEN_WAYS:
            return False
        if contact.nth > 1:
            return self.first_add is FirstAdd.ANY
        return contact.known_since is not None and contact.known_since < contact.added_at - SAME_ADD_S


def find_rollouts(
    contacts: Sequence[Contact],
    *,
    rollout: LaunchRule,
    day_of: Callable[[int], date],
    planned: Planned = no_event,
) -> list[Finding]:
    """Return one finding for each local day on which one employee added customers who were there before.

    *contacts* are as of T, by time, then by customer. Adds of a planned event are left out.
    """
    concerned: dict[date, list[Key]] = {}
    begin = bisect_left(contacts, rollout.start - ROLLOUT_S, key=ADDED_AT)
    for contact in contacts[begin : bisect_right(contacts, rollout.start + ROLLOUT_S, key=ADDED_AT)]:
        if rollout.concerns(contact):
            day = day_of(contact.added_at)
            if not planned(contact.userid, day):
                concerned.setdefault(day, []).append(contact.key)
    return [
        _finding(FindingKind.ROLLOUT, day.isoformat(), keys, seen=len(keys), day_of=day_of)
        for day, keys in concerned.items()
    ]


def _finding(
    kind: FindingKind, subject: str, keys: Sequence[Key], *, seen: int, day_of: Callable[[int], date]
) -> Finding:
    userid, _, added_at = keys[0]
    name = FindingName(kind=kind, userid=userid, subject=subject)
    return Finding(name=name, on=day_of(added_at), concerned=tuple(keys), seen=seen)


def list_findings(
    known: Mapping[str, Sequence[Contact]],
    *,
    integrity: Integrity,
    day_of: Callable[[int], date],
    planned: Planned = no_event,
    rollout: LaunchRule | None = None,
) -> list[Finding]:
    """Return bursts, shared customers and customers known before in everybody's contacts as of T.

    The contacts of each employee are by time. *rollout*: None without a known start.
    """
    found: list[Finding] = []
    if rollout is not None:
        for contacts in known.values():
            found += find_rollouts(contacts, rollout=rollout, day_of=day_of, planned=planned)
    if integrity.burst is not None:
        for contacts in known.values():
            found += find_bursts(contacts, burst=integrity.burst, day_of=day_of, planned=planned)
    if integrity.shared_by is not None:
        for contacts in _of_many_adds(known.values(), least=integrity.shared_by):
            found += find_shared(
                contacts, shared_by=integrity.shared_by, window_days=integrity.window_days, day_of=day_of
            )
    return found


def _of_many_adds(known: Collection[Sequence[Contact]], *, least: int) -> Iterable[list[Contact]]:
    """Return the contacts of each customer with at least so many adds; most customers have one."""
    adds: Counter[str] = Counter()
    for contacts in known:
        adds.update(map(CUSTOMER, contacts))
    by_customer: dict[str, list[Contact]] = {
        customer: [] for customer, number in adds.items() if number >= least
    }
    for contacts in known if by_customer else ():
        for contact in contacts:
            if contact.external_userid in by_customer:
                by_customer[contact.external_userid].append(contact)
    return by_customer.values()


def drop_decided(found: Iterable[Finding], *, decided: Iterable[DecidedFinding]) -> list[Finding]:
    """Return *found* without the adds that decisions named.

    The other adds of a decided burst or shared customer are another question about the same subject. Any
    other decided finding is left out as a whole.
    """
    freed, nth = set[tuple[FindingKind, Key]](), dict[FindingName, int]()
    for decision in decided:
        freed |= {(decision.name.kind, key) for key in decision.concerned}
        name = replace(decision.name, nth=1)
        nth[name] = max(nth.get(name, 1), decision.name.nth + 1)
    left = []
    for finding in found:
        kind = finding.name.kind
        keys = tuple(key for key in finding.concerned if (kind, key) not in freed)
        is_decided = finding.name in nth and kind not in DECIDED_BY_ADD
        if keys and not is_decided:
            name = replace(finding.name, nth=nth.get(finding.name, 1))
            left.append(replace(finding, name=name, concerned=keys))
    return left


def list_refused(decided: Iterable[DecidedFinding], *, before: int) -> frozenset[Key]:
    """Return the keys of the contacts rejected by findings confirmed before *before* (epoch s).

    Quickly lost contacts are lost anyway.
    """
    return frozenset(
        key
        for finding in decided
        if finding.confirmed and finding.name.kind is not FindingKind.QUICK_LOSS and finding.at < before
        for key in finding.concerned
    )
