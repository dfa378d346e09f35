"""A branch with findings and rejected contacts, for the tests of reviewing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from bot.core.progress import QuotaFigures
from bot.core.relations import RelationEvent, RelationKind
from bot.features.ledger.derive import derive
from bot.features.standings.load import load_standings
from bot.services import Services
from builders.e2e import QUOTA, FakeTime, add_customers, at, installation, write_config, write_roster
from scheduler.planner import plan, plan_pieces, prepare

# Monday 23 November, 10:02 to 10:09: a burst of zhang. The morning after he is asked.
MONDAY = at("2026-11-23T10:02")
TUESDAY = at("2026-11-24T09:07")
ANSWERED = at("2026-11-25T11:00")
# Three workdays after Tuesday: Wednesday, Thursday, Friday.
FRIDAY_EVENING = at("2026-11-27T18:00")
NEXT_MONDAY = at("2026-11-30T09:07")

BURST_ID = "finding:burst:zhang:2026-11-23"
BURST_RULE = "[integrity]\nburst = { adds = 15, minutes = 10 }\n"
HOLD = f'{BURST_RULE}action = "hold"\n'
RULES = QUOTA + "[quotas.counting]\nkeep_days = 7\n"
DEPARTMENTS = "id,name,parent\n1,支行,\n11,一部,1\n"
ROSTER = (
    "zhang,员工甲,11,客户经理,,,,",
    "li,员工乙,11,客户经理,,,,",
    "team,主管甲,11,主管,11,,,",
    "head,主管乙,1,主管,1,,,",
)


@contextmanager
def branch(
    folder: Path,
    *,
    more: str = BURST_RULE,
    quotas: str = RULES,
    when: datetime = TUESDAY,
    roster: tuple[str, ...] = ROSTER,
    departments: str = DEPARTMENTS,
) -> Iterator[Services]:
    """zhang and li under team, team under head; *when*: the service's clock."""
    (folder / "departments.csv").write_text(departments, encoding="utf-8")
    write_roster(folder, *roster)
    with installation(write_config(folder, quotas=quotas, more=more), FakeTime(when)) as services:
        yield services


def burst(services: Services, userid: str = "zhang", *, begin: datetime = MONDAY, adds: int = 16) -> None:
    """*adds* of *userid* within eight minutes."""
    step = timedelta(seconds=7 * 60 // max(1, adds - 1))
    add_customers(services, userid, *(begin + n * step for n in range(adds)))


def tell(services: Services, userid: str, customer: str, moment: datetime, kind: RelationKind) -> None:
    event = RelationEvent(userid=userid, external_userid=customer, at=int(moment.timestamp()), kind=kind)
    with services.store.transaction():
        services.store.ledger.append(event, origin="callback", recorded_at=0)
    derive(services)


def lost_contact(services: Services, userid: str = "zhang") -> str:
    """One contact of 4 November that was lost two days later: rejected:lost_early; its customer."""
    tell(services, userid, "wm-lost", at("2026-11-04T10:00"), RelationKind.ADDED)
    tell(services, userid, "wm-lost", at("2026-11-06T10:00"), RelationKind.LOST_BY_CUSTOMER)
    return "wm-lost"


def morning(services: Services, when: datetime) -> dict[str, str]:
    """What goes out with the morning's progress, by key, after it was stored; progress itself left out."""
    prepare(services, "progress", at=when)
    for piece in plan_pieces(services, "progress", at=when, keep=True):
        assert all(piece.people)
    return messages(services, when)


def messages(services: Services, when: datetime) -> dict[str, str]:
    found = plan(services, "progress", at=when)
    return {message.key: message.content for message in found if not message.key.startswith("progress:")}


def row(services: Services, userid: str, when: datetime, *, period: str = "2026-11") -> QuotaFigures:
    found = load_standings(services, at=when, period=period).rows
    return next(one for one in found if one.userid == userid)


def numbers(services: Services, userid: str, when: datetime) -> tuple[int, int, int, tuple[str, ...]]:
    """Counted, pending, rejected, flags."""
    one = row(services, userid, when)
    return one.counted, one.pending, one.rejected, one.flags
