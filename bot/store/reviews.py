"""What people decide: appeals about contacts, and findings about adds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.core.integrity import FindingKind, FindingName, Flag
from bot.store.engine import Engine, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Who decided about a contact, when (epoch s), and why."""

    by: str
    at: int | None
    why: str


class Reviews:
    """Appeals and decisions about single contacts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def decisions(self) -> dict[tuple[str, str, int], dict[str, bool]]:
        """What was decided of each contact, by quota (True counts); the newest decision holds."""
        found: dict[tuple[str, str, int], dict[str, bool]] = {}
        for row in self._engine.all("reviews_decided"):
            key = (row["userid"], row["external_userid"], row["added_at"])
            found.setdefault(key, {})[row["quota"]] = row["state"] == "accepted"
        return found

    def decided_of(self, userid: str) -> dict[tuple[str, str, int, str], Decided]:
        """Who decided what holds of one employee's contacts, by contact and quota."""
        return {
            (row["userid"], row["external_userid"], row["added_at"], row["quota"]): Decided(
                by=row["decided_by"], at=row["decided_at"], why=row["reason"]
            )
            for row in self._engine.all("reviews_decided_of", userid=userid)
        }


class Findings:
    """Questions about adds: asked, answered, confirmed or cleared. What was decided is not asked again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def decided(self) -> frozenset[FindingName]:
        """Those that hold nothing any more."""
        return frozenset(_name(row) for row in self._engine.all("findings_decided"))

    def flags(self) -> tuple[Flag, ...]:
        """Those that a reviewer confirmed."""
        return tuple(
            Flag(name=_name(row), on=date.fromisoformat(row["on_day"]))
            for row in self._engine.all("findings_decided")
            if row["state"] == "confirmed"
        )


def _name(row: Row) -> FindingName:
    return FindingName(kind=FindingKind(row["kind"]), userid=row["userid"], subject=row["subject"])
