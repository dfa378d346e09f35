"""Questions about adds: what makes a burst, a shared customer, a quick loss, and which adds each concerns."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from builders.branches import at, china, person, quota, seconds
from builders.contacts import branch, contact, rows, words

from bot.core.contacts import Contact
from bot.core.counting import DAY_S, Burst, Counting, FirstAdd, Integrity, QuickLoss
from bot.core.integrity import (
    DecidedFinding,
    Finding,
    FindingKind,
    FindingName,
    Flag,
    find_bursts,
    find_quick_loss,
    find_shared,
)
from bot.core.periods import parse_period
from bot.core.progress import subject_of
from bot.core.quota_periods import QuotaPeriod
from bot.core.quotas import Quota
from bot.core.rulebook import Dated

day_of = china().day_of
TEN = "2026-11-10T10:00:00"


def series(*moments: str, **changes: Any) -> list[Contact]:
    """One add of each moment, of customers c1, c2 …"""
    return [contact(moment, f"c{number}", **changes) for number, moment in enumerate(moments, start=1)]


def customers(finding: Finding) -> list[str]:
    return [customer for _, customer, _ in finding.concerned]


@pytest.mark.parametrize(
    ("moments", "concerned"),
    [
        pytest.param((TEN, TEN), [], id="two are no burst of three"),
        pytest.param((TEN, TEN, TEN), ["c1", "c2", "c3"], id="three in one second, the first ones too"),
        pytest.param(
            (TEN, "2026-11-10T10:05", "2026-11-10T10:10:00"),
            ["c1", "c2", "c3"],
            id="both ends of 10 minutes",
        ),
        pytest.param((TEN, "2026-11-10T10:05", "2026-11-10T10:10:01"), [], id="a second over 10 minutes"),
        pytest.param(
            (TEN, "2026-11-10T10:05", "2026-11-10T10:10", "2026-11-10T10:15"),
            ["c1", "c2", "c3", "c4"],
            id="windows slide",
        ),
        pytest.param(
            (TEN, "2026-11-10T10:09", "2026-11-10T10:18", "2026-11-10T10:19"),
            ["c2", "c3", "c4"],
            id="an add that is in no window with three is left out",
        ),
        pytest.param(
            (TEN, TEN, TEN, "2026-11-10T11:00", "2026-11-10T11:00"),
            ["c1", "c2", "c3"],
            id="calm again an hour later",
        ),
    ],
)
def test_three_adds_in_ten_minutes(moments: tuple[str, ...], concerned: list[str]) -> None:
    found = find_bursts(series(*moments), burst=Burst(adds=3, minutes=10), day_of=day_of)

    assert [customer for finding in found for customer in customers(finding)] == concerned


def test_the_bursts_that_begin_on_a_local_day_are_one_finding_named_by_it() -> None:
    evening = ("2026-11-10T23:59", "2026-11-11T00:01", "2026-11-11T00:02")
    contacts = series(TEN, TEN, *evening, "2026-11-11T09:00", "2026-11-11T09:01")

    found = find_bursts(contacts, burst=Burst(adds=2, minutes=10), day_of=day_of)

    assert [(one.name.subject, customers(one), one.on, one.seen) for one in found] == [
        ("2026-11-10", ["c1", "c2", "c3", "c4", "c5"], date(2026, 11, 10), 3),
        ("2026-11-11", ["c6", "c7"], date(2026, 11, 11), 2),
    ]


def test_adds_of_a_declared_event_are_no_part_of_a_burst() -> None:
    contacts = series("2026-11-10T23:58", "2026-11-10T23:59", "2026-11-11T00:08", "2026-11-11T00:09")

    def fair(userid: str, day: date) -> bool:
        return (userid, day) == ("jia", date(2026, 11, 10))

    found = find_bursts(contacts, burst=Burst(adds=2, minutes=10), day_of=day_of, planned=fair)

    assert [customers(one) for one in found] == [["c3", "c4"]]


WINDOW_S = 30 * DAY_S


@pytest.mark.parametrize(
    ("adds", "concerned"),
    [
        pytest.param([("jia", 0), ("yi", 1)], [], id="two employees are not three"),
        pytest.param([("jia", 0), ("yi", 1), ("bing", 2)], ["bing"], id="the third one"),
        pytest.param(
            [("jia", 0), ("yi", 1), ("bing", 2), ("ding", 3)], ["bing", "ding"], id="and all after him"
        ),
        pytest.param(
            [("yi", 0), ("jia", 0), ("bing", 0)], ["bing", "jia", "yi"], id="in one second: all of them"
        ),
        pytest.param([("jia", 0), ("yi", 1), ("bing", WINDOW_S)], ["bing"], id="both ends of 30 x 24 h"),
        pytest.param([("jia", 0), ("yi", 1), ("bing", WINDOW_S + 1)], [], id="a second over 30 x 24 h"),
        pytest.param([("jia", 0), ("jia", 1), ("yi", 2), ("yi", 3)], [], id="adding twice is one employee"),
        pytest.param(
            [("jia", 0), ("yi", 1), ("bing", 2), ("jia", 3)],
            ["bing", "jia"],
            id="the first one adds again: three had the customer by then",
        ),
        pytest.param(
            [("jia", 0), ("yi", 9), ("bing", WINDOW_S + 1), ("jia", WINDOW_S + 2)],
            ["jia"],
            id="his first add is out of the window: third in this one",
        ),
    ],
)
def test_a_customer_of_three_employees_in_thirty_days(
    adds: list[tuple[str, int]], concerned: list[str]
) -> None:
    start = at(TEN)
    contacts = [
        contact((start + timedelta(seconds=after)).replace(tzinfo=None).isoformat(), userid=userid)
        for userid, after in adds
    ]

    found = find_shared(contacts, shared_by=3, window_days=30, day_of=day_of)

    assert sorted(finding.name.userid for finding in found) == sorted(concerned)
    assert {finding.name.subject for finding in found} <= {"c1"}


def test_a_shared_customer_concerns_only_the_adds_from_that_employee_on() -> None:
    contacts = [contact(TEN, userid="jia"), contact("2026-11-11T10:00", userid="yi")]

    (found,) = find_shared(contacts, shared_by=2, window_days=30, day_of=day_of)

    assert found == Finding(
        name=FindingName(kind=FindingKind.SHARED, userid="yi", subject="c1"),
        on=date(2026, 11, 11),
        concerned=(("yi", "c1", seconds("2026-11-11T10:00")),),
        seen=2,
    )


SOON, JUST_KEPT = "2026-11-17T09:59:59", "2026-11-17T10:00:00"  # of keep_days = 7


@pytest.mark.parametrize(
    ("lost", "kept", "concerned"),
    [
        pytest.param([SOON] * 3, 7, 3, id="3 of 10 are the rate"),
        pytest.param([SOON] * 3, 8, None, id="3 of 11 are below it"),
        pytest.param([SOON] * 9, 0, None, id="9 are under min_adds"),
        pytest.param([SOON] * 2 + [JUST_KEPT], 7, None, id="kept for exactly 7 x 24 h is not soon"),
        pytest.param([SOON] * 3 + [JUST_KEPT], 6, 3, id="what was lost late is not concerned"),
    ],
)
def test_three_in_ten_lost_soon(lost: list[str], kept: int, concerned: int | None) -> None:
    contacts = [contact(TEN, f"l{number}", lost=when) for number, when in enumerate(lost)]
    contacts += [contact(TEN, f"k{number}") for number in range(kept)]

    found = lost_soon(contacts)

    assert (None if found is None else len(found.concerned)) == concerned


def lost_soon(contacts: list[Contact], *, keep_s: int = 7 * DAY_S, when: str = JUST_KEPT) -> Finding | None:
    rule = QuickLoss(rate=Fraction(3, 10), min_adds=10)
    return find_quick_loss(
        contacts, rule=rule, keep_s=keep_s, at_s=seconds(when), about="q 2026-11", day_of=day_of
    )


@pytest.mark.parametrize(
    ("when", "share"),
    [
        pytest.param(SOON, None, id="none is old enough yet"),
        pytest.param(JUST_KEPT, (4, 10), id="ten are exactly 7 x 24 h old, the younger one is not weighed"),
        pytest.param("2026-11-20T00:00", (5, 11), id="all are old enough"),
    ],
)
def test_a_quick_loss_is_a_share_of_the_adds_that_are_old_enough(
    when: str, share: tuple[int, int] | None
) -> None:
    contacts = [contact(TEN, f"l{number}", lost="2026-11-11T10:00") for number in range(4)]
    contacts += [contact(TEN, f"k{number}") for number in range(6)]
    contacts.append(contact("2026-11-12T10:00", "young", lost="2026-11-12T10:01"))

    found = lost_soon(contacts, when=when)

    assert (None if found is None else (found.seen, found.of)) == share


def test_a_transfer_and_a_quota_without_a_keep_period_know_no_quick_loss() -> None:
    moved = [contact(TEN, f"m{number}", moved=TEN) for number in range(10)]
    lost = [contact(TEN, f"l{number}", lost=TEN) for number in range(10)]

    assert lost_soon(moved) is None
    assert lost_soon(lost, keep_s=0) is None


BURST = FindingName(kind=FindingKind.BURST, userid="jia", subject="2026-11-10")


def decided(
    *customers: str, kind: FindingKind = FindingKind.BURST, userid: str = "jia", confirmed: bool = False
) -> DecidedFinding:
    """A decision that named adds of TEN."""
    return DecidedFinding(
        name=FindingName(kind=kind, userid=userid, subject="2026-11-10"),
        concerned=frozenset((userid, customer, seconds(TEN)) for customer in customers),
        confirmed=confirmed,
    )


def holding(*, hold: bool = True, **changes: Any) -> Quota:
    return quota(integrity=Integrity(burst=Burst(adds=2, minutes=10), hold=hold), **changes)


@pytest.mark.parametrize(
    ("asked", "named", "word"),
    [
        pytest.param(holding(), [], "pending:review", id="hold: until somebody has looked"),
        pytest.param(holding(hold=False), [], "counted", id="flag: counts while under review"),
        pytest.param(holding(), [decided("c1", "c2")], "counted", id="cleared: held no longer"),
        pytest.param(holding(), [decided("c1")], "pending:review", id="the decision named another add only"),
        pytest.param(
            holding(),
            [decided("c2", kind=FindingKind.SHARED)],
            "pending:review",
            id="another question about it was cleared",
        ),
        pytest.param(
            holding(), [decided("c2", userid="yi")], "pending:review", id="somebody else's was decided"
        ),
        pytest.param(holding(), [decided("c2", confirmed=True)], "rejected:review", id="confirmed"),
        pytest.param(
            holding(),
            [decided("c2", kind=FindingKind.SHARED, confirmed=True)],
            "rejected:review",
            id="another question about it was confirmed",
        ),
        pytest.param(
            holding(),
            [decided("c2", kind=FindingKind.QUICK_LOSS, confirmed=True)],
            "pending:review",
            id="a quick loss rejects nothing",
        ),
        pytest.param(
            holding(hold=False), [decided("c2", confirmed=True)], "counted", id="flag: confirmed, and counts"
        ),
        pytest.param(
            holding(counting=Counting(keep_days=30)),
            [],
            "pending:keep_period",
            id="the keep period comes first",
        ),
    ],
)
def test_what_a_finding_holds(asked: Quota, named: list[DecidedFinding], word: str) -> None:
    found = words(series(TEN, TEN), asked=asked, decided=named)

    assert found["c2"] == word


@pytest.mark.parametrize(
    ("before", "held"),
    [
        pytest.param(Integrity(), {"c4", "c5", "c6"}, id="off until the 15th"),
        pytest.param(
            Integrity(burst=Burst(adds=2, minutes=10)), {"c4", "c5", "c6"}, id="only asked until the 15th"
        ),
        pytest.param(Integrity(burst=Burst(adds=3, minutes=10), hold=True), {"c4", "c5", "c6"}, id="laxer"),
        pytest.param(
            Integrity(burst=Burst(adds=2, minutes=10), hold=True),
            {"c1", "c2", "c3", "c4", "c5", "c6"},
            id="the same",
        ),
    ],
)
def test_an_add_is_asked_about_under_the_rules_of_its_day(before: Integrity, held: set[str]) -> None:
    contacts = series(
        TEN, TEN, "2026-11-14T23:59", "2026-11-15T00:01", "2026-11-20T10:00", "2026-11-20T10:01"
    )
    asked = holding()
    integrity = Dated(((date(2026, 11, 1), before), (date(2026, 11, 15), asked.integrity)))
    past = branch(contacts, integrity=integrity).past(seconds("2026-11-24T09:00"))

    quota_period = QuotaPeriod.of(asked, parse_period("2026-11"), calendar=china())
    found = {one.add.external_userid: verdict for one, verdict in quota_period.judged("jia", past)}

    assert {customer for customer, verdict in found.items() if verdict == "pending:review"} == held
    assert set(found.values()) <= {"pending:review", "counted"}


def test_a_decision_on_the_contact_itself_goes_before_one_on_a_finding() -> None:
    accepted, other = series(TEN, TEN)
    contacts = [accepted._replace(decisions={"q": True}), other]

    found = words(contacts, asked=holding(), decided=[decided("c1", "c2", confirmed=True)])

    assert found == {"c1": "counted:review", "c2": "rejected:review"}


def test_an_add_after_the_decision_is_a_question_of_its_own() -> None:
    contacts = series(TEN, TEN, "2026-11-10T20:00", "2026-11-10T20:01")

    found = words(contacts, asked=holding(), decided=[decided("c1", "c2")])

    assert found == {"c1": "counted", "c2": "counted", "c3": "pending:review", "c4": "pending:review"}


def test_a_finding_exists_from_the_add_on_that_makes_it_one() -> None:
    contacts = series(TEN, "2026-11-10T10:05")

    before, after = (
        words(contacts, f"2026-11-10T10:0{minute}", asked=holding()) for minute in ("4:59", "5:00")
    )

    assert before == {"c1": "counted"}
    assert after == {"c1": "pending:review", "c2": "pending:review"}


def test_a_burst_over_the_first_midnight_of_a_period_reaches_into_it() -> None:
    contacts = series("2026-10-31T23:59", "2026-11-01T00:01")

    assert words(contacts, asked=holding()) == {"c2": "pending:review"}


def test_a_planned_day_holds_nothing() -> None:
    found = words(series(TEN, TEN), asked=holding(), planned=[("jia", date(2026, 11, 10))])

    assert found == {"c1": "counted", "c2": "counted"}


def test_adds_that_earn_nothing_make_a_burst_too() -> None:
    contacts = [contact(TEN, "c1", nth=2), contact(TEN, "c2")]

    assert words(contacts, asked=holding()) == {"c1": "rejected:not_first", "c2": "pending:review"}


def test_a_customer_shared_with_an_unknown_employee_is_held() -> None:
    integrity = Integrity(shared_by=2, window_days=30, hold=True)
    asked = quota(counting=Counting(first_add=FirstAdd.ANY), integrity=integrity)
    contacts = [contact(TEN, userid="nobody-knows"), contact("2026-11-11T10:00")]

    assert words(contacts, asked=asked) == {"c1": "pending:review"}


def test_what_is_still_held_at_the_settlement_counts() -> None:
    found = words(series(TEN, TEN), "2026-12-01T00:00", asked=holding())

    assert found == {"c1": "counted:review", "c2": "counted:review"}


@pytest.mark.parametrize(
    ("flags", "shown"),
    [
        pytest.param([], (), id="nothing confirmed"),
        pytest.param([Flag(name=BURST, on=date(2026, 11, 1))], ("burst",), id="in the period"),
        pytest.param([Flag(name=BURST, on=date(2026, 10, 31))], (), id="before it"),
        pytest.param([Flag(name=BURST, on=date(2026, 11, 1))] * 2, ("burst",), id="each word once"),
        pytest.param(
            [
                Flag(name=FindingName(kind=kind, userid="jia", subject=subject), on=date(2026, 11, 30))
                for kind, subject in [
                    (FindingKind.QUICK_LOSS, subject_of("q", "2026-11")),
                    (FindingKind.SHARED, "c1"),
                    (FindingKind.BURST, "2026-11-30"),
                ]
            ],
            ("burst", "shared", "quick_loss"),
            id="all three, always in this order",
        ),
        pytest.param(
            [
                Flag(
                    name=FindingName(kind=FindingKind.ROLLOUT, userid="jia", subject="2026-11-10"),
                    on=date(2026, 11, 10),
                )
            ],
            (),
            id="adds near the first start are no flag",
        ),
        pytest.param(
            [
                Flag(
                    name=FindingName(kind=FindingKind.QUICK_LOSS, userid="jia", subject=subject_of(*about)),
                    on=date(2026, 11, 10),
                )
                for about in [("q", "2026-10"), ("other", "2026-11")]
            ],
            (),
            id="a quick loss of another period or quota",
        ),
        pytest.param(
            [
                Flag(
                    name=FindingName(kind=FindingKind.SHARED, userid="yi", subject="c1"),
                    on=date(2026, 11, 10),
                )
            ],
            (),
            id="somebody else's",
        ),
    ],
)
def test_a_row_shows_what_a_reviewer_confirmed(flags: list[Flag], shown: tuple[str, ...]) -> None:
    found = rows([], "2026-11-24T09:00", asked=quota(), people=[person()], flags=flags)

    assert found["jia"].flags == shown


def test_nothing_undecided_is_in_a_row() -> None:
    found = rows(series(TEN, TEN), "2026-11-24T09:00", asked=holding())["jia"]

    assert (found.flags, found.counted, found.pending) == ((), 0, 2)
