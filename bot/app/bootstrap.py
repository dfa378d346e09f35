"""The only place where the parts meet: configuration in, services, sender and application out."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from bot.clock import Clock, RealClock
from bot.config import Config
from bot.config.roster import RosterError
from bot.features.delivery.files import FileDelivery
from bot.features.delivery.sender import Sender
from bot.features.details.reader import Reader
from bot.features.people import directory
from bot.features.robots.deliver import RobotDelivery
from bot.features.robots.posts import fingerprints
from bot.features.rules import changes
from bot.features.welcome import Greeter
from bot.services import INBOX, OUTBOX, Services, Signal
from bot.store.coordination import TOKEN, own_name
from bot.store.copy import refuse_half_a_copy
from bot.store.engine import StoreError
from bot.store.store import Store
from bot.store.troubles import Part
from bot.wecom.client import Access, WeComClient
from bot.wecom.reads import Reads
from bot.wecom.token import TokenKeeper
from bot.wecom.welcome import Greeting, WelcomeSender

log = structlog.get_logger(__name__)

_APP = "app"  # the mark that says whose token and trouble are stored


@contextmanager
def open_services(
    config: Config, *, clock: Clock | None = None, real_time: Callable[[], float] | None = None
) -> Iterator[Services]:
    """Open one installation; close it at the end of the block.

    *clock* is the service's, the machine's if left out. *real_time* replaces `Store.now`, for tests.
    Raises StoreError when the store cannot be used or is half a copy, RosterError when the roster cannot be
    read.
    """
    files = directory.read_files(config)
    where = config.store.where
    store = Store(
        where if isinstance(where, Path) else where.get_secret_value(),
        real_time=real_time,
    )
    try:
        refuse_half_a_copy(store.engine)
        services = Services(
            config=config,
            store=store,
            clock=clock or RealClock(),
            directory=directory.built(config, files, store),
            holder=own_name(),
            inbox_signal=Signal(partial(store.engine.notify, INBOX)),
            outbox_signal=Signal(partial(store.engine.notify, OUTBOX)),
        )
        services.reads = partial(_open_reads, services)
        with ExitStack() as stack:
            services.greet = partial(_greet, services, stack)
            yield services
        with suppress(StoreError):  # then its places are free a few seconds later
            services.read_budget.leave()
    finally:
        store.close()


@contextmanager
def _open_reads(services: Services, *, tokens: TokenKeeper | None = None) -> Iterator[Reads]:
    """A way to ask WeCom under the token that all share; closed at the end of the block."""
    forget_other_app(services)
    client = wecom_client(services.config)
    try:
        keeper = tokens or token_keeper(services, client)
        yield Reads(client, keeper, services.read_budget, ending=services.ending)
    finally:
        client.close()


def share_tokens(services: Services, tokens: TokenKeeper) -> None:
    """Let the directory be read under this process's keeper: two of them would both ask for a token."""
    services.reads = partial(_open_reads, services, tokens=tokens)


def hear_others(services: Services) -> None:
    """Wake this process's threads when another process tells that there is something to do."""
    signals = {INBOX: services.inbox_signal, OUTBOX: services.outbox_signal}

    def heard(topic: str) -> None:
        if topic in signals:
            signals[topic].wake()

    services.store.engine.listen(heard)


def record_files(services: Services, *, now: datetime) -> None:
    """Keep what the directory and the file say of people and of rules under today's local date.

    `serve` and `run` do, reports never.
    """
    store, day = services.store, services.config.work_calendar().local_day(now)
    with store.transaction():
        old = directory.superseded(services.directory.files, store.roster_lines.all())
        if old:
            store.roster_lines.drop(old)
            log.info("the roster file says something newer than import roster", people=len(old))
        directory.record(services.directory, store.members, day=day)
        quotas = services.config.core_quotas()
        changes.record(quotas, store.rule_versions, today=day, now=int(now.timestamp()))


def refresh_directory(services: Services) -> None:
    """Take a changed roster, if it is valid, and what another process read of WeCom into this one."""
    config, store, before = services.config, services.store, services.directory
    if (stamp := directory.stamp(config, store)) == before.stamp:
        return
    try:
        people = directory.read(config, store)
    except RosterError as error:
        log.warning("changed roster refused; the old one stays", faults=str(error))
        people = replace(directory.built(config, before.files, store), stamp=stamp)
    services.use(config, people)
    record_files(services, now=services.clock.now())


def forget_other_app(services: Services) -> None:
    """Drop token and trouble that belong to another app, secret or source: a corrected file works at once."""
    wecom, store = services.config.wecom, services.store
    if services.config.directory.source == "csv":
        store.troubles.clear(Part.DIRECTORY)
    parts = (wecom.corp_id, str(wecom.agent_id), wecom.secret.get_secret_value(), wecom.api_base_url)
    app = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    if store.marks.get(_APP) != app:
        with store.transaction():
            store.tokens.forget(TOKEN)
            store.troubles.clear(Part.DELIVERY, Part.DETAILS, Part.WELCOME)
            store.marks.put(_APP, app)


def token_keeper(services: Services, client: WeComClient) -> TokenKeeper:
    """The keeper of the app's token, shared through the store."""
    return TokenKeeper(
        name=TOKEN,
        holder=services.holder,
        client=client,
        tokens=services.store.tokens,
        leases=services.store.leases,
        real_time=services.store.now,
    )


def wecom_client(config: Config) -> WeComClient:
    """The way to WeCom that the configuration describes."""
    wecom = config.wecom
    return WeComClient(
        Access(
            corp_id=wecom.corp_id,
            secret=wecom.secret.get_secret_value(),
            base_url=wecom.api_base_url,
            proxy=wecom.proxy,
            ca_file=str(wecom.ca_file or ""),
            parallel=wecom.max_in_flight,
        )
    )


@contextmanager
def open_sender(services: Services) -> Iterator[tuple[Sender, TokenKeeper]]:
    """A sender that may compete for the delivery lease; calls in flight end before the block is left."""
    forget_other_app(services)
    services.store.robots.forget_changed(fingerprints(services.config))
    client = wecom_client(services.config)
    keeper = token_keeper(services, client)
    delivery = FileDelivery(
        attachments=services.store.attachments,
        agent_id=services.config.wecom.agent_id,
        client=client,
        tokens=keeper,
        outbox=services.store.outbox,
        robots=RobotDelivery(services, client, real_time=services.store.now),
        real_time=services.store.now,
    )
    sender = Sender(services, delivery, real_time=services.store.now)
    try:
        yield sender, keeper
    finally:
        sender.close()
        client.close()


@contextmanager
def open_reader(services: Services, *, tokens: TokenKeeper | None = None) -> Iterator[Reader]:
    """A reader that may compete for the lease of reading contacts; its calls end before the block is left.

    *tokens*: the keeper of this process, if it has one already: two of them would both ask for a token.
    """
    forget_other_app(services)
    client = wecom_client(services.config)
    tokens = tokens or token_keeper(services, client)
    reader = Reader(services, client=client, tokens=tokens, real_time=services.store.now)
    try:
        yield reader
    finally:
        reader.close()
        client.close()


def _greet(services: Services, stack: ExitStack, greeting: Greeting) -> None:
    """Whoever takes an event greets its customer, a command too; most commands never have to."""
    stack.enter_context(open_greeter(services))  # from now on it is asked directly
    services.greet(greeting)


@contextmanager
def open_greeter(services: Services, *, tokens: TokenKeeper | None = None) -> Iterator[None]:
    """Inside the block new customers are greeted when the inbox is worked off; calls end before it is left.

    *tokens*: the keeper of this process, if it has one already.
    """
    forget_other_app(services)
    client, ending = wecom_client(services.config), threading.Event()
    sender = WelcomeSender(
        client, tokens or token_keeper(services, client), real_time=services.store.now, ending=ending
    )
    greeter, before = Greeter(services, sender, ending=ending), services.greet
    services.greet = greeter.greet
    try:
        yield
    finally:
        services.greet = before
        greeter.close()
        client.close()
