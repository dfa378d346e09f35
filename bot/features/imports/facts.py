"""What the bank says of its customers, from a CSV file: a key column, then `manager` and any facts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import ClassVar, NamedTuple

from bot.config.csv_table import Cells, CsvTable
from bot.config.faults import nearest, shown
from bot.config.fields import USERID_ALLOWED, is_userid
from bot.features.imports.absences import known_people
from bot.features.imports.csv_import import (
    LISTED,
    ImportingError,
    Lines,
    Numbered,
    Remark,
    Report,
)
from bot.features.imports.key_hashes import (
    NEW,
    SAME,
    KeyIndex,
    Sayings,
    digest,
)
from bot.services import Services
from bot.store.contact_knowledge import (
    KEY_KINDS,
    MANAGER,
    SELF_DECLARED,
)
from bot.store.facts import NO_WORDS, FactsBusyError, FactsImport, Words, values_of, words

_COMBINATIONS = 10_000  # values that are read once, though a million lines have them
_TRUTH = {"1": "1", "true": "1", "0": "0", "false": "0", "": None}
_KEYS = tuple(reversed(KEY_KINDS))
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Facts(NamedTuple):
    """What many lines say alike but for the manager: 1, 0 or None for unknown, by fact.

    *joined* is the same as a text to compare, *said* as a row of a new customer says it.
    """

    told: Mapping[str, str | None]
    joined: str
    said: str


class Saying(NamedTuple):
    """What a line says of a customer. *manager* is None where nobody knows or the file does not say."""

    manager: str | None
    facts: Facts
    digest: int


FactLine = tuple[str, Saying]  # the customer's key first


class FactTable(CsvTable):
    """A key column first, then `manager` and any facts."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, known=(), required=())
        self.key_kind = ""
        self.columns: tuple[str, ...] = ()
        self.manager_at: int | None = None  # place of the column manager in a line

    def usable(self, header: Sequence[str]) -> bool:
        """Note what is wrong with the header; say whether its lines can be read at all."""
        kinds = ", ".join(_KEYS)
        if not any(header):
            if not self.faults:
                self.break_off(f"has no header line; its first column is one of {kinds}")
            return False
        self.key_kind, *columns = header
        if self.key_kind not in KEY_KINDS:
            self.break_off(
                f"the first column must be one of {kinds}",
                line=1,
                value=shown(self.key_kind),
                meant=nearest(self.key_kind, KEY_KINDS),
            )
        for column in dict.fromkeys(columns):
            if not column or _CONTROL.search(column):
                self.break_off("a column must have a name", line=1, value=shown(column))
            elif column in KEY_KINDS:
                self.break_off("only the first column is a key", line=1, value=shown(column))
            if header.count(column) > 1:
                self.break_off("this column stands twice", line=1, value=shown(column))
        if not columns:
            self.break_off("there must be manager or a fact beside the key", line=1)
        self.columns = tuple(columns)
        self.manager_at = header.index(MANAGER) if MANAGER in columns else None
        return not self.broken


class FactLines(Lines[FactLine]):
    """What the bank says of its customers; an empty cell is unknown and forgets what was known."""

    what = "facts"
    chunk: ClassVar[int] = 2000  # rows of one transaction: short enough that no callback waits for it

    def __init__(self, services: Services, path: Path) -> None:
        self._services, self._path = services, path
        self._people = known_people(services)
        self._renamed = services.store.renames.all()
        self._table = FactTable(path)
        self._index: KeyIndex | None = None
        self._sayings, self._last_line = Sayings(), 0
        self._sayings_read: dict[tuple[str, ...], Saying] = {}
        self._facts_read: dict[tuple[str, ...], Facts] = {}
        self._merged: dict[tuple[str, str], str] = {}  # what a file and a row say together, by both

    def table(self) -> FactTable:
        """The file, from its beginning."""
        self._table = FactTable(self._path)
        return self._table

    def read(self, cells: Cells) -> FactLine | None:
        """What a line says; None after noting what is wrong with its cells."""
        written = cells.all()
        key, rest = written[0], tuple(written[1:])
        if self._table.key_kind == SELF_DECLARED:
            key = key.lower()
            if not _SHA256.fullmatch(key):
                cells.fault(SELF_DECLARED, "must be a SHA-256, 64 hexadecimal digits")
        elif not key or (not key.isprintable() and _CONTROL.search(key)):
            cells.fault(self._table.key_kind, "must not be empty")
        saying = self._sayings_read.get(rest) or self._saying(cells, rest)
        return None if saying is None else (key, saying)

    def _saying(self, cells: Cells, written: tuple[str, ...]) -> Saying | None:
        at, manager = self._table.manager_at, None
        facts = written if at is None else (*written[: at - 1], *written[at:])
        if at is not None:
            text = written[at - 1]
            if text and not is_userid(text):
                cells.fault(MANAGER, f"{USERID_ALLOWED}, or empty")
            manager = self._renamed.get(text.lower(), text.lower()) or None
        read = self._facts_read.get(facts) or self._read_facts(cells, facts)
        if read is None or cells.wrong:
            return None
        saying = Saying(manager, read, _digest(manager, read.joined))
        if len(self._sayings_read) < _COMBINATIONS:
            self._sayings_read[written] = saying
        return saying

    def _read_facts(self, cells: Cells, written: tuple[str, ...]) -> Facts | None:
        columns = [column for column in self._table.columns if column != MANAGER]
        told: dict[str, str | None] = {}
        for column, text in zip(columns, written, strict=True):
            if text.lower() not in _TRUTH:
                cells.fault(column, "must be 1, 0, true, false or empty (unknown)")
            told[column] = _TRUTH.get(text.lower())
        if cells.wrong:
            return None
        read = Facts(told, _joined(told.values()), words(told).said)
        if len(self._facts_read) < _COMBINATIONS:
            self._facts_read[written] = read
        return read

    def look_at(self, line: FactLine, *, number: int, report: Report) -> None:
        """Note keys that no contact or several customers have, and managers whom nobody knows."""
        if self._index is None:
            self._index = KeyIndex(self._services.store.knowledge.keys(self._table.key_kind))
            report.self_declared = self._table.key_kind == SELF_DECLARED
            report.unasked = self._unasked()
        written, (manager, _, says) = line
        key = digest(written)
        customers = self._index.customers(key)
        if customers != 1:
            (report.ambiguous if customers else report.unmatched).add(Remark(number, written))
        if manager and manager not in self._people and len(report.strangers) < LISTED:
            report.strangers.setdefault(manager, number)
        self._sayings.add(key, says=says, line=number)
        self._last_line = number

    def contradicted(self) -> Mapping[int, int]:
        """Lines that another one contradicts, with that one, after all were looked at."""
        return self._sayings.contradictions()

    def contradict(self, cells: Cells, *, other: int) -> None:
        """Note that the line *other* contradicts this one."""
        cells.fault(self._table.key_kind, f"line {other} says something else of the same key")

    @contextmanager
    def keeping(self, lines: Iterator[Numbered[FactLine]], *, now: int) -> Iterator[Callable[[], None]]:
        """Bring into the store what is not there yet, unseen; the act lets everybody see it."""
        store = self._services.store
        coming = FactsImport(store.engine, holder=self._services.holder, now=store.now)
        try:
            with coming.open():
                self._bring(coming, lines)
                yield partial(coming.publish, imported_at=now)
        except FactsBusyError as error:
            raise ImportingError(str(error)) from error

    def _bring(self, coming: FactsImport, lines: Iterator[Numbered[FactLine]]) -> None:
        """Add a row for each line that says something new of its key."""
        key_kind = self._table.key_kind
        found = self._sayings.beside(self._stored(coming, key_kind), lines=self._last_line)
        coming.outdate(found.outdated)
        new = ((number, line) for number, line in lines if found.rows[number] != SAME)
        while chunk := list(islice(new, self.chunk)):
            numbers = [found.rows[number] for number, _ in chunk]
            before = coming.facts.numbered([number for number in numbers if number != NEW])
            told = (
                (key, self._words(saying, before.get(number)), number in before)
                for (_, (key, saying)), number in zip(chunk, numbers, strict=True)
            )
            rows = [(key, said) for key, said, is_known in told if is_known or said != NO_WORDS]
            stored = coming.add(key_kind, rows)
            coming.outdate(before)
            coming.outdate(at for at, (_, said) in zip(stored, rows, strict=True) if said == NO_WORDS)

    def _stored(self, coming: FactsImport, key_kind: str) -> Sayings:
        """What is known, of the columns of the file."""
        stored, told = Sayings(), dict[str, str]()
        facts = [column for column in self._table.columns if column != MANAGER]
        for row in coming.facts.of_kind(key_kind):
            said = row.words.said
            joined = told.get(said) or told.setdefault(said, _joined(values_of(row.words, facts)))
            manager = None if self._table.manager_at is None else row.words.manager
            stored.add(digest(row.key), says=_digest(manager, joined), line=row.number)
        return stored

    def _words(self, saying: Saying, before: Words | None) -> Words:
        """The whole row of a customer: what the file does not say stays as it was."""
        if before is None:
            return Words(saying.manager, saying.facts.said)
        manager = before.manager if self._table.manager_at is None else saying.manager
        what = (saying.facts.joined, before.said)
        said = self._merged.get(what)
        if said is None:
            said = self._merged[what] = words(saying.facts.told, before=before).said
        return Words(manager, said)

    def _unasked(self) -> dict[str, str]:
        countings = [quota.counting for quota in self._services.config.core_quotas()]
        asked = {fact for counting in countings for fact in counting.required_facts}
        asked |= {limit.fact for counting in countings for limit in counting.max_share}
        meant = {
            column: nearest(column, asked)
            for column in self._table.columns
            if column != MANAGER and column not in asked
        }
        return {column: word for column, word in meant.items() if word is not None}


def _joined(values: Iterable[str | None]) -> str:
    return "\0".join(value or "" for value in values)


def _digest(manager: str | None, joined: str) -> int:
    return digest(f"{manager or ''}\0{joined}")
