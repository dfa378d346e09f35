"""The oracle on examples by hand: what a reviewer is asked, and what a decision does."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from oracle.branch import (
    Branch,
    Campaign,
    Decision,
    Details,
    Event,
    FindingDecision,
    Integrity,
    Line,
    Quota,
    Rules,
    Version,
)
from oracle.closed import Oracle
from oracle.short import LONG_AGO, TODAY, branch, counts, ended, reading, row, second, won, words

ONE = won(1, "2026-11-10T10:00", name="c")
C = ("jia", "c#000")


def decided(accepted: bool, *, appeal: bool, quota: str = "q") -> tuple[Decision, ...]:
    key = ("jia", "c#000", second("2026-11-10T10:00"))
    return (Decision(key=key, quota=quota, accepted=accepted, appeal=appeal),)


@pytest.mark.parametrize(
    ("decisions", "word"),
    [
        (decided(True, appeal=True), "counted:review"),
        (decided(False, appeal=True), "rejected:add_way"),
        (decided(False, appeal=False), "rejected:review"),
        (decided(True, appeal=True, quota="another"), "rejected:add_way"),
    ],
)
def test_a_rejected_appeal_leaves_the_contact_its_own_verdict(
    decisions: tuple[Decision, ...], word: str
) -> None:
    asked = branch(
        ONE,
        quota=Quota(exclude_add_ways=frozenset({1})),
        details={C: Details()},
        decisions=decisions,
    )

    assert words(asked) == [word]


def watched(
    *events: tuple[Event, ...], rule: Integrity, quota: Quota | None = None, **changes: Any
) -> Branch:
    rules = Rules(quotas=(quota or Quota(),), integrity=rule)
    people = reading(jia=Line(), yi=Line(), bing=Line())
    return branch(*events, versions=(Version(on=LONG_AGO, rules=rules),), readings=(people,), **changes)


BURST = Integrity(burst=(3, 10), hold=True)


@pytest.mark.parametrize(("last", "held"), [("2026-11-10T10:10:00", 3), ("2026-11-10T10:10:01", 0)])
def test_a_burst_concerns_every_add_of_its_window_the_first_too(last: str, held: int) -> None:
    asked = watched(won(2, "2026-11-10T10:00", name="a"), won(1, last, name="b"), rule=BURST)

    assert words(asked).count("pending:review") == held


def test_what_is_held_counts_at_the_settlement() -> None:
    asked = watched(won(3, "2026-11-10T10:00"), rule=BURST)

    assert counts(asked, "2026-12-01T00:00") == {"counted:review": 3}
    assert row(asked, TODAY)["open"] == 0


def test_only_flagged_adds_count() -> None:
    asked = watched(won(3, "2026-11-10T10:00"), rule=Integrity(burst=(3, 10)))

    assert counts(asked) == {"counted": 3}


def test_adds_of_a_campaign_are_in_no_burst() -> None:
    fair = Campaign(first=date(2026, 11, 10), last=date(2026, 11, 10))

    assert counts(watched(won(3, "2026-11-10T10:00"), rule=BURST, campaigns=(fair,))) == {"counted": 3}


def shared_by_three(first: str) -> Branch:
    events = (
        Event("yi", "c", second(first), "added"),
        Event("bing", "c", second("2026-11-11T10:00"), "added"),
        Event("jia", "c", second("2026-11-13T10:00"), "added"),
    )
    return watched(events, rule=Integrity(shared_by=3, window_days=3, hold=True))


def test_a_shared_customer_concerns_the_add_at_which_enough_had_them() -> None:
    asked = shared_by_three("2026-11-10T10:00:00")

    assert [words(asked, userid=userid) for userid in ("yi", "bing", "jia")] == [
        ["counted"],
        ["counted"],
        ["pending:review"],
    ]
    assert words(shared_by_three("2026-11-10T09:59:59")) == ["counted"]


@pytest.mark.parametrize(
    ("confirmed", "hold", "word", "flags"),
    [
        (True, True, "rejected:review", ("burst",)),
        (True, False, "counted", ("burst",)),
        (False, True, "counted", ()),
    ],
)
def test_a_decision_is_on_the_adds_that_a_finding_named(
    confirmed: bool, hold: bool, word: str, flags: tuple[str, ...]
) -> None:
    adds = won(3, "2026-11-10T10:00", name="c")
    later = won(1, "2026-11-10T10:05", name="d")
    decision = FindingDecision(
        kind="burst",
        userid="jia",
        adds=frozenset(("jia", event.customer, event.at) for event in adds),
        confirmed=confirmed,
    )
    asked = watched(adds, later, rule=Integrity(burst=(3, 10), hold=hold), findings=(decision,))

    assert words(asked) == [word, word, word, "pending:review" if hold else "counted"]
    assert row(asked, TODAY)["flags"] == flags


def test_a_decision_on_the_contact_goes_before_one_on_its_finding() -> None:
    adds = won(3, "2026-11-10T10:00", name="c")
    asked = watched(
        adds,
        rule=BURST,
        decisions=decided(True, appeal=True),
        findings=(
            FindingDecision(
                kind="burst",
                userid="jia",
                adds=frozenset(("jia", event.customer, event.at) for event in adds),
                confirmed=True,
            ),
        ),
    )

    assert words(asked) == ["counted:review", "rejected:review", "rejected:review"]


def test_what_is_a_finding_does_not_depend_on_which_period_is_asked_for() -> None:
    adds = won(1, "2026-10-31T23:59", name="a") + won(1, "2026-11-01T00:01", name="b")
    asked = watched(
        adds,
        ended(adds[:1], "2026-11-05T10:00"),
        rule=Integrity(burst=(2, 10), hold=True),
        quota=Quota(basis="held"),
    )

    assert words(asked) == ["pending:review"]
    assert words(asked, "2026-11-30T20:00") == ["pending:review"]


def test_a_quick_loss_needs_enough_adds_that_are_old_enough() -> None:
    adds = won(10, "2026-11-03T10:00")
    asked = watched(
        adds,
        ended(adds[:3], "2026-11-05T10:00"),
        rule=Integrity(quick_loss=(Fraction(3, 10), 10), hold=True),
        quota=Quota(keep_days=7),
    )
    oracle = Oracle(asked)
    (span,) = oracle.spans_at(date(2026, 11, 10))

    assert len(oracle.quick_loss(span, "jia", second("2026-11-10T10:00:10"))) == 3
    assert len(oracle.quick_loss(span, "jia", second("2026-11-10T10:00:09"))) == 0
    assert counts(asked) == {"rejected:lost_early": 3, "counted": 7}
