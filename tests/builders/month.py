"""A month with all that can be known of contacts, at random: for tests of whole standings."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from random import Random

from bot.core.relations import RelationEvent, RelationKind
from bot.features.ledger.derive import derive
from bot.services import Services
from bot.store.contact_knowledge import Absence
from builders.e2e import at, write_config, write_roster
from builders.facts import Fact, put_facts

PEOPLE = [f"yg{number:02d}" for number in range(12)]
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
DETAILS = """-- name: put_details(userid, customer, createtime, type, way, tags, unionid, mobiles)*!
INSERT INTO details (userid, external_userid, createtime, customer_type, add_way, tags, unionid,
                     mobile_sha256, read_at)
VALUES (:userid, :customer, :createtime, :type, :way, :tags, :unionid, :mobiles, 0);
-- name: put_tag()!
INSERT INTO corp_tags (id, group_name, name) VALUES ('et1', '级别', '贵宾');
"""


def write_month(folder: Path, store: str, *, quotas: str = QUOTAS) -> Path:
    """Write roster and configuration of twelve people in three departments into the new *folder*."""
    folder.mkdir()
    write_roster(
        folder,
        *(f"{userid},员工,{11 + n % 3},客户经理,,,,{1 - n % 2 / 2}" for n, userid in enumerate(PEOPLE)),
    )
    return write_config(folder, quotas=quotas, more=INTEGRITY, store=store)


def live(services: Services, chance: Random) -> None:
    """Adds and ends of some customers whom several employees know; what WeCom and the bank say of them."""
    store, begin = services.store, int(at("2026-10-20T08:00").timestamp())
    events, details, facts = [], [], []
    for customer in (f"wm{number:03d}" for number in range(150)):
        for userid in chance.sample(PEOPLE, chance.choice([1, 1, 1, 2, 4])):
            added = begin + chance.randrange(36) * 86_400 + chance.choice([chance.randrange(36_000), 7200])
            events.append(event(userid, customer, added, RelationKind.ADDED))
            if chance.random() < 0.4:
                ended = added + chance.randrange(12 * 86_400)
                kind = chance.choice(
                    [RelationKind.LOST_BY_CUSTOMER, RelationKind.LOST_BY_MEMBER, RelationKind.TRANSFERRED]
                )
                events.append(event(userid, customer, ended, kind))
            if chance.random() < 0.8:
                details.append(detail(userid, customer, added + chance.randrange(-70, 70), chance))
        said = {
            "account": chance.choice("1110"),
            "far": chance.choice("01"),
            "manager": chance.choice(PEOPLE),
        }
        kind, key = called(customer)
        facts += [
            Fact(key_kind=kind, key=key, fact=fact, value=value)
            for fact, value in said.items()
            if chance.random() < 0.7
        ]
    put_facts(store, facts, imported_at=1)
    with store.transaction():
        for one in events:
            store.ledger.append(one, origin="callback", recorded_at=0)
        first = date(2026, 11, 9)
        leave = Absence(userid="yg03", first=first, last=first + timedelta(days=4))
        store.contact_knowledge.put_absences([leave])
        store.engine.learn(DETAILS)
        store.engine.run_many("put_details", details)
        store.engine.run("put_tag")
    derive(services)


def called(customer: str) -> tuple[str, str]:
    """By what the bank calls a customer: mostly by his id."""
    by = {7: ("unionid", f"union-{customer}"), 8: ("mobile_sha256", f"mobile-{customer}")}
    return by.get(int(customer[2:]) % 10, ("external_userid", customer))


def event(userid: str, customer: str, moment: int, kind: RelationKind) -> RelationEvent:
    return RelationEvent(userid=userid, external_userid=customer, at=moment, kind=kind)


def detail(userid: str, customer: str, createtime: int, chance: Random) -> dict[str, object]:
    return {
        "userid": userid,
        "customer": customer,
        "createtime": createtime,
        "type": chance.choice([1, 1, 1, 1, 2]),
        "way": chance.choice([1, 1, 1, 201]),
        "tags": json.dumps(["et1"] * chance.choice([0, 1, 1])),
        "unionid": f"union-{customer}",
        "mobiles": f"mobile-{customer} other",
    }
