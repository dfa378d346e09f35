"""The list of a leader's direct reports: searched, sorted and cut into pages on the server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from bot.core.progress import QuotaFigures
from bot.core.status import WORST_FIRST

A_PAGE = 50  # rows
_LONGEST_SEARCH = 60  # characters
# A person whom the leader should look at first comes first; a pace of None asks nothing.


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRow:
    """One quota of one direct report: their *name* as shown, the *label* of the quota, the figures."""

    name: str
    label: str
    figures: QuotaFigures

    @property
    def userid(self) -> str:
        """Return the userid, in lower case."""
        return self.figures.userid


SortKey = Callable[[TeamRow], tuple[float | str, ...]]


def _by(field: str) -> SortKey:
    return lambda row: (float(getattr(row.figures, field) or 0),)


SORTS: Mapping[str, SortKey] = {
    "name": lambda row: (row.name.casefold(),),
    "quota": lambda row: (row.figures.quota,),
    "target": _by("target"),
    "gross": _by("gross"),
    "sure": _by("sure"),
    "counted": _by("counted"),
    "open": _by("open"),
    "lost": _by("lost"),
    "kept_90": _by("kept_90"),
    "pace": _by("pace"),
    "status": lambda row: (float(WORST_FIRST.index(row.figures.status)),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a visitor asked to see: *search* in names and userids, one *quota* or all, order and page."""

    search: str = ""
    quota: str = ""
    sort: str = "pace"
    direction: str = "asc"
    page: int = 1

    @classmethod
    def of(cls, asked: Mapping[str, str], *, quotas: Sequence[str]) -> Choice:
        """Return the choice in a query or a form; whatever is none of ours is the default."""
        sort, quota, page = asked.get("sort", ""), asked.get("quota", ""), asked.get("page", "")
        return cls(
            search=asked.get("q", "").strip()[:_LONGEST_SEARCH],
            quota=quota if quota in quotas else "",
            sort=sort if sort in SORTS else "pace",
            direction="desc" if asked.get("direction") == "desc" else "asc",
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        )

    @property
    def is_descending(self) -> bool:
        """Say whether the largest comes first."""
        return self.direction == "desc"

    def fields(self) -> dict[str, str]:
        """Return what is not a default, without the page: for links and hidden fields."""
        default = Choice()
        named = {"q": self.search, "quota": self.quota, "sort": self.sort, "direction": self.direction}
        usual = {"q": "", "quota": "", "sort": default.sort, "direction": default.direction}
        return {name: value for name, value in named.items() if value != usual[name]}

    def sorted_by(self, sort: str) -> str:
        """Return the query of the same choice in the order of *sort*; of the current one turned round."""
        direction = "desc" if sort == self.sort and self.direction == "asc" else "asc"
        return urlencode(replace(self, sort=sort, direction=direction).fields())

    def on(self, page: int) -> str:
        """Return the query of another page."""
        return urlencode({**self.fields(), "page": page})

    def among(self, rows: Iterable[TeamRow]) -> list[TeamRow]:
        """Return the chosen *rows* of all pages, in their order."""
        words = self.search.casefold()
        found = [
            row
            for row in rows
            if (not self.quota or row.figures.quota == self.quota)
            and (not words or words in row.name.casefold() or words in row.userid)
        ]
        found.sort(key=lambda row: (row.userid, row.figures.quota))
        found.sort(key=SORTS[self.sort], reverse=self.is_descending)
        found.sort(key=lambda row: getattr(row.figures, self.sort, 0) is None)
        return found


def cut(rows: Sequence[TeamRow], page: int) -> Sequence[TeamRow]:
    """Return the rows of a page."""
    return rows[(page - 1) * A_PAGE : page * A_PAGE]
