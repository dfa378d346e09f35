"""A standing roster with a fault: the service starts with the people it knew, and says what to correct."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.e2e import (
    FakeTime,
    Quotabot,
    at,
    bot_process,
    command_here,
    installation,
    write_config,
    write_roster,
)

from bot.app.bootstrap import refresh_directory
from bot.config.roster import RosterError
from bot.store.store import Store

GOOD = ("yg01,员工甲,11,客户经理,,,,", "yg02,员工乙,11,客户经理,,,,")


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "departments.csv").write_text("id,name,parent\n11,一部,1\n1,支行,0\n", encoding="utf-8")
    write_roster(tmp_path, *GOOD)
    return write_config(tmp_path)


def spoil(config: Path) -> None:
    write_roster(config.parent, GOOD[0], "yg02,员工乙,eleven,客户经理,,,,")


def known(config: Path) -> tuple[set[str], str | None]:
    """The people of an installation that starts now, and the name of their department."""
    with installation(config, FakeTime(at("2026-11-24T09:00"))) as services:
        people = {person.userid for person in services.directory.people}
        return people, services.directory.departments.names.get(11)


def test_a_service_starts_with_the_people_it_knew_and_says_file_line_and_remedy(config: Path) -> None:
    before = known(config)
    spoil(config)
    with bot_process(config, "--role", "receiver") as bot:
        status, report = bot.readyz()
        logged = bot.said("roster refused; the last good one stands in")
        code = bot.end()

    (part,) = [part for part in report["degraded"] if part["part"] == "roster"]
    assert status == 200
    assert "roster.csv: line 3, column department" in part["problem"]
    assert "must be a department id" in part["problem"]
    assert logged
    assert known(config) == before == ({"yg01", "yg02"}, "一部")
    assert code == 0


def test_a_corrected_roster_ends_it(config: Path) -> None:
    known(config)
    spoil(config)
    with installation(config, FakeTime(at("2026-11-24T09:00"))) as services:
        from bot.store.troubles import Part

        noted = services.store.troubles.get(Part.ROSTER)
        write_roster(config.parent, *GOOD, "yg03,员工丙,11,客户经理,,,,")
        refresh_directory(services)
        people = {person.userid for person in services.directory.people}
        after = services.store.troubles.get(Part.ROSTER)

    assert noted is not None
    assert people == {"yg01", "yg02", "yg03"}
    assert after is None


def test_a_roster_spoiled_while_the_service_runs_is_told_and_the_people_stay(config: Path) -> None:
    from bot.store.troubles import Part

    with installation(config, FakeTime(at("2026-11-24T09:00"))) as services:
        spoil(config)
        refresh_directory(services)
        noted = services.store.troubles.get(Part.ROSTER)
        people = {person.userid for person in services.directory.people}

    assert noted is not None
    assert "line 3" in noted.text
    assert people == {"yg01", "yg02"}


def test_status_works_and_says_it(quotabot: Quotabot, config: Path) -> None:
    known(config)
    spoil(config)
    done = quotabot("status", "--config", str(config))

    assert done.code == 0
    assert "line 3, column department" in done.out


def test_without_people_known_before_the_fault_is_for_a_person(config: Path) -> None:
    spoil(config)
    with pytest.raises(RosterError, match="line 3"):
        known(config)

    assert not (config.parent / "quotabot.db").exists()
    Store(config.parent / "quotabot.db").close()  # made by an earlier version, which remembered nobody
    with pytest.raises(RosterError, match="line 3"):
        known(config)


def test_zeros_that_excel_dropped_from_the_standing_roster_keep_the_known_people(
    config: Path,
) -> None:
    write_roster(config.parent, "00123,员工甲,11,客户经理,,,,")
    known(config)
    write_roster(config.parent, "123,员工甲,11,客户经理,,,,")
    with installation(config, FakeTime(at("2026-11-24T09:00"))) as services:
        people = {person.userid for person in services.directory.people}
        fault = services.directory.files.fault

    assert people == {"00123"}
    assert '"123": differs from 00123 only by zeros' in fault
