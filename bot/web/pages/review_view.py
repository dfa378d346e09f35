"""What /review shows of a case, as values for its templates: the evidence, and what a decision would change.

Reviewers read no customer's name, only the end of an id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.core.people import Person
from bot.core.rollout import RolloutScope
from bot.core.workdays import epoch_of
from bot.features.contacts.explain import Explained, UnknownPersonError, explain
from bot.features.customers.name_sentences import nameless
from bot.features.preferences.leave import NotedLeave
from bot.features.preferences.leave_message import days_said, leave_key
from bot.features.reviews.cases import Case, what_of
from bot.features.reviews.decide import CaseDecision
from bot.features.reviews.effect import Effect, effects_of
from bot.features.reviews.question_message import about
from bot.features.standings.everybody import load_people
from bot.messages.answers import moment_of
from bot.messages.catalog import Texts, texts_in
from bot.messages.sanitize import clean
from bot.services import Services

_SAID = 1000  # bytes of what somebody said
_MONEY = frozenset({"penalty"})


class ReviewPage:
    """The cases of one reviewer as of *at* (aware)."""

    def __init__(self, services: Services, *, at: datetime, rollout: RolloutScope) -> None:
        self._services, self._at, self._rollout = services, at, rollout
        self._calendar = services.config.work_calendar()
        self._local = self._calendar.local(at)
        self.language = services.language
        self.texts: Texts = texts_in(services.language)

    def case(self, case: Case) -> dict[str, object]:
        """Return one case: who, what was seen, what they say, what either decision means, and until when."""
        return {
            "id": case.id,
            "kind": case.kind,
            "kind_shown": self.texts.table("pages.review.kinds")[case.kind],
            "name": self._name(case.userid),
            "place": self._place(case),
            "what": self._what(case),
            "evidence": self._evidence(case),
            "said": clean(case.said or "", limit=_SAID),
            "until": moment_of(case.until, language=self.language),
            "goes_up": case.level is not None and case.level + 1 < len(case.levels),
            "accept": self.texts.table("pages.review.accept_means")[case.kind],
            "reject": self.texts.table("pages.review.reject_means")[case.kind],
            "first_day": case.joiner.arrived_on.isoformat() if case.joiner else "",
        }

    def _name(self, userid: str) -> str:
        person: Person | None = load_people(self._services).get(userid)
        return clean("" if person is None else person.name, otherwise=userid)

    @staticmethod
    def _place(case: Case) -> str:
        return clean(f"{case.review.quota} {case.review.period}") if case.review else ""

    def _what(self, case: Case) -> str:
        if case.proposal is not None:
            pair = case.proposal
            return self.texts["cli.review.proposal"].say(
                same=pair.same, living=pair.living, old=clean(pair.old_userid)
            )
        if case.joiner is not None:
            days = {"arrived": case.joiner.arrived_on, "listed": case.joiner.listed_on}
            return self.texts["cli.review.joiner"].say(name=clean(case.joiner.name), **days)
        what = nameless(what_of(case, calendar=self._calendar))
        return about(what, language=self.language, at=self._local)

    def _evidence(self, case: Case) -> list[str]:
        """Return what is on record: of an appeal its verdict's reason and events, of a finding its adds."""
        if case.review is not None:
            return self._of_contact(case)
        if case.finding is None:
            return []
        moments = sorted(added_at for _, _, added_at in case.finding.concerned)
        adds = [f"{self._calendar.moment(moment):%m-%d %H:%M}" for moment in moments]
        listed = self.texts["pages.review.adds"].say(n=len(adds), times="　".join(adds))
        held = {review.contact for review in case.holds}
        return [listed, *([self.texts["pages.review.holds"].say(n=len(held))] if held else [])]

    def _of_contact(self, case: Case) -> list[str]:
        assert case.review is not None  # noqa: S101 - the caller checked it
        found = self._explained(case)
        if found is None:
            return [self.texts["cli.review.gone"]]
        kinds = self.texts.table("pages.review.events")
        origins = self.texts.table("pages.review.origins")
        events = [
            self.texts["pages.review.event"].say(
                at=f"{event.at:%m-%d %H:%M}",
                what=kinds[event.kind],
                origin=origins.get(event.source, clean(event.source)),
            )
            for event in found.events
        ]
        return [found.reason, *events]

    def _explained(self, case: Case) -> Explained | None:
        assert case.review is not None  # noqa: S101 - the caller checked it
        userid, customer, added_at = case.review.contact
        try:
            found = explain(
                self._services,
                userid,
                at=self._at,
                external_userid=customer,
                period=case.review.period,
            )
        except UnknownPersonError:
            return None
        contacts = (
            contact
            for quota in found.quotas
            if quota.quota == case.review.quota
            for contact in quota.contacts
        )
        return next((one for one in contacts if epoch_of(one.added_at) == added_at), None)

    def effects(self, case: Case, decision: CaseDecision) -> list[str]:
        """Return a line for each quota whose figures the decision would change, else that none would."""
        effects = effects_of(self._services, case, decision, at=self._at)
        lines = [line for effect in effects if (line := self._effect(effect))]
        if case.proposal is not None:
            return [self.texts.table("pages.review.rename_effect")["accept" if decision.accept else "reject"]]
        return lines or [self.texts["pages.review.no_effect"]]

    def _effect(self, effect: Effect) -> str:
        names = self.texts.table("tables.columns")
        hidden = frozenset() if self._rollout.shows_money else _MONEY
        changes = [
            self.texts["pages.review.change"].say(
                what=names[name], before=_shown(before), after=_shown(after)
            )
            for name, (before, after) in effect.changes.items()
            if name not in hidden
        ]
        if not changes:
            return ""
        place = clean(f"{effect.quota} {effect.period}")
        return self.texts["pages.review.effect"].say(
            place=place, changes=self.texts["contacts.comma"].join(changes)
        )

    def leave(self, noted: NotedLeave) -> dict[str, object]:
        """Return noted leave with what its confirmation would change."""
        targets = [
            self.texts["leave.then"].say(
                label=self.texts["progress.quota_label"].say(
                    quota=clean(one.quota),
                    period=self.texts["progress.other_period"].say(period=one.period.name),
                ),
                before=one.before,
                after=one.after,
            )
            for one in noted.effect.targets
        ]
        return {
            "key": leave_key(noted.person.userid, noted.days),
            "name": clean(noted.person.name, otherwise=noted.person.userid),
            "days": days_said([noted.days], language=self.language),
            "workdays": self.texts["leave.workdays"].say(n=len(noted.effect.days)),
            "targets": targets or [self.texts["pages.review.no_effect"]],
        }


def chosen(cases: Sequence[Case], ids: Iterable[str]) -> list[Case]:
    """Return the *cases* whose ids were ticked, in their order; foreign ids are left out."""
    wanted = set(ids)
    return [case for case in cases if case.id in wanted]


def _shown(figure: int | None) -> str:
    return "–" if figure is None else str(figure)
