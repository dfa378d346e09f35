"""Announcement of changed rules to the people under them: one message a person and day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.features.notify.enqueue import build_unasked
from bot.features.notify.rollout import rollout_scope
from bot.features.rules.announcement import RuleNews, rules_changed
from bot.features.rules.changes import QuotaChange
from bot.features.rules.diff import Difference
from bot.services import Services
from bot.store.outbox import OutboxMessage

JOB = "rules"  # in the key of the message
_OF_MONEY = frozenset({"penalty", "reward"})


def news_of(change: QuotaChange, *, money: bool = True) -> RuleNews:
    """Return the news of *change*; without *money* nothing of rewards and penalties."""

    def allowed(keys: Iterable[Difference]) -> tuple[Difference, ...]:
        return tuple(key for key in keys if money or key.key not in _OF_MONEY)

    return RuleNews(
        quota=change.quota,
        period=change.running.name,
        following=change.following.name,
        now=allowed(change.adoptable),
        later=allowed(change.waiting),
        begins=change.old is None,
        ends=change.new is None,
    )


def announcements(services: Services, changes: Iterable[QuotaChange], *, at: datetime) -> list[OutboxMessage]:
    """Return the messages about *changes*, sorted by userid; people who left get none."""
    people = services.store.members.all()
    language, local = services.language, services.config.work_calendar().local(at)
    money = rollout_scope(services).shows_money
    concerned: dict[str, list[RuleNews]] = {}
    for change in changes:
        item = news_of(change, money=money)
        if not (item.now or item.later or item.begins or item.ends):
            continue  # all of it is money
        for userid in change.people:
            if userid in people and people[userid].employed_on(local.date()):
                concerned.setdefault(userid, []).append(item)
    return [
        build_unasked(services, JOB, userid, rules_changed(language=language, news=news, at=local), at=at)
        for userid, news in sorted(concerned.items())
    ]
