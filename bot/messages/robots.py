"""What a group robot posts: the board of its departments as words and as a picture.

Only those who lead are named (`bot.core.board` says who that is); nobody is mentioned with an @.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.board import Board, Place, Unit
from bot.core.progress import Row
from bot.messages.language import texts_in
from bot.messages.message import Keep, Line, Listing, Message, Part, Tone
from bot.messages.names import clean
from bot.messages.phrases import Phrase, Texts
from bot.messages.ranking_picture import Bar, Figure, Picture, Section
from bot.messages.standing import first_line, footer, labels_of
from bot.messages.wordbook import Wordbook

# What is read on a phone without end, and drawn while a sender waits; the words have them all.
_PICTURE_PLACES = 12
_PICTURE_UNITS = 12
_PICTURE_QUOTAS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotWords:
    """The words of a language; *kinds* and *titles* by job."""

    enough: Phrase
    nobody_yet: Phrase
    of_quota: Phrase
    gain: Phrase
    unit: Phrase
    more_units: Phrase
    lead: str
    place: Phrase
    more_places: Phrase
    equal: Phrase
    equal_first: Phrase
    improver: Phrase
    improved: Phrase
    peace: str
    peace_unnamed: str
    percent: str
    middle: str
    elapsed: str
    elapsed_tick: str
    titles: Mapping[str, str]
    titled: Phrase
    kinds: Mapping[str, str]
    disabled: Phrase


_BUILT_IN: Mapping[str, RobotWords] = {
    "zh-CN": RobotWords(
        enough=Phrase("全队 {n} 人，已有 {enough} 人够了"),
        nobody_yet=Phrase("全队 {n} 人，达成率 {percent}%"),
        of_quota=Phrase("{label}：{said}"),
        gain=Phrase("近 7 天有效新增 {latest} 位，前 7 天 {before} 位"),
        unit=Phrase("{name}（{n} 人）达成率 {percent}%"),
        more_units=Phrase("另有 {n} 个部门"),
        lead="领先",
        place=Phrase("{rank}. {name} {counted}/{target}"),
        more_places=Phrase("另有 {n} 位领先"),
        equal=Phrase("第 {rank} 名有 {n} 位并列，不逐一列出"),
        equal_first=Phrase("并列第一的有 {n} 位，不逐一列出"),
        improver=Phrase("进步最多：{name}，近 7 天比前 7 天多 {more} 位"),
        improved=Phrase("进步最多的一位：近 7 天比前 7 天多 {more} 位"),
        peace="只列领先的几位；其他人的数字只有本人和主管看得到。",
        peace_unnamed="这里不列个人；自己的数字只有本人和主管看得到。",
        percent="达成率",
        middle="中位数",
        elapsed="时间进度",
        elapsed_tick="时间进度（竖线）",
        titles={"digest": "团队进度", "weekly": "团队周报"},
        titled=Phrase("{label}{title}"),
        kinds={"digest": "群日报", "weekly": "群周报"},
        disabled=Phrase("群机器人“{name}”已停用：企业微信返回 {errcode}。请核对群机器人后更换 webhook_key。"),
    ),
    "en": RobotWords(
        enough=Phrase("Team of {n}: enough reached by {enough}"),
        nobody_yet=Phrase("Team of {n}: attainment {percent}%"),
        of_quota=Phrase("{label}: {said}"),
        gain=Phrase("{latest} valid adds in the last 7 days, {before} in the 7 before"),
        unit=Phrase("{name} ({n} people): attainment {percent}%"),
        more_units=Phrase("and {n} more departments", one="and {n} more department"),
        lead="In the lead",
        place=Phrase("{rank}. {name} {counted}/{target}"),
        more_places=Phrase("and {n} more in the lead"),
        equal=Phrase("{n} share place {rank} and are not listed"),
        equal_first=Phrase("{n} share the first place and are not listed"),
        improver=Phrase("Most improved: {name}, {more} more in the last 7 days than in the 7 before"),
        improved=Phrase("The most improved: {more} more in the last 7 days than in the 7 before"),
        peace="Only those in the lead are listed; other numbers are between each person and the leader.",
        peace_unnamed="Nobody is listed here; numbers are between each person and the leader.",
        percent="attainment",
        middle="median",
        elapsed="time elapsed",
        elapsed_tick="time elapsed (tick)",
        titles={"digest": "Team progress", "weekly": "The team's week"},
        titled=Phrase("{label} · {title}"),
        kinds={"digest": "group digest", "weekly": "group week"},
        disabled=Phrase(
            "Group robot “{name}” is switched off: WeCom answered {errcode}. "
            "Look at the robot, then change its webhook_key."
        ),
    ),
}
WORDS = Wordbook("robots", _BUILT_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPost:
    """What a robot posts: *boards*, each with a row of its quota; names by userid and by department."""

    job: str
    boards: Sequence[tuple[Row, Board]]
    people: Mapping[str, str]
    departments: Mapping[int, str]
    at: datetime


def group_message(post: GroupPost, *, language: str) -> Message:
    """Return the words. Raises ValueError if there is no board, *at* has no zone, or for a language."""
    texts, words = texts_in(language), WORDS[language]
    labels = _labels(texts, post)
    _, first = post.boards[0]
    lines: list[Line | Listing] = [first_line(_first(words, first))]
    for row, board in post.boards:
        label = labels[row.quota] if len(post.boards) > 1 else ""
        lines += _board_lines(texts, words, board, post=post, label=label)
    named = any(board.top for _, board in post.boards)
    lines.append(Line((Part(words.peace if named else words.peace_unnamed),), Keep.USEFUL))
    lines.append(footer(texts, at=post.at, kind=words.kinds[post.job]))
    return Message(tuple(lines))


def group_picture(post: GroupPost, *, language: str) -> Picture:
    """Return the picture. Raises ValueError as `group_message` does."""
    texts, words = texts_in(language), WORDS[language]
    labels = _labels(texts, post)
    several = len(post.boards) > 1
    row, board = post.boards[0]
    title = words.titles[post.job]
    as_of = footer(texts, at=post.at, kind=words.kinds[post.job]).parts
    shown = post.boards[:_PICTURE_QUOTAS]
    hidden = len(post.boards) - len(shown)
    named = any(board.top for _, board in shown)
    return Picture(
        title=title if several else words.titled.say(label=labels[row.quota], title=title),
        headline="" if several else _first(words, board),
        subtitle="".join(part.words for part in as_of),
        sections=tuple(
            _section(words, board, post=post, title=labels[row.quota] if several else "")
            for row, board in shown
        ),
        footer=words.peace if named else words.peace_unnamed,
        more_sections=texts.more_quotas.say(n=hidden) if hidden else "",
    )


def robot_disabled(*, language: str, name: str, errcode: int) -> str:
    """Tell admins that a robot posts nothing any more."""
    return WORDS[language].disabled.say(name=clean(name), errcode=errcode)


def _labels(texts: Texts, post: GroupPost) -> dict[str, str]:
    if not post.boards:
        raise ValueError("a post needs at least one board")
    return labels_of(texts, [row for row, _ in post.boards], at=post.at)


def _first(words: RobotWords, board: Board) -> str:
    if board.enough:
        return words.enough.say(n=board.people, enough=board.enough)
    return words.nobody_yet.say(n=board.people, percent=board.percent)


def _board_lines(
    texts: Texts, words: RobotWords, board: Board, *, post: GroupPost, label: str
) -> Iterator[Line | Listing]:
    figures = {"percent": board.percent, "median": board.middle, "elapsed": board.elapsed}
    said = texts.attainment_of.say(label=label, **figures) if label else texts.attainment.say(**figures)
    yield Line((Part(said),), Keep.CORE)
    if board.gain is not None:
        said = words.gain.say(latest=board.gain.latest, before=board.gain.before)
        yield Line((Part(said),), Keep.USEFUL)
    if board.units:
        units = tuple(Line((Part(_unit(words, post, unit)),), Keep.USEFUL) for unit in board.units)
        yield Listing(units, more=words.more_units, keep=Keep.USEFUL)
    if board.top:
        yield Line((Part(words.lead, Tone.STRONG),), Keep.CORE)
        places = tuple(Line((Part(_place(words, post, place)),), Keep.CORE) for place in board.top)
        yield Listing(places, more=words.more_places, keep=Keep.CORE)
    for note in _notes(words, board, post=post):
        yield Line((Part(note),), Keep.USEFUL)


def _notes(words: RobotWords, board: Board, *, post: GroupPost) -> Iterator[str]:
    if board.equal:
        equal = words.equal if board.top else words.equal_first
        yield equal.say(n=board.equal, rank=len(board.top) + 1)
    if board.improver is not None and board.improved is not None:
        yield words.improver.say(name=_person(post, board.improver), more=board.improved)
    elif board.improved is not None:
        yield words.improved.say(more=board.improved)


def _section(words: RobotWords, board: Board, *, post: GroupPost, title: str) -> Section:
    units, places = len(board.units) - _PICTURE_UNITS, len(board.top) - _PICTURE_PLACES
    more_places = (words.more_places.say(n=places),) if places > 0 else ()
    return Section(
        title=words.of_quota.say(label=title, said=_first(words, board)) if title else "",
        figures=(
            Figure(f"{board.percent}%", words.percent),
            Figure(f"{board.middle}%", words.middle),
            Figure(f"{board.elapsed}%", words.elapsed_tick if board.units else words.elapsed),
        ),
        bars=tuple(
            Bar(
                label=_unit_name(post, unit),
                value=f"{unit.percent}%",
                percent=unit.percent,
                enough=unit.percent >= 100,
                mark=board.elapsed,
            )
            for unit in board.units[:_PICTURE_UNITS]
        ),
        heading=words.lead,
        places=tuple(
            Bar(
                label=f"{place.rank}  {_person(post, place.userid)}",
                value=f"{place.counted}/{place.target}",
                percent=min(100, 100 * place.counted // place.target),
                enough=place.counted >= place.target,
            )
            for place in board.top[:_PICTURE_PLACES]
        ),
        notes=(*more_places, *_notes(words, board, post=post)),
        more_bars=words.more_units.say(n=units) if units > 0 else "",
    )


def _place(words: RobotWords, post: GroupPost, place: Place) -> str:
    return words.place.say(
        rank=place.rank, name=_person(post, place.userid), counted=place.counted, target=place.target
    )


def _unit(words: RobotWords, post: GroupPost, unit: Unit) -> str:
    return words.unit.say(name=_unit_name(post, unit), n=unit.people, percent=unit.percent)


def _person(post: GroupPost, userid: str) -> str:
    return clean(post.people.get(userid, ""), otherwise=userid)


def _unit_name(post: GroupPost, unit: Unit) -> str:
    return clean(post.departments.get(unit.department, ""), otherwise=str(unit.department))
