"""All parts of the live check, in the order in which a person should mend them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from bot.config import Config
from bot.core.quotas import under_quota
from bot.features.live.callback import CallbackCheck
from bot.features.live.local import calendar_parts, people_parts, store_parts
from bot.features.live.part import Part
from bot.features.live.wecom import WeComCheck
from bot.messages.catalog import Texts
from bot.services import Directory, Services
from bot.wecom.client import WeComClient


def check_parts(
    config: Config,
    services: Services | None,
    people: Directory,
    client: WeComClient,
    texts: Texts,
    *,
    now: Callable[[], float],
    store_error: str = "",
) -> Iterator[Part]:
    """Yield every part as soon as it is tried; *services* None: there is no store, or *store_error*.

    *people*: as far as they are known; *now* gives real time (epoch s). *texts*: its words.
    """
    today = config.work_calendar().day_of(int(now()))
    yield from store_parts(services, config, texts, error=store_error)
    yield from WeComCheck(config, client, texts, _asked(config, people, today), now).parts()
    yield from CallbackCheck(config, texts).parts()
    yield from calendar_parts(config, texts, today=today)
    yield from people_parts(config, people, texts, today=today)


def _asked(config: Config, people: Directory, today: date) -> list[str]:
    """Return the userids under a quota today."""
    quotas, tree = config.core_quotas(), people.departments
    return sorted(
        person.userid
        for person in people.people
        if any(under_quota(quota, person, today, departments=tree) for quota in quotas)
    )
