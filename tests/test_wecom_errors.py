"""WeCom's error codes: each that the table of retries names falls into its class."""

from __future__ import annotations

import pytest

from bot.wecom.errors import AnswerError, ErrorKind, kind_of, remedy_of, stem_of

# wecom-api-facts.md §13, row by row.
CLASSES: dict[ErrorKind, list[int]] = {
    ErrorKind.OK: [0],
    ErrorKind.TRANSIENT: [-1, 6000, 45035, 45033, 45036, 41063, 41079, 41096, 301022, 2000111, 2000141],
    ErrorKind.RATE: [45009, 45011, 90313],
    ErrorKind.TOKEN: [40014, 42001],
    ErrorKind.CONFIG: [
        *(40001, 40013, 40091, 41001, 41002, 41004, 50003, 60020, 60031, 301002, 301007, 85005, 80001, 50001),
        *range(48001, 48012),
    ],
    ErrorKind.RECEIVER: [50002, 60011, 60021, 60030, 81011, 81013, 84061, 84074, 84084, 92000, 701008],
    ErrorKind.PERMANENT: [
        # bad input
        *(40007, 40008, 40032, 40035, 40058, 40063, 40068, 40096, *range(42014, 42052), 44001, 44004, 45001),
        *(45002, 45008, 60003, 60123, 81012, 82001, 82002, 82003, 82004, 301021),
        # one-shot things that are over
        *(40029, 42003, 42022, 84014, 41050, 60140, 42052, 40145, 60268, 50100),
        # robots, third parties
        *(93000, 93001, 93004, 93008, 93019, 42009, 40082, 42007),
    ],
    ErrorKind.DONE: [41051, 60102, 60104],
}
# Bad input in the table, but for an app message it is the receiver's id that is bad, or our agent_id.
NARROWER = {
    40003: ErrorKind.RECEIVER,
    40031: ErrorKind.RECEIVER,
    60111: ErrorKind.RECEIVER,
    40056: ErrorKind.CONFIG,
}


@pytest.mark.parametrize(("kind", "codes"), CLASSES.items(), ids=lambda given: getattr(given, "value", ""))
def test_every_code_of_the_table_is_in_its_class(kind: ErrorKind, codes: list[int]) -> None:
    assert {code: kind_of(code) for code in codes} == dict.fromkeys(codes, kind)


@pytest.mark.parametrize(("code", "kind"), NARROWER.items())
def test_bad_ids_are_told_from_bad_messages(code: int, kind: ErrorKind) -> None:
    assert kind_of(code) is kind


@pytest.mark.parametrize("code", [1, 99999, 40002, -2])
def test_a_code_nobody_named_is_not_retried(code: int) -> None:
    assert kind_of(code) is ErrorKind.PERMANENT


@pytest.mark.parametrize("code", [50002, 40001, 42009])
def test_what_is_often_retried_by_mistake_is_not(code: int) -> None:
    assert kind_of(code) not in {ErrorKind.TRANSIENT, ErrorKind.RATE, ErrorKind.TOKEN}


@pytest.mark.parametrize("code", [40001, 40013, 40091, 50003, 60020, 60031, 301002, 60011, 81013])
def test_what_a_human_must_change_comes_with_its_remedy(code: int) -> None:
    assert remedy_of(code)
    assert remedy_of(code) in str(AnswerError(code, "stem"))
    assert str(code) in str(AnswerError(code, "stem"))


def test_the_stem_of_an_error_names_nobody() -> None:
    text = (
        "invalid credential, hint: [1686402237354962763423746], from ip: 203.0.113.7, "
        "more info at https://open.work.weixin.qq.com/devtool/query?e=40001"
    )

    assert stem_of(text) == "invalid credential"
    assert len(stem_of("x" * 5000)) <= 120
