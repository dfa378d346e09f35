"""Group robots that WeCom refuses. A refusal holds for the configuration under which it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.store.engine import TableGroup, value_of


@dataclass(frozen=True, slots=True)
class Off:
    """A robot that posts nothing. *since*: real epoch s."""

    name: str
    errcode: int
    error: str
    since: int


class Robots(TableGroup):
    """Rows of robots_off. *configured* is what tells one configuration of a robot from another."""

    def switch_off(self, name: str, *, configured: str, errcode: int, error: str, now: int) -> bool:
        """Note that WeCom refuses it; False if that was known."""
        return self._engine.apply(
            "robot_off", name=name, configured=configured, errcode=errcode, error=error, since=now
        )

    def all(self) -> list[Off]:
        """Return all refused robots, however they are configured now."""
        return [value_of(Off, row) for row in self._engine.all("robots_off")]

    def off(self, configured: Mapping[str, str]) -> dict[str, Off]:
        """Return the refused ones, by name, among the robots as they are configured now."""
        return {
            row["name"]: value_of(Off, row)
            for row in self._engine.all("robots_off")
            if configured.get(row["name"]) == row["configured"]
        }

    def forget_changed(self, configured: Mapping[str, str]) -> None:
        """Forget refusals of robots that are gone or configured anew."""
        for row in self._engine.all("robots_off"):
            if configured.get(row["name"]) != row["configured"]:
                self._engine.run("robot_forget", name=row["name"])
