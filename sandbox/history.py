"""A month of working life in the made-up branch, as specs for `sandbox.events.compose`.

Customers are won in working hours of workdays. A few are lost, by either side and at any hour; some
relations were slips, some come back, one customer is handed over. One employee has already met a target of
50, some are ahead, some behind. The same branch, day and calendar give the same history.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.branch import employees
from sandbox.people import Branch, Person
from sandbox.workdays import WorkCalendar
from sandbox.world import new_external_userid

CHINA = ZoneInfo("Asia/Shanghai")
DAYS = 30
TARGET = 50
# The speed of each of the twelve; 1.0 reaches the target in exactly a month. The third has met it (below),
# the seventh works half time, the last one is new.
_SPEEDS = (1.0, 1.15, 1.0, 0.6, 0.9, 1.05, 0.5, 0.45, 1.3, 0.95, 0.75, 1.0)
_HAS_MET = 2
_SAME_SECOND = 1
_SLIPS = (0, 3, 8)
_READDS = (4, 5, 9)
_GIVER, _TAKER = 7, 0
_PER_DAY_AT_MOST = 8
_MET_WITH = TARGET + 4
_HALF, _EDIT, _LOSS, _BY_MEMBER, _WECOM_USER, _WITH_STATE = 0.06, 0.05, 0.06, 0.3, 0.1, 0.25
_MORNING, _AFTERNOON = (time(9, 0), 165), (time(13, 30), 235)  # start, minutes
_MORNING_SHARE = 0.5

Spec = dict[str, object]


@dataclass(slots=True)
class _Story:
    """One history in the making: its random generator and the specs so far."""

    rng: random.Random
    calendar: WorkCalendar
    specs: list[Spec] = field(default_factory=list)
    adds: dict[str, list[Spec]] = field(default_factory=dict)

    def tell(self, kind: str, userid: str, external: str, at: datetime, **more: str) -> Spec:
        spec: Spec = {
            "kind": kind,
            "userid": userid,
            "external_userid": external,
            "at": int(at.timestamp()),
            **more,
        }
        self.specs.append(spec)
        return spec

    def moment(self, day: date) -> datetime:
        """Return a random second of the working hours of *day*, with a break at noon."""
        start, minutes = _MORNING if self.rng.random() < _MORNING_SHARE else _AFTERNOON
        return datetime.combine(day, start, CHINA) + timedelta(seconds=self.rng.randrange(minutes * 60))

    def workday_after(self, at: datetime, days: int) -> date:
        day = at.date() + timedelta(days=days)
        while not self.calendar.is_workday(day):
            day += timedelta(days=1)
        return day


def history(branch: Branch, *, until: datetime, calendar: WorkCalendar | None = None) -> list[Spec]:
    """Return the specs of the 30 days before *until* (aware, not included), oldest first.

    Some 400 to 650 events. Raises ValueError if *until* has no zone.
    """
    if until.tzinfo is None:
        raise ValueError("until must have a zone")
    local = until.astimezone(CHINA)
    # Made-up numbers, no secret.
    rng = random.Random(f"history {branch.seed} {local.date()}")  # noqa: S311 - see above
    story = _Story(rng, calendar or WorkCalendar())
    staff = employees(branch)
    for index, person in enumerate(staff):
        _win(story, person, rate=_rate(index, local, story.calendar), today=local.date())
    _special_cases(story, staff)
    before = until.timestamp()
    return sorted((spec for spec in story.specs if _at(spec) < before), key=_at)


def _rate(index: int, until: datetime, calendar: WorkCalendar) -> float:
    """Return customers a workday."""
    first = until.date().replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    per_day = TARGET / max(1, len(calendar.between(first, last)))
    if index == _HAS_MET:
        so_far = len(calendar.between(first, until.date() - timedelta(days=1)))
        return min(_PER_DAY_AT_MOST, max(per_day, _MET_WITH / max(1, so_far)))
    return per_day * _SPEEDS[index % len(_SPEEDS)]


def _win(story: _Story, person: Person, *, rate: float, today: date) -> None:
    """Let *person* win customers at *rate* a workday, and lose a few of them."""
    rng = story.rng
    first = max(today - timedelta(days=DAYS), person.joined_on or date.min)
    due = 0.0
    for day in story.calendar.between(first, today):
        due += rate * rng.uniform(0.6, 1.4)
        for _ in range(int(due)):
            _win_one(story, person, story.moment(day))
        due -= int(due)


def _win_one(story: _Story, person: Person, at: datetime) -> None:
    rng = story.rng
    external = new_external_userid(rng, prefix="wo" if rng.random() < _WECOM_USER else "wm")
    if rng.random() < _HALF:
        story.tell("half_add", person.userid, external, at - timedelta(minutes=rng.randrange(1, 40)))
    more = {"state": "hall_qr"} if rng.random() < _WITH_STATE else {}
    add = story.tell("add", person.userid, external, at, **more)
    if rng.random() < _EDIT:
        story.tell("edit", person.userid, external, at + timedelta(minutes=rng.randrange(2, 25)))
    if rng.random() < _LOSS:
        _lose(story, person, external, at)
    else:
        story.adds.setdefault(person.userid, []).append(add)


def _lose(story: _Story, person: Person, external: str, added: datetime) -> None:
    """Lose a customer: staff delete in working hours; customers at any time, some within the week."""
    days = story.rng.choice((1, 2, 3, 5, 8, 11))
    if story.rng.random() < _BY_MEMBER:
        story.tell("del_by_member", person.userid, external, story.moment(story.workday_after(added, days)))
        return
    evening = datetime.combine(added.date() + timedelta(days=days), time(8), CHINA)
    story.tell(
        "del_by_customer", person.userid, external, evening + timedelta(minutes=story.rng.randrange(14 * 60))
    )


def _special_cases(story: _Story, staff: list[Person]) -> None:
    """Add the special cases of every month: slips, returns, a handover, two customers in one second."""
    for index in _SLIPS:
        userid, external, at = _early_add(story, staff[index])
        gone = story.moment(story.workday_after(at, 1))
        story.tell("del_by_member", userid, external, gone)
        story.tell("add", userid, external, gone + timedelta(minutes=story.rng.randrange(3, 30)))
    for index in _READDS:
        userid, external, at = _early_add(story, staff[index])
        gone = story.moment(story.workday_after(at, 2))
        story.tell("del_by_customer", userid, external, gone)
        story.tell("add", userid, external, story.moment(story.workday_after(gone, 5)))
    giver, external, at = _early_add(story, staff[_GIVER])
    handover = story.moment(story.workday_after(at, 6))
    story.tell("transfer", giver, external, handover, to=staff[_TAKER].userid)
    userid, _, at = _early_add(story, staff[_SAME_SECOND])
    story.tell("add", userid, new_external_userid(story.rng, prefix="wm"), at)


def _early_add(story: _Story, person: Person) -> tuple[str, str, datetime]:
    """Take one of the first customers that *person* kept, so that there is time for later events."""
    add = story.adds[person.userid].pop(0)
    return person.userid, str(add["external_userid"]), datetime.fromtimestamp(_at(add), CHINA)


def _at(spec: Spec) -> int:
    return int(str(spec["at"]))
