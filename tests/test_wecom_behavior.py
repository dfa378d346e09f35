"""WeCom's answer about behaviour as types: what is absent is None, never 0."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from bot.core.engagement import ChatFigures
from bot.wecom.behavior import behavior
from bot.wecom.errors import UnknownOutcomeError

FIRST, LAST = date(2025, 10, 9), date(2025, 10, 10)
# As document 92132 shows it.
FULL: dict[str, Any] = {
    "stat_time": 1_759_939_200,
    "chat_cnt": 12,
    "message_cnt": 80,
    "reply_percentage": 60.25,
    "avg_reply_time": 3,
    "negative_feedback_cnt": 1,
    "new_apply_cnt": 6,
    "new_contact_cnt": 5,
}
QUIET = {
    "stat_time": 1_760_025_600,
    "chat_cnt": 0,
    "message_cnt": 0,
    "negative_feedback_cnt": 0,
    "new_apply_cnt": 0,
    "new_contact_cnt": 1,
}


@dataclass
class FakeClient:
    """Gives one answer and notes what it was asked."""

    answer: dict[str, Any]
    asked: list[tuple[str, object]] = field(default_factory=list)

    def read_by_post(self, path: str, body: object, *, token: str) -> dict[str, Any]:
        self.asked.append((path, body))
        return self.answer


def told(*rows: Any) -> dict[date, ChatFigures]:
    client = FakeClient({"errcode": 0, "behavior_data": list(rows)})
    return behavior(client, userids=["yg01"], first=FIRST, last=LAST, token="T")  # type: ignore[arg-type]  # a fake


def test_a_call_says_whom_and_which_days_of_china() -> None:
    client = FakeClient({"behavior_data": []})

    behavior(client, departments=[11, 12], first=FIRST, last=LAST, token="T")  # type: ignore[arg-type]  # a fake

    assert client.asked == [
        (
            "externalcontact/get_user_behavior_data",
            {"userid": [], "partyid": [11, 12], "start_time": 1_759_939_200, "end_time": 1_760_025_600},
        )
    ]


def test_each_figure_is_in_its_own_place() -> None:
    assert told(FULL)[FIRST] == ChatFigures(
        chats=12, messages=80, reply_rate=6_025, first_reply_s=180, losses=1, applied=6, added=5
    )


def test_what_wecom_leaves_out_is_none_and_not_0() -> None:
    figures = told(QUIET)

    assert figures == {LAST: ChatFigures(chats=0, messages=0, losses=0, applied=0, added=1)}
    assert (figures[LAST].reply_rate, figures[LAST].first_reply_s) == (None, None)


def test_a_day_that_was_not_asked_for_is_left_out() -> None:
    assert told(FULL, {**QUIET, "stat_time": 1_760_112_000}).keys() == {FIRST}


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        pytest.param(0, 0, id="0"),
        pytest.param(100, 10_000, id="all"),
        pytest.param(33.33, 3_333, id="no power of two"),
        pytest.param(None, None, id="null"),
    ],
)
def test_percentages_are_kept_exactly(value: object, rate: int | None) -> None:
    assert told({**FULL, "reply_percentage": value})[FIRST].reply_rate == rate


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="no list"),
        pytest.param({"behavior_data": {}}, id="another thing"),
        pytest.param({"behavior_data": ["x"]}, id="a row that is none"),
        pytest.param({"behavior_data": [{"chat_cnt": 1}]}, id="no day"),
        pytest.param({"behavior_data": [{**FULL, "stat_time": "soon"}]}, id="no time"),
        pytest.param({"behavior_data": [{**FULL, "stat_time": 10**20}]}, id="a time beyond all calendars"),
        pytest.param({"behavior_data": [{**FULL, "chat_cnt": "12"}]}, id="a text"),
        pytest.param({"behavior_data": [{**FULL, "chat_cnt": True}]}, id="a truth"),
        pytest.param({"behavior_data": [{**FULL, "chat_cnt": -1}]}, id="below 0"),
        pytest.param({"behavior_data": [{**FULL, "reply_percentage": float("nan")}]}, id="no number"),
        pytest.param({"behavior_data": [{**FULL, "reply_percentage": float("inf")}]}, id="endless"),
    ],
)
def test_what_is_no_answer_is_an_open_outcome(answer: dict[str, Any]) -> None:
    with pytest.raises(UnknownOutcomeError):
        behavior(FakeClient(answer), userids=["yg01"], first=FIRST, last=LAST, token="T")  # type: ignore[arg-type]  # a fake
