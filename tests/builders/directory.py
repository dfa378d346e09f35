"""Builders for tests of the directory: a world that answers over HTTP, and an address book that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.core.progress import QuotaFigures
from bot.features.people.refresh import DirectoryOutcome, read_directory
from bot.features.standings.load import load_standings
from bot.services import Services
from bot.store.store import Store
from bot.wecom.budget import ReadBudget
from bot.wecom.client import Access, WeComClient
from bot.wecom.directory import AddressBook
from bot.wecom.reads import Reads
from builders.e2e import FakeTime, at, installation, write_config
from sandbox import server as sandbox_server
from sandbox.staffing import carry_out
from sandbox.world import World

NOW = 1_795_000_000.0
ROLES = """
[[roles]]
name = "理财经理"
match = { tags = [4] }
[[roles]]
name = "客户经理"
match = { positions = ["客户经理"] }
"""


@dataclass
class FakeTokens:
    """Tokens without a store; *refused* says which were void."""

    client: WeComClient
    refused: list[str] = field(default_factory=list)
    token: str = ""

    def get(self) -> str:
        self.token = self.token or self.client.get_token()[0]
        return self.token

    def void(self, token: str, _error: object) -> None:
        self.refused.append(token)
        self.token = ""


@dataclass
class Corp:
    """A world behind HTTP, with the app's address book; *pauses* are all the time that passes for it."""

    world: World
    url: str
    book: AddressBook
    reads: Reads
    pauses: list[float]
    tokens: FakeTokens

    def act(self, act: str, **given: Any) -> None:
        """HR or the admin does something; the events of it go nowhere."""
        carry_out(self.world, {"act": act, **given})

    def calls(self) -> list[str]:
        """Paths that were called, in their order, without gettoken."""
        return [call.path for call in self.world.calls if call.path != "gettoken"]


@dataclass
class Bank:
    """An installation that reads the directory of *corp*; one day it lives on."""

    corp: Corp
    services: Services
    clock: FakeTime

    def read(self, when: str) -> DirectoryOutcome:
        """Read everything at this time in China."""
        self.clock.set(when)
        outcome = read_directory(self.services, book=self.corp.book, at=at(when))
        assert outcome is not None
        return outcome

    def rows(self, when: str) -> tuple[QuotaFigures, ...]:
        """The rows of `progress` as of this time."""
        return load_standings(self.services, at=at(when)).rows

    def row(self, userid: str, when: str) -> QuotaFigures | None:
        """His row of `progress` as of this time."""
        found = [row for row in self.rows(when) if row.userid == userid]
        return found[0] if found else None


@contextmanager
def bank(corp: Corp, folder: Path, *, store: Path | str, more: str = ROLES, when: str) -> Iterator[Bank]:
    """Open an installation in *folder* whose directory is WeCom's; nothing has been read yet."""
    url = f"sqlite:///{store}" if isinstance(store, Path) else store
    path = write_config(
        folder,
        app=asdict(corp.world.app),
        api_url=corp.url,
        more=more,
        store=url,
        source="wecom",
    )
    clock = FakeTime(at(when))
    with installation(path, clock) as services:
        yield Bank(corp, services, clock)


@contextmanager
def corp(world: World) -> Iterator[Corp]:
    """Serve *world* until the end of the block."""
    with sandbox_server.start(world) as server:
        app = world.app
        client = WeComClient(Access(corp_id=app.corp_id, secret=app.secret, base_url=server.url))
        pauses: list[float] = []
        tokens = FakeTokens(client)
        with TemporaryDirectory() as folder:
            store = Store(Path(folder) / "budget.db")
            budget = ReadBudget(store.budget, holder="host:1", real_time=lambda: NOW + sum(pauses))
            reads = Reads(client, tokens, budget, pause=pauses.append)  # type: ignore[arg-type]  # a fake
            try:
                book = AddressBook(reads, agent_id=app.agent_id)
                yield Corp(world, server.url, book, reads, pauses, tokens)
            finally:
                client.close()
                store.close()
