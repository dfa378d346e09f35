"""团队, 需帮助, 导出: what a leader may ask about his own people, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import wraps

from bot import acts
from bot.core.progress import Row
from bot.messages import Message, TeamMember, about, helping
from bot.messages import team as team_messages
from bot.messages.answers import timed
from bot.ranking import ranked
from bot.replies.asking import Answer, Ask, Desk, File
from bot.reports import Report, sheets
from bot.spreadsheet import workbook

_WISHED_DAYS = 7

Reply = Callable[[Ask], Message | Answer]


def of_leaders(reply: Callable[[Ask, list[TeamMember]], Message | Answer]) -> Reply:
    """Give *reply* the people whom the asker leads and of whom something is asked; others learn nothing."""

    @wraps(reply)
    def checked(ask: Ask) -> Message | Answer:
        desk = ask.desk
        if not desk.is_leader(ask.userid):
            return about.leaders_only(language=desk.language, at=desk.local)
        rows = desk.standing.by_person
        team = [
            TeamMember(name=person.name, userid=person.userid, rows=rows[person.userid])
            for person in desk.led_by(ask.userid)
            if person.userid in rows
        ]
        if not team:
            return team_messages.no_team(language=desk.language, at=desk.local)
        return reply(ask, team)

    return checked


def team(ask: Ask) -> Message:
    """The evening's message as of now."""
    desk = ask.desk
    if not desk.is_leader(ask.userid):
        return about.leaders_only(language=desk.language, at=desk.local)
    message = desk.leading.said(desk.people[ask.userid])
    if message is None:
        return team_messages.no_team(language=desk.language, at=desk.local)
    kind = team_messages.WORDS[desk.language].team_kind
    return timed(message, language=desk.language, kind=kind, at=desk.local)


@of_leaders
def needs_help(ask: Ask, members: list[TeamMember]) -> Message:
    """Who could use a hand, and who asked for it."""
    desk = ask.desk
    names = {member.userid: member.name or member.userid for member in members}
    since = desk.local.date() - timedelta(days=_WISHED_DAYS - 1)
    # Only a direct leader was told, so only he is reminded.
    wished = [
        (names[userid], day)
        for userid, day in desk.services.store.preferences.help_wishes(since=since)
        if userid in names and ask.userid in desk.bank.leaders_of(userid)
    ]
    return team_messages.needs_help(language=desk.language, team=members, wished=wished, at=desk.local)


def coach(ask: Ask) -> Message:
    """He will help somebody whom he leads: noted with the pace that person has now."""
    desk = ask.desk
    services, whom = desk.services, desk.services.store.renames.current(ask.rest.strip().lower())
    if not acts.coach(services, ask.userid, whom, at=desk.at):
        return helping.not_led(language=desk.language, at=desk.local)
    member = TeamMember(name="", userid=whom, rows=desk.standing.by_person.get(whom, ()))
    row = member.lowest
    if row is not None and row.pace is not None:
        services.store.coaching.note_pace(
            ask.userid, whom, desk.local.date(), quota=row.quota, pace=round(100 * row.pace)
        )
    return helping.noted(language=desk.language, name=desk.name(whom), at=desk.local)


@of_leaders
def export(ask: Ask, members: list[TeamMember]) -> Answer:
    """His people's rows as a spreadsheet, with his name on it."""
    desk = ask.desk
    userids = tuple(member.userid for member in members)
    note = team_messages.export_note(
        language=desk.language, name=desk.name(ask.userid), userid=ask.userid, at=desk.local
    )
    rows, notes = _with_ranks(desk, [row for row in desk.standing.rows if row.userid in set(userids)])
    report = Report(
        at=desk.local,
        rows=rows,
        teams=None,
        names={userid: desk.name(userid) for userid in userids},
        departments=desk.services.directory.departments.names,
        money=False,
        language=desk.language,
        notes=(note, *notes),
    )
    return Answer(
        message=team_messages.exported(language=desk.language, people=len(userids), at=desk.local),
        file=File(
            filename=f"team-{ask.userid}-{desk.local:%Y%m%d-%H%M}.xlsx",
            body=workbook(sheets(report)),
            userids=userids,
        ),
    )


def _with_ranks(desk: Desk, rows: list[Row]) -> tuple[list[Row], list[str]]:
    """Return *rows* with their ranks, and a note if these are older than the rows."""
    found = ranked(desk.services, rows, at=desk.at)
    with_ranks = []
    for row in rows:
        own = found.get((row.quota, row.period, row.userid))
        place = None if own is None else own.place
        with_ranks.append(row if place is None else replace(row, rank=place.rank))
    earlier = sorted({own.at for own in found.values() if own.at is not None})
    return with_ranks, [team_messages.rank_note(language=desk.language, at=at) for at in earlier]
