"""Rows, teams and example messages for the tests of bot.messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.coaching import CoachingOutcome
from bot.core.day import DayFacts
from bot.core.engagement import Method, TeamRate
from bot.core.evidence import Evidence
from bot.core.integrity import FindingKind
from bot.core.leaderboard import Gain, build_leaderboard
from bot.core.money import Penalty
from bot.core.pending import Waiting
from bot.core.people import Departments
from bot.core.periods import parse_period
from bot.core.progress import QuotaFigures
from bot.core.renames import Overlap
from bot.core.status import Status
from bot.core.verdicts import Verdict
from bot.features.admin import Cause, Finding, Wrong, admin
from bot.features.close.message import ClosedLine, closed
from bot.features.preferences.leave_message import confirmation_wanted, told_confirmed
from bot.features.preferences.leave_rules import Effect, Prorated
from bot.features.progress import progress
from bot.features.reminder.message import reminder
from bot.features.reminder.offer import offer_help
from bot.features.reviews.decision_message import decided
from bot.features.reviews.question_message import Appealed, Seen, ToDecide, questions, to_review
from bot.features.robots.message import GroupPost, group_message
from bot.features.rules.announcement import RuleNews, rules_changed
from bot.features.rules.diff import Difference
from bot.features.statements.message import answer_code, statement
from bot.features.statements.rules import Figure, Statement
from bot.features.teams.digest_message import News, digest
from bot.features.teams.help_needs import Improved, Need, NeedKind
from bot.features.teams.member import TeamMember
from bot.features.teams.subteam_rules import SubTeam, SubTeams, TeamFigures
from bot.features.teams.subteams import NamedSubTeams
from bot.features.weekly import OwnWeek, TeamWeek, weekly
from bot.messages.message import Message

SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 11, 24, 9, 7, tzinfo=SHANGHAI)  # a Tuesday; 5 workdays of November are left
AFTERNOON = MORNING.replace(hour=16, minute=37)
MONDAY, FRIDAY = date(2026, 11, 16), datetime(2026, 11, 20, 17, 23, tzinfo=SHANGHAI)
VERIFY_PAGE = "https://quota.example.com/verify"
EVENING = MORNING.replace(hour=17, minute=48)
RESULTS = datetime(2026, 12, 8, 8, 42, tzinfo=SHANGHAI)
OBJECT_UNTIL = datetime(2026, 12, 15, 18, 0, tzinfo=SHANGHAI)
QUIET = DayFacts(added=0, lost_by_customer=0, lost_by_member=0)

MONTHLY = QuotaFigures(
    quota="cm-monthly",
    userid="yuangong-jia",
    department=12,
    role="客户经理",
    period="2026-11",
    period_start=date(2026, 11, 1),
    period_end=date(2026, 11, 30),
    target=50,
    counted=38,
    pending=4,
    rejected=3,
    gross=45,
    lost=2,
    kept_90=0.93,
    expected=40.5,
    pace=1.04,
    forecast=51.9,
    remaining=12,
    to_add=8,
    workdays_left=5,
    today_dose=2,
    today_left=2,
    status=Status.ON_TRACK,
    rank=3,
    penalty=None,
    reward=None,
    flags=(),
)
WAITING = (
    Waiting(
        quota="cm-monthly",
        verdict=Verdict.TAGS,
        contacts=1,
        until_s=int(datetime(2026, 12, 8, tzinfo=SHANGHAI).timestamp()),
        keep_days=7,
        missing=("已实名",),
    ),
    Waiting(
        quota="cm-monthly",
        verdict=Verdict.KEEP_PERIOD,
        contacts=3,
        until_s=int(datetime(2026, 11, 30, 10, tzinfo=SHANGHAI).timestamp()),
        keep_days=7,
    ),
)
BEHIND = replace(
    MONTHLY, counted=24, to_add=22, today_dose=6, today_left=2, pace=0.69, status=Status.BEHIND, kept_90=None
)
ON_LEAVE_BEFORE = replace(
    BEHIND, target=36, counted=14, to_add=18, today_left=0, remaining=22, expected=29.2, pace=0.62
)
MET = replace(
    MONTHLY, counted=51, pending=0, to_add=0, today_dose=0, today_left=0, remaining=0, status=Status.MET
)
COVERED = replace(MONTHLY, counted=46, pending=4, to_add=0, today_dose=0, today_left=0, status=Status.COVERED)
AT_REST = replace(MONTHLY, pending=6, to_add=6, today_left=0)
EXEMPT = replace(
    MONTHLY,
    target=0,
    counted=0,
    pending=0,
    to_add=0,
    today_dose=0,
    today_left=0,
    pace=None,
    expected=0.0,
    workdays_left=0,
    kept_90=None,
    status=Status.EXEMPT,
)  # fmt: skip -- one line a thought
DAILY = replace(
    MONTHLY,
    quota="daily",
    period="2026-11-24",
    period_start=date(2026, 11, 24),
    period_end=date(2026, 11, 24),
    target=5,
    counted=1,
    pending=0,
    to_add=4,
    workdays_left=1,
    today_dose=5,
    today_left=4,
    expected=5.0,
    pace=0.2,
)  # fmt: skip -- one line a thought


MISSED = ClosedLine(
    row=replace(
        MONTHLY, counted=47, pending=0, rejected=9, gross=56, kept_90=0.92, status=Status.MISSED, penalty=300
    ),
    verdicts={
        Verdict.COUNTED: 45,
        Verdict.COUNTED_FACTS: 2,
        Verdict.LOST_EARLY: 5,
        Verdict.NOT_FIRST: 2,
        Verdict.REJECTED_FACTS: 2,
    },
    penalty_rule=Penalty(flat=300),
    above_median=True,
)
MADE = ClosedLine(row=replace(MET, kept_90=0.93), verdicts={Verdict.COUNTED: 51}, penalty_rule=None)
TOLD = Statement(
    userid="yuangong-jia",
    at=int(AFTERNOON.timestamp()),
    day="2026-11-24",
    added=2,
    figures=(Figure(quota="cm-monthly", period="2026-11", target=50, counted=38, pending=4),),
)
TROUBLES = (
    Finding(what=Wrong.REPAIRED, n=3),
    Finding(what=Wrong.OUTAGE, text="11-23 14:02–14:09"),
    Finding(
        what=Wrong.UNREACHED,
        n=2,
        names=("yuangong-jia", "yuangong-yi"),
        cause=Cause.LICENCE,
    ),
    Finding(what=Wrong.HELD, n=64, names=tuple(f"yg{number:02d}" for number in range(1, 9))),
    Finding(what=Wrong.OLD_FACTS, n=9),
)
EASED = RuleNews(
    quota="cm-monthly",
    period="2026-11",
    following="2026-12",
    now=(Difference(key="target", old=50, new=40, lenient=True),),
    later=(Difference(key="counting.keep_days", old=0, new=7, lenient=False),),
)


NEWS = News(
    improved=Improved(userids=("f2",), more=9), appeals=2, outcome=CoachingOutcome(people=2, back=1, rose=0)
)


def member(name: str, *rows: QuotaFigures, userid: str = "u") -> TeamMember:
    return TeamMember(name=name, userid=userid, rows=rows)


def a_team() -> list[TeamMember]:
    """20 people: 6 have enough, 9 are on track, 3 need help, of 2 nothing is asked."""
    weak = [
        replace(
            member("员工甲", replace(BEHIND, counted=7, pending=5, to_add=38, pace=0.3), userid="jia"),
            need=Need(kind=NeedKind.TAGS, n=5, missing=("已实名",)),
        ),
        replace(
            member("员工乙", ON_LEAVE_BEFORE, userid="yi"),
            need=Need(kind=NeedKind.BACK, n=6, target=36),
        ),
        member("员工丙", BEHIND, userid="bing"),
    ]
    fine = [member(f"员工{letter}", MONTHLY, userid=f"f{n}") for n, letter in enumerate("丁戊己庚辛壬癸子丑")]
    enough = [
        member(f"员工{letter}", MET if n % 2 else COVERED, userid=f"e{n}")
        for n, letter in enumerate("寅卯辰巳午未")
    ]
    asked_nothing = [member("新员工", EXEMPT, userid="x"), member("借调员工", userid="y")]
    return [*fine, *enough, *weak, *asked_nothing]


def over_teams() -> NamedSubTeams:
    """A leader of leaders: the 18 under a quota of `a_team`, but 员工丙, are in two teams."""
    south = SubTeam(
        department=121,
        people=8,
        figures=(TeamFigures(quota="cm-monthly", percent=64, middle=68),),
        behind=2,
        helped=1,
        outcome=CoachingOutcome(people=2, back=1, rose=0),
    )
    north = replace(
        south,
        department=122,
        people=9,
        figures=(TeamFigures(quota="cm-monthly", percent=85, middle=92),),
        behind=0,
        helped=0,
        outcome=None,
    )
    return NamedSubTeams(
        teams=SubTeams(shown=(south, north), small=0, alone=1, behind=2),
        names={121: "南区一部", 122: "南区二部"},
        own=frozenset({"bing"}),
    )


def _moment(day: int, hour: int, minute: int) -> int:
    return int(datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI).timestamp())


TOGETHER = TeamRate(method=Method.AGGREGATED, people=20, reply_rate=8_899, first_reply_s=661)
BURST = Seen(
    kind=FindingKind.BURST,
    evidence=Evidence(first=_moment(23, 10, 2), last=_moment(23, 10, 9), n=16),
    holds=2,
)
SHARED = Seen(
    kind=FindingKind.SHARED,
    evidence=Evidence(first=_moment(23, 15, 0), last=_moment(23, 15, 0), n=5, days=30),
    about="wmAAAAAAAAAAAAAAAAAAAAAAAAx7k2pq",
)
QUICK_LOSS = Seen(
    kind=FindingKind.QUICK_LOSS,
    evidence=Evidence(first=_moment(2, 9, 0), last=_moment(20, 9, 0), n=7, of=20, days=7),
    about="2026-11",
)
ROLLOUT = Seen(
    kind=FindingKind.ROLLOUT,
    evidence=Evidence(first=_moment(23, 10, 2), last=_moment(23, 16, 9), n=3),
)
APPEALED = Appealed(
    external_userid="wmAAAAAAAAAAAAAAAAAAAAAAAAb3d9wz",
    period="2026-11",
    added_at=datetime(2026, 11, 5, 14, 0, tzinfo=SHANGHAI),
    verdict=Verdict.LOST_EARLY,
)
ANSWER_UNTIL = datetime(2026, 11, 27, 18, 0, tzinfo=SHANGHAI)


def _to_decide() -> list[ToDecide]:
    return [
        ToDecide(id="appeal:12", name="员工甲", said="客户在柜面误删，当天又加回", what=APPEALED),
        ToDecide(
            id="finding:burst:zhangsan:2026-11-23", name="员工乙", said="", what=replace(BURST, holds=0)
        ),
    ]


def _renamed() -> ToDecide:
    what = Overlap(old_userid="zhangsan", userid="zhang.san", same=49, living=50)
    return ToDecide(id="rename:zhangsan:zhang.san", name="员工甲", said="", what=what)


def a_group() -> GroupPost:
    """Twelve people of two departments; four have enough, the fifth improved most."""
    counts = [62, 58, 51, 51, 47, 46, 44, 42, 41, 40, 38, 36]
    rows = [
        replace(MONTHLY if counted < 50 else MET, userid=f"u{n:02}", department=121 + n % 2, counted=counted)
        for n, counted in enumerate(counts)
    ]
    tree = Departments({121: 12, 122: 12}, {121: "南区一部", 122: "南区二部"})
    gains = {row.userid: Gain(latest=9 + n % 5, before=9) for n, row in enumerate(rows)}
    board_of = build_leaderboard(rows, departments=tree, scope=[12], size=5, gains=gains)
    assert board_of is not None
    return GroupPost(
        job="digest",
        boards=[(rows[0], board_of)],
        people={f"u{n:02}": f"员工{letter}" for n, letter in enumerate("甲乙丙丁戊己庚辛壬癸子丑")},
        departments=tree.names,
        at=EVENING,
    )


def _weeks(language: str) -> dict[str, Message]:
    said: dict[str, Any] = {"language": language, "first": MONDAY, "at": FRIDAY}
    facts = DayFacts(added=9, lost_by_customer=1, lost_by_member=0)
    own = OwnWeek(rows=[replace(MONTHLY, workdays_left=6)], facts=facts, dose=2)
    people = a_team()
    team = TeamWeek(
        members=people,
        facts=DayFacts(added=63, lost_by_customer=3, lost_by_member=1),
        improved=[people[2].name],
        more=9,
    )
    over = replace(
        team,
        improved=["南区二部"],
        more=14,
        subteams=over_teams(),
    )
    tight = replace(own, rows=[replace(BEHIND, workdays_left=2)], dose=11, tight=True)
    return {
        "weekly": weekly(**said, own=own),
        "weekly, enough": weekly(**said, own=replace(own, rows=[COVERED], dose=0)),
        "weekly, help": weekly(**said, own=tight),
        "weekly, leader": weekly(**said, team=team),
        "weekly, over teams": weekly(**said, team=over),
        "weekly, both": weekly(**said, own=own, team=team),
    }


def _questions(language: str) -> dict[str, Message]:
    said: dict[str, Any] = {"language": language, "at": MORNING}
    asked = [replace(BURST, holds=0), SHARED, QUICK_LOSS]
    by: dict[str, Any] = {"by": "主管乙", "reason": "柜面有记录"}
    return {
        "question": questions(**said, asked=[BURST], until=ANSWER_UNTIL),
        "question, near the start": questions(**said, asked=[ROLLOUT], until=ANSWER_UNTIL),
        "question, several": questions(**said, asked=asked, until=ANSWER_UNTIL),
        "review": to_review(**said, cases=_to_decide(), goes_up=ANSWER_UNTIL),
        "review, a changed userid": to_review(**said, cases=[_renamed()], goes_up=None),
        "decided, an appeal": decided(**said, **by, what=APPEALED, state="accepted"),
        "decided, a question": decided(**said, **by, what=BURST, state="cleared"),
    }


TWO_DAYS = (date(2026, 11, 26), date(2026, 11, 27))
TWO_DAYS_OFF = Effect(
    days=frozenset(TWO_DAYS),
    targets=(Prorated(quota="cm-monthly", period=parse_period("2026-11"), before=50, after=45),),
)


def _leave(language: str) -> dict[str, Message]:
    said: dict[str, Any] = {"language": language, "effect": TWO_DAYS_OFF, "at": MORNING}
    return {
        "leave": confirmation_wanted(**said, userid="zhangsan", name="员工甲", days=TWO_DAYS),
        "leave, confirmed": told_confirmed(**said, by="主管乙", spans=[TWO_DAYS]),
    }


def examples(language: str) -> dict[str, Message]:
    """The messages that docs/examples/messages.md shows, by heading."""
    said: dict[str, Any] = {"language": language}
    facts = DayFacts(added=3, lost_by_customer=1, lost_by_member=0)
    return {
        "progress": progress(**said, rows=[MONTHLY], yesterday=facts, at=MORNING, waiting=WAITING),
        "progress, two quotas": progress(**said, rows=[MONTHLY, DAILY], yesterday=QUIET, at=MORNING),
        "progress, enough": progress(**said, rows=[COVERED], yesterday=QUIET, at=MORNING),
        "reminder": reminder(**said, rows=[BEHIND], at=AFTERNOON, today_is_workday=True),
        "reminder, help": offer_help(**said, rows=[BEHIND], about=[BEHIND], at=AFTERNOON),
        "statement": statement(
            **said, rows=[AT_REST], added=2, code="7K3M9Q2PXW4D8HTR", at=AFTERNOON, page=VERIFY_PAGE
        ),
        "statement, looked at": answer_code(**said, at=EVENING, given_at=AFTERNOON, name="员工甲", seen=TOLD),
        "admin": admin(**said, found=TROUBLES, at=MORNING),
        "digest": digest(**said, team=a_team(), at=EVENING, replies=TOGETHER, news=NEWS),
        "digest, nobody to help": digest(
            **said,
            team=[member("员工甲", MONTHLY), member("员工乙", MET)],
            at=EVENING,
            replies=replace(TOGETHER, method=Method.MEDIAN, people=2),
        ),
        "digest, over teams": digest(
            **said,
            team=a_team(),
            at=EVENING,
            subteams=over_teams(),
            news=replace(NEWS, improved=Improved(userids=("122",), more=14), outcome=None),
        ),
        "digest, incomplete": digest(
            **said,
            team=[member("员工甲", MONTHLY), member("员工乙", MET)],
            at=EVENING,
            incomplete_since=AFTERNOON,
        ),
        **_weeks(language),
        "close": closed(**said, lines=[MISSED], until=OBJECT_UNTIL, at=RESULTS),
        "close, met": closed(**said, lines=[MADE], until=OBJECT_UNTIL, at=RESULTS),
        "rules": rules_changed(**said, news=[EASED], at=MORNING),
        **_questions(language),
        **_leave(language),
        "group": group_message(a_group(), language=language),
    }
