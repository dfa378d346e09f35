"""Sentences of a digest over teams: where those who are behind have nobody yet, and what help brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.features.teams.subteam_rules import SubTeam, SubTeams
from bot.messages.catalog import Texts, texts_in
from bot.messages.limits import HELP_FIRST
from bot.messages.message import Keep, Line, Listing, Part
from bot.messages.sanitize import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSubTeams:
    """Teams with *names* of departments, and *leaders* (their names), by number.

    *own*: userids of those whom the reader leads with nobody between.
    """

    teams: SubTeams
    names: Mapping[int, str]
    own: frozenset[str]
    leaders: Mapping[int, Sequence[str]] = field(default_factory=dict)

    def name(self, department: int) -> str:
        """What *department* is called."""
        return clean(self.names.get(department, ""), otherwise=str(department))


def first_said(over: NamedSubTeams, *, language: str) -> str | None:
    """Say which teams to support first: those where somebody is behind whom nobody helps; three at most.

    None if there is nobody.
    """
    texts = texts_in(language)
    if not over.teams.alone:
        return None
    first = [over.name(team.department) for team in over.teams.shown if team.alone][:HELP_FIRST]
    if not first:
        return texts["over_teams.others"].say(n=over.teams.alone)
    return texts["over_teams.first"].say(n=len(first), names=texts["over_teams.names"].join(first))


def shorter_title(over: NamedSubTeams, *, language: str) -> str:
    """Say how many teams to support first, for a card whose title has no room for their names."""
    texts = texts_in(language)
    first = [team for team in over.teams.shown if team.alone][:HELP_FIRST]
    return (
        texts["over_teams.first_number"].say(n=len(first))
        if first
        else texts["over_teams.others_number"].say(n=over.teams.alone)
    )


def team_lines(
    over: NamedSubTeams, *, language: str, labels: Mapping[str, str], in_short: bool = False
) -> list[Line | Listing]:
    """Say how each team stands; *labels* tell quotas apart where there are several. *in_short* for a card."""
    texts = texts_in(language)
    say = _team_in_short if in_short else _team
    lines = tuple(
        Line((Part(say(over.name(team.department), team, texts=texts, labels=labels)),), Keep.CORE)
        for team in over.teams.shown
    )
    found: list[Line | Listing] = (
        [Listing(lines, more=texts["over_teams.more"], keep=Keep.CORE)] if lines else []
    )
    return [*found, *_small(over, texts=texts)]


def lines_to_help(over: NamedSubTeams, *, language: str) -> list[Line | Listing]:
    """Say in which teams how many are behind, and who leads those teams."""
    texts = texts_in(language)
    lines = tuple(
        Line((Part(_to_help(over, team, texts=texts)),), Keep.CORE)
        for team in over.teams.shown
        if team.behind
    )
    found: list[Line | Listing] = (
        [Listing(lines, more=texts["over_teams.more"], keep=Keep.CORE)] if lines else []
    )
    return [*found, *_small(over, texts=texts)]


def _to_help(over: NamedSubTeams, team: SubTeam, *, texts: Texts) -> str:
    leaders = texts["over_teams.names"].join(clean(name) for name in over.leaders.get(team.department, ()))
    phrase = texts["over_teams.led_by"] if leaders else texts["over_teams.led"]
    said = texts["over_teams.comma"].join(_behind(team, texts=texts))
    return phrase.say(name=over.name(team.department), n=team.people, leaders=leaders, said=said)


def _small(over: NamedSubTeams, *, texts: Texts) -> list[Line]:
    if not over.teams.small:
        return []
    phrase = texts["over_teams.small"] if over.teams.in_sums else texts["over_teams.small_left_out"]
    return [Line((Part(phrase.say(n=over.teams.small)),), Keep.USEFUL)]


def _team(name: str, team: SubTeam, *, texts: Texts, labels: Mapping[str, str]) -> str:
    parts: list[str] = []
    for one in team.figures:
        phrase = texts["over_teams.figures"] if len(labels) == 1 else texts["over_teams.figures_of"]
        parts.append(phrase.say(label=labels[one.quota], percent=one.percent, middle=one.middle))
    if team.behind:
        parts.append(texts["over_teams.comma"].join(_behind(team, texts=texts)))
    if team.outcome is not None:
        better = team.outcome.back + team.outcome.rose
        parts.append(texts["over_teams.effect"].say(n=team.outcome.people, better=better))
    return texts["over_teams.team"].say(
        name=name, n=team.people, said=texts["over_teams.semicolon"].join(parts)
    )


def _team_in_short(name: str, team: SubTeam, *, texts: Texts, labels: Mapping[str, str]) -> str:
    figures = texts["over_teams.figures_short"] if len(labels) == 1 else texts["over_teams.figures_of_short"]
    parts = [
        figures.say(label=labels[one.quota], percent=one.percent, middle=one.middle) for one in team.figures
    ]
    if team.behind:
        helped = [texts["over_teams.helped_short"].say(n=team.helped)] if team.helped else []
        parts.append(texts["over_teams.comma"].join([texts["over_teams.behind"].say(n=team.behind), *helped]))
    if team.outcome is not None:
        better = team.outcome.back + team.outcome.rose
        parts.append(texts["over_teams.effect_short"].say(n=team.outcome.people, better=better))
    return texts["over_teams.team_short"].say(
        name=name, n=team.people, said=texts["over_teams.semicolon"].join(parts)
    )


def _behind(team: SubTeam, *, texts: Texts) -> Sequence[str]:
    helped = [texts["over_teams.helped"].say(n=team.helped)] if team.helped else []
    return [texts["over_teams.behind"].say(n=team.behind), *helped]
