"""What the bank knows and WeCom does not: leave, and facts about customers, read from CSV files.

A file is read twice: once to look at every line, once to store them. So nothing is written while a line may
still be wrong, and no file is too long for the memory.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

from bot import directory
from bot.config.csv_table import Cells, CsvTable
from bot.config.faults import Fault, nearest, shown
from bot.config.fields import USERID_ALLOWED, is_userid
from bot.core.digests import Contradictions, KeyIndex, digest
from bot.services import Services
from bot.store.knowledge import KEY_KINDS, MANAGER, Absence

LISTED = 1000  # of each sort so many lines are named in a report; all are counted
LONGEST_ABSENCE = timedelta(days=1096)  # three years: more is a slip of the pen

_CHUNK = 5000
_COMBINATIONS = 10_000  # values that are read once, though a million lines have them
_TRUTH = {"1": "1", "true": "1", "0": "0", "false": "0", "": None}
_KEYS = tuple(reversed(KEY_KINDS))
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

T = TypeVar("T")
Item = TypeVar("Item")


class ImportingError(Exception):
    """The file cannot be imported; the text says why."""


@dataclass(slots=True)
class Listed(Generic[Item]):
    """The first LISTED of many, and how many there were."""

    items: list[Item] = field(default_factory=list)
    count: int = 0

    def add(self, item: Item) -> None:
        """One more."""
        self.count += 1
        if self.count <= LISTED:
            self.items.append(item)


@dataclass(frozen=True, slots=True)
class Remark:
    """What is odd about a line without being wrong; *value* as its author wrote it."""

    line: int
    value: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What became of a file. *good* and *bad* count lines; *stored* says whether the good ones were kept.

    *broken*: the file as a whole cannot be used, whichever lines are left out. *unmatched*: no contact has
    this key yet; *ambiguous*: contacts of several customers have it; both are stored. *strangers*: managers
    whom nobody knows, with the first line of each. *unasked*: columns that no quota asks for, with the one
    that was probably meant.
    """

    what: str
    sha256: str
    good: int = 0
    bad: int = 0
    stored: bool = False
    broken: bool = False
    faults: Listed[Fault] = field(default_factory=Listed)
    unmatched: Listed[Remark] = field(default_factory=Listed)
    ambiguous: Listed[Remark] = field(default_factory=Listed)
    strangers: dict[str, int] = field(default_factory=dict)
    unasked: dict[str, str] = field(default_factory=dict)


class Lines(ABC, Generic[T]):
    """How one kind of file is read and stored."""

    what: str

    @abstractmethod
    def table(self) -> CsvTable:
        """The file, from its beginning."""

    @abstractmethod
    def read(self, cells: Cells) -> T | None:
        """What a line says; None after noting what is wrong with its cells."""

    @abstractmethod
    def put(self, lines: Sequence[T], *, now: int) -> None:
        """Keep good lines at *now* (epoch s), inside a transaction."""

    def look_at(self, line: T, *, number: int, report: Report) -> None:
        """Note what is odd about a good line; called once for each."""

    def contradicted(self) -> Mapping[int, int]:
        """Lines that are wrong beside the others, each with one that contradicts it; all were looked at."""
        return {}

    def contradict(self, cells: Cells, *, other: int) -> None:
        """Note what is wrong with such a line; *other* contradicts it."""


def import_file(
    services: Services, lines: Lines[T], path: Path, *, by: str, skip_bad: bool, dry_run: bool
) -> Report:
    """Look at the file at *path*, and store it if no line is wrong, or its good lines if *skip_bad*.

    All in one transaction, with one line in the audit log that names *by*. Raises ImportingError when the
    file changes meanwhile.
    """
    report = Report(what=lines.what, sha256=_sha256(path))
    for number, line in _good(lines, report):
        report.good += 1
        lines.look_at(line, number=number, report=report)
    contradicted = lines.contradicted()
    if contradicted:
        _name_contradicted(lines, contradicted, report)
    if dry_run or report.broken or (report.bad and not skip_bad):
        return report
    store, now = services.store, int(services.clock.now().timestamp())
    again = (line for number, line in _good(lines) if number not in contradicted)
    with store.transaction():
        while chunk := list(islice(again, _CHUNK)):
            lines.put(chunk, now=now)
        if _sha256(path) != report.sha256:
            raise ImportingError(f"{path} changed while it was read: nothing was stored, import it again")
        store.audit.add(
            at=now,
            actor=by,
            act=f"import {lines.what}",
            subject=path.name,
            detail={"sha256": report.sha256, "rows": report.good, "bad": report.bad},
        )
    report.stored = True
    return report


def _good(lines: Lines[T], report: Report | None = None) -> Iterator[tuple[int, T]]:
    """Number and content of each good line; the others are noted in *report*."""
    table, noted = lines.table(), Report(what="", sha256="") if report is None else report
    for cells in table:
        line = lines.read(cells)
        if table.faults:  # also those of lines that have no cells at all
            _note(table, noted)
        if line is not None and not cells.wrong:
            yield cells.number, line
    _note(table, noted)


def _note(table: CsvTable, report: Report) -> None:
    """Move the table's faults into *report*, so that a file of nothing but faults needs no memory either."""
    report.broken = report.broken or table.broken
    report.bad += len({fault.line for fault in table.faults if fault.line is not None})
    for fault in table.faults:
        report.faults.add(fault)
    table.faults.clear()


def _name_contradicted(lines: Lines[T], contradicted: Mapping[int, int], report: Report) -> None:
    table, found = lines.table(), Report(what="", sha256="")
    for cells in table:
        table.faults.clear()  # what else is wrong was said
        if cells.number in contradicted:
            lines.contradict(cells, other=contradicted[cells.number])
            _note(table, found)
    report.good -= len(contradicted)
    report.bad += len(contradicted)
    report.faults.count += found.faults.count
    merged = sorted((*report.faults.items, *found.faults.items), key=lambda fault: fault.line or 0)
    report.faults.items = merged[:LISTED]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


class AbsenceLines(Lines[Absence]):
    """`userid,from,to,kind`; both days are included, and lines may overlap."""

    what = "absences"

    def __init__(self, services: Services, path: Path) -> None:
        self._services, self._path = services, path
        self._people = _known_people(services)
        self._renamed = services.store.renames.all()
        says = (
            "the roster has or had" if services.config.directory.source == "csv" else "WeCom shows or showed"
        )
        self._allowed = f"must be somebody whom {says}"

    def table(self) -> CsvTable:
        """The file, from its beginning."""
        return CsvTable(self._path, known=("userid", "from", "to", "kind"), required=("userid", "from", "to"))

    def read(self, cells: Cells) -> Absence | None:
        """What a line says; None after noting what is wrong with its cells."""
        userid, first, last = cells["userid"].lower(), cells.day("from"), cells.day("to")
        userid = self._renamed.get(userid, userid)
        if userid not in self._people:
            allowed = self._allowed if is_userid(userid) else USERID_ALLOWED
            cells.fault("userid", allowed)
        if _CONTROL.search(cells["kind"]):
            cells.fault("kind", "must be one line of text")
        if first is None or last is None:
            return None
        if last < first:
            cells.fault("to", f"must not be before from = {first}")
        elif last - first >= LONGEST_ABSENCE:
            cells.fault("to", f"must be within {LONGEST_ABSENCE.days} days of from = {first}")
        return Absence(userid=userid, first=first, last=last, kind=cells["kind"])

    def put(self, lines: Sequence[Absence], *, now: int) -> None:  # noqa: ARG002 - leave has no age
        """Keep good lines, inside a transaction."""
        self._services.store.knowledge.put_absences(lines)


@dataclass(frozen=True, slots=True)
class FactLine:
    """What a line says of one customer: values in the order of the columns; None is unknown."""

    key: str
    values: tuple[str | None, ...]


class FactTable(CsvTable):
    """A key column first, then `manager` and any facts."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, known=(), required=())
        self.key_kind = ""
        self.columns: tuple[str, ...] = ()

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
        return not self.broken


class FactLines(Lines[FactLine]):
    """What the bank says of its customers; an empty cell is unknown and forgets what was known."""

    what = "facts"

    def __init__(self, services: Services, path: Path) -> None:
        self._services, self._path = services, path
        self._people = _known_people(services)
        self._renamed = services.store.renames.all()
        self._table = FactTable(path)
        self._index: KeyIndex | None = None
        self._said = Contradictions()
        self._read_before: dict[tuple[str, ...], tuple[str | None, ...]] = {}

    def table(self) -> FactTable:
        """The file, from its beginning."""
        self._table = FactTable(self._path)
        return self._table

    def read(self, cells: Cells) -> FactLine | None:
        """What a line says; None after noting what is wrong with its cells."""
        kind = self._table.key_kind
        key, *written = cells.all()
        if kind == "mobile_sha256":
            key = key.lower()
            if not _SHA256.fullmatch(key):
                cells.fault(kind, "must be a SHA-256, 64 hexadecimal digits")
        elif not key or _CONTROL.search(key):
            cells.fault(kind, "must not be empty")
        values = self._values(cells, tuple(written))
        return None if values is None else FactLine(key, values)

    def _values(self, cells: Cells, written: tuple[str, ...]) -> tuple[str | None, ...] | None:
        known = self._read_before.get(written)
        if known is not None:
            return known
        values: list[str | None] = []
        for column, text in zip(self._table.columns, written, strict=True):
            if column == MANAGER:
                if text and not is_userid(text):
                    cells.fault(column, f"{USERID_ALLOWED}, or empty")
                values.append(self._renamed.get(text.lower(), text.lower()) or None)
            else:
                if text.lower() not in _TRUTH:
                    cells.fault(column, "must be 1, 0, true, false or empty (unknown)")
                values.append(_TRUTH.get(text.lower()))
        if cells.wrong:
            return None
        if len(self._read_before) < _COMBINATIONS:
            self._read_before[written] = tuple(values)
        return tuple(values)

    def look_at(self, line: FactLine, *, number: int, report: Report) -> None:
        """Note keys that no contact or several customers have, and managers whom nobody knows."""
        if self._index is None:
            self._index = KeyIndex(self._services.store.knowledge.keys(self._table.key_kind))
            report.unasked = self._unasked()
        key = digest(line.key)
        customers = self._index.customers(key)
        if customers != 1:
            (report.ambiguous if customers else report.unmatched).add(Remark(number, line.key))
        if MANAGER in self._table.columns:
            manager = line.values[self._table.columns.index(MANAGER)]
            if manager and manager not in self._people and len(report.strangers) < LISTED:
                report.strangers.setdefault(manager, number)
        says = digest("\0".join(value or "" for value in line.values))
        self._said.add(key, says=says, line=number)

    def contradicted(self) -> Mapping[int, int]:
        """Lines that another one contradicts, with that one, after all were looked at."""
        return self._said.found()

    def contradict(self, cells: Cells, *, other: int) -> None:
        """Note that the line *other* contradicts this one."""
        cells.fault(self._table.key_kind, f"line {other} says something else of the same key")

    def put(self, lines: Sequence[FactLine], *, now: int) -> None:
        """Keep good lines at *now* (epoch s), inside a transaction."""
        for place, fact in enumerate(self._table.columns):
            self._services.store.knowledge.put_fact(
                fact,
                {line.key: line.values[place] for line in lines},
                key_kind=self._table.key_kind,
                imported_at=now,
            )

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


def _known_people(services: Services) -> frozenset[str]:
    """Everybody whom the roster, or WeCom, has or had, in lower case."""
    today = services.config.work_calendar().local_day(services.clock.now())
    return frozenset(directory.known(services.directory, services.store.members.all(), day=today))
