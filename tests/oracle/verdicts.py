"""What an add is worth: the sixteen rules in their order, and the closing rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from oracle.adds import Add
from oracle.book import Span
from oracle.branch import Branch, Details, Quota
from oracle.calendar import DAY_S
from oracle.findings import Findings

CLOSING = {
    "pending:details": "counted:details",
    "pending:facts": "counted:facts",
    "pending:review": "counted:review",
    "pending:tags": "rejected:tags",
    "pending:over_share": "rejected:over_share",
}


class Judged(NamedTuple):
    """One add with its verdict. *open*: it becomes rejected by itself."""

    add: Add
    word: str
    open: bool

    @property
    def sure(self) -> bool:
        """Say whether it counts if nobody does anything more."""
        return self.word.startswith("counted") or (self.word.startswith("pending") and not self.open)


class Verdicts(Findings):
    """One branch with its verdicts."""

    def __init__(self, branch: Branch) -> None:
        super().__init__(branch)
        self._judged: dict[tuple[str, str, str, int], list[Judged]] = {}

    def judged(self, span: Span, userid: str, until: int) -> list[Judged]:
        """Return what the period looks at with its verdicts; `left_out` is in no sum."""
        asked = (span.quota.id, span.name, userid, until)
        if asked not in self._judged:
            self._judged[asked] = self._judge(span, userid, until)
        return self._judged[asked]

    def gross(self, span: Span, userid: str, until: int) -> list[Judged]:
        """Return those that are in the sums."""
        return [one for one in self.judged(span, userid, until) if one.word != "left_out"]

    def _judge(self, span: Span, userid: str, until: int) -> list[Judged]:
        quota, won = span.quota, self.won(span, userid, until)
        words: dict[Add, str] = {add: "left_out" for add in won if not self.in_segment(quota, add)}
        asked = [add for add in won if add not in words]
        for add in asked:
            word = self._rules_1_to_8(span, add, until)
            if word:
                words[add] = word
        if quota.basis == "added":
            self._rule_9(quota, asked, words)
            self._rule_10(quota, asked, words)
        for add in asked:
            if add not in words:
                words[add] = self._rules_11_to_16(span, add, until)
        if until >= self.settlement(span):
            words = {add: self._closed(add, word) for add, word in words.items()}
        return [Judged(add, words[add], self._is_open(add, words[add])) for add in won]

    def in_segment(self, quota: Quota, add: Add) -> bool:
        """Say whether the contact is of the quota at all: by a tag that is read, or by a review."""
        details = self.details_of(add)
        tagged = details is not None and any(tag in details.tags for tag in quota.segment_tags)
        return not quota.segment_tags or tagged or self._accepted(quota, add) is True

    def details_of(self, add: Add) -> Details | None:
        """Return what WeCom says of the contact, if it is read."""
        return self.branch.details.get((add.userid, add.customer))

    def _accepted(self, quota: Quota, add: Add) -> bool | None:
        """Return the word of a review on the contact itself. A rejected appeal is none."""
        for decision in self.branch.decisions:
            named = (decision.key, decision.quota) == (add.key, quota.id)
            if named and (decision.accepted or not decision.appeal):
                return decision.accepted
        return None

    def _rules_1_to_8(self, span: Span, add: Add, until: int) -> str | None:
        quota, details, added = span.quota, self.details_of(add), span.quota.basis == "added"
        facts = self.branch.facts.get(add.customer, {})
        manager = self.branch.managers.get(add.customer)
        accepted = self._accepted(quota, add)
        if accepted is not None:
            return "counted:review" if accepted else "rejected:review"
        if self.is_confirmed(add):
            return "rejected:review"
        if added and self._not_first(quota, add, until):
            return "rejected:not_first"
        if details is not None and details.customer_type not in quota.customer_types:
            return "rejected:customer_type"
        if details is not None and details.add_way in quota.exclude_add_ways:
            return "rejected:add_way"
        if add.state in quota.exclude_states:
            return "rejected:state"
        if quota.own_book and manager is not None and manager != add.userid:
            return "rejected:not_own_book"
        if any(facts.get(fact) is False for fact in quota.required_facts):
            return "rejected:facts"
        if added and add.lost and (add.end or 0) - add.at < quota.keep_days * DAY_S:
            return "rejected:lost_early"
        return None

    def _not_first(self, quota: Quota, add: Add, until: int) -> bool:
        if quota.first_add == "any":
            return False
        colleague = any(
            other.customer == add.customer and other.userid != add.userid and other.at < add.at
            for other in self.adds(until)
        )
        return add.number > 0 or (quota.first_add == "corp" and colleague)

    def _rule_9(self, quota: Quota, asked: Iterable[Add], words: dict[Add, str]) -> None:
        if not quota.max_per_day:
            return
        of_day: defaultdict[object, list[Add]] = defaultdict(list)
        for add in sorted(asked, key=lambda add: (add.at, add.customer)):
            if add not in words:
                of_day[self.day_of(add.at)].append(add)
        for adds in of_day.values():
            for add in adds[quota.max_per_day :]:
                words[add] = "rejected:over_daily_cap"

    def _rule_10(self, quota: Quota, asked: Iterable[Add], words: dict[Add, str]) -> None:
        through = [
            add
            for add in sorted(asked, key=lambda add: (add.at, add.customer))
            if add not in words
            and not self._lacks_tag(quota, add)
            and not (self._details_missing(quota, add) and add.lost)
        ]
        for fact, share in quota.max_share:
            having = [add for add in through if self.branch.facts.get(add.customer, {}).get(fact) is True]
            others = len(through) - len(having)
            allowed = int(Fraction(share) / (1 - Fraction(share)) * others)
            for add in having[allowed:]:
                words[add] = "pending:over_share"
                through.remove(add)

    def _lacks_tag(self, quota: Quota, add: Add) -> bool:
        details = self.details_of(add)
        return details is not None and any(tag not in details.tags for tag in quota.required_tags)

    def _details_missing(self, quota: Quota, add: Add) -> bool:
        needed = (
            not quota.customer_types >= {1, 2} or bool(quota.exclude_add_ways) or bool(quota.required_tags)
        )
        return needed and self.details_of(add) is None

    def _rules_11_to_16(self, span: Span, add: Add, until: int) -> str:
        quota, facts = span.quota, self.branch.facts.get(add.customer, {})
        if self._details_missing(quota, add):
            return "pending:details"
        if self._lacks_tag(quota, add):
            return "pending:tags"
        if any(fact not in facts for fact in quota.required_facts):
            return "pending:facts"
        if quota.own_book and add.customer not in self.branch.managers:
            return "pending:facts"
        waits = until - add.at < quota.keep_days * DAY_S and add.end is None
        if quota.basis == "added" and waits:
            return "pending:keep_period"
        held = self.is_held(add, until, first_add=quota.first_add)
        return "pending:review" if held else "counted"

    def _is_open(self, add: Add, word: str) -> bool:
        return word in ("pending:tags", "pending:over_share") or (word == "pending:details" and add.lost)

    def _closed(self, add: Add, word: str) -> str:
        if word == "pending:details" and add.lost:
            return "rejected:details"
        return CLOSING.get(word, word)
