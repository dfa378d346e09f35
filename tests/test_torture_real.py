"""Real processes of the bot killed amid calls, in short (`make torture-real` is the whole); wrong books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from builders.cards import receive
from builders.chat import text_event
from builders.e2e import (
    FakeTime,
    add_customers,
    at,
    change,
    installation,
    outbox_rows,
    where,
    write_config,
    write_roster,
)
from builders.postgres import Server
from builders.service import contact_event
from torture.callers import Call
from torture.processes import PEOPLE
from torture.real_books import RealBooks
from torture.rounds import Options, opened

from bot.services import Services

CELLS = {"sqlite": ("crash of a worker",), "postgres": ("crash of a worker", "crash of a backend")}
MORNING = at("2026-11-25T10:00")
MSGID = "7400000000000000001"


@pytest.mark.lasting  # in short: tests/test_scheduler_killed.py, tests/test_e2e_crash.py
@pytest.mark.timeout(900)  # it waits for conditions; a busy machine starts processes slowly
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_after_kills_amid_calls_all_that_was_answered_is_there_once(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: Server | None = request.getfixturevalue("postgres") if engine == "postgres" else None
    options = Options(seed=1, kills=2, cells=CELLS[engine], others=False, frozen_s=0)
    with opened(tmp_path, options, server=server) as played:
        played.play()

    whole = played.lines[-1]
    assert played.failures == []
    assert (whole.lost, whole.doubled) == (0, 0)
    assert played.fleet.kills == 3
    assert whole.events > 30
    assert whole.messages > 5


# --- books that are wrong are noticed ---


def _forget_an_add(services: Services, _books: RealBooks) -> None:
    change(services, "DELETE FROM adds WHERE external_userid = 'wm-0'")


def _derive_twice(services: Services, _books: RealBooks) -> None:
    change(
        services,
        "INSERT INTO adds (userid, external_userid, added_at, nth) "
        "SELECT userid, external_userid, added_at + 1, 2 FROM adds WHERE external_userid = 'wm-0'",
    )


def _forget_an_event(services: Services, _books: RealBooks) -> None:
    change(services, "DELETE FROM inbox WHERE seq IN (SELECT MIN(seq) FROM inbox)")


def _invent_an_event(services: Services, _books: RealBooks) -> None:
    add_customers(services, PEOPLE[0], MORNING)


def _show_twice(_services: Services, books: RealBooks) -> None:
    (request,) = books.phones
    books.phones = {request: 2}


def _show_nothing(_services: Services, books: RealBooks) -> None:
    books.phones = {}


def _show_what_nobody_sent(_services: Services, books: RealBooks) -> None:
    books.phones = {**books.phones, b'{"touser":"u000","msgtype":"text"}': 1}


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        pytest.param(_forget_an_add, "wm-0 is there 0 times", id="an add is not derived"),
        pytest.param(_derive_twice, "wm-0 is there 2 times", id="an add is derived twice"),
        pytest.param(_forget_an_event, "wm-0 is there 0 times", id="an event that was answered is lost"),
        pytest.param(_invent_an_event, "never called", id="an event that never was"),
        pytest.param(_show_twice, "is there 2 times", id="a message arrives twice"),
        pytest.param(_show_nothing, "is there 0 times", id="a message never arrives"),
        pytest.param(_show_what_nobody_sent, "with 0 rows", id="a message that nobody sent"),
    ],
)
def test_books_that_are_wrong_are_noticed(
    tamper: Callable[[Services, RealBooks], None], words: str, tmp_path: Path
) -> None:
    write_roster(tmp_path, *(f"{userid},员工,1,客户经理,,,," for userid in PEOPLE))
    with installation(write_config(tmp_path), FakeTime(MORNING)) as services:
        moment = int(MORNING.timestamp())
        calls = [
            Call(
                "add",
                "all",
                PEOPLE[0],
                name,
                moment,
                contact_event(userid=PEOPLE[0], customer=name, at=moment),
            )
            for name in ("wm-0", "wm-1")
        ]
        body = text_event(PEOPLE[0], "帮助", msgid=MSGID, at=moment)
        calls.append(Call("word", "all", PEOPLE[0], MSGID, moment, body))
        for call in calls:
            call.is_ok = True
            receive(services, call.body)
        change(services, "UPDATE outbox SET state = 'sent', request = CAST('{}' AS BLOB)")
        assert len(outbox_rows(services)) == 1
        books = RealBooks(calls, Counter({b"{}": 1}))
        right = books.check(where(services))
        assert (books.failures, right[0].there) == ([], 3)

        tamper(services, books)
        books.check(where(services))

    assert any(words in failure for failure in books.failures)
