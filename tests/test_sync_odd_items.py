"""Kind: one odd item spoils everything that is asked with it. Lists are split until it stands alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from builders.sync import Desk, desk

from bot.features.status.comparison import last_drift
from bot.features.sync.lists import Lists
from bot.store.sync import Member, Step
from bot.wecom.contacts import ContactPage
from bot.wecom.errors import AnswerError
from sandbox import listing
from scheduler.admin import wrong


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        for userid in opened.world.people:
            opened.happen("add", userid, when="2026-09-01T10:00")
        yield opened


def unknown(stage: Desk) -> dict[str, str]:
    run = stage.services.store.syncs.last()
    assert run is not None
    return {line.userid: line.text for line in stage.services.store.syncs.report_lines(run, "unknown")}


@pytest.mark.parametrize("errcode", [41054, 40096, 40058, 84072, 84061, 60111, 99999])
def test_one_odd_member_of_a_hundred_is_unknown_alone(stage: Desk, errcode: int) -> None:
    stage.world.faults.arm({"odd": {"userid:yg03": errcode}})
    missed = stage.happen("add", "yg04", when="2026-09-02T10:00", hears=False)
    stage.sync()

    odd = unknown(stage)
    assert set(odd) == ({"yg03"} if errcode != 84061 else set())
    assert all(str(errcode) in text for text in odd.values())
    assert len(stage.adds(missed, "yg04")) == 1


def test_an_odd_member_is_named_in_status_and_in_the_administrators_digest(stage: Desk) -> None:
    stage.world.faults.arm({"odd": {"userid:yg03": 84072}})
    stage.sync()

    told = [one.names for one in wrong(stage.services, at=stage.services.clock.now()) if "yg03" in one.names]
    assert len(told) == 1
    assert "yg03" in str(last_drift(stage.services))


def test_a_row_that_cannot_be_understood_spoils_one_list(
    stage: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = listing.by_users

    def by_users(*given: Any, **more: Any) -> Any:
        page = dict(answer(*given, **more))
        for row in page["external_contact_list"]:
            if row["follow_info"]["userid"] == "yg03":
                del row["follow_info"]["createtime"]
        return page

    monkeypatch.setattr(listing, "by_users", by_users)
    stage.sync()

    assert {userid: "malformed" in text for userid, text in unknown(stage).items()} == {"yg03": True}


class Refusing(Lists):
    """A reader of lists whose calls WeCom refuses if one of *odd* is among the members."""

    def __init__(self, stage: Desk, odd: Collection[str], errcode: int) -> None:
        super().__init__(stage.services, None, None)  # type: ignore[arg-type]  # it calls nobody
        self._odd, self._errcode, self.asked = frozenset(odd), errcode, list[Sequence[str]]()

    def _page(self, userids: Sequence[str], cursor: str) -> ContactPage:
        self.asked.append(userids)
        if self._odd & set(userids):
            raise AnswerError(self._errcode)
        return ContactPage(contacts=(), next_cursor="", unlicensed=frozenset())


MANY = [f"m{number:03}" for number in range(400)]


def read_many(stage: Desk, odd: Collection[str], errcode: int) -> tuple[int, dict[str, str]]:
    """The number of calls for the lists of MANY, and the members whose list is unknown."""
    syncs, now = stage.services.store.syncs, int(stage.clock())
    lists = Refusing(stage, odd, errcode)
    with stage.services.store.transaction():
        run = syncs.begin(began_at=now, real_began_at=now, accepts_losses=False)
        syncs.put_batches(lists.batches(MANY))
        syncs.go_on(run, Step.READING)
    lists.read(lambda *_: None)
    assert syncs.counts().get(Member.WANTED, 0) == 0
    return len(lists.asked), syncs.unknown()


@pytest.mark.parametrize("errcode", [41054, 60111, 40058, 84061])
def test_a_code_of_members_that_all_have_is_looked_for_in_each_alone(stage: Desk, errcode: int) -> None:
    calls, unread = read_many(stage, MANY, errcode)

    assert calls < 1.1 * len(MANY) + 35
    assert set(unread) == (set() if errcode == 84061 else set(MANY))


@pytest.mark.parametrize("errcode", [99999, 40035])
def test_any_other_code_for_everybody_is_of_the_call_and_asks_nobody_alone(stage: Desk, errcode: int) -> None:
    calls, unread = read_many(stage, MANY, errcode)

    assert calls < 60
    assert set(unread) == set(MANY)


@pytest.mark.parametrize("errcode", [41054, 99999])
def test_some_odd_members_are_unknown_and_all_others_read(stage: Desk, errcode: int) -> None:
    odd = [*MANY[3:8], MANY[150], MANY[399]]
    calls, unread = read_many(stage, odd, errcode)

    assert set(unread) == set(odd)
    assert calls < 80
