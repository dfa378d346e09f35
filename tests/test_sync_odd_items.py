"""Kind: one odd item spoils everything that is asked with it. Lists are split until it stands alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.sync import Desk, desk

from bot.cli.sync import last_shown
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
    assert "yg03" in str(last_shown(stage.services))


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
