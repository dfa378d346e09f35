"""The directory: people, roles and departments of the roster file or WeCom, dated in the store.

`serve` and `run` record each reading with its day. Reports use the record and the file as it is now, and
record nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache

from bot.config import Config
from bot.config.faults import Fault, shown
from bot.config.roster import (
    RosterError,
    RosterLine,
    Traits,
    line_from,
    read_departments,
    read_roster,
    role_for,
    text_of,
    twin_fault,
)
from bot.core.people import Departments, Membership, Person
from bot.services import Directory, Files, Unread
from bot.store.address_book import CHANGED, Entry, EntryState
from bot.store.members import Members, Tree
from bot.store.roster_lines import Imported
from bot.store.store import Store
from bot.wecom.directory import DISABLED

_REMEMBERED = "roster_files"  # the mark of the last good files
ROSTER_IMPORTED = "roster_imported"  # mark: changes with each `import roster` or rename
RECORDED = "directory_recorded"  # the mark of the directory that the store has recorded whole
_RECORDED_PEOPLE = "directory_people"  # the mark of the number of people in it


def read_files(config: Config) -> Files:
    """Return roster and departments of the files. Raises RosterError with all bad lines.

    Beside WeCom a roster file that is not named in the configuration may be missing.
    """
    of_wecom = config.directory.source == "wecom"
    path, now = config.directory.departments_path, _look(config)
    if of_wecom and not _is_named(config) and not config.directory.roster_path.exists():
        return Files((), Departments(), now)
    departments = None if path is None else read_departments(path)
    lines = read_roster(config.directory.roster_path, departments=departments, with_departments=not of_wecom)
    return Files(lines, departments or Departments(), now)


def find_recorded(config: Config, store: Store) -> Directory | None:
    """Return the directory of now without reading it, if the store has recorded just this one; else None."""
    now = stamp(config, store)
    if store.marks.get(RECORDED) != _fingerprint(config, now):
        return None

    @cache
    def whole() -> Directory:
        return build_directory(config, read_files(config), store)

    if config.directory.source == "wecom":
        tree = store.address_book.departments()
    else:
        path = config.directory.departments_path
        tree = Departments() if path is None else read_departments(path)
    files = Files(Unread(lambda: whole().files.lines), tree, _look(config))
    return Directory(
        people=Unread(lambda: whole().people),
        departments=tree,
        stamp=now,
        files=files,
        lines=Unread(lambda: whole().lines),
        is_recorded=True,
    )


def is_recorded(config: Config, now: Directory, store: Store) -> bool:
    """Return whether the store has all that the directory *now* says."""
    mark = store.marks.get(RECORDED)
    return now.is_recorded or (mark is not None and mark == _fingerprint(config, now.stamp))


def _fingerprint(config: Config, now: tuple[int | str, ...]) -> str:
    """Return a text that differs for everything that decides who works where: files, readings, roles."""
    parts = [
        repr(now),
        config.directory.model_dump_json(),
        *(role.model_dump_json() for role in config.roles),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def read(config: Config, store: Store) -> Directory:
    """Read the files, and what *store* has of WeCom's lists. Raises RosterError."""
    return build_directory(config, check_zeros(config, read_files(config), store), store)


def check_zeros(config: Config, files: Files, store: Store) -> Files:
    """Return *files* if nobody in them is somebody known whose zeros a spreadsheet dropped.

    Raises RosterError.
    """
    known = store.members.all()
    twins = {userid.lstrip("0"): userid for userid in known}
    faults = [
        Fault(
            file=str(config.directory.roster_path),
            key_path="column userid",
            column="userid",
            value=shown(line.userid),
            allowed=twin_fault(twins[line.userid.lstrip("0")]),
        )
        for line in files.lines
        if line.userid not in known and line.userid.lstrip("0") in twins
    ]
    if faults:
        raise RosterError(faults)
    return files


def remember(files: Files, store: Store) -> None:
    """Keep good *files*, so that a start can do without them. Call it inside a transaction."""
    kept = {
        "lines": [text_of(line) for line in files.lines],
        "parents": dict(files.departments.parents),
        "names": dict(files.departments.names),
    }
    text = json.dumps(kept, ensure_ascii=False)
    if store.marks.get(_REMEMBERED) != text:
        store.marks.put(_REMEMBERED, text)


def load_remembered(store: Store, *, fault: RosterError) -> Files | None:
    """Return the last good files, which stand in for those with *fault*; None if there were none."""
    text = store.marks.get(_REMEMBERED)
    if text is None:
        return None
    kept = json.loads(text)
    parents, names = (
        {int(number): value for number, value in kept[name].items()} for name in ("parents", "names")
    )
    tree = Departments(parents=parents, names=names)
    return Files(tuple(map(line_from, kept["lines"])), tree, fault=str(fault))


def build_directory(config: Config, files: Files, store: Store | None) -> Directory:
    """Return the directory of *files* and *store* together; without a store nothing of WeCom is known."""
    now, held = _stamp(files.stamp, config, store), merge_imported(files, store)
    if config.directory.source == "wecom":
        if store is None:
            return Directory((), Departments(), now, files, held)
        tree = store.address_book.departments()
        lines = {line.userid: line for line in held}
        people = tuple(
            _member(config, entry, lines.get(entry.userid), tree)
            for entry in store.address_book.all().values()
        )
        return Directory(people, tree, now, files, held)
    people = tuple(_person(config, line, files.departments) for line in held)
    return Directory(people, files.departments, now, files, held)


def merge_imported(files: Files, store: Store | None) -> tuple[RosterLine, ...]:
    """Return the roster: an imported line replaces the file's until that one changes."""
    lines = {line.userid: line for line in files.lines}
    imported = {} if store is None else store.roster_lines.all()
    old = list_superseded(files, imported)
    lines |= {userid: entry.line for userid, entry in imported.items() if userid not in old}
    return tuple(lines.values())


def list_superseded(files: Files, imported: Mapping[str, Imported]) -> frozenset[str]:
    """Return the people whose line in the roster file changed after the import."""
    lines = {line.userid: line for line in files.lines}
    return frozenset(
        userid for userid, old in imported.items() if lines.get(userid, old.beside) != old.beside
    )


def stamp(config: Config, store: Store) -> tuple[int | str, ...]:
    """Return a value that changes with the files and with the knowledge from WeCom."""
    return _stamp(_look(config), config, store)


def _stamp(files: tuple[int, ...], config: Config, store: Store | None) -> tuple[int | str, ...]:
    if store is None:
        return files
    shown = "" if config.directory.source == "csv" else store.marks.get(CHANGED) or ""
    return (*files, shown, store.marks.get(ROSTER_IMPORTED) or "")


def _look(config: Config) -> tuple[int, ...]:
    """Return a value that changes with the files; empty while one of them cannot be read."""
    paths = (config.directory.roster_path, config.directory.departments_path)
    try:
        looks = [path.stat() for path in paths if path is not None]
    except OSError:
        return ()
    return tuple(number for look in looks for number in (look.st_mtime_ns, look.st_size, look.st_ino))


def _is_named(config: Config) -> bool:
    return "roster_path" in config.directory.model_fields_set


def list_unknown_to_wecom(files: Files, known: Iterable[str]) -> list[str]:
    """Return the userids of the roster that WeCom has not shown: nothing of them is counted."""
    return sorted({line.userid for line in files.lines} - set(known))


def _person(config: Config, line: RosterLine, tree: Departments) -> Person:
    traits = Traits(userid=line.userid, departments=line.departments, role=line.role)
    role = role_for(config.roles, traits, departments=tree)
    now = Membership(since=None, departments=line.departments, role=role, share=line.share)
    return Person(
        userid=line.userid,
        name=line.name,
        memberships=(now,),
        leader_of=line.leader_of,
        joined_on=line.joined_on,
        left_on=line.left_on,
    )


def _member(config: Config, entry: Entry, line: RosterLine | None, tree: Departments) -> Person:
    """Return a member of WeCom; a roster line adds what WeCom does not know, or knows less well."""
    traits = Traits(
        userid=entry.userid,
        departments=entry.departments,
        role=None if line is None else line.role,
        tags=entry.tags,
        position=entry.position,
    )
    role = role_for(config.roles, traits, departments=tree)
    person = Person(
        userid=entry.userid,
        name=entry.name,
        memberships=(
            Membership(
                since=None,
                departments=entry.departments,
                role=role,
                share=line.share if line else Fraction(1),
            ),
        ),
        leader_of=entry.leads,
        joined_on=entry.joined_on,
        left_on=entry.state_since if entry.state is EntryState.LEFT else None,
        in_range=entry.state is EntryState.PRESENT and entry.status != DISABLED,
    )
    if line is None:
        return person
    return replace(
        person,
        leader_of=line.leader_of or person.leader_of,
        joined_on=line.joined_on or person.joined_on,
        left_on=line.left_on or person.left_on,
    )


def merge_known(directory: Directory, recorded: Mapping[str, Person], *, day: date) -> dict[str, Person]:
    """Return everybody by userid: the record, and from *day* (local) on what the directory changes.

    The first whole reading holds for all time before. People first read later joined on that day, unless
    their joining day is known. People missing from the files stay as recorded.
    """
    merged = dict(recorded)
    for person in directory.people:
        before = recorded.get(person.userid)
        if before is None:
            merged[person.userid] = replace(person, first_read=day) if recorded else person
        else:
            merged[person.userid] = _dated(person, before, day)
    return merged


def _dated(person: Person, before: Person, day: date) -> Person:
    person = replace(person, first_read=before.first_read)
    now, last = person.memberships[-1], before.memberships[-1]
    if replace(now, since=last.since) == last:
        return replace(person, memberships=before.memberships)
    # A second change on one day replaces the first one; the first reading of all is never replaced.
    kept = before.memberships[:-1] if last.since == day else before.memberships
    # In the order of days even if the machine's clock went back since the last change.
    dated = sorted((*kept, replace(now, since=day)), key=lambda membership: membership.since or date.min)
    return replace(person, memberships=tuple(dated))


def dated_tree(now: Departments, recorded: Sequence[Tree], *, day: date) -> Departments:
    """Return the tree *now* of the local *day* with the recorded trees before it."""
    parents, earlier = dict(now.parents), list(recorded)
    if earlier and earlier[-1][1] == parents:
        earlier.pop()  # it holds still
        begins = [since for since, _ in recorded[1:]]
    else:
        begins = [*(since for since, _ in recorded[1:]), *([day] if recorded else [])]
    trees = [Departments(tree, now.names) for _, tree in earlier]
    return replace(
        now, before=tuple((begin, tree) for begin, tree in zip(begins, trees, strict=True) if begin)
    )


def note_recorded(config: Config, now: Directory, store: Store) -> None:
    """Note that the store has recorded the directory *now*, so that nobody need read it. In a transaction."""
    has_fault = bool(now.files.fault)
    store.marks.put(RECORDED, "" if has_fault else _fingerprint(config, now.stamp))
    store.marks.put(_RECORDED_PEOPLE, str(len(now.people)))


def count_people(now: Directory, store: Store) -> int:
    """Return how many people the directory *now* has; it is read only if the store has not recorded it."""
    counted = store.marks.get(_RECORDED_PEOPLE) if now.is_recorded else None
    return len(now.people) if counted is None else int(counted)


def record(directory: Directory, members: Members, *, day: date) -> None:
    """Store people and departments of the directory under *day* (local). Call inside a transaction."""
    recorded = members.all()
    people = merge_known(directory, recorded, day=day)
    # One person's change must not write a whole bank anew.
    changed = (person for person in directory.people if people[person.userid] != recorded.get(person.userid))
    members.put((people[person.userid] for person in changed), read_on=day)
    trees, parents = members.trees(), dict(directory.departments.parents)
    if directory.people and not trees:
        members.put_tree(parents, since=None)
    elif trees and trees[-1][1] != parents:
        # A second change on one day replaces the first one.
        members.put_tree(parents, since=day)
