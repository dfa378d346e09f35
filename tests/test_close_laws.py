"""Laws of closed periods on both engines: a signed figure never changes, no month deducts above its cap."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from builders.e2e import QUOTA, FakeTime, at, installation, write_config, write_roster
from builders.teams import teams_of

from bot.core.relations import RelationEvent, RelationKind
from bot.features.close import results, settle
from bot.features.ledger.derive import derive
from bot.features.standings.load import Standings, load_standings
from bot.services import Services

MONTHLY = (
    f"{QUOTA.replace('50', '4')}penalty = {{ per_missing = 100 }}\n"
    'reward = { top = [500, 300], scope = "department" }\n[quotas.counting]\nkeep_days = 7\n'
)
STOCK = (
    '[[quotas]]\nid = "stock"\nperiod = "quarter"\nbasis = "held"\ntarget = 9\n'
    "penalty = { per_missing = 90 }\n"
)
WEEKLY = '[[quotas]]\nid = "weekly"\nperiod = "week"\ntarget = 2\npenalty = { flat = 150 }\n'
QUOTAS = (MONTHLY, STOCK, WEEKLY)
CAP = 400
PEOPLE = ("zhang", "li", "wang")
CLOSING = [at("2027-01-04T08:42"), at("2027-01-08T08:42"), at("2027-01-12T08:42")]
SIGNED, LATER = at("2027-01-30T10:00"), at("2027-03-01T10:00")
SEEDS = range(2)


def roster(folder: Path, *more: str, department: int = 1, share: str = "") -> None:
    lines = (f"{userid},员工{userid},{department},客户经理,,,,{share}" for userid in PEOPLE)
    write_roster(folder, *lines, *more)


def config(
    folder: Path, store: str, *, quotas: tuple[str, ...] = QUOTAS, cap: int = CAP, more: str = ""
) -> Path:
    return write_config(
        folder, quotas="".join(quotas), store=store, more=f"[money]\ncap_per_month = {cap}\n{more}"
    )


def store_at(place: Path | str) -> str:
    return place if isinstance(place, str) else f"sqlite:///{place}"


def happen(services: Services, chance: Random, *, number: int, userids: tuple[str, ...] = PEOPLE) -> None:
    """Some adds and ends of customers in the last quarter of 2026."""
    with services.store.transaction():
        for _ in range(number):
            moment = at("2026-10-01T09:00") + timedelta(minutes=chance.randrange(60 * 24 * 92))
            event = RelationEvent(
                userid=chance.choice(userids),
                external_userid=f"wm{chance.randrange(30)}",
                at=int(moment.timestamp()),
                kind=chance.choice([RelationKind.ADDED] * 3 + [RelationKind.LOST_BY_CUSTOMER]),
            )
            services.store.ledger.append(event, origin="callback", recorded_at=0)
    derive(services)


def close_and_sign(services: Services, chance: Random, *, late: int) -> None:
    """Close at some of the moments, with *late* events in between, then sign everything."""
    for moment in sorted(chance.sample(CLOSING, k=chance.randint(1, 3))):
        settle.close_due(services, at=moment)
        happen(services, chance, number=late)
    for closed in services.store.results.closed():
        results.sign(services, closed.quota, closed.period, by="人事", at=SIGNED)


def shown(services: Services) -> dict[str, tuple[object, ...]]:
    """The rows and the members of each team of all closed periods, long after the signature."""
    found: dict[str, tuple[object, ...]] = {}
    for period in sorted({closed.period for closed in services.store.results.closed()}):
        standings: Standings = load_standings(services, at=LATER, period=period)
        teams = [(team.quota, team.department, team.people, team.attainment) for team in teams_of(standings)]
        found[period] = (standings.rows, teams)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_signed_figure_never_changes(tmp_path: Path, place: Path | str, seed: int) -> None:
    chance, store = Random(seed), store_at(place)
    roster(tmp_path)
    path = config(tmp_path, store)
    with installation(path, FakeTime(at("2026-10-01T08:00"))) as services:
        happen(services, chance, number=60)
        close_and_sign(services, chance, late=5)
        before = shown(services)
    roster(
        tmp_path,
        "new,新员工,2,客户经理,,,,",
        "back,旧员工,1,客户经理,,2026-11-02,,",
        department=2,
        share="0.5",
    )
    harder = tuple(quota.replace("target = ", "target = 1") for quota in QUOTAS)
    config(tmp_path, store, quotas=harder, cap=0, more="[calendar]\nholidays = [2026-12-01, 2026-12-02]\n")
    with installation(path, FakeTime(at("2027-02-01T08:00"))) as services:
        happen(services, chance, number=40, userids=(*PEOPLE, "new", "back"))
        after = shown(services)

    assert before
    assert after == before


@pytest.mark.parametrize("seed", SEEDS)
def test_no_month_deducts_above_its_cap(tmp_path: Path, place: Path | str, seed: int) -> None:
    chance = Random(seed)
    roster(tmp_path)
    quotas = tuple(chance.sample(QUOTAS, k=3))
    with installation(config(tmp_path, store_at(place), quotas=quotas), FakeTime(CLOSING[0])) as services:
        happen(services, chance, number=25)
        close_and_sign(services, chance, late=3)
        sums = [_deducted(services)]
        for _ in range(3):
            happen(services, chance, number=8)
            _correct_something(services, chance)
            sums.append(_deducted(services))

    assert any(amount == CAP for month in sums for amount in month.values())  # the cap was felt
    assert all(amount <= CAP for month in sums for amount in month.values())


def _deducted(services: Services) -> dict[tuple[str, int, int], int]:
    found: dict[tuple[str, int, int], int] = defaultdict(int)
    for closed in services.store.results.closed():
        for userid, result in services.store.results.newest(closed.quota, closed.period).items():
            day = result.line.period_end
            found[userid, day.year, day.month] += result.line.penalty or 0
    return found


def _correct_something(services: Services, chance: Random) -> None:
    """Correct what is proposed in some of the closed periods, in any order."""
    periods = services.store.results.closed()
    for closed in chance.sample(periods, k=min(4, len(periods))):
        for change in results.list_corrections(services, closed.quota, closed.period, at=LATER):
            name = (closed.quota, closed.period, change.userid)
            results.correct(services, *name, by="人事", reason="迟到", at=LATER)
