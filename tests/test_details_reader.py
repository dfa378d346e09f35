"""The reader: what WeCom tells of a contact is known soon, and nobody asks too often, whatever happens."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from builders.details import GET, TAGS, Desk, desk
from builders.e2e import QUOTA
from builders.facts import Fact, put_facts
from builders.service import logged

from bot.core.verdicts import Verdict
from bot.features.details import answers
from bot.features.details.answers import ENDED, RETRY_S, SOON_S
from bot.features.details.reader import LEASE, LEASE_S
from bot.store.budget import GRANT_S
from bot.store.details import ReadState
from bot.store.outbox import OutboxMessage
from bot.wecom import reads

RULES = QUOTA + "[quotas.counting]\n"
NO_ADMIN_SHARES = RULES + "exclude_add_ways = [201, 202]\n"
REAL_NAME = RULES + 'required_tags = ["已实名"]\n'


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, quotas=NO_ADMIN_SHARES) as opened:
        yield opened


# what is read, and what it changes


def test_an_add_is_pending_until_its_details_are_read_and_counts_from_then_on(quiet: Desk) -> None:
    customer = quiet.happen("add")
    before = quiet.verdicts()
    quiet.drain()

    assert before == {customer: Verdict.DETAILS}
    assert quiet.verdicts() == {customer: Verdict.COUNTED}
    assert quiet.services.store.details.pending() == 0


def test_a_customer_whom_an_admin_handed_over_earns_nothing(quiet: Desk) -> None:
    given = quiet.happen("add", add_way=202)
    quiet.drain()

    assert quiet.verdicts() == {given: Verdict.ADD_WAY}


@pytest.mark.parametrize(
    ("quotas", "personal", "verdict"),
    [
        pytest.param(REAL_NAME, [], Verdict.TAGS, id="none"),
        pytest.param(REAL_NAME, ["已实名"], Verdict.TAGS, id="a personal tag of the same name"),
        pytest.param(REAL_NAME.replace("已实名", "网点/到店"), ["到店"], Verdict.TAGS, id="of another group"),
    ],
)
def test_personal_tags_never_count(
    tmp_path: Path, quotas: str, personal: list[str], verdict: Verdict
) -> None:
    with desk(tmp_path, quotas=quotas) as opened:
        customer = opened.happen("add", personal_tags=personal)
        opened.drain()

        assert opened.verdicts() == {customer: verdict}


@pytest.mark.parametrize(
    ("asked", "has"),
    [
        pytest.param("已实名", "已实名", id="by its name"),
        pytest.param("核验/已实名", "已实名", id="by group and name"),
        pytest.param("网点/贵宾", "网点/贵宾", id="of a rule group, whose names no list has"),
    ],
)
def test_corp_and_rule_group_tags_count(tmp_path: Path, asked: str, has: str) -> None:
    with desk(tmp_path, quotas=REAL_NAME.replace("已实名", asked)) as opened:
        customer = opened.happen("add", tags=[has])
        opened.drain()

        assert opened.verdicts() == {customer: Verdict.COUNTED}


def test_an_edit_has_the_tags_read_again(tmp_path: Path) -> None:
    with desk(tmp_path, quotas=REAL_NAME) as opened:
        customer = opened.happen("add")
        opened.drain()
        before = opened.verdicts()
        opened.happen("edit", external_userid=customer, tags=["已实名"])
        opened.drain()

        assert (before, opened.verdicts()) == ({customer: Verdict.TAGS}, {customer: Verdict.COUNTED})


def test_a_renamed_tag_has_the_corps_list_read_again(tmp_path: Path) -> None:
    with desk(tmp_path, quotas=REAL_NAME.replace("已实名", "核过")) as opened:
        customer = opened.happen("add", tags=["已实名"])
        opened.drain()
        before = opened.verdicts()
        opened.happen("tag_update", tag="已实名", name="核过")
        opened.drain()

        assert (before, opened.verdicts()) == ({customer: Verdict.TAGS}, {customer: Verdict.COUNTED})
        assert len(opened.calls(TAGS)) == 2


def test_the_corps_list_is_read_once_a_day(quiet: Desk) -> None:
    quiet.drain()
    quiet.later(86_399)
    once = len(quiet.calls(TAGS))
    quiet.later(1)

    assert (once, len(quiet.calls(TAGS))) == (1, 2)


def test_of_a_mobile_number_only_its_hash_is_kept_and_of_a_name_nothing(tmp_path: Path) -> None:
    with desk(tmp_path, with_unionid=True) as opened:
        told = {"remark": "李经理", "name": "向阳花"}
        numbers = ["+86 138-0000 0000", "13900000000"]
        customer = opened.happen("add", remark_mobiles=numbers, state="hall_qr", **told)
        opened.drain()

        ((stored,),) = opened.services.store.contact_knowledge.details().values()
        hashes = {sha256(number).hexdigest() for number in (b"13800000000", b"13900000000")}
        assert set(stored.mobile_sha256.split()) == hashes
        assert (stored.state, stored.unionid) == ("hall_qr", f"oSIM{customer[2:26]}")
        kept = opened.services.config.store.where.read_bytes()
        wal = opened.services.config.store.where.with_name("quotabot.db-wal")
        kept += wal.read_bytes() if wal.exists() else b""
        assert b"0000 0000" not in kept
        assert not [name for name in told.values() if name.encode() in kept]


@pytest.mark.parametrize("kind", ["unionid", "mobile_sha256"])
def test_what_the_bank_says_under_a_key_that_only_details_have_is_found(tmp_path: Path, kind: str) -> None:
    rules = RULES + 'required_facts = ["account"]\n'
    with desk(tmp_path, quotas=rules, with_unionid=True) as opened:
        customer = opened.happen("add", remark_mobiles=["13900000000", "13800000000"])
        keys = {"unionid": f"oSIM{customer[2:26]}", "mobile_sha256": sha256(b"13800000000").hexdigest()}
        fact = Fact(key_kind=kind, key=keys[kind], fact="account", value="1")
        put_facts(opened.services.store, [fact], imported_at=1)
        before = opened.verdicts()
        opened.drain()

        assert (before, opened.verdicts()) == ({customer: Verdict.FACTS}, {customer: Verdict.COUNTED})


def test_one_answer_serves_everybody_who_has_the_customer(quiet: Desk) -> None:
    customer = quiet.happen("add", "yg01")
    quiet.happen("add", "yg02", external_userid=customer)
    quiet.drain()

    assert len(quiet.calls()) == 1
    assert quiet.verdicts("yg02") == quiet.verdicts("yg01") == {customer: Verdict.COUNTED}


def test_all_pages_of_followers_are_read(tmp_path: Path) -> None:
    with desk(tmp_path, quotas=NO_ADMIN_SHARES, followers_per_page=1) as opened:
        customer = opened.happen("add", "yg01")
        opened.happen("add", "yg02", external_userid=customer)
        opened.drain()

        assert len(opened.calls()) == 2
        assert opened.verdicts("yg02") == {customer: Verdict.COUNTED}


def test_a_slip_keeps_how_the_customer_first_came(quiet: Desk) -> None:
    customer = quiet.happen("add", add_way=202)
    quiet.drain()
    quiet.clock.pass_(3600)
    quiet.happen("del_by_member", external_userid=customer)
    quiet.clock.pass_(3600)
    quiet.happen("add", external_userid=customer, add_way=1)
    quiet.drain()

    assert quiet.verdicts() == {customer: Verdict.ADD_WAY}
    assert quiet.services.store.details.pending() == 0


def test_after_a_slip_the_newest_tags_hold(tmp_path: Path) -> None:
    with desk(tmp_path, quotas=REAL_NAME) as opened:
        customer = opened.happen("add")
        opened.drain()
        opened.clock.pass_(3600)
        opened.happen("del_by_member", external_userid=customer)
        opened.clock.pass_(3600)
        opened.happen("add", external_userid=customer, tags=["已实名"])
        opened.drain()

        assert opened.verdicts() == {customer: Verdict.COUNTED}


def test_a_slip_whose_first_add_was_not_read_counts_as_it_came_back(quiet: Desk) -> None:
    customer = quiet.happen("add")
    quiet.clock.pass_(3600)
    quiet.happen("del_by_member", external_userid=customer)
    quiet.clock.pass_(3600)
    quiet.happen("add", external_userid=customer, add_way=202)
    quiet.drain()

    assert quiet.verdicts() == {customer: Verdict.ADD_WAY}


# 84061


def test_details_that_come_late_are_asked_for_after_5_s_30_s_2_min_10_min(tmp_path: Path) -> None:
    with desk(tmp_path, quotas=NO_ADMIN_SHARES, details_delay=700.0) as opened:
        customer = opened.happen("add")
        opened.drain()
        asked = [len(opened.calls())]
        for wait in SOON_S:
            opened.later(wait - 1)
            asked.append(len(opened.calls()))
            opened.later(1)
            asked.append(len(opened.calls()))

        assert asked == [1, 1, 2, 2, 3, 3, 4, 4, 5]
        assert opened.codes() == [84061, 84061, 84061, 84061, 0]
        assert opened.verdicts() == {customer: Verdict.COUNTED}


@pytest.mark.parametrize(
    "read_before", [pytest.param(False, id="never asked"), pytest.param(True, id="asked in vain")]
)
def test_a_relation_that_ended_before_it_could_be_read_is_not_asked_about_again(
    tmp_path: Path, read_before: bool
) -> None:
    with desk(tmp_path, quotas=NO_ADMIN_SHARES, details_delay=100.0) as opened:
        customer = opened.happen("add")
        if read_before:
            opened.drain()
        opened.happen("del_by_member", external_userid=customer)
        opened.later(5)
        asked, verdicts = len(opened.calls()), opened.verdicts()
        opened.later(10**6)

        wish = opened.wish(customer)
        assert wish is not None
        assert (wish.state, wish.error) == (ReadState.ENDED, ENDED)
        assert (len(opened.calls()), opened.services.store.details.pending()) == (asked, 0)
        assert verdicts == {customer: Verdict.DETAILS}


def test_a_customer_who_deleted_the_employee_can_still_be_read(quiet: Desk) -> None:
    customer = quiet.happen("add", add_way=202)
    quiet.happen("del_by_customer", external_userid=customer)
    quiet.drain()

    assert quiet.wish(customer) is None
    assert quiet.verdicts() == {customer: Verdict.ADD_WAY}


def test_an_end_is_no_reason_to_forget_a_later_add(quiet: Desk) -> None:
    customer = quiet.happen("add")
    quiet.happen("del_by_member", external_userid=customer)
    quiet.drain()
    quiet.clock.pass_(5 * 86_400)  # no slip any more
    quiet.happen("add", external_userid=customer)
    quiet.drain()

    assert quiet.wish(customer) is None
    assert quiet.codes() == [84061, 0]


def test_a_colleagues_answer_does_not_stand_for_one_who_is_not_in_it(quiet: Desk) -> None:
    customer = quiet.happen("add", "yg01")
    quiet.happen("add", "yg02", external_userid=customer)
    quiet.happen("del_by_member", "yg01", external_userid=customer, hears=False)
    quiet.drain()

    wish = quiet.wish(customer, "yg01")
    assert wish is not None
    assert (wish.state, wish.attempts) == (ReadState.WANTED, 1)
    assert quiet.wish(customer, "yg02") is None


def test_what_stays_unreadable_is_asked_for_ever_more_seldom_then_told_and_given_up(quiet: Desk) -> None:
    customer = quiet.happen("add")
    quiet.world.change_person("yg01", visible=False, licensed=None)
    quiet.drain()
    for wait in SOON_S:
        quiet.later(wait)
    told = quiet.degraded()
    for wait in RETRY_S[len(SOON_S) :]:
        quiet.later(wait)

    wish = quiet.wish(customer)
    assert wish is not None
    assert wish.state is ReadState.FAILED
    assert len(quiet.calls()) == 1 + len(RETRY_S)
    assert [(part["part"], part["problem"][:21]) for part in told] == [("details", "1 contact(s) could no")]
    assert "应用管理 → the app → 可见范围" in told[0]["problem"]
    assert quiet.degraded() == []


# what is in everybody's way


@pytest.mark.parametrize("errcode", [45009, 45011])
def test_a_block_is_waited_for_and_nothing_is_lost_by_it(quiet: Desk, errcode: int) -> None:
    customer = quiet.happen("add")
    quiet.drain()
    other = quiet.happen("add")
    quiet.world.faults.arm({"read_error": {"errcode": errcode, "times": 1}})
    quiet.drain()
    quiet.later(59)
    asked = quiet.codes()
    quiet.later(1)

    assert (asked, quiet.codes()) == ([0, errcode], [0, errcode, 0])
    assert quiet.verdicts() == {customer: Verdict.COUNTED, other: Verdict.COUNTED}


def test_after_a_block_one_call_at_a_time_is_tried_first(quiet: Desk) -> None:
    quiet.drain()
    for _ in range(8):
        quiet.happen("add")
    quiet.world.faults.arm({"read_error": {"errcode": 45009, "times": 99}})
    quiet.drain()
    first = len(quiet.codes())
    quiet.later(60)
    refused, told = len(quiet.codes()), quiet.degraded()
    quiet.world.faults.clear()
    quiet.later(3599)
    waited = len(quiet.codes())
    quiet.later(1)

    assert 1 <= first <= 5
    assert (refused, waited) == (first + 1, first + 1), "what is refused right after a minute is an hour's"
    assert quiet.codes() == [45009] * refused + [0] * 8
    assert [(part["part"], part["errcode"]) for part in told] == [("reads", 45009)]
    assert "externalcontact/get for too many calls, for another 3600 s" in told[0]["problem"]
    assert quiet.degraded() == []


def test_too_many_at_once_lowers_how_many_go_side_by_side(quiet: Desk) -> None:
    quiet.drain()
    for _ in range(12):
        quiet.happen("add")
    quiet.world.faults.arm({"read_error": {"errcode": 45033, "times": 1}})
    quiet.reader.step()
    first = len(quiet.calls())
    quiet.clock.pass_(2)
    quiet.reader.step()

    assert 1 <= first <= 5
    assert len(quiet.calls()) == first + 2
    quiet.drain()
    assert quiet.services.store.details.pending() == 0


def test_while_a_message_is_due_one_call_at_a_time_is_made_and_afterwards_five(quiet: Desk) -> None:
    quiet.drain()
    for _ in range(9):
        quiet.happen("add")
    outbox, now = quiet.services.store.outbox, int(quiet.clock())
    due = OutboxMessage(
        key="progress:1",
        job="progress",
        to_userid="yg01",
        content="今天加 2 位就够",
        msgtype="text",
        not_before=now,
        expires_at=now + 3600,
    )
    outbox.add(due, created_at=now)
    asked = []
    for _ in range(3):
        quiet.clock.pass_(1)
        quiet.reader.step()
        asked.append(len(quiet.calls()))
    (row,) = outbox.due(real_now=now, clock_now=now, batch=1)
    outbox.finish(row.seq, state="sent", now=now)
    quiet.clock.pass_(GRANT_S)
    quiet.reader.step()

    assert asked == [1, 2, 3]
    assert len(quiet.calls()) == 3 + 5


def test_no_more_than_five_are_under_way(quiet: Desk) -> None:
    quiet.world.faults.arm({"concurrency": 5, "delay_ms": 30})
    for _ in range(17):
        quiet.happen("add")
    quiet.drain()

    assert 45033 not in quiet.codes()
    assert len(quiet.calls()) == 17


def test_an_app_without_the_permission_says_so_in_words_of_the_console_until_it_has_it(quiet: Desk) -> None:
    quiet.world.api = replace(quiet.world.api, contacts_api=False)
    customer = quiet.happen("add")
    quiet.drain()
    told = quiet.degraded()
    quiet.later(599)
    asked = len(quiet.calls()) + len(quiet.calls(TAGS))
    quiet.world.api = replace(quiet.world.api, contacts_api=True)
    quiet.later(1)

    assert [(part["part"], part["errcode"]) for part in told] == [("details", 48002)]
    assert "客户联系 → 权限配置 → 可调用接口的应用" in told[0]["problem"]
    assert asked == 1
    assert quiet.degraded() == []
    assert quiet.verdicts() == {customer: Verdict.COUNTED}


def test_a_refused_token_is_asked_for_anew_once(quiet: Desk) -> None:
    quiet.drain()
    quiet.world.tokens.revoke()
    customer = quiet.happen("add")
    quiet.drain()

    assert quiet.codes() == [40014, 0]
    assert quiet.verdicts() == {customer: Verdict.COUNTED}


def test_without_a_token_nothing_is_asked(quiet: Desk) -> None:
    quiet.world.faults.arm({"token_error": {"errcode": 40001, "times": 1}})
    quiet.happen("add")
    quiet.drain()
    quiet.later(599)

    assert (quiet.codes(), quiet.codes(TAGS), quiet.codes("gettoken")) == ([], [], [40001])
    assert [(part["part"], part["errcode"]) for part in quiet.degraded()] == [("wecom", 40001)]


def test_system_busy_is_tried_three_times_soon_and_then_not_for_an_hour(quiet: Desk) -> None:
    quiet.drain()
    quiet.happen("add")
    quiet.world.faults.arm({"read_error": {"errcode": -1, "times": 3}})
    quiet.drain()
    quiet.later(5)
    quiet.later(30)
    quiet.later(3599)
    asked = quiet.codes()
    quiet.later(1)

    assert (asked, quiet.codes()) == ([-1] * 3, [-1] * 3 + [0])


def test_what_can_never_succeed_is_not_tried_again(quiet: Desk) -> None:
    with logged(answers) as entries:
        quiet.happen("add", external_userid="wm-no-customer")
        quiet.drain()
        quiet.later(10**6)

    assert quiet.codes() == [40096]
    wish = quiet.wish("wm-no-customer")
    assert wish is not None
    assert wish.state is ReadState.FAILED
    assert [entry["event"] for entry in entries] == ["contact given up"]
    assert "wm-no-customer" not in json.dumps(entries)


def test_while_wecom_cannot_be_reached_everything_waits_and_no_try_is_spent(quiet: Desk) -> None:
    quiet.drain()
    customer = quiet.happen("add")
    quiet.sandbox.close()
    quiet.drain()

    wish = quiet.wish(customer)
    assert wish is not None
    assert (wish.state, wish.attempts) == (ReadState.WANTED, 0)


# one reader


def test_a_second_reader_waits_until_the_first_falls_silent(quiet: Desk) -> None:
    quiet.drain()
    second = quiet.another("host:2")
    quiet.happen("add")
    waits = second.step()
    asked = len(quiet.calls())
    quiet.clock.pass_(LEASE_S)
    while second.step() == 0:
        pass

    assert (waits, asked, len(quiet.calls())) == (1.0, 0, 1)
    holder = quiet.services.store.leases.get(LEASE, now=int(quiet.clock()))
    assert holder is not None
    assert holder["holder"] == "host:2"
    assert quiet.reader.step() == 1.0
    second.close()


def test_a_reader_that_ends_gives_its_place_to_the_next_at_once(quiet: Desk) -> None:
    quiet.drain()
    quiet.reader.close()
    second = quiet.another("host:2")
    quiet.happen("add")
    second.step()

    assert len(quiet.calls()) == 1
    second.close()


def test_reading_and_wanting_do_not_stop_each_other_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    with desk(tmp_path, quotas=NO_ADMIN_SHARES, store=postgres_url) as opened:
        store = opened.services.store
        wanted = [(userid, opened.happen("add", userid)) for _ in range(12) for userid in ("yg01", "yg02")]
        ending = threading.Event()
        failures: list[Exception] = []

        def want_again_and_again(seed: int) -> None:
            order = random.Random(seed).sample(wanted, len(wanted))
            try:
                while not ending.is_set():
                    with store.transaction():
                        for userid, customer in order:
                            store.details.want(userid, customer, now=int(opened.clock()))
            except Exception as error:  # noqa: BLE001 - told to the test
                failures.append(error)

        workers = [threading.Thread(target=want_again_and_again, args=(seed,)) for seed in range(2)]
        for worker in workers:
            worker.start()
        for _ in range(60):
            opened.reader.step()
        ending.set()
        for worker in workers:
            worker.join()
        opened.drain()

        assert failures == []
        assert store.details.pending() == 0
        assert {*store.contact_knowledge.details()} == {*wanted}


def test_nothing_in_the_log_names_a_customer(quiet: Desk) -> None:
    with logged(reads) as said, logged(answers) as noted:
        quiet.world.faults.arm({"read_error": {"errcode": 45009, "times": 1}})
        customer = quiet.happen("add")
        quiet.drain()
        quiet.later(60)

    assert [entry["event"] for entry in said] == ["reading is blocked, waiting"]
    assert customer not in json.dumps([*said, *noted])
    assert quiet.calls(GET)
