"""The kept figures: the newest of each person, ranks among all of a group, and what is stale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.core.history import Kept
from bot.core.leaderboard import Gain
from bot.core.places import RankPlace
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.store.figures import KeptFigures, Wanted
from bot.store.store import Store

ROW = QuotaFigures(
    quota="q",
    userid="ann",
    department=12,
    role="cm",
    period="2026-11",
    period_start=date(2026, 11, 1),
    period_end=date(2026, 11, 30),
    target=30,
    counted=10,
    pending=2,
    rejected=1,
    gross=13,
    lost=1,
    kept_90=0.9,
    expected=12.5,
    pace=0.96,
    forecast=20.0,
    remaining=20,
    to_add=18,
    workdays_left=5,
    today_dose=4,
    today_left=4,
    status=Status.ON_TRACK,
    rank=None,
    penalty=None,
    reward=None,
    flags=("burst",),
)


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def kept(
    userid: str, *, counted: int = 10, as_of: int = 7, is_ranked: bool = True, **row: object
) -> KeptFigures:
    return KeptFigures(
        row=replace(ROW, userid=userid, counted=counted, **row),  # type: ignore[arg-type]  # a builder
        is_ranked=is_ranked,
        kept=Kept(9, 10),
        gain=Gain(latest=3, before=2),
        as_of=as_of,
    )


def put(store: Store, figures: Sequence[KeptFigures], *, as_of: int = 7, userids: Sequence[str] = ()) -> None:
    whom = userids or sorted({one.row.userid for one in figures})
    marks = store.figures.marks(whom)
    with store.transaction():
        store.figures.put(whom, figures, as_of=as_of, marks=marks)


def mark(store: Store, *userids: str) -> None:
    with store.transaction():
        store.figures.mark(userids)


def test_figures_come_back_to_the_last_digit(store: Store) -> None:
    without_weeks = replace(kept("ann", quota="p"), gain=None)
    put(store, [kept("ann"), without_weeks, kept("bob", department=None, role=None)])

    assert store.figures.of(["ann", "nobody"]) == {"ann": [without_weeks, kept("ann")]}
    assert store.figures.of(["bob"]) == {"bob": [kept("bob", department=None, role=None)]}


def test_newer_figures_of_a_person_replace_all_earlier_ones(store: Store) -> None:
    put(store, [kept("ann"), kept("ann", quota="over"), kept("bob")])

    put(store, [kept("ann", counted=11, as_of=9)], as_of=9)
    put(store, [], as_of=9, userids=["bob"])

    assert store.figures.of(["ann", "bob"]) == {"ann": [kept("ann", counted=11, as_of=9)]}


def test_who_is_gone_is_dropped_in_the_end(store: Store) -> None:
    put(store, [kept("gone")])
    put(store, [kept("ann", as_of=9)], as_of=9)

    dropped = []
    while number := store.figures.drop_older(9):
        dropped.append(number)

    assert dropped == [1]
    assert list(store.figures.of(["ann", "gone"])) == ["ann"]


@pytest.mark.parametrize("scope", ["department", "role", "all"])
def test_a_place_is_the_same_counted_or_sorted(store: Store, scope: str) -> None:
    people = [
        kept("a", counted=10, target=30),
        kept("b", counted=20, target=60, as_of=8),  # as much as a
        kept("c", counted=31, target=30),
        kept("d", counted=29, target=30, department=13),
        kept("e", counted=29, target=30, role=None),
        kept("f", counted=0, target=30, department=None, role=""),
        kept("g", counted=99, target=30, is_ranked=False),
        kept("h", counted=99, target=30, period="2026-10"),
    ]
    put(store, people)
    ranked = [one.row for one in people[:6]]

    together = store.figures.places("q", "2026-11", scope=scope, userids=[*"abcdefgh"])
    one_by_one = {
        userid: place
        for userid in "abcdefgh"
        for place in store.figures.places("q", "2026-11", scope=scope, userids=[userid]).values()
    }

    assert together == one_by_one
    assert {userid: found.place for userid, found in together.items()} == {
        row.userid: RankPlace(
            rank=1 + sum(other.counted * row.target > row.counted * other.target for other in group),
            of=len(group),
        )
        for row in ranked
        for group in [
            [other for other in ranked if scope == "all" or _value(other, scope) == _value(row, scope)]
        ]
    }
    assert {found.as_of for found in together.values()} == {7}


def _value(row: QuotaFigures, scope: str) -> object:
    return getattr(row, scope)


def test_a_mark_that_came_while_figures_were_read_stays(store: Store) -> None:
    put(store, [kept("ann"), kept("bob")])
    mark(store, "ann", "bob", "nobody")
    assert store.figures.stale(most=10) == ["ann", "bob"]

    seen = store.figures.marks(["ann", "bob"])
    mark(store, "bob")
    with store.transaction():
        store.figures.put(["ann", "bob"], [kept("ann", as_of=9), kept("bob", as_of=9)], as_of=9, marks=seen)

    assert store.figures.stale(most=10) == ["bob"]
    put(store, [kept("bob", as_of=10)], as_of=10)
    assert store.figures.stale(most=10) == []


PEOPLE = (
    kept("a", counted=10, pace=None),
    kept("b", counted=30, pace=0.5, status=Status.BEHIND),
    kept("c", counted=20, pace=0.5, pending=9, open=9),
    kept("c", quota="p", counted=2, pace=2.5, status=Status.MET),
    kept("z"),  # somebody else's
)


@pytest.mark.parametrize(
    ("sort", "up", "down"),
    [
        ("name", "a b c c", "c c b a"),
        ("counted", "c:p a c b", "b c a c:p"),
        ("sure", "c:p a c b", "b c a c:p"),
        ("pace", "b c c:p a", "c:p b c a"),
        ("status", "b a c c:p", "c:p a c b"),
        ("quota", "c:p a b c", "a b c c:p"),
    ],
)
def test_figures_of_some_people_are_listed_in_an_order(store: Store, sort: str, up: str, down: str) -> None:
    """None is last in both directions; equal ones stand by userid."""
    put(store, [kept("old", as_of=3)], as_of=3)
    put(store, PEOPLE)
    wanted = Wanted(userids=["a", "b", "c", "old", "nobody"], since=7)

    for words, is_descending in ((up, False), (down, True)):
        found = store.figures.listed(wanted, sort=sort, is_descending=is_descending, most=9)
        names = [one.row.userid + (":p" if one.row.quota == "p" and sort != "name" else "") for one in found]
        assert " ".join(names) == words


def test_figures_are_listed_a_page_at_a_time_and_counted(store: Store) -> None:
    put(store, [kept("old", as_of=3)], as_of=3)
    put(store, PEOPLE)
    everybody = Wanted(userids=["a", "b", "c", "old"], since=7)

    pages = [store.figures.listed(everybody, sort="name", most=3, skipped=skipped) for skipped in (0, 3, 6)]

    assert [len(page) for page in pages] == [3, 1, 0]
    assert pages[0][0] == PEOPLE[0]
    assert store.figures.count(everybody) == (4, 3)
    for change, number in (
        ({"quota": "p"}, (1, 1)),
        ({"status": "behind"}, (1, 1)),
        ({"part": "c"}, (2, 1)),
        ({"part": "%"}, (0, 0)),
        ({"since": 0}, (5, 4)),
    ):
        assert store.figures.count(replace(everybody, **change)) == number  # type: ignore[arg-type]  # as given
