"""Kinds: details of a re-add whose createtime WeCom keeps; one odd answer spoils its neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.details import Desk, desk
from builders.e2e import QUOTA
from builders.service import logged

from bot.core.verdicts import Verdict
from bot.features.admin import admin
from bot.features.details import reader as reader_module
from bot.features.details.answers import SOON_S
from bot.messages.message import as_text
from bot.store.details import DetailReads
from sandbox import reading
from scheduler.admin import wrong

ANY = QUOTA + '[quotas.counting]\nfirst_add = "any"\nexclude_add_ways = [201, 202]\n'
DAY_S = 86_400


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, quotas=ANY) as opened:
        yield opened


def come_back(desk: Desk) -> str:
    """A customer deletes the employee and comes back five days later; WeCom keeps the first createtime."""
    customer = desk.happen("add")
    desk.drain()
    desk.clock.pass_(DAY_S)
    desk.happen("del_by_customer", external_userid=customer)
    desk.clock.pass_(5 * DAY_S)
    desk.happen("add", external_userid=customer)
    return customer


def test_the_second_equal_answer_about_an_earlier_add_holds_for_the_new_one(quiet: Desk) -> None:
    customer = come_back(quiet)
    quiet.drain()
    first = quiet.wish(customer), quiet.verdicts()[customer]
    quiet.later(SOON_S[0])

    assert first[0] is not None
    assert "earlier add" in first[0].error
    assert first[1] is Verdict.DETAILS
    assert quiet.wish(customer) is None
    assert quiet.verdicts()[customer] is Verdict.COUNTED
    assert len(quiet.calls()) == 1 + 2


def test_an_answer_that_changes_meanwhile_is_not_the_second_one(quiet: Desk) -> None:
    """WeCom is late: its first answer is about the old contact, its next one about another time."""
    customer = come_back(quiet)
    quiet.drain()
    contacts = quiet.world.contacts
    kept = contacts.get("yg01", customer)
    assert kept is not None
    kept.createtime += 3600
    quiet.later(SOON_S[0])
    second = quiet.wish(customer)
    kept.createtime = int(quiet.clock()) - SOON_S[0]
    quiet.later(SOON_S[1])

    assert second is not None
    assert quiet.wish(customer) is None
    assert quiet.verdicts()[customer] is Verdict.COUNTED


def test_from_then_on_each_reading_holds_at_once(tmp_path: Path) -> None:
    quotas = QUOTA + '[quotas.counting]\nfirst_add = "any"\nrequired_tags = ["已实名"]\n'
    with desk(tmp_path, quotas=quotas) as quiet:
        customer = come_back(quiet)
        quiet.drain()
        quiet.later(SOON_S[0])
        before = quiet.verdicts()[customer], len(quiet.calls())
        quiet.happen("edit", external_userid=customer, tags=["已实名"])
        quiet.drain()

        assert before[0] is Verdict.TAGS
        assert len(quiet.calls()) - before[1] == 1
        assert quiet.wish(customer) is None
        assert quiet.verdicts()[customer] is Verdict.COUNTED


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"createtime": 10**30}, id="a number of 30 digits"),
        pytest.param({"createtime": float("inf")}, id="no number"),
        pytest.param({"createtime": -1}, id="before 1970"),
        pytest.param({"add_way": 10**19}, id="a way beyond the store"),
        pytest.param({"createtime": None}, id="no time"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_an_answer_that_the_store_cannot_take_does_not_hold_up_the_others(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    odd: dict[str, Any],
    engine: str,
) -> None:
    store = "sqlite:///quotabot.db" if engine == "sqlite" else request.getfixturevalue("store_url")
    with desk(tmp_path, quotas=ANY, store=store) as quiet:
        spoilt = quiet.happen("add")
        customers = [quiet.happen("add") for _ in range(3)]
        follower = reading.follow_user_of

        def broken(world: Any, one: Any) -> Any:
            told = dict(follower(world, one))
            return told | odd if one.external_userid == spoilt else told

        monkeypatch.setattr(reading, "follow_user_of", broken)
        quiet.drain()

        assert quiet.wish(spoilt) is not None
        assert [quiet.wish(customer) for customer in customers] == [None] * 3


def test_a_fault_of_ours_with_one_answer_does_not_hold_up_the_others(
    quiet: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = quiet.happen("add")
    customers = [quiet.happen("add") for _ in range(3)]
    put = DetailReads.put

    def broken(reads: DetailReads, contacts: Any, **more: Any) -> None:
        found = list(contacts)
        if any(one.external_userid == spoilt for one in found):
            raise TypeError("a fault of ours")
        put(reads, found, **more)

    monkeypatch.setattr(DetailReads, "put", broken)
    quiet.drain()
    wish = quiet.wish(spoilt)

    assert wish is not None
    assert "TypeError" in wish.error
    assert [quiet.wish(customer) for customer in customers] == [None] * 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [({"gateway": 1000}, "errcode"), ({"drip": {"seconds": 0.3, "times": 1000}}, "within")],
)
def test_an_unknown_outcome_of_reading_shows_in_readyz_and_in_one_line(
    quiet: Desk, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], words: str
) -> None:
    """Kind: unknown outcomes are invisible."""
    quiet.happen("add")
    quiet.drain()
    quiet.world.faults.arm(fault)
    monkeypatch.setattr(quiet.reader._client._transport, "_deadline_s", 0.5)
    quiet.happen("add")
    with logged(reader_module) as entries:
        for wait in (0, *SOON_S):
            quiet.later(wait)
    told = quiet.degraded()
    quiet.world.faults.clear()
    quiet.later(3600)

    assert [(one["part"], words in one["problem"]) for one in told] == [("details", True)]
    assert [entry["event"] for entry in entries] == ["details wait"]
    assert quiet.degraded() == []


def test_one_odd_tag_is_named_and_keeps_what_is_known_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = reading._groups, False

    def groups(*given: Any) -> Any:
        listed = whole(*given)
        for tag in (tag for group in listed for tag in group["tag"]):
            if broken and tag["name"] == "已实名":
                tag["name"] = None
        return listed

    monkeypatch.setattr(reading, "_groups", groups)
    quotas = QUOTA + '[quotas.counting]\nrequired_tags = ["已实名"]\n'
    with desk(tmp_path, quotas=quotas) as quiet:
        customer = quiet.happen("add", tags=["已实名"])
        quiet.drain()
        broken = True
        quiet.later(reader_module.TAGS_EVERY_S)
        odd = [part for part in quiet.degraded() if part["part"] == "tags"]
        at = quiet.services.clock.now()
        told = as_text(admin(language="zh-CN", found=wrong(quiet.services, at=at), at=at))
        said = [line for line in told.splitlines() if "客户标签" in line]
        verdict = quiet.verdicts()[customer]
        broken = False
        quiet.later(reader_module.TAGS_EVERY_S)

        assert len(odd) == 1
        assert odd[0]["problem"].startswith("et")
        assert len(said) == 1
        assert odd[0]["problem"] in said[0]
        assert verdict is Verdict.COUNTED
        assert quiet.degraded() == []
