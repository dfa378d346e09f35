"""The oracle on examples by hand: what was won and lost, and when."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from oracle.branch import Campaign, Event, Line, Quota, Rules, Version
from oracle.closed import Oracle
from oracle.short import LONG_AGO, at, branch, ended, figures, november, reading, row, second, won


def of_file(*quotas: Quota, **rules: object) -> tuple[Version, ...]:
    return (Version(on=LONG_AGO, rules=Rules(quotas=quotas, **rules)),)  # type: ignore[arg-type]


def history(*events: tuple[str, str]) -> tuple[Event, ...]:
    return tuple(Event("jia", "c", second(when), kind) for when, kind in events)


def test_the_callbacks_date_holds_whichever_came_first() -> None:
    events = (
        Event("jia", "c", second("2026-10-31T23:59:59"), "added", by_list=True),
        Event("jia", "c", second("2026-11-01T00:00:01"), "added"),
    )
    for told in (events, events[::-1]):
        asked = branch(told)
        assert [row(asked, "2026-11-24T09:00", period=name)["gross"] for name in ("2026-10", "2026-11")] == [
            0,
            1,
        ]


@pytest.mark.parametrize(("apart", "gross"), [(60, [0, 1]), (61, [1, 0])])
def test_so_is_only_an_add_within_sixty_seconds(apart: int, gross: list[int]) -> None:
    midnight = second("2026-11-01T00:00")
    events = (
        Event("jia", "c", midnight - apart, "added", by_list=True),
        Event("jia", "c", midnight, "added"),
    )
    asked = branch(events)

    assert [row(asked, "2026-11-24T09:00", period=name)["gross"] for name in ("2026-10", "2026-11")] == gross


def test_a_loss_that_a_list_takes_back_was_none() -> None:
    lost = second("2026-11-10T10:00")
    events = (
        Event("jia", "c", second("2026-11-03T10:00"), "added"),
        Event("jia", "c", lost, "lost_unknown", by_list=True),
        Event("jia", "c", lost + 1, "added", by_list=True),
    )
    asked = branch(events, versions=of_file(Quota(), regain_days=0))

    assert figures(row(asked, "2026-11-24T09:00"), "gross", "lost", "rejected") == [1, 0, 0]


def test_a_half_add_makes_nothing_alive_and_a_second_add_is_none() -> None:
    asked = branch(
        history(
            ("2026-11-03T10:00", "half_added"), ("2026-11-04T10:00", "added"), ("2026-11-05T10:00", "added")
        )
    )

    assert row(asked, "2026-11-24T09:00")["gross"] == 1


@pytest.mark.parametrize(
    ("again", "gross", "lost"),
    [("2026-11-13T09:59:59", 1, 0), ("2026-11-13T10:00:00", 2, 0)],
)
def test_a_loss_that_is_soon_followed_by_an_add_was_a_slip(again: str, gross: int, lost: int) -> None:
    events = history(
        ("2026-11-03T10:00", "added"), ("2026-11-10T10:00", "lost_by_customer"), (again, "added")
    )
    asked = branch(events)

    assert row(asked, "2026-11-11T09:00")["lost"] == 1  # as long as the slip lasts
    assert figures(row(asked, "2026-11-24T09:00"), "gross", "lost") == [gross, lost]


def test_a_slip_is_judged_by_the_rules_of_the_day_of_the_loss() -> None:
    events = history(
        ("2026-11-03T10:00", "added"), ("2026-11-10T10:00", "lost_by_member"), ("2026-11-11T10:00", "added")
    )
    strict = Version(on=date(2026, 11, 10), rules=Rules(quotas=(Quota(),), regain_days=0))
    the_day_before = Version(on=date(2026, 11, 9), rules=strict.rules)

    grosses = [
        row(branch(events, versions=(*of_file(Quota()), later)), "2026-11-24T09:00")["gross"]
        for later in (strict, the_day_before)
    ]
    assert grosses == [1, 2]


def test_a_transfer_ends_without_a_loss_and_without_a_slip() -> None:
    events = history(
        ("2026-11-03T10:00", "added"), ("2026-11-10T10:00", "transferred"), ("2026-11-11T10:00", "added")
    )

    assert figures(row(branch(events), "2026-11-24T09:00"), "gross", "lost", "rejected") == [2, 0, 1]


def test_at_equal_times_the_add_comes_before_the_loss() -> None:
    events = history(("2026-11-03T10:00", "lost_by_member"), ("2026-11-03T10:00", "added"))

    assert figures(row(branch(events), "2026-11-24T09:00"), "gross", "lost") == [1, 1]


def test_twenty_adds_on_a_sunday_belong_to_monday() -> None:
    asked = branch(won(20, "2026-11-22T10:00"), quota=Quota(period="day", target=15))

    assert figures(row(asked, "2026-11-22T19:00"), "status", "gross") == ["exempt", 0]
    assert figures(row(asked, "2026-11-23T09:00"), "status", "gross", "today_dose") == ["met", 20, 0]


def test_an_add_on_a_day_of_leave_belongs_to_the_next_own_workday() -> None:
    asked = branch(
        won(3, "2026-11-19T10:00"),
        quota=Quota(period="day", target=15),
        absences={"jia": november(19, 20)},
    )

    assert [row(asked, "2026-11-24T09:00", period=f"2026-11-{day}")["gross"] for day in (19, 20, 23)] == [
        0,
        0,
        3,
    ]


def test_kept_90_needs_ten_adds_and_leaves_out_what_was_handed_on() -> None:
    adds = won(11, "2026-11-03T10:00")
    asked = branch(
        adds, ended(adds[:1], "2026-11-10T10:00", "transferred"), ended(adds[1:2], "2026-11-10T10:00")
    )

    assert row(asked, "2026-11-24T09:00")["kept_90"] == 0.9
    assert row(branch(won(9, "2026-11-03T10:00")), "2026-11-24T09:00")["kept_90"] is None


def test_kept_90_looks_at_ninety_days() -> None:
    asked = branch(won(10, "2026-08-26T09:00"))
    edge = at("2026-08-26T09:00") + timedelta(days=90)

    assert Oracle(asked).kept(["jia"], int(edge.timestamp()) - 1) == (10, 10)
    assert Oracle(asked).kept(["jia"], int(edge.timestamp())) == (9, 9)


def test_held_counts_what_is_alive_at_the_end_and_what_was_handed_on_in_the_period() -> None:
    adds = won(10, "2026-09-01T10:00")
    asked = branch(
        adds,
        ended(adds[:2], "2026-11-10T10:00", "transferred"),
        ended(adds[2:5], "2026-11-30T23:59:59"),
        ended(adds[5:6], "2026-12-01T00:00:00"),
        quota=Quota(basis="held", target=10),
    )
    found = row(asked, "2026-12-02T09:00", period="2026-11")

    assert figures(found, "gross", "lost", "status") == [7, 3, "missed"]


def test_a_campaign_of_a_department_is_that_of_those_below_it() -> None:
    asked = branch(
        readings=(reading(jia=Line(departments=(3,)), parents={3: 12}),),
        campaigns=(Campaign(first=date(2026, 11, 20), last=date(2026, 11, 22), departments=frozenset({12})),),
    )
    (add,) = Oracle(branch(won(1, "2026-11-20T10:00"))).adds(second("2026-11-24T09:00"))

    assert Oracle(asked).planned(add)
