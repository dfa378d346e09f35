"""The message about changed rules: what holds from when, and that nobody is worse off meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.features.rules.change_sentences import sentence
from bot.features.rules.diff import Difference
from bot.messages.catalog import texts_in
from bot.messages.lines import first_line, footer
from bot.messages.message import Keep, Line, Listing, Message
from bot.messages.sanitize import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNews:
    """The changes of one quota: *now* in the running *period*, *later* from *following* on (period names).

    *begins*, *ends*: the whole quota begins or ends with *following*.
    """

    quota: str
    period: str
    following: str
    now: tuple[Difference, ...]
    later: tuple[Difference, ...]
    begins: bool = False
    ends: bool = False


def rules_changed(*, language: str, news: Sequence[RuleNews], at: datetime) -> Message:
    """Tell one employee what changes for them. Raises ValueError if *at* has no zone."""
    texts = texts_in(language)
    head = texts["rules_changed.head_later"].say(period=min(item.following for item in news))
    if any(item.now for item in news):
        head = texts["rules_changed.head_now"].say(period=min(item.period for item in news if item.now))
    texts_of = (text for item in news for text in said_of(item, language=language))
    return Message(
        (
            first_line(head),
            Listing.of(texts_of, more=texts["rules_changed.more"]),
            Line.of(texts["rules_changed.promise"], Keep.USEFUL),
            footer(texts, at=at, kind=texts["rules_changed.kind"]),
        )
    )


def said_of(news: RuleNews, *, language: str) -> list[str]:
    """Return one sentence for each change of one quota, the changes of now first."""
    texts = texts_in(language)
    quota = clean(news.quota)
    if news.begins or news.ends:
        whole = texts["rules_changed.begins"] if news.begins else texts["rules_changed.ends"]
        return [whole.say(quota=quota, period=news.following)]
    return [
        texts["rules_changed.line"].say(quota=quota, period=period, what=sentence(key, language=language))
        for period, keys in ((news.period, news.now), (news.following, news.later))
        for key in keys
    ]
