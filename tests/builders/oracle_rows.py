"""Rows and teams, naively, over what `core_oracle_verdicts` judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from bot.core.money import Pay
from bot.core.people import Person
from bot.core.quotas import Quota
from builders.oracle import DAY, LOST, Won, days, half_up
from builders.oracle_verdicts import Judging


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One quota in the days of its period, for one person, at one time."""

    quota: Quota
    person: Person
    shown: list[date]
    local: datetime
    own: list[date]
    target: int

    @property
    def today(self) -> date:
        return self.local.date()

    @property
    def held(self) -> bool:
        return self.quota.basis.value == "held"


class Rows(Judging):
    """One branch as the lines that a person reads."""

    def rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        local = self.world.at.astimezone(self.world.calendar.zone)
        for quota in self.world.quotas:
            shown = self.asked_days(quota, local.date())
            lines = [
                self.row(self.asked(quota, person, shown, local))
                for person in sorted(self.world.people, key=lambda one: one.userid)
                if any(self.under(quota, person, day) for day in shown)
            ]
            for line in lines:
                line["rank"] = self.rank(quota, line, lines)
            for line in lines:
                line |= self.money(quota, line, shown)
            found += lines
        return found

    def asked(self, quota: Quota, person: Person, shown: list[date], local: datetime) -> Asked:
        own = [day for day in shown if self.owns(quota, person, day)]
        target, part = 0, self.part(quota, person, shown, own)
        while target + Fraction(1, 2) < quota.target * part:
            target += 1
        return Asked(quota=quota, person=person, shown=shown, local=local, own=own, target=target)

    def share(self, person: Person, own: list[date]) -> Fraction:
        return sum((self.belongs(person, day).share for day in own), Fraction(0))

    def part(self, quota: Quota, person: Person, shown: list[date], own: list[date]) -> Fraction:
        workdays = len([day for day in shown if self.works(day)])
        if not own or not workdays:
            return Fraction(0)
        if quota.basis.value == "held":
            return self.belongs(person, own[-1]).share if len(own) >= workdays / 2 else Fraction(0)
        return self.share(person, own) / workdays

    def words(self) -> dict[tuple[str, str], list[tuple[tuple[str, str, int], str]]]:
        """The verdict of each add that each quota looks at, by quota and employee."""
        local = self.world.at.astimezone(self.world.calendar.zone)
        asked = [(quota, self.asked_days(quota, local.date())) for quota in self.world.quotas]
        return {
            (quota.id, who.userid): [
                (add.key, word)
                for add, word in self.verdicts(quota, who.userid, shown, int(local.timestamp() // 1))
            ]
            for quota, shown in asked
            for who in self.world.people
            if shown
        }

    # -- one row

    def row(self, asked: Asked) -> dict[str, Any]:
        person, shown, today, target, own = asked.person, asked.shown, asked.today, asked.target, asked.own
        until = self.now(asked)
        judged = self.verdicts(asked.quota, person.userid, shown, until)
        words = [word.partition(":")[0] for _, word in judged]
        counted, pending = words.count("counted"), words.count("pending")
        opened_up = len([word for add, word in judged if self.is_open(add, word)])
        done = counted + pending - opened_up
        expected = self.expected(asked, [day for day in own if day <= today])
        pace = half_up(done / expected, 100) if expected else None
        dose = self.dose(asked)
        done_today = [
            add
            for add, word in judged
            if self.day_of(add.begin) == today
            and not word.startswith("rejected")
            and not self.is_open(add, word)
        ]
        belongs = self.belongs(person, self.held_on(asked.quota, person, shown[0], shown[-1]))
        opened = (asked.local.hour, asked.local.minute) < (18, 0)
        return {
            "quota": asked.quota.id,
            "userid": person.userid,
            "department": belongs.departments[0] if belongs.departments else None,
            "role": belongs.role,
            "period": self.name(asked.quota.period.value, shown[0]),
            "period_start": shown[0],
            "period_end": shown[-1],
            "target": target,
            "counted": counted,
            "pending": pending,
            "open": opened_up,
            "rejected": words.count("rejected"),
            "gross": len(judged),
            "lost": self.lost(asked, until),
            "kept_90": self.kept_90([person.userid], until),
            "expected": half_up(expected, 10),
            "pace": pace,
            "forecast": self.forecast(asked, done),
            "remaining": max(0, target - counted),
            "to_add": max(0, target - done),
            "workdays_left": len([day for day in own if day > today or (day == today and opened)]),
            "today_dose": dose,
            "today_left": max(0, dose - len(done_today)),
            "status": self.status(asked, counted, done, pace),
            "rank": None,
            "penalty": None,
            "reward": None,
            "flags": self.flags(asked),
        }

    def now(self, asked: Asked) -> int:
        return int(asked.local.timestamp() // 1)

    def done(self, asked: Asked, until: int) -> int:
        """Sure as of *until*, of which nobody can know more than is known now."""
        judged = self.verdicts(asked.quota, asked.person.userid, asked.shown, min(until, self.now(asked)))
        return len(
            [word for add, word in judged if not word.startswith("rejected") and not self.is_open(add, word)]
        )

    def is_open(self, add: Won, word: str) -> bool:
        lost = add.word in LOST
        return word in ("pending:tags", "pending:over_share") or (word == "pending:details" and lost)

    def opening(self, asked: Asked) -> int:
        if not asked.held:
            return 0
        return min(asked.target, self.done(asked, self.midnight(asked.shown[0]) - 1))

    def expected(self, asked: Asked, passed: list[date]) -> Fraction:
        if not asked.target:
            return Fraction(0)
        opening = self.opening(asked)
        passed_share = self.share(asked.person, passed) / self.share(asked.person, asked.own)
        return opening + (asked.target - opening) * passed_share

    def forecast(self, asked: Asked, done: int) -> float | None:
        passed = [day for day in asked.own if day <= asked.today]
        if not asked.target:
            return None
        if asked.held:
            return float(done)
        whole, passed_share = self.share(asked.person, asked.own), self.share(asked.person, passed)
        return half_up(done * whole / passed_share, 10) if passed else None

    def dose(self, asked: Asked) -> int:
        from_today = [day for day in asked.own if day >= asked.today]
        if not asked.target or asked.today not in asked.own:
            return 0
        missing = asked.target - self.done(asked, self.midnight(asked.today) - 1)
        return next(dose for dose in range(asked.target + 1) if dose * len(from_today) >= missing)

    def lost(self, asked: Asked, until: int) -> int:
        shown, mine = asked.shown, [add for add in self.won(until) if add.userid == asked.person.userid]
        if asked.held:
            lost = [add for add in mine if add.word in LOST and self.day_of(add.end or 0) in shown]
        else:
            last = {add.customer: add for add in mine}
            gross = self.gross(asked.quota, asked.person.userid, shown, until)
            lost = [add for add in last.values() if add.word in LOST and add in gross]
        return len([add for add in lost if self.covers(asked.quota, add)])

    def kept_90(self, userids: list[str], until: int) -> float | None:
        ends = [
            add.end
            for add in self.won(until)
            if add.userid in userids and add.begin > until - 90 * DAY and add.word != "transferred"
        ]
        return None if len(ends) < 10 else half_up(Fraction(ends.count(None), len(ends)), 100)

    def status(self, asked: Asked, counted: int, done: int, pace: float | None) -> str:
        if asked.target == 0:
            return "exempt"
        if counted >= asked.target:
            return "met"
        if done >= asked.target:
            return "covered"
        left_on = asked.person.left_on
        if asked.today > asked.shown[-1] or (left_on and asked.today > left_on):
            return "missed"
        daily = asked.quota.period.value == "day"
        if not daily and not [day for day in asked.own if day > asked.today]:
            return "behind"
        before = [day for day in asked.own if day < asked.today]
        due = self.expected(asked, before) if before else Fraction(0)
        if daily:
            due = self.expected(asked, asked.own)
            if asked.today not in asked.own or asked.local.hour < 16:
                due = Fraction(0)
        slow = pace is not None and Fraction(str(pace)) < self.world.behind_threshold
        return "behind" if slow and due - done >= 1 else "on_track"

    def flags(self, asked: Asked) -> tuple[str, ...]:
        about = f"{asked.quota.id} {self.name(asked.quota.period.value, asked.shown[0])}"
        kinds = {
            flag.name.kind.value
            for flag in self.world.flags
            if flag.name.userid == asked.person.userid
            and (flag.name.subject == about if flag.name.kind == "quick_loss" else flag.on in asked.shown)
        }
        return tuple(kind for kind in ("burst", "shared", "quick_loss") if kind in kinds)

    # -- among others

    def rank(self, quota: Quota, line: dict[str, Any], lines: list[dict[str, Any]]) -> int | None:
        if not self.is_ranked(quota, line):
            return None
        scope = quota.reward.scope.value if quota.reward and quota.reward.top else "all"
        among = [
            Fraction(one["counted"], one["target"])
            for one in lines
            if self.is_ranked(quota, one) and (scope == "all" or one[scope] == line[scope])
        ]
        mine = Fraction(line["counted"], line["target"])
        return 1 + len([other for other in among if other > mine])

    def is_ranked(self, quota: Quota, line: dict[str, Any]) -> bool:
        person = next(one for one in self.world.people if one.userid == line["userid"])
        shown = list(days(line["period_start"], line["period_end"]))
        own = len([day for day in shown if self.owns(quota, person, day)])
        least = quota.reward.min_presence if quota.reward and quota.reward.top else 0
        return bool(line["target"]) and own >= least * len([day for day in shown if self.works(day)])

    # -- money

    def money(self, quota: Quota, line: dict[str, Any], shown: list[date]) -> dict[str, int | None]:
        local = self.world.at.astimezone(self.world.calendar.zone)
        if not self.world.money and local.timestamp() < self.settlement(quota, shown):
            return {}
        if not line["target"]:
            return {}
        until = min(int(local.timestamp() // 1), self.settlement(quota, shown))
        person = next(one for one in self.world.people if one.userid == line["userid"])
        part = self.part(quota, person, shown, self.asked(quota, person, shown, local).own)
        return {"penalty": self.penalty(quota, line, part), "reward": self.reward(quota, line, until)}

    def penalty(self, quota: Quota, line: dict[str, Any], part: Fraction) -> int | None:
        rule, counted, target = quota.penalty, line["counted"], line["target"]
        if rule is None:
            return None
        if counted >= target:
            return 0
        if rule.per_missing is not None:
            return self.up_to(rule.per_missing, target - counted)
        if rule.flat is not None:
            return int(rule.flat * part)
        for below, amount in sorted(rule.tiers):
            if below > Fraction(counted, target):
                return int(amount * part)
        return 0

    def reward(self, quota: Quota, line: dict[str, Any], until: int) -> int | None:
        rule, counted, target = quota.reward, line["counted"], line["target"]
        if rule is None:
            return None
        if rule.per_extra is not None:
            return self.up_to(rule.per_extra, max(0, counted - target))
        if line["rank"] is None or Fraction(counted, target) < rule.min_attainment:
            return 0
        kept = self.kept_90([line["userid"]], until)
        if kept is not None and Fraction(str(kept)) < rule.min_kept:
            return 0
        return dict(enumerate(rule.top, start=1)).get(line["rank"], 0)

    def up_to(self, pay: Pay, number: int) -> int:
        amount = pay.amount * number
        return amount if pay.cap is None else min(amount, pay.cap)

    # -- teams

    def above(self, row: dict[str, Any]) -> set[int]:
        """The departments of a row, in the tree of the day that it shows."""
        quota = next(one for one in self.world.quotas if one.id == row["quota"])
        person = next(one for one in self.world.people if one.userid == row["userid"])
        return self.upwards(
            row["department"], self.held_on(quota, person, row["period_start"], row["period_end"])
        )

    def held_on(self, quota: Quota, person: Person, first: date, last: date) -> date:
        today = self.world.at.astimezone(self.world.calendar.zone).date()
        under = [day for day in days(first, last) if self.under(quota, person, day)]
        return max([day for day in under if day <= today], default=under[0])

    def teams(self) -> list[dict[str, Any]]:
        rows, found = self.rows(), []
        until = int(self.world.at.timestamp() // 1)
        for quota in dict.fromkeys(row["quota"] for row in rows):
            everybody = [row for row in rows if row["quota"] == quota]
            for department in sorted(set().union(*map(self.above, everybody))):
                judged = [row for row in everybody if department in self.above(row) and row["target"]]
                asked = sum(row["target"] for row in judged)
                shares = sorted(Fraction(row["counted"], row["target"]) for row in judged)
                middle = (
                    (shares[len(shares) // 2] + shares[(len(shares) - 1) // 2]) / 2 if shares else Fraction(0)
                )
                done = sum(min(row["counted"], row["target"]) for row in judged)
                found.append(
                    {
                        "quota": quota,
                        "period": everybody[0]["period"],
                        "department": department,
                        "people": len(judged),
                        "attainment": half_up(Fraction(done, asked), 100) if asked else None,
                        "median": half_up(middle, 100) if judged else None,
                        "kept_90": self.kept_90([row["userid"] for row in judged], until),
                    }
                )
        return found
