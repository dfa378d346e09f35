"""The bank's facts about its customers, from a CSV file: a key column, then `manager` and any facts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import ClassVar, NamedTuple

from bot.config.csv_table import Cells, CsvTable
from bot.config.faults import nearest, shown
from bot.config.fields import is_userid
from bot.config.roster import ZeroTwins
from bot.core.contacts import NOBODY
from bot.features.imports.absences import known_people
from bot.features.imports.csv_import import CONTROL, LISTED, ImportingError, Lines, Numbered, Remark, Report
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.contact_knowledge import KEY_KINDS, SELF_DECLARED
from bot.store.facts import (
    MANAGER,
    NO_VALUES,
    FactsBusyError,
    FactsImport,
    FactValues,
    merge_values,
    values_of,
)
from bot.store.staging import Change, Staging, StoredRow

_COMBINATIONS = 10_000  # cached combinations of values; a million lines have few different ones
_TRUTH = {
    **dict.fromkeys(("1", "true", "yes", "是"), "1"),
    **dict.fromkeys(("0", "false", "no", "否"), "0"),
    "": None,
}
_KEYS = tuple(reversed(KEY_KINDS))
_SHA256 = re.compile(r"[0-9a-f]{64}")


class FactLine(NamedTuple):
    """A line about the customer with this *key*.

    *manager*: None if unknown or not in the file. *says*: the values of all columns as a text to compare, in
    the order of the file.
    """

    key: str
    manager: str | None
    says: str


class FactTable(CsvTable):
    """A key column first, then `manager` and any facts."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, known=(), required=())
        self.key_kind = ""
        self.columns: tuple[str, ...] = ()

    def usable(self, header: Sequence[str]) -> bool:
        """Note faults of the header; return whether the lines can be read."""
        kinds = ", ".join(_KEYS)
        if not any(header):
            if not self.faults:
                self.break_off(Sentence("faults.cells.no_header_of", columns=kinds))
            return False
        self.key_kind, *columns = header
        if self.key_kind not in KEY_KINDS:
            self.break_off(
                Sentence("faults.cells.first_column", columns=kinds),
                line=1,
                value=shown(self.key_kind),
                meant=nearest(self.key_kind, KEY_KINDS),
            )
        for column in dict.fromkeys(columns):
            if not column or CONTROL.search(column):
                self.break_off(Sentence("faults.cells.no_name"), line=1, value=shown(column))
            elif column in KEY_KINDS:
                self.break_off(Sentence("faults.cells.one_key"), line=1, value=shown(column))
            if header.count(column) > 1:
                self.break_off(Sentence("faults.cells.twice"), line=1, value=shown(column))
        if not columns:
            self.break_off(Sentence("faults.cells.no_fact"), line=1)
        self.columns = tuple(columns)
        return not self.broken


class FactLines(Lines[FactLine]):
    """The bank's facts about its customers; an empty cell is unknown and deletes the known value.

    *complete*: of a known contact outside the file every fact of the file is false, and its manager nobody.
    """

    what = "facts"
    chunk: ClassVar[int] = 2000  # rows of one transaction: short enough that no callback waits for it

    def __init__(self, services: Services, path: Path, *, complete: bool = False) -> None:
        self._services, self._path, self._complete = services, path, complete
        self._people = known_people(services)
        self._renamed = services.store.renames.all()
        self._twins = ZeroTwins(self._people)
        self._table = FactTable(path)
        self._staging = Staging()
        self._waiting: list[tuple[int, str, str]] = []  # lines not staged yet
        self._read: dict[tuple[str, ...], tuple[str | None, str]] = {}  # manager and says, by the cells
        self._merged: dict[tuple[str, str | None, str | None], FactValues] = {}  # values after a change

    def table(self) -> FactTable:
        """Return the file, from its beginning."""
        self._table = FactTable(self._path)
        return self._table

    def read(self, cells: Cells) -> FactLine | None:
        """Return the values of a line; None after noting the faults of its cells."""
        written = cells.all()
        key, rest = written[0], tuple(written[1:])
        if self._table.key_kind == SELF_DECLARED:
            key = key.lower()
            if not _SHA256.fullmatch(key):
                cells.fault(SELF_DECLARED, Sentence("faults.cells.sha256"))
        elif not key or (not key.isprintable() and CONTROL.search(key)):
            cells.fault(self._table.key_kind, Sentence("faults.not_empty"))
        values = self._read.get(rest) or self._values(cells, rest)
        return None if values is None else FactLine(key, *values)

    def _values(self, cells: Cells, written: tuple[str, ...]) -> tuple[str | None, str] | None:
        manager, values = None, list[str | None]()
        for column, text in zip(self._table.columns, written, strict=True):
            if column == MANAGER:
                if text and not is_userid(text):
                    cells.fault(MANAGER, Sentence("faults.cells.userid_or_empty"))
                manager = self._renamed.get(text.lower(), text.lower()) or None
                if manager and manager not in self._people:
                    self._twins.refuse(cells, MANAGER, manager)
                values.append(manager)
            else:
                if text.lower() not in _TRUTH:
                    cells.fault(column, Sentence("faults.cells.fact"))
                values.append(_TRUTH.get(text.lower()))
        if cells.wrong:
            return None
        read = manager, json.dumps(values)
        if len(self._read) < _COMBINATIONS:
            self._read[written] = read
        return read

    def look_at(self, line: FactLine, *, number: int, report: Report) -> None:
        """Note unknown managers; stage the line to compare it with the others."""
        self._waiting.append((number, line.key, line.says))
        if len(self._waiting) == self.chunk:
            self._stage()
        manager = line.manager
        if manager and manager not in self._people and len(report.strangers) < LISTED:
            report.strangers.setdefault(manager, number)

    def _stage(self) -> None:
        self._staging.add_lines(self._waiting)
        self._waiting.clear()

    def sum_up(self, report: Report) -> None:
        """Note keys of no contact or of several customers."""
        if not report.good:
            return
        self._stage()
        self._staging.add_contacts(self._services.store.contact_knowledge.keys(self._table.key_kind))
        for odd in self._staging.odd_keys():
            (report.ambiguous if odd.is_ambiguous else report.unmatched).add(Remark(odd.line, odd.key))
        if self._complete:
            report.absent = self._staging.count_absent()
        report.self_declared = self._table.key_kind == SELF_DECLARED
        report.unasked = self._unasked()

    def close(self) -> None:
        """Remove the staged lines."""
        self._staging.close()

    def contradicted(self) -> Mapping[int, int]:
        """Return the contradicted lines, each with one that contradicts it, after the last line."""
        return self._staging.drop_contradicted()

    def contradict(self, cells: Cells, *, other: int) -> None:
        """Note that the line *other* contradicts this one."""
        cells.fault(self._table.key_kind, Sentence("faults.cells.contradicted", line=other))

    @contextmanager
    def keeping(self, lines: Iterator[Numbered[FactLine]], *, now: int) -> Iterator[Callable[[], None]]:  # noqa: ARG002 - they are in the staging
        """Store new rows, unseen; yield the function that publishes them."""
        store = self._services.store
        coming = FactsImport(store.engine, holder=self._services.holder, now=store.now)
        try:
            with coming.open():
                self._bring(coming)
                yield partial(coming.publish, imported_at=now)
        except FactsBusyError as error:
            raise ImportingError(str(error)) from error

    def _bring(self, coming: FactsImport) -> None:
        """Add a row for each line with new values of its key, and for each absent key of a complete file."""
        key_kind = self._table.key_kind
        if self._complete:
            says = json.dumps([NOBODY if column == MANAGER else "0" for column in self._table.columns])
            self._staging.add_absent(says)
        self._staging.add_rows(self._stored(coming, key_kind))
        coming.outdate(self._staging.outdated())
        changes, done = self._staging.changes(), 0
        while chunk := list(islice(changes, self.chunk)):
            known = self._services.store.erasures.without(change.key for change in chunk)
            chunk = [change for change in chunk if change.key in known]
            rows = [(change.key, self._after(change)) for change in chunk]
            # A customer with nothing known, before and after, needs no row.
            needed = [
                row for row, change in zip(rows, chunk, strict=True) if change.number or row[1] != NO_VALUES
            ]
            stored = coming.add(key_kind, needed)
            coming.outdate(change.number for change in chunk if change.number)
            coming.outdate(at for at, (_, said) in zip(stored, needed, strict=True) if said == NO_VALUES)
            done += len(chunk)
            self.tell("stored", done, None)

    def _after(self, change: Change) -> FactValues:
        """Return the whole row of a customer; columns absent in the file keep their values."""
        combination = (change.says, change.manager, change.said)
        if (after := self._merged.get(combination)) is None:
            values = dict(zip(self._table.columns, json.loads(change.says), strict=True))
            before = NO_VALUES if change.said is None else FactValues(change.manager, change.said)
            after = merge_values(values, before=before)
            if len(self._merged) < _COMBINATIONS:
                self._merged[combination] = after
        return after

    def _stored(self, coming: FactsImport, key_kind: str) -> Iterator[StoredRow]:
        """Yield the stored rows, with their values in the columns of the file."""

        @lru_cache(_COMBINATIONS)
        def says(row: FactValues) -> str:
            return json.dumps(values_of(row, self._table.columns))

        for number, key, row in coming.facts.of_kind(key_kind):
            yield StoredRow(number, key, says(row), *row)

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
