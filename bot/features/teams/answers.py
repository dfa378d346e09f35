"""Answers to a leader about their own people: people who need help, and the export."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from bot.features.teams.digest_message import write_help_lines
from bot.features.teams.member import TeamMember
from bot.features.teams.subteams import NamedSubTeams, lines_to_help
from bot.messages.answers import answered
from bot.messages.catalog import Texts, texts_in
from bot.messages.message import Line, Listing, Message
from bot.messages.sanitize import clean


def needs_help(
    *,
    language: str,
    team: Sequence[TeamMember],
    wished: Sequence[tuple[str, date]],
    at: datetime,
    subteams: NamedSubTeams | None = None,
) -> Message:
    """Tell a leader who in *team* is behind, and who (names) *wished* for help on which day. *at* is local.

    *subteams*: figures of the teams of leaders below; then *team* holds the direct reports alone.
    """
    texts = texts_in(language)
    people = write_help_lines(team, language=language, at=at)
    away = sum(1 for member in team if member.away and member.lowest is not None)
    lines: list[str | Line | Listing] = []
    if people:
        lines.append(Listing(tuple(people), more=texts["progress.more_people"]))
    if away:
        lines.append(texts["team.away"].say(n=away))
    if wished:
        names = texts["team.names_comma"].join(f"{clean(name)} {day:%m-%d}" for name, day in wished)
        lines.append(Line.of(texts["team.asked"].say(names=names)))
    lines += lines_to_help(subteams, language=language) if subteams else []
    head = _head(texts, len(people), teams=subteams.teams.behind if subteams else 0)
    return answered(texts, head, *lines, texts["team.quietly"], kind=texts["team.kind"], at=at)


def _head(texts: Texts, people: int, *, teams: int) -> str:
    """Say how many direct reports are behind, and how many in *teams*."""
    if people and teams:
        return texts["team.head_teams"].say(n=people, teams=teams)
    if people:
        return texts["team.head"].say(n=people)
    return texts["team.teams_only"].say(n=teams) if teams else texts["team.nobody"]


def no_team(*, language: str, at: datetime) -> Message:
    """Answer a leader whose people have no quota. *at* is local."""
    texts = texts_in(language)
    return answered(texts, texts["team.empty"], texts["team.empty_more"], kind=texts["team.team_kind"], at=at)


def too_few(*, language: str, at: datetime) -> Message:
    """Answer a leader of leaders whose sub-teams are too small for figures. *at* is local."""
    texts = texts_in(language)
    head, more = texts["team.too_few"], texts["team.too_few_more"]
    return answered(texts, head, more, kind=texts["team.team_kind"], at=at)


def exported(*, language: str, people: int, at: datetime, teams: int | None = None) -> Message:
    """Announce a file with so many *people* and, for leaders of leaders, *teams*. *at* is local."""
    texts = texts_in(language)
    head, more = texts["team.exported"].say(n=people), texts["team.exported_more"]
    if teams is not None:
        head = texts["team.exported_teams"].say(n=people, teams=teams)
        more = texts["team.exported_more_teams"]
    lines = [more, texts["team.exported_quietly"]]
    return answered(texts, head, *lines, kind=texts["team.export_kind"], at=at)


def export_notes(*, language: str, name: str, userid: str, at: datetime, teams: bool) -> tuple[str, ...]:
    """Return the notes in the file: who made it when (local), and with *teams* who is in it."""
    texts = texts_in(language)
    note = texts["team.note"].say(name=clean(name), userid=userid, when=f"{at:%Y-%m-%d %H:%M}")
    return (note, texts["team.note_teams"]) if teams else (note,)


def kept_note(*, language: str, at: datetime) -> str:
    """Return the note that the figures of teams below are of *at* (local), before the rest."""
    return texts_in(language)["team.kept"].say(when=f"{at:%Y-%m-%d %H:%M}")


def rank_note(*, language: str, at: datetime) -> str:
    """Return the note in the file that ranks are of *at* (local), some minutes before the rest."""
    return texts_in(language)["team.ranks"].say(when=f"{at:%Y-%m-%d %H:%M}")
