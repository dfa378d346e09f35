"""Ranks of people among all of their scope: exact among few, from the kept figures among many.

Ranks among 20,000 take many seconds to compute, and an answer has two. A rank among at most FEW people (a
department, a small bank) is computed when it is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from bot.core.money import Scope
from bot.core.people import Person
from bot.core.places import RankPlace, compute_places
from bot.core.progress import QuotaFigures
from bot.core.quotas import Quota
from bot.core.teams import SMALLEST
from bot.core.workdays import epoch_of
from bot.features.standings import figures
from bot.features.standings.everybody import load_people, remember
from bot.features.standings.load import load_rulebook, load_standings_of
from bot.features.standings.whole import group_of
from bot.services import Services
from bot.store.known_people import KnownPeople

_Of = tuple[str, str, str]  # quota, period, userid


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A place as of *at* (local; None: of now). *place*: None until it is computed.

    *above*, *below*: counted and target of the next better and the next worse one, nobody's name; None at
    the ends, among fewer than five, and where only places are stored.
    """

    place: RankPlace | None
    at: datetime | None = None
    above: tuple[int, int] | None = None
    below: tuple[int, int] | None = None


def compute_ranks(
    services: Services,
    rows: Iterable[QuotaFigures],
    *,
    at: datetime,
    few: int | None = None,
    kept: bool = True,
) -> dict[_Of, Ranked]:
    """Return the places of *rows* without exempt ones, as of *at* (aware) or some minutes earlier.

    Places among more than *few* (FEW) come from the kept figures, and that reads all of them. Not *kept*:
    these have no place.
    """
    crowds = _Crowds(services, few=figures.FEW if few is None else few)
    quotas = {quota.id: quota for quota, _ in load_rulebook(services).periods_at(_day(services, at))}
    among_few: list[_Of] = []
    among_many: dict[tuple[str, str], list[str]] = {}
    whom: set[str] = set()
    for row in rows:
        scope = quotas[row.quota].ranked_in
        if not row.target:
            continue
        among = crowds.of(scope, group_of(row, scope))
        if among is None:
            among_many.setdefault((row.quota, row.period), []).append(row.userid)
        else:
            among_few.append((row.quota, row.period, row.userid))
            whom.update(among)
    found = _exact(services, among_few, whom, quotas, at=at)
    for name, userids in among_many.items():
        if kept:
            found |= _kept(services, name, userids, scope=quotas[name[0]].ranked_in, at=at)
        else:
            found |= {(*name, userid): Ranked(place=None) for userid in userids}
    return found


def _exact(
    services: Services, asked: Iterable[_Of], whom: set[str], quotas: Mapping[str, Quota], *, at: datetime
) -> dict[_Of, Ranked]:
    """Return the *asked* places as of *at*; *whom*: everybody who may be ranked with one of them."""
    rows = _ranked_rows(services, whom, at=at) if whom else []
    found, groups = _places(rows, quotas), dict[tuple[str, str, Hashable], list[QuotaFigures]]()
    by_key = {(row.quota, row.period, row.userid): row for row in rows}
    for row in rows:
        groups.setdefault(_group(row, quotas), []).append(row)
    return {
        key: Ranked(place=None)
        if key not in found
        else _beside(by_key[key], groups[_group(by_key[key], quotas)], place=found[key])
        for key in asked
    }


def _group(row: QuotaFigures, quotas: Mapping[str, Quota]) -> tuple[str, str, Hashable]:
    return row.quota, row.period, group_of(row, quotas[row.quota].ranked_in)


def _beside(row: QuotaFigures, group: Sequence[QuotaFigures], *, place: RankPlace) -> Ranked:
    """Return *place* with the figures next to it in *group*."""
    if len(group) < SMALLEST:
        return Ranked(place=place)
    own = _attained(row)
    above = min((one for one in group if _attained(one) > own), key=_attained, default=None)
    below = max((one for one in group if _attained(one) < own), key=_attained, default=None)
    return Ranked(
        place=place,
        above=None if above is None else (above.counted, above.target),
        below=None if below is None else (below.counted, below.target),
    )


def _attained(row: QuotaFigures) -> Fraction:
    return Fraction(row.counted, row.target)


def _ranked_rows(services: Services, userids: Collection[str], *, at: datetime) -> list[QuotaFigures]:
    standings = load_standings_of(services, sorted(userids), at=at)
    return [row for row in standings.rows if (row.quota, row.period, row.userid) in standings.ranked]


def _kept(
    services: Services, name: tuple[str, str], userids: Sequence[str], *, scope: Scope, at: datetime
) -> dict[_Of, Ranked]:
    places = services.store.figures.places(*name, scope=scope.value, userids=userids)
    found = {(*name, userid): Ranked(place=None) for userid in userids}
    for userid, kept in places.items():
        if 0 <= epoch_of(at) - kept.as_of <= figures.OLDEST_S:
            then = services.config.work_calendar().moment(kept.as_of)
            found[*name, userid] = Ranked(place=kept.place, at=then)
    return found


def _places(rows: Iterable[QuotaFigures], quotas: Mapping[str, Quota]) -> dict[_Of, RankPlace]:
    return compute_places(
        (
            (row.quota, row.period, row.userid),
            (row.quota, row.period, group_of(row, quotas[row.quota].ranked_in)),
            _attained(row),
        )
        for row in rows
    )


class _Crowds:
    """Groups of people with a common ranking; each is read once until people change."""

    def __init__(self, services: Services, *, few: int) -> None:
        self._services, self._few = services, few
        self._people: KnownPeople = load_people(services)
        self._is_small = remember(services, "people", None, lambda: len(self._people)) <= few

    def of(self, scope: Scope, value: Hashable) -> Sequence[str] | None:
        """Return the userids of one group of *scope*; None if they are more than *few*."""
        name = "crowd", scope, value
        return remember(self._services, name, self._few, lambda: self._find(scope, value))

    def _find(self, scope: Scope, value: Hashable) -> Sequence[str] | None:
        people: Iterable[Person]
        if scope is Scope.DEPARTMENT and isinstance(value, int):
            people = self._people.within([value])
        elif self._is_small:
            people = self._people.values()
        else:
            return None
        found = []
        for person in people:
            if value in _values(person, scope):
                found.append(person.userid)
                if len(found) > self._few:
                    return None
        return found


def _values(person: Person, scope: Scope) -> set[Hashable]:
    """Return all groups of *person*, of now and before: which one a row shows depends on its period."""
    match scope:
        case Scope.DEPARTMENT:
            return {next(iter(one.departments), None) for one in person.memberships}
        case Scope.ROLE:
            return {one.role for one in person.memberships}
    return {None}


def _day(services: Services, at: datetime) -> date:
    return services.config.work_calendar().local_day(at)
