"""Rows of the outbox: what is over stays as it is, what was tried is not replanned, private words go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.chat import arrive, text_event
from builders.e2e import FakeTime, at, rows_of, where
from builders.reviews import TUESDAY, branch, lost_contact

from bot.features.customers import names
from bot.store.customers import CustomerName
from bot.store.outbox import Lane, OutboxMessage
from bot.store.store import Store

NOW = 1_000_000
LATER = NOW + 7200
KEY = "progress:2026-11-23:yg01"
KEEPS = "[privacy]\nstore_customer_names = true\n"
NAME, REMARK = "向阳花", "李经理"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "bot.db")
    yield store
    store.close()


def put(store: Store, key: str = KEY, **changes: Any) -> int:
    given: dict[str, Any] = {
        "key": key,
        "job": key.partition(":")[0],
        "to_userid": "yg01",
        "content": "今天加 2 位就够",
        "msgtype": "text",
        "not_before": NOW,
        "expires_at": NOW + 3600,
    }
    assert store.outbox.add(OutboxMessage(**(given | changes)), created_at=NOW)
    row = store.outbox.by_key(key)
    assert row is not None
    return int(row["seq"])


def kept(store: Store, key: str = KEY) -> dict[str, Any]:
    """Every column of the row."""
    store.engine.learn("-- name: row_of_a_test(key)^\nSELECT * FROM outbox WHERE key = :key;")
    row = store.engine.one("row_of_a_test", key=key)
    assert row is not None
    return dict(row)


def end(store: Store, seq: int, state: str) -> None:
    if state == "expired":
        assert store.outbox.expire(real_now=LATER, clock_now=LATER) == 1
    elif state == "dropped":
        assert store.outbox.withdraw(seq, reason="muted", now=NOW)
    else:
        store.outbox.finish(seq, state=state, now=NOW, receipt='{"msgid": "1"}')


# --- what is over ---


@pytest.mark.parametrize("state", ["sent", "failed", "unknown", "expired", "dropped"])
def test_nothing_changes_a_message_that_has_its_end(store: Store, state: str) -> None:
    seq = put(store)
    end(store, seq, state)
    before = kept(store)
    outbox = store.outbox

    began = outbox.begin(seq, request=b"{}", now=LATER)
    waits = outbox.wait(seq, content="later", expires_at=LATER + 3600)
    withdrawn = outbox.withdraw(seq, reason="leave", now=LATER)
    outbox.finish(seq, state="sent" if state != "sent" else "failed", now=LATER, error="late")
    outbox.retry(seq, next_try_at=LATER, unsure_since=LATER, error="late")
    outbox.fall_back(seq, msgtype="markdown", content="simpler", refused="text 1", now=LATER)
    outbox.postpone(seq, next_try_at=LATER)
    outbox.expire(real_now=LATER, clock_now=LATER)

    assert (began, waits, withdrawn) == (False, False, False)
    assert kept(store) == before
    assert before["state"] == state


@pytest.mark.parametrize("state", ["sent", "expired", "dropped", "pending"])
def test_only_dead_letters_are_revived_or_dropped_by_hand(store: Store, state: str) -> None:
    seq = put(store)
    if state != "pending":
        end(store, seq, state)
    before = kept(store)

    assert (store.outbox.revive(KEY, now=LATER), store.outbox.drop(KEY)) == (False, False)
    assert kept(store) == before


def test_a_dropped_letter_does_not_come_back(store: Store) -> None:
    end(store, put(store), "failed")

    assert (store.outbox.drop(KEY), store.outbox.revive(KEY, now=LATER)) == (True, False)
    assert (kept(store)["state"], store.outbox.dead()) == ("dropped", [])


# --- what was tried ---


def test_what_was_tried_neither_waits_nor_is_withdrawn_nor_looked_at_again(store: Store) -> None:
    seq = put(store)
    assert store.outbox.begin(seq, request=b"{}", now=NOW)
    store.outbox.retry(seq, next_try_at=NOW, unsure_since=None, error="busy")
    before = kept(store)

    found = store.outbox.unasked_due(real_now=NOW, clock_now=NOW, batch=9)
    waits = store.outbox.wait(seq, content="later", expires_at=LATER + 3600)
    withdrawn = store.outbox.withdraw(seq, reason="muted", now=NOW)

    assert (found, waits, withdrawn) == ([], False, False)
    assert kept(store) == before


def test_a_second_try_keeps_the_bytes_and_the_doubt_of_the_first(store: Store) -> None:
    seq = put(store)
    for number in (1, 2):
        assert store.outbox.begin(seq, request=f"try {number}".encode(), now=NOW + number)

    (row,) = store.outbox.due(real_now=NOW + 9, clock_now=NOW, batch=1)
    assert (row.request, row.unsure_since, row.attempts) == (b"try 1", NOW + 1, 2)
    assert not store.outbox.is_taken(seq, request=b"try 1")
    assert store.outbox.is_taken(seq + 1, request=b"try 1")
    assert not store.outbox.is_taken(seq + 1, request=b"try 2")


def test_the_last_look_is_about_what_nobody_asked_for_and_has_not_lost_its_point(store: Store) -> None:
    put(store, "answer:1", lane=Lane.FAST)
    put(store, "progress:late", expires_at=NOW)
    put(store, "progress:early", not_before=NOW + 1)
    put(store, "progress:now")

    assert [row.key for row in store.outbox.unasked_due(real_now=NOW, clock_now=NOW, batch=9)] == [
        "progress:now"
    ]


def test_what_wecom_may_have_taken_is_unknown_when_its_time_is_over(store: Store) -> None:
    tried, refused = put(store, "a"), put(store, "b")
    for seq in (tried, refused):
        store.outbox.begin(seq, request=f"{seq}".encode(), now=NOW)
    store.outbox.retry(refused, next_try_at=NOW, unsure_since=None, error="busy")
    store.outbox.expire(real_now=LATER, clock_now=LATER)

    assert [kept(store, key)["state"] for key in "ab"] == ["unknown", "expired"]
    assert kept(store, "a")["unsure_since"] == NOW


def test_one_with_simpler_forms_that_may_have_arrived_stays_open_in_its_new_round(store: Store) -> None:
    """A refused form falls back to a simpler one; after one that may have arrived it would come twice."""
    forms = '[{"msgtype": "text"}]'
    for key, state, given in (("a", "unknown", forms), ("b", "failed", forms), ("c", "unknown", "")):
        seq = put(store, key, forms=given)
        store.outbox.begin(seq, request=key.encode(), now=NOW)
        store.outbox.finish(seq, state=state, now=NOW)
        assert (kept(store, key)["unsure_since"] == NOW) is (state == "unknown")
        assert store.outbox.revive(key, now=LATER)

    due = {row.key: row for row in store.outbox.due(real_now=NOW, clock_now=NOW, batch=9)}
    assert [due[key].unsure_since for key in "abc"] == [LATER, None, None]
    assert [(due[key].attempts, due[key].request) for key in "abc"] == [(0, b"a"), (0, b"b"), (0, b"c")]


def test_a_form_that_was_refused_leaves_nothing_of_its_try(store: Store) -> None:
    seq = put(store, msgtype="template_card")
    store.outbox.begin(seq, request=b"card", now=NOW)
    store.outbox.fall_back(
        seq, msgtype="markdown", content="simpler", refused="template_card 42027", now=NOW + 1
    )

    (row,) = store.outbox.due(real_now=NOW + 1, clock_now=NOW, batch=1)
    assert (row.msgtype, row.content, row.request, row.attempts, row.unsure_since) == (
        *("markdown", "simpler", None, 0),
        None,
    )
    assert not store.outbox.is_taken(seq + 1, request=b"card")
    assert store.outbox.tries_since(NOW) == [("yg01", NOW + 1)]


# --- what only its receiver may read ---


@pytest.mark.parametrize("style", ["card", "markdown", "text"])
def test_no_name_of_a_customer_stays_in_the_outbox_of_an_answer_that_went(tmp_path: Path, style: str) -> None:
    more = f'{KEEPS}[messages]\nstyle = "{style}"\n'
    with branch(tmp_path, more=more, when=TUESDAY) as services:
        customer = lost_contact(services)
        with services.store.transaction():
            one = CustomerName(userid="zhang", external_userid=customer, name=NAME, remark=REMARK)
            names.keep(services, [one])
        arrive(services, text_event("zhang", "明细", at=int(TUESDAY.timestamp())))
        (row,) = rows_of(where(services), "SELECT * FROM outbox")
        shown = {name for form in json.loads(row["forms"]) for name in _names_in(form["body"])}
        texts = [row["content"], *(form["text"] for form in json.loads(row["forms"]))]
        services.store.outbox.begin(row["seq"], request=f"…{REMARK}…".encode(), now=NOW)
        services.store.outbox.finish(row["seq"], state="sent", now=NOW)
        (sent,) = rows_of(where(services), "SELECT * FROM outbox")

    assert REMARK in shown
    assert [_names_in(text) for text in texts] == [[]] * len(texts)
    assert "…lost" in row["content"]
    assert sent["state"] == "sent"
    assert _names_in(_readable(sent)) == []


def _readable(row: dict[str, Any]) -> str:
    """Every column as somebody reads it who opens the file; bytes too."""
    return " ".join(
        bytes(value).decode() if isinstance(value, bytes | memoryview) else str(value)
        for value in row.values()
    )


def _names_in(something: object) -> list[str]:
    text = something if isinstance(something, str) else json.dumps(something, ensure_ascii=False)
    return [name for name in (NAME, REMARK) if name in text]


# --- answers ---


def test_an_answer_goes_at_once_by_the_fast_lane_and_loses_its_point_after_two_hours(tmp_path: Path) -> None:
    night = at("2026-11-28T23:30")
    with branch(tmp_path, when=night) as services:
        assert isinstance(services.clock, FakeTime)
        arrive(services, text_event("zhang", "帮助", at=int(night.timestamp())))
        (row,) = rows_of(where(services), "SELECT * FROM outbox")
    moment = int(night.timestamp())

    assert (row["lane"], row["not_before"]) == (0, moment)
    assert row["expires_at"] == moment + 2 * 3600
