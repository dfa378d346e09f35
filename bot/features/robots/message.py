"""The post of a group robot: the leaderboard of its departments as text and as a picture.

A post names only the people at the top (see `bot.core.leaderboard`) and mentions nobody with an @.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.leaderboard import GroupLeaderboard, LeaderboardPlace, Unit
from bot.core.progress import QuotaFigures
from bot.features.robots.picture import Bar, Figure, Picture, Section
from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import first_line, footer, labels_of
from bot.messages.message import Keep, Line, Listing, Message, Tone
from bot.messages.sanitize import clean

# Limits for a picture that people read on a phone and a sender waits for; the text has them all.
_PICTURE_PLACES = 12
_PICTURE_UNITS = 12
_PICTURE_QUOTAS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPost:
    """The content of a post: *boards*, each with a row of its quota; names by userid and department."""

    job: str
    boards: Sequence[tuple[QuotaFigures, GroupLeaderboard]]
    people: Mapping[str, str]
    departments: Mapping[int, str]
    at: datetime


def group_message(post: GroupPost, *, language: str) -> Message:
    """Return the text. Raises ValueError without a board, a zone of *at* or a known language."""
    texts = texts_in(language)
    labels = _labels(texts, post)
    _, first = post.boards[0]
    lines: list[Line | Listing] = [first_line(_first(texts, first))]
    for row, board in post.boards:
        label = labels[row.quota] if len(post.boards) > 1 else ""
        lines += _board_lines(texts, board, post=post, label=label)
    lines.append(Line.of(_promise(texts, post.boards), Keep.USEFUL))
    lines.append(footer(texts, at=post.at, kind=texts.table("robots.kinds")[post.job]))
    return Message(tuple(lines))


def group_picture(post: GroupPost, *, language: str) -> Picture:
    """Return the picture. Raises ValueError as `group_message` does."""
    texts = texts_in(language)
    labels = _labels(texts, post)
    several = len(post.boards) > 1
    row, board = post.boards[0]
    title = texts.table("robots.titles")[post.job]
    as_of = footer(texts, at=post.at, kind=texts.table("robots.kinds")[post.job]).parts
    shown = post.boards[:_PICTURE_QUOTAS]
    hidden = len(post.boards) - len(shown)
    return Picture(
        title=title if several else texts["robots.titled"].say(label=labels[row.quota], title=title),
        headline="" if several else _first(texts, board),
        subtitle="".join(part.words for part in as_of),
        sections=tuple(
            _section(texts, board, post=post, title=labels[row.quota] if several else "")
            for row, board in shown
        ),
        footer=_promise(texts, shown),
        more_sections=texts["progress.more_quotas"].say(n=hidden) if hidden else "",
    )


def robot_disabled(*, language: str, name: str, errcode: int) -> str:
    """Tell admins that a robot posts nothing any more."""
    return texts_in(language)["robots.disabled"].say(name=clean(name), errcode=errcode)


def _promise(texts: Texts, boards: Sequence[tuple[QuotaFigures, GroupLeaderboard]]) -> str:
    """Say who is named, and that nobody else is."""
    return texts["robots.peace"] if any(board.top for _, board in boards) else texts["robots.peace_unnamed"]


def _labels(texts: Texts, post: GroupPost) -> dict[str, str]:
    if not post.boards:
        raise ValueError("a post needs at least one board")
    return labels_of(texts, [row for row, _ in post.boards], at=post.at)


def _first(texts: Texts, board: GroupLeaderboard) -> str:
    if board.enough:
        return texts["robots.enough"].say(n=board.people, enough=board.enough)
    return texts["robots.nobody_yet"].say(n=board.people, percent=board.percent)


def _board_lines(
    texts: Texts, board: GroupLeaderboard, *, post: GroupPost, label: str
) -> Iterator[Line | Listing]:
    figures = {"percent": board.percent, "median": board.middle, "elapsed": board.elapsed}
    attainment = texts["progress.attainment_of"] if label else texts["progress.attainment"]
    yield Line.of(attainment.say(label=label, **figures))
    if board.gain is not None:
        gain = texts["robots.gain"].say(latest=board.gain.latest, before=board.gain.before)
        yield Line.of(gain, Keep.USEFUL)
    if board.units:
        units = tuple(Line.of(_unit(texts, post, unit), Keep.USEFUL) for unit in board.units)
        yield Listing(units, more=texts["robots.more_units"], keep=Keep.USEFUL)
    if board.top:
        yield Line.of(texts["robots.lead"], Keep.CORE, Tone.STRONG)
        places = tuple(Line.of(_place(texts, post, place)) for place in board.top)
        yield Listing(places, more=texts["robots.more_places"])
    for note in _notes(texts, board, post=post):
        yield Line.of(note, Keep.USEFUL)


def _notes(texts: Texts, board: GroupLeaderboard, *, post: GroupPost) -> Iterator[str]:
    if board.equal:
        equal = texts["robots.equal"] if board.top else texts["robots.equal_first"]
        yield equal.say(n=board.equal, rank=len(board.top) + 1)
    if board.improver is not None and board.improved is not None:
        yield texts["robots.improver"].say(name=_person(post, board.improver), more=board.improved)
    elif board.improved is not None:
        yield texts["robots.improved"].say(more=board.improved)


def _section(texts: Texts, board: GroupLeaderboard, *, post: GroupPost, title: str) -> Section:
    units, places = len(board.units) - _PICTURE_UNITS, len(board.top) - _PICTURE_PLACES
    more_places = (texts["robots.more_places"].say(n=places),) if places > 0 else ()
    return Section(
        title=texts["robots.of_quota"].say(label=title, said=_first(texts, board)) if title else "",
        figures=(
            Figure(f"{board.percent}%", texts["robots.percent"]),
            Figure(f"{board.middle}%", texts["robots.middle"]),
            Figure(
                f"{board.elapsed}%", texts["robots.elapsed_tick"] if board.units else texts["robots.elapsed"]
            ),
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
        heading=texts["robots.lead"],
        places=tuple(
            Bar(
                label=f"{place.rank}  {_person(post, place.userid)}",
                value=f"{place.counted}/{place.target}",
                percent=min(100, 100 * place.counted // place.target),
                enough=place.counted >= place.target,
            )
            for place in board.top[:_PICTURE_PLACES]
        ),
        notes=(*more_places, *_notes(texts, board, post=post)),
        more_bars=texts["robots.more_units"].say(n=units) if units > 0 else "",
    )


def _place(texts: Texts, post: GroupPost, place: LeaderboardPlace) -> str:
    return texts["robots.place"].say(
        rank=place.rank, name=_person(post, place.userid), counted=place.counted, target=place.target
    )


def _unit(texts: Texts, post: GroupPost, unit: Unit) -> str:
    return texts["robots.unit"].say(name=_unit_name(post, unit), n=unit.people, percent=unit.percent)


def _person(post: GroupPost, userid: str) -> str:
    return clean(post.people.get(userid, ""), otherwise=userid)


def _unit_name(post: GroupPost, unit: Unit) -> str:
    return clean(post.departments.get(unit.department, ""), otherwise=str(unit.department))
