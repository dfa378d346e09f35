"""Whose numbers are read for whose words: one reading for many, nobody waits for a large team."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.chat import arrive, text_event
from builders.e2e import FakeTime, at, installation, outbox_rows, write_config, write_roster

from bot.features.chat import groups
from bot.services import Services

PEOPLE = [f"yg{number}" for number in range(8)]
NOW = at("2026-11-24T10:00")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Eight people, the first of whom leads the others."""
    lines = [f"{userid},员工,12,客户经理,{12 if userid == 'yg0' else ''},,," for userid in PEOPLE]
    write_roster(tmp_path, *lines)
    with installation(write_config(tmp_path), FakeTime(NOW)) as opened:
        yield opened


@pytest.fixture
def read(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Of whom contacts were read, each time."""
    asked: list[list[str]] = []
    known_adds = services.store.contact_knowledge.known_adds

    def counted(userids: Collection[str], **span: Any) -> Any:
        asked.append(list(userids))
        return known_adds(userids, **span)

    monkeypatch.setattr(services.store.contact_knowledge, "known_adds", counted)
    return asked


def asked(services: Services, *words: tuple[str, str]) -> list[str]:
    """Let people say words together; who was answered, in order."""
    before = len(outbox_rows(services))
    arrive(services, *(text_event(userid, word) for userid, word in words))
    return [row["to_userid"] for row in outbox_rows(services)[before:] if row["key"].startswith("answer:")]


def test_two_who_ask_together_share_a_reading_of_these_two(services: Services, read: list[list[str]]) -> None:
    assert asked(services, ("yg3", "进度"), ("yg1", "明细")) == ["yg3", "yg1"]

    assert read == [["yg1", "yg3"]]


@pytest.mark.parametrize("word", ["帮助", "静音", "隐私", "不懂"])
def test_a_word_without_numbers_reads_none(services: Services, read: list[list[str]], word: str) -> None:
    assert asked(services, ("yg3", word)) == ["yg3"]

    assert read == []


def test_a_leader_s_word_reads_his_people_and_nobody_else_s_does(
    services: Services, read: list[list[str]]
) -> None:
    assert asked(services, ("yg1", "团队")) == ["yg1"]
    assert asked(services, ("yg0", "团队")) == ["yg0"]

    assert read == [PEOPLE]


def test_a_large_team_comes_last_and_alone(
    services: Services, read: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "TOGETHER", 3)

    answered = asked(services, ("yg0", "团队"), ("yg1", "进度"), ("yg2", "进度"))

    assert answered == ["yg1", "yg2", "yg0"]
    assert read == [["yg1", "yg2"], PEOPLE]


def test_many_who_ask_are_answered_a_few_at_a_time(
    services: Services, read: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "TOGETHER", 3)

    answered = asked(services, *((userid, "进度") for userid in PEOPLE))

    assert answered == PEOPLE
    assert read == [PEOPLE[:3], PEOPLE[3:6], PEOPLE[6:]]
