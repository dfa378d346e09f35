"""A decision is told to the person whom it is about, when he is at work."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from builders.e2e import at
from builders.reviews import ANSWERED, BURST_ID, HOLD, ROSTER, TUESDAY, branch, burst, morning

from bot.features.reviews.decide import CaseDecision, answer, decide
from bot.features.reviews.notice import build_news
from bot.services import Services
from bot.store.contact_knowledge import Absence
from bot.store.outbox import OutboxMessage


def told(services: Services, case_id: str, *, accept: bool, when: str) -> OutboxMessage | None:
    moment = at(when)
    case, state = decide(
        services, case_id, CaseDecision(accept=accept, by="王人事", reason="当天有开放日"), at=moment
    )
    return build_news(
        services, case, state, CaseDecision(accept=True, by="王人事", reason="当天有开放日"), at=moment
    )


def asked(services: Services) -> None:
    burst(services)
    morning(services, TUESDAY)
    answer(services, BURST_ID, "支行开放日", at=ANSWERED)


@pytest.mark.parametrize(
    ("when", "goes"),
    [
        pytest.param("2026-11-25T12:00", "2026-11-25T12:00", id="at once"),
        pytest.param("2026-11-25T19:00", "2026-11-26T08:30", id="after work: the next morning"),
        pytest.param("2026-11-26T07:00", "2026-11-26T08:30", id="before work"),
        pytest.param("2026-11-27T10:00", "2026-12-01T08:30", id="on leave: when he is back"),
    ],
)
def test_a_decision_is_told_at_the_persons_next_time_at_work(tmp_path: Path, when: str, goes: str) -> None:
    with branch(tmp_path) as services:
        asked(services)
        leave = Absence(userid="zhang", first=date(2026, 11, 27), last=date(2026, 11, 30))
        with services.store.transaction():
            services.store.contact_knowledge.put_absences([leave])
        message = told(services, BURST_ID, accept=True, when=when)

    assert message is not None
    assert message.not_before == int(at(goes).timestamp())


@pytest.mark.parametrize(
    ("accept", "head"),
    [
        pytest.param(True, "之前问您的事了结了，不再问", id="cleared"),
        pytest.param(False, "之前问您的事有结论了", id="confirmed"),
    ],
)
def test_it_says_what_who_and_why(tmp_path: Path, accept: bool, head: str) -> None:
    with branch(tmp_path) as services:
        asked(services)
        message = told(services, BURST_ID, accept=accept, when="2026-11-25T12:00")

    assert message is not None
    assert message.content.splitlines()[:3] == [
        f"**{head}**",
        "11-23 10:02–10:09 有 16 位新增",
        "由 王人事 决定，理由：当天有开放日",
    ]


def test_a_single_held_contact_is_no_message(tmp_path: Path) -> None:
    with branch(tmp_path, more=HOLD) as services:
        asked(services)
        message = told(services, "held:1", accept=True, when="2026-11-25T12:00")

    assert message is None


def test_who_has_left_is_told_nothing(tmp_path: Path) -> None:
    leaver = "zhang,员工甲,11,客户经理,,,2026-11-25,"
    with branch(tmp_path, roster=(leaver, *ROSTER[1:])) as services:
        asked(services)
        message = told(services, BURST_ID, accept=True, when="2026-11-26T12:00")

    assert message is None
