"""The numbers of whole random branches, told to a store in any order and read back, are the oracle's.

What is known of the contacts is the world's: here it is the adds that go through the store.
`QUOTABOT_STORES` sets how many branches are tried on each engine.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest
from builders import oracle_worlds
from builders.branches import quota_periods_of
from builders.worlds import World, world_of

from bot.core.progress import Branch, compute_rows
from bot.features.ledger.derive import derive
from bot.features.standings.load import load_branch
from bot.services import Directory, Services
from bot.store.store import Store


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def installation(store: Store, world: World) -> Services:
    """As much of an installation as reading the ledger asks for."""
    config = SimpleNamespace(
        work_calendar=lambda: world.calendar,
        campaigns=(),
        ledger=SimpleNamespace(regain_s=world.regain_s),
        core_integrity=lambda: world.quotas[0].integrity,
    )
    told = SimpleNamespace(
        config=config,
        store=store,
        clock=SimpleNamespace(now=lambda: world.at),
        directory=Directory(people=world.people, departments=world.departments),
        people=None,
    )
    return cast(Services, told)


def tell(services: Services, world: World, *, chance: Random) -> None:
    """Append the world's events in any order, some twice, in three bursts; derive after each."""
    delivered = [one for one in world.events for _ in range(chance.choice((1, 1, 2)))]
    chance.shuffle(delivered)
    for burst in (delivered[::3], delivered[1::3], delivered[2::3]):
        with services.store.transaction():
            for one in burst:
                services.store.ledger.append(one, origin="callback", recorded_at=0)
        derive(services)


def read(services: Services, world: World, userids: Collection[str] | None = None) -> Branch:
    quota_periods = quota_periods_of(
        world.quotas, when=world.calendar.local(world.at), period_name=world.period_name
    )
    branch = load_branch(services, quota_periods, at=world.at, userids=userids, whole=True)
    contacts = {
        userid: [world.known.of(contact) for contact in of_one] for userid, of_one in branch.contacts.items()
    }
    return replace(world.core(), people=branch.people, contacts=contacts, departments=branch.departments)


def rows_of(world: World, branch: Branch) -> list[dict[str, object]]:
    rows = compute_rows(
        branch,
        quota_periods=quota_periods_of(
            world.quotas, when=world.calendar.local(world.at), period_name=world.period_name
        ),
        at=world.at,
        behind_threshold=world.behind_threshold,
        money=world.money,
    )
    return [asdict(row) for row in rows]


@pytest.mark.parametrize("seed", range(int(os.environ.get("QUOTABOT_STORES", "2"))))
def test_rows_from_the_store(store: Store, seed: int) -> None:
    world = world_of(seed, people=3, customers=8, quotas=3)
    services = installation(store, world)

    tell(services, world, chance=Random(seed))

    assert rows_of(world, read(services, world)) == oracle_worlds.rows(world)
    for person in world.people:
        alone = rows_of(world, read(services, world, [person.userid]))
        naive = [row for row in oracle_worlds.rows(world) if row["userid"] == person.userid]
        # Ranks, and what is paid for them, are among everybody.
        among_all = {"rank": None, "reward": None}
        assert [row | among_all for row in alone] == [row | among_all for row in naive]
