"""`python -m bench.counting`: everybody's numbers beside the bare `GROUP BY` over the same adds and store.

Two made-up banks: one with a keep period only, one with every rule on. People are counted in chunks, as the
jobs do it. The two sides take turns; medians of five are shown. Processor time on SQLite, real time on
PostgreSQL, where the server works too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.app.bootstrap import open_services, record_files
from bot.cli.main import spare_the_collector
from bot.config import load
from bot.features.standings.load import load_rulebook
from bot.features.standings.pieces import iter_people, load_piece
from bot.store.sqlite import SqliteEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.services import Services

ROUNDS, PEOPLE, ADDS = 5, 2000, 50
CHINA = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 24, 8, 42, tzinfo=CHINA)
FIRST = datetime(2026, 11, 1, tzinfo=CHINA)
GROUPED = """-- name: bench_grouped(first, upto)
SELECT userid, COUNT(*) AS adds FROM adds WHERE added_at >= :first AND added_at <= :upto GROUP BY userid;
"""
QUOTA = """
[[quotas]]
id = "monthly"
period = "month"
target = 50
[quotas.counting]
keep_days = 7
"""
EVERY_RULE = """first_add = "corp"
customer_types = ["wechat"]
exclude_add_ways = [201, 202]
exclude_states = ["staff"]
required_tags = ["vip"]
required_facts = ["account"]
own_book = true
max_share = [{ fact = "far", share = 0.3 }]
max_per_day = 8
[integrity]
shared_by = 3
burst = { adds = 6, minutes = 10 }
action = "hold"
"""
CONFIG = """
[wecom]
corp_id = "ww0123456789abcdef"
agent_id = 1000002
secret = "unused"
callback_token = "bench"
callback_aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
api_base_url = "http://127.0.0.1:9"
[store]
url = "{store}"
[directory]
source = "csv"
roster = "roster.csv"
"""


@dataclass(frozen=True, slots=True)
class FixedClock:
    """The service's clock; the figures are always of this time."""

    def now(self) -> datetime:
        """Return the time of the figures."""
        return AT


@contextmanager
def bank(folder: Path, *, people: int, adds: int, rules: str = "", store: str = "") -> Iterator[Services]:
    """Open a new installation with so many people, each with so many adds this month, details read."""
    lines = [f"yg{number:06},Yuan,{number % 40 + 1},cm,,,,1" for number in range(people)]
    header = "userid,name,department,role,leader_of,joined_on,left_on,share"
    (folder / "roster.csv").write_text("\n".join([header, *lines]) + "\n", "utf-8")
    config = folder / "config.toml"
    config.write_text(CONFIG.format(store=store or "sqlite:///bench.db") + QUOTA + rules, "utf-8")
    with open_services(load(config, environ={}), clock=FixedClock()) as services:
        services.store.engine.learn(GROUPED)
        record_files(services, now=AT)
        fill(services, people=people, adds=adds)
        yield services


def fill(services: Services, *, people: int, adds: int) -> None:
    """Store the adds in the order of their time, as events come, with details, facts and slips."""
    chance, engine = Random(7), services.store.engine
    begin, end = int(FIRST.timestamp()), int(AT.timestamp())
    moments = sorted(
        (chance.randrange(begin, end), number % people, number) for number in range(people * adds)
    )
    relations, details, facts = [], [], []
    for moment, person, number in moments:
        userid, customer = f"yg{person:06}", f"wm{number:026}"
        ended = by = regained = None
        slips = "[]"
        fate = chance.random()
        if fate < 0.06:
            ended, by = moment + chance.randrange(10 * 86400), "lost_by_customer"
        elif fate < 0.07:
            ended, by = moment + chance.randrange(10 * 86400), "transferred"
        elif fate < 0.08:
            lost = moment + chance.randrange(86400)
            regained = lost + 3600
            slips = json.dumps([[lost, "lost_by_customer", regained]])
        if ended is not None and ended > end:
            ended = by = None
        relations.append((userid, customer, moment, 1, ended, by, slips, regained, "hall_qr"))
        kind, way = (2, 1) if chance.random() < 0.02 else (1, 201 if chance.random() < 0.02 else 1)
        tags = '["vip"]' if chance.random() < 0.9 else "[]"
        details.append((userid, customer, moment, kind, way, "hall_qr", tags, "", "", end))
        said = json.dumps({"account": "1" if chance.random() < 0.95 else "0", "far": str(number % 4 // 3)})
        facts.append((number + 1, "external_userid", customer, userid, said))
    columns = "userid external_userid added_at nth ended_at ended_by slips last_regained_at state"
    told = "userid external_userid createtime customer_type add_way state tags unionid mobile_sha256 read_at"
    with services.store.transaction():
        engine.append("adds", columns.split(), relations)
        engine.append("details", told.split(), details)
        engine.append("facts", ("number", "key_kind", "key", "manager", "said"), facts)
        services.store.marks.put("facts_upto", str(len(facts)))


def numbers(services: Services) -> int:
    """Work out everybody's rows as the jobs do it, a piece at a time; return how many rows there are."""
    book = load_rulebook(services)
    asked = book.periods_at(AT.date())
    pieces = iter_people(services)
    return sum(len(load_piece(services, asked, piece, at=AT, book=book).rows) for piece in pieces)


def grouped(services: Services) -> list[dict[str, object]]:
    """Return how many adds each person has: the least that a store can be asked."""
    span = {"first": int(FIRST.timestamp()), "upto": int(AT.timestamp())}
    return services.store.engine.all("bench_grouped", **span)


def measure(services: Services, *, people: int, rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the seconds a person of the numbers and of the query; medians of rounds that alternate."""
    is_local = isinstance(services.store.engine, SqliteEngine)
    clock = time.process_time if is_local else time.perf_counter
    ours, theirs = [], []
    for _ in range(rounds + 1):  # the first one reads the people
        began = clock()
        assert numbers(services) == people
        between = clock()
        assert len(grouped(services)) == people
        ours.append(between - began)
        theirs.append(clock() - between)
    return statistics.median(ours[1:]) / people, statistics.median(theirs[1:]) / people


def rows(
    *, people: int = PEOPLE, adds: int = ADDS, store: str = ""
) -> list[tuple[str, str, float, float, float]]:
    """Return (id, measure, value, beside, ratio) of each bank, in ms a person."""
    found = []
    for name, rules in (("keep period only", ""), ("every rule", EVERY_RULE)):
        with (
            tempfile.TemporaryDirectory(prefix="counting-") as folder,
            bank(Path(folder), people=people, adds=adds, rules=rules, store=store) as services,
        ):
            ours, theirs = measure(services, people=people)
        found.append(("P2", f"numbers, {name}, {people} people", ours * 1e3, theirs * 1e3, ours / theirs))
    return found


def main() -> None:
    """Measure and print."""
    spare_the_collector()  # as every command does
    parser = argparse.ArgumentParser(prog="python -m bench.counting", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--adds", type=int, default=ADDS)
    options = parser.parse_args()
    print(f"{'':4}{'ms a person':44}{'ours':>9}{'GROUP BY':>10}{'ratio':>8}")
    for name, what, ours, theirs, ratio in rows(people=options.people, adds=options.adds):
        print(f"{name:4}{what:44}{ours:9.3f}{theirs:10.4f}{ratio:8.1f}")


if __name__ == "__main__":
    main()
