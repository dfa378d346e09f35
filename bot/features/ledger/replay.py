"""Everything that is derived, derived once more from the ledger and compared; what differs can be mended.

Safe beside a running service: reading holds nothing up, and a relation is mended under the same mark by which
the service derives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.relations import Add, fold
from bot.services import Services

_BATCH = 500  # relations in memory, and in one transaction
_LOOKS = 5  # at a relation that changes while it is looked at; after that it is the service's


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A relation of which other adds are *kept* than the ledger says (*recounted*), both by time."""

    userid: str
    external_userid: str
    kept: tuple[Add, ...]
    recounted: tuple[Add, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """So many *relations* more were looked at; *differences* among them, mended if that was asked for."""

    relations: int
    differences: tuple[Difference, ...]


def recount(services: Services, *, mend: bool) -> Iterator[Stage]:
    """Derive every relation anew, some hundred at a time, and compare; with *mend* keep what the ledger says.

    A relation that waits to be derived, or changes meanwhile, is no difference.
    """
    after = ("", "")
    while found := services.store.ledger.stretch(after, batch=_BATCH):
        suspects = [
            relation
            for relation, there in found.items()
            if fold(there.facts, regain_s=services.config.ledger.regain_s) != tuple(there.kept)
        ]
        confirmed = (_difference(services, *relation) for relation in suspects)
        differences = tuple(difference for difference in confirmed if difference is not None)
        if mend and differences:
            _mend(services, differences)
        yield Stage(len(found), differences)
        after = max(found)


def _difference(services: Services, userid: str, external_userid: str) -> Difference | None:
    """What is wrong with a relation, if nobody wrote to it while it was read.

    A fact and its mark come together, and adds and the end of the mark: so if the facts are the same before
    and after, and no mark was there before the adds were read, the adds must be what the facts say.
    """
    ledger = services.store.ledger
    for _ in range(_LOOKS):
        facts = ledger.relation(userid, external_userid)
        if ledger.waits(userid, external_userid):
            return None
        kept = ledger.kept_adds(userid, external_userid)
        if ledger.relation(userid, external_userid) != facts:
            continue
        recounted = fold(facts, regain_s=services.config.ledger.regain_s)
        if recounted == kept:
            return None
        return Difference(userid=userid, external_userid=external_userid, kept=kept, recounted=recounted)
    return None


def _mend(services: Services, differences: tuple[Difference, ...]) -> None:
    store = services.store
    relations = [(one.userid, one.external_userid) for one in differences]
    with store.transaction():
        store.ledger.mark(relations)
        for userid, external_userid in relations:
            facts = store.ledger.relation(userid, external_userid)
            adds = fold(facts, regain_s=services.config.ledger.regain_s)
            store.ledger.put_adds(userid, external_userid, adds)
        store.ledger.unmark(relations)
