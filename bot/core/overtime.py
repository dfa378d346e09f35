"""Adds outside working hours, as a matter of the unit: how its work is laid out, never what a person did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.core.contacts import Contact
from bot.core.people import Departments, Person
from bot.core.periods import Period
from bot.core.status import rounded
from bot.core.teams import SMALLEST, upwards
from bot.core.workdays import WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtime:
    """One department with what is below it: of the *adds* of its *people* in a period, *outside* hours.

    *share* is outside / adds with two decimals, None without adds.
    """

    period: str
    department: int
    people: int
    adds: int
    outside: int
    share: float | None


def overtime(
    contacts: Mapping[str, Sequence[Contact]],
    *,
    people: Iterable[Person],
    departments: Departments,
    calendar: WorkCalendar,
    period: Period,
) -> tuple[Overtime, ...]:
    """Return the departments of 5 people or more with their adds dated in *period*, by department id.

    *contacts* by userid are as of some time. An add belongs to the departments of its own day.
    """
    members: dict[int, set[str]] = {}
    adds: dict[int, int] = {}
    outside: dict[int, int] = {}
    for person in people:
        if person.employed_within(period.first, period.last) is None:
            continue
        for unit in _units(person, period, departments):
            members.setdefault(unit, set()).add(person.userid)
        for contact in contacts.get(person.userid, ()):
            moment = calendar.moment(contact.add.added_at)
            if moment.date() not in period:
                continue
            own = person.membership_on(moment.date()).departments
            late = not calendar.in_working_hours(moment)
            for unit in upwards(own[0] if own else None, departments):
                adds[unit] = adds.get(unit, 0) + 1
                outside[unit] = outside.get(unit, 0) + late
    return tuple(
        Overtime(
            period=period.name,
            department=unit,
            people=len(members[unit]),
            adds=adds.get(unit, 0),
            outside=outside.get(unit, 0),
            share=_share(outside.get(unit, 0), adds.get(unit, 0)),
        )
        for unit in sorted(members)
        if len(members[unit]) >= SMALLEST
    )


def _units(person: Person, period: Period, departments: Departments) -> set[int]:
    """Every department, and those above, that is his own on some day of *period*."""
    begins = [period.first, *(one.since for one in person.memberships if one.since and one.since in period)]
    owns = [person.membership_on(day).departments for day in begins]
    return {unit for own in owns for unit in upwards(own[0] if own else None, departments)}


def _share(outside: int, adds: int) -> float | None:
    return float(rounded(Fraction(outside, adds), places=2)) if adds else None
