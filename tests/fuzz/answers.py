"""Wrong answers of WeCom: each call returns what it promises, or raises an error of WeCom's, and no other."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date
from typing import Any

from bot.wecom import behavior, contacts, login
from bot.wecom.client import Access, WeComClient
from bot.wecom.directory import AddressBook
from bot.wecom.errors import WeComError
from bot.wecom.transport import _judged
from fuzz.mutate import broken, broken_tree
from fuzz.tally import Tally

_FOLLOWER: dict[str, Any] = {
    "userid": "Sales01",
    "remark": "李经理",
    "createtime": 1_760_000_000,
    "tags": [
        {"group_name": "等级", "tag_name": "A", "tag_id": "et1", "type": 1},
        {"group_name": "我的", "tag_name": "老客", "type": 2},
    ],
    "remark_mobiles": ["13800000000"],
    "oper_userid": "sales01",
    "add_way": 10,
    "state": "store_sh_01",
}
_CUSTOMER = {"external_userid": "wm1", "name": "李四", "type": 1, "unionid": "o1"}
_MEMBER = {
    "userid": "YG01",
    "name": "员工甲",
    "department": [2, 3],
    "is_leader_in_dept": [1, 0],
    "main_department": 2,
    "direct_leader": ["zg01"],
    "status": 1,
}
ANSWERS: dict[str, dict[str, Any]] = {
    "gettoken": {"access_token": "T", "expires_in": 7200},
    "message/send": {"invaliduser": "yg01|yg02", "unlicenseduser": "", "msgid": "m"},
    "externalcontact/get": {"external_contact": _CUSTOMER, "follow_user": [_FOLLOWER], "next_cursor": ""},
    "externalcontact/batch/get_by_user": {
        "external_contact_list": [
            {"external_contact": _CUSTOMER, "follow_info": _FOLLOWER | {"tag_id": ["et1"]}}
        ],
        "next_cursor": "c",
        "fail_info": {"unlicensed_userid_list": ["yg09"]},
    },
    "externalcontact/get_follow_user_list": {"follow_user": ["yg01", "YG02"]},
    "externalcontact/get_corp_tag_list": {
        "tag_group": [
            {"group_id": "g", "group_name": "等级", "tag": [{"id": "et1", "name": "A", "deleted": False}]}
        ]
    },
    "externalcontact/get_user_behavior_data": {
        "behavior_data": [
            {"stat_time": 1_795_363_200, "chat_cnt": 3, "reply_percentage": 60.25, "avg_reply_time": 2}
        ]
    },
    "auth/getuserinfo": {"userid": "yg01", "user_ticket": "t"},
    "department/list": {
        "department": [{"id": 2, "name": "一部", "parentid": 1, "department_leader": ["zg01"]}]
    },
    "user/list": {"userlist": [_MEMBER]},
    "tag/list": {"taglist": [{"tagid": 4, "tagname": "理财"}]},
    "tag/get": {"tagname": "理财", "userlist": [{"userid": "yg01", "name": "员工甲"}], "partylist": [2]},
    "agent/get": {
        "allow_userinfos": {"user": [{"userid": "yg08"}]},
        "allow_partys": {"partyid": [2]},
        "allow_tags": {"tagid": [4]},
    },
    "user/get": _MEMBER,
}
_DAY = date(2026, 11, 23)


class _Wire:
    """The wire: answers from `ANSWERS`, each wrong in half of the cases."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def call(self, _method: str, path: str, **_arguments: object) -> dict[str, Any]:
        answer: Any = {"errcode": 0, "errmsg": "ok", **ANSWERS[path]}
        if self._rng.random() < 0.5:
            answer = broken_tree(self._rng, answer)
        content = json.dumps(answer, ensure_ascii=self._rng.random() < 0.5).encode(errors="surrogatepass")
        if self._rng.random() < 0.1:
            content = broken(self._rng, content)
        return _judged(content, had_token=path != "gettoken")

    def close(self) -> None:
        """Close nothing."""


class _Reads:
    """Reads without budget and token; a page of a list that never ends is no fault of the reader."""

    def __init__(self, client: WeComClient) -> None:
        self.client = client

    def get(self, path: str, **query: object) -> dict[str, Any]:
        return self.client.read(path, token="T", **{name: str(value) for name, value in query.items()})

    def ask(self, _api: str, call: Callable[[str], Any], **_how: object) -> Any:
        return call("T")


def wrong_answers(seed: int, cases: int) -> Tally:
    """Make *cases* of calls whose answers are wrong."""
    tally = Tally()
    client = WeComClient(Access(corp_id="ww", secret="s", base_url="http://127.0.0.1:9"))
    client._transport.close()
    reads: Any = _Reads(client)
    calls: dict[str, Callable[[], object]] = {
        "get_token": client.get_token,
        "send_message": lambda: client.send_message(b"{}", token="T"),
        "contact_details": lambda: contacts.contact_details(
            client, "wm1", ask=lambda call: call("T"), named=True
        ),
        "contact_page": lambda: contacts.contact_page(client, ["yg01"], cursor="", token="T", named=True),
        "follow_users": lambda: contacts.follow_users(client, token="T"),
        "corp_tags": lambda: contacts.corp_tags(client, token="T"),
        "behavior": lambda: behavior.behavior(client, first=_DAY, last=_DAY, token="T", userids=["yg01"]),
        "read_userid": lambda: login.read_userid(reads, "code"),
        "everything": lambda: AddressBook(reads, agent_id=1).everything(),
        "member": lambda: AddressBook(reads, agent_id=1).member("yg01"),
    }
    for number in range(cases):
        rng = random.Random(f"{seed}:wecom:{number}")
        client._transport = _Wire(rng)  # type: ignore[assignment]  # the wire alone is replaced
        name = rng.choice(list(calls))
        try:
            calls[name]()
            tally.outcomes[f"{name} read"] += 1
        except (WeComError, login.StaleCodeError):
            tally.outcomes[f"{name} refused"] += 1
        except Exception as error:  # noqa: BLE001 - it is what we look for
            tally.fail(number, f"{name}: {type(error).__name__}: {error}")
    return tally
