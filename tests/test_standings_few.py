"""What is read of a few people gives the numbers that everybody's reading gives; places are the same, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from builders.e2e import FakeTime, at, installation
from builders.month import PEOPLE, live, write_month

from bot.core.progress import QuotaFigures
from bot.features.chat import own_message
from bot.features.contacts.explain import explain
from bot.features.standings import figures, pieces
from bot.features.standings.figures import keep_figures
from bot.features.standings.load import load_standings, load_standings_of
from bot.features.standings.ranks import compute_ranks
from bot.messages.message import as_text
from bot.services import Services

NOW = at("2026-11-23T18:00")
SCOPES = ("department", "role", "all")
QUOTAS = "".join(
    f"""
[[quotas]]
id = "by-{scope}"
period = "month"
target = {7 + number}
reward = {{ top = [300], scope = "{scope}" }}
[quotas.counting]
keep_days = {number}
"""
    for number, scope in enumerate(SCOPES)
)


@pytest.fixture
def month(place: Path | str, tmp_path: Path) -> Iterator[Services]:
    """A random month, on both engines."""
    store = place if isinstance(place, str) else "sqlite:///quotabot.db"
    with installation(write_month(tmp_path / "bank", store), FakeTime(NOW)) as services:
        live(services, Random(20261123))
        yield services


@pytest.fixture
def scopes(tmp_path: Path) -> Iterator[Services]:
    """A random month with a quota for each scope of ranks."""
    path = write_month(tmp_path / "bank", "sqlite:///quotabot.db", quotas=QUOTAS)
    with installation(path, FakeTime(NOW)) as services:
        live(services, Random(1))
        yield services


def unranked(rows: tuple[QuotaFigures, ...]) -> tuple[QuotaFigures, ...]:
    return tuple(replace(row, rank=None) for row in rows)


# --- the numbers ---


def test_the_rows_of_a_few_are_those_of_the_whole(month: Services) -> None:
    whole = load_standings(month, at=NOW)

    for some in (*([userid] for userid in PEOPLE), PEOPLE[2:7]):
        few = load_standings_of(month, some, at=NOW)

        assert few.by_person == {userid: unranked(whole.by_person[userid]) for userid in some}
        assert few.people == whole.people
        for userid in some:
            assert few.waiting(userid) == whole.waiting(userid)
            assert few.day(userid, NOW.date()) == whole.day(userid, NOW.date())
    assert sum(row.pending + row.rejected for row in whole.rows) > 50


def test_a_contact_is_held_for_what_others_did(month: Services) -> None:
    """Of a customer whom several added, the third one's add waits; his own adds do not say so."""
    words = [
        one.verdict.value
        for userid in PEOPLE
        for quota in explain(month, userid, at=NOW).quotas
        for one in quota.contacts
    ]

    whole = load_standings(month, at=NOW).branch
    assert words == [
        one.verdict.value
        for userid in PEOPLE
        for quota in explain(month, userid, at=NOW, branch=whole).quotas
        for one in quota.contacts
    ]
    assert {"pending:review", "rejected:not_first", "pending:facts"} <= set(words)


def test_who_is_not_known_has_no_rows(scopes: Services) -> None:
    assert load_standings_of(scopes, ["stranger"], at=NOW).rows == ()


# --- places ---


def kept_at(services: Services) -> int | None:
    mark = services.store.marks.get("figures_kept_at")
    return None if mark is None else int(mark)


def test_a_place_among_few_is_that_of_the_whole_as_of_now(scopes: Services) -> None:
    whole = load_standings(scopes, at=NOW).rows

    found = compute_ranks(scopes, unranked(whole), at=NOW)

    assert {key: one.place.rank for key, one in found.items() if one.place} == {
        (row.quota, row.period, row.userid): row.rank for row in whole
    }
    assert {one.at for one in found.values()} == {None}
    assert {(quota, one.place.of) for (quota, _, _), one in found.items() if one.place} == {
        ("by-department", 4),
        ("by-role", 12),
        ("by-all", 12),
    }


def test_a_place_among_many_is_as_of_when_it_was_worked_out(
    scopes: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "FEW", 5)
    monkeypatch.setattr(pieces, "PIECE", 5)
    whole = load_standings(scopes, at=NOW).rows
    before = compute_ranks(scopes, whole, at=NOW)

    keep_figures(scopes)

    after = compute_ranks(scopes, whole, at=NOW)
    assert [one.place for (quota, _, _), one in before.items() if quota == "by-all"] == [None] * 12
    assert {key: one.place.rank for key, one in after.items() if one.place} == {
        (row.quota, row.period, row.userid): row.rank for row in whole
    }
    # departments have four people each
    assert {(quota, one.at) for (quota, _, _), one in after.items()} == {
        ("by-department", None),
        ("by-role", NOW),
        ("by-all", NOW),
    }


@pytest.mark.parametrize(
    ("passed_s", "renewed"),
    [pytest.param(1799, False, id="fresh"), pytest.param(1800, True, id="half an hour old")],
)
def test_places_are_worked_out_anew_when_they_are_old(
    scopes: Services, monkeypatch: pytest.MonkeyPatch, passed_s: int, renewed: bool
) -> None:
    monkeypatch.setattr(figures, "FEW", 5)
    clock = scopes.clock
    assert isinstance(clock, FakeTime)
    keep_figures(scopes)

    clock.pass_(passed_s)
    keep_figures(scopes)

    assert (kept_at(scopes) == int(clock())) is renewed


def test_an_old_place_is_none(scopes: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "FEW", 5)
    rows = load_standings(scopes, at=NOW).rows
    keep_figures(scopes)

    late = compute_ranks(scopes, rows, at=at("2026-11-23T20:00:01"))

    assert {one.place for (quota, _, _), one in late.items() if quota == "by-all"} == {None}


def test_a_small_bank_keeps_no_places(scopes: Services) -> None:
    keep_figures(scopes)

    assert kept_at(scopes) is None


@pytest.mark.parametrize("why", ["another process is at it", "the service stops"])
def test_places_that_are_not_ours_to_work_out_are_left(
    scopes: Services, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    monkeypatch.setattr(figures, "FEW", 5)
    if why == "the service stops":
        scopes.ending.set()
    else:
        now = int(scopes.store.now())
        scopes.store.leases.take("figures", holder="other", now=now, until=now + 60)

    keep_figures(scopes)

    assert kept_at(scopes) is None


@pytest.mark.parametrize(
    ("language", "waits", "told"),
    [
        (
            "zh-CN",
            "本月：名次正在计算，过半小时再问；已确认 3/7",
            "本月：第 2 名，共 12 人（全体，18:00 算出）；已确认 3/7",
        ),
        (
            "en",
            "This month: the place is being worked out, ask again later; 3/7 confirmed",
            "This month: place 2 of 12 (everybody, as of 18:00); 3/7 confirmed",
        ),
    ],
)
def test_a_place_says_its_time(
    scopes: Services, monkeypatch: pytest.MonkeyPatch, language: str, waits: str, told: str
) -> None:
    monkeypatch.setattr(figures, "FEW", 5)
    row = next(row for row in load_standings(scopes, at=NOW).rows if row.quota == "by-all")
    row = replace(row, counted=3, target=7)

    said = []
    for _ in range(2):
        found = compute_ranks(scopes, [row], at=NOW)[row.quota, row.period, row.userid]
        place = replace(found.place, rank=2) if found.place else None
        shown = own_message.OwnPlace(place=place, scope=own_message.Scope.ALL, at=found.at)
        said.append(
            own_message.rank(language=language, rows=[row], places={(row.quota, row.period): shown}, at=NOW)
        )
        keep_figures(scopes)

    assert [as_text(message).split("\n")[1] for message in said] == [waits, told]
