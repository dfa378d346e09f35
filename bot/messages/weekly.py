"""The week's message: what it brought, and what is enough from then on; to leaders the same of their team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.core.day import DayFacts
from bot.core.progress import Row, Status
from bot.messages.cards import WORDS as CARD_WORDS
from bot.messages.digest import TeamSaid, team_said
from bot.messages.language import texts_in
from bot.messages.members import TeamMember
from bot.messages.message import Button, Card, Keep, Line, Listing, Message, Part
from bot.messages.names import clean
from bot.messages.over_teams import OverTeams
from bot.messages.phrases import Phrase, Texts
from bot.messages.rows import kept_rows, pending_rows, standing_rows
from bot.messages.standing import ENOUGH, facts_said, first_line, footer, kept_line, standings
from bot.messages.wordbook import Wordbook

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

    rows: Sequence[Row]
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
    over: OverTeams | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekWords:
    """What only this message says. *ahead* is next week, or from then on where that is another week."""

    next_week: str
    from_then_on: str
    added: Phrase  # goes before what follows, where somebody was added
    dose: Phrase
    dose_short: Phrase
    talk: Phrase
    talk_short: Phrase
    talk_alone: Phrase  # to who has nobody to plan with
    talk_alone_short: Phrase
    enough: Phrase
    enough_short: Phrase
    not_asked: Phrase
    not_asked_short: Phrase
    thanks: Phrase
    thanks_short: Phrase
    team_added: Phrase
    team_help: Phrase
    team_help_short: Phrase
    teams_first: Phrase
    teams_first_short: Phrase
    team_fine: Phrase
    team_fine_short: Phrase
    days: Phrase
    team_days: Phrase
    team_facts: Phrase
    team_lost: Phrase
    help_first: Phrase
    improved: Phrase
    send_word: Phrase
    rest: Phrase
    kind: str


CHINESE = WeekWords(
    next_week="下周",
    from_then_on="之后",
    added=Phrase("本周新增 {n} 位，"),
    dose=Phrase("{ahead}每天 {n} 位就够"),
    dose_short=Phrase("{ahead}每天 {n} 位就够"),
    talk=Phrase("{ahead}先商量怎么安排"),
    talk_short=Phrase("{ahead}先商量怎么安排"),
    talk_alone=Phrase("{ahead}尽力就够了"),
    talk_alone_short=Phrase("{ahead}尽力就够了"),
    enough=Phrase("已经够了"),
    enough_short=Phrase("已经够了，{ahead}不用再加"),
    not_asked=Phrase("{ahead}不加也够"),
    not_asked_short=Phrase("{ahead}不加也够"),
    thanks=Phrase("辛苦了"),
    thanks_short=Phrase("本周辛苦了"),
    team_added=Phrase("本周全队新增 {n} 位，"),
    team_help=Phrase("{ahead}先帮 {n} 位"),
    team_help_short=Phrase("{ahead}先帮 {n} 位"),
    teams_first=Phrase("{ahead}先支持各团队"),
    teams_first_short=Phrase("{ahead}先支持各团队"),
    team_fine=Phrase("照这样就够"),
    team_fine_short=Phrase("{ahead}没有需要先帮的人"),
    days=Phrase("{first} 至 {last}：{facts}"),
    team_days=Phrase("全队 {first} 至 {last}：{facts}"),
    team_facts=Phrase("新增 {n} 位"),
    team_lost=Phrase("流失 {n} 位"),
    help_first=Phrase("{ahead}先帮：{names}"),
    improved=Phrase("进步最多：{names}，近 7 天比前 7 天多 {n} 位"),
    send_word=Phrase("遇到困难？发“请人帮忙”，只有您的主管会看到"),
    rest=Phrase("下班后不打扰，好好休息。"),
    kind="周报",
)
ENGLISH = WeekWords(
    next_week="next week",
    from_then_on="from then on",
    added=Phrase("{n} added this week; "),
    dose=Phrase("{n} a workday is enough {ahead}"),
    dose_short=Phrase("{n} a workday is enough {ahead}"),
    talk=Phrase("let us plan together {ahead}"),
    talk_short=Phrase("Let us plan together {ahead}"),
    talk_alone=Phrase("what you can do is enough {ahead}"),
    talk_alone_short=Phrase("What you can do is enough {ahead}"),
    enough=Phrase("that is enough"),
    enough_short=Phrase("Enough: nothing to add {ahead}"),
    not_asked=Phrase("enough, nothing is asked {ahead}"),
    not_asked_short=Phrase("Enough: nothing is asked {ahead}"),
    thanks=Phrase("thank you"),
    thanks_short=Phrase("Thank you for this week"),
    team_added=Phrase("Team: {n} added this week; "),
    team_help=Phrase("help {n} people first {ahead}", one="help {n} person first {ahead}"),
    team_help_short=Phrase("Help {n} people first {ahead}", one="Help {n} person first {ahead}"),
    teams_first=Phrase("support your teams first {ahead}"),
    teams_first_short=Phrase("Support your teams first {ahead}"),
    team_fine=Phrase("at this pace that is enough"),
    team_fine_short=Phrase("Nobody needs help first {ahead}"),
    days=Phrase("{first} to {last}: {facts}"),
    team_days=Phrase("Team, {first} to {last}: {facts}"),
    team_facts=Phrase("{n} added"),
    team_lost=Phrase("{n} lost"),
    help_first=Phrase("To help first {ahead}: {names}"),
    improved=Phrase("Most improved: {names}, {n} more in the last 7 days than in the 7 before"),
    send_word=Phrase("Need a hand? Send “help wanted”: it tells your leader only."),
    rest=Phrase("Nothing comes after work: have a good rest."),
    kind="week",
)
WORDS = Wordbook("weekly", {"zh-CN": CHINESE, "en": ENGLISH})


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
    lacking = _incomplete(texts, incomplete_since, at=at)
    rest = [_line(week.words.rest.say(), Keep.NICE)]
    return Message(
        (
            first_line(begin),
            *lacking,
            *(week.own_lines(own) if own else ()),
            *(week.team_lines(team, said) if team and said else ()),
            *rest,
            footer(texts, at=at, kind=week.words.kind),
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
    def words(self) -> WeekWords:
        return WORDS[self.language]

    @property
    def ahead(self) -> str:
        return self.words.next_week if self.next_week else self.words.from_then_on

    def own_first(self, own: OwnWeek) -> tuple[str, str]:
        """The first line, and what a card's title says where that is too long."""
        words = self.words
        statuses = {row.status for row in own.rows} - {Status.EXEMPT}
        if own.is_offered_help:
            then, short = words.talk, words.talk_short
        elif own.tight:
            then, short = words.talk_alone, words.talk_alone_short
        elif own.dose is None:
            then, short = words.thanks, words.thanks_short
        elif own.dose:
            then, short = words.dose, words.dose_short
        elif statuses <= ENOUGH:
            then, short = words.enough, words.enough_short
        else:
            then, short = words.not_asked, words.not_asked_short
        return self._joined(words.added, own.facts.added, then, short, n=own.dose or 0)

    def team_first(self, team: TeamWeek, said: TeamSaid) -> tuple[str, str]:
        """The same for who has nothing of his own to read."""
        words, n = self.words, len(said.first)
        if team.over is not None and team.over.teams.alone:
            then, short = words.teams_first, words.teams_first_short
        elif n:
            then, short = words.team_help, words.team_help_short
        elif said.behind:
            then = short = words.team_fine_short
        else:
            then, short = words.team_fine, words.team_fine_short
        return self._joined(words.team_added, team.facts.added, then, short, n=n)

    def own_lines(self, own: OwnWeek) -> list[Line | Listing]:
        """Where he stands, what the week brought, what he kept."""
        return [
            self._standings(own),
            *self._days(own),
            *([_line(self.words.send_word.say(), Keep.USEFUL)] if own.is_offered_help else []),
            *kept_line(self.texts, own.rows),
        ]

    def own_body(self, own: OwnWeek) -> list[Line | Listing]:
        """The same beside the rows of a card."""
        rows = standing_rows(self.language, self.texts, own.rows, at=self.at)
        return [
            *([] if rows else [self._standings(own)]),
            *self._days(own),
            *([_line(CARD_WORDS[self.language].ask_for_help, Keep.USEFUL)] if own.is_offered_help else []),
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
            _line(self.texts.for_your_eyes.say(), Keep.USEFUL),
        ]

    def team_body(self, team: TeamWeek, said: TeamSaid) -> list[Line | Listing]:
        """The same beside the rows of a card."""
        return [
            *said.teams_short,
            *self._help_first(said),
            replace(self._team_days(team), keep=Keep.USEFUL if team.over else Keep.CORE),
            *self._improved(team),
            _line(self.texts.for_your_eyes_short.say(), Keep.CORE),
        ]

    def card_rows(self, own: OwnWeek | None, said: TeamSaid | None) -> tuple[tuple[str, str], ...]:
        """His own rows and one of the team, or those of the team for who has none."""
        if own is None:
            return () if said is None else said.card_rows
        return (
            *standing_rows(
                self.language,
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
        return standings(self.texts, own.rows, at=self.at, is_tight=own.tight, says_days=not own.may_be_away)

    def _joined(self, added: Phrase, number: int, then: Phrase, short: Phrase, *, n: int) -> tuple[str, str]:
        """A week without adds is not counted to anybody."""
        alone = short.say(ahead=self.ahead, n=n)
        return (added.say(n=number) + then.say(ahead=self.ahead, n=n) if number else alone), alone

    def _days(self, own: OwnWeek) -> list[Line]:
        facts = facts_said(self.texts, own.facts)
        return [_line(self._span(self.words.days, facts), Keep.USEFUL)] if facts else []

    def _team_days(self, team: TeamWeek) -> Line:
        said = [self.words.team_facts.say(n=team.facts.added)]
        if team.facts.lost:
            said.append(self.words.team_lost.say(n=team.facts.lost))
        return _line(self._span(self.words.team_days, self.texts.semicolon.join(said)), Keep.CORE)

    def _span(self, phrase: Phrase, facts: str) -> str:
        return phrase.say(first=f"{self.first:%m-%d}", last=f"{self.at:%m-%d}", facts=facts)

    def _help_first(self, said: TeamSaid) -> list[Line]:
        if not said.first:
            return []
        names = self.texts.names_comma.join(said.first)
        return [_line(self.words.help_first.say(ahead=self.ahead, names=names), Keep.CORE)]

    def _improved(self, team: TeamWeek) -> list[Line]:
        if team.more <= 0 or not 0 < len(team.improved) <= NAMED:
            return []
        names = self.texts.names_comma.join(clean(name) for name in team.improved)
        return [_line(self.words.improved.say(names=names, n=team.more), Keep.USEFUL)]


def _incomplete(texts: Texts, since: datetime | None, *, at: datetime) -> list[Line]:
    if since is None:
        return []
    shown = f"{since:%H:%M}" if since.date() == at.date() else f"{since:%m-%d %H:%M}"
    return [_line(texts.incomplete.say(since=shown), Keep.CORE)]


def _line(words: str, keep: Keep) -> Line:
    return Line((Part(words),), keep)
