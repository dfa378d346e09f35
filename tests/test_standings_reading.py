"""How much is read for the numbers: what the rules look at, in as many statements for few as for many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from builders.e2e import FakeTime, at, installation
from builders.month import PEOPLE, live, write_month

from bench import counting
from bot.core.progress import Branch, QuotaFigures, compute_rows
from bot.core.rulebook import QuotaInPeriod
from bot.features.standings.load import load_branch, load_rulebook
from bot.store.engine import Engine

NOW = at("2026-11-23T18:00")
ADDS, PEOPLE_READ = 10, 30
RULES = {
    "none": "",
    "adds": 'first_add = "corp"\nkeep_days = 7\nmax_per_day = 3',
    "type": 'customer_types = ["wechat"]',
    "way": "exclude_add_ways = [201]",
    "state": 'exclude_states = ["hall"]',
    "tags": 'required_tags = ["级别/贵宾"]',
    "segment": 'segment_tags = ["贵宾"]',
    "facts": 'required_facts = ["account"]',
    "book": "own_book = true",
    "share": 'max_share = [{ fact = "far", share = 0.4 }]',
}


def rows_of(branch: Branch, asked: Sequence[QuotaInPeriod]) -> tuple[QuotaFigures, ...]:
    return compute_rows(branch, quota_periods=asked, at=NOW, behind_threshold=Fraction(9, 10))


@pytest.mark.parametrize("basis", ["added", "held"])
@pytest.mark.parametrize("rule", RULES)
def test_what_is_not_read_changes_no_number(tmp_path: Path, rule: str, basis: str) -> None:
    quota = f'[[quotas]]\nid = "q"\nperiod = "month"\ntarget = 12\nbasis = "{basis}"\n[quotas.counting]\n'
    path = write_month(tmp_path / "bank", "sqlite:///quotabot.db", quotas=quota + RULES[rule])
    path.write_text(path.read_text("utf-8").replace('action = "hold"', 'action = "flag"'), "utf-8")
    with installation(path, FakeTime(NOW)) as services:
        live(services, Random(rule))
        asked = load_rulebook(services).periods_at(NOW.date())
        whole = rows_of(load_branch(services, asked, at=NOW, whole=True), asked)
        lean = rows_of(load_branch(services, asked, at=NOW), asked)
        chunks = [load_branch(services, asked, at=NOW, userids=some) for some in (PEOPLE[:5], PEOPLE[5:])]

    assert lean == whole
    assert {replace(row, rank=None) for row in whole} == {
        replace(row, rank=None) for branch in chunks for row in rows_of(branch, asked)
    }
    assert sum(row.gross for row in whole) > 50


class Reads:
    """Statements and rows that an engine was asked for."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows: Counter[str] = Counter()
        self.statements = 0
        call, tuples = engine._call, engine.tuples

        def counted_call(name: str, /, *rows: object, **values: object) -> Any:
            found = call(name, *rows, **values)
            self._note(name, len(found) if isinstance(found, list) else 1)
            return found

        def counted_tuples(name: str, /, **values: object) -> list[tuple[Any, ...]]:
            found = tuples(name, **values)
            self._note(name, len(found))
            return found

        monkeypatch.setattr(engine, "_call", counted_call)
        monkeypatch.setattr(engine, "tuples", counted_tuples)

    def _note(self, name: str, rows: int) -> None:
        self.statements += 1
        self.rows[name] += rows


def read_of_chunk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, people: int, rules: str
) -> tuple[int, Counter[str]]:
    """Return the statements, and the rows by statement, that the numbers of *people* take."""
    folder.mkdir()
    with counting.bank(folder, people=people, adds=ADDS, rules=rules) as services:
        counting.numbers(services)  # reads the roster, which is kept
        reads = Reads(services.store.engine, monkeypatch)
        counting.numbers(services)
    return reads.statements, reads.rows


@pytest.mark.parametrize("rules", ["", counting.EVERY_RULE], ids=["keep period only", "every rule"])
def test_a_chunk_takes_as_many_statements_whatever_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str
) -> None:
    few, _ = read_of_chunk(tmp_path / "few", monkeypatch, people=PEOPLE_READ, rules=rules)
    many, rows = read_of_chunk(tmp_path / "many", monkeypatch, people=4 * PEOPLE_READ, rules=rules)

    assert few == many <= 30
    assert rows["adds_known_of" if rules else "adds_of"] == 4 * PEOPLE_READ * ADDS


def test_a_keep_period_takes_one_row_an_add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, rows = read_of_chunk(tmp_path / "bank", monkeypatch, people=PEOPLE_READ, rules="")

    assert not {"adds_known_of", "details_of", "facts_called", "adds_of_customers"} & rows.keys()
    # the person, and marks, versions, decisions: of the chunk, not of a person
    assert rows.total() - rows["adds_of"] - PEOPLE_READ <= 30


def test_every_rule_takes_one_row_an_add_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, rows = read_of_chunk(tmp_path / "bank", monkeypatch, people=PEOPLE_READ, rules=counting.EVERY_RULE)

    assert rows["adds_known_of"] == PEOPLE_READ * ADDS
    assert (
        not {"adds_of", "facts_called", "adds_of_customers"} & rows.keys()
    )  # nobody else has these customers
    assert 0 < rows["details_of"] < PEOPLE_READ * ADDS // 20  # of adds with a slip
    assert rows.total() - rows["adds_known_of"] - PEOPLE_READ <= 30
