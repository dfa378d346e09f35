"""A relation that cannot be derived holds up no other: it is set aside, shown, and tried again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import Quotabot, command_here
from builders.imports import JIA, branch, tell
from builders.service import logged
from builders.stores import kept_contacts

from bot.core.relations import Add, RelationEvent, RelationKind, fold
from bot.features.health import Health
from bot.features.ledger import derive as derive_module
from bot.features.ledger import replay
from bot.features.ledger.derive import derive, note_rules, retry_set_aside
from bot.services import Services
from handlers.inbox import work_off

ODD = "wm-odd"


def failing(events: Iterable[RelationEvent], *, regain_s: Any) -> tuple[Add, ...]:
    """Fold like a program with a fault in it."""
    events = list(events)
    if any(event.external_userid == ODD for event in events):
        raise AssertionError("a fault of the program")
    return fold(events, regain_s=regain_s)


@pytest.fixture
def opened(tmp_path: Path, place: Path | str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """A branch with one relation that cannot be derived between two others."""
    with branch(tmp_path, place) as services:
        note_rules(services)
        monkeypatch.setattr(derive_module, "fold", failing)
        monkeypatch.setattr(replay, "fold", failing)
        with logged(derive_module):
            tell(services, "lisi", JIA, "2026-11-11T10:00")
            tell(services, "lisi", ODD, "2026-11-11T10:00")
            tell(services, "lisi", "wm-yi", "2026-11-12T10:00")
        yield services


def customers(services: Services) -> list[str]:
    found = kept_contacts(services.store)
    return sorted(contact.add.external_userid for contact in found["lisi"])


def problems(services: Services) -> list[dict[str, Any]]:
    report = Health(services.store, probe=lambda: None).report()
    return [part for part in report["degraded"] if part["part"] == "ledger"]


def test_the_others_are_derived_and_it_is_shown(opened: Services) -> None:
    with logged(derive_module) as lines:
        work_off(opened)
        derive(opened)

    assert customers(opened) == [JIA, "wm-yi"]
    assert opened.store.ledger.dirty() == 0
    assert [part["relations"] for part in problems(opened)] == [1]
    assert lines == []  # it is not tried again and again


def test_its_next_fact_and_a_start_try_it_again(opened: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    with logged(derive_module) as lines:
        tell(opened, "lisi", ODD, "2026-11-13T10:00", RelationKind.LOST_BY_CUSTOMER)
        retry_set_aside(opened)
        derive(opened)
    still = problems(opened)
    monkeypatch.setattr(derive_module, "fold", fold)
    retry_set_aside(opened)
    derive(opened)

    assert [line["event"] for line in lines].count("could not derive a relation; it is set aside") == 2
    assert [part["relations"] for part in still] == [1]
    assert problems(opened) == []
    assert customers(opened) == [JIA, ODD, "wm-yi"]
    assert len(opened.store.ledger.kept_adds("lisi", ODD)) == 1


def test_a_replay_counts_it_and_status_names_it(
    opened: Services, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    config = str(opened.config.file)
    done = quotabot("replay", "--check", "--config", config)

    assert (done.code, done.out) == (1, "4 个关系：0 处不一致；1 个无法推算，见日志\n")
    assert "1 个客户关系推" in quotabot("status", "--config", config).out
