"""Laws of fairness on random stories and both engines: enough is enough, signed stays, money is the same.

A story has rosters, rules, notices, details, facts and reviews at random; see `oracle.stories`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from builders import fairness
from builders.chat import say
from builders.e2e import FakeTime, installation
from builders.facts import Fact, put_facts
from builders.fairness import Lend, fair, moment, seeds
from builders.stores import Databases
from builders.stories import lived, rules_of, tell, write_files
from builders.teams import teams_of
from hypothesis import example, given
from oracle.book import ONE
from oracle.branch import Branch, Event, Line, Penalty, Reading
from oracle.chance import Chance, changed
from oracle.closed import Oracle
from oracle.stories import LAST_DAY, story_of

from bot.core.status import Status
from bot.features.close import results, settle
from bot.features.standings.load import load_standings
from bot.services import Services
from bot.store.contact_knowledge import Absence
from scheduler.planner import plan


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.lasting)])
def lend(request: pytest.FixtureRequest, tmp_path: Path) -> Lend:
    """Lend a place for a branch to each example."""
    databases: Databases | None = None
    if request.param == "postgres":
        databases = request.getfixturevalue("databases")
    return partial(fairness.lent, databases, tmp_path)


def end_of(branch: Branch) -> datetime:
    return datetime.combine(LAST_DAY, time(12), branch.zone)


def test_what_is_sure_on_the_last_workday_is_met_at_the_settlement(lend: Lend) -> None:
    sure = []

    @fair(6)
    @given(seed=seeds)
    @example(seed=4592)
    @example(seed=119560421)
    def law(seed: int) -> None:
        branch = fairness.plain(story_of(seed).before)
        oracle = Oracle(branch)
        with lend() as (folder, store), lived(folder, store, branch, clock=FakeTime(end_of(branch))) as bot:
            for span, userid, day in fairness.last_workdays(oracle):
                evening = oracle.midnight(day + ONE) - 1
                row = fairness.row_at(
                    load_standings(bot, at=oracle.local(evening), period=span.name).by_person, span, userid
                )
                if row.sure < row.target or not fairness.loses_nobody(branch, userid, after=evening):
                    continue
                settled = oracle.local(oracle.settlement(span))
                sure.append((seed, span.name, userid))
                status = fairness.status_of(bot, span, userid, at=settled)
                assert status is Status.MET, sure[-1]

    law()
    assert sure


def _texts(branch: Branch) -> str:
    """Return the rules with messages as plain texts."""
    rules = rules_of(branch.versions[-1].rules, branch)
    return rules.replace("[messages]\n", '[messages]\nstyle = "text"\n')


def _told(bot: Services, job: str, at: datetime) -> dict[tuple[str, str], str]:
    """Return the first line of each message that the planner makes, by job and person."""
    return {
        (message.job, message.to_userid): message.content.split("\n")[0] for message in plan(bot, job, at=at)
    }


def test_nobody_is_told_enough_on_the_last_workday_and_fails(lend: Lend) -> None:
    claims = set()

    @fair(6)
    @given(seed=seeds)
    @example(seed=236)
    @example(seed=7676)
    @example(seed=1504134)
    def law(seed: int) -> None:
        branch, chosen = fairness.close_to_the_target(fairness.plain(story_of(seed).before), Random(seed))
        oracle, clock = Oracle(branch), FakeTime(end_of(branch))
        with (
            lend() as (folder, store),
            lived(folder, store, branch, clock=clock, rules=_texts(branch)) as bot,
        ):
            for span, userid, day in chosen:
                for job, hour in (("progress", "09:07"), ("reminder", "16:37")):
                    at = clock.moment = moment(branch, day, hour)
                    enough = _enough(bot, userid, job, at)
                    if enough and fairness.loses_nobody(branch, userid, after=int(at.timestamp())):
                        settled = oracle.local(oracle.settlement(span))
                        status = fairness.status_of(bot, span, userid, at=settled)
                        assert status is not Status.MISSED, (seed, span.name, userid, at, enough)
                        claims.update(enough)

    law()
    assert claims >= {"progress", "chat", "silence"}


def _enough(bot: Services, userid: str, job: str, at: datetime) -> dict[str, str]:
    """Return what tells a person that it is enough: messages of *job*, an answer, or no reminder."""
    told = {name: line for (name, to), line in _told(bot, job, at).items() if to == userid}
    said = told | {"chat": say(bot, userid, "进度")[0]}
    enough = {name: line for name, line in said.items() if fairness.says_enough(line)}
    return enough | ({"silence": ""} if job == "reminder" and job not in told else {})


def test_who_adds_what_every_morning_calls_enough_meets_the_target(lend: Lend) -> None:
    obeyed = []

    @fair(6)
    @given(seed=seeds)
    @example(seed=119674)
    @example(seed=299920)
    def law(seed: int) -> None:
        branch, userid, days = fairness.obedient(seed)
        oracle, clock, number = Oracle(branch), FakeTime(end_of(branch)), 0
        spans = [span for span in oracle.spans_at(days[-1]) if oracle.target(span, userid)] if days else []
        with (
            lend() as (folder, store),
            lived(folder, store, branch, clock=clock, rules=_texts(branch)) as bot,
        ):
            for day in days if spans else ():
                for job, hour in (("progress", "09:07"), ("reminder", "16:37")):
                    line = _told(bot, job, moment(branch, day, hour)).get((job, userid))
                    more = 0 if line is None else fairness.number_said(line)
                    if more is None:
                        return  # what is lacking was said
                    hour = moment(branch, day, hour) + timedelta(minutes=5)
                    fairness.add_good(bot, branch, userid, range(number, number + more), at=hour)
                    number += more
            for span in spans:
                if oracle.own(span, userid)[-1] == days[-1]:
                    settled = oracle.local(oracle.settlement(span))
                    status = fairness.status_of(bot, span, userid, at=settled)
                    assert status is Status.MET, (seed, span, userid, days, number)
                    obeyed.append(number)

    law()
    assert any(obeyed)


def test_a_signed_figure_never_changes_by_anything_later(lend: Lend) -> None:
    signed = []

    @fair(6)
    @given(seed=seeds.filter(lambda seed: story_of(seed).closed_at is not None))
    @example(seed=3071)
    def law(seed: int) -> None:
        story, chance = story_of(seed), Chance(seed)
        branch, end = story.before, end_of(story.before)
        assert story.closed_at is not None
        with lend() as (folder, store):
            with lived(folder, store, branch, clock=FakeTime(story.closed_at)) as bot:
                settle.close_due(bot, at=story.closed_at)
                for closed in bot.store.results.closed():
                    results.sign(bot, closed.quota, closed.period, by="人事", at=end)
                before = _shown(bot, at=end + timedelta(days=60))
            later = _everything_else(branch, chance)
            (reading,), rules = later.readings, rules_of(later.versions[-1].rules, later)
            path = write_files(folder, store, reading, rules)
            with installation(path, FakeTime(end + timedelta(days=40))) as bot:
                _learn(bot, later, chance)
                after = _shown(bot, at=end + timedelta(days=60))
        assert after == before, seed
        signed.extend(before)

    law()
    assert signed


def _shown(bot: Services, *, at: datetime) -> dict[str, tuple[object, ...]]:
    """Return the rows of all closed periods, and the members and attainment of each team."""
    periods: dict[str, set[str]] = defaultdict(set)
    for closed in bot.store.results.closed():
        periods[closed.period].add(closed.quota)
    shown: dict[str, tuple[object, ...]] = {}
    for period, quotas in periods.items():
        standings = load_standings(bot, at=at, period=period)
        rows = [row for row in standings.rows if row.quota in quotas]
        teams = [
            (team.quota, team.department, team.people, team.attainment, team.median)
            for team in teams_of(standings)
            if team.quota in quotas
        ]
        shown[period] = (sorted(rows, key=lambda row: (row.quota, row.userid)), sorted(teams))
    return shown


def _everything_else(branch: Branch, chance: Chance) -> Branch:
    """Return *branch* with another roster, tree, file of rules and calendar, and with late notices."""
    lines = {
        userid: Line(departments=(chance.randint(1, 5),), role=chance.one(None, "柜员"), share=line.share / 2)
        for userid, line in branch.readings[-1].lines.items()
    } | {"late": Line(joined_on=chance.day())}
    late = [
        Event(chance.choice(sorted(lines)), f"late{number}", event.at + number, "added")
        for number, event in enumerate(branch.events)
    ]
    lost = [
        event._replace(at=event.at + 60, kind="lost_by_customer")
        for event in branch.events
        if event.kind == "added" and chance.often(0.5)
    ]
    return replace(
        branch,
        versions=(replace(branch.versions[-1], rules=changed(chance, branch.versions[-1].rules)),),
        readings=(Reading(on=LAST_DAY, lines=lines, parents={1: 2, 4: 3}),),
        events=(*late, *lost),
        holidays=frozenset(chance.day() for _ in range(9)),
        workdays=frozenset(chance.day() for _ in range(4)),
    )


def _learn(bot: Services, later: Branch, chance: Chance) -> None:
    """Take in notices, facts of the bank and leave, all of them late."""
    tell(bot, later.events)
    values = [
        Fact(key_kind="external_userid", key=customer, fact=fact, value=str(int(not value)))
        for customer, facts in later.facts.items()
        for fact, value in facts.items()
    ]
    put_facts(bot.store, values, imported_at=2)
    with bot.store.transaction():
        away = [
            Absence(userid=userid, first=day, last=day)
            for userid in later.readings[0].lines
            for day in {chance.day() for _ in range(5)}
        ]
        bot.store.contact_knowledge.put_absences(away)


def test_no_order_of_settlements_deducts_above_the_cap(lend: Lend) -> None:
    capped = []

    @fair(6)
    @given(seed=seeds)
    @example(seed=3745)
    @example(seed=726)
    def law(seed: int) -> None:
        chance, cap = Chance(seed), Chance(seed).one(100, 250)
        penalties = (Penalty(flat=150), Penalty(per_missing=60))
        branch = fairness.with_rules(
            replace(story_of(seed).before, record_began=None),
            lambda quota: fairness.longer(replace(quota, penalty=chance.choice(penalties))),
            cap_per_month=cap,
        )
        end, oracle = end_of(branch), Oracle(branch)
        settled = [oracle.settlement(span) for span in fairness.spans_around(oracle)]
        closings = sorted(chance.sample(settled, min(len(settled), chance.randint(1, 3))))
        with lend() as (folder, store), lived(folder, store, branch, clock=FakeTime(end)) as bot:
            for second in [*closings, int(end.timestamp())]:
                settle.close_due(bot, at=oracle.local(second))
                tell(bot, _late(branch, chance))
                _assert_under(bot, oracle, cap, capped)
            for closed in bot.store.results.closed():
                results.sign(bot, closed.quota, closed.period, by="人事", at=end + timedelta(days=40))
            tell(bot, _late(branch, chance))
            _correct(bot, chance, at=end + timedelta(days=41))
            _assert_under(bot, oracle, cap, capped)

    law()
    assert capped


def _late(branch: Branch, chance: Chance) -> list[Event]:
    """Return some late ends and adds."""
    return [
        chance.one(
            event._replace(at=event.at + 60, kind="lost_by_customer"),
            event._replace(customer=f"late{chance.random()}", kind="added"),
        )
        for event in branch.events
        if chance.often(0.2)
    ]


def _correct(bot: Services, chance: Chance, *, at: datetime) -> None:
    """Correct what is proposed in closed periods, in any order."""
    closed = bot.store.results.closed()
    for one in chance.sample(closed, min(6, len(closed))):
        for change in results.list_corrections(bot, one.quota, one.period, at=at):
            results.correct(bot, one.quota, one.period, change.userid, by="人事", reason="迟到", at=at)


def _assert_under(bot: Services, oracle: Oracle, cap: int, capped: list[int]) -> None:
    """Assert that no person's stored, nor shown, deductions of a month are above *cap*."""
    stored: dict[tuple[str, int, int], int] = defaultdict(int)
    for closed in bot.store.results.closed():
        for userid, result in bot.store.results.newest(closed.quota, closed.period).items():
            day = result.line.period_end
            stored[userid, day.year, day.month] += result.line.penalty or 0
    shown: dict[tuple[str, int, int], int] = defaultdict(int)
    for name in {span.name for span in fairness.spans_around(oracle)}:
        for row in load_standings(bot, at=end_of(oracle.branch), period=name).rows:
            shown[row.userid, row.period_end.year, row.period_end.month] += row.penalty or 0
    amounts = [*stored.values(), *shown.values()]
    assert all(amount <= cap for amount in amounts), (stored, shown)
    capped.extend(amount for amount in amounts if amount == cap)


def test_what_is_equal_in_the_bank_is_equal_in_money(lend: Lend) -> None:
    paid = []

    def money(branch: Branch) -> fairness.Money:
        with lend() as (folder, store), lived(folder, store, branch, clock=FakeTime(end_of(branch))) as bot:
            return fairness.money_of(bot, Oracle(branch), at=end_of(branch))

    @fair(6)
    @given(seed=seeds)
    @example(seed=4194303)
    @example(seed=126)
    @example(seed=2930053)
    def law(seed: int) -> None:
        branch, chance = fairness.without_department_ranks(story_of(seed).before), Random(seed)
        userids = sorted({userid for reading in branch.readings for userid in reading.lines})
        names = dict(zip(userids, chance.sample(["aa", "mm", "zz", *userids], len(userids)), strict=True))
        found = money(branch)
        called = {(quota, period, names[who]): amounts for (quota, period, who), amounts in found.items()}

        assert money(fairness.renamed(branch, names)) == called, (seed, names)
        assert money(fairness.doubled(branch, chance)) == found, seed
        assert money(fairness.split(branch, chance)) == found, seed
        if leaves := fairness.two_leaves(branch, chance):
            assert money(leaves[0]) == money(leaves[1]), seed
        paid.extend(amount for amounts in found.values() for amount in amounts if amount)

    law()
    assert paid
