"""What an event must leave behind: the channel of half an add, what is to be read again, whose card it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from builders.cards import buttons, office_with_cards, press, receive
from builders.chat import arrive, text_event
from builders.delivery import Post
from builders.e2e import FakeTime, at, installation, rows_of, where, write_config, write_roster
from builders.messages import BEHIND, member
from builders.service import CORP, contact_event

from bot.app.bootstrap import refresh_directory
from bot.features.notify import enqueue
from bot.features.teams import coaching
from bot.features.teams.digest_message import digest
from bot.services import Services

NOW = at("2026-11-24T09:07")
STATE = "<State><![CDATA[store_sh_01]]></State>"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    write_roster(tmp_path, "sales01,员工甲,11,客户经理,,,,", "sales02,员工乙,11,客户经理,,,,")
    with installation(write_config(tmp_path), FakeTime(NOW)) as opened:
        yield opened


def happen(
    services: Services, change: str, *, minute: int = 0, extra: str = "", userid: str = "sales01"
) -> None:
    moment = int(NOW.timestamp()) - 3600 + 60 * minute
    arrive(services, contact_event(change, at=moment, extra=extra, userid=userid))


def kinds(services: Services) -> list[tuple[str, str]]:
    found = rows_of(where(services), "SELECT kind, state FROM relation_events ORDER BY at, kind")
    return [(row["kind"], row["state"]) for row in found]


@pytest.mark.parametrize("change", ["add_external_contact", "add_half_external_contact"])
def test_the_channel_of_whole_and_half_adds_is_kept(services: Services, change: str) -> None:
    happen(services, change, extra=STATE)

    assert [state for _, state in kinds(services)] == ["store_sh_01"]


def test_each_change_of_a_contact_is_a_fact_of_its_own_kind(services: Services) -> None:
    changes = (
        ("add_half_external_contact", ""),
        ("add_external_contact", ""),
        ("edit_external_contact", ""),
        ("del_follow_user", ""),
        ("del_external_contact", ""),
        ("del_external_contact", "<Source><![CDATA[DELETE_BY_TRANSFER]]></Source>"),
        ("transfer_fail", "<FailReason><![CDATA[customer_refused]]></FailReason>"),
    )
    for minute, (change, extra) in enumerate(changes):
        happen(services, change, minute=minute, extra=extra)

    found = [kind for kind, _ in kinds(services)]
    assert found == [
        "half_added",
        "added",
        "edited",
        "lost_by_customer",
        "lost_by_member",
        "transferred",
        "transfer_failed",
    ]


@pytest.mark.parametrize(
    ("change", "waiting"),
    [
        pytest.param("add_external_contact", 1, id="an add"),
        pytest.param("edit_external_contact", 1, id="an edit may have changed the tags"),
        pytest.param("add_half_external_contact", 0, id="half an add is no contact yet"),
        pytest.param("del_follow_user", 0, id="a lost contact has no details"),
    ],
)
def test_what_wecom_says_of_a_contact_is_read_after_it_may_have_changed(
    services: Services, change: str, waiting: int
) -> None:
    happen(services, change)

    assert services.store.details.pending() == waiting


def test_a_change_of_the_corp_s_tags_has_their_list_read_again(services: Services) -> None:
    body = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
        f"<CreateTime>{int(NOW.timestamp())}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        "<Event><![CDATA[change_external_tag]]></Event><ChangeType><![CDATA[update]]></ChangeType>"
        "<Id><![CDATA[et1]]></Id><TagType><![CDATA[tag]]></TagType></xml>"
    ).encode()
    seen = [services.store.details.tags_change()]
    for number in range(2):
        arrive(services, body.replace(b"et1", f"et{number}".encode()))
        seen.append(services.store.details.tags_change())
    (states,) = {row["state"] for row in rows_of(where(services), "SELECT state FROM inbox")}

    assert len(set(seen)) == 3
    assert states == "done"


def test_who_was_renamed_is_answered_and_silenced_under_the_new_userid(services: Services) -> None:
    with services.store.transaction():
        services.store.renames.put("old01", "sales01", at=0, by="hr")

    arrive(services, text_event("old01", "静音", at=int(NOW.timestamp())))

    assert list(services.store.preferences.mutes()) == ["sales01"]
    assert [row["to_userid"] for row in rows_of(where(services), "SELECT to_userid FROM outbox")] == [
        "sales01"
    ]


# --- cards ---


def test_a_card_shows_whom_its_receiver_helps_and_not_whom_another_leader_helps(tmp_path: Path) -> None:
    with office_with_cards(tmp_path) as office:
        roster = office.services.config.directory.roster_path
        roster.write_text(
            roster.read_text(encoding="utf-8").replace("yg02,员工乙,11,客户经理,", "yg02,员工乙,11,,11")
            + "yg03,员工丙,11,客户经理,,,,\nyg04,主管丁,11,,11,,,\n",
            encoding="utf-8",
        )
        refresh_directory(office.services)
        put_digest(office, "yg02", "yg01", "yg03")
        now = office.services.clock.now()
        assert coaching.coach(office.services, "yg04", "yg03", at=now)
        receive(office.services, press(office, "coach:yg01", "yg02"))
        office.drain()

        assert [text for text, _ in buttons(office, "yg02")][:2] == ["✓ 员工甲", "我来帮员工丙"]
        marks = office.services.store.coaching.marks(since=date(2026, 11, 1))
        assert {(mark.leader, mark.userid) for mark in marks} == {("yg02", "yg01"), ("yg04", "yg03")}


def test_the_change_of_a_card_is_dropped_after_three_days(tmp_path: Path) -> None:
    with office_with_cards(tmp_path) as office:
        put_digest(office, "yg02", "yg01")
        receive(office.services, press(office, "coach:yg01", "yg02"))

        rows = rows_of(where(office.services), "SELECT * FROM outbox WHERE msgtype = 'update_template_card'")
        assert [row["expires_at"] - int(office.clock()) for row in rows] == [72 * 3600]


def put_digest(office: Post, leader: str, *userids: str) -> None:
    team = [member(f"员工{userid[-1]}", BEHIND, userid=userid) for userid in userids]
    said = digest(language="zh-CN", team=team, at=at("2026-11-23T17:48"))
    row = enqueue.build_unasked(office.services, "digest", leader, said, at=office.services.clock.now())
    office.services.store.outbox.add(row, created_at=int(office.clock()))
    office.drain()
