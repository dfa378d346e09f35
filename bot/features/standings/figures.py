"""The kept figures: what every report computes, kept a piece of the bank at a time, and refreshed.

Everybody's figures are computed as of one moment, with rests: every EVERY_S seconds, and SOON_S after a
change that may concern everybody. In between, those of people with changed contacts are. Small banks keep
none: their ranks are computed on demand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.history import Kept
from bot.core.workdays import epoch_of
from bot.features.standings.everybody import load_people
from bot.features.standings.gains import Gains
from bot.features.standings.load import load_standings_of
from bot.features.standings.pieces import iter_people
from bot.services import Services
from bot.store.coordination import PEOPLE
from bot.store.facts import UPTO as FACTS_UPTO
from bot.store.figures import KeptFigures

FEW = 500  # people: a second and a half on a busy machine
EVERY_S = 1800
SOON_S = 300  # the same after a change of people, facts or rules, which may concern everybody
OLDEST_S = 2 * 3600  # of the service's clock; older figures are not shown
_REST_S = 0.05  # between two pieces, for answers to come through
_STALE = 200  # people computed anew at once
_LEASE, _LEASE_S = "figures", 120
_KEPT_AT = "figures_kept_at"  # the mark of the moment as of which everybody's were kept last, in epoch s
_BASIS = "figures_basis"  # the mark of what they were computed from, beside contacts


def compute_kept(services: Services, userids: Sequence[str], *, at: datetime) -> Iterator[KeptFigures]:
    """Yield the figures of *userids* as of *at* (aware)."""
    standings = load_standings_of(services, userids, at=at)
    gains = Gains(services, standings).of(standings.by_person)
    kept = standings.kept(standings.by_person)
    for row in standings.rows:
        yield KeptFigures(
            row=replace(row, penalty=None, reward=None),
            is_ranked=(row.quota, row.period, row.userid) in standings.ranked,
            kept=kept.get(row.userid, Kept(0, 0)),
            gain=gains.get(row.quota, {}).get(row.userid),
            as_of=epoch_of(at),
        )


def kept_at(services: Services) -> str | None:
    """Return a mark of the last refresh of everybody's figures; None before the first."""
    return services.store.marks.get(_KEPT_AT)


def is_kept_since(services: Services, since: int, *, at: datetime) -> bool:
    """Return whether everybody's figures were kept as of a moment from *since* (epoch s) to *at* (aware)."""
    last = services.store.marks.get(_KEPT_AT)
    return last is not None and since <= int(last) <= epoch_of(at)


def keep_of(services: Services, userids: Sequence[str], *, at: datetime) -> None:
    """Keep the figures of *userids* as of *at* (aware)."""
    marks = services.store.figures.marks(userids)  # before the contacts are read
    figures = list(compute_kept(services, userids, at=at))
    with services.store.transaction():
        services.store.figures.put(userids, figures, as_of=epoch_of(at), marks=marks)


def keep_figures(services: Services) -> None:
    """Keep everybody's figures if the last ones are old enough, else those that became stale.

    One process at a time does it, with rests, and stops when the service does.
    """
    at = services.clock.now()
    if len(load_people(services)) <= FEW:
        return
    if not _is_mine(services):
        return
    basis, last = _basis(services), services.store.marks.get(_KEPT_AT)
    age_s = None if last is None else epoch_of(at) - int(last)
    is_same = services.store.marks.get(_BASIS) == basis
    if age_s is None or not 0 <= age_s < (EVERY_S if is_same else SOON_S):
        _keep_all(services, at=at, basis=basis)
    else:
        _keep_stale(services, at=at)
    services.store.leases.free(_LEASE, holder=services.holder)


def _basis(services: Services) -> str:
    """Return a text that differs for everything that may change everybody's figures: people, facts, rules."""
    marks = [services.store.marks.get(name) for name in (PEOPLE, FACTS_UPTO)]
    rules = repr(services.config.core_quotas()), repr(services.store.rule_versions.all())
    return hashlib.sha256(repr((marks, rules)).encode()).hexdigest()


def _keep_all(services: Services, *, at: datetime, basis: str) -> None:
    for userids in iter_people(services):
        if not _goes_on(services):
            return
        keep_of(services, userids, at=at)
    while services.store.figures.drop_older(epoch_of(at)):
        if not _goes_on(services):
            return
    with services.store.transaction():
        services.store.marks.put(_KEPT_AT, str(epoch_of(at)))
        services.store.marks.put(_BASIS, basis)


def _keep_stale(services: Services, *, at: datetime) -> None:
    while stale := services.store.figures.stale(most=_STALE):
        if not _goes_on(services):
            return
        keep_of(services, stale, at=at)


def _goes_on(services: Services) -> bool:
    """Rest a moment; return whether this process still may and should keep figures."""
    return not services.ending.wait(_REST_S) and _is_mine(services)


def _is_mine(services: Services) -> bool:
    now = int(services.store.now())
    return services.store.leases.take(_LEASE, holder=services.holder, now=now, until=now + _LEASE_S)
