"""The rules of banks in docs/examples give what a person computes by hand in the comments beside them.

A line "at T of PERIOD" is followed by figures, "morning T" and "close T" by what each person reads then.
Figures are compared with the oracle, with the rows of a real store, and with what a close stores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from builders import stories
from builders.e2e import FakeTime, installation
from oracle.branch import SHANGHAI, Branch, Details, Event, Line, Reading, Version
from oracle.closed import Oracle
from oracle.files import rules_from
from oracle.short import LONG_AGO, at, ended, november, won

from bot.features.standings.load import load_standings
from bot.services import Services
from scheduler.jobs import PREPARES
from scheduler.planner import plan

FOLDER = Path(__file__).parent.parent / "docs" / "examples"
LINE = re.compile(r"^#> (\S+) (.+)$", re.MULTILINE)
HEAD = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(?: of (\S+))?")
PLAIN = Details()
VIP, ORDINARY = Details(tags=frozenset({"客户级别/贵宾"})), Details(tags=frozenset({"客户级别/普通"}))
MANAGER = "客户经理"


class Block(NamedTuple):
    """One moment and what is expected of some people then."""

    kind: str  # at, morning, close
    when: datetime
    period: str | None
    lines: list[tuple[str, str]]


@dataclass
class Bank:
    """People, what happened, and what the bank says of customers."""

    lines: dict[str, Line] = field(default_factory=dict)
    later: tuple[date, dict[str, Line]] | None = None
    absences: dict[str, frozenset[date]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    details: dict[tuple[str, str], Details] = field(default_factory=dict)
    managers: dict[str, str] = field(default_factory=dict)
    facts: dict[str, dict[str, bool]] = field(default_factory=dict)

    def joins(self, userid: str, role: str = MANAGER, **changes: Any) -> None:
        """Take somebody into the roster."""
        self.lines[userid] = Line(role=role, **changes)

    def adds(self, userid: str, number: int, when: str, details: Details = PLAIN) -> tuple[Event, ...]:
        """Let somebody add so many new customers."""
        events = won(number, when, userid=userid, name=f"{userid}-{when}")
        self.events += events
        self.details |= {(userid, event.customer): details for event in events}
        return events

    def ends(self, events: tuple[Event, ...], when: str, kind: str = "lost_by_customer") -> None:
        """Let relations end."""
        self.events += ended(events, when, kind)

    def branch(self, text: str) -> Branch:
        """Return it all, under the rules of a file."""
        first = Reading(on=LONG_AGO, lines=self.lines)
        later = () if self.later is None else (Reading(on=self.later[0], lines=self.later[1]),)
        return Branch(
            versions=(Version(on=LONG_AGO, rules=rules_from(text)),),
            readings=(first, *later),
            events=tuple(self.events),
            absences=self.absences,
            details=self.details,
            managers=self.managers,
            facts=self.facts,
        )


def monthly_50(bank: Bank) -> None:
    bank.joins("full")
    bank.adds("full", 49, "2026-11-03T10:00")
    bank.ends(bank.adds("full", 7, "2026-11-10T10:00"), "2026-11-12T10:00")
    bank.joins("made")
    bank.adds("made", 50, "2026-11-30T10:00")
    bank.joins("half", share=Fraction(1, 2))
    bank.adds("half", 20, "2026-11-04T10:00")
    bank.joins("new", joined_on=date(2026, 11, 16))
    bank.adds("new", 26, "2026-11-17T10:00")
    bank.joins("away")
    bank.absences["away"] = november(9, 13)
    bank.adds("away", 30, "2026-11-18T10:00")


def held_300(bank: Bank) -> None:
    bank.joins("losing")
    bank.ends(bank.adds("losing", 310, "2026-09-01T08:00")[:12], "2026-11-02T10:00")
    bank.joins("winning")
    bank.ends(bank.adds("winning", 290, "2026-09-01T08:00")[:5], "2026-12-31T23:59:59", "lost_by_member")
    bank.adds("winning", 15, "2026-12-01T10:00")
    bank.joins("handing")
    before = bank.adds("handing", 303, "2026-09-01T08:00")
    bank.ends(before[:4], "2026-10-15T10:00", "transferred")
    bank.ends(before[4:5], "2026-10-16T10:00")


def vip_missing(bank: Bank) -> None:
    for userid, tagged, plain in (("close", 18, 4), ("far", 3, 9), ("made", 25, 0)):
        bank.joins(userid)
        bank.adds(userid, tagged, "2026-11-03T10:00", VIP)
        bank.adds(userid, plain, "2026-11-05T10:00", ORDINARY)


def by_role(bank: Bank) -> None:
    bank.joins("head", role="支行长")
    bank.adds("head", 100, "2025-09-02T10:00")
    bank.joins("deputy", role="副行长")
    bank.adds("deputy", 64, "2025-09-02T10:00")
    bank.joins("manager")
    bank.adds("manager", 20, "2025-09-03T10:00")
    bank.adds("manager", 28, "2025-09-23T10:00")
    bank.joins("teller", role="柜员")
    bank.adds("teller", 49, "2025-09-02T10:00")
    bank.ends(bank.adds("teller", 2, "2025-09-04T10:00"), "2025-09-05T10:00")
    bank.later = date(2025, 9, 13), {**bank.lines, "manager": Line(role="柜员")}


def daily_15(bank: Bank) -> None:
    bank.joins("made")
    bank.adds("made", 15, "2026-11-24T09:30")
    bank.joins("lost")
    bank.ends(bank.adds("lost", 16, "2026-11-24T09:30")[:2], "2026-11-24T20:00")
    bank.joins("half", share=Fraction(1, 2))
    bank.adds("half", 7, "2026-11-24T09:30")
    bank.joins("away")
    bank.absences["away"] = november(24, 24)
    bank.adds("away", 1, "2026-11-24T09:30")
    bank.joins("sunday")
    bank.adds("sunday", 20, "2026-11-22T15:00")


def top_of_the_ranking(bank: Bank) -> None:
    for userid, number, department in (
        ("first", 70, 12),
        ("second", 60, 12),
        ("third", 60, 12),
        ("fourth", 55, 12),
        ("churn", 100, 13),
        ("short", 49, 13),
    ):
        bank.joins(userid, departments=(department,))
        events = bank.adds(userid, number, "2026-11-10T10:00")
        if userid == "churn":
            bank.ends(events[:30], "2026-11-18T18:00")


def five_conditions(bank: Bank) -> None:
    for userid in ("strict", "silent", "far", "colleague"):
        bank.joins(userid, role=MANAGER if userid != "colleague" else "柜员")
    numbers = (3, 2, 4, 1, 36, 14)
    groups = [bank.adds("strict", number, f"2026-11-{9 + n:02}T10:00") for n, number in enumerate(numbers)]
    shared, elsewhere, unverified, lost, _, outside = groups
    bank.events += [event._replace(userid="colleague", at=event.at - 31 * 86_400) for event in shared]
    bank.ends(lost, "2026-11-15T09:00")
    for event in (*(event for group in groups for event in group), *bank.adds("far", 20, "2026-11-13T10:00")):
        bank.facts[event.customer] = {"account": True, "real_name": True, "out_of_province": event in outside}
        bank.managers[event.customer] = "colleague" if event in elsewhere else event.userid
    for event in unverified:
        bank.facts[event.customer]["real_name"] = False
    bank.adds("silent", 50, "2026-11-13T10:00")


SCENARIOS: dict[str, Callable[[Bank], None]] = {
    "monthly-50": monthly_50,
    "held-300": held_300,
    "vip-missing": vip_missing,
    "by-role": by_role,
    "daily-15": daily_15,
    "top-of-the-ranking": top_of_the_ranking,
    "five-conditions": five_conditions,
}


def by_hand(text: str) -> list[Block]:
    """Return what the comments of a file say, moment by moment."""
    blocks: list[Block] = []
    for name, rest in LINE.findall(text):
        head = HEAD.fullmatch(rest)
        if head:
            blocks.append(Block(name, at(head[1]), head[2], []))
        else:
            blocks[-1].lines.append((name, rest))
    return blocks


def of_bank(name: str) -> tuple[str, Branch]:
    bank = Bank()
    SCENARIOS[name](bank)
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return text, bank.branch(text)


def differences(rows: list[dict[str, Any]], block: Block) -> list[tuple[str, str, str]]:
    """Return each figure by hand that no row of the person has, under the quota that the line names."""
    found = []
    for userid, line in block.lines:
        wanted = dict(figure.split("=") for figure in line.split())
        own = [
            {figure: str(row[figure]) for figure in wanted}
            for row in rows
            if row["userid"] == userid and wanted.get("quota", row["quota"]) == row["quota"]
        ]
        if own != [wanted]:
            found.append((userid, line, str(own)))
    return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_figures_by_hand_are_those_of_the_oracle(name: str) -> None:
    text, branch = of_bank(name)
    oracle = Oracle(branch)
    blocks = [block for block in by_hand(text) if block.kind == "at"]

    assert [differences(oracle.rows(block.when, block.period), block) for block in blocks] == [
        [] for _ in blocks
    ]


@contextmanager
def running(folder: Path, name: str, *, when: datetime) -> Iterator[Services]:
    """Open an installation in which all of it has happened, at *when*."""
    text, branch = of_bank(name)
    stories.record(folder, "sqlite:///quotabot.db", branch, rules=MARKDOWN + text)
    path = stories.write_files(folder, "sqlite:///quotabot.db", branch.readings[-1], MARKDOWN + text)
    with installation(path, FakeTime(when)) as services:
        stories.live(services, branch)
        yield services


MARKDOWN = '[messages]\nstyle = "markdown"\n'  # whole messages, not what a card has room for


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_banks_rule_gives_what_is_computed_by_hand_beside_it(name: str, tmp_path: Path) -> None:
    blocks = [block for block in by_hand(of_bank(name)[0]) if block.kind == "at"]
    with running(tmp_path, name, when=blocks[-1].when) as services:
        shown = [
            [stories.row_of(row) for row in load_standings(services, at=block.when, period=block.period).rows]
            for block in blocks
        ]

    found = [differences(rows, block) for rows, block in zip(shown, blocks, strict=True)]

    assert found == [[] for _ in blocks]


def messages(folder: Path, name: str, block: Block) -> dict[str, str]:
    """Return what each person reads at the moment of *block*, once all that settled before is closed."""
    job = {"morning": "progress", "close": "close"}[block.kind]
    with running(folder, name, when=block.when) as services:
        calendar = services.config.work_calendar()
        first = calendar.day_of(services.store.ledger.first_at() or 0)
        for day in calendar.workdays_between(first, block.when.date() - timedelta(days=1)):
            PREPARES["close"](services, datetime.combine(day, time(8, 42), SHANGHAI))
        return {message.to_userid: message.content for message in plan(services, job, at=block.when)}


MESSAGES = [
    (name, block.kind)
    for name in SCENARIOS
    for block in by_hand((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    if block.kind != "at"
]


@pytest.mark.parametrize(("name", "kind"), MESSAGES)
def test_people_read_what_stands_beside_the_rule(name: str, kind: str, tmp_path: Path) -> None:
    (block,) = [block for block in by_hand(of_bank(name)[0]) if block.kind == kind]
    texts = messages(tmp_path, name, block)
    missing = [
        (userid, part, texts.get(userid))
        for userid, line in block.lines
        for part in line.split(" … ")
        if part not in texts.get(userid, "")
    ]

    assert missing == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_close_stores_what_is_computed_by_hand(name: str, tmp_path: Path) -> None:
    block = next(block for block in by_hand(of_bank(name)[0]) if block.kind == "at")
    with running(tmp_path, name, when=block.when) as services:
        PREPARES["close"](services, block.when)
        stored = [
            stories.row_of(result.line)
            for closed in services.store.results.closed()
            if closed.period == block.period
            for result in services.store.results.newest(closed.quota, closed.period).values()
        ]

    assert differences(stored, block) == []


def test_every_example_is_tested_and_named_on_their_page() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert sorted(SCENARIOS) == sorted(file.stem for file in FOLDER.glob("*.toml"))
    assert [name for name in SCENARIOS if f"({name}.toml)" not in page] == []


def test_before_it_holds_a_rule_asks_nothing(tmp_path: Path) -> None:
    with running(tmp_path, "by-role", when=at("2025-08-20T12:00")) as services:
        assert load_standings(services, at=at("2025-08-20T12:00"), period="2025-08").rows == ()
