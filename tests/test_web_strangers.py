"""A flood of wrong signatures: the log names its address once a minute, and nobody is blocked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from builders.config import AES_KEY, TOKEN
from builders.service import CORP, Callback, contact_event, logged, sealed
from structlog.typing import EventDict

from bot.web import receiver
from bot.web.peer import Peer
from bot.web.receiver import Receiver
from bot.web.request import Request
from bot.web.strangers import MOST, Strangers
from bot.wecom.crypto import CallbackCrypto

HERE, THERE = "203.0.113.7", "198.51.100.1"


@pytest.fixture(autouse=True)
def every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each refusal is logged, however soon it follows another one."""
    monkeypatch.setattr(receiver, "_PAUSE_S", 0.0)


@pytest.fixture
def lines() -> Iterator[list[EventDict]]:
    with logged(receiver) as entries:
        yield entries


@pytest.fixture
def tried() -> Callable[..., int]:
    """Send a callback from an address; the status of the answer."""
    made = Receiver(
        crypto=CallbackCrypto(token=TOKEN, aes_key=AES_KEY, corp_id=CORP),
        put=lambda *, done, **_row: done(True),
        max_age=3600,
        peer=Peer(()),
    )

    def send(callback: Callback, *, client: str = HERE) -> int:
        asked = Request(
            method="POST",
            path="/callback",
            query=urlencode(callback.query),
            body=callback.body,
            client=client,
            forwarded="",
        )
        statuses: list[int] = []
        made.handle(asked, lambda status, _body: statuses.append(status))
        (status,) = statuses
        return status

    return send


def genuine() -> Callback:
    return sealed(contact_event())


def forged() -> Callback:
    return genuine().with_query(msg_signature="0" * 40)


def test_a_flood_of_one_address_is_told_once_and_genuine_callbacks_of_it_pass(
    tried: Callable[..., int], lines: list[EventDict]
) -> None:
    statuses = {tried(forged()) for _ in range(MOST * 3)}
    passed = tried(genuine())

    assert (statuses, passed) == ({403}, 200)
    assert [line["event"] for line in lines].count("callback refused") == MOST
    assert [line["peer"] for line in lines if line["event"].startswith("many wrong signatures")] == [HERE]


def test_the_flood_of_one_address_hides_no_line_of_another(
    tried: Callable[..., int], lines: list[EventDict]
) -> None:
    for _ in range(MOST * 2):
        tried(forged())
    lines.clear()
    status = tried(forged(), client=THERE)

    assert (status, [line["peer"] for line in lines]) == (403, [THERE])


def test_the_addresses_of_one_household_are_one(tried: Callable[..., int], lines: list[EventDict]) -> None:
    for number in range(MOST + 50):
        tried(forged(), client=f"2001:db8:1:2::{number:x}")

    assert len(lines) == MOST + 1


def test_other_refusals_are_told_one_by_one(tried: Callable[..., int], lines: list[EventDict]) -> None:
    for _ in range(MOST * 2):
        tried(genuine().with_query(nonce=None))

    assert len(lines) == MOST * 2


def test_a_new_minute_begins_at_one() -> None:
    clock = [100.0]
    strangers = Strangers(monotonic=lambda: clock[0])
    for _ in range(MOST * 2):
        strangers.note(HERE)
    clock[0] += 59
    within = strangers.note(HERE)
    clock[0] += 1

    assert (within, strangers.note(HERE)) == (MOST * 2 + 1, 1)


def test_a_crowd_of_addresses_takes_no_more_memory_than_a_few() -> None:
    strangers = Strangers()
    for number in range(50_000):
        strangers.note(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")

    assert len(strangers._seen) <= 1000
