"""Kind: one odd item spoils everything that is asked with it; and text that the store cannot take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders.directory import Bank, Corp, bank, corp
from builders.e2e import at
from builders.sandbox import make_world

from bot.features.health import Health
from bot.features.people import refresh
from bot.features.people.refresh import reread_members
from bot.features.status.lines import status_lines
from bot.features.status.report import status_report
from bot.store.address_book import EntryState
from sandbox.people import Tag
from scheduler.admin import wrong

FIRST = "2026-11-02T02:17"
SECOND = "2026-11-12T02:17"


@pytest.fixture
def branch() -> Iterator[Corp]:
    world, _ = make_world()
    with corp(world) as found:
        found.act("tag", id=4, name="理财经理", users=["yg02"], departments=[])
        found.act("tag", id=5, name="讲师", users=["yg03"], departments=[])
        yield found


@pytest.fixture
def opened(branch: Corp, tmp_path: Path, place: Path | str) -> Iterator[Bank]:
    with bank(branch, tmp_path, store=place, when=FIRST) as found:
        yield found


def arm(bank: Bank, **odd: int) -> None:
    bank.corp.world.faults.arm({"odd": {name.replace("_", ":"): code for name, code in odd.items()}})


def rename(bank: Bank, userid: str, name: str) -> None:
    world = bank.corp.world
    world.people[userid] = replace(world.people[userid], name=name)


def degraded(bank: Bank) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Health(bank.services.store, probe=lambda: None).report()["degraded"]
    return [one for one in found if one["part"] in {"directory", "set_aside"}]


def test_an_odd_item_is_named_in_readyz_status_and_the_administrators_digest(opened: Bank) -> None:
    arm(opened, tag_4=81011, department_12=60003)
    opened.read(FIRST)
    (one,) = degraded(opened)
    status = "\n".join(map(" ".join, status_lines(opened.services, status_report(opened.services, []), [])))
    told = [finding.text for finding in wrong(opened.services, at=at("2026-11-03T09:07"))]

    for text in (one["problem"], "\n".join(told)):
        assert "department 12: WeCom answered 60003" in text
        assert "tag 4: WeCom answered 81011" in text
    assert "部门 12：企业微信返回 60003；标签 4：企业微信返回 81011" in status


def test_the_note_goes_with_the_first_reading_without_odd_items(opened: Bank) -> None:
    arm(opened, tag_4=81011)
    opened.read(FIRST)
    opened.corp.world.faults.clear()
    opened.read(SECOND)

    assert degraded(opened) == []


def test_a_tag_that_is_set_aside_stays_with_those_who_had_it(opened: Bank) -> None:
    opened.read(FIRST)
    arm(opened, tag_4=81011)
    opened.corp.act("tag", id=5, name="讲师", users=["yg02"], departments=[])
    opened.read(SECOND)

    book = opened.services.store.address_book
    assert book.all()["yg02"].tags == (4, 5)
    assert book.all()["yg03"].tags == ()
    assert book.tags() == {4: "理财经理", 5: "讲师"}


def test_people_of_a_department_that_is_set_aside_are_asked_for_one_by_one(opened: Bank) -> None:
    opened.read(FIRST)
    arm(opened, department_12=60003)
    opened.corp.act("change", userid="yg08", position="主管")
    outcome = opened.read(SECOND)

    assert (outcome.unknown, outcome.left) == (0, 0)
    assert opened.services.store.address_book.all()["yg08"].position == "主管"


@pytest.mark.parametrize("errcode", [40058, 84072, 99999])
def test_a_member_of_whom_wecom_refuses_to_speak_stays_as_they_were(opened: Bank, errcode: int) -> None:
    opened.read(FIRST)
    arm(opened, department_12=60003, userid_yg08=errcode)
    opened.read(SECOND)

    (one,) = degraded(opened)
    assert f"member yg08: WeCom answered {errcode}" in one["problem"]
    assert opened.services.store.address_book.all()["yg08"].state is EntryState.PRESENT


def test_an_odd_member_or_tag_does_not_hold_up_a_new_hire(opened: Bank) -> None:
    opened.read(FIRST)
    opened.corp.act("join", userid="new01", name="新人", departments=[11])
    arm(opened, userid_yg08=40058, tag_4=81011)
    store = opened.services.store
    for userid in ("yg08", "new01"):
        store.address_book.want(userid, since=int(store.now()))
    reread_members(opened.services, book=opened.corp.book, at=at(SECOND))

    assert store.address_book.all()["new01"].name == "新人"
    assert "yg08" in store.address_book.wanted()


@pytest.mark.parametrize("odd", ["\ud83d", "\x00", "\ufffe", "\x1d"], ids=ascii)
def test_a_name_that_the_store_cannot_take_is_cleaned_and_the_next_new_hire_is_taken_in(
    opened: Bank, odd: str
) -> None:
    rename(opened, "yg01", f"员工{odd}甲")
    opened.corp.world.tags[4] = Tag(id=4, name=f"理财{odd}", users=("yg02",), departments=())
    opened.read(FIRST)
    opened.corp.act("join", userid="new01", name="新人", departments=[11])
    rename(opened, "new01", f"新{odd}人")
    store = opened.services.store
    store.address_book.want("new01", since=int(store.now()))
    reread_members(opened.services, book=opened.corp.book, at=at(SECOND))

    people = store.members.all()
    assert (people["yg01"].name, people["new01"].name) == ("员工\ufffd甲", "新\ufffd人")
    assert store.address_book.tags()[4] == "理财\ufffd"


def test_a_member_who_cannot_be_stored_does_not_hold_up_the_others(
    opened: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.read(FIRST)
    for userid in ("new01", "new02", "new03"):
        opened.corp.act("join", userid=userid, name="新人", departments=[11])
    apply_answers = refresh.apply_answers

    def broken(before: Any, answers: Any, **named: Any) -> Any:
        if "new02" in answers:
            raise ValueError("a fault of ours")
        return apply_answers(before, answers, **named)

    monkeypatch.setattr(refresh, "apply_answers", broken)
    store = opened.services.store
    for userid in ("new01", "new02", "new03"):
        store.address_book.want(userid, since=int(store.now()))
    reread_members(opened.services, book=opened.corp.book, at=at(SECOND))

    assert {"new01", "new03"} <= set(store.members.all())
    assert set(store.address_book.wanted()) == {"new02"}
    assert store.address_book.due(now=int(store.now()), batch=9) == []


def test_a_reading_of_members_whose_outcome_is_unknown_shows_in_readyz(
    opened: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kind: unknown outcomes are invisible."""
    opened.read(FIRST)
    opened.corp.act("join", userid="new01", name="新人", departments=[11])
    store = opened.services.store
    store.address_book.want("new01", since=int(store.now()))
    opened.corp.world.faults.arm({"gateway": 1000})
    monkeypatch.setattr(refresh, "address_book", lambda _services: nullcontext(opened.corp.book))
    refresh.look_after(opened.services)
    told = degraded(opened)
    opened.corp.world.faults.clear()
    opened.clock.pass_(120)
    refresh.look_after(opened.services)

    assert [(one["part"], "errcode" in one["problem"]) for one in told] == [("directory", True)]
    assert "new01" in store.members.all()
    assert degraded(opened) == []
