"""All stores of one installation behind one value."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from bot.store.engine import Engine
from bot.store.inbox import Inbox
from bot.store.ledger import Ledger
from bot.store.members import Members
from bot.store.outbox import Outbox
from bot.store.runs import Runs
from bot.store.shared import Leases, Marks, Tokens


class Store:
    """The rooms of the store; shared by all threads of a process."""

    def __init__(self, path: Path) -> None:
        """Open (and migrate) the store at *path*; raises StoreError."""
        self.engine = Engine(path)
        self.inbox = Inbox(self.engine)
        self.ledger = Ledger(self.engine)
        self.members = Members(self.engine)
        self.outbox = Outbox(self.engine)
        self.runs = Runs(self.engine)
        self.leases = Leases(self.engine)
        self.tokens = Tokens(self.engine)
        self.marks = Marks(self.engine)

    def transaction(self) -> AbstractContextManager[None]:
        """All writes of this thread inside the block happen together or not at all."""
        return self.engine.transaction()

    def savepoint(self) -> AbstractContextManager[None]:
        """Inside a transaction: undo only this block if it fails."""
        return self.engine.savepoint()

    def close(self) -> None:
        """Close all connections."""
        self.engine.close()
