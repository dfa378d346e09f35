"""Roster and departments are read whole, or every bad line is told with its number and reason."""

from __future__ import annotations

import csv
from datetime import date
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from builders.config import MINIMAL, read
from hypothesis import given
from hypothesis import strategies as st

from bot.config.roster import RosterError, RosterLine, read_departments, read_roster, role_for
from bot.core.people import Departments

HEADER = "userid,name,department,role,leader_of,joined_on,left_on,share\n"
DEPARTMENTS = Departments({12: 1, 13: 1}, {1: "分行", 12: "南支行", 13: "北支行"})


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "roster.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def faults(folder: Path, text: str | bytes, *, departments: Departments | None = None) -> list[str]:
    path = write(folder, text)
    with pytest.raises(RosterError) as caught:
        read_roster(path, departments=departments)
    return [str(fault).removeprefix(f"{path}: ") for fault in caught.value.faults]


def department_faults(folder: Path, text: str) -> list[str]:
    path = write(folder, text)
    with pytest.raises(RosterError) as caught:
        read_departments(path)
    return [str(fault).removeprefix(f"{path}: ") for fault in caught.value.faults]


def test_a_full_line_is_one_person(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "ZhangSan,员工甲,12;13,客户经理,12;1,2026-01-05,2026-12-31,0.2\n")

    assert read_roster(path, departments=DEPARTMENTS) == (
        RosterLine(
            userid="zhangsan",
            name="员工甲",
            departments=(12, 13),
            role="客户经理",
            leader_of=(12, 1),
            joined_on=date(2026, 1, 5),
            left_on=date(2026, 12, 31),
            share=Fraction(1, 5),
        ),
    )


def test_empty_and_missing_cells_have_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, "department,userid\n12,Lisi\n")

    assert read_roster(path) == (
        RosterLine(
            userid="lisi",
            name="Lisi",
            departments=(12,),
            role=None,
            leader_of=(),
            joined_on=None,
            left_on=None,
            share=Fraction(1),
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\ufeffuserid,department\na,1\n", id="byte order mark, as Excel writes it"),
        pytest.param("userid,department\r\na,1\r\n", id="Windows line ends"),
        pytest.param("userid,department\na,1", id="no line end at the end"),
        pytest.param(" userid , department \n a , 1 \n", id="blanks around cells"),
        pytest.param('"userid","department"\n"a","1"\n', id="quoted cells"),
        pytest.param("userid,department\n\na,1\n,\n", id="empty lines"),
        pytest.param("userid,department\na,1;\n", id="a separator too many"),
        pytest.param("userid,department\na,1;1\n", id="a department twice"),
    ],
)
def test_ways_of_writing_the_same_roster(tmp_path: Path, text: str) -> None:
    (line,) = read_roster(write(tmp_path, text))

    assert (line.userid, line.departments) == ("a", (1,))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        pytest.param(
            "员工甲,,12,,,,,",
            'userid = "员工甲": must be a WeCom userid: a letter or digit, then up to 63 more or _ . @ -',
            id="name as userid",
        ),
        pytest.param(
            ",,12,,,,,",
            'userid = "": must be a WeCom userid: a letter or digit, then up to 63 more or _ . @ -',
            id="no userid",
        ),
        pytest.param(
            "b,,,,,,,",
            'department = "": must be at least one department id; several are joined with ;',
            id="no department",
        ),
        pytest.param(
            "b,,南支行,,,,,",
            'department = "南支行": '
            "must be a department id, a whole number from 1 on; several are joined with ;",
            id="department by name",
        ),
        pytest.param(
            "b,,12；13,,,,,",
            'department = "12；13": '
            "must be a department id, a whole number from 1 on; several are joined with ;",
            id="full-width separator",
        ),
        pytest.param(
            "b,,0,,,,,",
            'department = "0": must be a department id, a whole number from 1 on; several are joined with ;',
            id="department 0",
        ),
        pytest.param(
            "b,,99,,,,,",
            'department = "99": the departments file has no department 99',
            id="unknown department",
        ),
        pytest.param(
            "b,,12,,99,,,", 'leader_of = "99": the departments file has no department 99', id="leads nobody"
        ),
        pytest.param(
            "b,,12,,,2026-02-30,,",
            'joined_on = "2026-02-30": must be a date such as 2026-01-31, or empty',
            id="no such day",
        ),
        pytest.param(
            "b,,12,,,31/1/2026,,",
            'joined_on = "31/1/2026": must be a date such as 2026-01-31, or empty',
            id="day first",
        ),
        pytest.param(
            "b,,12,,,,2026131,",
            'left_on = "2026131": must be a date such as 2026-01-31, or empty',
            id="a digit is missing",
        ),
        pytest.param(
            "b,,12,,,2026-02-01,2026-01-31,",
            'left_on = "2026-01-31": must not be before joined_on = 2026-02-01',
            id="left before joined",
        ),
        *(
            pytest.param(
                f"b,,12,,,,,{share}",
                f'share = "{share}": '
                "must be a part-time factor above 0 and at most 1, such as 0.5; empty is 1",
                id=reason,
            )
            for share, reason in [
                ("0", "nothing"),
                ("1.01", "more than all"),
                ("-0.5", "negative"),
                ("50%", "percent"),
                ("nan", "not a number"),
                ("1/2", "fraction"),
                ("1e-1", "exponent"),
                ("０.５", "full-width digits"),
            ]
        ),
        pytest.param(
            "A,,12,,,,,", 'userid = "A": must be unique; line 2 has it already', id="case does not matter"
        ),
    ],
)
def test_a_bad_cell_is_told_with_line_column_and_reason(tmp_path: Path, line: str, fault: str) -> None:
    text = HEADER + "a,,12,,,,,\n" + line + "\n"

    assert faults(tmp_path, text, departments=DEPARTMENTS) == [f"line 3, column {fault}"]


def test_all_bad_lines_are_told_at_once(tmp_path: Path) -> None:
    text = HEADER + "a,,x,,,,,2\n\nb,,12\nb,,12,,,,,\nB,,12,,,soon,,\n"

    found = faults(tmp_path, text)

    assert [line.partition(":")[0].partition(" =")[0] for line in found] == [
        "line 2, column department",
        "line 2, column share",
        "line 4",
        "line 6, column userid",
        "line 6, column joined_on",
    ]
    assert found[2] == "line 4: 3 cells, but the header has 8"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(
            "",
            [
                (
                    "has no header line; its columns are "
                    "userid,name,department,role,leader_of,joined_on,left_on,share"
                )
            ],
            id="empty file",
        ),
        pytest.param("userid,name\na,b\n", ["line 1: the column department is missing"], id="missing column"),
        pytest.param(
            "userid,department,userid\na,1,b\n",
            ['line 1 = "userid": this column appears twice'],
            id="column twice",
        ),
        pytest.param(
            "userid,department,joined\na,x,\n",
            [
                (
                    'line 1 = "joined": unknown column; known are userid, name, department, role, leader_of, '
                    "joined_on, left_on, share; did you mean joined_on?"
                ),
                (
                    'line 2, column department = "x": must be a department id, a whole number from 1 on; '
                    "several are joined with ;"
                ),
            ],
            id="unknown column, and the lines are read all the same",
        ),
        pytest.param(
            "userid,department\na,1\n员工".encode() + b"\xff,1\n",
            ["line 3: is not GB18030 from here on; in Excel save as “CSV UTF-8” (CSV UTF-8 逗号分隔)"],
            id="no encoding of ours",
        ),
        pytest.param(
            'userid,department\na,"1\n',
            ["line 2: is not CSV from here on: unexpected end of data"],
            id="open quote",
        ),
        pytest.param(
            HEADER + 'b,"员工\n甲",12,,,,,\n',
            ['line 3, column name = "员工\\n甲": must be one line of text'],
            id="name",
        ),
    ],
)
def test_a_file_that_is_no_roster_is_told(tmp_path: Path, text: str | bytes, lines: list[str]) -> None:
    assert faults(tmp_path, text) == lines


def test_a_missing_roster_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "absent.csv"

    with pytest.raises(RosterError) as caught:
        read_roster(path)

    assert str(caught.value) == f"{path}: there is no such file"


def test_departments_are_a_tree(tmp_path: Path) -> None:
    path = write(tmp_path, "id,name,parent\n12,南支行,1\n1,分行,\n2,另一分行,0\n")

    departments = read_departments(path)

    assert departments == Departments({12: 1}, {12: "南支行", 1: "分行", 2: "另一分行"})


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(
            "1,a,\n1,b,\n", ['line 3, column id = "1": must be unique; line 2 has it already'], id="id twice"
        ),
        pytest.param(
            "1,a,9\n", ['line 2, column parent = "9": the file has no department 9'], id="no such parent"
        ),
        pytest.param("1,,\n", ['line 2, column name = "": must not be empty'], id="no name"),
        pytest.param(
            "x,a,\n",
            ['line 2, column id = "x": must be a department id, a whole number from 1 on'],
            id="id by name",
        ),
        pytest.param(
            "1,a,1\n",
            ['line 2, column parent = "1": departments must not lie in a circle: 1 → 1'],
            id="own parent",
        ),
        pytest.param(
            "1,a,3\n2,b,1\n3,c,2\n4,below,3\n",
            ['line 2, column parent = "3": departments must not lie in a circle: 1 → 3 → 2 → 1'],
            id="a circle is told once, and not for what hangs below it",
        ),
        pytest.param(
            "1,a,2\n2,b,1\n3,c,4\n4,d,3\n",
            [
                'line 2, column parent = "2": departments must not lie in a circle: 1 → 2 → 1',
                'line 4, column parent = "4": departments must not lie in a circle: 3 → 4 → 3',
            ],
            id="two circles",
        ),
    ],
)
def test_departments_that_are_no_tree_are_told(tmp_path: Path, text: str, lines: list[str]) -> None:
    assert department_faults(tmp_path, "id,name,parent\n" + text) == lines


def test_a_filled_role_cell_wins_over_the_rules(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        MINIMAL
        + '[[roles]]\nname = "客户经理"\nmatch = { userids = ["ZhangSan", "lisi"] }\n'
        + '[[roles]]\nname = "柜员"\nmatch = { userids = ["zhangsan", "wangwu"] }\n',
    )
    text = "userid,department,role\nzhangsan,1,\nlisi,1,主管\nWangwu,1,\nzhaoliu,1,\n"
    people = read_roster(write(tmp_path, text))

    roles = {line.userid: role_for(config.roles, line, departments=Departments()) for line in people}

    assert roles == {"zhangsan": "客户经理", "lisi": "主管", "wangwu": "柜员", "zhaoliu": None}


def test_a_role_by_department_holds_below_it_too(tmp_path: Path) -> None:
    config = read(tmp_path, MINIMAL + '[[roles]]\nname = "柜员"\nmatch = { departments = [2] }\n')
    people = read_roster(write(tmp_path, "userid,department\nzhangsan,3\nlisi,2\nwangwu,4;3\nzhaoliu,4\n"))
    tree = Departments(parents={3: 2})

    roles = {line.userid: role_for(config.roles, line, departments=tree) for line in people}

    assert roles == {"zhangsan": "柜员", "lisi": "柜员", "wangwu": "柜员", "zhaoliu": None}


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)


def test_the_quote_that_an_export_puts_before_a_formula_is_taken_off(tmp_path: Path) -> None:
    people = read_roster(write(tmp_path, "userid,name,department\na,'=1+1,1\nb,'quoted',1\n"))

    assert [line.name for line in people] == ["=1+1", "'quoted'"]


# A quote before what a spreadsheet would run is an export's, and is taken off.
NAME = CELL.filter(
    lambda text: (
        text == text.strip()
        and not any(ord(c) < 32 or ord(c) == 127 for c in text)
        and not text.startswith(("'=", "'+", "'-", "'@"))
    )
)
PEOPLE = st.lists(
    st.tuples(
        st.from_regex(r"[a-z0-9][a-z0-9_.@-]{0,11}", fullmatch=True),
        NAME,
        st.lists(st.integers(1, 2**32 - 1), min_size=1, max_size=3, unique=True),
        st.none() | st.dates(),
        st.integers(1, 100),
    ),
    unique_by=lambda person: person[0].lstrip("0"),  # others are a fault: a spreadsheet drops zeros
)


@given(people=PEOPLE)
def test_what_a_spreadsheet_writes_is_read_as_written(
    tmp_path_factory: pytest.TempPathFactory, people: list[tuple[str, str, list[int], date | None, int]]
) -> None:
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(["share", "userid", "department", "joined_on", "name"])
    for userid, name, departments, joined_on, percent in people:
        ids = ";".join(map(str, departments))
        writer.writerow([f"{percent / 100:.2f}", userid.upper(), ids, joined_on or "", name])

    lines = read_roster(write(tmp_path_factory.mktemp("roster"), text.getvalue()))

    assert [
        (line.userid, line.name, list(line.departments), line.joined_on, line.share) for line in lines
    ] == [
        (userid, name or userid.upper(), departments, joined_on, Fraction(percent, 100))
        for userid, name, departments, joined_on, percent in people
    ]


@given(content=st.binary(max_size=200))
def test_any_file_is_either_read_or_told_by_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = write(tmp_path_factory.mktemp("roster"), HEADER.encode() + content)

    try:
        read_roster(path)
        untold = []
    except RosterError as error:
        untold = [fault for fault in error.faults if not fault.key_path.startswith("line ")]

    assert untold == []


@pytest.mark.parametrize("userid", ["@all", "@ALL", "_x", ".x", "-x"])
def test_a_userid_that_is_a_command_of_wecom_is_no_userid(tmp_path: Path, userid: str) -> None:
    """Kind: a name that is a command of the other side. WeCom sends what is for `@all` to everybody."""
    path = tmp_path / "roster.csv"
    path.write_text(f"userid,name,department,role,leader_of,joined_on,left_on,share\n{userid},甲,1,,,,,\n")

    with pytest.raises(RosterError, match="a letter or digit"):
        read_roster(path)


@pytest.mark.parametrize("odd", ["\x00", "\x1d", "\ufffe"], ids=ascii)
def test_a_role_that_the_store_cannot_take_is_cleaned(tmp_path: Path, odd: str) -> None:
    """Kind: text from outside that the store cannot take."""
    path = tmp_path / "roster.csv"
    head = "userid,name,department,role,leader_of,joined_on,left_on,share"
    path.write_text(f"{head}\nyg01,甲,1,客户{odd}经理,,,,\n", encoding="utf-8")

    assert read_roster(path)[0].role == "客户\ufffd经理"
