"""The oracle on examples by hand: what an add is worth, what is open, and what a reviewer is asked."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from oracle.branch import (
    Decision,
    Details,
    Event,
    Quota,
)
from oracle.short import TODAY, branch, counts, customers, ended, figures, row, second, won, words

FIFTH = Fraction(1, 5)
SETTLED = "2026-12-08T00:00"  # of November with seven days
VIP = Details(tags=frozenset({"贵宾"}))


def known(events: tuple[Event, ...], details: Details) -> dict[tuple[str, str], Details]:
    return {(event.userid, event.customer): details for event in events}


# -- one rule each


ONE = won(1, "2026-11-10T10:00", name="c")
EARLIER = (Event("yi", "c#000", second("2026-11-10T09:59:59"), "added"),)
AT_ONCE = (Event("yi", "c#000", second("2026-11-10T10:00:00"), "added"),)
AGAIN = (
    Event("jia", "c#000", second("2026-10-10T10:00"), "added"),
    Event("jia", "c#000", second("2026-10-11T10:00"), "transferred"),
)
C = ("jia", "c#000")


@pytest.mark.parametrize(
    ("changes", "events", "word"),
    [
        pytest.param({}, (), "counted", id="nothing asked"),
        pytest.param({}, AGAIN, "rejected:not_first", id="pair"),
        pytest.param({"first_add": "any"}, AGAIN, "counted", id="any"),
        pytest.param({}, EARLIER, "counted", id="pair does not look at colleagues"),
        pytest.param({"first_add": "corp"}, EARLIER, "rejected:not_first", id="corp"),
        pytest.param({"first_add": "corp"}, AT_ONCE, "counted", id="at equal times both are first"),
        pytest.param({"customer_types": frozenset({2})}, (), "rejected:customer_type", id="type"),
        pytest.param({"exclude_add_ways": frozenset({1})}, (), "rejected:add_way", id="way"),
        pytest.param({"own_book": True}, (), "rejected:not_own_book", id="in a colleague's book"),
        pytest.param({"required_facts": ("open", "real")}, (), "rejected:facts", id="one false fact"),
        pytest.param({"required_facts": ("open", "new")}, (), "pending:facts", id="one unknown fact"),
        pytest.param({"required_tags": ("贵宾",)}, (), "pending:tags", id="tag"),
        pytest.param({"keep_days": 14}, (), "pending:keep_period", id="waiting"),
        pytest.param({"segment_tags": ("贵宾",)}, (), "left_out", id="segment"),
    ],
)
def test_the_first_rule_that_applies_decides(
    changes: dict[str, Any], events: tuple[Event, ...], word: str
) -> None:
    asked = branch(
        ONE,
        events,
        quota=Quota(**changes),
        details={C: Details()},
        facts={"c#000": {"open": True, "real": False}},
        managers={"c#000": "yi"},
    )

    assert words(asked) == [word]


def test_a_channel_is_known_with_the_add() -> None:
    event = ONE[0]._replace(state="fair")

    assert words(branch((event,), quota=Quota(exclude_states=frozenset({"fair"})))) == ["rejected:state"]


@pytest.mark.parametrize(
    ("lost", "word"), [("2026-11-17T09:59:59", "rejected:lost_early"), ("2026-11-17T10:00:00", "counted")]
)
def test_exactly_seven_days_are_enough(lost: str, word: str) -> None:
    asked = branch(ONE, ended(ONE, lost), quota=Quota(keep_days=7))

    assert words(asked) == [word]


def test_a_contact_waits_to_the_second_and_a_transfer_ends_it() -> None:
    asked = branch(ONE, quota=Quota(keep_days=7))
    handed_on = branch(ONE, ended(ONE, "2026-11-11T10:00", "transferred"), quota=Quota(keep_days=7))

    assert words(asked, "2026-11-17T09:59:59") == ["pending:keep_period"]
    assert words(asked, "2026-11-17T10:00:00") == ["counted"]
    assert words(handed_on, "2026-11-11T10:00:00") == ["counted"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "counted"),
        ({"customer_types": frozenset({1})}, "pending:details"),
        ({"exclude_add_ways": frozenset({201})}, "pending:details"),
        ({"required_tags": ("贵宾",)}, "pending:details"),
        ({"exclude_states": frozenset({"fair"})}, "counted"),
    ],
)
def test_unread_details_matter_where_a_rule_needs_them(changes: dict[str, Any], word: str) -> None:
    assert words(branch(ONE, quota=Quota(**changes))) == [word]


# -- caps and shares


def test_a_daily_cap_takes_the_first_that_came_through() -> None:
    decided = (Decision(key=("jia", "a#000", second("2026-11-10T10:00")), quota="q", accepted=True),)
    adds = won(3, "2026-11-10T10:00", name="a")

    assert words(branch(adds, quota=Quota(max_per_day=2))) == [
        "counted",
        "counted",
        "rejected:over_daily_cap",
    ]
    assert words(branch(adds, quota=Quota(max_per_day=2), decisions=decided)) == [
        "counted:review",
        "counted",
        "counted",
    ]


def test_five_near_and_twenty_far_are_sure_to_be_six() -> None:
    near, far = won(5, "2026-11-03T10:00"), won(20, "2026-11-04T10:00")
    asked = branch(
        far,
        near,
        quota=Quota(target=20, max_share=(("far", FIFTH),)),
        facts={key: {"far": True} for key in customers(far)},
    )
    found = row(asked, TODAY)

    assert counts(asked) == {"counted": 6, "pending:over_share": 19}
    assert figures(found, "counted", "pending", "open", "to_add", "remaining") == [6, 19, 19, 14, 14]
    assert counts(asked, "2026-12-01T00:00") == {"counted": 6, "rejected:over_share": 19}


def test_what_lacks_a_tag_makes_no_room_under_a_share_and_an_unread_tag_does() -> None:
    near, far = won(8, "2026-11-03T10:00"), won(4, "2026-11-04T10:00")
    asked = branch(
        near,
        far,
        quota=Quota(required_tags=("贵宾",), max_share=(("far", FIFTH),)),
        facts={key: {"far": True} for key in customers(far)},
        details=known(near[:4], Details()) | known(far, VIP),
    )

    # Four near ones are left beside the far ones: one of these may count.
    assert counts(asked) == {"pending:tags": 4, "pending:details": 4, "counted": 1, "pending:over_share": 3}


def test_several_shares_each_look_at_what_the_one_before_let_through() -> None:
    far, near = won(3, "2026-11-03T10:00"), won(2, "2026-11-04T10:00")
    asked = branch(
        far,
        near,
        quota=Quota(max_share=(("far", Fraction(1, 2)), ("young", Fraction(1, 3)))),
        facts={key: {"far": True, "young": False} for key in customers(far)}
        | {key: {"young": True} for key in customers(near)},
    )

    # Two far ones stay, so that one of the young ones may.
    assert words(asked) == ["counted", "counted", "pending:over_share", "counted", "pending:over_share"]


# -- open and sure


def test_twelve_ordinary_customers_are_no_vip() -> None:
    ordinary = won(12, "2026-11-03T10:00")
    asked = branch(
        ordinary, quota=Quota(target=10, required_tags=("贵宾",)), details=known(ordinary, Details())
    )
    found = row(asked, TODAY)

    assert figures(found, "pending", "open", "to_add", "status") == [12, 12, 10, "behind"]


def test_a_segment_leaves_others_out_of_every_sum() -> None:
    ordinary, vips = won(12, "2026-11-03T10:00"), won(3, "2026-11-04T10:00")
    asked = branch(
        ordinary,
        vips,
        ended(ordinary[:5], "2026-11-05T10:00"),
        quota=Quota(segment_tags=("贵宾",)),
        details=known(vips, VIP),
    )

    assert counts(asked) == {"left_out": 12, "counted": 3}
    assert figures(row(asked, TODAY), "gross", "lost", "counted") == [3, 0, 3]


def test_a_contact_that_a_segment_leaves_out_is_in_once_a_review_accepts_it() -> None:
    key = ("jia", "c#000", second("2026-11-10T10:00"))
    asked = branch(
        ONE,
        quota=Quota(segment_tags=("贵宾",)),
        decisions=(Decision(key=key, quota="q", accepted=True, appeal=True),),
    )

    assert words(asked) == ["counted:review"]


def test_an_add_lost_before_its_details_were_read_is_open() -> None:
    asked = branch(
        ONE, ended(ONE, "2026-11-20T10:00"), quota=Quota(exclude_add_ways=frozenset({201}), target=8)
    )

    assert figures(row(asked, TODAY), "pending", "open", "to_add", "today_dose") == [1, 1, 8, 2]


@pytest.mark.parametrize("facts", [{}, {"open": True}])
def test_tags_are_asked_before_facts(facts: dict[str, bool]) -> None:
    adds = won(10, "2026-11-03T10:00")
    asked = branch(
        adds,
        quota=Quota(required_tags=("贵宾",), required_facts=("open",)),
        details=known(adds, Details()),
        facts=dict.fromkeys(customers(adds), facts),
    )

    assert row(asked, TODAY)["open"] == 10
    assert counts(asked, "2026-12-01T00:00") == {"rejected:tags": 10}


# -- the closing rules


@pytest.mark.parametrize(
    ("changes", "running", "settled"),
    [
        ({"required_facts": ("open",)}, "pending:facts", "counted:facts"),
        ({"own_book": True}, "pending:facts", "counted:facts"),
        ({"exclude_add_ways": frozenset({201})}, "pending:details", "counted:details"),
    ],
)
def test_a_gap_of_the_bank_is_not_the_employees(changes: dict[str, Any], running: str, settled: str) -> None:
    asked = branch(ONE, quota=Quota(keep_days=7, **changes))

    assert words(asked, "2026-12-07T23:59:59") == [running]
    assert words(asked, SETTLED) == [settled]


def test_unread_details_of_a_lost_add_are_rejected_and_of_one_handed_on_are_not() -> None:
    quota = Quota(exclude_add_ways=frozenset({201}))

    assert words(branch(ONE, ended(ONE, "2026-11-20T10:00"), quota=quota), SETTLED) == ["rejected:details"]
    assert words(branch(ONE, ended(ONE, "2026-11-20T10:00", "transferred"), quota=quota), SETTLED) == [
        "counted:details"
    ]


def test_a_stock_settles_at_the_end_of_its_period_and_knows_no_keep_period() -> None:
    asked = branch(
        ONE,
        ended(ONE, "2026-12-01T00:00"),
        quota=Quota(basis="held", keep_days=7, exclude_add_ways=frozenset({201})),
    )

    assert words(asked, "2026-11-30T23:59:59") == ["pending:details"]
    assert words(asked, "2026-12-01T00:00:00") == ["counted:details"]
