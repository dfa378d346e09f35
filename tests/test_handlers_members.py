"""Events about members: whoever they speak of is read again, and what WeCom then says holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from builders.directory import Bank, Corp, bank, corp
from builders.e2e import at
from builders.sandbox import make_world
from builders.service import services as roster_services

from bot.features.health import Health
from bot.features.people.refresh import MEMBER_RETRY_S, look_after, reread_members
from bot.services import Services
from bot.store.address_book import EntryState
from bot.wecom.errors import AnswerError
from bot.wecom.events import EventError, MemberArrived, MemberChanged, event_of
from bot.wecom.xml import parse
from handlers.inbox import work_off
from sandbox.clock import VirtualClock
from sandbox.events import Event
from sandbox.staffing import carry_out
from sandbox.switches import CallbackSwitches

SAMPLES = Path(__file__).parent / "samples"
FIRST = "2026-11-02T02:17"
LATER = "2026-11-12T10:00"
SECOND = "2026-11-13T02:17"


@pytest.fixture
def branch() -> Iterator[Corp]:
    world, _ = make_world(callbacks=CallbackSwitches(directory_events="reduced"))
    world.clock = VirtualClock(at(LATER).timestamp(), speed=0)
    with corp(world) as found:
        yield found


@pytest.fixture
def opened(branch: Corp, tmp_path: Path, place: Path | str) -> Iterator[Bank]:
    with bank(branch, tmp_path, store=place, when=FIRST) as found:
        found.read(FIRST)
        yield found


def receive(services: Services, *bodies: bytes) -> None:
    """Bring events the way they come: into the inbox, and worked off."""
    rows = [{"hash": hashlib.sha256(body).hexdigest(), "body": body, "received_at": 0} for body in bodies]
    with services.store.transaction():
        services.store.engine.run_many("inbox_add", rows)
    work_off(services)


def happen(opened: Bank, act: str, *, only: str = "", **given: object) -> list[Event]:
    """HR does something at LATER; the bot gets the events of it (or only those of one kind)."""
    opened.clock.set(LATER)
    events = [event for event in carry_out(opened.corp.world, {"act": act, **given}) if only in event.kind]
    receive(opened.services, *(event.xml for event in events))
    return events


def wanted(opened: Bank) -> set[str]:
    return set(opened.services.store.address_book.wanted())


def reread(opened: Bank) -> int:
    return reread_members(opened.services, book=opened.corp.book, at=opened.clock.now())


@pytest.mark.parametrize(
    ("sample", "kind", "userids"),
    [
        pytest.param("subscribe", MemberArrived, ("sales01",), id="entered the range"),
        pytest.param("change_contact-create_user", MemberArrived, ("newhire7",), id="joined"),
        pytest.param("change_contact-update_user", MemberChanged, ("newhire7", "li.na"), id="renamed"),
        pytest.param("change_contact-delete_user", MemberChanged, ("li.na",), id="left"),
        pytest.param("change_contact-update_tag", MemberChanged, ("sales01", "sales02"), id="tagged"),
    ],
)
def test_events_name_the_members_they_are_about(
    sample: str, kind: type[MemberArrived], userids: tuple[str, ...]
) -> None:
    event = event_of(parse((SAMPLES / f"{sample}.xml").read_bytes()))

    assert type(event) is kind
    assert event.userids == userids


def test_an_event_about_nobody_is_refused() -> None:
    text = (SAMPLES / "change_contact-create_user.xml").read_text(encoding="utf-8")

    with pytest.raises(EventError, match="UserID is missing"):
        event_of(parse(text.replace("newhire7", "").encode()))


def test_who_moved_is_read_again_and_dated_by_that_day(opened: Bank) -> None:
    happen(opened, "change", userid="yg01", departments=[12])

    assert wanted(opened) == {"yg01"}
    assert reread(opened) == 1
    yg01 = opened.services.store.members.all()["yg01"]
    assert [yg01.membership_on(date(2026, 11, day)).departments for day in (11, 12)] == [(11,), (12,)]
    assert wanted(opened) == set()


def test_who_left_the_corp_has_left(opened: Bank) -> None:
    happen(opened, "leave", userid="yg01")
    reread(opened)

    assert opened.services.store.members.all()["yg01"].left_on == date(2026, 11, 12)


def test_who_left_the_range_is_unknown(opened: Bank) -> None:
    events = happen(opened, "range", departments=[11])
    reread(opened)

    states = opened.services.store.address_book.states()
    assert {event.kind for event in events} == {"unsubscribe"}
    assert (states[EntryState.PRESENT], states[EntryState.UNKNOWN], states[EntryState.LEFT]) == (7, 7, 0)


def test_a_tag_reaches_a_new_member_when_he_is_read_again(opened: Bank) -> None:
    opened.corp.act("tag", id=4, name="理财经理", users=[], departments=[12])

    happen(opened, "join", userid="New01", name="员工新", departments=[12])
    reread(opened)

    assert opened.services.store.members.all()["new01"].memberships[0].role == "理财经理"


def test_who_came_is_no_joiner_before_a_list_has_him_too(opened: Bank) -> None:
    happen(opened, "join", userid="New01", name="员工新", departments=[11], only="subscribe")
    reread(opened)
    before = opened.services.store.address_book.all()["new01"]
    opened.read(SECOND)
    after = opened.services.store.address_book.all()["new01"]

    assert (before.listed, before.arrived_on) == (False, date(2026, 11, 12))
    assert (after.listed_on, after.arrived_on) == (date(2026, 11, 13), date(2026, 11, 12))
    assert after.joined_on is None  # nobody has confirmed it


def test_an_event_that_comes_after_the_list_counts_as_well(opened: Bank) -> None:
    opened.corp.act("join", userid="New01", name="员工新", departments=[11])
    opened.read(SECOND)
    subscribe = (SAMPLES / "subscribe.xml").read_bytes().replace(b"sales01", b"new01")
    receive(opened.services, subscribe)
    reread(opened)

    entry = opened.services.store.address_book.all()["new01"]
    assert (entry.listed_on, entry.arrived_on) == (date(2026, 11, 13), date(2025, 10, 9))


def test_those_of_the_first_reading_are_never_taken_for_joiners(opened: Bank) -> None:
    subscribe = (SAMPLES / "subscribe.xml").read_bytes().replace(b"sales01", b"yg01")
    receive(opened.services, subscribe)
    reread(opened)

    assert opened.services.store.address_book.all()["yg01"].arrived_on is None


def test_a_failed_read_changes_nothing_and_is_tried_again(opened: Bank) -> None:
    happen(opened, "change", userid="yg01", departments=[12])
    opened.corp.world.faults.arm({"read_error": {"errcode": 48002}})

    with pytest.raises(AnswerError):
        reread(opened)

    assert opened.services.store.members.all()["yg01"].memberships[-1].departments == (11,)
    assert reread(opened) == 0  # not before its time
    later = opened.services.store.address_book.due(now=2**40, batch=9)
    assert [(one.userid, one.attempts) for one in later] == [("yg01", 1)]


def test_one_whom_wecom_will_not_speak_of_does_not_hold_up_the_others(opened: Bank) -> None:
    happen(opened, "change", userid="yg01", departments=[12])
    happen(opened, "change", userid="yg02", departments=[12])
    opened.corp.world.faults.arm({"read_error": {"errcode": 40003}})  # of the first one only

    done = reread(opened)

    assert done == 1
    assert len(wanted(opened)) == 1


def test_after_the_last_try_the_nightly_reading_has_to_do(opened: Bank) -> None:
    happen(opened, "change", userid="yg01", departments=[12])
    store = opened.services.store
    for _ in range(len(MEMBER_RETRY_S)):
        (one,) = store.address_book.due(now=2**40, batch=9)
        with store.transaction():
            store.address_book.later(one, next_try_at=0, error="")
    opened.corp.world.faults.arm({"read_error": {"errcode": 48002}})

    with pytest.raises(AnswerError):
        reread(opened)

    assert wanted(opened) == set()


def test_the_service_reads_everything_at_its_start_and_members_when_asked(
    branch: Corp, tmp_path: Path
) -> None:
    with bank(branch, tmp_path, store=tmp_path / "bot.db", when=FIRST) as opened:
        look_after(opened.services)
        calls = len(branch.calls())
        look_after(opened.services)
        idle = len(branch.calls())
        happen(opened, "change", userid="yg01", departments=[12])
        look_after(opened.services)

        assert len(opened.services.directory.people) == 14
        assert idle == calls
        assert branch.calls()[calls:] == ["user/get", "tag/get"]


def test_while_wecom_blocks_the_directory_nobody_asks_and_then_it_is_read(
    branch: Corp, tmp_path: Path
) -> None:
    with bank(branch, tmp_path, store=tmp_path / "bot.db", when=FIRST) as opened:
        services, clock = opened.services, opened.clock
        services.store.now = clock  # type: ignore[method-assign]  # one clock for everybody
        branch.world.faults.arm({"read_error": {"errcode": 45009, "times": 2}})
        asked = []
        for wait in (0, 59, 2, 60, 3000, 600):
            clock.pass_(wait)
            look_after(services)
            asked.append(len(branch.calls()))

        assert asked[:5] == [1, 1, 2, 2, 2], "a minute's block, then an hour's"
        assert asked[5] > 2
        assert len(services.directory.people) == 14


def test_a_start_that_wecom_refuses_is_tried_again_not_at_once(branch: Corp, tmp_path: Path) -> None:
    with bank(branch, tmp_path, store=tmp_path / "bot.db", when=FIRST) as opened:
        branch.world.faults.arm({"read_error": {"errcode": 48002, "times": 9}})

        for _ in range(3):
            look_after(opened.services)
        told = Health(opened.services.store, probe=lambda: None).report()["degraded"]

        assert branch.calls() == ["department/list"]
        assert opened.services.directory.people == ()
        assert [(one["part"], "48002" in one["problem"]) for one in told] == [("directory", True)]


def test_beside_a_roster_alone_nothing_is_read(tmp_path: Path) -> None:
    with roster_services(tmp_path) as services:
        receive(services, (SAMPLES / "subscribe.xml").read_bytes())
        look_after(services)

        assert services.store.address_book.wanted() == {}
