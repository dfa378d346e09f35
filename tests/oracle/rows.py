"""Where everybody stands: the row of each person under each quota."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from math import ceil
from typing import Any

from oracle.book import Span
from oracle.calendar import half_up
from oracle.verdicts import Verdicts

Row = dict[str, Any]


class Rows(Verdicts):
    """One branch with the figures that need nobody else: no rank, no money."""

    def figures(self, span: Span, userid: str, at: datetime) -> Row:
        """Return the row of one person as of *at*, rank and money still open."""
        second, local = int(at.timestamp() // 1), at.astimezone(self.branch.zone)
        today, target, own = local.date(), self.target(span, userid), self.own(span, userid)
        gross = self.gross(span, userid, second)
        tally = dict.fromkeys(("counted", "pending", "rejected"), 0)
        for one in gross:
            tally[one.word.partition(":")[0]] += 1
        counted, sure = tally["counted"], len([one for one in gross if one.sure])
        expected = self.expected(span, userid, second, today)
        pace = half_up(sure / expected, 2) if expected else None
        line = self.line_on(userid, self.shown_day(span, userid, today))
        kept, recent = self.kept([userid], second)
        dose = self.dose(span, userid, second, today)
        won_today = [one for one in gross if one.sure and self.day_of(one.add.at) == today]
        still_open = today in own and local.time() < self.branch.closes
        return {
            "quota": span.quota.id,
            "userid": userid,
            "department": line.departments[0] if line.departments else None,
            "role": line.role,
            "period": span.name,
            "period_start": span.first,
            "period_end": span.last,
            "target": target,
            "counted": counted,
            "pending": tally["pending"],
            "open": len([one for one in gross if one.open]),
            "rejected": tally["rejected"],
            "gross": len(gross),
            "lost": len(
                [add for add in self.losses(span, userid, second) if self.in_segment(span.quota, add)]
            ),
            "kept_90": half_up(Fraction(kept, recent), 2) if recent >= 10 else None,
            "expected": half_up(expected, 1),
            "pace": pace,
            "forecast": self.forecast(span, userid, sure, today),
            "remaining": max(0, target - counted),
            "to_add": max(0, target - sure),
            "workdays_left": len([day for day in own if day > today]) + (1 if still_open else 0),
            "today_dose": dose,
            "today_left": max(0, dose - len(won_today)),
            "status": self.status(span, userid, at, counted=counted, sure=sure, pace=pace),
            "rank": None,
            "penalty": None,
            "reward": None,
            "flags": self.flags(span, userid),
        }

    def sure(self, span: Span, userid: str, second: int) -> int:
        """Return what will count if nobody does anything more."""
        return len([one for one in self.gross(span, userid, second) if one.sure])

    def expected(self, span: Span, userid: str, second: int, day: date) -> Fraction:
        """Return what was expected by the end of *day*."""
        target, own = self.target(span, userid), self.own(span, userid)
        if not target:
            return Fraction(0)
        opening = 0
        if span.quota.basis == "held":
            before = min(second, self.midnight(span.first) - 1)
            opening = min(target, self.sure(span, userid, before))
        passed = self.weight(userid, [other for other in own if other <= day])
        return opening + (target - opening) * passed / self.weight(userid, own)

    def forecast(self, span: Span, userid: str, sure: int, today: date) -> float | None:
        """Return where the pace of the elapsed days leads."""
        own = self.own(span, userid)
        passed = self.weight(userid, [day for day in own if day <= today])
        if not self.target(span, userid):
            return None
        if span.quota.basis == "held":
            return float(sure)
        return half_up(sure * self.weight(userid, own) / passed, 1) if passed else None

    def dose(self, span: Span, userid: str, second: int, today: date) -> int:
        """Return how many are enough today; known last night, and fixed for the day."""
        own, target = self.own(span, userid), self.target(span, userid)
        if not target or today not in own:
            return 0
        missing = max(0, target - self.sure(span, userid, self.midnight(today) - 1))
        return ceil(Fraction(missing, len([day for day in own if day >= today])))

    def status(
        self, span: Span, userid: str, at: datetime, *, counted: int, sure: int, pace: float | None
    ) -> str:
        """Return the word for where somebody stands."""
        local, target = at.astimezone(self.branch.zone), self.target(span, userid)
        today, own = local.date(), self.own(span, userid)
        if target == 0:
            return "exempt"
        if counted >= target:
            return "met"
        if sure >= target:
            return "covered"
        if today > span.last or self.has_left(userid, today):
            return "missed"
        slow = pace is not None and Fraction(str(pace)) < self.branch.behind_threshold
        if slow and self._due(span, userid, local, own) - sure >= 1:
            return "behind"
        ends_here = span.quota.period != "day" and not [day for day in own if day > today]
        return "behind" if ends_here else "on_track"

    def _due(self, span: Span, userid: str, local: datetime, own: list[date]) -> Fraction:
        """Return what a person must have reached so as not to be behind."""
        second, today = int(local.timestamp() // 1), local.date()
        if span.quota.period == "day":
            return self.expected(span, userid, second, today) if local.hour >= 16 else Fraction(0)
        before = [day for day in own if day < today]
        return self.expected(span, userid, second, before[-1]) if before else Fraction(0)
