"""Derive the adds of a relation from the whole set of its events."""

from __future__ import annotations

from collections.abc import Callable, Collection

import structlog

from bot.core.relations import fold
from bot.features.ledger.versions import describe_regain, load_regain
from bot.services import Services
from bot.store.engine import StoreError
from bot.store.store import Store

log = structlog.get_logger(__name__)

_RULES = "derived_under"
BATCH = 500


def note_rules(services: Services) -> None:
    """Have everything derived anew if a configuration file with another [ledger] comes into use."""
    if not rules_changed(services):
        return
    with services.store.transaction():
        services.store.ledger.mark_all()
        services.store.marks.put(_RULES, _rules(services))


def rules_changed(services: Services) -> bool:
    """Return whether the stored adds were derived under another [ledger]."""
    return services.store.marks.get(_RULES) != _rules(services)


def _rules(services: Services) -> str:
    return f"fold=2 {describe_regain(services)}"  # fold: raised when the core folds otherwise


def derive(services: Services, *, beat: Callable[[], None] = lambda: None) -> None:
    """Fold every relation with new facts from its whole set. *beat* is called for each batch.

    A relation that cannot be folded keeps its adds and is set aside until its next fact or the next start.
    """
    store, regain_s = services.store, load_regain(services)
    while store.ledger.has_dirty():
        beat()
        try:
            with store.transaction():
                touched = store.ledger.take_dirty(batch=BATCH)
                _fold(store, touched, regain_s=regain_s)
                store.ledger.take_back(touched)
                _note_touched(store, touched)
        except StoreError:
            raise  # no relation's fault: all wait for the store
        except Exception:  # noqa: BLE001 - each alone, so that one fault holds up no other
            touched = _derive_singly(store, regain_s=regain_s)
        if not touched:
            return  # other processes derive the rest


def derive_touched(services: Services) -> None:
    """Fold what this thread's transaction has touched, at its end. Raises if a relation cannot be folded.

    Its marks lock the relations, as those of `derive` do, and go with the commit.
    """
    ledger = services.store.ledger
    if relations := ledger.take_touched():
        ledger.mark(relations)
        _fold(services.store, relations, regain_s=load_regain(services))
        ledger.unmark(relations)
        ledger.take_back(relations)


def retry_set_aside(services: Services) -> None:
    """Have relations that could not be derived, derived again: the program may be another one now."""
    with services.store.transaction():
        services.store.ledger.retry_set_aside()


def _derive_singly(store: Store, *, regain_s: int | Callable[[int], int]) -> list[tuple[str, str]]:
    """Fold a batch, each relation in its own savepoint; set aside what fails. Return the batch."""
    faults = 0
    with store.transaction():
        touched = store.ledger.take_dirty(batch=BATCH)
        for relation in touched:
            try:
                with store.savepoint():
                    _fold(store, [relation], regain_s=regain_s)
                    store.ledger.take_back([relation])
                    _note_touched(store, [relation])
            except StoreError:
                raise
            except Exception:
                if not faults:  # one traceback a batch
                    log.exception("could not derive a relation; it is set aside")
                faults += 1
                store.ledger.set_aside(*relation)
    log.error("relations are set aside", relations=faults)
    return touched


def _fold(
    store: Store, relations: Collection[tuple[str, str]], *, regain_s: int | Callable[[int], int]
) -> None:
    """Fold some relations and store the adds that differ from those kept."""
    stretches = store.ledger.of_relations(relations)
    adds = {relation: fold(there.facts, regain_s=regain_s) for relation, there in stretches.items()}
    changed = {key: derived for key, derived in adds.items() if list(derived) != stretches[key].kept}
    store.ledger.put_all_adds(changed, cleared=[key for key in changed if stretches[key].kept])


def _note_touched(store: Store, relations: Collection[tuple[str, str]]) -> None:
    """Have the kept figures of everybody computed anew whose contacts these *relations* may decide about."""
    store.figures.mark([userid for userid, _ in relations], customers=[customer for _, customer in relations])
