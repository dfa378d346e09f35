"""Changed rules are told to those whom they concern: one message a person and day."""

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
    """What there is to tell of *change*; without *money* nothing of what is paid or deducted."""

    def told(found: Iterable[Difference]) -> tuple[Difference, ...]:
        return tuple(one for one in found if money or one.key not in _OF_MONEY)

    return RuleNews(
        quota=change.quota,
        period=change.running.name,
        following=change.following.name,
        now=told(change.adoptable),
        later=told(change.waiting),
        begins=change.old is None,
        ends=change.new is None,
    )


def announcements(services: Services, changes: Iterable[QuotaChange], *, at: datetime) -> list[OutboxMessage]:
    """The messages about *changes*, in the order of userids; nobody who has left gets one."""
    people = services.store.members.all()
    local = services.config.work_calendar().local(at)
    money = rollout_scope(services).shows_money
    concerned: dict[str, list[RuleNews]] = {}
    for change in changes:
        news = news_of(change, money=money)
        if not (news.now or news.later or news.begins or news.ends):
            continue  # all of it is money
        for userid in change.people:
            if userid in people and people[userid].employed_on(local.date()):
                concerned.setdefault(userid, []).append(news)
    language = services.language
    return [
        build_unasked(services, JOB, userid, rules_changed(language=language, news=told, at=local), at=at)
        for userid, told in sorted(concerned.items())
    ]
