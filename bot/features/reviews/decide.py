"""Decisions on cases; each names its author and its reason.

Accepting always favors the employee: an appealed or held contact counts, a finding is cleared, adds under the
old userid belong to the new one. Accepting a new person sets the first working day; rejecting means that the
person was always there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import itemgetter

from bot.core.contacts import Contact
from bot.core.integrity import FindingKind, Key
from bot.core.periods import Period, parse_period
from bot.core.quotas import Basis, Quota, stretches_under
from bot.core.rulebook import QuotaInPeriod
from bot.core.verdicts import Verdict, is_open
from bot.core.workdays import epoch_of
from bot.features.close.results import may_appeal
from bot.features.people.joiners import settle
from bot.features.renames.rename import RenamingError, look_anew, rename_within
from bot.features.reviews.cases import Case, load_cases, rename_id, verdicts_in
from bot.features.reviews.findings import list_settled
from bot.features.standings.everybody import load_people
from bot.features.standings.load import load_rulebook
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.rename_proposals import Proposal, ProposalState
from bot.store.reviews import OpenFinding, Opening, Review, ReviewKind, ReviewState


class ReviewError(Exception):
    """A case cannot be opened, answered or decided; the text says why and what to do."""


class CountsByItselfError(ReviewError):
    """The contact will count by itself, by *until* (local) at the latest: an appeal is not needed."""

    def __init__(self, text: str, *, until: datetime) -> None:
        super().__init__(text)
        self.until = until


def open_appeal(
    services: Services,
    userid: str,
    external_userid: str,
    *,
    text: str,
    at: datetime,
    quota: str | None = None,
    period: str | None = None,
) -> list[Case]:
    """Open an appeal for each quota in which this contact of *userid* does not count as of *at* (aware).

    The contact is the relation's last add, in the periods of that add, or in *period*. Appeals are possible
    about contacts that are rejected, open or outside the segment, until some workdays after a preliminary
    result. Raises ReviewError if nothing can be appealed, ValueError if *period* is no period.
    """
    quota_periods = [
        quota_period
        for quota_period in _quota_periods(services, userid, external_userid, period=period, at=at)
        if quota in (None, quota_period[0].id)
    ]
    openings, reasons = _openings(services, quota_periods, (userid, external_userid), text=text, at=at)
    if not openings:
        waits = [reason.until for reason in reasons if isinstance(reason, CountsByItselfError)]
        text = Sentence("cli.review.refused.no_quota", userid=userid, customer=external_userid)
        if reasons:
            text = Sentence("sentences.several", items=[str(reason) for reason in reasons])
        raise CountsByItselfError(text, until=max(waits)) if waits else ReviewError(text)
    with services.store.transaction():
        services.store.reviews.open(openings)
    opened = {(opening.quota, opening.contact) for opening in openings}
    return [
        case
        for case in load_cases(services, at=at)
        if case.review is not None
        and case.review.kind is ReviewKind.APPEAL
        and (case.review.quota, case.review.contact) in opened
    ]


def _openings(
    services: Services,
    quota_periods: Sequence[QuotaInPeriod],
    relation: tuple[str, str],
    *,
    text: str,
    at: datetime,
) -> tuple[list[Opening], list[ReviewError]]:
    """Return an appeal for each period without a counted last add of *relation*, and the refusals."""
    userid, external_userid = relation
    judged = verdicts_in(services, quota_periods, userids=[userid], at=at)
    openings, reasons = [], []
    for quota, period in quota_periods:
        contacts = judged[quota.id, period.name]
        keys = [key for key in contacts if key[1] == external_userid]
        if not keys:
            continue
        key = max(keys, key=itemgetter(2))
        try:
            _may_open(services, (quota, period), *contacts[key], at=at)
        except ReviewError as refusal:
            reasons.append(refusal)
        else:
            openings.append(_appeal(quota, period, key, text=text, at=at))
    return openings, reasons


def answer(services: Services, case_id: str, text: str, *, at: datetime) -> Case:
    """Store the employee's answer to a finding as of *at* (aware), and pass it to the reviewers.

    Raises ReviewError if there is nothing to answer.
    """
    case = find(services, case_id, at=at)
    if case.proposal is not None or case.joiner is not None:
        raise ReviewError(Sentence("cli.review.refused.for_admins", id=case.id))
    if case.finding is None:
        raise ReviewError(Sentence("cli.review.refused.no_finding", id=case.id))
    with services.store.transaction():
        is_first = services.store.findings.answer(case.finding.name, text, at=epoch_of(at))
    if not is_first:
        raise ReviewError(Sentence("cli.review.refused.answered", id=case.id))
    return find(services, case_id, at=at)


def find(services: Services, case_id: str, *, at: datetime) -> Case:
    """Return the case with this id. Raises ReviewError if it is not open."""
    for case in load_cases(services, at=at, held=True):
        if case.id == case_id:
            return case
    raise ReviewError(Sentence("cli.review.refused.no_case", id=case_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDecision:
    """The decision of *by*. *joined_on*: the first working day of a new person; None: of arrival."""

    accept: bool
    by: str
    reason: str
    joined_on: date | None = None


def decide(services: Services, case_id: str, decision: CaseDecision, *, at: datetime) -> tuple[Case, str]:
    """Take a decision as of *at* (aware); figures follow at once.

    Returns the case and its state: accepted, rejected, cleared, confirmed. Raises ReviewError if the case is
    not open, not the reviewers' turn yet, or not the author's to decide.
    """
    decision = replace(decision, by=decision.by.strip(), reason=decision.reason.strip())
    case = find_decidable(services, case_id, decision, at=at)
    known = _may_decide(services, case, decision.by)
    with services.store.transaction():
        state, detail = apply_decision(services, case, decision, at=at)
        services.store.audit.add(
            at=epoch_of(at),
            actor=decision.by,
            act=f"review {'accept' if decision.accept else 'reject'}",
            subject=_subject(case),
            detail=_detail(case, state, decision.reason, known=known) | detail,
        )
        services.store.figures.mark([case.userid])
    if case.proposal is not None or case.joiner is not None:
        look_anew(services)
    return case, state


def find_decidable(services: Services, case_id: str, decision: CaseDecision, *, at: datetime) -> Case:
    """Return the case if `decide` would take this decision as of *at*. Raises ReviewError like `decide`."""
    if not decision.by.strip() or not decision.reason.strip():
        raise ReviewError(Sentence("cli.review.refused.no_name"))
    case = find(services, case_id, at=at)
    if case.level is None and not decision.accept:
        until = f"{case.until:%Y-%m-%d %H:%M}"
        raise ReviewError(
            Sentence("cli.review.refused.too_early", id=case.id, userid=case.userid, until=until)
        )
    if decision.joined_on is not None and case.joiner is None:
        raise ReviewError(Sentence("cli.review.refused.no_first_day", id=case.id))
    _may_decide(services, case, decision.by.strip())
    return case


def apply_decision(
    services: Services, case: Case, decision: CaseDecision, *, at: datetime
) -> tuple[str, dict[str, object]]:
    """Store a decision inside a transaction; return the state of the case and details for the audit log.

    Raises ReviewError if somebody else has decided the case meanwhile.
    """
    if case.finding is not None:
        return _decide_finding(services, case.finding, decision, at=at), {}
    if case.proposal is not None:
        return _decide_proposal(services, case.proposal, decision, at=at), {}
    if case.joiner is not None:
        first = (decision.joined_on or case.joiner.arrived_on) if decision.accept else None
        settle(services, case.joiner, joined_on=first)
        detail: dict[str, object] = {"joined_on": None if first is None else first.isoformat()}
        return "accepted" if decision.accept else "rejected", detail
    assert case.review is not None  # noqa: S101 - a case is one of the four
    return _decide_review(services, case.review, decision, at=at), {}


def _quota_periods(
    services: Services, userid: str, external_userid: str, *, period: str | None, at: datetime
) -> list[QuotaInPeriod]:
    """Return the quota periods that include the contact and apply to *userid*."""
    adds = services.store.ledger.kept_adds(userid, external_userid)
    begun = [add.added_at for add in adds if add.added_at <= epoch_of(at)]
    if not begun:
        raise ReviewError(Sentence("cli.review.refused.no_add", userid=userid, customer=external_userid))
    calendar, book = services.config.work_calendar(), load_rulebook(services)
    if period is not None:
        quota_periods = book.periods_named(parse_period(period))
    else:
        quota_periods = book.periods_at(calendar.day_of(begun[-1]))
        quota_periods += [
            quota_period
            for quota_period in book.periods_at(calendar.local_day(at))
            if quota_period[0].basis is Basis.HELD and quota_period not in quota_periods
        ]
    if (person := load_people(services).get(userid)) is None:
        return []
    tree = services.directory.departments
    return [
        (quota, in_period)
        for quota, in_period in quota_periods
        if stretches_under(quota, person, in_period, departments=tree)
    ]


def _may_open(
    services: Services, quota_period: QuotaInPeriod, contact: Contact, verdict: Verdict, *, at: datetime
) -> None:
    """Raise ReviewError if no appeal about *contact* is possible in a quota period."""
    quota, period = quota_period
    place, is_held = f"{quota.id} {period.name}", False
    for before in services.store.reviews.of_contact(contact.key):
        is_open_already = before.state is ReviewState.OPEN
        if before.quota != quota.id:
            continue
        if before.kind is ReviewKind.HELD:
            is_held = is_held or is_open_already
        elif is_open_already:
            raise ReviewError(Sentence("cli.review.refused.open", place=place, number=before.number))
        else:
            about = {"number": before.number, "by": before.decided_by, "reason": before.reason}
            raise ReviewError(Sentence("cli.review.refused.decided", place=place, **about))
    if verdict.outcome == "counted":
        raise ReviewError(Sentence("cli.review.refused.counts", place=place))
    if not may_appeal(services, quota.id, period.name, at=at):
        raise ReviewError(Sentence("cli.review.refused.over", place=place))
    if verdict.outcome == "pending" and not is_open(verdict, contact):
        calendar = services.config.work_calendar()
        moment = quota.settlement(period, calendar=calendar)
        if verdict is Verdict.KEEP_PERIOD and not is_held:
            moment = contact.added_at + quota.counting.keep_s
        until = calendar.moment(moment)
        text = Sentence("cli.review.refused.by_itself", place=place, until=f"{until:%Y-%m-%d %H:%M}")
        raise CountsByItselfError(text, until=until)


def _appeal(quota: Quota, period: Period, key: Key, *, text: str, at: datetime) -> Opening:
    return Opening(
        kind=ReviewKind.APPEAL,
        quota=quota.id,
        period=period.name,
        contact=key,
        opened_at=epoch_of(at),
        text=text,
    )


def _may_decide(services: Services, case: Case, by: str) -> bool:
    """Say whether *by* is a known person. Raises ReviewError if a known person may not decide.

    An unknown name is accepted as given: users of the command line run the installation.
    """
    config, named = services.config, load_people(services).called(by)
    if by.lower() in {*config.review.reviewers, *config.admins.userids}:
        named.add(by.lower())
    if not named or named & set(case.reached) - case.about:
        return bool(named)
    if case.about & named:
        raise ReviewError(Sentence("cli.review.refused.oneself", id=case.id))
    about = {"id": case.id, "by": by, "userid": case.userid}
    if not case.reached:
        raise ReviewError(Sentence("cli.review.refused.nobody", **about))
    raise ReviewError(Sentence("cli.review.refused.not_theirs", names=list(case.reached), **about))


def _decide_review(services: Services, review: Review, decision: CaseDecision, *, at: datetime) -> str:
    state = ReviewState.ACCEPTED if decision.accept else ReviewState.REJECTED
    by, reason = decision.by, decision.reason
    if not services.store.reviews.decide(review.number, state, by=by, reason=reason, at=epoch_of(at)):
        raise ReviewError(Sentence("cli.review.refused.just_now", id=f"{review.kind.value}:{review.number}"))
    return state.value


def _decide_finding(services: Services, finding: OpenFinding, decision: CaseDecision, *, at: datetime) -> str:
    """Clear or confirm a finding, and decide its held contacts.

    Cleared: the other rules decide about them. Confirmed: they do not count. Contacts held by another open
    finding stay held; contacts of settled periods count by the closing rules.
    """
    store, accept, by, reason = services.store, decision.accept, decision.by, decision.reason
    if not store.findings.decide(finding.name, confirmed=not accept, by=by, reason=reason, at=epoch_of(at)):
        raise ReviewError(Sentence("cli.review.refused.just_now", id=f"finding:{finding.name.kind.value}"))
    others = {key for other in store.findings.open() for key in other.concerned}
    held = [
        review
        for review in store.reviews.all_open()
        if review.kind is ReviewKind.HELD and review.contact in finding.concerned
    ]
    over = list_settled(services, held, at=at)
    for review in held:
        state = ReviewState.REJECTED
        if accept or (review.quota, review.period) in over:
            if review.contact in others:
                continue
            state = ReviewState.RELEASED
        store.reviews.decide(review.number, state, by=by, reason=reason, at=epoch_of(at))
    return "cleared" if accept else "confirmed"


def _decide_proposal(services: Services, proposal: Proposal, decision: CaseDecision, *, at: datetime) -> str:
    """Treat the two userids as one person, as `import renames` does, or as two people for good."""
    state = ProposalState.ACCEPTED if decision.accept else ProposalState.REJECTED
    by, reason = decision.by, decision.reason
    if not services.store.proposals.end(proposal.pair, state, by=by, reason=reason, at=epoch_of(at)):
        raise ReviewError(Sentence("cli.review.refused.just_now", id=rename_id(proposal.pair)))
    if decision.accept:
        try:
            rename_within(services, [proposal.pair], by=by)
        except RenamingError as error:
            raise ReviewError(str(error)) from None
    return state.value


def _subject(case: Case) -> str:
    """Name the case for the permanent audit log, without the customer: customers may ask for erasure."""
    if case.finding is not None and case.finding.name.kind is FindingKind.SHARED:
        return f"finding:shared:{case.userid}"
    return case.id


def _detail(case: Case, state: str, reason: str, *, known: bool) -> dict[str, object]:
    detail: dict[str, object] = {
        "userid": case.userid,
        "state": state,
        "reason": reason,
        "by": "somebody known" if known else "a name, at the command line",
    }
    if case.review is not None:
        detail |= {
            "quota": case.review.quota,
            "period": case.review.period,
            "added_at": case.review.contact[2],
        }
    return detail
