"""Undecided cases, and the people who may decide each.

Cases are appeals, held contacts, findings, changed userids and first working days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from bot.core.integrity import FindingKind, FindingName, Key
from bot.core.people import Person
from bot.core.periods import parse_period
from bot.core.quota_periods import QuotaPeriod
from bot.core.renames import Pair
from bot.core.reviewers import Bank, Levels, level_at, time_is_up
from bot.core.rulebook import QuotaInPeriod
from bot.core.verdicts import Verdict
from bot.core.workdays import WorkCalendar, epoch_of
from bot.features.customers.names import Names
from bot.features.people.joiners import Joiner, waiting
from bot.features.reviews.findings import Free, settled
from bot.features.reviews.question_message import Appealed, Seen
from bot.features.standings.load import load_branch, load_people, load_rulebook
from bot.services import Services
from bot.store.rename_proposals import Proposal
from bot.store.reviews import OpenFinding, Review, ReviewKind

Judged = tuple[str, Key]  # quota, contact

FINDING, RENAME, JOINER = "finding", "rename", "joiner"  # kinds of a case; the others are `ReviewKind`


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case to decide: a *review* (an appeal, a held contact), *finding*, *proposal* or *joiner*.

    *userid*: the person it is about; for a changed userid the new one.
    *said*: the employee's text, None while the employee may still write it. *levels*: the reviewers of each
    level, the first level first. *level*: the present one, None while it is the employee's turn; *until*: its
    end. *verdict*: of the contact as of now, None if the count no longer has this contact.
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
        """Return the userids to decide now; none while it is the employee's turn, or if nobody may."""
        return self.levels[self.level] if self.level is not None and self.levels else ()

    @property
    def reached(self) -> tuple[str, ...]:
        """Return all userids that may decide by now: those of the present level and the levels before."""
        return tuple(userid for level in self.levels[: (self.level or 0) + 1] for userid in level)


def id_of(name: FindingName) -> str:
    """Return the case id of a finding: `finding:burst:zhangsan:2026-11-23`."""
    subject = name.subject.replace(" ", ":") if name.kind is FindingKind.QUICK_LOSS else name.subject
    return f"{FINDING}:{name.kind.value}:{name.userid}:{subject}"


def rename_id(pair: Pair) -> str:
    """Return the case id of a proposal: `rename:zhangsan:zhang.san`."""
    return f"{RENAME}:{pair[0]}:{pair[1]}"


def cases(services: Services, *, at: datetime) -> list[Case]:
    """Return all cases as of *at* (aware): appeals and held contacts by number, then the others by time.

    Held contacts of settled periods are left out: by the closing rules they count.
    """
    reviews = services.store.reviews.all_open()
    return _cases(services, reviews, _verdicts(services, reviews, at=at), at=at)


def _cases(
    services: Services, reviews: Sequence[Review], verdicts: Mapping[Judged, Verdict], *, at: datetime
) -> list[Case]:
    desk = _Desk(services, at=at)
    over = settled(services, reviews, at=at)
    found = [
        desk.of_review(one, verdicts.get((one.quota, one.contact)))
        for one in reviews
        if one.kind is ReviewKind.APPEAL or (one.quota, one.period) not in over
    ]
    return [
        *(case for case in found if case is not None),
        *(desk.of_finding(one) for one in desk.findings),
        *(desk.of_proposal(one) for one in services.store.proposals.open()),
        *(desk.of_joiner(one) for one in waiting(services)),
    ]


def note_told(services: Services, *, at: datetime, free: Free) -> None:
    """Note for each case with new reviewers as of *at* (aware) that they are told now.

    A case waits until one of its reviewers is at work and *free*.
    """
    store, at_s = services.store, epoch_of(at)
    people, today = load_people(services), services.config.work_calendar().local_day(at)
    waiting = [
        case
        for case in _cases(services, store.reviews.all_open(), {}, at=at)
        if _untold(case) and any(map(free, _at_work(case, people, today)))
    ]
    with store.transaction():
        for case in waiting:
            told = (case.level or 0) + 1
            if case.review is not None:
                store.reviews.tell(case.review.number, told=told, at=at_s)
            elif case.finding is not None:
                store.findings.tell(case.finding.name, told=told, at=at_s)
            elif case.proposal is not None:
                store.proposals.tell(case.proposal.pair, told=told, at=at_s)


def to_tell(services: Services, *, at: datetime, free: Free) -> dict[str, list[Case]]:
    """Return by userid the cases that reviewers at work are told on the day of *at*, or would be now."""
    calendar = services.config.work_calendar()
    people, today = load_people(services), calendar.local_day(at)
    found: dict[str, list[Case]] = {}
    for case in cases(services, at=at):
        told_today = case.told_at is not None and calendar.day_of(case.told_at) == today
        for userid in _at_work(case, people, today):
            if (_untold(case) and free(userid)) or (told_today and case.kind != ReviewKind.HELD):
                found.setdefault(userid, []).append(case)
    return found


def _untold(case: Case) -> bool:
    """Say whether the present reviewers still have to be told. Held contacts are told with their finding.

    Nobody is told of first working days: the keeper of the roster looks for them.
    """
    return case.kind not in {ReviewKind.HELD, JOINER} and case.level is not None and case.told <= case.level


def _at_work(case: Case, people: Mapping[str, Person], today: date) -> list[str]:
    """Return the present reviewers without absent ones; people outside the roster count as at work."""
    return [userid for userid in case.reviewers if userid not in people or people[userid].works_on(today)]


class _Desk:
    """The assignment of each case to its reviewers."""

    def __init__(self, services: Services, *, at: datetime) -> None:
        config = services.config
        self._at = at
        self._calendar: WorkCalendar = config.work_calendar()
        self._people = load_people(services)
        self._bank = Bank(
            people=self._people,
            departments=services.directory.departments,
            day=self._calendar.local_day(at),
            reviewers=config.review.reviewers,
            admins=config.admins.userids,
        )
        self.findings = services.store.findings.open()

    def of_review(self, review: Review, verdict: Verdict | None) -> Case | None:
        """Assign an appeal to reviewers at once, a held contact with its finding; None without a finding."""
        userid = review.contact[0]
        levels = self._bank.levels(userid)
        said: str | None = review.text
        level: int | None
        level, until = self._standing(self._calendar.moment(review.opened_at), levels)
        if review.kind is ReviewKind.HELD:
            finding = next((one for one in self.findings if review.contact in one.concerned), None)
            if finding is None:
                return None
            case = self.of_finding(finding)
            said, level, until = case.said, case.level, case.until
        return Case(
            id=f"{review.kind.value}:{review.number}",
            userid=userid,
            said=said,
            levels=levels,
            level=level,
            until=until,
            opened_at=review.opened_at,
            told=review.told,
            told_at=review.told_at,
            review=review,
            verdict=verdict,
        )

    def of_finding(self, finding: OpenFinding) -> Case:
        """Give the employee three own workdays to answer, then assign the finding to reviewers."""
        userid = finding.name.userid
        levels = self._bank.levels(userid)
        away = self._people[userid].absences if userid in self._people else frozenset()
        until = time_is_up(self._calendar.moment(finding.asked_at), calendar=self._calendar, away=away)
        level: int | None = None
        answered = finding.answered_at
        if answered is not None or self._at >= until:
            since = until if answered is None else self._calendar.moment(answered)
            level, until = self._standing(since, levels)
        return Case(
            id=id_of(finding.name),
            userid=userid,
            said=finding.answer if level is not None else None,
            levels=levels,
            level=level,
            until=until,
            opened_at=finding.asked_at,
            told=finding.told,
            told_at=finding.told_at,
            finding=finding,
        )

    def of_proposal(self, proposal: Proposal) -> Case:
        """Assign a proposal to the admins at once, except those it is about; nobody has to answer first."""
        levels = self._bank.admins_but(proposal.pair)
        level, until = self._standing(self._calendar.moment(proposal.proposed_at), levels)
        return Case(
            id=rename_id(proposal.pair),
            userid=proposal.userid,
            said="",
            levels=levels,
            level=level,
            until=until,
            opened_at=proposal.proposed_at,
            told=proposal.told,
            told_at=proposal.told_at,
            proposal=proposal,
        )

    def of_joiner(self, joiner: Joiner) -> Case:
        """Assign a first working day to the admins, as a matter of accounts."""
        levels = self._bank.admins_but((joiner.userid,))
        since = datetime.combine(joiner.listed_on, time(), self._calendar.zone)
        level, until = self._standing(since, levels)
        return Case(
            id=f"{JOINER}:{joiner.userid}",
            userid=joiner.userid,
            said="",
            levels=levels,
            level=level,
            until=until,
            opened_at=epoch_of(since),
            told=0,
            told_at=None,
            joiner=joiner,
        )

    def _standing(self, since: datetime, levels: Sequence[object]) -> tuple[int, datetime]:
        return level_at(since, at=self._at, levels=len(levels), calendar=self._calendar)


def _verdicts(services: Services, reviews: Iterable[Review], *, at: datetime) -> dict[Judged, Verdict]:
    """Return the verdict on each reviewed contact as of *at*, by (quota, contact)."""
    book = load_rulebook(services)
    quota_periods = [
        quota_period
        for quota, period in dict.fromkeys((one.quota, one.period) for one in reviews)
        for quota_period in book.periods_named(parse_period(period))
        if quota_period[0].id == quota
    ]
    userids = {one.contact[0] for one in reviews}
    return {
        (quota, key): verdict
        for (quota, _), contacts in verdicts_in(services, quota_periods, userids=userids, at=at).items()
        for key, verdict in contacts.items()
    }


def verdicts_in(
    services: Services, quota_periods: Sequence[QuotaInPeriod], *, userids: Iterable[str], at: datetime
) -> dict[tuple[str, str], dict[Key, Verdict]]:
    """Return by (quota, period) the verdicts on contacts of *userids* in *frames* as of *at* (aware)."""
    if not quota_periods:
        return {}
    asked = list(userids)
    branch = load_branch(services, quota_periods, at=at, userids=asked)
    past = branch.past(epoch_of(at))
    found = {}
    for quota, period in quota_periods:
        quota_period = QuotaPeriod.of(quota, period, calendar=branch.calendar)
        found[quota.id, period.name] = {
            contact.key: verdict for userid in asked for contact, verdict in quota_period.judged(userid, past)
        }
    return found


def what_of(
    case: Case, *, calendar: WorkCalendar, names: Mapping[str, Names] | None = None
) -> Seen | Appealed:
    """Return the subject of *case* (an appeal, a held contact or a finding) for a message.

    *names* of customers by their ids: only for a message to the person that the case is about.
    """
    if case.finding is not None:
        return Seen.of(case.finding.name, case.finding.evidence, names=names)
    assert case.review is not None  # noqa: S101 - a case is one of the two
    _, external_userid, added_at = case.review.contact
    return Appealed(
        external_userid=external_userid,
        added_at=calendar.moment(added_at),
        verdict=case.verdict,
        names=(names or {}).get(external_userid, ()),
    )
