"""Spreadsheets: what Excel reads is what was meant."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from builders.spreadsheet import formats, read_back

from bot import spreadsheet
from bot.spreadsheet import Cell, Column, Form, Sheet, workbook

ROOT = Path(__file__).parent.parent


def sheet(
    *rows: tuple[Cell, ...], headings: tuple[str, ...] = ("账号", "n"), form: Form = Form.PLAIN
) -> Sheet:
    return Sheet(
        name="表",
        title="题目",
        notes=("第一句", "第二句"),
        columns=tuple(Column(heading=heading, form=form) for heading in headings),
        rows=rows,
    )


def test_title_and_notes_stand_above_the_header_and_rows_below_it() -> None:
    (read,) = read_back(workbook([sheet(("zhang", 3), ("li", 4))]))

    assert read.name == "表"
    assert [read.row(number) for number in range(1, 7)] == [
        ["题目"],
        ["第一句"],
        ["第二句"],
        ["账号", "n"],
        ["zhang", "3"],
        ["li", "4"],
    ]


def test_the_header_is_frozen_and_has_filters_over_all_rows() -> None:
    (read,) = read_back(workbook([sheet(("zhang", 3), ("li", 4))]))

    assert re.search(r'<pane ySplit="4" topLeftCell="A5" [^>]*state="frozen"', read.xml)
    assert '<autoFilter ref="A4:B6"/>' in read.xml


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("=1+1", id="a formula"),
        pytest.param('=HYPERLINK("http://example.com","x")', id="a formula that calls out"),
        pytest.param("+86 10 1234", id="plus"),
        pytest.param("-1", id="minus"),
        pytest.param("@SUM(A1)", id="at"),
        pytest.param("{=1+1}", id="an array formula"),
        pytest.param("http://example.com", id="a link"),
        pytest.param("007", id="digits"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_text_stays_a_text_whatever_it_looks_like(text: str) -> None:
    (read,) = read_back(workbook([sheet((text, 1))]))

    assert read.cells.get("A5", ("s", "")) == ("s", text)
    assert "<f>" not in read.xml
    assert "<hyperlink" not in read.xml


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        pytest.param(38, "38", id="whole"),
        pytest.param(-2, "-2", id="negative"),
        pytest.param(0.94, "0.94", id="decimal, not the nearest that a float has"),
        pytest.param(Fraction(1, 3), "0.3333333333333333", id="without an end"),
        pytest.param(4_294_967_295, "4294967295", id="large"),
        pytest.param(Fraction(1, 4), "0.25", id="exact"),
        pytest.param(date(2026, 11, 1), "46327", id="a day, counted from 1900 as Excel does"),
    ],
)
def test_numbers_and_days_are_numbers_to_excel(cell: Cell, value: str) -> None:
    (read,) = read_back(workbook([sheet(("x", cell))]))

    assert read.cells["B5"] == ("n", value)


def test_a_day_is_printed_as_a_day_and_a_share_in_percent() -> None:
    data = workbook([sheet((date(2026, 11, 1), Fraction(1, 4)), form=Form.PERCENT)])
    (read,) = read_back(data)

    known = dict(re.findall(r'<numFmt numFmtId="(\d+)" formatCode="([^"]+)"', formats(data)))
    printed = re.findall(r'numFmtId="(\d+)"', formats(data).partition("<cellXfs")[2])
    style = {place: int(number) for place, number in re.findall(r'<c r="(\w+)" s="(\d+)"', read.xml)}
    assert known[printed[style["A5"]]] == "yyyy-mm-dd"
    assert known[printed[style["B5"]]] == "0%"


def test_what_is_unknown_leaves_its_cell_empty() -> None:
    (read,) = read_back(workbook([sheet((None, None))]))

    assert [place for place in read.cells if place.endswith("5")] == []


def test_columns_are_as_wide_as_their_texts_and_chinese_takes_two_places() -> None:
    (read,) = read_back(workbook([sheet(("员" * 10, "a" * 200))]))

    widths = [float(width) for width in re.findall(r'<col [^>]*width="([\d.]+)"', read.xml)]
    assert 21 <= widths[0] < 23
    assert 48 <= widths[1] < 50


def test_several_sheets_stand_in_their_order_and_one_may_be_empty() -> None:
    first, second = sheet(("zhang", 3)), sheet()
    book = workbook([first, Sheet(name="空", title="空", columns=second.columns, rows=())])

    assert [read.name for read in read_back(book)] == ["表", "空"]


def test_more_rows_than_excel_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "_MOST_ROWS", 5)

    with pytest.raises(ValueError, match="2 rows are more than"):
        workbook([sheet(("zhang", 3), ("li", 4))])


def test_one_file_alone_touches_the_library() -> None:
    rooms = [ROOT / room for room in ("bot", "handlers", "scheduler", "sandbox")]
    touching = [
        path for room in rooms for path in room.rglob("*.py") if "import xlsxwriter" in path.read_text()
    ]

    assert touching == [ROOT / "bot" / "spreadsheet.py"]
