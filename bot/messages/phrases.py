"""The words of a language as data: one `Texts` for each, complete by type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.engagement import Method
from bot.core.periods import PeriodKind
from bot.core.progress import Status


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words with named places in braces; *one* is said instead of *other* where the place n is 1."""

    other: str
    one: str | None = None

    def say(self, **values: str | int) -> str:
        """Fill the places. Raises KeyError if one has no value."""
        form = self.one if self.one is not None and values.get("n") == 1 else self.other
        return form.format(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """All that is said, by what it is said about. n is the number that decides one or many."""

    # How words are joined.
    comma: str
    semicolon: str
    names_comma: str

    weekdays: tuple[str, str, str, str, str, str, str]  # from Monday
    this_period: Mapping[PeriodKind, str]
    other_period: Phrase
    status: Mapping[Status, str]

    # First lines of an employee.
    add_today: Phrase
    add_today_begun: Phrase
    today_done: Phrase
    all_met: Phrase
    all_covered: Phrase
    nothing_today: Phrase
    period_over: Phrase
    nothing_asked: Phrase
    add_more: Phrase
    add_more_begun: Phrase

    # Where one stands in one quota.
    quota_label: Phrase
    standing: Phrase
    standing_exempt: Phrase
    confirmed: Phrase
    pending: Phrase
    to_add: Phrase
    workdays_left: Phrase
    workdays_after_today: Phrase
    last_workday: Phrase
    no_workdays_left: Phrase
    more_quotas: Phrase

    # Other lines of an employee.
    yesterday: Phrase
    yesterday_added: Phrase
    lost_by_customer: Phrase
    lost_by_member: Phrase
    lost_unknown: Phrase
    kept: Phrase
    peace_when_enough: Phrase
    peace_today: Phrase
    may_stop: Phrase
    only_once: Phrase

    # A leader's digest.
    help_first: Phrase
    help_nobody: Phrase
    helped_person: Phrase
    left_today: Phrase
    enough_today: Phrase
    more_people: Phrase
    team: Phrase
    team_enough: Phrase
    team_on_track: Phrase
    team_to_help: Phrase
    team_missed: Phrase
    team_exempt: Phrase
    team_separator: str
    attainment: Phrase
    attainment_of: Phrase
    team_kept: Phrase
    team_replies: Mapping[Method, Phrase]  # of yesterday; first_reply goes in where it is known
    team_first_reply: Mapping[Method, Phrase]
    for_your_eyes: Phrase
    for_your_eyes_short: Phrase  # on cards
    incomplete: Phrase

    # The last line; kinds tell two messages of one minute apart.
    footer: Phrase
    kind_progress: str
    kind_reminder: str
    kind_digest: str
