"""Note that the corp's list of customer tags has changed.

WeCom sends change_external_tag [92130] when an administrator creates, renames, deletes or reorders tags in
the admin console. Deleting a group sends nothing for its tags, and changes through the API send no event. So
an event is only a hint to read the whole list again; it is read once a day anyway.
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
