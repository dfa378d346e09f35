"""Have the members of an event read again.

WeCom sends subscribe and unsubscribe [90240] when a member joins, leaves, or crosses the border of the app's
visible range. It sends change_contact [90970] to the few apps that get it. The bot ignores the event's data
and reads the member again soon after. It stores the day of an arrival; a person confirms the first working
day.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bot.services import Services
from bot.wecom import events
from handlers.router import Router

router = Router()


@router.on(events.MemberEvent)
def member_changed(event: events.MemberEvent, services: Services) -> None:
    """Mark the members; with a roster file alone there is nothing to read."""
    config = services.config
    if config.directory.source != "wecom":
        return
    arrived = None
    if isinstance(event, events.MemberArrived):
        arrived = config.work_calendar().local_day(datetime.fromtimestamp(event.created_at, UTC))
    now = int(services.store.now())
    for userid in event.userids:
        services.store.address_book.want(userid, since=now, arrived_on=arrived)
