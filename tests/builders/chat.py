"""Members who say something to the app, and what they read."""

from __future__ import annotations

import hashlib
import itertools
import re
from datetime import datetime

from bot.services import Services
from builders.e2e import outbox_rows
from handlers.inbox import work_off

CORP = "ww0123456789abcdef"
_numbers = itertools.count(7_349_000_000_000_000_001)


def text_event(userid: str, text: str, *, msgid: str | None = None, at: int = 1_795_482_420) -> bytes:
    """A text message as WeCom writes it [90239]."""
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{userid}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>"
        f"<MsgId>{msgid or next(_numbers)}</MsgId><AgentID>1000002</AgentID></xml>"
    ).encode()


def click_event(userid: str, key: str, *, at: int = 1_795_482_420) -> bytes:
    """A press of a menu button [90240]."""
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{userid}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[click]]></Event>"
        f"<EventKey><![CDATA[{key}]]></EventKey><AgentID>1000002</AgentID></xml>"
    ).encode()


def arrive(services: Services, *bodies: bytes) -> None:
    """Put *bodies* into the inbox as the receiver does, and work it off."""
    rows = [{"hash": hashlib.sha256(body).hexdigest(), "body": body, "received_at": 1} for body in bodies]
    with services.store.transaction():
        services.store.engine.run_many("inbox_add", rows)
    work_off(services)


def say(services: Services, userid: str, text: str, *, said: datetime | None = None) -> list[str]:
    """Let *userid* say *text* now, or at *said* before; the lines of the answer."""
    before = len(outbox_rows(services))
    moment = said or services.clock.now()
    arrive(services, text_event(userid, text, at=int(moment.timestamp())))
    answers = [row for row in outbox_rows(services)[before:] if row["key"].startswith("answer:")]
    assert [row["to_userid"] for row in answers] == [userid]
    return re.sub(r"\*\*|</?font[^>]*>", "", answers[0]["content"]).split("\n")
