"""Spreadsheets (xlsx). The only file that touches `xlsxwriter`."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

if TYPE_CHECKING:
    import xlsxwriter

Cell = str | int | float | Fraction | date | None

# Without these, a text that looks like one becomes a formula, a link or a number.
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_NARROWEST, _WIDEST = 11, 48  # characters; a day takes ten
_MOST_ROWS = 1_048_576
_LONGEST_TEXT = 32_767


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
    """One sheet: *title* and *notes* above the header row; *name* has at most 31 characters."""

    name: str
    title: str
    notes: tuple[str, ...] = ()
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """Return a file with *sheets*: header frozen, filters on it, columns as wide as what stands in them.

    A text is written as a text whatever it begins with, so that no name or id becomes a formula or a link;
    what is longer than a cell holds is cut. Raises ValueError for more rows than a sheet holds.
    """
    import xlsxwriter  # few commands make a spreadsheet, and all would wait for it

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        pen = _Pen(book)
        for sheet in sheets:
            if len(sheet.rows) + len(sheet.notes) + 2 > _MOST_ROWS:
                raise ValueError(f"{len(sheet.rows)} rows are more than a spreadsheet holds")
            pen.draw(sheet)
    return file.getvalue()


class _Pen:
    """Writes sheets into one book, whose formats it made."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._forms = {form: book.add_format({"num_format": form.value}) for form in Form}
        self._day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._note = book.add_format({"font_color": "#595959"})
        self._head = book.add_format({"bold": True, "bg_color": "#E7EDF5", "bottom": 1})

    def draw(self, sheet: Sheet) -> None:
        """Write one sheet."""
        page = self._book.add_worksheet(sheet.name)
        page.write_string(0, 0, sheet.title, self._title)
        for number, note in enumerate(sheet.notes, start=1):
            page.write_string(number, 0, note, self._note)
        top = len(sheet.notes) + 1
        for number, column in enumerate(sheet.columns):
            page.write_string(top, number, column.heading, self._head)
            page.set_column(number, number, _width(sheet, number))
        for row, cells in enumerate(sheet.rows, start=top + 1):
            for number, (column, cell) in enumerate(zip(sheet.columns, cells, strict=True)):
                self._write(page, (row, number), cell, form=column.form)
        page.freeze_panes(top + 1, 0)
        page.autofilter(top, 0, top + max(1, len(sheet.rows)), len(sheet.columns) - 1)

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


def _width(sheet: Sheet, number: int) -> int:
    """Return how many characters wide a column must be; a Chinese one takes two."""
    # The filter's button covers the end of a heading.
    heading = cell_len(sheet.columns[number].heading) + 3
    below = (cell_len(cell) + 1 for row in sheet.rows if isinstance(cell := row[number], str))
    return min(max(_NARROWEST, heading, *below, 0), _WIDEST)
