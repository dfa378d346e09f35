"""One round of torture on one engine: the cells one after the other, kills at random, and the books."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from subprocess import Popen

from builders.e2e import PATIENCE_S, until
from builders.postgres import Server
from builders.postgres_proxy import proxy
from builders.wecom import WeCom, far_wecom

from bot.features.outages.gaps import COMPLETE
from bot.store.store import Store
from torture.breakage import Postgres, Sqlite
from torture.callers import Callers
from torture.processes import PEOPLE, Fleet, Member
from torture.real_books import PartLine, RealBooks, total

_WHOLE_S = 600.0  # until all that was accepted has had its effect; leases and pauses of the sender are in it
_OTHERS = 0.12  # the share of faults that are no kill
_AWAKE = 0.85  # the share of kills amid work; the others come at once, be it amid a start
_ROLES = ("receiver", "receiver", "worker", "worker")
_WORKDAYS = [f"2026-11-{day}" for day in (23, 24, 25, 26, 27, 30)] + [
    f"2026-12-0{day}" for day in (1, 2, 3, 4)
]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a round does. *frozen_s*: of the long SIGSTOP; no fault begins after *within_s*."""

    seed: int = 1
    kills: int = 200
    frozen_s: float = 120.0
    within_s: float = 2400.0
    cells: Collection[str] | None = None  # None: all
    others: bool = True
    per_s: float = 10.0
    tell: Callable[[str], None] = lambda _line: None


@dataclass
class Jobs:
    """`quotabot run progress` for one working day after the other, each until it has ended well."""

    fleet: Fleet
    days: list[str] = field(default_factory=lambda: list(_WORKDAYS))
    done: list[str] = field(default_factory=list)
    kills: int = 0
    _process: Popen[str] | None = None

    def look(self) -> None:
        """Begin the next run if none goes on; note the one that has ended."""
        if self._process is not None and self._process.poll() is not None:
            if self._process.returncode == 0:
                self.done.append(self.days.pop(0))
            self._forget()
        if self._process is None and self.days:
            moment = f"{self.days[0]}T09:07"
            self._process = self.fleet.command(
                "run", "progress", "--at", moment, "--no-wait", "--format", "json"
            )

    def kill(self) -> bool:
        """kill -9 of the run that goes on, if one does."""
        if self._process is None or self._process.poll() is not None:
            return False
        self._process.kill()
        self._process.wait()
        self.kills += 1
        self._forget()
        return True

    def finish(self) -> None:
        """Let the run that goes on end, and begin none."""
        del self.days[1:]
        until(lambda: self.look() or not self.days, within_s=_WHOLE_S, look_s=0.2)

    def close(self) -> None:
        """Leave no process behind."""
        self.kill()

    def _forget(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    @property
    def owed(self) -> dict[str, str]:
        """Return the keys of the messages that the finished runs have planned."""
        return {f"progress:{day}:{userid}": "messages of jobs" for day in self.done for userid in PEOPLE}


@dataclass
class Round:
    """A running fleet and everything around it. `play` does all, and fills *lines* and *failures*."""

    options: Options
    fleet: Fleet
    callers: Callers
    wecom: WeCom
    breakage: Postgres | Sqlite
    rng: random.Random
    jobs: Jobs
    began: float = field(default_factory=time.monotonic)
    faults: Counter[str] = field(default_factory=Counter)
    whole_after: dict[str, float] = field(default_factory=dict)
    lines: list[PartLine] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    # --- the whole ---

    def play(self) -> None:
        """Do everything and check the books."""
        self.fleet.start()
        self.callers.start()
        self._answered(20)
        for name, act in self.cells().items():
            if self.options.cells is None or name in self.options.cells:
                self.in_part(name, act)
        self.in_part("kill -9 at random", self._kill_at_random)
        if self.options.frozen_s:
            self.in_part(
                f"SIGSTOP of the sender for {self.options.frozen_s:.0f} s",
                partial(self._freeze, self.options.frozen_s),
            )
        self.finish()

    def in_part(self, name: str, act: Callable[[], None]) -> None:
        """Do *act* amid calls that belong to it; return when all that was accepted has had its effect."""
        self.callers.part = name
        self._answered(15)
        act()
        self._answered(15)
        self.callers.part = "between"
        over = time.monotonic()
        until(lambda: not self._lacks(name), within_s=_WHOLE_S, look_s=0.5)
        self.whole_after[name] = time.monotonic() - over
        self.options.tell(
            f"{name}: whole after {self.whole_after[name]:.0f} s, {self.fleet.kills} kills so far"
        )

    def finish(self) -> None:
        """End calls and processes, and fill in the books."""
        self.callers.stop()
        self.jobs.finish()
        until(
            lambda: not any(line.lost for line in self._books().check(self.fleet.place)),
            within_s=_WHOLE_S,
            look_s=1.0,
        )
        self.failures += self.fleet.fallen()
        codes = self.fleet.end()
        books = self._books()
        self.lines = books.check(self.fleet.place)
        self.lines.append(total(self.lines, "all"))
        self.failures += books.failures
        self.failures += [f"a process ended with {code}" for code in codes if code]
        self.failures += self.fleet.tracebacks()
        self.failures += self._recount()

    def counts(self) -> dict[str, int]:
        """Return how often what happened."""
        return {
            **{f"callbacks: {status}": number for status, number in self.callers.statuses.items()},
            **{f"fault: {name}": number for name, number in self.faults.items()},
            "kill -9 of processes": self.fleet.kills,
            "kill -9 of `quotabot run`": self.jobs.kills,
            "requests of message/send": sum(self.wecom.arrived.values()),
            "requests of message/send, again with the same bytes": sum(self.wecom.arrived.values())
            - len(self.wecom.arrived),
        }

    # --- looking ---

    def _books(self) -> RealBooks:
        return RealBooks(self.callers.calls, self.wecom.shown(), self.jobs.owed)

    def _lacks(self, part: str) -> bool:
        """Return whether something of *part* that was accepted has not had its effect yet."""
        calls = [call for call in list(self.callers.calls) if call.part == part and call.is_ok]
        books = RealBooks(calls, self.wecom.shown())
        return any(line.lost for line in books.check(self.fleet.place))

    def _answered(self, number: int) -> None:
        """Wait until *number* more callbacks were answered 200."""
        goal = self.callers.answered + number
        until(lambda: self.callers.answered >= goal, within_s=_WHOLE_S)

    def _recount(self) -> list[str]:
        """Ask the bot's own recount, and compare its figures with what was called and is stored."""
        wrong = []
        replay = self.fleet.command("replay", "--check", "--format", "json")
        report, _ = replay.communicate(timeout=_WHOLE_S)
        if replay.returncode:
            wrong.append(f"a recount differs: {report}")
        progress = self.fleet.command("progress", "--format", "json")
        rows = json.loads(progress.communicate(timeout=_WHOLE_S)[0])["rows"]
        counted = self._books().adds(
            self.fleet.place, first=rows[0]["period_start"], last=rows[0]["period_end"]
        )
        return wrong + [
            f"{row['userid']} has {row['gross']} adds, and we count {counted[row['userid']]}"
            for row in rows
            if row["gross"] != counted[row["userid"]]
        ]

    # --- acts ---

    def cells(self) -> dict[str, Callable[[], None]]:
        """Return the cells of the public benchmark that this engine has, each with what it does."""
        broken, refused = self.breakage, lambda: self.callers.refused
        cells: dict[str, Callable[[], None]] = {"crash of a worker": self._kill_sender}
        if isinstance(broken, Postgres):
            cells["crash of the database"] = partial(broken.crash, refused)
            cells["crash of a backend"] = broken.kill_a_backend
        cells["repeated kills"] = partial(self._kill_often, 10)
        if isinstance(broken, Postgres):
            cells["pool exhaustion"] = partial(broken.exhaust, refused)
        return {
            **cells,
            "held reader": partial(self._amid, broken.held, 60),
            "idle in transaction": self._idle,
            "mixed load": self._mixed,
            "burst load": partial(self._burst, 300),
        }

    def _others(self) -> dict[str, Callable[[], None]]:
        """Return the faults that are drawn beside kills."""
        faults = {
            "`quotabot run` killed": lambda: self.jobs.kill() and None,
            "snapshot held amid kills": self._held_amid_kills,
            "idle in transaction": self._idle,
            "burst of 10×": partial(self._burst, 100),
            "sender stopped": partial(self._freeze, self.rng.uniform(14, 20)),
        }
        broken = self.breakage
        if not isinstance(broken, Postgres):
            return faults
        return faults | {
            "PostgreSQL stopped at once": partial(broken.crash, lambda: self.callers.refused),
            "backends ended 5 times": self._end_backends,
            "backend killed": broken.kill_a_backend,
            "COMMIT cut, done": partial(broken.cut, arrives=True, skip=self.rng.randrange(3)),
            "COMMIT cut, lost": partial(broken.cut, arrives=False, skip=self.rng.randrange(3)),
            "no connection left": partial(broken.exhaust, lambda: self.callers.refused),
        }

    def _kill_at_random(self) -> None:
        """Kill a random process so often, with other faults in between."""
        before = self.fleet.kills
        while self.fleet.kills - before < self.options.kills and not self._is_late():
            self.jobs.look()
            if self.options.others and self.rng.random() < _OTHERS:
                name, act = self.rng.choice(sorted(self._others().items()))
                self.faults[name] += 1
                act()
            else:
                self._kill_one()

    def _kill_one(self) -> None:
        """Kill one of the processes, mostly while others work and calls go through."""
        if self.rng.random() < _AWAKE:
            awake = min(2, len(self.fleet.members))
            until(lambda: sum(member.is_ready for member in self.fleet.members) >= awake, within_s=_WHOLE_S)
            self._answered(self.rng.randrange(8))
        self.fleet.restart(self.rng.choice(self.fleet.members))

    def _kill_often(self, times: int) -> None:
        for _ in range(times):
            self._kill_one()

    def _kill_sender(self) -> None:
        self.fleet.restart(self._sender())

    def _sender(self) -> Member:
        """Return the process that sends; wait until there is one."""
        found: list[Member] = []

        def is_there() -> bool:
            member = self.fleet.sender()
            found[:] = [member] if member is not None and member.is_ready else []
            return bool(found)

        until(is_there, within_s=_WHOLE_S)
        return found[0]

    def _freeze(self, seconds: float) -> None:
        """SIGSTOP the sender, wherever it is; others take over, if there are any. Then it goes on."""
        member = self._sender()
        member.freeze()
        end = time.monotonic() + seconds
        try:
            until(lambda: time.monotonic() >= end, within_s=seconds + PATIENCE_S)
            if len(self.fleet.members) > 1:
                until(lambda: self.fleet.sender() is not member, within_s=_WHOLE_S)
        finally:
            member.thaw()
        assert member.is_ready

    def _end_backends(self) -> None:
        assert isinstance(self.breakage, Postgres)
        for _ in range(5):
            self.breakage.end_backends()
            self._answered(2)

    def _amid(self, what: Callable[[], AbstractContextManager[None]], number: int) -> None:
        with what():
            self._answered(number)

    def _held_amid_kills(self) -> None:
        with self.breakage.held():
            self._kill_often(3)

    def _idle(self) -> None:
        with self.breakage.idle():
            if isinstance(self.breakage, Postgres):
                self._answered(60)
            else:
                before = self.callers.refused
                until(lambda: self.callers.refused >= before + 3, within_s=_WHOLE_S)

    def _mixed(self) -> None:
        """Let reports and a job go on beside callbacks and messages."""
        goal = self.callers.answered + 60
        reports = (("progress",), ("status",), ("explain", PEOPLE[0]))
        while self.callers.answered < goal:
            self.jobs.look()
            asked = [self.fleet.command(*words, "--format", "json") for words in reports]
            for process in asked:
                process.communicate(timeout=_WHOLE_S)
            self.failures += [f"a report ended with {one.returncode}" for one in asked if one.returncode]

    def _burst(self, number: int) -> None:
        self.callers.per_s *= 10
        try:
            self._answered(number)
        finally:
            self.callers.per_s /= 10

    def _is_late(self) -> bool:
        return time.monotonic() - self.began > self.options.within_s


@contextmanager
def opened(folder: Path, options: Options, *, server: Server | None) -> Iterator[Round]:
    """Make a store (on *server*, or a file), WeCom and a fleet; leave nothing behind."""
    with ExitStack() as stack:
        wecom, api_url = stack.enter_context(far_wecom())
        wecom.pause_s = 0.05
        broken: Postgres | Sqlite
        if server is None:
            broken, roles = Sqlite(folder / "quotabot.db"), ("all",)
            place: Path | str = broken.path
            url = f"sqlite:///{broken.path}"
        else:
            broken, roles = Postgres(server, stack.enter_context(proxy(server.port))), _ROLES
            place, url = broken.url, broken.bots_url
        with closing(Store(place)) as store:
            store.marks.put(COMPLETE, json.dumps({"by": "torture", "reason": "no lists", "at": 0}))
        fleet = Fleet(place)
        stack.callback(fleet.close)
        for role in roles:
            fleet.add(role, folder, store=url, api_url=api_url)
        callers = Callers(fleet.urls, random.Random(f"callers {options.seed}"), per_s=options.per_s)
        stack.callback(callers.stop)
        jobs = Jobs(fleet)
        stack.callback(jobs.close)
        rng = random.Random(f"faults {options.seed}")
        yield Round(options, fleet, callers, wecom, broken, rng, jobs)
