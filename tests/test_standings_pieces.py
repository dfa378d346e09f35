"""A bank in pieces: figures, ranks, teams and messages are those of the whole, however large a piece is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from builders.e2e import FakeTime, at, installation, write_config, write_roster
from builders.month import PEOPLE, live, write_month
from builders.teams import teams_of

from bot.core.progress import QuotaFigures
from bot.core.relations import RelationEvent, RelationKind
from bot.features.close import settle
from bot.features.ledger.derive import derive
from bot.features.standings import figures, pieces
from bot.features.standings.everybody import load_people
from bot.features.standings.figures import keep_figures
from bot.features.standings.load import load_standings
from bot.features.standings.selection import select_rows
from bot.features.teams.digest import load_org_chart
from bot.services import Services
from bot.store.contact_knowledge import Absence
from scheduler.planner import plan, plan_pieces, prepare

NOW = at("2026-11-23T18:00")
MORNING = at("2026-11-24T09:07")
CLOSE = at("2026-12-08T08:42")


@pytest.fixture(params=[1, 2, 3])
def month(request: pytest.FixtureRequest, place: Path | str, tmp_path: Path) -> Iterator[Services]:
    """Random months, on both engines, whose people stand in the record only."""
    store = place if isinstance(place, str) else "sqlite:///quotabot.db"
    with installation(write_month(tmp_path / "bank", store), FakeTime(NOW)) as services:
        live(services, Random(request.param))
        yield services


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of one and of two or three people."""
    monkeypatch.setattr(pieces, "FIRST", 1)
    monkeypatch.setattr(pieces, "PIECE", 3)


def everybody(_row: QuotaFigures) -> bool:
    return True


# --- figures of pieces are those of the whole ---


@pytest.mark.usefixtures("sizes")
def test_the_rows_and_teams_of_pieces_are_those_of_the_whole(month: Services) -> None:
    for (moment, period), money in itertools.product(((NOW, None), (CLOSE, "2026-11")), (False, True)):
        whole = load_standings(month, at=moment, period=period, money=money)

        with select_rows(month, at=moment, period=period, shows=everybody, money=money, teams=True) as found:
            rows, again = tuple(found.rows), tuple(found.rows)

        assert rows == again == whole.rows
        assert found.teams == teams_of(whole)
        assert {row.rank for row in rows} > {1, 2}


@pytest.mark.usefixtures("sizes")
def test_the_rows_of_a_closed_period_are_its_stored_lines(month: Services) -> None:
    computed = load_standings(month, at=CLOSE, period="2026-11", money=True).rows
    settle.close_due(month, at=CLOSE)
    stored = load_standings(month, at=CLOSE, period="2026-11").rows

    with select_rows(month, at=CLOSE, period="2026-11", shows=everybody, teams=True) as found:
        assert tuple(found.rows) == stored
        assert found.teams == teams_of(load_standings(month, at=CLOSE, period="2026-11"))
    assert stored == computed


def test_the_rows_of_a_few_come_with_the_ranks_of_the_whole(month: Services) -> None:
    whole = load_standings(month, at=NOW, money=True).rows
    asked = {"yg02", "yg07", "stranger"}

    with select_rows(month, at=NOW, userids=asked, shows=lambda row: row.userid in asked, money=True) as few:
        assert tuple(few.rows) == tuple(row for row in whole if row.userid in asked)


# --- kept figures are those of a recount ---


def recount(services: Services) -> None:
    """Each kept row is that of a recount as of its time, to the last digit."""
    kept = services.store.figures.of(list(load_people(services)))
    assert kept.keys() == set(PEOPLE)
    for as_of in {one.as_of for of_one in kept.values() for one in of_one}:
        standings = load_standings(services, at=services.config.work_calendar().moment(as_of))
        rows = {(row.userid, row.quota): row for row in standings.rows}
        shares = standings.kept(rows_userid for rows_userid, _ in rows)
        for one in itertools.chain(*kept.values()):
            if one.as_of == as_of:
                row = rows[one.row.userid, one.row.quota]
                assert one.row == replace(row, rank=None, penalty=None, reward=None)
                assert one.is_ranked is (row.rank is not None)
                assert one.kept == shares[row.userid]


def ranks(services: Services) -> dict[tuple[str, str], int]:
    return {
        (quota, userid): found.place.rank
        for quota, period, scope in (("monthly", "2026-11", "department"), ("held", "2026-Q4", "all"))
        for userid, found in services.store.figures.places(quota, period, scope=scope, userids=PEOPLE).items()
    }


def happen(services: Services, random: Random, *, number: int) -> None:
    """Late and new adds and losses of anybody, also of customers that colleagues know."""
    with services.store.transaction():
        for _ in range(number):
            services.store.ledger.append(
                RelationEvent(
                    userid=random.choice(PEOPLE),
                    external_userid=f"wm{random.randrange(40)}",
                    at=int(NOW.timestamp()) - random.randrange(20 * 86_400),
                    kind=random.choice([RelationKind.ADDED, RelationKind.LOST_BY_CUSTOMER]),
                ),
                origin="callback",
                recorded_at=0,
            )
    derive(services)


@pytest.mark.usefixtures("sizes")
def test_kept_figures_are_a_recount_through_any_sequence_of_changes(
    month: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "FEW", 1)
    monkeypatch.setattr(figures, "_REST_S", 0)
    clock, random = month.clock, Random(7)
    assert isinstance(clock, FakeTime)
    keep_figures(month)
    recount(month)

    for _ in range(4):
        happen(month, random, number=6)
        clock.pass_(60)
        keep_figures(month)
        recount(month)
    assert len({one.as_of for of_one in month.store.figures.of(PEOPLE).values() for one in of_one}) > 1

    leave = Absence(userid="yg03", first=NOW.date(), last=NOW.date())
    with month.store.transaction():
        month.store.contact_knowledge.put_absences([leave])
    clock.pass_(figures.SOON_S)
    keep_figures(month)
    recount(month)
    now = int(clock())
    assert {one.as_of for of_one in month.store.figures.of(PEOPLE).values() for one in of_one} == {now}
    standings = load_standings(month, at=month.clock.now())
    assert ranks(month) == {
        (row.quota, row.userid): row.rank for row in standings.rows if row.rank is not None
    }


# --- messages of pieces are those of the whole ---


def told(services: Services, job: str, when: object) -> list[tuple[str, str]]:
    assert when in (MORNING, CLOSE)
    moment = MORNING if when is MORNING else CLOSE
    return [(row.key, row.content) for row in plan(services, job, at=moment)]


def test_the_messages_do_not_depend_on_the_pieces(month: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [(job, MORNING) for job in ("progress", "reminder", "digest", "weekly")] + [("close", CLOSE)]
    whole = {job: told(month, job, when) for job, when in jobs}
    monkeypatch.setattr(pieces, "FIRST", 1)
    monkeypatch.setattr(pieces, "PIECE", 3)

    for job, when in jobs:
        assert told(month, job, when) == whole[job], job


# --- what it costs is counted, never timed ---


def statements(services: Services, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many statements the planning of the morning takes, and that no statement reads everybody."""
    calls, most = [0], [0]
    real = services.store.engine._call

    def counted(name: str, /, *rows: object, **values: object) -> object:
        calls[0] += 1
        result = real(name, *rows, **values)
        if isinstance(result, list):
            most[0] = max(most[0], len(result))
        return result

    with monkeypatch.context() as patched:
        patched.setattr(services.store.engine, "_call", counted)
        for piece in plan_pieces(services, "progress", at=MORNING):
            assert all(piece.people)
    assert most[0] <= 2 * pieces.PIECE
    return calls[0]


def test_planning_takes_so_many_statements_a_piece_and_none_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "FIRST", 10)
    monkeypatch.setattr(pieces, "PIECE", 10)
    taken = []
    for number, people in enumerate((20, 40, 60)):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_roster(folder, *(f"p{n:03d},员工,{11 + n // 5},客户经理,,,," for n in range(people)))
        with installation(write_config(folder), FakeTime(MORNING)) as services:
            prepare(services, "progress", at=MORNING)
            load_people(services).some([])
            taken.append(statements(services, monkeypatch))

    assert taken[2] - taken[1] == taken[1] - taken[0]  # each piece costs the same
    assert taken[1] - taken[0] <= 2 * 60


# --- people in pieces ---


@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "not recorded yet"])
def test_people_in_pieces_are_those_of_the_record(place: Path | str, tmp_path: Path, recorded: bool) -> None:
    store = place if isinstance(place, str) else "sqlite:///quotabot.db"
    path = write_month(tmp_path / "bank", store)
    with installation(path, FakeTime(NOW)) as services:
        if not recorded:
            services.store.marks.clear("directory_recorded")
            services.store.marks.renew("people")
        people = load_people(services)
        listed = services.store.members.all()

        assert dict(people) == listed
        assert list(people) == sorted(listed)
        assert len(people) == len(PEOPLE) == 12
        assert [*people.following("", most=2), *people.following("yg01", most=2)] == PEOPLE[:4]
        assert people.some(["yg05", "nobody", "yg01"]) == {one: listed[one] for one in ("yg05", "yg01")}
        assert "nobody" not in people
        for number in (11, 12, 99):
            own = {one.userid for one in listed.values() if number in one.memberships[-1].departments}
            assert {person.userid for person in people.within([number])} == own
        for said in ("yg01", "YG01", listed["yg02"].name, "nobody"):
            called = {one.userid for one in listed.values() if said.lower() == one.userid or said == one.name}
            assert people.called(said) == called
        chart = load_org_chart(services, people, departments=services.directory.departments, day=NOW.date())
        assert all(chart.leaders(number) == () for number in (1, 11)) is not bool(people.leading())
