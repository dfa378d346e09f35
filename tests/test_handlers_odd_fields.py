"""Odd fields in events that WeCom signed: each is refused alone, its neighbours count, on both engines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.chat import arrive, click_event, text_event
from builders.e2e import rows_of, where
from builders.imports import branch
from builders.service import contact_event

from bot.services import Services
from bot.wecom import events

# As long as no id is, and no compression makes it short: the index of a database has a limit.
LONG = hashlib.shake_256(b"").hexdigest(3000)


@pytest.fixture
def bank(tmp_path: Path, place: Path | str) -> Iterator[Services]:
    with branch(tmp_path, place) as services:
        yield services


def came_of(services: Services) -> list[tuple[str, str]]:
    """State and error of every event, in the order of arrival."""
    rows = rows_of(where(services), "SELECT state, error FROM inbox ORDER BY seq")
    return [(row["state"], row["error"]) for row in rows]


@pytest.mark.parametrize(
    ("odd", "error"),
    [
        pytest.param(
            contact_event(userid="lisi", customer=LONG), "ExternalUserID is too long", id="customer"
        ),
        pytest.param(contact_event(userid=LONG), "UserID is too long", id="employee"),
        pytest.param(text_event("lisi", "进度", msgid=LONG), "MsgId is too long", id="message"),
        pytest.param(click_event("lisi", LONG), "EventKey is too long", id="button"),
    ],
)
def test_an_id_without_end_stops_no_other_event(bank: Services, odd: bytes, error: str) -> None:
    good = [contact_event(userid="lisi", customer=f"wm-{number}") for number in range(2)]
    arrive(bank, good[0], odd, good[1])

    assert came_of(bank) == [("done", ""), ("pending", error), ("done", "")]


def test_a_fact_that_the_store_cannot_take_stops_no_other_event(
    bank: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else a database refuses: facts are stored at the end of the transaction of all events."""
    monkeypatch.setattr(events._id, "__kwdefaults__", {"longest": 10_000})
    good = [contact_event(userid="lisi", customer=f"wm-{number}") for number in range(3)]
    arrive(bank, good[0], contact_event(userid="lisi", customer=LONG), good[1])
    arrive(bank, good[2])
    states = [state for state, _ in came_of(bank)]

    of_the_odd = "pending" if isinstance(where(bank), str) else "done"
    assert states == ["done", of_the_odd, "done", "done"]
    known = {row["external_userid"] for row in rows_of(where(bank), "SELECT external_userid FROM adds")}
    assert {f"wm-{number}" for number in range(3)} <= known
