"""Random stories of the oracle, played to the product: files, rosters, notices, decisions, a close."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from oracle.branch import Branch, Event, FindingDecision, Key, Line, Penalty, Quota, Reading, Reward, Rules
from oracle.closed import Oracle
from oracle.rows import Row
from oracle.short import LONG_AGO
from oracle.stories import LAST_DAY, Story

from bot.core.evidence import Evidence
from bot.core.integrity import Finding, FindingKind, FindingName
from bot.core.progress import QuotaFigures
from bot.core.relations import RelationEvent, RelationKind
from bot.features.close import settle
from bot.features.ledger.derive import derive
from bot.services import FIRST_START, Services
from bot.store.contact_knowledge import Absence
from bot.store.reviews import Opening, ReviewKind, ReviewState
from builders.e2e import FakeTime, installation, write_config, write_roster
from builders.facts import Fact, put_facts
from builders.month import DETAILS

TYPES = {1: "wechat", 2: "wecom"}
PUT_TAG = """-- name: put_story_tag(id, group, name)*!
INSERT INTO corp_tags (id, group_name, name) VALUES (:id, :group, :name);
"""


# -- the files


def toml(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Fraction):
        return str(float(value))
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml(part)}" for name, part in value.items()) + " }"
    if isinstance(value, (list, tuple, set, frozenset)):
        return (
            "[" + ", ".join(map(toml, sorted(value) if isinstance(value, (set, frozenset)) else value)) + "]"
        )
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)


def section(name: str, values: dict[str, Any]) -> str:
    """Return a section of a file; what is None or empty is left out."""
    lines = [
        f"{key} = {toml(value)}" for key, value in values.items() if value not in (None, (), frozenset(), [])
    ]
    return "\n".join([name, *lines]) + "\n"


def penalty_of(rule: Penalty | None) -> dict[str, Any] | None:
    """Return the key `penalty`."""
    if rule is None:
        return None
    if rule.flat is not None:
        return {"flat": rule.flat}
    if rule.per_missing is not None:
        return {"per_missing": rule.per_missing} | ({} if rule.cap is None else {"cap": rule.cap})
    return {"tiers": [{"below": below, "amount": amount} for below, amount in rule.tiers]}


def reward_of(rule: Reward | None) -> dict[str, Any] | None:
    """Return the key `reward`."""
    if rule is None:
        return None
    if rule.per_extra is not None:
        return {"per_extra": rule.per_extra} | ({} if rule.cap is None else {"cap": rule.cap})
    asked = {"min_attainment": rule.min_attainment, "min_kept": rule.min_kept}
    presence = {"min_presence": rule.min_presence} if rule.min_presence else {}
    return {"top": rule.top, "scope": rule.scope} | asked | presence


def quota_of(quota: Quota) -> str:
    """Return one `[[quotas]]` section with its counting rules."""
    named = ("id", "roles", "departments", "userids", "period", "target", "basis", "starts_on", "ends_on")
    counting = {
        "first_add": quota.first_add,
        "customer_types": [TYPES[number] for number in sorted(quota.customer_types)],
        "max_share": [{"fact": fact, "share": share} for fact, share in quota.max_share],
    }
    plain = ("keep_days", "segment_tags", "required_tags", "required_facts", "exclude_add_ways")
    counting |= {name: getattr(quota, name) for name in (*plain, "exclude_states", "own_book", "max_per_day")}
    whole = {name: getattr(quota, name) for name in named}
    whole |= {"penalty": penalty_of(quota.penalty), "reward": reward_of(quota.reward)}
    return section("[[quotas]]", whole) + section("[quotas.counting]", counting)


def rules_of(rules: Rules, branch: Branch) -> str:
    """Return everything of the configuration that counts."""
    integrity = rules.integrity
    burst, loss = integrity.burst, integrity.quick_loss
    return "".join(
        [
            *map(quota_of, rules.quotas),
            section("[ledger]", {"regain_days": rules.regain_days}),
            section("[money]", {"cap_per_month": rules.cap_per_month}),
            section(
                "[integrity]",
                {
                    "shared_by": integrity.shared_by,
                    "window_days": integrity.window_days if integrity.shared_by else None,
                    "burst": None if burst is None else {"adds": burst[0], "minutes": burst[1]},
                    "quick_loss": None if loss is None else {"rate": loss[0], "min_adds": loss[1]},
                    "action": "hold" if integrity.hold else "flag",
                },
            ),
            section("[messages]", {"behind_threshold": branch.behind_threshold}),
            section(
                "[calendar]",
                {"timezone": branch.zone.key, "holidays": branch.holidays, "workdays": branch.workdays},
            ),
            *(
                section(
                    "[[campaigns]]",
                    {
                        "name": f"fair{number}",
                        "from": one.first,
                        "to": one.last,
                        "departments": one.departments,
                    },
                )
                for number, one in enumerate(branch.campaigns)
            ),
        ]
    )


def roster_line(userid: str, line: Line) -> str:
    """Return one line of the roster."""
    departments = ";".join(map(str, line.departments))
    joined, left = line.joined_on or "", line.left_on or ""
    return f"{userid},员工,{departments},{line.role or ''},,{joined},{left},{float(line.share)}"


def write_files(folder: Path, store: str, reading: Reading, rules: str) -> Path:
    """Write configuration, roster and departments as they are on one day."""
    write_roster(folder, *(roster_line(userid, line) for userid, line in reading.lines.items()))
    used = {number for line in reading.lines.values() for number in line.departments}
    lines = [
        f"{number},部门{number},{reading.parents.get(number, '')}"
        for number in sorted(used | set(range(1, 6)))
    ]
    (folder / "departments.csv").write_text("\n".join(["id,name,parent", *lines]) + "\n", encoding="utf-8")
    return write_config(folder, quotas=rules, store=store)


# -- what happens


def tell(services: Services, events: Iterable[Event]) -> None:
    """Put notices into the ledger and derive."""
    with services.store.transaction():
        for event in events:
            fact = RelationEvent(
                userid=event.userid,
                external_userid=event.customer,
                at=event.at,
                kind=RelationKind(event.kind),
                state=event.state,
            )
            services.store.ledger.append(fact, origin="sync" if event.by_list else "callback", recorded_at=0)
    derive(services)


def tag_of(tag: str) -> dict[str, str]:
    """Return the row of a tag, called by its name or by "group/name"."""
    group, _, name = tag.rpartition("/")
    return {"id": f"et-{tag}", "group": group or "group", "name": name}


def know(services: Services, branch: Branch) -> None:
    """Store what is known of contacts, absences, and what was decided."""
    facts = [
        Fact(key_kind="external_userid", key=customer, fact=fact, value=str(int(value)))
        for customer, said in branch.facts.items()
        for fact, value in said.items()
    ]
    facts += [
        Fact(key_kind="external_userid", key=customer, fact="manager", value=manager)
        for customer, manager in branch.managers.items()
    ]
    put_facts(services.store, facts, imported_at=1)
    added = {(event.userid, event.customer, event.at) for event in branch.events if event.kind == "added"}
    tags = sorted({tag for details in branch.details.values() for tag in details.tags})
    with services.store.transaction():
        services.store.contact_knowledge.put_absences(
            [
                Absence(userid=userid, first=day, last=day)
                for userid, days in branch.absences.items()
                for day in days
            ]
        )
        services.store.engine.learn(DETAILS)
        services.store.engine.learn(PUT_TAG)
        services.store.engine.run_many("put_story_tag", [tag_of(tag) for tag in tags])
        services.store.engine.run_many(
            "put_details",
            [
                {
                    "userid": userid,
                    "customer": customer,
                    "createtime": moment,
                    "type": branch.details[userid, customer].customer_type,
                    "way": branch.details[userid, customer].add_way,
                    "tags": json.dumps([tag_of(tag)["id"] for tag in branch.details[userid, customer].tags]),
                    "unionid": "",
                    "mobiles": "",
                }
                for userid, customer, moment in sorted(added)
                if (userid, customer) in branch.details
            ],
        )


def decide(services: Services, branch: Branch) -> None:
    """Store what reviewers said of contacts and of findings."""
    reviews, findings = services.store.reviews, services.store.findings
    with services.store.transaction():
        for decision in branch.decisions:
            kind = ReviewKind.APPEAL if decision.appeal else ReviewKind.HELD
            reviews.open(
                [Opening(kind=kind, quota=decision.quota, period="", contact=decision.key, opened_at=0)]
            )
        said = {(one.key, one.quota, one.appeal): one.accepted for one in branch.decisions}
        for review in reviews.all_open():
            accepted = said[review.contact, review.quota, review.kind is ReviewKind.APPEAL]
            state = ReviewState.ACCEPTED if accepted else ReviewState.REJECTED
            reviews.decide(review.number, state, by="boss", reason="", at=1)
        for word in branch.findings:
            finding = finding_of(branch, word)
            findings.ask(finding, Evidence(first=0, last=0, n=len(word.adds)), at=0)
            findings.decide(finding.name, confirmed=word.confirmed, by="boss", reason="", at=1)


def finding_of(branch: Branch, word: FindingDecision) -> Finding:
    """Return the product's finding that a decision was about."""
    adds: list[Key] = sorted(word.adds, key=lambda key: (key[2], key[1]))
    on = Oracle(branch).day_of(adds[0][2])
    subject = {
        "burst": on.isoformat(),
        "shared": adds[0][1],
        "quick_loss": f"{word.quota} {word.period}",
    }[word.kind]
    name = FindingName(kind=FindingKind(word.kind), userid=word.userid, subject=subject)
    return Finding(name=name, on=on, concerned=tuple(adds), seen=len(adds))


@dataclass
class Played:
    """An installation in which a story has happened, and which periods were closed in it."""

    services: Services
    closed: set[tuple[str, str]]


@contextmanager
def lived(
    folder: Path, store: str, branch: Branch, *, clock: FakeTime, rules: str | None = None
) -> Iterator[Services]:
    """Let everything of *branch* happen in the new *folder*, and yield the installation.

    *rules* replaces the text of its rules on all days.
    """
    folder.mkdir()
    record(folder, store, branch, rules=rules)
    with installation(_write(folder, store, branch, LAST_DAY, rules=rules), clock) as services:
        live(services, branch)
        yield services


@contextmanager
def played(folder: Path, store: str, story: Story) -> Iterator[Played]:
    """Let a story happen on a store, and yield the installation after all of it."""
    before, after, closed = story.before, story.after, set[tuple[str, str]]()
    end = datetime.combine(LAST_DAY, time(12), after.zone)
    with lived(folder, store, before, clock=FakeTime(story.closed_at or end)) as services:
        if story.closed_at is not None:
            settle.close_due(services, at=story.closed_at)
            closed = {(one.quota, one.period) for one in services.store.results.closed()}
    if after.readings != before.readings:
        record(folder, store, after, since=before.readings[-1].on + timedelta(days=1))
    with installation(_write(folder, store, after, LAST_DAY), FakeTime(end + timedelta(days=1))) as services:
        tell(services, set(after.events) - set(before.events))
        yield Played(services, closed)


def record(
    folder: Path, store: str, branch: Branch, *, since: date = date.min, rules: str | None = None
) -> None:
    """Start the service on each day on which rules or a roster are new; *rules* replaces the file's text."""
    days = {version.on for version in branch.versions} | {reading.on for reading in branch.readings}
    for day in sorted(day for day in days if day >= since):
        path = _write(folder, store, branch, day, rules=rules)
        with installation(path, FakeTime(datetime.combine(day, time(12), branch.zone))):
            pass


def live(services: Services, branch: Branch) -> None:
    """Store everything that happened and is known."""
    began = datetime.combine(branch.record_began or LONG_AGO, time(12), branch.zone)
    services.store.marks.put(FIRST_START, str(int(began.timestamp())))
    tell(services, branch.events)
    know(services, branch)
    decide(services, branch)


def _write(folder: Path, store: str, branch: Branch, day: date, *, rules: str | None = None) -> Path:
    held = [version.rules for version in branch.versions if version.on <= day][-1]
    reading = [reading for reading in branch.readings if reading.on <= day][-1]
    return write_files(folder, store, reading, rules_of(held, branch) if rules is None else rules)


def row_of(row: QuotaFigures) -> Row:
    """Return a row of the product as the oracle has one."""
    return {name: str(value) if name == "status" else value for name, value in asdict(row).items()}
