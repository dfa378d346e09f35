"""How often random stories reach each rule, so that an agreement says something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from oracle.adds import LOSSES
from oracle.book import Span
from oracle.branch import Event
from oracle.closed import Oracle
from oracle.rows import Row
from oracle.stories import Story

WORDS = (
    *("counted", "counted:review", "counted:details", "counted:facts", "left_out"),
    *("rejected:review", "rejected:not_first", "rejected:customer_type", "rejected:add_way"),
    *("rejected:state", "rejected:not_own_book", "rejected:facts", "rejected:lost_early"),
    *("rejected:over_daily_cap", "rejected:details", "rejected:tags", "rejected:over_share"),
    *("pending:over_share", "pending:details", "pending:tags", "pending:facts"),
    *("pending:keep_period", "pending:review"),
)
STATUSES = ("exempt", "met", "covered", "missed", "behind", "on_track")
FLAGS = ("flag burst", "flag shared", "flag quick_loss")
PEOPLE = (
    *("under by role", "under by department", "under by userid", "share dated", "tree dated", "role dated"),
    *("newcomer without a date", "newcomer with a date", "left", "absent", "moved within the period"),
)
PERIODS = (
    *("day", "week", "month", "quarter", "year", "held", "starts_on", "cut period", "old kind waits"),
    *("changed target", "changed integrity", "changed ledger", "changed money"),
)
EVENTS = (
    *(
        "slip",
        "slip of another rule",
        "list merged",
        "list apart",
        "half-added",
        "transferred",
        "re-add",
        "taken back",
    ),
    *("moved to a workday", "on a day of another quota", "handed on, held", "campaign"),
)
MONEY = (
    *("penalty", "penalty prorated", "penalty capped", "reward", "top out of presence", "for reference"),
    *("rank beside others", "money before the settlement", "a stored line takes of the cap"),
)
CLOSED = ("stored rows", "late notice", "late person")
ALL = (*WORDS, *STATUSES, *FLAGS, *PEOPLE, *PERIODS, *EVENTS, *MONEY, *CLOSED)


def reached(story: Story) -> Counter[str]:
    """Return what one story reaches."""
    return Counter(label for label in _labels(story) if label)


def _labels(story: Story) -> Iterator[str]:
    oracle = Oracle(story.after)
    today = story.at.astimezone(story.after.zone).date()
    spans = oracle.spans_at(today) if story.period is None else oracle.spans_named(story.period)
    for words in oracle.words(story.at, story.period).values():
        yield from words.values()
    for span in spans:
        rows = oracle.rows_of(span, story.at, money=story.money)
        yield from _of_span(story, oracle, span)
        for row in rows:
            yield row["status"]
            yield from (f"flag {flag}" for flag in row["flags"])
            if row["userid"] in oracle.rowed(span):
                yield from _of_person(oracle, span, row)
        yield from _of_money(story, oracle, span, rows)
    yield from _of_events(oracle, spans, int(story.at.timestamp()))


def _of_span(story: Story, oracle: Oracle, span: Span) -> Iterator[str]:
    quota, rules = span.quota, [version.rules for version in story.after.versions]
    yield quota.period
    yield "held" if quota.basis == "held" else ""
    yield "starts_on" if quota.starts_on else ""
    yield "cut period" if span.last < span.whole_last else ""
    now = oracle.standing_quota(quota.id, span.first)
    yield "old kind waits" if now and now.period != quota.period else ""
    if len(rules) > 1:
        other = next((one for one in rules[-1].quotas if one.id == quota.id), quota)
        yield "changed target" if other.target != quota.target else ""
        yield "changed integrity" if rules[0].integrity != rules[1].integrity else ""
        yield "changed ledger" if rules[0].regain_days != rules[1].regain_days else ""
        yield "changed money" if rules[0].cap_per_month != rules[1].cap_per_month else ""
    if (quota.id, span.name) in story.after.closings and story.at.timestamp() >= int(
        (story.closed_at or story.at).timestamp()
    ):
        live = Oracle(replace(story.after, closings={})).rows_of(span, story.at)
        stored = oracle.rows_of(span, story.at)
        yield "stored rows" if stored else ""
        yield "late person" if {row["userid"] for row in live} > {row["userid"] for row in stored} else ""
        figures = [[row["gross"] for row in rows if row["userid"] != "late"] for rows in (live, stored)]
        yield "late notice" if figures[0] != figures[1] else ""


def _of_person(oracle: Oracle, span: Span, row: Row) -> Iterator[str]:
    userid, quota, branch = row["userid"], span.quota, oracle.branch
    own, under = oracle.own(span, userid), oracle.days_under(span, userid)
    yield "under by role" if quota.roles else ""
    yield "under by department" if quota.departments else ""
    yield "under by userid" if userid in quota.userids else ""
    yield "share dated" if len({oracle.share_on(userid, day) for day in own}) > 1 else ""
    lines = {oracle.line_on(userid, day) for day in under}
    yield "role dated" if len({line.role for line in lines}) > 1 else ""
    yield "tree dated" if len({tuple(oracle.above(row["department"], day)) for day in under}) > 1 else ""
    late = userid not in branch.readings[0].lines
    given = branch.readings[-1].lines.get(userid, oracle.line_on(userid, span.first)).joined_on
    yield ("newcomer with a date" if given else "newcomer without a date") if late else ""
    yield "left" if oracle.left_on(userid) in under else ""
    yield "absent" if branch.absences.get(userid, frozenset()) & set(under) else ""
    employed = [day for day in under if oracle.employed(userid, day)]
    span_days = (span.last - span.first).days + 1
    yield "moved within the period" if len(employed) < span_days and len(lines) and not late else ""


def _of_events(oracle: Oracle, spans: list[Span], until: int) -> Iterator[str]:
    branch = oracle.branch
    told = [event for event in branch.events if event.at <= until]
    adds = oracle.adds(until)
    by_callback = {
        (event.userid, event.customer, event.at)
        for event in told
        if event.kind == "added" and not event.by_list
    }
    for event in told:
        yield "half-added" if event.kind == "half_added" else ""
        again = Event(event.userid, event.customer, event.at + 1, "added", by_list=True)
        yield "taken back" if event.kind == "lost_unknown" and again in told else ""
        yield "transferred" if event.kind == "transferred" else ""
        if event.by_list:
            near = any(
                abs(event.at - at) <= 60
                for userid, customer, at in by_callback
                if (userid, customer) == (event.userid, event.customer)
            )
            yield "list merged" if near else "list apart"
    for add in adds:
        yield "re-add" if add.number else ""
        yield "campaign" if oracle.planned(add) else ""
        own = [event for event in told if (event.userid, event.customer) == (add.userid, add.customer)]
        within = [event for event in own if event.at > add.at and (add.end is None or event.at < add.end)]
        slips = [event for event in within if event.kind in LOSSES]
        later = [event.at for event in within if event.kind == "added"]
        if slips and any(at > slips[0].at for at in later):
            yield "slip"
            days = {oracle.standing(oracle.day_of(slip.at)).regain_days for slip in slips}
            yield "slip of another rule" if days != {branch.versions[0].rules.regain_days} else ""
        for span in spans:
            day = oracle.day_for(span, add) if add.userid in oracle.userids() else None
            moved = day is not None and day != oracle.day_of(add.at) and span.first <= day <= span.last
            yield "moved to a workday" if moved else ""
            dated = span.first <= oracle.day_of(add.at) <= span.last
            yield "on a day of another quota" if dated and day is None else ""
            if span.quota.basis == "held":
                handed = add in oracle.won(span, add.userid, until) and add.ended_by == "transferred"
                yield "handed on, held" if handed else ""


def _of_money(story: Story, oracle: Oracle, span: Span, rows: list[Row]) -> Iterator[str]:
    settled = story.at.timestamp() >= oracle.settlement(span)
    free = tuple(
        replace(version, rules=replace(version.rules, cap_per_month=0)) for version in story.after.versions
    )
    without_cap = Oracle(replace(story.after, versions=free)).rows_of(span, story.at, money=story.money)
    uncapped = {row["userid"]: row["penalty"] or 0 for row in without_cap}
    for row in rows:
        rule = span.quota.penalty
        yield "penalty" if row["penalty"] else ""
        yield "reward" if row["reward"] else ""
        part = oracle.part(span, row["userid"]) if row["userid"] in oracle.rowed(span) else 1
        yield "penalty prorated" if row["penalty"] and rule and not rule.per_missing and part != 1 else ""
        cut = (row["penalty"] or 0) < uncapped.get(row["userid"], 0)
        yield "penalty capped" if cut else ""
        yield "a stored line takes of the cap" if cut and story.after.closings else ""
        yield "top out of presence" if row["target"] and row["rank"] is None else ""
        yield "rank beside others" if (row["rank"] or 1) > 1 else ""
        yield "money before the settlement" if row["penalty"] is not None and not settled else ""
    reference = oracle._for_reference(span) and (span.quota.penalty or span.quota.reward)
    yield "for reference" if reference and (settled or story.money) and rows else ""
