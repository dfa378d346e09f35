"""The numbers once more, naively: day by day and event by event, written from the counting rules alone.

Nothing of bot/core computes here: its types are only read as data. The holidays of 2026 are written
down by hand. On random branches both must give the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from core_branches import Branch, branches
from hypothesis import HealthCheck, given, settings

from bot.core.people import Membership, Person
from bot.core.quotas import Quota

OFF = {
    *(date(2026, 1, day) for day in (1, 2, 3)),
    *(date(2026, 2, day) for day in range(15, 24)),
    *(date(2026, 4, day) for day in (4, 5, 6)),
    *(date(2026, 5, day) for day in range(1, 6)),
    *(date(2026, 6, day) for day in (19, 20, 21)),
    *(date(2026, 9, day) for day in (25, 26, 27)),
    *(date(2026, 10, day) for day in range(1, 8)),
}
MADE_UP = {
    date(2026, *month_and_day) for month_and_day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))
}
LOST = ("lost_by_member", "lost_by_customer", "lost_unknown")
ORDER = (
    "added",
    "half_added",
    "edited",
    "lost_by_customer",
    "lost_by_member",
    "lost_unknown",
    "transferred",
    "transfer_failed",
)
EMPTY = {"penalty": None, "reward": None, "flags": ()}


def days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


class Naive:
    """One branch, looked at without any thought of speed."""

    def __init__(self, branch: Branch) -> None:
        self.branch = branch

    # -- time

    def day_of(self, moment: int) -> date:
        return datetime.fromtimestamp(moment, self.branch.calendar.zone).date()

    def works(self, day: date) -> bool:
        calendar = self.branch.calendar
        if day in calendar.workdays:
            return True
        if day in calendar.holidays or day in OFF:
            return False
        return day.weekday() < 5 or day in MADE_UP

    def spans(self, kind: str, day: date) -> list[date]:
        """All days of the period of *kind* around *day*."""
        year = list(days(date(day.year, 1, 1), date(day.year, 12, 31)))
        if kind == "day":
            return [day]
        if kind == "week":
            around = days(day - timedelta(days=6), day + timedelta(days=6))
            return [other for other in around if other.isocalendar()[:2] == day.isocalendar()[:2]]
        if kind == "month":
            return [other for other in year if other.month == day.month]
        if kind == "quarter":
            return [other for other in year if (other.month - 1) // 3 == (day.month - 1) // 3]
        return year

    def name(self, kind: str, day: date) -> str:
        iso = day.isocalendar()
        return {
            "day": day.strftime("%Y-%m-%d"),
            "week": f"{iso[0]}-W{iso[1]:02}",
            "month": day.strftime("%Y-%m"),
            "quarter": f"{day.year}-Q{1 + (day.month - 1) // 3}",
            "year": str(day.year),
        }[kind]

    def asked_days(self, quota: Quota, today: date) -> list[date]:
        """The days of the period that is shown, none if the name is of another kind."""
        name = self.branch.period_name
        if name is None:
            return self.spans(quota.period.value, today)
        kind = quota.period.value
        every = days(date(2026, 1, 1), date(2026, 12, 31))
        return next((self.spans(kind, day) for day in every if self.name(kind, day) == name), [])

    # -- people

    def belongs(self, person: Person, day: date) -> Membership:
        known = [one for one in person.memberships if one.since is None or one.since <= day]
        return max(known, key=lambda one: one.since or date.min)

    def under(self, quota: Quota, person: Person, day: date) -> bool:
        if (person.joined_on and day < person.joined_on) or (person.left_on and day > person.left_on):
            return False
        held = self.belongs(person, day)
        above: set[int] = set(held.departments)
        for _ in range(10):
            above |= {
                self.branch.departments.parents[one]
                for one in above
                if one in self.branch.departments.parents
            }
        named = person.userid in quota.userids
        role = not quota.roles or held.role in quota.roles
        department = not quota.departments or bool(above & quota.departments)
        if quota.roles or quota.departments:
            return named or (role and department)
        return named or not quota.userids

    # -- relations

    def intervals(self, userid: str, customer: str, until: int) -> list[list[Any]]:
        """Stretches of being alive, [begin, end, kind of end], with slips closed."""
        told = {
            (one.at, ORDER.index(one.kind.value))
            for one in self.branch.events
            if (one.userid, one.external_userid) == (userid, customer) and one.at <= until
        }
        alive: list[list[Any]] = []
        for moment, rank in sorted(told):
            word = ORDER[rank]
            open_one = bool(alive) and alive[-1][1] is None
            if word == "added" and not open_one:
                alive.append([moment, None, None])
            elif word in (*LOST, "transferred") and open_one:
                alive[-1][1:] = [moment, word]
        joined: list[list[Any]] = []
        for begin, end, word in alive:
            if joined and joined[-1][2] in LOST and begin - joined[-1][1] < self.branch.regain_s:
                joined[-1][1:] = [end, word]
            else:
                joined.append([begin, end, word])
        return joined

    def customers(self, userid: str) -> set[str]:
        return {one.external_userid for one in self.branch.events if one.userid == userid}

    def count(self, quota: Quota, userid: str, shown: list[date], until: int) -> dict[str, Any]:
        """Adds of the shown days as of *until*: days of the counted ones, number rejected and lost."""
        counted: list[date] = []
        rejected = lost = 0
        for customer in self.customers(userid):
            relation = self.intervals(userid, customer, until)
            for number, (begin, _, _) in enumerate(relation):
                if self.day_of(begin) not in shown:
                    continue
                if number > 0 and quota.counting.first_add.value == "pair":
                    rejected += 1
                else:
                    counted.append(self.day_of(begin))
            if relation and self.day_of(relation[-1][0]) in shown and relation[-1][2] in LOST:
                lost += 1
        return {"counted": counted, "rejected": rejected, "lost": lost}

    def kept_90(self, userid: str, until: int) -> float | None:
        window = 90 * 24 * 60 * 60
        ends = [
            word
            for customer in self.customers(userid)
            for begin, _, word in self.intervals(userid, customer, until)
            if begin > until - window and word != "transferred"
        ]
        return None if len(ends) < 10 else half_up(Fraction(ends.count(None), len(ends)), 100)

    # -- rows

    def rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for quota in self.branch.quotas:
            local = self.branch.at.astimezone(self.branch.calendar.zone)
            shown = self.asked_days(quota, local.date())
            if not shown or (quota.starts_on and shown[0] < quota.starts_on):
                continue
            if quota.ends_on and shown[0] > quota.ends_on:
                continue
            lines = [
                self.row(quota, person, shown, local)
                for person in sorted(self.branch.people, key=lambda one: one.userid)
                if any(self.under(quota, person, day) for day in shown)
            ]
            for line in lines:
                line["rank"] = None
                if line["target"]:
                    mine = Fraction(line["counted"], line["target"])
                    others = [Fraction(one["counted"], one["target"]) for one in lines if one["target"]]
                    line["rank"] = 1 + len([other for other in others if other > mine])
            found += lines
        return found

    def row(self, quota: Quota, person: Person, shown: list[date], local: datetime) -> dict[str, Any]:
        today, until = local.date(), int(self.branch.at.timestamp() // 1)
        own = [
            day
            for day in shown
            if self.works(day) and self.under(quota, person, day) and day not in person.absences
        ]
        workdays = len([day for day in shown if self.works(day)])
        target = 0
        while workdays and target + Fraction(1, 2) < quota.target * person.share * len(own) / workdays:
            target += 1
        now = self.count(quota, person.userid, shown, until)
        # What was known in the last second of yesterday is what was told up to the last event before today.
        yesterday = max((one.at for one in self.branch.events if self.day_of(one.at) < today), default=0)
        to_add_before = target - len(self.count(quota, person.userid, shown, yesterday)["counted"])
        dose = 0
        from_today = [day for day in own if day >= today]
        while target and today in own and dose * len(from_today) < to_add_before:
            dose += 1
        done = len(now["counted"])
        employed = [
            day
            for day in shown
            if not (
                (person.joined_on and day < person.joined_on) or (person.left_on and day > person.left_on)
            )
        ]
        held = self.belongs(person, min(employed, key=lambda day: abs((day - today).days)))
        passed = [day for day in own if day <= today]
        expected = Fraction(target * len(passed), len(own)) if target else Fraction(0)
        pace = half_up(done / expected, 100) if expected else None
        over_hours = (local.hour, local.minute) >= (18, 0)
        return {
            "quota": quota.id,
            "userid": person.userid,
            "department": held.departments[0] if held.departments else None,
            "role": held.role,
            "period": self.name(quota.period.value, shown[0]),
            "period_start": shown[0],
            "period_end": shown[-1],
            "target": target,
            "counted": done,
            "pending": 0,
            "rejected": now["rejected"],
            "gross": done + now["rejected"],
            "lost": now["lost"],
            "kept_90": self.kept_90(person.userid, until),
            "expected": half_up(expected, 10),
            "pace": pace,
            "forecast": half_up(Fraction(done * len(own), len(passed)), 10) if target and passed else None,
            "remaining": max(0, target - done),
            "to_add": max(0, target - done),
            "workdays_left": len([d for d in own if d > today or (d == today and not over_hours)]),
            "today_dose": dose,
            "today_left": max(0, dose - now["counted"].count(today)),
            "status": self.status(quota, local, shown, own, target, done, pace),
            **EMPTY,
        }

    def status(
        self,
        quota: Quota,
        local: datetime,
        shown: list[date],
        own: list[date],
        target: int,
        done: int,
        pace: float | None,
    ) -> str:
        if target == 0:
            return "exempt"
        if done >= target:
            return "met"
        if local.date() > shown[-1]:
            return "missed"
        due = Fraction(target * len([day for day in own if day < local.date()]), len(own))
        if quota.period.value == "day":
            due = Fraction(target if local.date() in own and local.hour >= 16 else 0)
        slow = pace is not None and Fraction(str(pace)) < self.branch.behind_threshold
        return "behind" if slow and due - done >= 1 else "on_track"


def half_up(number: Fraction, scale: int) -> float:
    whole, rest = divmod(number * scale, 1)
    return float(Fraction(int(whole) + (1 if rest >= Fraction(1, 2) else 0), scale))


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(branch=branches())
def test_the_rows_are_those_of_the_naive_reading(branch: Branch) -> None:
    naive = Naive(branch).rows()

    assert [asdict(row) for row in branch.rows()] == naive
