"""The weekly message: the week's adds and the dose from then on; to leaders the same about their team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.core.day import DayFacts
from bot.core.pending import Waiting
from bot.core.progress import QuotaFigures
from bot.core.status import ENOUGH, Status
from bot.features.teams.digest_message import TeamSaid, team_said
from bot.features.teams.member import TeamMember
from bot.features.teams.subteams import NamedSubTeams
from bot.messages.catalog import Text, Texts, texts_in
from bot.messages.lines import (
    facts_said,
    first_line,
    footer,
    incomplete_line,
    kept_line,
    labels_of,
    status_listing,
)
from bot.messages.message import Button, Card, Keep, Line, Listing, Message
from bot.messages.pending import open_listing
from bot.messages.rows import kept_rows, pending_rows, status_rows
from bot.messages.sanitize import clean

NAMED = 3  # at most so many people are named as most improved; if more are equal, nobody is


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWeek:
    """One employee's week.

    *rows* are the employee's, workdays_left without today. *dose* is enough on each own workday from the next
    on: 0 if nothing is to be added, None without such a day or if the days of work are uncertain.
    *tight*: the dose is so large that the message offers help instead, if *has_helper*: a request for help
    would reach a leader. *waiting*: what pending contacts need. *may_be_away*: the employee noted leave on
    coming days without a confirmation, so the message does not say the number of days.
    """

    rows: Sequence[QuotaFigures]
    facts: DayFacts
    dose: int | None
    tight: bool = False
    waiting: Sequence[Waiting] = ()
    may_be_away: bool = False
    has_helper: bool = True

    @property
    def is_offered_help(self) -> bool:
        return self.tight and self.has_helper


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamWeek:
    """The week of a leader's people; *members* and *facts* are those in the totals.

    *improved*: names of the people with the largest increase: *more* adds in the last seven days than in the
    seven before. *subteams*: set for leaders of leaders; then only sub-teams and direct reports are named.
    """

    members: Sequence[TeamMember]
    facts: DayFacts
    improved: Sequence[str] = ()
    more: int = 0
    subteams: NamedSubTeams | None = None


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
    """Tell one person about the local days from *first* to that of *at*: their own, their team's, or both.

    *next_week*: the next workday is in the following week. *incomplete_since* (in the zone of *at*): events
    from then on may be missing.

    Raises ValueError if there is neither *own* nor *team*, *at* has no zone or the language is unknown.
    """
    texts = texts_in(language)
    week = _Week(language=language, texts=texts, first=first, at=at, next_week=next_week)
    said = None if team is None else team_said(team.members, language=language, at=at, subteams=team.subteams)
    begin, short = week.first_said(own, team, said)
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
        page="/me" if own is not None else "",
    )


def _buttons(own: OwnWeek | None, team: TeamWeek | None) -> tuple[Button, ...]:
    mine = () if own is None else (Button.HELP, Button.LIST) if own.is_offered_help else (Button.LIST,)
    return (*mine, *([Button.TEAM] if team else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Week:
    """The data shared by the parts of one message."""

    language: str
    texts: Texts
    first: date
    at: datetime
    next_week: bool

    @property
    def ahead(self) -> str:
        return self.texts["weekly.next_week"] if self.next_week else self.texts["weekly.from_then_on"]

    def first_said(
        self, own: OwnWeek | None, team: TeamWeek | None, said: TeamSaid | None
    ) -> tuple[str, str]:
        """Return the first line and a short one for a card's title: the person's own before the team's.

        Raises ValueError if there is neither.
        """
        if own is not None:
            return self.own_first(own)
        if team is None or said is None:
            raise ValueError("a week is about somebody")
        return self.team_first(team, said)

    def own_first(self, own: OwnWeek) -> tuple[str, str]:
        """Return the first line and a short one for a card's title."""
        texts = self.texts
        statuses = {row.status for row in own.rows} - {Status.EXEMPT}
        if own.is_offered_help:
            then, short = texts["weekly.talk"], texts["weekly.talk_short"]
        elif own.tight:
            then, short = texts["weekly.talk_alone"], texts["weekly.talk_alone_short"]
        elif own.dose is None:
            then, short = texts["weekly.thanks"], texts["weekly.thanks_short"]
        elif own.dose and any(row.open for row in own.rows):
            then, short = texts["weekly.dose_open"], texts["weekly.dose_open"]
        elif own.dose:
            then, short = texts["weekly.dose"], texts["weekly.dose_short"]
        elif statuses <= ENOUGH:
            then, short = texts["weekly.enough"], texts["weekly.enough_short"]
        else:
            then, short = texts["weekly.not_asked"], texts["weekly.not_asked_short"]
        return self._joined(texts["weekly.added"], own.facts.added, then, short, n=own.dose or 0)

    def team_first(self, team: TeamWeek, said: TeamSaid) -> tuple[str, str]:
        """Return both lines for leaders without own figures."""
        texts, n = self.texts, len(said.first)
        if team.subteams is not None and team.subteams.teams.alone:
            then, short = texts["weekly.teams_first"], texts["weekly.teams_first_short"]
        elif n:
            then, short = texts["weekly.team_help"], texts["weekly.team_help_short"]
        elif said.behind:
            then = short = texts["weekly.team_fine_short"]
        else:
            then, short = texts["weekly.team_fine"], texts["weekly.team_fine_short"]
        return self._joined(texts["weekly.team_added"], team.facts.added, then, short, n=n)

    def own_lines(self, own: OwnWeek) -> list[Line | Listing]:
        """Return the employee's figures, the week's adds and the kept contacts."""
        return [
            self._standings(own),
            *self._open(own),
            *self._days(own),
            *([_line(self.texts["weekly.send_word"].say(), Keep.USEFUL)] if own.is_offered_help else []),
            *kept_line(self.texts, own.rows),
        ]

    def own_body(self, own: OwnWeek) -> list[Line | Listing]:
        """Return the employee's part of a card's text, below its rows."""
        rows = status_rows(self.texts, own.rows, at=self.at)
        return [
            *([] if rows else [self._standings(own)]),
            *self._open(own),
            *self._days(own),
            *([_line(self.texts["cards.ask_for_help"], Keep.USEFUL)] if own.is_offered_help else []),
        ]

    def team_lines(self, team: TeamWeek, said: TeamSaid) -> list[Line | Listing]:
        """Return the team's figures: groups, people to help first, adds, most improved, kept contacts."""
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
        """Return the team's part of a card's text, below its rows."""
        return [
            *said.teams_short,
            *self._help_first(said),
            replace(self._team_days(team), keep=Keep.USEFUL if team.subteams else Keep.CORE),
            *self._improved(team),
            _line(self.texts["progress.for_your_eyes_short"].say(), Keep.CORE),
        ]

    def card_rows(self, own: OwnWeek | None, said: TeamSaid | None) -> tuple[tuple[str, str], ...]:
        """Return the employee's own rows and one of the team; without own rows those of the team."""
        if own is None:
            return () if said is None else said.card_rows
        return (
            *status_rows(self.texts, own.rows, at=self.at, is_tight=own.tight, says_days=not own.may_be_away),
            *pending_rows(self.language, own.rows, at=self.at),
            *kept_rows(self.language, own.rows),
            *(said.shares if said else ()),
        )

    def _standings(self, own: OwnWeek) -> Listing:
        return status_listing(
            self.texts, own.rows, at=self.at, is_tight=own.tight, says_days=not own.may_be_away
        )

    def _open(self, own: OwnWeek) -> list[Listing]:
        labels = labels_of(self.texts, own.rows, at=self.at)
        return open_listing(own.waiting, language=self.language, labels=labels, at=self.at)

    def _joined(self, added: Text, number: int, then: Text, short: Text, *, n: int) -> tuple[str, str]:
        """Join adds and advice, and return the advice alone as the short line; 0 adds are not mentioned."""
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
    return Line.of(words, keep)
