"""Ranks of people among all of their scope: exact among few, some minutes old among many.

Ranks among 20,000 take a minute to compute, and an answer has two seconds. So `keep_places` computes them
from time to time, in small pieces, and stores them with their time. A rank among at most FEW people (a
department, a small bank) is computed when it is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
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
from bot.features.standings.load import derive_once, load_people, load_rulebook, load_standings_of
from bot.services import Services

FEW = 500  # people: a second and a half on a busy machine
LOOKED_AT = 5000  # people: reading them takes tenths of a second, once until people change
EVERY_S = 1800
_OLDEST_S = 2 * 3600  # of the service's clock; older places are not shown
_PIECE = 200  # people whose contacts are in memory at once
_REST_S = 0.05  # between two pieces, for answers to come through
_LEASE, _LEASE_S = "ranks", 120

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
    services: Services, rows: Iterable[QuotaFigures], *, at: datetime, few: int | None = None
) -> dict[_Of, Ranked]:
    """Return the places of the *rows* that are not exempt, as of *at* (aware), or some minutes before it.

    Places among more than *few* (FEW) are taken from the stored ones. With *few* somebody waits for a page:
    in a bank of more than LOOKED_AT people, nobody is looked through for it.
    """
    people = load_people(services)
    looks, few = few is None or len(people) <= LOOKED_AT, FEW if few is None else few
    quotas = {quota.id: quota for quota, _ in load_rulebook(services).periods_at(_day(services, at))}
    among_few: list[_Of] = []
    among_many: dict[tuple[str, str], list[str]] = {}
    whom: set[str] = set()
    for row in rows:
        scope = quotas[row.quota].ranked_in
        is_large = len(people) > few if scope is Scope.ALL else not looks
        among = () if is_large else derive_once(services, _Crowds).of(scope).get(_value(row, scope), ())
        if row.target and (is_large or len(among) > few):
            among_many.setdefault((row.quota, row.period), []).append(row.userid)
        elif row.target:
            among_few.append((row.quota, row.period, row.userid))
            whom.update(among)
    found = _exact(services, among_few, whom, quotas, at=at)
    for quota_period, userids in among_many.items():
        found |= _kept(services, quota_period, userids, at=at)
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
    return row.quota, row.period, _value(row, quotas[row.quota].ranked_in)


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
    standings = load_standings_of(services, userids, at=at)
    return [row for row in standings.rows if (row.quota, row.period, row.userid) in standings.ranked]


def _kept(
    services: Services, quota_period: tuple[str, str], userids: Sequence[str], *, at: datetime
) -> dict[_Of, Ranked]:
    kept = services.store.ranks.get(*quota_period, userids=userids)
    if kept is None or not 0 <= epoch_of(at) - kept.as_of <= _OLDEST_S:
        return {(*quota_period, userid): Ranked(place=None) for userid in userids}
    then = services.config.work_calendar().moment(kept.as_of)
    return {(*quota_period, userid): Ranked(place=kept.places.get(userid), at=then) for userid in userids}


def keep_places(services: Services) -> None:
    """Compute and store the places among many, if the newest are old enough. One process at a time does it.

    It takes a minute for 20,000 people with a million adds, with rests, and stops when the service does.
    """
    at, holder = services.clock.now(), services.holder
    newest = services.store.ranks.newest()
    if newest is not None and 0 <= epoch_of(at) - newest < EVERY_S:
        return
    people = load_people(services)
    quotas = {quota.id: quota for quota, _ in load_rulebook(services).periods_at(_day(services, at))}
    if not any(_Crowds(people).is_large(quota.ranked_in) for quota in quotas.values()):
        return
    rows: list[QuotaFigures] = []
    for piece in _pieces(people):
        now = int(services.store.now())
        if services.ending.wait(_REST_S) or not services.store.leases.take(
            _LEASE, holder=holder, now=now, until=now + _LEASE_S
        ):
            return
        rows += _ranked_rows(services, piece, at=at)
    found: dict[tuple[str, str], dict[str, RankPlace]] = {}
    for (quota, period, userid), place in _places(rows, quotas).items():
        found.setdefault((quota, period), {})[userid] = place
    with services.store.transaction():
        services.store.ranks.put(found, as_of=epoch_of(at))
    services.store.leases.free(_LEASE, holder=holder)


def _places(rows: Iterable[QuotaFigures], quotas: Mapping[str, Quota]) -> dict[_Of, RankPlace]:
    return compute_places(
        (
            (row.quota, row.period, row.userid),
            (row.quota, row.period, _value(row, quotas[row.quota].ranked_in)),
            _attained(row),
        )
        for row in rows
    )


def _value(row: QuotaFigures, scope: Scope) -> Hashable:
    """Return what everybody ranked with *row* has in common."""
    return {Scope.DEPARTMENT: row.department, Scope.ROLE: row.role, Scope.ALL: None}[scope]


class _Crowds:
    """Groups of people that may be ranked together, computed once for each scope."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self._people = people
        self._known: dict[Scope, dict[Hashable, list[str]]] = {}

    def of(self, scope: Scope) -> Mapping[Hashable, Sequence[str]]:
        """Return the userids of each group of *scope*."""
        if scope not in self._known:
            found: dict[Hashable, list[str]] = {}
            for userid, person in self._people.items():
                for value in _values(person, scope):
                    found.setdefault(value, []).append(userid)
            self._known[scope] = found
        return self._known[scope]

    def is_large(self, scope: Scope) -> bool:
        """Say whether somebody is ranked among more than FEW."""
        return any(len(userids) > FEW for userids in self.of(scope).values())


def _values(person: Person, scope: Scope) -> set[Hashable]:
    """Return all groups of *person*, of now and before: which one a row shows depends on its period."""
    match scope:
        case Scope.DEPARTMENT:
            return {next(iter(one.departments), None) for one in person.memberships}
        case Scope.ROLE:
            return {one.role for one in person.memberships}
    return {None}


def _pieces(people: Iterable[str]) -> Iterator[Sequence[str]]:
    listed = sorted(people)
    return (listed[first : first + _PIECE] for first in range(0, len(listed), _PIECE))


def _day(services: Services, at: datetime) -> date:
    return services.config.work_calendar().local_day(at)
