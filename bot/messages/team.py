"""Answers to a leader about his own people: who needs help, and that a file comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.messages.answers import answered
from bot.messages.digest import helped
from bot.messages.language import texts_in
from bot.messages.members import TeamMember
from bot.messages.message import Keep, Line, Listing, Message, Part
from bot.messages.names import clean
from bot.messages.over_teams import OverTeams, lines_to_help
from bot.messages.phrases import Phrase
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamWords:
    """The words of a language."""

    head: Phrase
    head_teams: Phrase
    teams_only: Phrase
    nobody: str
    away: Phrase
    asked: str
    quietly: str
    kind: str
    team_kind: str
    empty: str
    empty_more: str
    too_few: str
    too_few_more: str
    exported: Phrase
    exported_teams: Phrase
    exported_more: str
    exported_more_teams: str
    exported_quietly: str
    export_kind: str
    note: str
    note_teams: str
    ranks: str
    names_comma: str


_BUILT_IN: Mapping[str, TeamWords] = {
    "zh-CN": TeamWords(
        head=Phrase("有 {n} 位可以帮一把"),
        head_teams=Phrase("有 {n} 位可以帮一把，各团队另有 {teams} 位"),
        teams_only=Phrase("各团队有 {n} 位需帮助，先问问他们的主管需要什么"),
        nobody="现在没有需要先帮的人",
        away=Phrase("另有 {n} 位今天休假，回来后再帮"),
        asked="近 7 天请您帮忙：{names}",
        quietly="仅供您安排帮助，请勿转发或张榜。",
        kind="需帮助",
        team_kind="团队",
        empty="您负责的部门里没有要考核的人",
        empty_more="部门有变动？请管理员更新通讯录。",
        too_few="您下面的团队考核不足 5 人，不看数字",
        too_few_more="他们由各自的主管安排；满 5 人后这里会有合计。",
        exported=Phrase("表格随后发给您，共 {n} 人"),
        exported_teams=Phrase("表格随后发给您：{n} 人，{teams} 个团队"),
        exported_more="只含您负责的人；已记入审计日志，他们在“隐私”里看得到您导出过。",
        exported_more_teams="姓名只含您直接带的人；已记入审计日志，他们在“隐私”里看得到您导出过。",
        exported_quietly="请勿转发或张榜。",
        export_kind="导出",
        note="导出人：{name}（{userid}），{when}；已记入审计日志。",
        note_teams="只列导出人直接带的人；由其他主管带的人只有满 5 人的团队合计，不含其主管。",
        ranks="名次为 {when} 算出，其余为导出时。",
        names_comma="、",
    ),
    "en": TeamWords(
        head=Phrase("{n} people could use a hand", "1 person could use a hand"),
        head_teams=Phrase(
            "{n} people could use a hand, {teams} more in your teams",
            "1 person could use a hand, {teams} more in your teams",
        ),
        teams_only=Phrase(
            "{n} people in your teams could use a hand", "1 person in your teams could use a hand"
        ),
        nobody="Nobody needs help first right now",
        away=Phrase("{n} more are on leave today: when they are back", "1 more is on leave today: when back"),
        asked="Asked for your help in the last 7 days: {names}",
        quietly="For you, to plan help: please do not forward or post it.",
        kind="needs-help",
        team_kind="team",
        empty="Nothing is asked of anybody you lead",
        empty_more="Did departments change? An admin can update the directory.",
        too_few="Your teams are fewer than 5 people together: no figures",
        too_few_more="Their own leaders see to them; from 5 people on you find sums here.",
        exported=Phrase("The file follows, with {n} people", "The file follows, with 1 person"),
        exported_teams=Phrase(
            "The file follows, with {n} people; teams: {teams}",
            "The file follows, with 1 person; teams: {teams}",
        ),
        exported_more="Only your people; it is in the audit log, and they see under “privacy” that you did.",
        exported_more_teams="By name only whom you lead directly; it is in the audit log, and they see under "
        "“privacy” that you did.",
        exported_quietly="Please do not forward or post it.",
        export_kind="export",
        note="Exported by {name} ({userid}), {when}; noted in the audit log.",
        note_teams="People are those led directly; of those whom others lead only teams of 5 and more are "
        "here, as sums and without their leaders.",
        ranks="Ranks are as of {when}, all else as of the export.",
        names_comma=", ",
    ),
}
WORDS = Wordbook("team", _BUILT_IN)


def needs_help(
    *,
    language: str,
    team: Sequence[TeamMember],
    wished: Sequence[tuple[str, date]],
    at: datetime,
    over: OverTeams | None = None,
) -> Message:
    """Tell a leader who of *team* could use a hand, and who (names) *wished* for it when. *at* is local.

    *over*: he leads leaders, too; then *team* is whom he leads with nobody between, others are figures.
    """
    words = WORDS[language]
    people = helped(team, language=language, at=at)
    away = sum(1 for member in team if member.away and member.lowest is not None)
    lines: list[str | Line | Listing] = []
    if people:
        lines.append(Listing(tuple(people), more=texts_in(language).more_people, keep=Keep.CORE))
    if away:
        lines.append(words.away.say(n=away))
    if wished:
        names = words.names_comma.join(f"{clean(name)} {day:%m-%d}" for name, day in wished)
        lines.append(Line((Part(words.asked.format(names=names)),), Keep.CORE))
    lines += lines_to_help(over, language=language) if over else []
    head = _head(words, len(people), teams=over.teams.behind if over else 0)
    return answered(language=language, head=head, lines=[*lines, words.quietly], kind=words.kind, at=at)


def _head(words: TeamWords, people: int, *, teams: int) -> str:
    """Say how many of his own could use a hand, and how many in *teams*."""
    if people and teams:
        return words.head_teams.say(n=people, teams=teams)
    if people:
        return words.head.say(n=people)
    return words.teams_only.say(n=teams) if teams else words.nobody


def no_team(*, language: str, at: datetime) -> Message:
    """Say that nobody whom he leads is asked for anything. *at* is local."""
    words = WORDS[language]
    return answered(
        language=language, head=words.empty, lines=[words.empty_more], kind=words.team_kind, at=at
    )


def too_few(*, language: str, at: datetime) -> Message:
    """Say that all whom he leads are led by others, and are too few for figures. *at* is local."""
    words = WORDS[language]
    return answered(
        language=language, head=words.too_few, lines=[words.too_few_more], kind=words.team_kind, at=at
    )


def exported(*, language: str, people: int, at: datetime, teams: int | None = None) -> Message:
    """Say that a file comes, with so many *people*; *teams*: for who leads leaders. *at* is local."""
    words = WORDS[language]
    if teams is None:
        head, more = words.exported.say(n=people), words.exported_more
    else:
        head, more = words.exported_teams.say(n=people, teams=teams), words.exported_more_teams
    lines = [more, words.exported_quietly]
    return answered(language=language, head=head, lines=lines, kind=words.export_kind, at=at)


def export_notes(*, language: str, name: str, userid: str, at: datetime, teams: bool) -> tuple[str, ...]:
    """Say within the file who made it when (local), and with *teams* who stands in it and who does not."""
    words = WORDS[language]
    note = words.note.format(name=clean(name), userid=userid, when=f"{at:%Y-%m-%d %H:%M}")
    return (note, words.note_teams) if teams else (note,)


def rank_note(*, language: str, at: datetime) -> str:
    """Say within the file that ranks are of *at* (local), some minutes before the rest."""
    return WORDS[language].ranks.format(when=f"{at:%Y-%m-%d %H:%M}")
