"""Which days are asked for and stay, and what may be said of a team."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.engagement import (
    CHINA,
    MOST_DAYS,
    ChatFigures,
    Method,
    TeamRate,
    compute_team_rate,
    covers,
    final_upto,
    first_to_ask,
    last_day,
    yesterday,
)

DAY = date(2026, 11, 23)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.mark.parametrize(
    ("moment", "last", "final"),
    [
        pytest.param(at("2026-11-24T05:59:59"), date(2026, 11, 22), date(2026, 11, 20), id="at night"),
        pytest.param(at("2026-11-24T06:00"), date(2026, 11, 23), date(2026, 11, 21), id="from six on"),
        pytest.param(at("2026-11-24T23:59"), date(2026, 11, 23), date(2026, 11, 21), id="late"),
        pytest.param(
            datetime(2026, 11, 23, 22, 30, tzinfo=UTC),
            date(2026, 11, 23),
            date(2026, 11, 21),
            id="days are those of China, wherever one is",
        ),
    ],
)
def test_yesterday_is_told_from_six_on_and_a_day_stays_on_the_third_morning(
    moment: datetime, last: date, final: date
) -> None:
    assert (last_day(moment), final_upto(moment)) == (last, final)


def test_yesterday_is_the_day_before_in_china() -> None:
    assert yesterday(datetime(2026, 11, 23, 17, tzinfo=UTC)) == DAY
    assert yesterday(at("2026-11-24T00:30")) == DAY


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        last_day(datetime(2026, 11, 24, 6))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize(
    ("newest_final", "first"),
    [
        pytest.param(None, date(2026, 11, 21), id="nothing is known yet: three days"),
        pytest.param(date(2026, 11, 20), date(2026, 11, 21), id="every morning: three days"),
        pytest.param(date(2026, 11, 23), date(2026, 11, 21), id="again, as of an earlier time"),
        pytest.param(date(2026, 11, 10), date(2026, 11, 11), id="what nobody read is made up for"),
        pytest.param(date(2026, 1, 1), date(2026, 10, 25), id="as far as one call goes"),
    ],
)
def test_a_call_spans_three_days_and_what_was_missed(newest_final: date | None, first: date) -> None:
    assert first_to_ask(DAY, newest_final=newest_final) == first
    assert (DAY - first).days < MOST_DAYS


ONE, OTHER = (
    ChatFigures(reply_rate=10_000, first_reply_s=600),
    ChatFigures(reply_rate=3_333, first_reply_s=1_800),
)
SILENT = ChatFigures(chats=0, messages=0)
TOGETHER = ChatFigures(reply_rate=4_000, first_reply_s=1_500)


@pytest.mark.parametrize(
    ("people", "together", "rate"),
    [
        pytest.param(
            [ONE, OTHER],
            TOGETHER,
            TeamRate(method=Method.AGGREGATED, people=2, reply_rate=4_000, first_reply_s=1_500),
            id="what WeCom says of all chats, not a mean of people",
        ),
        pytest.param(
            [ONE, OTHER, OTHER, SILENT],
            None,
            TeamRate(method=Method.MEDIAN, people=4, reply_rate=3_333, first_reply_s=1_800),
            id="a median says that it is one; who had no chat has no rate, which is not 0",
        ),
        pytest.param(
            [ONE, OTHER],
            None,
            TeamRate(method=Method.MEDIAN, people=2, reply_rate=6_666, first_reply_s=1_200),
            id="rounded down",
        ),
        pytest.param(
            [ChatFigures(reply_rate=0)],
            None,
            TeamRate(method=Method.MEDIAN, people=1, reply_rate=0, first_reply_s=None),
            id="nobody was answered: 0, and no time",
        ),
        pytest.param([SILENT], ChatFigures(chats=0), None, id="no chats: nothing to say"),
        pytest.param([], None, None, id="nobody"),
    ],
)
def test_a_teams_rate(people: list[ChatFigures], together: ChatFigures | None, rate: TeamRate | None) -> None:
    assert compute_team_rate(people, together=together) == rate


COUNTS = st.integers(0, 50)
PEOPLE = st.lists(
    st.builds(ChatFigures, chats=COUNTS, messages=COUNTS, losses=COUNTS, applied=COUNTS, added=COUNTS),
    min_size=1,
)
NAMES = ("chats", "messages", "losses", "applied", "added")


def summed(people: list[ChatFigures], **more: int | None) -> ChatFigures:
    return ChatFigures(**{name: sum(getattr(one, name) for one in people) for name in NAMES} | more)


@given(people=PEOPLE, name=st.sampled_from(NAMES), off=st.sampled_from([-1, 1, None]))
def test_an_answer_about_others_does_not_pass_for_a_team(
    people: list[ChatFigures], name: str, off: int | None
) -> None:
    right = summed(people)

    assert covers(right, people)
    other = None if off is None else getattr(right, name) + off
    assert not covers(summed(people, **{name: other}), people)
