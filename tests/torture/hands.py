"""What people at the bank do by hand: staff changes, leave, facts and renames imported, closes signed.

What changes figures is done on the calm installation in the same moment.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.app.bootstrap import refresh_directory
from bot.features.close import results
from bot.features.imports.absences import AbsenceLines
from bot.features.imports.csv_import import import_file
from bot.features.imports.facts import FactLines
from bot.features.imports.roster import RosterLines
from bot.features.ledger.derive import derive
from bot.features.renames.rename import RenameLines
from bot.messages.cards import button_of
from bot.messages.message import Button
from bot.services import Services
from handlers.inbox import work_off
from sandbox.branch import FIRST, SECOND
from sandbox.people import Person
from sandbox.staffing import carry_out
from sandbox.world import World
from torture.story import Story

_BY = "人事"
_FEWEST, _MOST = 9, 16  # employees
_SHARES = {"join": 0.1, "leave": 0.07, "move": 0.1, "rename": 0.07, "absences": 0.25, "facts": 0.5}
_NOT_PRESSED = frozenset({Button.CONFIRM})  # it moves a target, and the calm bot has sent no card
_SIGNED, _CORRECTED, _PRESSED = 0.4, 0.3, 0.25


@dataclass(frozen=True)
class File:
    """A file to import: what it is, its columns and lines. *renamed*: old and new userid."""

    kind: str
    columns: Sequence[str]
    lines: Sequence[Sequence[str]]
    renamed: tuple[str, str] | None = None

    def bring(self, services: Services) -> None:
        """Import it as `quotabot import` does; once more is the same. Raises AssertionError if refused."""
        folder = services.config.file.parent
        if self.renamed is not None:
            if services.store.renames.current(self.renamed[0].lower()) == self.renamed[1]:
                return
            _rename_in_roster(folder / "roster.csv", *self.renamed)
            refresh_directory(services)
        path = folder / f"{self.kind}.import.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([self.columns, *self.lines])
        work_off(services)
        lines = _READERS[self.kind](services, path)
        report = import_file(services, lines, path, by=_BY, skip_bad=False, dry_run=False)
        derive(services)
        refresh_directory(services)  # as a service does every few seconds
        assert report.stored, [str(fault) for fault in report.faults.items]


_READERS: dict[str, Any] = {
    "roster": RosterLines,
    "absences": AbsenceLines,
    "facts": partial(FactLines, complete=False),
    "renames": partial(RenameLines, by=_BY),
}


def _rename_in_roster(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f"\n{old},", f"\n{new},"), encoding="utf-8")


@dataclass
class Hands:
    """Draws what is done by hand, and tells the world and the story of it."""

    world: World
    story: Story
    rng: random.Random
    presses: random.Random  # of its own: what can be pressed depends on what the bot has sent
    _joined: int = 0

    def day(self, day: date) -> list[File]:
        """Return the files of a working day in their order; people have moved when this returns."""
        drawn = [name for name, share in _SHARES.items() if self.rng.random() < share]
        files = [getattr(self, f"_{name}")(day) for name in drawn]
        return [file for file in files if file is not None]

    def _join(self, day: date) -> File | None:
        if len(self.story.employees) >= _MOST:
            return None
        self._joined += 1
        userid, department = f"xr{self._joined:02d}", self.rng.choice((FIRST, SECOND))
        act = {"act": "join", "userid": userid, "name": "新员工", "departments": [department]}
        carry_out(self.world, act)
        person = Person(userid=userid, name="新员工", departments=(department,), joined_on=day)
        self.story.employees.append(person)
        line = (userid, "新员工", str(department), "客户经理", day.isoformat())
        return File("roster", ("userid", "name", "department", "role", "joined_on"), [line])

    def _leave(self, day: date) -> File | None:
        last = day - timedelta(days=1)
        there = [one for one in self.story.employees if one.joined_on is None or one.joined_on <= last]
        if len(self.story.employees) <= _FEWEST:
            return None
        person = self.rng.choice(there)
        self.story.employees.remove(person)
        line = (person.key, self._department(person), last.isoformat())
        return File("roster", ("userid", "department", "left_on"), [line])

    def _move(self, _day: date) -> File:
        place = self.rng.randrange(len(self.story.employees))
        person = self.story.employees[place]
        moved = replace(person, departments=(SECOND if person.departments == (FIRST,) else FIRST,))
        self.story.employees[place] = moved
        carry_out(
            self.world, {"act": "change", "userid": moved.userid, "departments": list(moved.departments)}
        )
        return File("roster", ("userid", "department"), [(moved.key, self._department(moved))])

    def _rename(self, _day: date) -> File:
        place = self.rng.randrange(len(self.story.employees))
        person = self.story.employees[place]
        new = f"{person.key.partition('-')[0]}-{self.rng.randrange(10**6):06d}"
        carry_out(self.world, {"act": "rename", "userid": person.userid, "to": new})
        self.story.rename(person.userid, new)
        self.story.employees[place] = replace(person, userid=new)
        return File("renames", ("old_userid", "userid"), [(person.userid, new)], (person.userid, new))

    def _absences(self, day: date) -> File:
        person = self.rng.choice(self.story.employees)
        first = day + timedelta(days=self.rng.randrange(-2, 5))
        last = first + timedelta(days=self.rng.randrange(3))
        line = (person.key, first.isoformat(), last.isoformat(), "年假")
        return File("absences", ("userid", "from", "to", "kind"), [line])

    def _facts(self, _day: date) -> File | None:
        customers = [external for kept in self.story.alive.values() for external in kept]
        if not customers:
            return None
        chosen = self.rng.sample(customers, min(len(customers), 20))
        return File(
            "facts", ("external_userid", "account"), [(one, self.rng.choice("110")) for one in chosen]
        )

    @staticmethod
    def _department(person: Person) -> str:
        return str(person.departments[0])

    def press(self) -> list[dict[str, str]]:
        """Return specs of presses on buttons that are alive on somebody's phone."""
        specs = []
        for userid, messages in sorted(self.world.mailbox.messages.items()):
            alive = [
                (message.task_id, button.key)
                for message in messages[-5:]
                for button in message.buttons
                if button.enabled and not button.url and self._may_press(button.key)
            ]
            if alive and self.presses.random() < _PRESSED:
                task_id, key = self.presses.choice(alive)
                specs.append({"kind": "click", "userid": userid, "key": key, "task_id": task_id})
        return specs

    @staticmethod
    def _may_press(key: str) -> bool:
        named = button_of(key)
        return named is not None and named[0] not in _NOT_PRESSED


def sign_and_correct(services: Services, rng: random.Random, done: Counter[str]) -> None:
    """Sign each closed period that may be signed, and correct some lines; count the lines in *done*."""
    now = services.clock.now()
    work_off(services)
    for closed in services.store.results.closed():
        about = services, closed.quota, closed.period
        if closed.final < closed.people:
            try:
                signed, _ = results.sign(*about, by=_BY, at=now)
            except results.ClosingError:
                continue  # appeals still run
            done["line signed"] += len(signed)
        elif rng.random() < _CORRECTED:
            for change in results.list_corrections(*about, at=now)[:2]:
                results.correct(*about, change.userid, by=_BY, reason="late", at=now)
                done["line corrected"] += 1
