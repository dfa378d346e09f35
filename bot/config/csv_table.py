"""A CSV file with a header line, read as a stream; everything wrong with it is noted with its line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedReader
from pathlib import Path

from bot.config.faults import Fault, nearest, shown

UTF8_BOM = b"\xef\xbb\xbf"


class Cells:
    """One line: cells by column, without blanks around them; a column the file does not have is empty."""

    def __init__(self, by_column: Mapping[str, str], *, number: int, table: CsvTable) -> None:
        self._by_column = by_column
        self._table = table
        self.number = number
        self.wrong = False

    def __getitem__(self, column: str) -> str:
        return self._by_column.get(column, "")

    def fault(self, column: str, allowed: str) -> None:
        """Note that the cell is wrong."""
        self.wrong = True
        value = shown(self[column])
        self._table.fault(f"line {self.number}, column {column}", allowed, value=value)


class CsvTable:
    """The lines of the file at *path*; *faults* is complete once they have been read to the end.

    UTF-8 with or without BOM. Columns may stand in any order; those of *required* must be there, others than
    *known* are faults. Empty lines are passed over.
    """

    def __init__(self, path: Path, *, known: Sequence[str], required: Sequence[str]) -> None:
        self._path = path
        self._known = known
        self._required = required
        self.faults: list[Fault] = []

    def fault(self, place: str, allowed: str, *, value: str | None = None, meant: str | None = None) -> None:
        """Note that something is wrong at *place*; empty: with the whole file."""
        self.faults.append(
            Fault(file=str(self._path), key_path=place, value=value, allowed=allowed, nearest=meant)
        )

    def __iter__(self) -> Iterator[Cells]:
        try:
            with self._path.open("rb") as stream:
                yield from self._lines(stream)
        except FileNotFoundError:
            self.fault("", "there is no such file")
        except OSError as error:
            self.fault("", f"cannot be read: {error.strerror}")

    def _lines(self, stream: BufferedReader) -> Iterator[Cells]:
        reader = csv.reader(self._decoded(stream), strict=True)
        try:
            header = [cell.strip() for cell in next(reader, [])]
            if not self._usable(header):
                return
            for row in reader:
                cells = [cell.strip() for cell in row]
                if not any(cells):
                    continue
                if len(cells) != len(header):
                    self.fault(
                        f"line {reader.line_num}", f"{len(cells)} cells, but the header has {len(header)}"
                    )
                    continue
                yield Cells(dict(zip(header, cells, strict=True)), number=reader.line_num, table=self)
        except csv.Error as error:
            self.fault(f"line {reader.line_num}", f"is not CSV from here on: {error}")

    def _decoded(self, stream: BufferedReader) -> Iterator[str]:
        # Line by line, because a decoder over the whole stream could not say which line is bad.
        for number, line in enumerate(stream, start=1):
            raw = line.removeprefix(UTF8_BOM) if number == 1 else line
            try:
                yield raw.decode("utf-8")
            except UnicodeDecodeError:
                self.fault(
                    f"line {number}", "is not UTF-8; in Excel save as “CSV UTF-8” (CSV UTF-8 逗号分隔)"
                )
                return

    def _usable(self, header: Sequence[str]) -> bool:
        """Note what is wrong with the header; say whether its lines can be read at all."""
        if not any(header):
            if not self.faults:
                self.fault("", f"has no header line; its columns are {','.join(self._known)}")
            return False
        for column in dict.fromkeys(header):
            if column not in self._known:
                known = ", ".join(self._known)
                self.fault(
                    "line 1",
                    f"unknown column; known are {known}",
                    value=shown(column),
                    meant=nearest(column, self._known),
                )
            if header.count(column) > 1:
                self.fault("line 1", "this column stands twice", value=shown(column))
        missing = [column for column in self._required if column not in header]
        for column in missing:
            self.fault("line 1", f"the column {column} is missing")
        return not missing
