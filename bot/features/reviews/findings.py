"""Questions about adds that the rules of `[integrity]` or the bot's start reveal; each is asked once.

A question is evidence and no verdict: until a reviewer confirms it, no row, digest or export shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.core.contacts import Contact
from bot.core.counting import OFF, FirstAdd
from bot.core.evidence import Evidence, evidence_of
from bot.core.integrity import Finding, FindingName, Key, drop_decided, find_quick_loss
from bot.core.periods import parse_period
from bot.core.progress import Branch, subject_of
from bot.core.quiet_hours import Silence
from bot.core.quota_periods import Past, QuotaPeriod
from bot.core.quotas import stretches_under
from bot.core.rollout import Mode
from bot.core.rulebook import QuotaInPeriod
from bot.core.sync import ROLLOUT_S
from bot.core.workdays import WorkCalendar, epoch_of
from bot.features.ledger.versions import load_integrity
from bot.features.notify.rollout import rollout_scope
from bot.features.standings.everybody import load_people
from bot.features.standings.load import load_branch, load_rulebook
from bot.features.standings.pieces import iter_people
from bot.services import Services
from bot.store.reviews import Opening, Review, ReviewKind, ReviewState

Free = Callable[[str], bool]  # says whether a userid may get another message on that day

_PUT = "questions_put"  # the mark with the moment (epoch s) of the last `put_of`
_PUT_UPTO = "questions_put_upto"  # the mark with the last userid of that piece
_A_BREAK = timedelta(days=14)  # no run of days off is longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A finding with its figures, and the contacts that it holds: (quota, period, contact)."""

    finding: Finding
    evidence: Evidence
    held: tuple[tuple[str, str, Key], ...] = ()

    @property
    def name(self) -> FindingName:
        """Return the name of the finding."""
        return self.finding.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question put to a person; *holds*: the number of their contacts pending meanwhile."""

    name: FindingName
    evidence: Evidence
    holds: int


def put(services: Services, *, at: datetime, free: Free) -> None:
    """Store all new questions as asked at *at* (aware), and release what need not be held any more."""
    release_settled(services, at=at)
    for userids in iter_people(services):
        put_of(services, userids, at=at, free=free)


def put_of(services: Services, userids: Sequence[str], *, at: datetime, free: Free) -> None:
    """Store new questions to *userids*, with the contacts they hold; may be repeated.

    They are a piece of all people: of every piece before it this was done as of the same moment. People who
    are not *free* get no question that day. Findings from before a person's rollout are never asked:
    otherwise all would be asked when the rollout begins.
    """
    store, at_s = services.store, epoch_of(at)
    seen = _seen(services, userids, at=at)
    fresh = {question.name for question in _new(services, seen, at=at, free=free)}
    unanswered = fresh | {finding.name for finding in store.findings.open()}
    with store.transaction():
        store.marks.put(_PUT, str(at_s))
        store.marks.put(_PUT_UPTO, max(userids, default=""))
        _leave_unasked(services, seen, at=at)
        for question in seen:
            if question.name in fresh:
                store.findings.ask(question.finding, question.evidence, at=at_s)
        store.reviews.open(
            Opening(kind=ReviewKind.HELD, quota=quota, period=period, contact=key, opened_at=at_s)
            for question in seen
            if question.name in unanswered
            for quota, period, key in question.held
        )


def release_settled(services: Services, *, at: datetime) -> None:
    """Release held contacts of periods settled at *at* (aware): by the closing rules they count."""
    store, held = services.store, _open_held(services)
    over = list_settled(services, held, at=at)
    with store.transaction():
        for review in held:
            if (review.quota, review.period) in over:
                store.reviews.decide(
                    review.number, ReviewState.RELEASED, by="quotabot", reason="settled", at=epoch_of(at)
                )


def of_today(
    services: Services, userids: Sequence[str], *, at: datetime, free: Free
) -> dict[str, list[Asked]]:
    """Return by userid the unanswered questions to *userids*, of the local day of *at* and due now."""
    calendar, store, chosen = services.config.work_calendar(), services.store, frozenset(userids)
    today = calendar.local_day(at)
    held = {review.contact for review in _open_held(services)}
    by_person: dict[str, list[Asked]] = {}
    for finding in store.findings.open():
        is_open = calendar.day_of(finding.asked_at) == today and finding.answered_at is None
        if is_open and finding.name.userid in chosen:
            holds = len(held & set(finding.concerned))
            asked = Asked(name=finding.name, evidence=finding.evidence, holds=holds)
            by_person.setdefault(finding.name.userid, []).append(asked)
    # Questions put as of this very moment are in the store; searching again would take as long once more.
    upto = store.marks.get(_PUT_UPTO) or ""
    was_put = store.marks.get(_PUT) == str(epoch_of(at)) and max(chosen, default="") <= upto
    for question in [] if was_put else _new(services, _seen(services, userids, at=at), at=at, free=free):
        keys = {key for _, _, key in question.held}
        asked = Asked(name=question.name, evidence=question.evidence, holds=len(keys))
        by_person.setdefault(question.name.userid, []).append(asked)
    return by_person


def list_settled(services: Services, openings: Iterable[Opening], *, at: datetime) -> set[tuple[str, str]]:
    """Return the (quota, period) pairs of *openings* that are settled at *at* (aware).

    A quota that no longer exists is settled.
    """
    calendar, book = services.config.work_calendar(), load_rulebook(services)
    asked = {(opening.quota, opening.period) for opening in openings}
    running = {
        (quota.id, period.name)
        for name in {period for _, period in asked}
        for quota, period in book.periods_named(parse_period(name))
        if quota.settlement(period, calendar=calendar) > epoch_of(at)
    }
    return asked - running


def _open_held(services: Services) -> list[Review]:
    return [review for review in services.store.reviews.all_open() if review.kind is ReviewKind.HELD]


def _new(services: Services, seen: Iterable[Question], *, at: datetime, free: Free) -> list[Question]:
    """Return the questions never asked before to people at work on the day of *at*, sorted by userid."""
    known, left = services.store.findings.names(), services.store.unasked_messages
    today = services.config.work_calendar().local_day(at)
    people = load_people(services)
    return sorted(
        (
            question
            for question in seen
            if question.name not in known
            and (person := people.get(question.name.userid)) is not None
            and person.works_on(today)
            and free(person.userid)
            and left.why(_left_key(question.name)) is None
        ),
        key=lambda question: (question.name.userid, question.finding.on, question.name.subject),
    )


def _leave_unasked(services: Services, seen: Iterable[Question], *, at: datetime) -> None:
    """Store which questions are never asked, because the rollout excludes the person. In a transaction."""
    store, today = services.store, services.config.work_calendar().local_day(at)
    reached = rollout_scope(services)
    if reached.mode is Mode.ON:
        return
    people, known = load_people(services), store.findings.names()
    for question in seen:
        userid = question.name.userid
        if question.name not in known and not reached.includes(people.get(userid), today):
            store.unasked_messages.withhold(
                _left_key(question.name),
                job="question",
                userid=userid,
                day=today,
                reason=Silence.ROLLOUT.value,
                at=epoch_of(at),
            )


def _left_key(name: FindingName) -> str:
    nth = "" if name.nth == 1 else f"#{name.nth}"
    return f"question:{name.kind.value}:{name.userid}:{name.subject}{nth}"


def _seen(services: Services, userids: Sequence[str], *, at: datetime) -> list[Question]:
    """Return all findings about *userids* in unsettled periods as of *at*, asked before or not."""
    first = _first_day(services, at=at)
    running = [
        quota_period for quota_period in _running(services, first, at=at) if _asks(services, quota_period)
    ]
    over = _settling(services, first)
    if not running and not over:
        return []
    branch = load_branch(services, [*running, *over], at=at, userids=userids, whole=True, neighbours=True)
    looking = _Looking(branch=branch, past=branch.past(epoch_of(at)))
    by_name: dict[FindingName, Question] = {}
    for quota_period in (*running, *over):
        for question in looking.questions(quota_period, over=quota_period in over):
            earlier = by_name.setdefault(question.name, question)
            if earlier is not question:
                by_name[question.name] = replace(earlier, held=earlier.held + question.held)
    return list(by_name.values())


def _asks(services: Services, quota_period: QuotaInPeriod) -> bool:
    """Say whether a quota period can have findings: a rule is on, or the period lies near the start."""
    quota, period = quota_period
    if quota.integrity != OFF or any(rules != OFF for _, rules in load_integrity(services).values):
        return True
    start, calendar = services.store.syncs.first_at(), services.config.work_calendar()
    if start is None or quota.counting.first_add is FirstAdd.CORP:
        return False
    near = (calendar.day_of(start - ROLLOUT_S), calendar.day_of(start + ROLLOUT_S))
    return period.first <= near[1] and near[0] <= period.last


def _first_day(services: Services, *, at: datetime) -> date:
    """Return the workday before the day of *at*."""
    calendar = services.config.work_calendar()
    today = calendar.local_day(at)
    yesterday = today - timedelta(days=1)
    return (calendar.workdays_between(today - _A_BREAK, yesterday) or (yesterday,))[-1]


def _settling(services: Services, first: date) -> list[QuotaInPeriod]:
    """Return the periods over before *first* with quick losses that may have grown old enough since then."""
    calendar = services.config.work_calendar()
    ended = load_rulebook(services).periods_ending(first - timedelta(days=366), first - timedelta(days=1))
    return [
        (quota, period)
        for quota, period in ended
        if quota.integrity.quick_loss is not None
        and quota.settlement(period, calendar=calendar) >= calendar.start_of(first)
    ]


def _running(services: Services, first: date, *, at: datetime) -> list[QuotaInPeriod]:
    """Return the quota periods running on a day from *first* to that of *at*."""
    today, book = services.config.work_calendar().local_day(at), load_rulebook(services)
    days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    by_name = {
        (quota.id, period.name): (quota, period) for day in days for quota, period in book.periods_at(day)
    }
    return list(by_name.values())


@dataclass(slots=True, kw_only=True)
class _Looking:
    """One search through all contacts."""

    branch: Branch
    past: Past

    def questions(self, about: QuotaInPeriod, *, over: bool) -> list[Question]:
        """Return the findings of one quota's rules in one period about the people under it.

        *over*: the period was over before, only its quick losses can be new.
        """
        quota, period = about
        quota_period = QuotaPeriod.of(quota, period, calendar=self.calendar)
        tree = self.branch.departments
        under = {
            person.userid
            for person in self.branch.people
            if stretches_under(quota, person, period, departments=tree)
        }
        questions = []
        everywhere = self._quick_losses(quota_period, sorted(under))
        if not over:
            everywhere = [*self.past.findings(quota), *everywhere]
        for finding in drop_decided(everywhere, decided=self.branch.decided):
            concerned = tuple(
                key for key in finding.concerned if quota_period.first_s <= key[2] < quota_period.end_s
            )
            if finding.name.userid in under and concerned:
                questions.append(self._question(finding, quota_period, concerned))
        return questions

    @property
    def calendar(self) -> WorkCalendar:
        return self.branch.calendar

    def _quick_losses(self, quota_period: QuotaPeriod, userids: Iterable[str]) -> list[Finding]:
        quota, rule = quota_period.quota, quota_period.quota.integrity.quick_loss
        if rule is None:
            return []
        findings = (
            find_quick_loss(
                self._of_period(userid, quota_period),
                rule=rule,
                keep_s=quota.counting.keep_s,
                at_s=self.past.at_s,
                about=subject_of(quota.id, quota_period.period.name),
                day_of=self.calendar.day_of,
            )
            for userid in userids
        )
        return [finding for finding in findings if finding is not None]

    def _of_period(self, userid: str, quota_period: QuotaPeriod) -> Sequence[Contact]:
        return self.past.history(userid).added_within(quota_period.first_s, quota_period.end_s)

    def _question(self, finding: Finding, quota_period: QuotaPeriod, concerned: Sequence[Key]) -> Question:
        userid, quota = finding.name.userid, quota_period.quota
        by_period = finding.name.subject == subject_of(quota.id, quota_period.period.name)
        contacts = self.past.history(userid).contacts
        rules = self.past.integrity_at(quota, finding.concerned[0][2])
        # Contacts of a quick loss are lost already and need not be held.
        holds = not by_period and self.past.at_s < quota_period.settlement_s
        held = [
            (quota.id, quota_period.period.name, key)
            for key in concerned
            if holds and self.past.integrity_at(quota, key[2]).hold
        ]
        return Question(
            finding=finding,
            evidence=evidence_of(finding, contacts=contacts, quota=replace(quota, integrity=rules)),
            held=tuple(held),
        )
