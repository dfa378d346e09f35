"""Recognise a changed userid: the same customers since the same moments.

WeCom keeps a contact's createtime when a userid is changed. A handover has
the time of the handover.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from bot.core.relations import SAME_ADD_S

LEAST = 3  # relations; fewer may be chance
LARGELY = Fraction(4, 5)  # of the relations that the vanished userid has alive

Pair = tuple[str, str]  # vanished userid, new userid


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A row of a new userid's list; *createtime* in epoch s."""

    userid: str
    external_userid: str
    createtime: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Relations that a vanished and a new userid share: *same* of *living*, since the same times."""

    old_userid: str
    userid: str
    same: int
    living: int

    @property
    def is_large(self) -> bool:
        """Say whether most are the same: at least 80 % of them, and 3."""
        return self.same >= LEAST and self.same >= LARGELY * self.living


def compute_overlaps(
    old_userid: str, living: Mapping[str, Collection[int]], listed: Iterable[Begun]
) -> list[Overlap]:
    """Return the overlaps of one vanished userid with all new ones, in one pass over *listed*.

    *living*: customers of its living relations, each with the known moments (epoch s) of its begin.
    *listed*: rows of new userids' lists, in any order, each relation once.
    """
    same = Counter(
        row.userid
        for row in listed
        if any(abs(row.createtime - moment) <= SAME_ADD_S for moment in living.get(row.external_userid, ()))
    )
    return [
        Overlap(old_userid=old_userid, userid=userid, same=number, living=len(living))
        for userid, number in sorted(same.items())
    ]


def propose_pairs(found: Iterable[Overlap], *, refused: Collection[Pair] = frozenset()) -> list[Overlap]:
    """Return the proposed pairs in the order of vanished userids; each userid is in at most one.

    The two must be each other's only best match; equally good ones give no proposal. Pairs that a person
    *refused* are ignored.
    """
    large = [
        overlap
        for overlap in found
        if overlap.is_large and (overlap.old_userid, overlap.userid) not in refused
    ]
    of_old = _best((overlap.old_userid, overlap) for overlap in large)
    of_new = _best((overlap.userid, overlap) for overlap in large)
    return [overlap for _, overlap in sorted(of_old.items()) if of_new.get(overlap.userid) is overlap]


def _best(named: Iterable[tuple[str, Overlap]]) -> dict[str, Overlap]:
    """Return the best of each name; none where two are equally good."""
    by_name: dict[str, list[Overlap]] = {}
    for name, overlap in named:
        by_name.setdefault(name, []).append(overlap)
    best: dict[str, Overlap] = {}
    for name, overlaps_of_name in by_name.items():
        most = max(overlap.same for overlap in overlaps_of_name)
        largest = [overlap for overlap in overlaps_of_name if overlap.same == most]
        if len(largest) == 1:
            best[name] = largest[0]
    return best
