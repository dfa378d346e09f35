"""The service: receiver, inbox worker, timetable, sender and reader as threads of one process."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot import logs
from bot.app.bootstrap import (
    begin_record,
    hear_others,
    open_greeter,
    open_reader,
    open_sender,
    open_services,
    refresh_directory,
    share_tokens,
)
from bot.config import load
from bot.core.outages import DOWN, REFUSED, SHORTEST_DOWN_S
from bot.features.callers import addresses
from bot.features.customers import names
from bot.features.delivery.sender import Sender
from bot.features.details.reader import Reader
from bot.features.health import Health
from bot.features.ledger.derive import note_rules, retry_set_aside
from bot.features.outages import catch_up, clock, silence
from bot.features.outages.gaps import ALIVE_S, RECEIVING
from bot.features.outages.silence_rules import LOOK_S
from bot.features.people.refresh import look_after
from bot.features.standings.figures import keep_figures
from bot.features.statements.proof import check_code_from
from bot.features.watch.ping import PING_S, watching
from bot.services import INBOX, Services, Signal
from bot.store.counters import FLUSH_S
from bot.store.group_commit import GroupCommit
from bot.store.process_lock import lock_installation
from bot.store.refusals import RefusalFile
from bot.web import pages
from bot.web.app import create_app
from bot.web.peer import Peer
from bot.web.receiver import PATH, Put, Receiver
from bot.web.server import serve
from bot.wecom.crypto import CallbackCrypto
from bot.wecom.token import TokenError, TokenKeeper
from handlers.inbox import work_off
from scheduler.runner import Loop, Runner
from scheduler.runs import tick, tick_lasting

if TYPE_CHECKING:
    from flask import Flask

log = structlog.get_logger(__name__)

_Act = Callable[[Services], None]

THREADS = 8
_POLL_S = 1.0
_REREAD_S = 20.0
_FIGURES_S = 60.0
_TOKEN_AGAIN_S = 1.0
_TOKEN_CHECK_S = 300.0


def run(
    services: Services,
    *,
    stop: threading.Event,
    on_ready: Callable[[int], None],
    role: str = "all",
    tick_s: float = 1.0,
) -> None:
    """Serve until *stop* is set: requests are finished, stored events stay, calls in flight are noted.

    *role*: all, receiver (HTTP only) or worker (all but HTTP). *on_ready* gets the bound port.
    Raises PortInUse, StoreError.
    """
    with ExitStack() as stack:
        _begin(services, stack)
        acts: list[tuple[_Act, float]] = [(clock.look_at_clock, clock.LOOK_S), (_keep_counts, FLUSH_S)]
        if role in {"all", "receiver"}:
            mark_receiving = _receiving()
            mark_receiving(services)  # before a job asks what may be missing
            acts.append((mark_receiving, ALIVE_S))
        if role in {"all", "worker"}:
            _start_workers(services, stack)
            acts += _acts_of_a_worker(tick_s=tick_s)
        _run_acts(services, stack, acts)
        if role in {"all", "worker"}:
            stack.callback(services.ending.set)  # first of all, so that what lasts can end
        if role == "worker":
            on_ready(0)
            stop.wait()
        else:
            _serve_http(services, stop=stop, on_ready=on_ready)


def _begin(services: Services, stack: ExitStack) -> None:
    if isinstance(services.config.store.where, Path):
        stack.enter_context(lock_installation(services.config.store.where))
    clock.put_right(services)
    begin_record(services, now=services.clock.now())
    note_rules(services)
    retry_set_aside(services)


def _serve_http(services: Services, *, stop: threading.Event, on_ready: Callable[[int], None]) -> None:
    with open_app(services) as (app, receiver):
        listen = services.config.server.listen
        serve(
            app,
            host=listen.host,
            port=listen.port,
            threads=THREADS,
            on_ready=on_ready,
            stop=stop,
            direct={PATH: receiver.handle, f"{PATH}/": receiver.handle},
        )


@contextmanager
def open_app(services: Services) -> Iterator[tuple[Flask, Receiver]]:
    """Open the application and its receiver; events are stored until the end of the block."""
    config, refusals = services.config, _refusals(services)
    writer = GroupCommit(
        services.store.engine,
        on_stored=services.inbox_signal.wake,
        topic=INBOX,
        holder=services.holder,
        refusals=refusals,
    )
    peer = Peer(config.server.trusted_proxies)
    with closing(writer), _open_receiver(services, put=writer.put, peer=peer) as receiver:
        token = config.server.metrics_token
        app = create_app(
            receive=receiver.handle,
            health=Health.of(services, probe=writer.probe),
            pages=(
                *pages.blueprints(
                    language=lambda: services.language,
                    check_code=partial(check_code_from, services),
                    peer=peer,
                ),
                pages.own_pages(services),
            ),
            peer=peer,
            verify_files=config.server.verify_files,
            metrics_token=None if token is None else token.get_secret_value(),
        )
        yield app, receiver


@contextmanager
def _open_receiver(services: Services, *, put: Put, peer: Peer) -> Iterator[Receiver]:
    """Open the receiver. Inside the block it reads WeCom's addresses again each minute."""
    wecom, server, admits = services.config.wecom, services.config.server, None
    with ExitStack() as stack:
        if server.callback_ips == "wecom":
            callers = addresses.Callers(services)
            admits = callers.admits
            look = ("callers", callers.look, addresses.LOOK_S)
            _start(stack, Runner([look], services.store.failing))
        yield Receiver(
            crypto=CallbackCrypto(
                token=wecom.callback_token.get_secret_value(),
                aes_key=wecom.callback_aes_key.get_secret_value(),
                corp_id=wecom.corp_id,
            ),
            put=put,
            max_age=server.callback_max_age,
            peer=peer,
            admits=admits,
        )


def _refusals(services: Services) -> RefusalFile:
    """Return the file of refused events, after the store has taken what an earlier process left in it."""
    where, config = services.config.store.where, services.config
    # systemd and the container's image name the folder of the service's own files.
    folder = Path(os.environ.get("STATE_DIRECTORY") or config.file.parent)
    beside = where if isinstance(where, Path) else folder / f"quotabot-{config.server.listen.port}"
    refusals = RefusalFile(beside.with_name(f"{beside.name}.refused"))
    if (span := refusals.read()) is not None:
        services.store.outages.add(span.since, span.until, reason=REFUSED, holder=services.holder)
        refusals.clear()
    return refusals


def make_app() -> Flask:
    """Build the application for a WSGI server or `flask routes`, from the file that QUOTABOT_CONFIG names.

    It does what `quotabot serve --role receiver` does, but for the built-in server. The store closes when the
    process ends.
    """
    logs.set_up()
    config = load(Path(os.environ.get("QUOTABOT_CONFIG", "config.toml")), environ=os.environ)
    stack = ExitStack()
    atexit.register(stack.close)
    services = stack.enter_context(open_services(config))
    _begin(services, stack)
    mark_receiving = _receiving()
    mark_receiving(services)
    acts = [(clock.look_at_clock, clock.LOOK_S), (mark_receiving, ALIVE_S), (_keep_counts, FLUSH_S)]
    _run_acts(services, stack, acts)
    app, _ = stack.enter_context(open_app(services))
    return app


def _start_workers(services: Services, stack: ExitStack) -> None:
    """Start sender, reader, greeter and inbox worker; *stack* ends them in the opposite order."""
    names.look_over(services)  # before anything is read or sent
    failing = services.store.failing
    hear_others(services)
    sender, keeper = stack.enter_context(open_sender(services))
    share_tokens(services, keeper)
    _start(
        stack,
        Loop("sender", _sending(services, sender, keeper), wake=services.outbox_signal.wake, failing=failing),
    )
    reader, rest = stack.enter_context(open_reader(services, tokens=keeper)), Signal()
    _start(stack, Loop("details", partial(_read, reader, rest), wake=rest.wake, failing=failing))
    stack.enter_context(open_greeter(services, tokens=keeper))
    wake = services.inbox_signal.wake
    _start(stack, Loop("inbox", partial(_work, services), wake=wake, failing=failing))


def _run_acts(services: Services, stack: ExitStack, acts: Iterable[tuple[_Act, float]]) -> None:
    named = [(act.__name__, partial(act, services), seconds) for act, seconds in acts]
    _start(stack, Runner(named, services.store.failing))


def _start(stack: ExitStack, part: Runner | Loop) -> None:
    part.start()
    stack.callback(part.stop)


def _acts_of_a_worker(*, tick_s: float) -> tuple[tuple[_Act, float], ...]:
    """Return what a worker does every so often, with the seconds between."""
    return (
        (tick, tick_s),
        (tick_lasting, tick_s),
        (look_after, tick_s),
        (refresh_directory, _REREAD_S),
        (keep_figures, _FIGURES_S),
        (catch_up.begin_if_due, catch_up.LOOK_S),
        (silence.look, LOOK_S),
        (names.look_over, names.LOOK_S),
        (watching(), PING_S),
        (addresses.renewing(), addresses.RENEW_LOOK_S),
    )


def _keep_counts(services: Services) -> None:
    services.store.counters.flush()


def _receiving() -> _Act:
    """Return the act that marks that a receiver runs.

    If none did for a while (or it could not say so), events may have been lost. A clock that is set forward
    while this process marks on is no such while.
    """
    own, marked_at = "", 0.0

    def _mark_receiving(services: Services) -> None:
        nonlocal own, marked_at
        # Looked at before and after, so that no sleep between the two clocks is overlooked.
        store, before, now, passed = (
            services.store,
            _ticking(),
            int(services.store.now()),
            _ticking() - marked_at,
        )
        last = store.marks.get(RECEIVING)
        is_gap = last is not None and now - int(last) > SHORTEST_DOWN_S
        if last is not None and is_gap and not (last == own and passed <= SHORTEST_DOWN_S):
            store.outages.add(int(last), now, reason=DOWN, holder=services.holder)
        own, marked_at = str(now), before
        store.marks.put(RECEIVING, own)

    return _mark_receiving


def _ticking() -> float:
    """Return the seconds since the machine's start, its sleep included; nobody sets this clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _work(services: Services) -> None:
    if not work_off(services):
        services.inbox_signal.wait(_POLL_S)


def _read(reader: Reader, rest: Signal) -> None:
    if wait := reader.step():
        rest.wait(wait)


def _sending(services: Services, sender: Sender, keeper: TokenKeeper) -> Callable[[], None]:
    next_check = 0.0  # monotonic time

    def step() -> None:
        nonlocal next_check
        if time.monotonic() >= next_check:
            next_check = time.monotonic() + _check_token(services, keeper)
        wait = sender.step()
        if wait:
            services.outbox_signal.wait(wait)

    return step


def _check_token(services: Services, keeper: TokenKeeper) -> float:
    """Find out early, not at the first message, that WeCom does not know us; seconds until the next look."""
    try:
        keeper.get()
    except TokenError as error:
        log.warning("no access token", errcode=error.errcode, reason=str(error))
        return max(float(error.until) - services.store.now(), _TOKEN_AGAIN_S)
    return _TOKEN_CHECK_S
