"""Statements that prove themselves: given to an employee with a code, looked at by whoever is shown one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from bot.core.people import leads
from bot.core.progress import Row, Status
from bot.core.statement import Figure, Statement, code_of, is_code_of, read_code, read_statement
from bot.services import Services
from bot.standing import Standing, everybody

WRONG_CODES_AN_HOUR = 10  # of one asker; a code has 80 bits, so this is for calm, not for safety
_HOUR_S = 3600
_CHUNK = 100  # statements in one transaction: receivers wait for it


@dataclass(frozen=True, slots=True)
class Issued:
    """A statement and its code, without hyphens."""

    statement: Statement
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a code turned out to be.

    *genuine*: the bot gave it out, and nothing was changed since. *at*: when (aware), for everybody.
    *statement*: for the person himself and his leaders only. *too_many*: it was not looked at, see
    WRONG_CODES_AN_HOUR.
    """

    genuine: bool
    at: datetime | None = None
    statement: Statement | None = None
    too_many: bool = False


def statement_of(standing: Standing, userid: str) -> Statement:
    """What is so for *userid*, who has rows, as of the time of *standing*."""
    local = standing.calendar.local(standing.at)
    return Statement(
        userid=userid,
        at=int(standing.at.timestamp()),
        day=local.date().isoformat(),
        added=standing.day(userid, local.date()).added,
        figures=tuple(_figure(row) for row in standing.by_person[userid] if row.status is not Status.EXEMPT),
    )


def issue(services: Services, statements: Iterable[Statement]) -> dict[str, Issued]:
    """Give each statement its code and keep it, by userid. Doing it again gives the same codes."""
    issued: dict[str, Issued] = {}
    waiting = iter(statements)
    while chunk := list(islice(waiting, _CHUNK)):
        with services.store.transaction():
            issued |= {statement.userid: _issued(services, statement) for statement in chunk}
    return issued


def _issued(services: Services, statement: Statement) -> Issued:
    room, month, body = services.store.daily_statements, _month(statement), statement.written()
    one = Issued(statement, code_of(body, key=room.make_key(month)))
    room.add(one.code, month=month, body=body)
    return one


def preview(services: Services, statement: Statement) -> Issued:
    """The same without keeping it: the code of what was not issued is not genuine."""
    key = services.store.daily_statements.key(_month(statement)) or b""
    return Issued(statement, code_of(statement.written(), key=key))


def look_at(services: Services, words: str, *, asker: str, by: str | None = None) -> Looked:
    """Say what the code in *words* is.

    *asker* names who tries, for the limit; *by* is the userid who would see the figures, None for nobody.
    Wrong tries are counted by real time.
    """
    room, hour = services.store.daily_statements, int(services.store.now()) // _HOUR_S
    if room.wrong_codes(asker, hour=hour) >= WRONG_CODES_AN_HOUR:
        return Looked(genuine=False, too_many=True)
    code = read_code(words)
    given = None if code is None else room.get(code)
    if code is None or given is None or not is_code_of(code, given.body, key=given.key):
        with services.store.transaction():
            room.note_wrong_code(asker, hour=hour)
        return Looked(genuine=False)
    statement = read_statement(given.body)
    at = services.config.work_calendar().moment(statement.at)
    seen = statement if by is not None and _may_see(services, by, statement) else None
    return Looked(genuine=True, at=at, statement=seen)


def _may_see(services: Services, by: str, statement: Statement) -> bool:
    renamed = services.store.renames.all()
    owner = renamed.get(statement.userid, statement.userid)
    reader = renamed.get(by.lower(), by.lower())
    if reader == owner:
        return True
    people = everybody(services)
    if reader not in people or owner not in people:
        return False
    today = services.config.work_calendar().local_day(services.clock.now())
    departments = services.directory.departments
    return leads(people[reader], people[owner], departments=departments, day=today)


def _figure(row: Row) -> Figure:
    return Figure(
        quota=row.quota, period=row.period, target=row.target, counted=row.counted, pending=row.pending
    )


def _month(statement: Statement) -> str:
    return statement.day[:7]
