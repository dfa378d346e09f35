"""A bank's days with faults by seed: the books hold, a seed is the same story again, and books can fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import change, outbox_rows
from builders.examples import examples
from torture.play import State, Year

from bot.store.outbox import UPDATE

SEEDS = range(min(examples(30), 20))  # ten; in thorough runs twenty


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


@pytest.mark.parametrize("seed", SEEDS)
def test_after_days_of_faults_the_books_are_right(seed: int, tmp_path: Path) -> None:
    books = Year(seed=seed, days=2, calm_days=1, folder=tmp_path).play()

    assert books.failures == [], f"again: cd tests && python -m torture --seed {seed} --days 2 --calm-days 1"
    assert books.compared > 0
    assert books.messages["sent"] > 0


@pytest.mark.timeout(900)  # each statement goes to the server and back; on a busy machine that takes a while
def test_on_postgresql_the_books_are_right_too(store_url: str, tmp_path: Path) -> None:
    books = Year(seed=2, days=1, calm_days=1, folder=tmp_path, store=store_url).play()

    again = "again: cd tests && python -m torture --seed 2 --days 1 --calm-days 1 --engine postgres"
    assert books.failures == [], again
    assert books.compared > 0
    assert books.messages["sent"] > 0


def test_what_people_do_by_hand_is_in_the_story(tmp_path: Path) -> None:
    """Three working days without faults, of a seed that draws a file of each kind."""
    books = Year(seed=2, days=3, calm_days=0, level=0.0, folder=tmp_path, begin=date(2026, 11, 2)).play()

    assert books.failures == []
    assert books.by_hand.keys() == {
        *("import roster", "import absences", "import facts", "import renames", "button"),
    }


def test_a_seed_is_the_same_story_again(tmp_path: Path) -> None:
    reports = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        reports.append(Year(seed=3, days=2, calm_days=1, folder=tmp_path / name).play().report())

    assert reports[0] == reports[1]
    assert reports[0]["faults"]


def _lose_an_event(state: State) -> None:
    change(state.services, "DELETE FROM relation_events WHERE at IN (SELECT MIN(at) FROM relation_events)")


def _invent_an_add(state: State) -> None:
    change(
        state.services,
        "INSERT INTO relation_events (userid, external_userid, at, kind, origin, recorded_at) "
        "VALUES ('yg01', 'wm-invented', 5, 'added', 'callback', 5)",
    )


def _send_twice(state: State) -> None:
    for request in state.wire.accepted:
        state.wire.accepted[request] += 1


def _send_nothing(state: State) -> None:
    state.wire.accepted.clear()


def _tell_once_more_after_a_rename(state: State) -> None:
    """The row of a message that arrived, and another one under the userid of later, with another request."""
    row = _sent(state)
    new = f"{row['to_userid']}-1"
    state.books.rename(row["to_userid"], new)
    other = bytes(row["request"]).replace(row["to_userid"].encode(), new.encode())
    change(
        state.services,
        "INSERT INTO outbox (key, job, to_userid, lane, msgtype, content, created_at, not_before, "
        "expires_at, state, request, receipt) "
        f"SELECT replace(key, to_userid, '{new}'), job, '{new}', lane, msgtype, content, created_at, "
        f"not_before, expires_at, state, CAST('{other.decode()}' AS BLOB), receipt "
        f"FROM outbox WHERE seq = {row['seq']}",
    )
    state.wire.accepted[other] = 1


def _send_what_nobody_planned(state: State) -> None:
    state.wire.accepted_at[b'{"touser":"yg01"}'] = state.clock()


def _give_one_up_before_its_rename(state: State) -> None:
    row = _sent(state)
    state.books.gone[row["to_userid"]] = row["finished_at"] + 1
    state.wire.accepted.pop(bytes(row["request"]))
    change(state.services, f"UPDATE outbox SET state = 'failed' WHERE seq = {row['seq']}")


def _change_no_card(state: State) -> None:
    (row,) = [row for row in outbox_rows(state.services) if row["msgtype"] == UPDATE][:1]
    state.wire.accepted.pop(bytes(row["request"]))
    change(state.services, f"UPDATE outbox SET receipt = '{{\"errcode\": 60140}}' WHERE seq = {row['seq']}")


def _sent(state: State) -> dict[str, Any]:
    return next(row for row in outbox_rows(state.services) if row["key"].endswith(f":{row['to_userid']}"))


def _leave_an_add_out(state: State) -> None:
    change(state.services, "DELETE FROM adds WHERE added_at IN (SELECT MIN(added_at) FROM adds)")


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        pytest.param(_lose_an_event, "not in the ledger", id="an event that was answered is lost"),
        pytest.param(_invent_an_add, "never happened", id="an event that never was"),
        pytest.param(_send_twice, "arrived 2 times", id="messages arrive twice"),
        pytest.param(_send_nothing, "arrived 0 times", id="messages that never arrived"),
        pytest.param(_tell_once_more_after_a_rename, "reached its person 2 times", id="again after a rename"),
        pytest.param(_send_what_nobody_planned, "in no row", id="a message that nobody planned"),
        pytest.param(_give_one_up_before_its_rename, "was given up", id="given up before the rename"),
        pytest.param(
            _change_no_card, "said to be sent and arrived 0 times", id="a spent code, and no change"
        ),
        pytest.param(_leave_an_add_out, "a recount differs", id="an add is not derived"),
    ],
)
def test_books_that_are_wrong_are_noticed(
    tamper: Callable[[State], None], words: str, tmp_path: Path
) -> None:
    with Year(seed=1, days=1, calm_days=0, level=0.0, folder=tmp_path).lived() as state:
        tamper(state)
        state.end()

        assert any(words in failure for failure in state.books.failures)
