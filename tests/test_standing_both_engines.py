"""A month with all that can be known of contacts: the same rows, teams and closed lines on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random

from e2e_builders import FakeTime, at, installation, write_config, write_roster
from knowing_builders import Fact, put_facts

from bot import closing
from bot.core.relations import Kind, RelationEvent
from bot.services import Services
from bot.standing import standing
from bot.store.knowledge import Absence
from bot.store.results import text_of
from handlers.inbox import derive

PEOPLE = [f"yg{number:02d}" for number in range(12)]
CLOSE = "2026-12-08T08:42"
QUOTAS = """
[[quotas]]
id = "monthly"
period = "month"
target = 12
penalty = { per_missing = 10, cap = 100 }
reward = { top = [500, 300], scope = "department", min_attainment = 0.05 }
[quotas.counting]
first_add = "corp"
keep_days = 7
customer_types = ["wechat"]
exclude_add_ways = [201]
required_tags = ["级别/贵宾"]
required_facts = ["account"]
own_book = true
max_share = [{ fact = "far", share = 0.4 }]
max_per_day = 3
[[quotas]]
id = "held"
period = "quarter"
basis = "held"
target = 15
"""
INTEGRITY = """
[integrity]
shared_by = 3
window_days = 30
burst = { adds = 3, minutes = 30 }
quick_loss = { rate = 0.3, min_adds = 5 }
action = "hold"
[money]
cap_per_month = 60
"""
DETAILS = """-- name: put_details(userid, external_userid, createtime, customer_type, add_way, tags)*!
INSERT INTO details (userid, external_userid, createtime, customer_type, add_way, tags, read_at)
VALUES (:userid, :external_userid, :createtime, :customer_type, :add_way, :tags, 0);
-- name: put_tag()!
INSERT INTO corp_tags (id, group_name, name) VALUES ('et1', '级别', '贵宾');
"""


def month_on(folder: Path, store: str) -> tuple[str, list[str], list[str]]:
    """Rows in the month, closed lines after it, and the teams, each as text."""
    folder.mkdir()
    write_roster(
        folder,
        *(f"{userid},员工,{11 + n % 3},客户经理,,,,{1 - n % 2 / 2}" for n, userid in enumerate(PEOPLE)),
    )
    path = write_config(folder, quotas=QUOTAS, more=INTEGRITY, store=store)
    with installation(path, FakeTime(at(CLOSE))) as services:
        live(services, Random(20261123))
        running = standing(services, at=at("2026-11-23T18:00"), money=True)
        closing.close_due(services, at=at(CLOSE))
        lines = [
            text_of(one.line)
            for quota, period in sorted({(one.quota, one.period) for one in services.store.results.closed()})
            for one in services.store.results.newest(quota, period).values()
        ]
    return "\n".join(map(text_of, running.rows)), lines, list(map(repr, running.teams()))


def live(services: Services, chance: Random) -> None:
    """Adds and ends of some customers whom several employees know; what WeCom and the bank say of them."""
    store, begin = services.store, int(at("2026-10-20T08:00").timestamp())
    events, details, facts = [], [], []
    for customer in (f"wm{number:03d}" for number in range(150)):
        for userid in chance.sample(PEOPLE, chance.choice([1, 1, 1, 2, 4])):
            added = begin + chance.randrange(36) * 86_400 + chance.choice([chance.randrange(36_000), 7200])
            events.append(event(userid, customer, added, Kind.ADDED))
            if chance.random() < 0.4:
                ended = added + chance.randrange(12 * 86_400)
                kind = chance.choice([Kind.LOST_BY_CUSTOMER, Kind.LOST_BY_MEMBER, Kind.TRANSFERRED])
                events.append(event(userid, customer, ended, kind))
            if chance.random() < 0.8:
                details.append(detail(userid, customer, added + chance.randrange(-70, 70), chance))
        said = {
            "account": chance.choice("1110"),
            "far": chance.choice("01"),
            "manager": chance.choice(PEOPLE),
        }
        facts += [
            Fact(key_kind="external_userid", key=customer, fact=fact, value=value)
            for fact, value in said.items()
            if chance.random() < 0.7
        ]
    put_facts(store, facts, imported_at=1)
    with store.transaction():
        for one in events:
            store.ledger.append(one, origin="callback", recorded_at=0)
        first = date(2026, 11, 9)
        leave = Absence(userid="yg03", first=first, last=first + timedelta(days=4))
        store.knowledge.put_absences([leave])
        store.engine.learn(DETAILS)
        store.engine.run_many("put_details", details)
        store.engine.run("put_tag")
    derive(services)


def event(userid: str, customer: str, moment: int, kind: Kind) -> RelationEvent:
    return RelationEvent(userid=userid, external_userid=customer, at=moment, kind=kind)


def detail(userid: str, customer: str, createtime: int, chance: Random) -> dict[str, object]:
    return {
        "userid": userid,
        "external_userid": customer,
        "createtime": createtime,
        "customer_type": chance.choice([1, 1, 1, 1, 2]),
        "add_way": chance.choice([1, 1, 1, 201]),
        "tags": json.dumps(["et1"] * chance.choice([0, 1, 1])),
    }


def test_a_month_gives_the_same_rows_teams_and_closed_lines_on_both_engines(
    tmp_path: Path, new_database: Callable[..., str]
) -> None:
    embedded = month_on(tmp_path / "embedded", "sqlite:///quotabot.db")
    scaled_out = month_on(tmp_path / "scaled_out", new_database())
    rows, lines, teams = embedded

    assert embedded == scaled_out
    assert len(rows.splitlines()) == 2 * len(PEOPLE)
    assert len(lines) == 2 * len(PEOPLE)
    shown = [json.loads(row) for row in rows.splitlines()]
    # what is the same on both is not just nothing
    for figure in ("counted", "pending", "rejected", "lost", "penalty", "reward"):
        assert sum(row[figure] or 0 for row in shown) > 0, figure
    assert len(teams) == 6
