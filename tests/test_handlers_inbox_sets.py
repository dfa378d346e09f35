"""How much the store is asked for a batch of events: as often for many as for few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from builders.service import contact_event, services

from bot.features.ledger import derive as deriving
from bot.features.ledger.replay import recount
from bot.services import Services
from bot.store.engine import Engine
from handlers.inbox import work_off


@contextmanager
def counted(engine: Engine) -> Iterator[Counter[str]]:
    """Count the statements, by name, that the block has carried out."""
    counts: Counter[str] = Counter()
    call = engine._call

    def count(name: str, /, *rows: Any, **values: Any) -> Any:
        counts[name] += 1
        return call(name, *rows, **values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_call", count)
        yield counts


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Services]:
    with services(tmp_path) as opened:
        work_off(opened)
        yield opened


def receive_adds(opened: Services, prefix: str, count: int) -> None:
    bodies = [contact_event(customer=f"wm{prefix}{number}") for number in range(count)]
    rows = [{"hash": sha256(body).hexdigest(), "body": body, "received_at": 1} for body in bodies]
    with opened.store.transaction():
        opened.store.engine.run_many("inbox_add", rows)


def test_a_batch_of_events_takes_as_many_statements_as_one_event(opened: Services) -> None:
    receive_adds(opened, "few", 1)
    with counted(opened.store.engine) as few:
        assert work_off(opened) == 1
    receive_adds(opened, "many", 300)
    with counted(opened.store.engine) as many:
        assert work_off(opened) == 300

    assert many == few
    assert few["adds_put"] == few["ledger_append_all"] == few["inbox_finish"] == 1


def test_marked_relations_are_derived_in_sets(opened: Services) -> None:
    receive_adds(opened, "x", 300)
    work_off(opened)
    opened.store.ledger.mark_all()
    with counted(opened.store.engine) as counts:
        deriving.derive(opened)

    assert counts["ledger_of_relations"] == counts["adds_of_relations"] == 1
    assert counts["adds_put"] == counts["adds_clear"] == 0  # nothing has changed


def test_a_replay_reads_many_relations_with_one_statement(opened: Services) -> None:
    receive_adds(opened, "x", 300)
    work_off(opened)
    with counted(opened.store.engine) as counts:
        assert [stage.relations for stage in recount(opened, mend=False)] == [300]

    assert counts["ledger_between"] <= 2
    assert counts["ledger_relation"] == 0
