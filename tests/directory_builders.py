"""Builders for tests of the directory: a world that answers over HTTP, and an address book that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.wecom.client import Access, WeComClient
from bot.wecom.directory import AddressBook
from bot.wecom.reads import Reads
from sandbox import server as sandbox_server
from sandbox.staffing import carry_out
from sandbox.world import World


@dataclass
class FakeTokens:
    """Tokens without a store; *refused* says which were void."""

    client: WeComClient
    refused: list[str] = field(default_factory=list)
    token: str = ""

    def get(self) -> str:
        self.token = self.token or self.client.get_token()[0]
        return self.token

    def void(self, token: str) -> None:
        self.refused.append(token)
        self.token = ""


@dataclass
class Corp:
    """A world behind HTTP, with the app's address book."""

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


@contextmanager
def corp(world: World) -> Iterator[Corp]:
    """Serve *world* until the end of the block."""
    with sandbox_server.start(world) as server:
        app = world.app
        client = WeComClient(Access(corp_id=app.corp_id, secret=app.secret, base_url=server.url))
        pauses: list[float] = []
        tokens = FakeTokens(client)
        reads = Reads(client, tokens, pause=pauses.append)  # type: ignore[arg-type]  # a fake
        try:
            book = AddressBook(reads, agent_id=app.agent_id)
            yield Corp(world, server.url, book, reads, pauses, tokens)
        finally:
            client.close()
