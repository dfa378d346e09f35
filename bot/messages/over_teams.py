"""Sentences of a digest over teams: where those who are behind have nobody yet, and what help brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.led_teams import LedTeam, LedTeams
from bot.messages.limits import HELP_FIRST
from bot.messages.message import Keep, Line, Listing, Part
from bot.messages.names import clean
from bot.messages.phrases import Phrase
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class OverTeamsWords:
    """The words of a language. What ends in *_short* is said on cards, which have little room."""

    names: str
    comma: str
    semicolon: str
    first: Phrase
    first_number: Phrase
    others: Phrase
    others_number: Phrase
    team: Phrase
    figures: Phrase
    figures_of: Phrase
    behind: Phrase
    helped: Phrase
    effect: Phrase
    team_short: Phrase
    figures_short: Phrase
    figures_of_short: Phrase
    helped_short: Phrase
    effect_short: Phrase
    more: Phrase
    small: Phrase
    small_left_out: Phrase
    led: Phrase
    led_by: Phrase


_BUILT_IN: Mapping[str, OverTeamsWords] = {
    "zh-CN": OverTeamsWords(
        names="、",
        comma="，",
        semicolon="；",
        first=Phrase("先支持 {n} 个团队：{names}"),
        first_number=Phrase("先支持 {n} 个团队"),
        others=Phrase("各团队有 {n} 位还没人帮，先问问他们的主管需要什么"),
        others_number=Phrase("各团队有 {n} 位还没人帮"),
        team=Phrase("{name} {n} 人：{said}"),
        figures=Phrase("达成率 {percent}%，中位数 {middle}%"),
        figures_of=Phrase("{label}达成率 {percent}%，中位数 {middle}%"),
        behind=Phrase("需帮助 {n}"),
        helped=Phrase("已有人帮 {n}"),
        effect=Phrase("上周帮 {n} 位，{better} 位好转"),
        team_short=Phrase("{name} {n} 人：{said}"),
        figures_short=Phrase("达成率 {percent}%，中位数 {middle}%"),
        figures_of_short=Phrase("{label}达成率 {percent}%，中位数 {middle}%"),
        helped_short=Phrase("已有人帮 {n}"),
        effect_short=Phrase("上周帮 {n} 位，{better} 位好转"),
        more=Phrase("另有 {n} 个团队"),
        small=Phrase("{n} 个不足 5 人的团队或小组不单列，只计入合计"),
        small_left_out=Phrase("{n} 个不足 5 人的团队不单列，也不计入合计"),
        led=Phrase("{name} {n} 人：{said}"),
        led_by=Phrase("{name} {n} 人（主管 {leaders}）：{said}"),
    ),
    "en": OverTeamsWords(
        names=", ",
        comma=", ",
        semicolon="; ",
        first=Phrase("Support {n} teams first: {names}", one="Support {n} team first: {names}"),
        first_number=Phrase("Support {n} teams first", one="Support {n} team first"),
        others=Phrase(
            "{n} people in your teams have no help yet: ask their leaders what they need",
            one="1 person in your teams has no help yet: ask the leader what is needed",
        ),
        others_number=Phrase("{n} in your teams have no help yet", one="1 in your teams has no help yet"),
        team=Phrase("{name}, {n} people: {said}", one="{name}, 1 person: {said}"),
        figures=Phrase("attainment {percent}%, median {middle}%"),
        figures_of=Phrase("{label}: attainment {percent}%, median {middle}%"),
        behind=Phrase("{n} to help"),
        helped=Phrase("{n} of them helped"),
        effect=Phrase("last week's help: {better} of {n} better"),
        team_short=Phrase("{name} ({n}): {said}"),
        figures_short=Phrase("{percent}%"),
        figures_of_short=Phrase("{label} {percent}%"),
        helped_short=Phrase("{n} helped"),
        effect_short=Phrase("last week {better} of {n} better"),
        more=Phrase("and {n} more teams", one="and 1 more team"),
        small=Phrase(
            "{n} teams are too small to stand alone and are in the sums only",
            one="1 team is too small to stand alone and is in the sums only",
        ),
        small_left_out=Phrase(
            "{n} teams are too small to be told of and are not in the sums",
            one="1 team is too small to be told of and is not in the sums",
        ),
        led=Phrase("{name}, {n} people: {said}"),
        led_by=Phrase("{name}, {n} people (led by {leaders}): {said}"),
    ),
}
WORDS = Wordbook("over_teams", _BUILT_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverTeams:
    """Teams with *names* of departments, and *leaders* (their names), by number.

    *own*: userids of those whom the reader leads with nobody between.
    """

    teams: LedTeams
    names: Mapping[int, str]
    own: frozenset[str]
    leaders: Mapping[int, Sequence[str]] = field(default_factory=dict)

    def name(self, department: int) -> str:
        """What *department* is called."""
        return clean(self.names.get(department, ""), otherwise=str(department))


def first_said(over: OverTeams, *, language: str) -> str | None:
    """Say which teams to support first: those where somebody is behind whom nobody helps; three at most.

    None if there is nobody.
    """
    words = WORDS[language]
    if not over.teams.alone:
        return None
    first = [over.name(team.department) for team in over.teams.shown if team.alone][:HELP_FIRST]
    if not first:
        return words.others.say(n=over.teams.alone)
    return words.first.say(n=len(first), names=words.names.join(first))


def shorter_title(over: OverTeams, *, language: str) -> str:
    """Say how many teams to support first, for a card whose title has no room for their names."""
    words, first = WORDS[language], [team for team in over.teams.shown if team.alone][:HELP_FIRST]
    return words.first_number.say(n=len(first)) if first else words.others_number.say(n=over.teams.alone)


def team_lines(
    over: OverTeams, *, language: str, labels: Mapping[str, str], in_short: bool = False
) -> list[Line | Listing]:
    """Say how each team stands; *labels* tell quotas apart where there are several. *in_short* for a card."""
    words, say = WORDS[language], _team_in_short if in_short else _team
    lines = tuple(
        Line((Part(say(over.name(team.department), team, words=words, labels=labels)),), Keep.CORE)
        for team in over.teams.shown
    )
    found: list[Line | Listing] = [Listing(lines, more=words.more, keep=Keep.CORE)] if lines else []
    return [*found, *_small(over, words=words)]


def lines_to_help(over: OverTeams, *, language: str) -> list[Line | Listing]:
    """Say in which teams how many are behind, and who leads those teams."""
    words = WORDS[language]
    lines = tuple(
        Line((Part(_to_help(over, team, words=words)),), Keep.CORE)
        for team in over.teams.shown
        if team.behind
    )
    found: list[Line | Listing] = [Listing(lines, more=words.more, keep=Keep.CORE)] if lines else []
    return [*found, *_small(over, words=words)]


def _to_help(over: OverTeams, team: LedTeam, *, words: OverTeamsWords) -> str:
    leaders = words.names.join(clean(name) for name in over.leaders.get(team.department, ()))
    phrase = words.led_by if leaders else words.led
    said = words.comma.join(_behind(team, words=words))
    return phrase.say(name=over.name(team.department), n=team.people, leaders=leaders, said=said)


def _small(over: OverTeams, *, words: OverTeamsWords) -> list[Line]:
    if not over.teams.small:
        return []
    phrase = words.small if over.teams.in_sums else words.small_left_out
    return [Line((Part(phrase.say(n=over.teams.small)),), Keep.USEFUL)]


def _team(name: str, team: LedTeam, *, words: OverTeamsWords, labels: Mapping[str, str]) -> str:
    parts: list[str] = []
    for one in team.figures:
        phrase = words.figures if len(labels) == 1 else words.figures_of
        parts.append(phrase.say(label=labels[one.quota], percent=one.percent, middle=one.middle))
    if team.behind:
        parts.append(words.comma.join(_behind(team, words=words)))
    if team.outcome is not None:
        better = team.outcome.back + team.outcome.rose
        parts.append(words.effect.say(n=team.outcome.people, better=better))
    return words.team.say(name=name, n=team.people, said=words.semicolon.join(parts))


def _team_in_short(name: str, team: LedTeam, *, words: OverTeamsWords, labels: Mapping[str, str]) -> str:
    figures = words.figures_short if len(labels) == 1 else words.figures_of_short
    parts = [
        figures.say(label=labels[one.quota], percent=one.percent, middle=one.middle) for one in team.figures
    ]
    if team.behind:
        helped = [words.helped_short.say(n=team.helped)] if team.helped else []
        parts.append(words.comma.join([words.behind.say(n=team.behind), *helped]))
    if team.outcome is not None:
        better = team.outcome.back + team.outcome.rose
        parts.append(words.effect_short.say(n=team.outcome.people, better=better))
    return words.team_short.say(name=name, n=team.people, said=words.semicolon.join(parts))


def _behind(team: LedTeam, *, words: OverTeamsWords) -> Sequence[str]:
    helped = [words.helped.say(n=team.helped)] if team.helped else []
    return [words.behind.say(n=team.behind), *helped]
