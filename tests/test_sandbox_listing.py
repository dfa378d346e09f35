"""get_follow_user_list, list and batch/get_by_user of the sandbox answer as WeCom does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders.sandbox import NOON, TODAY, Api, make_api

from sandbox.branch import make_branch
from sandbox.callbacks import CallbackSender
from sandbox.events import compose
from sandbox.switches import CallbackSwitches, SwitchError
from sandbox.world import World

BATCH = "externalcontact/batch/get_by_user"
LIST = "externalcontact/list"
FOLLOW = "externalcontact/get_follow_user_list"


@pytest.fixture
def api() -> Api:
    return make_api(details_delay=0.0)


def batch(api: Api, *userids: str, **more: object) -> dict[str, Any]:
    raw = json.dumps({"userid_list": list(userids), **more})
    answer: dict[str, Any] = api.client.post(
        f"/cgi-bin/{BATCH}", query_string={"access_token": api.token}, data=raw
    ).json
    return answer


def all_rows(api: Api, *userids: str, **more: object) -> list[list[tuple[str, str]]]:
    """Every page of the list: (userid, customer) of each row."""
    pages, cursor = [], ""
    while True:
        page = batch(api, *userids, cursor=cursor, **more)
        pages.append(
            [
                (row["follow_info"]["userid"], row["external_contact"]["external_userid"])
                for row in page["external_contact_list"]
            ]
        )
        cursor = page["next_cursor"]
        if not cursor:
            return pages


def customers(api: Api, userid: str = "yg01") -> tuple[int, list[str]]:
    body = api.read(LIST, userid=userid).json
    return body["errcode"], body["external_userid"]


def test_who_has_the_right_is_listed_whether_he_has_anybody_or_not(api: Api) -> None:
    api.world.change_person("yg02", visible=False, licensed=None)
    api.client.post("/sandbox/scope", json={"userid": "YG03", "in_scope": False})

    listed = api.read(FOLLOW).json["follow_user"]
    assert {"yg01", "yg07", "zg01"} <= set(listed)
    assert {"yg02", "yg03"}.isdisjoint(listed)


@pytest.mark.parametrize(
    ("ends", "is_listed"),
    [
        pytest.param([], True, id="friends"),
        pytest.param(["del_by_customer"], True, id="the customer left: a one-way friendship is listed"),
        pytest.param(["del_by_member"], False, id="the employee deleted the customer"),
        pytest.param(["del_by_customer", "del_by_member"], False, id="both"),
    ],
)
def test_a_list_has_whom_the_employee_did_not_delete(api: Api, ends: list[str], is_listed: bool) -> None:
    stays, customer = api.happen("add"), api.happen("add")
    for kind in ends:
        api.happen(kind, external_userid=customer)

    assert (customer in customers(api)[1]) is is_listed
    assert (customer in [one for _, one in all_rows(api, "yg01")[0]]) is is_listed
    assert stays in customers(api)[1]


def test_a_member_without_customers_is_84061_in_list(api: Api) -> None:
    assert customers(api) == (84061, [])


def test_a_row_holds_what_is_told_of_the_contact(api: Api) -> None:
    customer = api.happen("add", "Yg07", state="hall_qr", add_way=3, oper_userid="yg07", tags=["已实名"])

    (row,) = batch(api, "yg07")["external_contact_list"]
    info = row["follow_info"]
    assert (row["external_contact"]["external_userid"], row["external_contact"]["type"]) == (customer, 1)
    assert (info["userid"], info["state"], info["add_way"], info["createtime"]) == (
        "yg07",
        "hall_qr",
        3,
        int(NOON) + 1,
    )
    assert info["tag_id"] == [api.world.contacts.tag_named("已实名").id]
    assert "tags" not in info


def test_a_handed_over_customer_is_listed_at_the_taker_as_given_by_an_admin(api: Api) -> None:
    customer = api.happen("add", "yg01")
    api.happen("transfer", "yg01", external_userid=customer, to="yg02")

    (row,) = batch(api, "yg02")["external_contact_list"]
    assert (row["follow_info"]["add_way"], row["follow_info"]["createtime"]) == (202, int(NOON) + 1)
    assert customers(api)[0] == 84061


@pytest.mark.parametrize(
    ("limit", "pages"),
    [
        pytest.param({}, [50, 50, 20], id="50 without a limit"),
        pytest.param({"limit": 100}, [100, 20], id="100 at most"),
        pytest.param({"limit": 1000}, [100, 20], id="a larger limit is cut"),
        pytest.param({"limit": 60}, [60, 60], id="a full last page is the last"),
    ],
)
def test_rows_come_in_pages(api: Api, limit: dict[str, int], pages: list[int]) -> None:
    for number in range(120):
        api.happen("add", "yg01" if number % 3 else "yg02")

    found = all_rows(api, "yg02", "yg01", **limit)
    rows = [row for page in found for row in page]
    assert [len(page) for page in found] == pages
    assert len(set(rows)) == 120


def test_who_comes_or_goes_between_two_pages_moves_nobody_else(api: Api) -> None:
    made = [api.happen("add") for _ in range(4)]
    first = batch(api, "yg01", limit=2)
    gone = first["external_contact_list"][0]["external_contact"]["external_userid"]
    api.happen("del_by_member", external_userid=gone)

    second = batch(api, "yg01", limit=2, cursor=first["next_cursor"])
    seen = {
        row["external_contact"]["external_userid"]
        for page in (first, second)
        for row in page["external_contact_list"]
    }
    assert seen == set(made)


def test_a_list_may_begin_with_an_empty_page() -> None:
    api = make_api(details_delay=0.0, empty_pages=True)
    customer = api.happen("add")

    assert all_rows(api, "yg01") == [[], [("yg01", customer)]]


@pytest.mark.parametrize(
    ("rule", "some", "none"),
    [
        pytest.param("any", 84061, 84061, id="one who has nobody spoils it"),
        pytest.param("all", 0, 84061, id="only when nobody has anybody"),
        pytest.param("empty", 0, 0, id="an empty list"),
    ],
)
def test_members_without_customers_in_a_batch_are_a_matter_of_a_switch(
    rule: str, some: int, none: int
) -> None:
    api = make_api(details_delay=0.0, nobody_listed=rule)
    api.happen("add", "yg01")

    assert [batch(api, "yg01", "yg02")["errcode"], batch(api, "yg02", "yg03")["errcode"]] == [some, none]
    assert batch(api, "yg02", "yg03")["external_contact_list"] == []


def test_unlicensed_members_are_named_and_not_listed(api: Api) -> None:
    for userid in ("yg01", "yg02"):
        api.happen("add", userid)
        api.world.change_person(userid, visible=None, licensed=userid == "yg01")

    answer = batch(api, "yg01", "YG02")
    assert [row["follow_info"]["userid"] for row in answer["external_contact_list"]] == ["yg01"]
    assert answer["fail_info"] == {"unlicensed_userid_list": ["yg02"]}
    assert batch(api, "yg02")["errcode"] == 701008
    assert customers(api, "yg02")[0] == 701008


@pytest.mark.parametrize(
    ("asked", "errcode"),
    [
        pytest.param({"userid_list": []}, 41009, id="nobody asked for"),
        pytest.param({"userid_list": ["yg01"] * 101}, 40032, id="101 members"),
        pytest.param({"userid_list": ["yg01"], "cursor": "garbled"}, 60268, id="a cursor that is none"),
    ],
)
def test_a_batch_is_refused_with_an_empty_list(api: Api, asked: dict[str, Any], errcode: int) -> None:
    api.happen("add")

    answer = api.client.post(f"/cgi-bin/{BATCH}", query_string={"access_token": api.token}, json=asked).json
    assert (answer["errcode"], answer["external_contact_list"]) == (errcode, [])


def test_a_cursor_belongs_to_its_members(api: Api) -> None:
    for userid in ("yg01", "yg01", "yg02"):
        api.happen("add", userid)
    cursor = batch(api, "yg01", limit=1)["next_cursor"]

    assert batch(api, "yg02", limit=1, cursor=cursor)["errcode"] == 60268


def test_who_is_out_of_range_or_scope_has_nobody_to_show(api: Api) -> None:
    for userid in ("yg01", "yg02"):
        api.happen("add", userid)
    api.world.change_person("yg01", visible=False, licensed=None)
    api.client.post("/sandbox/scope", json={"userid": "yg02", "in_scope": False})
    hidden = [customers(api, userid)[0] for userid in ("yg01", "yg02")]
    api.client.post("/sandbox/scope", json={"userid": "yg02", "in_scope": True})

    assert hidden == [84061, 84061]
    assert customers(api, "yg02")[0] == 0


def test_the_methods_are_wecoms(api: Api) -> None:
    assert api.read(BATCH).json["errcode"] == 43002
    for path in (FOLLOW, LIST):
        posted = api.client.post(f"/cgi-bin/{path}", query_string={"access_token": api.token})
        assert posted.json["errcode"] == 43001


def test_every_so_manieth_read_can_be_busy(api: Api) -> None:
    api.client.post("/sandbox/faults", json={"busy_every": 3})

    assert [api.read(FOLLOW).json["errcode"] for _ in range(7)] == [0, 0, -1, 0, 0, -1, 0]


def sent(world: World, **switches: Any) -> list[tuple[int, int]]:
    """(event, copy) in the order in which they would go out."""
    events = [event for _ in range(200) for event in compose(world, {"kind": "add", "userid": "yg01"})]
    tasks = CallbackSender(world)._tasks(events, CallbackSwitches(**switches))
    return [(task.number, task.copy) for task in tasks]


@pytest.fixture
def world() -> World:
    return World(make_branch(seed=7, today=TODAY))


def test_a_share_of_callbacks_is_doubled(world: World) -> None:
    tasks = sent(world, double_rate=0.1)

    doubled = [number for number, copy in tasks if copy == 1]
    assert 5 <= len(doubled) <= 40
    assert len(tasks) == 200 + len(doubled)


def test_a_share_of_callbacks_comes_after_all_others(world: World) -> None:
    numbers = [number for number, _ in sent(world, late_rate=0.1)]

    assert sorted(numbers) == list(range(200))
    late = len(numbers) - next(at for at in range(1, 200) if numbers[at] < numbers[at - 1])
    assert 5 <= late <= 40
    assert numbers[-late:] == sorted(numbers[-late:])


def test_without_a_rate_nothing_is_drawn(world: World) -> None:
    before = world.rng.getstate()
    CallbackSender(world)._tasks([], CallbackSwitches())

    assert world.rng.getstate() == before


@pytest.mark.parametrize("name", ["drop_rate", "double_rate", "late_rate"])
def test_a_share_is_from_0_to_1(name: str) -> None:
    with pytest.raises(SwitchError, match=name):
        CallbackSwitches(**{name: 1.1})
