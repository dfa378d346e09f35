"""Statements of the day: who gets one, that its code is known to nobody else, and who may see its figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builders.e2e import (
    FakeTime,
    add_customers,
    at,
    change,
    installation,
    outbox_rows,
    write_config,
    write_roster,
)

from bot.core.renames import Overlap
from bot.features.standings.load import load_standings
from bot.features.statements import proof
from bot.features.statements.proof import (
    WRONG_CODES_AN_HOUR,
    WRONG_CODES_OF_AN_ADDRESS,
    StatementCheck,
    check_code,
    check_code_from,
    issue,
    preview,
    statement_of,
)
from bot.features.statements.rules import code_of, shown_code
from bot.services import Services
from scheduler.planner import plan, plan_pieces, prepare

REMINDER = at("2026-11-23T16:37")
ROSTER = (
    "behind,员工甲,11,客户经理,,,,",
    "through,员工乙,11,客户经理,,,,",
    "met,员工丙,12,客户经理,,,,",
    "quiet,员工丁,12,客户经理,,,,",
    "away,员工戊,12,客户经理,,,2026-11-20,",
    "boss,主管甲,11,主管,11,,,",
    "other,主管乙,12,主管,12,,,",
    "head,行长甲,1,行长,1,,,",
)
DEPARTMENTS = "id,name,parent\n1,支行,\n11,一部,1\n12,二部,1\n"
QUOTA = '[[quotas]]\nid = "cm-monthly"\nroles = ["客户经理"]\nperiod = "month"\ntarget = 8\n'


# For what asks the store nothing that others have not asked on both.
on_one_engine = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime(REMINDER)


@pytest.fixture
def services(tmp_path: Path, clock: FakeTime, place: Path | str) -> Iterator[Services]:
    store = place if isinstance(place, str) else f"sqlite:///{place}"
    (tmp_path / "departments.csv").write_text(DEPARTMENTS, encoding="utf-8")
    write_roster(tmp_path, *ROSTER)
    with installation(write_config(tmp_path, quotas=QUOTA, store=store), clock) as opened:
        earlier, today = at("2026-11-03T10:00"), at("2026-11-23T10:00")
        add_customers(opened, "behind", today)  # 1 of 8: more is left today
        add_customers(opened, "through", *(earlier + timedelta(hours=n) for n in range(4)), today, today)
        add_customers(opened, "met", *(earlier + timedelta(minutes=n) for n in range(8)), today)
        add_customers(opened, "quiet", *(earlier + timedelta(minutes=n) for n in range(8)))  # nobody today
        add_customers(opened, "away", *(earlier + timedelta(minutes=n) for n in range(8)), today)
        yield opened


def planned(services: Services) -> dict[str, str]:
    """What goes out at the reminder's time, by key, after it was stored."""
    prepare(services, "reminder", at=REMINDER)
    pieces = plan_pieces(services, "reminder", at=REMINDER, keep=True)
    return {message.key: message.content for piece in pieces for to_one in piece.people for message in to_one}


def code_in(content: str) -> str:
    return next(line for line in content.splitlines() if "校验码 " in line)


def test_who_is_done_today_gets_a_statement_in_the_reminders_place(services: Services) -> None:
    assert set(planned(services)) == {
        "reminder:2026-11-23:behind",
        "statement:2026-11-23:met",
        "statement:2026-11-23:through",
    }


def test_whose_figures_may_lack_something_gets_no_statement(services: Services) -> None:
    maybe = Overlap(old_userid="gone", userid="through", same=5, living=5)
    with services.store.transaction():
        services.store.proposals.put([maybe], at=0)

    assert "statement:2026-11-23:through" not in planned(services)


def test_a_statement_says_what_was_added_and_where_the_quota_stands(services: Services) -> None:
    content = planned(services)["statement:2026-11-23:through"]

    assert content.splitlines()[0].startswith("**今天够了，已加 2 位")
    assert "本月 6/8" in content


def test_the_code_on_the_phone_is_genuine_and_its_owner_sees_the_figures(services: Services) -> None:
    looked = check_code(
        services, code_in(planned(services)["statement:2026-11-23:through"]), asker="a", by="Through"
    )

    assert looked.genuine
    assert looked.at == REMINDER
    assert looked.statement is not None
    assert (looked.statement.added, looked.statement.figures[0].counted) == (2, 6)


@pytest.mark.parametrize(
    ("by", "sees"),
    [
        pytest.param("through", True, id="the person himself"),
        pytest.param("boss", True, id="his leader"),
        pytest.param("head", True, id="who leads above"),
        pytest.param("other", False, id="another leader"),
        pytest.param("behind", False, id="a colleague"),
        pytest.param("nobody", False, id="somebody unknown"),
        pytest.param(None, False, id="nobody named"),
    ],
)
def test_everybody_learns_that_it_is_genuine_and_few_see_the_figures(
    services: Services, by: str | None, sees: bool
) -> None:
    told = statement_of(load_standings(services, at=REMINDER), "through")
    code = issue(services, [told])["through"].code

    looked = check_code(services, code, asker="a", by=by)

    assert (looked.genuine, looked.at) == (True, REMINDER)
    assert looked.statement == (told if sees else None)


def test_what_was_only_shown_beforehand_is_not_genuine(services: Services) -> None:
    shown = preview(services, statement_of(load_standings(services, at=REMINDER), "through"))

    assert not check_code(services, shown.code, asker="a").genuine


def test_a_statement_that_was_changed_in_the_store_is_genuine_no_more(services: Services) -> None:
    told = statement_of(load_standings(services, at=REMINDER), "through")
    code = issue(services, [told])["through"].code
    change(services, "UPDATE daily_statements SET body = replace(body, '\"added\":2', '\"added\":9')")

    assert not check_code(services, code, asker="a", by="through").genuine


def test_a_row_that_was_put_in_with_another_key_is_not_genuine(services: Services) -> None:
    told = statement_of(load_standings(services, at=REMINDER), "through")
    issue(services, [told])
    better = replace(told, added=9).written()
    forged = code_of(better, key=b"guessed")
    with services.store.transaction():
        services.store.daily_statements.add(
            forged, month="2026-11", body=better, userid="sales01", day="2026-11-23"
        )

    assert not check_code(services, forged, asker="a").genuine


def test_issuing_again_gives_the_same_code(services: Services) -> None:
    told = statement_of(load_standings(services, at=REMINDER), "through")

    assert issue(services, [told]) == issue(services, [told])


def test_each_month_has_a_key_of_its_own_and_old_codes_stay_good(services: Services) -> None:
    told = statement_of(load_standings(services, at=REMINDER), "through")
    old = issue(services, [told])["through"].code
    issue(services, [replace(told, day="2026-12-01")])

    keys = [services.store.daily_statements.key(month) for month in ("2026-11", "2026-12")]

    assert None not in keys
    assert keys[0] != keys[1]
    assert check_code(services, old, asker="a").genuine


def test_wrong_codes_are_limited_by_asker_and_hour(services: Services) -> None:
    moment = 1_795_420_000.0
    services.store.now = lambda: moment  # type: ignore[method-assign]  # real time, in the test's hand
    code = issue(services, [statement_of(load_standings(services, at=REMINDER), "through")])["through"].code
    for _ in range(WRONG_CODES_AN_HOUR):
        assert not check_code(services, "0000-0000-0000-0000", asker="a").too_many

    blocked, another = check_code(services, code, asker="a"), check_code(services, code, asker="b")
    services.store.now = lambda: moment + 3600  # type: ignore[method-assign]  # an hour later
    later = check_code(services, code, asker="a")

    assert (blocked.genuine, blocked.too_many) == (False, True)
    assert (another.genuine, later.genuine) == (True, True)


def test_right_codes_are_never_too_many(services: Services) -> None:
    code = issue(services, [statement_of(load_standings(services, at=REMINDER), "through")])["through"].code

    assert all(check_code(services, code, asker="a").genuine for _ in range(WRONG_CODES_AN_HOUR + 2))


def test_wrong_codes_from_an_address_are_limited_and_no_figures_go_there(services: Services) -> None:
    moment = 1_795_420_000.0
    services.store.now = lambda: moment  # type: ignore[method-assign]  # real time, in the test's hand
    code = issue(services, [statement_of(load_standings(services, at=REMINDER), "through")])["through"].code
    for _ in range(WRONG_CODES_OF_AN_ADDRESS):
        assert not check_code_from(services, "0000-0000-0000-0000", address="203.0.113.1").too_many

    blocked, other = (check_code_from(services, code, address=f"203.0.113.{host}") for host in (1, 2))
    services.store.now = lambda: moment + 3600  # type: ignore[method-assign]  # an hour later
    later = check_code_from(services, code, address="203.0.113.1")

    assert blocked == StatementCheck(genuine=False, too_many=True)
    assert other == later == StatementCheck(genuine=True, at=REMINDER)


def test_strangers_cannot_close_the_page_nor_have_the_store_write_on(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "WRONG_CODES_KEPT", 3)
    moment = 1_795_420_000.0
    services.store.now = lambda: moment  # type: ignore[method-assign]  # real time, in the test's hand
    code = issue(services, [statement_of(load_standings(services, at=REMINDER), "through")])["through"].code
    wrong = [
        check_code_from(services, "0000-0000-0000-0000", address=f"203.0.113.{host}").too_many
        for host in range(1, 6)
    ]

    genuine = check_code_from(services, code, address="203.0.113.5")
    kept = [
        services.store.daily_statements.wrong_codes(
            f"all addresses 203.0.113.{host}", hour=int(moment) // 3600
        )
        for host in range(1, 6)
    ]

    assert wrong == [False, False, False, True, True]
    assert genuine == StatementCheck(genuine=True, at=REMINDER)
    assert kept == [1, 1, 1, 0, 0]


@on_one_engine
def test_what_is_no_code_at_all_uses_up_no_try(services: Services) -> None:
    for words in ("", "7K3M", "7K3M-9Q2P-XW4D-8HTR-7", "U" * 16) * WRONG_CODES_OF_AN_ADDRESS:
        assert check_code_from(services, words, address="203.0.113.1") == StatementCheck(genuine=False)
        assert check_code(services, words, asker="a", by="a") == StatementCheck(genuine=False)


@on_one_engine
def test_a_statement_names_the_page_where_phones_can_reach_it(services: Services) -> None:
    def statement() -> str:
        return planned(services)["statement:2026-11-23:through"]

    without = statement()
    server = services.config.server.model_copy(update={"public_url": "https://quota.example.com"})
    services.use(services.config.model_copy(update={"server": server}), services.directory)

    assert "验证：" not in without
    assert "验证：https://quota.example.com/verify" in statement().splitlines()


def test_whose_userid_changed_still_sees_his_own(services: Services) -> None:
    code = issue(services, [statement_of(load_standings(services, at=REMINDER), "through")])["through"].code
    with services.store.transaction():
        services.store.renames.put("through", "through2", at=0, by="hr")

    assert check_code(services, shown_code(code), asker="a", by="through2").statement is not None


def test_who_adds_while_statements_are_written_still_gets_a_genuine_code(services: Services) -> None:
    piece = next(plan_pieces(services, "reminder", at=REMINDER, keep=True))
    add_customers(services, "through", at("2026-11-23T16:30"))

    told = {one.key: one.content for to_one in piece.people for one in to_one}

    assert check_code(services, code_in(told["statement:2026-11-23:through"]), asker="a").genuine


def test_statements_are_kept_a_few_at_a_time_so_that_receivers_do_not_wait(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = statement_of(load_standings(services, at=REMINDER), "through")
    begun, begin = [0], services.store.transaction
    monkeypatch.setattr(
        services.store, "transaction", lambda: (begun.__setitem__(0, begun[0] + 1), begin())[1]
    )

    issued = issue(services, (replace(told, userid=f"u{number:03}") for number in range(250)))

    assert (len(issued), begun[0]) == (250, 3)


def test_a_dry_look_at_the_job_keeps_nothing(services: Services) -> None:
    contents = [message.content for message in plan(services, "reminder", at=REMINDER)]

    assert sum("校验码" in content for content in contents) == 2
    assert services.store.daily_statements.key("2026-11") is None
    assert outbox_rows(services) == []
