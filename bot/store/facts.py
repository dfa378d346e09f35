"""What the bank says of its customers: rows that are only appended, and seen all at once.

An import writes in many short transactions, above the mark `facts_upto`, where nobody reads; one more
transaction moves the mark. So nobody waits for a long file, and nobody sees a line of an import that was cut
off. The next import removes its rows, and rows in whose place others hold.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

from bot.core.contacts import NOTHING
from bot.messages.sentences import Sentence
from bot.store.coordination import Leases, Marks
from bot.store.engine import Engine, StoreBusyError, TableGroup

MANAGER = "manager"  # the one fact that is a userid and not true or false

_IMPORTED = "facts_imported_at"  # the mark that says when facts came last, also those that changed nothing
UPTO = "facts_upto"
_LEASE, _LEASE_S = "facts", 60
_BATCH = 5000  # rows that are read at once
_SHORT = 2000  # rows that are removed in one transaction: short enough that no callback waits for it
_COLUMNS = ("number", "key_kind", "key", "manager", "said")


class FactsBusyError(StoreBusyError):
    """Another process is importing facts."""


class StoredFacts(NamedTuple):
    """What the bank says of one customer; a fact that is not there is unknown."""

    manager: str | None = None
    facts: Mapping[str, bool] = NOTHING


NOTHING_SAID = StoredFacts()  # as if there was no row


class FactValues(NamedTuple):
    """What a row says: *said* is JSON, 1 or 0 by fact."""

    manager: str | None
    said: str


NO_VALUES = FactValues(None, "{}")


class StoredValues(NamedTuple):
    """One row that holds, of one kind of key."""

    number: int
    key: str
    words: FactValues


def merge_values(told: Mapping[str, str | None], *, before: FactValues = NO_VALUES) -> FactValues:
    """Return what holds after *told* (1, 0, userid or None for unknown, by fact); the rest is as *before*."""
    facts: dict[str, str | None] = {**json.loads(before.said), **told}
    manager = facts.pop(MANAGER, before.manager)
    known = {fact: facts[fact] for fact in sorted(facts) if facts[fact] is not None}
    return FactValues(manager, json.dumps(known, ensure_ascii=False))


def values_of(row: FactValues, columns: Iterable[str]) -> tuple[str | None, ...]:
    """Return what *row* says under *columns*; None is unknown."""
    facts = json.loads(row.said)
    return tuple(row.manager if column == MANAGER else facts.get(column) for column in columns)


def reading() -> Callable[[str | None, str], StoredFacts]:
    """Return what reads manager and facts of a row; the same row gives the same object."""

    @cache  # a bank says few different things of many customers
    def said(manager: str | None, facts: str) -> StoredFacts:
        known = {fact: value == "1" for fact, value in json.loads(facts).items()}
        return StoredFacts(manager, known) if known or manager is not None else NOTHING_SAID

    return said


class Facts(TableGroup):
    """The table of facts. Call the changing methods inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._marks = Marks(engine)

    def all(self, called: Mapping[str, Collection[str]] | None = None) -> dict[tuple[str, str], StoredFacts]:
        """Return what the bank says, by (kind of key, key); *called*: under these keys by kind alone."""
        if called is None:
            rows = self._engine.tuples("facts_all")
        else:
            rows = [
                row
                for kind, keys in called.items()
                for row in self._engine.tuples("facts_called", kind=kind, keys=json.dumps(list(keys)))
            ]
        said = reading()
        facts = {(kind, key): said(manager, told) for kind, key, manager, told in rows}
        return {key: known for key, known in facts.items() if known is not NOTHING_SAID}

    def newest(self) -> int | None:
        """Return when facts came last, in epoch s; None if none ever did."""
        moment = self._marks.get(_IMPORTED)
        return None if moment is None else int(moment)

    def upto(self) -> int:
        """Return the number up to which rows are seen."""
        return int(self._marks.get(UPTO) or 0)

    def last(self) -> int:
        """Return the highest number, also of an import that is not done."""
        return self._engine.number("facts_last") or 0

    def publish(self, upto: int, *, imported_at: int) -> None:
        """Let everybody see rows up to number *upto* from now on."""
        self._marks.put(UPTO, str(upto))
        self._marks.put(_IMPORTED, str(imported_at))

    def of_kind(self, key_kind: str) -> Iterator[StoredValues]:
        """Yield the rows of one kind of key, oldest first."""
        after = 0
        while rows := self._engine.all("facts_page", key_kind=key_kind, after=after, batch=_BATCH):
            for row in rows:
                yield StoredValues(row["number"], row["key"], FactValues(row["manager"], row["said"]))
            after = rows[-1]["number"]

    def append(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Add more rows (number, kind of key, key, manager, said) at the end."""
        self._engine.append("facts", _COLUMNS, rows)

    def drop(self, waiting: Sequence[int]) -> None:
        """Remove rows by their numbers in short transactions of their own."""
        for start in range(0, len(waiting), _SHORT):
            rows = [{"number": number} for number in waiting[start : start + _SHORT]]
            with self._engine.transaction():
                self._engine.run_many("facts_drop", rows)

    def drop_unseen(self) -> None:
        """Remove rows above the mark in short transactions of their own."""
        upto, last = self.upto(), self.last()
        for first in range(upto + 1, last + 1, _SHORT):
            with self._engine.transaction():
                self._engine.run("facts_drop_span", first=first, last=min(first + _SHORT - 1, last))


class FactsImport:
    """One import under way; nobody sees anything of it before `publish`."""

    def __init__(self, engine: Engine, *, holder: str, now: Callable[[], float]) -> None:
        """*now*: real time in epoch s; *holder* names this process."""
        self.facts = Facts(engine)
        self._engine, self._leases = engine, Leases(engine)
        self._holder, self._now = holder, now
        self._next = 0
        self._outdated = array("Q")

    @contextmanager
    def open(self) -> Iterator[None]:
        """Be the only import; leave nothing unpublished. Raises FactsBusyError while another imports."""
        self._hold()
        try:
            self.facts.drop_unseen()
            self._next = self.facts.upto() + 1
            yield
            self.facts.drop(self._outdated)
        finally:
            if self._holds():  # else what is unseen is another one's
                self.facts.drop_unseen()
                self._leases.free(_LEASE, holder=self._holder)

    def add(self, key_kind: str, rows: Sequence[tuple[str, FactValues]]) -> range:
        """Bring (key, words) into the store, unseen, in a transaction of its own; their numbers."""
        numbers = range(self._next, self._next + len(rows))
        with self._engine.transaction():
            self._hold()
            self.facts.append(
                (number, key_kind, key, *said) for number, (key, said) in zip(numbers, rows, strict=True)
            )
        self._next = numbers.stop
        return numbers

    def outdate(self, numbers: Iterable[int]) -> None:
        """Note rows that this import replaces: they are removed once it is published."""
        self._outdated.extend(numbers)

    def publish(self, *, imported_at: int) -> None:
        """Let everybody see it (*imported_at* in epoch s). Call inside a transaction."""
        self._hold()
        self.facts.publish(self._next - 1, imported_at=imported_at)

    def _holds(self) -> bool:
        now = int(self._now())
        return self._leases.take(_LEASE, holder=self._holder, now=now, until=now + _LEASE_S)

    def _hold(self) -> None:
        if not self._holds():
            raise FactsBusyError(Sentence("faults.store.facts_busy"))
