"""Whether a vanished userid and a new one are one person: the same customers since the same moments.

WeCom keeps a contact's createtime when a userid is changed. A handover does not: there it is the time at
which an admin gave the customer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from bot.core.sync import SAME_ADD_S

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
    """Of a vanished userid's *living* relations the list of a new one has *same*, since the same times."""

    old_userid: str
    userid: str
    same: int
    living: int

    @property
    def is_large(self) -> bool:
        """Whether it is largely the same: at least 80 % of them, and 3."""
        return self.same >= LEAST and self.same >= LARGELY * self.living


def overlaps(
    old_userid: str, living: Mapping[str, Collection[int]], listed: Iterable[Begun]
) -> list[Overlap]:
    """Compare one vanished userid with all lists at once, each row of which is looked at once.

    *living*: customers of its living relations, each with the moments (epoch s) at which it is known to have
    begun. *listed*: rows of new userids' lists, in any order, each relation once.
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


def proposals(found: Iterable[Overlap], *, refused: Collection[Pair] = frozenset()) -> list[Overlap]:
    """Return who may be whom, in the order of vanished userids: each userid stands in one proposal at most.

    The two must be each other's best match, alone; equally good ones are no proposal. Pairs that a person
    *refused* are as if they had nothing in common.
    """
    large = [one for one in found if one.is_large and (one.old_userid, one.userid) not in refused]
    of_old = _best((one.old_userid, one) for one in large)
    of_new = _best((one.userid, one) for one in large)
    return [one for _, one in sorted(of_old.items()) if of_new.get(one.userid) is one]


def _best(named: Iterable[tuple[str, Overlap]]) -> dict[str, Overlap]:
    """Return the best of each name; none where two are equally good."""
    by_name: dict[str, list[Overlap]] = {}
    for name, one in named:
        by_name.setdefault(name, []).append(one)
    found = {}
    for name, several in by_name.items():
        most = max(one.same for one in several)
        best = [one for one in several if one.same == most]
        if len(best) == 1:
            found[name] = best[0]
    return found
