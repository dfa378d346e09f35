"""Derive the adds of a relation from the whole set of its events."""

from __future__ import annotations

from collections.abc import Callable

from bot.core.relations import fold
from bot.features.ledger.versions import describe_regain, load_regain
from bot.services import Services

_RULES = "derived_under"
BATCH = 200


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
    """Fold every relation with new facts from its whole set. *beat* is called for each batch."""
    store, regain_s = services.store, load_regain(services)
    while store.ledger.dirty():
        beat()
        with store.transaction():
            touched = store.ledger.take_dirty(batch=BATCH)
            for userid, external_userid in touched:
                facts = store.ledger.relation(userid, external_userid)
                adds = fold(facts, regain_s=regain_s)
                store.ledger.put_adds(userid, external_userid, adds)
        if not touched:
            return  # other processes derive the rest
