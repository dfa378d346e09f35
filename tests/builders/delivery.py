"""Builders for tests of the sender: a sandbox in this process, one clock for both sides, rows to be sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.app.bootstrap import wecom_client
from bot.features.delivery.files import FileDelivery
from bot.features.delivery.sender import Sender
from bot.features.health import Health
from bot.services import Services
from bot.store.coordination import TOKEN
from bot.store.outbox import OutboxMessage
from bot.wecom.client import WeComClient
from bot.wecom.token import TokenKeeper
from builders.e2e import FakeTime, at, installation, outbox_rows, write_config, write_roster
from builders.sandbox import TODAY
from sandbox.branch import make_branch
from sandbox.clock import VirtualClock
from sandbox.server import RunningServer, start
from sandbox.world import Call, World

NOON = "2026-11-23T12:00"


@dataclass
class Post:
    """An installation, a sender of it, and the sandbox they send to; *clock* is everybody's."""

    services: Services
    sandbox: RunningServer
    clock: FakeTime
    sender: Sender

    @property
    def world(self) -> World:
        return self.sandbox.world

    def put(self, *keys: str, to: str = "yg01", content: str = "", **fields: Any) -> None:
        """Store messages that may go until 18:00, each with a text of its own unless *content* is given."""
        for key in keys:
            message = OutboxMessage(
                key=key,
                to_userid=to,
                content=content or f"今天加 2 位就够 ({key})",
                **{
                    "job": "progress",
                    "msgtype": "markdown",
                    "not_before": int(self.clock()),
                    "expires_at": int(at("2026-11-23T18:00").timestamp()),
                    **fields,
                },
            )
            assert self.services.store.outbox.add(message, created_at=int(self.clock()))

    def drain(self, sender: Sender | None = None) -> None:
        """Step until the sender has nothing to do at this moment of the clock."""
        end = time.monotonic() + 120
        while (sender or self.sender).step() < 0.1:  # a step waits for its calls, then looks again
            assert time.monotonic() < end, "the sender does not come to rest"

    def later(self, seconds: float) -> None:
        """Let time pass, then send what can be sent."""
        self.clock.pass_(seconds)
        self.drain()

    def row(self, key: str) -> dict[str, Any]:
        return next(row for row in outbox_rows(self.services) if row["key"] == key)

    def states(self) -> dict[str, str]:
        return {row["key"]: row["state"] for row in outbox_rows(self.services)}

    def sends(self) -> list[Call]:
        with self.world.lock:
            return [call for call in self.world.calls if call.path == "message/send"]

    def token_calls(self) -> int:
        with self.world.lock:
            return sum(call.path == "gettoken" for call in self.world.calls)

    def phone(self, userid: str = "yg01") -> list[str]:
        with self.world.lock:
            return [message.content for message in self.world.mailbox.messages.get(userid, [])]

    def degraded(self) -> list[dict[str, Any]]:
        """What `/readyz` says is degraded."""
        health = Health(self.services.store, probe=lambda: None, real_time=self.clock)
        found: list[dict[str, Any]] = health.report()["degraded"]
        return found

    def another_sender(self, *, holder: str) -> Sender:
        """A sender of another process on the same store."""
        return make_sender(self.services, self.clock, holder=holder)


def make_sender(
    services: Services, clock: FakeTime, *, holder: str = "", client: WeComClient | None = None
) -> Sender:
    """A sender with *clock* as its real time, as `open_sender` makes one with the machine's."""
    if holder:
        services = Services(
            **{name: getattr(services, name) for name in ("config", "store", "clock", "directory")},
            holder=holder,
        )
    client = client or wecom_client(services.config)
    keeper = TokenKeeper(
        name=TOKEN,
        holder=services.holder,
        client=client,
        tokens=services.store.tokens,
        leases=services.store.leases,
        real_time=clock,
    )
    delivery = FileDelivery(
        services=services,
        agent_id=services.config.wecom.agent_id,
        client=client,
        tokens=keeper,
        outbox=services.store.outbox,
        real_time=clock,
    )
    return Sender(services, delivery, real_time=clock)


@contextmanager
def post(
    folder: Path, place: Path | str = "", *, wecom: str = "max_in_flight = 1", port: int = 0
) -> Iterator[Post]:
    """An installation beside a sandbox; one call at a time unless *wecom* says otherwise.

    *place*: the address of a PostgreSQL database; else an SQLite file in *folder*.
    """
    clock = FakeTime(at(NOON))
    world = World(make_branch(seed=7, today=TODAY), clock=VirtualClock(clock(), speed=0), real=clock)
    store = place if isinstance(place, str) and place else "sqlite:///quotabot.db"
    with start(world, port=port) as sandbox:
        write_roster(folder, "yg01,员工甲,11,客户经理,,,,", "yg02,员工乙,11,客户经理,,,,")
        config = write_config(folder, app=asdict(world.app), api_url=sandbox.url, wecom=wecom, store=store)
        with installation(config, clock) as services:
            sender = make_sender(services, clock)
            try:
                yield Post(services, sandbox, clock, sender)
            finally:
                world.stopping.set()  # what still hangs is let go
                sender.close()


def give_up(services: Services, *keys: str, at: datetime, error: str = "81013") -> None:
    """Make dead letters to zhang with these *keys*, planned at a time."""
    for key in keys:
        message = OutboxMessage(
            key=key,
            job="progress",
            to_userid="zhang",
            content=f"今天加 2 位就够 {key}",
            msgtype="text",
            not_before=0,
            expires_at=2**31,
        )
        services.store.outbox.add(message, created_at=int(at.timestamp()))
        row = services.store.outbox.by_key(key)
        assert row is not None
        services.store.outbox.finish(row["seq"], state="failed", now=1, error=error)
