"""The state of an installation, for programs: queues, failures, last runs, what is incomplete."""

from __future__ import annotations

from typing import Any

from bot import __version__
from bot.features.delivery.sender import LEASE
from bot.features.health import Health
from bot.features.outages import catch_up, gaps
from bot.features.people.directory import count_people
from bot.features.robots.posts import fingerprints
from bot.features.status.audit import ChainState
from bot.features.status.comparison import last_drift
from bot.features.status.figures import last_reading
from bot.features.status.labels import iso
from bot.services import VERSION, Services
from bot.store.address_book import READ_AT, EntryState
from bot.store.coordination import TOKEN
from bot.store.inbox import Depth
from bot.store.troubles import Part
from bot.store.welcomes import Counts

_OWN_PARTS = {"clock", "space", "decree", "ledger", "callers"}


def status_report(
    services: Services, degraded: list[dict[str, Any]], *, chain: ChainState | None = None
) -> dict[str, Any]:
    """Return the JSON of `status`; *degraded* as `list_degraded` returns it.

    *chain*: the state of the audit log; None: it is verified now.
    """
    store, now, config = services.store, int(services.store.now()), services.config
    broken_at = store.audit.broken_at() if chain is None else chain.broken_at
    token = store.tokens.get(TOKEN)
    lease = store.leases.get(LEASE, now=now)
    return {
        "version": {"program": __version__, "store": store.marks.get(VERSION)},
        "inbox": _depth(store.inbox.depth(now=now)),
        "outbox": _depth(store.outbox.depth(now=now)),
        "withheld": {
            "today": store.unasked_messages.withheld(
                on=config.work_calendar().local_day(services.clock.now())
            ),
            "in_all": store.unasked_messages.withheld(),
            "expired": store.outbox.expired(since=0),
        },
        "details": {"pending": store.details.pending()},
        "reads": {"refused_s": {api: until - now for api, until in store.budget.blocked(now=now).items()}},
        "robots": _robots(services),
        "welcomes": _welcomes(store.welcomes.counts(now=now)),
        "jobs": [
            {
                "job": row["job"],
                "fire_at": iso(config, row["fire_at"]),
                "outcome": row["state"],
                "messages": row["messages"],
                **({"note": row["error"]} if row["error"] else {}),
            }
            for row in store.runs.last()
        ],
        "token": {
            "expires_in_s": max(0, token.expires_at - now) if token.token else None,
            "error": token.error or None,
        },
        "lease": lease or {"holder": None, "until_s": None},
        "drift": last_drift(services),
        "engagement": last_reading(services),
        "complete": _complete(services),
        "catch_up": _catch_up(services),
        "facts": {"newest_at": iso(config, store.contact_knowledge.newest_facts())},
        "directory": _directory(services),
        "troubles": _troubles(services, degraded),
        "audit": {"broken_at": broken_at},
    }


def _complete(services: Services) -> dict[str, Any]:
    """Return whether figures are complete, why not, and how far the comparison under way is."""
    reason, (read, members) = catch_up.explain_withheld(services), services.store.syncs.read_of()
    return {"complete": reason is None, "because": reason, "members_read": read, "members": members}


def _catch_up(services: Services) -> dict[str, Any]:
    """Return since when figures may be incomplete, for whom and why; and since when WeCom is silent."""
    now, config = int(services.store.now()), services.config
    gap, silent = gaps.find_gap_now(services), gaps.find_silence(services.store, now=now)
    return {
        "incomplete_since": iso(config, gap.since if gap else None),
        "reasons": [] if gap is None else list(gap.reasons),
        "members": None if gap is None or gap.members is None else sorted(gap.members),
        "silent_since": iso(config, silent.began_at if silent else None),
    }


def list_degraded(services: Services) -> list[dict[str, Any]]:
    """Return the lines of `readyz` on this machine, next year's calendar and WeCom's addresses."""
    degraded: list[dict[str, Any]] = Health.of(services).report()["degraded"]
    return [part for part in degraded if part["part"] in _OWN_PARTS]


def _troubles(services: Services, degraded: list[dict[str, Any]]) -> list[str]:
    """Return these in English, and the fault of the roster."""
    fault = services.directory.files.fault
    stands_in = [f"the last good roster stands in: {fault}"] if fault else []
    return [*(part["problem"] for part in degraded), *stands_in]


def _directory(services: Services) -> dict[str, Any]:
    """Return when WeCom's directory was read, and its state; of a roster alone only its number of people."""
    store, source = services.store, services.config.directory.source
    if source == "csv":
        return {"source": source, "read_at": None, "people": count_people(services.directory, store)}
    read_at, trouble = store.marks.get(READ_AT), store.troubles.get(Part.DIRECTORY)
    odd, states = store.troubles.get(Part.SET_ASIDE), store.address_book.states()
    return {
        "source": source,
        "read_at": iso(services.config, None if read_at is None else int(read_at)),
        "people": states[EntryState.PRESENT],
        "unknown": states[EntryState.UNKNOWN],
        "left": states[EntryState.LEFT],
        "to_read": len(store.address_book.wanted()),
        "error": None if trouble is None else trouble.text,
        "set_aside": None if odd is None else odd.text,
    }


def _robots(services: Services) -> list[dict[str, Any]]:
    """Return the group robots, and why one of them does not post."""
    config = services.config
    off = services.store.robots.off(fingerprints(config))
    refusals = ((robot.name, off.get(robot.name)) for robot in config.robots)
    return [
        {
            "robot": name,
            "off_since": iso(config, refusal.since if refusal else None),
            "error": refusal.error if refusal else None,
        }
        for name, refusal in refusals
    ]


def _welcomes(counts: Counts) -> dict[str, Any]:
    """Return the number of welcome messages of 24 hours by outcome, and WeCom's codes of the refused ones."""
    return {
        **{state.value: number for state, number in counts.states.items()},
        "errcodes": {str(errcode): number for errcode, number in counts.refused.items()},
    }


def _depth(depth: Depth) -> dict[str, int | None]:
    return {"pending": depth.pending, "dead": depth.dead, "oldest_s": depth.oldest_s}
