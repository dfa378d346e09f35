"""Builders for tests of the whole service in this process: a bank beside a small WeCom, one clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.app import service
from bot.app.bootstrap import open_services
from bot.config import load
from bot.services import Services
from bot.store.outbox import OutboxMessage
from builders.e2e import MADE_UP_APP, FakeTime, at, write_config, write_roster
from builders.service import Site, contact_event, sealed
from builders.stores import kept_contacts, make_complete
from builders.wecom import WeCom, far_wecom
from sandbox.wxcrypto import Codec

TEN = "2026-11-23T10:00"  # a Monday
CODEC = Codec(
    token=str(MADE_UP_APP["callback_token"]),
    aes_key=str(MADE_UP_APP["callback_aes_key"]),
    receive_id=str(MADE_UP_APP["corp_id"]),
)
EMPLOYEES = ("yg01,员工甲,1,客户经理,,,,", "yg02,员工乙,1,客户经理,,,,")
NEVER_S = 3600.0  # an interval by which nothing happens in a test


@dataclass
class Bank:
    """An installation whose service may run; *clock* is the service's, *far* is its WeCom."""

    services: Services
    clock: FakeTime
    far: WeCom

    def one_clock(self) -> None:
        """Let real time be the service's, too."""
        self.services.store.now = self.clock  # type: ignore[method-assign]  # one clock for everybody

    def queue(self, to: str, *, key: str = "progress:test") -> None:
        """Put a message into the outbox that may go at once."""
        now = int(self.services.store.now())
        message = OutboxMessage(
            key=key,
            job="progress",
            to_userid=to,
            content=key,
            msgtype="text",
            not_before=now - 1,
            expires_at=now + 3600,
            time_shift=0,
        )
        assert self.services.store.outbox.add(message, created_at=now)

    def added(self) -> list[str]:
        """Customers in the ledger."""
        contacts = kept_contacts(self.services.store)
        return sorted(one.add.external_userid for of_one in contacts.values() for one in of_one)


@contextmanager
def bank(folder: Path, *, more: str = "", place: Path | str = "") -> Iterator[Bank]:
    """A bank at ten o'clock, on a store where nothing was recorded yet."""
    clock = FakeTime(at(TEN))
    with far_wecom() as (far, api_url):
        write_roster(folder, *EMPLOYEES)
        store = place if isinstance(place, str) and place else "sqlite:///quotabot.db"
        config = write_config(folder, api_url=api_url, store=store, more=more)
        with open_services(load(config, environ={}), clock=clock) as services:
            make_complete(services.store)
            yield Bank(services, clock, far)


def post(site: Site, customer: str, *, userid: str = "yg01") -> int:
    """Send a callback of a new contact; the status of its answer."""
    return site.post(sealed(contact_event(userid=userid, customer=customer), codec=CODEC)).status


def all_quick(patch: pytest.MonkeyPatch) -> None:
    """Let each act of the service happen many times a second."""
    for name in ("_REREAD_S", "_FIGURES_S", "LOOK_S", "ALIVE_S", "_TOKEN_AGAIN_S"):
        patch.setattr(service, name, 0.05)
    patch.setattr("scheduler.runner.AFTER_FAULT_S", 0.05)
    patch.setattr("bot.features.outages.catch_up.LOOK_S", 0.05)
    patch.setattr("bot.features.customers.names.LOOK_S", 0.05)


def run_state(services: Services, job: str, fire_at: int) -> str:
    """What became of a firing, so far."""
    row = services.store.runs.get(job, fire_at)
    return "none" if row is None else str(row["state"])
