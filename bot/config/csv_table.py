"""A CSV file with a header line, read as a stream; every fault is recorded with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from bot.config.faults import Fault, nearest, shown
from bot.config.table_file import TableError, TableFile, trimmed
from bot.messages.sentences import Sentence, reason_of

# As people and spreadsheets write days; the mark between the parts is the same twice.
_DAY = re.compile(
    r"(?P<year>[0-9]{4})(?:(?P<mark>[-/.])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})"
    r"|(?P<months>[0-9]{2})(?P<days>[0-9]{2}))"
)
_CHINESE_DAY = re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日")


class Cells:
    """One line: stripped cells by column; the cell of a column missing from the file is empty."""

    __slots__ = ("_cells", "_places", "_table", "number", "wrong")

    def __init__(
        self, cells: Sequence[str], places: Mapping[str, int], *, number: int, table: CsvTable
    ) -> None:
        """Store the line. *places*: the index of each column of the file."""
        self._cells, self._places, self._table = cells, places, table
        self.number = number
        self.wrong = False

    def __getitem__(self, column: str) -> str:
        place = self._places.get(column)
        return "" if place is None else self._cells[place]

    def all(self) -> Sequence[str]:
        """Return every cell in the order of the file's columns."""
        return self._cells

    def fault(self, column: str, allowed: str) -> None:
        """Record that the cell is wrong."""
        self.wrong = True
        self._table.fault(allowed, line=self.number, column=column, value=shown(self[column]))

    def day(self, column: str, *, or_empty: bool = False) -> date | None:
        """Return the date in *column*; None if empty, or after recording a fault."""
        text = _CHINESE_DAY.sub(r"\1-\2-\3", self[column])
        if found := _DAY.fullmatch(text):
            try:
                month, day = found["month"] or found["months"], found["day"] or found["days"]
                return date(int(found["year"]), int(month), int(day))
            except ValueError:
                pass
        if text or not or_empty:
            date_or_empty = Sentence("faults.cells.date_or_empty")
            self.fault(column, date_or_empty if or_empty else Sentence("faults.cells.date"))
        return None


class CsvTable:
    """The lines of the file at *path*; *faults* is complete after the last line is read.

    Kinds of files as in `TableFile`. Columns may have any order; those of *required* must exist, columns not
    in *known* are faults. Empty lines, and empty cells at the end of a line, are skipped.
    *broken*: the whole file is unusable, not single lines.
    """

    def __init__(self, path: Path, *, known: Sequence[str], required: Sequence[str]) -> None:
        self._path = path
        self._file = TableFile(path)
        self._known = known
        self._required = required
        self.faults: list[Fault] = []
        self.broken = False

    def fault(
        self,
        allowed: str,
        *,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        meant: str | None = None,
    ) -> None:
        """Record a fault in *line*; None: in the whole file."""
        self.faults.append(
            Fault(
                file=str(self._path),
                key_path=", ".join(
                    f"{word} {at}" for word, at in (("line", line), ("column", column)) if at is not None
                ),
                value=value,
                allowed=allowed,
                nearest=meant,
                line=line,
                column=column,
            )
        )

    def break_off(
        self, allowed: str, *, line: int | None = None, value: str | None = None, meant: str | None = None
    ) -> None:
        """Record a fault that makes the whole file unusable."""
        self.broken = True
        self.fault(allowed, line=line, value=value, meant=meant)

    def __iter__(self) -> Iterator[Cells]:
        try:
            yield from self._lines(self._file.rows())
        except TableError as error:
            self.break_off(str(error), line=error.line)
        except FileNotFoundError:
            self.break_off(Sentence("faults.cells.no_file"))
        except OSError as error:
            self.break_off(Sentence("faults.unreadable", why=reason_of(error)))

    def _lines(self, rows: Iterator[tuple[int, Sequence[str]]]) -> Iterator[Cells]:
        _, first = next(rows, (1, ()))
        header = trimmed(first)
        if not self.usable(header):
            return
        width, places = len(header), {column: place for place, column in enumerate(header)}
        for number, row in rows:
            cells = trimmed(row)
            if not cells:
                continue
            if len(cells) > width or len(row) < width:
                found = max(len(cells), len(row))
                self.fault(Sentence("faults.cells.cells", cells=found, width=width), line=number)
                continue
            cells += [""] * (width - len(cells))
            yield Cells(cells, places, number=number, table=self)

    @property
    def description(self) -> str:
        """Return what kind of file was recognised; empty before the first line was read."""
        return self._file.description

    def usable(self, header: Sequence[str]) -> bool:
        """Record the faults of the header; return whether the lines can be read."""
        if not any(header):
            if not self.faults:
                self.break_off(Sentence("faults.cells.no_header", columns=",".join(self._known)))
            return False
        for column in dict.fromkeys(header):
            if column not in self._known:
                known = ", ".join(self._known)
                self.break_off(
                    Sentence("faults.cells.unknown_column", known=known),
                    line=1,
                    value=shown(column),
                    meant=nearest(column, self._known),
                )
            if header.count(column) > 1:
                self.break_off(Sentence("faults.cells.twice"), line=1, value=shown(column))
        missing = [column for column in self._required if column not in header]
        for column in missing:
            self.break_off(Sentence("faults.cells.missing", column=column), line=1)
        return not missing
