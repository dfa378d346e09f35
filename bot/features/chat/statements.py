"""The command 验证: check the code of a daily statement; only a few people see the figures."""

from __future__ import annotations

from bot.features.chat.desk import Ask
from bot.features.statements.message import answer_code
from bot.features.statements.proof import check_code
from bot.messages.answers import answered, timed
from bot.messages.catalog import texts_in
from bot.messages.message import Message


def verify(ask: Ask) -> Message:
    """Say whether the code is genuine; the number of wrong codes is limited for each asker."""
    desk, texts = ask.desk, texts_in(ask.desk.language)
    if not ask.rest:
        head, more = texts["statement.which"], texts["statement.not_yours"]
        return answered(texts, head, more, kind=texts["statement.kind"], at=desk.local)
    looked = check_code(desk.services, ask.rest, asker=ask.userid, by=ask.userid)
    seen = looked.statement
    message = answer_code(
        language=desk.language,
        at=desk.local,
        given_at=looked.at,
        too_many=looked.too_many,
        name="" if seen is None else desk.name(desk.services.store.renames.current(seen.userid)),
        seen=seen,
    )
    return timed(message, texts=texts, kind=texts["statement.kind"], at=desk.local)
