"""The week's message: what it brought, and what is enough from then on; to leaders the same of their team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.core.day import DayFacts
from bot.core.progress import QuotaFigures, Status
from bot.features.teams.digest_message import TeamSaid, team_said
from bot.features.teams.member import TeamMember
from bot.features.teams.subteams import NamedSubTeams
from bot.messages.catalog import Text, Texts, texts_in
from bot.messages.lines import (
    ENOUGH,
    facts_said,
    first_line,
    footer,
    incomplete_line,
    kept_line,
    status_listing,
)
from bot.messages.message import Button, Card, Keep, Line, Listing, Message, Part
from bot.messages.rows import kept_rows, pending_rows, status_rows
from bot.messages.sanitize import clean

NAMED = 3  # as many equal ones are named as having improved most; of more, nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWeek:
    """One employee's week.

    *rows* are his, workdays_left without today. *dose* is enough on each of his workdays from the next on, 0
    if nothing is to be added, None if there is no such day, or nobody knows on which of them he is there.
    *tight*: that is so much that help is offered instead, if he *has_helper*: somebody who would learn of it.
    *may_be_away*: he said himself that he is on leave on some of the days to come, and nobody has confirmed
    that: nothing is said of their number.
    """

    rows: Sequence[QuotaFigures]
    facts: DayFacts
    dose: int | None
    tight: bool = False
    may_be_away: bool = False
    has_helper: bool = True

    @property
    def is_offered_help(self) -> bool:
        return self.tight and self.has_helper


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamWeek:
    """The week of a leader's people; *members* and *facts* are who stands in the sums.

    *improved*: names of those who have *more* adds in the last seven days than in the seven before, which is
    most. *over*: he leads leaders, then only his own people are named, and teams.
    """

    members: Sequence[TeamMember]
    facts: DayFacts
    improved: Sequence[str] = ()
    more: int = 0
    over: NamedSubTeams | None = None


def weekly(
    *,
    language: str,
    first: date,
    at: datetime,
    own: OwnWeek | None = None,
    team: TeamWeek | None = None,
    next_week: bool = True,
    incomplete_since: datetime | None = None,
) -> Message:
    """Tell one person about the local days from *first* to that of *at*: himself, his team, or both.

    *next_week*: the next workday is in the week that follows. *incomplete_since* (in the zone of *at*): what
    happened from then on may be missing.

    Raises ValueError if there is neither *own* nor *team*, *at* has no zone or the language is unknown.
    """
    texts = texts_in(language)
    week = _Week(language=language, texts=texts, first=first, at=at, next_week=next_week)
    said = None if team is None else team_said(team.members, language=language, at=at, over=team.over)
    if own is not None:
        begin, short = week.own_first(own)
    elif team is not None and said is not None:
        begin, short = week.team_first(team, said)
    else:
        raise ValueError("a week is about somebody")
    lacking = incomplete_line(texts, incomplete_since, at=at)
    rest = [_line(week.texts["weekly.rest"].say(), Keep.NICE)]
    return Message(
        (
            first_line(begin),
            *lacking,
            *(week.own_lines(own) if own else ()),
            *(week.team_lines(team, said) if team and said else ()),
            *rest,
            footer(texts, at=at, kind=week.texts["weekly.kind"]),
        ),
        card=Card(
            rows=week.card_rows(own, said),
            body=(
                *lacking,
                *(week.own_body(own) if own else ()),
                *(week.team_body(team, said) if team and said else ()),
                *rest,
            ),
            buttons=_buttons(own, team),
            title=short,
            says_it_all=True,  # the body tells what the days brought
        ),
    )


def _buttons(own: OwnWeek | None, team: TeamWeek | None) -> tuple[Button, ...]:
    mine = () if own is None else (Button.HELP, Button.LIST) if own.is_offered_help else (Button.LIST,)
    return (*mine, *([Button.TEAM] if team else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Week:
    """What the parts of one message have in common."""

    language: str
    texts: Texts
    first: date
    at: datetime
    next_week: bool

    @property
    def ahead(self) -> str:
        return self.texts["weekly.next_week"] if self.next_week else self.texts["weekly.from_then_on"]

    def own_first(self, own: OwnWeek) -> tuple[str, str]:
        """The first line, and what a card's title says where that is too long."""
        texts = self.texts
        statuses = {row.status for row in own.rows} - {Status.EXEMPT}
        if own.is_offered_help:
            then, short = texts["weekly.talk"], texts["weekly.talk_short"]
        elif own.tight:
            then, short = texts["weekly.talk_alone"], texts["weekly.talk_alone_short"]
        elif own.dose is None:
            then, short = texts["weekly.thanks"], texts["weekly.thanks_short"]
        elif own.dose:
            then, short = texts["weekly.dose"], texts["weekly.dose_short"]
        elif statuses <= ENOUGH:
            then, short = texts["weekly.enough"], texts["weekly.enough_short"]
        else:
            then, short = texts["weekly.not_asked"], texts["weekly.not_asked_short"]
        return self._joined(texts["weekly.added"], own.facts.added, then, short, n=own.dose or 0)

    def team_first(self, team: TeamWeek, said: TeamSaid) -> tuple[str, str]:
        """The same for who has nothing of his own to read."""
        texts, n = self.texts, len(said.first)
        if team.over is not None and team.over.teams.alone:
            then, short = texts["weekly.teams_first"], texts["weekly.teams_first_short"]
        elif n:
            then, short = texts["weekly.team_help"], texts["weekly.team_help_short"]
        elif said.behind:
            then = short = texts["weekly.team_fine_short"]
        else:
            then, short = texts["weekly.team_fine"], texts["weekly.team_fine_short"]
        return self._joined(texts["weekly.team_added"], team.facts.added, then, short, n=n)

    def own_lines(self, own: OwnWeek) -> list[Line | Listing]:
        """Where he stands, what the week brought, what he kept."""
        return [
            self._standings(own),
            *self._days(own),
            *([_line(self.texts["weekly.send_word"].say(), Keep.USEFUL)] if own.is_offered_help else []),
            *kept_line(self.texts, own.rows),
        ]

    def own_body(self, own: OwnWeek) -> list[Line | Listing]:
        """The same beside the rows of a card."""
        rows = status_rows(self.texts, own.rows, at=self.at)
        return [
            *([] if rows else [self._standings(own)]),
            *self._days(own),
            *([_line(self.texts["cards.ask_for_help"], Keep.USEFUL)] if own.is_offered_help else []),
        ]

    def team_lines(self, team: TeamWeek, said: TeamSaid) -> list[Line | Listing]:
        """How the team stands, whom to help first, what the week brought all, who improved, what is kept."""
        return [
            _line(said.groups, Keep.CORE),
            *said.teams,
            *self._help_first(said),
            self._team_days(team),
            *said.attainment,
            *self._improved(team),
            *said.kept,
            _line(self.texts["progress.for_your_eyes"].say(), Keep.USEFUL),
        ]

    def team_body(self, team: TeamWeek, said: TeamSaid) -> list[Line | Listing]:
        """The same beside the rows of a card."""
        return [
            *said.teams_short,
            *self._help_first(said),
            replace(self._team_days(team), keep=Keep.USEFUL if team.over else Keep.CORE),
            *self._improved(team),
            _line(self.texts["progress.for_your_eyes_short"].say(), Keep.CORE),
        ]

    def card_rows(self, own: OwnWeek | None, said: TeamSaid | None) -> tuple[tuple[str, str], ...]:
        """His own rows and one of the team, or those of the team for who has none."""
        if own is None:
            return () if said is None else said.card_rows
        return (
            *status_rows(
                self.texts,
                own.rows,
                at=self.at,
                is_tight=own.tight,
                says_days=not own.may_be_away,
            ),
            *pending_rows(self.language, own.rows, at=self.at),
            *kept_rows(self.language, own.rows),
            *(said.shares if said else ()),
        )

    def _standings(self, own: OwnWeek) -> Listing:
        return status_listing(
            self.texts, own.rows, at=self.at, is_tight=own.tight, says_days=not own.may_be_away
        )

    def _joined(self, added: Text, number: int, then: Text, short: Text, *, n: int) -> tuple[str, str]:
        """A week without adds is not counted to anybody."""
        alone = short.say(ahead=self.ahead, n=n)
        return (added.say(n=number) + then.say(ahead=self.ahead, n=n) if number else alone), alone

    def _days(self, own: OwnWeek) -> list[Line]:
        facts = facts_said(self.texts, own.facts)
        return [_line(self._span(self.texts["weekly.days"], facts), Keep.USEFUL)] if facts else []

    def _team_days(self, team: TeamWeek) -> Line:
        said = [self.texts["weekly.team_facts"].say(n=team.facts.added)]
        if team.facts.lost:
            said.append(self.texts["weekly.team_lost"].say(n=team.facts.lost))
        return _line(
            self._span(self.texts["weekly.team_days"], self.texts["progress.semicolon"].join(said)), Keep.CORE
        )

    def _span(self, phrase: Text, facts: str) -> str:
        return phrase.say(first=f"{self.first:%m-%d}", last=f"{self.at:%m-%d}", facts=facts)

    def _help_first(self, said: TeamSaid) -> list[Line]:
        if not said.first:
            return []
        names = self.texts["progress.names_comma"].join(said.first)
        return [_line(self.texts["weekly.help_first"].say(ahead=self.ahead, names=names), Keep.CORE)]

    def _improved(self, team: TeamWeek) -> list[Line]:
        if team.more <= 0 or not 0 < len(team.improved) <= NAMED:
            return []
        names = self.texts["progress.names_comma"].join(clean(name) for name in team.improved)
        return [_line(self.texts["weekly.improved"].say(names=names, n=team.more), Keep.USEFUL)]


def _line(words: str, keep: Keep) -> Line:
    return Line((Part(words),), keep)
