"""The differences between two versions of a quota, key by key, and whether a difference can harm anybody.

A key is lenient if the new value asks no more of anybody, finally counts no less, and pays no worse. Effects
that depend on other people (ranks, scopes) need a simulation. So does a penalty that grows with the counted
contacts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any

from bot.core.counting import Burst, Counting, FirstAdd, Integrity, QuickLoss
from bot.core.money import Pay, Penalty, Reward
from bot.core.quotas import Basis, Quota

# Above it, targets are not tried one by one, and a changed penalty counts as harmful.
LARGEST_TRIED = 10_000

_KINDNESS = {FirstAdd.CORP: 0, FirstAdd.PAIR: 1, FirstAdd.ANY: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One key, as written in the file below the quota, with its old and new value."""

    key: str
    old: Any
    new: Any
    lenient: bool

    def applied(self, quota: Quota) -> Quota:
        """Return *quota* with the new value of this key alone."""
        section, _, name = self.key.rpartition(".")
        if section == "counting":
            return replace(quota, counting=replace(quota.counting, **{name: self.new}))
        if section == "integrity":
            return replace(quota, integrity=replace(quota.integrity, **{name: self.new}))
        return replace(quota, **{name: self.new})


def find_differences(old: Quota, new: Quota) -> list[Difference]:
    """Return the changed keys in the order of the file."""
    return [
        Difference(key=key, old=before, new=after, lenient=before == after or lenient)
        for key, before, after, lenient in (*_quota(old, new), *_counting(old, new), *_integrity(old, new))
        if before != after
    ]


Differences = Iterator[tuple[str, Any, Any, bool]]


def _quota(old: Quota, new: Quota) -> Differences:
    # A simulation shows the people that another scope adds or removes.
    yield "roles", old.roles, new.roles, True
    yield "departments", old.departments, new.departments, True
    yield "userids", old.userids, new.userids, True
    yield "period", old.period, new.period, False
    yield "target", old.target, new.target, new.target <= old.target
    yield "basis", old.basis, new.basis, False
    yield "starts_on", old.starts_on, new.starts_on, False
    yield "ends_on", old.ends_on, new.ends_on, False
    yield "penalty", old.penalty, new.penalty, _milder(old.penalty, new.penalty, target=old.target)
    yield "reward", old.reward, new.reward, _richer(old.reward, new.reward)


def _counting(old: Quota, new: Quota) -> Differences:
    before, after = old.counting, new.counting
    lenient: dict[str, Callable[[Counting, Counting], bool]] = {
        "first_add": lambda a, b: _KINDNESS[b.first_add] >= _KINDNESS[a.first_add],
        "customer_types": lambda a, b: b.customer_types >= a.customer_types,
        "keep_days": _shorter_keep,
        "segment_tags": _wider_segment,
        "required_tags": lambda a, b: set(b.required_tags) <= set(a.required_tags),
        "required_facts": lambda a, b: set(b.required_facts) <= set(a.required_facts) and not _tagged(a, b),
        "own_book": lambda a, b: not b.own_book and not _tagged(a, b),
        "max_share": _wider_shares,
        "exclude_add_ways": lambda a, b: b.exclude_add_ways <= a.exclude_add_ways,
        "exclude_states": lambda a, b: b.exclude_states <= a.exclude_states,
        "max_per_day": lambda a, b: not b.max_per_day or 0 < a.max_per_day <= b.max_per_day,
    }
    caps = int(bool(before.max_per_day or after.max_per_day))
    shares = max(len(before.max_share), len(after.max_share))
    limits = {"required_tags": 0, "max_per_day": shares, "max_share": shares - 1}  # the later limits
    for key, is_lenient in lenient.items():
        crowded = old.basis is Basis.ADDED and _crowded(before, after, limits=limits.get(key, caps + shares))
        change = getattr(before, key), getattr(after, key)
        yield f"counting.{key}", *change, is_lenient(before, after) and not crowded


def _crowded(old: Counting, new: Counting, *, limits: int) -> bool:
    """Say whether a newly admitted add can displace another add and then earn nothing itself.

    One cap or share lets through at least as many as before. A second one, or missing details, may reject the
    newcomer after it has displaced the other.
    """
    return limits > 1 or (limits == 1 and (old.needs_details or new.needs_details))


def _tagged(old: Counting, new: Counting) -> bool:
    """Say whether tags are required."""
    return bool(old.required_tags or new.required_tags)


def _shorter_keep(old: Counting, new: Counting) -> bool:
    """Say whether the new keep period is lenient; a shorter one also ends the wait for tags and shares."""
    waits = _tagged(old, new) or old.segment_tags or new.segment_tags or old.max_share or new.max_share
    return new.keep_days <= old.keep_days and not waits


def _wider_segment(old: Counting, new: Counting) -> bool:
    """Return whether every contact of the old segment is of the new one."""
    return not new.segment_tags or (bool(old.segment_tags) and {*old.segment_tags} <= {*new.segment_tags})


def _wider_shares(old: Counting, new: Counting) -> bool:
    """Say whether the limits are the same or fewer, in the same order, each as wide or wider."""
    wide = {limit.fact: limit.share for limit in new.max_share}
    kept = [limit.fact for limit in old.max_share if limit.fact in wide]
    if kept != [limit.fact for limit in new.max_share]:
        return False
    return all(wide[limit.fact] >= limit.share for limit in old.max_share if limit.fact in wide)


def _integrity(old: Quota, new: Quota) -> Differences:
    before, after = old.integrity, new.integrity
    lenient: dict[str, Callable[[Integrity, Integrity], bool]] = {
        "shared_by": lambda a, b: (
            b.shared_by is None or (a.shared_by is not None and b.shared_by >= a.shared_by)
        ),
        "window_days": lambda a, b: b.window_days <= a.window_days,
        "burst": lambda a, b: b.burst is None or (a.burst is not None and _calmer_burst(a.burst, b.burst)),
        "quick_loss": lambda a, b: (
            b.quick_loss is None or (a.quick_loss is not None and _calmer_loss(a.quick_loss, b.quick_loss))
        ),
        "hold": lambda _a, b: not b.hold,
    }
    for key, is_lenient in lenient.items():
        yield f"integrity.{key}", getattr(before, key), getattr(after, key), is_lenient(before, after)


def _calmer_burst(old: Burst, new: Burst) -> bool:
    return new.adds >= old.adds and new.minutes <= old.minutes


def _calmer_loss(old: QuickLoss, new: QuickLoss) -> bool:
    return new.rate >= old.rate and new.min_adds >= old.min_adds


def _milder(old: Penalty | None, new: Penalty | None, *, target: int) -> bool:
    """Say whether no result costs more than before, for any part of *target*."""
    if new is None or old == new:
        return True
    if old is None or target > LARGEST_TRIED:
        return False
    return all(
        new.unrounded(counted=counted, target=own, part=part)
        <= old.unrounded(counted=counted, target=own, part=part)
        for own in range(1, target + 1)
        for counted in _turning(old, new, target=own)
        for part in (Fraction(2 * own - 1, 2 * target), min(Fraction(1), Fraction(2 * own + 1, 2 * target)))
    )


def _turning(*penalties: Penalty, target: int) -> set[int]:
    """Return the counts at which an amount jumps; in between it is level or falls evenly."""
    counts = {0, target - 1}
    for penalty in penalties:
        for below, _ in penalty.tiers:
            counts |= {ceil(below * target) - 1, ceil(below * target)}
        pay = penalty.per_missing
        if pay is not None and pay.cap is not None and pay.amount:
            counts |= {target - pay.cap // pay.amount, target - pay.cap // pay.amount - 1}
    return {counted for counted in counts if 0 <= counted < target}


def _richer(old: Reward | None, new: Reward | None) -> bool:
    if old is None or old == new:
        return True
    if new is None:
        return False
    if old.per_extra is not None:
        return new.per_extra is not None and _pays_more(old.per_extra, new.per_extra)
    return (
        new.scope is old.scope
        and new.min_attainment <= old.min_attainment
        and new.min_kept <= old.min_kept
        and new.min_presence <= old.min_presence
        and len(new.top) >= len(old.top)
        and all(after >= before for before, after in zip(old.top, new.top, strict=False))
    )


def _pays_more(old: Pay, new: Pay) -> bool:
    capped_lower = new.cap is not None and (old.cap is None or new.cap < old.cap)
    return new.amount >= old.amount and not capped_lower
