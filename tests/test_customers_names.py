"""Names of customers: only if the file asks for them, only for whose customers they are, and not for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import sync as sync_builders
from builders.chat import say
from builders.details import desk
from builders.e2e import QUOTA, FakeTime, add_customers, at, command_here, outbox_rows, rows_of, where
from builders.reviews import BURST_RULE, ROSTER, TUESDAY, branch, lost_contact, morning, tell
from builders.service import logged, running

from bot.core.relations import RelationKind
from bot.features.customers import names
from bot.features.customers.names import look_over, names_of
from bot.services import Services
from bot.store.customers import CustomerName
from bot.store.outbox import OutboxMessage
from bot.store.store import Store
from scheduler.planner import plan

KEEPS = "[privacy]\nstore_customer_names = true\n"
NAME, REMARK = "向阳花", "李经理"


def named(services: Services) -> dict[tuple[str, str], tuple[str, str]]:
    rows = rows_of(where(services), "SELECT * FROM customer_names")
    return {(row["userid"], row["external_userid"]): (row["name"], row["remark"]) for row in rows}


def know(services: Services, userid: str, customer: str, name: str = NAME, remark: str = REMARK) -> None:
    with services.store.transaction():
        one = CustomerName(userid=userid, external_userid=customer, name=name, remark=remark)
        names.keep(services, [one])


# --- the store, on both engines ---


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def put(store: Store, name: str, remark: str = "", *, userid: str = "zhang", customer: str = "wm1") -> None:
    with store.transaction():
        one = CustomerName(userid=userid, external_userid=customer, name=name, remark=remark)
        store.customer_names.put([one], read_at=1, since=0)


def test_the_newest_names_hold_and_each_employee_has_his_own(store: Store) -> None:
    put(store, NAME, REMARK)
    put(store, "晴天", REMARK)
    put(store, "晴天", "老邻居", userid="li")
    put(store, "", "", customer="wm2")

    mine, other = store.customer_names.of("zhang"), store.customer_names.of("li")
    assert {customer: (one.name, one.remark) for customer, one in mine.items()} == {"wm1": ("晴天", REMARK)}
    assert {customer: (one.name, one.remark) for customer, one in other.items()} == {
        "wm1": ("晴天", "老邻居")
    }


def test_a_changed_userid_takes_the_names_along(store: Store) -> None:
    put(store, NAME, REMARK)
    put(store, "旧", customer="wm2")
    put(store, "新", customer="wm2", userid="zhang.san")
    with store.transaction():
        store.renames.move("zhang", "zhang.san")

    assert store.customer_names.of("zhang") == {}
    assert {customer: one.name for customer, one in store.customer_names.of("zhang.san").items()} == {
        "wm1": NAME,
        "wm2": "新",
    }


def test_the_outbox_forgets_what_only_the_receiver_may_read_when_it_ends(store: Store) -> None:
    ends = ("sent", "failed", "unknown", "expired", "withdrawn", "sent, and anybody's")
    for key in ends:
        form = {"msgtype": "template_card", "body": {"title": REMARK}, "text": "…0001"}
        message = OutboxMessage(
            key=key,
            job="answer",
            to_userid="zhang",
            content="…0001",
            msgtype="template_card",
            not_before=10,
            expires_at=20,
            forms=json.dumps([form], ensure_ascii=False),
            private="anybody" not in key,
        )
        store.outbox.add(message, created_at=1)
        row = store.outbox.by_key(key)
        assert row is not None
        if key == "withdrawn":
            store.outbox.withdraw(row["seq"], reason="he left", now=12)
            continue
        store.outbox.begin(row["seq"], request=f"{key} {REMARK}".encode(), now=11)
        if key != "expired":
            store.outbox.finish(row["seq"], state=key.partition(",")[0], now=12)
    store.outbox.expire(real_now=30, clock_now=30)

    store.engine.learn("-- name: forms_of_a_test()\nSELECT key, msgtype, forms, request FROM outbox;")
    kept = {row.pop("key"): row for row in map(dict, store.engine.all("forms_of_a_test"))}
    assert REMARK in kept.pop("sent, and anybody's")["forms"]
    assert kept.pop("withdrawn") == {"msgtype": "template_card", "forms": "", "request": None}
    # What is tried again by hand goes as the text that others may read.
    assert list(kept.values()) == [{"msgtype": "text", "forms": "", "request": None}] * 4


# --- what is read ---


def test_the_reader_keeps_the_name_and_everybodys_own_remark(tmp_path: Path) -> None:
    with desk(tmp_path, quotas=QUOTA + KEEPS) as opened:
        customer = opened.happen("add", name=NAME, remark=REMARK)
        opened.happen("add", "yg02", external_userid=customer)
        opened.drain()
        both = named(opened.services)
        opened.happen("edit", external_userid=customer, remark="李总")
        opened.drain()

        assert both == {("yg01", customer): (NAME, REMARK), ("yg02", customer): (NAME, "")}
        assert names_of(opened.services, "YG01") == {customer: ("李总", NAME)}


def test_the_nightly_lists_bring_the_names_of_contacts_that_nobody_told(tmp_path: Path) -> None:
    with sync_builders.desk(tmp_path, more=KEEPS) as stage:
        customer = stage.happen("add", when="2026-11-20T10:00", hears=False, name=NAME, remark=REMARK)
        stage.sync()

        assert named(stage.services)["yg01", customer] == (NAME, REMARK)


# --- how long ---


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, more=BURST_RULE + "shared_by = 2\nwindow_days = 30\n" + KEEPS) as opened:
        lost_contact(opened)
        know(opened, "zhang", "wm-lost")
        yield opened


def test_names_go_ninety_days_after_the_contact_ended_and_do_not_come_back(services: Services) -> None:
    tell(services, "zhang", "wm-stays", at("2026-11-04T10:00"), RelationKind.ADDED)
    know(services, "zhang", "wm-stays")
    clock = services.clock
    assert isinstance(clock, FakeTime)
    found = []
    for moment in ("2027-02-04T09:59", "2027-02-04T10:01", "2027-02-05T09:00"):
        clock.set(moment)
        look_over(services)
        found.append(sorted(customer for _, customer in named(services)))
    know(services, "zhang", "wm-lost")

    # The second look of a day is none.
    assert found == [["wm-lost", "wm-stays"], ["wm-lost", "wm-stays"], ["wm-stays"]]
    assert ("zhang", "wm-lost") not in named(services)


def test_a_customer_who_came_back_keeps_his_name(services: Services) -> None:
    tell(services, "zhang", "wm-lost", at("2026-11-20T10:00"), RelationKind.ADDED)
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.set("2027-06-01T09:00")
    look_over(services)

    assert ("zhang", "wm-lost") in named(services)


def test_with_false_nothing_is_shown_and_the_next_start_removes_all(tmp_path: Path) -> None:
    with branch(tmp_path, more=KEEPS) as opened:
        lost_contact(opened)
        know(opened, "zhang", "wm-lost")
    with branch(tmp_path) as opened, logged(names) as logs:
        shown, before = names_of(opened, "zhang"), len(named(opened))
        with running(opened, role="worker"):
            after = named(opened)
        look_over(opened)

        assert (shown, before, after) == ({}, 1, {})
    assert not [name for name in (NAME, REMARK) if name.encode() in (tmp_path / "quotabot.db").read_bytes()]
    assert [(entry["log_level"], entry["names"]) for entry in logs] == [("warning", 1)]


# --- who reads them ---


def sent(services: Services) -> str:
    """What WeCom is to be told in the newest message."""
    return str(json.loads(outbox_rows(services)[-1]["forms"])[0]["body"])


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("明细", id="the list"),
        pytest.param("为什么 lost", id="why"),
        pytest.param("申诉 lost 客户误删", id="an appeal"),
    ],
)
def test_his_own_customers_are_named_to_him_and_not_in_what_stays(services: Services, word: str) -> None:
    kept = "\n".join(say(services, "zhang", word))

    assert "「李经理」…lost" in sent(services)
    assert "…lost" in kept
    assert REMARK not in kept


def test_nobody_else_is_ever_told_a_name(services: Services, capfd: pytest.CaptureFixture[str]) -> None:
    tell(services, "li", "wm-lost", at("2026-11-23T10:00"), RelationKind.ADDED)
    add_customers(services, "zhang", at("2026-11-23T11:00"))
    know(services, "li", "wm-lost", NAME, "老邻居")
    say(services, "zhang", "申诉 lost 客户误删")
    leader = [say(services, "team", word) and sent(services) for word in ("团队", "需帮助", "明细")]
    other = [say(services, "li", word) and sent(services) for word in ("明细", "为什么 lost", "排名")]
    told = [
        message for job in ("progress", "digest", "weekly") for message in plan(services, job, at=TUESDAY)
    ]
    reviewing = [one.forms for one in told if one.key.startswith("review:")]

    assert not [said for said in (*leader, *other, *(one.forms for one in told)) if REMARK in said]
    assert not [said for said in (*leader, *(one.forms for one in told)) if NAME in said]
    assert "老邻居" in other[0]
    assert len(reviewing) == 1
    assert "…lost" in reviewing[0]
    assert REMARK not in "".join(capfd.readouterr())


def test_a_question_about_a_shared_customer_names_him_to_the_person_asked(services: Services) -> None:
    tell(services, "li", "wm-both", at("2026-11-23T10:00"), RelationKind.ADDED)
    tell(services, "zhang", "wm-both", at("2026-11-23T11:00"), RelationKind.ADDED)
    know(services, "zhang", "wm-both")
    know(services, "li", "wm-both", NAME, "老邻居")
    morning(services, TUESDAY)
    found = {one.key: one for one in plan(services, "progress", at=TUESDAY)}

    asked = found["question:2026-11-24:zhang"]
    assert "客户 「李经理」…both 在" in asked.forms
    assert "客户 …both 在" in asked.content
    assert not [key for key, one in found.items() if one is not asked and REMARK in one.forms]
    assert not [key for key, one in found.items() if NAME in one.forms or REMARK in one.content]


def test_commands_and_exports_have_no_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot, printed = command_here(capsys, monkeypatch), ""
    with branch(tmp_path, more=KEEPS) as opened:
        lost_contact(opened)
        know(opened, "zhang", "wm-lost")
    for command in (
        ["explain", "zhang", "--format", "json", "--at", "2026-11-24T09:07"],
        ["export", "contact-keys", "--format", "json"],
        ["run", "progress", "--dry-run", "--at", "2026-11-24T09:07", "--format", "json"],
        ["progress", "--at", "2026-11-24T09:07", "--format", "json"],
    ):
        done = quotabot(*command, "--config", str(tmp_path / "config.toml"))
        printed += done.out + done.err

    assert "wm-lost" in printed
    assert not [name for name in (NAME, REMARK) if name in printed]


def test_privacy_says_that_names_are_kept_how_long_and_for_whom(services: Services) -> None:
    said = "\n".join(say(services, "zhang", "隐私"))

    assert "还记：客户自己的名字、您给的备注名，只在发给您本人的消息里显示；失去客户 90 天后删除。" in said
    assert "不记：客户姓名" not in said


def test_privacy_says_that_no_names_are_kept(tmp_path: Path) -> None:
    with branch(tmp_path, roster=ROSTER) as opened:
        said = "\n".join(say(opened, "zhang", "隐私"))

    assert "不记：客户姓名、" in said
    assert "还记：" not in said
