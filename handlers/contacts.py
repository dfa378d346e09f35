"""Store what happens between employees and customers.

WeCom sends change_external_contact [92130] when an employee gains, edits or loses a customer. Each becomes
one fact in the ledger. The core derives the meaning from all facts, so neither order nor repetition matters.
No reply is sent: the next progress message shows the new number.

Of a contact that was erased nothing is stored any more.

WeCom gives type, way and tags of a contact only on request [92114]. So an add has them read, and an edit has
them read again, because it may have changed the tags.
"""

from __future__ import annotations

from bot.core.relations import RelationEvent, RelationKind
from bot.services import Services
from bot.store.erasures import ErasedCustomerError
from bot.wecom import events
from handlers.router import Router

router = Router()

_KINDS: dict[type[events.ContactEvent], RelationKind] = {
    events.ContactAdded: RelationKind.ADDED,
    events.ContactHalfAdded: RelationKind.HALF_ADDED,
    events.ContactEdited: RelationKind.EDITED,
    events.ContactDeletedByMember: RelationKind.LOST_BY_MEMBER,
    events.ContactDeletedByCustomer: RelationKind.LOST_BY_CUSTOMER,
    events.ContactTransferred: RelationKind.TRANSFERRED,
    events.TransferFailed: RelationKind.TRANSFER_FAILED,
}


@router.on(events.ContactEvent)
def contact_changed(event: events.ContactEvent, services: Services) -> None:
    """Append the fact; its relation is derived again soon after."""
    if services.store.erasures.is_marked(event.userid, event.external_userid):
        raise ErasedCustomerError
    fact = RelationEvent(
        userid=event.userid,
        external_userid=event.external_userid,
        at=event.created_at,
        kind=_KINDS[type(event)],
        state=event.state if isinstance(event, events.ContactAdded | events.ContactHalfAdded) else "",
    )
    now = int(services.store.now())
    services.store.ledger.note(fact, origin="callback", recorded_at=now)
    if isinstance(event, events.ContactAdded | events.ContactEdited):
        services.store.details.want(event.userid, event.external_userid, now=now)
