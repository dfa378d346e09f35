"""WeCom's answers about contacts as types: what is kept, what is dropped, what is no answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

import pytest

from bot.store.details import Tag
from bot.wecom.contacts import CorpTags, contact_details, contact_page, corp_tags, mobile_sha256
from bot.wecom.errors import UnknownOutcomeError

# As document 92114 shows it, with ids of nobody.
FOLLOWER: dict[str, Any] = {
    "userid": "Sales01",
    "remark": "李经理",
    "createtime": 1_760_000_000,
    "tags": [
        {"group_name": "等级", "tag_name": "A", "tag_id": "et1", "type": 1},
        {"group_name": "我的", "tag_name": "老客", "type": 2},
        {"group_name": "规则组", "tag_name": "B", "tag_id": "st1", "type": 3},
    ],
    "remark_mobiles": ["13800000000", ""],
    "oper_userid": "sales01",
    "add_way": 10,
    "state": "store_sh_01",
}
ANSWER: dict[str, Any] = {
    "errcode": 0,
    "external_contact": {"external_userid": "wm1", "name": "李四", "type": 1, "unionid": "o1"},
    "follow_user": [FOLLOWER],
}


@dataclass
class FakeClient:
    """Gives the answers in their order, the last one for ever, and notes what it was asked."""

    answers: list[dict[str, Any]]
    asked: list[dict[str, str]] = field(default_factory=list)

    def read(self, path: str, *, token: str, **query: str) -> dict[str, Any]:
        self.asked.append({"path": path, **query})
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def read_by_post(self, path: str, body: object, *, token: str) -> dict[str, Any]:
        self.asked.append({"path": path})
        return self.answers[0]


def at_once(call: Callable[[str], Mapping[str, Any]]) -> Mapping[str, Any]:
    return call("T")


def details(*answers: dict[str, Any]) -> Any:
    return contact_details(FakeClient(list(answers)), "wm1", ask=at_once)  # type: ignore[arg-type]  # a fake


def test_of_an_answer_only_what_counting_needs_is_kept() -> None:
    told = details(ANSWER)

    (follower,) = told.followers
    assert (told.customer_type, told.unionid) == (1, "o1")
    assert (follower.userid, follower.createtime, follower.add_way) == ("sales01", 1_760_000_000, 10)
    assert (follower.state, follower.oper_userid) == ("store_sh_01", "sales01")
    assert follower.tags == (
        Tag(id="et1", kind=1, group="等级", name="A"),
        Tag(id="st1", kind=3, group="规则组", name="B"),
    )
    assert follower.mobiles_sha256 == (sha256(b"13800000000").hexdigest(),)
    for secret in ("李四", "李经理", "老客", "13800000000"):
        assert secret not in str(asdict(told))


def test_names_are_kept_where_they_are_asked_for_and_never_printed() -> None:
    told = contact_details(FakeClient([ANSWER]), "wm1", ask=at_once, named=True)  # type: ignore[arg-type]  # a fake

    assert (told.name, told.followers[0].remark) == ("李四", "李经理")
    assert not [name for name in ("李四", "李经理") if name in repr(told)]


@pytest.mark.parametrize("named", [True, False])
def test_a_list_has_names_only_where_they_are_asked_for(named: bool) -> None:
    row = {"external_contact": ANSWER["external_contact"], "follow_info": FOLLOWER}
    client: Any = FakeClient([{"external_contact_list": [row]}])

    (one,) = contact_page(client, ["sales01"], cursor="", token="T", named=named).contacts

    assert (one.name, one.remark) == (("李四", "李经理") if named else ("", ""))
    assert not [name for name in ("李四", "李经理") if name in repr(one)]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        pytest.param(None, "", id="none"),
        pytest.param(["李四"], "", id="no text"),
        pytest.param(" a\x00b\n ", "a b", id="characters that no database takes"),
        pytest.param("\ud83d李四", "李四", id="half a character"),
        pytest.param("长" * 64, "长" * 64, id="as long as may be"),
        pytest.param("长" * 65, "长" * 63 + "…", id="longer"),
    ],
)
def test_a_name_is_kept_as_it_can_be_stored(told: object, kept: str) -> None:
    answer = ANSWER | {"external_contact": ANSWER["external_contact"] | {"name": told}}
    client: Any = FakeClient([answer])

    assert contact_details(client, "wm1", ask=at_once, named=True).name == kept


def test_what_wecom_leaves_out_is_empty() -> None:
    bare = {"external_contact": {"type": 2}, "follow_user": [{"userid": "a", "createtime": 1}]}

    told = details(bare)
    (follower,) = told.followers
    assert (told.customer_type, told.unionid, follower.add_way, follower.state) == (2, "", 0, "")
    assert (follower.tags, follower.mobiles_sha256) == ((), ())


def test_pages_are_put_together_by_their_cursor() -> None:
    client = FakeClient(
        [
            ANSWER | {"next_cursor": "c1"},
            ANSWER | {"follow_user": [FOLLOWER | {"userid": "b"}], "next_cursor": ""},
        ]
    )
    told = contact_details(client, "wm1", ask=at_once)  # type: ignore[arg-type]  # a fake

    assert [one.userid for one in told.followers] == ["sales01", "b"]
    assert [one.get("cursor") for one in client.asked] == [None, "c1"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"errcode": 0}, id="no customer"),
        pytest.param({"external_contact": {}}, id="no type"),
        pytest.param(ANSWER | {"external_contact": "wm1"}, id="the customer is no object"),
        pytest.param(ANSWER | {"follow_user": [{"userid": "a"}]}, id="no createtime"),
        pytest.param(ANSWER | {"follow_user": [{"createtime": 1}]}, id="no userid"),
        pytest.param(ANSWER | {"follow_user": [FOLLOWER | {"createtime": "now"}]}, id="no number"),
        pytest.param(ANSWER | {"follow_user": ["sales01"]}, id="a follower is no object"),
        pytest.param(ANSWER | {"next_cursor": "c1"}, id="pages without an end"),
    ],
)
def test_a_malformed_answer_is_none_and_is_asked_for_again(answer: dict[str, Any]) -> None:
    with pytest.raises(UnknownOutcomeError):
        details(answer)


def test_deleted_tags_and_groups_have_no_name() -> None:
    def group(name: str, **more: Any) -> dict[str, Any]:
        tags = [{"id": f"et{name}1", "name": "一"}, {"id": f"et{name}2", "name": "二", "deleted": True}]
        return {"group_id": f"et{name}", "group_name": name, "tag": tags, **more}

    client = FakeClient([{"tag_group": [group("A"), group("B", deleted=True)]}])

    assert corp_tags(client, token="T") == CorpTags(  # type: ignore[arg-type]  # a fake
        tags=(Tag(id="etA1", kind=1, group="A", name="一"),)
    )


@pytest.mark.parametrize(
    ("row", "named"),
    [
        pytest.param({}, "a row without a name", id="nothing"),
        pytest.param({"name": "三"}, "三", id="no id"),
        pytest.param({"id": "et3"}, "et3", id="no name"),
        pytest.param({"id": "et3", "name": 3}, "et3 3", id="a name that is no text"),
        pytest.param("et3", "a row without a name", id="no object"),
    ],
)
def test_an_odd_tag_is_set_aside_and_the_others_are_read(row: object, named: str) -> None:
    group = {"group_name": "A", "tag": [{"id": "et1", "name": "一"}, row, {"id": "et2", "name": "二"}]}
    told = corp_tags(FakeClient([{"tag_group": [group]}]), token="T")  # type: ignore[arg-type]  # a fake

    assert [tag.id for tag in told.tags] == ["et1", "et2"]
    assert told.odd == (named,)


@pytest.mark.parametrize("odd", [{"group_id": "etB", "tag": []}, {"group_name": "B", "tag": 3}, "B"])
def test_an_odd_group_is_set_aside_and_the_others_are_read(odd: object) -> None:
    group = {"group_name": "A", "tag": [{"id": "et1", "name": "一"}]}
    told = corp_tags(FakeClient([{"tag_group": [odd, group]}]), token="T")  # type: ignore[arg-type]  # a fake

    assert [tag.id for tag in told.tags] == ["et1"]
    assert len(told.odd) == 1


@pytest.mark.parametrize("groups", [3, "A", {"group_name": "A"}])
def test_a_list_of_tags_that_is_no_list_is_none(groups: object) -> None:
    with pytest.raises(UnknownOutcomeError):
        corp_tags(FakeClient([{"tag_group": groups}]), token="T")  # type: ignore[arg-type]  # a fake


def test_a_malformed_list_of_tags_is_none() -> None:
    with pytest.raises(UnknownOutcomeError):
        corp_tags(FakeClient([{"tag_group": [{"tag": [{}]}]}]), token="T")  # type: ignore[arg-type]  # a fake


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        pytest.param("13800000000", "13800000000", id="plain"),
        pytest.param("138 0000-0000", "13800000000", id="with blanks"),
        pytest.param("+8613800000000", "13800000000", id="with a prefix"),
        pytest.param("008613800000000", "13800000000", id="with a long prefix"),
        pytest.param("8602112345678", "8602112345678", id="no mobile number of China"),
        pytest.param("+852 5123 4567", "85251234567", id="of elsewhere"),
    ],
)
def test_a_number_is_hashed_by_its_digits(written: str, digits: str) -> None:
    assert mobile_sha256(written) == sha256(digits.encode()).hexdigest()


def test_what_is_no_number_has_no_hash() -> None:
    assert mobile_sha256("办公室") == ""
