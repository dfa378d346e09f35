"""Greet a new customer, if `[welcome]` asks for it.

WeCom sends a WelcomeCode with add_external_contact and add_half_external_contact [92130]: valid for 20 s,
once, for the first app. Some customers get none: WeCom users of another company, customers who chatted
before, or members with a welcome message in the admin console. These customers get none from us either.

The code is claimed in the transaction that takes the event, so neither a second delivery nor a crash sends
twice. The call begins after the commit on separate threads, so a slow WeCom delays no event.
"""

from __future__ import annotations

from functools import partial

import structlog

from bot.core.rollout import Mode
from bot.features.notify.rollout import rollout_scope
from bot.features.standings.everybody import load_people
from bot.services import Services
from bot.wecom import events
from bot.wecom.welcome import DROP_AFTER_S, Greeting
from handlers.router import Router

router = Router()
log = structlog.get_logger(__name__)


@router.on(events.ContactBegun)
def customer_came(event: events.ContactBegun, services: Services) -> None:
    """Claim the code; only log an event that is too old."""
    if not services.config.welcome.enabled or not event.welcome_code or not _may_greet(event, services):
        return
    now, happened_at = services.store.now(), services.real_of(event.created_at)
    late = now - happened_at > DROP_AFTER_S
    mine = services.store.welcomes.claim(event.welcome_code, happened_at=happened_at, now=int(now), late=late)
    if mine and late:
        log.info("too late to greet a customer", age_s=round(now - happened_at))
    elif mine:
        greeting = Greeting(event.welcome_code, happened_at)
        services.store.after_commit(partial(services.greet, greeting))


def _may_greet(event: events.ContactBegun, services: Services) -> bool:
    """Return whether `[rollout]` includes the employee: a greeting is what their customers see of the bot."""
    scope = rollout_scope(services)
    if scope.mode is not Mode.PILOT:
        return scope.mode is Mode.ON
    userid = services.store.renames.current(event.userid)
    day = services.config.work_calendar().day_of(event.created_at)
    return scope.includes(load_people(services).get(userid), day)
