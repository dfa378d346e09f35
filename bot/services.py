"""What handlers and jobs are given: configuration, store, clock. They open nothing themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar, overload

import structlog

from bot.clock import Clock
from bot.config import Config
from bot.config.own_texts import voice
from bot.config.roster import RosterLine
from bot.config.warnings import missing_decree
from bot.core.people import Departments, Person
from bot.messages.catalog import Voice
from bot.messages.sentences import Sentence
from bot.store.engine import StoreError
from bot.store.known_people import KnownPeople
from bot.store.store import Store
from bot.wecom.asker import StoppedError
from bot.wecom.budget import ReadBudget
from bot.wecom.reads import Reads
from bot.wecom.welcome import Greeting

log = structlog.get_logger(__name__)


_Item = TypeVar("_Item")

INBOX, OUTBOX = "inbox", "outbox"  # the topics that processes tell each other

FIRST_START = "first_start"  # the mark of when the timetable was first looked at, in epoch s
VERSION = "version"  # the mark of the version of the newest `serve` or `run`
RECORD_BEGAN = "record_began"  # the mark of the first `serve` or `run`, in epoch s


class Signal:
    """Wakes a waiting thread of this process and tells the other processes; polling is the fallback."""

    def __init__(self, tell: Callable[[], None] = lambda: None) -> None:
        """Store *tell*, which notifies the other processes."""
        self._event = threading.Event()
        self._tell = tell

    def ring(self) -> None:
        """Wake this process's waiting thread, and tell the other processes that there is something to do."""
        self.wake()
        try:
            self._tell()
        except StoreError:
            log.info("could not notify other processes; they will poll")

    def wake(self) -> None:
        """Wake this process's waiting thread; the others know or need not."""
        self._event.set()

    def wait(self, timeout_s: float) -> None:
        """Return when woken, or after *timeout_s*."""
        self._event.wait(timeout_s)
        self._event.clear()


@dataclass(frozen=True, slots=True)
class Files:
    """The roster and departments files as they are. *stamp* tells them from changed ones.

    *fault*: what is wrong with them, where the last good ones stand in; else empty.
    """

    lines: Sequence[RosterLine]
    departments: Departments
    stamp: tuple[int, ...] = ()
    fault: str = ""


class Unread(Sequence[_Item]):
    """Items that are read when somebody asks for the first of them."""

    def __init__(self, read: Callable[[], Sequence[_Item]]) -> None:
        """Store *read*, which returns the items, the same at each call."""
        self._read = read

    @overload
    def __getitem__(self, index: int) -> _Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_Item]: ...
    def __getitem__(self, index: int | slice) -> _Item | Sequence[_Item]:
        return self._read()[index]

    def __len__(self) -> int:
        return len(self._read())

    def __iter__(self) -> Iterator[_Item]:
        return iter(self._read())


@dataclass(frozen=True, slots=True)
class Directory:
    """The people and departments of now. *stamp* differs after changed files or a newer reading.

    *lines*: those of the roster file, and of `import roster` where they hold. *is_recorded*: the store has
    all that this directory says, so people and lines are `Unread` until somebody needs them.
    """

    people: Sequence[Person]
    departments: Departments
    stamp: tuple[int | str, ...] = ()
    files: Files = Files((), Departments())
    lines: Sequence[RosterLine] = ()
    is_recorded: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """All people by userid, the dated tree, and their sources: the store's mark, the local day, the files.

    *derived*: results computed from them, with a stamp, by name; see `standings.everybody.remember`.
    """

    mark: str | None
    day: date
    directory: Directory
    by_userid: KnownPeople
    departments: Departments
    derived: dict[Hashable, tuple[object, Any]] = field(default_factory=dict, compare=False)


def _nobody_greets(_greeting: Greeting) -> None:
    raise AssertionError("these services have nobody who greets customers")


def _no_reads() -> AbstractContextManager[Reads]:
    raise AssertionError("these services have no way to WeCom")


@dataclass(slots=True, kw_only=True)
class Services:
    """One installation as the parts see it. *holder* names this process where only one may act.

    *reads* opens a way to ask WeCom, to be closed after use; *read_budget* says when a call may begin;
    *greet* has a new customer greeted, soon; *ending* is set when the service stops; *language* has the texts
    of `[messages] templates` as they were when the configuration was read; *people* is from the last
    `load_people`. Only `use` changes the value: a configuration that was re-read.
    """

    config: Config
    store: Store
    clock: Clock
    directory: Directory
    holder: str
    inbox_signal: Signal = field(default_factory=Signal)
    outbox_signal: Signal = field(default_factory=Signal)
    reads: Callable[[], AbstractContextManager[Reads]] = _no_reads
    greet: Callable[[Greeting], None] = _nobody_greets
    ending: threading.Event = field(default_factory=threading.Event)
    people: People | None = None
    read_budget: ReadBudget = field(init=False)
    language: Voice = field(init=False)

    def __post_init__(self) -> None:
        self.language = voice(self.config)
        self.read_budget = ReadBudget(
            self.store.budget,
            holder=self.holder,
            real_time=lambda: self.store.now(),
            messages_due=self._messages_due,
        )

    def use(self, config: Config, directory: Directory) -> None:
        """Go on with another configuration and directory; what already runs ends with the old ones.

        Raises ConfigError, and changes nothing, if the texts that go with a new configuration have a fault.
        """
        language = self.language if config is self.config else voice(config)
        self.config, self.directory, self.language = config, directory, language

    def beating(self, beat: Callable[[], None]) -> Callable[[], None]:
        """Return *beat* for long jobs: it raises StoppedError once the service ends."""

        def alive() -> None:
            if self.ending.is_set():
                raise StoppedError(Sentence("sentences.ending"))
            beat()

        return alive

    def missing_decree(self) -> int | None:
        """Return the year with an overdue holiday decree."""
        today = self.config.work_calendar().local_day(self.clock.now())
        return missing_decree(self.config, today=today)

    def real_of(self, moment: int) -> int:
        """Return the real time (epoch s) for *moment* of the service's clock (epoch s).

        Exact unless the service's clock jumped since, which only the demo's does.
        """
        return moment + self._ahead_s()

    def moment_of(self, real: int) -> int:
        """Return the moment of the service's clock (epoch s) for *real* time (epoch s), as `real_of`."""
        return real - self._ahead_s()

    def _ahead_s(self) -> int:
        """Return by how many seconds real time is ahead of the service's clock now."""
        return round(self.store.now() - self.clock.now().timestamp())

    def _messages_due(self) -> bool:
        now, clock_now = int(self.store.now()), int(self.clock.now().timestamp())
        return bool(self.store.outbox.due(real_now=now, clock_now=clock_now, batch=1))
