"""What pending contacts wait for: by verdict, how many and until when, for people who want to act on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.contacts import Contact
from bot.core.quota_periods import QuotaPeriod
from bot.core.verdicts import Verdict, is_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """*contacts* with one pending verdict under one quota.

    *until_s*: epoch s at which time alone decides the last of them: they are rejected if *open*. *missing*:
    the tags or facts that any of them lacks, in the order of the rule.
    """

    quota: str
    verdict: Verdict
    contacts: int
    until_s: int
    keep_days: int
    missing: tuple[str, ...] = ()
    open: bool = False


def list_waits(quota_period: QuotaPeriod, judged: Iterable[tuple[Contact, Verdict]]) -> list[Waiting]:
    """Return what one employee's pending contacts in *quota_period* wait for, in the order of the rules."""
    pending: dict[tuple[Verdict, bool], list[Contact]] = {}
    for contact, verdict in judged:
        if verdict.outcome == "pending":
            pending.setdefault((verdict, is_open(verdict, contact)), []).append(contact)
    counting = quota_period.quota.counting
    return [
        Waiting(
            quota=quota_period.quota.id,
            verdict=verdict,
            contacts=len(contacts),
            until_s=_until(quota_period, verdict, contacts),
            keep_days=counting.keep_days,
            missing=_missing(quota_period, verdict, contacts),
            open=is_lost,
        )
        for verdict in Verdict
        for is_lost in (True, False)
        if (contacts := pending.get((verdict, is_lost)))
    ]


def _until(quota_period: QuotaPeriod, verdict: Verdict, contacts: list[Contact]) -> int:
    if verdict is not Verdict.KEEP_PERIOD:
        return quota_period.settlement_s
    return max(contact.added_at for contact in contacts) + quota_period.quota.counting.keep_s


def _missing(quota_period: QuotaPeriod, verdict: Verdict, contacts: list[Contact]) -> tuple[str, ...]:
    counting = quota_period.quota.counting
    if verdict is Verdict.TAGS:
        return tuple(
            tag
            for tag in counting.required_tags
            if any(contact.details is None or tag not in contact.details.tags for contact in contacts)
        )
    if verdict is Verdict.FACTS:
        return tuple(
            fact for fact in counting.required_facts if any(fact not in one.facts for one in contacts)
        )
    return ()
