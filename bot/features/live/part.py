"""One part of the live check, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.messages.catalog import Texts
from bot.wecom.errors import AnswerError, WeComError

_NAMED = 3


class PartState(StrEnum):
    """The outcome of a part."""

    OK = "ok"
    NOTE = "note"  # not wrong, but worth a look
    WRONG = "wrong"
    SKIPPED = "skipped"  # could not be tried


@dataclass(frozen=True, slots=True)
class Part:
    """A tried part. *name* is for programs and a key of the table `live.parts`; *text* is for people."""

    name: str
    state: PartState
    text: str


def ok(name: str, text: str) -> Part:
    """Return a part that works."""
    return Part(name, PartState.OK, text)


def wrong(name: str, text: str) -> Part:
    """Return a part that a person must mend."""
    return Part(name, PartState.WRONG, text)


def named(userids: Sequence[str]) -> str:
    """Return the first of *userids* in a few words."""
    return ", ".join(userids[:_NAMED]) + (" …" if len(userids) > _NAMED else "")


def refused(name: str, error: WeComError, texts: Texts) -> Part:
    """Return a part that WeCom refuses, with what to change in its console."""
    if not isinstance(error, AnswerError):
        return wrong(name, texts["live.no_answer"].say(why=error))
    remedy = texts.table("live.remedies").get(str(error.errcode))
    remedy = remedy or texts.table("admin.remedies").get(str(error.errcode)) or texts["live.no_remedy"]
    code = f"{error.errcode} {error.stem}".strip()
    return wrong(name, texts["live.refused"].say(code=code, remedy=remedy.say(address=error.address)))
