"""The message to those whose rules change: what holds from when, and that nobody is worse off meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.features.rules.change_sentences import sentence
from bot.features.rules.diff import Difference
from bot.messages.catalog import texts_in
from bot.messages.lines import first_line, footer
from bot.messages.message import Keep, Line, Listing, Message, Part
from bot.messages.sanitize import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNews:
    """What changes in one quota: *now* in the running *period*, *later* from *following* on (their names).

    *begins*, *ends*: the quota as a whole is new from *following* on, or gone.
    """

    quota: str
    period: str
    following: str
    now: tuple[Difference, ...]
    later: tuple[Difference, ...]
    begins: bool = False
    ends: bool = False


def rules_changed(*, language: str, news: Sequence[RuleNews], at: datetime) -> Message:
    """Tell one employee what changes for him. Raises ValueError if *at* has no zone."""
    texts = texts_in(language)
    head = (
        texts["rules_changed.head_now"] if any(one.now for one in news) else texts["rules_changed.head_later"]
    )
    lines = [Line((Part(said),), Keep.CORE) for one in news for said in said_of(one, language=language)]
    return Message(
        (
            first_line(head),
            Listing(tuple(lines), more=texts["rules_changed.more"], keep=Keep.CORE),
            Line((Part(texts["rules_changed.promise"]),), Keep.USEFUL),
            footer(texts, at=at, kind=texts["rules_changed.kind"]),
        )
    )


def said_of(news: RuleNews, *, language: str) -> list[str]:
    """Say each change of one quota in a sentence, those that hold now first."""
    texts = texts_in(language)
    quota = clean(news.quota)
    if news.begins or news.ends:
        whole = texts["rules_changed.begins"] if news.begins else texts["rules_changed.ends"]
        return [whole.say(quota=quota, period=news.following)]
    return [
        texts["rules_changed.line"].say(quota=quota, period=period, what=sentence(one, language=language))
        for period, told in ((news.period, news.now), (news.following, news.later))
        for one in told
    ]
