"""Note that the corp's list of customer tags has changed.

WeCom sends change_external_tag [92130] when somebody creates, renames, deletes or reorders tags in the
admin console; deleting a group says nothing of the tags in it, and what is done through the API says nothing
at all. So an event is only a hint to read the whole list again, and it is read once a day anyway.
"""

from __future__ import annotations

from bot.services import Services
from bot.wecom.events import TagsChanged
from handlers.router import Router

router = Router()


@router.on(TagsChanged)
def tags_changed(event: TagsChanged, services: Services) -> None:  # noqa: ARG001 - the list says it
    """Have the list read again."""
    services.store.details.want_tags()
