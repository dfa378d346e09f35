"""The books of a played bank: what was promised, beside what the store, the phones and a calm bot say."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from builders.e2e import CHINA, outbox_rows, rows_of, where

from bot.core.workdays import epoch_of
from bot.features.ledger.replay import recount
from bot.features.outages.gaps import find_gap_now
from bot.features.standings.load import load_standings
from bot.services import Services
from bot.store.outbox import UPDATE
from bot.wecom.errors import CODE_SPENT
from sandbox.events import Event
from torture.wire import Wire

_FIELD = re.compile(rb"<(\w+)>(?:<!\[CDATA\[)?([^<\]]*)")
_KINDS = {
    "add_external_contact": "added",
    "add_half_external_contact": "half_added",
    "edit_external_contact": "edited",
    "del_external_contact": "lost_by_member",
    "del_follow_user": "lost_by_customer",
}
_DECIDING = frozenset(
    {"added", "transferred", "lost_by_member", "lost_by_customer"}
)  # what makes and ends adds
_KEPT_90_S = 90 * 86_400
_KEPT_S = 150 * 86_400  # so long rows of messages are kept at least
_LATER = 2  # seconds by which a list's date of an add may differ from the callback's
# Fields of a row that need nobody else's figures; `penalty` follows from the others and the cap.
_COMPARED = (
    "target",
    "counted",
    "pending",
    "open",
    "rejected",
    "gross",
    "lost",
    "kept_90",
    "status",
    "to_add",
)

_TELLING = ("progress", "reminder", "digest", "weekly")  # jobs that tell people figures

Key = tuple[str, str, int, str]


@dataclass
class Books:
    """What happened, and everything that was not as it should be."""

    events: int = 0
    days: int = 0
    is_ok: dict[Key, bool] = field(default_factory=dict)  # events of relations: answered 200 at least once
    history: dict[tuple[str, str], list[Key]] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)
    runs: dict[tuple[str, int], str] = field(default_factory=dict)
    compared: int = 0
    closed: dict[tuple[str, str, str, int], str] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    by_hand: Counter[str] = field(default_factory=Counter)
    renamed: dict[str, str] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)  # userids that WeCom has changed, and when
    newcomers: set[str] = field(default_factory=set)  # whose roster line came today
    failures: list[str] = field(default_factory=list)

    def happened(self, event: Event, *, at: int) -> None:
        """Note an event before anybody tells the bot; *at* in epoch seconds."""
        del at
        self.events += 1
        if (key := self._key(event)) is not None:
            self.is_ok.setdefault(key, False)
            self.history.setdefault(key[:2], []).append(key)

    def answered(self, event: Event, status: int | None) -> None:
        """Note how the bot answered a callback in the end; None: not at all."""
        if status not in (200, 503, None):
            self.fail(f"a callback was answered {status}")
        key = self._key(event)
        if status == 200 and key is not None:
            self.is_ok[key] = True
        elif status != 200:
            self.lost["refused" if status else "nobody there"] += 1

    def _key(self, event: Event) -> Key | None:
        """Return the key of an event under the userid that holds now."""
        key = key_of(event.xml)
        return None if key is None else (self.renamed.get(key[0], key[0]), *key[1:])

    def rename(self, old: str, new: str) -> None:
        """Enter everything of *old* under *new* from now on."""
        old, new = old.lower(), new.lower()
        self.renamed = {name: new if now == old else now for name, now in self.renamed.items()} | {old: new}

        def moved(key: Key) -> Key:
            return (new if key[0] == old else key[0], *key[1:])

        is_ok: dict[Key, bool] = {}
        history: dict[tuple[str, str], list[Key]] = {}
        for key, ok in self.is_ok.items():
            is_ok[moved(key)] = is_ok.get(moved(key), False) or ok
        for keys in self.history.values():
            for key in keys:
                history.setdefault(moved(key)[:2], []).append(moved(key))
        self.is_ok, self.history = is_ok, history

    def dropped(self, _event: Event) -> None:
        """Note an event that WeCom never sends."""
        self.lost["never sent"] += 1

    def fail(self, text: str) -> None:
        """Note that something does not hold."""
        self.failures.append(text)

    @property
    def doubtful(self) -> set[tuple[str, str]]:
        """Return the relations of which the bot does not know by callbacks all that decides something."""
        return {key[:2] for key, is_ok in self.is_ok.items() if not is_ok and key[3] in _DECIDING}

    def unrepaired(self, readings: Mapping[str, int]) -> set[str]:
        """Return who lacks an event newer than their list; *readings*: up to when lists are accounted for."""
        return {
            key[0]
            for key, is_ok in self.is_ok.items()
            if not is_ok and key[3] in _DECIDING and key[2] >= readings.get(key[0], 0)
        }

    def adds_beyond_repair(self) -> dict[str, list[int]]:
        """Return the moments of adds of each person that the bot may not know, or not what came of them."""
        moments: dict[str, list[int]] = {}
        for relation in self.beyond_repair:
            found = (key[2] for key in self.history[relation] if key[3] == "added")
            moments.setdefault(relation[0], []).extend(found)
        return moments

    @property
    def beyond_repair(self) -> set[tuple[str, str]]:
        """Return the relations that WeCom's lists cannot put right: they tell only who is there now."""
        return {relation for relation in self.doubtful if self._kinds(relation) != ["added"]}

    def _kinds(self, relation: tuple[str, str]) -> list[str]:
        return [key[3] for key in self.history[relation] if key[3] in _DECIDING]

    def report(self) -> dict[str, Any]:
        """Return the figures of the played time."""
        return {
            "days": self.days,
            "events": self.events,
            "answered 200": sum(self.is_ok.values()),
            "lost on the way": dict(self.lost),
            "faults": dict(sorted(self.faults.items())),
            "firings": dict(Counter(self.runs.values())),
            "by hand": dict(sorted(self.by_hand.items())),
            "messages": dict(self.messages),
            "rows compared": self.compared,
            "closed lines": len(self.closed),
            "failures": self.failures,
        }


def key_of(xml: bytes) -> Key | None:
    """Return userid, customer, time and the ledger's kind of an event of a relation; None for another one."""
    fields = {name.decode(): value.decode() for name, value in _FIELD.findall(xml)}
    kind = _KINDS.get(fields.get("ChangeType", ""))
    if kind is None:
        return None
    if fields.get("Source") == "DELETE_BY_TRANSFER":
        kind = "transferred"
    return fields["UserID"].lower(), fields["ExternalUserID"], int(fields["CreateTime"]), kind


def look(books: Books, services: Services, calm: Services, *, now: datetime) -> None:
    """Look after the bot has worked: were people told right figures, and do closed lines stay?"""
    told = False
    for run in rows_of(where(services), "SELECT job, fire_at, state FROM runs"):
        key = run["job"], run["fire_at"]
        if books.runs.get(key) != run["state"]:
            told = told or (run["state"] == "done" and run["job"] in _TELLING)
            if books.runs.get(key) in ("done", "missed", "held"):
                books.fail(f"{key} was {books.runs[key]} and is {run['state']}")
            books.runs[key] = run["state"]
            if run["state"] == "failed" and run["job"] in _TELLING:
                books.fail(f"{key} failed")
    gap = find_gap_now(services) if told else None
    if told and (gap is None or gap.members is not None):
        said = gap.members if gap is not None and gap.members else frozenset[str]()
        lists = rows_of(where(services), "SELECT userid, read_at FROM sync_readings")
        unread = books.unrepaired({row["userid"]: row["read_at"] for row in lists})
        _compare(books, services, calm, now=now, without=unread | said)
    _look_at_closed(books, services)


def _compare(
    books: Books, services: Services, calm: Services, *, now: datetime, without: Container[str]
) -> None:
    """Compare everybody's rows with those of the calm bot, but for people *without* a read list.

    Left out is a period in which somebody has an add beyond repair, and their `kept_90` for 90 days.
    """
    rows = {(row.quota, row.userid): asdict(row) for row in load_standings(services, at=now).rows}
    beyond_repair, kept_since = books.adds_beyond_repair(), epoch_of(now) - _KEPT_90_S
    for row in load_standings(calm, at=now).rows:
        newest = max(beyond_repair.get(row.userid, ()), default=0)
        if row.userid in without or datetime.fromtimestamp(newest, CHINA).date() >= row.period_start:
            continue
        books.compared += 1
        mine, theirs = rows.get((row.quota, row.userid)), asdict(row)
        names = [name for name in _COMPARED if name != "kept_90" or newest < kept_since]
        different = [name for name in names if mine is None or mine[name] != theirs[name]]
        if different:
            shown = {name: (mine and mine[name], theirs[name]) for name in different}
            books.fail(f"{now:%m-%d %H:%M} {row.quota} {row.userid}: {shown}")


def _look_at_closed(books: Books, services: Services) -> None:
    """Check that no stored version of a line changes, and that a signature takes nothing from anybody."""
    for row in rows_of(where(services), "SELECT * FROM results ORDER BY version"):
        key = row["quota"], row["period"], row["userid"], row["version"]
        if key in books.closed:
            if books.closed[key] != row["line"]:
                books.fail(f"the closed line {key} has changed")
            continue
        books.closed[key] = row["line"]
        before = books.closed.get((*key[:3], row["version"] - 1))
        if before is not None and row["reason"].startswith("signed"):
            was, now = json.loads(before), json.loads(row["line"])
            if now["counted"] < was["counted"] or (now["penalty"] or 0) > (was["penalty"] or 0):
                books.fail(f"the signature of {key} takes something away")


def check_the_end(
    books: Books, services: Services, calm: Services, wire: Wire, *, now: datetime, cap: int
) -> None:
    """Check the whole, after all faults have ended and their traces are gone; *cap* in yuan a month."""
    gap = find_gap_now(services)
    waiting = frozenset[str]() if gap is None or not gap.can_wait else gap.members or frozenset()
    if gap is not None and not (waiting and waiting <= books.newcomers):
        books.fail(f"figures are still incomplete: {gap}")
    _check_ledger(books, services)
    _check_adds(books, services, calm, without=waiting)
    _check_messages(books, services, wire, now=epoch_of(now))
    _compare(books, services, calm, now=now, without=waiting)
    _check_caps(books, services, cap=cap)
    if (number := services.store.audit.broken_at()) is not None:
        books.fail(f"the audit log is broken at {number}")
    for stage in recount(services, mend=False):
        for difference in stage.differences:
            books.fail(f"a recount differs: {difference}")


def _check_ledger(books: Books, services: Services) -> None:
    rows = rows_of(where(services), "SELECT userid, external_userid, at, kind, origin FROM relation_events")
    there = {(row["userid"], row["external_userid"], row["at"], row["kind"]) for row in rows}
    for key, is_ok in books.is_ok.items():
        if is_ok and key not in there:
            books.fail(f"answered 200, and not in the ledger: {key}")
    for row in rows:
        key = row["userid"], row["external_userid"], row["at"], row["kind"]
        if row["origin"] == "callback" and key not in books.is_ok:
            books.fail(f"in the ledger, though it never happened: {key}")
    for row in rows_of(where(services), "SELECT state, count(*) AS n FROM inbox GROUP BY state"):
        if row["state"] not in ("done", "ignored"):
            books.fail(f"events in the inbox: {row}")


def _check_adds(books: Books, services: Services, calm: Services, *, without: frozenset[str]) -> None:
    """Compare the adds of all relations that can be known, *without* people whose list is unread."""
    query = "SELECT userid, external_userid, added_at, ended_at FROM adds ORDER BY 1, 2, 3"
    mine, theirs, beyond_repair = _adds(services, query), _adds(calm, query), books.beyond_repair
    for relation in theirs.keys() | mine.keys():
        if relation in beyond_repair or relation[0] in without:
            continue
        ours, calms = mine.get(relation, []), theirs.get(relation, [])
        if len(ours) != len(calms) or any(
            abs(one[0] - other[0]) > _LATER or one[1] != other[1]
            for one, other in zip(ours, calms, strict=True)
        ):
            books.fail(f"the adds of {relation} are {ours} and should be {calms}")


def _adds(services: Services, query: str) -> dict[tuple[str, str], list[tuple[int, int | None]]]:
    found: dict[tuple[str, str], list[tuple[int, int | None]]] = {}
    for row in rows_of(where(services), query):
        relation = row["userid"], row["external_userid"]
        found.setdefault(relation, []).append((row["added_at"], row["ended_at"]))
    return found


def _check_messages(books: Books, services: Services, wire: Wire, *, now: int) -> None:
    """Check that each message reached its person at most once, over renames too, and once if it is sent."""
    told: Counter[str] = Counter()
    rows = outbox_rows(services)
    for row in rows:
        books.messages[row["state"]] += 1
        request = b"" if row["request"] is None else bytes(row["request"])
        arrived = wire.accepted[request]
        told[_name_now(books, row["key"])] += arrived
        # The first call uses a code up, also one that WeCom refuses.
        is_spent = row["msgtype"] == UPDATE and f'"errcode": {CODE_SPENT}' in row["receipt"]
        is_in_vain = is_spent and request in wire.refused_changes
        if row["state"] == "sent" and arrived != 1 and not is_in_vain:
            books.fail(f"{row['key']} is said to be sent and arrived {arrived} times: {row['receipt']}")
        if row["state"] not in ("sent", "unknown") and arrived:
            books.fail(f"{row['key']} arrived and is {row['state']}: {row['error']}")
        if row["state"] == "pending" and row["expires_at"] < now:
            books.fail(f"{row['key']} still waits after its end")
        if row["state"] == "failed" and not _was_renamed(books, request, at=row["finished_at"]):
            books.fail(f"{row['key']} was given up: {row['error']}")
    books.failures += [f"{key} reached its person {times} times" for key, times in told.items() if times > 1]
    planned = {bytes(row["request"]) for row in rows if row["request"] is not None}
    for request, at in wire.accepted_at.items():
        if request not in planned and at > now - _KEPT_S:
            books.fail(f"on a phone, and in no row: {request[:200]!r}")


def _name_now(books: Books, key: str) -> str:
    """Return the key of a message under the userid that its person has now."""
    start, colon, userid = key.rpartition(":")
    return f"{start}{colon}{books.renamed.get(userid, userid)}"


def _was_renamed(books: Books, request: bytes, *, at: int) -> bool:
    """Say whether a request was for userids that WeCom had changed by *at* (epoch s)."""
    to = json.loads(request)
    userids = to.get("userids") or [to["touser"]]
    return all(at >= books.gone.get(userid, at + 1) for userid in userids)


def _check_caps(books: Books, services: Services, *, cap: int) -> None:
    taken: Counter[tuple[str, str]] = Counter()
    for quota, period in {(key[0], key[1]) for key in books.closed}:
        for userid, line in services.store.results.newest(quota, period).items():
            taken[userid, f"{line.line.period_end:%Y-%m}"] += line.line.penalty or 0
    for (userid, month), amount in taken.items():
        if amount > cap:
            books.fail(f"{userid} has {amount} yuan deducted for {month}, above the cap of {cap}")
