"""The branches of the core's tests as the oracle takes them: the product's types are only read as data."""

from __future__ import annotations

from datetime import date
from typing import Any

from oracle.branch import (
    Branch,
    Decision,
    Details,
    Event,
    FindingDecision,
    Integrity,
    Line,
    Penalty,
    Quota,
    Reading,
    Reward,
    Rules,
    Version,
)
from oracle.calendar import DAY_S
from oracle.closed import Oracle
from oracle.rows import Row
from oracle.short import LONG_AGO

from bot.core.integrity import DecidedFinding
from bot.core.money import Pay
from bot.core.people import Person
from bot.core.quotas import Quota as CoreQuota
from builders.worlds import World


def rows(world: World) -> list[Row]:
    """Return the oracle's rows of *world*."""
    return Oracle(branch_of(world)).rows(world.at, world.period_name, money=world.money)


def words(world: World) -> dict[tuple[str, str], list[tuple[Any, str]]]:
    """Return the oracle's verdicts of those with a row, without what a segment leaves out."""
    found = Oracle(branch_of(world)).words(world.at, world.period_name)
    return {
        about: [(key, word) for key, word in verdicts.items() if word != "left_out"]
        for about, verdicts in found.items()
    }


def teams(world: World) -> list[dict[str, Any]]:
    """Return the oracle's teams of *world*."""
    return Oracle(branch_of(world)).teams(world.at, world.period_name)


def branch_of(world: World) -> Branch:
    """Return *world* in the oracle's values."""
    dates = {held.since for person in world.people for held in person.memberships if held.since}
    dates |= {until for until, _ in world.departments.before}
    rules = Rules(
        quotas=tuple(map(quota_of, world.quotas)),
        integrity=integrity_of(world.quotas[0]),
        regain_days=world.regain_s // DAY_S,
    )
    return Branch(
        versions=(Version(on=LONG_AGO, rules=rules),),
        readings=tuple(reading_of(world, day) for day in sorted({LONG_AGO, *dates})),
        events=tuple(
            Event(one.userid, one.external_userid, one.at, one.kind.value, one.listed, one.state)
            for one in world.events
            if one.kind != "transfer_failed"
        ),
        absences={person.userid: person.absences for person in world.people},
        details={
            pair: Details(customer_type=one.customer_type, add_way=one.add_way, tags=one.tags)
            for pair, one in world.known.details.items()
        },
        managers=world.known.managers,
        facts=world.known.facts,
        decisions=tuple(
            Decision(key=key, quota=quota, accepted=accepted)
            for key, by_quota in world.known.decisions.items()
            for quota, accepted in by_quota.items()
        ),
        findings=tuple(map(finding_of, world.decided)),
        planned=world.planned,
        zone=world.calendar.zone,
        holidays=world.calendar.holidays,
        workdays=world.calendar.workdays,
        closes=world.calendar.closes,
        behind_threshold=world.behind_threshold,
        start=world.start,
    )


def reading_of(world: World, day: date) -> Reading:
    """Return everybody's line on *day*, and the tree."""
    tree = next((old for until, old in world.departments.before if day < until), world.departments)
    return Reading(
        on=day,
        lines={person.userid: line_of(person, day) for person in world.people},
        parents=tree.parents,
    )


def line_of(person: Person, day: date) -> Line:
    """Return what the roster of *day* says of a person."""
    held = person.membership_on(day)
    return Line(
        departments=held.departments,
        role=held.role,
        share=held.share,
        joined_on=person.joined_on or person.first_read,
        left_on=person.left_on,
    )


def quota_of(quota: CoreQuota) -> Quota:
    """Return a quota in the oracle's values."""
    rules = quota.counting
    same = ("keep_days", "segment_tags", "required_tags", "required_facts", "own_book", "exclude_add_ways")
    return Quota(
        id=quota.id,
        period=quota.period.value,
        target=quota.target,
        basis=quota.basis.value,
        roles=quota.roles,
        departments=quota.departments,
        userids=quota.userids,
        starts_on=quota.starts_on,
        ends_on=quota.ends_on,
        penalty=penalty_of(quota),
        reward=reward_of(quota),
        first_add=rules.first_add.value,
        customer_types=rules.customer_types,
        max_share=tuple((one.fact, one.share) for one in rules.max_share),
        exclude_states=rules.exclude_states,
        max_per_day=rules.max_per_day,
        **{name: getattr(rules, name) for name in same},
    )


def penalty_of(quota: CoreQuota) -> Penalty | None:
    """Return its deduction."""
    rule = quota.penalty
    if rule is None:
        return None
    amount, cap = paid(rule.per_missing)
    return Penalty(flat=rule.flat, per_missing=amount, cap=cap, tiers=rule.tiers)


def reward_of(quota: CoreQuota) -> Reward | None:
    """Return its reward."""
    rule = quota.reward
    if rule is None:
        return None
    amount, cap = paid(rule.per_extra)
    return Reward(
        top=rule.top,
        scope=rule.scope.value,
        min_attainment=rule.min_attainment,
        min_kept=rule.min_kept,
        min_presence=rule.min_presence,
        per_extra=amount,
        cap=cap,
    )


def paid(pay: Pay | None) -> tuple[int | None, int | None]:
    """Return amount and cap."""
    return (None, None) if pay is None else (pay.amount, pay.cap)


def integrity_of(quota: CoreQuota) -> Integrity:
    """Return its `[integrity]`, which all quotas of a world share."""
    rule = quota.integrity
    return Integrity(
        shared_by=rule.shared_by,
        window_days=rule.window_days,
        burst=None if rule.burst is None else (rule.burst.adds, rule.burst.minutes),
        quick_loss=None if rule.quick_loss is None else (rule.quick_loss.rate, rule.quick_loss.min_adds),
        hold=rule.hold,
    )


def finding_of(decided: DecidedFinding) -> FindingDecision:
    """Return a decision on a finding."""
    name = decided.name
    quota, _, period = name.subject.rpartition(" ")
    return FindingDecision(
        kind=name.kind.value,
        userid=name.userid,
        adds=decided.concerned,
        confirmed=decided.confirmed,
        quota=quota,
        period=period,
    )
