"""The commands 团队, 需帮助, 导出, 我来帮, 确认请假: for leaders only, about their own people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, timedelta
from functools import wraps

from bot.core.progress import QuotaFigures
from bot.features.chat import about_message
from bot.features.chat.dates import days_in
from bot.features.chat.desk import Answer, Ask, Desk, File, Reply
from bot.features.preferences import leave_message
from bot.features.preferences.leave import confirm
from bot.features.standings.ranks import compute_ranks
from bot.features.standings.report import Report, build_sheets
from bot.features.teams import answers as team_messages
from bot.features.teams import coaching, help_sentences
from bot.features.teams.digest import TeamContent
from bot.features.teams.member import TeamMember
from bot.messages.answers import timed
from bot.messages.catalog import texts_in
from bot.messages.message import Line, Message
from bot.spreadsheet import workbook

_WISHED_DAYS = 7
_PERSON_AND_DAYS = re.compile(r"\s*(?P<person>[^\s,:、]+)(?P<days>.*)$")


def of_leaders(reply: Callable[[Ask, TeamContent], Message | Answer]) -> Reply:
    """Call *reply* with the people that the asker leads; refuse an asker without any."""

    @wraps(reply)
    def checked(ask: Ask) -> Message | Answer:
        desk = ask.desk
        if not desk.is_leader(ask.userid):
            return about_message.leaders_only(language=desk.language, at=desk.local)
        content = desk.team_digest.content_for(desk.people[ask.userid])
        if content.nobody:
            return team_messages.no_team(language=desk.language, at=desk.local)
        if not content.summed:
            return team_messages.too_few(language=desk.language, at=desk.local)
        return reply(ask, content)

    return checked


@of_leaders
def team(ask: Ask, content: TeamContent) -> Message:
    """Return the evening message as of now."""
    desk = ask.desk
    message = desk.team_digest.message(desk.people[ask.userid], content)
    texts = texts_in(desk.language)
    return _with_time(desk, timed(message, texts=texts, kind=texts["team.team_kind"], at=desk.local))


@of_leaders
def needs_help(ask: Ask, content: TeamContent) -> Message:
    """Name the direct reports who need help or asked for it, and the sub-teams with such people."""
    desk = ask.desk
    wished = list_wishes(desk, ask.userid, [member.userid for member in content.own])
    message = team_messages.needs_help(
        language=desk.language, team=content.own, wished=wished, at=desk.local, subteams=content.subteams
    )
    return _with_time(desk, message)


def _with_time(desk: Desk, message: Message) -> Message:
    """Return *message* with the time of the figures of large teams, if it is another one."""
    if (then := desk.standings.beside.at) is None:
        return message
    line = Line.of(team_messages.kept_note(language=desk.language, at=then))
    return replace(message, lines=(*message.lines[:-1], line, message.lines[-1]))


def list_wishes(desk: Desk, leader: str, own: Collection[str]) -> list[tuple[str, date]]:
    """Return the names of the direct reports *own* with a recent request for help, and its day."""
    since = desk.local.date() - timedelta(days=_WISHED_DAYS - 1)
    # Only direct leaders got the request, so only they are reminded.
    return [
        (desk.name(userid), day)
        for userid, day in desk.services.store.preferences.help_wishes_of(own, since=since)
        if leader in desk.bank.leaders_of(userid)
    ]


def coach(ask: Ask) -> Message:
    """Note that the asker helps a direct report, given by userid or name, and that person's pace now."""
    desk = ask.desk
    if not ask.rest.strip():
        asked = help_sentences.whom if desk.is_leader(ask.userid) else about_message.leaders_only
        return asked(language=desk.language, at=desk.local)
    userids = _meant(desk, ask.userid, ask.rest)
    if len(userids) > 1:
        name = desk.name(userids[0])
        return help_sentences.several(language=desk.language, name=name, userids=userids, at=desk.local)
    if not userids or not coaching.coach(desk.services, ask.userid, userids[0], at=ask.said_at):
        return help_sentences.not_led(language=desk.language, at=desk.local)
    return _coached(ask, userids[0])


def _meant(desk: Desk, leader: str, who: str) -> list[str]:
    """Return the direct reports that *who* can mean: by userid, else by name."""
    own = desk.own_people(leader)
    userid = desk.services.store.renames.current(who.strip().lower())
    if any(person.userid == userid for person in own):
        return [userid]
    name = _spelt(who)
    return sorted(person.userid for person in own if person.name and _spelt(person.name) == name)


def _spelt(name: str) -> str:
    """Normalize *name*: width, case and blanks do not matter."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _coached(ask: Ask, userid: str) -> Message:
    desk = ask.desk
    row = TeamMember(name="", userid=userid, rows=desk.standings.by_person.get(userid, ())).lowest
    if row is not None and row.pace is not None:
        desk.services.store.coaching.note_pace(
            ask.userid, userid, ask.said_at.date(), quota=row.quota, pace=round(100 * row.pace)
        )
    return help_sentences.noted(language=desk.language, name=desk.name(userid), at=desk.local)


def confirm_leave(ask: Ask) -> Message:
    """Confirm leave that a direct report noted: from now on it lowers targets."""
    desk, services = ask.desk, ask.desk.services
    match = _PERSON_AND_DAYS.match(ask.rest)
    days = days_in(match["days"], today=desk.calendar.local_day(ask.said_at)) if match else None
    if match is None or not days or days[-1] < days[0]:
        return leave_message.how(language=desk.language, at=desk.local)
    userid = services.store.renames.current(match["person"].lower())
    with services.store.transaction():
        message, _ = confirm(services, ask.userid, userid, (days[0], days[-1]), at=desk.at)
    return message


@of_leaders
def export(ask: Ask, content: TeamContent) -> Answer:
    """Return the direct reports' rows as a spreadsheet with the asker's name on it; sub-teams as totals."""
    desk, subteams = ask.desk, content.subteams
    userids = tuple(sorted(member.userid for member in content.own))
    rows = [row for row in desk.standings.rows if row.userid in set(userids)]
    report = build_report(desk, ask.userid, content, rows)
    return Answer(
        message=team_messages.exported(
            language=desk.language,
            people=len(userids),
            teams=None if subteams is None else len(subteams.teams.shown),
            at=desk.local,
        ),
        file=File(
            filename=f"team-{ask.userid}-{desk.local:%Y%m%d-%H%M}.xlsx",
            body=workbook(build_sheets(report)),
            userids=userids,
        ),
    )


def build_report(desk: Desk, leader: str, content: TeamContent, rows: list[QuotaFigures]) -> Report:
    """Return *rows*, of direct reports of *leader*, with their ranks, and the sub-teams as totals."""
    subteams = content.subteams
    departments = [] if subteams is None else [team.department for team in subteams.teams.shown]
    shown = {department: content.teams[department] for department in departments}
    ranked, earlier = _with_ranks(desk, rows)
    return Report(
        at=desk.local,
        rows=ranked,
        teams=None if subteams is None else desk.standings.large_teams(shown),
        names={row.userid: desk.name(row.userid) for row in rows},
        departments=desk.services.directory.departments.names,
        money=False,
        language=desk.language,
        notes=(
            *team_messages.export_notes(
                language=desk.language,
                name=desk.name(leader),
                userid=leader,
                at=desk.local,
                teams=subteams is not None,
            ),
            *earlier,
            *(
                []
                if (then := desk.standings.beside.at) is None or subteams is None
                else [team_messages.kept_note(language=desk.language, at=then)]
            ),
        ),
    )


def _with_ranks(desk: Desk, rows: list[QuotaFigures]) -> tuple[list[QuotaFigures], list[str]]:
    """Return *rows* with their ranks, and a note if the ranks are older than the rows."""
    ranks = compute_ranks(desk.services, rows, at=desk.at)
    with_ranks = []
    for row in rows:
        own = ranks.get((row.quota, row.period, row.userid))
        with_ranks.append(row if own is None or own.place is None else replace(row, rank=own.place.rank))
    earlier = sorted({own.at for own in ranks.values() if own.at is not None})
    return with_ranks, [team_messages.rank_note(language=desk.language, at=at) for at in earlier]
