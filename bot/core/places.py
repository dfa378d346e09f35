"""Who stands where among whom: 1 + how many have a higher counted / target."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankPlace:
    """A *rank* among so many (*of*) who are ranked together."""

    rank: int
    of: int


def places(judged: Iterable[tuple[Key, Hashable, Fraction]]) -> dict[Key, RankPlace]:
    """Return the place of each key: of (key, among whom, counted / target). Equal ones share a rank."""
    listed = list(judged)
    among: dict[Hashable, list[Fraction]] = {}
    for _, whom, attainment in listed:
        among.setdefault(whom, []).append(attainment)
    for attainments in among.values():
        attainments.sort()
    found: dict[Key, RankPlace] = {}
    for key, whom, attainment in listed:
        others = among[whom]
        found[key] = RankPlace(rank=1 + len(others) - bisect_right(others, attainment), of=len(others))
    return found
