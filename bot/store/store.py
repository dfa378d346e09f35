"""All stores of one installation behind one value."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bot.store.access import Logouts
from bot.store.address_book import StoredBook
from bot.store.audit import Audit
from bot.store.budget import Budget
from bot.store.chat import Attachments, ChatInbox, Exports
from bot.store.coaching import Coaching
from bot.store.contact_knowledge import ContactKnowledge
from bot.store.coordination import Leases, Marks, Outages, Tokens
from bot.store.counters import Counters
from bot.store.customers import CustomerNames
from bot.store.details import DetailReads
from bot.store.engagement import Engagement
from bot.store.engine import PATIENCE_S, Engine, StoreBusyError
from bot.store.erasures import Erasures
from bot.store.figures import Figures
from bot.store.inbox import Inbox
from bot.store.ledger import Ledger
from bot.store.members import Members
from bot.store.moments import Moments
from bot.store.notify import UnaskedMessages
from bot.store.outbox import Outbox
from bot.store.preferences import Preferences
from bot.store.pseudonyms import Pseudonyms
from bot.store.rename_proposals import Proposals
from bot.store.renames import Renames
from bot.store.restored import Restored
from bot.store.results import Results
from bot.store.retention import Retention
from bot.store.reviews import Findings, Reviews
from bot.store.robots import Robots
from bot.store.roster_lines import RosterLines
from bot.store.rules import RuleVersions
from bot.store.runs import Runs
from bot.store.statements import DailyStatements
from bot.store.sync import Syncs
from bot.store.tables import Tables
from bot.store.troubles import Failing, Troubles
from bot.store.welcomes import Welcomes

_LOOK_AGAIN_S = 60.0
_STEP_S = 1.0  # a clock that differs by more from monotonic time was set


class _Rooms:
    """The tables of a store, each group of them by its name."""

    def __init__(self, engine: Engine) -> None:
        self.inbox = Inbox(engine)
        self.ledger = Ledger(engine)
        self.members = Members(engine)
        self.roster_lines = RosterLines(engine)
        self.address_book = StoredBook(engine)
        self.renames = Renames(engine)
        self.proposals = Proposals(engine)
        self.outbox = Outbox(engine)
        self.runs = Runs(engine)
        self.leases = Leases(engine)
        self.tokens = Tokens(engine)
        self.logouts = Logouts(engine)
        self.marks = Marks(engine)
        self.moments = Moments(engine)
        self.troubles = Troubles(engine)
        self.failing = Failing(engine)
        self.outages = Outages(engine)
        self.audit = Audit(engine)
        self.counters = Counters(engine)
        self.contact_knowledge = ContactKnowledge(engine)
        self.details = DetailReads(engine)
        self.customer_names = CustomerNames(engine)
        self.reviews = Reviews(engine)
        self.findings = Findings(engine)
        self.results = Results(engine)
        self.figures = Figures(engine)
        self.rule_versions = RuleVersions(engine)
        self.syncs = Syncs(engine)
        self.daily_statements = DailyStatements(engine)
        self.engagement = Engagement(engine)
        self.budget = Budget(engine)
        self.welcomes = Welcomes(engine)
        self.robots = Robots(engine)
        self.preferences = Preferences(engine)
        self.coaching = Coaching(engine)
        self.chat = ChatInbox(engine)
        self.attachments = Attachments(engine)
        self.exports = Exports(engine)
        self.unasked_messages = UnaskedMessages(engine)
        self.restored = Restored(engine)
        self.retention = Retention(engine)
        self.tables = Tables(engine)
        self.erasures = Erasures(engine)
        self.pseudonyms = Pseudonyms(engine)


class Store(_Rooms):
    """The rooms of the store; shared by all threads of a process."""

    def __init__(
        self, where: Path | str, *, may_create: bool = True, real_time: Callable[[], float] | None = None
    ) -> None:
        """Open (and migrate) the store: an SQLite file, or postgresql://…; raises StoreError.

        Not *may_create*: it is an error, too, if there is no store. *real_time* replaces the clock of `now`,
        for tests.
        """
        self.engine: Engine = _engine_for(where)(where, may_create=may_create)
        super().__init__(self.engine)
        self._real_time = real_time
        self._looked_at, self._skew_s, self._offset = -_LOOK_AGAIN_S, 0.0, 0.0
        self._local = threading.local()

    @contextmanager
    def transaction(self, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Store all writes of this thread inside the block together, or none of them.

        Raises StoreBusyError if others write for longer than *patience_s*.
        """
        later: list[Callable[[], None]] = []
        committed = False
        try:
            with self.engine.transaction(patience_s=patience_s):
                self._local.later = later
                try:
                    yield
                    self.store_noted()
                finally:
                    self._local.later = None
            committed = True
        finally:
            self.ledger.forget_noted()
            self.details.forget_wanted()
            for bound in (self.inbox.bound, self.ledger.bound):
                bound.settle(committed=committed)
        for act in later:
            act()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only this block of a transaction if it fails."""
        before, noted, wanted = len(self._local.later), self.ledger.noted(), self.details.wanted()
        try:
            with self.engine.savepoint():
                yield
        except BaseException:
            del self._local.later[before:]
            self.ledger.forget_noted(noted)
            self.details.forget_wanted(wanted)
            raise

    def store_noted(self) -> None:
        """Store now what waits for the end of the transaction, so that its errors show here."""
        self.ledger.store_noted()
        self.ledger.mark_touched()
        self.details.mark_wanted()

    def after_commit(self, act: Callable[[], None]) -> None:
        """Call *act* once the open transaction is committed, never if it or its savepoint is undone.

        A commit with an unknown outcome counts as undone.
        """
        self._local.later.append(act)

    def now(self) -> float:
        """Return real time, in epoch seconds, by the clock that all processes of the installation share."""
        if self._real_time is not None:
            return self._real_time()
        was_set = abs(time.time() - time.monotonic() - self._offset) > _STEP_S
        if was_set or time.monotonic() - self._looked_at > _LOOK_AGAIN_S:
            # How far this machine's clock is off changes slowly, unless it is set; asking costs a round trip.
            self._looked_at, self._offset = time.monotonic(), time.time() - time.monotonic()
            with suppress(StoreBusyError):
                self._skew_s = self.engine.now() - time.time()
        return time.time() + self._skew_s

    @staticmethod
    def is_there(where: Path | str) -> bool:
        """Return whether there may be a store: a file, or any database."""
        return not isinstance(where, Path) or where.is_file()

    @staticmethod
    def is_ready(where: Path | str) -> bool:
        """Return whether there is a store that can be opened without making or migrating anything.

        Raises StoreError for an unreadable store, or one of another version.
        """
        return bool(_engine_for(where).is_ready(where))

    def close(self) -> None:
        """Close all connections."""
        self.engine.close()


def _engine_for(where: Path | str) -> Any:
    """Return the engine's class. The other engine's driver, a tenth of the start, is not loaded."""
    if isinstance(where, Path):
        from bot.store.sqlite import SqliteEngine

        return SqliteEngine
    from bot.store.postgres import PostgresEngine

    return PostgresEngine
