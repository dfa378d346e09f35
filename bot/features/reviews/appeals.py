"""One person's appeals: what may be appealed, what became of each, and the answer to a new one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TypedDict

from bot.core.people import name_of
from bot.core.workdays import epoch_of
from bot.features.close.results import may_appeal
from bot.features.contacts.message import ListedCustomer
from bot.features.reviews import appeal_message
from bot.features.reviews.decide import CountsByItselfError, ReviewError, open_appeal
from bot.features.standings.everybody import load_people
from bot.messages.message import Message
from bot.services import Services
from bot.store.reviews import Review, ReviewKind, ReviewState


class _Said(TypedDict):
    language: str
    customer: ListedCustomer
    at: datetime


class Appeals:
    """The appeals of *userid* (lower case), as of *at* (aware). Read once for all contacts of an answer."""

    def __init__(self, services: Services, userid: str, *, at: datetime) -> None:
        self._services, self._userid, self._at = services, userid, at
        self._local = services.config.work_calendar().local(at)
        self._taken: dict[tuple[str, str], bool] = {}

    def about(self, contact: ListedCustomer) -> Sequence[Review]:
        """Return the appeals that there ever were about *contact*, oldest first."""
        cases = self._cases.get((self._userid, contact.external_userid, epoch_of(contact.added_at)), ())
        return [case for case in cases if case.kind is ReviewKind.APPEAL]

    def may_object(self, contact: ListedCustomer) -> bool:
        """Say whether an appeal about *contact* would be taken under any of its quotas."""
        return any(
            (judged.open or judged.verdict.outcome in {"rejected", "left_out"})
            and not any(case.quota == judged.quota for case in self.about(contact))
            and (not judged.closed or self._are_taken(judged.quota, judged.period))
            for judged in contact.judged
        )

    def open(self, contact: ListedCustomer, text: str) -> Message:
        """Open an appeal about *contact* with the person's own *text*; return the answer."""
        common = self._common(contact)
        try:
            opened = open_appeal(
                self._services, self._userid, contact.external_userid, text=text, at=self._at
            )
        except CountsByItselfError as error:
            return appeal_message.counts_by_itself(until=error.until, **common)
        except ReviewError:
            return self._refused(contact)
        reviewers = dict.fromkeys(reviewer for case in opened for reviewer in case.reviewers)
        return appeal_message.opened(
            ids=[case.id for case in opened],
            text=text,
            reviewers=[self._name(reviewer) for reviewer in reviewers],
            leaders=[self._name(leader) for leader in opened[0].leaders],
            until=min(case.until for case in opened),
            **common,
        )

    def _refused(self, contact: ListedCustomer) -> Message:
        """Say why no appeal was opened, the most important reason first."""
        common = self._common(contact)
        before = next(iter(self.about(contact)), None)
        if before is not None:
            case = f"{before.kind.value}:{before.number}"
            if before.state is ReviewState.OPEN:
                return appeal_message.open_already(case=case, **common)
            by = self._name(before.decided_by)
            return appeal_message.decided_already(case=case, by=by, reason=before.reason, **common)
        if all(judged.verdict.outcome == "counted" for judged in contact.judged):
            return appeal_message.counts_already(number=contact.number, **common)
        return appeal_message.too_late(**common)

    @cached_property
    def _cases(self) -> dict[tuple[str, str, int], list[Review]]:
        return self._services.store.reviews.of_person(self._userid)

    def _are_taken(self, quota: str, period: str) -> bool:
        """Say whether appeals about that closed period are still taken."""
        if (quota, period) not in self._taken:
            self._taken[quota, period] = may_appeal(self._services, quota, period, at=self._at)
        return self._taken[quota, period]

    def _common(self, contact: ListedCustomer) -> _Said:
        return {"language": self._services.language, "customer": contact, "at": self._local}

    def _name(self, userid: str) -> str:
        return name_of(load_people(self._services), userid)
