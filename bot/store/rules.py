"""Rule versions: which version of a quota holds from which day on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from pydantic import TypeAdapter

from bot.core.quotas import Quota
from bot.core.rulebook import Version
from bot.store.engine import TableGroup

_RULE = TypeAdapter(Quota)
_NONE = ""  # the quota is not in the file


class RuleVersions(TableGroup):
    """Rule versions. Call the changing methods inside a transaction."""

    def all(self) -> dict[str, tuple[Version, ...]]:
        """Return every version by quota, in the order of their days."""
        by_quota: dict[str, list[Version]] = {}
        for row in self._engine.all("rule_versions_all"):
            rule = None if row["rule"] == _NONE else _RULE.validate_json(row["rule"])
            version = Version(since=date.fromisoformat(row["since"]), quota=rule)
            by_quota.setdefault(row["quota"], []).append(version)
        return {quota: tuple(versions) for quota, versions in by_quota.items()}

    def section(self, section: str) -> tuple[tuple[date, str], ...]:
        """Return every version of a section of the file with its first day, by day."""
        rows = self._engine.all("section_versions_of", section=section)
        return tuple((date.fromisoformat(row["since"]), row["value"]) for row in rows)

    def replace_section_from(
        self, section: str, versions: Iterable[tuple[date, str]], *, since: date, now: int
    ) -> None:
        """Replace the versions of *section* from the day *since* on by *versions* (*now*: epoch s)."""
        self._engine.run("section_versions_drop", section=section, since=since.isoformat())
        for begin, value in versions:
            self._engine.run(
                "section_versions_put", section=section, since=begin.isoformat(), value=value, recorded_at=now
            )

    def rename(self, old: str, new: str) -> None:
        """Let every version that names the userid *old* name *new*."""
        for row in self._engine.all("rule_versions_all"):
            rule = None if row["rule"] == _NONE else _RULE.validate_json(row["rule"])
            if rule is not None and old in rule.userids:
                userids = frozenset(new if userid == old else userid for userid in rule.userids)
                row["rule"] = _RULE.dump_json(replace(rule, userids=userids)).decode()
                self._engine.run("rule_versions_put", **row)

    def replace_from(
        self, quota: str, versions: Iterable[Version], *, since: date, now: int, by: str = ""
    ) -> None:
        """Forget the versions of *quota* from the day *since* on; keep *versions* instead (*now*: epoch s).

        *by* names who adopted them, empty for the next period's.
        """
        self._engine.run("rule_versions_drop", quota=quota, since=since.isoformat())
        for version in versions:
            rule = _NONE if version.quota is None else _RULE.dump_json(version.quota).decode()
            self._engine.run(
                "rule_versions_put",
                quota=quota,
                since=version.since.isoformat(),
                rule=rule,
                adopted_by=by,
                recorded_at=now,
            )

    @staticmethod
    def text_of(rule: Quota) -> str:
        """Return *rule* as text, for `read`."""
        return _RULE.dump_json(rule).decode()

    @staticmethod
    def read(text: str) -> Quota:
        """Return the rule that `text_of` wrote."""
        return _RULE.validate_json(text)
