"""The leader's evening message: whom to help first, and how the team stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.coaching import CoachingOutcome
from bot.core.engagement import Method, TeamRate
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.features.teams.help_needs import Improved
from bot.features.teams.help_sentences import first_in_short, need_said, outcome_said
from bot.features.teams.member import TeamMember, pace_of
from bot.features.teams.subteams import NamedSubTeams, first_said, lines_to_help, shorter_title, team_lines
from bot.features.teams.team_figures import (
    kept_percent,
    percent_of_one,
    say_attainment,
    say_groups,
    say_kept,
    say_others,
    say_replies,
    worst_of,
)
from bot.messages.cards import fitting
from bot.messages.catalog import Texts, texts_in
from bot.messages.limits import HELP_FIRST
from bot.messages.lines import (
    confirmed,
    first_line,
    footer,
    incomplete_line,
    labels_of,
    open_said,
    status_text,
    workdays_left,
)
from bot.messages.message import Button, Card, Keep, Line, Listing, Message, Tone, plain
from bot.messages.sanitize import clean


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
    subteams: NamedSubTeams | None = None,
) -> Message:
    """Tell a leader about *team*.

    The message names at most three people to help first, and the people who improved most. Percentages are
    rounded down, minutes up. *replies*: how the team answered yesterday, if known. *incomplete_since* (in the
    zone of *at*): events from then on may be missing. *subteams*: for leaders of leaders; then *team* has all
    people of the sums, and names are those of direct reports. A card leaves out news first.

    Raises ValueError for an empty team, *at* without a zone or an unknown language.
    """
    if not team:
        raise ValueError("digest needs at least one team member")
    texts = texts_in(language)
    said = _Digest(
        language=language,
        texts=texts,
        team=team,
        at=at,
        replies=replies,
        news=news,
        subteams=subteams,
        missing=incomplete_line(texts, incomplete_since, at=at),
        helped=_to_help(_own(team, subteams)),
    )
    return Message(said.lines(), card=said.card())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Digest:
    """The content of a digest, for its text and its card; *helped*: people to help, the most urgent first."""

    language: str
    texts: Texts
    team: Sequence[TeamMember]
    at: datetime
    replies: TeamRate | None
    news: News
    subteams: NamedSubTeams | None
    missing: Sequence[Line]
    helped: Sequence[tuple[TeamMember, QuotaFigures]]

    def lines(self) -> tuple[Line | Listing, ...]:
        """Return the lines of the text."""
        texts, team = self.texts, self.team
        return (
            first_line(self._of_teams() or _help_first(texts, self.helped[:HELP_FIRST])),
            *self.missing,
            *self._people(in_short=False),
            Line.of(say_groups(texts, team)),
            *say_attainment(texts, team, at=self.at),
            *self._improved(),
            *say_kept(texts, team),
            *say_replies(texts, self.replies),
            *_last(self.language, self.news),
            Line.of(texts["progress.for_your_eyes"].say(), Keep.USEFUL),
            footer(texts, at=self.at, kind=texts["progress.kind_digest"]),
        )

    def card(self) -> Card:
        """Return the card, a short form of the text."""
        first = self.helped[:HELP_FIRST]
        return Card(
            rows=_rows(self.texts, self.team, self.replies),
            body=(
                *self.missing,
                *self._people(in_short=True),
                *self._improved(),
                *_last(self.language, self.news, in_short=True),
                Line.of(self.texts["progress.for_your_eyes_short"].say()),
            ),
            buttons=(Button.TEAM,),
            coach=tuple((member.userid, _name(member)) for member, _ in first),  # a button for each
            title=_title(first, self.subteams if self._of_teams() else None, language=self.language),
            says_it_all=True,
        )

    def _of_teams(self) -> str | None:
        return first_said(self.subteams, language=self.language) if self.subteams else None

    def _people(self, *, in_short: bool) -> tuple[Line | Listing, ...]:
        """Return the sub-teams, and the people to help with what they need."""
        language, at = self.language, self.at
        return (
            *_subteams(self.texts, self.team, self.subteams, language=language, at=at, in_short=in_short),
            *_helped(self.texts, self.helped, language=language, at=at, in_short=in_short),
        )

    def _improved(self) -> Sequence[Line]:
        if (improved := self.news.improved) is None:
            return ()
        names = _names(self.team, self.subteams, of=improved.userids)
        return _improved(self.texts, names, improved)


def _last(language: str, news: News, *, in_short: bool = False) -> list[Line]:
    """Say what help brought and how many appeals are open."""
    said = []
    if news.outcome is not None:
        said.append(outcome_said(news.outcome, language=language, in_short=in_short))
    if news.appeals:
        said.append(texts_in(language)["helping.reviews"].say(n=news.appeals))
    return [Line.of(text, Keep.USEFUL) for text in said]


def _title(
    first: Sequence[tuple[TeamMember, QuotaFigures]], subteams: NamedSubTeams | None, *, language: str
) -> str:
    """Return a shorter first line, for a card; empty if there is none."""
    if subteams is not None:
        return shorter_title(subteams, language=language)
    return first_in_short([_name(member) for member, _ in first], language=language)


def _subteams(
    texts: Texts,
    team: Sequence[TeamMember],
    subteams: NamedSubTeams | None,
    *,
    language: str,
    at: datetime,
    in_short: bool = False,
) -> list[Line | Listing]:
    if subteams is None:
        return []
    rows = {row.quota: row for member in team for row in member.rows if row.target}
    labels = labels_of(texts, list(rows.values()), at=at)
    return team_lines(subteams, language=language, labels=labels, in_short=in_short)


def _names(
    team: Sequence[TeamMember], subteams: NamedSubTeams | None, *, of: Collection[str]
) -> dict[str, str]:
    """Return the names *of* those who improved most: people, or teams by their number."""
    if subteams is None:
        return {member.userid: _name(member) for member in team if member.userid in of}
    return {str(shown.department): subteams.name(shown.department) for shown in subteams.teams.shown}


def _rows(
    texts: Texts, team: Sequence[TeamMember], replies: TeamRate | None = None
) -> tuple[tuple[str, str], ...]:
    """Return the team's figures as rows of a card; attainment only for a single quota."""
    count = Counter(worst_of(member) for member in team)
    groups = (
        (texts["cards.enough"], count[Status.MET] + count[Status.COVERED]),
        (texts["cards.on_track"], count[Status.ON_TRACK]),
    )
    parts = [str(len(team)), *(f"{name} {n}" for name, n in groups if n)]
    comma = texts["cards.comma"]
    rows = [
        (texts["cards.team"], fitting(comma.join([*parts, *say_others(texts, count)]), comma.join(parts))),
        *([(texts["cards.to_help"], str(count[Status.BEHIND]))] if count[Status.BEHIND] else []),
    ]
    if (percent := percent_of_one(team)) is not None:
        rows.append((texts["cards.attainment"], f"{percent}%"))
    if (kept := kept_percent(team)) is not None:
        rows.append((texts["cards.kept"], texts["cards.kept_value"].say(percent=kept)))
    if replies is not None and replies.reply_rate is not None:
        (line,) = say_replies(texts, replies)
        is_sum = replies.method is Method.AGGREGATED
        short = texts["cards.replied_all"] if is_sum else texts["cards.replied_median"]
        in_short = short.say(percent=replies.reply_rate // 100)
        rows.append((texts["cards.replied"], fitting(plain(line), in_short)))
    return tuple(rows)


def write_help_lines(team: Sequence[TeamMember], *, language: str, at: datetime) -> list[Line]:
    """Return a line about each person in *team* who is behind and not away, lowest pace first."""
    texts = texts_in(language)
    return [_helped_person(texts, member, row, language=language, at=at) for member, row in _to_help(team)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSaid:
    """The parts of a digest about a team, for another message.

    *first*: names of the people to help first. *behind*: how many people are. *teams*: lines about teams of
    other leaders; *teams_short*: only those with people behind. *shares*: attainment and kept rate as a row
    of a card.
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
    team: Sequence[TeamMember], *, language: str, at: datetime, subteams: NamedSubTeams | None = None
) -> TeamSaid:
    """Return the parts of a digest about *team*. *at* is local."""
    texts = texts_in(language)
    first = _to_help(_own(team, subteams))[:HELP_FIRST]
    return TeamSaid(
        first=tuple(_name(member) for member, _ in first),
        behind=sum(1 for member in team if member.lowest is not None),
        teams=tuple(_subteams(texts, team, subteams, language=language, at=at)),
        teams_short=tuple(lines_to_help(replace(subteams, leaders={}), language=language))
        if subteams
        else (),
        groups=say_groups(texts, team),
        attainment=tuple(say_attainment(texts, team, at=at)),
        kept=tuple(say_kept(texts, team)),
        card_rows=_rows(texts, team),
        shares=_shares(texts, team),
    )


def _shares(texts: Texts, team: Sequence[TeamMember]) -> tuple[tuple[str, str], ...]:
    shares = []
    if (percent := percent_of_one(team)) is not None:
        shares.append(f"{texts['cards.attainment']} {percent}%")
    if (kept := kept_percent(team)) is not None:
        shares.append(f"{texts['cards.kept']} {kept}%")
    return ((texts["cards.team"], texts["cards.comma"].join(shares)),) if shares else ()


def _own(team: Sequence[TeamMember], subteams: NamedSubTeams | None) -> list[TeamMember]:
    return [member for member in team if subteams is None or member.userid in subteams.own]


def _to_help(team: Sequence[TeamMember]) -> list[tuple[TeamMember, QuotaFigures]]:
    """Return the people behind and not away, each with the row of their lowest pace; lowest pace first."""
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
    """Return a line about each person that the first line names; *in_short* for a card."""
    if not helped:
        return []
    say = _in_short if in_short else _helped_person
    lines = tuple(say(texts, member, row, language=language, at=at) for member, row in helped[:HELP_FIRST])
    hidden = len(helped) - len(lines)
    return [Listing(lines, more=texts["progress.more_people"], hidden=hidden)]


def _helped_person(
    texts: Texts, member: TeamMember, row: QuotaFigures, *, language: str, at: datetime
) -> Line:
    details = [*confirmed(texts, row), _left_today(texts, member, row)]
    if member.need is None:
        details += [*workdays_left(texts, row), *open_said(texts, row)]
    label = labels_of(texts, member.rows, at=at)[row.quota]
    text = status_text(texts, row, label=label, details=details)
    if member.need is not None:
        text = texts["helping.semicolon"].join((text, need_said(member.need, language=language)))
    return Line.of(texts["progress.helped_person"].say(name=_name(member), details=text))


def _left_today(texts: Texts, member: TeamMember, row: QuotaFigures) -> str:
    if row.quota in member.tight:
        return texts["helping.tight"]
    if row.today_left:
        return texts["progress.left_today"].say(n=row.today_left)
    return texts["progress.enough_today"]


def _in_short(texts: Texts, member: TeamMember, row: QuotaFigures, *, language: str, at: datetime) -> Line:
    """Say what to help with, else what is left today: a card has no room for both."""
    need, name = _left_today(texts, member, row), _name(member)
    if member.need is not None:
        need = need_said(member.need, language=language, in_short=True)
    if len(member.rows) > 1:
        name = f"{name} · {labels_of(texts, member.rows, at=at)[row.quota]}"
    text = texts["helping.short"].say(name=name, done=row.sure, target=row.target, need=need)
    return Line.of(text)


def _improved(texts: Texts, names: Mapping[str, str], improved: Improved) -> list[Line]:
    who = texts["helping.names"].join(names[userid] for userid in improved.userids)
    text = texts["helping.improved"].say(names=who, n=improved.more)
    return [Line.of(text, Keep.NICE, Tone.GOOD)]
