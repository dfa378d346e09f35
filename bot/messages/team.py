"""Answers to a leader about his own people: who needs help, and that a file comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.messages.answers import answered
from bot.messages.digest import TeamMember, helped
from bot.messages.language import texts_in
from bot.messages.message import Keep, Line, Listing, Message, Part
from bot.messages.names import clean
from bot.messages.phrases import Phrase
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamWords:
    """The words of a language."""

    head: Phrase
    nobody: str
    asked: str
    quietly: str
    kind: str
    team_kind: str
    empty: str
    empty_more: str
    exported: Phrase
    exported_more: str
    exported_quietly: str
    export_kind: str
    note: str
    ranks: str
    names_comma: str


_BUILT_IN: Mapping[str, TeamWords] = {
    "zh-CN": TeamWords(
        head=Phrase("有 {n} 位可以帮一把"),
        nobody="现在没有需要先帮的人",
        asked="近 7 天请您帮忙：{names}",
        quietly="仅供您安排帮助，请勿转发或张榜。",
        kind="需帮助",
        team_kind="团队",
        empty="您负责的部门里没有要考核的人",
        empty_more="部门有变动？请管理员更新通讯录。",
        exported=Phrase("表格随后发给您，共 {n} 人"),
        exported_more="只含您负责的人；已记入审计日志，他们在“隐私”里看得到您导出过。",
        exported_quietly="请勿转发或张榜。",
        export_kind="导出",
        note="导出人：{name}（{userid}），{when}；已记入审计日志。",
        ranks="名次为 {when} 算出，其余为导出时。",
        names_comma="、",
    ),
    "en": TeamWords(
        head=Phrase("{n} people could use a hand", "1 person could use a hand"),
        nobody="Nobody needs help first right now",
        asked="Asked for your help in the last 7 days: {names}",
        quietly="For you, to plan help: please do not forward or post it.",
        kind="needs-help",
        team_kind="team",
        empty="Nothing is asked of anybody you lead",
        empty_more="Did departments change? An admin can update the directory.",
        exported=Phrase("The file follows, with {n} people", "The file follows, with 1 person"),
        exported_more="Only your people; it is in the audit log, and they see under “privacy” that you did.",
        exported_quietly="Please do not forward or post it.",
        export_kind="export",
        note="Exported by {name} ({userid}), {when}; noted in the audit log.",
        ranks="Ranks are as of {when}, all else as of the export.",
        names_comma=", ",
    ),
}
WORDS = Wordbook("team", _BUILT_IN)


def needs_help(
    *, language: str, team: Sequence[TeamMember], wished: Sequence[tuple[str, date]], at: datetime
) -> Message:
    """Tell a leader who of *team* could use a hand, and who (names) *wished* for it when. *at* is local."""
    words = WORDS[language]
    people = helped(team, language=language, at=at)
    lines: list[str | Line | Listing] = []
    if people:
        lines.append(Listing(tuple(people), more=texts_in(language).more_people, keep=Keep.CORE))
    if wished:
        names = words.names_comma.join(f"{clean(name)} {day:%m-%d}" for name, day in wished)
        lines.append(Line((Part(words.asked.format(names=names)),), Keep.CORE))
    head = words.head.say(n=len(people)) if people else words.nobody
    return answered(language=language, head=head, lines=[*lines, words.quietly], kind=words.kind, at=at)


def no_team(*, language: str, at: datetime) -> Message:
    """Say that nobody whom he leads is asked for anything. *at* is local."""
    words = WORDS[language]
    return answered(
        language=language, head=words.empty, lines=[words.empty_more], kind=words.team_kind, at=at
    )


def exported(*, language: str, people: int, at: datetime) -> Message:
    """Say that a file comes. *at* is local."""
    words = WORDS[language]
    lines = [words.exported_more, words.exported_quietly]
    head = words.exported.say(n=people)
    return answered(language=language, head=head, lines=lines, kind=words.export_kind, at=at)


def export_note(*, language: str, name: str, userid: str, at: datetime) -> str:
    """Say within the file who made it when (local)."""
    return WORDS[language].note.format(name=clean(name), userid=userid, when=f"{at:%Y-%m-%d %H:%M}")


def rank_note(*, language: str, at: datetime) -> str:
    """Say within the file that ranks are of *at* (local), some minutes before the rest."""
    return WORDS[language].ranks.format(when=f"{at:%Y-%m-%d %H:%M}")
