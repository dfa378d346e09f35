"""The bank's months: what happens, what breaks, and what the bot does, all from one seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from builders.cards import receive
from builders.e2e import CHINA, FakeTime, installation, write_config

from bot.features.ledger.versions import record_sections
from bot.services import Services
from bot.store.engine import StoreBusyError
from sandbox.branch import employees, make_branch, write_files
from sandbox.callbacks import CallbackSender
from sandbox.clock import VirtualClock
from sandbox.events import Event, compose
from sandbox.history import Spec
from sandbox.world import World
from torture import books
from torture.books import Books
from torture.death import Killed
from torture.hands import File, Hands, sign_and_correct
from torture.process import Process, no_real_waits
from torture.story import Story
from torture.wire import Wire

BEGIN = date(2026, 9, 28)
QUOTAS = """
[[quotas]]
id = "cm-monthly"
roles = ["客户经理"]
period = "month"
target = 50
penalty = { flat = 300 }
[quotas.counting]
keep_days = 7
max_per_day = 5
[[quotas]]
id = "cm-weekly"
roles = ["客户经理"]
period = "week"
target = 10
penalty = { per_missing = 40, cap = 160 }
[quotas.counting]
keep_days = 3
[[quotas]]
id = "cm-account"
roles = ["客户经理"]
period = "month"
target = 20
[quotas.counting]
required_facts = ["account"]
"""
CAP = 400
MORE = f"""
[money]
cap_per_month = {CAP}
[admins]
userids = ["zg01"]
"""
_BY_HAND = ("10:05", "15:20")
_SIGNS = 0.3
# The bot looks at each of these; between two of them nothing is due that could not wait.
TIMES = (
    *("02:18", "02:40", "06:12", "08:31", "08:43", "09:08", "09:20", "10:05", "11:15", "12:30", "14:00"),
    *("15:20", "16:38", "16:50", "17:24", "17:49", "17:57", "18:01", "20:00", "23:30"),
)


@dataclass
class StoryTime(FakeTime):
    """The clock of the played bank. A wait lets it go on, and *passed* lets happen what is due then."""

    passed: Callable[[], None] = lambda: None

    def pass_(self, seconds: float) -> None:
        super().pass_(seconds)
        self.passed()


@dataclass
class Disturbance:
    """What is broken now; drawn anew at each moment."""

    rng: random.Random
    level: float
    network: int = 0
    disk: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def draw(self) -> str:
        """Let faults begin and end; return what the process suffers: '', 'kill', 'kill soon' or 'stop'."""
        self.network, self.disk = max(0, self.network - 1), max(0, self.disk - 1)
        if not self.network and self.rng.random() < 0.06 * self.level:
            self.network = self.rng.randrange(1, 4)
            self.counts["network is bad"] += 1
        if not self.disk and self.rng.random() < 0.01 * self.level:
            self.disk = 1
            self.counts["store refuses"] += 1
        suffered = self.rng.random()
        for name, share in (("kill", 0.02), ("kill soon", 0.04), ("stop", 0.01)):
            suffered -= share * self.level
            if suffered < 0:
                self.counts[name] += 1
                return name
        return ""


@dataclass
class Year:
    """One bank from one seed. `play` returns its books."""

    seed: int
    days: int
    folder: Path
    level: float = 1.0
    calm_days: int = 4  # at the end, so that everything heals
    store: str = "sqlite:///quotabot.db"  # of the bot; the calm one has a file of its own
    begin: date = BEGIN
    is_over: Callable[[], bool] = lambda: False  # asked each day: end the faults now

    def play(self) -> Books:
        """Let *days* pass with faults, then some without, and check the books on the way and at the end."""
        with self.lived() as state:
            state.end()
            state.books.days = state.days
            return state.books

    @contextmanager
    def lived(self) -> Iterator[State]:
        """Let all days pass; the end is not checked yet."""
        with ExitStack() as stack:
            state = stack.enter_context(_opened(self, stack))
            while state.days < self.days and not self.is_over():
                state.day(self.begin + timedelta(days=state.days))
            state.heal()
            for _ in range(self.calm_days):
                state.day(self.begin + timedelta(days=state.days))
            yield state


@contextmanager
def _opened(year: Year, stack: ExitStack) -> Iterator[State]:
    clock = StoryTime(datetime.combine(year.begin, time(8), CHINA))
    branch = make_branch(seed=year.seed, today=year.begin)
    rng = random.Random(f"torture {year.seed}")
    random.seed(year.seed)  # the bot's jitter
    world = World(branch, clock=VirtualClock(speed=1, real=clock), real=clock)
    world.callback_url = "http://127.0.0.1:1/callback"  # cards with buttons want one
    wire = Wire(world, rng)
    no_real_waits(clock, wire, stack)
    configs = []
    for name in ("bot", "calm"):
        place = year.folder / name
        place.mkdir()
        write_files(branch, place)
        path = write_config(
            place,
            app=asdict(branch.app),
            api_url="http://wecom.test",
            quotas=QUOTAS,
            more=MORE,
            store=year.store if name == "bot" else "sqlite:///quotabot.db",
            wecom="max_in_flight = 1",  # one order of calls
        )
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("[server]", "[server]\ncallback_max_age = 0"), encoding="utf-8")
        configs.append(path)
    with installation(configs[1], clock) as calm:
        record_sections(calm, today=year.begin, now=int(clock()))
        story = Story(world, rng, employees(branch))
        state = State(
            config=configs[0],
            clock=clock,
            rng=rng,
            world=world,
            wire=wire,
            calm=calm,
            story=story,
            hands=Hands(
                world, story, random.Random(f"hands {year.seed}"), random.Random(f"presses {year.seed}")
            ),
            faults=Disturbance(rng, year.level),
            books=Books(),
        )
        try:
            yield state
        finally:
            if state.process is not None:
                state.process.stop()


@dataclass
class State:
    """Everything that goes on in a played bank."""

    config: Path
    clock: StoryTime
    rng: random.Random
    world: World
    wire: Wire
    calm: Services
    story: Story
    hands: Hands
    faults: Disturbance
    books: Books
    process: Process | None = None
    down_for: int = 0  # moments until somebody starts the process again
    specs: list[Spec] = field(default_factory=list)  # of the day, still to come
    late: list[tuple[int, Event]] = field(default_factory=list)  # events on their way, with their time
    files: list[File] = field(default_factory=list)  # to be imported once the bot is there
    is_healing: bool = False
    days: int = 0

    def __post_init__(self) -> None:
        self.clock.passed = self._happen_until_now

    def day(self, day: date) -> None:
        """Let one day pass."""
        self.days += 1
        self.books.newcomers.clear()
        if not self.is_healing and self.story.calendar.is_workday(day):
            new = self.hands.day(day)
            self.books.gone |= {one.renamed[0].lower(): int(self.clock()) for one in new if one.renamed}
            self.files += new
        self.specs += self.story.day(day)
        for text in TIMES:
            moment = datetime.combine(day, time.fromisoformat(text), CHINA)
            self._live(self.faults.draw() if self.faults.level else "")
            self._happen_until(moment)
            self._deliver_late(int(self.clock()))
            if text in _BY_HAND:
                self._do_by_hand()
            self._work()

    def _happen_until(self, moment: datetime) -> None:
        """Let the time until *moment* pass, each event at its own time."""
        while self.specs and int(str(self.specs[0]["at"])) <= moment.timestamp():
            at = datetime.fromtimestamp(int(str(self.specs[0]["at"])), CHINA)
            self.clock.moment = max(self.clock.moment, at)
            self._happen_until_now()
        self.clock.moment = max(self.clock.moment, moment)

    def _happen_until_now(self) -> None:
        """Let happen what is due, also while the bot rests in the middle of something."""
        now = int(self.clock())
        while self.specs and int(str(self.specs[0]["at"])) <= now:
            for event in compose(self.world, self.specs.pop(0)):
                self._happen(event)

    def heal(self) -> None:
        """End all faults; what is on its way arrives, and nobody is renamed: lists are compared at night."""
        self.is_healing = True
        self.faults.level = 0.0
        self.faults.network = self.faults.disk = self.down_for = 0

    @property
    def services(self) -> Services:
        """Return the bot's services; it must be running."""
        assert self.process is not None
        return self.process.services

    def end(self) -> None:
        """Check everything that must hold in the end."""
        self.books.faults = self.faults.counts + self.wire.faults
        books.check_the_end(self.books, self.services, self.calm, self.wire, now=self.clock.now(), cap=CAP)

    def _live(self, suffered: str) -> None:
        """Start, stop or kill the process, and let network and disk be as they are now."""
        self.wire.is_bad = bool(self.faults.network)
        if self.process is None:
            self.down_for -= 1
            if self.down_for <= 0:
                self.process = Process(self.config, self.clock, self.rng)
        elif suffered == "stop":
            self.process.stop()
            self.process, self.down_for = None, self.rng.choice((1, 1, 2, 8))
        elif suffered == "kill":
            self._died()
        elif suffered == "kill soon":
            self.process.mortal.die_soon()

    def _died(self) -> None:
        assert self.process is not None
        self.process.die()
        self.process, self.down_for = None, self.rng.choice((1, 1, 1, 2, 30))

    def _happen(self, event: Event) -> None:
        """Something happened in the bank: the calm installation hears it, and WeCom calls ours back.

        The calm one hears no words and presses: no figure depends on them, and it sends no card.
        """
        if not event.is_app:
            receive(self.calm, event.xml)
        self.books.happened(event, at=int(self.clock()))
        drawn = self.rng.random()
        if self.faults.level and drawn < 0.003:
            self.books.dropped(event)
        elif self.faults.level and drawn < 0.05:
            self.late.append((int(self.clock()) + self.rng.randrange(30, 20_000), event))
        else:
            self._call_back(event)
            if self.faults.level and drawn > 0.9:
                self._call_back(event)

    def _deliver_late(self, now: int) -> None:
        due = [event for at, event in self.late if at <= now or not self.faults.level]
        self.late = [(at, event) for at, event in self.late if at > now and self.faults.level]
        self.rng.shuffle(due)
        for event in due:
            self._call_back(event)

    def _do_by_hand(self) -> None:
        """Import files on both installations, press buttons, sign and correct; after a death once more."""
        while self.files and self.process is not None:
            file = self.files[0]
            if self._survives(lambda file=file: file.bring(self.services)):
                file.bring(self.calm)
                self.books.by_hand[f"import {file.kind}"] += 1
                if file.renamed is not None:
                    self.books.rename(*file.renamed)
                if "joined_on" in file.columns:
                    self.books.newcomers.update(line[0] for line in file.lines)
                self.files.pop(0)
        for spec in self.hands.press():
            for event in compose(self.world, {**spec, "at": int(self.clock())}):
                self._happen(event)
                self.books.by_hand["button"] += 1
        if self.process is not None and self.rng.random() < _SIGNS:
            self._survives(lambda: sign_and_correct(self.services, self.rng, self.books.by_hand))

    def _survives(self, act: Callable[[], object]) -> bool:
        """Do *act* of a person; if the process dies in it, start one at once, as the person would. False."""
        assert self.process is not None
        try:
            act()
        except Killed:
            self._died()
            self.process, self.down_for = Process(self.config, self.clock, self.rng), 0
            return False
        return True

    def _call_back(self, event: Event) -> None:
        query, body = CallbackSender(self.world)._sealed(event, self.world.callbacks)
        for _ in range(3):  # WeCom's tries
            status = self._answer(query, body)
            if status == 200:
                break
            query, body = CallbackSender(self.world)._sealed(event, self.world.callbacks)
        self.books.answered(event, status)

    def _answer(self, query: str, body: bytes) -> int | None:
        if self.process is None:
            return None
        if self.faults.disk:
            return self._refused_by_disk(query, body)
        status = self.process.receive(query, body)
        if status is None:
            self._died()
        return status

    def _refused_by_disk(self, query: str, body: bytes) -> int | None:
        """Let the store refuse writes while a callback comes."""
        assert self.process is not None
        engine = self.process.services.store.engine
        before = engine.transaction

        def refuse(**_named: object) -> object:
            raise StoreBusyError("the disk is full")

        engine.transaction = refuse  # type: ignore[method-assign, assignment]
        try:
            status = self.process.receive(query, body)
        finally:
            engine.transaction = before  # type: ignore[method-assign]
        if status == 200:
            self.books.fail("a callback was answered 200 though the store took nothing")
        return status

    def _work(self) -> None:
        if self.process is None:
            return
        try:
            self.process.work()
            self.process.mortal.live_on()
        except Killed:
            self._died()
        else:
            books.look(self.books, self.process.services, self.calm, now=self.clock.now())
