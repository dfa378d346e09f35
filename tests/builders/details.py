"""Builders for tests of the reader: a sandbox in this process, one clock for both sides, its people."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.app.bootstrap import token_keeper, wecom_client
from bot.core.quota_periods import QuotaPeriod
from bot.core.verdicts import Verdict
from bot.features.details.reader import Reader
from bot.features.health import Health
from bot.features.ledger.derive import derive
from bot.features.standings.load import load_standings
from bot.services import Services
from bot.store.details import Wish
from bot.wecom.events import event_of
from bot.wecom.xml import parse
from builders.e2e import QUOTA, FakeTime, at, installation, write_config, write_roster
from builders.sandbox import TODAY
from handlers import ALL
from sandbox.branch import make_branch
from sandbox.clock import VirtualClock
from sandbox.events import compose
from sandbox.server import RunningServer, start
from sandbox.switches import ApiSwitches
from sandbox.world import Call, World

NOON = "2026-11-23T12:00"
GET = "externalcontact/get"
TAGS = "externalcontact/get_corp_tag_list"


@dataclass
class Desk:
    """An installation, a reader of it, and the sandbox it asks; *clock* is everybody's."""

    services: Services
    sandbox: RunningServer
    clock: FakeTime
    reader: Reader

    @property
    def world(self) -> World:
        return self.sandbox.world

    def happen(self, kind: str, userid: str = "yg01", *, hears: bool = True, **more: Any) -> str:
        """Let something happen; the bot hears of it at once, or never. The customer's id."""
        with self.world.lock:
            self.world.clock.set(self.clock())
        events = compose(self.world, {"kind": kind, "userid": userid, **more})
        for event in events if hears else ():
            with self.services.store.transaction():
                ALL.dispatch(event_of(parse(event.xml)), self.services)
        derive(self.services)
        return events[0].external_userid

    def drain(self, reader: Reader | None = None) -> None:
        """Step until the reader has nothing to do at this moment of the clock."""
        end = time.monotonic() + 20
        while (reader or self.reader).step() == 0:
            assert time.monotonic() < end, "the reader does not come to rest"

    def later(self, seconds: float) -> None:
        """Let time pass, then read what can be read."""
        self.clock.pass_(seconds)
        self.drain()

    def calls(self, path: str = GET) -> list[Call]:
        with self.world.lock:
            return [call for call in self.world.calls if call.path == path]

    def codes(self, path: str = GET) -> list[int | None]:
        return [call.errcode for call in self.calls(path)]

    def wish(self, customer: str, userid: str = "yg01") -> Wish | None:
        return self.services.store.details.wish(userid, customer)

    def verdicts(self, userid: str = "yg01") -> dict[str, Verdict]:
        """What each contact of *userid* is worth now, by customer."""
        shown = load_standings(self.services, at=self.clock.moment)
        (about,) = shown.periods
        quota_period = QuotaPeriod.of(*about, calendar=shown.calendar)
        past = shown.branch.past(int(self.clock()))
        return {
            contact.add.external_userid: verdict for contact, verdict in quota_period.judged(userid, past)
        }

    def degraded(self) -> list[dict[str, Any]]:
        """What `/readyz` says is degraded."""
        health = Health(self.services.store, probe=lambda: None, real_time=self.clock)
        found: list[dict[str, Any]] = health.report()["degraded"]
        return found

    def another(self, holder: str) -> Reader:
        """A reader of another process on the same store."""
        return make_reader(self.services, self.clock, holder=holder)


def make_reader(services: Services, clock: FakeTime, *, holder: str = "") -> Reader:
    """A reader with *clock* as its real time, as `open_reader` makes one with the machine's."""
    if holder:
        services = Services(
            **{name: getattr(services, name) for name in ("config", "store", "clock", "directory")},
            holder=holder,
        )
    client = wecom_client(services.config)
    keeper = token_keeper(services, client)
    return Reader(services, client=client, tokens=keeper, real_time=clock)


@contextmanager
def desk(
    folder: Path, *, quotas: str = QUOTA, store: str = "sqlite:///quotabot.db", **switches: Any
) -> Iterator[Desk]:
    """An installation beside a sandbox whose details can be read at once, unless *switches* say otherwise."""
    clock = FakeTime(at(NOON))
    api = ApiSwitches(**{"details_delay": 0.0, **switches})
    world = World(make_branch(seed=7, today=TODAY), clock=VirtualClock(clock(), speed=0), real=clock, api=api)
    with start(world) as sandbox:
        write_roster(folder, "yg01,员工甲,11,客户经理,,,,", "yg02,员工乙,11,客户经理,,,,")
        config = write_config(folder, app=asdict(world.app), api_url=sandbox.url, quotas=quotas, store=store)
        with installation(config, clock) as services:
            reader = make_reader(services, clock)
            try:
                yield Desk(services, sandbox, clock, reader)
            finally:
                world.stopping.set()
                reader.close()
