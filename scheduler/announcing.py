"""Changed rules are told to those whom they concern: one message a person and day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.changing import QuotaChange
from bot.messages.rules_changed import RuleNews, rules_changed
from bot.services import Services
from bot.store.outbox import Message
from bot.telling import unasked

JOB = "rules"  # in the key of the message


def news_of(change: QuotaChange) -> RuleNews:
    """What there is to tell of *change*."""
    return RuleNews(
        quota=change.quota,
        period=change.running.name,
        following=change.following.name,
        now=change.adoptable,
        later=change.waiting,
        begins=change.old is None,
        ends=change.new is None,
    )


def announcements(services: Services, changes: Iterable[QuotaChange], *, at: datetime) -> list[Message]:
    """The messages about *changes*, in the order of userids; nobody who has left gets one."""
    people = services.store.members.all()
    local = services.config.work_calendar().local(at)
    concerned: dict[str, list[RuleNews]] = {}
    for change in changes:
        for userid in change.people:
            if userid in people and people[userid].employed_on(local.date()):
                concerned.setdefault(userid, []).append(news_of(change))
    language = services.config.locale.language
    return [
        unasked(services, JOB, userid, rules_changed(language=language, news=news, at=local), at=at)
        for userid, news in sorted(concerned.items())
    ]
