"""What an add is worth, and why: each rule and its edges.

Unless said otherwise the add is of 10 November 10:00, asked about on 24 November at 09:00.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from builders.branches import event, quota, row
from builders.contacts import SHARED_INSIDE, WECHAT, WECOM, contact, rows, won, words

from bot.core.counting import Counting, FirstAdd, Integrity, MaxShare
from bot.core.relations import RelationKind
from bot.core.verdicts import Verdict

FEW = frozenset({1})
KEEP = {"keep_days": 7}
ADD_WAYS = {"exclude_add_ways": frozenset({201, 202})}
POSTER = {"exclude_states": frozenset({"poster"})}
BOOK = {"own_book": True}
ACCOUNT = {"required_facts": ("account",)}
TWO_FACTS = {"required_facts": ("account", "real_name")}
VIP = {"required_tags": ("vip",)}


@pytest.mark.parametrize(
    ("rules", "known", "word"),
    [
        pytest.param({}, {}, "counted", id="16 no rule, nothing known"),
        pytest.param({}, {"decisions": {"q": True}}, "counted:review", id="1 accepted"),
        pytest.param({}, {"decisions": {"q": False}}, "rejected:review", id="1 rejected"),
        pytest.param({}, {"decisions": {"other": False}}, "counted", id="1 decided for another quota only"),
        pytest.param(
            KEEP,
            {"decisions": {"q": True}, "lost": "2026-11-10T10:01"},
            "counted:review",
            id="1 accepted although lost early",
        ),
        pytest.param({}, {"nth": 2}, "rejected:not_first", id="2 pair: the relation had an add before"),
        pytest.param({}, {"known_since": 0}, "counted", id="2 pair: a colleague does not matter"),
        pytest.param(
            {"first_add": FirstAdd.CORP},
            {"known_since": 0},
            "rejected:not_first",
            id="2 corp: a colleague had the customer before",
        ),
        pytest.param(
            {"first_add": FirstAdd.CORP}, {"nth": 2}, "rejected:not_first", id="2 corp: pair holds too"
        ),
        pytest.param(
            {"first_add": FirstAdd.ANY}, {"nth": 2, "known_since": 0}, "counted", id="2 any: each earns"
        ),
        pytest.param(
            {"customer_types": FEW}, {"details": WECOM}, "rejected:customer_type", id="3 the other type"
        ),
        pytest.param({"customer_types": FEW}, {"details": WECHAT}, "counted", id="3 the type asked for"),
        pytest.param({}, {"details": WECOM}, "counted", id="3 both types: off"),
        pytest.param(ADD_WAYS, {"details": SHARED_INSIDE}, "rejected:add_way", id="4 shared inside the bank"),
        pytest.param(ADD_WAYS, {"details": WECHAT}, "counted", id="4 another way"),
        pytest.param(POSTER, {"state": "poster"}, "rejected:state", id="5 an excluded channel"),
        pytest.param(POSTER, {"state": "fair"}, "counted", id="5 another channel, no details needed"),
        pytest.param(POSTER, {}, "counted", id="5 no channel"),
        pytest.param(BOOK, {"manager": "yi"}, "rejected:not_own_book", id="6 in a colleague's book"),
        pytest.param(BOOK, {"manager": "jia"}, "counted", id="6 in his own book"),
        pytest.param({}, {"manager": "yi"}, "counted", id="6 off"),
        pytest.param(ACCOUNT, {"facts": {"account": False}}, "rejected:facts", id="7 known to be false"),
        pytest.param(ACCOUNT, {"facts": {"account": True}}, "counted", id="7 known to be true"),
        pytest.param(
            TWO_FACTS, {"facts": {"real_name": False}}, "rejected:facts", id="7 one false, one unknown"
        ),
        pytest.param(KEEP, {"lost": "2026-11-17T09:59:59"}, "rejected:lost_early", id="8 a second too soon"),
        pytest.param(KEEP, {"lost": "2026-11-17T10:00:00"}, "counted", id="8 kept for exactly 7 x 24 h"),
        pytest.param(KEEP, {"moved": "2026-11-11T10:00"}, "counted", id="8 a transfer is no loss"),
        pytest.param({}, {"lost": "2026-11-10T10:00"}, "counted", id="8 off: lost in the same second"),
        pytest.param(KEEP, {"lost": "2026-11-24T09:01"}, "counted", id="8 not lost yet as of the time asked"),
        pytest.param({"customer_types": FEW}, {}, "pending:details", id="11 not read, the type matters"),
        pytest.param(ADD_WAYS, {}, "pending:details", id="11 not read, the way matters"),
        pytest.param(VIP, {}, "pending:details", id="11 not read, tags matter"),
        pytest.param(VIP, {"details": WECOM}, "pending:tags", id="12 the tag is missing"),
        pytest.param(VIP, {"details": WECHAT}, "counted", id="12 tagged"),
        pytest.param(
            {"required_tags": ("vip", "gold")},
            {"details": WECHAT},
            "pending:tags",
            id="12 one of two is missing",
        ),
        pytest.param(VIP | BOOK, {"details": WECOM}, "pending:tags", id="12 tags before facts"),
        pytest.param(ACCOUNT, {}, "pending:facts", id="13 a required fact is unknown"),
        pytest.param(TWO_FACTS, {"facts": {"account": True}}, "pending:facts", id="13 one of two is unknown"),
        pytest.param(BOOK, {}, "pending:facts", id="13 the manager is unknown"),
        pytest.param({"keep_days": 14}, {}, "pending:keep_period", id="14 an hour short of 14 x 24 h"),
        pytest.param(
            {"keep_days": 14},
            {"moved": "2026-11-11T10:00"},
            "counted",
            id="14 ended by a transfer, waits no more",
        ),
        pytest.param({"keep_days": 13}, {}, "counted", id="14 the keep period is over"),
    ],
)
def test_one_add(rules: dict[str, Any], known: dict[str, Any], word: str) -> None:
    assert words([contact(**known)], rules=Counting(**rules)) == {"c1": word}


@pytest.mark.parametrize(
    ("when", "word"),
    [
        pytest.param("2026-11-17T09:59:59", "pending:keep_period", id="a second before"),
        pytest.param("2026-11-17T10:00:00", "counted", id="7 x 24 h have passed"),
    ],
)
def test_the_keep_period_ends_after_exactly_so_many_hours(when: str, word: str) -> None:
    assert words([contact()], when, rules=Counting(keep_days=7)) == {"c1": word}


# The flaws of an add in the order of the rules: each as rules and as what is known.
FLAWS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("rejected:not_first", {}, {"nth": 2}),
    ("rejected:add_way", ADD_WAYS, {"details": SHARED_INSIDE}),
    ("rejected:state", POSTER, {"state": "poster"}),
    ("rejected:not_own_book", BOOK, {"manager": "yi"}),
    ("rejected:facts", ACCOUNT, {"facts": {"account": False}}),
    ("rejected:lost_early", KEEP, {"lost": "2026-11-11T10:00"}),
    (
        "pending:over_share",
        {"max_share": (MaxShare(fact="far", share=Fraction(0)),)},
        {"facts": {"far": True}},
    ),
    ("pending:details", VIP, {"details": None}),
    ("pending:tags", VIP, {"details": WECOM}),
    ("pending:facts", BOOK, {"manager": None}),
    ("pending:keep_period", {"keep_days": 30}, {}),
]


@pytest.mark.parametrize("number", range(len(FLAWS) - 1), ids=lambda number: f"{FLAWS[number][0]} first")
def test_the_first_rule_that_applies_decides(number: int) -> None:
    # Flaws that need another value of the same thing cannot meet in one add.
    (word, rules, known), *later = FLAWS[number:]
    for _, more, also in later:
        if not also.keys() & known.keys() and not more.keys() & rules.keys():
            rules, known = rules | more, known | also

    assert words([contact(**known)], rules=Counting(**rules)) == {"c1": word}


@pytest.mark.parametrize(
    ("first_add", "counted", "rejected"),
    [
        pytest.param(FirstAdd.PAIR, 1, 1, id="a re-add earns nothing"),
        pytest.param(FirstAdd.ANY, 2, 0, id="each add earns"),
    ],
)
def test_a_customer_added_again_after_four_days(first_add: FirstAdd, counted: int, rejected: int) -> None:
    events = [
        event(RelationKind.ADDED, "2026-11-02T10:00"),
        event(RelationKind.LOST_BY_CUSTOMER, "2026-11-03T10:00"),
        event(RelationKind.ADDED, "2026-11-07T10:00"),
    ]

    found = row(events, "2026-11-24T09:07", asked=quota(counting=Counting(first_add=first_add)))

    assert (found.counted, found.rejected, found.gross, found.lost) == (counted, rejected, 2, 0)


def test_the_first_add_of_a_relation_may_lie_in_another_period() -> None:
    events = [
        event(RelationKind.ADDED, "2026-09-02T10:00"),
        event(RelationKind.LOST_BY_MEMBER, "2026-09-03T10:00"),
        event(RelationKind.ADDED, "2026-11-07T10:00"),
    ]

    found = row(events, "2026-11-24T09:07")

    assert (found.counted, found.rejected) == (0, 1)


@pytest.mark.parametrize(
    ("colleague", "counted"),
    [
        pytest.param("2026-11-10T09:59:59", 0, id="a second earlier: not first"),
        pytest.param("2026-11-10T10:00:00", 1, id="at equal times both are first"),
        pytest.param("2026-11-10T10:00:01", 1, id="a second later"),
    ],
)
def test_first_at_the_bank(colleague: str, counted: int) -> None:
    events = [
        event(RelationKind.ADDED, "2026-11-10T10:00"),
        event(RelationKind.ADDED, colleague, userid="yi"),
    ]

    found = row(events, "2026-11-24T09:07", asked=quota(counting=Counting(first_add=FirstAdd.CORP)))

    assert found.counted == counted


OPEN, CLOSED = "2026-12-07T23:59:59", "2026-12-08T00:00:00"  # of November with keep_days = 7


@pytest.mark.parametrize(
    ("rules", "known", "before", "after"),
    [
        pytest.param(VIP, {}, "pending:details", "counted:details", id="details never read"),
        pytest.param(
            VIP,
            {"lost": "2026-11-28T10:00"},
            "pending:details",
            "rejected:details",
            id="never read, and lost",
        ),
        pytest.param(
            VIP,
            {"moved": "2026-11-28T10:00"},
            "pending:details",
            "counted:details",
            id="never read, handed on",
        ),
        pytest.param(ACCOUNT, {}, "pending:facts", "counted:facts", id="the bank never said"),
        pytest.param(
            ACCOUNT,
            {"lost": "2026-11-28T10:00"},
            "pending:facts",
            "counted:facts",
            id="the bank never said, lost",
        ),
        pytest.param(BOOK, {}, "pending:facts", "counted:facts", id="no manager known"),
        pytest.param(VIP, {"details": WECOM}, "pending:tags", "rejected:tags", id="never tagged"),
        pytest.param(
            {"max_share": (MaxShare(fact="far", share=Fraction(1, 2)),)},
            {"facts": {"far": True}},
            "pending:over_share",
            "rejected:over_share",
            id="still over the share",
        ),
    ],
)
def test_what_is_pending_at_the_settlement(
    rules: dict[str, Any], known: dict[str, Any], before: str, after: str
) -> None:
    counting = Counting(keep_days=7, **rules)

    found = [words([contact(**known)], when, rules=counting)["c1"] for when in (OPEN, CLOSED)]

    assert found == [before, after]


def test_without_a_keep_period_the_settlement_is_the_midnight_after_the_last_day() -> None:
    rules = Counting(required_tags=("vip",))

    found = [
        words([contact()], when, rules=rules)["c1"] for when in ("2026-11-30T23:59:59", "2026-12-01T00:00:00")
    ]

    assert found == ["pending:details", "counted:details"]


def test_a_verdict_says_its_standing_and_its_reason() -> None:
    assert (Verdict.COUNTED.outcome, Verdict.COUNTED.reason) == ("counted", None)
    assert (Verdict.NOT_FIRST.outcome, Verdict.NOT_FIRST.reason) == ("rejected", "not_first")


@pytest.mark.parametrize("facts", [{}, {"account": True}], ids=["fact unknown", "fact true"])
def test_ten_contacts_without_the_required_tag_are_open_whatever_the_bank_knows(
    facts: dict[str, bool],
) -> None:
    asked = quota(10, counting=Counting(**VIP, **ACCOUNT))

    before, after = (
        rows(won(10, details=WECOM, facts=facts), when, asked=asked)["jia"]
        for when in ("2026-11-24T09:00", "2026-12-01T00:00")
    )

    assert (before.pending, before.open, before.sure) == (10, 10, 0)
    assert (after.counted, after.rejected, after.status) == (0, 10, "missed")


HALF_FAR = {"max_share": (MaxShare(fact="far", share=Fraction(1, 2)),)}


@pytest.mark.parametrize(
    ("near", "word"),
    [
        pytest.param({"details": WECOM}, "pending:over_share", id="without the tag: makes no room"),
        pytest.param({}, "counted", id="tag unread: it may have it"),
        pytest.param(
            {"lost": "2026-11-20T10:00"}, "pending:over_share", id="lost before it was read: makes no room"
        ),
        pytest.param({"details": WECHAT, "lost": "2026-11-20T10:00"}, "counted", id="read, and lost later"),
    ],
)
def test_an_open_add_makes_no_room_under_a_share(near: dict[str, Any], word: str) -> None:
    contacts = [
        contact(customer="near", facts={"far": False}, **near),
        contact(customer="far", facts={"far": True}, details=WECHAT),
    ]

    assert words(contacts, rules=Counting(**VIP, **HALF_FAR))["far"] == word


def test_an_open_add_takes_no_room_under_a_share() -> None:
    contacts = [
        contact("2026-11-09T10:00", "untagged", facts={"far": True}, details=WECOM),
        contact(customer="far", facts={"far": True}, details=WECHAT),
        contact(customer="near", facts={"far": False}, details=WECHAT),
    ]

    assert words(contacts, rules=Counting(**VIP, **HALF_FAR)) == {
        "untagged": "pending:tags",
        "far": "counted",
        "near": "counted",
    }


def test_verdicts_stand_in_the_order_of_time_then_customer() -> None:
    contacts = [
        contact("2026-11-10T10:00", "c2"),
        contact("2026-11-09T10:00", "c3", nth=2),
        contact("2026-11-10T10:00", "c1"),
    ]

    found = words(contacts)

    assert list(found.items()) == [("c3", "rejected:not_first"), ("c1", "counted"), ("c2", "counted")]


def test_what_integrity_does_not_hold_is_counted() -> None:
    assert words([contact()], asked=quota(integrity=Integrity(shared_by=1))) == {"c1": "counted"}
