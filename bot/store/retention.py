"""What is removed by age, class by class: the rules as data, and their statements in small steps.

The ledger, what is derived from it, decisions, results and the audit log are kept for good: figures come
from them. Texts and contents go after `[privacy] event_log_days`. What only says that something happened does
not go before RECORDS_DAYS, because jobs look back so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.store.engine import Engine

RECORDS_DAYS = 180  # a reminder looks back 120 days; members see exports of 180 days
_SHORT_DAYS, _FIGURES_DAYS = 31, 400
_PERIOD_DAYS = 800  # the longest period, its keep period and the appeals after it
_CHUNK = 1000


class Clock(StrEnum):
    """How a column tells its time."""

    REAL = "real"  # real epoch s
    PLAYED = "played"  # epoch s of the service's clock
    DAY = "day"  # ISO date, local
    MONTH = "month"  # 2026-11


class Age(StrEnum):
    """After how long a class goes; `days_of` says it in days."""

    CONTENTS = "contents"
    RECORDS = "records"
    SHORT = "short"
    FIGURES = "figures"
    PERIODS = "periods"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Rows of *table* whose *column* is older than *age* go; *only* leaves rows out.

    *blank*: rows of a numbered queue stay, emptied by these assignments; it is gone through in stretches.
    """

    table: str
    key: tuple[str, ...]
    column: str
    clock: Clock
    age: Age
    only: str = "0 = 0"
    blank: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return a name for reports: the table, and what is emptied in it."""
        return f"{self.table} texts" if self.blank else self.table


RULES: tuple[Rule, ...] = (
    Rule(
        table="outbox",
        key=("seq",),
        column="created_at",
        clock=Clock.REAL,
        age=Age.CONTENTS,
        only="state NOT IN ('pending', 'waiting') AND (content <> '' OR forms <> '' OR request IS NOT NULL)",
        blank=("content = ''", "forms = ''", "request = NULL"),
    ),
    Rule(table="words", key=("msgid",), column="said_at", clock=Clock.PLAYED, age=Age.CONTENTS),
    Rule(
        table="withheld",
        key=("key",),
        column="at",
        clock=Clock.REAL,
        age=Age.RECORDS,
        only="job <> 'question'",
    ),
    Rule(table="withheld", key=("key",), column="at", clock=Clock.REAL, age=Age.PERIODS),
    Rule(table="unasked_days", key=("userid", "day"), column="day", clock=Clock.DAY, age=Age.SHORT),
    Rule(table="lists_shown", key=("userid", "number"), column="shown_at", clock=Clock.PLAYED, age=Age.SHORT),
    Rule(table="mutes", key=("userid",), column="until", clock=Clock.PLAYED, age=Age.SHORT),
    Rule(table="attachments", key=("id",), column="made_at", clock=Clock.REAL, age=Age.SHORT),
    Rule(
        table="leaves_said",
        key=("userid", "first_day", "last_day"),
        column="last_day",
        clock=Clock.DAY,
        age=Age.RECORDS,
    ),
    Rule(table="help_wishes", key=("userid", "day"), column="day", clock=Clock.DAY, age=Age.RECORDS),
    Rule(table="coaching", key=("leader", "userid", "day"), column="day", clock=Clock.DAY, age=Age.RECORDS),
    Rule(table="exports", key=("id", "userid"), column="at", clock=Clock.REAL, age=Age.RECORDS),
    Rule(table="welcomes", key=("code_hash",), column="claimed_at", clock=Clock.REAL, age=Age.RECORDS),
    Rule(
        table="figures",
        key=("userid", "quota", "period"),
        column="as_of",
        clock=Clock.PLAYED,
        age=Age.RECORDS,
    ),
    Rule(
        table="runs",
        key=("job", "fire_at"),
        column="fire_at",
        clock=Clock.PLAYED,
        age=Age.RECORDS,
        only="state NOT IN ('running', 'waiting')",
    ),
    Rule(
        table="engagement_runs",
        key=("number",),
        column="began_at",
        clock=Clock.PLAYED,
        age=Age.RECORDS,
        only="number <> (SELECT MAX(number) FROM engagement_runs)",
    ),
    Rule(table="engagement", key=("userid", "day"), column="day", clock=Clock.DAY, age=Age.FIGURES),
    Rule(table="engagement_teams", key=("department", "day"), column="day", clock=Clock.DAY, age=Age.FIGURES),
    Rule(table="daily_statements", key=("code",), column="month", clock=Clock.MONTH, age=Age.PERIODS),
    Rule(table="statement_keys", key=("month",), column="month", clock=Clock.MONTH, age=Age.PERIODS),
)


def days_of(age: Age, *, event_log_days: int) -> int:
    """Return after how many days a class goes."""
    return {
        Age.CONTENTS: event_log_days,
        Age.RECORDS: max(event_log_days, RECORDS_DAYS),
        Age.SHORT: _SHORT_DAYS,
        Age.FIGURES: _FIGURES_DAYS,
        Age.PERIODS: max(event_log_days, _PERIOD_DAYS),
    }[age]


class Retention:
    """Removes by age; every step is a short transaction of its own, so that nobody waits for long."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_ready = False

    def purge(self, rule: Rule, before: int | str) -> Iterator[int]:
        """Yield after each step how many rows went; *before* is in the rule's clock."""
        self._learn()
        name = f"purge_{RULES.index(rule)}"
        if rule.blank:
            yield from self._through_queue(name, before)
            return
        while rows := self._engine.all(f"{name}_find", before=before, chunk=_CHUNK):
            with self._engine.transaction():
                self._engine.run_many(f"{name}_drop", rows)
            yield len(rows)

    def _learn(self) -> None:
        """Make the statements of the rules, on first use."""
        if not self._is_ready:
            self._engine.learn("\n\n".join(_statements(number, rule) for number, rule in enumerate(RULES)))
            self._is_ready = True

    def purge_queue(self, purge_before: Callable[..., int], before: int) -> Iterator[int]:
        """Yield the same of inbox or outbox, of which *purge_before* removes finished rows."""
        rows = 1
        while rows:
            with self._engine.transaction():
                rows = purge_before(before, limit=_CHUNK)
            yield rows

    def drop_dead_events(self, before: int) -> int:
        """Drop dead letters received before *before* (real epoch s), so that their bodies go, too."""
        return self._engine.run("purge_dead_events", before=before)

    def purge_drift(self, before: int) -> int:
        """Remove the lines of comparisons that ended before *before* (real epoch s), but not the newest."""
        return self._engine.run("purge_sync_drift", before=before)

    def _through_queue(self, name: str, before: int | str) -> Iterator[int]:
        after = 0
        while True:
            span = self._engine.one(f"{name}_span", after=after, chunk=_CHUNK)
            if span is None or span["last"] is None or span["oldest"] >= before:
                return
            upto = int(span["last"])
            yield self._engine.run(f"{name}_step", after=after, upto=upto, before=before)
            after = upto


def _statements(number: int, rule: Rule) -> str:
    """Return the statements of a rule, made of nothing but names of the schema."""
    name, key = f"purge_{number}", ", ".join(rule.key)
    if not rule.blank:
        one = " AND ".join(f"{column} = :{column}" for column in rule.key)
        return f"""
-- name: {name}_find(before, chunk)
SELECT {key} FROM {rule.table} WHERE {rule.column} < :before AND {rule.only} LIMIT :chunk;
-- name: {name}_drop({key})*!
DELETE FROM {rule.table} WHERE {one};
"""  # noqa: S608 - names of ours
    return f"""
-- name: {name}_span(after, chunk)^
SELECT MAX({key}) AS last, MIN({rule.column}) AS oldest
  FROM (SELECT {key}, {rule.column} FROM {rule.table}
         WHERE {key} > :after ORDER BY {key} LIMIT :chunk) AS stretch;
-- name: {name}_step(after, upto, before)!
UPDATE {rule.table} SET {", ".join(rule.blank)}
 WHERE {key} > :after AND {key} <= :upto AND {rule.column} < :before AND {rule.only};
"""  # noqa: S608 - names of ours
