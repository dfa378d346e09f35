"""externalcontact/get and get_corp_tag_list of the sandbox answer as WeCom does."""

from __future__ import annotations

from typing import Any

import pytest
from builders.sandbox import NOON, Api, make_api

from sandbox.events import SpecError, compose

UNKNOWN = "wm" + "x" * 30


@pytest.fixture
def api() -> Api:
    return make_api(details_delay=0.0)


def code_of(response: Any) -> int:
    return int(response.json["errcode"])


def followers(api: Api, customer: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.read(external_userid=customer).json["follow_user"]
    return found


def tag_names(follower: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(tag["type"], tag["group_name"], tag["tag_name"]) for tag in follower.get("tags", [])]


def test_a_contact_is_told_with_type_way_channel_and_who_began_it(api: Api) -> None:
    customer = api.happen("add", "Yg07", state="hall_qr", add_way=3, oper_userid="yg07")

    body = api.read(external_userid=customer).json
    (follower,) = body["follow_user"]
    assert (body["errcode"], body["next_cursor"]) == (0, "")
    assert (body["external_contact"]["external_userid"], body["external_contact"]["type"]) == (customer, 1)
    assert "unionid" not in body["external_contact"]
    assert {name: follower[name] for name in ("userid", "state", "add_way", "oper_userid")} == {
        "userid": "yg07",
        "state": "hall_qr",
        "add_way": 3,
        "oper_userid": "yg07",
    }
    assert abs(follower["createtime"] - NOON) <= 60


def test_what_there_is_not_is_left_out(api: Api) -> None:
    (follower,) = followers(api, api.happen("add"))

    assert {"tags", "state", "remark_mobiles"}.isdisjoint(follower)


def test_a_user_of_another_corp_is_type_2_and_has_no_unionid() -> None:
    api = make_api(details_delay=0.0, with_unionid=True)
    customers = [
        api.happen("add", external_userid=api.world.new_customer(is_wecom_user=is_wecom))
        for is_wecom in (False, True)
    ]

    told = [api.read(external_userid=customer).json["external_contact"] for customer in customers]
    assert [(one["type"], "unionid" in one, "corp_name" in one) for one in told] == [
        (1, True, False),
        (2, False, True),
    ]


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        pytest.param({"access_token": ""}, 41001, id="no token"),
        pytest.param({"access_token": "garbled"}, 40014, id="a wrong token"),
        pytest.param({}, 41035, id="no customer named"),
        pytest.param({"external_userid": "wm1"}, 40096, id="no id of a customer"),
        pytest.param({"external_userid": UNKNOWN}, 84061, id="nobody's customer"),
    ],
)
def test_get_refuses(api: Api, query: dict[str, str], errcode: int) -> None:
    assert code_of(api.read(**query)) == errcode


def test_get_asks_for_get_and_the_list_of_tags_for_post(api: Api) -> None:
    posted = api.client.post("/cgi-bin/externalcontact/get", query_string={"access_token": api.token})

    assert code_of(posted) == 43001
    assert code_of(api.read("externalcontact/get_corp_tag_list")) == 43002


@pytest.mark.parametrize(
    ("ends", "errcode"),
    [
        pytest.param(["del_by_member"], 84061, id="the employee deleted the customer"),
        pytest.param(["del_by_customer"], 0, id="the customer deleted the employee: one-way friendship"),
        pytest.param(["del_by_customer", "del_by_member"], 84061, id="both"),
        pytest.param(["transfer"], 84061, id="handed over to nobody whom the app sees"),
    ],
)
def test_a_relation_that_ended_cannot_be_read_unless_only_the_customer_ended_it(
    api: Api, ends: list[str], errcode: int
) -> None:
    customer = api.happen("add")
    for kind in ends:
        api.happen(kind, external_userid=customer)

    assert code_of(api.read(external_userid=customer)) == errcode


def test_a_half_add_cannot_be_read(api: Api) -> None:
    assert code_of(api.read(external_userid=api.happen("half_add"))) == 84061


def test_while_a_colleague_has_the_customer_the_answer_names_only_him(api: Api) -> None:
    customer = api.happen("add", "yg01")
    api.happen("add", "yg02", external_userid=customer)
    api.happen("del_by_member", "yg01", external_userid=customer)

    assert [one["userid"] for one in followers(api, customer)] == ["yg02"]


def test_a_handover_is_a_contact_of_the_taker_given_by_an_admin(api: Api) -> None:
    customer = api.happen("add", "yg01")
    api.happen("transfer", "yg01", external_userid=customer, to="yg02")

    assert [(one["userid"], one["add_way"]) for one in followers(api, customer)] == [("yg02", 202)]


def test_members_outside_the_visible_range_are_not_told_of(api: Api) -> None:
    customer = api.happen("add", "yg01")
    api.world.change_person("yg01", visible=False, licensed=None)

    assert code_of(api.read(external_userid=customer)) == 84061


def test_details_come_some_time_after_the_event() -> None:
    api = make_api(details_delay=8.0)
    customer = api.happen("add")
    api.real.now += 7.9
    early = code_of(api.read(external_userid=customer))
    api.real.now += 0.1

    assert (early, code_of(api.read(external_userid=customer))) == (84061, 0)


def test_a_customer_who_comes_back_may_keep_the_old_createtime() -> None:
    times = []
    for keeps in (True, False):
        api = make_api(details_delay=0.0, return_keeps_createtime=keeps)
        customer = api.happen("add", at=NOON - 86_400)
        api.happen("del_by_customer", external_userid=customer, at=NOON - 3600)
        api.happen("add", external_userid=customer, at=NOON)
        times.append(followers(api, customer)[0]["createtime"] - NOON)

    assert times == [-86_399, 1]


def test_followers_come_in_pages_with_a_cursor_of_this_customer_only() -> None:
    api = make_api(details_delay=0.0, followers_per_page=2)
    customer = api.happen("add", "yg01")
    for userid in ("yg02", "yg03"):
        api.happen("add", userid, external_userid=customer)

    first = api.read(external_userid=customer).json
    second = api.read(external_userid=customer, cursor=first["next_cursor"]).json
    assert [one["userid"] for one in first["follow_user"] + second["follow_user"]] == ["yg01", "yg02", "yg03"]
    assert second["next_cursor"] == ""
    other = api.happen("add", "yg01")
    for cursor in (first["next_cursor"], "no cursor"):
        assert code_of(api.read(external_userid=other, cursor=cursor)) == 60268


def test_an_app_that_is_not_admitted_to_contacts_gets_48002() -> None:
    api = make_api(contacts_api=False)

    assert code_of(api.read(external_userid=UNKNOWN)) == 48002
    assert code_of(api.tag_list()) == 48002


def test_reading_too_often_blocks_that_call_for_a_minute_and_no_other() -> None:
    api = make_api(details_delay=0.0, reads_per_minute=2)
    customer = api.happen("add")
    codes = [code_of(api.read(external_userid=customer)) for _ in range(3)]
    api.real.now += 59.9
    still = code_of(api.read(external_userid=customer))
    api.real.now += 0.2

    assert (codes, still) == ([0, 0, 45009], 45009)
    assert code_of(api.read(external_userid=customer)) == 0
    assert code_of(api.tag_list()) == 0


def test_tags_come_with_their_kind_and_personal_ones_without_an_id(api: Api) -> None:
    customer = api.happen("add")
    api.client.post(
        "/sandbox/contacts",
        json={
            "userid": "yg01",
            "external_userid": customer,
            "tags": ["等级/贵宾", "到店"],
            "personal_tags": ["老客"],
            "remark_mobiles": ["13800000000"],
        },
    )

    (follower,) = followers(api, customer)
    assert tag_names(follower) == [(1, "等级", "贵宾"), (3, "网点", "到店"), (2, "我的", "老客")]
    assert ["tag_id" in tag for tag in follower["tags"]] == [True, True, False]
    assert follower["remark_mobiles"] == ["13800000000"]


def test_a_customer_has_the_same_name_for_everybody_and_each_employee_his_own_remark(api: Api) -> None:
    customer = api.happen("add", remark="李经理")
    api.happen("add", "yg02", external_userid=customer)
    made_up = api.read(external_userid=customer).json["external_contact"]["name"]
    api.happen("edit", external_userid=customer, remark="李总", name="向阳花")
    told = api.read(external_userid=customer).json

    assert made_up
    assert told["external_contact"]["name"] == "向阳花"
    assert {one["userid"]: one["remark"] for one in told["follow_user"]} == {"yg01": "李总", "yg02": ""}


def test_a_program_that_sets_tags_is_refused_what_does_not_exist(api: Api) -> None:
    customer = api.happen("add")
    path = "/sandbox/contacts"
    wrong = [
        {"userid": "yg01", "external_userid": customer, "tags": ["没有"]},
        {"userid": "yg01", "external_userid": customer, "tags": ["贵宾"]},  # two are called so
        {"userid": "yg02", "external_userid": customer, "tags": []},
        {"userid": "yg01", "external_userid": customer, "add_way": "3"},
        {"external_userid": customer},
    ]

    assert [api.client.post(path, json=body).status_code for body in wrong] == [400] * len(wrong)
    assert followers(api, customer)[0].get("tags") is None


def test_the_list_of_tags_has_the_corps_only(api: Api) -> None:
    groups = api.tag_list().json["tag_group"]

    assert [(group["group_name"], [tag["name"] for tag in group["tag"]]) for group in groups] == [
        ("等级", ["贵宾", "普通"]),
        ("核验", ["已实名", "已开户"]),
    ]


def test_the_list_of_tags_may_be_asked_for_in_part_and_a_group_wins_over_a_tag(api: Api) -> None:
    first, second = api.tag_list().json["tag_group"]
    tag = first["tag"][1]["id"]
    by_tag = api.tag_list({"tag_id": [tag]}).json["tag_group"]
    by_both = api.tag_list({"tag_id": [tag], "group_id": [second["group_id"]]}).json["tag_group"]

    assert [[one["name"] for one in group["tag"]] for group in by_tag] == [["普通"]]
    assert [group["group_name"] for group in by_both] == ["核验"]


@pytest.mark.parametrize(
    ("spec", "change", "tag_type", "names"),
    [
        pytest.param(
            {"kind": "tag_create", "group": "等级", "name": "要客"},
            "create",
            "tag",
            ["贵宾", "普通", "要客", "已实名", "已开户"],
            id="create",
        ),
        pytest.param(
            {"kind": "tag_update", "tag": "普通", "name": "一般"},
            "update",
            "tag",
            ["贵宾", "一般", "已实名", "已开户"],
            id="update",
        ),
        pytest.param(
            {"kind": "tag_delete", "tag": "普通"}, "delete", "tag", ["贵宾", "已实名", "已开户"], id="delete"
        ),
        pytest.param(
            {"kind": "tag_shuffle"}, "shuffle", None, ["贵宾", "普通", "已实名", "已开户"], id="shuffle"
        ),
    ],
)
def test_a_change_of_tags_is_told_and_shows_in_the_list(
    api: Api, spec: dict[str, str], change: str, tag_type: str | None, names: list[str]
) -> None:
    (event,) = compose(api.world, spec)

    text = event.xml.decode()
    assert f"<ChangeType><![CDATA[{change}]]></ChangeType>" in text
    assert (f"<TagType><![CDATA[{tag_type}]]></TagType>" in text) is bool(tag_type)
    groups = api.tag_list().json["tag_group"]
    assert [tag["name"] for group in groups for tag in group["tag"]] == names


def test_a_deleted_group_takes_its_tags_from_every_contact_in_one_event(api: Api) -> None:
    customer = api.happen("add", tags=["等级/贵宾", "已实名"])
    group = api.tag_list().json["tag_group"][0]["group_id"]
    events = compose(api.world, {"kind": "tag_delete", "tag": group})

    assert len(events) == 1
    assert "<TagType><![CDATA[tag_group]]></TagType>" in events[0].xml.decode()
    assert tag_names(followers(api, customer)[0]) == [(1, "核验", "已实名")]


def test_an_edit_may_change_the_tags(api: Api) -> None:
    customer = api.happen("add")
    api.happen("edit", external_userid=customer, tags=["已实名"])

    assert tag_names(followers(api, customer)[0]) == [(1, "核验", "已实名")]


def test_no_event_is_made_of_a_tag_that_does_not_exist(api: Api) -> None:
    with pytest.raises(SpecError, match="没有"):
        compose(api.world, {"kind": "tag_delete", "tag": "没有"})


@pytest.mark.parametrize("errcode", [-1, 45009, 45033])
def test_a_reading_call_fails_on_demand_and_sends_do_not(api: Api, errcode: int) -> None:
    api.client.post("/sandbox/faults", json={"read_error": {"errcode": errcode, "times": 1}})
    sent = code_of(api.send())
    codes = [code_of(api.tag_list()), code_of(api.tag_list())]

    assert (sent, codes) == (0, [errcode, 0])


def test_the_log_of_calls_shows_what_was_read_and_no_token(api: Api) -> None:
    customer = api.happen("add")
    api.read(external_userid=customer)

    call = api.client.get("/sandbox/calls?path=externalcontact/get").json["calls"][-1]
    assert customer in call["request"]
    assert api.token not in str(call)
