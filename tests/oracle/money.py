"""Ranks, deductions and rewards, and what a cap leaves of the deductions of one month."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from math import floor

from oracle.book import Span
from oracle.branch import Branch, Closing
from oracle.calendar import begin_of, half_up
from oracle.rows import Row, Rows


class Money(Rows):
    """One branch with everybody's rows beside each other."""

    def __init__(self, branch: Branch) -> None:
        super().__init__(branch)
        self._beside: dict[tuple[object, ...], list[Row]] = {}

    def rows(self, at: datetime, period: str | None = None, *, money: bool = False) -> list[Row]:
        """Return all rows as of *at*, of the period in which it lies or of the one named."""
        today = at.astimezone(self.branch.zone).date()
        spans = self.spans_at(today) if period is None else self.spans_named(period)
        return [row for span in spans for row in self.rows_of(span, at, money=money)]

    def rows_of(self, span: Span, at: datetime, *, money: bool = False) -> list[Row]:
        """Return the rows of one quota in one period, with what a cap leaves."""
        rows = self._uncapped(span, at, money=money)
        if self._closing(span, at) is None:
            for row in rows:
                if row["penalty"]:
                    row["penalty"] = min(row["penalty"], self._left(span, row["userid"], at, money=money))
        return rows

    def _closing(self, span: Span, at: datetime) -> Closing | None:
        closing = self.branch.closings.get((span.quota.id, span.name))
        return closing if closing is not None and at.timestamp() >= closing.at else None

    def _uncapped(self, span: Span, at: datetime, *, money: bool) -> list[Row]:
        asked = (span.quota.id, span.first, at, money)
        if asked not in self._beside:
            self._beside[asked] = self._compute(span, at, money=money)
        return [dict(row) for row in self._beside[asked]]

    def _compute(self, span: Span, at: datetime, *, money: bool) -> list[Row]:
        closing = self._closing(span, at)
        if closing is not None:
            return stored_rows(closing, at)
        rows = [self.figures(span, userid, at) for userid in self.rowed(span)]
        for row in rows:
            row["rank"] = self._rank(span, row, rows)
        if money or at.timestamp() >= self.settlement(span):
            for row in rows:
                if row["target"] and not self._for_reference(span):
                    row["penalty"] = self._penalty(span, row)
                    row["reward"] = self._reward(span, row, at)
        return rows

    # -- ranks

    def _ranks(self, span: Span, row: Row) -> bool:
        reward = span.quota.reward
        if not row["target"]:
            return False
        if reward is None or not reward.top:
            return True
        present = len(self.own(span, row["userid"]))
        return present >= reward.min_presence * len(self.whole_workdays(span))

    def _rank(self, span: Span, row: Row, rows: list[Row]) -> int | None:
        reward = span.quota.reward
        scope = reward.scope if reward is not None and reward.top else "all"
        if not self._ranks(span, row):
            return None
        among = [
            other
            for other in rows
            if self._ranks(span, other) and (scope == "all" or other[scope] == row[scope])
        ]
        return 1 + len([other for other in among if attainment(other) > attainment(row)])

    # -- yuan

    def _for_reference(self, span: Span) -> bool:
        """Say whether too much of the period lies before the record: then there is no money."""
        began = self.branch.record_began
        if span.quota.basis == "held" or began is None:
            return False
        workdays = self.whole_workdays(span)
        return 5 * len([day for day in workdays if day < began]) > len(workdays)

    def _penalty(self, span: Span, row: Row) -> int | None:
        rule = span.quota.penalty
        if rule is None:
            return None
        missing, part = row["target"] - row["counted"], self.part(span, row["userid"])
        if missing <= 0:
            return 0
        if rule.per_missing is not None:
            amount = rule.per_missing * missing
            return amount if rule.cap is None else min(amount, rule.cap)
        if rule.flat is not None:
            return floor(rule.flat * part)
        tiers = [amount for below, amount in sorted(rule.tiers) if below > attainment(row)]
        return floor(tiers[0] * part) if tiers else 0

    def _reward(self, span: Span, row: Row, at: datetime) -> int | None:
        rule = span.quota.reward
        if rule is None:
            return None
        if rule.per_extra is not None:
            amount = rule.per_extra * max(0, row["counted"] - row["target"])
            return amount if rule.cap is None else min(amount, rule.cap)
        kept, recent = self.kept([row["userid"]], min(int(at.timestamp() // 1), self.settlement(span)))
        too_few = recent >= 10 and Fraction(str(half_up(Fraction(kept, recent), 2))) < rule.min_kept
        if row["rank"] is None or attainment(row) < rule.min_attainment or too_few:
            return 0
        return rule.top[row["rank"] - 1] if row["rank"] <= len(rule.top) else 0

    # -- the cap of a month

    def _left(self, span: Span, userid: str, at: datetime, *, money: bool) -> int:
        """Return what the cap leaves for one person's deduction of one period."""
        month = begin_of("month", span.last)
        cap = self.standing(month).cap_per_month
        if not cap:
            return 10**9
        ending = [
            other
            for quota_id in self.quota_ids()
            for other in self.spans(quota_id)
            if begin_of("month", other.last) == month
        ]
        ending.sort(key=lambda other: (self.settlement(other), self.quota_ids().index(other.quota.id)))
        stored = [other for other in ending if self._closing(other, at) is not None]
        left = cap - sum(self._taken(other, userid, at) for other in stored)
        for other in ending:
            if other == span:
                break
            if other not in stored:
                amounts = [
                    row["penalty"] or 0
                    for row in self._uncapped(other, at, money=money)
                    if row["userid"] == userid
                ]
                left -= min(max(left, 0), sum(amounts))
        return max(left, 0)

    def _taken(self, span: Span, userid: str, at: datetime) -> int:
        """Return what a stored line keeps; what a correction frees goes to nobody else."""
        closing = self._closing(span, at)
        assert closing is not None
        lines = [closing.rows.get(userid, {})]
        lines += [row for _, row in closing.corrections if row["userid"] == userid]
        return max(line.get("penalty") or 0 for line in lines)


def attainment(row: Row) -> Fraction:
    """Return counted / target."""
    return Fraction(row["counted"], row["target"])


def stored_rows(closing: Closing, at: datetime) -> list[Row]:
    """Return the lines that a close stored, corrected by those that came up to *at*."""
    shown = {userid: dict(row) for userid, row in closing.rows.items()}
    for since, row in closing.corrections:
        if since <= at.timestamp():
            shown[row["userid"]] = dict(row)
    return [shown[userid] for userid in sorted(shown)]
