"""The ledger is compared with WeCom's lists, and what events did not tell is made good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import at
from builders.sync import BATCH, FOLLOW, NIGHT, Desk, desk
from builders.work import counted_work

from bot.core.people import Person
from bot.core.relations import RelationKind
from bot.services import Services
from bot.store import known_people
from bot.store.coordination import PEOPLE, TOKEN
from bot.store.sync import Step, SyncRun
from bot.wecom.asker import StoppedError
from bot.wecom.client import Access, WeComClient
from sandbox import listing
from sandbox.errors import ApiError

DAY = "2026-11-20T10:00"
LATER = "2026-11-21T10:00"


def seconds(text: str) -> int:
    return int(at(text).timestamp())


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        yield opened


@pytest.fixture
def synced(stage: Desk) -> Desk:
    """Everybody has a customer, and the lists were compared once; a night has passed."""
    for userid in stage.world.people:
        stage.happen("add", userid, when="2026-09-01T10:00")
    stage.sync()
    stage.next_night()
    return stage


def add_many(stage: Desk, number: int, userid: str = "yg01", **more: Any) -> list[str]:
    return [stage.happen("add", userid, when="2026-09-02T10:00", **more) for _ in range(number)]


def lose(stage: Desk, customers: list[str], userid: str = "yg01") -> None:
    """The employee deletes them, and the bot never hears of it."""
    for customer in customers:
        stage.happen("del_by_member", userid, external_userid=customer, when=LATER, hears=False)


def concerned(stage: Desk, run: SyncRun, cause: str) -> dict[str, str]:
    return {drift.userid: drift.text for drift in stage.services.store.syncs.report_lines(run, cause)}


# --- what is repaired ---


def test_the_first_run_takes_in_whom_everybody_has_already(stage: Desk) -> None:
    old = stage.happen("add", "Yg07", when="2025-03-01T10:00", hears=False, state="hall_qr")
    new = stage.happen("add", "yg02", when=DAY)

    drift = stage.report_totals(stage.sync())
    (imported,) = stage.adds(old, "yg07")
    assert (imported.added_at, imported.state) == (seconds("2025-03-01T10:00") + 1, "hall_qr")
    assert len(stage.adds(new, "yg02")) == 1
    assert drift == {"imported": 1}


def test_a_run_reads_people_a_few_at_a_time(synced: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    customers = add_many(synced, 2)
    lose(synced, customers[:1])
    monkeypatch.setattr(known_people, "_PAGE", 3)
    services = synced.services
    services.store.marks.renew(PEOPLE)

    with counted_work(services) as work:
        drift = synced.report_totals(synced.sync())

    assert drift == {"missed_loss": 1}
    assert not {"members_all", "address_book_all"} & work.statements.keys()
    pages = work.statements["members_following"]
    assert pages > 2
    assert work.rows["members_following"] <= 3 * pages


def test_a_missed_add_is_dated_as_wecom_dates_it(synced: Desk) -> None:
    customer = synced.happen("add", when=DAY, hears=False)

    drift = synced.report_totals(synced.sync())
    assert [add.added_at for add in synced.adds(customer)] == [seconds(DAY) + 1]
    assert drift == {"missed_add": 1}


def test_a_missed_deletion_is_a_loss_at_the_end_of_the_window_by_whom_unknown(synced: Desk) -> None:
    (customer,) = add_many(synced, 1)
    lose(synced, [customer])

    drift = synced.report_totals(synced.sync())
    (add,) = synced.adds(customer)
    assert (add.ended_at, add.ended_by) == (int(synced.clock()), RelationKind.LOST_UNKNOWN)
    assert drift == {"missed_loss": 1}


def test_a_missed_handover_is_a_transfer_and_an_add(synced: Desk) -> None:
    (customer,) = add_many(synced, 1)
    night = "2026-11-24T12:00"
    synced.happen("transfer", "yg01", external_userid=customer, to="yg02", when=night, hears=False)

    drift = synced.report_totals(synced.sync())
    (given,), (taken,) = synced.adds(customer), synced.adds(customer, "yg02")
    assert (given.ended_at, given.ended_by) == (seconds(night) + 1, RelationKind.TRANSFERRED)
    assert taken.added_at == seconds(night) + 1
    assert drift == {"missed_transfer": 1, "missed_add": 1}


@pytest.mark.parametrize(
    ("handed_at", "cause"),
    [
        pytest.param("2026-11-24T12:00", {"missed_transfer": 1}, id="in the window of the loss"),
        pytest.param("2026-11-20T12:00", {}, id="earlier: he was still listed after it"),
    ],
)
def test_a_loss_is_a_transfer_after_all_once_the_takers_list_can_be_read(
    synced: Desk, handed_at: str, cause: dict[str, int]
) -> None:
    (customer,) = add_many(synced, 1)
    synced.happen("add", "yg02", external_userid=customer, when=handed_at, add_way=202)
    lose(synced, [customer])
    synced.world.change_person("yg02", visible=None, licensed=False)
    first = synced.report_totals(synced.sync())
    synced.next_night()
    synced.world.change_person("yg02", visible=None, licensed=True)

    assert first == {"missed_loss": 1, "unknown": 1}
    assert synced.report_totals(synced.sync()) == cause
    assert (synced.adds(customer)[0].ended_by is RelationKind.TRANSFERRED) is bool(cause)


@pytest.mark.parametrize("keeps", [True, False])
def test_who_left_stays_lost_though_he_is_listed(tmp_path: Path, keeps: bool) -> None:
    with desk(tmp_path, return_keeps_createtime=keeps) as stage:
        (customer,) = add_many(stage, 1)
        stage.happen("del_by_customer", external_userid=customer, when=DAY)

        drift = stage.report_totals(stage.sync())
        assert not stage.is_alive(customer)
        assert drift == {"one_way": 1}


def test_where_everything_was_heard_nothing_is_found(synced: Desk) -> None:
    gone, left, moved = add_many(synced, 3)
    synced.happen("del_by_member", external_userid=gone, when=LATER)
    synced.happen("del_by_customer", external_userid=left, when=LATER)
    synced.happen("transfer", "yg01", external_userid=moved, to="yg02", when=LATER)
    before = synced.living()

    assert synced.report_totals(synced.sync()) == {"one_way": 1}
    assert synced.living() == before


def test_a_second_run_finds_nothing(synced: Desk) -> None:
    customers = add_many(synced, 3)
    lose(synced, customers[:1])
    synced.happen("add", when=DAY, hears=False)
    first = synced.report_totals(synced.sync())
    soon = synced.report_totals(synced.sync())
    synced.next_night()

    assert first == {"missed_loss": 1, "missed_add": 1}
    assert (soon, synced.report_totals(synced.sync())) == ({}, {})


def test_what_no_list_can_show_is_named(synced: Desk) -> None:
    found = synced.services.store.syncs.report_totals(synced.sync())

    assert {"unseen_losses", "came_and_went"} <= found.keys()


def test_a_repaired_add_has_its_details_without_a_call_for_it(synced: Desk) -> None:
    customer = synced.happen(
        "add", when=DAY, hears=False, add_way=3, tags=["已实名"], remark_mobiles=["13800000000"]
    )
    synced.sync()

    details = synced.services.store.contact_knowledge.details()["yg01", customer]
    tag = synced.world.contacts.tag_named("已实名").id
    assert [(one.details.add_way, one.details.customer_type, tag in one.details.tags) for one in details] == [
        (3, 1, True)
    ]
    assert len(details[0].mobile_sha256) == 64
    assert synced.calls("externalcontact/get") == []


@pytest.mark.parametrize(
    ("hours", "has_tag"),
    [pytest.param(1, True, id="read before the list"), pytest.param(-1, False, id="read after the list")],
)
def test_a_tag_that_no_event_told_comes_with_the_list(synced: Desk, hours: int, *, has_tag: bool) -> None:
    customer = synced.happen("add", when=DAY, hears=False)
    synced.sync()
    synced.world.change_contact("yg01", customer, {"tags": ["网点/贵宾"]})
    synced.next_night()
    store = synced.services.store
    store.engine.learn("-- name: set_read_at(at)!\nUPDATE details SET read_at = :at;")
    with store.transaction():
        store.engine.run("set_read_at", at=int(store.now()) - 3600 * hours)
    synced.sync()
    (details,) = store.contact_knowledge.details()["yg01", customer]

    tag = synced.world.contacts.tag_named("网点/贵宾").id
    assert (tag in details.details.tags) is has_tag


def test_an_add_of_a_customer_who_was_there_before_is_marked_around_the_first_run(stage: Desk) -> None:
    again, colleague, given, new = (stage.world.new_customer() for _ in range(4))
    stage.happen("add", external_userid=again, when="2026-05-01T10:00")
    stage.happen("del_by_member", external_userid=again, when=DAY)
    stage.happen("add", "yg02", external_userid=colleague, when="2026-05-01T10:00", hears=False)
    stage.happen("add", "yg02", external_userid=given, when="2026-05-01T10:00", hears=False)
    stage.happen("transfer", "yg02", external_userid=given, to="yg03", when=LATER, hears=False)
    for customer in (again, colleague, new):
        stage.happen("add", external_userid=customer, when=LATER, hears=False)

    run = stage.sync()
    assert stage.report_totals(run) == {"rollout": 2, "imported": 3}
    assert list(concerned(stage, run, "rollout")) == ["yg01"]


def test_a_loss_that_was_none_is_taken_back(synced: Desk) -> None:
    (customer,) = add_many(synced, 1)
    contact = synced.world.contacts.get("yg01", customer)
    assert contact is not None
    synced.world.contacts.end("yg01", customer)
    synced.sync()
    was_alive = synced.is_alive(customer)
    synced.next_night()
    synced.world.contacts.begin(contact, keeps_createtime=True)

    assert not was_alive
    assert synced.report_totals(synced.sync()) == {"returned": 1}
    (add,) = synced.adds(customer)
    assert (add.ended_at, len(add.slips)) == (None, 1)


# --- what is not known ---


def test_with_every_tenth_call_failing_it_ends_complete(synced: Desk) -> None:
    customer = synced.happen("add", when=DAY, hears=False)
    synced.world.faults.arm({"busy_every": 10})

    drift = [synced.report_totals(synced.sync()) for _ in range(12)]
    assert drift == [{"missed_add": 1}] + [{}] * 11
    assert synced.is_alive(customer)
    assert -1 in [call.errcode for path in (BATCH, FOLLOW) for call in synced.calls(path)]


def test_when_who_has_customers_cannot_be_read_nobody_loses_anybody(synced: Desk) -> None:
    lose(synced, add_many(synced, 3))
    before = synced.living()
    synced.world.faults.arm({"read_error": {"errcode": -1, "times": 1000}})

    for _ in range(2):
        with pytest.raises(StoppedError, match="who may have customers could not be read: WeCom answered -1"):
            synced.sync()

    assert synced.living() == before
    unfinished = synced.services.store.syncs.unfinished()
    assert unfinished is not None
    assert (unfinished.step, "WeCom answered -1" in unfinished.error) == (Step.LISTING, True)
    synced.world.faults.clear()
    assert synced.report_totals(synced.sync()) == {"missed_loss": 3}


@pytest.mark.parametrize(
    "errcode",
    [
        pytest.param(-1, id="busy for ever"),
        pytest.param(40058, id="a refusal of the call"),
    ],
)
def test_whose_list_cannot_be_read_is_unknown_and_loses_nobody(
    synced: Desk, monkeypatch: pytest.MonkeyPatch, errcode: int
) -> None:
    lose(synced, add_many(synced, 3))
    before = synced.living()
    with monkeypatch.context() as patch:
        refuse_batches(patch, errcode)
        run = synced.sync()

    told = concerned(synced, run, "unknown")
    assert synced.living() == before
    assert told.keys() == set(synced.world.people)
    assert all(f"WeCom answered {errcode}" in reason for reason in told.values())
    assert synced.report_totals(synced.sync()) == {"missed_loss": 3}


def refuse_batches(patch: pytest.MonkeyPatch, errcode: int) -> None:
    """From now on WeCom refuses every list."""

    def refuse(*_: object, **__: object) -> None:
        raise ApiError(errcode, extra={"external_contact_list": []})

    patch.setattr(listing, "by_users", refuse)


def test_a_configuration_error_stops_it_and_later_it_goes_on(synced: Desk) -> None:
    customer = synced.happen("add", when=DAY, hears=False)
    synced.world.faults.arm({"read_error": {"errcode": 60020, "times": 1}})
    with pytest.raises(StoppedError, match="60020"):
        synced.sync()

    assert synced.report_totals(synced.sync()) == {"missed_add": 1}
    assert synced.is_alive(customer)


def test_a_block_of_a_minute_is_waited_for(synced: Desk) -> None:
    synced.world.faults.arm({"read_error": {"errcode": 45009, "times": 1}})
    began = synced.clock()

    assert synced.sync().step is Step.DONE
    assert 60 <= synced.clock() - began < 90


def test_a_block_of_an_hour_stops_it_and_nobody_asks_before_its_end(synced: Desk) -> None:
    synced.world.faults.arm({"read_error": {"errcode": 45009, "times": 2}})

    with pytest.raises(StoppedError, match="45009"):
        synced.sync()
    synced.clock.pass_(3200)
    with pytest.raises(StoppedError, match="45009"):
        synced.sync()
    asked = len(synced.calls(FOLLOW))
    synced.clock.pass_(400)

    assert synced.sync().step is Step.DONE
    assert asked == 2 + 2, "the two of the first run, one refused by the minute and one by the hour"


def test_a_refused_token_is_renewed_once(synced: Desk) -> None:
    synced.world.faults.arm({"read_error": {"errcode": 40014, "times": 1}})
    done = synced.sync()
    synced.world.faults.arm({"read_error": {"errcode": 40014, "times": 2}})

    assert done.step is Step.DONE
    with pytest.raises(StoppedError, match="40014"):
        synced.sync()


@pytest.mark.parametrize("rule", ["any", "all", "empty"])
def test_members_without_customers_have_empty_lists(tmp_path: Path, rule: str) -> None:
    with desk(tmp_path, nobody_listed=rule) as stage:
        lost, kept = add_many(stage, 1), add_many(stage, 1, "yg02")
        lose(stage, lost)

        run = stage.sync()
        assert stage.report_totals(run) == {"missed_loss": 1}
        assert stage.living() == {("yg02", kept[0])}
        assert concerned(stage, run, "unknown") == {}


def test_lists_that_begin_with_an_empty_page_are_read_to_their_end(tmp_path: Path) -> None:
    with desk(tmp_path, empty_pages=True, nobody_listed="all") as stage:
        add_many(stage, 150, hears=False)

        assert stage.report_totals(stage.sync()) == {"imported": 150}


def test_unlicensed_members_are_unknown(synced: Desk) -> None:
    lose(synced, add_many(synced, 2))
    lose(synced, add_many(synced, 2, "yg02"), "yg02")
    synced.world.change_person("yg01", visible=None, licensed=False)

    run = synced.sync()
    assert synced.report_totals(run) == {"missed_loss": 2, "unknown": 1}
    assert concerned(synced, run, "unknown") == {"yg01": "no licence for 客户联系 (fail_info)"}


@pytest.mark.parametrize("way", ["scope", "range", "roster"])
def test_who_fell_out_is_frozen_and_loses_nobody(synced: Desk, way: str) -> None:
    add_many(synced, 5)
    if way == "scope":
        synced.world.contacts.out_of_scope.add("yg01")
    elif way == "range":
        synced.world.change_person("yg01", visible=False, licensed=None)
    else:
        leave(synced.services, "yg01")
    before = synced.living()

    run = synced.sync()
    told = concerned(synced, run, "frozen")
    assert synced.living() == before
    assert list(told) == ["yg01"]
    assert ("left" in told["yg01"]) is (way == "roster")


def use_people(services: Services, people: tuple[Person, ...]) -> None:
    """Let the directory say that these are its people; the store has not recorded it."""
    changed = replace(services.directory, people=people, stamp=(), is_recorded=False)
    services.use(services.config, changed)


def leave(services: Services, userid: str) -> None:
    """He left yesterday, says the roster."""
    people = tuple(
        replace(person, left_on=date(2026, 11, 20)) if person.userid == userid else person
        for person in services.directory.people
    )
    use_people(services, people)


def test_who_falls_out_while_the_lists_are_read_is_unknown(
    synced: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_many(synced, 5)
    before = synced.living()
    answer = listing.follow_users

    def then_fall_out(*given: Any, **more: Any) -> Any:
        told = answer(*given, **more)
        synced.world.contacts.out_of_scope.add("yg01")
        return told

    monkeypatch.setattr(listing, "follow_users", then_fall_out)
    run = synced.sync()

    assert synced.living() == before
    assert "while the lists were read" in concerned(synced, run, "unknown")["yg01"]


# --- how much may be lost unasked ---


def test_too_many_losses_of_one_member_wait_for_a_word(synced: Desk) -> None:
    mine, others = add_many(synced, 19), add_many(synced, 300, "yg02")
    lose(synced, mine[:10])
    lose(synced, others[:5], "yg02")
    added = synced.happen("add", when=DAY, hears=False)
    first = synced.sync()
    found_at = int(synced.clock())
    held = [synced.is_alive(customer) for customer in mine[:10]]
    synced.next_night()
    second = synced.sync()
    synced.next_night()
    third = synced.sync(accept_losses=True)

    assert held == [True] * 10
    assert synced.is_alive(added)
    assert synced.report_totals(first) == {"missed_loss": 15, "held": 10, "missed_add": 1}
    assert concerned(synced, first, "held") == {"yg01": "over 20 % of this member's relations would be lost"}
    assert synced.report_totals(second) == {"missed_loss": 10, "held": 10}
    assert synced.report_totals(third) == {"missed_loss": 10}
    assert {add.ended_at for customer in mine[:10] for add in synced.adds(customer)} == {found_at}


def test_too_many_losses_of_all_wait_for_a_word(synced: Desk) -> None:
    for userid in ("yg01", "yg02", "yg03"):
        lose(synced, add_many(synced, 300, userid)[:17], userid)
    before = synced.living()
    first = synced.sync()
    after = synced.living()
    synced.next_night()

    assert after == before
    assert synced.report_totals(first) == {"missed_loss": 51, "held": 51}
    assert synced.report_totals(synced.sync(accept_losses=True)) == {"missed_loss": 51}
    assert len(synced.living()) == len(before) - 51


def test_what_was_held_and_is_listed_again_is_no_loss(synced: Desk) -> None:
    mine = add_many(synced, 15)
    contacts = [synced.world.contacts.get("yg01", customer) for customer in mine]
    lose(synced, mine)
    synced.sync()
    synced.next_night()
    for contact in contacts:
        assert contact is not None
        synced.world.contacts.begin(contact, keeps_createtime=True)

    assert synced.report_totals(synced.sync()) == {}
    assert all(synced.is_alive(customer) for customer in mine)
    assert synced.services.store.syncs.missing_since("yg01") == {}


def test_on_both_engines_all_is_found_held_accepted_and_then_nothing_more(
    place: Path | str, tmp_path: Path
) -> None:
    where = place if isinstance(place, str) else "sqlite:///quotabot.db"
    with desk(tmp_path, store=where) as stage:
        (moved, *mine), others = add_many(stage, 31), add_many(stage, 150, "yg02")
        stage.sync()
        stage.next_night()
        lose(stage, mine[:12])
        lose(stage, others[:3], "yg02")
        stage.happen("add", when=DAY, hears=False)
        stage.happen("transfer", external_userid=moved, to="yg02", when="2026-11-24T12:00", hears=False)
        first = stage.report_totals(stage.sync())
        stage.next_night()
        accepted = stage.report_totals(stage.sync(accept_losses=True))
        stage.next_night()
        nothing = stage.report_totals(stage.sync())

        assert first == {
            "missed_loss": 15,
            "held": 12,
            "missed_add": 2,
            "missed_transfer": 1,
        }
        assert (accepted, nothing) == ({"missed_loss": 12}, {})
        alive = [stage.is_alive(customer) for customer in mine]
        assert alive == [False] * 12 + [True] * 18
        assert [stage.is_alive(customer, "yg02") for customer in others[:4]] == [False] * 3 + [True]


# --- one run at a time, and how it is watched ---


def test_two_do_not_compare_at_once(synced: Desk) -> None:
    store = synced.services.store
    until = int(synced.clock()) + 999
    store.leases.take("sync", holder="another", now=int(synced.clock()), until=until)

    with pytest.raises(StoppedError, match="another process"):
        synced.sync()


def test_a_lease_that_a_killed_process_left_is_waited_for(synced: Desk) -> None:
    now = int(synced.clock())
    synced.services.store.leases.take("sync", holder="killed", now=now, until=now + 15)

    assert synced.sync().step is Step.DONE


def test_the_lease_is_given_back(synced: Desk) -> None:
    synced.sync()

    assert synced.services.store.leases.get("sync", now=int(synced.clock())) is None


def test_lists_of_another_day_are_read_again(synced: Desk) -> None:
    synced.world.faults.arm({"read_error": {"errcode": 60020, "times": 1}})
    with pytest.raises(StoppedError):
        synced.sync()
    stopped = synced.services.store.syncs.unfinished()
    synced.next_night()
    run = synced.sync()

    assert stopped is not None
    assert run.number > stopped.number
    assert run.began_at == int(at(NIGHT).timestamp()) + 2 * 86_400


def test_whoever_watches_is_told_how_far_it_is(synced: Desk) -> None:
    lose(synced, add_many(synced, 3))
    synced.told.clear()
    synced.sync()

    last = {step: (done, total) for step, done, total in synced.told}
    people = len(synced.world.people)
    assert last == {"reading": (people, people), "comparing": (people, people), "writing losses": (3, 3)}


def test_nothing_that_was_read_stays_behind(synced: Desk) -> None:
    synced.sync()

    assert synced.services.store.syncs.listed("yg01") == {}


# --- pages ---


def spoil(patch: pytest.MonkeyPatch, spoilt: Callable[[int, dict[str, Any]], None]) -> None:
    """Let *spoilt* change or refuse each page of lists, which it gets with the number of the call."""
    answer, calls = listing.by_users, 0

    def by_users(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        page = dict(answer(*given, **more))
        spoilt(calls, page)
        return page

    patch.setattr(listing, "by_users", by_users)


def refuse_call(number: int, errcode: int) -> Callable[[int, dict[str, Any]], None]:
    def spoilt(call: int, _page: dict[str, Any]) -> None:
        if call == number:
            raise ApiError(errcode, extra={"external_contact_list": []})

    return spoilt


def test_a_run_that_was_stopped_goes_on_with_the_next_page(
    synced: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_many(synced, 450, hears=False)
    before = len(synced.calls())
    spoil(monkeypatch, refuse_call(4, 60020))
    with pytest.raises(StoppedError):
        synced.sync()
    run = synced.sync()

    assert synced.report_totals(run) == {"missed_add": 450}
    assert len(synced.calls()) - before == 5 + 1, "each page once, and the call that was refused"
    assert run.calls == 5


def test_a_list_whose_place_was_lost_is_read_from_its_beginning(
    synced: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_many(synced, 450, hears=False)
    spoil(monkeypatch, refuse_call(4, 60268))

    assert synced.report_totals(synced.sync()) == {"missed_add": 450}


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        pytest.param({"next_cursor": "the same"}, "pages do not end", id="pages without an end"),
        pytest.param({"external_contact_list": None}, "malformed", id="no list in the answer"),
        pytest.param({"external_contact_list": [{}]}, "malformed", id="a row without its fields"),
    ],
)
def test_an_answer_that_is_none_is_no_empty_list(
    synced: Desk, monkeypatch: pytest.MonkeyPatch, spoilt: dict[str, Any], reason: str
) -> None:
    lose(synced, add_many(synced, 3))
    before = synced.living()
    spoil(monkeypatch, lambda _call, page: page.update(spoilt))
    monkeypatch.setattr(listing, "_place", lambda *_: listing._START)

    run = synced.sync()
    assert synced.living() == before
    assert all(reason in text for text in concerned(synced, run, "unknown").values())
    assert len(concerned(synced, run, "unknown")) == len(synced.world.people)


def test_without_a_connection_it_stops(synced: Desk) -> None:
    nowhere = WeComClient(Access(corp_id="ww1", secret="made-up", base_url="http://127.0.0.1:9"))
    synced.services.store.tokens.forget(TOKEN)

    with pytest.raises(StoppedError, match="no connection to WeCom"):
        synced.sync(client=nowhere)


def test_calls_are_as_few_as_the_pages_allow(tmp_path: Path) -> None:
    with desk(tmp_path) as stage:
        base = stage.world.branch.people[0]
        staff = {f"s{number:03d}": replace(base, userid=f"s{number:03d}") for number in range(250)}
        stage.world.people = staff
        for userid in staff:
            for number in range(10):
                stage.happen("add", userid, when=f"2026-09-01T10:00:{number:02d}", hears=False)
        people = tuple(replace(stage.services.directory.people[0], userid=userid) for userid in staff)
        use_people(stage.services, people)

        run = stage.sync()
        assert stage.report_totals(run) == {"imported": 2500}
        assert run.calls == len(stage.calls()) == 2500 // 100
        assert len(stage.calls(FOLLOW)) == 2
