"""What is to be read of contacts, and what was read, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.details import CORP, RULE_GROUP, ContactRead, Read, ReadState, Tag
from bot.store.store import Store

NOW = 1_795_406_400


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def want(store: Store, *customers: str, userid: str = "yg01", now: int = NOW) -> None:
    with store.transaction():
        for customer in customers:
            store.details.want(userid, customer, now=now)


def due(store: Store, now: int = NOW) -> list[Read]:
    return store.details.due(now=now, batch=100)


def contact(createtime: int = NOW, **changes: object) -> ContactRead:
    given: dict[str, object] = {
        "userid": "yg01",
        "external_userid": "wm1",
        "createtime": createtime,
        "customer_type": 1,
        "add_way": 1,
    }
    return ContactRead(**(given | changes))  # type: ignore[arg-type]  # a builder


def put(store: Store, *contacts: ContactRead) -> None:
    with store.transaction():
        store.details.put(contacts, read_at=NOW)


def test_what_is_wanted_is_due_once_and_pending_until_it_is_read(store: Store) -> None:
    want(store, "wm1", "wm2", "wm1")
    first, second = due(store)
    before = store.details.pending()

    assert store.details.done(first)
    assert (before, store.details.pending()) == (2, 1)
    assert [read.external_userid for read in due(store)] == [second.external_userid]


def test_a_wish_that_is_undone_with_its_transaction_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.transaction():
            store.ledger.mark_all()
            store.details.want("yg01", "wm1", now=NOW)
            store.details.mark_wanted()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert store.details.pending() == 0


def test_what_is_wanted_again_while_it_is_read_stays_wanted(store: Store) -> None:
    want(store, "wm1")
    (read,) = due(store)
    want(store, "wm1", now=NOW + 1)

    assert not store.details.done(read)
    store.details.later(read, attempts=9, next_try_at=NOW + 999, error="an old answer")
    store.details.end(read, state=ReadState.FAILED, error="an old answer")
    wish = store.details.wish("yg01", "wm1")
    assert wish is not None
    assert (wish.state, wish.attempts, wish.next_try_at, wish.error) == (ReadState.WANTED, 0, NOW + 1, "")


def test_what_could_not_be_read_is_due_at_its_next_try(store: Store) -> None:
    want(store, "wm1")
    (read,) = due(store)
    store.details.later(read, attempts=1, next_try_at=NOW + 5, error="not yet")

    assert due(store, NOW + 4) == []
    assert [one.attempts for one in due(store, NOW + 5)] == [1]


@pytest.mark.parametrize("state", [ReadState.ENDED, ReadState.FAILED])
def test_what_ended_is_not_tried_again_until_it_is_wanted_again(store: Store, state: ReadState) -> None:
    want(store, "wm1")
    (read,) = due(store)
    store.details.end(read, state=state, error="why")
    ended = (due(store, NOW + 10**8), store.details.pending())
    want(store, "wm1", now=NOW + 7)

    assert ended == ([], 0)
    wish = store.details.wish("yg01", "wm1")
    assert wish is not None
    assert (wish.state, wish.wanted_since, wish.error) == (ReadState.WANTED, NOW + 7, "")


def test_one_customers_wishes_are_found_together_due_or_not(store: Store) -> None:
    want(store, "wm1", "wm2")
    want(store, "wm1", userid="yg02", now=NOW + 60)

    assert [read.userid for read in store.details.of_customer("wm1")] == ["yg01", "yg02"]


def test_what_is_in_the_way_is_told_with_how_many_it_concerns(store: Store) -> None:
    want(store, "wm1", "wm2", "wm3", "wm4")
    for read, attempts, error in zip(due(store), (5, 5, 6, 4), ("a", "b", "b", "c"), strict=True):
        store.details.later(read, attempts=attempts, next_try_at=NOW, error=error)

    assert store.details.stuck(attempts=5) == [("b", 2), ("a", 1)]


def test_the_newest_reading_of_a_contact_wins_and_another_add_stands_beside_it(store: Store) -> None:
    put(store, contact(), contact(createtime=NOW - 86_400, add_way=3))
    put(store, contact(tags=("et2", "et1"), mobiles_sha256=("b", "a"), unionid="o1", state="hall"))

    newest, older = sorted(
        store.contact_knowledge.details()["yg01", "wm1"], key=lambda one: one.createtime, reverse=True
    )
    assert (newest.details.tags, newest.mobile_sha256) == ({"et1", "et2"}, "a b")
    assert (newest.unionid, newest.state, older.details.add_way) == ("o1", "hall", 3)


def test_a_tag_is_called_by_id_by_group_and_by_a_name_that_is_unique(store: Store) -> None:
    put(store, contact(tags=("et1", "et2", "st1")))
    with store.transaction():
        store.details.replace_corp_tags(
            [
                Tag(id="et1", kind=CORP, group="等级", name="贵宾"),
                Tag(id="et2", kind=CORP, group="核验", name="已实名"),
            ],
            read_at=NOW,
            change="",
        )
        store.details.put_tags([Tag(id="st1", kind=RULE_GROUP, group="一组", name="贵宾")])

    (known,) = store.contact_knowledge.details()["yg01", "wm1"]
    assert known.details.tags == {"et1", "等级/贵宾", "et2", "核验/已实名", "已实名", "st1", "一组/贵宾"}


def test_a_new_list_of_the_corp_forgets_its_old_names_but_not_those_of_rule_groups(store: Store) -> None:
    put(store, contact(tags=("et1", "st1")))
    for name in ("贵宾", "要客"):
        with store.transaction():
            store.details.replace_corp_tags(
                [Tag(id="et1", kind=CORP, group="等级", name=name)], read_at=NOW, change=""
            )
            store.details.put_tags([Tag(id="st1", kind=RULE_GROUP, group="一组", name="甲")])
    with store.transaction():
        store.details.replace_corp_tags([], read_at=NOW, change="")

    (known,) = store.contact_knowledge.details()["yg01", "wm1"]
    assert known.details.tags == {"et1", "st1", "一组/甲", "甲"}


def test_the_corps_list_is_read_when_it_may_have_changed(store: Store) -> None:
    def is_due(now: int = NOW) -> bool:
        return store.details.tags_due(now=now, every_s=3600)

    def read(change: str) -> bool:
        with store.transaction():
            store.details.replace_corp_tags([], read_at=NOW, change=change)
        return is_due()

    never_read = is_due()
    store.details.want_tags()
    before = store.details.tags_change()
    just_read = read(before)
    store.details.want_tags()
    changed = is_due()
    changed_while_read = read(before)
    read_again = read(store.details.tags_change())

    assert (never_read, just_read, changed, changed_while_read, read_again) == (
        True,
        False,
        True,
        True,
        False,
    )
    assert (is_due(NOW + 3599), is_due(NOW + 3600)) == (False, True)
