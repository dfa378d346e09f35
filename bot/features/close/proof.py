"""Proofs of closed figures: a root over all lines of a period is published, and each line can be led to it.

The root stands in the audit log with each close, signature and correction. A leaf has a random salt, so that
the hashes in a proof say nothing of other people.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from bot.features.close.proof_rules import audit_path, leaf_hash, root_hash, size_and_root
from bot.store.audit import Act
from bot.store.results import StoredLine
from bot.store.store import Store

ACTS = frozenset({"close", "sign", "correct"})
_FIGURES = ("target", "counted", "rejected", "gross", "status", "penalty", "reward")
_NOTHING = "-"


class ProofError(Exception):
    """A figure cannot be proved; the key of the text that says why is *why*."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRoot:
    """The root over *size* lines of a closed period, in hexadecimal, as the audit log has it."""

    root: str
    size: int
    at: int


def publish(store: Store, quota: str, period: str) -> dict[str, object]:
    """Return the root over the lines that hold now, for the entry of the audit log."""
    size, root = size_and_root(map(_leaf, store.results.stored(quota, period)))
    return {"root": root.hex(), "size": size}


def published(store: Store) -> dict[tuple[str, str], PublishedRoot]:
    """Return the newest root of each closed period, by quota and period."""
    roots: dict[tuple[str, str], PublishedRoot | None] = {}
    for act, _ in _acts(store):
        quota, _, period = act.subject.partition(" ")
        roots[quota, period] = _root_in(act)
    return {name: root for name, root in roots.items() if root is not None}


def find_root(store: Store, quota: str, period: str) -> PublishedRoot | None:
    """Return the newest root of one closed period; None if the newest act about it published none."""
    act = store.audit.of_result(f"{quota} {period}")
    return None if act is None else _root_in(act)


def _root_in(act: Act) -> PublishedRoot | None:
    """Return the root that *act* published; acts of an earlier version changed lines and published none."""
    detail = json.loads(act.detail)
    if "root" not in detail:
        return None
    return PublishedRoot(root=str(detail["root"]), size=int(detail["size"]), at=act.at)


def prove(store: Store, quota: str, period: str, userid: str) -> str:
    """Return a proof of one person's line, as JSON of at most 1 KB for up to 32,768 people.

    Raises ProofError if there is no such line, or no root that it leads to.
    """
    own = {userid, *(old for old, new in store.renames.all().items() if new == userid)}
    leaves, found = list[bytes](), list[tuple[int, StoredLine]]()
    for index, line in enumerate(store.results.stored(quota, period)):
        leaves.append(_leaf(line))
        if line.userid in own:
            found.append((index, line))
    if not found:
        raise ProofError("no_line")
    index, line = found[0]
    if (root := find_root(store, quota, period)) is None:
        raise ProofError("not_published")
    if root_hash(leaves).hex() != root.root:
        raise ProofError("changed")
    proof = {
        "leaf": leaf_text(line),
        "salt": line.salt,
        "index": index,
        "size": len(leaves),
        "path": base64.b64encode(b"".join(audit_path(leaves, index))).decode(),
    }
    return json.dumps(proof, ensure_ascii=False, separators=(",", ":"))


def leaf_text(line: StoredLine) -> str:
    """Return what a leaf says: figures for people, and the hash of the whole stored line."""
    stored = json.loads(line.line)
    figures = ((name, stored.get(name)) for name in _FIGURES)
    digest = base64.b64encode(hashlib.sha256(line.line.encode()).digest()).decode().rstrip("=")
    parts = (
        *(("quota", line.quota), ("period", line.period), ("userid", line.userid)),
        *(("version", line.version), ("state", line.state), *figures, ("line", digest)),
    )
    return " ".join(f"{name}={_NOTHING if value is None else value}" for name, value in parts)


def find_faults(store: Store) -> list[str]:
    """Return what does not fit in the chain of results: lines that differ from what was published.

    Lines of an earlier version are compared with the digest that their close noted.
    """
    faults: list[str] = []
    roots, digests = published(store), dict[tuple[str, str], str]()
    for act, detail in _acts(store):
        quota, _, period = act.subject.partition(" ")
        if act.act == "close":
            digests[quota, period] = str(detail.get("sha256", ""))
    for closed in store.results.closed():
        name = closed.quota, closed.period
        if name not in digests and name not in roots:
            faults.append(f"{closed.quota} {closed.period}: no entry of the audit log tells of its close")
        elif name in roots:
            if publish(store, *name)["root"] != roots[name].root:
                faults.append(f"{closed.quota} {closed.period}: its lines differ from the published root")
        elif (told := digests[name]) and told != _digest_of_close(store, *name):
            faults.append(f"{closed.quota} {closed.period}: its lines differ from those of its close")
    return faults


def _leaf(line: StoredLine) -> bytes:
    return leaf_hash(line.salt.encode() + leaf_text(line).encode())


def _digest_of_close(store: Store, quota: str, period: str) -> str:
    digest, between = hashlib.sha256(), b""
    for line in store.results.closed_lines(quota, period):
        digest.update(between + line.line.encode())
        between = b"\n"
    return digest.hexdigest()


def _acts(store: Store) -> Iterator[tuple[Act, dict[str, object]]]:
    """Yield the acts about results with their details, oldest first."""
    for act in store.audit.acts():
        if act.act in ACTS:
            yield act, json.loads(act.detail)
