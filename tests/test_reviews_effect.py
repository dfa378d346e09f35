"""Decisions show their effect first, several at once; an appeal opens nothing where time alone helps."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from random import Random

import pytest
from builders.chat import say
from builders.e2e import QUOTA, FakeTime, Quotabot, at, command_here, rows_of, where
from builders.reviews import BURST_ID, TUESDAY, branch, lost_contact, morning, numbers, tell

from bot.core.relations import RelationKind
from bot.features.reviews.cases import choose_cases_to_tell, load_cases
from bot.features.reviews.decide import CaseDecision, CountsByItselfError, ReviewError, decide, open_appeal
from bot.features.reviews.effect import effects_of
from bot.services import Services

LATER = at("2026-11-25T12:00")
RULES = f"{QUOTA}penalty = {{ per_missing = 10 }}\n[quotas.counting]\nkeep_days = 7\n"
FIVE = '[integrity]\nburst = { adds = 5, minutes = 10 }\naction = "hold"\n'


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """The machine's clock as the commands see it."""
    clock = FakeTime(TUESDAY)
    monkeypatch.setattr("bot.app.bootstrap.RealClock", lambda: clock)
    return clock


@pytest.fixture
def services(tmp_path: Path, clock: FakeTime) -> Iterator[Services]:
    with branch(tmp_path, more="", quotas=RULES) as services:
        yield services


def store_of(services: Services) -> list[list[dict[str, object]]]:
    tables = ("reviews", "findings", "audit", "outbox", "members", "marks")
    return [rows_of(where(services), f"SELECT * FROM {table}") for table in tables]


# --- the effect of a decision ---


def test_the_effect_is_computed_and_nothing_is_stored(services: Services) -> None:
    lost_contact(services)
    (case,) = open_appeal(services, "zhang", "wm-lost", text="柜面误删", at=TUESDAY)
    before = store_of(services)

    accepted = effects_of(services, case, CaseDecision(accept=True, by="-", reason="-"), at=TUESDAY)
    after = store_of(services)
    decide(services, case.id, CaseDecision(accept=True, by="head", reason="有录音"), at=TUESDAY)

    assert [(effect.quota, effect.period, effect.changes) for effect in accepted] == [
        ("cm-monthly", "2026-11", {"counted": (0, 1), "rejected": (1, 0), "penalty": (500, 490)})
    ]
    assert after == before
    assert numbers(services, "zhang", TUESDAY)[:3] == (1, 0, 0)


@pytest.mark.parametrize(
    ("answer", "decided"),
    [
        pytest.param("y\n", True, id="yes"),
        pytest.param("n\n", False, id="no"),
        pytest.param("", False, id="no answer"),
    ],
)
def test_the_command_shows_the_effect_and_asks(
    services: Services,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    *,
    decided: bool,
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    lost_contact(services)
    open_appeal(services, "zhang", "wm-lost", text="柜面误删", at=TUESDAY)
    monkeypatch.setattr("sys.stdin", StringIO(answer))
    options = ("--by", "head", "--reason", "有录音", "--config", str(services.config.file))

    done = quotabot("review", "accept", "appeal:1", *options)

    effect = "appeal:1：cm-monthly 2026-11：计入 0 → 1、不计入 1 → 0、扣减 500 → 490"
    assert done.out.splitlines() == [effect, *(["appeal:1：已采纳，处理人 head"] if decided else [])]
    assert done.code == (0 if decided else 1)
    assert (load_cases(services, at=TUESDAY) == []) is decided


def test_several_cases_are_decided_by_one_command(
    services: Services, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    for day in (4, 5):
        customer = f"wm-{day}"
        tell(services, "zhang", customer, at(f"2026-11-{day:02d}T10:00"), RelationKind.ADDED)
        tell(services, "zhang", customer, at("2026-11-06T10:00"), RelationKind.LOST_BY_CUSTOMER)
        open_appeal(services, "zhang", customer, text="误删", at=TUESDAY)
    options = ("--by", "head", "--reason", "有录音", "--config", str(services.config.file))
    one_unknown = quotabot("review", "accept", "appeal:1", "appeal:9", "--yes", *options)
    still_open = [case.id for case in load_cases(services, at=TUESDAY)]
    both = quotabot("review", "accept", "appeal:1", "appeal:2", "--yes", *options)

    assert (one_unknown.code, one_unknown.out) == (1, "")
    assert still_open == ["appeal:1", "appeal:2"]
    assert both.out.splitlines()[-2:] == ["appeal:1：已采纳，处理人 head", "appeal:2：已采纳，处理人 head"]
    assert numbers(services, "zhang", TUESDAY)[:3] == (2, 0, 0)


# --- one case for one finding ---


def test_five_adds_of_one_burst_under_two_quotas_are_one_case(tmp_path: Path) -> None:
    two = QUOTA + QUOTA.replace("cm-monthly", "cm-other")
    with branch(tmp_path, more=FIVE, quotas=two, when=LATER) as services:
        for minute in range(5):
            tell(services, "zhang", f"wm-{minute}", at(f"2026-11-23T10:0{minute}"), RelationKind.ADDED)
        morning(services, TUESDAY)
        found = load_cases(services, at=LATER)
        told = choose_cases_to_tell(services, at=at("2026-11-30T09:07"), free=lambda _: True)
        held = {review.contact[1] for review in found[0].holds}
        alone = [case.id for case in load_cases(services, at=LATER, held=True) if case.id != BURST_ID]
        effects = effects_of(services, found[0], CaseDecision(accept=True, by="-", reason="-"), at=LATER)

    assert [case.id for case in found] == [BURST_ID]
    assert {review.quota for review in found[0].holds} == {"cm-monthly", "cm-other"}
    assert held
    assert len(alone) == len(found[0].holds)
    assert {userid: [case.id for case in several] for userid, several in told.items()} == {"head": [BURST_ID]}
    assert [(effect.quota, sorted(effect.changes)) for effect in effects] == [
        ("cm-monthly", ["counted", "pending"]),
        ("cm-other", ["counted", "pending"]),
    ]


# --- appeals that time alone answers ---


def test_an_appeal_on_a_contact_that_counts_by_itself_opens_nothing(services: Services) -> None:
    tell(services, "zhang", "wm-new", at("2026-11-20T10:00"), RelationKind.ADDED)
    with pytest.raises(
        CountsByItselfError, match="by itself by 2026-11-27 10:00; no appeal is needed"
    ) as said:
        open_appeal(services, "zhang", "wm-new", text="为什么还没算", at=TUESDAY)
    later = at("2026-11-28T10:00")
    counted = numbers(services, "zhang", later)

    assert said.value.until == at("2026-11-27T10:00")
    assert load_cases(services, at=TUESDAY) == []
    assert (
        services.store.reviews.of_contact(("zhang", "wm-new", int(at("2026-11-20T10:00").timestamp()))) == []
    )
    assert counted[:3] == (1, 0, 0)


def test_a_contact_that_is_open_can_be_appealed(tmp_path: Path) -> None:
    """Without the required tag it becomes rejected by itself: that is worth an appeal before."""
    tagged = QUOTA + '[quotas.counting]\nrequired_tags = ["实名"]\n'
    with branch(tmp_path, more="", quotas=tagged) as services:
        tell(services, "zhang", "wm-new", at("2026-11-20T10:00"), RelationKind.ADDED)
        with pytest.raises(ReviewError, match="counts by itself"):  # its details are not read yet
            open_appeal(services, "zhang", "wm-new", text="已实名", at=TUESDAY)
        tell(services, "zhang", "wm-new", at("2026-11-21T10:00"), RelationKind.LOST_BY_CUSTOMER)
        offered = [line for line in say(services, "zhang", "为什么 wm-new") if "说“申诉" in line]
        (case,) = open_appeal(services, "zhang", "wm-new", text="已实名", at=TUESDAY)
        after = [line for line in say(services, "zhang", "为什么 wm-new") if "说“申诉" in line]

    assert (len(offered), case.id, after) == (1, "appeal:1", [])


# --- an appeal never makes worse ---

CROWDED = (
    f"{QUOTA}penalty = {{ per_missing = 10 }}\n[quotas.counting]\nkeep_days = 7\n"
    'max_per_day = 2\nfirst_add = "pair"\nmax_share = [{ fact = "far", share = 0.2 }]\n'
)


@pytest.mark.parametrize("seed", range(3))
def test_no_decision_on_an_appeal_makes_its_author_worse_off(tmp_path: Path, seed: int) -> None:
    """Whatever the contact and the decision: rejected leaves every figure, accepted takes nothing away."""
    chance, tried = Random(seed), 0
    with branch(tmp_path, more="", quotas=CROWDED) as services:
        for number in range(60):
            day, customer = chance.randint(2, 22), f"wm-{chance.randrange(20)}"
            kind = RelationKind.LOST_BY_CUSTOMER if number % 3 == 2 else RelationKind.ADDED
            tell(services, "zhang", customer, at(f"2026-11-{day:02d}T{chance.randint(9, 17):02d}:00"), kind)
        for number in range(20):
            try:
                (case,) = open_appeal(services, "zhang", f"wm-{number}", text="请看看", at=TUESDAY)
            except ReviewError:
                continue
            tried += 1
            rejected = effects_of(services, case, CaseDecision(accept=False, by="-", reason="-"), at=TUESDAY)
            accepted = effects_of(services, case, CaseDecision(accept=True, by="-", reason="-"), at=TUESDAY)
            assert [effect.changes for effect in rejected] == [{}]
            (changes,) = (effect.changes for effect in accepted)
            assert changes["counted"][1] == (changes["counted"][0] or 0) + 1
            assert (changes["penalty"][1] or 0) < (changes["penalty"][0] or 0)
            decide(
                services,
                case.id,
                CaseDecision(accept=chance.random() < 0.5, by="head", reason="看过了"),
                at=TUESDAY,
            )

    assert tried > 3
