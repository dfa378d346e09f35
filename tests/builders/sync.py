"""Builders for tests of sync: a sandbox in this process, and a bot that hears what a test lets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.app.bootstrap import token_keeper, wecom_client
from bot.core.relations import Add
from bot.features.ledger.derive import derive
from bot.features.sync.reconcile import reconcile
from bot.services import Services
from bot.store.sync import SyncRun
from bot.wecom.client import WeComClient
from bot.wecom.events import event_of
from bot.wecom.reads import Reads
from bot.wecom.xml import parse
from builders.e2e import QUOTA, FakeTime, at, installation, rows_of, write_config
from builders.sandbox import TODAY
from handlers import ALL
from handlers.inbox import work_off
from sandbox.branch import make_branch, write_files
from sandbox.clock import VirtualClock
from sandbox.events import compose
from sandbox.server import RunningServer, start
from sandbox.switches import ApiSwitches
from sandbox.world import Call, World

NIGHT = "2026-11-24T02:17"
BATCH = "externalcontact/batch/get_by_user"
FOLLOW = "externalcontact/get_follow_user_list"


@dataclass
class Desk:
    """An installation and the sandbox it compares itself with; *clock* is everybody's."""

    services: Services
    sandbox: RunningServer
    clock: FakeTime
    told: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.sandbox.world

    def happen(
        self, kind: str, userid: str = "yg01", *, when: str = "", hears: bool = True, **more: Any
    ) -> str:
        """Let something happen; the bot hears of it, or never. The customer's id."""
        moment = {"at": int(at(when).timestamp())} if when else {}
        events = compose(self.world, {"kind": kind, "userid": userid, **moment, **more})
        if hears:
            with self.services.store.transaction():
                for event in events:
                    ALL.dispatch(event_of(parse(event.xml)), self.services)
        return events[0].external_userid

    def sync(
        self,
        *,
        accept_losses: bool = False,
        services: Services | None = None,
        client: WeComClient | None = None,
        beat: Callable[[], None] = lambda: None,
        began: datetime | None = None,
    ) -> SyncRun:
        """Compare now; waiting lets the clock go on."""
        mine = services or self.services
        derive(mine)
        wecom = client or wecom_client(mine.config)
        return reconcile(
            mine,
            Reads(wecom, token_keeper(mine, wecom), mine.read_budget, pause=self.clock.pass_),
            at=began or self.clock.moment,
            work_off=work_off,
            accept_losses=accept_losses,
            progress=lambda *step: self.told.append(step),
            beat=beat,
        )

    def next_night(self) -> None:
        self.clock.pass_(86_400)

    def report_totals(self, run: SyncRun) -> dict[str, int]:
        """How much was found, by cause; what is always told is left out."""
        found = self.services.store.syncs.report_totals(run)
        return {cause: number for cause, (number, _) in found.items() if number}

    def adds(self, customer: str, userid: str = "yg01") -> tuple[Add, ...]:
        derive(self.services)
        return self.services.store.ledger.kept_adds(userid, customer)

    def is_alive(self, customer: str, userid: str = "yg01") -> bool:
        adds = self.adds(customer, userid)
        return bool(adds) and adds[-1].ended_at is None

    def living(self) -> set[tuple[str, str]]:
        """Every relation that the bot has alive."""
        derive(self.services)
        rows = rows_of(
            self.services.config.store.where,
            "SELECT userid, external_userid FROM adds WHERE ended_at IS NULL",
        )
        return {(row["userid"], row["external_userid"]) for row in rows}

    def calls(self, path: str = BATCH) -> list[Call]:
        with self.world.lock:
            return [call for call in self.world.calls if call.path == path]


@contextmanager
def reads_by(services: Services, clock: FakeTime) -> Iterator[Reads]:
    """The way to WeCom of *services*; waiting lets the clock go on, else a turn would never come."""
    wecom = wecom_client(services.config)
    try:
        yield Reads(wecom, token_keeper(services, wecom), services.read_budget, pause=clock.pass_)
    finally:
        wecom.close()


@contextmanager
def desk(
    folder: Path,
    *,
    night: str = NIGHT,
    store: str = "sqlite:///quotabot.db",
    source: str = "csv",
    more: str = "",
    quotas: str = QUOTA,
    **switches: Any,
) -> Iterator[Desk]:
    """An installation of the whole branch beside a sandbox; both begin at *night*."""
    clock = FakeTime(at(night))
    api = ApiSwitches(**{"details_delay": 0.0, **switches})
    branch = make_branch(seed=7, today=TODAY)
    world = World(branch, clock=VirtualClock(clock(), speed=0), real=clock, api=api)
    write_files(branch, folder)
    with start(world) as sandbox:
        config = write_config(
            folder,
            app=asdict(world.app),
            api_url=sandbox.url,
            store=store,
            source=source,
            more=more,
            quotas=quotas,
        )
        with installation(config, clock) as services:
            services.reads = lambda: reads_by(services, clock)
            try:
                yield Desk(services, sandbox, clock)
            finally:
                world.stopping.set()


class KilledError(BaseException):
    """kill -9: nothing more is done by this process."""


def count_down(services: Services, left: int | None) -> Callable[[], int]:
    """Let the store work *left* times and then never again; None: for ever. Says how often it worked."""
    engine, done = services.store.engine, 0

    def mortal(act: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **more: Any) -> Any:
            nonlocal done
            if left is not None and done >= left:
                raise KilledError
            done += 1
            return act(*given, **more)

        return call

    for name in ("run", "run_many", "all", "one"):
        setattr(engine, name, mortal(getattr(engine, name)))
    return lambda: done
