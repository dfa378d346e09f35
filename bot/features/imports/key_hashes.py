"""Keys of long files, compared without keeping them: eight bytes stand for each, whatever its length.

Of a million different keys two fall together in one file out of thirty million. Everything is kept in 256
parts by the first byte, so that only one part at a time needs a table.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

_PARTS = 256
_PART_OF = 56  # bits to the right of the first byte
_BITS = 0xFFFF_FFFF_FFFF_FFFF

NEW, SAME = 0, _BITS  # a line without a row, and one that a row says already


def digest(text: str) -> int:
    """Return the 64 bits that stand for *text* in this process; another one has others.

    Python's own hash (SipHash under a secret of the process, on 64-bit machines), because it takes a tenth of
    the time of a cryptographic one, and nobody outside can choose keys that fall together.
    """
    return hash(text) & _BITS


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


class Compared(NamedTuple):
    """Lines beside rows. *rows*: by line NEW, SAME, or the number of the row that says something else.

    *outdated*: rows in whose place a later one holds.
    """

    rows: array[int]
    outdated: array[int]


class Sayings:
    """What each line of a file, or each row of a table, says under its key. Numbers begin with 1."""

    def __init__(self) -> None:
        self._parts = [array("Q") for _ in range(_PARTS)]

    def add(self, number: int, *, says: int, line: int) -> None:
        """Note what a line says of the key with this digest; *says* is a digest too."""
        self._parts[number >> _PART_OF].extend((number, says, line))

    def contradictions(self) -> dict[int, int]:
        """Return each contradicted line with the first line that says otherwise."""
        against: dict[int, int] = {}
        for part in self._parts:
            first: dict[int, tuple[int, int]] = {}
            several: dict[int, list[tuple[int, int]]] = {}
            flat = iter(part)
            for number, says, line in zip(flat, flat, flat, strict=True):
                before = first.setdefault(number, (says, line))
                if before[1] != line:
                    several.setdefault(number, [before]).append((says, line))
            for lines in several.values():
                first_said, first_line = lines[0]
                other = next((line for says, line in lines if says != first_said), None)
                if other is not None:
                    against |= {line: other if says == first_said else first_line for says, line in lines}
        return against

    def beside(self, known: Sayings, *, lines: int) -> Compared:
        """Compare with rows in the order of their numbers; *lines* is the highest number of a line.

        A line that repeats another one is SAME as well.
        """
        found = Compared(array("Q", bytes(8 * (lines + 1))), array("Q"))
        for told, stored in zip(self._parts, known._parts, strict=True):
            rows: dict[int, tuple[int, int]] = {}
            flat = iter(stored)
            for number, says, row in zip(flat, flat, flat, strict=True):
                if number in rows:
                    found.outdated.append(rows[number][1])
                rows[number] = (says, row)
            seen: set[int] = set()
            flat = iter(told)
            for number, says, line in zip(flat, flat, flat, strict=True):
                held = rows.get(number)
                if number in seen or (held is not None and held[0] == says):
                    found.rows[line] = SAME
                elif held is not None:
                    found.rows[line] = held[1]
                seen.add(number)
        return found
