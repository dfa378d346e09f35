"""Store what members say to the app, by a message or a button of its menu.

WeCom sends a text message [90239] with a MsgId, or click [90240] with the button's key. It is answered after
the transaction of the events (`bot/features/chat`): an answer reads many figures, and receivers must not wait
for it. A message delivered three times has one MsgId and is answered once.
"""

from __future__ import annotations

from bot.services import Services
from bot.store.chat import ChatRequest
from bot.store.preferences import Way
from bot.wecom import events
from handlers.router import Router

router = Router()


@router.on(events.MemberSaid)
def member_said(event: events.MemberSaid, services: Services) -> None:
    """Store the message until it is answered."""
    services.store.chat.put(
        ChatRequest(
            msgid=event.msgid,
            userid=services.store.renames.current(event.userid),
            text=event.text,
            said_at=event.created_at,
            way=Way.BUTTON if isinstance(event, events.MenuPressed) else Way.WORD,
        )
    )
