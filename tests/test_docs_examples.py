"""The rules of banks in docs/examples give what a person computes by hand in the comments beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from builders.branches import NINE_TENTHS, at, core_branch, event, person, quota_periods_of, seconds
from builders.config import DIRECTORY, WECOM, read

from bot.core.contacts import Contact, Details
from bot.core.people import Membership, Person
from bot.core.progress import QuotaFigures, compute_rows
from bot.core.relations import RelationEvent, RelationKind

FOLDER = Path(__file__).parent.parent / "docs" / "examples"
EXPECTED = re.compile(r"^#> (\w+) (.+)$", re.MULTILINE)


@dataclass
class Bank:
    """People, what happened, and what the bank says of customers."""

    folder: Path
    people: list[Person] = field(default_factory=list)
    events: list[RelationEvent] = field(default_factory=list)
    facts: dict[str, dict[str, bool]] = field(default_factory=dict)
    managers: dict[str, str] = field(default_factory=dict)
    tags: dict[str, frozenset[str]] = field(default_factory=dict)
    _number: int = 0

    def joins(self, userid: str, **changes: object) -> None:
        self.people.append(person(userid, **changes))  # type: ignore[arg-type]  # a builder

    def adds(self, userid: str, number: int, when: str) -> list[str]:
        """So many new customers of *userid*, a minute apart from *when* on; their ids."""
        customers = [f"{userid}#{self._number + n}" for n in range(number)]
        self._number += number
        for n, customer in enumerate(customers):
            self.events.append(
                event(RelationKind.ADDED, seconds(when) + 60 * n, customer=customer, userid=userid)
            )
        return customers

    def ends(
        self, customers: list[str], when: str, kind: RelationKind = RelationKind.LOST_BY_CUSTOMER
    ) -> None:
        for customer in customers:
            userid = customer.partition("#")[0]
            self.events.append(event(kind, when, customer=customer, userid=userid))

    def rows(self, file: Path, *, when: datetime, period: str) -> list[QuotaFigures]:
        """In the order in which people joined."""
        config = read(self.folder, WECOM + DIRECTORY + file.read_text(encoding="utf-8"))
        whole = core_branch(self.people, self.events)
        branch = replace(
            whole,
            contacts={
                userid: [self._known(one) for one in of_one] for userid, of_one in whole.contacts.items()
            },
        )
        rows = compute_rows(
            branch,
            quota_periods=quota_periods_of(config.core_quotas(), when=when, period_name=period),
            at=when,
            behind_threshold=NINE_TENTHS,
        )
        order = [one.userid for one in self.people]
        return sorted(rows, key=lambda row: order.index(row.userid))

    def _known(self, contact: Contact) -> Contact:
        customer = contact.add.external_userid
        return replace(
            contact,
            details=Details(customer_type=1, add_way=1, tags=self.tags.get(customer, frozenset())),
            facts=self.facts.get(customer, {}),
            manager=self.managers.get(customer),
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
    bank.joins("away", absences=frozenset(date(2026, 11, day) for day in range(9, 14)))
    bank.adds("away", 30, "2026-11-18T10:00")


def held_300(bank: Bank) -> None:
    bank.joins("losing")
    bank.ends(bank.adds("losing", 310, "2026-09-01T08:00")[:12], "2026-11-02T10:00")
    bank.joins("winning")
    bank.ends(
        bank.adds("winning", 290, "2026-09-01T08:00")[:5], "2026-12-31T23:59:59", RelationKind.LOST_BY_MEMBER
    )
    bank.adds("winning", 15, "2026-12-01T10:00")
    bank.joins("handing")
    before = bank.adds("handing", 303, "2026-09-01T08:00")
    bank.ends(before[:4], "2026-10-15T10:00", RelationKind.TRANSFERRED)
    bank.ends(before[4:5], "2026-10-16T10:00")


def vip_missing(bank: Bank) -> None:
    for userid, tagged, plain in (("close", 18, 4), ("far", 3, 9), ("made", 25, 0)):
        bank.joins(userid)
        vips = bank.adds(userid, tagged, "2026-11-03T10:00")
        bank.tags |= dict.fromkeys(vips, frozenset({"et1", "客户级别/贵宾", "贵宾"}))
        others = bank.adds(userid, plain, "2026-11-05T10:00")
        bank.tags |= dict.fromkeys(others, frozenset({"et2", "客户级别/普通", "普通"}))


def by_role(bank: Bank) -> None:
    bank.joins("head", role="支行长")
    bank.adds("head", 100, "2025-09-02T10:00")
    bank.joins("deputy", role="副行长")
    bank.adds("deputy", 64, "2025-09-02T10:00")
    then = Membership(since=date(2025, 9, 13), departments=(1,), role="柜员")
    first = Membership(since=None, departments=(1,), role="客户经理")
    bank.joins("manager", memberships=(first, then))
    bank.adds("manager", 20, "2025-09-03T10:00")
    bank.adds("manager", 28, "2025-09-23T10:00")
    bank.joins("teller", role="柜员")
    bank.adds("teller", 49, "2025-09-02T10:00")
    bank.ends(bank.adds("teller", 2, "2025-09-04T10:00"), "2025-09-05T10:00")


def daily_15(bank: Bank) -> None:
    bank.joins("made")
    bank.adds("made", 15, "2026-11-24T09:00")
    bank.joins("lost")
    bank.ends(bank.adds("lost", 16, "2026-11-24T09:00")[:2], "2026-11-24T20:00")
    bank.joins("half", share=Fraction(1, 2))
    bank.adds("half", 7, "2026-11-24T09:00")
    bank.joins("away", absences=frozenset({date(2026, 11, 24)}))
    bank.adds("away", 1, "2026-11-24T09:00")


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
        customers = bank.adds(userid, number, "2026-11-10T10:00")
        if userid == "churn":
            bank.ends(customers[:30], "2026-11-18T18:00")


def five_conditions(bank: Bank) -> None:
    for userid in ("strict", "silent", "far", "colleague"):
        bank.joins(userid, role="客户经理" if userid != "colleague" else "柜员")
    passing = {"account": True, "real_name": True, "out_of_province": False}
    shared = bank.adds("strict", 3, "2026-11-09T10:00")
    for customer in shared:
        bank.events.append(
            event(RelationKind.ADDED, "2026-10-09T10:00", customer=customer, userid="colleague")
        )
    elsewhere = bank.adds("strict", 2, "2026-11-10T10:00")
    unverified = bank.adds("strict", 4, "2026-11-11T10:00")
    lost = bank.adds("strict", 1, "2026-11-12T10:00")
    bank.ends(lost, "2026-11-15T09:00")
    province = bank.adds("strict", 36, "2026-11-13T10:00")
    outside = bank.adds("strict", 14, "2026-11-16T10:00")
    far = bank.adds("far", 20, "2026-11-13T10:00")
    bank.adds("silent", 50, "2026-11-13T10:00")
    for customer in (*shared, *elsewhere, *unverified, *lost, *province, *outside, *far):
        bank.facts[customer] = dict(passing)
        bank.managers[customer] = customer.partition("#")[0]
    for customer in elsewhere:
        bank.managers[customer] = "colleague"
    for customer in unverified:
        bank.facts[customer]["real_name"] = False
    for customer in outside:
        bank.facts[customer]["out_of_province"] = True


SCENARIOS: dict[str, Callable[[Bank], None]] = {
    "monthly-50": monthly_50,
    "held-300": held_300,
    "vip-missing": vip_missing,
    "by-role": by_role,
    "daily-15": daily_15,
    "top-of-the-ranking": top_of_the_ranking,
    "five-conditions": five_conditions,
}


def by_hand(file: Path) -> tuple[datetime, str, list[tuple[str, dict[str, str]]]]:
    """When, which period, and the figures of each person that the comments name."""
    (_, moment), *lines = EXPECTED.findall(file.read_text(encoding="utf-8"))
    when, _, period = moment.partition(" of ")
    told = [(userid, dict(figure.split("=") for figure in figures.split())) for userid, figures in lines]
    return at(when), period, told


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_banks_rule_gives_what_is_computed_by_hand_beside_it(name: str, tmp_path: Path) -> None:
    file = FOLDER / f"{name}.toml"
    when, period, told = by_hand(file)
    bank = Bank(folder=tmp_path)
    SCENARIOS[name](bank)
    rows = bank.rows(file, when=when, period=period)

    assert [(row.userid, shown(row, figures)) for row, (_, figures) in zip(rows, told, strict=True)] == told


def shown(row: QuotaFigures, figures: Iterable[str]) -> dict[str, str]:
    return {figure: str(getattr(row, figure)) for figure in figures}


def test_every_example_is_tested_and_named_on_their_page() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert sorted(SCENARIOS) == sorted(file.stem for file in FOLDER.glob("*.toml"))
    assert [name for name in SCENARIOS if f"({name}.toml)" not in page] == []


def test_before_it_holds_a_rule_asks_nothing(tmp_path: Path) -> None:
    bank = Bank(folder=tmp_path)
    by_role(bank)

    assert bank.rows(FOLDER / "by-role.toml", when=at("2025-08-20T12:00"), period="2025-08") == []
