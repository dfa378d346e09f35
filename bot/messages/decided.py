"""The message about a decision: what was decided, who took it and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.messages.customers import private
from bot.messages.language import texts_in
from bot.messages.limits import SAID_BYTES
from bot.messages.message import Keep, Line, Message, Part
from bot.messages.names import clean
from bot.messages.questions import Appealed, Seen, about
from bot.messages.standing import first_line, footer
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedWords:
    """The words of a language; *heads* by what the case is now."""

    heads: Mapping[str, str]
    by: str
    peace: str
    kind: str


_BUILT_IN: Mapping[str, DecidedWords] = {
    "zh-CN": DecidedWords(
        heads={
            "accepted": "申诉通过了，这位客户已计入",
            "rejected": "申诉有结果了，这位客户不计入",
            "cleared": "之前问您的事了结了，不再问",
            "confirmed": "之前问您的事有结论了",
        },
        by="由 {by} 决定，理由：{reason}",
        peace="数字已按此更新。",
        kind="复核结果",
    ),
    "en": DecidedWords(
        heads={
            "accepted": "Your appeal was accepted: the customer counts",
            "rejected": "Your appeal was decided: the customer does not count",
            "cleared": "What you were asked about is settled",
            "confirmed": "What you were asked about was decided",
        },
        by="Decided by {by}. Reason: {reason}",
        peace="Your numbers show it from now on.",
        kind="decision",
    ),
}
WORDS = Wordbook("decided", _BUILT_IN)


def decided(
    *, language: str, what: Seen | Appealed, state: str, by: str, reason: str, at: datetime
) -> Message:
    """Tell one person how a case of his was decided.

    *state*: accepted or rejected (an appeal), cleared or confirmed (a finding). Raises ValueError if *at* has
    no zone.
    """
    words, texts = WORDS[language], texts_in(language)
    said = words.by.format(by=clean(by), reason=clean(reason, limit=SAID_BYTES))

    def message(told: Sequence[Seen | Appealed]) -> Message:
        return Message(
            (
                first_line(words.heads[state]),
                Line((Part(about(told[0], language=language, at=at)),), Keep.CORE),
                Line((Part(said),), Keep.CORE),
                Line((Part(words.peace),), Keep.USEFUL),
                footer(texts, at=at, kind=words.kind),
            )
        )

    return private(message, [what])
