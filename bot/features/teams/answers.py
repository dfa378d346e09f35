"""Answers to a leader about his own people: who needs help, and that a file comes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from bot.features.teams.digest_message import helped
from bot.features.teams.member import TeamMember
from bot.features.teams.subteams import NamedSubTeams, lines_to_help
from bot.messages.answers import answered
from bot.messages.catalog import Texts, texts_in
from bot.messages.message import Keep, Line, Listing, Message, Part
from bot.messages.sanitize import clean


def needs_help(
    *,
    language: str,
    team: Sequence[TeamMember],
    wished: Sequence[tuple[str, date]],
    at: datetime,
    over: NamedSubTeams | None = None,
) -> Message:
    """Tell a leader who of *team* could use a hand, and who (names) *wished* for it when. *at* is local.

    *over*: he leads leaders, too; then *team* is whom he leads with nobody between, others are figures.
    """
    texts = texts_in(language)
    people = helped(team, language=language, at=at)
    away = sum(1 for member in team if member.away and member.lowest is not None)
    lines: list[str | Line | Listing] = []
    if people:
        lines.append(Listing(tuple(people), more=texts["progress.more_people"], keep=Keep.CORE))
    if away:
        lines.append(texts["team.away"].say(n=away))
    if wished:
        names = texts["team.names_comma"].join(f"{clean(name)} {day:%m-%d}" for name, day in wished)
        lines.append(Line((Part(texts["team.asked"].say(names=names)),), Keep.CORE))
    lines += lines_to_help(over, language=language) if over else []
    head = _head(texts, len(people), teams=over.teams.behind if over else 0)
    return answered(
        language=language, head=head, lines=[*lines, texts["team.quietly"]], kind=texts["team.kind"], at=at
    )


def _head(texts: Texts, people: int, *, teams: int) -> str:
    """Say how many of his own could use a hand, and how many in *teams*."""
    if people and teams:
        return texts["team.head_teams"].say(n=people, teams=teams)
    if people:
        return texts["team.head"].say(n=people)
    return texts["team.teams_only"].say(n=teams) if teams else texts["team.nobody"]


def no_team(*, language: str, at: datetime) -> Message:
    """Say that nobody whom he leads is asked for anything. *at* is local."""
    texts = texts_in(language)
    return answered(
        language=language,
        head=texts["team.empty"],
        lines=[texts["team.empty_more"]],
        kind=texts["team.team_kind"],
        at=at,
    )


def too_few(*, language: str, at: datetime) -> Message:
    """Say that all whom he leads are led by others, and are too few for figures. *at* is local."""
    texts = texts_in(language)
    return answered(
        language=language,
        head=texts["team.too_few"],
        lines=[texts["team.too_few_more"]],
        kind=texts["team.team_kind"],
        at=at,
    )


def exported(*, language: str, people: int, at: datetime, teams: int | None = None) -> Message:
    """Say that a file comes, with so many *people*; *teams*: for who leads leaders. *at* is local."""
    texts = texts_in(language)
    if teams is None:
        head, more = texts["team.exported"].say(n=people), texts["team.exported_more"]
    else:
        head, more = (
            texts["team.exported_teams"].say(n=people, teams=teams),
            texts["team.exported_more_teams"],
        )
    lines = [more, texts["team.exported_quietly"]]
    return answered(language=language, head=head, lines=lines, kind=texts["team.export_kind"], at=at)


def export_notes(*, language: str, name: str, userid: str, at: datetime, teams: bool) -> tuple[str, ...]:
    """Say within the file who made it when (local), and with *teams* who stands in it and who does not."""
    texts = texts_in(language)
    note = texts["team.note"].say(name=clean(name), userid=userid, when=f"{at:%Y-%m-%d %H:%M}")
    return (note, texts["team.note_teams"]) if teams else (note,)


def rank_note(*, language: str, at: datetime) -> str:
    """Say within the file that ranks are of *at* (local), some minutes before the rest."""
    return texts_in(language)["team.ranks"].say(when=f"{at:%Y-%m-%d %H:%M}")
