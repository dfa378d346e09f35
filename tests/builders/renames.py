"""A bank whose member yg01 gets another userid in the middle of the month."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.core.relations import RelationEvent
from bot.services import Services
from builders.directory import Bank, bank, corp
from builders.sandbox import make_world

FIRST, MOVED = "2026-11-02T02:17", "2026-11-13T02:17"
NOW = "2026-11-13T10:00"


@contextmanager
def read_bank(folder: Path, place: Path | str) -> Iterator[Bank]:
    """The bank after its first night."""
    world, _ = make_world()
    with corp(world) as found, bank(found, folder, store=place, when=FIRST) as opened:
        opened.read(FIRST)
        yield opened


def renamed_in_wecom(opened: Bank) -> None:
    """WeCom has another userid for yg01, and the next night has shown it."""
    opened.corp.act("rename", userid="yg01", to="Zhang.San")
    opened.read(MOVED)
    opened.clock.set(NOW)


def facts_of(services: Services, userid: str) -> list[RelationEvent]:
    """The ledger's facts of *userid*."""
    customers = services.store.renames.customers(userid)
    return [fact for customer in customers for fact in services.store.ledger.relation(userid, customer)]
