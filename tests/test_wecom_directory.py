"""Reading the directory from WeCom: what is read, how often a call is tried, what is no complete reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from builders.directory import Corp, corp
from builders.sandbox import make_world

from bot.wecom.directory import Absent, AddressBook, Member
from bot.wecom.errors import AnswerError, UnknownOutcomeError, WeComError
from sandbox.switches import ApiSwitches


@pytest.fixture
def branch() -> Iterator[Corp]:
    world, _ = make_world()
    with corp(world) as found:
        yield found


def by_id(members: tuple[Member, ...]) -> dict[str, Member]:
    return {member.userid: member for member in members}


def test_a_reading_has_departments_members_leaders_and_tags(branch: Corp) -> None:
    branch.act("tag", id=4, name="理财经理", users=["yg01"], departments=[12])
    branch.act("change", userid="yg02", departments=[11, 12], main_department=12, status=2)

    reading = branch.book.everything()

    members = by_id(reading.members)
    assert {(one.id, one.parent, one.leaders) for one in reading.departments} == {
        (10, 0, ()),
        (11, 10, ("zg01",)),
        (12, 10, ("zg02",)),
    }
    assert len(members) == 14
    assert members["yg07"].name == "员工庚"
    assert (members["yg02"].departments, members["yg02"].status) == ((12, 11), 2)
    assert (members["zg01"].leads, members["zg01"].position) == ((11,), "主管")
    assert [(tag.id, tag.name, tag.users, tag.departments) for tag in reading.tags] == [
        (4, "理财经理", frozenset({"yg01"}), (12,))
    ]


def test_only_the_visible_range_is_read_and_people_named_one_by_one_are_in_it(branch: Corp) -> None:
    branch.act("tag", id=4, name="理财经理", users=["yg08"])
    branch.act("range", departments=[11], users=["yg12"], tags=[4])

    reading = branch.book.everything()

    assert {one.id for one in reading.departments} == {11}
    assert {*by_id(reading.members)} == {*(f"yg{number:02d}" for number in (1, 2, 3, 4, 5, 6, 8, 12)), "zg01"}
    assert by_id(reading.members)["yg12"].departments == ()


def test_a_department_that_is_too_big_is_read_member_by_member() -> None:
    world, _ = make_world(api=ApiSwitches(user_list_max=6))
    with corp(world) as branch:
        members = by_id(branch.book.everything().members)

        assert len(members) == 14
        assert members["zg02"].leads == (12,)
        assert "user/simplelist" in branch.calls()


def test_somebody_who_is_gone_is_told_from_somebody_out_of_range(branch: Corp) -> None:
    branch.act("leave", userid="yg01")
    branch.act("range", departments=[11])

    assert branch.book.member("yg01") is Absent.GONE
    assert branch.book.member("yg12") is Absent.HIDDEN
    assert isinstance(branch.book.member("yg02"), Member)


@pytest.mark.parametrize("after", [0, 1, 3, 6], ids=lambda number: f"after {number} calls")
def test_one_call_that_fails_fails_the_whole_reading(branch: Corp, after: int) -> None:
    branch.act("tag", id=4, name="理财经理", users=["yg01"])
    branch.world.faults.arm({"read_error": {"errcode": 48002, "times": 99}, "read_after": after})

    with pytest.raises(AnswerError) as raised:
        branch.book.everything()

    assert raised.value.errcode == 48002
    assert len(branch.calls()) == after + 1


@pytest.mark.parametrize(
    ("errcode", "times", "calls", "pause_s"),
    [
        pytest.param(-1, 2, 3, 5, id="busy: three tries"),
        pytest.param(45033, 1, 2, 2, id="too many at once: once more"),
    ],
)
def test_what_passes_is_tried_again(branch: Corp, errcode: int, times: int, calls: int, pause_s: int) -> None:
    branch.world.faults.arm({"read_error": {"errcode": errcode, "times": times}})

    assert list(branch.book.tags()) == []
    assert branch.calls() == ["tag/list"] * calls
    assert pause_s <= sum(branch.pauses) <= pause_s * 1.25


@pytest.mark.parametrize(
    ("errcode", "times", "calls"),
    [
        pytest.param(-1, 3, 3, id="busy for longer than three tries"),
        pytest.param(45009, 1, 1, id="rate limit: never again at once"),
        pytest.param(48002, 1, 1, id="not allowed"),
        pytest.param(60020, 1, 1, id="address not trusted"),
    ],
)
def test_what_does_not_pass_is_not_tried_again(branch: Corp, errcode: int, times: int, calls: int) -> None:
    branch.world.faults.arm({"read_error": {"errcode": errcode, "times": times}})

    with pytest.raises(AnswerError):
        list(branch.book.tags())

    assert branch.calls() == ["tag/list"] * calls


def test_a_refused_token_is_replaced_once(branch: Corp) -> None:
    list(branch.book.tags())
    branch.world.tokens.revoke()

    list(branch.book.tags())

    assert len(branch.tokens.refused) == 1


def test_tokens_that_are_refused_again_and_again_end_the_call(branch: Corp) -> None:
    branch.world.faults.arm({"read_error": {"errcode": 40014, "times": 9}})

    with pytest.raises(AnswerError):
        list(branch.book.tags())

    assert branch.calls() == ["tag/list"] * 2


@dataclass
class Answers:
    """Reads that answer from a table, whatever is asked beside the path."""

    table: dict[str, dict[str, Any]]

    def get(self, path: str, **_query: object) -> dict[str, Any]:
        return self.table[path]


WHOLE: dict[str, dict[str, Any]] = {
    "department/list": {"department": [{"id": 2, "name": "一部", "parentid": 1}]},
    "user/list": {"userlist": [{"userid": "YG01", "name": "员工甲", "department": [2]}]},
    "tag/list": {"taglist": []},
    "agent/get": {"allow_partys": {"partyid": [2]}},
}


def test_fields_that_wecom_leaves_out_are_not_needed() -> None:
    reading = AddressBook(Answers(WHOLE), agent_id=1).everything()  # type: ignore[arg-type]  # a fake

    assert reading.members == (Member(userid="yg01", name="员工甲", departments=(2,)),)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"department/list": {"errcode": 0}}, id="no departments: that is not none"),
        pytest.param({"department/list": {"department": [{"name": "一部"}]}}, id="a department without id"),
        pytest.param({"user/list": {"userlist": None}}, id="no members"),
        pytest.param({"tag/list": {"taglist": ["4"]}}, id="a tag that is no object"),
    ],
)
def test_an_answer_without_what_it_should_hold_is_no_reading(broken: dict[str, dict[str, Any]]) -> None:
    book = AddressBook(Answers(WHOLE | broken), agent_id=1)  # type: ignore[arg-type]  # a fake

    with pytest.raises(UnknownOutcomeError):
        book.everything()


@pytest.mark.parametrize("userid", ["a b", "x" * 65, "", "@all", None, 7], ids=str)
@pytest.mark.parametrize("where", ["user/list", "tag/get", "agent/get"])
def test_one_odd_userid_does_not_spoil_the_directory(userid: object, where: str) -> None:
    rows = [{"userid": "yg01", "name": "员工甲", "department": [2]}, {"userid": userid, "name": "员工乙"}]
    table = {
        "tag/list": {"taglist": [{"tagid": 4, "tagname": "理财"}]},
        "tag/get": {"tagname": "理财", "userlist": rows if where == "tag/get" else rows[:1]},
        "user/list": {"userlist": rows if where == "user/list" else rows[:1]},
        "agent/get": {"allow_userinfos": {"user": rows if where == "agent/get" else []}},
    }
    reading = AddressBook(Answers(WHOLE | table), agent_id=1).everything()  # type: ignore[arg-type]  # a fake

    assert [member.userid for member in reading.members] == ["yg01"]
    assert [tag.users for tag in reading.tags] == [{"yg01"}]
    (odd,) = reading.odd
    assert "is no userid" in odd
    assert str(userid or "")[:64] in odd
    assert len(odd) < 120


@pytest.mark.parametrize(
    ("odd", "errcode"),
    [("tag:4", 81011), ("tag:4", 40058), ("department:12", 60003), ("department:12", 99999)],
)
def test_one_odd_tag_or_department_does_not_spoil_the_directory(branch: Corp, odd: str, errcode: int) -> None:
    branch.act("tag", id=4, name="理财经理", users=["yg01"])
    branch.act("tag", id=5, name="讲师", users=["yg02"])
    branch.world.faults.arm({"odd": {odd: errcode}})

    reading = branch.book.everything()

    (told,) = reading.odd
    kind, number = odd.split(":")
    assert told.startswith(f"{kind} {number}: ")
    assert str(errcode) in told
    assert [tag.id for tag in reading.tags] == ([5] if kind == "tag" else [4, 5])
    assert reading.odd_tags == ({4} if kind == "tag" else set())
    assert len(reading.members) == (14 if kind == "tag" else 7)


def test_a_department_without_id_is_set_aside_and_the_others_are_read() -> None:
    table = {"department/list": {"department": [{"name": "二部"}, {"id": 2, "name": "一部", "parentid": 1}]}}
    reading = AddressBook(Answers(WHOLE | table), agent_id=1).everything()  # type: ignore[arg-type]  # a fake

    assert [department.id for department in reading.departments] == [2]
    assert len(reading.odd) == 1


def test_a_range_without_one_readable_department_is_no_reading(branch: Corp) -> None:
    branch.world.faults.arm({"odd": {f"department:{number}": 60011 for number in branch.world.departments}})

    with pytest.raises(AnswerError):
        branch.book.everything()


def test_no_text_of_a_failure_names_a_member_or_the_token(branch: Corp) -> None:
    branch.world.faults.arm({"read_error": {"errcode": 60123}})

    with pytest.raises(WeComError) as raised:
        branch.book.member("yg01")

    assert "yg01" not in str(raised.value)
    assert branch.tokens.token not in str(raised.value)
