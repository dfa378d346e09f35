"""People, from a CSV file beside the configured roster: `userid,name,department,role,…`.

The lines are stored and recorded under today's date, like the configured roster. Columns absent in the file
keep their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bot.config.csv_table import Cells, CsvTable
from bot.config.roster import ROSTER_COLUMNS, RosterLine, ZeroTwins, joined_line, line_of, written_line
from bot.features.imports.csv_import import Numbered, Remark, Report, ShortLines
from bot.features.people import directory
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.roster_lines import Imported


class RosterTable(CsvTable):
    """A roster file with some *columns* of a roster."""

    columns: Sequence[str] = ()

    def usable(self, header: Sequence[str]) -> bool:
        """Note faults of the header; return whether the lines can be read."""
        self.columns = tuple(header)
        return super().usable(header)


class RosterLines(ShortLines[RosterLine]):
    """The lines of HR about people. A later line of the configured roster replaces them."""

    what = "roster"

    def __init__(self, services: Services, path: Path) -> None:
        self._services, self._path = services, path
        self._of_wecom = services.config.directory.source == "wecom"
        self._departments = (
            None
            if services.config.directory.departments_path is None
            else services.directory.files.departments
        )
        self._renamed = services.store.renames.all()
        self._held = {line.userid: line for line in services.directory.lines}
        self._twins = ZeroTwins({*self._held, *services.store.members.all()})
        self._table = self.table()
        self._lines_of: dict[str, list[int]] = {}

    def table(self) -> RosterTable:
        """Return the file, from its beginning."""
        required = ("userid",) if self._of_wecom else ("userid", "department")
        self._table = RosterTable(self._path, known=ROSTER_COLUMNS, required=required)
        return self._table

    def read(self, cells: Cells) -> RosterLine | None:
        """Return the values of a line; None after noting the faults of its cells."""
        line = line_of(cells, departments=self._departments, with_departments=not self._of_wecom)
        if line is None:
            return None
        line = replace(line, userid=self._renamed.get(line.userid, line.userid))
        if line.userid not in self._held:
            self._twins.refuse(cells, "userid", line.userid)
            self._twins.add(line.userid)
        line = joined_line(line, self._held.get(line.userid), columns=self._table.columns)
        if line.joined_on and line.left_on and line.left_on < line.joined_on:
            cells.fault("left_on", Sentence("faults.cells.left_before", day=str(line.joined_on)))
        return None if cells.wrong else line

    def look_at(self, line: RosterLine, *, number: int, report: Report) -> None:
        """Note a new or changed person."""
        self._lines_of.setdefault(line.userid, []).append(number)
        before = self._held.get(line.userid)
        if before is None:
            report.new.add(Remark(number, line.userid))
        elif before != line:
            report.changed.add(Remark(number, f"{line.userid}: {_changes(before, line)}"))

    def sum_up(self, report: Report) -> None:
        """Note missing people, and people unknown to WeCom."""
        report.missing = sorted(self._held.keys() - self._lines_of.keys())
        if self._of_wecom:
            shown = self._services.store.address_book.all()
            for userid, numbers in self._lines_of.items():
                if userid not in shown:
                    report.unknown_to_wecom.add(Remark(numbers[0], userid))

    def contradicted(self) -> Mapping[int, int]:
        """Return the lines of people with several lines, each with another one."""
        return {
            number: numbers[0] if number != numbers[0] else numbers[1]
            for numbers in self._lines_of.values()
            if len(numbers) > 1
            for number in numbers
        }

    def contradict(self, cells: Cells, *, other: int) -> None:
        """Note that the line *other* is about the same person."""
        cells.fault("userid", Sentence("faults.cells.unique_too", line=other))

    def put(self, lines: Sequence[RosterLine], *, now: int) -> None:
        """Store lines beside those of the configured roster, inside a transaction."""
        configured = {line.userid: line for line in self._services.directory.files.lines}
        imported = [Imported(line, configured.get(line.userid)) for line in lines]
        self._services.store.roster_lines.put(imported, now=now)

    @contextmanager
    def keeping(self, lines: Iterator[Numbered[RosterLine]], *, now: int) -> Iterator[Callable[[], None]]:
        """Yield a function that stores the lines and records them under today's date."""
        services, store = self._services, self._services.store
        recorded = []

        def keep() -> None:
            self._put_all(lines, now=now)
            store.marks.put(directory.ROSTER_IMPORTED, f"{store.now():.6f}")
            people = directory.build_directory(services.config, services.directory.files, store)
            today = services.config.work_calendar().local_day(services.clock.now())
            directory.record(people, store.members, day=today)
            directory.note_recorded(services.config, people, store)
            recorded.append(people)

        yield keep
        for people in recorded:
            services.use(services.config, people)


def _changes(before: RosterLine, after: RosterLine) -> str:
    """Return each changed column with its old and new value."""
    was, now = written_line(before), written_line(after)
    return ", ".join(
        f"{column} {was[column] or '-'} → {now[column] or '-'}"
        for column in ROSTER_COLUMNS
        if was[column] != now[column]
    )
