"""What the delivery itself tells people."""

from __future__ import annotations

from datetime import datetime

from bot.messages.answers import answered
from bot.messages.catalog import texts_in
from bot.messages.message import Message


def file_refused(*, language: str, errcode: int, at: datetime) -> Message:
    """Tell somebody that WeCom refused the file they asked for. *errcode* 0: it is gone. *at* is local."""
    texts = texts_in(language)
    why = texts["files.refused_why"].say(errcode=errcode) if errcode else texts["files.refused_gone"]
    return answered(texts, texts["files.refused"], why, kind=texts["own.kind"], at=at)
