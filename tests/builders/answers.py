"""Example answers to words, and messages of every wording that the other examples lack: for the snapshot."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from bot.core.counting import WECHAT, Burst, Counting, FirstAdd, Integrity, MaxShare, QuickLoss
from bot.core.money import Pay, Penalty, Reward, Scope
from bot.core.periods import PeriodKind
from bot.core.places import RankPlace
from bot.core.quotas import Basis, Quota
from bot.core.verdicts import Verdict
from bot.features.admin import Cause, Finding, Trouble, Wrong, admin
from bot.features.chat import about_message, own_message
from bot.features.close.message import ClosedLine, closed
from bot.features.contacts import message as contacts
from bot.features.contacts.message import ListedCustomer, ShownVerdict
from bot.features.delivery.message import file_refused
from bot.features.preferences import leave_message
from bot.features.preferences import message as preferences
from bot.features.reviews import appeal_message
from bot.features.rules import message as rules
from bot.features.rules.announcement import rules_changed
from bot.features.rules.diff import Difference
from bot.features.teams import answers as team_answers
from bot.features.teams import help_sentences
from bot.messages.message import Message
from builders.messages import (
    BEHIND,
    BURST,
    EASED,
    MONTHLY,
    MORNING,
    OBJECT_UNTIL,
    SHARED,
    TWO_DAYS,
    TWO_DAYS_OFF,
    a_team,
    member,
    over_teams,
)

LATER = MORNING + timedelta(hours=3)
LAST = date(2026, 12, 1)
_WAYS = (None, 0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 21, 22, 24, 201, 202, 777)


def _contact(number: int, way: int | None, *verdicts: Verdict) -> ListedCustomer:
    judged = [
        ShownVerdict(quota=quota, period=period, verdict=verdict, reason="理由", until=MORNING)
        for (quota, period), verdict in zip(
            (("monthly", "2026-11"), ("old", "2026-W40")), verdicts, strict=False
        )
    ]
    return ListedCustomer(
        external_userid=f"wmAAAAAAAAAAAAAAAAAAAAAAAAx7k{number:03}",
        names=("李经理",) if number == 1 else (),
        number=number,
        added_at=MORNING - timedelta(days=number, minutes=number),
        way=way,
        judged=tuple(judged),
    )


CONTACTS = [
    _contact(number, _WAYS[number % len(_WAYS)], verdict) for number, verdict in enumerate(Verdict, start=1)
] + [_contact(number, _WAYS[number], Verdict.COUNTED) for number in range(len(list(Verdict)) + 1, len(_WAYS))]
TWICE = _contact(1, 16, Verdict.COUNTED, Verdict.KEEP_PERIOD)
CUSTOMER = replace(TWICE, external_userid="wmAAAAAAAAAAAAAAAAAAAAAAAAx7k2pq", names=("向阳花",))


def answers(language: str) -> dict[str, Message]:
    """One of each answer, and what docs/examples/messages.md leaves out, by what it is about."""
    said: dict[str, Any] = {"language": language, "at": MORNING}
    return {
        **_about(said),
        **_contacts(said),
        **_appeals(said),
        **_wishes(said),
        **_own(said),
        **_team(said),
        **_leave(said),
        **_rules(said),
        **_admin(said),
        **_close(said),
    }


def _about(said: dict[str, Any]) -> dict[str, Message]:
    little = about_message.Kept(event_days=None)
    much = about_message.Kept(
        event_days=90,
        names_days=30,
        leaders=("主管乙", "主管丙"),
        deciders=("主管丁",),
        exports=[(MORNING, "主管乙"), (LATER, "主管丙")],
        exports_days=90,
        muted_until=LAST,
        leaves=[TWO_DAYS, (LAST, LAST)],
        named_in_groups=True,
    )
    return {
        "privacy, little": about_message.privacy(**said, kept=little),
        "privacy, much": about_message.privacy(**said, kept=much),
        "help": about_message.help_text(**said, is_leader=True, understood=True),
        "not understood": about_message.help_text(**said, is_leader=False, understood=False),
        "leaders only": about_message.leaders_only(**said),
    }


def _contacts(said: dict[str, Any]) -> dict[str, Message]:
    return {
        "list, none": contacts.listed(**said, contacts=[], page=1),
        "list, none, over": contacts.listed(**said, contacts=[], page=1, is_over=True),
        "list": contacts.listed(**said, contacts=CONTACTS, page=1),
        "list, two": contacts.listed(**said, contacts=CONTACTS, page=2),
        "list, no such page": contacts.listed(**said, contacts=CONTACTS, page=9),
        "list, two quotas": contacts.listed(**said, contacts=[TWICE], page=1),
        "why": contacts.explained(**said, contact=TWICE, may_object=True),
        "why, unknown": contacts.not_found(**said, many=[]),
        "why, many": contacts.not_found(**said, many=CONTACTS[:3]),
    }


def _appeals(said: dict[str, Any]) -> dict[str, Message]:
    about_it: dict[str, Any] = {**said, "customer": CUSTOMER}
    opened: dict[str, Any] = {**about_it, "ids": ["appeal:12"], "text": "柜面误删", "until": OBJECT_UNTIL}
    return {
        "appeal": appeal_message.opened(**opened, reviewers=["主管乙", "主管丙"]),
        "appeal, nobody": appeal_message.opened(**opened, reviewers=[]),
        "appeal, nobody but a leader": appeal_message.opened(**opened, reviewers=[], leaders=["主管乙"]),
        "appeal, by itself": appeal_message.counts_by_itself(**about_it, until=MORNING),
        "appeal, counts": appeal_message.counts_already(**about_it, number=3),
        "appeal, open": appeal_message.open_already(**about_it, case="appeal:12"),
        "appeal, decided": appeal_message.decided_already(
            **about_it, case="appeal:12", by="主管乙", reason="有记录"
        ),
        "appeal, too late": appeal_message.too_late(**about_it),
        "appeal, how": appeal_message.how(**said),
        "appeal, no number": appeal_message.not_found(**said, many=[], number=7),
        "appeal, many": appeal_message.not_found(**said, many=CONTACTS[:2], number=None),
        "answer": appeal_message.answer_noted(**said),
        "answer, no question": appeal_message.no_question(**said),
        "answer, which": appeal_message.which_question(**said, asked=[BURST, SHARED]),
    }


def _wishes(said: dict[str, Any]) -> dict[str, Message]:
    today = MORNING.date()
    return {
        "mute, today": preferences.muted(**said, last=today),
        "mute": preferences.muted(**said, last=LAST),
        "mute, how": preferences.mute_how(**said),
        "unmute": preferences.unmuted(**said, was_muted=True, away_until=LAST),
        "unmute, not muted": preferences.unmuted(**said, was_muted=False, away_until=None),
        "leave, today": preferences.on_leave(**said, first=today, last=today),
        "leave, a day": preferences.on_leave(**said, first=LAST, last=LAST),
        "leave, asked": preferences.on_leave(**said, first=today, last=LAST, asked=["主管乙"]),
        "leave, how": preferences.leave_how(**said),
        "back": preferences.back(**said, was_away=True, muted_until=OBJECT_UNTIL, recorded=TWO_DAYS),
        "back, not away": preferences.back(**said, was_away=False, muted_until=None),
        "help wanted": preferences.help_told(**said, leaders=["主管乙", "主管丙"], by=LATER),
        "help wanted, before": preferences.help_told_before(**said),
        "help wanted, nobody": preferences.nobody_to_help(**said, has_leader=False),
        "help wanted, leader away": preferences.nobody_to_help(**said, has_leader=True),
        "help wanted, leader": preferences.help_wanted(**said, name="员工甲", rows=[BEHIND]),
    }


def _own(said: dict[str, Any]) -> dict[str, Message]:
    rows = [replace(MONTHLY, quota=quota) for quota in ("a", "b", "c", "d", "e")]
    places = {
        ("a", "2026-11"): own_message.OwnPlace(place=RankPlace(rank=3, of=20), scope=Scope.ALL),
        ("b", "2026-11"): own_message.OwnPlace(
            place=RankPlace(rank=1, of=8), scope=Scope.DEPARTMENT, at=LATER
        ),
        ("c", "2026-11"): own_message.OwnPlace(place=RankPlace(rank=2, of=9), scope=Scope.ROLE),
        ("d", "2026-11"): own_message.OwnPlace(place=None, scope=Scope.ALL),
    }
    return {
        "rank": own_message.rank(**said, rows=rows, places=places),
        "no quota": own_message.no_quota(**said, is_leader=False),
        "no quota, leader": own_message.no_quota(**said, is_leader=True),
        "no rules": own_message.no_rules(**said, is_leader=True),
        "unknown": own_message.unknown(**said),
        "not begun": own_message.not_begun(**said),
        "failed": own_message.failed(**said),
        "file refused": file_refused(**said, errcode=45001),
        "file gone": file_refused(**said, errcode=0),
    }


def _team(said: dict[str, Any]) -> dict[str, Message]:
    people = [*a_team(), replace(member("员工乙", BEHIND, userid="away"), away=True)]
    fine = [member("员工甲", MONTHLY)]
    wished = [("员工丁", LAST)]
    return {
        "needs help": team_answers.needs_help(**said, team=people, wished=wished),
        "needs help, nobody": team_answers.needs_help(**said, team=fine, wished=[]),
        "needs help, teams": team_answers.needs_help(**said, team=people, wished=[], subteams=over_teams()),
        "needs help, teams only": team_answers.needs_help(
            **said, team=fine, wished=[], subteams=replace(over_teams(), leaders={121: ["主管丁"]})
        ),
        "no team": team_answers.no_team(**said),
        "too few": team_answers.too_few(**said),
        "export": team_answers.exported(**said, people=12),
        "export, teams": team_answers.exported(**said, people=1, teams=2),
        "coach": help_sentences.noted(**said, name="员工甲"),
        "coach, not led": help_sentences.not_led(**said),
        "coach, whom": help_sentences.whom(**said),
        "coach, several": help_sentences.several(**said, name="员工甲", userids=["jia", "jia2"]),
    }


def _leave(said: dict[str, Any]) -> dict[str, Message]:
    nothing = replace(TWO_DAYS_OFF, targets=())
    spans: dict[str, Any] = {"spans": [TWO_DAYS, (LAST, LAST)]}
    return {
        "confirm leave": leave_message.confirmed(**said, **spans, name="员工甲", effect=TWO_DAYS_OFF),
        "confirm leave, nothing": leave_message.confirmed(**said, **spans, name="员工甲", effect=nothing),
        "confirm leave, already": leave_message.already(**said, **spans, name="员工甲"),
        "confirm leave, taken back": leave_message.taken_back(**said, name="员工甲"),
        "confirm leave, not led": leave_message.not_led(**said),
        "confirm leave, how": leave_message.how(**said),
    }


_COUNTING = Counting(
    first_add=FirstAdd.CORP,
    customer_types=frozenset({WECHAT}),
    keep_days=7,
    required_tags=("已实名",),
    required_facts=("已开户",),
    own_book=True,
    max_share=(MaxShare(fact="行内员工", share=Fraction(1, 5)),),
    exclude_add_ways=frozenset({201, 777}),
    exclude_states=frozenset({"crm"}),
    max_per_day=9,
)
_ASKS = Integrity(
    shared_by=3,
    burst=Burst(adds=9, minutes=10),
    quick_loss=QuickLoss(rate=Fraction(3, 10), min_adds=10),
    hold=True,
)


def _rules(said: dict[str, Any]) -> dict[str, Message]:
    strict = Quota(
        id="monthly",
        period=PeriodKind.MONTH,
        target=60,
        counting=_COUNTING,
        penalty=Penalty(tiers=((Fraction(1, 2), 300), (Fraction(4, 5), 100))),
        reward=Reward(top=(500, 300), scope=Scope.ALL),
        integrity=_ASKS,
    )
    plain = Quota(id="held", period=PeriodKind.MONTH, target=50, basis=Basis.HELD)
    asked = [(strict, replace(MONTHLY, quota="monthly")), (plain, replace(MONTHLY, quota="held", target=0))]
    told: dict[str, Any] = {**said, "decide_workdays": 3, "appeal_workdays": 5}
    differences = [
        ("roles", frozenset[str](), frozenset({"客户经理", "主管"})),
        ("period", PeriodKind.MONTH, PeriodKind.WEEK),
        ("starts_on", None, LAST),
        ("penalty", Penalty(flat=300), Penalty(per_missing=Pay(amount=10, cap=300))),
        ("reward", None, Reward(per_extra=Pay(amount=10), scope=Scope.ALL)),
        ("counting.customer_types", frozenset({1, 2}), frozenset({2})),
        ("counting.required_tags", (), ("已实名",)),
        ("counting.max_share", (), _COUNTING.max_share),
        ("counting.own_book", False, True),
        ("integrity.burst", None, _ASKS.burst),
        ("integrity.quick_loss", None, _ASKS.quick_loss),
    ]
    every = tuple(Difference(key=key, old=old, new=new, lenient=False) for key, old, new in differences)
    return {
        "rules": rules.rules(**told, asked=asked, deciders=["主管乙"]),
        "rules, without money": rules.rules(**told, asked=asked[1:], deciders=[], money=False),
        "rules changed, later": rules_changed(**said, news=[replace(EASED, now=(), later=every[:6])]),
        "rules changed, more": rules_changed(**said, news=[replace(EASED, now=every[6:], later=())]),
        "rules changed, begins": rules_changed(**said, news=[replace(EASED, begins=True)]),
        "rules changed, ends": rules_changed(**said, news=[replace(EASED, ends=True)]),
    }


def _admin(said: dict[str, Any]) -> dict[str, Message]:
    wrong = [Finding(what=what, n=n, names=("jia",), text="details") for what in Wrong for n in (1, 2)]
    codes = [Finding(what=Wrong.SERVICE, trouble=trouble, errcode=60020, n=2) for trouble in Trouble]
    unknown = [Finding(what=Wrong.SERVICE, trouble=trouble, errcode=7, n=1) for trouble in Trouble]
    no_code = [
        Finding(what=Wrong.SERVICE, trouble=trouble, text="no way", names=("*",)) for trouble in Trouble
    ]
    causes = [Finding(what=Wrong.UNREACHED, cause=cause, errcode=81013) for cause in Cause]
    return {
        f"admin, {number}": admin(**said, found=found[start : start + 7])
        for number, (found, start) in enumerate(
            (found, start)
            for found in (wrong, codes, unknown, no_code, causes)
            for start in range(0, len(found), 7)
        )
    }


def _close(said: dict[str, Any]) -> dict[str, Message]:
    rejected = [verdict for verdict in Verdict if verdict.outcome == "rejected"]
    lines = [
        ClosedLine(
            row=replace(MONTHLY, quota=f"q{n}", counted=40, rejected=n, gross=40 + n, penalty=300),
            verdicts=dict.fromkeys(some, n + 1) | {Verdict.COUNTED_FACTS: n},
            penalty_rule=Penalty(per_missing=Pay(amount=30, cap=300)),
            begun=LAST if n == 1 else None,
        )
        for n, some in enumerate((rejected[:6], rejected[6:]))
    ]
    return {
        f"close, {n}": closed(**said, lines=some, until=OBJECT_UNTIL)
        for n, some in enumerate((lines[:1], lines[1:], lines))
    }
