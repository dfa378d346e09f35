"""What is kept of a failed event: the text of an error that quotes nothing, else only the error's name."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from builders.service import contact_event, logged, services

from bot.core.errors import ContentFreeError
from bot.features.reviews.decide import ReviewError
from bot.services import Services
from bot.wecom.errors import AnswerError, BlockedError, NotSentError, UnknownOutcomeError, WeComError
from bot.wecom.events import ContactEvent, EventError
from bot.wecom.token import TokenError
from bot.wecom.xml import XmlError
from handlers import inbox
from handlers.inbox import work_off
from handlers.router import Router

QUOTES = "wm-customer of 员工甲"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Services]:
    with services(tmp_path) as opened:
        yield opened


def kept_of(opened: Services, error: Exception) -> tuple[str, str]:
    """What the row and the log say of an event whose handler raised *error*."""
    router, body = Router(), contact_event()

    @router.on(ContactEvent)
    def fail(event: ContactEvent, services: Services) -> None:
        raise error

    row = {"hash": sha256(body).hexdigest(), "body": body, "received_at": 1}
    with opened.store.transaction():
        opened.store.engine.run_many("inbox_add", [row])
    with logged(inbox) as entries:
        work_off(opened, router=router)
    (entry,) = entries
    (failing,) = opened.store.inbox.failing(upto=2**40)
    return str(failing["error"]), str(entry["error"])


class ElsewhereError(EventError):
    """An error of ours in a module that is not below `bot`, as after a move."""


class Pretender(Exception):  # noqa: N818 - a name of a test
    """An error of a library that happens to be called like our package."""

    __module__ = "bot.of_somebody_else"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(EventError("UserID is missing"), id="a field"),
        pytest.param(XmlError("not acceptable XML (ParseError)"), id="its XML"),
        pytest.param(ElsewhereError("UserID is missing"), id="wherever its class stands"),
        pytest.param(NotSentError("WeCom was not reached"), id="a call"),
    ],
)
def test_the_text_of_an_error_that_quotes_nothing_is_kept(opened: Services, error: Exception) -> None:
    assert kept_of(opened, error) == (str(error), str(error))


@pytest.mark.parametrize(
    ("error", "name"),
    [
        pytest.param(ValueError(QUOTES), "ValueError", id="Python's"),
        pytest.param(ReviewError(QUOTES), "ReviewError", id="ours, which may name a customer"),
        pytest.param(Pretender(QUOTES), "Pretender", id="a library's with a name like ours"),
    ],
)
def test_of_an_error_that_may_quote_something_only_the_name_is_kept(
    opened: Services, error: Exception, name: str
) -> None:
    assert kept_of(opened, error) == (name, name)


@pytest.mark.parametrize(
    "kind",
    [
        EventError,
        XmlError,
        WeComError,
        AnswerError,
        BlockedError,
        NotSentError,
        UnknownOutcomeError,
        TokenError,
    ],
)
def test_errors_of_what_wecom_sends_and_answers_promise_to_quote_nothing(kind: type[Exception]) -> None:
    assert issubclass(kind, ContentFreeError)
