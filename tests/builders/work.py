"""The work of a store, counted: statements, rows that they give, and steps of SQLite's machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from bot.services import Services

_STEPS = 10  # of the machine between two counts


@dataclass
class Work:
    """*statements* by name, *rows* that they gave by name, and *steps* of the virtual machine."""

    statements: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    steps: int = 0

    def count_step(self) -> int:
        """Count; 0 lets the statement go on."""
        self.steps += _STEPS
        return 0


@contextmanager
def counted_work(services: Services) -> Iterator[Work]:
    """Count what the store of *services*, an SQLite file, does for this thread in the block."""
    engine, work = services.store.engine, Work()
    call = engine._call

    def counted(name: str, /, *rows: object, **values: object) -> object:
        found = call(name, *rows, **values)
        work.statements[name] += 1
        work.rows[name] += len(found) if isinstance(found, list) else 1
        return found

    connections = engine._opened  # type: ignore[attr-defined]  # of SQLite's engine
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_call", counted)
        for connection in connections:
            connection.set_progress_handler(work.count_step, _STEPS)
        yield work
        for connection in connections:
            connection.set_progress_handler(None, 0)
