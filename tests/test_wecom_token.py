"""The access token: asked for once at a time, in the whole installation, and never in a loop."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from builders.sandbox import make_world

from bot.store.coordination import TOKEN
from bot.store.store import Store
from bot.wecom.client import Access, WeComClient
from bot.wecom.errors import AnswerError, NotSentError, WeComError
from bot.wecom.token import EARLY_S, PAUSE_AFTER_BLAME_S, PAUSE_AFTER_REFUSAL_S, TokenError, TokenKeeper
from sandbox import server as sandbox_server
from sandbox.server import RunningServer

NOW = 1_795_395_600.0
IN_A_PROCESS = """
import sys
from pathlib import Path
from bot.store.coordination import own_name
from bot.store.store import Store
from bot.wecom.client import Access, WeComClient
from bot.wecom.token import TokenError, TokenKeeper
_, path, corp, secret, url = sys.argv
store = Store(path if "://" in path else Path(path))
client = WeComClient(Access(corp_id=corp, secret=secret, base_url=url))
keeper = TokenKeeper(
    name="app", holder=own_name(), client=client, tokens=store.tokens, leases=store.leases
)
print("ready", flush=True)
sys.stdin.readline()
try:
    print(keeper.get())
except TokenError as error:
    print(error.errcode)
"""


@dataclass
class FakeClient:
    """gettoken as a list of answers; the last one stays."""

    answers: list[tuple[str, int] | WeComError]
    delay_s: float = 0.0
    calls: int = 0
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get_token(self) -> tuple[str, int]:
        with self._lock:
            self.calls += 1
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        time.sleep(self.delay_s)  # that is how long WeCom takes
        with self._lock:
            self._now -= 1
        if isinstance(answer, WeComError):
            raise answer
        return answer


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


@pytest.fixture
def wecom() -> Iterator[RunningServer]:
    world, real = make_world()
    real.now = time.time()
    with sandbox_server.start(world) as running:
        yield running


def keeper_of(
    store: Store, client: FakeClient | WeComClient, clock: Clock | None = None, *, holder: str = "a"
) -> TokenKeeper:
    chosen = clock or Clock()
    return TokenKeeper(
        name=TOKEN,
        holder=holder,
        client=client,  # type: ignore[arg-type]  # the fake has the one method that is used
        tokens=store.tokens,
        leases=store.leases,
        real_time=chosen,
        pause=chosen.pause,
    )


def all_at_once(keepers: list[TokenKeeper]) -> list[str]:
    barrier, got = threading.Barrier(len(keepers)), list[str]()

    def ask(keeper: TokenKeeper) -> None:
        barrier.wait()
        got.append(keeper.get())

    threads = [threading.Thread(target=ask, args=(keeper,)) for keeper in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def processes(count: int, place: Path | str, wecom: RunningServer, *, secret: str) -> list[str]:
    """Let *count* processes ask for the token at the same moment; what each of them prints."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [str(place), wecom.world.app.corp_id, secret, wecom.url]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", IN_A_PROCESS, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ,
            text=True,
        )
        for _ in range(count)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=120)[0].strip() for process in started]


def test_ten_threads_ask_once(store: Store) -> None:
    client = FakeClient([("T", 7200)], delay_s=0.1)
    keeper = keeper_of(store, client)

    assert all_at_once([keeper] * 10) == ["T"] * 10
    assert client.calls == 1


def test_two_keepers_of_one_store_ask_one_at_a_time(store: Store) -> None:
    client = FakeClient([("T", 7200)], delay_s=0.1)

    class Real(Clock):
        def __call__(self) -> float:
            return time.time()

        def pause(self, seconds: float) -> None:
            time.sleep(seconds / 10)  # the keeper's own pause between two looks, shortened

    got = all_at_once([keeper_of(store, client, Real(), holder=name) for name in "abcd"])

    assert got == ["T"] * 4
    assert (client.calls, client.most_at_once) == (1, 1)


def test_two_processes_ask_wecom_once(place: Path | str, store: Store, wecom: RunningServer) -> None:
    got = processes(2, place, wecom, secret=wecom.world.app.secret)

    assert got[0] == got[1] == store.tokens.get("app").token
    assert wecom.world.tokens.calls == 1


def test_two_processes_with_a_wrong_secret_ask_wecom_once(place: Path | str, wecom: RunningServer) -> None:
    assert processes(2, place, wecom, secret="wrong") == ["40001", "40001"]
    assert wecom.world.tokens.calls == 1


def test_a_wrong_secret_is_never_asked_about_in_a_loop(store: Store, wecom: RunningServer) -> None:
    clock = Clock()
    client = WeComClient(Access(corp_id=wecom.world.app.corp_id, secret="wrong", base_url=wecom.url))
    keeper = keeper_of(store, client, clock)
    refused = 0
    while clock.now < NOW + 3600:
        with pytest.raises(TokenError) as caught:
            keeper.get()
        refused += 1
        clock.now += 5
    client.close()

    assert refused == 720
    assert wecom.world.tokens.calls == 3600 // PAUSE_AFTER_REFUSAL_S
    assert caught.value.errcode == 40001
    assert "[wecom] secret" in str(caught.value)
    assert "wrong" not in str(caught.value).replace("the secret is wrong", "")


def test_a_new_process_knows_of_an_earlier_refusal(store: Store) -> None:
    client = FakeClient([AnswerError(40001)])
    with pytest.raises(TokenError):
        keeper_of(store, client).get()

    with pytest.raises(TokenError) as caught:
        keeper_of(store, client, holder="b").get()

    assert (client.calls, caught.value.errcode) == (1, 40001)


def test_who_waited_for_the_lease_looks_again_before_asking(store: Store) -> None:
    """Another process was refused between our look at the store and our lease."""
    client = FakeClient([("T", 7200)])

    class Late(type(store.leases)):  # type: ignore[misc]  # a fake on top of the real one
        def take(self, name: str, *, holder: str, now: int, until: int) -> bool:
            store.tokens.block(TOKEN, error="refused", errcode=40001, until=now + 600)
            return bool(super().take(name, holder=holder, now=now, until=until))

    keeper = TokenKeeper(
        name=TOKEN,
        holder="a",
        client=client,  # type: ignore[arg-type]  # the fake
        tokens=store.tokens,
        leases=Late(store.engine),
        real_time=Clock(),
    )
    with pytest.raises(TokenError) as caught:
        keeper.get()

    assert (client.calls, caught.value.errcode) == (0, 40001)
    assert store.leases.get("token", now=int(NOW)) is None


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        pytest.param(AnswerError(40001), 600, id="a wrong secret"),
        pytest.param(AnswerError(60020), 600, id="an address that is not trusted"),
        pytest.param(AnswerError(45009), 600, id="asked too often"),
        pytest.param(AnswerError(99999), 600, id="a code nobody knows"),
        pytest.param(AnswerError(-1), 15, id="WeCom is busy"),
        pytest.param(NotSentError("no connection"), 15, id="no connection"),
    ],
)
def test_after_a_failure_nobody_asks_for_a_while_and_then_somebody_does(
    store: Store, fault: WeComError, seconds: int
) -> None:
    clock, client = Clock(), FakeClient([fault, ("T", 7200)])
    keeper = keeper_of(store, client, clock)
    for later in (0, 1, seconds - 1):
        clock.now = NOW + later
        with pytest.raises(TokenError) as caught:
            keeper.get()
    calls = client.calls
    clock.now = NOW + seconds

    assert (calls, caught.value.until) == (1, int(NOW) + seconds)
    assert keeper.get() == "T"
    assert store.tokens.get(TOKEN).error == ""


def test_a_token_is_used_until_shortly_before_its_end(store: Store) -> None:
    clock, client = Clock(), FakeClient([("first", 7200), ("second", 7200)])
    keeper = keeper_of(store, client, clock)
    got = []
    for later in (0, 7200 - EARLY_S - 1, 7200 - EARLY_S):
        clock.now = NOW + later
        got.append(keeper.get())

    assert got == ["first", "first", "second"]


def test_a_token_of_a_short_life_is_still_used(store: Store) -> None:
    client = FakeClient([("short", 60)])
    keeper = keeper_of(store, client)

    assert [keeper.get(), keeper.get()] == ["short", "short"]
    assert client.calls == 1


def test_a_refused_token_is_replaced_once_however_many_were_refused(store: Store) -> None:
    client = FakeClient([("old", 7200), ("new", 7200), ("third", 7200)])
    keeper = keeper_of(store, client)
    old = keeper.get()
    got = []
    for _ in range(10):
        keeper.void(old, AnswerError(40014))
        got.append(keeper.get())

    assert got == ["new"] * 10
    assert client.calls == 2


def test_a_revoked_token_is_asked_for_anew_at_the_sandbox(store: Store, wecom: RunningServer) -> None:
    app = wecom.world.app
    client = WeComClient(Access(corp_id=app.corp_id, secret=app.secret, base_url=wecom.url))
    keeper = keeper_of(store, client)
    old = keeper.get()
    wecom.world.tokens.revoke()
    with pytest.raises(AnswerError) as refused:
        client.send_message(b"{}", token=old)
    keeper.void(old, refused.value)
    new = keeper.get()
    client.close()

    assert refused.value.errcode == 40014
    assert new != old
    assert wecom.world.tokens.calls == 2


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_value_that_is_given_again_and_refused_again_is_blamed_on_the_secret(
    store: Store, errcode: int
) -> None:
    """Kind: an error judged without the call that it belongs to."""
    clock, client = Clock(), FakeClient([("T", 7200)])
    keeper = keeper_of(store, client, clock)
    keeper.void(keeper.get(), AnswerError(errcode))
    renewed = keeper.get()
    keeper.void(renewed, AnswerError(errcode))
    with pytest.raises(TokenError, match=r"\[wecom\] secret") as blamed:
        keeper.get()
    clock.now += PAUSE_AFTER_BLAME_S

    assert (renewed, client.calls) == ("T", 2)
    assert blamed.value.needs_human
    assert store.tokens.get(TOKEN).errcode == errcode
    assert keeper.get() == "T"
    assert store.tokens.get(TOKEN).error == ""


def test_a_value_that_was_good_for_long_is_renewed_again(store: Store) -> None:
    clock, client = Clock(), FakeClient([("T", 7200)])
    keeper = keeper_of(store, client, clock)
    for _ in range(5):
        keeper.void(keeper.get(), AnswerError(40014))
        assert keeper.get() == "T"
        clock.now += 400

    assert client.calls == 6


def test_refusals_of_calls_that_were_under_way_blame_nobody(store: Store) -> None:
    """Ten calls side by side are refused; the first of them renews the token, to the same value."""
    client = FakeClient([("T", 7200)])
    keeper = keeper_of(store, client)
    got = threading.Barrier(10)
    faults: list[TokenError] = []

    def call() -> None:
        token = keeper.get()
        got.wait()
        try:
            keeper.void(token, AnswerError(40014))
            keeper.get()
        except TokenError as error:
            faults.append(error)

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    assert client.calls == 2


def test_values_that_are_refused_one_after_another_are_each_renewed(store: Store) -> None:
    client = FakeClient([("1", 7200), ("2", 7200), ("3", 7200), ("4", 7200)])
    keeper = keeper_of(store, client)
    for _ in range(3):
        keeper.void(keeper.get(), AnswerError(40014))

    assert keeper.get() == "4"


def test_a_holder_that_died_while_asking_is_waited_for_and_then_replaced(store: Store) -> None:
    clock, client = Clock(), FakeClient([("T", 7200)])
    store.leases.take("token", holder="dead", now=int(NOW), until=int(NOW) + 11)

    assert keeper_of(store, client, clock).get() == "T"
    assert 11 <= clock.now - NOW < 12


def test_a_holder_that_never_lets_go_is_not_waited_for_without_end(store: Store) -> None:
    clock, client = Clock(), FakeClient([("T", 7200)])
    store.leases.take("token", holder="other", now=int(NOW), until=int(NOW) + 10_000)

    with pytest.raises(TokenError, match="another process"):
        keeper_of(store, client, clock).get()

    assert client.calls == 0
    assert clock.now - NOW < 30
