"""Nightly: the ledger is compared with WeCom's lists, and what events did not tell is made good.

First all lists are read, then every member is judged, then it is decided whether so many losses can be true,
then they are written. A run that was cut off goes on where it was. Only complete lists lose anybody anything.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from bot.core.relations import RelationEvent, RelationKind
from bot.core.sync import NEVER_READ, ORIGIN, Cause, Toll, is_too_much_of_all, is_too_much_of_one
from bot.core.workdays import epoch_of
from bot.features.ledger.derive import derive
from bot.features.people import directory
from bot.features.renames.proposals import RenameProposer
from bot.features.sync.compare import Comparison
from bot.features.sync.estimate import unseen
from bot.features.sync.lease import WorkLease
from bot.features.sync.lists import Lists, Tell
from bot.services import Services
from bot.store.sync import Burden, Member, Step, SyncReportLine, SyncRun
from bot.wecom.asker import Asker, StoppedError
from bot.wecom.reads import Reads

log = structlog.get_logger(__name__)

LEASE = "sync"
STALE_S = 12 * 3600  # what was read so long ago says nothing any more
_BUSY = "another process compares with WeCom's lists at this moment"
_CHUNK = 200
_TOO_MUCH_OF_ALL = "over 5 % of all relations would be lost"
_TOO_MUCH_OF_ONE = "over 20 % of this member's relations would be lost"
_NOT_IN_DIRECTORY = "left, or not in the directory"
_NOT_IN_SCOPE = "outside the visible range or 客户联系 → 使用范围"


def silent(_step: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def reconcile(
    services: Services,
    reads: Reads,
    *,
    at: datetime,
    work_off: Callable[[Services], object],
    accept_losses: bool = False,
    progress: Tell = silent,
    beat: Callable[[], None] = lambda: None,
) -> SyncRun:
    """Compare the ledger with WeCom's lists as of *at* (aware); the run that is done.

    *work_off* handles the events that wait in the inbox; it is called before the lists are judged.
    *accept_losses*: a person has looked, nothing is held. *progress* hears each step with how much of it is
    done; *beat* is called every few seconds at least, for a caller's own lease. Raises StoppedError when it
    cannot go on now, or another process is at it; the same call goes on later.
    """
    keeper = WorkLease(services, lease=LEASE, busy=_BUSY, beat=beat)
    asker = Asker(reads, beat=keeper.keep)
    keeper.take(asker)
    try:
        sync = _Sync(services, Lists(services, reads.client, asker), keeper, progress, work_off)
        return sync.run(at=at, accept_losses=accept_losses)
    finally:
        keeper.free()


class _Sync:
    """One run, from wherever it is to its end."""

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
        """Go on with what is unfinished, or begin."""
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
            raise StoppedError("another process began a new run")
        return now

    def _opened(self, at: datetime, *, accept_losses: bool) -> SyncRun:
        moment = epoch_of(at)
        run = self._syncs.unfinished()
        if run is not None and 0 <= moment - run.began_at <= STALE_S and run.accepts_losses is accept_losses:
            return run
        self._clear()
        with self._store.transaction():
            # As of an earlier day it leaves out what came later; as of a later day it knows no more than now.
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
        people = directory.known(self._services.directory, self._store.members.all(), day=day)
        return frozenset(userid for userid, person in people.items() if person.employed_on(day))

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
            derive(self._services, beat=self._lease.keep)  # so that no heap is left for the end
            self._tell("comparing", total - self._syncs.counts().get(Member.READ, 0), total)
        with self._store.transaction():
            self._decide(run)
            self._syncs.go_on(run, Step.APPLYING)

    # --- deciding ---

    def _decide(self, run: SyncRun) -> None:
        """Hold losses that are too many to be true."""
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
        drifts = [*unseen(self._store, run), *self._missing(at)]
        unread = [drift for drift in drifts if drift.cause == Cause.UNKNOWN.value]
        is_whole = all(drift.text in NEVER_READ for drift in unread)
        with self._store.transaction():
            self._syncs.put_report_lines(run, drifts)
            self._syncs.end(run, ended_at=int(self._lease.real_time()), is_whole=is_whole)
        if unread:
            log.warning("lists not read", members=len(unread), reason=unread[0].text)

    def _missing(self, at: datetime) -> list[SyncReportLine]:
        """Members whose lists were not compared, and why."""
        unknown = self._syncs.unknown()
        found = [
            SyncReportLine(cause=Cause.UNKNOWN.value, userid=userid, number=1, text=reason)
            for userid, reason in unknown.items()
        ]
        employed = self._employed(at)
        asked = {one.old_userid for one in self._store.proposals.open()}
        return found + [
            SyncReportLine(
                cause=Cause.FROZEN.value,
                userid=userid,
                number=1,
                text=_NOT_IN_SCOPE if userid in employed else _NOT_IN_DIRECTORY,
            )
            for userid in self._syncs.left_out(self._store.ledger.with_customers())
            if userid not in asked
        ]


def _toll(burden: Burden) -> Toll:
    return Toll(living=burden.living, losses=burden.losses)
