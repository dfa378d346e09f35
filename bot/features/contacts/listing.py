"""The numbered list of a member's contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.core.progress import Branch
from bot.core.workdays import epoch_of
from bot.features.contacts import message
from bot.features.contacts.explain import Explanation, UnknownPersonError, explain
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
    """Show him his contacts of the running periods, or of the one named, under numbers that `why` takes.

    The newest first. *branch* is read already, for the running periods. Raises ValueError for a name that is
    no period.
    """
    found = numbered(services, userid, at=at, period=period, branch=branch)
    customers = [one.external_userid for one in found]
    services.store.preferences.show(userid, customers, at=epoch_of(at))
    local = services.config.work_calendar().local(at)
    return message.listed(language=services.language, contacts=found, page=page, at=local)


def numbered(
    services: Services,
    userid: str,
    *,
    at: datetime,
    period: str | None = None,
    branch: Branch | None = None,
) -> list[ListedCustomer]:
    """Return his contacts of the running periods, or of the one named, the newest first; nobody's are none.

    Raises ValueError for a name that is no period.
    """
    try:
        found = explain(services, userid, at=at, period=period, branch=branch)
    except UnknownPersonError:
        return []
    return _numbered(found, names_of(services, userid))


def _numbered(explanation: Explanation, names: Mapping[str, Names]) -> list[ListedCustomer]:
    judged: dict[tuple[datetime, str], list[ShownVerdict]] = {}
    ways: dict[tuple[datetime, str], int | None] = {}
    for quota in explanation.quotas:
        for one in quota.contacts:
            place = one.added_at, one.external_userid
            ways[place] = one.way
            judged.setdefault(place, []).append(
                ShownVerdict(
                    quota=quota.quota,
                    period=quota.period,
                    verdict=one.verdict,
                    reason=one.reason,
                    until=one.until,
                )
            )
    places: Sequence[tuple[datetime, str]] = sorted(judged, reverse=True)
    return [
        ListedCustomer(
            number=number,
            external_userid=place[1],
            names=names.get(place[1], ()),
            added_at=place[0],
            way=ways[place],
            judged=tuple(judged[place]),
        )
        for number, place in enumerate(places, start=1)
    ]
