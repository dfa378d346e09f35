"""Changes of known members by a reading of WeCom's directory. Pure: no call, no store, no clock.

A member missing from a reading is `unknown` and stays the same, until WeCom answers that nobody has the
userid. WeCom answers so for people out of range, too. If it does for many at once nobody counts as gone: a
narrower range is more likely than a tenth of the staff leaving on one day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from bot.core.people import Departments
from bot.store.address_book import Entry, EntryState, Wanted
from bot.wecom.directory import LEFT, Absent, Member, Reading, Tag

LEAVE_AT_ONCE = 3  # so many, or a tenth of all, may leave on one day


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Entries new or changed by a reading. *doubted*: said to be gone, but not believed."""

    entries: dict[str, Entry]
    doubted: tuple[str, ...] = ()


def list_missing(before: Mapping[str, Entry], seen: Iterable[str]) -> list[str]:
    """Return the members missing from a complete reading that have not left, for WeCom to be asked."""
    return sorted(
        {entry.userid for entry in before.values() if entry.state is not EntryState.LEFT} - set(seen)
    )


def apply_reading(
    before: Mapping[str, Entry],
    reading: Reading,
    answers: Mapping[str, Member | Absent],
    *,
    tags: Mapping[str, tuple[int, ...]],
    day: date,
    first: bool,
    wanted: Mapping[str, Wanted],
) -> Merged:
    """Return the changes by a complete reading on the local *day*.

    *answers*: WeCom's answers about the missing members. *tags*: by userid. *first*: nothing was read before.
    *wanted*: events of arrivals.
    """
    found: dict[str, Entry] = {}
    leads = _leads(reading)
    for member in list_visible(reading, answers):
        entry = _seen(before.get(member.userid), member, tags=tags[member.userid], day=day)
        entry = replace(entry, leads=tuple(dict.fromkeys((*member.leads, *leads.get(member.userid, ())))))
        if not entry.listed:
            entry = replace(entry, listed=True, listed_on=None if first else day)
        found[member.userid] = mark_arrived(entry, wanted.get(member.userid))
    gone = {userid: answer for userid, answer in answers.items() if isinstance(answer, Absent)}
    lost, doubted = _absent(before, gone, day=day)
    return Merged(entries=found | lost, doubted=doubted)


def apply_answers(
    before: Mapping[str, Entry],
    answers: Mapping[str, Member | Absent],
    *,
    tags: Mapping[str, tuple[int, ...]],
    day: date,
    wanted: Mapping[str, Wanted],
) -> Merged:
    """Return the changes by answers about single members on the local *day*; *tags* by userid."""
    found = {
        userid: mark_arrived(
            _seen(before.get(userid), answer, tags=tags[userid], day=day), wanted.get(userid)
        )
        for userid, answer in answers.items()
        if isinstance(answer, Member)
    }
    gone = {userid: answer for userid, answer in answers.items() if isinstance(answer, Absent)}
    lost, doubted = _absent(before, gone, day=day)
    return Merged(entries=found | lost, doubted=doubted)


def mark_arrived(entry: Entry, wanted: Wanted | None) -> Entry:
    """Return *entry* with its arrival by an event; members of the very first reading keep none."""
    if wanted is None or entry.arrived_on is not None or (entry.listed and entry.listed_on is None):
        return entry
    return replace(entry, arrived_on=wanted.arrived_on)


def list_visible(reading: Reading, answers: Mapping[str, Member | Absent]) -> list[Member]:
    """Return all members that WeCom shows: in its lists, or when asked about."""
    return [*reading.members, *(answer for answer in answers.values() if isinstance(answer, Member))]


def tags_of(
    reading: Reading,
    answers: Mapping[str, Member | Absent],
    *,
    tree: Departments,
    before: Mapping[str, Entry],
) -> dict[str, tuple[int, ...]]:
    """Return the tags of all visible members: their own and those of departments at or above theirs.

    A tag that was set aside stays with the members who had it in *before*.
    """
    tags = {}
    for member in list_visible(reading, answers):
        known = before[member.userid].tags if member.userid in before else ()
        own = {tag.id for tag in reading.tags if has_tag(member, tag, tree=tree)}
        tags[member.userid] = tuple(sorted(own | reading.odd_tags.intersection(known)))
    return tags


def has_tag(member: Member, tag: Tag, *, tree: Departments) -> bool:
    """Say whether *tag* names the member or a department at or above one of theirs."""
    return member.userid in tag.users or any(
        tree.at_or_below(own, tagged) for own in member.departments for tagged in tag.departments
    )


def tree_of(reading: Reading) -> Departments:
    """Return the departments of a reading as a tree."""
    parents = {one.id: one.parent for one in reading.departments if one.parent}
    return Departments(parents, {one.id: one.name for one in reading.departments})


def _seen(known: Entry | None, member: Member, *, tags: tuple[int, ...], day: date) -> Entry:
    state = EntryState.LEFT if member.status == LEFT else EntryState.PRESENT
    entry = Entry(
        userid=member.userid,
        name=member.name or member.userid,
        departments=member.departments,
        leads=member.leads,
        position=member.position,
        status=member.status,
        direct_leader=member.direct_leader,
        tags=tags,
        state=state,
        state_since=day,
        read_on=day,
    )
    if known is None:
        return entry
    return replace(
        entry,
        # Everybody is in a department; none means that the app may not see it.
        departments=entry.departments or known.departments,
        state_since=known.state_since if known.state is state else day,
        listed=known.listed,
        listed_on=known.listed_on,
        arrived_on=known.arrived_on,
        joined_on=known.joined_on,
    )


def _leads(reading: Reading) -> dict[str, list[int]]:
    """Return the led departments by leader, from the lines of the departments."""
    found: dict[str, list[int]] = {}
    for department in reading.departments:
        for userid in department.leaders:
            found.setdefault(userid, []).append(department.id)
    return found


def _absent(
    before: Mapping[str, Entry], gone: Mapping[str, Absent], *, day: date
) -> tuple[dict[str, Entry], tuple[str, ...]]:
    known = {userid: answer for userid, answer in gone.items() if userid in before}
    staff = sum(entry.state is not EntryState.LEFT for entry in before.values())
    today = sum(entry.state is EntryState.LEFT and entry.state_since == day for entry in before.values())
    leaving = sorted(
        userid
        for userid, answer in known.items()
        if answer is Absent.GONE and before[userid].state is not EntryState.LEFT
    )
    believed = today + len(leaving) <= max(LEAVE_AT_ONCE, staff // 10)
    lost = {}
    for userid in known:
        entry = before[userid]
        state = EntryState.LEFT if userid in leaving and believed else EntryState.UNKNOWN
        if entry.state is not EntryState.LEFT and entry.state is not state:
            lost[userid] = replace(entry, state=state, state_since=day)
    return lost, () if believed else tuple(leaving)
