"""Sentences on a team's figures, for the digest and the weekly message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from statistics import median

from bot.core.engagement import TeamRate
from bot.core.progress import QuotaFigures
from bot.core.status import WORST_FIRST, Status
from bot.features.teams.member import TeamMember
from bot.messages.catalog import Texts
from bot.messages.lines import kept_of, labels_of
from bot.messages.message import Keep, Line, Listing


def say_groups(texts: Texts, team: Sequence[TeamMember]) -> str:
    """Say how many people have which status; rare ones (`missed`, `exempt`) only if there are any."""
    count = Counter(worst_of(member) for member in team)
    groups = [
        texts["progress.team_enough"].say(n=count[Status.MET] + count[Status.COVERED]),
        texts["progress.team_on_track"].say(n=count[Status.ON_TRACK]),
        texts["progress.team_to_help"].say(n=count[Status.BEHIND]),
    ]
    groups += say_others(texts, count)
    return texts["progress.team"].say(n=len(team), groups=texts["progress.team_separator"].join(groups))


def worst_of(member: TeamMember) -> Status:
    """Return the status of the member's worst quota; without a quota they are exempt."""
    return min((row.status for row in member.rows), key=WORST_FIRST.index, default=Status.EXEMPT)


def say_others(texts: Texts, count: Counter[Status]) -> list[str]:
    """Say how many people missed their target or have none, if there are any."""
    rare = ((Status.MISSED, texts["progress.team_missed"]), (Status.EXEMPT, texts["progress.team_exempt"]))
    return [phrase.say(n=count[status]) for status, phrase in rare if count[status]]


def say_attainment(texts: Texts, team: Sequence[TeamMember], *, at: datetime) -> list[Line | Listing]:
    """Say the team figures of each quota; different quotas are never summed."""
    by_quota: dict[str, list[QuotaFigures]] = {}
    for row in _asked(team):
        by_quota.setdefault(row.quota, []).append(row)
    if not by_quota:
        return []
    if len(by_quota) == 1:
        (rows,) = by_quota.values()
        return [Line.of(texts["progress.attainment"].say(**_figures(rows)), Keep.USEFUL)]
    labels = labels_of(texts, [rows[0] for rows in by_quota.values()], at=at)
    lines = [
        Line.of(texts["progress.attainment_of"].say(label=labels[quota], **_figures(rows)), Keep.USEFUL)
        for quota, rows in by_quota.items()
    ]
    return [Listing(tuple(lines), more=texts["progress.more_quotas"], keep=Keep.USEFUL)]


def _asked(team: Sequence[TeamMember]) -> list[QuotaFigures]:
    return [row for member in team for row in member.rows if row.status is not Status.EXEMPT]


def _figures(rows: Sequence[QuotaFigures]) -> dict[str, int]:
    """Compute attainment, median and time elapsed in percent; the targets of *rows* are above 0."""
    tenths = sum(round(10 * row.expected) for row in rows)
    return {
        "percent": _percent(rows),
        "median": int(100 * median(Fraction(row.counted, row.target) for row in rows)),
        "elapsed": 10 * tenths // sum(row.target for row in rows),
    }


def _percent(rows: Sequence[QuotaFigures]) -> int:
    return 100 * sum(min(row.counted, row.target) for row in rows) // sum(row.target for row in rows)


def say_kept(texts: Texts, team: Sequence[TeamMember]) -> list[Line]:
    """Say the median of what members kept, in percent; nothing if nobody kept or lost any."""
    kept = kept_percent(team)
    return [] if kept is None else [Line.of(texts["progress.team_kept"].say(percent=kept), Keep.NICE)]


def kept_percent(team: Sequence[TeamMember]) -> int | None:
    """Return the median of the members' kept shares in percent, None if nobody has one."""
    kept = [share for share in (kept_of(member.rows) for member in team) if share is not None]
    return int(100 * median(kept)) if kept else None


def say_replies(texts: Texts, replies: TeamRate | None) -> list[Line]:
    """Say how many customers were answered, and how soon; nothing without figures."""
    if replies is None or replies.reply_rate is None:
        return []
    parts = [texts.table("progress.team_replies")[replies.method].say(percent=replies.reply_rate // 100)]
    if replies.first_reply_s is not None:
        first_reply = texts.table("progress.team_first_reply")[replies.method]
        parts.append(first_reply.say(n=-(-replies.first_reply_s // 60)))
    return [Line.of(texts["progress.comma"].join(parts), Keep.NICE)]


def percent_of_one(team: Sequence[TeamMember]) -> int | None:
    """Return the attainment of the team's only quota; None if there are several or none."""
    asked = _asked(team)
    return _percent(asked) if len({row.quota for row in asked}) == 1 else None
