"""A card that is refused goes out in a simpler form, if and only if nobody can have got it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders.cards import a_card, office_with_cards, press, put_card, receive, updates
from builders.delivery import Post

from bot.app.bootstrap import token_keeper
from bot.features.delivery.deliver import Delivery
from bot.store.coordination import TOKEN
from bot.wecom.errors import AnswerError


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Post]:
    with office_with_cards(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    with office_with_cards(tmp_path_factory.mktemp("cards")) as opened:
        yield opened


class Refusing:
    """A WeCom that answers one errcode to whatever is sent to it."""

    def __init__(self, errcode: int) -> None:
        self._errcode = errcode

    def send_message(self, request: bytes, *, token: str) -> dict[str, object]:
        raise AnswerError(self._errcode)

    def get_token(self) -> tuple[str, int]:
        return "token", 7200


def deliver(office: Post, errcode: int) -> dict[str, Any]:
    """Try a new card once at a WeCom that answers *errcode*; its row after that."""
    services = office.services
    client: Any = Refusing(errcode)
    key = put_card(office, f"u{errcode}")
    services.store.tokens.forget(TOKEN)
    tokens = token_keeper(services, client)
    delivery = Delivery(
        agent_id=1, client=client, tokens=tokens, outbox=services.store.outbox, real_time=office.clock
    )
    now = int(office.clock())
    due = services.store.outbox.due(real_now=now, clock_now=now, batch=99)
    delivery.deliver(next(row for row in due if row.key == key), may_call=lambda: True)
    return office.row(key)


TRIED_AGAIN = {45009, -1, 45033, 42001, 60020, 301002, 6000, 40001, 48002}


# Each lost a message although a simpler form stood ready; the last ones are in no table of WeCom's.
LOST_BEFORE = (40008, 41016, 45002, 40016, 40033, 40035, *range(42015, 42021), 44004, 42052, 82004, 99999, -2)


def phone(office: Post, userid: str = "yg01") -> list[str]:
    with office.world.lock:
        return [message.msgtype for message in office.world.mailbox.messages.get(userid, [])]


def errcodes(office: Post) -> list[int | None]:
    return [call.errcode for call in office.sends()]


def refuse(office: Post, errcode: int, *, times: int = 1) -> None:
    office.world.faults.arm({"send_error": {"errcode": errcode, "times": times}})


def test_a_card_arrives_as_one_or_as_markdown_on_both_engines(tmp_path: Path, place: Path | str) -> None:
    with office_with_cards(tmp_path, place) as office:
        refuse(office, 42027)
        keys = put_card(office), put_card(office, "yg02")
        office.drain()

        assert (phone(office), phone(office, "yg02")) == (["markdown"], ["template_card"])
        assert [office.row(key)["refused_forms"] for key in keys] == ["template_card 42027", ""]
        task_id = office.row(keys[1])["task_id"]
        assert office.services.store.outbox.by_task(task_id)["to_userid"] == "yg02"


def test_a_card_arrives_as_one(office: Post) -> None:
    key = put_card(office)
    office.drain()

    row = office.row(key)
    assert (phone(office), row["state"], row["refused_forms"]) == (["template_card"], "sent", "")
    assert json.loads(row["request"])["template_card"]["task_id"] == row["task_id"]
    assert row["content"] == office.phone()[0]  # what reports show is what arrived


@pytest.mark.parametrize(
    ("errcode", "falls_back"),
    [
        *(
            pytest.param(code, True, id=f"{code}, the card itself")
            for code in (40058, 42014, 42027, 42039, 42051, 43012, *LOST_BEFORE)
        ),
        *(
            pytest.param(code, False, id=f"{code}, {why}")
            for code, why in (
                (81013, "the receiver"),
                (40003, "the userid"),
                (60111, "nobody has it"),
                (50002, "not in range"),
                (45009, "too often"),
                (-1, "busy"),
                (45033, "too many at once"),
                (42001, "the token"),
                (60020, "the address"),
                (301002, "another app's agent"),
                (6000, "a conflict of versions"),
                (40001, "the token"),
                (48002, "no right"),
            )
        ),
    ],
)
def test_the_class_of_a_refusal_decides_whether_a_simpler_form_is_tried(
    shared: Post, errcode: int, *, falls_back: bool
) -> None:
    row = deliver(shared, errcode)

    assert row["msgtype"] == ("markdown" if falls_back else "template_card")
    assert row["refused_forms"] == (f"template_card {errcode}" if falls_back else "")
    assert (row["request"] is None) == falls_back
    assert (row["state"] == "pending") == (falls_back or errcode in TRIED_AGAIN)


def test_markdown_that_is_refused_too_becomes_text_and_then_it_ends(office: Post) -> None:
    refuse(office, 42027)
    refuse_next = {"send_error": {"errcode": 40058, "times": 2}}
    first = put_card(office)
    office.sender.step()
    office.world.faults.arm(refuse_next)
    office.drain()
    second = put_card(office, "yg02")
    office.drain()

    assert office.row(first)["refused_forms"] == "template_card 42027, markdown 40058"
    assert (office.row(first)["state"], office.row(first)["msgtype"]) == ("failed", "text")
    assert office.row(second)["state"] == "sent"


@pytest.mark.parametrize(
    "first",
    [
        pytest.param({"hang_after": {"seconds": 0.01, "times": 1}}, id="taken, the answer lost"),
        pytest.param({"close_after": {"times": 1}}, id="taken, the connection cut"),
        pytest.param({"hang_before": {"seconds": 0.01, "times": 1}}, id="not taken, and nobody knows"),
        pytest.param({"http_status": {"status": 502, "times": 1}}, id="something in front of WeCom"),
    ],
)
def test_after_an_open_outcome_nothing_falls_back(office: Post, first: dict[str, object]) -> None:
    office.world.faults.arm(first)
    key = put_card(office)
    office.drain()
    refuse(office, 42027)
    office.later(400)

    row = office.row(key)
    assert (row["msgtype"], row["refused_forms"], row["state"]) == ("template_card", "", "unknown")
    assert len(phone(office)) <= 1


@pytest.mark.parametrize("errcode", [42027, 43012, 40008])
def test_a_form_that_is_refused_after_a_busy_answer_falls_back_too(office: Post, errcode: int) -> None:
    refuse(office, -1)
    key = put_card(office)
    office.drain()
    refuse(office, errcode)
    office.later(400)

    assert errcodes(office) == [-1, errcode, 0]
    assert (office.row(key)["state"], phone(office)) == ("sent", ["markdown"])


def test_a_card_that_a_busy_wecom_took_after_all_does_not_come_again_as_markdown(office: Post) -> None:
    refuse(office, -1)
    key = put_card(office)
    office.drain()
    refuse(office, 42014)
    office.later(400)

    assert errcodes(office) == [-1, 42014]
    assert (office.row(key)["state"], phone(office)) == ("sent", [])


def put_card_of_unknown_outcome(office: Post) -> str:
    """Let WeCom take a card and say nothing, then refuse its form until it is given up; return its key."""
    office.world.api = replace(office.world.api, repeated_task_id="42014")
    office.world.faults.arm({"close_after": {"times": 1}})
    key = put_card(office)
    office.drain()
    refuse(office, 42027)
    office.later(400)
    return key


def test_a_card_that_may_have_arrived_and_is_retried_by_hand_does_not_come_again_as_markdown(
    office: Post,
) -> None:
    key = put_card_of_unknown_outcome(office)
    assert (office.row(key)["state"], phone(office)) == ("unknown", ["template_card"])

    assert office.services.store.outbox.revive(key, now=int(office.clock()))
    refuse(office, 43012)
    office.later(400)

    assert (office.row(key)["state"], phone(office)) == ("unknown", ["template_card"])


def test_a_card_that_is_retried_by_hand_and_known_to_wecom_had_arrived(office: Post) -> None:
    key = put_card_of_unknown_outcome(office)

    assert office.services.store.outbox.revive(key, now=int(office.clock()))
    office.later(400)

    assert (office.row(key)["state"], phone(office)) == ("sent", ["template_card"])


def test_what_was_not_even_looked_at_was_no_try(office: Post) -> None:
    refuse(office, 45009)
    key = put_card(office)
    office.drain()
    refuse(office, 42027)
    office.later(61)

    assert (office.row(key)["state"], phone(office)) == ("sent", ["markdown"])


@pytest.mark.parametrize("repeated", ["42014", "duplicate"])
def test_a_card_that_was_taken_without_an_answer_is_there_once_and_known_to_be(
    office: Post, repeated: str
) -> None:
    office.world.api = replace(office.world.api, repeated_task_id=repeated)
    office.world.faults.arm({"close_after": {"times": 1}})
    key = put_card(office)
    office.drain()
    office.later(400)

    assert (phone(office), office.row(key)["state"]) == (["template_card"], "sent")


def test_a_card_without_callback_address_comes_as_markdown_once(office: Post) -> None:
    office.world.callback_url = ""
    key = put_card(office)
    again = office.services.store.outbox.add(a_card(office.services), created_at=0)
    office.drain()

    assert not again
    assert (errcodes(office), phone(office)) == ([43012, 0], ["markdown"])
    assert office.row(key)["refused_forms"] == "template_card 43012"
    assert office.row(key)["content"] == office.phone()[0]


def test_the_task_is_the_same_for_the_same_message_and_differs_from_all_others(office: Post) -> None:
    services = office.services
    same = [a_card(services).task_id for _ in range(2)]
    others = [a_card(services, "yg02").task_id, a_card(services, job="reminder").task_id]

    assert same[0] == same[1]
    assert len({*same, *others}) == 3
    assert services.store.outbox.by_task("") is None


def test_a_refused_change_of_a_card_that_is_too_late_is_no_error(office: Post) -> None:
    put_card(office)
    office.drain()
    event = press(office, "mute")
    office.world.clock.advance(72 * 3600)  # WeCom's time went on, ours did not
    receive(office.services, event)
    office.drain()

    states = {key: state for key, state in office.states().items() if key.startswith("card:")}
    assert updates(office) == [60140]
    assert set(states.values()) == {"expired"}
    assert office.degraded() == []


def test_a_change_of_a_card_whose_answer_was_lost_is_done(office: Post) -> None:
    put_card(office)
    office.drain()
    receive(office.services, press(office, "list"))
    office.world.faults.arm({"close_after": {"times": 1}})
    office.drain()
    office.later(400)

    states = {key: state for key, state in office.states().items() if key.startswith("card:")}
    assert updates(office) == [None, 60140]
    assert set(states.values()) == {"sent"}
