"""A made-up branch: 12 employees and 2 leaders in two departments, with their own app.

No name, id or secret is real. The same seed and day give the same branch.
"""

from __future__ import annotations

import csv
import random
import string
from datetime import date, timedelta
from pathlib import Path

from sandbox.people import App, Branch, Department, Person
from sandbox.workdays import WorkCalendar

AGENT_ID = 1_000_002
TOP, FIRST, SECOND = 10, 11, 12
_STEMS = "甲乙丙丁戊己庚辛壬癸子丑"
PART_TIMER = 6
NEW_JOINER = 11
_JOINED_DAYS_AGO = 12
_FOLDED = 6  # this employee's userid is registered with a capital letter: WeCom answers it in lower case
_ROSTER = ("userid", "name", "department", "role", "leader_of", "joined_on", "left_on", "share")


def make_branch(*, seed: int, today: date) -> Branch:
    """Return the branch on *today*; the new employee began twelve days before."""
    departments = (
        Department(id=TOP, name="示范支行"),
        Department(id=FIRST, name="零售一部", parent=TOP),
        Department(id=SECOND, name="零售二部", parent=TOP),
    )
    people = (
        *(_employee(index, today) for index in range(len(_STEMS))),
        _leader("zg01", "主管甲", FIRST),
        _leader("zg02", "主管乙", SECOND),
    )
    return Branch(app=_app(seed), departments=departments, people=people, seed=seed)


def employees(branch: Branch) -> list[Person]:
    """Return the people who win customers: all except the leaders."""
    return [person for person in branch.people if not person.leader_of]


def write_files(branch: Branch, folder: Path) -> tuple[Path, Path]:
    """Write roster.csv and departments.csv into *folder*, created if needed, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    roster, departments = folder / "roster.csv", folder / "departments.csv"
    _write(roster, [_ROSTER, *(_line(person) for person in branch.people)])
    lines = [(str(each.id), each.name, str(each.parent or "")) for each in branch.departments]
    _write(departments, [("id", "name", "parent"), *lines])
    return roster, departments


def _app(seed: int) -> App:
    # Made up and printed on purpose: they open only this sandbox.
    rng = random.Random(f"app {seed}")  # noqa: S311 - see above
    return App(
        corp_id=f"ww{rng.getrandbits(64):016x}",
        agent_id=AGENT_ID,
        secret=_letters(rng, 43),
        callback_token=_letters(rng, 24),
        callback_aes_key=_letters(rng, 43),
    )


def _employee(index: int, today: date) -> Person:
    userid = f"yg{index + 1:02d}"
    return Person(
        userid=userid.capitalize() if index == _FOLDED else userid,
        name=f"员工{_STEMS[index]}",
        departments=(FIRST if index < len(_STEMS) // 2 else SECOND,),
        role="客户经理",
        position="客户经理",
        joined_on=_join_day(today) if index == NEW_JOINER else None,
        share="0.5" if index == PART_TIMER else "1",
    )


def _join_day(today: date) -> date:
    """Return a Monday to Friday some twelve days ago; nobody begins on a weekend."""
    day = today - timedelta(days=_JOINED_DAYS_AGO)
    while not WorkCalendar().is_workday(day):
        day += timedelta(days=1)
    return day


def _leader(userid: str, name: str, department: int) -> Person:
    return Person(
        userid=userid,
        name=name,
        departments=(department,),
        role="主管",
        position="主管",
        leader_of=(department,),
    )


def _letters(rng: random.Random, length: int) -> str:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=length))


def _line(person: Person) -> tuple[str, ...]:
    return (
        person.userid,
        person.name,
        ";".join(map(str, person.departments)),
        person.role,
        ";".join(map(str, person.leader_of)),
        person.joined_on.isoformat() if person.joined_on else "",
        person.left_on.isoformat() if person.left_on else "",
        "" if person.share == "1" else person.share,
    )


def _write(path: Path, lines: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
