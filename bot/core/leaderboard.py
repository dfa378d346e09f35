"""What a group may see of its people: sums, and the few leaders. Nobody else is in it.

In every configuration a board hides how people below the middle do:

* fewer than five people (not exempt) have no board, and no department of fewer is shown; outside the shown
  departments are nobody or at least five, so that no small one can be computed from the rest;
* departments are in the order of their ids: there is no last one;
* named are the best by counted / target, with at least one counted: at most *size*, at most half of the
  people; equal ones are all named or none of them;
* the person with the largest gain is named only if named already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from statistics import median

from bot.core.people import Departments
from bot.core.progress import QuotaFigures
from bot.core.status import ENOUGH
from bot.core.teams import SMALLEST, upwards


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardPlace:
    """A leader. Equal ones have the same *rank*."""

    rank: int
    userid: str
    counted: int
    target: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A department and those below it: *people* not exempt, *percent* attained, rounded down."""

    department: int
    people: int
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """Sure adds of the last seven days, and of the seven before."""

    latest: int
    before: int

    @property
    def more(self) -> int:
        """Return the difference; below 0 for fewer adds than before."""
        return self.latest - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLeaderboard:
    """One quota's period among the people of a group.

    *percent* is Σ min(counted, target) / Σ target, *middle* the median of counted / target, *elapsed* Σ
    expected / Σ target; all in percent, rounded down. *enough*: number of people met or covered. *equal*: so
    many share the rank after *top*, too many to be named. *gain*: of all together; *improved*: the largest of
    one person; *improver*: that person if they may be named.
    """

    quota: str
    people: int
    enough: int
    percent: int
    middle: int
    elapsed: int
    units: tuple[Unit, ...]
    top: tuple[LeaderboardPlace, ...]
    equal: int
    gain: Gain | None
    improved: int | None
    improver: str | None


def build_leaderboard(
    rows: Sequence[QuotaFigures],
    *,
    departments: Departments,
    scope: Collection[int],
    size: int,
    silent: Collection[str] = (),
    gains: Mapping[str, Gain] | None = None,
) -> GroupLeaderboard | None:
    """Return the board of *rows*, all of one quota and period, within the departments of *scope* and below.

    An empty *scope* is everybody. *size* 0 names nobody. *silent* are never named: people who left and people
    with a confirmed finding. *gains* by userid, None where weeks are not compared. None for fewer than five.
    """
    judged = [
        row
        for row in rows
        if row.target and (not scope or not set(scope).isdisjoint(upwards(row.department, departments)))
    ]
    if len(judged) < SMALLEST:
        return None
    asked = sum(row.target for row in judged)
    top, equal = _top([row for row in judged if row.userid not in silent], most=min(size, len(judged) // 2))
    own = {row.userid: gains[row.userid] for row in judged if gains and row.userid in gains}
    improved, improver = _improved(
        {userid: gain for userid, gain in own.items() if userid not in silent},
        named={place.userid for place in top},
    )
    expected = sum((Fraction(str(row.expected)) for row in judged), Fraction(0))
    return GroupLeaderboard(
        quota=judged[0].quota,
        people=len(judged),
        enough=sum(row.status in ENOUGH for row in judged),
        percent=_attained(judged),
        middle=int(100 * median(Fraction(row.counted, row.target) for row in judged)),
        elapsed=int(100 * expected / asked),
        units=_units(judged, scope=scope, departments=departments),
        top=top,
        equal=equal,
        gain=Gain(
            latest=sum(gain.latest for gain in own.values()), before=sum(gain.before for gain in own.values())
        )
        if gains is not None
        else None,
        improved=improved,
        improver=improver,
    )


def _attained(rows: Iterable[QuotaFigures]) -> int:
    rows = list(rows)
    done = sum(min(row.counted, row.target) for row in rows)
    return int(Fraction(100 * done, sum(row.target for row in rows)))


def _top(rows: Iterable[QuotaFigures], *, most: int) -> tuple[tuple[LeaderboardPlace, ...], int]:
    """Return the leaders, and how many equal ones at the next rank would have been too many."""
    able = [(Fraction(row.counted, row.target), row) for row in rows if row.counted]
    able.sort(key=lambda pair: (-pair[0], pair[1].userid))
    places: list[LeaderboardPlace] = []
    for _, group in groupby(able, key=lambda pair: pair[0]):
        equals = [row for _, row in group]
        if len(places) >= most:
            break
        if len(places) + len(equals) > most:
            return tuple(places), len(equals)
        rank = len(places) + 1
        places += [
            LeaderboardPlace(rank=rank, userid=row.userid, counted=row.counted, target=row.target)
            for row in equals
        ]
    return tuple(places), 0


def _units(
    rows: Sequence[QuotaFigures], *, scope: Collection[int], departments: Departments
) -> tuple[Unit, ...]:
    """Return the departments right below the scope, or those of a scope of several."""
    tops = set(scope) or {number for number in departments.names if number not in departments.parents}
    by_unit: dict[int, list[QuotaFigures]] = {}
    for row in rows:
        way = upwards(row.department, departments)
        reached = next((place for place, number in enumerate(way) if number in tops), None)
        if reached is None:
            continue
        if len(tops) > 1:
            by_unit.setdefault(way[reached], []).append(row)
        elif reached:
            by_unit.setdefault(way[reached - 1], []).append(row)
    shown = {number: found for number, found in by_unit.items() if len(found) >= SMALLEST}
    while shown and 0 < len(rows) - sum(map(len, shown.values())) < SMALLEST:
        del shown[min(shown, key=lambda number: (len(shown[number]), number))]
    return tuple(
        Unit(department=number, people=len(found), percent=_attained(found))
        for number, found in sorted(shown.items())
    )


def _improved(gains: Mapping[str, Gain], *, named: Collection[str]) -> tuple[int | None, str | None]:
    """Return the largest gain above 0, and the userid if it is one person's and they are named anyway."""
    most = max((gain.more for gain in gains.values()), default=0)
    if most <= 0:
        return None, None
    whose = [userid for userid, gain in gains.items() if gain.more == most]
    return most, whose[0] if len(whose) == 1 and whose[0] in named else None
