"""Ranks among so many people that nobody can wait for them: computed from time to time, the newest stored."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.core.places import RankPlace
from bot.store.engine import TableGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlaces:
    """The places of one quota in one period by userid, as of *as_of* (epoch s)."""

    as_of: int
    places: Mapping[str, RankPlace]


class Ranks(TableGroup):
    """Call `put` inside a transaction."""

    def put(self, ranks: Mapping[tuple[str, str], Mapping[str, RankPlace]], *, as_of: int) -> None:
        """Store ranks by (quota, period) and userid as of *as_of* (epoch s); all earlier ones go."""
        self._engine.run("ranks_clear")
        for (quota, period), places in ranks.items():
            written = {userid: (place.rank, place.of) for userid, place in places.items()}
            self._engine.run("ranks_put", quota=quota, period=period, as_of=as_of, places=json.dumps(written))

    def get(self, quota: str, period: str, *, userids: Collection[str]) -> KeptPlaces | None:
        """Return the stored ranks of *userids* for one quota in one period; None without any."""
        row = self._engine.one("ranks_get", quota=quota, period=period)
        if row is None:
            return None
        kept: dict[str, tuple[int, int]] = json.loads(row["places"])
        here = {userid: kept[userid] for userid in userids if userid in kept}
        places = {userid: RankPlace(rank=rank, of=of) for userid, (rank, of) in here.items()}
        return KeptPlaces(as_of=row["as_of"], places=places)

    def newest(self) -> int | None:
        """Return when ranks were stored last, in epoch s."""
        return self._engine.number("ranks_newest")
