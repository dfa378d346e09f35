"""What /me shows of one person, as values for its template. Figures and sentences are those of the chat."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.core.course import CourseDay
from bot.core.engagement import ChatFigures
from bot.core.periods import parse_period
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.core.verdicts import Verdict
from bot.core.workdays import epoch_of
from bot.features.chat import own_message
from bot.features.chat.desk import Desk
from bot.features.chat.own import own_figures, own_places
from bot.features.close.proof import find_root
from bot.features.contacts.contact_list import number_contacts
from bot.features.contacts.message import ListedCustomer, ShownVerdict, time_and_way
from bot.features.customers.name_sentences import called
from bot.features.reviews.answers import list_questions
from bot.features.reviews.appeals import Appeals
from bot.features.reviews.question_message import asked_of
from bot.features.standings.course import SHORTEST_CHART, course_of
from bot.features.statements.proof import list_issued
from bot.features.statements.rules import Statement, shown_code
from bot.messages.answers import day_of, moment_of
from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import labels_of
from bot.messages.message import Message, as_text
from bot.messages.sanitize import clean
from bot.store.results import Result
from bot.store.reviews import Review, ReviewState

QUICK_PLACES = 30  # people, some 50 ms of work: places among more are computed only if somebody asks for them
STATEMENTS = 10
CLOSED = 12
CHAT_DAYS = 7
GROUPS = ("pending", "rejected", "counted")
_TONES = {"pending": "wait", "counted": "good", "rejected": "quiet", "left_out": "quiet"}


def said(message: Message) -> list[str]:
    """Return the lines of *message* without its last one, which says its moment."""
    return as_text(message, limit=sys.maxsize).split("\n")[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownQuota:
    """One quota's figures as a bar. Shares are in percent of the bar's length."""

    label: str
    row: QuotaFigures
    counted: float
    pending: float
    open: float
    expected: float
    chart: Mapping[str, Any] | None
    days: Sequence[Sequence[object]]


class OwnPage:
    """The page of *userid* (lower case) at the time of *desk*, which has read their figures."""

    def __init__(self, desk: Desk, userid: str) -> None:
        self._desk, self._userid = desk, userid
        self.texts: Texts = texts_in(desk.language)
        self._appeals = Appeals(desk.services, userid, at=desk.at)
        self.is_in_rollout = desk.is_in_rollout(userid)

    def figures(self) -> dict[str, object]:
        """Return the words of the morning's message as of now, and each quota as a bar and a chart."""
        desk = self._desk
        if not self.is_in_rollout:
            lines = said(own_message.not_begun(language=desk.language, at=desk.local))
            return {"lines": lines, "quotas": []}
        rows = desk.standings.by_person.get(self._userid, ())
        if not rows:
            is_leader = desk.is_leader(self._userid)
            message = own_message.no_quota(language=desk.language, is_leader=is_leader, at=desk.local)
            return {"lines": said(message), "quotas": []}
        labels = labels_of(self.texts, rows, at=desk.local)
        asked = [row for row in rows if row.status is not Status.EXEMPT]
        return {
            "lines": said(own_figures(desk, self._userid)),
            "quotas": [self._quota(row, labels[row.quota]) for row in asked],
        }

    def _quota(self, row: QuotaFigures, label: str) -> ShownQuota:
        course = course_of(self._desk.standings, row)
        length = max(row.target, row.sure + row.open, 1)
        return ShownQuota(
            label=label,
            row=row,
            counted=_percent(row.counted, length),
            pending=_percent(row.pending - row.open, length),
            open=_percent(row.open, length),
            expected=_percent(min(row.expected, length), length),
            chart=self._chart(course, row) if len(course) >= SHORTEST_CHART else None,
            days=[
                (f"{one.day:%m-%d}", f"{one.expected:g}", one.counted, one.sure, one.open)
                for one in course
                if one.sure is not None
            ],
        )

    def _chart(self, course: Sequence[CourseDay], row: QuotaFigures) -> dict[str, object]:
        names = self.texts.table("pages.me.series")
        series: list[dict[str, object]] = [
            {
                "name": names["pace"],
                "values": [one.expected for one in course],
                "kind": "dashed",
                "tone": "pace",
            },
            {"name": names["sure"], "values": [one.sure for one in course], "tone": "sure", "fill": True},
            {"name": names["counted"], "values": [one.counted for one in course], "tone": "counted"},
        ]
        if row.open:
            both = [None if one.sure is None or one.open is None else one.sure + one.open for one in course]
            series.append({"name": names["open"], "values": both, "tone": "open"})
        return {"x": [f"{one.day:%m-%d}" for one in course], "series": series}

    def questions(self) -> list[dict[str, object]]:
        """Return the open questions to this person, worded as in the chat."""
        desk = self._desk
        asked = list_questions(desk.services, self._userid) if self.is_in_rollout else []
        return [
            {
                "id": question.id,
                "text": asked_of(question.what, language=desk.language, at=desk.local),
                "until": moment_of(question.until, language=desk.language),
                "is_over": question.until <= desk.at,
            }
            for question in asked
        ]

    def contacts(self, period: str | None) -> dict[str, object]:
        """Return the contacts of the running periods, or of *period*, by what became of them."""
        if not self.is_in_rollout:
            return {"period": None, "groups": {}}
        desk = self._desk
        branch = desk.branch if period is None else None
        found = number_contacts(desk.services, self._userid, at=desk.at, period=period, branch=branch)
        if not found and not desk.standings.by_person.get(self._userid):
            return {"period": period, "groups": {}}
        groups: dict[str, list[dict[str, object]]] = {name: [] for name in GROUPS}
        for contact in found:
            groups[_group(contact)].append(self._contact(contact))
        groups["pending"].sort(key=lambda contact: str(contact["until"]))
        return {"period": period, "groups": groups}

    def _contact(self, contact: ListedCustomer) -> dict[str, object]:
        untils = [judged.until for judged in contact.judged if judged.until is not None]
        return {
            "id": contact.external_userid,
            "name": called(contact, language=self._desk.language),
            "when": time_and_way(self.texts, contact),
            "until": min(untils).isoformat() if untils else "",
            "verdicts": [self._verdict(judged, several=len(contact.judged) > 1) for judged in contact.judged],
            "appeals": [self._appeal(review) for review in self._appeals.about(contact)],
            "may_object": self._appeals.may_object(contact),
        }

    def _verdict(self, judged: ShownVerdict, *, several: bool) -> dict[str, object]:
        outcome = judged.verdict.outcome
        return {
            "chip": self._day_of(judged) or self.texts.table("contacts.standing")[outcome],
            "tone": "quiet" if judged.open else _TONES[outcome],
            "quota": clean(f"{judged.quota} {judged.period}") if several else "",
            "reason": judged.reason,
        }

    def _day_of(self, judged: ShownVerdict) -> str:
        """Say on which day a pending contact counts at the latest, or by when something must be done."""
        if judged.verdict.outcome != "pending" or judged.until is None:
            return ""
        language = self._desk.language
        if judged.verdict is Verdict.KEEP_PERIOD:
            return self.texts["pages.me.counts_on"].say(day=day_of(judged.until.date(), language=language))
        last = day_of((judged.until - timedelta(seconds=1)).date(), language=language)
        by = self.texts["pages.me.act_by"] if judged.open else self.texts["pages.me.counts_by"]
        return by.say(day=last)

    def _appeal(self, review: Review) -> str:
        if review.state is ReviewState.OPEN:
            return self.texts["pages.me.appeal_open"].say(n=review.number)
        by = clean(self._desk.name(review.decided_by))
        states = self.texts.table("pages.me.appeal_decided")
        return states[review.state].say(by=by, reason=clean(review.reason, limit=600))

    def places(self, *, asked: bool) -> dict[str, object]:
        """Return the own rank with its neighbours; computed among many only if it was *asked* for."""
        desk = self._desk
        rows = desk.standings.by_person.get(self._userid, ()) if self.is_in_rollout else ()
        if not rows or desk.lacks:
            return {"lines": [], "waits": False}
        found = own_places(desk, self._userid, few=None if asked else QUICK_PLACES, kept=asked)
        waits = any(own.place is None for own in found.values())
        lines = said(own_message.rank(language=desk.language, rows=rows, places=found, at=desk.local))[1:]
        labels = labels_of(self.texts, rows, at=desk.local)
        beside = [
            self.texts.table("pages.me.neighbours")[side].say(
                label=f"{labels[quota]} " if len(found) > 1 else "", counted=figures[0], target=figures[1]
            )
            for (quota, _), own in found.items()
            for side, figures in (("above", own.above), ("below", own.below))
            if figures is not None
        ]
        return {"lines": [*lines[:-2], *beside, *lines[-2:]], "waits": waits and not asked}

    def wishes(self) -> dict[str, object]:
        """Return the mute and the leave that are noted, and the days that their forms allow."""
        desk, preferences = self._desk, self._desk.services.store.preferences
        today, mute = desk.local.date(), preferences.mute_of(self._userid)
        until = None
        if mute is not None and mute.until > epoch_of(desk.at):
            until = day_of(desk.calendar.day_of(mute.until - 1), language=desk.language)
        leaves = [leave for leave in preferences.leaves_of(self._userid) if leave.last >= today]
        return {
            "muted_until": until,
            "leaves": [
                self.texts["pages.me.leave_days"].say(
                    first=day_of(leave.first, language=desk.language),
                    last=day_of(leave.last, language=desk.language),
                )
                for leave in leaves
            ],
            "today": today.isoformat(),
        }

    def chats(self) -> Sequence[Sequence[object]]:
        """Return WeCom's figures of the last days, the newest first."""
        first = self._desk.local.date() - timedelta(days=CHAT_DAYS)
        days = self._desk.services.store.engagement.of_person(self._userid, first=first)
        return [self._chat_day(day, figures) for day, figures in days.items() if figures.chats is not None]

    def _chat_day(self, day: date, figures: ChatFigures) -> tuple[object, ...]:
        rate, reply_s = figures.reply_rate, figures.first_reply_s
        return (
            day_of(day, language=self._desk.language),
            figures.chats,
            "–" if figures.messages is None else figures.messages,
            "–" if rate is None else f"{rate // 100}%",
            "–" if reply_s is None else self.texts["pages.me.minutes"].say(n=-(-reply_s // 60)),
        )

    def statements(self) -> Sequence[Sequence[object]]:
        """Return the last statements with their codes."""
        issued = list_issued(self._desk.services, self._userid, days=STATEMENTS)
        return [
            (
                day_of(date.fromisoformat(one.statement.day), language=self._desk.language),
                one.statement.added,
                self._of_statement(one.statement),
                shown_code(one.code),
            )
            for one in issued
        ]

    def _of_statement(self, statement: Statement) -> str:
        labels = labels_of(self.texts, statement.figures, at=self._desk.local, dated=True)
        return self.texts["contacts.comma"].join(
            self.texts["statement.figure"].say(
                label=labels[figure.quota],
                target=figure.target,
                counted=figure.counted,
                pending=figure.pending,
            )
            for figure in statement.figures
        )

    def closed(self) -> list[dict[str, object]]:
        """Return the closed periods, the last one first."""
        results = self._desk.services.store.results.of_person(self._userid) if self.is_in_rollout else []
        return [self._closed(result) for result in results[:CLOSED]]

    def _closed(self, result: Result) -> dict[str, object]:
        line, states = result.line, self.texts.table("pages.me.result_state")
        root = find_root(self._desk.services.store, line.quota, line.period)
        return {
            "quota": clean(line.quota),
            "period": line.period,
            "figures": f"{line.counted}/{line.target}",
            "status": self.texts.table("tables.status")[line.status],
            "state": states[result.state],
            "root": "" if root is None else root.root,
        }


def period_asked(text: str) -> str | None:
    """Return the period named *text*, None if it is none."""
    try:
        return parse_period(text).name
    except ValueError:
        return None


def day_asked(text: str) -> date | None:
    """Return the day that a field of a form has, None if it has none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _group(contact: ListedCustomer) -> str:
    outcomes = {judged.verdict.outcome for judged in contact.judged}
    if "pending" in outcomes:
        return "pending"
    return "counted" if outcomes == {"counted"} else "rejected"


def _percent(part: float, whole: int) -> float:
    return round(100 * part / whole, 2)
