"""The roster and the departments as CSV files: the people's workplaces, or the fault of every bad line."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from bot.config.csv_table import Cells, CsvTable
from bot.config.faults import FileError
from bot.config.fields import MAX_WHOLE, is_userid
from bot.config.rules import Role
from bot.core.people import Departments
from bot.core.text import cleaned
from bot.messages.sentences import Sentence

ROSTER_COLUMNS = ("userid", "name", "department", "role", "leader_of", "joined_on", "left_on", "share")
_FIELDS = {column: column for column in ROSTER_COLUMNS[1:]} | {"department": "departments"}
DEPARTMENT_COLUMNS = ("id", "name", "parent")


class RosterError(FileError):
    """A roster or departments file that cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterLine:
    """One person of the roster; userid in lower case, own department first, empty role None."""

    userid: str
    name: str
    departments: tuple[int, ...]
    role: str | None
    leader_of: tuple[int, ...]
    joined_on: date | None
    left_on: date | None
    share: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The data that decides a person's role; *role* is the roster's. Tags and position are WeCom's."""

    userid: str
    departments: tuple[int, ...]
    role: str | None = None
    tags: tuple[int, ...] = ()
    position: str = ""


class ZeroTwins:
    """Known userids that others may mean: a spreadsheet drops the zeros at the beginning of a number."""

    def __init__(self, userids: Iterable[str] = ()) -> None:
        self._known = {userid.lstrip("0"): userid for userid in userids}

    def add(self, userid: str) -> None:
        """Know one more."""
        self._known.setdefault(userid.lstrip("0"), userid)

    def refuse(self, cells: Cells, column: str, userid: str) -> bool:
        """Record a fault if *userid* differs from a known one only by such zeros; return whether it does."""
        other = self._known.get(userid.lstrip("0"))
        if other is None or other == userid:
            return False
        cells.fault(column, twin_fault(other))
        return True


def twin_fault(other: str) -> str:
    """Return what is wrong with a userid that differs from *other* only by zeros at its beginning."""
    return Sentence("faults.cells.zeros", other=other)


def read_roster(
    path: Path, *, departments: Departments | None = None, with_departments: bool = True
) -> tuple[RosterLine, ...]:
    """Return the roster at *path* in the order of its lines.

    With *departments*, other departments are faults. *with_departments*: each line must name a department,
    unless WeCom gives it. Raises RosterError with every fault.
    """
    required = ("userid", "department") if with_departments else ("userid",)
    table = CsvTable(path, known=ROSTER_COLUMNS, required=required)
    lines: dict[str, RosterLine] = {}
    first_seen: dict[str, int] = {}
    twins = ZeroTwins()
    for cells in table:
        userid = _userid(cells)
        twins.refuse(cells, "userid", userid)
        twins.add(userid)
        if userid in first_seen:
            cells.fault("userid", Sentence("faults.cells.unique", line=first_seen[userid]))
        elif userid:
            first_seen[userid] = cells.number
        lines[userid] = _roster_line(cells, userid, departments, with_departments=with_departments)
    if table.faults:
        raise RosterError(table.faults)
    return tuple(lines.values())


def read_departments(path: Path) -> Departments:
    """Return the departments file at *path* as a tree; parent 0 or none is the top. Raises RosterError."""
    table = CsvTable(path, known=DEPARTMENT_COLUMNS, required=DEPARTMENT_COLUMNS)
    names: dict[int, str] = {}
    parents: dict[int, int] = {}
    rows: dict[int, Cells] = {}
    for cells in table:
        number = _whole(cells, "id", cells["id"])
        name = _name(cells)
        if not name:
            cells.fault("name", Sentence("faults.not_empty"))
        parent = 0 if cells["parent"] in ("", "0") else _whole(cells, "parent", cells["parent"])
        if number in rows:
            cells.fault("id", Sentence("faults.cells.unique", line=rows[number].number))
        elif number:
            rows[number], names[number] = cells, name
            if parent:
                parents[number] = parent
    _check_tree(parents, rows)
    if table.faults:
        raise RosterError(table.faults)
    return Departments(parents, names)


def line_of(cells: Cells, *, departments: Departments | None, with_departments: bool) -> RosterLine | None:
    """Return one parsed line of a roster; None after recording the faults of its cells."""
    line = _roster_line(cells, _userid(cells), departments, with_departments=with_departments)
    return None if cells.wrong else line


def joined_line(line: RosterLine, before: RosterLine | None, *, columns: Collection[str]) -> RosterLine:
    """Return *line* of a file that has only *columns*, with the other values from *before*."""
    if before is None:
        return line
    kept = {name: getattr(before, name) for column, name in _FIELDS.items() if column not in columns}
    return replace(line, **kept)


def written_line(line: RosterLine) -> dict[str, str]:
    """Return the cells of a line by column, as a roster has them."""
    return {
        "userid": line.userid,
        "name": line.name,
        "department": ";".join(str(number) for number in line.departments),
        "role": line.role or "",
        "leader_of": ";".join(str(number) for number in line.leader_of),
        "joined_on": "" if line.joined_on is None else line.joined_on.isoformat(),
        "left_on": "" if line.left_on is None else line.left_on.isoformat(),
        "share": str(Decimal(line.share.numerator) / line.share.denominator),
    }


def text_of(line: RosterLine) -> str:
    """Return a line as JSON; equal lines give equal texts."""
    return json.dumps(written_line(line), ensure_ascii=False)


def line_from(text: str) -> RosterLine:
    """Return the line of a text from *text_of*."""
    cells: dict[str, str] = json.loads(text)
    return RosterLine(
        userid=cells["userid"],
        name=cells["name"],
        departments=tuple(int(part) for part in cells["department"].split(";") if part),
        role=cells["role"] or None,
        leader_of=tuple(int(part) for part in cells["leader_of"].split(";") if part),
        joined_on=date.fromisoformat(cells["joined_on"]) if cells["joined_on"] else None,
        left_on=date.fromisoformat(cells["left_on"]) if cells["left_on"] else None,
        share=Fraction(cells["share"]),
    )


def role_for(roles: Iterable[Role], who: Traits | RosterLine, *, departments: Departments) -> str | None:
    """Return a person's role: the roster's if filled, else the first of *roles* that matches; else None."""
    if who.role:
        return who.role
    return next((role.name for role in roles if _matches(role, who, departments)), None)


def _matches(role: Role, who: Traits | RosterLine, departments: Departments) -> bool:
    match = role.match
    if isinstance(who, Traits) and (
        who.position in match.positions or not set(who.tags).isdisjoint(match.tags)
    ):
        return True
    return who.userid in match.userids or any(
        departments.at_or_below(own, asked) for own in who.departments for asked in match.departments
    )


def _roster_line(
    cells: Cells, userid: str, departments: Departments | None, *, with_departments: bool
) -> RosterLine:
    line = RosterLine(
        userid=userid,
        name=_name(cells) or cells["userid"],
        departments=_ids(cells, "department", departments),
        role=cleaned(cells["role"]) or None,
        leader_of=_ids(cells, "leader_of", departments),
        joined_on=cells.day("joined_on", or_empty=True),
        left_on=cells.day("left_on", or_empty=True),
        share=_share(cells),
    )
    if with_departments and not cells["department"].strip("; "):
        cells.fault("department", Sentence("faults.cells.no_department"))
    if line.joined_on and line.left_on and line.left_on < line.joined_on:
        cells.fault("left_on", Sentence("faults.cells.left_before", day=str(line.joined_on)))
    return line


def _userid(cells: Cells) -> str:
    if is_userid(cells["userid"]):
        return cells["userid"].lower()
    cells.fault("userid", Sentence("faults.userid"))
    return ""


def _name(cells: Cells) -> str:
    if re.search(r"[\x00-\x1f\x7f]", cells["name"]):
        cells.fault("name", Sentence("faults.cells.one_line"))
    return cells["name"]


def _ids(cells: Cells, column: str, departments: Departments | None) -> tuple[int, ...]:
    parts = [part.strip() for part in cells[column].split(";")]
    ids = dict.fromkeys(_whole(cells, column, part) for part in parts if part)
    for number in ids:
        if number and departments is not None and number not in departments.names:
            cells.fault(column, Sentence("faults.cells.unknown_department", number=number))
    return tuple(ids)


def _whole(cells: Cells, column: str, text: str) -> int:
    """Return a department id, or 0 after recording a fault."""
    if re.fullmatch(r"[0-9]{1,10}", text) and 1 <= int(text) <= MAX_WHOLE:
        return int(text)
    is_list = column in ("department", "leader_of")
    cells.fault(column, Sentence("faults.cells.departments" if is_list else "faults.cells.department"))
    return 0


def _share(cells: Cells) -> Fraction:
    text = cells["share"]
    if not text:
        return Fraction(1)
    share = Fraction(text) if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,9})?", text) else Fraction(0)
    if not 0 < share <= 1:
        cells.fault("share", Sentence("faults.cells.share"))
    return share


def _check_tree(parents: Mapping[int, int], rows: Mapping[int, Cells]) -> None:
    on_a_known_cycle: set[int] = set()
    for number, parent in parents.items():
        if parent not in rows:
            rows[number].fault("parent", Sentence("faults.cells.unknown_parent", parent=parent))
            continue
        way = [number]
        while (above := parents.get(way[-1])) is not None and above not in way:
            way.append(above)
        # Reported once, at its first line; departments below a cycle are not at fault.
        if above == number and number not in on_a_known_cycle:
            on_a_known_cycle.update(way)
            circle = " → ".join(str(step) for step in (*way, number))
            rows[number].fault("parent", Sentence("faults.cells.circle", circle=circle))
