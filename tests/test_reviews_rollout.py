"""Adds near the first start of customers known before: a question, then a decision, then peace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.e2e import QUOTA, at
from builders.reviews import (
    ANSWERED,
    FRIDAY_EVENING,
    NEXT_MONDAY,
    TUESDAY,
    branch,
    messages,
    morning,
    numbers,
    tell,
)
from builders.sync import desk

from bot.core.relations import RelationKind
from bot.core.verdicts import Verdict
from bot.features.contacts.explain import explain
from bot.features.reviews import decide
from bot.features.reviews.cases import load_cases
from bot.features.standings.gains import list_silent
from bot.features.standings.load import load_standings
from bot.services import Services
from bot.store.details import ContactRead

ID = "finding:rollout:zhang:2026-11-23"
FIRST_START = at("2026-11-22T02:17")
SETTLED = at("2026-12-08T09:00")
HOLD = '[integrity]\naction = "hold"\n'


def add(services: Services, userid: str, customer: str, moment: str, *, add_way: int = 1) -> None:
    when = at(moment)
    tell(services, userid, customer, when, RelationKind.ADDED)
    read = ContactRead(
        userid=userid,
        external_userid=customer,
        createtime=int(when.timestamp()),
        customer_type=1,
        add_way=add_way,
    )
    with services.store.transaction():
        services.store.details.put([read], read_at=0)


def an_existing_bank(services: Services) -> None:
    """li has had two customers for months; the bot starts; on Monday zhang adds them, and a new one."""
    with services.store.transaction():
        run = services.store.syncs.begin(
            began_at=int(FIRST_START.timestamp()),
            real_began_at=int(FIRST_START.timestamp()),
            accepts_losses=False,
        )
        services.store.syncs.end(run, ended_at=run.began_at)
    for customer in ("wm-1", "wm-2"):
        add(services, "li", customer, "2026-03-02T10:00")
        add(services, "zhang", customer, f"2026-11-23T10:0{customer[-1]}")
    add(services, "zhang", "wm-new", "2026-11-23T11:00")
    add(services, "zhang", "wm-given", "2026-11-23T12:00", add_way=202)
    add(services, "li", "wm-given", "2026-03-02T10:00")


@pytest.fixture
def action() -> str:
    return ""


@pytest.fixture
def services(tmp_path: Path, action: str) -> Iterator[Services]:
    with branch(tmp_path, more=action, quotas=QUOTA) as services:
        an_existing_bank(services)
        yield services


def verdicts(services: Services) -> dict[str, Verdict]:
    (quota,) = explain(services, "zhang", at=TUESDAY, period="2026-11").quotas
    return {one.external_userid: one.verdict for one in quota.contacts}


def test_the_person_is_asked_once_and_everything_counts_meanwhile(services: Services) -> None:
    told = morning(services, TUESDAY)
    again = morning(services, ANSWERED)

    assert list(told) == ["question:2026-11-24:zhang"]
    assert "11-23 新增的客户里有 2 位之前已有同事或您服务过，是不是换人服务了？" in next(iter(told.values()))
    assert again == {}
    assert numbers(services, "zhang", TUESDAY) == (4, 0, 0, ())
    assert [case.id for case in load_cases(services, at=TUESDAY)] == [ID]


@pytest.mark.parametrize("action", [pytest.param(HOLD, id="hold")])
def test_held_they_are_pending_until_it_is_cleared_and_never_asked_about_again(services: Services) -> None:
    morning(services, TUESDAY)
    held = verdicts(services)
    decide.answer(services, ID, "员工乙调走了", at=ANSWERED)
    put = morning(services, ANSWERED)
    case, state = decide.decide(
        services, ID, decide.CaseDecision(accept=True, by="head", reason="属实"), at=ANSWERED
    )
    add(services, "zhang", "wm-later", "2026-11-23T17:00")
    add(services, "li", "wm-later", "2026-03-05T10:00")

    assert held == {
        "wm-1": Verdict.REVIEW,
        "wm-2": Verdict.REVIEW,
        "wm-new": Verdict.COUNTED,
        "wm-given": Verdict.COUNTED,
    }
    assert list(put) == ["review:2026-11-25:head"]
    assert "员工乙调走了" in put["review:2026-11-25:head"]
    assert (case.said, state) == ("员工乙调走了", "cleared")
    assert set(verdicts(services).values()) == {Verdict.COUNTED}
    assert morning(services, NEXT_MONDAY) == {}
    assert load_cases(services, at=NEXT_MONDAY) == []


@pytest.mark.parametrize("action", [pytest.param(HOLD, id="hold")])
def test_confirmed_they_earn_nothing_and_nobody_is_praised_for_them(services: Services) -> None:
    morning(services, TUESDAY)
    decide.decide(
        services, ID, decide.CaseDecision(accept=False, by="head", reason="无说明"), at=FRIDAY_EVENING
    )

    assert numbers(services, "zhang", FRIDAY_EVENING) == (2, 0, 2, ())  # a row has no such flag
    assert verdicts(services)["wm-1"] is Verdict.REJECTED_REVIEW
    assert list_silent(load_standings(services, at=FRIDAY_EVENING)) == {"zhang"}


@pytest.mark.parametrize("action", [pytest.param(HOLD, id="hold")])
def test_undecided_at_the_settlement_they_count(services: Services) -> None:
    morning(services, TUESDAY)

    assert numbers(services, "zhang", SETTLED) == (4, 0, 0, ())
    assert load_cases(services, at=SETTLED)[0].id == ID


def test_under_a_rule_for_the_whole_bank_there_is_nothing_to_ask(tmp_path: Path) -> None:
    with branch(tmp_path, more="", quotas=QUOTA + '[quotas.counting]\nfirst_add = "corp"\n') as services:
        an_existing_bank(services)

        assert morning(services, TUESDAY) == {}
        assert verdicts(services)["wm-1"] is Verdict.NOT_FIRST


def test_long_after_the_start_nobody_is_asked(services: Services) -> None:
    add(services, "zhang", "wm-late", "2026-12-23T10:00")
    add(services, "li", "wm-late", "2026-03-05T10:00")

    assert messages(services, at("2026-12-24T09:07")) == {}


def test_what_the_first_comparison_took_in_is_asked_about_the_next_morning(tmp_path: Path) -> None:
    with desk(tmp_path) as stage:
        customer = stage.happen("add", "yg02", when="2026-03-02T10:00", hears=False)
        stage.happen("add", "yg01", external_userid=customer, when="2026-11-20T10:00", hears=False)
        drift = stage.report_totals(stage.sync())
        stage.clock.set("2026-11-24T09:07")
        told = morning(stage.services, stage.clock.moment)

        assert drift == {"imported": 1, "rollout": 1}
        assert list(told) == ["question:2026-11-24:yg01"]
        assert [one.name.subject for one in stage.services.store.findings.open()] == ["2026-11-20"]
