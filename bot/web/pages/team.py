"""/team: a leader's people and teams, the help they need, and an export of what one sees."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Mapping

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from bot.core.workdays import epoch_of
from bot.features.access.rules import Page
from bot.features.access.visitor import Visitor
from bot.features.chat import team as chat_team
from bot.features.chat.desk import Ask, Desk
from bot.features.standings.report import build_sheets
from bot.features.teams.exports import record_export
from bot.messages.answers import moment_of
from bot.services import Services
from bot.spreadsheet import Sheet, harmless, workbook
from bot.store.preferences import Way
from bot.web.pages.door import Door
from bot.web.pages.me_view import said
from bot.web.pages.team_large import page_of
from bot.web.pages.team_people import Choice, TeamRow
from bot.web.pages.team_view import TeamPage

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CSV = "text/csv; charset=utf-8"


def add(routes: Blueprint, *, services: Services, door: Door) -> None:
    """Put the page and its forms among *routes*."""

    @routes.get("/team")
    @door.opens(Page.TEAM)
    def team(visitor: Visitor) -> str:
        page = page_of(services, visitor.userid)
        choice = Choice.of(request.args, quotas=list(page.labels))
        return render_template(
            "team.html",
            at=moment_of(page.at, language=page.desk.language),
            lines=page.lines(),
            lacks=page.desk.lacks,
            quotas=page.quotas(),
            help=page.help(),
            coaching=page.coaching(),
            subteams=page.subteams(),
            people=page.people(choice),
            choice=choice,
        )

    @routes.post("/team/export")
    @door.opens(Page.TEAM)
    def team_export(visitor: Visitor) -> ResponseReturnValue:
        return _export(services, visitor, form=request.form)

    @routes.post("/team/coach")
    @door.opens(Page.TEAM)
    def team_coach(visitor: Visitor) -> ResponseReturnValue:
        return door.done("team", _coach(services, visitor))


def _coach(services: Services, visitor: Visitor) -> list[str]:
    """Note that the visitor helps a direct report; return what the chat answers."""
    whom = request.form.get("whom", "").strip().lower()
    desk = Desk(services, at=services.clock.now(), about=[whom])
    page = TeamPage(desk, visitor.userid)
    if not page.is_begun:
        return page.lines()
    ask = Ask(desk=desk, userid=visitor.userid, msgid="", rest=whom, way=Way.BUTTON, said_at=desk.local)
    return said(chat_team.coach(ask))


def _export(services: Services, visitor: Visitor, *, form: Mapping[str, str]) -> Response:
    """Return the rows that the page shows as a file, and record it in the audit log."""
    page, kind = page_of(services, visitor.userid), "csv" if form.get("form") == "csv" else "xlsx"
    choice = Choice.of(form, quotas=list(page.labels))
    rows = page.chosen(choice)
    sheets = build_sheets(page.report(rows))
    _record(services, page, rows, kind=kind)
    body = _csv(sheets[0]) if kind == "csv" else workbook(sheets)
    name = f"team-{page.desk.local:%Y%m%d-%H%M}.{kind}"
    answer = Response(body, mimetype=None, content_type=_CSV if kind == "csv" else _XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _record(services: Services, page: TeamPage, rows: list[TeamRow], *, kind: str) -> None:
    name, userids = f"export:page:{secrets.token_hex(8)}", {row.userid for row in rows}
    with services.store.transaction():
        record_export(
            services.store,
            name,
            sorted(userids),
            by=page.userid,
            at=epoch_of(page.desk.at),
            detail={"rows": len(rows), "format": kind},
        )


def _csv(sheet: Sheet) -> bytes:
    """Return *sheet* as CSV that Excel reads as UTF-8, without a cell that it would run."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(column.heading for column in sheet.columns)
    writer.writerows(map(harmless, sheet.rows))
    return text.getvalue().encode("utf-8-sig")
