"""What an employee's customers are called, while the installation keeps names; each row is one employee's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.store.details import Relation
from bot.store.engine import TableGroup, row_of

_BATCH = 500  # at a time, so that nobody waits long for the store


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerName:
    """The *name* of *userid*'s customer, and the employee's *remark* of them; maybe empty.

    Neither shows in a traceback or a log that prints the value.
    """

    userid: str
    external_userid: str
    name: str = field(default="", repr=False)
    remark: str = field(default="", repr=False)


class CustomerNames(TableGroup):
    """Rows of this table."""

    def put(self, names: Iterable[CustomerName], *, read_at: int, since: int) -> None:
        """Store names read at *read_at* (epoch s), in a transaction; not of contacts ended up to *since*."""
        unique = {(name.userid, name.external_userid): name for name in names if name.name or name.remark}
        rows = [row_of(name, read_at=read_at, since=since) for _, name in sorted(unique.items())]
        self._engine.run_many("names_put", rows)

    def of(self, userid: str) -> dict[str, CustomerName]:
        """Return the names of *userid*'s customers, by external_userid."""
        return {
            row["external_userid"]: CustomerName(userid=userid, **row)
            for row in self._engine.all("names_of", userid=userid)
        }

    def ended(self, *, upto: int) -> list[Relation]:
        """Return some contacts with a name that ended up to *upto* (epoch s); empty when none are left."""
        rows = self._engine.all("names_ended", since=upto, batch=_BATCH)
        return [(row["userid"], row["external_userid"]) for row in rows]

    def forget(self, relations: Iterable[Relation]) -> None:
        """Forget the names of these; call it inside a transaction."""
        rows = [{"userid": userid, "external_userid": customer} for userid, customer in sorted(relations)]
        self._engine.run_many("names_forget", rows)

    def any(self) -> bool:
        """Return whether there is any name."""
        return self._engine.one("names_any") is not None

    def clear(self) -> int:
        """Forget every name; how many there were."""
        return self._engine.run("names_clear")
