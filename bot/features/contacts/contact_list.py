"""The numbered list of a member's contacts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.core.periods import parse_period
from bot.core.progress import Branch
from bot.core.workdays import epoch_of
from bot.features.contacts import message
from bot.features.contacts.explain import Explained, ExplainedQuota, Explanation, UnknownPersonError, explain
from bot.features.contacts.message import ListedCustomer, ShownVerdict
from bot.features.customers.names import Names, names_of
from bot.messages.message import Message
from bot.services import Services


def list_contacts(
    services: Services,
    userid: str,
    *,
    at: datetime,
    page: int = 1,
    period: str | None = None,
    branch: Branch | None = None,
) -> Message:
    """List a member's contacts of the running periods, or of *period*, the newest first.

    Store the numbers, so that `why` can take them. *branch*: the data of the running periods, if already
    read. Raises ValueError if *period* is no period.
    """
    found = number_contacts(services, userid, at=at, period=period, branch=branch)
    shown = [contact.external_userid for contact in found]
    with services.store.transaction():
        services.store.preferences.show(userid, shown, at=epoch_of(at))
    local = services.config.work_calendar().local(at)
    is_over = period is not None and parse_period(period).last < local.date()
    return message.listed(language=services.language, contacts=found, page=page, at=local, is_over=is_over)


def number_contacts(
    services: Services,
    userid: str,
    *,
    at: datetime,
    period: str | None = None,
    branch: Branch | None = None,
) -> list[ListedCustomer]:
    """Return a member's contacts of the running periods, or of *period*, the newest first.

    An unknown userid has none. Raises ValueError if *period* is no period.
    """
    try:
        found = explain(services, userid, at=at, period=period, branch=branch)
    except UnknownPersonError:
        return []
    return _numbered(found, names_of(services, userid))


def _numbered(explanation: Explanation, names: Mapping[str, Names]) -> list[ListedCustomer]:
    found: dict[tuple[datetime, str], list[tuple[ExplainedQuota, Explained]]] = {}
    for quota in explanation.quotas:
        for one in quota.contacts:
            found.setdefault((one.added_at, one.external_userid), []).append((quota, one))
    return [
        ListedCustomer(
            number=number,
            external_userid=customer,
            names=names.get(customer, ()),
            added_at=added_at,
            way=found[added_at, customer][-1][1].way,
            judged=tuple(
                ShownVerdict(
                    quota=quota.quota,
                    period=quota.period,
                    verdict=one.verdict,
                    reason=one.reason,
                    until=one.until,
                    open=one.open,
                    closed=quota.closed,
                    stored=quota.stored,
                )
                for quota, one in found[added_at, customer]
            ),
        )
        for number, (added_at, customer) in enumerate(sorted(found, reverse=True), start=1)
    ]
