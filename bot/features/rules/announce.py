"""Announcement of changed rules to the people under them: one message a person and day."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from bot.core.quotas import Quota
from bot.core.workdays import epoch_of
from bot.features.notify.enqueue import build_unasked, enqueue_unasked, key_of, quiet_hours, working_window
from bot.features.notify.rollout import rollout_scope
from bot.features.rules.announcement import RuleNews, rules_changed
from bot.features.rules.changes import QuotaChange, adopt, find_pending_changes
from bot.features.rules.diff import Difference, find_differences
from bot.services import Services
from bot.store.outbox import OutboxMessage

JOB = "rules"  # in the key of the message
_UNTOLD = "rules_untold"  # the mark with the rules before adoptions not told yet
_OF_MONEY = frozenset({"penalty", "reward"})


def news_of(change: QuotaChange, *, money: bool = True, before: Quota | None = None) -> RuleNews:
    """Return the news of *change*; without *money* nothing of rewards and penalties.

    *before*: the rule that people read last, if an earlier adoption was not told yet.
    """

    def allowed(keys: Iterable[Difference]) -> tuple[Difference, ...]:
        return tuple(key for key in keys if money or key.key not in _OF_MONEY)

    now: Iterable[Difference] = change.adoptable
    if before is not None and change.adopted is not None:
        now = find_differences(before, change.adopted)
    return RuleNews(
        quota=change.quota,
        period=change.running.name,
        following=change.following.name,
        now=allowed(now),
        later=allowed(change.waiting),
        begins=change.old is None,
        ends=change.new is None,
    )


def build_announcements(
    services: Services,
    changes: Iterable[QuotaChange],
    *,
    at: datetime,
    untold: Mapping[str, Quota] = MappingProxyType({}),
    waiting: Collection[str] = (),
) -> list[OutboxMessage]:
    """Return the messages about *changes*, sorted by userid; people who left get none.

    *waiting*: userids with an unsent message about earlier adoptions. Their news begin with the rules of
    *untold*, those before these adoptions, by quota.
    """
    people = services.store.members.all()
    language, local = services.language, services.config.work_calendar().local(at)
    money = rollout_scope(services).shows_money
    concerned: dict[str, list[RuleNews]] = {}
    for change in changes:
        items = {
            is_waiting: news_of(change, money=money, before=untold.get(change.quota) if is_waiting else None)
            for is_waiting in (False, True)
        }
        for userid in change.people:
            item = items[userid in waiting]
            is_news = item.now or item.later or item.begins or item.ends  # else all of it is money
            if is_news and userid in people and people[userid].employed_on(local.date()):
                concerned.setdefault(userid, []).append(item)
    return [
        build_unasked(
            services,
            _job_of(services, userid, at=at),
            userid,
            rules_changed(language=language, news=news, at=local),
            at=at,
        )
        for userid, news in sorted(concerned.items())
    ]


def adopt_and_announce(services: Services, *, by: str, at: datetime) -> tuple[list[QuotaChange], int]:
    """Adopt the pending changes in the name of *by* at the time *at* (aware), and enqueue their announcement.

    A message about an earlier adoption that was never tried is withdrawn: the new message says all of it.
    Returns the changes and the number of enqueued messages.
    """
    store, changes = services.store, find_pending_changes(services, at=at)
    old = {row.to_userid: row for row in store.outbox.untried(JOB)}
    untold = _untold(services) if old else {}
    whole = find_pending_changes(services, at=at, also=untold) if changes and untold else changes
    messages = build_announcements(services, whole, at=at, untold=untold, waiting=old)
    adopt(services, changes, by=by, now=epoch_of(at), at=at)
    quiet, calendar, planned = quiet_hours(services), services.config.work_calendar(), 0
    with store.transaction():
        rules = {
            change.quota: change.old for change in changes if change.adoptable and change.old is not None
        }
        texts = {quota: store.rule_versions.text_of(rule) for quota, rule in (rules | untold).items()}
        store.marks.put(_UNTOLD, json.dumps(texts))
        for message in messages if changes else ():
            row = old.get(message.to_userid)
            if row is not None and store.outbox.withdraw(row.seq, reason="replaced", now=int(store.now())):
                store.unasked_messages.give_back(row.to_userid, calendar.day_of(row.not_before))
            planned += enqueue_unasked(services, message, quiet=quiet)
    return changes, planned


def _untold(services: Services) -> dict[str, Quota]:
    """Return by quota the rule before the adoptions that some people were not told yet."""
    texts = json.loads(services.store.marks.get(_UNTOLD) or "{}")
    return {quota: services.store.rule_versions.read(text) for quota, text in texts.items()}


def _job_of(services: Services, userid: str, *, at: datetime) -> str:
    """Return the job of a person's next announcement of the day: `rules`, then `rules:2` and so on."""
    begin, _ = working_window(services, at)
    day, job, number = services.config.work_calendar().day_of(begin), JOB, 1
    while services.store.outbox.knows(key_of(job, day, userid)):
        number += 1
        job = f"{JOB}:{number}"
    return job
