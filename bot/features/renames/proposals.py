"""Proposals about changed userids. WeCom shows a change as one vanished and one new userid.

The bot finds such pairs and asks an admin. Until the decision it writes nothing for the two userids:
otherwise the same customers would count twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import structlog

from bot.core.renames import Overlap, compute_overlaps, propose_pairs
from bot.core.sync import Cause
from bot.services import Services
from bot.store.address_book import EntryState
from bot.store.rename_proposals import Proposal, ProposalState
from bot.store.sync import Member, SyncReportLine, SyncRun

log = structlog.get_logger(__name__)

_BACK = "the old userid is there again"
_GONE = "the new userid is gone, too"


class RenameProposer:
    """The search of one run; *listed* are the userids in WeCom's list of people with customer contact."""

    def __init__(self, services: Services, *, keep: Callable[[], None]) -> None:
        """Call *keep* every few seconds at least, to renew a lease."""
        self._store = services.store
        self._of_wecom = services.config.directory.source == "wecom"
        self._directory = services.directory
        self._keep = keep

    def find(self, *, employed: Iterable[str], listed: Collection[str]) -> list[Overlap]:
        """Return the pairs that may be one person. *employed*: the userids of the directory."""
        store = self._store
        found: list[Overlap] = []
        for userid in self._vanished(employed=employed, listed=listed):
            self._keep()
            if begun := store.proposals.listed(userid):
                found += compute_overlaps(userid, store.proposals.living(userid), begun)
        return propose_pairs(found, refused=store.proposals.refused())

    def put(self, run: SyncRun, found: Iterable[Overlap], *, listed: Collection[str]) -> None:
        """Store the proposals *found*, and leave all open new userids out of *run*. Inside a transaction."""
        store = self._store
        for proposal in store.proposals.open():
            if not _stands(proposal, listed):
                reason = _BACK if proposal.old_userid in listed else _GONE
                store.proposals.end(
                    proposal.pair, ProposalState.RELEASED, by="quotabot", reason=reason, at=run.began_at
                )
        store.proposals.put(found, at=run.began_at)
        waiting = store.proposals.open()
        read = set(store.syncs.some(Member.READ, most=10**9)) if waiting else set()
        asked = {proposal.userid for proposal in waiting if proposal.userid in read}
        store.syncs.put_states(dict.fromkeys(asked, (Member.ASKED, "")))
        cause = Cause.RENAMED.value
        store.syncs.put_report_lines(
            run,
            [
                SyncReportLine(cause=cause, userid=proposal.userid, number=1, text=proposal.old_userid)
                for proposal in waiting
            ],
        )
        if waiting:
            log.warning("userids may have been changed; an admin must decide", people=len(waiting))

    def _vanished(self, *, employed: Iterable[str], listed: Collection[str]) -> list[str]:
        """Return the known userids with living relations that WeCom no longer shows."""
        store = self._store
        waiting = {proposal.old_userid for proposal in store.proposals.open() if _stands(proposal, listed)}
        gone = [
            userid
            for userid in store.syncs.left_out(store.ledger.with_customers())
            if userid not in listed and userid not in waiting
        ]
        known = {*store.members.some(gone), *employed}
        book = store.address_book.all() if self._of_wecom and gone else {}
        return [
            userid
            for userid in gone
            if (userid in known or store.syncs.read_at(userid) is not None)
            and (userid not in book or book[userid].state is not EntryState.PRESENT)
        ]


def _stands(proposal: Proposal, listed: Collection[str]) -> bool:
    """Return whether a proposal still holds: the old userid is gone, the new one is there."""
    return proposal.old_userid not in listed and proposal.userid in listed


def list_in_question(services: Services) -> frozenset[str]:
    """Return the new userids that may belong to known people, until somebody decides."""
    return frozenset(proposal.userid for proposal in services.store.proposals.open())
