"""A table as banks hand it over: CSV in several encodings and separators, or an Excel file.

The only file that touches `python_calamine`. Nothing is guessed silently: `description` says what was
recognised.
"""

from __future__ import annotations

import codecs
import csv
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from io import BufferedReader, StringIO
from itertools import chain
from pathlib import Path
from typing import Any

from bot.messages.sentences import Sentence

_UTF8, _GB, _UTF16 = "UTF-8", "GB18030", "UTF-16"
_XLSX, _XLS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_SEPARATORS = ",;\t"
_CSV = {
    ",": "faults.recognised.commas",
    ";": "faults.recognised.semicolons",
    "\t": "faults.recognised.tabs",
}
_EXACT = 10**15  # a spreadsheet rounds longer numbers


class TableError(Exception):
    """The file cannot be read from *line* on (None: at all); the text says why and what to do."""

    def __init__(self, text: str, *, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line


class TableFile:
    """The file at *path*, read row by row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._recognised: tuple[str, dict[str, Any]] | None = None

    @property
    def description(self) -> str:
        """Return what kind of file was recognised; empty before the first row was read."""
        if self._recognised is None:
            return ""
        key, values = self._recognised
        return Sentence(key, **values)

    def rows(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield each row with its line in the file. Raises TableError, OSError."""
        with self._path.open("rb") as stream:
            begin = stream.read(4)
            stream.seek(0)
            if begin == _XLS:
                raise TableError(Sentence("faults.cells.old_excel"))
            if begin == _XLSX:
                yield from self._of_workbook()
            else:
                yield from self._of_text(stream, begin)

    def _of_workbook(self) -> Iterator[tuple[int, Sequence[str]]]:
        import python_calamine  # most files are CSV

        try:
            with python_calamine.CalamineWorkbook.from_path(self._path) as book:
                sheet = book.get_sheet_by_index(0)
                about = {"sheet": sheet.name, "sheets": len(book.sheet_names)}
                self._recognised = "faults.recognised.sheet", about
                if len(book.sheet_names) > 1:
                    self._recognised = "faults.recognised.first_sheet", about
                rows = sheet.to_python(skip_empty_area=False)
        except python_calamine.PasswordError:
            raise TableError(Sentence("faults.cells.password")) from None
        except (python_calamine.CalamineError, python_calamine.ZipError, python_calamine.XmlError) as error:
            raise TableError(Sentence("faults.cells.broken_excel", why=str(error))) from None
        for number, row in enumerate(rows, start=1):
            yield number, [_text(cell) for cell in row]

    def _of_text(self, stream: BufferedReader, begin: bytes) -> Iterator[tuple[int, Sequence[str]]]:
        encoding = _encoding_of(stream, begin)
        lines = _decoded(stream, encoding)
        first = next(lines, "")
        separator = _separator_of(first)
        self._recognised = _CSV[separator], {"encoding": encoding}
        reader = csv.reader(chain((first,), lines), delimiter=separator, strict=True)
        try:
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise TableError(Sentence("faults.cells.not_csv", why=str(error)), line=reader.line_num) from None


def _encoding_of(stream: BufferedReader, begin: bytes) -> str:
    """Return UTF-16 by its mark, else UTF-8 or GB18030, whichever more lines are.

    A few bad lines do not make a file the other one. Raises TableError.
    """
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _UTF16
    if 0 in begin:  # UTF-16 without its mark, or no text at all
        raise TableError(Sentence("faults.cells.no_encoding"))
    is_utf8 = is_other = 0
    for line in stream:
        if line.isascii():
            continue
        try:
            line.decode()
            is_utf8 += 1
        except UnicodeDecodeError:
            is_other += 1
    stream.seek(0)
    return _GB if is_other > is_utf8 else _UTF8


_QUOTED = re.compile(r"^'(?=[=+\-@])")


def _decoded(stream: BufferedReader, encoding: str) -> Iterator[str]:
    """Yield the lines. Raises TableError at the first one that cannot be decoded.

    Line by line, because a decoder of the whole could not tell which line is bad.
    """
    if encoding == _UTF16:
        yield from StringIO(_utf16(stream.read()), newline="")
        return
    first = stream.readline().removeprefix(codecs.BOM_UTF8)
    for number, line in enumerate(chain((first,), stream), start=1):
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError:
            raise _undecodable(encoding, line=number) from None
        yield from StringIO(text, newline="")  # Excel on a Mac ends lines with a carriage return alone


def _utf16(body: bytes) -> str:
    try:
        return body.decode("utf-16")
    except UnicodeDecodeError as error:
        good = body[: error.start].decode("utf-16", errors="replace")
        raise _undecodable(_UTF16, line=good.count("\n") + 1) from None


def _undecodable(encoding: str, *, line: int) -> TableError:
    return TableError(Sentence("faults.cells.not_encoded", encoding=encoding), line=line)


def _separator_of(header: str) -> str:
    """Return the separator that makes most columns of the first line; a comma if none does."""
    return max(_SEPARATORS, key=lambda one: len(_split(header, one)))


def _split(header: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=separator), [])
    except csv.Error:
        return []


def _text(cell: object) -> str:
    """Return the cell of a spreadsheet as a CSV file would have it."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case int() | float() if math.isfinite(cell) and cell == int(cell):
            # A spreadsheet keeps 15 digits: a longer number is not what somebody typed.
            return str(int(cell)) if abs(cell) < _EXACT else f"{cell:.5E}"
        case float():
            return f"{cell:.15g}"
        case _:
            return str(cell)


def trimmed(cells: Iterable[str]) -> list[str]:
    """Return the stripped cells without the empty ones at the end.

    The quote that an export puts before what a spreadsheet would run is no part of the cell.
    """
    found = [_QUOTED.sub("", cell.strip()) for cell in cells]
    while found and not found[-1]:
        found.pop()
    return found
