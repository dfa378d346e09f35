"""The contacts of one employee explained: verdict, reason, time of the next change, and events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.contacts import Contact
from bot.core.counting import MaxShare
from bot.core.people import Person
from bot.core.periods import parse_period
from bot.core.progress import Branch, QuotaFigures
from bot.core.quota_periods import Past, QuotaPeriod
from bot.core.quotas import stretches_under
from bot.core.relations import RelationEvent, RelationKind
from bot.core.rulebook import QuotaInPeriod
from bot.core.verdicts import Verdict, is_open
from bot.core.workdays import epoch_of
from bot.features.contacts.reasons import Decision, Ruling, reason
from bot.features.standings.load import load_branch, load_rulebook
from bot.features.standings.stored import closed_by
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.results import ResultState

_OVER_SHARE = (Verdict.OVER_SHARE, Verdict.REJECTED_OVER_SHARE)

# One employee's events and origins, by customer.
LedgerFacts = Mapping[str, Sequence[tuple[RelationEvent, str]]]


class UnknownPersonError(Exception):
    """No person has this userid; the text says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFact:
    """One fact of the ledger; *at* is local, *source* its origin."""

    kind: str
    at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One contact. *until* (local): when time alone changes the verdict; None if it never does.

    *open*: pending, and rejected by itself unless somebody acts. *way*: WeCom's add_way, None until read.
    *self_declared*: facts that the bank matched only by a number typed by the employee.
    """

    external_userid: str
    added_at: datetime
    way: int | None
    verdict: Verdict
    open: bool
    reason: str
    until: datetime | None
    events: tuple[LedgerFact, ...]
    self_declared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedQuota:
    """A quota of the employee in one period; *closed*: results are stored, *final*: they are signed.

    *stored*: the line of a closed period, None without one; its sums hold, not those of *contacts*.
    """

    quota: str
    period: str
    contacts: tuple[Explained, ...]
    closed: bool = False
    final: bool = False
    stored: QuotaFigures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The verdicts on one employee's contacts as of *as_of* (local)."""

    as_of: datetime
    person: Person
    quotas: tuple[ExplainedQuota, ...]


def explain(
    services: Services,
    userid: str,
    *,
    at: datetime,
    external_userid: str | None = None,
    period: str | None = None,
    branch: Branch | None = None,
    language: str = "",
) -> Explanation:
    """Explain the contacts of *userid* as of *at* (aware), in the running periods or in *period*.

    *external_userid*: only customers with this id, or with this end of their id. Verdicts are computed anew,
    also for a closed period. *branch*: the data as of *at* for these periods, if already read.
    *language*: that of the reasons, if not the installation's.

    Raises UnknownPersonError, and ValueError if *period* is no period.
    """
    book, calendar = load_rulebook(services), services.config.work_calendar()
    if period is None:
        quota_periods = book.periods_at(calendar.local_day(at))
    else:
        quota_periods = book.periods_named(parse_period(period))
    branch = branch or load_branch(services, quota_periods, at=at, userids=[userid.lower()], whole=True)
    person = next((person for person in branch.people if person.userid == userid.lower()), None)
    if person is None:
        raise UnknownPersonError(Sentence("sentences.nobody", userid=repr(userid)))
    closed = closed_by(services, quota_periods, at=at)
    results = {
        (quota, named): services.store.results.newest_of(person.userid, quota=quota, period=named)
        for quota, named in closed
    }
    explainer = _Explainer(services, branch, person, at=at, language=language or services.language)
    return Explanation(
        as_of=calendar.moment(epoch_of(at)),
        person=person,
        quotas=tuple(
            ExplainedQuota(
                quota=quota.id,
                period=named.name,
                contacts=tuple(explainer.contacts((quota, named), wanted=external_userid or "")),
                closed=(quota.id, named.name) in closed,
                final=result is not None and result.state is ResultState.FINAL,
                stored=None if result is None else result.line,
            )
            for quota, named in quota_periods
            for result in [results.get((quota.id, named.name))]
            if stretches_under(quota, person, named, departments=branch.departments)
        ),
    )


class _Explainer:
    """The data read once for all quotas of one employee."""

    def __init__(
        self, services: Services, branch: Branch, person: Person, *, at: datetime, language: str
    ) -> None:
        self._branch, self._userid = branch, person.userid
        self._calendar = branch.calendar
        self._at = self._local(epoch_of(at))
        self._past: Past = branch.past(epoch_of(at))
        self._facts: LedgerFacts = services.store.ledger.told_of(person.userid, upto=epoch_of(at))
        self._decisions = services.store.reviews.decided_of(person.userid)
        self._confirmed = services.store.findings.confirmed_of(person.userid)
        self._language = language

    def contacts(self, about: QuotaInPeriod, *, wanted: str) -> Iterator[Explained]:
        """Yield the contacts of one quota period by time, then by customer."""
        quota_period = QuotaPeriod.of(*about, calendar=self._calendar)
        limits = self._limits(quota_period)
        for contact, verdict in quota_period.listed(self._userid, self._past):
            if not contact.external_userid.endswith(wanted):
                continue
            ruling = self._ruling(quota_period, contact, verdict, limits.get(contact.key))
            yield Explained(
                external_userid=contact.external_userid,
                added_at=ruling.added,
                way=None if contact.details is None else contact.details.add_way,
                verdict=verdict,
                open=is_open(verdict, contact),
                reason=reason(ruling, language=self._language),
                until=_until(ruling),
                events=tuple(
                    LedgerFact(kind=event.kind.value, at=self._local(event.at), source=origin)
                    for event, origin in self._facts.get(contact.external_userid, ())
                ),
                self_declared=tuple(sorted(contact.self_declared)),
            )

    def _ruling(
        self, quota_period: QuotaPeriod, contact: Contact, verdict: Verdict, limit: MaxShare | None
    ) -> Ruling:
        counting = quota_period.quota.counting
        facts = self._facts.get(contact.external_userid, ())
        first = next((event.at for event, _ in facts if event.kind is RelationKind.ADDED), contact.added_at)
        decided = self._decisions.get((*contact.key, quota_period.quota.id))
        if decided is None and verdict is Verdict.REJECTED_REVIEW:
            decided = self._confirmed.get(contact.key)
        return Ruling(
            verdict=verdict,
            contact=contact,
            counting=counting,
            basis=quota_period.quota.basis,
            at=self._at,
            added=self._local(contact.added_at),
            kept=self._local(contact.added_at + counting.keep_s),
            ended=None if contact.ended_at is None else self._local(contact.ended_at),
            settlement=self._local(quota_period.settlement_s),
            first=self._local(first) if contact.nth > 1 else None,
            limit=limit,
            decision=None
            if decided is None
            else Decision(
                by=decided.by,
                at=None if decided.at is None else self._local(decided.at),
                why=decided.why,
            ),
        )

    def _limits(self, quota_period: QuotaPeriod) -> dict[tuple[str, str, int], MaxShare]:
        """Return the first share limit that each contact exceeds; contacts within all limits are absent."""
        found: dict[tuple[str, str, int], MaxShare] = {}
        shares = quota_period.quota.counting.max_share
        for number, limit in enumerate(shares, start=1):
            counting = replace(quota_period.quota.counting, max_share=shares[:number])
            upto = replace(quota_period, quota=replace(quota_period.quota, counting=counting))
            for contact, verdict in upto.judged(self._userid, self._past):
                if verdict in _OVER_SHARE:
                    found.setdefault(contact.key, limit)
        return found

    def _local(self, moment_s: int) -> datetime:
        return self._calendar.moment(moment_s)


def _until(ruling: Ruling) -> datetime | None:
    if ruling.verdict is Verdict.KEEP_PERIOD:
        return ruling.kept
    return ruling.settlement if ruling.verdict.outcome == "pending" else None
