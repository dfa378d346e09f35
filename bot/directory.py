"""The directory: who works where. Read from the roster file, dated in the store.

`serve` and `run` record what they read, with the day; reports look at the record and, on top of it, at the
file as it is now, and record nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from bot.config import Config
from bot.core.people import Departments, Membership, Person
from bot.roster import RosterLine, read_departments, read_roster, role_for
from bot.store.members import Members


@dataclass(frozen=True, slots=True)
class Directory:
    """What the files say now. *stamp* tells this reading from one of changed files."""

    people: tuple[Person, ...]
    departments: Departments
    stamp: tuple[int, ...] = ()


def read(config: Config) -> Directory:
    """Read roster and departments. Raises RosterError with all bad lines of the file."""
    path, now = config.directory.departments_path, stamp(config)
    departments = None if path is None else read_departments(path)
    lines = read_roster(config.directory.roster_path, departments=departments)
    tree = departments or Departments()
    return Directory(tuple(_person(config, line, tree) for line in lines), tree, now)


def stamp(config: Config) -> tuple[int, ...]:
    """What changes when one of the files does; empty while one of them cannot be looked at."""
    paths = (config.directory.roster_path, config.directory.departments_path)
    try:
        looks = [path.stat() for path in paths if path is not None]
    except OSError:
        return ()
    return tuple(number for look in looks for number in (look.st_mtime_ns, look.st_size, look.st_ino))


def _person(config: Config, line: RosterLine, tree: Departments) -> Person:
    role = role_for(config.roles, line, departments=tree)
    now = Membership(since=None, departments=line.departments, role=role)
    return Person(
        userid=line.userid,
        name=line.name,
        memberships=(now,),
        leader_of=line.leader_of,
        joined_on=line.joined_on,
        left_on=line.left_on,
        share=line.share,
    )


def known(directory: Directory, recorded: dict[str, Person], *, day: date) -> dict[str, Person]:
    """Everybody by userid: the record, and what the files say from *day* (local) on where they differ.

    The first thing ever known about somebody holds for all time before. Somebody missing from the files
    stays as recorded.
    """
    merged = dict(recorded)
    for person in directory.people:
        before = recorded.get(person.userid)
        merged[person.userid] = person if before is None else _dated(person, before, day)
    return merged


def _dated(person: Person, before: Person, day: date) -> Person:
    now, last = person.memberships[-1], before.memberships[-1]
    if (now.departments, now.role) == (last.departments, last.role):
        return replace(person, memberships=before.memberships)
    # A second change on one day replaces the first one; the first reading of all is never replaced.
    kept = before.memberships[:-1] if last.since == day else before.memberships
    # In the order of days even if the machine's clock went back since the last change.
    dated = sorted((*kept, replace(now, since=day)), key=lambda membership: membership.since or date.min)
    return replace(person, memberships=tuple(dated))


def record(directory: Directory, members: Members, *, day: date) -> None:
    """Keep what the files say under *day* (local). Call inside a transaction."""
    everybody = known(directory, members.all(), day=day)
    members.put((everybody[person.userid] for person in directory.people), read_on=day)
