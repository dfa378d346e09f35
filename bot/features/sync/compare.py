"""The comparison of one member's list with the ledger. Repairs that harm nobody are written at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bot.core.relations import RelationEvent, RelationKind
from bot.core.sync import ORIGIN, ROLLOUT_S, Cause, ListEntry, RelationJudgement, Repair, Window, judge
from bot.store.details import ContactRead
from bot.store.erasures import is_pseudonym
from bot.store.store import Store
from bot.store.sync import Burden, FoundLoss, SyncReportLine, SyncRun


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The result for one member."""

    living: int = 0
    repairs: tuple[Repair, ...] = ()
    causes: dict[Cause, int]
    details: tuple[ContactRead, ...] = ()

    @property
    def losses(self) -> tuple[FoundLoss, ...]:
        """Return the losses, which wait for the decision."""
        return tuple(
            FoundLoss(
                userid=repair.fact.userid,
                external_userid=repair.fact.external_userid,
                at=repair.fact.at,
                is_gone=repair.cause is Cause.MISSED_LOSS,
            )
            for repair in self.repairs
            if repair.fact.kind is RelationKind.LOST_UNKNOWN
        )

    @property
    def certain(self) -> tuple[RelationEvent, ...]:
        """Return adds and transfers: they take nothing from anybody."""
        return tuple(
            repair.fact for repair in self.repairs if repair.fact.kind is not RelationKind.LOST_UNKNOWN
        )


class Comparison:
    """The judge of a run's members, once all lists are read."""

    def __init__(self, store: Store, *, real_time: Callable[[], float]) -> None:
        self._store = store
        self._syncs = store.syncs
        self._time = real_time

    def judge_member(self, run: SyncRun, userid: str) -> None:
        """Write adds and transfers missing in the ledger; losses wait for the decision."""
        found = self._found(run, userid)
        burden = Burden(userid=userid, living=found.living, losses=len(found.losses))
        with self._store.transaction():
            self._store.ledger.append_all(found.certain, origin=ORIGIN, recorded_at=int(self._time()))
            self._store.details.take_listed_tags(userid, before=run.real_began_at)
            self._store.details.put(found.details, read_at=int(self._time()))
            self._syncs.put_judged(burden, found.losses)
            self._syncs.put_report_lines(
                run,
                [
                    SyncReportLine(cause=cause.value, userid=userid, number=number)
                    for cause, number in found.causes.items()
                ],
            )

    def _found(self, run: SyncRun, userid: str) -> _Found:
        facts = self._store.ledger.of_member(userid)
        listed = self._syncs.listed(userid)
        window = Window(since=self._syncs.read_at(userid), upto=run.began_at)
        missing = self._syncs.missing_since(userid)
        suspects = self._suspects(run, userid)
        living, repairs, details, causes = 0, list[Repair](), list[ContactRead](), dict[Cause, int]()
        for customer in sorted(facts.keys() | listed.keys()):
            if is_pseudonym(customer):
                continue  # an erased customer is in no list, and stays as they were
            read = listed.get(customer)
            judged = self._judged(
                (userid, customer), facts.get(customer, []), read, window, missing.get(customer)
            )
            living += judged.living
            repairs += judged.repairs
            for repair in judged.repairs:
                cause = Cause.ROLLOUT if _is_suspect(repair, suspects) else repair.cause
                causes[cause] = causes.get(cause, 0) + 1
            if judged.doubt is not None:
                causes[judged.doubt] = causes.get(judged.doubt, 0) + 1
            if read is not None and any(repair.fact.kind is RelationKind.ADDED for repair in judged.repairs):
                details.append(read)
        return _Found(living=living, repairs=tuple(repairs), causes=causes, details=tuple(details))

    def _judged(
        self,
        relation: tuple[str, str],
        facts: list[RelationEvent],
        read: ContactRead | None,
        window: Window,
        missing_since: int | None,
    ) -> RelationJudgement:
        listed = None if read is None else ListEntry(createtime=read.createtime, state=read.state)
        weigh = partial(
            judge, relation, facts=facts, listed=listed, window=window, missing_since=missing_since
        )
        judged = weigh()
        lost_at = max((fact.at for fact in facts if fact.kind is RelationKind.LOST_UNKNOWN), default=None)
        is_lost_now = any(repair.cause is Cause.MISSED_LOSS for repair in judged.repairs)
        if read is not None or (lost_at is None and not is_lost_now):
            return judged
        handed = self._syncs.handed(*relation)
        if handed and not is_lost_now:
            # The last complete run before that loss still had the customer: they left after it.
            since = self._syncs.done_before(lost_at or 0) or 0
            handed = [moment for moment in handed if moment >= since]
        return weigh(handed=handed) if handed else judged

    def _suspects(self, run: SyncRun, userid: str) -> set[str]:
        """Return customers who may be deleted and added again around the first run, to count as new."""
        first = self._syncs.first_at()
        began = run.began_at if first is None else first
        is_near = run.began_at <= began + ROLLOUT_S
        return self._syncs.seen_before(userid, since=began - ROLLOUT_S) if is_near else set()


def _is_suspect(repair: Repair, suspects: set[str]) -> bool:
    is_new = repair.cause in {Cause.IMPORTED, Cause.MISSED_ADD} and repair.fact.kind is RelationKind.ADDED
    return is_new and repair.fact.external_userid in suspects
