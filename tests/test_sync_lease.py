"""A comparison with WeCom's lists keeps its lease, gives way to another process, and comes to an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from builders.sync import BATCH, Desk, KilledError, desk

from bot.app.bootstrap import wecom_client
from bot.store.sync import Step
from bot.wecom.asker import StoppedError
from bot.wecom.client import CALL_S, WeComClient
from bot.wecom.contacts import BAD_CURSOR
from bot.wecom.errors import AnswerError

OLD = "2026-09-01T10:00"
Read = Callable[[Mapping[str, object]], dict[str, Any]]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Desk]:
    """Lists begin with an empty page, so each has two at least; yg01 and yg02 have two customers each."""
    with desk(tmp_path, empty_pages=True) as opened:
        for userid in ("yg01", "yg02"):
            for _ in range(2):
                opened.happen("add", userid, when=OLD)
        yield opened


def reading(stage: Desk, answer: Callable[[Mapping[str, Any], Read], dict[str, Any]]) -> WeComClient:
    """A client whose lists are read as *answer* says; it gets what is asked, and how to really ask it."""
    client = wecom_client(stage.services.config)
    post = client.read_by_post

    def read_by_post(path: str, body: Mapping[str, object], *, token: str) -> dict[str, Any]:
        def really(asked: Mapping[str, object]) -> dict[str, Any]:
            return post(path, asked, token=token)

        return answer(body, really) if path == BATCH else really(body)

    client.read_by_post = read_by_post  # type: ignore[method-assign]  # this one only
    return client


def lease_left(stage: Desk, name: str = "sync") -> float:
    now = stage.clock()
    lease = stage.services.store.leases.get(name, now=int(now))
    return 0.0 if lease is None else float(int(now) + lease["until_s"] - now)


def test_while_it_works_its_lease_lasts_for_another_call(stage: Desk) -> None:
    left: list[float] = []

    def beat() -> None:
        left.append(lease_left(stage))
        stage.clock.pass_(4.3)  # each call lasts

    run = stage.sync(beat=beat)

    assert run.step is Step.DONE
    assert len(left) > 5
    assert min(left) >= CALL_S - 1  # leases end on whole seconds
    assert lease_left(stage) == 0  # it was given back


def test_who_was_overtaken_asks_nothing_more_and_leaves_the_other_its_lease(stage: Desk) -> None:
    leases = stage.services.store.leases
    asked_before = 0

    def beat() -> None:
        nonlocal asked_before
        if not asked_before and stage.calls():
            asked_before = len(stage.calls())
            stage.clock.pass_(60)  # silent for too long
            now = int(stage.clock())
            assert leases.take("sync", holder="another", now=now, until=now + 600)

    with pytest.raises(StoppedError, match="another process"):
        stage.sync(beat=beat)

    lease = leases.get("sync", now=int(stage.clock()))
    assert asked_before > 0
    assert len(stage.calls()) <= asked_before + 1  # the one that was about to begin
    assert lease is not None
    assert lease["holder"] == "another"


def test_a_lease_that_a_killed_process_left_is_waited_for(stage: Desk) -> None:
    now = int(stage.clock())
    assert stage.services.store.leases.take("sync", holder="the dead", now=now, until=now + 15)

    run = stage.sync()

    assert run.step is Step.DONE
    assert stage.clock() >= now + 15


def test_a_lease_that_is_kept_is_not_waited_for_for_ever(stage: Desk) -> None:
    now = int(stage.clock())
    assert stage.services.store.leases.take("sync", holder="another", now=now, until=now + 10_000)

    with pytest.raises(StoppedError, match="another process compares"):
        stage.sync()

    assert 15 <= stage.clock() - now < 60
    assert stage.calls() == []


# --- lists that do not end ---


def test_a_cursor_that_is_always_refused_ends_in_unknown_lists_and_loses_nobody(stage: Desk) -> None:
    before, refused = stage.living(), 0

    def answer(body: Mapping[str, Any], really: Read) -> dict[str, Any]:
        nonlocal refused
        if not body["cursor"]:
            return really(body)
        refused += 1
        assert refused < 50, "it begins again without end"
        raise AnswerError(BAD_CURSOR)

    run = stage.sync(client=reading(stage, answer))
    unknown = {drift.userid for drift in stage.services.store.syncs.report_lines(run, "unknown")}

    assert refused > 1
    assert unknown == {"yg01", "yg02"}
    assert stage.living() == before


@pytest.mark.parametrize("times", [1, 2])
def test_a_cursor_that_is_refused_once_or_twice_begins_the_list_again(stage: Desk, times: int) -> None:
    missed = stage.happen("add", when=OLD, hears=False)
    before, left = stage.living(), times

    def answer(body: Mapping[str, Any], really: Read) -> dict[str, Any]:
        nonlocal left
        if body["cursor"] and left:
            left -= 1
            raise AnswerError(BAD_CURSOR)
        return really(body)

    run = stage.sync(client=reading(stage, answer))

    assert left == 0
    assert stage.report_totals(run) == {"imported": 1}
    assert stage.living() == {*before, ("yg01", missed)}


def in_two_pages(body: Mapping[str, Any], really: Read) -> dict[str, Any]:
    """All rows on the first page, none on the second one."""
    whole = really({**body, "cursor": really({**body, "cursor": ""}).get("next_cursor", "")})
    if body["cursor"]:
        return {**whole, "external_contact_list": [], "next_cursor": ""}
    return {**whole, "next_cursor": "second"}


def test_rows_of_a_list_that_was_begun_again_do_not_count_if_they_are_gone(stage: Desk) -> None:
    """What the first reading saw and the second did not is no contact any more."""
    gone = stage.happen("add", when=OLD, hears=False)
    refuse = True

    def answer(body: Mapping[str, Any], really: Read) -> dict[str, Any]:
        nonlocal refuse
        if body["cursor"] and refuse:
            refuse = False
            stage.happen("del_by_member", external_userid=gone, when=OLD, hears=False)
            raise AnswerError(BAD_CURSOR)
        return in_two_pages(body, really)

    run = stage.sync(client=reading(stage, answer))

    assert not refuse
    assert stage.report_totals(run) == {}
    assert ("yg01", gone) not in stage.living()


def test_killed_after_it_began_a_list_again_it_reads_the_list_from_its_beginning(stage: Desk) -> None:
    """From the old cursor on it would miss the first page, whose contacts would seem to be lost."""
    before, calls = stage.living(), 0

    def answer(body: Mapping[str, Any], really: Read) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise AnswerError(BAD_CURSOR)
        if calls == 3:
            raise KilledError
        return in_two_pages(body, really)

    with pytest.raises(KilledError):
        stage.sync(client=reading(stage, answer))
    run = stage.sync(client=reading(stage, answer))

    assert stage.report_totals(run) == {}
    assert stage.living() == before


def test_pages_that_always_point_to_themselves_end_in_unknown_lists(stage: Desk) -> None:
    before, asked = stage.living(), 0

    def answer(body: Mapping[str, Any], really: Read) -> dict[str, Any]:
        nonlocal asked
        asked += 1
        assert asked < 50, "it reads the same page without end"
        return {**really({**body, "cursor": ""}), "next_cursor": "again"}

    run = stage.sync(client=reading(stage, answer))
    unknown = {drift.userid for drift in stage.services.store.syncs.report_lines(run, "unknown")}

    assert unknown == {"yg01", "yg02"}
    assert stage.living() == before
