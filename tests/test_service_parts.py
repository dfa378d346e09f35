"""How the parts of a service are joined: whose token is kept, who is woken, what is open and closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import MADE_UP_APP, FakeTime, at, write_config, write_roster
from builders.service_acts import EMPLOYEES, TEN, Bank, bank

from bot.app import bootstrap
from bot.app.bootstrap import hear_others, open_greeter, open_reader, open_sender, open_services, share_tokens
from bot.config import load
from bot.services import Services, Signal
from bot.store.coordination import TOKEN
from bot.store.copy import COPIED_AT, COPIED_FROM
from bot.store.engine import StoreError
from bot.store.sqlite import SqliteEngine
from bot.store.store import Store
from bot.wecom.token import TokenKeeper

ADDRESS = "http://127.0.0.1:9"
TROUBLES = ("delivery_trouble", "details_trouble", "welcome_trouble")  # marks of the store


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Bank]:
    with bank(tmp_path) as opened:
        yield opened


def installed(folder: Path, *, api_url: str = ADDRESS, **app: Any) -> AbstractContextManager[Services]:
    """The installation in *folder*, whose file may have changed meanwhile."""
    write_roster(folder, *EMPLOYEES)
    path = write_config(folder, app={**MADE_UP_APP, **app}, api_url=api_url)
    return open_services(load(path, environ={}), clock=FakeTime(at(TEN)))


# --- whose token and trouble are kept ---


def use(services: Services, part: str) -> None:
    """Open and close one of those who ask WeCom."""
    opened: Callable[[Services], AbstractContextManager[object]] = {
        "sender": open_sender,
        "reader": open_reader,
        "greeter": open_greeter,
        "directory": lambda mine: mine.reads(),
    }[part]
    with opened(services):
        pass


def remember(services: Services) -> None:
    store = services.store
    store.tokens.put(TOKEN, token="of the first app", expires_at=int(time.time()) + 7200)
    for trouble in TROUBLES:
        store.marks.put(trouble, "a trouble of the first app")


def remembered(services: Services) -> tuple[str, list[str | None]]:
    store = services.store
    return store.tokens.get(TOKEN).token, [store.marks.get(trouble) for trouble in TROUBLES]


OTHER_APPS = [
    pytest.param({"corp_id": "ww9876543210fedcba"}, id="corp"),
    pytest.param({"agent_id": 1000003}, id="agent"),
    pytest.param({"secret": "another-secret"}, id="secret"),
    pytest.param({"api_url": "http://127.0.0.1:19"}, id="address"),
]


@pytest.mark.parametrize("changed", OTHER_APPS)
def test_token_and_trouble_of_another_app_are_dropped(tmp_path: Path, changed: dict[str, Any]) -> None:
    with installed(tmp_path) as services:
        use(services, "sender")
        remember(services)
    with installed(tmp_path, **changed) as services:
        use(services, "sender")

        assert remembered(services) == ("", [None] * 3)


@pytest.mark.parametrize("part", ["sender", "reader", "greeter", "directory"])
def test_whoever_asks_wecom_first_drops_the_token_of_another_app(tmp_path: Path, part: str) -> None:
    with installed(tmp_path) as services:
        use(services, part)
        remember(services)
        use(services, part)
        kept = remembered(services)
    with installed(tmp_path, secret="another-secret") as services:
        use(services, part)

        assert kept == ("of the first app", ["a trouble of the first app"] * 3)
        assert remembered(services) == ("", [None] * 3)


def test_a_failed_reading_of_wecoms_lists_is_no_trouble_of_a_file(here: Bank) -> None:
    here.services.store.marks.put("directory_trouble", "60020")
    use(here.services, "sender")

    assert here.services.store.marks.get("directory_trouble") is None


def test_all_who_ask_wecom_in_one_service_share_one_keeper_of_the_token(here: Bank) -> None:
    asked: list[str] = []

    class Counted(TokenKeeper):
        def get(self) -> str:
            asked.append(threading.current_thread().name)
            return super().get()

    services = here.services
    client = bootstrap.wecom_client(services.config)
    store = services.store
    keeper = Counted(
        name=TOKEN, holder=services.holder, client=client, tokens=store.tokens, leases=store.leases
    )
    share_tokens(services, keeper)
    with services.reads() as reads:
        reads.ask("corp tags", lambda token: token)
    client.close()

    assert len(asked) == 1


def test_without_a_keeper_of_its_own_the_directory_still_gets_a_token(here: Bank) -> None:
    with here.services.reads() as reads:
        assert reads.ask("corp tags", lambda token: token) == "token"
    assert here.far.tokens == 1


# --- who is woken ---


def wakes(signal_of: Callable[[Services], Any], services: Services, wake: Callable[[], None]) -> bool:
    """Whether somebody who waits is woken long before the time is up."""
    signal = signal_of(services)
    signal.wait(0)  # what happened before does not count
    woken = threading.Event()

    def wait() -> None:
        signal.wait(60)
        woken.set()

    thread = threading.Thread(target=wait)
    thread.start()
    wake()
    found = woken.wait(30)
    signal.wake()
    thread.join()
    return found


@pytest.mark.parametrize("topic", ["inbox", "outbox"])
def test_what_another_process_tells_wakes_whom_it_concerns(
    here: Bank, monkeypatch: pytest.MonkeyPatch, topic: str
) -> None:
    heard: list[Callable[[str], None]] = []
    monkeypatch.setattr(here.services.store.engine, "listen", heard.append)
    hear_others(here.services)
    heard[0]("something of a newer version")

    assert wakes(lambda mine: getattr(mine, f"{topic}_signal"), here.services, lambda: heard[0](topic))


def test_what_this_process_has_for_others_is_told_under_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(SqliteEngine, "notify", lambda _engine, topic: told.append(topic))
    with installed(tmp_path) as services:
        services.inbox_signal.ring()
        services.outbox_signal.ring()

    assert told == ["inbox", "outbox"]


def test_a_store_that_is_away_keeps_nobody_here_from_being_woken(here: Bank) -> None:
    def away() -> None:
        raise StoreError("away")

    signal = Signal(away)

    assert wakes(lambda _mine: signal, here.services, signal.ring)


# --- what is open ---


def test_an_installation_is_closed_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    close = SqliteEngine.close

    def noted(engine: SqliteEngine) -> None:
        closed.append("store")
        close(engine)

    monkeypatch.setattr(SqliteEngine, "close", noted)
    with installed(tmp_path) as services:
        monkeypatch.setattr(services.read_budget, "leave", lambda: closed.append("budget"))
    with pytest.raises(LookupError), installed(tmp_path):
        raise LookupError

    assert closed == ["budget", "store", "store"]


def test_half_a_copy_is_refused_and_a_whole_one_is_opened(tmp_path: Path) -> None:
    with installed(tmp_path) as services:
        services.store.marks.put(COPIED_FROM, "another store")
    with pytest.raises(StoreError, match="not complete"), installed(tmp_path):
        pytest.fail("it lacks facts")
    store = Store(tmp_path / "quotabot.db")
    store.marks.put(COPIED_AT, "1")
    store.close()

    with installed(tmp_path) as services:
        assert services.store.marks.get(COPIED_AT) == "1"


def test_an_installation_goes_by_the_time_of_the_machine_unless_told_otherwise(tmp_path: Path) -> None:
    write_roster(tmp_path, *EMPLOYEES)
    with open_services(load(write_config(tmp_path), environ={})) as services:
        before, now, after = datetime.now(UTC), services.clock.now(), datetime.now(UTC)

    assert before <= now <= after


def test_each_opening_has_a_name_of_its_own(tmp_path: Path) -> None:
    with installed(tmp_path) as one, installed(tmp_path) as two:
        assert one.holder != two.holder


def test_a_greeter_gives_back_whom_the_services_had_before(here: Bank) -> None:
    services = here.services
    before = services.greet
    with open_greeter(services):
        inside = services.greet

    assert inside is not before
    assert services.greet is before
