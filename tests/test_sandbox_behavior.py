"""get_user_behavior_data of the sandbox answers as WeCom does: one row a day over all who are asked."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from builders.sandbox import TODAY, Api, make_api

CHINA = ZoneInfo("Asia/Shanghai")
PATH = "externalcontact/get_user_behavior_data"
YESTERDAY = TODAY - timedelta(days=1)
FRIDAY = TODAY - timedelta(days=3)
CHATS = {"held": 9, "messages": 30, "opened": 8, "answered": 6, "minutes": 60}


@pytest.fixture
def api() -> Api:
    return make_api(details_delay=0.0)


def midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=CHINA).timestamp())


def ask(api: Api, *, first: date = YESTERDAY, last: date = YESTERDAY, **body: object) -> dict[str, Any]:
    asked = {"userid": ["yg01"], "start_time": midnight(first), "end_time": midnight(last)} | body
    answer: dict[str, Any] = api.client.post(
        f"/cgi-bin/{PATH}",
        query_string={"access_token": api.token},
        data=json.dumps({name: value for name, value in asked.items() if value is not None}),
    ).json
    return answer


def rows(api: Api, **body: Any) -> list[dict[str, Any]]:
    answer = ask(api, **body)
    assert answer["errcode"] == 0, answer
    found: list[dict[str, Any]] = answer["behavior_data"]
    return found


def chat(api: Api, userid: str, day: date = YESTERDAY, **numbers: int) -> None:
    body = {"userid": userid, "day": day.isoformat(), **numbers}
    assert api.client.post("/sandbox/chats", json=body).status_code == 200


def happen(api: Api, kind: str, userid: str = "yg01", day: date = YESTERDAY, **more: object) -> str:
    return api.happen(kind, userid, at=midnight(day) + 36_000, **more)


def test_a_row_a_day_from_midnight_to_midnight_in_china(api: Api) -> None:
    found = rows(api, first=FRIDAY, last=YESTERDAY)

    assert [row["stat_time"] for row in found] == [
        midnight(FRIDAY),
        midnight(FRIDAY + timedelta(days=1)),
        midnight(YESTERDAY),
    ]


def test_times_are_floored_to_the_day(api: Api) -> None:
    (row,) = rows(api, start_time=midnight(YESTERDAY) + 86_399, end_time=midnight(YESTERDAY) + 1)

    assert row["stat_time"] == midnight(YESTERDAY)


def test_what_happened_is_what_is_told(api: Api) -> None:
    happen(api, "add", day=FRIDAY)
    stays, leaves = happen(api, "add"), happen(api, "add")
    happen(api, "del_by_customer", external_userid=leaves)
    happen(api, "del_by_customer", external_userid=leaves)
    happen(api, "del_by_member", external_userid=stays)
    happen(api, "add", "yg02")

    (row,) = rows(api)

    assert (row["new_contact_cnt"], row["negative_feedback_cnt"]) == (2, 1)


def test_several_are_told_together_as_one_sum_and_not_as_a_mean_of_percentages(api: Api) -> None:
    chat(api, "yg01", held=1, messages=2, opened=1, answered=1, minutes=10)
    chat(api, "yg02", held=9, messages=20, opened=9, answered=3, minutes=90)

    (row,) = rows(api, userid=["yg01", "YG02", "yg01"])

    assert (row["chat_cnt"], row["message_cnt"]) == (10, 22)
    assert (row["reply_percentage"], row["avg_reply_time"]) == (40.0, 25)  # 4 of 10; not (100 + 33.33) / 2


@pytest.mark.parametrize(
    ("below", "chats"),
    [pytest.param(False, 1, id="direct members"), pytest.param(True, 6, id="with what is below")],
)
def test_a_department_is_its_members(below: bool, chats: int) -> None:
    api = make_api(behavior_party_below=below)
    for person in list(api.world.people.values()):
        chat(api, person.key)
    chat(api, "zg01", held=5)
    api.client.post("/sandbox/directory", json={"act": "change", "userid": "yg01", "departments": [10]})
    api.client.post("/sandbox/directory", json={"act": "change", "userid": "zg01", "departments": [11]})
    chat(api, "yg01", held=1)

    (row,) = rows(api, userid=[], partyid=[10])

    assert row["chat_cnt"] == chats


def test_a_department_leaves_out_who_has_not_the_function(api: Api) -> None:
    for person in list(api.world.people.values()):
        chat(api, person.key)
    chat(api, "yg01", held=1)
    chat(api, "yg02", held=2)
    api.client.post("/sandbox/scope", json={"userid": "yg02", "in_scope": False})
    departments = sorted({one for person in api.world.people.values() for one in person.departments})

    (row,) = rows(api, userid=None, partyid=departments)

    assert row["chat_cnt"] == 1


def test_without_chats_there_are_no_reply_figures(api: Api) -> None:
    chat(api, "yg01", held=3, messages=4)
    chat(api, "yg02", held=3, messages=4, opened=2)

    (nobody_wrote,), (nobody_answered,) = rows(api), rows(api, userid=["yg02"])

    assert {"reply_percentage", "avg_reply_time"}.isdisjoint(nobody_wrote)
    assert nobody_answered["reply_percentage"] == 0.0
    assert "avg_reply_time" not in nobody_answered


def test_at_night_yesterday_is_all_zeros_and_the_day_before_is_not(api: Api) -> None:
    api.world.clock.set(midnight(TODAY + timedelta(days=1)) + 5 * 3600)
    for day in (TODAY, YESTERDAY):
        chat(api, "yg01", day, **CHATS)
        happen(api, "add", day=day)

    before, at_night = rows(api, first=YESTERDAY, last=TODAY)
    api.world.clock.advance(3600)
    (in_the_morning,) = rows(api, first=TODAY, last=TODAY)

    assert before["chat_cnt"] == in_the_morning["chat_cnt"] == 9
    assert {value for name, value in at_night.items() if name != "stat_time"} == {0}


def test_chats_are_made_up_from_the_seed_on_workdays_only(api: Api) -> None:
    everybody = sorted(api.world.people)
    first, second = (rows(one, first=FRIDAY, userid=everybody) for one in (api, make_api()))

    assert first == second
    assert [row["message_cnt"] > 0 for row in first] == [True, False, False]


def prepare_refusals(api: Api) -> None:
    api.client.post("/sandbox/scope", json={"userid": "yg02", "in_scope": False})
    api.world.change_person("yg03", visible=False, licensed=None)
    api.world.change_person("yg04", visible=None, licensed=False)


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        pytest.param({"userid": []}, 40058, id="nobody is asked about"),
        pytest.param({"userid": [f"u{number}" for number in range(101)]}, 40032, id="101 members"),
        pytest.param({"userid": [], "partyid": list(range(101))}, 82002, id="101 departments"),
        pytest.param({"userid": ["yg01", "nobody"]}, 60111, id="one whom nobody knows"),
        pytest.param({"userid": ["yg01", "yg02"]}, 84074, id="one out of scope"),
        pytest.param({"userid": ["yg01", "yg03"]}, 60011, id="one out of range"),
        pytest.param({"userid": ["yg04"]}, 701008, id="no licence"),
        pytest.param({"userid": [], "partyid": [99]}, 60003, id="no such department"),
        pytest.param({"last": TODAY}, 40058, id="today"),
        pytest.param({"first": YESTERDAY, "last": FRIDAY}, 40058, id="backwards"),
        pytest.param({"first": YESTERDAY - timedelta(days=30)}, 40058, id="31 days"),
        pytest.param(
            {"first": TODAY - timedelta(days=181), "last": TODAY - timedelta(days=181)},
            40058,
            id="181 days back",
        ),
        pytest.param({"start_time": None}, 40058, id="no time"),
        pytest.param({"userid": "yg01"}, 40058, id="no list"),
    ],
)
def test_refusals_come_without_rows(api: Api, body: dict[str, Any], errcode: int) -> None:
    prepare_refusals(api)

    answer = ask(api, **body)

    assert (answer["errcode"], answer["behavior_data"]) == (errcode, [])


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(YESTERDAY - timedelta(days=29), id="30 days"),
        pytest.param(TODAY - timedelta(days=180), id="180 days back"),
    ],
)
def test_as_far_as_wecom_tells_it_is_told(api: Api, first: date) -> None:
    found = rows(api, first=first, last=min(YESTERDAY, first + timedelta(days=29)))

    assert len(found) == 30


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"userid": "yg01", "day": "soon"}, id="no day"),
        pytest.param({"userid": "yg01", "day": "2026-11-22", "laughed": 1}, id="no such number"),
        pytest.param({"userid": "yg01", "day": "2026-11-22", "held": "many"}, id="no number"),
    ],
)
def test_wrong_chats_are_refused(api: Api, body: dict[str, object]) -> None:
    assert api.client.post("/sandbox/chats", json=body).status_code == 400
