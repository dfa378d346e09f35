"""One life of the bot's process in this process: the parts of `quotabot serve`, called in turn."""

from __future__ import annotations

import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from builders.e2e import FakeTime

from bot.app import service
from bot.app.bootstrap import (
    begin_record,
    open_reader,
    open_sender,
    open_services,
    refresh_directory,
    share_tokens,
)
from bot.config import load
from bot.features.delivery.sender import Sender
from bot.features.details import tags
from bot.features.details.reader import Reader
from bot.features.ledger.derive import note_rules, retry_set_aside
from bot.features.outages import catch_up, silence
from bot.features.people.refresh import look_after
from bot.services import Services
from bot.store import group_commit
from bot.store.budget import Share
from bot.web.receiver import Receiver
from bot.web.request import Request
from bot.wecom import budget, token, transport
from handlers.inbox import work_off
from scheduler.runs import tick, tick_lasting
from torture.death import Killed, Mortal
from torture.wire import Wire

_ROUNDS = 40  # of all acts at one moment; what is not done then waits for the next moment
_REPLY_S = 0.02


@dataclass
class _Rest:
    """Stands for a wait in the bot's code: the clock goes on instead."""

    clock: FakeTime

    def __call__(self, seconds: float) -> bool:
        self.clock.pass_(seconds)
        return False


def no_real_waits(clock: FakeTime, wire: Wire, stack: ExitStack) -> None:
    """Let waits move *clock* and calls go over *wire*, until *stack* is closed."""

    def put(place: Any, name: str, value: object) -> None:
        before = place[name] if isinstance(place, dict) else getattr(place, name)
        set_ = (
            place.__setitem__ if isinstance(place, dict) else lambda name, value: setattr(place, name, value)
        )
        set_(name, value)
        stack.callback(set_, name, before)

    rest = _Rest(clock)
    put(token.TokenKeeper.__init__.__kwdefaults__, "pause", rest)
    put(tags, "PATIENCE_S", 0.0)  # no thread reads beside a job here
    put(group_commit, "GIVE_UP_S", 0.05)
    put(group_commit, "PAUSE_S", 0.005)
    share = Share(per_minute=5000, per_hour=75_000, in_flight=1, call_s=10)
    put(budget.ReadBudget.__init__.__kwdefaults__, "share", share)
    made = transport._Client.__init__

    def init(client: Any, *arguments: Any, **named: Any) -> None:
        made(client, *arguments, **named)
        for scheme in ("http://", "https://"):
            client._http.mount(scheme, wire)

    put(transport._Client, "__init__", init)
    put(threading, "excepthook", _silent_about_death(threading.excepthook))


def _silent_about_death(before: Any) -> Any:
    def hook(arguments: Any) -> None:
        if arguments.exc_type is not Killed:
            before(arguments)

    return hook


class Process:
    """A running bot. `die` ends it like kill -9, `stop` in order."""

    def __init__(self, config: Path, clock: FakeTime, rng: Any) -> None:
        """Begin as `quotabot serve` does."""
        self._clock = clock
        self._stack = ExitStack()
        self.services: Services = self._stack.enter_context(
            open_services(load(config, environ={}), clock=clock, real_time=clock)
        )
        services = self.services
        services.ending.wait = _Rest(clock)  # type: ignore[method-assign, assignment] # its only use is to rest
        self.mortal = Mortal(services.store.engine, rng)
        begin_record(services, now=clock.now())
        note_rules(services)
        retry_set_aside(services)
        self._mark = service._receiving()
        self._mark(services)
        self._sender, self._reader = self._parts()
        self._receiver = self._open_receiver()

    def _parts(self) -> tuple[Sender, Reader]:
        sender, keeper = self._stack.enter_context(open_sender(self.services))
        share_tokens(self.services, keeper)
        return sender, self._stack.enter_context(open_reader(self.services, tokens=keeper))

    def _open_receiver(self) -> Receiver:
        _, receiver = self._stack.enter_context(service.open_app(self.services))
        receiver._time = self._clock
        return receiver

    def receive(self, query: str, body: bytes) -> int | None:
        """Answer a callback; None: the process died before it could."""
        replies: SimpleQueue[int] = SimpleQueue()
        asked = Request(
            method="POST", path="/callback", query=query, body=body, client="127.0.0.1", forwarded=""
        )
        self._receiver.handle(asked, lambda status, _body: replies.put(status))
        while True:
            with suppress(Empty):
                return replies.get(timeout=_REPLY_S)
            if self.mortal.is_dead:
                return None

    def work(self) -> None:
        """Do everything that is due now, and what follows from it within a minute or so."""
        services = self.services
        self._mark(services)
        for _ in range(_ROUNDS):
            for act in (
                look_after,
                refresh_directory,
                catch_up.begin_if_due,
                silence.look,
                tick,
                tick_lasting,
            ):
                act(services)
            self._mark(services)
            is_idle = not work_off(services)
            waits = [self._reader.step(), self._sender.step()]
            if is_idle and min(waits) > 0 and self._is_quiet():
                return
            self._clock.pass_(max(0.2, min(waits)))

    def _is_quiet(self) -> bool:
        """Return whether nothing more could be done at this moment."""
        now = int(self._clock())
        store = self.services.store
        return not store.outbox.due(real_now=now, clock_now=now, batch=1) and not store.runs.abandoned(
            now=now
        )

    def stop(self) -> None:
        """End in order."""
        self._stack.close()

    def die(self) -> None:
        """End without any clean-up that reaches the store."""
        self.mortal.is_dead = True
        with suppress(Killed):
            self._stack.__exit__(Killed, Killed(), None)
