"""`[ledger]` is that of the day of the loss, `[integrity]` that of the day of the add."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from builders.e2e import FakeTime, add_customers, at, installation, write_config, write_roster

from bot.app.bootstrap import record_files
from bot.config import load
from bot.core.relations import RelationEvent, RelationKind
from bot.core.workdays import epoch_of
from bot.features.ledger.derive import derive, note_rules
from bot.features.ledger.replay import recount
from bot.features.ledger.versions import load_integrity, load_regain
from bot.features.reviews import findings
from bot.features.reviews.cases import load_cases
from bot.features.standings.load import load_standings
from bot.services import Services

QUOTA = '[[quotas]]\nid = "q"\nperiod = "month"\ntarget = 9\n'
CHANGED = "2026-11-20T10:00"


def regain(days: int) -> str:
    return f"[ledger]\nregain_days = {days}\n"


@contextmanager
def changed(folder: Path, *steps: tuple[str, str]) -> Iterator[Services]:
    """An installation that recorded each file (the rest of it) at its time; the last one is in use."""
    write_roster(folder, "zhang,员工甲,1,客户经理,,,,")
    (_, more), *later = steps
    clock = FakeTime(at(steps[-1][0]))
    with installation(write_config(folder, quotas=QUOTA, more=more), clock) as services:
        for moment, text in later:
            services.use(load(write_config(folder, quotas=QUOTA, more=text), environ={}), services.directory)
            record_files(services, now=at(moment))
        yield services


@pytest.mark.parametrize(
    ("day", "asked"),
    [
        pytest.param("2026-11-20", [], id="the day of the change: the old rules"),
        pytest.param("2026-11-23", ["finding:burst:zhang:2026-11-23"], id="after it"),
    ],
)
def test_rules_of_integrity_that_are_new_in_a_running_period_ask_about_its_later_adds(
    tmp_path: Path, day: str, asked: list[str]
) -> None:
    rules = '[integrity]\nburst = { adds = 2, minutes = 10 }\naction = "hold"\n'
    now = at("2026-11-24T09:07")
    with changed(tmp_path, ("2026-11-01T08:00", ""), ("2026-11-01T09:00", ""), (CHANGED, rules)) as services:
        adds = (at(f"{day}T10:02"), at(f"{day}T10:05"), at(f"{day}T15:00"))
        add_customers(services, "zhang", *adds)
        findings.put(services, at=now, free=lambda _userid: True)
        found = load_cases(services, at=now)
        (row,) = load_standings(services, at=now).rows

    assert [case.id for case in found if case.finding] == asked
    assert [case.finding.evidence.n for case in found if case.finding] == [2] * len(asked)
    assert (row.counted, row.pending) == ((1, 2) if asked else (3, 0))


def relation(services: Services, customer: str, *events: tuple[RelationKind, str]) -> None:
    with services.store.transaction():
        for kind, when in events:
            services.store.ledger.append(
                RelationEvent(userid="zhang", external_userid=customer, at=epoch_of(at(when)), kind=kind),
                origin="callback",
                recorded_at=0,
            )


@pytest.mark.parametrize(
    ("lost", "added", "slips"),
    [
        pytest.param(
            "2026-11-20T09:00", "2026-11-21T08:00", 1, id="lost on the day of the change: the old rule"
        ),
        pytest.param("2026-11-20T23:59", "2026-11-22T10:00", 1, id="also up to its last second"),
        pytest.param("2026-11-21T00:00", "2026-11-21T08:00", 0, id="lost on the day after: the new rule"),
    ],
)
def test_a_loss_keeps_the_ledger_of_its_day(tmp_path: Path, lost: str, added: str, slips: int) -> None:
    with changed(tmp_path, ("2026-11-01T08:00", regain(3)), (CHANGED, regain(0))) as services:
        relation(
            services,
            "c1",
            (RelationKind.ADDED, "2026-11-10T10:00"),
            (RelationKind.LOST_BY_CUSTOMER, lost),
            (RelationKind.ADDED, added),
        )
        note_rules(services)
        derive(services)

        adds = services.store.ledger.kept_adds("zhang", "c1")
        stages = list(recount(services, mend=False))

    assert [len(add.slips) for add in adds] == ([1] if slips else [0, 0])
    assert [stage.differences for stage in stages] == [()]


@pytest.mark.parametrize(
    ("second", "wanted"),
    [
        pytest.param(regain(1), [259_200, 86_400], id="changed twice a day: the last one"),
        pytest.param(regain(3), [259_200, 259_200], id="changed back the same day: nothing"),
    ],
)
def test_of_several_changes_of_a_day_the_last_one_holds_from_tomorrow_on(
    tmp_path: Path, second: str, wanted: list[int]
) -> None:
    steps = (("2026-11-01T08:00", regain(3)), (CHANGED, regain(0)), ("2026-11-20T18:00", second))
    with changed(tmp_path, *steps) as services:
        regain_s = load_regain(services)

    days = [epoch_of(at(f"2026-11-{day}T12:00")) for day in (20, 21)]
    assert [regain_s if isinstance(regain_s, int) else regain_s(day) for day in days] == wanted


def test_what_is_not_recorded_holds_from_tomorrow_on(tmp_path: Path) -> None:
    burst = "[integrity]\nburst = { adds = 2, minutes = 10 }\n"
    with changed(tmp_path, ("2026-11-20T08:00", burst)) as services:
        services.use(load(write_config(tmp_path, quotas=QUOTA), environ={}), services.directory)
        dated = load_integrity(services)

    assert [dated.on(date(2026, 11, day)).burst is not None for day in (1, 20, 21)] == [True, True, False]


@pytest.mark.parametrize(
    ("day", "held"),
    [pytest.param(20, 0, id="before it holds"), pytest.param(21, 1, id="from the day after the change on")],
)
def test_an_add_keeps_the_integrity_of_its_day(tmp_path: Path, day: int, held: int) -> None:
    hold = '[integrity]\nburst = { adds = 2, minutes = 10 }\naction = "hold"\n'
    with changed(tmp_path, ("2026-11-01T08:00", ""), (CHANGED, hold)) as services:
        add_customers(services, "zhang", at(f"2026-11-{day}T10:00"), at(f"2026-11-{day}T10:01"))

        (row,) = load_standings(services, at=at("2026-11-24T09:00")).rows

    assert row.gross == 2
    assert (row.pending > 0) == bool(held)
