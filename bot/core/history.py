"""One employee's contacts as of one time. Every number of that time is made from them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import compress, starmap

from bot.core.contacts import ADDED_AT, PLACE, Contact, known_at
from bot.core.relations import LOSSES, RelationKind
from bot.core.status import round_half_up
from bot.core.verdicts import MAY_BE_OPEN, Verdict, is_open

KEPT_WINDOW_S = 90 * 24 * 3600
KEPT_MIN_ADDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Contacts of a period by verdict: counted, pending and rejected together are gross.

    *open*: pending ones that become rejected by themselves.
    """

    counted: int
    pending: int
    open: int
    rejected: int

    @classmethod
    def of(cls, contacts: Sequence[Contact], verdicts: Sequence[Verdict]) -> Tally:
        """Return the tally of one employee's *contacts* of a period with their *verdicts*."""
        numbers = {"counted": 0, "pending": 0, "rejected": 0}
        by_verdict = Counter(verdicts)
        for verdict, number in by_verdict.items():
            numbers[verdict.outcome] += number
        may_be_open = [] if MAY_BE_OPEN.isdisjoint(by_verdict) else map(MAY_BE_OPEN.__contains__, verdicts)
        asked = compress(zip(verdicts, contacts, strict=True), may_be_open)
        return cls(**numbers, open=sum(starmap(is_open, asked)))

    @property
    def sure(self) -> int:
        """What will count if nobody does anything more."""
        return self.counted + self.pending - self.open


@dataclass(frozen=True, slots=True)
class Kept:
    """Of *adds* recent adds that no transfer ended, *kept* are not ended."""

    kept: int
    adds: int

    @classmethod
    def over(cls, several: Iterable[Kept]) -> Kept:
        """Return all of several people as one."""
        listed = list(several)
        return cls(sum(person.kept for person in listed), sum(person.adds for person in listed))

    @property
    def share(self) -> Fraction | None:
        """Return the share kept, with two decimals; None under 10 adds."""
        return None if self.adds < KEPT_MIN_ADDS else _share(self.kept, self.adds)


@lru_cache(maxsize=10_000)  # most people have few adds, and kept most of them
def _share(kept: int, adds: int) -> Fraction:
    return round_half_up(Fraction(kept, adds), places=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One employee's contacts as of one time, by time, then by customer.

    *ended* are those not alive; *changed* are these and those with a slip.
    """

    contacts: Sequence[Contact]
    ended: Sequence[Contact]
    changed: Sequence[Contact]

    @classmethod
    def known_at(cls, at: int, *, contacts: Iterable[Contact]) -> History:
        """Return the history as of *at* (epoch s, included) from whole-set folds in any order."""
        known = known_at(contacts, at)
        changed = [contact for contact in known if contact.ended_at is not None or contact.slips]
        ended = [contact for contact in changed if contact.ended_at is not None]
        return cls(contacts=known, ended=ended, changed=changed)

    def is_same_since(self, at: int) -> bool:
        """Return whether the contacts added up to *at* (epoch s) are now as they were then."""
        return all(
            (contact.ended_at is None or contact.ended_at <= at)
            and (not contact.slips or contact.slips[-1].regained_at <= at)
            for contact in self.changed
        )

    def added_within(self, first_s: int, end_s: int) -> Sequence[Contact]:
        """Return the contacts of basis `added`: *first_s* <= added_at < *end_s*."""
        begin = bisect_left(self.contacts, first_s, key=ADDED_AT)
        return self.contacts[begin : bisect_left(self.contacts, end_s, lo=begin, key=ADDED_AT)]

    def held_at(self, moment: int, *, first_s: int) -> Sequence[Contact]:
        """Return the contacts of basis `held`: each relation's last add up to *moment* (epoch s).

        A contact must be alive at *moment*, or a transfer ended it from *first_s* up to *moment*. An end
        after *moment* is ignored.
        """
        last = {contact.external_userid: contact for contact in self.contacts if contact.added_at <= moment}
        held: list[Contact] = []
        for contact in last.values():
            ended_at = contact.ended_at
            if ended_at is None:
                held.append(contact)
            elif ended_at > moment:
                held.append(contact._replace(ended_at=None, ended_by=None))
            elif contact.ended_by is RelationKind.TRANSFERRED and ended_at >= first_s:
                held.append(contact)
        held.sort(key=PLACE)
        return held

    def lost_adds(self, covers: Callable[[Contact], bool]) -> list[int]:
        """Return the add times of relations whose last add was ended by a loss, and that *covers* takes."""
        lost = self._lost()
        last = {contact.external_userid: contact for contact in self.contacts} if lost else {}
        return [
            contact.added_at
            for contact in lost
            if last[contact.external_userid] is contact and covers(contact)
        ]

    def losses(self, covers: Callable[[Contact], bool]) -> list[int]:
        """Return the times of all losses of contacts that *covers* takes."""
        return [
            contact.ended_at for contact in self._lost() if contact.ended_at is not None and covers(contact)
        ]

    def _lost(self) -> list[Contact]:
        return [contact for contact in self.ended if contact.ended_by in LOSSES]

    def kept_90(self, at: int) -> Kept:
        """Return what became of the adds in the 90 x 24 h up to *at*, transfers left out."""
        since = at - KEPT_WINDOW_S
        adds = len(self.contacts) - bisect_right(self.contacts, since, key=ADDED_AT)
        ended = [contact.ended_by for contact in self.ended if contact.added_at > since]
        return Kept(adds - len(ended), adds - ended.count(RelationKind.TRANSFERRED))
