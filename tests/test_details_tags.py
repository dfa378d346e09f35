"""A tag that the bank's own system sets through the API is seen before the next job, without any event."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from builders.details import Desk, desk
from builders.e2e import QUOTA, at

from bot.core.verdicts import Verdict
from bot.features.details import tags
from bot.features.details.tags import freshen, want_again
from scheduler.runs import fire
from scheduler.timetable import Firing

REAL_NAME = QUOTA + '[quotas.counting]\nrequired_tags = ["已实名"]\n'
JOBS = ("progress", "reminder", "digest", "weekly", "close")
ORDINARY_S = tags.PATIENCE_S
LONG_S = 60.0  # of a patience that no test uses up, even on a busy machine


@pytest.fixture
def branch(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, quotas=REAL_NAME) as opened:
        yield opened


@contextmanager
def reading(opened: Desk) -> Iterator[None]:
    """A reader that works in a thread, as in the service."""
    ending = threading.Event()

    def loop() -> None:
        while not ending.is_set():
            ending.wait(min(opened.reader.step(), 0.02))

    opened.reader.step()  # it has the lease before anybody looks
    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def set_tag(opened: Desk, customer: str, *names: str) -> None:
    """As the bank's CRM does it: through the API."""
    opened.world.change_contact("yg01", customer, {"tags": list(names)})


@pytest.mark.parametrize("job", ["progress", "reminder", "digest", "weekly"])
def test_a_job_of_the_day_sees_the_tag(branch: Desk, job: str) -> None:
    customer = branch.happen("add")
    branch.drain()
    set_tag(branch, customer, "已实名")
    before = branch.verdicts()
    with reading(branch):
        freshen(branch.services, job, at=branch.clock.moment)

    assert (before, branch.verdicts()) == ({customer: Verdict.TAGS}, {customer: Verdict.COUNTED})


def test_a_customer_of_the_segment_is_of_the_quota_as_soon_as_the_tag_is_read(tmp_path: Path) -> None:
    with desk(tmp_path, quotas=REAL_NAME.replace("required_tags", "segment_tags")) as opened:
        customer = opened.happen("add")
        opened.drain()
        before = opened.verdicts()
        set_tag(opened, customer, "已实名")
        with reading(opened):
            freshen(opened.services, "progress", at=opened.clock.moment)
        after = opened.verdicts()

    assert (before, after) == ({}, {customer: Verdict.COUNTED})


def test_the_close_sees_the_tag_of_the_period_that_it_closes(branch: Desk) -> None:
    customer = branch.happen("add")
    branch.drain()
    set_tag(branch, customer, "已实名")
    branch.clock.set("2026-12-01T08:42")

    assert want_again(branch.services, "progress", at=branch.clock.moment) == 0
    assert want_again(branch.services, "close", at=branch.clock.moment) == 1
    branch.drain()
    branch.clock.set("2026-11-30T23:59")
    assert branch.verdicts() == {customer: Verdict.COUNTED}


def test_a_firing_of_the_timetable_reads_first(branch: Desk) -> None:
    customer = branch.happen("add")
    branch.drain()
    set_tag(branch, customer, "已实名")
    with reading(branch):
        assert fire(branch.services, Firing("progress", int(branch.clock())), now=branch.clock.moment)

    assert branch.verdicts() == {customer: Verdict.COUNTED}


@pytest.mark.parametrize(
    "what", ["has the tag", "ended", "details unknown", "another month", "nobody's under the quota"]
)
def test_only_living_contacts_that_wait_for_a_tag_are_read_again(branch: Desk, what: str) -> None:
    userid = "zg01" if what.startswith("nobody") else "yg01"
    customer = branch.happen("add", userid, tags=["已实名"] if what == "has the tag" else [])
    if what != "details unknown":
        branch.drain()
    if what == "ended":
        branch.happen("del_by_member", userid, external_userid=customer)
    moment = branch.clock.moment + timedelta(days=30 if what == "another month" else 0)

    assert [want_again(branch.services, job, at=moment) for job in JOBS[:3]] == [0, 0, 0]


def test_without_required_tags_nothing_is_read_again(tmp_path: Path) -> None:
    with desk(tmp_path) as opened:
        opened.happen("add")
        opened.drain()

        assert [want_again(opened.services, job, at=opened.clock.moment) for job in JOBS] == [0] * len(JOBS)


def test_nobody_waits_for_a_reader_that_is_not_there(branch: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "PATIENCE_S", LONG_S)
    branch.happen("add")
    branch.drain()
    branch.reader.close()
    began = time.monotonic()
    freshen(branch.services, "progress", at=branch.clock.moment)

    assert time.monotonic() - began < LONG_S
    assert branch.services.store.details.untried() == 1


def test_a_job_waits_no_longer_than_its_patience(branch: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    branch.happen("add")
    branch.drain()
    monkeypatch.setattr(tags, "PATIENCE_S", 0.3)
    branch.world.faults.arm({"read_error": {"errcode": 45009, "times": 9}})
    began = time.monotonic()
    with reading(branch):
        freshen(branch.services, "progress", at=branch.clock.moment)

    assert 0.3 <= time.monotonic() - began < ORDINARY_S


def test_a_job_does_not_wait_while_the_app_may_not_read(
    branch: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tags, "PATIENCE_S", LONG_S)
    branch.happen("add")
    branch.drain()
    branch.world.faults.arm({"read_error": {"errcode": 48002, "times": 9}})
    began = time.monotonic()
    with reading(branch):
        freshen(branch.services, "progress", at=at("2026-11-23T12:00"))

    assert time.monotonic() - began < LONG_S
