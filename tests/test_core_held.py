"""Basis `held`: the contacts alive at the end of November, whenever they were won."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from builders.branches import person, quota, seconds
from builders.contacts import SHARED_INSIDE, WECOM, contact, rows, won, words

from bot.core.contacts import Contact
from bot.core.counting import Burst, Counting, FirstAdd, Integrity, MaxShare
from bot.core.periods import PeriodKind
from bot.core.progress import QuotaFigures
from bot.core.quotas import Basis, Quota
from bot.core.relations import Add, RelationKind, Slip

LAST, NEXT = "2026-11-30T23:59:59", "2026-12-01T00:00:00"  # the last second of November, the first after it
LATER = "2026-12-10T09:00"


def held(target: int = 10, **changes: Any) -> Quota:
    return quota(target, basis=Basis.HELD, **changes)


def row(
    contacts: list[Contact], when: str, *, asked: Quota | None = None, period: str = "2026-11"
) -> QuotaFigures:
    return rows(contacts, when, asked=asked or held(), period=period)["jia"]


@pytest.mark.parametrize(
    ("known", "when", "word"),
    [
        pytest.param({"added": "2024-02-01T10:00"}, LATER, "counted", id="won years ago, alive"),
        pytest.param({"added": LAST}, LATER, "counted", id="won in the last second"),
        pytest.param({"added": NEXT}, LATER, None, id="won in the first second after it"),
        pytest.param({"lost": "2026-11-10T10:01"}, LATER, None, id="lost in it"),
        pytest.param({"lost": LAST}, LATER, None, id="lost in its last second"),
        pytest.param({"lost": NEXT}, LATER, "counted", id="lost a second later: alive at its end"),
        pytest.param({"lost": "2026-11-24T09:00:00"}, "2026-11-24T09:00:00", None, id="lost this second"),
        pytest.param({"lost": "2026-11-24T09:00:01"}, "2026-11-24T09:00:00", "counted", id="not lost yet"),
        pytest.param({"moved": "2026-11-10T10:01"}, LATER, "counted", id="handed on in it"),
        pytest.param({"moved": LAST}, LATER, "counted", id="handed on in its last second"),
        pytest.param({"moved": NEXT}, LATER, "counted", id="handed on after it: alive at its end"),
        pytest.param(
            {"added": "2026-10-01T10:00", "moved": "2026-11-01T00:00:00"},
            LATER,
            "counted",
            id="handed on in its first second",
        ),
        pytest.param(
            {"added": "2026-10-01T10:00", "moved": "2026-10-31T23:59:59"},
            LATER,
            None,
            id="handed on before it",
        ),
    ],
)
def test_who_is_held(known: dict[str, Any], when: str, word: str | None) -> None:
    assert words([contact(**known)], when, asked=held()).get("c1") == word


@pytest.mark.parametrize(
    ("again", "word"),
    [
        pytest.param({"lost": "2026-11-21T10:00"}, None, id="lost in the end"),
        pytest.param({}, "counted", id="alive in the end"),
    ],
)
def test_the_last_add_of_a_relation_decides(again: dict[str, Any], word: str | None) -> None:
    contacts = [
        contact("2026-11-02T10:00", moved="2026-11-03T10:00"),
        contact("2026-11-20T10:00", nth=2, **again),
    ]

    assert words(contacts, LATER, asked=held()).get("c1") == word


def test_a_slip_over_the_end_leaves_the_contact_alive_once_it_is_over() -> None:
    slip = Slip(
        lost_at=seconds("2026-11-30T10:00"), lost_by=RelationKind.LOST_BY_CUSTOMER, regained_at=seconds(LATER)
    )
    add = Add(userid="jia", external_userid="c1", added_at=seconds("2026-11-10T10:00"), nth=1, slips=(slip,))

    found = [words([Contact.of(add)], when, asked=held()) for when in ("2026-12-10T08:59:59", LATER)]

    assert found == [{}, {"c1": "counted"}]


@pytest.mark.parametrize(
    ("rules", "known", "word"),
    [
        pytest.param({}, {"nth": 2}, "counted", id="2 a re-add is as good"),
        pytest.param({"first_add": FirstAdd.CORP}, {"known_since": 0}, "counted", id="2 whoever was first"),
        pytest.param({"keep_days": 30}, {}, "counted", id="8 and 14 nothing to wait for"),
        pytest.param({"max_per_day": 1}, {}, "counted", id="9 no daily cap, though c0 was the first"),
        pytest.param(
            {"customer_types": frozenset({1})}, {"details": WECOM}, "rejected:customer_type", id="3"
        ),
        pytest.param(
            {"exclude_add_ways": frozenset({201})}, {"details": SHARED_INSIDE}, "rejected:add_way", id="4"
        ),
        pytest.param({"exclude_states": frozenset({"fair"})}, {"state": "fair"}, "rejected:state", id="5"),
        pytest.param({"own_book": True}, {"manager": "yi"}, "rejected:not_own_book", id="6"),
        pytest.param(
            {"required_facts": ("account",)}, {"facts": {"account": False}}, "rejected:facts", id="7"
        ),
        pytest.param({"required_tags": ("vip",)}, {}, "pending:details", id="11"),
        pytest.param({"own_book": True}, {}, "pending:facts", id="12"),
        pytest.param({"required_tags": ("vip",)}, {"details": WECOM}, "pending:tags", id="13"),
        pytest.param({"own_book": True}, {"decisions": {"q": True}}, "counted:review", id="1"),
    ],
)
def test_which_rules_ask(rules: dict[str, Any], known: dict[str, Any], word: str) -> None:
    contacts = [contact(**known), contact(customer="c0")]

    found = words(contacts, asked=held(counting=Counting(**rules)))

    assert found["c1"] == word


def test_no_share_is_asked_for() -> None:
    rules = Counting(max_share=(MaxShare(fact="far", share=Fraction(0)),))

    assert words([contact(facts={"far": True})], asked=held(counting=rules)) == {"c1": "counted"}


def test_integrity_holds_here_too() -> None:
    integrity = Integrity(burst=Burst(adds=2, minutes=1), hold=True)

    found = words([contact(customer="c1"), contact(customer="c2")], asked=held(integrity=integrity))

    assert found == {"c1": "pending:review", "c2": "pending:review"}


def test_the_settlement_is_the_midnight_after_the_last_day_whatever_keep_days_says() -> None:
    asked = held(counting=Counting(keep_days=30, required_tags=("vip",)))

    found = [words([contact()], when, asked=asked)["c1"] for when in (LAST, NEXT)]

    assert found == ["pending:details", "counted:details"]


def test_a_loss_after_the_end_does_not_turn_unread_details_against_anybody() -> None:
    asked = held(counting=Counting(required_tags=("vip",)))

    assert words([contact(lost="2026-12-02T10:00")], LATER, asked=asked) == {"c1": "counted:details"}


def test_lost_is_every_loss_dated_in_the_period() -> None:
    contacts = [
        contact("2026-09-01T10:00", "c1", lost="2026-11-01T00:00:00"),
        contact("2026-11-05T10:00", "c2", lost=LAST),
        contact("2026-11-05T10:00", "c3", lost="2026-11-06T10:00"),
        contact("2026-11-15T10:00", "c3", nth=2, lost="2026-11-16T10:00"),
        contact("2026-11-05T10:00", "c4", lost=NEXT),
        contact("2026-09-01T10:00", "c5", lost="2026-10-31T23:59:59"),
        contact("2026-11-05T10:00", "c6", moved="2026-11-06T10:00"),
    ]

    assert row(contacts, LATER).lost == 4


# November 2026 has 21 workdays; the 2nd is the first of them, the 24th the 17th.
@pytest.mark.parametrize(
    ("opening", "when", "expected"),
    [
        pytest.param(0, "2026-11-02T09:00", 1.0, id="from nothing: 21 x 1 / 21"),
        pytest.param(14, "2026-11-01T09:00", 14.0, id="before the first workday: the opening"),
        pytest.param(14, "2026-11-02T09:00", 14.3, id="14 + 7 x 1 / 21"),
        pytest.param(14, "2026-11-24T09:00", 19.7, id="14 + 7 x 17 / 21"),
        pytest.param(30, "2026-11-24T09:00", 21.0, id="an opening above the target is the target"),
    ],
)
def test_expected_goes_from_the_opening_to_the_target(opening: int, when: str, expected: float) -> None:
    assert row(won(opening, "2026-10-05T10:00"), when, asked=held(21)).expected == expected


def test_the_opening_is_what_was_there_in_the_second_before() -> None:
    contacts = [
        contact("2026-10-31T23:59:59", "c1"),
        contact("2026-11-01T00:00:00", "c2"),
        contact("2026-10-01T10:00", "c3", lost="2026-10-31T23:59:59"),
        contact("2026-10-01T10:00", "c4", lost="2026-11-01T00:00:00"),
        contact("2026-10-01T10:00", "c5", decisions={"q": False}),
    ]

    assert row(contacts, "2026-11-01T09:00").expected == 2.0


def test_a_period_to_come_opens_with_what_is_known_now() -> None:
    # As of 24 November nobody knows of the adds of the 26th.
    contacts = [*won(3, "2026-11-20T10:00"), *won(4, "2026-11-26T10:00")]

    found = row(contacts, "2026-11-24T09:00", period="2026-12")

    assert (found.expected, found.pace, found.gross) == (3.0, 1.0, 3)


def test_forecast_dose_and_to_add_count_what_is_held() -> None:
    # 20 asked for, 10 there since October, one more today. On the 24th, 5 own workdays are left: 10 / 5 = 2.
    contacts = [*won(10, "2026-10-05T10:00"), *won(1, "2026-11-24T08:00")]

    found = row(contacts, "2026-11-24T09:00", asked=held(20))

    assert (found.forecast, found.to_add, found.remaining) == (11.0, 9, 9)
    assert (found.today_dose, found.today_left) == (2, 1)


def test_an_old_contact_lost_today_is_to_be_made_up_for_tomorrow() -> None:
    lost_today = contact("2026-10-05T10:00", "c0", lost="2026-11-24T08:00")
    contacts = [*won(9, "2026-10-05T10:00"), lost_today]

    today, tomorrow = (row(contacts, f"2026-11-{day}T09:00") for day in (24, 25))

    assert (today.today_dose, today.to_add) == (0, 1)
    assert (tomorrow.today_dose, tomorrow.to_add) == (1, 1)


@pytest.mark.parametrize(
    ("when", "status"),
    [
        pytest.param("2026-11-02T09:00", "on_track", id="no own workday before today: nothing was expected"),
        pytest.param("2026-11-03T09:00", "behind", id="of the 2nd 10 were expected, 3 are there"),
    ],
)
def test_who_lost_his_opening_is_behind_from_the_second_workday_on(when: str, status: str) -> None:
    lost = won(7, "2026-10-05T10:00", lost="2026-11-01T10:00")
    kept = won(3, "2026-10-05T11:00")

    assert row([*lost, *kept], when, asked=held(10)).status == status


def test_a_held_quota_of_one_day_is_expected_from_16_on() -> None:
    asked = held(10, period=PeriodKind.DAY)

    found = [
        rows(won(4, "2026-10-05T10:00"), f"2026-11-24T{time}", asked=asked, period="2026-11-24")["jia"].status
        for time in ("15:59:59", "16:00:00")
    ]

    assert found == ["on_track", "behind"]


def test_somebody_away_all_month_is_exempt_and_his_contacts_are_shown() -> None:
    away = person(left_on=None, joined_on=None, absences=frozenset(november()))

    found = rows(won(3), LATER, asked=held(), people=[away])["jia"]

    assert (found.status, found.target, found.counted, found.expected, found.forecast) == (
        "exempt",
        0,
        3,
        0,
        None,
    )


def november() -> list[date]:
    return [date(2026, 11, day) for day in range(1, 31)]
