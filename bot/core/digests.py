"""Keys of long files, compared without keeping them: eight bytes stand for each, whatever its length.

Of a million different keys two fall together in one file out of thirty million. Everything is kept in 256
parts by the first byte, so that only one part at a time needs a table.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from hashlib import blake2b

_PARTS = 256
_PART_OF = 56  # bits to the right of the first byte


def digest(text: str) -> int:
    """Return the 64 bits that stand for *text*."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


class KeyIndex:
    """Which keys are known, and which of them name more than one customer."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """*pairs* of key and customer, in any order; the same one may come again."""
        told = [array("Q") for _ in range(_PARTS)]
        for key, customer in pairs:
            number = digest(key)
            told[number >> _PART_OF].extend((number, digest(customer)))
        self._known: list[array[int]] = []
        self._ambiguous: set[int] = set()
        for part in told:
            customer_of: dict[int, int] = {}
            flat = iter(part)
            for number, customer_number in zip(flat, flat, strict=True):
                if customer_of.setdefault(number, customer_number) != customer_number:
                    self._ambiguous.add(number)
            self._known.append(array("Q", sorted(customer_of)))

    def customers(self, number: int) -> int:
        """Return how many customers the key with this digest names: 0, 1, or 2 for several."""
        if number in self._ambiguous:
            return 2
        part = self._known[number >> _PART_OF]
        place = bisect_left(part, number)
        return int(place < len(part) and part[place] == number)


class Contradictions:
    """Lines that say different things under one key."""

    def __init__(self) -> None:
        self._lines = [array("Q") for _ in range(_PARTS)]

    def add(self, number: int, *, says: int, line: int) -> None:
        """Note what a line says of the key with this digest; *says* is a digest too."""
        self._lines[number >> _PART_OF].extend((number, says, line))

    def found(self) -> dict[int, int]:
        """Return each contradicted line with the first line that says otherwise."""
        against: dict[int, int] = {}
        for part in self._lines:
            by_key: dict[int, list[tuple[int, int]]] = {}
            flat = iter(part)
            for number, says, line in zip(flat, flat, flat, strict=True):
                by_key.setdefault(number, []).append((says, line))
            for lines in by_key.values():
                first_said, first_line = lines[0]
                other = next((line for says, line in lines if says != first_said), None)
                if other is not None:
                    against |= {line: other if says == first_said else first_line for says, line in lines}
        return against
