"""A changed userid in the sandbox: WeCom's lists show the same contacts under the new one."""

from __future__ import annotations

from builders.sandbox import make_world

from sandbox.events import compose
from sandbox.staffing import carry_out


def test_contacts_keep_their_createtimes_under_a_new_userid() -> None:
    world, _ = make_world()
    customers = [
        compose(world, {"kind": "add", "userid": "yg01", "at": 1_790_000_000 + number})[0].external_userid
        for number in range(3)
    ]
    world.contacts.out_of_scope.add("yg01")
    before = [one.createtime for one in world.contacts.of_member("yg01")]

    carry_out(world, {"act": "rename", "userid": "yg01", "to": "Zhang.San"})

    after = world.contacts.of_member("zhang.san")
    assert [(one.userid, one.external_userid) for one in after] == [("Zhang.San", one) for one in customers]
    assert [one.createtime for one in after] == before
    assert world.contacts.of_member("yg01") == []
    assert [world.contacts.get(userid, customers[0]) for userid in ("yg01", "zhang.san")] == [None, after[0]]
    assert world.contacts.out_of_scope == {"zhang.san"}
