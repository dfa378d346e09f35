"""One employee's contacts as of one time. Every number of that time is made from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.core.contacts import PLACE, Contact, known_at
from bot.core.relations import LOSSES, RelationKind
from bot.core.status import round_half_up
from bot.core.verdicts import Verdict, is_open

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
    def of(cls, judged: Iterable[tuple[Contact, Verdict]]) -> Tally:
        """Return the tally of one employee's contacts of a period."""
        numbers = {"counted": 0, "pending": 0, "open": 0, "rejected": 0}
        for contact, verdict in judged:
            numbers[verdict.outcome] += 1
            numbers["open"] += is_open(verdict, contact)
        return cls(**numbers)

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
        if self.adds < KEPT_MIN_ADDS:
            return None
        return round_half_up(Fraction(self.kept, self.adds), places=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One employee's contacts as of one time, by time, then by customer."""

    contacts: tuple[Contact, ...]

    @classmethod
    def known_at(cls, at: int, *, contacts: Iterable[Contact]) -> History:
        """Return the history as of *at* (epoch s, included) from whole-set folds in any order."""
        return cls(contacts=tuple(known_at(contacts, at)))

    def added_within(self, first_s: int, end_s: int) -> Sequence[Contact]:
        """Return the contacts of basis `added`: *first_s* <= added_at < *end_s*."""
        return [contact for contact in self.contacts if first_s <= contact.added_at < end_s]

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
        last = {contact.external_userid: contact for contact in self.contacts}
        lost = (contact for contact in last.values() if contact.ended_by in LOSSES)
        return [contact.added_at for contact in lost if covers(contact)]

    def losses(self, covers: Callable[[Contact], bool]) -> list[int]:
        """Return the times of all losses of contacts that *covers* takes."""
        return [
            contact.ended_at
            for contact in self.contacts
            if contact.ended_by in LOSSES and contact.ended_at is not None and covers(contact)
        ]

    def kept_90(self, at: int) -> Kept:
        """Return what became of the adds in the 90 x 24 h up to *at*, transfers left out."""
        recent = [
            contact
            for contact in self.contacts
            if contact.added_at > at - KEPT_WINDOW_S and contact.ended_by is not RelationKind.TRANSFERRED
        ]
        return Kept(sum(add.ended_at is None for add in recent), len(recent))
