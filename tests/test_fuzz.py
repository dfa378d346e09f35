"""Wrong things by seed, in small: callbacks, events, files, configurations, words, WeCom's answers.

`make fuzz` tries a million callbacks, and of the others as many as docs/faults.md says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builders.examples import examples
from builders.imports import branch
from builders.service import running
from builders.service import services as receivers
from fuzz import answers, callbacks, events, files, words
from fuzz.callbacks import Case, judged
from fuzz.tally import Tally

from bot.services import Services

SEED = 1


@pytest.fixture
def bank(tmp_path: Path, place: Path | str) -> Iterator[Services]:
    with branch(tmp_path, place) as services:
        yield services


def again(part: str) -> str:
    return f"again: make fuzz FUZZ='{part} --seed {SEED}'"


def assert_whole(tally: Tally, *, cases: int, part: str, outcomes: int) -> None:
    """All cases were tried, with so many different outcomes at least, and no promise was broken."""
    assert tally.failures == [], again(part)
    assert tally.cases == cases
    assert len(tally.outcomes) >= outcomes


def test_wrong_callbacks_store_nothing_wrong_and_never_fail() -> None:
    cases = examples(15_000)
    tally = callbacks.in_process(SEED, cases)

    assert_whole(tally, cases=cases, part="callbacks", outcomes=16)
    assert {name.split()[0] for name in tally.outcomes if name.endswith(" 200")} >= {
        "genuine",
        "inner",
        "outer",
    }


def test_wrong_callbacks_over_http_store_nothing_wrong_and_never_fail(tmp_path: Path) -> None:
    cases = examples(900)
    with receivers(tmp_path) as opened, running(opened) as site:
        tally = callbacks.over_http(site, SEED, cases)

        assert site.ask("GET", "/healthz").status == 200
    assert_whole(tally, cases=cases, part="http", outcomes=14)


def test_odd_events_stop_no_other_and_fail_with_words_of_ours(bank: Services) -> None:
    cases = examples(1_500)
    assert_whole(events.handled(SEED, cases, bank), cases=cases, part="handlers", outcomes=3)


def test_wrong_configurations_are_taken_or_refused_with_faults(tmp_path: Path) -> None:
    cases = examples(900)
    assert_whole(files.configurations(SEED, cases, tmp_path), cases=cases, part="config", outcomes=2)


def test_wrong_imports_are_stored_or_refused_with_faults(tmp_path: Path) -> None:
    cases = examples(240)
    with branch(tmp_path, tmp_path / "bot.db") as services:
        tally = files.imports(SEED, cases, services, tmp_path)
    assert_whole(tally, cases=cases, part="imports", outcomes=8)


def test_any_words_are_understood_or_not() -> None:
    cases = examples(9_000)
    assert_whole(words.parsing(SEED, cases), cases=cases, part="words", outcomes=3)


def test_any_words_have_one_answer_that_is_no_apology(tmp_path: Path) -> None:
    cases = examples(90)
    with branch(tmp_path, tmp_path / "bot.db") as services:
        tally = words.answers(SEED, cases, services, askers=("zhangsan", "lisi", "nobody"))
    assert_whole(tally, cases=cases, part="chat", outcomes=1)


def test_wrong_answers_of_wecom_are_read_or_refused() -> None:
    cases = examples(12_000)
    assert_whole(answers.wrong_answers(SEED, cases), cases=cases, part="answers", outcomes=20)


def test_a_case_is_the_same_again_but_for_what_only_time_and_encryption_change() -> None:
    first, second = (callbacks.Cases(SEED).case(number) for number in (7, 7))

    assert first[0] == second[0]
    assert first[1].event == second[1].event


GOOD = Case(query="", body=b"", event=b"<xml></xml>", must=True)


@pytest.mark.parametrize(
    ("case", "replies", "kept", "words"),
    [
        pytest.param(GOOD, [200], b"<xml></xml>", "", id="a genuine one"),
        pytest.param(GOOD, [400], None, "a genuine one was answered 400", id="a genuine one is refused"),
        pytest.param(GOOD, [200], None, "answered 200, and stored: False", id="an event is lost"),
        pytest.param(GOOD, [400], b"<xml></xml>", "stored: True", id="a refused one is stored"),
        pytest.param(GOOD, [200], b"<xml>x</xml>", "stored what nobody sent", id="another one is stored"),
        pytest.param(replace(GOOD, event=None), [200], b"x", "nobody sent", id="a forged one is stored"),
        pytest.param(GOOD, [500], None, "answered 500", id="a failure"),
        pytest.param(GOOD, [], None, "answered 0 times", id="no answer"),
        pytest.param(GOOD, [200, 200], b"<xml></xml>", "answered 2 times", id="two answers"),
    ],
)
def test_a_broken_promise_is_noticed(case: Case, replies: list[int], kept: bytes | None, words: str) -> None:
    found = judged(case, replies, kept)

    assert words in found if words else found == ""
