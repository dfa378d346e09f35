"""PostgreSQL: other processes are told that there is something to do, but not too often."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from builders.e2e import until

from bot.store import postgres
from bot.store.store import Store


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = Store(store_url)
    yield store
    store.close()


@pytest.fixture
def heard(store_url: str) -> Iterator[list[str]]:
    """The topics that another process has heard."""
    other, topics = Store(store_url), list[str]()
    other.engine.listen(topics.append)
    other.engine.notify("hello")
    until(lambda: bool(topics) or other.engine.notify("hello"))
    yield topics
    other.close()


def test_a_burst_is_told_a_few_times_and_its_end_is_not_lost(store: Store, heard: list[str]) -> None:
    began = time.monotonic()
    for _ in range(300):
        with store.transaction():
            store.marks.put("a", "b")
            store.engine.notify("burst")
    took = time.monotonic() - began

    until(lambda: heard.count("burst") >= 2)  # the first at once, the last one a moment later
    assert heard.count("burst") <= took / postgres._TELL_S + 2


def test_topics_are_told_apart(store: Store, heard: list[str]) -> None:
    store.engine.notify("one")
    store.engine.notify("two")

    until(lambda: {"one", "two"} <= set(heard), within_s=60)


def test_a_topic_of_an_undone_transaction_is_not_told(store: Store, heard: list[str]) -> None:
    def fail() -> None:
        with store.transaction():
            store.engine.notify("undone")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    store.engine.notify("after")

    until(lambda: "after" in heard)
    assert "undone" not in heard
