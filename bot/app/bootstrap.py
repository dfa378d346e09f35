"""The only file where the parts meet: configuration in, services, sender and application out."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from datetime import date, datetime
from functools import partial

import structlog

from bot import __version__
from bot.clock import Clock, RealClock
from bot.config import Config
from bot.config.roster import RosterError
from bot.features.callers import addresses
from bot.features.delivery.files import FileDelivery
from bot.features.delivery.sender import Sender
from bot.features.details.reader import Reader
from bot.features.ledger.versions import record_sections
from bot.features.people import directory
from bot.features.robots.deliver import RobotDelivery
from bot.features.robots.posts import fingerprints
from bot.features.rollout.advice import note_mode
from bot.features.rules import changes
from bot.features.welcome import Greeter
from bot.services import INBOX, OUTBOX, RECORD_BEGAN, VERSION, Directory, Files, Services, Signal
from bot.store.coordination import TOKEN, own_name
from bot.store.copy import refuse_half_a_copy
from bot.store.engine import StoreError
from bot.store.store import Store
from bot.store.troubles import Part, Trouble
from bot.wecom.client import Access, WeComClient
from bot.wecom.reads import Reads
from bot.wecom.token import TokenKeeper
from bot.wecom.welcome import Greeting, WelcomeSender

log = structlog.get_logger(__name__)

_APP = "app"  # the mark that says whose token and trouble are stored


@contextmanager
def open_services(
    config: Config,
    *,
    clock: Clock | None = None,
    real_time: Callable[[], float] | None = None,
    may_create: bool = True,
) -> Iterator[Services]:
    """Open one installation; close it at the end of the block.

    *clock* is the service's, the machine's if left out. *real_time* replaces `Store.now`, for tests. Not
    *may_create*: a store that is not there is an error, as for all commands that only look or decide.
    After a fault in the roster, the last good one is used, with a log line. Raises StoreError for an unusable
    store or half a copy, RosterError for a roster with faults and none before.
    """
    url = config.store.address
    if not Store.is_there(url):
        directory.read_files(config)  # a roster with a fault makes no store
    with closing(Store(url, may_create=may_create, real_time=real_time)) as store:
        refuse_half_a_copy(store.engine)
        services = Services(
            config=config,
            store=store,
            clock=clock or RealClock(),
            directory=_directory(config, store),
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
            store.counters.flush()


def _directory(config: Config, store: Store) -> Directory:
    """Return the directory of now; it is read only if the store has not recorded it as it is."""
    if (known := directory.find_recorded(config, store)) is not None:
        return known
    return directory.build_directory(config, _files(config, store), store)


def _files(config: Config, store: Store) -> Files:
    """Return the files, or the last good ones if they have a fault or name somebody wrongly."""
    try:
        return directory.check_zeros(config, directory.read_files(config), store)
    except RosterError as error:
        good = directory.load_remembered(store, fault=error)
        if good is None:
            raise
        log.warning("roster refused; the last good one stands in", faults=str(error))
        return good


def open_existing(config: Config) -> AbstractContextManager[Services]:
    """Open an installation that is there already. Raises as `open_services`."""
    return open_services(config, may_create=False)


@contextmanager
def _open_reads(services: Services, *, tokens: TokenKeeper | None = None) -> Iterator[Reads]:
    """Open a way to ask WeCom under the token that all share; close it at the end of the block."""
    forget_other_app(services)
    with closing(wecom_client(services.config)) as client:
        keeper = tokens or token_keeper(services, client)
        yield Reads(client, keeper, services.read_budget, ending=services.ending)


def share_tokens(services: Services, tokens: TokenKeeper) -> None:
    """Let the directory be read under this process's keeper: two of them would both ask for a token."""
    services.reads = partial(_open_reads, services, tokens=tokens)


def hear_others(services: Services) -> None:
    """Wake this process's threads when another process tells that there is something to do."""
    signals = {INBOX: services.inbox_signal, OUTBOX: services.outbox_signal}
    services.store.engine.listen(lambda topic: signals[topic].wake() if topic in signals else None)


def begin_record(services: Services, *, now: datetime) -> None:
    """Record the files, and the moment of the first `serve` or `run`: the record begins on that day."""
    services.store.marks.first(RECORD_BEGAN, str(int(now.timestamp())))
    if services.store.marks.get(VERSION) != __version__:
        services.store.marks.put(VERSION, __version__)
    record_files(services, now=now)


def record_files(services: Services, *, now: datetime) -> None:
    """Record people and rules of directory and file under today's local date; for `serve` and `run` only."""
    store, day = services.store, services.config.work_calendar().local_day(now)
    is_recorded = directory.is_recorded(services.config, services.directory, store)
    with store.transaction():
        if not is_recorded:
            _record_people(services, day=day)
        quotas = services.config.core_quotas()
        changes.record(quotas, store.rule_versions, today=day, now=int(now.timestamp()))
        record_sections(services, today=day, now=int(now.timestamp()))
        note_mode(services, now=int(now.timestamp()))


def _record_people(services: Services, *, day: date) -> None:
    """Record who works where under the local *day*. Call inside a transaction."""
    store = services.store
    old = directory.list_superseded(services.directory.files, store.roster_lines.all())
    if old:
        store.roster_lines.drop(old)
        log.info("the roster file says something newer than import roster", people=len(old))
    directory.record(services.directory, store.members, day=day)
    directory.note_recorded(services.config, services.directory, store)
    if fault := services.directory.files.fault:
        store.troubles.note(Part.ROSTER, Trouble(0, fault))
    else:
        directory.remember(services.directory.files, store)
        store.troubles.clear(Part.ROSTER)


def refresh_directory(services: Services) -> None:
    """Take a changed roster, if it is valid, and what another process read of WeCom into this one."""
    config, store, before = services.config, services.store, services.directory
    if (stamp := directory.stamp(config, store)) == before.stamp:
        return
    try:
        people = directory.read(config, store)
    except RosterError as error:
        log.warning("changed roster refused; the old one stays", faults=str(error))
        good = replace(before.files, fault=str(error))
        people = replace(directory.build_directory(config, good, store), stamp=stamp)
    services.use(config, people)
    record_files(services, now=services.clock.now())


def forget_other_app(services: Services) -> None:
    """Drop token and trouble that belong to another app, secret or source: a corrected file works at once."""
    wecom, store = services.config.wecom, services.store
    if services.config.directory.source == "csv":
        store.troubles.clear(Part.DIRECTORY, Part.SET_ASIDE)
    parts = (wecom.corp_id, str(wecom.agent_id), wecom.secret.get_secret_value(), wecom.api_base_url)
    app = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    if store.marks.get(_APP) != app:
        with store.transaction():
            store.tokens.forget(TOKEN)
            store.troubles.clear(Part.DELIVERY, Part.DETAILS, Part.WELCOME)
            store.marks.clear(addresses.MARK)  # another source may call from elsewhere
            store.marks.put(_APP, app)


def token_keeper(services: Services, client: WeComClient) -> TokenKeeper:
    """Return the keeper of the app's token, shared through the store."""
    return TokenKeeper(
        name=TOKEN,
        holder=services.holder,
        client=client,
        tokens=services.store.tokens,
        leases=services.store.leases,
        real_time=services.store.now,
    )


def wecom_client(config: Config) -> WeComClient:
    """Return the client that the configuration describes."""
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
    """Open a sender that competes for the delivery lease; finish its calls before the block is left."""
    forget_other_app(services)
    services.store.robots.forget_changed(fingerprints(services.config))
    with closing(wecom_client(services.config)) as client:
        keeper = token_keeper(services, client)
        delivery = FileDelivery(
            services=services,
            agent_id=services.config.wecom.agent_id,
            client=client,
            tokens=keeper,
            outbox=services.store.outbox,
            robots=RobotDelivery(services, client, real_time=services.store.now),
            real_time=services.store.now,
        )
        with closing(Sender(services, delivery, real_time=services.store.now)) as sender:
            yield sender, keeper


@contextmanager
def open_reader(services: Services, *, tokens: TokenKeeper | None = None) -> Iterator[Reader]:
    """Open a reader that competes for the lease of reading contacts; finish its calls with the block.

    *tokens*: the keeper of this process, if it has one already: two of them would both ask for a token.
    """
    forget_other_app(services)
    with closing(wecom_client(services.config)) as client:
        tokens = tokens or token_keeper(services, client)
        with closing(Reader(services, client=client, tokens=tokens, real_time=services.store.now)) as reader:
            yield reader


def _greet(services: Services, stack: ExitStack, greeting: Greeting) -> None:
    """Greet a customer in a process that only now turns out to need a greeter, such as a command."""
    stack.enter_context(open_greeter(services))  # from now on it is asked directly
    services.greet(greeting)


@contextmanager
def open_greeter(services: Services, *, tokens: TokenKeeper | None = None) -> Iterator[None]:
    """Greet new customers inside the block when the inbox is processed; finish calls before it is left.

    *tokens*: the keeper of this process, if it has one already.
    """
    forget_other_app(services)
    ending, before = threading.Event(), services.greet
    with closing(wecom_client(services.config)) as client:
        keeper = tokens or token_keeper(services, client)
        sender = WelcomeSender(client, keeper, real_time=services.store.now, ending=ending)
        with closing(Greeter(services, sender, ending=ending)) as greeter:
            services.greet = greeter.greet
            try:
                yield
            finally:
                services.greet = before
