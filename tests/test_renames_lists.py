"""A changed userid and what is known of WeCom's lists of customers: both go on under the new one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.directory import Bank
from builders.e2e import at
from builders.renames import facts_of, read_bank, renamed_in_wecom

from bot.core.relations import RelationEvent, RelationKind
from bot.features.renames.rename import rename
from bot.store.sync import Burden, FoundLoss, Step


@pytest.fixture
def opened(tmp_path: Path, place: Path | str) -> Iterator[Bank]:
    with read_bank(tmp_path, place) as found:
        yield found


def test_what_is_known_of_wecoms_lists_moves_along(opened: Bank) -> None:
    """Up to when his list is accounted for, and the losses that wait for a person."""
    syncs = opened.services.store.syncs
    with opened.services.store.transaction():
        run = syncs.begin(began_at=100, real_began_at=100, accepts_losses=False)
        syncs.put_batches([["yg01"]])
        syncs.put_judged(Burden(userid="yg01", living=12, losses=0), [])
        syncs.end(run, ended_at=110)
        held = FoundLoss(userid="yg01", external_userid="wm1", at=200, is_gone=True)
        syncs.put_judged(Burden(userid="yg01", living=12, losses=1), [held])
    renamed_in_wecom(opened)

    rename(opened.services, [("yg01", "zhang.san")], "HR")

    assert (syncs.read_at("zhang.san"), syncs.missing_since("zhang.san")) == (100, {"wm1": 200})
    assert (syncs.read_at("yg01"), syncs.missing_since("yg01")) == (None, {})


def test_of_two_readings_the_later_holds_and_of_two_losses_the_new_ones(opened: Bank) -> None:
    renamed_in_wecom(opened)
    syncs = opened.services.store.syncs
    with opened.services.store.transaction():
        for userid, began_at in (("zhang.san", 300), ("yg01", 100)):
            run = syncs.begin(began_at=began_at, real_began_at=began_at, accepts_losses=False)
            syncs.put_batches([[userid]])
            syncs.put_judged(Burden(userid=userid, living=12, losses=0), [])
            syncs.end(run, ended_at=began_at)
            loss = FoundLoss(userid=userid, external_userid="wm1", at=began_at + 50, is_gone=True)
            syncs.put_judged(Burden(userid=userid, living=12, losses=1), [loss])

    rename(opened.services, [("yg01", "zhang.san")], "HR")

    assert (syncs.read_at("zhang.san"), syncs.missing_since("zhang.san")) == (300, {"wm1": 350})


def test_a_comparison_that_is_under_way_begins_again(opened: Bank) -> None:
    renamed_in_wecom(opened)
    syncs = opened.services.store.syncs
    with opened.services.store.transaction():
        run = syncs.begin(began_at=100, real_began_at=100, accepts_losses=False)
        syncs.put_batches([["yg01", "yg02"]])

    rename(opened.services, [("yg01", "zhang.san")], "HR")
    with opened.services.store.transaction():
        syncs.go_on(run, Step.APPLYING)
        syncs.end(run, ended_at=110)

    assert (syncs.unfinished(), syncs.last(), syncs.counts()) == (None, None, {})


def test_what_a_comparison_still_finds_under_the_old_userid_is_the_new_ones(opened: Bank) -> None:
    renamed_in_wecom(opened)
    rename(opened.services, [("yg01", "zhang.san")], "HR")
    moment = int(at("2026-11-03T10:00").timestamp())
    found = RelationEvent(userid="yg01", external_userid="wm1", at=moment, kind=RelationKind.ADDED)

    with opened.services.store.transaction():
        opened.services.store.ledger.append_all([found], origin="sync", recorded_at=0)

    assert [fact.external_userid for fact in facts_of(opened.services, "zhang.san")] == ["wm1"]
    assert facts_of(opened.services, "yg01") == []
