"""First working days: proposed from lists and events, taken only from a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from builders.directory import (
    Bank,
    Corp,
    bank,
    corp,
)
from builders.e2e import (
    Quotabot,
    at,
    command_here,
    write_roster,
)
from builders.sandbox import make_world

from bot.app.bootstrap import refresh_directory
from bot.features.people import joiners
from bot.features.people.joiners import (
    Joiner,
    JoiningError,
)

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

    assert joiners.waiting(opened.services) == [
        Joiner(userid="new01", name="员工新", arrived_on=date(2026, 11, 12), listed_on=date(2026, 11, 13))
    ]
    row = opened.row("new01", "2026-11-20T18:00")
    assert row is not None
    assert row.target == 50  # nothing is taken for granted


@pytest.mark.parametrize(
    ("event", "listed"),
    [pytest.param(False, True, id="only a list"), pytest.param(True, False, id="only an event")],
)
def test_one_sign_alone_is_none(opened: Bank, event: bool, listed: bool) -> None:
    join(opened, event=event, listed=listed)

    assert joiners.waiting(opened.services) == []


def test_a_confirmed_first_day_prorates_the_target(opened: Bank) -> None:
    join(opened)

    first = joiners.confirm(opened.services, "NEW01", by="HR, Wang", on=date(2026, 11, 16))

    row = opened.row("new01", "2026-11-20T18:00")
    (act,) = opened.services.store.audit.acts()
    assert first == date(2026, 11, 16)
    assert row is not None
    assert row.target == 26  # 11 of November's 21 working days: 26.2
    assert (act.actor, act.act, act.subject) == ("HR, Wang", "joined", "new01")
    assert joiners.waiting(opened.services) == []


def test_without_a_day_it_is_the_one_on_which_he_came_and_the_next_reading_keeps_it(opened: Bank) -> None:
    join(opened)
    joiners.confirm(opened.services, "new01", by="HR")
    opened.read(THIRD)

    assert opened.services.store.members.all()["new01"].joined_on == date(2026, 11, 12)


def test_who_only_became_visible_is_not_asked_about_again(opened: Bank) -> None:
    join(opened)
    joiners.dismiss(opened.services, "new01", by="HR")
    opened.services.store.address_book.want("new01", since=0, arrived_on=date(2026, 11, 14))
    opened.read(THIRD)

    assert joiners.waiting(opened.services) == []
    assert opened.services.store.members.all()["new01"].joined_on is None


def test_the_roster_has_the_last_word(opened: Bank, tmp_path: Path) -> None:
    join(opened)
    write_roster(tmp_path, "new01,,,,,2026-11-10,,")
    refresh_directory(opened.services)

    assert joiners.waiting(opened.services) == []
    assert opened.services.store.members.all()["new01"].joined_on == date(2026, 11, 10)


def test_nobody_else_can_be_confirmed(opened: Bank) -> None:
    with pytest.raises(JoiningError, match="nobody asks"):
        joiners.confirm(opened.services, "yg01", by="HR")


def test_the_command_lists_and_confirms(
    branch: Corp, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with bank(branch, tmp_path, store=tmp_path / "quotabot.db", when=FIRST) as opened:
        opened.read(FIRST)
        join(opened, "new01")
        join(opened, "new02")
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    monkeypatch.setenv("QUOTABOT_CONFIG", str(tmp_path / "config.toml"))

    listed = quotabot("joiners", "list", "--format", "json").json()["joiners"]
    confirmed = quotabot("joiners", "confirm", "new01", "--by", "HR", "--on", "2026-11-16")
    dismissed = quotabot("joiners", "dismiss", "new02", "--by", "HR")
    again = quotabot("joiners", "confirm", "new01", "--by", "HR")

    assert [(one["userid"], one["arrived_on"]) for one in listed] == [
        ("new01", "2026-11-12"),
        ("new02", "2026-11-12"),
    ]
    assert (confirmed.code, confirmed.out) == (0, "new01: since 2026-11-16\n")
    assert (dismissed.code, quotabot("joiners", "list").out) == (0, "0 to confirm\n")
    assert again.code == 1
    assert "nobody asks" in again.err
