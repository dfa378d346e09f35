"""Which errors may be stored and logged as they are: those whose text quotes nothing that was received."""

from __future__ import annotations

import pytest

from bot.core.errors import ContentFreeError
from bot.wecom.errors import WeComError
from bot.wecom.events import EventError, event_of
from bot.wecom.xml import XmlError, parse

SECRET = "13800000000"


@pytest.mark.parametrize("kind", [WeComError, EventError, XmlError])
def test_errors_of_what_wecom_sends_promise_a_text_without_content(kind: type[Exception]) -> None:
    assert issubclass(kind, ContentFreeError)


def test_their_texts_quote_nothing_that_was_received() -> None:
    with pytest.raises(ContentFreeError) as broken:
        parse(f"<xml>{SECRET}".encode())
    with pytest.raises(ContentFreeError) as wrong:
        event_of({"MsgType": "event", "Event": "subscribe", "CreateTime": "1", "FromUserName": f"a {SECRET}"})

    assert SECRET not in f"{broken.value} {wrong.value}"
