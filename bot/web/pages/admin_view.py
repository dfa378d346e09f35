"""What /admin shows, as values for its template. It asks the store alone: nothing is tried, nobody is called.

Lines are those of `quotabot status`, `check`, `dead list`, `quotas diff` and `audit`.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from bot.config import ConfigError, load
from bot.config.own_texts import own_text_warnings
from bot.config.warnings import warnings, years_that_matter
from bot.features.dead import list_dead, spoken
from bot.features.rollout.advice import advise_installation, describe_advice
from bot.features.rules.announce import news_of
from bot.features.rules.announcement import said_of
from bot.features.rules.change_report import meaning_of, section_said
from bot.features.rules.changes import find_pending_changes, find_section_changes
from bot.features.rules.message import rule_lines
from bot.features.standings.load import load_rulebook
from bot.features.status.audit import ChainState, last_state, said_of_chain
from bot.features.status.lines import status_lines
from bot.features.status.report import list_degraded, status_report
from bot.messages.answers import moment_of
from bot.messages.catalog import Texts, texts_in
from bot.messages.sanitize import clean
from bot.services import Services
from bot.web.pages.layout import page_within

A_PAGE = 50  # dead letters, or entries of the audit log
_LONGEST = 600  # bytes of an error or a detail


class AdminPage:
    """The installation at *at* (aware)."""

    def __init__(self, services: Services, *, at: datetime) -> None:
        self._services, self._at = services, at
        self._calendar = services.config.work_calendar()
        self.local = self._calendar.local(at)
        self.language = services.language
        self.texts: Texts = texts_in(services.language)

    @cached_property
    def _degraded(self) -> list[dict[str, Any]]:
        return list_degraded(self._services)

    @cached_property
    def _report(self) -> dict[str, Any]:
        return status_report(self._services, self._degraded, chain=self._chain)

    @cached_property
    def _chain(self) -> ChainState:
        return last_state(self._services, at=self._at)

    # --- status and check ---

    def troubles(self) -> int:
        """Return how many things need a person: dead letters, broken parts, a record that is not whole."""
        report = self._report
        dead: int = report["inbox"]["dead"] + report["outbox"]["dead"]
        is_broken = report["audit"]["broken_at"] is not None
        return dead + len(report["troubles"]) + (not report["complete"]["complete"]) + is_broken

    def need_a_look(self) -> set[str]:
        """Return the words of `status` whose lines are the reason for it."""
        report, words = self._report, self.texts.table("cli.status.labels")
        reasons = {
            "inbox": report["inbox"]["dead"],
            "outbox": report["outbox"]["dead"],
            "trouble": report["troubles"],
            "record": not report["complete"]["complete"],
            "audit": report["audit"]["broken_at"] is not None,
        }
        return {str(words[name]) for name, is_reason in reasons.items() if is_reason}

    def status(self) -> list[tuple[str, list[str]]]:
        """Return the lines of `quotabot status`, by the word before them."""
        grouped: list[tuple[str, list[str]]] = []
        for word, text in status_lines(self._services, self._report, self._degraded):
            if grouped and word in ("", grouped[-1][0]):
                grouped[-1][1].append(text)
            else:
                grouped.append((word, [text]))
        return grouped

    def rollout(self) -> list[str]:
        """Return the next step of the rollout and what is missing for it."""
        return describe_advice(advise_installation(self._services), language=self.language)

    def warnings(self) -> list[str]:
        """Return what `quotabot check` warns of in the file itself; who is in it is looked up there."""
        config = self._services.config
        try:
            found = (
                *warnings(config, years=years_that_matter(self.local.date())),
                *own_text_warnings(config),
            )
        except ConfigError as error:
            found = tuple(error.faults)
        return [fault.say(self.texts) for fault in found]

    # --- what was given up on ---

    @cached_property
    def _dead(self) -> list[dict[str, Any]]:
        return list_dead(self._services)

    def dead(self, page: int) -> dict[str, object]:
        """Return one page of dead letters, as `quotabot dead list` has them."""
        page, pages = page_within(page, rows=len(self._dead), a_page=A_PAGE)
        shown = self._dead[(page - 1) * A_PAGE : page * A_PAGE]
        return {
            "letters": [self._letter(letter) for letter in shown],
            "n": len(self._dead),
            "page": page,
            "pages": pages,
        }

    def _letter(self, letter: dict[str, Any]) -> dict[str, object]:
        said = spoken(letter, self.texts)
        at = datetime.fromisoformat(said["at"])
        return {
            **said,
            "at": f"{at:%m-%d %H:%M}",
            "what": clean(said["what"], limit=_LONGEST),
            "error": clean(said["error"] or "", limit=_LONGEST),
        }

    def reasons(self) -> Sequence[tuple[str, int]]:
        """Return why messages were not sent, with numbers: by error, by reason for withholding, too late."""
        failed: Counter[str] = Counter()
        for letter in self._dead:
            if letter["id"].startswith("message:"):
                failed[clean(spoken(letter, self.texts)["error"] or "–", limit=_LONGEST)] += 1
        withheld, names = self._report["withheld"], self.texts.table("cli.run.why")
        found = [
            *failed.most_common(),
            *((str(names[why]), number) for why, number in withheld["in_all"].items()),
            (str(self.texts["pages.admin.expired"]), withheld["expired"]),
        ]
        return [(reason, number) for reason, number in found if number]

    # --- rules ---

    def rules(self) -> list[dict[str, object]]:
        """Return the quotas of the running periods with what each counts and pays."""
        config = self._services.config
        return [
            {
                "name": clean(quota.id),
                "period": period.name,
                "first": period.first.isoformat(),
                "last": period.last.isoformat(),
                "target": quota.target,
                "basis": self.texts.table("rules.basis")[quota.basis],
                "lines": rule_lines(self.texts, quota, appeals=config.review.appeal_workdays),
            }
            for quota, period in load_rulebook(self._services).periods_at(self.local.date())
        ]

    def changes(self) -> list[dict[str, object]]:
        """Return the changes in the current file: the lines of `quotabot quotas diff`.

        For a file with faults, return the faults.
        """
        file = self._services.config.file
        try:
            services = replace(self._services, config=load(file, environ=os.environ))
        except ConfigError as error:
            faults = [fault.say(self.texts) for fault in error.faults]
            return [{"lines": [self.texts["pages.admin.faults"], *faults], "meaning": []}]
        found: list[dict[str, object]] = [
            {
                "lines": said_of(news_of(change), language=self.language),
                "meaning": meaning_of(change, self.texts, adopted=False),
            }
            for change in find_pending_changes(services, at=self._at)
        ]
        sections = find_section_changes(services)
        return found + [{"lines": [section_said(one, self.language)], "meaning": []} for one in sections]

    # --- audit ---

    def audit(self, page: int) -> dict[str, object]:
        """Return one page of the audit log, the newest entries first."""
        audit = self._services.store.audit
        newest = audit.newest()
        page, pages = page_within(page, rows=newest, a_page=A_PAGE)
        last = newest - (page - 1) * A_PAGE
        after = max(0, last - A_PAGE)
        entries = audit.some(after=after, most=last - after)
        verified = self._calendar.moment(self._chain.at)
        return {
            "rows": [
                (
                    seq,
                    f"{self._calendar.moment(act.at):%Y-%m-%d %H:%M}",
                    clean(act.actor),
                    clean(act.act),
                    clean(act.subject, limit=_LONGEST),
                    _detail(act.detail),
                )
                for seq, act in reversed(entries)
            ],
            "state": as_sentence(said_of_chain(self._chain, self.texts)),
            "is_broken": self._chain.broken_at is not None,
            "verified": moment_of(verified, language=self.language),
            "entries": self._chain.entries,
            "page": page,
            "pages": pages,
        }


def as_sentence(text: str) -> str:
    """Return a line of the command line as a page begins it: with a capital letter, where there are any."""
    return text[:1].upper() + text[1:]


def _detail(text: str) -> str:
    """Return the detail of an act, a JSON object, as a list of its fields."""
    fields = (f"{name}: {value}" for name, value in json.loads(text).items())
    return clean("; ".join(fields), limit=_LONGEST)
