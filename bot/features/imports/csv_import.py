"""The import of any file: check every line, then store all or none."""

from __future__ import annotations

import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from bot.config.csv_table import Cells, CsvTable
from bot.config.faults import Fault
from bot.messages.sentences import Sentence
from bot.services import Services

LISTED = 1000  # a report names so many lines of each sort; it counts all
CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # characters
T = TypeVar("T")
Item = TypeVar("Item")
Numbered = tuple[int, T]  # number of the line, and its values


class ImportingError(Exception):
    """The file cannot be imported; the text says why."""


@dataclass(slots=True)
class CappedList(Generic[Item]):
    """The first LISTED of many items, and the number of all."""

    items: list[Item] = field(default_factory=list)
    count: int = 0

    def add(self, item: Item) -> None:
        """Add an item."""
        self.count += 1
        if self.count <= LISTED:
            self.items.append(item)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something odd, but not wrong, about a line; *value* as written in the file."""

    line: int
    value: str


@dataclass(slots=True, kw_only=True)
class Report:
    """The result of an import.

    *recognised*: the kind of file. *good* and *bad* count lines; *stored*: the good lines were stored.

    *broken*: the file as a whole is unusable. *unmatched*: keys without a contact yet; *ambiguous*: keys of
    several customers; both are stored. *self_declared*: employees type this key themselves. *strangers*:
    unknown managers, each with its first line. *unasked*: columns that no quota uses, each with the probably
    meant one. *absent*: keys of known contacts outside a complete file. Of a roster: *new*, *changed* and
    *missing* people, and those unknown to WeCom.
    """

    what: str
    sha256: str
    recognised: str = ""
    good: int = 0
    bad: int = 0
    stored: bool = False
    broken: bool = False
    faults: CappedList[Fault] = field(default_factory=CappedList)
    unmatched: CappedList[Remark] = field(default_factory=CappedList)
    ambiguous: CappedList[Remark] = field(default_factory=CappedList)
    self_declared: bool = False
    strangers: dict[str, int] = field(default_factory=dict)
    unasked: dict[str, str] = field(default_factory=dict)
    absent: int = 0
    new: CappedList[Remark] = field(default_factory=CappedList)
    changed: CappedList[Remark] = field(default_factory=CappedList)
    unknown_to_wecom: CappedList[Remark] = field(default_factory=CappedList)
    missing: list[str] = field(default_factory=list)


Tell = Callable[[str, int, int | None], None]


def no_progress(_step: str, _done: int, _total: int | None) -> None:
    """Tell nobody of the progress."""


class Lines(ABC, Generic[T]):
    """The reader and writer of one kind of file."""

    what: str
    chunk: ClassVar[int] = 5000  # lines that are stored at once
    tell: Tell = staticmethod(no_progress)

    @abstractmethod
    def table(self) -> CsvTable:
        """Return the file, from its beginning."""

    @abstractmethod
    def read(self, cells: Cells) -> T | None:
        """Return the values of a line; None after noting the faults of its cells."""

    @abstractmethod
    def keeping(
        self, lines: Iterator[Numbered[T]], *, now: int
    ) -> AbstractContextManager[Callable[[], None]]:
        """Yield a function that stores all good *lines* as of *now* (epoch s), to call inside a transaction.

        Long work is done before, unseen by others.
        """

    def look_at(self, line: T, *, number: int, report: Report) -> None:
        """Note oddities of a good line; called once for each."""

    def sum_up(self, report: Report) -> None:
        """Note oddities of all good lines together, after the last one."""

    def contradicted(self) -> Mapping[int, int]:
        """Return lines that contradict others, each with one of these, after the last line."""
        return {}

    def contradict(self, cells: Cells, *, other: int) -> None:
        """Note the fault of such a line; the line *other* contradicts it."""

    def close(self) -> None:
        """Release resources; called once at the end."""


class ShortLines(Lines[T]):
    """A file that is stored in one transaction."""

    @abstractmethod
    def put(self, lines: Sequence[T], *, now: int) -> None:
        """Store some good lines as of *now* (epoch s), inside a transaction."""

    @contextmanager
    def keeping(self, lines: Iterator[Numbered[T]], *, now: int) -> Iterator[Callable[[], None]]:
        """Yield a function that stores all good *lines*, to call inside a transaction."""
        yield partial(self._put_all, lines, now=now)

    def _put_all(self, lines: Iterator[Numbered[T]], *, now: int) -> None:
        done = 0
        while chunk := list(islice(lines, self.chunk)):
            self.put([line for _, line in chunk], now=now)
            done += len(chunk)
            self.tell("stored", done, None)


def import_file(
    services: Services,
    lines: Lines[T],
    path: Path,
    *,
    by: str,
    skip_bad: bool,
    dry_run: bool,
    tell: Tell = no_progress,
) -> Report:
    """Check the file at *path*, and store it if no line is wrong, or its good lines if *skip_bad*.

    All lines are stored in one transaction, with one line by *by* in the audit log. *tell* hears of the
    progress: the step, the lines done, their number if it is known. Raises ImportingError
    when the file changes meanwhile, or temporary files cannot be written.
    """
    lines.tell = tell
    try:
        report, contradicted = _looked_at(lines, path)
        if not (dry_run or report.broken or (report.bad and not skip_bad)):
            _store(services, lines, path, report, contradicted, by=by)
    except sqlite3.OperationalError as error:  # the store's own errors have another type
        raise ImportingError(Sentence("cli.import.no_temporary", why=str(error))) from error
    finally:
        lines.close()
    return report


def _looked_at(lines: Lines[T], path: Path) -> tuple[Report, Mapping[int, int]]:
    """Check each line; return the report, and the contradicted lines."""
    report = Report(what=lines.what, sha256=_sha256(path))
    for number, line in _good(lines, report):
        report.good += 1
        lines.look_at(line, number=number, report=report)
        if report.good % lines.chunk == 0:
            lines.tell("checked", report.good, None)
    lines.tell("checked", report.good, report.good)
    lines.sum_up(report)
    contradicted = lines.contradicted()
    if contradicted:
        _name_contradicted(lines, contradicted, report)
    return report, contradicted


def _store(
    services: Services,
    lines: Lines[T],
    path: Path,
    report: Report,
    contradicted: Mapping[int, int],
    *,
    by: str,
) -> None:
    store, now = services.store, int(services.clock.now().timestamp())
    _refuse_changed(path, report)
    again = _again(lines, path, report, contradicted)
    with lines.keeping(again, now=now) as keep, store.transaction():
        keep()
        store.audit.add(
            at=now,
            actor=by,
            act=f"import {lines.what}",
            subject=path.name,
            detail={"sha256": report.sha256, "rows": report.good, "bad": report.bad}
            | ({"absent": report.absent} if report.absent else {}),
        )
    report.stored = True


def _again(
    lines: Lines[T], path: Path, report: Report, contradicted: Mapping[int, int]
) -> Iterator[Numbered[T]]:
    """Read the good lines once more; the file must be unchanged."""
    for number, line in _good(lines):
        if number not in contradicted:
            yield number, line
    _refuse_changed(path, report)


def _refuse_changed(path: Path, report: Report) -> None:
    if _sha256(path) != report.sha256:
        raise ImportingError(Sentence("cli.import.changed", file=str(path)))


def _good(lines: Lines[T], report: Report | None = None) -> Iterator[Numbered[T]]:
    """Yield number and values of each good line; note the faults of the others in *report*."""
    table, noted = lines.table(), Report(what="", sha256="") if report is None else report
    for cells in table:
        line = lines.read(cells)
        if table.faults:  # also faults of lines without cells
            _note(table, noted)
        if line is not None and not cells.wrong:
            yield cells.number, line
    noted.recognised = table.description
    _note(table, noted)


def _note(table: CsvTable, report: Report) -> None:
    """Move the table's faults into *report*, so that many faults need little memory."""
    report.broken = report.broken or table.broken
    report.bad += len({fault.line for fault in table.faults if fault.line is not None})
    for fault in table.faults:
        report.faults.add(fault)
    table.faults.clear()


def _name_contradicted(lines: Lines[T], contradicted: Mapping[int, int], report: Report) -> None:
    table, found = lines.table(), Report(what="", sha256="")
    for cells in table:
        table.faults.clear()  # other faults are in the report already
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
