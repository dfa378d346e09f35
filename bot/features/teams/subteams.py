"""Sentences of a digest about sub-teams: where people behind have no helper yet, and what help brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.features.teams.subteam_rules import SubTeam, SubTeams
from bot.messages.catalog import Texts, texts_in
from bot.messages.limits import HELP_FIRST
from bot.messages.message import Keep, Line, Listing
from bot.messages.sanitize import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSubTeams:
    """Teams with *names* of departments and of their *leaders*, by number.

    *own*: userids of the reader's direct reports.
    """

    teams: SubTeams
    names: Mapping[int, str]
    own: frozenset[str]
    leaders: Mapping[int, Sequence[str]] = field(default_factory=dict)

    def name(self, department: int) -> str:
        """Return the name of *department*."""
        return clean(self.names.get(department, ""), otherwise=str(department))


def first_said(subteams: NamedSubTeams, *, language: str) -> str | None:
    """Say which teams to support first: at most three with people behind without a helper; None if none."""
    texts = texts_in(language)
    if not subteams.teams.alone:
        return None
    first = [subteams.name(team.department) for team in subteams.teams.shown if team.alone][:HELP_FIRST]
    if not first:
        return texts["subteams.others"].say(n=subteams.teams.alone)
    return texts["subteams.first"].say(n=len(first), names=texts["subteams.names"].join(first))


def shorter_title(subteams: NamedSubTeams, *, language: str) -> str:
    """Say how many teams to support first, for a card's title without room for names."""
    texts = texts_in(language)
    if first := [team for team in subteams.teams.shown if team.alone][:HELP_FIRST]:
        return texts["subteams.first_number"].say(n=len(first))
    return texts["subteams.others_number"].say(n=subteams.teams.alone)


def team_lines(
    subteams: NamedSubTeams, *, language: str, labels: Mapping[str, str], in_short: bool = False
) -> list[Line | Listing]:
    """Return the figures of each team; *labels* name several quotas. *in_short* for a card."""
    texts = texts_in(language)
    say = _team_in_short if in_short else _team
    lines = [
        say(subteams.name(team.department), team, texts=texts, labels=labels) for team in subteams.teams.shown
    ]
    return _listed(subteams, lines, texts=texts)


def lines_to_help(subteams: NamedSubTeams, *, language: str) -> list[Line | Listing]:
    """Return the teams with people behind, their number, and the leaders of these teams."""
    texts = texts_in(language)
    lines = [_to_help(subteams, team, texts=texts) for team in subteams.teams.shown if team.behind]
    return _listed(subteams, lines, texts=texts)


def _listed(subteams: NamedSubTeams, lines: Sequence[str], *, texts: Texts) -> list[Line | Listing]:
    """Return *lines* as a list, and how many small teams there are."""
    parts: list[Line | Listing] = []
    if lines:
        parts.append(Listing.of(lines, more=texts["subteams.more"]))
    if subteams.teams.small:
        phrase = texts["subteams.small"] if subteams.teams.in_sums else texts["subteams.small_left_out"]
        parts.append(Line.of(phrase.say(n=subteams.teams.small), Keep.USEFUL))
    return parts


def _to_help(subteams: NamedSubTeams, team: SubTeam, *, texts: Texts) -> str:
    leaders = texts["subteams.names"].join(clean(name) for name in subteams.leaders.get(team.department, ()))
    phrase = texts["subteams.led_by"] if leaders else texts["subteams.led"]
    said = texts["subteams.comma"].join(_behind(team, texts=texts))
    return phrase.say(name=subteams.name(team.department), n=team.people, leaders=leaders, said=said)


def _team(name: str, team: SubTeam, *, texts: Texts, labels: Mapping[str, str]) -> str:
    parts: list[str] = []
    for figures in team.figures:
        phrase = texts["subteams.figures"] if len(labels) == 1 else texts["subteams.figures_of"]
        label = labels[figures.quota]
        parts.append(phrase.say(label=label, percent=figures.percent, middle=figures.middle))
    if team.behind:
        parts.append(texts["subteams.comma"].join(_behind(team, texts=texts)))
    if team.outcome is not None:
        better = team.outcome.back + team.outcome.rose
        parts.append(texts["subteams.effect"].say(n=team.outcome.people, better=better))
    return texts["subteams.team"].say(name=name, n=team.people, said=texts["subteams.semicolon"].join(parts))


def _team_in_short(name: str, team: SubTeam, *, texts: Texts, labels: Mapping[str, str]) -> str:
    figures = texts["subteams.figures_short"] if len(labels) == 1 else texts["subteams.figures_of_short"]
    parts = [
        figures.say(label=labels[one.quota], percent=one.percent, middle=one.middle) for one in team.figures
    ]
    if team.behind:
        helped = [texts["subteams.helped_short"].say(n=team.helped)] if team.helped else []
        parts.append(texts["subteams.comma"].join([texts["subteams.behind"].say(n=team.behind), *helped]))
    if team.outcome is not None:
        better = team.outcome.back + team.outcome.rose
        parts.append(texts["subteams.effect_short"].say(n=team.outcome.people, better=better))
    return texts["subteams.team_short"].say(
        name=name, n=team.people, said=texts["subteams.semicolon"].join(parts)
    )


def _behind(team: SubTeam, *, texts: Texts) -> Sequence[str]:
    helped = [texts["subteams.helped"].say(n=team.helped)] if team.helped else []
    return [texts["subteams.behind"].say(n=team.behind), *helped]
