"""Closing: settled periods are stored once, told, signed, and never edited."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from builders.e2e import (
    QUOTA,
    FakeTime,
    Quotabot,
    add_customers,
    at,
    command_here,
    installation,
    outbox_rows,
    write_config,
    write_roster,
)
from builders.examples import tried
from hypothesis import given
from hypothesis import strategies as st

from bot.core.relations import RelationEvent, RelationKind
from bot.features.close import results, settle
from bot.features.ledger.derive import derive
from bot.features.standings.load import Standings, load_standings
from bot.messages.message import Message
from bot.services import FIRST_START, Services
from bot.store.results import ResultState
from scheduler import jobs, runs
from scheduler.jobs import PREPARES
from scheduler.planner import plan

RULES = QUOTA.replace("50", "3") + "penalty = { flat = 300 }\n[quotas.counting]\nkeep_days = 7\n"
# November 2026 and seven days: settled on Tuesday 8 December at midnight.
CLOSE = at("2026-12-08T08:42")
# Five workdays after the 8th: 9, 10, 11, 14, 15.
OVER = at("2026-12-15T18:00")
NAME = ("cm-monthly", "2026-11")


MARKDOWN = '[messages]\nstyle = "markdown"\n'  # whole messages are compared; cards have tests of their own


@contextmanager
def branch(folder: Path, *, quotas: str = RULES, language: str = "zh-CN") -> Iterator[Services]:
    """zhang has 3 of 3 and keeps them; li had 3, of which one was lost after two days."""
    write_roster(
        folder,
        "zhang,员工甲,1,客户经理,,,,",
        "li,员工乙,1,客户经理,,,,",
        "gone,员工丙,1,客户经理,,,2026-11-30,",
        "boss,主管甲,1,主管,1,,,",
    )
    path = write_config(folder, quotas=quotas, more=f'[locale]\nlanguage = "{language}"\n{MARKDOWN}')
    with installation(path, FakeTime(CLOSE)) as services:
        for userid in ("zhang", "li"):
            add_customers(services, userid, *(at(f"2026-11-{day:02d}T10:00") for day in (3, 4, 5)))
        tell(services, "li", "wm-li-1104100000-1", at("2026-11-06T10:00"), RelationKind.LOST_BY_CUSTOMER)
        yield services


def tell(services: Services, userid: str, customer: str, moment: datetime, kind: RelationKind) -> None:
    event = RelationEvent(userid=userid, external_userid=customer, at=int(moment.timestamp()), kind=kind)
    with services.store.transaction():
        services.store.ledger.append(event, origin="callback", recorded_at=0)
    derive(services)


def close(services: Services, *, when: datetime = CLOSE) -> None:
    PREPARES["close"](services, when)


def stored(services: Services) -> dict[str, tuple[int, str, int]]:
    """Counted, state and version of each person's line."""
    newest = services.store.results.newest(*NAME)
    return {userid: (one.line.counted, one.state.value, one.version) for userid, one in newest.items()}


def review(
    services: Services, userid: str, *, state: str = "open", customer: str = "wm", added_at: int = 0
) -> None:
    services.store.engine.learn(
        """
-- name: review_now(userid, external_userid, added_at, state)!
INSERT INTO reviews (kind, quota, period, userid, external_userid, added_at, opened_at, state, decided_at)
VALUES ('appeal', 'cm-monthly', '2026-11', :userid, :external_userid, :added_at, 0, :state, 1);
"""
    )
    services.store.engine.run(
        "review_now", userid=userid, external_userid=customer, added_at=added_at, state=state
    )


def shown(services: Services, *, when: datetime) -> dict[str, int]:
    rows = load_standings(services, at=when, period="2026-11").rows
    return {row.userid: row.counted + row.pending for row in rows}


@pytest.mark.parametrize(
    ("when", "periods"),
    [
        pytest.param("2026-12-07T23:59:59", [], id="a second before the settlement"),
        pytest.param("2026-12-08T00:00:00", ["2026-11"], id="from the settlement on"),
        pytest.param("2027-01-20T09:00", ["2026-11", "2026-12"], id="what was missed is closed later"),
    ],
)
def test_a_period_is_due_from_its_settlement_on(tmp_path: Path, when: str, periods: list[str]) -> None:
    with branch(tmp_path) as services:
        found = [period.name for _, period in settle.list_due(services, at=at(when))]

    assert found == periods


def test_what_ended_before_the_first_fact_is_not_closed(tmp_path: Path) -> None:
    write_roster(tmp_path, "zhang,员工甲,1,客户经理,,,,")
    with installation(write_config(tmp_path, quotas=RULES), FakeTime(CLOSE)) as services:
        nothing = settle.list_due(services, at=CLOSE)
        add_customers(services, "zhang", at("2026-12-01T10:00"))
        december = settle.list_due(services, at=CLOSE)

    assert (nothing, december) == ([], [])


def test_closing_stores_everybodys_line_once(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        close(services)
        first = stored(services)
        tell(services, "zhang", "wm-late", at("2026-11-20T10:00"), RelationKind.ADDED)
        close(services, when=at("2026-12-09T08:42"))
        second = stored(services)
        acts = [(act.act, act.subject) for act in services.store.audit.acts()]

    assert (
        first
        == second
        == {
            "gone": (0, "preliminary", 1),
            "li": (2, "preliminary", 1),
            "zhang": (3, "preliminary", 1),
        }
    )
    assert acts == [("close", "cm-monthly 2026-11")]


@tried(15)
@given(chance=st.randoms(use_true_random=False))
def test_whatever_comes_later_closing_again_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, chance: Random
) -> None:
    with branch(tmp_path_factory.mktemp("closed")) as services:
        close(services)
        first = stored(services)
        for number in range(chance.randint(1, 5)):
            moment = at("2026-11-01T09:00") + timedelta(minutes=chance.randrange(60 * 24 * 45))
            kind = chance.choice(list(RelationKind))
            tell(services, chance.choice(["zhang", "li"]), f"wm{chance.randrange(3)}", moment, kind)
            close(services, when=CLOSE + timedelta(days=number))
        again = {userid: one for userid, one in stored(services).items() if userid in first}
        closed = [act.subject for act in services.store.audit.acts() if act.act == "close"]

    assert again == first
    assert closed == ["cm-monthly 2026-11"]


def test_each_person_is_told_his_result_and_nobody_who_left(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        close(services)
        told = {message.to_userid: message.content for message in plan(services, "close", at=CLOSE)}

    assert told == {
        "li": (
            "**11 月初步结果：2/3，差 1 位**\n"
            "共新增 3 位：计入 2，未计入 1\n"
            "未计入：1 位未满留存天数就流失（逐条可查）\n"
            "绩效影响（估算）：−300 元，规则“未达标 300 元”；由人力资源部核定，机器不作决定\n"
            "有异议请在 12-15 18:00 前申诉，处理完才定稿\n"
            '<font color="comment">截至 12-08 周二 08:42 · 结果</font>'
        ),
        "zhang": ('**11 月已完成：3/3，辛苦了**\n<font color="comment">截至 12-08 周二 08:42 · 结果</font>'),
    }


def test_the_message_in_english(tmp_path: Path) -> None:
    with branch(tmp_path, language="en") as services:
        told = {message.to_userid: message.content for message in plan(services, "close", at=CLOSE)}

    assert told["li"].splitlines()[:5] == [
        "**November, preliminary: 2/3, 1 short**",
        "3 contacts: 2 counted, 1 not",
        "Not counted: 1 lost before the keep period was over (each can be looked up)",
        "Effect on pay (estimate): −300 yuan, rule “300 yuan when missed”; HR decides, not a machine",
        "Object until 12-15 18:00; nothing is final before that is decided",
    ]


@pytest.mark.parametrize(
    ("began", "incomplete"),
    [
        pytest.param("2026-11-06T10:00", False, id="4 of 21 workdays before the record"),
        pytest.param("2026-11-09T10:00", True, id="5 of 21"),
    ],
)
def test_what_was_not_recorded_is_not_held_against_anybody(
    tmp_path: Path, began: str, incomplete: bool
) -> None:
    write_roster(tmp_path, "zhang,员工甲,1,客户经理,,,,")
    with installation(write_config(tmp_path, quotas=RULES), FakeTime(CLOSE)) as services:
        services.store.marks.put(FIRST_START, str(int(at(began).timestamp())))
        add_customers(services, "zhang", at(began))
        close(services)
        ((_, message),) = [(one.to_userid, one) for one in plan(services, "close", at=CLOSE)]

    assert ("才开始，之前的没有计数，本期结果仅供参考" in message.content) is incomplete
    assert ("绩效影响" in message.content) is not incomplete


def test_a_dry_run_says_the_same_and_stores_nothing(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        dry = [message.content for message in plan(services, "close", at=CLOSE)]
        nothing = services.store.results.closed()
        close(services)
        wet = [message.content for message in plan(services, "close", at=CLOSE)]

    assert (nothing, dry) == ([], wet)


def test_the_day_after_nobody_is_told_again(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        close(services)
        again = list(plan(services, "close", at=at("2026-12-09T08:42")))

    assert again == []


def test_a_close_that_died_after_storing_is_told_by_whoever_takes_it_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LEASE_S", 0)  # a lease that is over at once: its holder is dead
    with branch(tmp_path) as services:
        clock = services.clock
        assert isinstance(clock, FakeTime)
        clock.set("2026-12-08T08:30")
        runs.tick(services)
        with monkeypatch.context() as dying:
            dying.setitem(jobs.JOBS, "close", _dying)
            clock.set("2026-12-08T08:42")
            with pytest.raises(SystemExit):
                runs.tick(services)
        nothing_more_to_store = not settle.list_due(services, at=CLOSE)
        clock.set("2026-12-08T08:43")
        runs.tick(services)
        told = [row["key"] for row in outbox_rows(services)]

    assert nothing_more_to_store
    assert told == ["close:2026-12-08:li", "close:2026-12-08:zhang"]


def _dying(_services: Services, _standing: Standings) -> Iterator[tuple[str, Message]]:
    raise SystemExit("killed")


def test_nothing_is_signed_while_appeals_run(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        close(services)
        with pytest.raises(results.ClosingError, match="appeals run until 2026-12-15 18:00"):
            results.sign(services, *NAME, by="人事", at=OVER - timedelta(seconds=1))
        with pytest.raises(results.ClosingError, match="was not closed yet"):
            results.sign(services, "cm-monthly", "2026-12", by="人事", at=OVER)


def test_a_signature_makes_lines_final_but_for_undecided_appeals(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        close(services)
        review(services, "li")
        signed = results.sign(services, *NAME, by="人事", at=OVER)
        states = stored(services)
        again = results.sign(services, *NAME, by="人事", at=OVER)

    assert signed == (["gone", "zhang"], ["li"])
    assert states == {
        "gone": (0, "final", 2),
        "li": (2, "preliminary", 1),
        "zhang": (3, "final", 2),
    }
    assert again == ([], ["li"])


def test_final_figures_stay_whatever_comes_later(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        close(services)
        results.sign(services, *NAME, by="人事", at=OVER)
        tell(services, "li", "wm-late", at("2026-11-20T10:00"), RelationKind.ADDED)
        after = shown(services, when=at("2026-12-20T10:00"))
        earlier = shown(services, when=at("2026-11-25T10:00"))
        (correction,) = results.list_corrections(services, *NAME, at=at("2026-12-20T10:00"))

    assert after == {"gone": 0, "li": 2, "zhang": 3}
    assert earlier == {"gone": 0, "li": 3, "zhang": 3}  # as of then, what was told since is known
    assert (correction.stored.counted, correction.now.counted) == (2, 3)


def test_a_correction_is_a_new_line_with_author_and_reason(tmp_path: Path) -> None:
    with branch(tmp_path) as services:
        close(services)
        results.sign(services, *NAME, by="人事", at=OVER)
        tell(services, "li", "wm-late", at("2026-11-20T10:00"), RelationKind.ADDED)
        later = at("2026-12-20T10:00")
        results.correct(services, *NAME, "li", by="人事", reason="回调迟到", at=later)
        line = services.store.results.newest(*NAME)["li"]
        after = shown(services, when=later)
        with pytest.raises(results.ClosingError, match="nothing to correct"):
            results.correct(services, *NAME, "li", by="人事", reason="again", at=later)
        whole = services.store.audit.broken_at() is None

    assert (line.version, line.state, line.author, line.reason) == (3, ResultState.FINAL, "人事", "回调迟到")
    assert after["li"] == 3
    assert whole


def test_what_reviews_decided_is_in_the_signed_line_and_late_facts_against_somebody_are_not(
    tmp_path: Path,
) -> None:
    with branch(tmp_path) as services:
        close(services)
        # A callback that comes late takes one of zhang's contacts away; one of li's is given back by review.
        tell(
            services, "zhang", "wm-zhang-1103100000-0", at("2026-11-04T10:00"), RelationKind.LOST_BY_CUSTOMER
        )
        moment = int(at("2026-11-04T10:00").timestamp())
        review(services, "li", state="accepted", customer="wm-li-1104100000-1", added_at=moment)
        results.sign(services, *NAME, by="人事", at=OVER)
        reasons = {
            userid: (one.line.counted, one.reason)
            for userid, one in services.store.results.newest(*NAME).items()
        }

    assert reasons == {
        "gone": (0, "signed as it was"),
        "li": (3, "signed with what reviews decided"),
        "zhang": (3, "signed as it was"),
    }


def test_a_met_day_is_not_worth_a_message_a_missed_one_is(tmp_path: Path) -> None:
    daily = '[[quotas]]\nid = "daily"\nroles = ["客户经理"]\nperiod = "day"\ntarget = 1\n'
    with branch(tmp_path, quotas=daily) as services:
        when = at("2026-11-06T08:42")
        told = {
            message.to_userid: message.content.splitlines()[0] for message in plan(services, "close", at=when)
        }

    assert told == {"gone": "**2026-11-03 初步结果：0/1，差 1 位**"}


def test_the_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    october = ("cm-monthly", "2026-10")
    with branch(tmp_path, language="en") as services:
        config = ("--config", str(services.config.file))
        none = quotabot("close", "list", *config)
        early = quotabot("close", "sign", *october, "--by", "人事", *config)
        # The commands ask the real clock, for which appeals about October have been over since 16 November.
        add_customers(services, "li", at("2026-10-09T10:00"))
        close(services, when=at("2026-11-09T08:42"))
        signed = quotabot("close", "sign", *october, "--by", "人事", *config)
        add_customers(services, "li", at("2026-10-10T10:00"))
        listed = quotabot("close", "list", *config)
        told = quotabot("close", "list", "--format", "json", *config).json()
        corrected = quotabot(
            "close", "correct", *october, "LI", "--by", "人事", "--reason", "回调迟到", *config
        )

    assert none.out == "nothing was closed yet\n"
    assert (early.code, early.err.strip()) == (
        1,
        "cm-monthly 2026-10 was not closed yet; see `quotabot close list`",
    )
    assert signed.out == "cm-monthly 2026-10: 3 line(s) are final now, signed by 人事\n"
    assert listed.out.splitlines() == [
        "cm-monthly 2026-10: 3 of 3 line(s) final; appeals until 2026-11-16T18:00",
        f"  published root: {told['periods'][0]['root']}",
        "  li: stored 1/3, would be 2/3 now: quotabot close correct",
    ]
    assert [one["userid"] for one in told["periods"][0]["corrections"]] == ["li"]
    assert corrected.out == "cm-monthly 2026-10 li: 2/3 from now on, by 人事\n"
