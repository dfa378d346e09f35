"""Builders for tests of WeCom's behaviour figures: reading them at a desk, and what was asked and kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from bot.app.bootstrap import token_keeper, wecom_client
from bot.core.engagement import ChatFigures
from bot.store.engagement import Reading
from bot.wecom.reads import Reads
from builders.e2e import at
from builders.sync import Desk
from sandbox.contacts import Chats
from scheduler.engagement import read_with

MORNING = "2026-11-24T06:11"
YESTERDAY = date(2026, 11, 23)
API = "externalcontact/get_user_behavior_data"


def read(one: Desk, *, beat: Any = lambda: None) -> Reading:
    """Read now; waiting lets the clock go on."""
    one.world.clock.set(max(one.clock(), one.world.clock.now()))
    client = wecom_client(one.services.config)
    return read_with(
        one.services,
        Reads(client, token_keeper(one.services, client), one.services.read_budget, pause=one.clock.pass_),
        at=one.clock.moment,
        beat=beat,
        progress=lambda *step: one.told.append(step),
    )


def chat(one: Desk, userid: str, day: date = YESTERDAY, **numbers: int) -> None:
    one.world.chats[userid, day] = replace(Chats(), **numbers)


def asked(one: Desk) -> list[dict[str, Any]]:
    """Each call's question: whom, and from which day on to which."""
    found = []
    for call in one.calls(API):
        body = json.loads(call.request)
        first, last = (
            at("1970-01-01T08:00") + timedelta(seconds=body[name]) for name in ("start_time", "end_time")
        )
        found.append(
            {"userid": body["userid"], "partyid": body["partyid"], "days": (first.date(), last.date())}
        )
    return found


def of_members(one: Desk) -> list[str]:
    """Who was asked for alone."""
    return [call["userid"][0] for call in asked(one) if len(call["userid"]) == 1]


def kept(one: Desk, userid: str = "yg01", day: date = YESTERDAY) -> ChatFigures | None:
    return one.services.store.engagement.of_day(day).get(userid)


def rows(one: Desk) -> list[tuple[str, date]]:
    return [(row.userid, row.day) for row in one.services.store.engagement.all()]
