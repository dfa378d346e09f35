"""Files as they come out of Excel and of the bank's other programs; what was recognised is said."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from bot.config.roster import RosterError, read_roster
from bot.config.table_file import TableFile

TEXT = "userid,name,department,joined_on\nyg01,员工甲,11,2026-11-24\nyg02,员工乙,12,\n"
LINES = [
    ["userid", "name", "department", "joined_on"],
    ["yg01", "员工甲", "11", "2026-11-24"],
    ["yg02", "员工乙", "12", ""],
]


def sheet(*rows: Sequence[object], more_sheets: int = 0) -> bytes:
    """An Excel file, as Excel-like writers make it."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy/m/d"})
        page = book.add_worksheet("花名册")
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    page.write_datetime(number, column, cell, day)
                else:
                    page.write(number, column, cell)
        for _ in range(more_sheets):
            book.add_worksheet()
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(TEXT.encode(), "CSV, UTF-8, separator comma", id="UTF-8"),
        pytest.param(TEXT.encode("utf-8-sig"), "CSV, UTF-8, separator comma", id="UTF-8 with BOM"),
        pytest.param(TEXT.encode("utf-16"), "CSV, UTF-16, separator comma", id="UTF-16"),
        pytest.param(
            b"\xfe\xff" + TEXT.encode("utf-16-be"), "CSV, UTF-16, separator comma", id="UTF-16, big end first"
        ),
        pytest.param(TEXT.encode("gb18030"), "CSV, GB18030, separator comma", id="GB18030"),
        pytest.param(TEXT.replace(",", ";").encode("gbk"), "CSV, GB18030, separator semicolon", id="GBK;"),
        pytest.param(
            TEXT.replace(",", "\t").encode("utf-16"), "CSV, UTF-16, separator tab", id="Excel's Unicode text"
        ),
        pytest.param(TEXT.replace("\n", "\r\n").encode(), "CSV, UTF-8, separator comma", id="CR LF"),
        pytest.param(
            sheet(LINES[0], ["yg01", "员工甲", 11, date(2026, 11, 24)], ["yg02", "员工乙", 12.0, None]),
            "Excel, sheet 花名册",
            id="xlsx",
        ),
        pytest.param(TEXT.replace("\n", "\r").encode(), "CSV, UTF-8, separator comma", id="Excel on a Mac"),
        pytest.param(sheet(*LINES, more_sheets=2), "Excel, sheet 花名册, the first of 3", id="three sheets"),
    ],
)
def test_every_kind_of_file_gives_the_same_rows_and_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    table = TableFile(path)
    rows = [list(row) for _, row in table.rows()]

    assert rows == LINES
    assert table.description == said


@pytest.mark.parametrize(
    "written",
    ["2026-11-24", "2026/11/24", "2026.11.24", "20261124", "2026/11/4", "2026-1-24", "2026年11月24日"],
)
def test_days_are_read_as_people_write_them(tmp_path: Path, written: str) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(f"userid,department,joined_on\nyg01,11,{written}\n", encoding="utf-8")
    (line,) = read_roster(path)
    meant = {"2026/11/4": date(2026, 11, 4), "2026-1-24": date(2026, 1, 24)}

    assert line.joined_on == meant.get(written, date(2026, 11, 24))


@pytest.mark.parametrize(
    "written", ["2026-11/24", "2026-13-01", "2026年13月1日", "24.11.2026", "2026111", "11/24/2026"]
)
def test_what_may_mean_another_day_is_refused(tmp_path: Path, written: str) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(f"userid,department,joined_on\nyg01,11,{written}\n", encoding="utf-8")

    with pytest.raises(RosterError, match="must be a date such as"):
        read_roster(path)


def test_a_roster_from_excel_with_empty_rows_and_columns_at_its_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(
        sheet(
            ["userid", "department", "joined_on", "share", "", ""],
            ["00123", "11;12", date(2026, 11, 24), 0.5, "", ""],
            [456, 11, 20261124, None],
            ["", "", "", "", "", ""],
            [None, None, " "],
        )
    )
    lines = read_roster(path)

    assert [(line.userid, line.departments, line.joined_on, float(line.share)) for line in lines] == [
        ("00123", (11, 12), date(2026, 11, 24), 0.5),
        ("456", (11,), date(2026, 11, 24), 1.0),
    ]


def test_a_fault_in_a_spreadsheet_names_its_row(tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(sheet(["userid", "department"], ["yg01", 11], [], ["yg02", "sales"]))

    with pytest.raises(RosterError, match='line 4, column department = "sales"'):
        read_roster(path)


def test_a_number_that_excel_has_rounded_is_no_userid(tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(sheet(["userid", "department"], [110101199003070123, 11]))

    with pytest.raises(RosterError, match=r'userid = "1\.10101E\+17"'):
        read_roster(path)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"\xd0\xcf\x11\xe0" + b"\0" * 600, r"old Excel file.*\.xlsx", id="xls"),
        pytest.param(b"PK\x03\x04" + b"\0" * 600, "no readable Excel file", id="a broken xlsx"),
        pytest.param(
            "员工甲,一\n".encode() * 9 + b"\xff\xfe,x\n", "is not UTF-8 from here on", id="one bad line"
        ),
    ],
)
def test_a_file_that_cannot_be_read_says_what_it_is_and_what_to_do(
    tmp_path: Path, data: bytes, says: str
) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(b"userid,department\n" + data if b"PK" not in data and b"\xd0" not in data[:1] else data)

    with pytest.raises(RosterError, match=says):
        read_roster(path)


def test_zeros_that_excel_dropped_are_a_fault_that_names_both(tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(sheet(["userid", "department"], ["00123", 11], [123, 11]))

    with pytest.raises(RosterError, match='line 3, column userid = "123": differs from 00123 only by zeros'):
        read_roster(path)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"userid,depar\xfftment\nyg01,1\n", "line 1: is not", id="in the header"),
        pytest.param(
            "userid,department\nyg01,1".encode("utf-16")[:-1], "line 2: is not UTF-16", id="half a character"
        ),
        pytest.param(b"\xff\xfea\x00,\x00b\x00\x00\xd8", "line 1: is not UTF-16", id="half a pair"),
    ],
)
def test_bytes_that_are_no_text_are_a_fault_of_their_line(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(data)

    with pytest.raises(RosterError, match=says):
        read_roster(path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_an_encoding_that_is_not_read_is_one_fault_of_the_file(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes("userid,department\nyg01,11\n".encode(encoding))

    with pytest.raises(RosterError) as caught:
        read_roster(path)

    (line,) = str(caught.value).splitlines()
    assert "neither UTF-8, nor GB18030, nor UTF-16 with its mark" in line


def test_what_nobody_sees_in_a_cell_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("userid,department\nyg01\u200b,11\n", encoding="utf-8")

    with pytest.raises(RosterError, match=r'"yg01\\u200b"'):
        read_roster(path)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN"])
def test_a_number_that_is_none_is_a_fault_of_its_cell(tmp_path: Path, number: str) -> None:
    path, odd = tmp_path / "roster.xlsx", io.BytesIO()
    book = zipfile.ZipFile(io.BytesIO(sheet(["userid", "department"], ["yg01", 11])))
    with book, zipfile.ZipFile(odd, "w") as changed:
        for name in book.namelist():
            changed.writestr(name, book.read(name).replace(b"<v>11</v>", f"<v>{number}</v>".encode()))
    path.write_bytes(odd.getvalue())

    with pytest.raises(RosterError, match=r"department|no readable Excel file"):
        read_roster(path)
