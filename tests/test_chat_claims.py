"""Two processes that answer words on one store: one of them acts and answers, whatever happens to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders.e2e import FakeTime, at, installation, outbox_rows, write_config, write_roster
from builders.reviews import DEPARTMENTS, ROSTER

from bot.features.chat import answer
from bot.features.chat.answer import answer_waiting
from bot.features.chat.claim import CLAIM_S, Claim
from bot.features.chat.commands import Command
from bot.features.chat.desk import Answer, Ask
from bot.messages.message import Message
from bot.services import Services
from bot.store.chat import ChatRequest as Asked
from bot.store.engine import StoreBusyError

NOW = at("2026-11-24T09:07")
Reply = Callable[[Ask], Message | Answer]
During = Callable[..., None]

# For what asks the store nothing that others have not asked on both.
on_one_engine = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime(NOW)


@pytest.fixture
def config(tmp_path: Path, place: Path | str) -> Path:
    store = place if isinstance(place, str) else f"sqlite:///{place}"
    (tmp_path / "departments.csv").write_text(DEPARTMENTS, encoding="utf-8")
    write_roster(tmp_path, *ROSTER)
    return write_config(tmp_path, store=store)


@pytest.fixture
def services(config: Path, clock: FakeTime) -> Iterator[Services]:
    with installation(config, clock) as opened:
        yield opened


@pytest.fixture
def other(services: Services, config: Path, clock: FakeTime) -> Iterator[Services]:
    """Another process on the same store."""
    with installation(config, clock) as opened:
        yield opened


@pytest.fixture
def during(monkeypatch: pytest.MonkeyPatch) -> During:
    """Have something happen when a wish for help is about to be answered: an act for each of them."""

    def put(*acts: Callable[[], object]) -> None:
        reply: Reply = answer.REPLIES[Command.WANT_HELP]
        waiting = list(acts)

        def disturbed(ask: Ask) -> Message | Answer:
            if waiting:
                waiting.pop(0)()
            return reply(ask)

        monkeypatch.setitem(answer.REPLIES, Command.WANT_HELP, disturbed)  # type: ignore[arg-type]  # a dict, told as a mapping

    return put


def ask(services: Services, *texts: str) -> None:
    """Keep what zhang said, a second apart; nobody answers it yet."""
    for number, text in enumerate(texts, start=1):
        said_at = int(NOW.timestamp()) - 60 + number
        services.store.chat.put(Asked(msgid=f"w{number}", userid="zhang", text=text, said_at=said_at))


def answers(services: Services) -> list[tuple[str, str]]:
    """Key and first line of each answer."""
    rows = [row for row in outbox_rows(services) if row["key"].startswith("answer:")]
    return [(row["key"], row["content"].split("\n")[0].strip("*")) for row in rows]


TOLD = [("answer:w1", "已告诉您的主管：主管甲")]


def test_of_two_side_by_side_one_acts_and_its_answer_is_given(
    services: Services, other: Services, during: During
) -> None:
    ask(services, "请人帮忙")
    beside: list[int] = []
    during(lambda: beside.append(answer_waiting(other)))

    answered = answer_waiting(services)

    assert (answered, beside) == (1, [0])
    assert answers(services) == TOLD


def test_what_a_killed_process_had_in_hand_is_answered_once_when_its_claim_ends(
    services: Services, other: Services, clock: FakeTime
) -> None:
    ask(services, "请人帮忙")
    killed = Claim(services.store)
    killed.take(batch=9)

    clock.pass_(CLAIM_S - 1)
    early = answer_waiting(other)
    clock.pass_(1)
    taken_over, again = answer_waiting(other), answer_waiting(services)

    assert (early, taken_over, again) == (0, 1, 0)
    assert not killed.holds("w1")
    assert not killed.finish("w1")
    assert answers(services) == TOLD


@on_one_engine
def test_who_was_slow_gives_no_second_answer(
    services: Services,
    other: Services,
    clock: FakeTime,
    during: During,
) -> None:
    def asleep() -> None:
        clock.pass_(CLAIM_S)
        answer_waiting(other)

    ask(services, "请人帮忙", "帮助")
    during(asleep)

    answer_waiting(services)

    assert [key for key, _ in answers(services)] == ["answer:w1", "answer:w2"]
    assert answers(services)[:1] == TOLD


@on_one_engine
def test_a_claim_lasts_as_long_as_its_words_take(
    services: Services, other: Services, clock: FakeTime, during: During
) -> None:
    beside: list[int] = []

    def pass_most_of_it() -> None:
        clock.pass_(CLAIM_S * 0.6)
        beside.append(answer_waiting(other))

    ask(services, "请人帮忙", "请人帮忙")
    during(pass_most_of_it, pass_most_of_it)

    answered = answer_waiting(services)

    assert (answered, beside) == (2, [0, 0])
    assert answers(services) == [*TOLD, ("answer:w2", "今天的请求已经记下，会转告您的主管")]


@on_one_engine
def test_what_the_store_refused_is_free_for_others_at_once(
    services: Services, other: Services, during: During
) -> None:
    def away() -> None:
        raise StoreBusyError("the database is away")

    ask(services, "帮助", "请人帮忙")
    during(away)

    with pytest.raises(StoreBusyError):
        answer_waiting(services)
    answered = answer_waiting(other)

    assert answered == 1
    assert [key for key, _ in answers(services)] == ["answer:w1", "answer:w2"]


@on_one_engine
def test_an_answer_about_thousands_is_nobody_elses_while_it_is_worked_out(
    services: Services, other: Services, clock: FakeTime
) -> None:
    ask(services, "请人帮忙")
    long = Claim(services.store)
    long.take(batch=9)

    held = long.holds("w1", people=4000)
    clock.pass_(200)

    assert held
    assert answer_waiting(other) == 0
    assert long.finish("w1")
