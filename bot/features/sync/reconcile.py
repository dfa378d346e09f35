"""The nightly comparison of the ledger with WeCom's lists. It writes the facts without an event.

A run reads all lists, judges every member, decides whether so many losses can be true, and writes them. An
interrupted run goes on where it stopped. Only complete lists cause losses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from bot.core.relations import RelationEvent, RelationKind
from bot.core.sync import (
    NEVER_READ,
    NOT_IN_DIRECTORY,
    ORIGIN,
    Cause,
    Toll,
    is_too_much_of_all,
    is_too_much_of_one,
)
from bot.core.workdays import epoch_of
from bot.features.ledger.derive import derive
from bot.features.renames.proposals import RenameProposer
from bot.features.standings.everybody import load_people
from bot.features.sync.compare import Comparison
from bot.features.sync.estimate import estimate_unseen
from bot.features.sync.lease import WorkLease
from bot.features.sync.lists import Lists, Tell
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.sync import Burden, Member, Step, SyncReportLine, SyncRun
from bot.wecom.asker import Asker, StoppedError
from bot.wecom.reads import Reads

log = structlog.get_logger(__name__)

LEASE = "sync"
STALE_S = 12 * 3600  # older readings are not used
_CHUNK = 200
_TOO_MUCH_OF_ALL = "over 5 % of all relations would be lost"
_TOO_MUCH_OF_ONE = "over 20 % of this member's relations would be lost"
_NOT_IN_SCOPE = "outside the visible range or 客户联系 → 使用范围"


def ignore_progress(_step: str, _done: int, _total: int) -> None:
    """Ignore the progress."""


def reconcile(
    services: Services,
    reads: Reads,
    *,
    at: datetime,
    work_off: Callable[[Services], object],
    accept_losses: bool = False,
    progress: Tell = ignore_progress,
    beat: Callable[[], None] = lambda: None,
) -> SyncRun:
    """Compare the ledger with WeCom's lists as of *at* (aware), and return the finished run.

    *work_off* handles the events in the inbox before the lists are judged. *accept_losses*: an admin has
    checked the losses, none is held. *progress* hears step, done and total. *beat* is called every few
    seconds, for a caller's own lease. Raises StoppedError when the run cannot go on now, or another process
    runs it; the same call goes on later.
    """
    keeper = WorkLease(services, lease=LEASE, busy=Sentence("sentences.compares"), beat=beat)
    asker = Asker(reads, beat=keeper.keep)
    keeper.take(asker)
    try:
        sync = _Sync(services, Lists(services, reads.client, asker), keeper, progress, work_off)
        return sync.run(at=at, accept_losses=accept_losses)
    finally:
        keeper.free()


class _Sync:
    """One run, from its current step to its end."""

    def __init__(
        self,
        services: Services,
        lists: Lists,
        keeper: WorkLease,
        tell: Tell,
        work_off: Callable[[Services], object],
    ) -> None:
        self._services = services
        self._work_off = work_off
        self._store = services.store
        self._syncs = services.store.syncs
        self._lists = lists
        self._lease = keeper
        self._tell = tell
        self._comparison = Comparison(services.store, real_time=keeper.real_time)

    def run(self, *, at: datetime, accept_losses: bool) -> SyncRun:
        """Continue the unfinished run, or begin one."""
        run = self._opened(at, accept_losses=accept_losses)
        steps: dict[Step, Callable[[SyncRun], None]] = {
            Step.LISTING: partial(self._list, at=at),
            Step.READING: partial(self._read, at=at),
            Step.JUDGING: self._judge,
            Step.APPLYING: partial(self._apply, at=at),
        }
        try:
            while run.step is not Step.DONE:
                steps[run.step](run)
                run = self._now(run)
        except StoppedError as error:
            self._syncs.note(run, str(error))
            raise
        self._clear()
        return run

    def _now(self, run: SyncRun) -> SyncRun:
        now = self._syncs.unfinished() or self._syncs.last()
        if now is None or now.number != run.number:
            raise StoppedError(Sentence("sentences.new_run"))
        return now

    def _opened(self, at: datetime, *, accept_losses: bool) -> SyncRun:
        moment = epoch_of(at)
        run = self._syncs.unfinished()
        if run is not None and 0 <= moment - run.began_at <= STALE_S and run.accepts_losses is accept_losses:
            return run
        self._clear()
        with self._store.transaction():
            # As of an earlier day, later events are left out. As of a later day, nothing after now is known.
            real = min(self._services.real_of(moment), int(self._lease.real_time()))
            return self._syncs.begin(began_at=moment, real_began_at=real, accepts_losses=accept_losses)

    def _clear(self) -> None:
        while self._syncs.clear_some():
            self._lease.keep()

    # --- listing and reading ---

    def _list(self, run: SyncRun, *, at: datetime) -> None:
        derive(self._services, beat=self._lease.keep)
        userids = self._lists.members() & self._employed(at)
        batches = self._lists.batches(userids)
        with self._store.transaction():
            self._syncs.put_batches(batches)
            self._syncs.go_on(run, Step.READING)

    def _employed(self, at: datetime) -> frozenset[str]:
        day = self._services.config.work_calendar().local_day(at)
        people = load_people(self._services).items()  # read in pieces
        return frozenset(userid for userid, person in people if person.employed_on(day))

    def _read(self, run: SyncRun, *, at: datetime) -> None:
        self._lists.read(self._tell)
        listed = self._lists.freeze_fallen()
        self._work_off(self._services)
        derive(self._services, beat=self._lease.keep)
        proposing = RenameProposer(self._services, keep=self._lease.keep)
        found = proposing.find(employed=self._employed(at), listed=listed)
        with self._store.transaction():
            proposing.put(run, found, listed=listed)
            self._syncs.go_on(run, Step.JUDGING)

    # --- judging ---

    def _judge(self, run: SyncRun) -> None:
        self._work_off(self._services)
        derive(self._services, beat=self._lease.keep)
        counts = self._syncs.counts()
        total = counts.get(Member.READ, 0) + counts.get(Member.JUDGED, 0)
        while userids := self._syncs.some(Member.READ, most=_CHUNK):
            for userid in userids:
                self._lease.keep()
                self._comparison.judge_member(run, userid)
            derive(self._services, beat=self._lease.keep)  # in small pieces, not all at the end
            self._tell("comparing", total - self._syncs.counts().get(Member.READ, 0), total)
        with self._store.transaction():
            self._decide(run)
            self._syncs.go_on(run, Step.APPLYING)

    # --- deciding ---

    def _decide(self, run: SyncRun) -> None:
        """Hold losses if there are too many to be true."""
        if run.accepts_losses:
            return
        burdens = self._syncs.burdens()
        if is_too_much_of_all(_toll(self._syncs.burden_of_all())):
            held = dict.fromkeys(burdens, _TOO_MUCH_OF_ALL)
        else:
            held = {burden: _TOO_MUCH_OF_ONE for burden in burdens if is_too_much_of_one(_toll(burden))}
        self._syncs.hold(burden.userid for burden in held)
        self._syncs.put_report_lines(
            run,
            [
                SyncReportLine(
                    cause=Cause.HELD.value, userid=burden.userid, number=burden.losses, text=reason
                )
                for burden, reason in held.items()
            ],
        )
        if held:
            number = sum(burden.losses for burden in held)
            log.warning("losses wait for a person", losses=number, members=len(held))

    # --- applying ---

    def _apply(self, run: SyncRun, *, at: datetime) -> None:
        done = 0
        while losses := self._syncs.free_losses(most=_CHUNK):
            self._lease.keep()
            facts = [
                RelationEvent(
                    userid=loss.userid,
                    external_userid=loss.external_userid,
                    at=loss.at,
                    kind=RelationKind.LOST_UNKNOWN,
                )
                for loss in losses
            ]
            with self._store.transaction():
                self._store.ledger.append_all(facts, origin=ORIGIN, recorded_at=int(self._lease.real_time()))
                self._syncs.drop_losses(losses)
            done += len(losses)
            self._tell("writing losses", done, done + (len(losses) == _CHUNK))
        derive(self._services, beat=self._lease.keep)
        lines = [*estimate_unseen(self._store, run), *self._missing(at)]
        unread = [line for line in lines if line.cause == Cause.UNKNOWN.value]
        is_whole = all(line.text in NEVER_READ for line in unread)
        with self._store.transaction():
            self._syncs.put_report_lines(run, lines)
            self._syncs.end(run, ended_at=int(self._lease.real_time()), is_whole=is_whole)
        if unread:
            log.warning("lists not read", members=len(unread), reason=unread[0].text)

    def _missing(self, at: datetime) -> list[SyncReportLine]:
        """Return the members without a comparison, each with the reason."""
        unread = [
            SyncReportLine(cause=Cause.UNKNOWN.value, userid=userid, number=1, text=reason)
            for userid, reason in self._syncs.unknown().items()
        ]
        employed = self._employed(at)
        asked = {proposal.old_userid for proposal in self._store.proposals.open()}
        return unread + [
            SyncReportLine(
                cause=Cause.FROZEN.value,
                userid=userid,
                number=1,
                text=_NOT_IN_SCOPE if userid in employed else NOT_IN_DIRECTORY,
            )
            for userid in self._syncs.left_out(self._store.ledger.with_customers())
            if userid not in asked
        ]


def _toll(burden: Burden) -> Toll:
    return Toll(living=burden.living, losses=burden.losses)
