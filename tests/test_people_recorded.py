"""A directory that is recorded is not read again, until a file, a reading or the roles change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from builders.e2e import QUOTA, FakeTime, at, installation, write_config, write_roster

from bot.app.bootstrap import open_services, record_files
from bot.config import load
from bot.features.people import directory
from bot.features.standings.everybody import load_people
from bot.features.status.report import status_report
from bot.services import Services

NOW = at("2026-11-23T18:00")
ROSTER = ("zhang,员工甲,11,客户经理,,,,", "boss,主管甲,1,主管,1,,,")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The configuration of an installation that `serve` has recorded."""
    write_roster(tmp_path, *ROSTER)
    path = write_config(tmp_path)
    with installation(path, FakeTime(NOW)):
        pass
    return path


@contextmanager
def opened(path: Path) -> Iterator[Services]:
    with open_services(load(path, environ={}), clock=FakeTime(NOW)) as services:
        yield services


def test_a_start_reads_no_file_of_people_and_knows_everybody(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_config: object) -> directory.Files:
        raise AssertionError("nobody needs the roster")

    monkeypatch.setattr(directory, "read_files", read)
    with opened(path) as services:
        record_files(services, now=NOW)

        assert services.directory.is_recorded
        assert status_report(services, [])["directory"]["people"] == len(ROSTER)
        assert {userid: person.name for userid, person in load_people(services).items()} == {
            "boss": "主管甲",
            "zhang": "员工甲",
        }
        assert list(load_people(services).leading()) == ["boss"]


def test_whoever_needs_the_lines_of_a_recorded_roster_gets_them(path: Path) -> None:
    with opened(path) as services:
        assert [line.userid for line in services.directory.lines] == ["zhang", "boss"]
        assert {person.userid for person in services.directory.people} == {"zhang", "boss"}
        assert len(services.directory.files.lines) == 2
        assert services.directory.lines[0].userid == "zhang"


@pytest.mark.parametrize("what", ["roster", "roles", "a changed userid"])
def test_what_decides_who_works_where_is_seen_at_the_next_start(path: Path, what: str) -> None:
    if what == "roster":
        write_roster(path.parent, *ROSTER, "li,员工乙,11,客户经理,,,,")
    elif what == "roles":
        text = path.read_text(encoding="utf-8")
        path.write_text(
            f'{text}\n[[roles]]\nname = "柜员"\nmatch = {{ departments = [11] }}\n', encoding="utf-8"
        )
    else:
        with opened(path) as services:
            services.store.marks.clear(directory.RECORDED)
    with opened(path) as services:
        assert not services.directory.is_recorded
        known = set(load_people(services))
        record_files(services, now=NOW)
        assert set(load_people(services)) == known
    with opened(path) as services:
        assert services.directory.is_recorded
        assert ("li" in load_people(services)) is (what == "roster")


def test_a_roster_with_a_fault_is_not_taken_for_recorded(path: Path) -> None:
    write_roster(path.parent, "zhang,员工甲,elf,客户经理,,,,")
    for _ in range(2):
        with opened(path) as services:
            record_files(services, now=NOW)

            assert not services.directory.is_recorded
            assert services.directory.files.fault
            assert set(load_people(services)) == {"zhang", "boss"}


def test_one_changed_person_is_written_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_roster(path.parent, ROSTER[0], "boss,主管乙,1,主管,1,,,")
    with opened(path) as services:
        written: list[str] = []
        put = services.store.members.put

        def noted(people: object, **day: object) -> None:
            listed = list(people)  # type: ignore[call-overload]  # an iterable of people
            written.extend(person.userid for person in listed)
            put(listed, **day)  # type: ignore[arg-type]  # the day of the reading

        monkeypatch.setattr(services.store.members, "put", noted)
        record_files(services, now=NOW)

        assert written == ["boss"]
        assert load_people(services)["boss"].name == "主管乙"


def test_the_quotas_may_change_without_a_new_reading(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(QUOTA, QUOTA.replace("50", "40")), encoding="utf-8")
    with opened(path) as services:
        assert services.directory.is_recorded
