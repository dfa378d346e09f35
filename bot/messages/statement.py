"""The statement of the day, figures with a code that make a screenshot needless; and what a code is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.progress import Row, Status
from bot.core.statement import Figure, Statement, shown_code
from bot.messages.language import texts_in
from bot.messages.message import Keep, Line, Listing, Message, Part, Tone
from bot.messages.names import clean
from bot.messages.standing import first_line, footer, labels_of, standings
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementWords:
    """The words of a language."""

    done: str
    code: str
    how: str
    page: str
    peace: str
    kind: str
    genuine: str
    unknown: str
    too_many: str
    not_yours: str
    which: str
    added: str
    figure: str


_BUILT_IN: Mapping[str, StatementWords] = {
    "zh-CN": StatementWords(
        done="今天够了，已加 {n} 位",
        code="校验码 {code}",
        how="谁想核对，发“验证”加校验码即可；数字只有您和您的主管能看到。",
        page="验证：{url}",
        peace="主管的日报里已有这些数字，不用截图，也不用转发。",
        kind="当日证明",
        genuine="校验码有效，{at} 由本应用发出",
        unknown="没有发出过这个校验码：请核对有没有抄错",
        too_many="试得太多了，请一小时后再试",
        not_yours="数字只有本人和他的主管能看到。",
        which="请说“验证”加 16 位校验码",
        added="{name} {day}：当天新增 {n} 位",
        figure="{label}：目标 {target}，已确认 {counted}，待确认 {pending}",
    ),
    "en": StatementWords(
        done="Enough for today: {n} added",
        code="Code {code}",
        how="Anybody can check it: send “verify” and the code. The figures are for you and your leaders.",
        page="Verify: {url}",
        peace="Your leader's digest has these figures already: no screenshot, nothing to forward.",
        kind="statement",
        genuine="The code is genuine: given out by this app on {at}",
        unknown="No such code was ever given out: was it copied right?",
        too_many="Too many tries; please try again in an hour",
        not_yours="The figures are for the person himself and his leaders only.",
        which="Say “verify” and the code of 16 signs",
        added="{name}, {day}: {n} added that day",
        figure="{label}: target {target}, confirmed {counted}, pending {pending}",
    ),
}
WORDS = Wordbook("statement", _BUILT_IN)


def is_done(rows: Sequence[Row], *, added: int) -> bool:
    """Say whether a person who has *added* so many today is through with it: nothing is left of any dose.

    Who added nobody today has nothing to show, and is left in peace.
    """
    asked = [row for row in rows if row.status is not Status.EXEMPT]
    return added > 0 and bool(asked) and not any(row.today_left for row in asked)


def statement(
    *, language: str, rows: Sequence[Row], added: int, code: str, at: datetime, page: str = ""
) -> Message:
    """Tell one employee where the day ended for him, with the code under it.

    *added*: adds dated today. *code* as `code_of` gives it. *page*: where anybody can check it, empty for
    nowhere. Raises ValueError if *at* has no zone.
    """
    words, texts = WORDS[language], texts_in(language)
    named = [Line((Part(words.page.format(url=page)),), Keep.NICE)] if page else []
    return Message(
        (
            first_line(words.done.format(n=added)),
            standings(texts, rows, at=at),
            code_line(language, code),
            Line((Part(words.how),), Keep.USEFUL),
            *named,
            Line((Part(words.peace),), Keep.USEFUL),
            footer(texts, at=at, kind=words.kind),
        )
    )


def code_line(language: str, code: str) -> Line:
    """Return the line with the code, which is never left out."""
    return Line((Part(WORDS[language].code.format(code=shown_code(code)), Tone.STRONG),), Keep.ALWAYS)


def looked_at(
    *,
    language: str,
    at: datetime,
    given_at: datetime | None,
    too_many: bool = False,
    name: str = "",
    seen: Statement | None = None,
) -> Message:
    """Say what a code turned out to be, as of *at*.

    *given_at*: when it was given out, None for a code that never was. *seen*, with the *name* of whose it is:
    for who may see the figures.
    """
    words, texts = WORDS[language], texts_in(language)
    end = footer(texts, at=at, kind=words.kind)
    if too_many or given_at is None:
        return Message((first_line(words.too_many if too_many else words.unknown), end))
    genuine = first_line(words.genuine.format(at=f"{given_at:%Y-%m-%d %H:%M}"))
    if seen is None:
        return Message((genuine, Line((Part(words.not_yours),), Keep.CORE), end))
    return Message((genuine, *_figures(language, seen, name=name, at=at), end))


def _figures(language: str, seen: Statement, *, name: str, at: datetime) -> list[Line | Listing]:
    words, labels = WORDS[language], labels_of(texts_in(language), seen.figures, at=at)
    head = words.added.format(name=clean(name), day=seen.day, n=seen.added)
    lines = tuple(
        Line((Part(_figure(words, one, label=labels[one.quota])),), Keep.CORE) for one in seen.figures
    )
    listed = Listing(lines, more=texts_in(language).more_quotas, keep=Keep.CORE)
    return [Line((Part(head),), Keep.CORE), *([listed] if lines else [])]


def _figure(words: StatementWords, one: Figure, *, label: str) -> str:
    return words.figure.format(
        label=label,
        target=one.target,
        counted=one.counted,
        pending=one.pending,
    )
