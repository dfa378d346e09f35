"""Statements that prove themselves: given to an employee with a code, looked at by whoever is shown one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from bot.core.people import leads
from bot.core.progress import QuotaFigures, Status
from bot.features.standings.load import Standings, load_people
from bot.features.statements.rules import Figure, Statement, code_of, is_code_of, read_code, read_statement
from bot.services import Services

# A code has 80 bits, so these are for calm, not for safety.
WRONG_CODES_AN_HOUR = 10  # of one asker
WRONG_CODES_OF_AN_ADDRESS = 30  # an hour: a whole office may stand behind it
WRONG_CODES_KEPT = 1000  # an hour, of all addresses: further ones are not written down
_HOUR_S = 3600
_ADDRESSES = "all addresses"  # an asker; no userid has a blank
_PATIENCE_S = 1.0  # somebody waits for the page, and a thread with him
_CHUNK = 100  # statements in one transaction: receivers wait for it


@dataclass(frozen=True, slots=True)
class Issued:
    """A statement and its code, without hyphens."""

    statement: Statement
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementCheck:
    """What a code turned out to be.

    *genuine*: the bot gave it out, and nothing was changed since. *at*: when (aware), for everybody.
    *statement*: for the person himself and his leaders only. *too_many*: wrong ones before it, see
    WRONG_CODES_AN_HOUR and its like.
    """

    genuine: bool
    at: datetime | None = None
    statement: Statement | None = None
    too_many: bool = False


def statement_of(standings: Standings, userid: str) -> Statement:
    """What is so for *userid*, who has rows, as of the time of *standings*."""
    local = standings.calendar.local(standings.at)
    return Statement(
        userid=userid,
        at=int(standings.at.timestamp()),
        day=local.date().isoformat(),
        added=standings.day(userid, local.date()).added,
        figures=tuple(_figure(row) for row in standings.by_person[userid] if row.status is not Status.EXEMPT),
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


def look_at(services: Services, words: str, *, asker: str, by: str | None = None) -> StatementCheck:
    """Say what the code in *words* is.

    *asker* names who tries, for the limit; *by* is the userid who would see the figures, None for nobody.
    What is no code is not looked up and not counted. Wrong tries are counted by real time.
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


def look_at_from(services: Services, words: str, *, address: str) -> StatementCheck:
    """Say what the code in *words* is to somebody of whom only his network *address* is known: no figures.

    What is no code is not looked up and not counted. When all addresses together asked for WRONG_CODES_KEPT,
    a wrong one is `too_many`, while a genuine one is still found: strangers must not close the page to
    everybody, nor have the store write on and on. Wrong tries are counted by real time.
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
        for one in (_ADDRESSES, asker):
            room.note_wrong_code(one, hour=hour)
    return StatementCheck(genuine=False)


def _given_out(services: Services, words: str) -> Statement | None:
    """The statement under the code in *words*, unchanged since; None for a code that nobody was given."""
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
