"""What an add is worth, naively: the rules one after the other, the closing rules, what integrity holds."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import floor

from bot.core.counting import Counting
from bot.core.people import Person
from bot.core.quotas import Quota
from builders.oracle import DAY, LOST, Naive, Won

CLOSING = {
    "pending:details": "counted:details",
    "pending:facts": "counted:facts",
    "pending:review": "counted:review",
    "pending:tags": "rejected:tags",
    "pending:over_share": "rejected:over_share",
}


class Judging(Naive):
    """One branch with its verdicts."""

    # -- what integrity holds

    def held_keys(self, quota: Quota, until: int) -> set[tuple[str, str, int]]:
        """Adds that an undecided finding concerns; a quick loss holds nothing that is not lost anyway."""
        if not quota.integrity.hold:
            return set()
        return self.in_bursts(quota, until) | self.in_shared(quota, until) | self.known_before(quota, until)

    def in_bursts(self, quota: Quota, until: int) -> set[tuple[str, str, int]]:
        burst, found = quota.integrity.burst, set()
        if burst is None:
            return set()
        unplanned = [
            add for add in self.won(until) if (add.userid, self.day_of(add.begin)) not in self.world.planned
        ]
        for add in unplanned:
            around = [
                one
                for one in unplanned
                if one.userid == add.userid and add.begin - burst.minutes * 60 <= one.begin <= add.begin
            ]
            if len(around) >= burst.adds:
                found |= {one.key for one in around}
        return found - self.freed("burst")

    def in_shared(self, quota: Quota, until: int) -> set[tuple[str, str, int]]:
        rule, found = quota.integrity, set()
        if rule.shared_by is None:
            return set()
        for add in self.won(until):
            employees = {
                one.userid
                for one in self.won(until)
                if one.customer == add.customer
                and add.begin - rule.window_days * DAY <= one.begin <= add.begin
            }
            if len(employees) >= rule.shared_by:
                found.add(add.key)
        return found - self.freed("shared")

    def known_before(self, quota: Quota, until: int) -> set[tuple[str, str, int]]:
        rule, found = quota.counting.first_add.value, set()
        for add in self.won(until):
            details = self.world.known.details.get((add.userid, add.customer))
            day = self.day_of(add.begin)
            if self.world.start is None or abs(add.begin - self.world.start) > 30 * DAY or rule == "corp":
                continue
            if details is None or details.add_way in {201, 202} or (add.userid, day) in self.world.planned:
                continue
            by_another = any(
                one.customer == add.customer and one.userid != add.userid and one.begin + 60 < add.begin
                for one in self.won(until)
            )
            asked = rule == "any" if add.number > 0 else by_another
            days = {
                (one.name.userid, one.name.subject)
                for one in self.world.decided
                if one.name.kind == "rollout"
            }
            if asked and (add.userid, day.isoformat()) not in days:
                found.add(add.key)
        return found - self.freed("rollout")

    def freed(self, kind: str) -> set[tuple[str, str, int]]:
        decided = [one for one in self.world.decided if one.name.kind.value == kind]
        return {key for one in decided for key in one.concerned}

    # -- which adds a quota looks at

    def settlement(self, quota: Quota, shown: list[date]) -> int:
        end = self.midnight(shown[-1] + timedelta(days=1))
        return end if quota.basis.value == "held" else end + quota.counting.keep_days * DAY

    def belongs_to(self, quota: Quota, person: Person, day: date) -> date | None:
        """The day for which an add of *day* is; None for a day that is not under the quota."""
        if not self.under(quota, person, day):
            return None
        while quota.period.value == "day" and not self.owns(quota, person, day):
            day += timedelta(days=1)
            if not self.employed(person, day) or day.year > 2026:
                return None
        return day

    def owns(self, quota: Quota, person: Person, day: date) -> bool:
        return self.works(day) and self.under(quota, person, day) and day not in person.absences

    def gross(self, quota: Quota, userid: str, shown: list[date], until: int) -> list[Won]:
        mine = [add for add in self.won(until) if add.userid == userid]
        if quota.basis.value == "added":
            person = next(one for one in self.world.people if one.userid == userid)
            return [add for add in mine if self.belongs_to(quota, person, self.day_of(add.begin)) in shown]
        seen = min(until, self.midnight(shown[-1] + timedelta(days=1)) - 1)
        last = {add.customer: add for add in mine if add.begin <= seen}
        found = []
        for add in last.values():
            ended = add.end is not None and add.end <= seen
            handed_on = ended and add.word == "transferred" and self.day_of(add.end or 0) in shown
            if not ended:
                found.append(add._replace(end=None, word=None))
            elif handed_on:
                found.append(add)
        return sorted(found)

    def covers(self, quota: Quota, add: Won) -> bool:
        segment = set(quota.counting.segment_tags)
        details = self.world.known.details.get((add.userid, add.customer))
        accepted = self.world.known.decisions.get(add.key, {}).get(quota.id, False)
        return not segment or accepted or (details is not None and bool(segment & details.tags))

    # -- the rules

    def verdicts(self, quota: Quota, userid: str, shown: list[date], until: int) -> list[tuple[Won, str]]:
        """Each add that the quota looks at with its verdict as of *until*."""
        asked = [add for add in self.gross(quota, userid, shown, until) if self.covers(quota, add)]
        found = dict[Won, str]()
        held_basis = quota.basis.value == "held"
        for add in asked:
            word = self.decision(quota, add) or (None if held_basis else self.not_first(quota, add, until))
            word = word or self.known_to_fail(quota.counting, add)
            if not held_basis and self.lost_early(quota.counting, add):
                word = word or "rejected:lost_early"
            if word:
                found[add] = word
        if not held_basis:
            self.over_daily_cap(quota.counting, asked, found)
            self.over_share(quota.counting, asked, found)
        held = self.held_keys(quota, until)
        for add in asked:
            if add not in found:
                found[add] = self.unknown(quota.counting, add) or (
                    "pending:keep_period"
                    if not held_basis
                    and until - add.begin < quota.counting.keep_days * DAY
                    and add.end is None
                    else "pending:review"
                    if add.key in held
                    else "counted"
                )
        if until >= self.settlement(quota, shown):
            for add, word in found.items():
                lost = word == "pending:details" and add.word in LOST
                found[add] = "rejected:details" if lost else CLOSING.get(word, word)
        return [(add, found[add]) for add in asked]

    def decision(self, quota: Quota, add: Won) -> str | None:
        taken = self.world.known.decisions.get(add.key, {})
        if quota.id in taken:
            return "counted:review" if taken[quota.id] else "rejected:review"
        confirmed = any(
            one.confirmed and one.name.kind != "quick_loss" and add.key in one.concerned
            for one in self.world.decided
        )
        return "rejected:review" if confirmed and quota.integrity.hold else None

    def not_first(self, quota: Quota, add: Won, until: int) -> str | None:
        rule = quota.counting.first_add.value
        again = rule != "any" and add.number > 0
        had_by_another = rule == "corp" and any(
            one.customer == add.customer and one.userid != add.userid and one.begin < add.begin
            for one in self.won(until)
        )
        return "rejected:not_first" if again or had_by_another else None

    def known_to_fail(self, rules: Counting, add: Won) -> str | None:
        known = self.world.known
        details = known.details.get((add.userid, add.customer))
        manager = known.managers.get(add.customer)
        if details is not None and details.customer_type not in rules.customer_types:
            return "rejected:customer_type"
        if details is not None and details.add_way in rules.exclude_add_ways:
            return "rejected:add_way"
        if add.state in rules.exclude_states:
            return "rejected:state"
        if rules.own_book and manager is not None and manager != add.userid:
            return "rejected:not_own_book"
        if any(self.fact(add, name) is False for name in rules.required_facts):
            return "rejected:facts"
        return None

    def fact(self, add: Won, name: str) -> bool | None:
        return self.world.known.facts.get(add.customer, {}).get(name)

    def lost_early(self, rules: Counting, add: Won) -> bool:
        return add.word in LOST and (add.end or 0) - add.begin < rules.keep_days * DAY

    def over_daily_cap(self, rules: Counting, asked: list[Won], found: dict[Won, str]) -> None:
        through = [add for add in asked if add not in found]
        for day in {self.day_of(add.begin) for add in through}:
            of_day = [add for add in through if self.day_of(add.begin) == day]
            if rules.max_per_day:
                found.update(dict.fromkeys(of_day[rules.max_per_day :], "rejected:over_daily_cap"))

    def over_share(self, rules: Counting, asked: list[Won], found: dict[Won, str]) -> None:
        for share in rules.max_share:
            through = [add for add in asked if add not in found and not self.opened(rules, add)]
            having = [add for add in through if self.fact(add, share.fact) is True]
            allowed = floor(Fraction(share.share, 1 - share.share) * (len(through) - len(having)))
            found.update(dict.fromkeys(having[allowed:], "pending:over_share"))

    def opened(self, rules: Counting, add: Won) -> bool:
        waits = self.unknown(rules, add)
        return waits == "pending:tags" or (waits == "pending:details" and add.word in LOST)

    def unknown(self, rules: Counting, add: Won) -> str | None:
        details = self.world.known.details.get((add.userid, add.customer))
        every_type = {1, 2} <= rules.customer_types
        if details is None and (not every_type or rules.exclude_add_ways or rules.required_tags):
            return "pending:details"
        if details is not None and not set(rules.required_tags) <= details.tags:
            return "pending:tags"
        if any(self.fact(add, name) is None for name in rules.required_facts):
            return "pending:facts"
        if rules.own_book and add.customer not in self.world.known.managers:
            return "pending:facts"
        return None
