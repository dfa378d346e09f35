"""Questions about adds, never accusations: bursts, shared customers, quick losses, customers known before.

The person answers a finding, a reviewer decides it. A decided question is not asked again. So the name of a
finding is its subject, not the list of its adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from bot.core.contacts import Contact
from bot.core.counting import DAY_S, Burst, FirstAdd, Integrity, QuickLoss
from bot.core.relations import LOSSES
from bot.core.sync import ROLLOUT_S, SAME_ADD_S

Key = tuple[str, str, int]  # of a contact: employee, customer, epoch seconds of the add
GIVEN_WAYS = frozenset({201, 202})  # WeCom's add_way [92114]: shared by a colleague, given by an admin
Planned = Callable[[str, date], bool]  # whether a userid's adds of a local day belong to a declared event


class FindingKind(StrEnum):
    """The kinds of findings. The values are stored."""

    BURST = "burst"
    SHARED = "shared"
    QUICK_LOSS = "quick_loss"
    ROLLOUT = "rollout"


FLAGS = (FindingKind.BURST, FindingKind.SHARED, FindingKind.QUICK_LOSS)  # a row may show them once confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingName:
    """The person and *subject* of a finding.

    The subject is a local day (burst, rollout), a customer (shared) or `quota period` (quick_loss).
    """

    kind: FindingKind
    userid: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A question with its evidence: the adds *concerned*, by time; *on* is the local day of the first.

    *seen* counts adds in the window, employees of the customer, quickly lost adds, or adds of customers
    known before.
    """

    name: FindingName
    on: date
    concerned: tuple[Key, ...]
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A finding that a reviewer confirmed; *on* is the local day of its first concerned add."""

    name: FindingName
    on: date


def no_event(_userid: str, _day: date) -> bool:
    """Return False: nothing was declared beforehand."""
    return False


def bursts(
    contacts: Sequence[Contact], *, burst: Burst, day_of: Callable[[int], date], planned: Planned = no_event
) -> list[Finding]:
    """Return one finding for each local day with a burst of one employee.

    *contacts* are as of T, by time, then by customer. Concerned are the adds from the *adds*-th on in any
    window of *minutes*, both ends included. Adds of a planned event are left out altogether.
    """
    unplanned = [
        contact for contact in contacts if not planned(contact.add.userid, day_of(contact.add.added_at))
    ]
    concerned: dict[date, list[Key]] = {}
    seen: dict[date, int] = {}
    begin = 0
    for index, contact in enumerate(unplanned):
        while unplanned[begin].add.added_at < contact.add.added_at - burst.minutes * 60:
            begin += 1
        number = index - begin + 1
        if number >= burst.adds:
            day = day_of(contact.add.added_at)
            concerned.setdefault(day, []).append(contact.key)
            seen[day] = max(seen.get(day, 0), number)
    return [
        Finding(
            name=FindingName(kind=FindingKind.BURST, userid=keys[0][0], subject=day.isoformat()),
            on=day,
            concerned=tuple(keys),
            seen=seen[day],
        )
        for day, keys in concerned.items()
    ]


def shared(
    contacts: Iterable[Contact], *, shared_by: int, window_days: int, day_of: Callable[[int], date]
) -> list[Finding]:
    """Return one finding for each employee of one customer from the *shared_by*-th on.

    *contacts* are all adds of one customer as of T, at any employee. Windows of *window_days* × 24 h slide;
    both ends are included; within one, employees stand in the order of their first add, then of userids.
    """
    by_time = sorted(contacts, key=lambda contact: (contact.add.added_at, contact.add.userid))
    concerned: dict[str, list[Key]] = {}
    seen: dict[str, int] = {}
    for index, contact in enumerate(by_time):
        begin = contact.add.added_at - window_days * DAY_S
        window = [other for other in by_time[: index + 1] if other.add.added_at >= begin]
        order = list(dict.fromkeys(other.add.userid for other in window))
        userid = contact.add.userid
        if order.index(userid) + 1 >= shared_by:
            concerned.setdefault(userid, []).append(contact.key)
            seen[userid] = max(seen.get(userid, 0), len(order))
    return [
        Finding(
            name=FindingName(kind=FindingKind.SHARED, userid=userid, subject=keys[0][1]),
            on=day_of(keys[0][2]),
            concerned=tuple(keys),
            seen=seen[userid],
        )
        for userid, keys in concerned.items()
    ]


def quick_loss(
    contacts: Sequence[Contact],
    *,
    rule: QuickLoss,
    keep_s: int,
    about: str,
    day_of: Callable[[int], date],
) -> Finding | None:
    """Return the finding about one employee's adds of one period, or None.

    *contacts*: the period's adds as of T; *about*: `quota period`. Losses less than *keep_s* after the add
    are quick. A share equal to the rate is a finding.
    """
    lost = [
        contact
        for contact in contacts
        if contact.add.ended_by in LOSSES
        and contact.add.ended_at is not None
        and contact.add.ended_at - contact.add.added_at < keep_s
    ]
    if len(contacts) < rule.min_adds or not lost or Fraction(len(lost), len(contacts)) < rule.rate:
        return None
    first = lost[0]
    return Finding(
        name=FindingName(kind=FindingKind.QUICK_LOSS, userid=first.add.userid, subject=about),
        on=day_of(first.add.added_at),
        concerned=tuple(contact.key for contact in lost),
        seen=len(lost),
    )


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
        add = contact.add
        if abs(add.added_at - self.start) > ROLLOUT_S or self.first_add is FirstAdd.CORP:
            return False
        if contact.details is None or contact.details.add_way in GIVEN_WAYS:
            return False
        if add.nth > 1:
            return self.first_add is FirstAdd.ANY
        return contact.known_since is not None and contact.known_since < add.added_at - SAME_ADD_S


def rollouts(
    contacts: Iterable[Contact],
    *,
    rollout: LaunchRule,
    day_of: Callable[[int], date],
    planned: Planned = no_event,
) -> list[Finding]:
    """Return one finding for each local day on which one employee added customers who were there before.

    *contacts* are as of T, by time, then by customer. Adds of a planned event are left out.
    """
    concerned: dict[date, list[Key]] = {}
    for contact in contacts:
        if rollout.concerns(contact):
            day = day_of(contact.add.added_at)
            if not planned(contact.add.userid, day):
                concerned.setdefault(day, []).append(contact.key)
    return [
        Finding(
            name=FindingName(kind=FindingKind.ROLLOUT, userid=keys[0][0], subject=day.isoformat()),
            on=day,
            concerned=tuple(keys),
            seen=len(keys),
        )
        for day, keys in concerned.items()
    ]


def seen_in(
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
            found += rollouts(contacts, rollout=rollout, day_of=day_of, planned=planned)
    if integrity.burst is not None:
        for contacts in known.values():
            found += bursts(contacts, burst=integrity.burst, day_of=day_of, planned=planned)
    if integrity.shared_by is not None:
        by_customer: dict[str, list[Contact]] = {}
        for contacts in known.values():
            for contact in contacts:
                by_customer.setdefault(contact.add.external_userid, []).append(contact)
        for contacts in by_customer.values():
            if len(contacts) >= integrity.shared_by:
                found += shared(
                    contacts,
                    shared_by=integrity.shared_by,
                    window_days=integrity.window_days,
                    day_of=day_of,
                )
    return found


def held_by(found: Iterable[Finding], *, decided: frozenset[FindingName]) -> frozenset[Key]:
    """Return the keys of the contacts held by undecided findings."""
    return frozenset(key for finding in found if finding.name not in decided for key in finding.concerned)
