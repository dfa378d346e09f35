"""First working days: proposed from lists and events, taken only from a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from builders.directory import Bank, Corp, bank, corp
from builders.e2e import Quotabot, at, command_here, write_roster
from builders.sandbox import make_world

from bot.app.bootstrap import refresh_directory
from bot.core.renames import Overlap
from bot.features.people import joiners
from bot.features.people import joiners as people_joiners
from bot.features.people.joiners import Joiner
from bot.features.reviews import decide as reviews_decide
from bot.features.reviews.cases import choose_cases_to_tell, load_cases, note_told
from bot.features.reviews.decide import ReviewError

FIRST, SECOND, THIRD = "2026-11-02T02:17", "2026-11-13T02:17", "2026-11-14T02:17"


@pytest.fixture
def branch() -> Iterator[Corp]:
    world, _ = make_world()
    with corp(world) as found:
        yield found


@pytest.fixture
def opened(branch: Corp, tmp_path: Path, place: Path | str) -> Iterator[Bank]:
    with bank(branch, tmp_path, store=place, when=FIRST) as found:
        found.read(FIRST)
        yield found


def join(opened: Bank, userid: str = "new01", *, event: bool = True, listed: bool = True) -> None:
    """Somebody comes on the 12th; WeCom tells of it, its list has him the night after, or not."""
    opened.corp.act("join", userid=userid, name="员工新", departments=[11], position="客户经理")
    if event:
        moment = int(at("2026-11-12T10:00").timestamp())
        opened.services.store.address_book.want(userid, since=moment, arrived_on=date(2026, 11, 12))
    if listed:
        opened.read(SECOND)


def test_who_is_in_a_later_list_and_came_by_an_event_is_asked_about(opened: Bank) -> None:
    join(opened)

    assert joiners.list_waiting(opened.services) == [
        Joiner(userid="new01", name="员工新", arrived_on=date(2026, 11, 12), listed_on=date(2026, 11, 13))
    ]
    row = opened.row("new01", "2026-11-20T18:00")
    assert row is not None
    assert row.target == 29  # 12 of 21 workdays, from the first reading with them on: 28.57


@pytest.mark.parametrize(
    ("event", "listed"),
    [pytest.param(False, True, id="only a list"), pytest.param(True, False, id="only an event")],
)
def test_one_sign_alone_is_none(opened: Bank, event: bool, listed: bool) -> None:
    join(opened, event=event, listed=listed)

    assert joiners.list_waiting(opened.services) == []


def decide(opened: Bank, userid: str = "new01", *, accept: bool = True, on: date | None = None) -> str:
    """A decision about a first working day, as `review accept` and `review reject` take it."""
    _, state = reviews_decide.decide(
        opened.services,
        f"joiner:{userid}",
        reviews_decide.CaseDecision(accept=accept, by="HR, Wang", reason="contract", joined_on=on),
        at=at("2026-11-13T09:00"),
    )
    return state


def test_it_is_a_case_with_the_admins_of_which_no_message_is_sent(opened: Bank) -> None:
    join(opened)
    now = at("2026-11-13T09:00")

    (case,) = load_cases(opened.services, at=now)
    note_told(opened.services, at=now, free=lambda _: True)

    assert (case.id, case.kind, case.userid) == ("joiner:new01", "joiner", "new01")
    assert case.reviewers == tuple(opened.services.config.admins.userids)
    assert choose_cases_to_tell(opened.services, at=now, free=lambda _: True) == {}


def test_an_accepted_first_day_prorates_the_target(opened: Bank) -> None:
    join(opened)

    state = decide(opened, on=date(2026, 11, 16))

    row = opened.row("new01", "2026-11-20T18:00")
    (act,) = opened.services.store.audit.acts()
    assert state == "accepted"
    assert row is not None
    assert row.target == 26  # 11 of November's 21 working days: 26.2
    assert (act.actor, act.act, act.subject) == ("HR, Wang", "review accept", "joiner:new01")
    assert json.loads(act.detail)["joined_on"] == "2026-11-16"
    assert people_joiners.list_waiting(opened.services) == []


def test_without_a_day_it_is_the_one_on_which_he_came_and_the_next_reading_keeps_it(opened: Bank) -> None:
    join(opened)
    decide(opened)
    opened.read(THIRD)

    assert opened.services.store.members.all()["new01"].joined_on == date(2026, 11, 12)


def test_who_only_became_visible_is_not_asked_about_again(opened: Bank) -> None:
    join(opened)
    state = decide(opened, accept=False)
    opened.services.store.address_book.want("new01", since=0, arrived_on=date(2026, 11, 14))
    opened.read(THIRD)

    row = opened.row("new01", "2026-11-20T18:00")
    assert state == "rejected"
    assert row is not None
    assert row.target == 50  # they were there for all time before
    assert people_joiners.list_waiting(opened.services) == []
    assert opened.services.store.members.all()["new01"].joined_on is None


def test_the_roster_has_the_last_word(opened: Bank, tmp_path: Path) -> None:
    join(opened)
    write_roster(tmp_path, "new01,,,,,2026-11-10,,")
    refresh_directory(opened.services)

    assert joiners.list_waiting(opened.services) == []
    assert opened.services.store.members.all()["new01"].joined_on == date(2026, 11, 10)


def test_nobody_else_has_a_first_day_to_decide(opened: Bank) -> None:
    with pytest.raises(ReviewError, match="no such open case"):
        decide(opened, "yg01")


def test_the_command_lists_and_decides(
    branch: Corp, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with bank(branch, tmp_path, store=tmp_path / "quotabot.db", when=FIRST) as opened:
        opened.read(FIRST)
        join(opened, "new01")
        join(opened, "new02")
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    monkeypatch.setenv("QUOTABOT_CONFIG", str(tmp_path / "config.toml"))
    given = ("--by", "HR", "--reason", "contract")

    listed = quotabot("review", "list", "--format", "json").json()["cases"]
    shown = quotabot("review", "list").out
    accepted = quotabot("review", "accept", "joiner:new01", "--yes", *given, "--on", "2026-11-16")
    rejected = quotabot("review", "reject", "joiner:new02", "--yes", *given)
    again = quotabot("review", "accept", "joiner:new01", "--yes", *given)

    assert [(one["kind"], one["userid"], one["evidence"]["arrived_on"]) for one in listed] == [
        ("joiner", "new01", "2026-11-12"),
        ("joiner", "new02", "2026-11-12"),
    ]
    assert (
        "joiner:new01：new01，首个工作日？\n  员工新 2026-11-12 到岗，2026-11-13 起在企业微信名单中" in shown
    )
    assert (accepted.code, accepted.out) == (
        0,
        "joiner:new01：cm-monthly 2026-11：目标 29 → 26\njoiner:new01：已采纳，处理人 HR\n",
    )
    assert (rejected.code, rejected.out) == (
        0,
        "joiner:new02：cm-monthly 2026-11：目标 29 → 50\njoiner:new02：已驳回，处理人 HR\n",
    )
    assert quotabot("review", "list").out == "没有待处理的事项\n"
    assert (again.code, again.out) == (1, "")
    assert "没有这件待处理的事项" in again.err


def test_only_somebody_who_joined_has_a_first_day(opened: Bank) -> None:
    join(opened)
    with opened.services.store.transaction():
        opened.services.store.proposals.put(
            [Overlap(old_userid="gone01", userid="yg01", same=4, living=5)], at=0
        )

    with pytest.raises(ReviewError, match="only a new person"):
        reviews_decide.decide(
            opened.services,
            "rename:gone01:yg01",
            reviews_decide.CaseDecision(accept=True, by="HR", reason="x", joined_on=date(2026, 11, 16)),
            at=at("2026-11-13T09:00"),
        )
