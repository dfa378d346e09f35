"""The leader's evening message: whom to help first, and how the team stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from statistics import median

from bot.core.coaching import CoachingOutcome
from bot.core.engagement import Method, TeamRate
from bot.core.progress import QuotaFigures, Status
from bot.features.teams.help_needs import Improved
from bot.features.teams.help_sentences import first_in_short, need_said, outcome_said
from bot.features.teams.member import TeamMember, pace_of
from bot.features.teams.subteams import NamedSubTeams, first_said, lines_to_help, shorter_title, team_lines
from bot.messages.cards import fitting
from bot.messages.catalog import Texts, texts_in
from bot.messages.limits import HELP_FIRST
from bot.messages.lines import (
    confirmed,
    first_line,
    footer,
    incomplete_line,
    kept_of,
    labels_of,
    status_text,
    workdays_left,
)
from bot.messages.message import Button, Card, Keep, Line, Listing, Message, Part, Tone, plain
from bot.messages.sanitize import clean

# A person with several quotas is where the worst of them is; this order is from worst to best.
_WORST_FIRST = (Status.BEHIND, Status.MISSED, Status.ON_TRACK, Status.COVERED, Status.MET, Status.EXEMPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Further news for a leader. *outcome*: of people marked a week ago; *appeals*: those under review."""

    improved: Improved | None = None
    appeals: int = 0
    outcome: CoachingOutcome | None = None


NO_NEWS = News()


def digest(
    *,
    language: str,
    team: Sequence[TeamMember],
    at: datetime,
    replies: TeamRate | None = None,
    incomplete_since: datetime | None = None,
    news: News = NO_NEWS,
    over: NamedSubTeams | None = None,
) -> Message:
    """Tell a leader about his people, whom the caller has chosen.

    By name only those to help first, three at most, and who improved most. Percentages are whole and rounded
    down, minutes up. *replies*: how the team answered yesterday, if known. *incomplete_since* (in the zone of
    *at*): what happened from then on may be missing. *over*: he leads leaders; then teams are told of, by
    name only his own people, and *team* is who stands in the sums. A card leaves out what is new first.

    Raises ValueError for an empty team, *at* without a zone or an unknown language.
    """
    if not team:
        raise ValueError("digest needs at least one team member")
    texts = texts_in(language)
    of_teams = first_said(over, language=language) if over else None
    helped = _to_help(_own(team, over))
    first = helped[:HELP_FIRST]
    missing = incomplete_line(texts, incomplete_since, at=at)
    improved = _improved(texts, _names(team, over), news.improved)
    body = (
        *missing,
        *_over(texts, team, over, language=language, at=at, in_short=True),
        *_helped(texts, helped, language=language, at=at, in_short=True),
        *improved,
        *_last(language, news, in_short=True),
        Line((Part(texts["progress.for_your_eyes_short"].say()),), Keep.CORE),
    )
    return Message(
        (
            first_line(of_teams or _help_first(texts, first)),
            *missing,
            *_over(texts, team, over, language=language, at=at),
            *_helped(texts, helped, language=language, at=at),
            Line((Part(_groups(texts, team)),), Keep.CORE),
            *_attainment(texts, team, at=at),
            *improved,
            *_kept(texts, team),
            *_replies(texts, replies),
            *_last(language, news),
            Line((Part(texts["progress.for_your_eyes"].say()),), Keep.USEFUL),
            footer(texts, at=at, kind=texts["progress.kind_digest"]),
        ),
        card=_card(
            first,
            rows=_rows(texts, team, replies),
            body=body,
            title=_title(first, over if of_teams else None, language=language),
        ),
    )


def _card(
    first: Sequence[tuple[TeamMember, QuotaFigures]],
    *,
    rows: tuple[tuple[str, str], ...],
    body: tuple[Line | Listing, ...],
    title: str,
) -> Card:
    """Return the card, on which each of *first* may be marked as helped."""
    coach = tuple((member.userid, _name(member)) for member, _ in first)
    return Card(rows=rows, body=body, buttons=(Button.TEAM,), coach=coach, title=title, says_it_all=True)


def _last(language: str, news: News, *, in_short: bool = False) -> list[Line]:
    """Say what stands further below: what help brought, what is under review."""
    return [*_outcome(language, news.outcome, in_short=in_short), *_appeals(language, news.appeals)]


def _title(
    first: Sequence[tuple[TeamMember, QuotaFigures]], over: NamedSubTeams | None, *, language: str
) -> str:
    """Return a shorter first line, for a card; empty if there is none."""
    if over is not None:
        return shorter_title(over, language=language)
    return first_in_short([_name(member) for member, _ in first], language=language)


def _over(
    texts: Texts,
    team: Sequence[TeamMember],
    over: NamedSubTeams | None,
    *,
    language: str,
    at: datetime,
    in_short: bool = False,
) -> list[Line | Listing]:
    if over is None:
        return []
    rows = {row.quota: row for member in team for row in member.rows if row.target}
    labels = labels_of(texts, list(rows.values()), at=at)
    return team_lines(over, language=language, labels=labels, in_short=in_short)


def _names(team: Sequence[TeamMember], over: NamedSubTeams | None) -> dict[str, str]:
    """What those are called who may have improved most: people, or teams by their number."""
    if over is None:
        return {member.userid: _name(member) for member in team}
    return {str(one.department): over.name(one.department) for one in over.teams.shown}


def _rows(
    texts: Texts, team: Sequence[TeamMember], replies: TeamRate | None = None
) -> tuple[tuple[str, str], ...]:
    """The figures of the team as rows of a card; attainment only where there is one quota to speak of."""
    count = Counter(_worst(member) for member in team)
    asked = [row for member in team for row in member.rows if row.status is not Status.EXEMPT]
    groups = (
        (texts["cards.enough"], count[Status.MET] + count[Status.COVERED]),
        (texts["cards.on_track"], count[Status.ON_TRACK]),
    )
    parts = [str(len(team)), *(f"{name} {n}" for name, n in groups if n)]
    comma = texts["cards.comma"]
    said = [
        (texts["cards.team"], fitting(comma.join([*parts, *_others(texts, count)]), comma.join(parts))),
        *([(texts["cards.to_help"], str(count[Status.BEHIND]))] if count[Status.BEHIND] else []),
    ]
    if len({row.quota for row in asked}) == 1:
        said.append((texts["cards.attainment"], f"{_figures(asked)['percent']}%"))
    if (kept := _kept_percent(team)) is not None:
        said.append((texts["cards.kept"], texts["cards.kept_value"].say(percent=kept)))
    if replies is not None and replies.reply_rate is not None:
        (line,) = _replies(texts, replies)
        is_sum = replies.method is Method.AGGREGATED
        short = texts["cards.replied_all"] if is_sum else texts["cards.replied_median"]
        in_short = short.say(percent=replies.reply_rate // 100)
        said.append((texts["cards.replied"], fitting(plain(line), in_short)))
    return tuple(said)


def _others(texts: Texts, count: Counter[Status]) -> list[str]:
    rare = ((Status.MISSED, texts["progress.team_missed"]), (Status.EXEMPT, texts["progress.team_exempt"]))
    return [phrase.say(n=count[status]) for status, phrase in rare if count[status]]


def helped(team: Sequence[TeamMember], *, language: str, at: datetime) -> list[Line]:
    """Say of each of *team* who is behind and not away what he has and needs; lowest pace first."""
    texts = texts_in(language)
    return [_helped_person(texts, member, row, language=language, at=at) for member, row in _to_help(team)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSaid:
    """What a digest says of a team, for another message about it.

    *first*: names of whom to help first. *behind*: so many are. *teams*: how those of other leaders stand, in
    *teams_short* only where somebody is behind. *shares*: attainment and kept rate as a row of a card.
    """

    first: tuple[str, ...]
    behind: int
    teams: tuple[Line | Listing, ...]
    teams_short: tuple[Line | Listing, ...]
    groups: str
    attainment: tuple[Line | Listing, ...]
    kept: tuple[Line, ...]
    card_rows: tuple[tuple[str, str], ...]
    shares: tuple[tuple[str, str], ...]


def team_said(
    team: Sequence[TeamMember], *, language: str, at: datetime, over: NamedSubTeams | None = None
) -> TeamSaid:
    """Say how *team* stands. *at* is local."""
    texts = texts_in(language)
    first = _to_help(_own(team, over))[:HELP_FIRST]
    return TeamSaid(
        first=tuple(_name(member) for member, _ in first),
        behind=sum(1 for member in team if member.lowest is not None),
        teams=tuple(_over(texts, team, over, language=language, at=at)),
        teams_short=tuple(lines_to_help(replace(over, leaders={}), language=language)) if over else (),
        groups=_groups(texts, team),
        attainment=tuple(_attainment(texts, team, at=at)),
        kept=tuple(_kept(texts, team)),
        card_rows=_rows(texts, team),
        shares=_shares(texts, team),
    )


def _shares(texts: Texts, team: Sequence[TeamMember]) -> tuple[tuple[str, str], ...]:
    asked = [row for member in team for row in member.rows if row.status is not Status.EXEMPT]
    said = []
    if len({row.quota for row in asked}) == 1:
        said.append(f"{texts['cards.attainment']} {_figures(asked)['percent']}%")
    if (kept := _kept_percent(team)) is not None:
        said.append(f"{texts['cards.kept']} {kept}%")
    return ((texts["cards.team"], texts["cards.comma"].join(said)),) if said else ()


def _own(team: Sequence[TeamMember], over: NamedSubTeams | None) -> list[TeamMember]:
    return [member for member in team if over is None or member.userid in over.own]


def _to_help(team: Sequence[TeamMember]) -> list[tuple[TeamMember, QuotaFigures]]:
    """Return those behind who are not away, each with the row of his lowest pace; lowest pace first."""
    behind = [(member, row) for member in team if not member.away and (row := member.lowest) is not None]
    return sorted(behind, key=lambda pair: (pace_of(pair[1]), pair[0].userid))


def _help_first(texts: Texts, first: Sequence[tuple[TeamMember, QuotaFigures]]) -> str:
    if not first:
        return texts["progress.help_nobody"].say()
    names = texts["progress.names_comma"].join(_name(member) for member, _ in first)
    return texts["progress.help_first"].say(n=len(first), names=names)


def _name(member: TeamMember) -> str:
    return clean(member.name, otherwise=member.userid)


def _helped(
    texts: Texts,
    helped: Sequence[tuple[TeamMember, QuotaFigures]],
    *,
    language: str,
    at: datetime,
    in_short: bool = False,
) -> list[Listing]:
    """Say of each whom the first line names what he has and needs; *in_short* for a card."""
    if not helped:
        return []
    say = _in_short if in_short else _helped_person
    lines = tuple(say(texts, member, row, language=language, at=at) for member, row in helped[:HELP_FIRST])
    hidden = len(helped) - len(lines)
    return [Listing(lines, more=texts["progress.more_people"], keep=Keep.CORE, hidden=hidden)]


def _helped_person(
    texts: Texts, member: TeamMember, row: QuotaFigures, *, language: str, at: datetime
) -> Line:
    details = [*confirmed(texts, row), _left_today(texts, row)]
    if member.need is None:
        details += workdays_left(texts, row)
    label = labels_of(texts, member.rows, at=at)[row.quota]
    said = status_text(texts, row, label=label, details=details)
    if member.need is not None:
        said = texts["helping.semicolon"].join((said, need_said(member.need, language=language)))
    return Line((Part(texts["progress.helped_person"].say(name=_name(member), details=said)),), Keep.CORE)


def _left_today(texts: Texts, row: QuotaFigures) -> str:
    if row.today_left:
        return texts["progress.left_today"].say(n=row.today_left)
    return texts["progress.enough_today"]


def _in_short(texts: Texts, member: TeamMember, row: QuotaFigures, *, language: str, at: datetime) -> Line:
    """Say with what to help, else what is left: a card has no room for all that the message says."""
    if member.need is not None:
        what = need_said(member.need, language=language, in_short=True)
    else:
        what = _left_today(texts, row)
    name = _name(member)
    if len(member.rows) > 1:
        name = f"{name} · {labels_of(texts, member.rows, at=at)[row.quota]}"
    said = texts["helping.short"].say(name=name, done=row.counted + row.pending, target=row.target, need=what)
    return Line((Part(said),), Keep.CORE)


def _improved(texts: Texts, names: Mapping[str, str], improved: Improved | None) -> list[Line]:
    if improved is None:
        return []
    said = texts["helping.improved"].say(
        names=texts["helping.names"].join(names[userid] for userid in improved.userids), n=improved.more
    )
    return [Line((Part(said, Tone.GOOD),), Keep.NICE)]


def _outcome(language: str, outcome: CoachingOutcome | None, *, in_short: bool) -> list[Line]:
    if outcome is None:
        return []
    return [Line((Part(outcome_said(outcome, language=language, in_short=in_short)),), Keep.USEFUL)]


def _appeals(language: str, number: int) -> list[Line]:
    return [Line((Part(texts_in(language)["helping.reviews"].say(n=number)),), Keep.USEFUL)] if number else []


def _groups(texts: Texts, team: Sequence[TeamMember]) -> str:
    """Say how many are where. `missed` is rare (a period over, the next not asked) and said only if there."""
    count = Counter(_worst(member) for member in team)
    groups = [
        texts["progress.team_enough"].say(n=count[Status.MET] + count[Status.COVERED]),
        texts["progress.team_on_track"].say(n=count[Status.ON_TRACK]),
        texts["progress.team_to_help"].say(n=count[Status.BEHIND]),
    ]
    groups += _others(texts, count)
    return texts["progress.team"].say(n=len(team), groups=texts["progress.team_separator"].join(groups))


def _worst(member: TeamMember) -> Status:
    return min((row.status for row in member.rows), key=_WORST_FIRST.index, default=Status.EXEMPT)


def _attainment(texts: Texts, team: Sequence[TeamMember], *, at: datetime) -> list[Line | Listing]:
    """Say the team figures of each quota; different quotas are never summed."""
    by_quota: dict[str, list[QuotaFigures]] = {}
    for row in (row for member in team for row in member.rows if row.status is not Status.EXEMPT):
        by_quota.setdefault(row.quota, []).append(row)
    if not by_quota:
        return []
    if len(by_quota) == 1:
        (rows,) = by_quota.values()
        return [Line((Part(texts["progress.attainment"].say(**_figures(rows))),), Keep.USEFUL)]
    labels = labels_of(texts, [rows[0] for rows in by_quota.values()], at=at)
    lines = [
        Line((Part(texts["progress.attainment_of"].say(label=labels[quota], **_figures(rows))),), Keep.USEFUL)
        for quota, rows in by_quota.items()
    ]
    return [Listing(tuple(lines), more=texts["progress.more_quotas"], keep=Keep.USEFUL)]


def _figures(rows: Sequence[QuotaFigures]) -> dict[str, int]:
    """Compute attainment, median and time elapsed in percent; the targets of *rows* are above 0."""
    asked = sum(row.target for row in rows)
    expected = sum((Fraction(str(row.expected)) for row in rows), Fraction(0))
    return {
        "percent": int(Fraction(100 * sum(min(row.counted, row.target) for row in rows), asked)),
        "median": int(100 * median(Fraction(row.counted, row.target) for row in rows)),
        "elapsed": int(100 * expected / asked),
    }


def _kept(texts: Texts, team: Sequence[TeamMember]) -> list[Line]:
    kept = _kept_percent(team)
    return [] if kept is None else [Line((Part(texts["progress.team_kept"].say(percent=kept)),), Keep.NICE)]


def _kept_percent(team: Sequence[TeamMember]) -> int | None:
    kept = [one for one in (kept_of(member.rows) for member in team) if one is not None]
    return int(100 * median(kept)) if kept else None


def _replies(texts: Texts, replies: TeamRate | None) -> list[Line]:
    if replies is None or replies.reply_rate is None:
        return []
    said = [texts.table("progress.team_replies")[replies.method].say(percent=replies.reply_rate // 100)]
    if replies.first_reply_s is not None:
        said.append(
            texts.table("progress.team_first_reply")[replies.method].say(n=-(-replies.first_reply_s // 60))
        )
    return [Line((Part(texts["progress.comma"].join(said)),), Keep.NICE)]
