"""What the bank knows and WeCom does not, read from CSV files.

A file is read twice: once to look at every line, once to store them. So nothing is written while a line may
still be wrong, and no file is too long for the memory.
"""

from bot.importing.absences import AbsenceLines
from bot.importing.facts import FactLines
from bot.importing.lines import ImportingError, Lines, Listed, Remark, Report, ShortLines, import_file
from bot.importing.roster import RosterLines

__all__ = [
    "AbsenceLines",
    "FactLines",
    "ImportingError",
    "Lines",
    "Listed",
    "Remark",
    "Report",
    "RosterLines",
    "ShortLines",
    "import_file",
]
