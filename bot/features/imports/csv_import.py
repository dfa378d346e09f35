"""How any file is imported: every line is looked at, then all are stored or none."""

from __future__ import annotations

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
from bot.services import Services

LISTED = 1000  # of each sort so many lines are named in a report; all are counted
T = TypeVar("T")
Item = TypeVar("Item")
Numbered = tuple[int, T]  # number of the line and what it says


class ImportingError(Exception):
    """The file cannot be imported; the text says why."""


@dataclass(slots=True)
class CappedList(Generic[Item]):
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
    this key yet; *ambiguous*: contacts of several customers have it; both are stored. *self_declared*: the
    key is one that employees type themselves. *strangers*: managers whom nobody knows, with the first line of
    each. *unasked*: columns that no quota asks for, with the one that was probably meant. Of a roster: who
    is *new* or *changed*, who stays though he is *missing*, and whom WeCom has not shown.
    """

    what: str
    sha256: str
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
    new: CappedList[Remark] = field(default_factory=CappedList)
    changed: CappedList[Remark] = field(default_factory=CappedList)
    unknown_to_wecom: CappedList[Remark] = field(default_factory=CappedList)
    missing: list[str] = field(default_factory=list)


class Lines(ABC, Generic[T]):
    """How one kind of file is read and stored."""

    what: str
    chunk: ClassVar[int] = 5000  # lines that are stored at once

    @abstractmethod
    def table(self) -> CsvTable:
        """The file, from its beginning."""

    @abstractmethod
    def read(self, cells: Cells) -> T | None:
        """What a line says; None after noting what is wrong with its cells."""

    @abstractmethod
    def keeping(
        self, lines: Iterator[Numbered[T]], *, now: int
    ) -> AbstractContextManager[Callable[[], None]]:
        """Give the act that keeps all of the good *lines* at *now* (epoch s), for a transaction's inside.

        What takes long is done before, where nobody sees it.
        """

    def look_at(self, line: T, *, number: int, report: Report) -> None:
        """Note what is odd about a good line; called once for each."""

    def sum_up(self, report: Report) -> None:
        """Note what shows only when all good lines were looked at."""

    def contradicted(self) -> Mapping[int, int]:
        """Lines that are wrong beside the others, each with one that contradicts it; all were looked at."""
        return {}

    def contradict(self, cells: Cells, *, other: int) -> None:
        """Note what is wrong with such a line; *other* contradicts it."""

    def close(self) -> None:
        """Let go of what was kept of the lines; called once at the end."""


class ShortLines(Lines[T]):
    """A file that is stored in one transaction."""

    @abstractmethod
    def put(self, lines: Sequence[T], *, now: int) -> None:
        """Keep some good lines at *now* (epoch s), inside a transaction."""

    @contextmanager
    def keeping(self, lines: Iterator[Numbered[T]], *, now: int) -> Iterator[Callable[[], None]]:
        """Give the act that keeps all of the good *lines*, for a transaction's inside."""
        yield partial(self._put_all, lines, now=now)

    def _put_all(self, lines: Iterator[Numbered[T]], *, now: int) -> None:
        while chunk := list(islice(lines, self.chunk)):
            self.put([line for _, line in chunk], now=now)


def import_file(
    services: Services, lines: Lines[T], path: Path, *, by: str, skip_bad: bool, dry_run: bool
) -> Report:
    """Look at the file at *path*, and store it if no line is wrong, or its good lines if *skip_bad*.

    All of it at one moment, with one line in the audit log that names *by*. Raises ImportingError when the
    file changes meanwhile, or no temporary file can take what is compared.
    """
    try:
        report, contradicted = _looked_at(lines, path)
        if not (dry_run or report.broken or (report.bad and not skip_bad)):
            _store(services, lines, path, report, contradicted, by=by)
    except sqlite3.OperationalError as error:  # the store's own errors have another type
        raise ImportingError(f"nothing was stored: temporary files cannot be written ({error})") from error
    finally:
        lines.close()
    return report


def _looked_at(lines: Lines[T], path: Path) -> tuple[Report, Mapping[int, int]]:
    """Look at each line; return the report, and the lines that others contradict."""
    report = Report(what=lines.what, sha256=_sha256(path))
    for number, line in _good(lines, report):
        report.good += 1
        lines.look_at(line, number=number, report=report)
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
            detail={"sha256": report.sha256, "rows": report.good, "bad": report.bad},
        )
    report.stored = True


def _again(
    lines: Lines[T], path: Path, report: Report, contradicted: Mapping[int, int]
) -> Iterator[Numbered[T]]:
    """The good lines once more; what they were read from must be what was looked at."""
    for number, line in _good(lines):
        if number not in contradicted:
            yield number, line
    _refuse_changed(path, report)


def _refuse_changed(path: Path, report: Report) -> None:
    if _sha256(path) != report.sha256:
        raise ImportingError(f"{path} changed while it was read: nothing was stored, import it again")


def _good(lines: Lines[T], report: Report | None = None) -> Iterator[Numbered[T]]:
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
