"""Moving everything of an employee from a changed userid to the new one, the running month included.

WeCom shows a renamed member as a vanished one and a new one. So a person has to say that the two are one.
One transaction rewrites every row with the old userid and adds a line to the audit log. Late callbacks under
the old userid go to the new one, too. So a recount from the ledger gives the same figures. Lines of closed
periods stay as signed, and are shown under the new userid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from bot.config.csv_table import Cells, CsvTable
from bot.config.fields import is_userid
from bot.core.people import Person
from bot.core.renames import Pair
from bot.core.workdays import epoch_of
from bot.features.imports.csv_import import ImportingError, Report, ShortLines
from bot.features.people import directory
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.address_book import CHANGED, Entry, EntryState
from bot.store.rename_proposals import ProposalState
from bot.store.roster_lines import Imported
from bot.store.store import Store

_SAID = "renamed"  # the reason of a proposal that ended without a decision


class RenamingError(ImportingError):
    """Pairs that cannot be renamed; *faults* has the fault of each pair, None without one."""

    def __init__(self, faults: Sequence[str | None]) -> None:
        super().__init__(Sentence("sentences.several", items=[fault for fault in faults if fault]))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """One person under the new userid; *relations*: the number of customers under the old one."""

    old_userid: str
    userid: str
    relations: int


def find_faults(services: Services, pairs: Sequence[Pair]) -> list[str | None]:
    """Return the fault of each of *pairs* (old userid, userid; in any case), None without one."""
    lowered = [(old.lower(), new.lower()) for old, new in pairs]
    olds, news = Counter(old for old, _ in lowered), Counter(new for _, new in lowered)
    book = services.store.address_book.all()
    roster = {line.userid for line in services.directory.files.lines}

    def fault(old: str, new: str) -> str | None:
        if not is_userid(old) or not is_userid(new):
            return Sentence("faults.userid")
        if old == new:
            return Sentence("faults.cells.same_userid")
        if olds[old] > 1 or news[new] > 1 or old in news:
            return Sentence("faults.cells.one_line_only")
        if not services.store.renames.is_known(old):
            return Sentence("faults.cells.unheard", userid=old)
        if old in book and book[old].state is EntryState.PRESENT:
            return Sentence("faults.cells.still_shown", userid=old)
        if services.config.directory.source == "csv" and old in roster:
            return Sentence("faults.cells.still_in_roster", userid=old)
        return None

    return [fault(old, new) for old, new in lowered]


def rename(services: Services, pairs: Sequence[Pair], by: str) -> list[Renamed]:
    """Move everything of each old userid to the new one, in the name of *by*; all pairs or none.

    May be repeated, then it moves what came in under an old userid meanwhile. The next process that works
    off the inbox derives relations anew. Raises RenamingError if one pair cannot be renamed.
    """
    with services.store.transaction():
        renamed = rename_within(services, pairs, by=by)
    look_anew(services)
    return renamed


def look_anew(services: Services) -> None:
    """Rebuild the directory of *services* after somebody was renamed or joined."""
    services.use(
        services.config, directory.build_directory(services.config, services.directory.files, services.store)
    )


def rename_within(services: Services, pairs: Sequence[Pair], *, by: str) -> list[Renamed]:
    """Do as `rename`, inside the caller's transaction; the caller calls `look_anew` after it."""
    found = find_faults(services, pairs)
    if any(found):
        raise RenamingError(found)
    store, now = services.store, epoch_of(services.clock.now())
    day = services.config.work_calendar().local_day(services.clock.now())
    renamed = [_one(services, old.lower(), new.lower(), by=by, now=now, day=day) for old, new in pairs]
    store.marks.put(CHANGED, f"{store.now():.6f}")
    store.marks.renew(directory.ROSTER_IMPORTED)  # running services then read the moved line
    store.marks.clear(directory.RECORDED)
    return renamed


def _one(services: Services, old: str, new: str, *, by: str, now: int, day: date) -> Renamed:
    store = services.store
    customers = store.renames.customers(old)
    for userid in (old, new):
        store.ledger.touch(userid, customers)
    store.renames.put(old, new, at=now, by=by)
    store.renames.move(old, new)
    _end_proposals(store, (old, new), at=now, by=by)
    store.syncs.abandon()  # lists read under the old userid are not compared with the new one's facts
    store.rule_versions.rename(old, new)  # an admin changes the configuration file
    _move_person(services, old, new, day=day)
    store.audit.add(
        at=now, actor=by, act="rename", subject=new, detail={"old_userid": old, "relations": len(customers)}
    )
    return Renamed(old_userid=old, userid=new, relations=len(customers))


def _end_proposals(store: Store, pair: Pair, *, at: int, by: str) -> None:
    """Accept the proposal about the two; release proposals about one of them and a third userid."""
    for proposal in store.proposals.open():
        if {*proposal.pair} & {*pair}:
            state = ProposalState.ACCEPTED if proposal.pair == pair else ProposalState.RELEASED
            store.proposals.end(proposal.pair, state, by=by, reason=_SAID, at=at)


def _move_person(services: Services, old: str, new: str, *, day: date) -> None:
    store = services.store
    people, book = store.members.all(), store.address_book.all()
    before, after = people.get(old), people.get(new)
    gone, come = book.get(old), book.get(new)
    _move_roster_line(services, old, new)
    store.renames.forget_person(old)
    if before is not None:
        store.members.forget_days(new)
        store.members.put([_joined(before, after, new, day=day)], read_on=day)
    if gone is not None:
        store.address_book.put([_entry(gone, come, new, day=day)])
        if come is None:
            store.address_book.want(new, since=int(store.now()))


def _move_roster_line(services: Services, old: str, new: str) -> None:
    """Move the person's imported roster line, unless the roster has the new userid already."""
    imported = services.store.roster_lines.all()
    known = imported.keys() | {line.userid for line in services.directory.files.lines}
    if old in imported and new not in known:
        line = replace(imported[old].line, userid=new)
        services.store.roster_lines.put([Imported(line, None)], now=epoch_of(services.clock.now()))
    services.store.roster_lines.drop([old])


def _joined(before: Person, after: Person | None, userid: str, *, day: date) -> Person:
    """Return the person with the old history and the new data; *day* dates a change seen only now."""
    if after is None:
        return replace(before, userid=userid, left_on=None)
    later = list(after.memberships[1:])
    first, last = after.memberships[0], before.memberships[-1]
    if replace(first, since=last.since) != last:
        begins = min([day, *(membership.since for membership in later if membership.since is not None)])
        later.insert(0, replace(first, since=begins))
    dated = {membership.since: membership for membership in (*before.memberships, *later)}
    return replace(
        after,
        memberships=tuple(sorted(dated.values(), key=lambda membership: membership.since or date.min)),
        joined_on=after.joined_on or before.joined_on,
        first_read=before.first_read,
    )


def _entry(gone: Entry, come: Entry | None, userid: str, *, day: date) -> Entry:
    """Return the person as WeCom shows them now; a rename does not change the joining day."""
    if come is None:
        return replace(gone, userid=userid, state=EntryState.UNKNOWN, state_since=day)
    return replace(
        come,
        listed=gone.listed,
        listed_on=gone.listed_on,
        arrived_on=gone.arrived_on,
        joined_on=come.joined_on or gone.joined_on,
    )


class RenameLines(ShortLines[Pair]):
    """The lines `old_userid,userid` of a file, one person a line."""

    what = "renames"

    def __init__(self, services: Services, path: Path, *, by: str) -> None:
        self._services, self._path, self._by = services, path, by
        self._pairs: dict[int, Pair] = {}
        self._faults: dict[int, str] = {}

    def table(self) -> CsvTable:
        """Return the file, from its beginning."""
        columns = ("old_userid", "userid")
        return CsvTable(self._path, known=columns, required=columns)

    def read(self, cells: Cells) -> Pair | None:
        """Return the pair of a line; None after noting the faults of its cells."""
        for column in ("old_userid", "userid"):
            if not is_userid(cells[column]):
                cells.fault(column, Sentence("faults.userid"))
        return None if cells.wrong else (cells["old_userid"].lower(), cells["userid"].lower())

    def look_at(self, line: Pair, *, number: int, report: Report) -> None:  # noqa: ARG002 - nothing is odd
        """Remember a good line; faults between lines show only when all lines are read."""
        self._pairs[number] = line

    def contradicted(self) -> Mapping[int, int]:
        """Return the lines that contradict known data or other lines."""
        found = zip(self._pairs, find_faults(self._services, list(self._pairs.values())), strict=True)
        self._faults = {number: fault for number, fault in found if fault is not None}
        return {number: number for number in self._faults}

    def contradict(self, cells: Cells, *, other: int) -> None:
        """Note the fault of the line."""
        cells.fault("old_userid", self._faults[other])

    def put(self, lines: Sequence[Pair], *, now: int) -> None:  # noqa: ARG002 - each rename is dated itself
        """Rename, in a transaction. Raises RenamingError when something changed since the lines were read."""
        rename_within(self._services, lines, by=self._by)
