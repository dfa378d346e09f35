"""What handlers and jobs are given: configuration, store, clock. They open nothing themselves."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.config import Config
from bot.directory import Directory
from bot.store.store import Store


class Signal:
    """Wakes one waiting thread of this process; polling is the fallback."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ring(self) -> None:
        """Something is there to do."""
        self._event.set()

    def wait(self, timeout_s: float) -> None:
        """Return when rung, or after *timeout_s*."""
        self._event.wait(timeout_s)
        self._event.clear()


@dataclass(slots=True, kw_only=True)
class Services:
    """One installation as the parts see it. *holder* names this process where only one may act.

    Only `use` changes it: a configuration that was re-read.
    """

    config: Config
    store: Store
    clock: Clock
    directory: Directory
    holder: str
    inbox_signal: Signal = field(default_factory=Signal)
    outbox_signal: Signal = field(default_factory=Signal)

    def use(self, config: Config, directory: Directory) -> None:
        """Go on with another configuration and directory; what already runs ends with the old ones."""
        self.config, self.directory = config, directory
