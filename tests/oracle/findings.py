"""What a reviewer is asked about, and which adds that holds."""

from __future__ import annotations

from oracle.adds import Add, Adds
from oracle.book import Span
from oracle.branch import FindingDecision, Integrity, Key
from oracle.calendar import DAY_S

FLAGS = ("burst", "shared", "quick_loss")
GIVEN_WAYS = {201, 202}  # shared or assigned inside the bank


class Findings(Adds):
    """One branch with its findings."""

    def integrity(self, add: Add) -> Integrity:
        """Return the `[integrity]` of the day of the add."""
        return self.standing(self.day_of(add.at)).integrity

    def planned(self, add: Add) -> bool:
        """Say whether the add belongs to a campaign."""
        day = self.day_of(add.at)
        return (add.userid, day) in self.branch.planned or any(
            campaign.first <= day <= campaign.last
            and (
                not campaign.departments
                or (
                    add.userid in self.userids()
                    and self.in_departments(add.userid, campaign.departments, day)
                )
            )
            for campaign in self.branch.campaigns
        )

    def in_burst(self, add: Add, until: int) -> bool:
        """Say whether a window with enough adds of this employee has the add."""
        rule = self.integrity(add).burst
        if rule is None or self.planned(add):
            return False
        number, minutes = rule
        times = [other.at for other in self.of(add.userid, until) if not self.planned(other)]
        windows = [(begin, begin + minutes * 60) for begin in times]
        return any(
            begin <= add.at <= end and len([moment for moment in times if begin <= moment <= end]) >= number
            for begin, end in windows
        )

    def in_shared(self, add: Add, until: int) -> bool:
        """Say whether enough employees had added this customer when the add came."""
        rule = self.integrity(add)
        if rule.shared_by is None:
            return False
        begin = add.at - rule.window_days * DAY_S
        by = {
            other.userid
            for other in self.adds(until)
            if other.customer == add.customer and begin <= other.at <= add.at
        }
        return len(by) >= rule.shared_by

    def in_rollout(self, add: Add, until: int, *, first_add: str) -> bool:
        """Say whether the customer was known at the bank, as far as the time around the start can tell.

        Only adds that would earn something are asked about, and none whose way the bank itself gave.
        """
        start, details = self.branch.start, self.branch.details.get((add.userid, add.customer))
        if start is None or abs(add.at - start) > 30 * DAY_S or first_add == "corp":
            return False
        if details is None or details.add_way in GIVEN_WAYS or self.planned(add):
            return False
        if add.number:
            return first_add == "any"
        return any(
            other.customer == add.customer and other.userid != add.userid and other.at + 60 < add.at
            for other in self.adds(until)
        )

    def found(self, add: Add, until: int) -> list[str]:
        """Return the kinds of finding that concern the add."""
        kinds = {"burst": self.in_burst(add, until), "shared": self.in_shared(add, until)}
        return [kind for kind, concerns in kinds.items() if concerns]

    def is_held(self, add: Add, until: int, *, first_add: str) -> bool:
        """Say whether an undecided finding holds the add."""
        if not self.integrity(add).hold:
            return False
        rollout = self.in_rollout(add, until, first_add=first_add)
        return (rollout and not self._day_decided(add)) or any(
            not any(word.kind == kind and add.key in word.adds for word in self.branch.findings)
            for kind in self.found(add, until)
        )

    def _day_decided(self, add: Add) -> bool:
        """Say whether the rollout question about this day is decided; it is one question for the day."""
        asked = ("rollout", add.userid, self.day_of(add.at).isoformat())
        return any((word.kind, word.userid, word.period) == asked for word in self.branch.findings)

    def is_confirmed(self, add: Add) -> bool:
        """Say whether a confirmed finding takes the add away. A quick loss is rejected anyway."""
        return self.integrity(add).hold and any(
            word.confirmed and word.kind != "quick_loss" and add.key in word.adds
            for word in self.branch.findings
        )

    def quick_loss(self, span: Span, userid: str, until: int) -> frozenset[Key]:
        """Return the adds of the period that a loss ended soon, if they are so many that it is a finding."""
        keep_s = span.quota.keep_days * DAY_S
        own = [add for add in self.won(span, userid, until) if until - add.at > keep_s]
        soon = [add for add in own if add.lost and (add.end or 0) - add.at < keep_s]
        rule = self.standing(span.first).integrity.quick_loss
        if rule is None or not own or len(own) < rule[1] or len(soon) < rule[0] * len(own):
            return frozenset()
        return frozenset(add.key for add in soon)

    def flags(self, span: Span, userid: str) -> tuple[str, ...]:
        """Return what a reviewer confirmed of a person in the period."""
        kinds = {
            word.kind
            for word in self.branch.findings
            if word.confirmed and word.userid == userid and self._is_of(word, span)
        }
        return tuple(kind for kind in FLAGS if kind in kinds)

    def _is_of(self, word: FindingDecision, span: Span) -> bool:
        if word.kind == "quick_loss":
            return (word.quota, word.period) == (span.quota.id, span.name)
        first = self.day_of(min((second for _, _, second in word.adds), default=0))
        return span.first <= first <= span.last
