"""Undecided cases, and the people entitled to decide each.

Cases are appeals, held contacts, findings, changed userids and first working days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from bot.config import Config
from bot.core.contacts import Contact
from bot.core.integrity import FindingKind, FindingName, Key
from bot.core.people import Person
from bot.core.periods import parse_period
from bot.core.quota_periods import QuotaPeriod
from bot.core.quotas import under_quota
from bot.core.renames import Pair
from bot.core.reviewers import Bank, Levels, level_at, time_is_up
from bot.core.rulebook import QuotaInPeriod
from bot.core.verdicts import Verdict
from bot.core.workdays import WorkCalendar, epoch_of
from bot.features.customers.names import Names
from bot.features.people.joiners import Joiner, list_waiting
from bot.features.reviews.findings import Free, list_settled
from bot.features.reviews.question_message import Appealed, Seen
from bot.features.standings.everybody import load_people
from bot.features.standings.leaders import load_bank
from bot.features.standings.load import load_branch, load_rulebook
from bot.services import Directory, Services
from bot.store.rename_proposals import Proposal
from bot.store.reviews import OpenFinding, Review, ReviewKind

Judged = tuple[str, Key]  # quota, contact

FINDING, RENAME, JOINER = "finding", "rename", "joiner"  # kinds of a case; the others are `ReviewKind`


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case to decide: a *review* (an appeal, a held contact), *finding*, *proposal* or *joiner*.

    *userid*: the person concerned; for a changed userid the new one.
    *said*: the employee's text, None while the employee may still write it. *levels*: the reviewers of each
    level, the first level first. *level*: the present one, None while it is the employee's turn; *until*: its
    end. *verdict*: of the contact as of now, None if the count no longer has this contact. *holds*: the held
    contacts of a finding, under each quota. *leaders*: the person's direct leaders, if nobody may decide.
    """

    id: str
    userid: str
    said: str | None
    levels: Levels
    level: int | None
    until: datetime
    opened_at: int
    told: int
    told_at: int | None
    review: Review | None = None
    verdict: Verdict | None = None
    finding: OpenFinding | None = None
    holds: tuple[Review, ...] = ()
    leaders: tuple[str, ...] = ()
    proposal: Proposal | None = None
    joiner: Joiner | None = None

    @property
    def kind(self) -> str:
        """Return `appeal`, `held`, `finding`, `rename` or `joiner`."""
        if self.review is not None:
            return self.review.kind.value
        if self.finding is not None:
            return FINDING
        return JOINER if self.proposal is None else RENAME

    @property
    def about(self) -> frozenset[str]:
        """Return the userids that may not decide the case, because it is about them."""
        return frozenset({self.userid} if self.proposal is None else self.proposal.pair)

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Return the userids of the present reviewers; none during the employee's turn, or if nobody may."""
        return self.levels[self.level] if self.level is not None and self.levels else ()

    @property
    def reached(self) -> tuple[str, ...]:
        """Return the userids of the present level and of the levels before it."""
        return tuple(userid for level in self.levels[: (self.level or 0) + 1] for userid in level)


def id_of(name: FindingName) -> str:
    """Return the case id of a finding: `finding:burst:zhangsan:2026-11-23`."""
    subject = name.subject.replace(" ", ":") if name.kind is FindingKind.QUICK_LOSS else name.subject
    nth = "" if name.nth == 1 else f"#{name.nth}"
    return f"{FINDING}:{name.kind.value}:{name.userid}:{subject}{nth}"


def rename_id(pair: Pair) -> str:
    """Return the case id of a proposal: `rename:zhangsan:zhang.san`."""
    return f"{RENAME}:{pair[0]}:{pair[1]}"


def load_cases(services: Services, *, at: datetime, held: bool = False) -> list[Case]:
    """Return all cases as of *at* (aware): appeals by number, then the others by time.

    A finding is one case with all contacts that it holds. *held*: each held contact is also a
    case of its own, except in settled periods: there it counts by the closing rules.
    """
    reviews = [
        review for review in services.store.reviews.all_open() if held or review.kind is ReviewKind.APPEAL
    ]
    return _cases(services, reviews, _verdicts(services, reviews, at=at), at=at)


def load_cases_of(services: Services, reviewer: str, *, at: datetime) -> list[Case]:
    """Return the cases that *reviewer* may decide as of *at* (aware), the first to go one up first.

    Verdicts are read of these cases only.
    """
    reviews = [review for review in services.store.reviews.all_open() if review.kind is ReviewKind.APPEAL]
    own = [
        case
        for case in _cases(services, reviews, {}, at=at)
        if case.level is not None and reviewer in set(case.reached) - case.about
    ]
    verdicts = _verdicts(services, [case.review for case in own if case.review is not None], at=at)
    judged = [
        case
        if case.review is None
        else replace(case, verdict=verdicts.get((case.review.quota, case.review.contact)))
        for case in own
    ]
    return sorted(judged, key=lambda case: (case.until, case.id))


def _cases(
    services: Services, reviews: Sequence[Review], verdicts: Mapping[Judged, Verdict], *, at: datetime
) -> list[Case]:
    desk = _Desk(services, at=at)
    over = list_settled(services, reviews, at=at)
    reviewed = [
        desk.of_review(review, verdicts.get((review.quota, review.contact)))
        for review in reviews
        if review.kind is ReviewKind.APPEAL or (review.quota, review.period) not in over
    ]
    return [
        *(case for case in reviewed if case is not None),
        *map(desk.of_finding, desk.findings),
        *map(desk.of_proposal, services.store.proposals.open()),
        *map(desk.of_joiner, list_waiting(services)),
    ]


def note_told(services: Services, *, at: datetime, free: Free) -> None:
    """Store that the new reviewers of each case are told now, as of *at* (aware).

    A case waits until one of its reviewers is at work and *free*.
    """
    store, at_s = services.store, epoch_of(at)
    people, today = load_people(services), services.config.work_calendar().local_day(at)
    open_cases = _cases(services, store.reviews.all_open(), {}, at=at)
    with store.transaction():
        for case in open_cases:
            if not _untold(case) or not any(map(free, _at_work(case, people, today))):
                continue
            told = (case.level or 0) + 1
            if case.review is not None:
                store.reviews.tell(case.review.number, told=told, at=at_s)
            elif case.finding is not None:
                store.findings.tell(case.finding.name, told=told, at=at_s)
            elif case.proposal is not None:
                store.proposals.tell(case.proposal.pair, told=told, at=at_s)


def choose_cases_to_tell(services: Services, *, at: datetime, free: Free) -> dict[str, list[Case]]:
    """Return by reviewer (at work) the cases of the day of *at*: already told, or to be told now."""
    calendar = services.config.work_calendar()
    people, today = load_people(services), calendar.local_day(at)
    by_reviewer: dict[str, list[Case]] = {}
    for case in load_cases(services, at=at):
        told_today = case.told_at is not None and calendar.day_of(case.told_at) == today
        for userid in _at_work(case, people, today):
            if (_untold(case) and free(userid)) or (told_today and case.kind != ReviewKind.HELD):
                by_reviewer.setdefault(userid, []).append(case)
    return by_reviewer


def _untold(case: Case) -> bool:
    """Say whether the present reviewers still have to be told.

    Held contacts are told with their finding. First working days are not told: administrators look for them.
    """
    return case.kind not in {ReviewKind.HELD, JOINER} and case.level is not None and case.told <= case.level


def _at_work(case: Case, people: Mapping[str, Person], today: date) -> list[str]:
    """Return the present reviewers at work; people outside the roster count as at work."""
    return [userid for userid in case.reviewers if userid not in people or people[userid].works_on(today)]


class _Desk:
    """The assignment of each case to its reviewers."""

    def __init__(self, services: Services, *, at: datetime) -> None:
        self._at = at
        self._calendar = services.config.work_calendar()
        self._people = load_people(services)
        day = self._calendar.local_day(at)
        self._bank = load_bank(services, day=day)
        self.findings = services.store.findings.open()
        reviews = services.store.reviews.all_open()
        self._held = [review for review in reviews if review.kind is ReviewKind.HELD]

    def of_review(self, review: Review, verdict: Verdict | None) -> Case | None:
        """Assign an appeal to reviewers at once, a held contact with its finding; None without a finding."""
        case = self._case(
            f"{review.kind.value}:{review.number}", review.contact[0], review.opened_at, told=review
        )
        case = replace(case, said=review.text, review=review, verdict=verdict)
        if review.kind is not ReviewKind.HELD:
            return case
        finding = next((item for item in self.findings if review.contact in item.concerned), None)
        if finding is None:
            return None
        asked = self.of_finding(finding)
        return replace(case, said=asked.said, level=asked.level, until=asked.until)

    def of_finding(self, finding: OpenFinding) -> Case:
        """Give the employee three own workdays to answer, then assign the finding to reviewers."""
        userid = finding.name.userid
        away = self._people[userid].absences if userid in self._people else frozenset()
        until = time_is_up(self._calendar.moment(finding.asked_at), calendar=self._calendar, away=away)
        since = epoch_of(until) if finding.answered_at is None else finding.answered_at
        case = self._case(id_of(finding.name), userid, since, told=finding)
        holds = tuple(review for review in self._held if review.contact in finding.concerned)
        case = replace(case, said=finding.answer, opened_at=finding.asked_at, finding=finding, holds=holds)
        if finding.answered_at is None and self._at < until:
            return replace(case, said=None, level=None, until=until)
        return case

    def of_proposal(self, proposal: Proposal) -> Case:
        """Assign a proposal to the admins at once, except those it is about; nobody has to answer first."""
        case = self._case(
            rename_id(proposal.pair),
            proposal.userid,
            proposal.proposed_at,
            told=proposal,
            levels=self._bank.admins_but(proposal.pair),
        )
        return replace(case, proposal=proposal)

    def of_joiner(self, joiner: Joiner) -> Case:
        """Assign a first working day to the admins, as a matter of accounts."""
        since = epoch_of(datetime.combine(joiner.listed_on, time(), self._calendar.zone))
        levels = self._bank.admins_but((joiner.userid,))
        case = self._case(f"{JOINER}:{joiner.userid}", joiner.userid, since, levels=levels)
        return replace(case, joiner=joiner)

    def _case(
        self,
        case_id: str,
        userid: str,
        since: int,
        *,
        told: Review | OpenFinding | Proposal | None = None,
        levels: Levels | None = None,
    ) -> Case:
        """Return a case with its reviewers *since* (epoch s); *told* knows who was told of it."""
        levels = self._bank.levels(userid) if levels is None else levels
        began = self._calendar.moment(since)
        level, until = level_at(began, at=self._at, levels=len(levels), calendar=self._calendar)
        return Case(
            id=case_id,
            userid=userid,
            said="",
            levels=levels,
            level=level,
            until=until,
            opened_at=since,
            leaders=() if levels else tuple(sorted(self._bank.leaders_of(userid))),
            told=0 if told is None else told.told,
            told_at=None if told is None else told.told_at,
        )


def list_without_reviewer(config: Config, directory: Directory, *, day: date) -> list[str]:
    """Return the userids under a quota on the local *day* for which nobody may decide a case."""
    people, tree = {person.userid: person for person in directory.people}, directory.departments
    quotas = config.core_quotas()
    bank = Bank(
        people=people,
        departments=tree,
        day=day,
        reviewers=config.review.reviewers,
        admins=config.admins.userids,
    )
    return sorted(
        person.userid
        for person in people.values()
        if any(under_quota(quota, person, day, departments=tree) for quota in quotas)
        and not bank.levels(person.userid)
    )


def _verdicts(services: Services, reviews: Iterable[Review], *, at: datetime) -> dict[Judged, Verdict]:
    """Return the verdict on each reviewed contact as of *at*, by (quota, contact)."""
    book = load_rulebook(services)
    quota_periods = [
        quota_period
        for quota, period in dict.fromkeys((review.quota, review.period) for review in reviews)
        for quota_period in book.in_period(quota, parse_period(period))
    ]
    userids = {review.contact[0] for review in reviews}
    return {
        (quota, key): verdict
        for (quota, _), contacts in verdicts_in(services, quota_periods, userids=userids, at=at).items()
        for key, (_, verdict) in contacts.items()
    }


def verdicts_in(
    services: Services, quota_periods: Sequence[QuotaInPeriod], *, userids: Iterable[str], at: datetime
) -> dict[tuple[str, str], dict[Key, tuple[Contact, Verdict]]]:
    """Return by (quota, period) the contacts of *userids* with their verdicts as of *at* (aware)."""
    if not quota_periods:
        return {}
    asked = list(userids)
    branch = load_branch(services, quota_periods, at=at, userids=asked, whole=True)
    past = branch.past(epoch_of(at))
    verdicts = {}
    for quota, period in quota_periods:
        quota_period = QuotaPeriod.of(quota, period, calendar=branch.calendar)
        verdicts[quota.id, period.name] = {
            contact.key: (contact, verdict)
            for userid in asked
            for contact, verdict in quota_period.listed(userid, past)
        }
    return verdicts


def what_of(
    case: Case, *, calendar: WorkCalendar, names: Mapping[str, Names] | None = None
) -> Seen | Appealed:
    """Return the subject of *case* (an appeal, a held contact or a finding) for a message.

    *names* of customers by their ids: only for a message to the person concerned.
    """
    if case.finding is not None:
        return Seen.of(case.finding.name, case.finding.evidence, names=names)
    assert case.review is not None  # noqa: S101 - a case is one of the two
    _, external_userid, added_at = case.review.contact
    return Appealed(
        external_userid=external_userid,
        period=case.review.period,
        added_at=calendar.moment(added_at),
        verdict=case.verdict,
        names=(names or {}).get(external_userid, ()),
    )
