"""Statements with a code: issued to an employee, checked by anybody with the code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from bot.core.people import leads
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.features.standings.everybody import load_people
from bot.features.standings.load import Standings
from bot.features.statements.rules import Figure, Statement, code_of, is_code_of, read_code, read_statement
from bot.services import Services

# A code has 80 bits: these limits prevent noise, they are not needed for security.
WRONG_CODES_AN_HOUR = 10  # of one asker
WRONG_CODES_OF_AN_ADDRESS = 30  # an hour: a whole office may share it
WRONG_CODES_KEPT = 1000  # an hour, of all addresses: further ones are not stored
_HOUR_S = 3600
_ADDRESSES = "all addresses"  # an asker; no userid contains a blank
_PATIENCE_S = 1.0  # a person and a thread wait for the page
_LISTED_DAYS = 40  # how far back a person's list goes
_CHUNK = 100  # statements in one transaction: receivers wait for it


@dataclass(frozen=True, slots=True)
class Issued:
    """A statement and its code, without hyphens."""

    statement: Statement
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementCheck:
    """The result of checking a code.

    *genuine*: the bot issued the code, and the statement is unchanged. *at*: when (aware), for everybody.
    *statement*: for its owner and the owner's leaders only. *too_many*: wrong codes came before, see
    WRONG_CODES_AN_HOUR and the constants below it.
    """

    genuine: bool
    at: datetime | None = None
    statement: Statement | None = None
    too_many: bool = False


def statement_of(standings: Standings, userid: str) -> Statement:
    """Return the statement of *userid* (with rows) as of the time of *standings*."""
    local = standings.calendar.local(standings.at)
    return Statement(
        userid=userid,
        at=int(standings.at.timestamp()),
        day=local.date().isoformat(),
        added=standings.day(userid, local.date()).added,
        figures=tuple(_figure(row) for row in standings.by_person[userid] if row.status is not Status.EXEMPT),
    )


def issue(services: Services, statements: Iterable[Statement]) -> dict[str, Issued]:
    """Store each statement with its code; return them by userid. Repeated calls give the same codes."""
    issued: dict[str, Issued] = {}
    waiting = iter(statements)
    while chunk := list(islice(waiting, _CHUNK)):
        with services.store.transaction():
            issued |= {statement.userid: _issued(services, statement) for statement in chunk}
    return issued


def _issued(services: Services, statement: Statement) -> Issued:
    room, month, body = services.store.daily_statements, _month(statement), statement.written()
    code = code_of(body, key=room.make_key(month))
    room.add(code, month=month, body=body, userid=statement.userid, day=statement.day)
    return Issued(statement, code)


def list_issued(services: Services, userid: str, *, days: int) -> list[Issued]:
    """Return the last statement of each of the last *days* with one of *userid*, the newest day first."""
    today = services.config.work_calendar().local_day(services.clock.now())
    by_day: dict[str, Issued] = {}
    for code, body in services.store.daily_statements.of(userid, first=today - timedelta(days=_LISTED_DAYS)):
        issued = Issued(read_statement(body), code)
        known = by_day.get(issued.statement.day)
        if known is None or known.statement.at < issued.statement.at:
            by_day[issued.statement.day] = issued
    return list(by_day.values())[:days]


def preview(services: Services, statement: Statement) -> Issued:
    """Return the statement with its code without storing it; such a code is not genuine."""
    key = services.store.daily_statements.key(_month(statement)) or b""
    return Issued(statement, code_of(statement.written(), key=key))


def check_code(services: Services, words: str, *, asker: str, by: str | None = None) -> StatementCheck:
    """Check the code in *words*.

    *asker*: the name under which wrong codes are counted, by real time. *by*: the userid of the reader of the
    figures, None for nobody. Text without a code is neither looked up nor counted.
    """
    if read_code(words) is None:
        return StatementCheck(genuine=False)
    room, hour = services.store.daily_statements, _hour(services)
    if room.wrong_codes(asker, hour=hour) >= WRONG_CODES_AN_HOUR:
        return StatementCheck(genuine=False, too_many=True)
    statement = _given_out(services, words)
    if statement is None:
        with services.store.transaction():
            room.note_wrong_code(asker, hour=hour)
        return StatementCheck(genuine=False)
    seen = statement if by is not None and _may_see(services, by, statement) else None
    return StatementCheck(genuine=True, at=_at(services, statement), statement=seen)


def check_code_from(services: Services, words: str, *, address: str) -> StatementCheck:
    """Check the code in *words* for an unknown person at a network *address*; the result has no figures.

    Text without a code is neither looked up nor counted. After WRONG_CODES_KEPT wrong codes of all addresses
    a wrong code is `too_many`, but a genuine one is still found: strangers must neither close the page to
    everybody nor fill the store. Wrong codes are counted by real time.
    """
    if read_code(words) is None:
        return StatementCheck(genuine=False)
    room, hour, asker = services.store.daily_statements, _hour(services), f"{_ADDRESSES} {address}"
    if room.wrong_codes(asker, hour=hour) >= WRONG_CODES_OF_AN_ADDRESS:
        return StatementCheck(genuine=False, too_many=True)
    if (statement := _given_out(services, words)) is not None:
        return StatementCheck(genuine=True, at=_at(services, statement))
    if room.wrong_codes(_ADDRESSES, hour=hour) >= WRONG_CODES_KEPT:
        return StatementCheck(genuine=False, too_many=True)
    with services.store.transaction(patience_s=_PATIENCE_S):
        room.note_wrong_code(_ADDRESSES, hour=hour)
        room.note_wrong_code(asker, hour=hour)
    return StatementCheck(genuine=False)


def _given_out(services: Services, words: str) -> Statement | None:
    """Return the unchanged statement under the code in *words*; None for a code never issued."""
    code = read_code(words)
    given = None if code is None else services.store.daily_statements.get(code)
    if code is None or given is None or not is_code_of(code, given.body, key=given.key):
        return None
    return read_statement(given.body)


def _hour(services: Services) -> int:
    return int(services.store.now()) // _HOUR_S


def _at(services: Services, statement: Statement) -> datetime:
    return services.config.work_calendar().moment(statement.at)


def _may_see(services: Services, by: str, statement: Statement) -> bool:
    renamed = services.store.renames.all()
    owner = renamed.get(statement.userid, statement.userid)
    reader = renamed.get(by.lower(), by.lower())
    if reader == owner:
        return True
    people = load_people(services)
    if reader not in people or owner not in people:
        return False
    today = services.config.work_calendar().local_day(services.clock.now())
    departments = services.directory.departments
    return leads(people[reader], people[owner], departments=departments, day=today)


def _figure(row: QuotaFigures) -> Figure:
    return Figure(
        quota=row.quota, period=row.period, target=row.target, counted=row.counted, pending=row.pending
    )


def _month(statement: Statement) -> str:
    return statement.day[:7]
