"""The late message to those whom a number helps no more: it offers help instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.periods import PeriodKind, parse_period
from bot.core.progress import Row
from bot.messages.cards import WORDS as CARD_WORDS
from bot.messages.language import texts_in
from bot.messages.message import Button, Card, Keep, Line, Message, Part
from bot.messages.phrases import Phrase
from bot.messages.standing import first_line, footer, labels_of
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWords:
    """What only this message says. *target* names the target by its period, *any_target* several at once."""

    first: Phrase
    first_alone: Phrase  # to who has nobody to ask
    title: Phrase  # of a card, where the first line is too long
    target: Mapping[PeriodKind, str]
    any_target: str
    about: Phrase
    no_rush: Phrase
    no_rush_alone: Phrase
    last_day: Phrase  # the same where there is no later day to put anything off to
    send_word: Phrase


CHINESE = OfferWords(
    first=Phrase("{target}可能偏紧，先商量怎么办"),
    first_alone=Phrase("{target}可能偏紧，尽力就够了"),
    title=Phrase("{target}可能偏紧"),
    target={
        PeriodKind.DAY: "今天的目标",
        PeriodKind.WEEK: "本周目标",
        PeriodKind.MONTH: "本月目标",
        PeriodKind.QUARTER: "本季度目标",
        PeriodKind.YEAR: "本年目标",
    },
    any_target="目标",
    about=Phrase("说的是：{labels}"),
    no_rush=Phrase("今天不用赶，和主管一起看看怎么安排。"),
    no_rush_alone=Phrase("今天不用赶。"),
    last_day=Phrase("和主管一起看看怎么安排。"),
    send_word=Phrase("遇到困难？发“请人帮忙”，只有您的主管会看到"),
)
ENGLISH = OfferWords(
    first=Phrase("{target} may be tight: let us talk it over first"),
    first_alone=Phrase("{target} may be tight: what you can do is enough"),
    title=Phrase("{target} may be tight"),
    target={
        PeriodKind.DAY: "Today's target",
        PeriodKind.WEEK: "This week's target",
        PeriodKind.MONTH: "This month's target",
        PeriodKind.QUARTER: "This quarter's target",
        PeriodKind.YEAR: "This year's target",
    },
    any_target="Your targets",
    about=Phrase("About: {labels}"),
    no_rush=Phrase("No need to rush today: plan it with your leader."),
    no_rush_alone=Phrase("No need to rush today."),
    last_day=Phrase("See with your leader what can be done."),
    send_word=Phrase("Need a hand? Send “help wanted”: it tells your leader only."),
)
WORDS = Wordbook("offer", {"zh-CN": CHINESE, "en": ENGLISH})


def offer_help(
    *,
    language: str,
    rows: Sequence[Row],
    about: Sequence[Row],
    at: datetime,
    is_last_day: bool = False,
    has_helper: bool = True,
) -> Message:
    """Offer one employee help instead of a number.

    *rows* are his, *about* those among them whose targets are tight or of which he was reminded often enough.
    *is_last_day*: one of these has no workday of his after today. *has_helper*: somebody would learn of it
    if he asked; else no number is all that he is offered.

    Raises ValueError if *about* is empty, *at* has no zone or the language is unknown.
    """
    if not about:
        raise ValueError("an offer of help is about one row at least")
    texts = texts_in(language)
    words = WORDS[language]
    kinds = {parse_period(row.period).kind for row in about}
    target = words.target[kinds.pop()] if len(kinds) == 1 else words.any_target
    labels = labels_of(texts, rows, at=at)
    named = texts.names_comma.join(dict.fromkeys(labels[row.quota] for row in about))
    said = [
        *([_line(words.about.say(labels=named), Keep.CORE)] if len(rows) > 1 else []),
        *_how(words, is_last_day=is_last_day, has_helper=has_helper),
    ]
    first = words.first if has_helper else words.first_alone
    once = _line(texts.only_once.say(), Keep.USEFUL)
    return Message(
        (
            first_line(first.say(target=target)),
            *said,
            *([_line(words.send_word.say(), Keep.CORE)] if has_helper else []),
            once,
            footer(texts, at=at, kind=texts.kind_reminder),
        ),
        card=Card(
            rows=(),
            body=(
                *said,
                *([_line(CARD_WORDS[language].ask_for_help, Keep.CORE)] if has_helper else []),
                once,
            ),
            buttons=(*([Button.HELP] if has_helper else []), Button.LIST),
            title=words.title.say(target=target),
        ),
    )


def _how(words: OfferWords, *, is_last_day: bool, has_helper: bool) -> list[Line]:
    """Say what to do instead; nothing on a last day to who has nobody to see about it."""
    if has_helper:
        return [_line((words.last_day if is_last_day else words.no_rush).say(), Keep.CORE)]
    return [] if is_last_day else [_line(words.no_rush_alone.say(), Keep.CORE)]


def _line(words: str, keep: Keep) -> Line:
    return Line((Part(words),), keep)
