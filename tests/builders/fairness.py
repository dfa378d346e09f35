"""Branches for the laws of fairness: where a story is played, and what its people are told of enough."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from math import ceil
from pathlib import Path
from random import Random

from hypothesis import Phase, settings
from hypothesis import strategies as st
from oracle.book import Span
from oracle.branch import Branch, Details, Event, Quota, Reading, Version
from oracle.chance import AROUND, FACTS, TAGS, Chance
from oracle.chance import quota as drawn_quota
from oracle.closed import Oracle
from oracle.stories import LAST_DAY, LOSSES, story_of

from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.features.standings.load import load_standings
from bot.messages.catalog import texts_in
from bot.services import Services
from builders.examples import tried
from builders.month import DETAILS
from builders.stores import Databases
from builders.stories import tag_of, tell

Lend = Callable[[], AbstractContextManager[tuple[Path, str]]]
Money = dict[tuple[str, str, str], tuple[int | None, int | None]]

seeds = st.integers(0, 2**32 - 1)
DAYS = [AROUND + timedelta(days=7 * week) for week in range(-4, 5)]
SETTLED = LAST_DAY - timedelta(days=25)  # what ended by then is settled on the last day of a story


def fair(number: int) -> settings:
    """Return settings for *number* stories: they come from a seed, which has nothing to shrink.

    The seeds are the same in every run. `QUOTABOT_EXAMPLES` tries more of them.
    """
    phases = [Phase.explicit, Phase.generate]
    return settings(tried(number), phases=phases, derandomize=True, database=None)


@contextmanager
def lent(databases: Databases | None, root: Path) -> Iterator[tuple[Path, str]]:
    """Lend a folder to be made, and an empty store: a database, without *databases* a file in the folder."""
    folder = Path(tempfile.mkdtemp(dir=root)) / "branch"
    if databases is None:
        yield folder, "sqlite:///quotabot.db"
        return
    with databases.lend() as url:
        yield folder, url


def plain(branch: Branch) -> Branch:
    """Return *branch* with one roster and one file of rules; each notice of it came by callback.

    What a list tells may take another's date, and what a reviewer decides is told on its own.
    """
    return replace(
        branch,
        versions=branch.versions[:1],
        readings=branch.readings[:1],
        events=tuple(event for event in branch.events if not event.by_list),
        decisions=(),
        findings=(),
    )


def with_rules(branch: Branch, change: Callable[[Quota], Quota], **others: int) -> Branch:
    """Return *branch* with each quota of each version changed, and *others* of the file."""
    versions = (
        replace(
            version,
            rules=replace(version.rules, quotas=tuple(map(change, version.rules.quotas)), **others),
        )
        for version in branch.versions
    )
    return replace(branch, versions=tuple(versions))


def spans_around(oracle: Oracle, days: Iterable[date] = DAYS) -> list[Span]:
    """Return the quotas' periods around *days* that are settled when a story ends."""
    found = {(span.quota.id, span.name): span for day in days for span in oracle.spans_at(day)}
    return [span for span in found.values() if span.last <= SETTLED]


def last_workdays(oracle: Oracle) -> list[tuple[Span, str, date]]:
    """Return period, person and the last own workday in it, of everybody with a target."""
    return [
        (span, userid, oracle.own(span, userid)[-1])
        for span in spans_around(oracle)
        for userid in oracle.rowed(span)
        if oracle.target(span, userid)
    ]


def loses_nobody(branch: Branch, userid: str, *, after: int) -> bool:
    """Say whether a person loses no customer after the second *after*."""
    return not any(
        event.userid == userid and event.at > after and event.kind in LOSSES for event in branch.events
    )


def status_of(services: Services, span: Span, userid: str, *, at: datetime) -> Status:
    """Return the status of one row of the product."""
    standings = load_standings(services, at=at, period=span.name)
    return next(row.status for row in standings.by_person[userid] if row.quota == span.quota.id)


def row_at(rows: Mapping[str, Iterable[QuotaFigures]], span: Span, userid: str) -> QuotaFigures:
    """Return a person's row of one quota among *rows*."""
    return next(row for row in rows[userid] if row.quota == span.quota.id)


def close_to_the_target(branch: Branch, chance: Random) -> tuple[Branch, list[tuple[Span, str, date]]]:
    """Return *branch* with a target that somebody has reached by their last own workday, and such days.

    Some of these people lose a customer on that day, at ten.
    """
    oracle = Oracle(branch)
    reached = [
        (span, userid, day, sure)
        for span, userid, day in last_workdays(oracle)
        if span.quota.period != "day" and (sure := oracle.sure(span, userid, oracle.midnight(day) - 1))
    ]
    if not reached:
        return branch, []
    span, userid, day, sure = chance.choice(reached)
    target = ceil(sure / oracle.part(span, userid))
    branch = with_rules(
        branch, lambda quota: replace(quota, target=target) if quota.id == span.quota.id else quota
    )
    chosen = [
        (one, who, when) for one, who, when, _ in reached if (one.quota.id, when) == (span.quota.id, day)
    ]
    losses = [
        Event(who, customer, int(moment(branch, when, "10:00").timestamp()), LOSSES[0])
        for one, who, when in chosen
        if (alive := _sure_alive(oracle, one, who, when)) and chance.random() < 0.5
        for customer in [chance.choice(alive)]
    ]
    return replace(branch, events=(*branch.events, *losses)), chosen


def _sure_alive(oracle: Oracle, span: Span, userid: str, day: date) -> list[str]:
    """Return the customers that are sure for the quota at the start of *day*."""
    judged = oracle.gross(span, userid, oracle.midnight(day) - 1)
    return [one.add.customer for one in judged if one.sure and one.add.end is None]


def obedient(seed: int) -> tuple[Branch, str, list[date]]:
    """Return a branch, a person of it, and the last own workdays of a month, on which they obey the bot.

    Two quotas of a month and a week count by the same rules, so that one contact is good for both.
    """
    chance, branch = Chance(seed), plain(story_of(seed).before)
    first = drawn_quota(chance, 0)
    facts = tuple(set(first.required_facts))
    first = replace(
        first,
        period="month",
        basis="added",
        starts_on=None,
        ends_on=None,
        max_per_day=chance.one(0, 0, 1, 2, 3),
        max_share=tuple(one for one in first.max_share if one[0] not in facts),
    )
    week = replace(first, id="q1", period="week", target=chance.randint(1, 9))
    rules = replace(branch.versions[0].rules, quotas=(first, week)[: chance.randint(1, 2)])
    userid = min(branch.readings[0].lines)
    customers = [f"good{number}" for number in range(200)]
    branch = replace(
        branch,
        versions=(Version(on=branch.versions[0].on, rules=rules),),
        details={**branch.details, (userid, "nobody"): Details(tags=frozenset(TAGS))},
        managers={**branch.managers, **dict.fromkeys(customers, userid)},
        facts={
            **branch.facts,
            **{customer: {fact: fact in facts for fact in FACTS} for customer in customers},
        },
    )
    oracle = Oracle(branch)
    month = next((span for span in oracle.spans("q0") if span.name == "2026-03"), None)
    own = oracle.own(month, userid) if month else []
    begun = chance.randint(0, len(own))
    early = [
        Event(userid, f"good{100 + number}", int(moment(branch, day, "10:00").timestamp()) + number, "added")
        for number, day in enumerate(day for day in own[:begun] for _ in range(chance.randint(0, 2)))
    ]
    best = Details(customer_type=min(first.customer_types), add_way=0, tags=frozenset(TAGS))
    target = len(early) + chance.randint(1, 1 + 3 * len(own[begun:]))
    branch = with_rules(
        branch, lambda quota: replace(quota, target=target) if quota.period == "month" else quota
    )
    return (
        replace(
            branch,
            events=(*(event for event in branch.events if event.userid != userid), *early),
            details={**branch.details, **{(userid, event.customer): best for event in early}},
        ),
        userid,
        own[begun:],
    )


def add_good(bot: Services, branch: Branch, userid: str, numbers: Iterable[int], *, at: datetime) -> None:
    """Add contacts that count by every rule, and read their details."""
    quota = branch.versions[0].rules.quotas[0]
    moment_s = int(at.timestamp())
    events = [Event(userid, f"good{number}", moment_s + number, "added") for number in numbers]
    with bot.store.transaction():
        bot.store.engine.learn(DETAILS)
        rows = [
            {
                "userid": userid,
                "customer": event.customer,
                "createtime": event.at,
                "type": min(quota.customer_types),
                "way": 0,
                "tags": json.dumps([tag_of(tag)["id"] for tag in TAGS]),
                "unionid": "",
                "mobiles": "",
            }
            for event in events
        ]
        bot.store.engine.run_many("put_details", rows)
    tell(bot, events)


def moment(branch: Branch, day: date, clock: str) -> datetime:
    """Return a local time of *day*."""
    return datetime.combine(day, time.fromisoformat(clock), branch.zone)


# -- what is said

_ENOUGH = ("all_met", "all_covered", "today_done", "nothing_today")
_NUMBERS = ("add_today", "add_today_begun", "add_more", "add_more_begun")


def says_enough(line: str) -> bool:
    """Say whether a first line says that nothing has to be added today."""
    texts = (*(f"progress.{name}" for name in _ENOUGH), "statement.done")
    return any(_pattern(name).fullmatch(line) for name in texts)


def number_said(line: str) -> int | None:
    """Return how many adds a first line calls enough; None if it names no number or lacks the word."""
    for name in _NUMBERS:
        if match := _pattern(f"progress.{name}").fullmatch(line):
            done = int(match["done"]) if name == "add_today_begun" else 0
            return int(match["n"]) - done
    return 0 if says_enough(line) else None


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>\\d+)", re.escape(texts_in("zh-CN")[name])))


# -- what changes nobody's money


def money_of(services: Services, oracle: Oracle, *, at: datetime) -> Money:
    """Return penalty and reward by quota, period and person, of all periods that are settled."""
    return {
        (row.quota, row.period, row.userid): (row.penalty, row.reward)
        for name in sorted({span.name for span in spans_around(oracle)})
        for row in load_standings(services, at=at, period=name).rows
    }


def longer(quota: Quota) -> Quota:
    """Return *quota*, a day's as a week's."""
    return replace(quota, period="week") if quota.period == "day" else quota


def without_department_ranks(branch: Branch) -> Branch:
    """Return *branch* without day quotas, and without rewards for the first of each department.

    A day's leave is a period's there, and whoever splits a department makes two groups to rank.
    """

    def change(quota: Quota) -> Quota:
        reward = quota.reward and replace(
            quota.reward, scope=quota.reward.scope.replace("department", "role")
        )
        return replace(longer(quota), reward=reward)

    return with_rules(branch, change)


def renamed(branch: Branch, names: Mapping[str, str]) -> Branch:
    """Return *branch* with other userids."""

    def key(of: tuple[str, str, int]) -> tuple[str, str, int]:
        return names[of[0]], *of[1:]

    def lines(reading: Reading) -> Reading:
        return replace(reading, lines={names[userid]: line for userid, line in reading.lines.items()})

    other = with_rules(
        branch,
        lambda quota: replace(quota, userids=frozenset(names.get(one, one) for one in quota.userids)),
    )
    return replace(
        other,
        readings=tuple(map(lines, branch.readings)),
        events=tuple(event._replace(userid=names[event.userid]) for event in branch.events),
        absences={names[userid]: days for userid, days in branch.absences.items()},
        details={(names[userid], customer): one for (userid, customer), one in branch.details.items()},
        managers={customer: names.get(userid, userid) for customer, userid in branch.managers.items()},
        decisions=tuple(replace(one, key=key(one.key)) for one in branch.decisions),
        findings=tuple(
            replace(one, userid=names[one.userid], adds=frozenset(map(key, one.adds)))
            for one in branch.findings
        ),
    )


def doubled(branch: Branch, chance: Random) -> Branch:
    """Return *branch* with its notices in another order, many of them twice or three times."""
    events = [event for event in branch.events for _ in range(chance.choice((1, 2, 3)))]
    chance.shuffle(events)
    return replace(branch, events=tuple(events))


def split(branch: Branch, chance: Random, *, new: int = 6) -> Branch:
    """Return *branch* with some people of a department in a new one below it."""
    old = chance.randint(1, 5)
    userids = {userid for reading in branch.readings for userid in reading.lines}
    moving = {userid for userid in sorted(userids) if chance.random() < 0.5}
    readings = []
    for reading in branch.readings:
        lines = {
            userid: replace(line, departments=tuple(new if one == old else one for one in line.departments))
            if userid in moving
            else line
            for userid, line in reading.lines.items()
        }
        readings.append(replace(reading, lines=lines, parents={**reading.parents, new: old}))
    return replace(branch, readings=tuple(readings))


def two_leaves(branch: Branch, chance: Random) -> tuple[Branch, Branch] | None:
    """Return *branch* with a day of leave, and with it on an equal workday of the week; None without one.

    Both days lie in the same periods, and the person's line and the tree are the same from one to the other.
    """
    oracle, readings = Oracle(branch), {reading.on for reading in branch.readings}
    choices = [
        (userid, first, other)
        for userid in oracle.userids()
        for week in DAYS
        for first in [week - timedelta(days=week.weekday())]
        for other in [first + timedelta(days=chance.randint(1, 4))]
        if oracle.works(first)
        and oracle.works(other)
        and not {first, other} & branch.absences.get(userid, frozenset())
        and not any(first < day <= other for day in readings)
        and oracle.employed(userid, first) == oracle.employed(userid, other)
        and _periods(oracle, first) == _periods(oracle, other)
    ]
    if not choices:
        return None
    userid, first, other = chance.choice(choices)

    def away(day: date) -> Branch:
        days = branch.absences.get(userid, frozenset()) | {day}
        return replace(branch, absences={**branch.absences, userid: days})

    return away(first), away(other)


def _periods(oracle: Oracle, day: date) -> set[tuple[str, str]]:
    return {(span.quota.id, span.name) for span in oracle.spans_at(day)}
