"""Reading of behaviour figures: externalcontact/get_user_behavior_data [92132].

For several members WeCom answers with one sum a day, so each member's figures need a separate call.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from bot.core.engagement import CHINA, ChatFigures
from bot.messages.sentences import Sentence
from bot.wecom.client import WeComClient
from bot.wecom.errors import UnknownOutcomeError

API = "externalcontact/get_user_behavior_data"
_PER_PERCENT, _PER_MINUTE = 100, 60


def behavior(
    client: WeComClient,
    *,
    first: date,
    last: date,
    token: str,
    userids: Sequence[str] = (),
    departments: Sequence[int] = (),
) -> dict[date, ChatFigures]:
    """Return the members' common figures by day of China, *first* to *last* (included, at most 30 days).

    The result lacks the days that WeCom leaves out. Give 1 to 100 userids and departments of each. WeCom does
    not say whether a department includes those below it. Raises WeComError.
    """
    asked = {
        "userid": list(userids),
        "partyid": list(departments),
        "start_time": _midnight(first),
        "end_time": _midnight(last),
    }
    answer = client.read_by_post(API, asked, token=token)
    rows = answer.get("behavior_data")
    if not isinstance(rows, list):
        raise UnknownOutcomeError(Sentence("sentences.malformed"))
    try:
        days = {_day(row["stat_time"]): _figures(row) for row in rows}
    except (KeyError, TypeError, ValueError, OverflowError, OSError, AttributeError):
        raise UnknownOutcomeError(Sentence("sentences.malformed")) from None
    return {day: figures for day, figures in days.items() if first <= day <= last}


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), CHINA).timestamp())


def _day(stat_time: Any) -> date:
    return datetime.fromtimestamp(int(stat_time), CHINA).date()


def _figures(row: dict[str, Any]) -> ChatFigures:
    return ChatFigures(
        chats=_number(row.get("chat_cnt")),
        messages=_number(row.get("message_cnt")),
        reply_rate=_number(row.get("reply_percentage"), times=_PER_PERCENT),
        first_reply_s=_number(row.get("avg_reply_time"), times=_PER_MINUTE),
        losses=_number(row.get("negative_feedback_cnt")),
        applied=_number(row.get("new_apply_cnt")),
        added=_number(row.get("new_contact_cnt")),
    )


def _number(value: Any, *, times: int = 1) -> int | None:
    """Return *value* times *times*; None (never 0) if absent. Raises ValueError if it is not a number."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"not a figure: {value!r}")
    return round(value * times)
