"""Spreadsheets (xlsx). The only file that touches `xlsxwriter`."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

if TYPE_CHECKING:
    import xlsxwriter

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet runs begins with one of these

Cell = str | int | float | Fraction | date | None

# Without these, a text that looks like one becomes a formula, a link or a number.
_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_NARROWEST, _WIDEST = 11, 48  # characters; a day takes ten
_MOST_ROWS = 1_048_576
_MANY_ROWS = 20_000  # more of them wait on disk while the file is made
_LONGEST_TEXT = 32_767


def harmless(row: Iterable[object]) -> list[object]:
    """Return a row of CSV in which no text is a formula to a spreadsheet: a quote stands before it.

    `import` takes the quote off again.
    """
    return [f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell for cell in row]


class Form(StrEnum):
    """How a column's numbers are printed; the values are Excel's formats."""

    PLAIN = "General"
    WHOLE = "#,##0"
    ONE_DECIMAL = "0.0"
    TWO_DECIMALS = "0.00"
    PERCENT = "0%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading, and how the numbers below it are printed. Days are printed as days in every column."""

    heading: str
    form: Form = Form.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet: *title* and *notes* above the header row; *name* has at most 31 characters.

    *rows* are read more than once.
    """

    name: str
    title: str
    notes: tuple[str, ...] = ()
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """Return a file with *sheets*: header frozen, filters on it, columns as wide as what stands in them.

    Every text is written as text, so that no name or id becomes a formula or a link. A text too long for a
    cell is cut. Raises ValueError for more rows than a sheet holds.
    """
    import xlsxwriter  # few commands make a spreadsheet, and all would wait for it

    looks = [_look(sheet) for sheet in sheets]
    for sheet, look in zip(sheets, looks, strict=True):
        if look.rows + len(sheet.notes) + 2 > _MOST_ROWS:
            raise ValueError(f"{look.rows} rows are more than a spreadsheet holds")
    file, is_large = io.BytesIO(), sum(look.rows for look in looks) > _MANY_ROWS
    options = {**_OPTIONS, "in_memory": not is_large, "constant_memory": is_large}
    with xlsxwriter.Workbook(file, options) as book:
        pen = _Pen(book)
        for sheet, look in zip(sheets, looks, strict=True):
            pen.draw(sheet, look)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class _Look:
    """How many rows a sheet has, and how many characters wide each of its columns must be."""

    rows: int
    widths: tuple[int, ...]


def _look(sheet: Sheet) -> _Look:
    """Return the size of *sheet*; a Chinese character takes two."""
    # The filter's button covers the end of a heading.
    widths, rows = [cell_len(column.heading) + 3 for column in sheet.columns], 0
    for row in sheet.rows:
        rows += 1
        for number, cell in enumerate(row):
            if isinstance(cell, str):
                widths[number] = max(widths[number], cell_len(cell) + 1)
    return _Look(rows, tuple(min(max(_NARROWEST, width), _WIDEST) for width in widths))


class _Pen:
    """Writes sheets into one book, whose formats it made."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._forms = {form: book.add_format({"num_format": form.value}) for form in Form}
        self._day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._note = book.add_format({"font_color": "#595959"})
        self._head = book.add_format({"bold": True, "bg_color": "#E7EDF5", "bottom": 1})

    def draw(self, sheet: Sheet, look: _Look) -> None:
        """Write one sheet, row by row."""
        page = self._book.add_worksheet(sheet.name)
        page.write_string(0, 0, sheet.title, self._title)
        for number, note in enumerate(sheet.notes, start=1):
            page.write_string(number, 0, note, self._note)
        top = len(sheet.notes) + 1
        for number, column in enumerate(sheet.columns):
            page.write_string(top, number, column.heading, self._head)
            page.set_column(number, number, look.widths[number])
        for row, cells in enumerate(sheet.rows, start=top + 1):
            for number, (column, cell) in enumerate(zip(sheet.columns, cells, strict=True)):
                self._write(page, (row, number), cell, form=column.form)
        page.freeze_panes(top + 1, 0)
        page.autofilter(top, 0, top + max(1, look.rows), len(sheet.columns) - 1)

    def _write(self, page: Any, place: tuple[int, int], cell: Cell, *, form: Form) -> None:
        match cell:
            case None:
                pass
            case str():
                page.write_string(*place, cell[:_LONGEST_TEXT])
            case date():
                page.write_datetime(*place, cell, self._day)
            case int():
                page.write_number(*place, cell, self._forms[form])
            case _:
                # The library prints 16 digits: of a float that is 0.9399999999999999 where 0.94 is meant.
                page.write_number(*place, Decimal(repr(float(cell))), self._forms[form])
