"""The inbox is worked off: retries, dead letters, neighbours, restarts, and events nobody handles."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from builders.service import ROSTER, contact_event, logged, rows, services
from builders.stores import kept_contacts

import handlers
from bot.features.ledger.derive import derive
from bot.features.people.directory import merge_known
from bot.services import Services
from bot.store.engine import StoreBusyError, StoreError
from bot.store.store import Store
from bot.wecom.events import ContactAdded, ContactEvent
from handlers import inbox
from handlers.inbox import work_off
from handlers.router import Router

START = 1_795_395_600
ADDS = "SELECT userid, external_userid, added_at, nth, ended_at, ended_by, slips FROM adds ORDER BY 1, 2, 3"


@dataclass
class Clock:
    now: int = START

    def time(self) -> float:
        return float(self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(Store, "now", lambda _store: clock.time())
    return clock


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Services]:
    with services(tmp_path) as opened:
        yield opened


def receive(opened: Services, *bodies: bytes) -> None:
    with opened.store.transaction():
        opened.store.engine.run_many(
            "inbox_add",
            [{"hash": sha256(body).hexdigest(), "body": body, "received_at": START} for body in bodies],
        )


def table(opened: Services, query: str) -> list[tuple[object, ...]]:
    return list(rows(opened.store.engine.path, query))


def states(opened: Services) -> list[object]:
    return [row[0] for row in table(opened, "SELECT state FROM inbox ORDER BY seq")]


def failing_for(customer: str, error: Exception) -> Router:
    """The real handlers, after one that fails for one customer."""
    router = Router()

    @router.on(ContactEvent)
    def fail(event: ContactEvent, services: Services) -> None:
        if event.external_userid == customer:
            raise error

    return Router.of(router, handlers.ALL)


def test_a_failing_event_is_tried_five_times_over_about_an_hour_and_then_given_up(
    opened: Services, clock: Clock
) -> None:
    receive(opened, contact_event(customer="wmBad"))
    router = failing_for("wmBad", LookupError("customer wmBad"))
    tried_at: list[int] = []
    with logged(inbox) as entries:
        while clock.now < START + 3 * 3600:
            if work_off(opened, router=router):
                tried_at.append(clock.now - START)
            clock.now += 10

    assert len(tried_at) == 5
    assert 3000 <= tried_at[-1] <= 4200
    assert states(opened) == ["dead"]
    assert [entry["dead"] for entry in entries] == [False] * 4 + [True]
    assert "wmBad" not in repr(entries)
    (letter,) = opened.store.inbox.dead()
    assert (letter["attempts"], letter["error"]) == (5, "LookupError")


def test_an_event_is_dated_by_the_clock_that_all_processes_share(opened: Services, clock: Clock) -> None:
    receive(opened, contact_event())

    work_off(opened)

    assert table(opened, "SELECT recorded_at FROM relation_events") == [(clock.now,)]


def test_the_neighbours_of_a_failing_event_are_done(opened: Services, clock: Clock) -> None:
    receive(opened, *(contact_event(customer=name) for name in ("wm1", "wmBad", "wm3")))

    work_off(opened, router=failing_for("wmBad", LookupError()))

    assert states(opened) == ["done", "pending", "done"]
    assert [row[1] for row in table(opened, ADDS)] == ["wm1", "wm3"]


def test_what_a_failing_handler_wrote_is_undone(opened: Services, clock: Clock) -> None:
    late = Router()

    @late.on(ContactEvent)
    def fail(event: ContactEvent, services: Services) -> None:
        raise LookupError

    receive(opened, contact_event())

    work_off(opened, router=Router.of(handlers.ALL, late))

    assert table(opened, "SELECT * FROM relation_events") == []
    assert table(opened, "SELECT * FROM dirty") == []


def test_an_event_that_succeeds_at_a_later_try_counts(opened: Services, clock: Clock) -> None:
    receive(opened, contact_event(customer="wmBad"))
    work_off(opened, router=failing_for("wmBad", LookupError()))
    clock.now += 30

    work_off(opened)

    assert states(opened) == ["done"]
    assert len(table(opened, ADDS)) == 1
    assert opened.store.inbox.failing(upto=99) == []


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(StoreBusyError("locked"), id="the store is busy"),
        pytest.param(StoreError("gone"), id="the store is gone"),
    ],
)
def test_a_fault_of_the_store_is_no_fault_of_the_event(
    opened: Services, clock: Clock, error: StoreError
) -> None:
    receive(opened, contact_event(customer="wm1"), contact_event(customer="wmBad"))

    with pytest.raises(StoreError):
        work_off(opened, router=failing_for("wmBad", error))

    assert table(opened, "SELECT state, attempts FROM inbox") == [("pending", 0), ("pending", 0)]
    work_off(opened)
    assert states(opened) == ["done", "done"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(contact_event(userid=""), "UserID is missing", id="no UserID"),
        pytest.param(contact_event(userid="  "), "UserID is missing", id="a blank UserID"),
        pytest.param(contact_event(userid="a b"), "UserID has a blank in it", id="a blank inside UserID"),
        pytest.param(contact_event(customer=""), "ExternalUserID is missing", id="no ExternalUserID"),
        pytest.param(contact_event(at=""), "CreateTime is missing or no number", id="no CreateTime"),
        pytest.param(contact_event(at="-5"), "CreateTime is missing or no number", id="a negative time"),
        pytest.param(contact_event(at="9" * 30), "CreateTime is missing or no number", id="a huge time"),
    ],
)
def test_a_contact_event_that_lacks_something_fails_with_the_name_of_the_field(
    opened: Services, clock: Clock, body: bytes, reason: str
) -> None:
    receive(opened, body)

    work_off(opened)

    assert table(opened, "SELECT state, error FROM inbox") == [("pending", reason)]


def test_a_customer_id_of_any_shape_counts(opened: Services, clock: Clock) -> None:
    receive(opened, contact_event(customer="wm a b"))

    work_off(opened)

    assert [row[1] for row in table(opened, ADDS)] == ["wm a b"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<xml></xml>", id="an empty event"),
        pytest.param(b"<xml><MsgType>hologram</MsgType><Content>a</Content></xml>", id="a message"),
        pytest.param(b"<xml><MsgType>event</MsgType><Event>never_heard_of</Event></xml>", id="a new event"),
        pytest.param(contact_event("msg_audit_approved"), id="a new kind of contact event"),
        pytest.param(b"<other><MsgType><a>1</a><a>2</a></MsgType></other>", id="something else entirely"),
        pytest.param(b"<xml><CreateTime>soon</CreateTime></xml>", id="a time that is none"),
    ],
)
def test_what_nobody_handles_is_ignored_and_kept(opened: Services, clock: Clock, body: bytes) -> None:
    receive(opened, body)

    work_off(opened)

    assert table(opened, "SELECT state, body FROM inbox") == [("ignored", body)]


def test_names_of_events_compare_without_case(opened: Services, clock: Clock) -> None:
    receive(opened, contact_event("ADD_External_Contact").replace(b"change_external", b"Change_External"))

    work_off(opened)

    assert len(table(opened, ADDS)) == 1


def test_a_dead_letter_that_is_retried_begins_anew_and_one_that_is_dropped_stays_away(
    opened: Services, clock: Clock
) -> None:
    receive(opened, contact_event(customer="wmBad"), contact_event(customer="wm2"))
    for seq in (1, 2):
        opened.store.inbox.fail(seq, kind="x", attempts=5, next_try_at=None, error="x")

    revived = opened.store.inbox.revive(1), opened.store.inbox.revive(1)
    dropped = opened.store.inbox.drop(2), opened.store.inbox.drop(2), opened.store.inbox.revive(2)
    work_off(opened, router=failing_for("wmBad", LookupError()))

    assert (revived, dropped) == ((True, False), (True, False, False))
    assert table(opened, "SELECT state, attempts FROM inbox ORDER BY seq") == [("pending", 1), ("dropped", 5)]


def test_what_is_not_dead_can_be_neither_retried_nor_dropped(opened: Services, clock: Clock) -> None:
    receive(opened, contact_event())

    assert not opened.store.inbox.drop(1)
    assert not opened.store.inbox.revive(1)
    work_off(opened)
    assert not opened.store.inbox.drop(1)
    assert not opened.store.inbox.revive(99)


def test_only_what_came_before_is_worked_off_when_asked_so(opened: Services, clock: Clock) -> None:
    receive(opened, contact_event(customer="wm1"))
    newest = opened.store.inbox.newest()
    receive(opened, contact_event(customer="wm2"))

    work_off(opened, upto=newest)

    assert states(opened) == ["done", "pending"]


def test_more_events_than_one_batch_are_all_worked_off(opened: Services, clock: Clock) -> None:
    receive(opened, *(contact_event(customer=f"wm{number}") for number in range(inbox.BATCH * 2 + 3)))

    assert work_off(opened) == inbox.BATCH * 2 + 3
    assert len(table(opened, ADDS)) == inbox.BATCH * 2 + 3


def test_a_restart_goes_on_where_the_last_process_stopped(tmp_path: Path, clock: Clock) -> None:
    with services(tmp_path) as first:
        receive(first, contact_event(customer="wm1"), contact_event(customer="wmBad"))
        work_off(first, router=failing_for("wmBad", LookupError()))
        receive(first, contact_event(customer="wm3"))
    with services(tmp_path) as second:
        work_off(second)
        before = states(second)
        clock.now += 30
        work_off(second)

        assert before == ["done", "pending", "done"]
        assert states(second) == ["done", "done", "done"]
        assert len(table(second, ADDS)) == 3


def test_a_crash_before_the_commit_leaves_the_event_to_be_handled(opened: Services, clock: Clock) -> None:
    receive(opened, contact_event())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inbox, "derive_touched", lambda services: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            work_off(opened)
    before = states(opened)

    work_off(opened)

    assert before == ["pending"]
    assert (states(opened), len(table(opened, ADDS))) == (["done"], 1)


def test_an_event_and_its_add_are_stored_in_one_transaction(opened: Services, clock: Clock) -> None:
    receive(opened, contact_event())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inbox, "derive", lambda services: None)
        patch.setattr(inbox, "answer_waiting", lambda services: None)
        work_off(opened)

    assert len(table(opened, ADDS)) == 1
    assert table(opened, "SELECT * FROM dirty") == []


def test_facts_that_were_stored_but_not_derived_before_a_crash_are_derived_after_it(
    opened: Services, clock: Clock
) -> None:
    receive(opened, contact_event())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inbox, "derive_touched", lambda services: (_ for _ in ()).throw(LookupError))
        patch.setattr(inbox, "derive", lambda services: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            work_off(opened)
    underived = table(opened, ADDS)

    derive(opened)

    assert (underived, len(table(opened, ADDS))) == ([], 1)


def test_the_event_of_somebody_unknown_counts_once_the_roster_knows_him(tmp_path: Path, clock: Clock) -> None:
    with services(tmp_path) as before:
        receive(before, contact_event(userid="NewHire7"))
        work_off(before)
        unknown = merge_known(before.directory, {}, day=before.clock.now().date())
        kept = states(before)
    with services(tmp_path, roster=ROSTER + "newhire7,员工丙,2,,,,,\n") as after:
        people = merge_known(after.directory, {}, day=after.clock.now().date())
        adds = kept_contacts(after.store)

    assert (kept, "newhire7" in unknown) == (["done"], False)
    assert [contact.add.external_userid for contact in adds["newhire7"]] == [
        "wmSIM0AAAAcust000000000000000001"
    ]
    assert "newhire7" in people


def test_two_workers_on_one_store_do_everything_once(tmp_path: Path, clock: Clock) -> None:
    with services(tmp_path) as one, services(tmp_path) as two:
        receive(one, *(contact_event(customer=f"wm{number}") for number in range(20)))
        assert work_off(one) + work_off(two) == 20

        assert len(table(one, ADDS)) == 20


def test_a_foreign_error_leaves_only_its_name_behind(opened: Services, clock: Clock) -> None:
    receive(opened, contact_event(customer="wmBad"))

    work_off(opened, router=failing_for("wmBad", sqlite3.IntegrityError("customer 张三")))

    assert table(opened, "SELECT error FROM inbox") == [("IntegrityError",)]


def test_the_router_says_who_would_run() -> None:
    event = ContactAdded(created_at=1, userid="yg01", external_userid="wm1")

    assert [handler.__name__ for handler in handlers.ALL.handlers_for(event)] == [
        "contact_changed",
        "customer_came",
    ]
