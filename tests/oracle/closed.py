"""What a close stores, and what teams reached."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from oracle.book import Span
from oracle.branch import Closing
from oracle.calendar import half_up
from oracle.money import Money, attainment
from oracle.rows import Row


class Oracle(Money):
    """One branch, with every number of it."""

    def close(self, quota_id: str, period: str, at: datetime) -> Closing:
        """Return what a close at *at* stores of one period."""
        span = next(span for span in self.spans(quota_id) if span.name == period)
        return Closing(at=int(at.timestamp()), rows={row["userid"]: row for row in self.rows_of(span, at)})

    def words(self, at: datetime, period: str | None = None) -> dict[tuple[str, str], dict[Any, str]]:
        """Return the verdict of each contact, by quota and employee."""
        second, today = int(at.timestamp() // 1), at.astimezone(self.branch.zone).date()
        spans = self.spans_at(today) if period is None else self.spans_named(period)
        return {
            (span.quota.id, userid): {one.add.key: one.word for one in self.judged(span, userid, second)}
            for span in spans
            for userid in self.rowed(span)
        }

    def teams(self, at: datetime, period: str | None = None) -> list[dict[str, Any]]:
        """Return the teams: each department with all below it, by quota."""
        today = at.astimezone(self.branch.zone).date()
        spans = self.spans_at(today) if period is None else self.spans_named(period)
        return [team for span in spans for team in self._teams_of(span, at)]

    def _teams_of(self, span: Span, at: datetime) -> list[dict[str, Any]]:
        today, rows = at.astimezone(self.branch.zone).date(), self.rows_of(span, at)
        above = {
            row["userid"]: self.above(row["department"], self._tree_day(span, row["userid"], today))
            for row in rows
        }
        departments = sorted({department for higher in above.values() for department in higher})
        return [
            self._team(span, department, [row for row in rows if department in above[row["userid"]]], at)
            for department in departments
        ]

    def _tree_day(self, span: Span, userid: str, today: date) -> date:
        """Return the day of a row's tree, also of a stored row that a later roster would not give."""
        return self.shown_day(span, userid, today) if self.days_under(span, userid) else span.last

    def _team(self, span: Span, department: int, members: list[Row], at: datetime) -> dict[str, Any]:
        judged = [row for row in members if row["target"]]
        shares = sorted(attainment(row) for row in judged)
        target = sum(row["target"] for row in judged)
        done = sum(min(row["counted"], row["target"]) for row in judged)
        kept, recent = self.kept([row["userid"] for row in judged], int(at.timestamp() // 1))
        middle = shares[len(shares) // 2] + shares[(len(shares) - 1) // 2] if shares else Fraction(0)
        return {
            "quota": span.quota.id,
            "period": span.name,
            "department": department,
            "people": len(judged),
            "attainment": half_up(Fraction(done, target), 2) if target else None,
            "median": half_up(middle / 2, 2) if judged else None,
            "kept_90": half_up(Fraction(kept, recent), 2) if recent >= 10 else None,
        }
