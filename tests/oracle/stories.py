"""Random branches: what happened, what was known, and a time near the edges to ask about.

A story has what was known when some periods closed, and what came after: late notices and a later roster.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from oracle.branch import (
    Branch,
    Campaign,
    Closing,
    Decision,
    Details,
    Event,
    FindingDecision,
    Line,
    Reading,
    Version,
)
from oracle.calendar import DAY_S
from oracle.chance import (
    ADD_WAYS,
    FACTS,
    ROLES,
    STATES,
    TAGS,
    USERIDS,
    Chance,
    changed,
    rules,
)
from oracle.closed import Oracle

EDGES = (0, 1, 30599, 30600, 57599, 57600, 64799, 64800, 86399)
LOSSES = ("lost_by_customer", "lost_by_member")
EVENTS = ("added", "added", "half_added", "edited", "transferred", *LOSSES)
TAKEN_BACK = ["added", "lost_unknown", "listed again"]
LAST_DAY = date(2026, 7, 31)
FIRST_RULES = date(2025, 1, 2)


@dataclass(frozen=True, kw_only=True)
class Story:
    """*before* is what was known at the close *closed_at* (None: nothing is closed), *after* is all of it.

    *at*, *period* and *money* are what is asked.
    """

    before: Branch
    after: Branch
    closed_at: datetime | None
    at: datetime
    period: str | None
    money: bool


def story_of(seed: int) -> Story:
    """Return the story of a seed."""
    chance = Chance(seed)
    zone = ZoneInfo(chance.one("Asia/Shanghai", "Asia/Shanghai", "Asia/Shanghai", "America/New_York"))
    people = chance.sample(USERIDS, chance.randint(1, 5))
    versions = _versions(chance)
    frame = Branch(
        versions=versions,
        readings=_readings(chance, people),
        absences={
            userid: frozenset(chance.day() for _ in range(chance.one(0, 0, 3, 15))) for userid in people
        },
        zone=zone,
        holidays=frozenset(chance.day() for _ in range(chance.one(0, 2))),
        workdays=frozenset(chance.day() for _ in range(chance.one(0, 2))),
        behind_threshold=chance.one(Fraction(1, 2), Fraction(9, 10), Fraction(1)),
        record_began=chance.one(None, None, chance.day(50)),
        campaigns=_campaigns(chance),
    )
    asked_day = chance.day()
    turning = _turning_points(frame, asked_day)
    events = _events(chance, frame, people, turning, asked_day)
    seen = replace(frame, events=events, **_known(chance, events))
    decided = _decided(chance, seen)
    closed_at = _close_time(chance, decided) if chance.often(0.4) else None
    later = _later(chance, decided, people, closed_at)
    at = _asked_at(chance, turning, events, closed_at, zone)
    period = _period(chance, decided, asked_day, at)
    return Story(
        before=decided, after=later, closed_at=closed_at, at=at, period=period, money=chance.often(0.5)
    )


def _versions(chance: Chance) -> tuple[Version, ...]:
    first = Version(on=FIRST_RULES, rules=rules(chance, chance.randint(1, 3)))
    if chance.often(0.5):
        return (first,)
    return first, Version(on=chance.day(), rules=changed(chance, first.rules))


def _line(chance: Chance, **dates: date) -> Line:
    return Line(
        departments=tuple(chance.sample(range(1, 6), chance.one(1, 1, 2))),
        role=chance.one(*ROLES, None),
        share=chance.one(Fraction(1), Fraction(1), Fraction(1, 2), Fraction(4, 5)),
        **dates,
    )


def _dates(chance: Chance) -> dict[str, Any]:
    joined, left = chance.day(), chance.day() + timedelta(days=20)
    return {
        name: day
        for name, day in (("joined_on", joined), ("left_on", left))
        if chance.often(0.15) and left > joined
    }


def _readings(chance: Chance, people: list[str]) -> tuple[Reading, ...]:
    """Return one or two rosters; in the later one some changed, are new, or are missing."""
    dates = {userid: _dates(chance) for userid in people}
    trees = ({2: 1, 3: 2, 4: 5}, {2: 1, 3: 4, 4: 5}, {3: 2, 5: 4})
    old = people if len(people) == 1 or chance.often(0.5) else people[1:]
    first = Reading(
        on=FIRST_RULES,
        lines={userid: _line(chance, **dates[userid]) for userid in old},
        parents=trees[0],
    )
    if old == people and chance.often(0.4):
        return (first,)
    day = chance.day(20)
    lines = {}
    for userid in people:
        same = first.lines.get(userid)
        if same is None or chance.often(0.5):
            lines[userid] = _line(chance, **dates[userid])
        else:
            lines[userid] = same
    return first, Reading(on=day, lines=lines, parents=chance.choice(trees))


def _campaigns(chance: Chance) -> tuple[Campaign, ...]:
    if chance.often(0.8):
        return ()
    first = chance.day(10)
    departments = frozenset() if chance.often(0.5) else frozenset({chance.randint(1, 5)})
    return (Campaign(first=first, last=first + timedelta(days=3), departments=departments),)


def _turning_points(branch: Branch, day: date) -> list[int]:
    """Return begin, end and settlement of the periods around *day*, and midnights beside it."""
    oracle = Oracle(branch)
    found = [oracle.midnight(day + timedelta(days=step)) for step in (0, 1)]
    for span in oracle.spans_at(day):
        found += [oracle.midnight(span.first), oracle.end_s(span), oracle.settlement(span)]
    return found


def _events(
    chance: Chance, branch: Branch, people: list[str], turning: list[int], day: date
) -> tuple[Event, ...]:
    oracle, events = Oracle(branch), list[Event]()
    latest = oracle.midnight(LAST_DAY)
    near = [point for point in turning if oracle.midnight(date(2025, 12, 1)) < point < latest]
    starts = [
        *(oracle.midnight(chance.day(25)) + chance.choice(EDGES) for _ in range(2)),
        *(
            oracle.midnight(day - timedelta(days=chance.one(0, 1, chance.randint(0, 25))))
            + chance.choice(EDGES)
            for _ in range(4)
        ),
        *chance.sample(near, min(2, len(near))),
    ]
    first = branch.versions[0].rules
    keeps = [quota.keep_days * DAY_S for quota in first.quotas]
    spans = [0, DAY_S, first.regain_days * DAY_S, *keeps]
    steps = [max(0, span + more) for span in spans for more in (-1, 0, 1)]
    for userid in people:
        for number in range(chance.randint(0, 14)):
            customer = f"c{number}" if chance.often(0.4) else f"c{number}-{userid}"
            events += _relation(chance, userid, customer, chance.choice(starts), steps)
    return tuple(event for event in events if event.at < latest)


def _relation(chance: Chance, userid: str, customer: str, start: int, steps: list[int]) -> list[Event]:
    kinds = chance.one(
        ["added"],
        ["added"],
        ["added", chance.choice(LOSSES)],
        ["added", "transferred"],
        ["added", chance.choice(LOSSES), "added"],
        [chance.choice(EVENTS) for _ in range(chance.randint(1, 6))],
        TAKEN_BACK[: chance.one(2, 3)],
    )
    moment, events = start + chance.one(-1, 0, 0, 1, 60, 600, chance.randrange(1200)), []
    for kind in kinds:
        if kind == "listed again":
            events.append(Event(userid, customer, events[-1].at + 1, "added", by_list=True))
            break
        moment += 3600 if kind == "lost_unknown" else 0  # a list is read some time after a callback
        state = STATES[moment % 4] if kind == "added" else ""
        events.append(Event(userid, customer, moment, kind, kind == "lost_unknown", state))
        if kind == "added" and chance.often(0.15):
            apart = chance.one(-61, -60, -5, 0, 60, 61)
            told = Event(userid, customer, moment + apart, kind, by_list=True, state=state)
            events = events[:-1] if chance.often(0.2) else events
            events.append(told)
        moment += chance.choice([*steps, chance.randrange(1, 9 * DAY_S)])
    return events


def _known(chance: Chance, events: tuple[Event, ...]) -> dict[str, Any]:
    pairs = sorted({(event.userid, event.customer) for event in events})
    customers = sorted({customer for _, customer in pairs})
    return {
        "details": {
            pair: Details(
                customer_type=chance.one(1, 1, 1, 2),
                add_way=chance.choice(ADD_WAYS),
                tags=frozenset(chance.some(TAGS, 0.6)),
            )
            for pair in pairs
            if chance.often(0.75)
        },
        "managers": {customer: chance.choice(USERIDS) for customer in customers if chance.often(0.6)},
        "facts": {
            customer: {fact: chance.often(0.6) for fact in chance.some(FACTS, 0.8)}
            for customer in customers
            if chance.often(0.9)
        },
    }


def _decided(chance: Chance, branch: Branch) -> Branch:
    """Return *branch* with decisions on some contacts, and on what some findings named."""
    oracle = Oracle(branch)
    until = oracle.midnight(LAST_DAY)
    adds, quotas = oracle.adds(until), branch.versions[0].rules.quotas
    decisions = [
        Decision(key=add.key, quota=quota.id, accepted=chance.often(0.5), appeal=chance.often(0.5))
        for add in adds
        for quota in quotas
        if add.userid in oracle.userids() and chance.often(0.06)
    ]
    named: dict[tuple[str, str, str], set[Any]] = {}
    for add in adds:
        for kind in oracle.found(add, until):
            subject = str(oracle.day_of(add.at)) if kind == "burst" else add.customer
            named.setdefault((kind, add.userid, subject), set()).add(add.key)
    findings = [
        FindingDecision(kind=kind, userid=userid, adds=frozenset(keys), confirmed=chance.often(0.5))
        for (kind, userid, _), keys in sorted(named.items())
        if chance.often(0.3)
    ]
    for quota in quotas:
        for span in oracle.spans(quota.id):
            near = span.first.year == 2026 and span.first < LAST_DAY and quota.keep_days
            for userid in oracle.userids() if near else ():
                lost = oracle.quick_loss(span, userid, until)
                if lost and chance.often(0.5):
                    findings.append(
                        FindingDecision(
                            kind="quick_loss",
                            userid=userid,
                            adds=lost,
                            confirmed=chance.often(0.5),
                            quota=quota.id,
                            period=span.name,
                        )
                    )
    return replace(branch, decisions=tuple(decisions), findings=tuple(findings))


def _close_time(chance: Chance, branch: Branch) -> datetime:
    """Return a time from which on some period of the branch is settled."""
    oracle = Oracle(branch)
    day = chance.day(20)
    spans = [span for span in oracle.spans_at(day) if span.last < LAST_DAY]
    moment = oracle.settlement(chance.choice(spans)) if spans else oracle.midnight(day)
    recorded = [*(version.on for version in branch.versions), *(reading.on for reading in branch.readings)]
    moment = max(moment, oracle.midnight(max(recorded) + timedelta(days=1)))
    return oracle.local(moment + chance.one(0, 31320, 3 * DAY_S))


def closings(branch: Branch, at: datetime) -> dict[tuple[str, str], Closing]:
    """Return what a close at *at* stores: all that is settled and did not end before the first notice."""
    oracle = Oracle(branch)
    if not branch.events:
        return {}
    first = oracle.day_of(min(event.at for event in branch.events))
    return {
        (quota_id, span.name): oracle.close(quota_id, span.name, at)
        for quota_id in oracle.quota_ids()
        for span in oracle.spans(quota_id)
        if oracle.settlement(span) <= at.timestamp() and span.last >= first and oracle.rowed(span)
    }


def _later(chance: Chance, before: Branch, people: list[str], closed_at: datetime | None) -> Branch:
    """Return what is known in the end."""
    if closed_at is None:
        return before
    stored = closings(before, closed_at)
    late = [
        Event(chance.choice(people), f"late{number}", event.at + number, "added")
        for number, event in enumerate(chance.sample(before.events, min(4, len(before.events))))
    ]
    lost = [
        event._replace(at=event.at + 60, kind="lost_by_customer")
        for event in before.events
        if chance.often(0.1)
    ]
    after = replace(before, closings=stored, events=(*before.events, *late, *lost))
    day = closed_at.date()
    if chance.often(0.5) and before.readings[-1].on < day:
        lines = {**before.readings[-1].lines, "late": _line(chance, joined_on=date(2026, 1, 5))}
        reading = Reading(on=day + timedelta(days=1), lines=lines, parents=before.readings[-1].parents)
        after = replace(after, readings=(*before.readings, reading))
    return after


def _asked_at(
    chance: Chance, turning: list[int], events: tuple[Event, ...], closed_at: datetime | None, zone: ZoneInfo
) -> datetime:
    moments = [*turning, *(event.at for event in events[:9])]
    if closed_at is not None:
        moments += [int(closed_at.timestamp())] * len(moments)
    second = chance.choice(moments) + chance.one(
        -1, 0, 1, chance.choice(EDGES), chance.randrange(DAY_S), chance.randrange(9 * DAY_S)
    )
    return datetime.fromtimestamp(second, zone) + timedelta(microseconds=chance.one(0, 1, 999_999))


def _period(chance: Chance, branch: Branch, day: date, at: datetime) -> str | None:
    oracle = Oracle(branch)
    spans = oracle.spans_at(day)
    every = [span for quota_id in oracle.quota_ids() for span in oracle.spans(quota_id)]
    cut = [span for span in every if span.last < span.whole_last and span.whole_last.year == 2026]
    if cut and chance.often(0.5):
        return chance.choice(cut).name
    if not spans or (chance.often(0.4) and at.year == 2026):
        return None
    return chance.choice(spans).name
