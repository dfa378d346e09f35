"""The sandbox's directory: what a self-built app may read of it, what it may not, and how people change."""

from __future__ import annotations

from typing import Any

import pytest
from builders.sandbox import Api, make_api, make_world

from sandbox.events import Event
from sandbox.staffing import StaffingError, carry_out
from sandbox.switches import CallbackSwitches
from sandbox.world import World

WITHHELD = {"avatar", "gender", "mobile", "email", "biz_mail", "qr_code", "address"}


@pytest.fixture
def api() -> Api:
    return make_api()


def read(api: Api, path: str, **query: object) -> dict[str, Any]:
    asked = {"access_token": api.token, **query}
    body: dict[str, Any] = api.client.get(f"/cgi-bin/{path}", query_string=asked).json
    return body


def kinds(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.kind, event.userid) for event in events]


def test_a_member_has_the_fields_that_a_self_built_app_gets_and_no_other(api: Api) -> None:
    carry_out(
        api.world, {"act": "change", "userid": "yg01", "departments": [12, 11], "direct_leader": "zg01"}
    )

    member = read(api, "user/get", userid="YG01")

    assert member["userid"] == "yg01"
    assert (member["department"], member["is_leader_in_dept"]) == ([12, 11], [0, 0])
    assert (member["main_department"], member["position"], member["status"]) == (12, "客户经理", 1)
    assert member["direct_leader"] == ["zg01"]
    assert not WITHHELD & member.keys()


def test_a_leader_is_told_by_the_member_and_by_the_department(api: Api) -> None:
    leader = read(api, "user/get", userid="zg01")
    departments = {one["id"]: one for one in read(api, "department/list")["department"]}

    assert (leader["department"], leader["is_leader_in_dept"]) == ([11], [1])
    assert departments[11]["department_leader"] == ["zg01"]
    assert departments[10]["department_leader"] == []


def test_departments_are_read_with_those_below_them(api: Api) -> None:
    everything = read(api, "department/list")["department"]
    one = read(api, "department/simplelist", id=11)["department_id"]

    assert [(each["id"], each["parentid"]) for each in everything] == [(10, 0), (11, 10), (12, 10)]
    assert [each["id"] for each in one] == [11]
    assert read(api, "department/get", id=12)["department"]["name"] == "零售二部"


def test_lists_have_direct_members_only(api: Api) -> None:
    assert read(api, "user/list", department_id=10)["userlist"] == []
    assert [one["userid"] for one in read(api, "user/list", department_id=11)["userlist"]] == [
        *(f"yg{number:02d}" for number in range(1, 7)),
        "zg01",
    ]
    assert {"userid": "yg07", "name": "员工庚", "department": [12]} in read(
        api, "user/simplelist", department_id=12
    )["userlist"]


@pytest.mark.parametrize(
    ("path", "query", "errcode", "empty"),
    [
        pytest.param("user/get", {}, 41009, {}, id="no userid"),
        pytest.param("user/get", {"userid": "员工"}, 40003, {}, id="what cannot be a userid"),
        pytest.param("user/get", {"userid": "nobody"}, 60111, {}, id="a userid that nobody has"),
        pytest.param("user/get", {"userid": "yg12"}, 60011, {}, id="somebody out of range"),
        pytest.param("user/list", {"department_id": 12}, 60011, {"userlist": []}, id="out of range: list"),
        pytest.param("user/list", {"department_id": 99}, 60003, {"userlist": []}, id="no such department"),
        pytest.param("user/simplelist", {}, 60123, {"userlist": []}, id="no department id"),
        pytest.param("department/list", {"id": "x"}, 60123, {"department": []}, id="no number"),
        pytest.param("department/get", {"id": 10}, 60011, {}, id="the department above the range"),
        pytest.param("tag/get", {"tagid": 4}, 40068, {"userlist": [], "partylist": []}, id="no such tag"),
        pytest.param("agent/get", {}, 41011, {}, id="no agent id"),
        pytest.param("agent/get", {"agentid": 1}, 301002, {}, id="another app"),
    ],
)
def test_reads_are_refused_as_documented(
    api: Api, path: str, query: dict[str, object], errcode: int, empty: dict[str, object]
) -> None:
    carry_out(api.world, {"act": "range", "departments": [11]})

    answer = read(api, path, **query)

    assert answer["errcode"] == errcode
    assert {name: answer[name] for name in empty} == empty


def test_list_id_is_for_the_sync_assistant_only(api: Api) -> None:
    answer = api.client.post("/cgi-bin/user/list_id", query_string={"access_token": api.token}, json={}).json

    assert (answer["errcode"], answer["dept_user"]) == (48002, [])


def test_every_read_wants_a_token_and_a_trusted_address(api: Api) -> None:
    assert api.client.get("/cgi-bin/department/list").json["errcode"] == 41001
    api.world.faults.arm({"untrusted_ip": True})

    assert read(api, "department/list")["errcode"] == 60020


def test_a_narrowed_range_hides_people_departments_and_parts_of_tags(api: Api) -> None:
    carry_out(
        api.world, {"act": "tag", "id": 4, "name": "理财", "users": ["yg01", "yg12"], "departments": [11, 12]}
    )
    carry_out(api.world, {"act": "change", "userid": "yg02", "departments": [12, 11]})
    carry_out(api.world, {"act": "range", "departments": [11]})

    tag = read(api, "tag/get", tagid=4)
    member = read(api, "user/get", userid="yg02")

    assert [one["id"] for one in read(api, "department/list")["department"]] == [11]
    assert ([one["userid"] for one in tag["userlist"]], tag["partylist"]) == (["yg01"], [11])
    assert member["department"] == [11]
    assert "main_department" not in member
    assert read(api, "tag/list")["taglist"] == [{"tagid": 4, "tagname": "理财"}]
    assert read(api, "agent/get", agentid=api.world.app.agent_id)["allow_partys"] == {"partyid": [11]}


def test_a_range_may_name_people_and_tags(api: Api) -> None:
    carry_out(api.world, {"act": "tag", "id": 4, "name": "理财", "users": ["yg03"], "departments": [12]})
    carry_out(api.world, {"act": "range", "departments": [], "users": ["YG01"], "tags": [4]})

    assert read(api, "user/get", userid="yg01")["department"] == []
    assert read(api, "user/get", userid="yg03")["errcode"] == 0
    assert read(api, "user/get", userid="yg12")["errcode"] == 0
    assert read(api, "user/get", userid="yg02")["errcode"] == 60011
    assert read(api, "department/list")["department"] == []


def test_what_wecom_answers_of_the_hidden_is_a_switch() -> None:
    api = make_api(hidden_member=60111)
    carry_out(api.world, {"act": "range", "departments": [11]})

    assert read(api, "user/get", userid="yg12")["errcode"] == 60111


def test_a_department_may_be_too_big_for_one_list() -> None:
    api = make_api(user_list_max=6)

    assert read(api, "user/list", department_id=11) | {"errmsg": ""} == {
        "errcode": 45029,
        "errmsg": "",
        "userlist": [],
    }
    assert len(read(api, "user/simplelist", department_id=11)["userlist"]) == 7


def test_a_read_can_be_made_to_fail_after_some_that_succeed(api: Api) -> None:
    api.world.faults.arm({"read_error": {"errcode": -1}, "read_after": 2})

    codes = [read(api, "tag/list")["errcode"] for _ in range(4)]

    assert codes == [0, 0, -1, 0]


def test_people_join_move_and_leave(api: Api) -> None:
    carry_out(api.world, {"act": "join", "userid": "New01", "name": "员工新", "departments": [11]})
    carry_out(api.world, {"act": "change", "userid": "new01", "departments": [12], "position": "柜员"})
    moved = read(api, "user/get", userid="new01")
    carry_out(api.world, {"act": "leave", "userid": "new01"})

    assert (moved["department"], moved["position"]) == ([12], "柜员")
    assert read(api, "user/get", userid="new01")["errcode"] == 60111


def test_a_rename_takes_customers_tags_and_range_along(api: Api) -> None:
    world = api.world
    customer = world.new_customer()
    world.set_contact("yg01", customer, is_alive=True)
    carry_out(world, {"act": "tag", "id": 4, "name": "理财", "users": ["yg01"]})
    carry_out(world, {"act": "range", "departments": [12], "users": ["yg01"]})

    events = carry_out(world, {"act": "rename", "userid": "yg01", "to": "Zhang.San"})

    assert kinds(events) == []
    assert read(api, "user/get", userid="yg01")["errcode"] == 60111
    assert read(api, "user/get", userid="zhang.san")["userid"] == "zhang.san"
    assert read(api, "tag/get", tagid=4)["userlist"][0]["userid"] == "zhang.san"
    assert (world.customers_of("yg01"), world.customers_of("zhang.san")) == ([], [customer])


def test_the_app_is_told_who_enters_and_leaves_its_range(api: Api) -> None:
    world = api.world

    joined = carry_out(world, {"act": "join", "userid": "New01", "departments": [12]})
    narrowed = carry_out(world, {"act": "range", "departments": [11], "users": ["yg12"]})
    disabled = carry_out(world, {"act": "change", "userid": "yg01", "status": 2})
    left = carry_out(world, {"act": "leave", "userid": "yg02"})
    unseen = carry_out(world, {"act": "leave", "userid": "yg08"})

    assert kinds(joined) == [("subscribe", "New01")]
    assert kinds(narrowed) == [
        ("unsubscribe", userid) for userid in ("New01", "Yg07", "yg08", "yg09", "yg10", "yg11", "zg02")
    ]
    assert kinds(disabled) == [("unsubscribe", "yg01")]
    assert kinds(left) == [("unsubscribe", "yg02")]
    assert kinds(unseen) == []


def world_that_tells(how: str) -> World:
    world, _ = make_world(callbacks=CallbackSwitches(directory_events=how))
    return world


def test_directory_events_reach_only_who_switches_them_on() -> None:
    act = {"act": "change", "userid": "yg01", "departments": [12]}

    assert kinds(carry_out(world_that_tells("off"), act)) == []
    assert kinds(carry_out(world_that_tells("reduced"), act)) == [("contact_change:update_user", "")]


def test_reduced_directory_events_come_for_departments_only_and_name_no_more() -> None:
    act = {"act": "change", "userid": "yg01", "position": "柜员"}

    full = carry_out(world_that_tells("full"), act)

    assert carry_out(world_that_tells("reduced"), act) == []
    assert "<Position><![CDATA[柜员]]></Position>" in full[0].xml.decode()


def test_a_rename_is_told_with_the_new_userid() -> None:
    (event,) = carry_out(world_that_tells("reduced"), {"act": "rename", "userid": "yg01", "to": "zhangsan"})

    assert "<NewUserID><![CDATA[zhangsan]]></NewUserID>" in event.xml.decode()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        pytest.param({"act": "fire"}, "no act 'fire'", id="an unknown act"),
        pytest.param({"act": "leave", "userid": "nobody"}, "nobody has the userid", id="an unknown person"),
        pytest.param({"act": "join", "userid": "YG01"}, "that nobody has", id="a userid that is taken"),
        pytest.param({"act": "rename", "userid": "yg01", "to": "yg02"}, "that nobody has", id="taken name"),
        pytest.param({"act": "change", "userid": "yg01", "mobile": "1"}, "a person has no", id="a phone"),
        pytest.param({"act": "remove_department", "id": 11}, "no empty department", id="people are in it"),
    ],
)
def test_acts_that_cannot_be_carried_out_say_why(api: Api, act: dict[str, object], said: str) -> None:
    before = dict(api.world.people)

    with pytest.raises(StaffingError, match=said):
        carry_out(api.world, act)

    assert api.world.people == before


def test_the_controls_change_the_directory_and_show_it(api: Api) -> None:
    shown = api.client.post(
        "/sandbox/directory",
        json={"acts": [{"act": "department", "id": 13, "name": "零售三部", "parent": 10}]},
    ).json
    refused = api.client.post("/sandbox/directory", json={"act": "leave"})

    assert shown["departments"][-1] == {"id": 13, "name": "零售三部", "parent": 10}
    assert api.client.get("/sandbox/directory").json["range"]["departments"] == [10]
    assert (refused.status_code, "nobody has" in refused.json["error"]) == (400, True)


def test_whence_callbacks_come_is_told_as_the_switch_has_it(api: Api) -> None:
    before = read(api, "getcallbackip")
    api.client.post("/sandbox/switches", json={"api": {"callback_ips": ["203.0.113.0/24", "101.226.103.*"]}})

    assert before == {"errcode": 0, "errmsg": "ok", "ip_list": ["127.0.0.1", "::1"]}
    assert read(api, "getcallbackip")["ip_list"] == ["203.0.113.0/24", "101.226.103.*"]


def test_whence_callbacks_come_is_told_with_a_token_only(api: Api) -> None:
    refused = [read(api, "getcallbackip", access_token=token)["errcode"] for token in ("", "SIMTOKEN_wrong")]
    by_post = api.client.post("/cgi-bin/getcallbackip", query_string={"access_token": api.token}).json

    assert refused == [41001, 40014]
    assert by_post["errcode"] == 43001


@pytest.mark.parametrize("value", ["203.0.113.7", [1], None])
def test_addresses_that_are_no_list_are_refused(api: Api, value: object) -> None:
    answer = api.client.post("/sandbox/switches", json={"api": {"callback_ips": value}})

    assert answer.status_code == 400
