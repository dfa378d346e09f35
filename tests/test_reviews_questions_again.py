"""A second run on one day: one question and one review message a person, and nothing is lost by it."""

from __future__ import annotations

from pathlib import Path

from builders.e2e import at, outbox_rows
from builders.reviews import BURST_ID, HOLD, TUESDAY, branch, burst, lost_contact, numbers, tell

from bot.core.relations import RelationKind
from bot.features.reviews.cases import load_cases
from bot.features.reviews.decide import CaseDecision, decide, open_appeal
from bot.services import Services
from scheduler.planner import plan_pieces, prepare
from scheduler.runs import fire
from scheduler.timetable import Firing

ASKED_ON_TUESDAY = "question:2026-11-24:zhang"
WEDNESDAY = at("2026-11-25T09:07")
LATER = at("2026-11-30T21:00")  # the keep period of the 23rd is over


def run(services: Services, when: str) -> list[str]:
    """The keys that one run of the job adds to the outbox, `progress` left out."""
    before = {row["key"] for row in outbox_rows(services)}
    moment = at(when)
    fire(services, Firing("progress", int(moment.timestamp())), now=moment)
    keys = [row["key"] for row in outbox_rows(services) if row["key"] not in before]
    return [key for key in keys if not key.startswith("progress:")]


def test_who_was_asked_today_is_asked_the_rest_tomorrow(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        burst(services)
        first = run(services, "2026-11-24T09:07")
        burst(services, begin=at("2026-11-24T10:02"))
        second = run(services, "2026-11-24T12:00")
        third = run(services, "2026-11-25T09:07")
        asked = [case.opened_at for case in load_cases(services, at=WEDNESDAY)]

    assert (first, second, third) == ([ASKED_ON_TUESDAY], [], ["question:2026-11-25:zhang"])
    assert asked == [int(TUESDAY.timestamp()), int(WEDNESDAY.timestamp())]


def test_who_was_told_of_cases_today_is_told_the_rest_tomorrow(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        lost_contact(services)
        tell(services, "li", "wm-li", at("2026-11-04T10:00"), RelationKind.ADDED)
        tell(services, "li", "wm-li", at("2026-11-05T10:00"), RelationKind.LOST_BY_CUSTOMER)
        open_appeal(services, "zhang", "wm-lost", text="柜面误删", at=TUESDAY)
        first = run(services, "2026-11-24T09:07")
        open_appeal(services, "li", "wm-li", text="误删", at=TUESDAY)
        second = run(services, "2026-11-24T12:00")
        third = run(services, "2026-11-25T09:07")
        contents = {row["key"]: row["content"] for row in outbox_rows(services)}

    assert (first, second, third) == (["review:2026-11-24:head"], [], ["review:2026-11-25:head"])
    assert "appeal:2" not in contents["review:2026-11-24:head"]
    assert "appeal:1" not in contents["review:2026-11-25:head"]
    assert "appeal:2" in contents["review:2026-11-25:head"]


def test_all_messages_to_one_person_are_planned_together(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        burst(services)
        prepare(services, "progress", at=TUESDAY)
        pieces = plan_pieces(services, "progress", at=TUESDAY, keep=True)
        keys = [[message.key for message in to_one] for piece in pieces for to_one in piece.people]

    assert keys == [["progress:2026-11-24:li"], [ASKED_ON_TUESDAY, "progress:2026-11-24:zhang"]]


def test_a_run_that_broke_off_after_it_had_stored_still_tells(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        burst(services)
        prepare(services, "progress", at=TUESDAY)
        next(plan_pieces(services, "progress", at=TUESDAY, keep=True))
        later = run(services, "2026-11-24T09:10")

    assert later == [ASKED_ON_TUESDAY]


def test_adds_after_a_decision_are_another_question_about_the_same_day(tmp_path: Path) -> None:
    with branch(tmp_path, more=HOLD) as services:
        burst(services)
        run(services, "2026-11-24T09:07")
        decide(services, BURST_ID, CaseDecision(accept=True, by="head", reason="开放日"), at=TUESDAY)
        cleared = numbers(services, "zhang", TUESDAY)
        burst(services, begin=at("2026-11-23T20:00"))
        keys = run(services, "2026-11-25T09:07")
        asked = [case.id for case in load_cases(services, at=WEDNESDAY) if case.kind == "finding"]
        held = numbers(services, "zhang", LATER)
        decide(services, f"{BURST_ID}#2", CaseDecision(accept=False, by="head", reason="没有活动"), at=LATER)
        confirmed = numbers(services, "zhang", LATER)

    assert cleared == (0, 16, 0, ())  # their keep period is not over
    assert keys == ["question:2026-11-25:zhang"]
    assert asked == [f"{BURST_ID}#2"]
    assert (held, confirmed) == ((16, 16, 0, ()), (16, 0, 16, ("burst",)))
