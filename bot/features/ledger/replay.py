"""A second derivation of all relations from the ledger, compared with the stored adds.

It is safe beside a running service: it reads without locks, and it repairs a relation under the mark by which
the service derives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from bot.core.relations import Add, fold
from bot.features.ledger.versions import load_regain
from bot.services import Services
from bot.store.engine import StoreError

log = structlog.get_logger(__name__)

_BATCH = 500  # relations in memory, and in one transaction
_LOOKS = 5  # tries to read a relation that changes meanwhile; after that the service derives it


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A relation with stored adds (*kept*) that differ from the ledger's (*recounted*), both by time."""

    userid: str
    external_userid: str
    kept: tuple[Add, ...]
    recounted: tuple[Add, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """The number of *relations* in one batch, the *differences* among them, the number of *faults*."""

    relations: int
    differences: tuple[Difference, ...]
    faults: int = 0


def recount(services: Services, *, mend: bool) -> Iterator[Stage]:
    """Derive every relation anew, batch by batch, and compare; with *mend* store the ledger's adds.

    A relation that waits to be derived, or changes meanwhile, is no difference. One that cannot be derived is
    a fault.
    """
    after, regain_s = ("", ""), load_regain(services)
    while found := services.store.ledger.stretch(after, batch=_BATCH):
        differences, faults = list[Difference](), 0
        for relation, there in found.items():
            try:
                if fold(there.facts, regain_s=regain_s) == tuple(there.kept):
                    continue
                difference = _difference(services, *relation)
            except StoreError:
                raise
            except Exception:
                log.exception("could not derive a relation")
                faults += 1
                continue
            if difference is not None:
                differences.append(difference)
        if mend and differences:
            _mend(services, differences)
        yield Stage(len(found), tuple(differences), faults)
        after = max(found)


def _difference(services: Services, userid: str, external_userid: str) -> Difference | None:
    """Return the difference of a relation, None without one or while it changes.

    A transaction writes a fact with its mark, and another writes the adds and removes the mark. Adds read
    after a look without a mark must follow from the facts, if these stay the same.
    """
    ledger = services.store.ledger
    for _ in range(_LOOKS):
        facts = ledger.relation(userid, external_userid)
        if ledger.waits(userid, external_userid):
            return None
        kept = ledger.kept_adds(userid, external_userid)
        if ledger.relation(userid, external_userid) != facts:
            continue
        recounted = fold(facts, regain_s=load_regain(services))
        if recounted == kept:
            return None
        return Difference(userid=userid, external_userid=external_userid, kept=kept, recounted=recounted)
    return None


def _mend(services: Services, differences: Sequence[Difference]) -> None:
    store, regain_s = services.store, load_regain(services)
    relations = [(difference.userid, difference.external_userid) for difference in differences]
    with store.transaction():
        store.ledger.mark(relations)
        stretches = store.ledger.of_relations(relations)
        adds = {relation: fold(there.facts, regain_s=regain_s) for relation, there in stretches.items()}
        store.ledger.put_all_adds(adds, cleared=relations)
        store.ledger.unmark(relations)
