"""Explaining: every contact of an employee has its verdict, a reason, a time, and the events behind it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builders.e2e import QUOTA, at
from builders.facts import Fact, put_facts
from builders.imports import JIA, NOW, branch, detail, file, imported, tell
from builders.stores import kept_contacts

from bot.core.relations import RelationEvent, RelationKind
from bot.core.verdicts import Verdict
from bot.features.close import results
from bot.features.contacts.explain import Explained, UnknownPersonError, explain
from bot.features.ledger.derive import derive
from bot.features.standings.load import load_standings
from bot.services import Services
from scheduler.jobs import PREPARES


def counting(*rules: str) -> str:
    return QUOTA + "[quotas.counting]\n" + "\n".join(rules) + "\n"


def of_jia(services: Services, *, when: str = "2026-11-23T18:00", period: str | None = None) -> Explained:
    (quota,) = explain(services, "zhangsan", at=at(when), external_userid=JIA, period=period).quotas
    return quota.contacts[-1]


def told(one: Explained) -> tuple[str, str, str | None]:
    return one.verdict.value, one.reason, None if one.until is None else one.until.isoformat()


def review(services: Services, state: str) -> None:
    services.store.engine.learn(
        """
-- name: review_now(state, added_at)!
INSERT INTO reviews (kind, quota, period, userid, external_userid, added_at, opened_at, state, decided_by,
                     decided_at, reason)
VALUES ('appeal', 'cm-monthly', '2026-11', 'zhangsan', 'wm-jia', :added_at, 0, :state, '主管甲', 1795399200,
        '客户确认是本人')
"""
    )
    services.store.engine.run("review_now", state=state, added_at=int(at("2026-11-10T10:00").timestamp()))


def test_a_contact_that_waits_for_its_keep_period(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place, quotas=counting("keep_days = 14")) as services:
        waits = of_jia(services)
        later = of_jia(services, when="2026-11-24T10:00")

    assert told(waits) == (
        "pending:keep_period",
        "到 11-24 10:00 满 14 天，届时计入",
        "2026-11-24T10:00:00+08:00",
    )
    assert told(later) == ("counted", "到 11-24 10:00 已满 14 天，计入", None)


def test_the_events_behind_it_are_those_up_to_the_time_with_their_sources(
    tmp_path: Path, place: Path | str
) -> None:
    with branch(tmp_path, place) as services:
        tell(services, "zhangsan", JIA, "2026-11-12T10:00", RelationKind.LOST_BY_CUSTOMER, origin="sync")
        tell(services, "zhangsan", JIA, "2026-11-13T10:00")
        tell(services, "lisi", JIA, "2026-11-13T11:00")
        before, after = of_jia(services, when="2026-11-12T23:00"), of_jia(services)

    def events(one: Explained) -> list[tuple[str, str, str]]:
        return [(event.kind, event.at.isoformat(), event.source) for event in one.events]

    assert events(before) == [
        ("added", "2026-11-10T10:00:00+08:00", "callback"),
        ("lost_by_customer", "2026-11-12T10:00:00+08:00", "sync"),
    ]
    assert events(after) == [*events(before), ("added", "2026-11-13T10:00:00+08:00", "callback")]


def test_an_add_that_came_again_says_when_the_first_was(tmp_path: Path) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        tell(services, "zhangsan", JIA, "2026-09-02T10:00")
        tell(services, "zhangsan", JIA, "2026-09-03T10:00", RelationKind.LOST_BY_MEMBER)

        assert told(of_jia(services)) == (
            "rejected:not_first",
            "以前加过这位客户（09-02 10:00 首次添加），再次添加不计入",
            None,
        )


def test_a_colleague_who_was_first_is_not_named(tmp_path: Path) -> None:
    with branch(tmp_path, tmp_path / "bot.db", quotas=counting('first_add = "corp"')) as services:
        tell(services, "lisi", JIA, "2026-09-02T10:00")
        one = of_jia(services)

    assert one.verdict is Verdict.NOT_FIRST
    assert "同事" in one.reason
    assert "lisi" not in one.reason
    assert [event.kind for event in one.events] == ["added"]


def test_missing_tags_and_what_they_become(tmp_path: Path) -> None:
    quotas = counting("keep_days = 7", 'required_tags = ["已实名"]')
    with branch(tmp_path, tmp_path / "bot.db", quotas=quotas) as services:
        unread = of_jia(services)
        detail(services, "zhangsan", JIA, "2026-11-10T10:00")
        missing, settled = of_jia(services), of_jia(services, when="2026-12-08T00:00", period="2026-11")

    settlement = "2026-12-08T00:00:00+08:00"
    assert (unread.verdict, unread.until and unread.until.isoformat()) == (Verdict.DETAILS, settlement)
    assert told(missing) == (
        "pending:tags",
        "缺标签：已实名；12-08 00:00 前补上即可，否则不计入",
        settlement,
    )
    assert told(settled) == ("rejected:tags", "到 12-08 00:00 结算仍缺标签：已实名，不计入", None)


def test_of_several_shares_the_one_that_stops_it_is_named(tmp_path: Path) -> None:
    shares = '[{ fact = "far", share = 0.5 }, { fact = "old", share = 0.1 }]'
    with branch(tmp_path, tmp_path / "bot.db", quotas=counting(f"max_share = {shares}")) as services:
        tell(services, "zhangsan", "wm-yi", "2026-11-11T10:00")
        facts = file(tmp_path, "external_userid,far,old", f"{JIA},1,1", "wm-yi,0,0")
        imported(services, "facts", facts)

        assert told(of_jia(services))[:2] == (
            "pending:over_share",
            "“old”的客户超过 10% 的上限，暂不计入；12-01 00:00 前其他客户多了，占比降下来即计入，否则不计入",
        )


def test_a_decision_says_who_and_why(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place, quotas=counting("keep_days = 14")) as services:
        review(services, "accepted")

        assert told(of_jia(services)) == (
            "counted:review",
            "复核决定计入（主管甲，11-23 10:00）：客户确认是本人",
            None,
        )


def test_what_is_held_waits_for_a_review_and_then_counts(tmp_path: Path) -> None:
    hold = '[integrity]\naction = "hold"\nburst = { adds = 2, minutes = 10 }\n'
    with branch(tmp_path, tmp_path / "bot.db", more=hold) as services:
        tell(services, "zhangsan", "wm-yi", "2026-11-10T09:58")
        waits = of_jia(services)
        settled = of_jia(services, when="2026-12-01T00:00", period="2026-11")

    assert (waits.verdict, waits.until) == (Verdict.REVIEW, at("2026-12-01T00:00"))
    assert told(settled) == (
        "counted:review",
        "提问到 12-01 00:00 结算仍没有结论，这不是员工的问题，计入",
        None,
    )


def test_each_quota_judges_for_itself_and_those_he_is_not_under_are_left_out(tmp_path: Path) -> None:
    quotas = (
        counting("keep_days = 14")
        + '[[quotas]]\nid = "week"\nuserids = ["zhangsan"]\nperiod = "week"\ntarget = 5\n'
        + '[[quotas]]\nid = "tellers"\nroles = ["柜员"]\nperiod = "month"\ntarget = 5\n'
    )
    with branch(tmp_path, tmp_path / "bot.db", quotas=quotas) as services:
        tell(services, "zhangsan", "wm-yi", "2026-11-23T10:00")
        found = explain(services, "ZhangSan", at=NOW)

    assert found.person.userid == "zhangsan"
    assert [
        (quota.quota, quota.period, [(one.external_userid, one.verdict.value) for one in quota.contacts])
        for quota in found.quotas
    ] == [
        ("cm-monthly", "2026-11", [(JIA, "pending:keep_period"), ("wm-yi", "pending:keep_period")]),
        ("week", "2026-W48", [("wm-yi", "counted")]),
    ]


def test_nobody_of_that_name_and_nobody_to_explain(tmp_path: Path) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        with pytest.raises(UnknownPersonError, match="nobody has the userid 'wangwu'"):
            explain(services, "wangwu", at=NOW)
        with pytest.raises(ValueError, match="fortnight"):
            explain(services, "lisi", at=NOW, period="fortnight")
        (empty,) = explain(services, "lisi", at=NOW).quotas

    assert empty.contacts == ()


def test_a_closed_period_is_still_computed_and_says_that_it_is_closed(tmp_path: Path) -> None:
    when, later = at("2026-12-01T08:42"), at("2026-12-09T18:00")
    with branch(tmp_path, tmp_path / "bot.db", when=when) as services:
        (running,) = explain(services, "zhangsan", at=NOW).quotas
        PREPARES["close"](services, when)
        (closed,) = explain(services, "zhangsan", at=when, period="2026-11").quotas
        results.sign(services, "cm-monthly", "2026-11", by="人事", at=later)
        tell(services, "zhangsan", "wm-late", "2026-11-28T10:00")
        (final,) = explain(services, "zhangsan", at=later, period="2026-11").quotas
        signed = services.store.results.newest("cm-monthly", "2026-11")["zhangsan"].line.counted

    assert [(one.closed, one.final) for one in (running, closed, final)] == [
        (False, False),
        (True, False),
        (True, True),
    ]
    assert (signed, [one.verdict.value for one in final.contacts]) == (1, ["counted", "counted"])
    assert [one.stored.counted if one.stored else None for one in (running, closed, final)] == [None, 1, 1]


def test_what_is_held_at_the_end_of_a_period(tmp_path: Path) -> None:
    held = QUOTA + 'basis = "held"\n[quotas.counting]\ncustomer_types = ["wechat"]\n'
    with branch(tmp_path, tmp_path / "bot.db", quotas=held) as services:
        tell(services, "zhangsan", "wm-old", "2026-08-03T10:00")
        tell(services, "zhangsan", "wm-gone", "2026-11-03T10:00")
        tell(services, "zhangsan", "wm-gone", "2026-11-04T10:00", RelationKind.LOST_BY_MEMBER)
        detail(services, "zhangsan", "wm-old", "2026-08-03T10:00")
        (quota,) = explain(services, "zhangsan", at=NOW).quotas

    assert [told(one) for one in quota.contacts] == [
        ("counted", "客户仍在（08-03 10:00 加），计入", None),
        (
            "pending:details",
            "还没有从企业微信读到客户资料，读到后再判断；到 12-01 00:00 仍没有，则计入",
            "2026-12-01T00:00:00+08:00",
        ),
    ]


def test_a_month_of_five_thousand_events_leaves_no_contact_without_a_reason(tmp_path: Path) -> None:
    quotas = counting(
        "keep_days = 7",
        'first_add = "corp"',
        'customer_types = ["wechat"]',
        'required_tags = ["已实名"]',
        'required_facts = ["account"]',
        'max_share = [{ fact = "far", share = 0.2 }]',
        'exclude_states = ["hall"]',
        "max_per_day = 100",
    )
    with branch(tmp_path, tmp_path / "bot.db", quotas=quotas) as services:
        busy_month(services, events=5000)
        (quota,) = explain(services, "zhangsan", at=at("2026-11-30T18:00")).quotas
        english = services.config.locale.model_copy(update={"language": "en"})
        services.use(services.config.model_copy(update={"locale": english}), services.directory)
        (in_english,) = explain(services, "zhangsan", at=at("2026-11-30T18:00")).quotas
        row = next(
            row
            for row in load_standings(services, at=at("2026-11-30T18:00")).rows
            if row.userid == "zhangsan"
        )

    assert len(quota.contacts) == row.gross > 3000
    for one, other in zip(quota.contacts, in_english.contacts, strict=True):
        assert one.reason
        assert other.reason
        assert one.reason != other.reason
        assert "{" not in one.reason + other.reason
        assert replace(one, reason="") == replace(other, reason="")
        assert one.events
    assert [one.added_at for one in quota.contacts] == sorted(one.added_at for one in quota.contacts)
    assert len({one.verdict for one in quota.contacts}) >= 8
    pending = [one for one in quota.contacts if one.verdict.outcome == "pending"]
    assert all(one.until is not None for one in pending)
    assert len(pending) == row.pending


def busy_month(services: Services, *, events: int) -> None:
    """Adds, losses and re-adds of a month, with facts and details of some."""
    dice = random.Random(11)
    kinds = [RelationKind.ADDED] * 9 + [
        RelationKind.LOST_BY_CUSTOMER,
        RelationKind.LOST_BY_MEMBER,
        RelationKind.TRANSFERRED,
    ]
    first = at("2026-11-01T00:00")
    with services.store.transaction():
        for number in range(events):
            moment = first + timedelta(seconds=dice.randrange(30 * 24 * 3600))
            event = RelationEvent(
                userid="zhangsan" if number % 40 else "lisi",
                external_userid=f"wm-{dice.randrange(events * 4 // 5 * 10):06d}",
                at=int(moment.timestamp()),
                kind=kinds[number % len(kinds)],
                state="hall" if number % 17 == 0 else "",
            )
            services.store.ledger.append(event, origin="callback", recorded_at=0)
            if number % 25 == 0:
                late = RelationEvent(
                    userid=event.userid,
                    external_userid=event.external_userid,
                    at=event.at + 3600,
                    kind=RelationKind.LOST_BY_MEMBER,
                )
                services.store.ledger.append(late, origin="sync", recorded_at=0)
    derive(services)
    adds = kept_contacts(services.store)["zhangsan"]
    with services.store.transaction():
        for number, contact in enumerate(adds):
            if number % 4:
                detail(
                    services,
                    "zhangsan",
                    contact.add.external_userid,
                    services.config.work_calendar().moment(contact.add.added_at).isoformat()[:19],
                    customer_type=2 if number % 11 == 0 else 1,
                    tags='["已实名"]' if number % 3 else "[]",
                )
    for fact, every in (("account", 2), ("far", 5)):
        put_facts(
            services.store,
            [
                Fact(
                    key_kind="external_userid",
                    key=one.add.external_userid,
                    fact=fact,
                    value=str(int(n % 13 > 0)),
                )
                for n, one in enumerate(adds)
                if n % every
            ],
            imported_at=0,
        )
