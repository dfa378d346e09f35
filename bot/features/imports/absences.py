"""Leave, from a CSV file: `userid,from,to,kind`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from bot.config.csv_table import Cells, CsvTable
from bot.config.fields import is_userid
from bot.config.roster import ZeroTwins
from bot.features.imports.csv_import import CONTROL, ShortLines
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.contact_knowledge import Absence
from bot.store.known_people import KnownPeople

LONGEST_ABSENCE = timedelta(days=1096)  # three years; a longer one is a typing error

CALLED_OFF = frozenset({"cancelled", "取消"})  # a line of this kind takes back leave of the same days


class AbsenceLines(ShortLines[Absence]):
    """The lines `userid,from,to,kind`; both days are included, and lines may overlap."""

    what = "absences"

    def __init__(self, services: Services, path: Path) -> None:
        self._services, self._path = services, path
        self._people = known_people(services)
        self._renamed = services.store.renames.all()
        self._twins = ZeroTwins(self._people)
        of_csv = services.config.directory.source == "csv"
        self._allowed = Sentence("faults.cells.of_roster" if of_csv else "faults.cells.of_wecom")

    def table(self) -> CsvTable:
        """Return the file, from its beginning."""
        return CsvTable(self._path, known=("userid", "from", "to", "kind"), required=("userid", "from", "to"))

    def read(self, cells: Cells) -> Absence | None:
        """Return the leave of a line; None after noting the faults of its cells."""
        userid, first, last = cells["userid"].lower(), cells.day("from"), cells.day("to")
        userid = self._renamed.get(userid, userid)
        if userid not in self._people and not self._twins.refuse(cells, "userid", userid):
            allowed = self._allowed if is_userid(userid) else Sentence("faults.userid")
            cells.fault("userid", allowed)
        if CONTROL.search(cells["kind"]):
            cells.fault("kind", Sentence("faults.cells.one_line"))
        if first is None or last is None:
            return None
        if last < first:
            cells.fault("to", Sentence("faults.cells.before_from", day=str(first)))
        elif last - first >= LONGEST_ABSENCE:
            days = LONGEST_ABSENCE.days
            cells.fault("to", Sentence("faults.cells.too_long", days=days, day=str(first)))
        return Absence(userid=userid, first=first, last=last, kind=cells["kind"])

    def put(self, lines: Sequence[Absence], *, now: int) -> None:  # noqa: ARG002 - leave has no age
        """Store good lines in their order, inside a transaction."""
        knowledge = self._services.store.contact_knowledge
        for called_off, several in groupby(lines, key=lambda line: line.kind.strip().lower() in CALLED_OFF):
            if called_off:
                knowledge.drop_absences(several)
            else:
                knowledge.put_absences(several)


def known_people(services: Services) -> frozenset[str]:
    """Return all userids, past and present, of the roster or WeCom, in lower case."""
    store = services.store
    recorded = KnownPeople(store.members, store.contact_knowledge)  # read in pieces
    return frozenset((*recorded, *(person.userid for person in services.directory.people)))
