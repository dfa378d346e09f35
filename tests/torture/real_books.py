"""The books of real processes: every callback that got a 200, every message, beside the store and phones."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from builders.e2e import CHINA, rows_of

from torture.callers import Call

_KINDS = {"add": "added", "loss": "lost_by_customer"}
Relation = tuple[str, str]


@dataclass
class PartLine:
    """One part of the torture: of *events* (and of *messages*) that are owed so many are *there*."""

    part: str
    events: int = 0
    messages: int = 0
    there: int = 0
    lost: int = 0
    doubled: int = 0

    @property
    def recovered(self) -> float:
        """Return the share of what is owed that is there, in percent."""
        owed = self.events + self.messages
        return 100.0 * self.there / owed if owed else 100.0


@dataclass
class Stored:
    """What the store holds, read from outside."""

    inbox: dict[str, list[str]]
    facts: Counter[tuple[str, str, int, str]]
    adds: dict[Relation, list[tuple[int, int | None]]]
    outbox: dict[str, dict[str, Any]]

    @classmethod
    def read(cls, place: Path | str) -> Stored:
        """Read all of it."""
        inbox, adds = defaultdict(list), defaultdict(list)
        for row in rows_of(place, "SELECT hash, state FROM inbox"):
            inbox[row["hash"][8:]].append(row["state"])
        for row in rows_of(place, "SELECT userid, external_userid, added_at, ended_at FROM adds"):
            adds[row["userid"], row["external_userid"]].append((row["added_at"], row["ended_at"]))
        facts = rows_of(place, "SELECT userid, external_userid, at, kind FROM relation_events")
        outbox = rows_of(place, "SELECT key, to_userid, state, request, error FROM outbox")
        return cls(
            inbox=dict(inbox),
            facts=Counter((row["userid"], row["external_userid"], row["at"], row["kind"]) for row in facts),
            adds=dict(adds),
            outbox={row["key"]: row for row in outbox},
        )


@dataclass
class RealBooks:
    """What was answered (*calls*), what phones showed (*phones*: requests), which messages jobs owe."""

    calls: list[Call]
    phones: Mapping[bytes, int]
    owed: dict[str, str] = field(default_factory=dict)  # key of a job's message: its part
    failures: list[str] = field(default_factory=list)

    def check(self, place: Path | str) -> list[PartLine]:
        """Compare; return a line for each part in its order. What does not hold is in `failures`."""
        self.failures = []
        stored = Stored.read(place)
        lines: dict[str, PartLine] = {}
        for call in self.calls:
            line = lines.setdefault(call.part, PartLine(call.part))
            times = self._times(call, stored)
            if call.is_ok:
                line.messages += call.kind == "word"
                line.events += call.kind != "word"
            self._enter(line, f"{call.kind} {call.name}", times, owed=call.is_ok)
        for key, part in self.owed.items():
            line = lines.setdefault(part, PartLine(part))
            line.messages += 1
            self._enter(line, key, self._arrived(key, stored), owed=True)
        self._look_at_the_rest(stored)
        return list(lines.values())

    def adds(self, place: Path | str, *, first: str, last: str) -> Counter[str]:
        """Return each employee's number of stored adds dated between two local days, both included."""
        stored = Stored.read(place)
        return Counter(
            call.userid
            for call in self.calls
            if call.kind == "add"
            and call.hash in stored.inbox
            and first <= datetime.fromtimestamp(call.at, CHINA).date().isoformat() <= last
        )

    def _enter(self, line: PartLine, name: str, times: int, *, owed: bool) -> None:
        line.there += owed and times == 1
        line.lost += owed and times == 0
        line.doubled += times > 1
        if times > 1 or (owed and not times):
            self.failures.append(f"{line.part}: {name} is there {times} times")

    def _times(self, call: Call, stored: Stored) -> int:
        """Return how often *call* has had its whole effect: stored, done, in the ledger, derived or answered.

        As often as the step that has it least often; but any step that has it twice counts as twice.
        """
        states = stored.inbox.get(call.hash, [])
        steps = [len(states), sum(state == "done" for state in states)]
        if call.kind == "word":
            steps.append(self._arrived(f"answer:{call.name}", stored))
        else:
            adds = stored.adds.get((call.userid, call.name), [])
            is_loss = call.kind == "loss"
            steps.append(stored.facts[call.userid, call.name, call.at, _KINDS[call.kind]])
            steps.append(sum(not is_loss or ended == call.at for _, ended in adds))
        return max(steps) if max(steps) > 1 else min(steps)

    def _arrived(self, key: str, stored: Stored) -> int:
        """Return on how many phones the message *key* arrived; one that expired untold is not owed."""
        row = stored.outbox.get(key)
        if row is None:
            return 0
        times = self.phones.get(bytes(row["request"]), 0) if row["request"] is not None else 0
        return 1 if row["state"] == "expired" and not times else times

    def _look_at_the_rest(self, stored: Stored) -> None:
        """Find what nobody called for: foreign events, messages without a row, rows that never ended."""
        known = {
            (call.userid, call.name, call.at, _KINDS[call.kind]) for call in self.calls if call.kind in _KINDS
        }
        self.failures += [
            f"in the ledger, and never called: {fact}" for fact in stored.facts if fact not in known
        ]
        requests = Counter(
            bytes(row["request"]) for row in stored.outbox.values() if row["request"] is not None
        )
        for request in self.phones:
            if requests[request] != 1:
                self.failures.append(f"on a phone, with {requests[request]} rows: {shown(request)}")
        for key, row in stored.outbox.items():
            times = self._arrived(key, stored)
            if row["state"] not in ("sent", "unknown", "expired"):
                self.failures.append(f"{key} is {row['state']}: {row['error']}")
            if row["state"] == "sent" and times != 1:
                self.failures.append(f"{key} is said to be sent and arrived {times} times")


def shown(request: bytes) -> str:
    """Return whom a request of message/send is for, and its kind."""
    body = json.loads(request)
    return f"{body['msgtype']} to {body['touser']}"


def total(lines: Iterable[PartLine], part: str) -> PartLine:
    """Return the sum of *lines*."""
    whole = PartLine(part)
    for line in lines:
        for name in ("events", "messages", "there", "lost", "doubled"):
            setattr(whole, name, getattr(whole, name) + getattr(line, name))
    return whole
