"""From which day on a period counts for money, and who is ranked where days are asked for."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from builders.e2e import (
    FakeTime,
    Quotabot,
    add_customers,
    at,
    command_here,
    installation,
    write_config,
    write_roster,
)

from bot.app.bootstrap import begin_record
from bot.features.standings.load import load_standings
from bot.features.standings.ranks import compute_ranks
from bot.services import RECORD_BEGAN
from bot.store.store import Store

QUOTA = '[[quotas]]\nid = "q"\nperiod = "month"\ntarget = 21\n'
FLAT = QUOTA + "penalty = { flat = 300 }\n"
RANKED = QUOTA + "reward = { top = [500], min_presence = 0.5 }\n"


@pytest.mark.parametrize(
    ("began", "penalty"),
    [
        pytest.param("2026-11-06T23:59", 300, id="4 of 21 workdays before it"),
        pytest.param("2026-11-09T00:00", None, id="5 of 21 workdays before it"),
    ],
)
def test_money_needs_four_fifths_of_the_period_on_record(
    tmp_path: Path, began: str, penalty: int | None
) -> None:
    write_roster(tmp_path, "zhang,员工甲,1,客户经理,,,,")
    with installation(write_config(tmp_path, quotas=FLAT), FakeTime(at("2026-12-01T09:00"))) as services:
        begin_record(services, now=at(began))
        begin_record(services, now=at("2026-12-01T09:00"))  # a later start changes nothing

        (row,) = load_standings(services, at=at("2026-12-01T09:00"), period="2026-11").rows

    assert (row.target, row.penalty) == (21, penalty)


def test_a_run_begins_the_record_and_a_dry_run_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    write_roster(tmp_path, "zhang,员工甲,1,客户经理,,,,")
    config = str(write_config(tmp_path, quotas=FLAT))

    def began() -> str | None:
        with closing(Store(tmp_path / "quotabot.db")) as store:
            return store.marks.get(RECORD_BEGAN)

    quotabot("run", "progress", "--at", "2026-11-24T09:07", "--dry-run", "--config", config)
    before = began()
    quotabot("run", "progress", "--at", "2026-11-24T09:07", "--no-wait", "--config", config)
    first = began()
    quotabot("run", "progress", "--at", "2026-11-25T09:07", "--no-wait", "--config", config)

    assert before is None
    assert first is not None
    assert began() == first


def test_an_answer_ranks_only_those_with_enough_own_workdays(tmp_path: Path) -> None:
    write_roster(
        tmp_path,
        "zhang,员工甲,1,客户经理,,,,",
        "late,员工乙,1,客户经理,,2026-11-17,,",  # 10 of 21 workdays
    )
    when = at("2026-11-24T09:00")
    with installation(write_config(tmp_path, quotas=RANKED), FakeTime(when)) as services:
        add_customers(services, "zhang", at("2026-11-23T10:00"))
        add_customers(services, "late", *(at(f"2026-11-23T1{hour}:00") for hour in range(9)))
        rows = load_standings(services, at=when).rows

        places = compute_ranks(services, rows, at=when)

    assert [(row.userid, row.rank) for row in rows] == [("late", None), ("zhang", 1)]
    found = {userid: place.place and place.place.rank for (_, _, userid), place in places.items()}
    assert found == {"late": None, "zhang": 1}


def test_changed_roles_are_a_new_reading_of_their_day(tmp_path: Path) -> None:
    write_roster(tmp_path, "zhang,员工甲,1,,,,,")
    quota = '[[quotas]]\nid = "q"\nroles = ["A"]\nperiod = "month"\ntarget = 21\n'
    roles = '[[roles]]\nname = "{}"\nmatch = {{ departments = [1] }}\n'
    first = write_config(tmp_path, quotas=quota, more=roles.format("A"))
    with installation(first, FakeTime(at("2026-11-02T08:00"))):
        pass
    # Recorded on the 16th, after ten workdays; a report of the 20th keeps them.
    later = write_config(tmp_path, quotas=quota, more=roles.format("B"))
    with installation(later, FakeTime(at("2026-11-16T08:00"))) as services:
        (row,) = load_standings(services, at=at("2026-11-20T09:00")).rows

    assert (row.target, row.role) == (10, "A")
