"""What no decision may do: be taken twice, be one's own, reach beyond its case, name a customer for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import FakeTime, at, installation, rows_of, where
from builders.reviews import (
    BURST_ID,
    FRIDAY_EVENING,
    HOLD,
    ROSTER,
    RULES,
    TUESDAY,
    branch,
    burst,
    lost_contact,
    morning,
    numbers,
    tell,
)

from bot.core.relations import RelationKind
from bot.core.renames import Overlap
from bot.features.reviews.cases import Case, load_cases
from bot.features.reviews.decide import (
    CaseDecision,
    CountsByItselfError,
    ReviewError,
    answer,
    decide,
    open_appeal,
)
from bot.services import Services
from bot.store.known_people import KnownPeople
from bot.store.reviews import ReviewKind
from scheduler.planner import plan

ADMINS = '[admins]\nuserids = ["it", "zhang.san", "zhang"]\n'
RENAME = "rename:zhang:zhang.san"
RENAMED_ROSTER = (ROSTER[0].replace("zhang,", "zhang.san,"), *ROSTER[1:])
SHARED = HOLD.replace("[integrity]\n", "[integrity]\nshared_by = 2\nwindow_days = 30\n")
LATER = at("2026-11-30T12:00")  # the keep period of the 23rd is over


def appeal(services: Services, customer: str = "wm-lost") -> Case:
    (case,) = open_appeal(services, "zhang", customer, text="柜面误删", at=TUESDAY)
    return case


def propose(services: Services) -> None:
    """zhang vanished, and zhang.san has the customers."""
    tell(services, "zhang", "wm-1", at("2026-11-04T10:00"), RelationKind.ADDED)
    with services.store.transaction():
        overlap = Overlap(old_userid="zhang", userid="zhang.san", same=3, living=3)
        services.store.proposals.put([overlap], at=int(TUESDAY.timestamp()))


def ids(services: Services, *, when: Any = TUESDAY) -> list[str]:
    return [case.id for case in load_cases(services, at=when)]


def last_customer(services: Services) -> str:
    return max(services.store.ledger.relations())[1]


def test_a_decision_goes_over_nobody_but_those_concerned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with branch(tmp_path) as services:
        case = make_appeal(services)
        monkeypatch.setattr(KnownPeople, "__iter__", _everybody)

        decide(services, case, CaseDecision(accept=True, by="head", reason="有录音"), at=TUESDAY)


def _everybody(_: KnownPeople) -> Iterator[str]:
    raise AssertionError


# --- two at once ---


def make_appeal(services: Services) -> str:
    lost_contact(services)
    return appeal(services).id


def make_finding(services: Services) -> str:
    burst(services)
    morning(services, TUESDAY)
    answer(services, BURST_ID, "支行开放日", at=TUESDAY)
    return BURST_ID


def make_proposal(services: Services) -> str:
    propose(services)
    return RENAME


@pytest.mark.parametrize(
    ("make", "roster"),
    [
        pytest.param(make_appeal, ROSTER, id="an appeal"),
        pytest.param(make_finding, ROSTER, id="a finding"),
        pytest.param(make_proposal, RENAMED_ROSTER, id="a changed userid"),
    ],
)
@pytest.mark.parametrize("accept", [True, False], ids=["accepted too late", "rejected too late"])
def test_of_two_who_decide_at_once_one_does_and_the_other_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Services], str],
    roster: tuple[str, ...],
    *,
    accept: bool,
) -> None:
    clock = FakeTime(TUESDAY)
    with branch(tmp_path, more=HOLD + ADMINS, roster=roster) as services:
        case = make(services)
        with installation(services.config.file, clock) as faster:
            whole, decided = services.store.transaction, []

            @contextmanager
            def too_late() -> Iterator[None]:
                if not decided:
                    decided.append(case)
                    decide(
                        faster, case, CaseDecision(accept=not accept, by="人事", reason="先到"), at=TUESDAY
                    )
                with whole():
                    yield

            monkeypatch.setattr(services.store, "transaction", too_late)
            with pytest.raises(ReviewError, match="decided just now by somebody else"):
                decide(services, case, CaseDecision(accept=accept, by="人事", reason="后到"), at=TUESDAY)
        acts = [act for act in services.store.audit.acts() if act.act.startswith("review ")]
        left = ids(services)

    assert decided == [case]
    assert [act.act for act in acts] == [f"review {'reject' if accept else 'accept'}"]
    assert "先到" in acts[0].detail
    assert case not in left


# --- who decides ---


@pytest.mark.parametrize("by", ["zhang", "ZHANG", "zhang.san", "员工甲"])
def test_nobody_decides_whether_they_are_somebody_else(tmp_path: Path, by: str) -> None:
    with branch(tmp_path, more=ADMINS, roster=RENAMED_ROSTER) as services:
        propose(services)
        (case,) = load_cases(services, at=TUESDAY)
        with pytest.raises(ReviewError, match="nobody may decide about themselves"):
            decide(services, RENAME, CaseDecision(accept=True, by=by, reason="是我"), at=TUESDAY)
        left = ids(services)
        told = {
            message.to_userid
            for message in plan(services, "progress", at=TUESDAY)
            if message.key.startswith("review:")
        }

    assert (case.about, case.reviewers) == ({"zhang", "zhang.san"}, ("it",))
    assert left == [RENAME]
    assert told == {"it"}


def test_a_refused_change_of_userid_renames_nobody(tmp_path: Path) -> None:
    with branch(tmp_path, more=ADMINS, roster=RENAMED_ROSTER) as services:
        propose(services)
        _, state = decide(services, RENAME, CaseDecision(accept=False, by="it", reason="两个人"), at=TUESDAY)
        owners = {userid for userid, _ in services.store.ledger.relations()}

    assert (state, owners) == ("rejected", {"zhang"})


def test_whom_it_was_put_to_first_may_still_decide_after_it_went_up(tmp_path: Path) -> None:
    with branch(tmp_path, more='[review]\nreviewers = ["li"]\n') as services:
        lost_contact(services)
        case = appeal(services)
        (later,) = load_cases(services, at=FRIDAY_EVENING)
        _, state = decide(
            services, case.id, CaseDecision(accept=True, by="li", reason="有录音"), at=FRIDAY_EVENING
        )

    assert (case.reviewers, later.reviewers, state) == (("li",), ("head",), "accepted")


def test_a_decision_needs_a_reason_of_more_than_spaces(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        lost_contact(services)
        case = appeal(services)
        with pytest.raises(ReviewError, match="needs a name and a reason"):
            decide(services, case.id, CaseDecision(accept=True, by="head", reason="  "), at=TUESDAY)
        decide(services, case.id, CaseDecision(accept=True, by=" head ", reason=" 有录音 "), at=TUESDAY)
        (act,) = services.store.audit.acts()

    assert (act.actor, act.at) == ("head", int(TUESDAY.timestamp()))
    assert '"reason": "有录音"' in act.detail
    assert '"by": "somebody known"' in act.detail


def test_a_reviewer_or_admin_outside_the_roster_is_somebody_known(tmp_path: Path) -> None:
    with branch(tmp_path, more='[review]\nreviewers = ["hr1"]\n[admins]\nuserids = ["it"]\n') as services:
        lost_contact(services)
        decide(
            services, appeal(services).id, CaseDecision(accept=True, by="HR1", reason="有录音"), at=TUESDAY
        )
        tell(services, "zhang", "wm-2", at("2026-11-10T10:00"), RelationKind.ADDED)
        tell(services, "zhang", "wm-2", at("2026-11-11T10:00"), RelationKind.LOST_BY_CUSTOMER)
        case = appeal(services, "wm-2")
        with pytest.raises(ReviewError, match="it may not decide about zhang; it is with hr1"):
            decide(services, case.id, CaseDecision(accept=True, by="it", reason="有录音"), at=TUESDAY)
        (act,) = services.store.audit.acts()

    assert '"by": "somebody known"' in act.detail


# --- what a decision reaches ---


def test_a_confirmed_finding_rejects_only_its_own_contacts(tmp_path: Path) -> None:
    with branch(tmp_path, more=HOLD, when=LATER) as services:
        burst(services)
        burst(services, "li")
        morning(services, TUESDAY)
        before = [numbers(services, userid, LATER) for userid in ("zhang", "li")]
        decide(services, BURST_ID, CaseDecision(accept=False, by="head", reason="核实"), at=LATER)
        after = [numbers(services, userid, LATER) for userid in ("zhang", "li")]
        left = {case.userid for case in load_cases(services, at=LATER)}

    assert before == [(0, 16, 0, ()), (0, 16, 0, ())]
    assert after == [(0, 0, 16, ("burst",)), (0, 16, 0, ())]
    assert left == {"li"}


def test_a_held_contact_counts_by_itself_and_is_not_appealed(tmp_path: Path) -> None:
    """The finding decides about it, and the settlement counts it if nobody does."""
    with branch(tmp_path, more=HOLD, when=LATER) as services:
        burst(services)
        morning(services, TUESDAY)
        held = next(one for one in services.store.reviews.all_open() if one.kind is ReviewKind.HELD)
        with pytest.raises(CountsByItselfError, match="counts by itself by 2026-12-08 00:00") as refused:
            appeal(services, held.contact[1])
        left = ids(services, when=LATER)

    assert refused.value.until == at("2026-12-08T00:00")
    assert left == [BURST_ID]


@pytest.mark.parametrize("other", ["accepted", "rejected"])
def test_a_contact_that_two_findings_hold_is_free_only_when_both_are_cleared(
    tmp_path: Path, other: str
) -> None:
    with branch(tmp_path, more=SHARED, when=LATER) as services:
        burst(services)
        last = last_customer(services)
        tell(services, "li", last, at("2026-11-20T10:00"), RelationKind.ADDED)
        morning(services, TUESDAY)
        shared = f"finding:shared:zhang:{last}"
        decide(services, BURST_ID, CaseDecision(accept=True, by="head", reason="开放日"), at=LATER)
        between = numbers(services, "zhang", LATER)[:3]
        decide(services, shared, CaseDecision(accept=other == "accepted", by="head", reason="交接"), at=LATER)
        after = numbers(services, "zhang", LATER)[:3]

    assert between == (15, 1, 0)
    assert after == ((16, 0, 0) if other == "accepted" else (15, 0, 1))


def test_an_appeal_is_about_the_last_add_of_the_named_customer(tmp_path: Path) -> None:
    with branch(tmp_path, more="", quotas=RULES + 'first_add = "any"\n') as services:
        for day in (4, 12):
            tell(services, "zhang", "wm-lost", at(f"2026-11-{day:02d}T10:00"), RelationKind.ADDED)
            tell(
                services,
                "zhang",
                "wm-lost",
                at(f"2026-11-{day + 1:02d}T10:00"),
                RelationKind.LOST_BY_CUSTOMER,
            )
        tell(services, "zhang", "wm-other", at("2026-11-16T10:00"), RelationKind.ADDED)
        tell(services, "zhang", "wm-other", at("2026-11-17T10:00"), RelationKind.LOST_BY_CUSTOMER)
        case = appeal(services)

    assert case.review is not None
    assert case.review.contact == ("zhang", "wm-lost", int(at("2026-11-12T10:00").timestamp()))


def test_an_appeal_is_about_the_period_of_the_add_that_is_over_by_then(tmp_path: Path) -> None:
    """What was recorded of later days than the one that is asked about changes nothing."""
    with branch(tmp_path, more="") as services:
        lost_contact(services)
        tell(services, "zhang", "wm-lost", at("2026-12-03T10:00"), RelationKind.ADDED)
        case = appeal(services)

    assert case.review is not None
    assert case.review.period == "2026-11"


# --- what stays for good ---


def test_no_customer_is_in_the_audit_log_whatever_was_decided(tmp_path: Path) -> None:
    with branch(tmp_path, more=SHARED + ADMINS, when=LATER) as services:
        burst(services)
        lost_contact(services)
        last = last_customer(services)
        tell(services, "li", last, at("2026-11-20T10:00"), RelationKind.ADDED)
        morning(services, TUESDAY)
        appeal(services)
        decided = []
        while open_cases := load_cases(services, at=LATER, held=True):
            first = open_cases[0]
            decide(services, first.id, CaseDecision(accept=False, by="head", reason="核实"), at=LATER)
            decided.append(first.kind)
        log = rows_of(where(services), "SELECT * FROM audit")
        customers = {customer for _, customer in services.store.ledger.relations()}

    assert {"appeal", "held", "finding"} <= set(decided)
    assert len(log) == len(decided)
    assert [row for row in log if any(customer in str(row) for customer in customers)] == []
    assert "finding:shared:zhang" in {row["subject"] for row in log}
