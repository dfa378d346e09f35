"""Employees who left become pseudonyms: in everything but closed results, and not before all is signed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from builders.e2e import QUOTA, at, where
from builders.reviews import ROSTER, branch, tell

from bot.app.bootstrap import record_files, refresh_directory
from bot.core.relations import RelationKind
from bot.features.close import proof, results
from bot.features.ledger.replay import recount
from bot.features.privacy.pseudonyms import give_pseudonyms, list_due
from bot.features.standings import pieces
from bot.services import Services
from bot.store.address_book import StoredBook
from bot.store.members import Members
from bot.store.pseudonyms import _changer
from scheduler.jobs import PREPARES
from scheduler.purge import clean

RULES = QUOTA.replace("50", "3") + "[quotas.counting]\nkeep_days = 7\n"
CLOSE, OVER = at("2026-12-08T08:42"), at("2026-12-15T18:00")
NAME = ("cm-monthly", "2026-11")
LEFT = "zhang,员工甲,11,客户经理,,,2026-11-20,"
YEARS_LATER = at("2029-03-01T03:41")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """zhang, who left on 20 November, in as many tables as an employee gets into."""
    with branch(tmp_path, quotas=RULES, when=CLOSE, roster=(LEFT, *ROSTER[1:])) as opened:
        record_files(opened, now=CLOSE)
        tell(opened, "zhang", "wm-1", at("2026-11-03T10:00"), RelationKind.ADDED)
        tell(opened, "li", "wm-1", at("2026-11-04T10:00"), RelationKind.ADDED)
        PREPARES["close"](opened, CLOSE)
        for number, statement in enumerate(FILLED):
            opened.store.engine.learn(f"-- name: fill_{number}()!\n{statement};")
            opened.store.engine.run(f"fill_{number}")
        with opened.store.transaction():
            about = {"userid": "zhang", "old_userid": "zhangsan"}
            opened.store.audit.add(at=1, actor="zhang", act="x", subject="case:zhang:1", detail=about)
        yield opened


FILLED = (
    """INSERT INTO findings (kind, userid, subject, on_day, concerned, asked_at, decided_by)
       VALUES ('burst', 'li', '2026-11-04', '2026-11-04', '[["zhang", "wm-1", 1], ["li", "wm-1", 2]]', 1,
               'zhang')""",
    "INSERT INTO outbox_keys VALUES ('progress:2026-11-04:zhang')",
    "INSERT INTO withheld VALUES ('question:burst:zhang:11-04', 'question', 'zhang', '2026-11-04', 'm', 5)",
    "INSERT INTO facts (number, key_kind, key, manager, said) VALUES (1, 'state', 'x', 'zhang', '{}')",
    "INSERT INTO renames VALUES ('zhangold', 'zhang', 1, 'li')",
    "INSERT INTO erased VALUES ('0b', 'zhang')",
    "INSERT INTO details VALUES ('zhang', 'wm-1', 1, 1, 1, '', 'zhang', '[]', '', '', 2)",
    "INSERT INTO absences VALUES ('zhang', '2026-11-02', '2026-11-03', '')",
)


def leave(services: Services, *, roster: bool = False) -> None:
    """Let the roster forget zhang, unless it still has them."""
    if not roster:
        file = services.config.directory.roster_path
        lines = file.read_text(encoding="utf-8").splitlines()
        file.write_text("\n".join(line for line in lines if not line.startswith("zhang,")), encoding="utf-8")
        refresh_directory(services)


def sign(services: Services) -> None:
    results.sign(services, *NAME, by="人事", at=OVER)


def rows_with(services: Services, userid: str) -> set[str]:
    """The tables that name *userid* in any cell."""
    found = set()
    with closing(sqlite3.connect(where(services))) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):
                if any(userid in str(cell) for cell in row):
                    found.add(table)
    return found


def test_a_pseudonym_stands_everywhere_but_in_closed_results(services: Services) -> None:
    leave(services)
    sign(services)
    assert {"adds", "members", "audit", "outbox_keys", "findings"} < rows_with(services, "zhang")
    count = give_pseudonyms(services, at=YEARS_LATER)

    assert count == 1
    assert rows_with(services, "zhang") == {"results", "audit"}  # "zhangsan" is another one
    assert '"zhang"' not in str([act.detail for act in services.store.audit.acts()])


def test_figures_results_and_chains_stay_whole(services: Services) -> None:
    leave(services)
    sign(services)
    before = services.store.results.newest(*NAME)
    give_pseudonyms(services, at=YEARS_LATER)

    assert services.store.results.newest(*NAME) == before
    assert services.store.audit.broken_at() is None
    assert proof.find_faults(services.store) == []
    assert [one for stage in recount(services, mend=False) for one in stage.differences] == []
    (pseudonym,) = (userid for userid in services.store.members.all() if userid.startswith("left-"))
    assert services.store.ledger.relations() == [("left-" + pseudonym[5:], "wm-1"), ("li", "wm-1")]
    assert services.store.members.all()[pseudonym].name == pseudonym


@pytest.mark.parametrize(
    ("prepare", "when"),
    [
        pytest.param(lambda one: leave(one), YEARS_LATER, id="not signed"),
        pytest.param(lambda one: (leave(one), sign(one)), at("2027-11-19T03:41"), id="a day too early"),
        pytest.param(lambda one: sign(one), YEARS_LATER, id="still in the roster"),
    ],
)
def test_nobody_becomes_a_pseudonym_too_early(
    services: Services, prepare: Callable[[Services], object], when: object
) -> None:
    prepare(services)

    assert list_due(services, at=when) == []  # type: ignore[arg-type]


def test_a_period_that_was_never_closed_keeps_the_userid(services: Services, tmp_path: Path) -> None:
    leave(services)
    sign(services)
    services.store.engine.learn("-- name: unclose()!\nDELETE FROM results;")
    services.store.engine.run("unclose")

    assert list_due(services, at=YEARS_LATER) == []


def test_those_due_are_looked_for_in_pieces(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(services)
    sign(services)
    monkeypatch.setattr(pieces, "PIECE", 1)
    monkeypatch.setattr(Members, "all", _everybody)
    monkeypatch.setattr(StoredBook, "all", _everybody)

    assert list_due(services, at=YEARS_LATER) == ["zhang"]


def _everybody(_: object) -> object:
    raise AssertionError


def test_the_nightly_purge_does_it_and_only_once(services: Services) -> None:
    leave(services)
    sign(services)

    assert clean(services, at=YEARS_LATER)["pseudonyms"] == 1
    assert "pseudonyms" not in clean(services, at=YEARS_LATER + timedelta(days=1))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("progress:2026-11-23:li", "progress:2026-11-23:left-1"),
        ("li wm-1", "left-1 wm-1"),
        ("progress:2026-11-23:lili", "progress:2026-11-23:lili"),
        ("a.li@b", "a.li@b"),
        ('[["li", "wm-li", 3]]', '[["left-1", "wm-li", 3]]'),
        ('{"li": [1, 2], "x": "li li"}', '{"left-1": [1, 2], "x": "li li"}'),
        ("[not json li", "[not json left-1"),
    ],
)
def test_a_userid_is_replaced_where_it_stands_alone(before: str, after: str) -> None:
    assert _changer("li", "left-1")(before) == after
