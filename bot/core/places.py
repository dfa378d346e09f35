"""Ranks: 1 + the number of people with a higher counted / target in the same group."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankPlace:
    """A *rank* among so many people (*of*) of one group."""

    rank: int
    of: int


def compute_places(judged: Iterable[tuple[Key, Hashable, Fraction]]) -> dict[Key, RankPlace]:
    """Return the place of each key of (key, group, counted / target). Equal ones share a rank."""
    listed, groups = list(judged), dict[Hashable, list[Fraction]]()
    for _, group, attainment in listed:
        groups.setdefault(group, []).append(attainment)
    for attainments in groups.values():
        attainments.sort()
    ranks: dict[Key, RankPlace] = {}
    for key, group, attainment in listed:
        others = groups[group]
        ranks[key] = RankPlace(rank=1 + len(others) - bisect_right(others, attainment), of=len(others))
    return ranks
