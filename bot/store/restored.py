"""What a store that was restored from a backup must not do again."""

from __future__ import annotations

from bot.store.engine import TableGroup


class Restored(TableGroup):
    """Call these inside a transaction, right after a restore."""

    def drop_messages(self, *, now: int) -> int:
        """Drop messages that the backup calls unsent: they may have been sent since (*now*: epoch s)."""
        return self._engine.run("restored_messages", now=now)

    def drop_jobs(self) -> int:
        """Mark firings that the backup calls unfinished as missed."""
        return self._engine.run("restored_runs")

    def drop_words(self) -> int:
        """Forget chat messages that the backup calls unanswered."""
        return self._engine.run("restored_words")

    def drop_processes(self) -> None:
        """Forget tokens and leases: they belonged to processes of then."""
        for table in ("tokens", "leases", "flights"):
            self._engine.run(f"restored_{table}")
