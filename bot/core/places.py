"""Ranks: 1 + the number of people with a higher counted / target in the same group."""

from __future__ import annotations

from collections import Counter, defaultdict
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
    listed = list(judged)
    groups: defaultdict[Hashable, Counter[Fraction]] = defaultdict(Counter)
    for _, group, attainment in listed:
        groups[group][attainment] += 1
    places: dict[tuple[Hashable, Fraction], RankPlace] = {}
    for group, attainments in groups.items():
        rank, people = 1, attainments.total()
        for attainment in sorted(attainments, reverse=True):
            places[group, attainment] = RankPlace(rank=rank, of=people)
            rank += attainments[attainment]
    return {key: places[group, attainment] for key, group, attainment in listed}
