"""One budget for all reading calls of an installation, however many processes make them. Real epoch seconds.

One short transaction grants a process a handful of calls, to be made within GRANT_S. Grants are counted in
sub-windows of _SUB_S seconds. A window counts every sub-window that may hold a call of its last minute
(hour), even by a clock that is a little off. So no sliding minute or hour holds more calls than its limit.

A grant counts as used, with or without a call: a killed process returns nothing. Its places among the calls
under way are free again once the last of them must have ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.store.engine import SqlRow, TableGroup

GRANT_S = 2
_SUB_S = 10
_SKEW_S = 3  # so much may two processes differ about what time it is
_MINUTE_S, _HOUR_S = 60, 3600
_MARGIN_S = GRANT_S + _SUB_S + _SKEW_S
_WAITS_S = 5  # a holder that waits and does not ask again for so long is gone
_LOOK_S = 0.25
_ALL = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What the installation takes of each API. *call_s*: how long a call may last.

    After a refusal: *breath_s* of rest for too many at once, then one more side by side every *recover_s*.
    """

    per_minute: int
    per_hour: int
    in_flight: int
    call_s: int
    breath_s: int = 2
    recover_s: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """*calls* may begin within GRANT_S, *places* of them side by side; *probes*: the first after a block.

    Without any: *wait_s* until it is worth asking again; *is_block*: WeCom is why.
    """

    calls: int = 0
    places: int = 0
    probes: bool = False
    wait_s: float = 0.0
    is_block: bool = False


class Budget(TableGroup):
    """Grants calls, and keeps what WeCom refused."""

    def take(
        self, api: str, *, holder: str, calls: int, places: int, flying: int, now: float, share: Share
    ) -> Grant:
        """Grant up to *calls* calls to *holder*, up to *places* side by side; it has *flying* under way."""
        moment = int(now)
        with self._engine.transaction():
            known = self._locked(api)
            blocked = max(row["blocked_until"] for row in known.values())
            if blocked > now:
                return Grant(wait_s=blocked - now, is_block=True)
            if known[api]["rests_until"] > now:
                return Grant(wait_s=known[api]["rests_until"] - now)
            left = self._left(api, moment, share)
            if left < 1:
                return Grant(wait_s=_SUB_S - now % _SUB_S)
            own = known[api]
            flights = self._engine.all("budget_flights", api=api, now=moment)
            mine = next((row for row in flights if row["holder"] == holder), None)
            since = mine["since"] if mine else moment
            places = min(places, _places(flights, holder, most=_parallel(own, moment, share), now=moment))
            if places < 1:
                if mine and mine["places"]:
                    since = moment  # it had its turn, and waits for the next one
                until = moment + (share.call_s + _SKEW_S if flying else _WAITS_S)
                self._fly(api, holder, places=flying, since=since, until=until)
                return Grant(wait_s=_LOOK_S)
            calls = min(calls, left, 1 if own["blocks"] else left)
            self._engine.run("budget_grant", api=api, slot=moment // _SUB_S * _SUB_S, calls=calls)
            self._engine.run("budget_forget", api=api, upto=moment - _HOUR_S - _MARGIN_S)
            until = moment + GRANT_S + share.call_s + _SKEW_S
            # Calls under way end when they end, though fewer are allowed from now on.
            self._fly(api, holder, places=max(places, flying), since=since, until=until)
            return Grant(calls=calls, places=places, probes=own["blocks"] > 0)

    def block(self, api: str, *, now: float) -> None:
        """Block *api*, which WeCom refuses for too many calls: for a minute, then for an hour.

        Two APIs at the same time mean that none of them is blocked by itself, but the app or the address.
        """
        moment = int(now)
        with self._engine.transaction():
            self._locked(api)
            ends = {"first_until": moment + _MINUTE_S, "next_until": moment + _HOUR_S}
            if not self._engine.run("budget_block", api=api, now=moment, **ends):
                return  # a call that was under way when another one heard of the block
            blocked = self.blocked(now=now)
            if len(blocked.keys() - {_ALL}) > 1:
                self._engine.run("budget_block_all", until=blocked[api])

    def lower(self, api: str, *, now: float, share: Share) -> None:
        """Halve the calls of *api* that may be under way: WeCom says that they are too many."""
        moment = int(now)
        with self._engine.transaction():
            own = self._locked(api)[api]
            if own["rests_until"] > moment:
                return  # one of the same handful
            half = max(1, _parallel(own, moment, share) // 2)
            rests = moment + share.breath_s
            self._engine.run("budget_lower", api=api, parallel=half, now=moment, rests_until=rests)

    def well(self, api: str, *, now: float) -> None:
        """Note that WeCom answers *api* again."""
        self._engine.run("budget_well", api=api, now=int(now))

    def blocked(self, *, now: float) -> dict[str, int]:
        """Return the APIs that WeCom refuses, each with the end of it; * is all of them."""
        rows = self._engine.all("budget_blocked", now=int(now))
        return {row["api"]: row["blocked_until"] for row in rows}

    def leave(self, *, holder: str, now: float) -> None:
        """Free what *holder* had: it has no call under way and makes no more for now."""
        self._engine.run("budget_land", holder=holder, now=int(now))

    def _locked(self, api: str) -> dict[str, SqlRow]:
        self._engine.run("budget_lock", api=api)
        return {row["api"]: row for row in self._engine.all("budget_apis", api=api)}

    def _left(self, api: str, now: int, share: Share) -> int:
        begins = {"minute_from": now - _MINUTE_S - _MARGIN_S, "hour_from": now - _HOUR_S - _MARGIN_S}
        used = self._engine.one("budget_used", api=api, **begins)
        assert used is not None  # noqa: S101 - sums have one row
        return int(min(share.per_minute - used["in_minute"], share.per_hour - used["in_hour"]))

    def _fly(self, api: str, holder: str, *, places: int, since: int, until: int) -> None:
        values = {"places": places, "since": since, "until": until}
        self._engine.run("budget_fly", api=api, holder=holder, **values)


def _parallel(own: SqlRow, now: int, share: Share) -> int:
    """Return how many calls of one API may be under way now."""
    if own["blocks"]:
        return 1
    if not own["lowered_at"]:
        return share.in_flight
    recovered = (now - own["lowered_at"]) // share.recover_s
    return int(min(share.in_flight, own["parallel"] + max(0, recovered)))


def _places(flights: Sequence[SqlRow], holder: str, *, most: int, now: int) -> int:
    """Return how many calls *holder* may have under way; less than 1: it waits.

    A waiting holder goes before later ones, and before those that have had their turn.
    """
    own = next((row for row in flights if row["holder"] == holder), None)
    others = [row for row in flights if row["holder"] != holder]
    came = (own["since"] if own else now, holder)
    turn_over = own is not None and own["places"] > 0 and now - own["since"] >= GRANT_S
    waiting = [row for row in others if not row["places"]]
    ahead = sum(turn_over or (row["since"], row["holder"]) < came for row in waiting)
    taken = sum(row["places"] for row in others)
    fair = max(1, most // (len(others) + 1))
    return int(min(fair, most - taken - ahead))
