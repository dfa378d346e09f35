"""Appeals and decisions: who may, when, and that numbers follow at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from builders.e2e import QUOTA, add_customers, at
from builders.reviews import (
    ANSWERED,
    BURST_ID,
    FRIDAY_EVENING,
    HOLD,
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
from bot.features.close import results
from bot.features.contacts.explain import explain
from bot.features.reviews import decide as reviews_decide
from bot.features.reviews.cases import Case, load_cases
from bot.features.reviews.decide import CaseDecision, ReviewError, decide, open_appeal
from bot.services import Services
from scheduler.jobs import PREPARES


def appeal(services: Services, **changes: str) -> Case:
    (case,) = open_appeal(services, "zhang", "wm-lost", text="柜面误删", at=TUESDAY, **changes)
    return case


def test_an_accepted_appeal_counts_at_once(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        lost_contact(services)
        before = numbers(services, "zhang", TUESDAY)
        case = appeal(services)
        while_open = numbers(services, "zhang", TUESDAY)
        decided, state = decide(
            services, case.id, CaseDecision(accept=True, by="head", reason="有录音"), at=TUESDAY
        )
        after = numbers(services, "zhang", TUESDAY)
        left = load_cases(services, at=TUESDAY)

    assert before == while_open == (0, 0, 1, ())
    assert after == (1, 0, 0, ())
    assert (decided.id, state, left) == ("appeal:1", "accepted", [])


def test_a_rejected_appeal_changes_nothing_and_is_not_opened_again(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        lost_contact(services)
        case = appeal(services)
        decide(services, case.id, CaseDecision(accept=False, by="head", reason="无凭据"), at=TUESDAY)
        after = numbers(services, "zhang", TUESDAY)
        (shown,) = explain(services, "zhang", at=TUESDAY).quotas[0].contacts
        with pytest.raises(ReviewError, match="was decided by head: 无凭据"):
            appeal(services)

    assert after == (0, 0, 1, ())
    assert (shown.verdict, shown.reason) == (
        "rejected:lost_early",
        "客户添加不满 7 天即流失（11-04 10:00 加，11-06 10:00 流失），不计入",
    )


def test_a_contact_that_the_segment_leaves_out_is_explained_and_can_be_appealed(tmp_path: Path) -> None:
    with branch(tmp_path, quotas=QUOTA + '[quotas.counting]\nsegment_tags = ["贵宾"]\n') as services:
        add_customers(services, "zhang", at("2026-11-03T10:00"))
        before = numbers(services, "zhang", TUESDAY)
        (shown,) = explain(services, "zhang", at=TUESDAY).quotas[0].contacts
        (case,) = open_appeal(services, "zhang", shown.external_userid, text="是贵宾", at=TUESDAY)
        decide(services, case.id, CaseDecision(accept=True, by="head", reason="核实"), at=TUESDAY)
        after = numbers(services, "zhang", TUESDAY)

    assert (shown.verdict, shown.open, shown.until) == ("left_out", False, None)
    assert shown.reason.startswith("本指标只看带有这些标签之一的客户：贵宾；")
    assert case.verdict == "left_out"
    assert (before, after) == ((0, 0, 0, ()), (1, 0, 0, ()))


def test_a_case_says_what_it_is_about_and_with_whom_it_is(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        lost_contact(services)
        case = appeal(services)

    assert case.review is not None
    assert (case.kind, case.userid, case.said) == ("appeal", "zhang", "柜面误删")
    assert (case.review.quota, case.review.period) == ("cm-monthly", "2026-11")
    assert case.verdict == "rejected:lost_early"
    assert (case.levels, case.reviewers, case.until) == ((("head",),), ("head",), FRIDAY_EVENING)


def test_every_decision_is_one_line_of_the_audit_log_with_name_and_reason_and_no_customer(
    tmp_path: Path,
) -> None:
    with branch(tmp_path) as services:
        lost_contact(services)
        case = appeal(services)
        decide(services, case.id, CaseDecision(accept=True, by="人事", reason="有录音"), at=TUESDAY)
        (act,) = services.store.audit.acts()
        whole = services.store.audit.broken_at() is None

    assert (act.actor, act.act, act.subject) == ("人事", "review accept", "appeal:1")
    assert "有录音" in act.detail
    assert "a name, at the command line" in act.detail
    assert "wm-lost" not in act.detail
    assert whole


def test_an_appeal_needs_a_contact_that_does_not_count(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        add_customers(services, "zhang", at("2026-11-03T10:00"))
        with pytest.raises(ReviewError, match="counts already"):
            open_appeal(services, "zhang", "wm-zhang-1103100000-0", text="", at=TUESDAY)
        with pytest.raises(ReviewError, match="has no add of wm-never"):
            open_appeal(services, "zhang", "wm-never", text="", at=TUESDAY)


def test_an_appeal_that_is_open_is_not_opened_twice(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        lost_contact(services)
        appeal(services)
        with pytest.raises(ReviewError, match="appeal:1 is open already"):
            appeal(services)


def test_one_appeal_for_each_quota_that_rejects_the_contact_or_the_one_that_is_named(tmp_path: Path) -> None:
    other = '[[quotas]]\nid = "weekly"\nroles = ["客户经理"]\nperiod = "week"\ntarget = 5\n'
    strict = other.replace("weekly", "strict") + "[quotas.counting]\nkeep_days = 7\n"
    with branch(tmp_path, quotas=RULES + other + strict) as services:
        lost_contact(services)
        named = open_appeal(services, "zhang", "wm-lost", text="", quota="strict", at=TUESDAY)
        rest = open_appeal(services, "zhang", "wm-lost", text="", at=TUESDAY)

    places = [(one.review.quota, one.review.period) for one in (*named, *rest) if one.review]
    assert places == [("strict", "2026-W45"), ("cm-monthly", "2026-11")]


@pytest.mark.parametrize(
    ("when", "taken"),
    [
        pytest.param("2026-12-05T10:00", True, id="the period is over, nothing is closed"),
        pytest.param("2026-12-15T17:59:59", True, id="the last second"),
        pytest.param("2026-12-15T18:00", False, id="five workdays after the preliminary result"),
    ],
)
def test_appeals_are_taken_until_some_workdays_after_the_close(
    tmp_path: Path, when: str, *, taken: bool
) -> None:
    with branch(tmp_path, when=at(when)) as services:
        lost_contact(services)
        PREPARES["close"](services, at("2026-12-08T08:42"))
        if taken:
            (case,) = open_appeal(services, "zhang", "wm-lost", text="", at=at(when))
            assert case.id == "appeal:1"
        else:
            with pytest.raises(ReviewError, match="the time for appeals is over"):
                open_appeal(services, "zhang", "wm-lost", text="", at=at(when))


def test_an_appeal_keeps_the_line_open_until_it_is_decided(tmp_path: Path) -> None:
    over = at("2026-12-15T18:00")
    with branch(tmp_path, when=over) as services:
        lost_contact(services)
        PREPARES["close"](services, at("2026-12-08T08:42"))
        (case,) = open_appeal(services, "zhang", "wm-lost", text="", at=over - timedelta(days=1))
        first = results.sign(services, "cm-monthly", "2026-11", by="人事", at=over)
        decide(services, case.id, CaseDecision(accept=True, by="head", reason="有录音"), at=over)
        second = results.sign(services, "cm-monthly", "2026-11", by="人事", at=over)
        line = services.store.results.newest("cm-monthly", "2026-11")["zhang"].line

    assert first == (["li"], ["zhang"])
    assert second == (["zhang"], [])
    assert line.counted == 1


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        pytest.param("zhang", "nobody may decide about themselves", id="himself"),
        pytest.param("ZHANG", "nobody may decide about themselves", id="in whatever case"),
        pytest.param("员工甲", "nobody may decide about themselves", id="by his name"),
        pytest.param("team", "team may not decide about zhang; it is with head", id="his leader"),
        pytest.param(
            "主管甲", "主管甲 may not decide about zhang; it is with head", id="by his leader's name"
        ),
        pytest.param("li", "li may not decide about zhang; it is with head", id="a colleague"),
        pytest.param(" ", "needs a name and a reason", id="nobody"),
    ],
)
def test_who_may_not_decide_is_told_why(tmp_path: Path, by: str, sentence: str) -> None:
    with branch(tmp_path) as services:
        lost_contact(services)
        case = appeal(services)
        with pytest.raises(ReviewError, match=sentence):
            decide(services, case.id, CaseDecision(accept=True, by=by, reason="有录音"), at=TUESDAY)
        untouched = (load_cases(services, at=TUESDAY), services.store.audit.acts())

    assert untouched == ([case], [])


@pytest.mark.parametrize(
    ("by", "review"),
    [
        pytest.param("head", "", id="the leader's leader"),
        pytest.param("主管乙", "", id="by his name"),
        pytest.param("hr1", '[review]\nreviewers = ["HR1"]\n', id="a reviewer outside the roster"),
        pytest.param("li", '[review]\nreviewers = ["li"]\n', id="a reviewer who is a colleague"),
        pytest.param("王人事", "", id="a name that nobody in the roster has"),
    ],
)
def test_who_may_decide(tmp_path: Path, by: str, review: str) -> None:
    with branch(tmp_path, more=review) as services:
        lost_contact(services)
        case = appeal(services)
        _, state = decide(services, case.id, CaseDecision(accept=True, by=by, reason="有录音"), at=TUESDAY)

    assert state == "accepted"


def test_a_reviewer_does_not_decide_about_himself_and_one_up_not_before_its_time(tmp_path: Path) -> None:
    with branch(tmp_path, more='[review]\nreviewers = ["zhang", "li"]\n') as services:
        lost_contact(services)
        case = appeal(services)
        with pytest.raises(ReviewError, match="head may not decide about zhang; it is with li"):
            decide(services, case.id, CaseDecision(accept=True, by="head", reason="有录音"), at=TUESDAY)
        (later,) = load_cases(services, at=FRIDAY_EVENING)
        decide(services, case.id, CaseDecision(accept=True, by="head", reason="有录音"), at=FRIDAY_EVENING)

    assert (case.reviewers, later.reviewers) == (("li",), ("head",))


def test_whom_nobody_may_decide_about_the_admins_do_and_without_them_it_says_so(tmp_path: Path) -> None:
    everybody = RULES.replace('roles = ["客户经理"]\n', "")
    with branch(tmp_path, quotas=everybody) as services:
        lost_contact(services, "head")
        (case,) = open_appeal(services, "head", "wm-lost", text="", at=TUESDAY)
        with pytest.raises(ReviewError, match=r"nobody may: name admins\.userids"):
            decide(services, case.id, CaseDecision(accept=True, by="team", reason="有录音"), at=TUESDAY)
    with branch(tmp_path, quotas=everybody, more='[admins]\nuserids = ["it"]\n') as services:
        (with_admins,) = load_cases(services, at=TUESDAY)
        decide(services, case.id, CaseDecision(accept=True, by="it", reason="有录音"), at=TUESDAY)

    assert (case.reviewers, with_admins.reviewers) == ((), ("it",))


def test_nothing_can_be_appealed_of_somebody_of_whom_nothing_is_asked(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        lost_contact(services, "head")
        with pytest.raises(ReviewError, match="no quota looks at wm-lost of head then"):
            open_appeal(services, "head", "wm-lost", text="", at=TUESDAY)


def test_an_unknown_case_is_one_sentence(tmp_path: Path) -> None:
    with branch(tmp_path) as services, pytest.raises(ReviewError, match="appeal:7: no such open case"):
        decide(services, "appeal:7", CaseDecision(accept=True, by="head", reason="有录音"), at=TUESDAY)


# held contacts


def test_a_confirmed_finding_rejects_what_it_held_and_a_cleared_one_lets_it_count(tmp_path: Path) -> None:
    later = at("2026-11-30T12:00")  # the keep period of the 23rd is over
    found = {}
    for accept in (True, False):
        folder = tmp_path / str(accept)
        folder.mkdir()
        with branch(folder, more=HOLD, when=later) as services:
            burst(services)
            morning(services, TUESDAY)
            before = numbers(services, "zhang", later)
            kinds = [case.kind for case in load_cases(services, at=later)]
            _, state = decide(
                services, BURST_ID, CaseDecision(accept=accept, by="head", reason="核实"), at=later
            )
            found[state] = numbers(services, "zhang", later)
            assert load_cases(services, at=later) == []

        assert before == (0, 16, 0, ())
        assert kinds == ["finding"]
    assert found == {"cleared": (16, 0, 0, ()), "confirmed": (0, 0, 16, ("burst",))}


def test_under_flag_a_confirmed_finding_rejects_nothing(tmp_path: Path) -> None:
    later = at("2026-11-30T12:00")
    with branch(tmp_path, when=later) as services:
        burst(services)
        morning(services, TUESDAY)
        before = numbers(services, "zhang", later)
        decide(services, BURST_ID, CaseDecision(accept=False, by="head", reason="核实"), at=later)
        after = numbers(services, "zhang", later)

    assert (before, after) == ((16, 0, 0, ()), (16, 0, 0, ("burst",)))


def test_one_held_contact_can_be_decided_alone(tmp_path: Path) -> None:
    later = at("2026-11-30T12:00")
    with branch(tmp_path, more=HOLD, when=later) as services:
        burst(services)
        morning(services, TUESDAY)
        decide(services, "held:1", CaseDecision(accept=True, by="head", reason="柜面核实"), at=later)
        decide(services, "held:2", CaseDecision(accept=False, by="head", reason="空号"), at=later)
        alone = numbers(services, "zhang", later)
        decide(services, BURST_ID, CaseDecision(accept=False, by="head", reason="核实"), at=later)
        after = numbers(services, "zhang", later)

    assert alone == (1, 14, 1, ())
    assert after == (1, 0, 15, ("burst",))


def test_nothing_is_decided_against_somebody_who_may_still_answer(tmp_path: Path) -> None:
    with branch(tmp_path, more=HOLD) as services:
        burst(services)
        morning(services, TUESDAY)
        for case_id in ("held:1", BURST_ID):
            with pytest.raises(ReviewError, match="first zhang has until 2026-11-27 18:00 to answer"):
                decide(services, case_id, CaseDecision(accept=False, by="head", reason="核实"), at=ANSWERED)
        _, state = decide(
            services, BURST_ID, CaseDecision(accept=True, by="head", reason="开放日"), at=ANSWERED
        )

    assert state == "cleared"


def test_what_is_settled_counts_and_a_later_confirmation_takes_nothing_away(tmp_path: Path) -> None:
    settled = at("2026-12-08T09:07")
    with branch(tmp_path, more=HOLD, when=settled) as services:
        burst(services)
        morning(services, TUESDAY)
        before = numbers(services, "zhang", settled)
        listed = [case.kind for case in load_cases(services, at=settled)]
        decide(services, BURST_ID, CaseDecision(accept=False, by="head", reason="核实"), at=settled)
        after = numbers(services, "zhang", settled)

    assert before == (16, 0, 0, ())
    assert listed == ["finding"]
    assert after == (16, 0, 0, ("burst",))


def test_a_contact_that_another_finding_holds_too_stays_held(tmp_path: Path) -> None:
    later = at("2026-11-30T12:00")
    rule = HOLD.replace("[integrity]\n", "[integrity]\nshared_by = 2\nwindow_days = 30\n")
    with branch(tmp_path, more=rule, when=later) as services:
        burst(services)
        # li had the last customer of the burst before.
        last = max(services.store.ledger.relations())[1]
        tell(services, "li", last, at("2026-11-20T10:00"), RelationKind.ADDED)
        morning(services, TUESDAY)
        decide(services, BURST_ID, CaseDecision(accept=True, by="head", reason="开放日"), at=later)
        one_left = numbers(services, "zhang", later)
        decide(
            services,
            f"finding:shared:zhang:{last}",
            CaseDecision(accept=True, by="head", reason="交接"),
            at=later,
        )
        none_left = numbers(services, "zhang", later)

    assert (one_left, none_left) == ((15, 1, 0, ()), (16, 0, 0, ()))


def test_an_answer_is_given_to_a_finding_once(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        burst(services)
        lost_contact(services)
        appeal(services)
        morning(services, TUESDAY)
        case = reviews_decide.answer(services, BURST_ID, "支行开放日", at=ANSWERED)
        with pytest.raises(ReviewError, match="was answered before"):
            reviews_decide.answer(services, BURST_ID, "别的", at=ANSWERED)
        with pytest.raises(ReviewError, match="appeal:1 is no finding"):
            reviews_decide.answer(services, "appeal:1", "别的", at=ANSWERED)

    assert (case.said, case.reviewers) == ("支行开放日", ("head",))
