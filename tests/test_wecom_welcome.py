"""What an answer to a welcome message means: asked again while there is time, never after."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from bot.wecom.errors import AnswerError, NotSentError, UnknownOutcomeError, WeComError
from bot.wecom.token import TokenError
from bot.wecom.welcome import Greeting, WelcomeOutcome, WelcomeSender

AT = 1_795_395_600
GREETING = Greeting("WCsim1", AT)
OK = None


@dataclass
class Line:
    """The way to WeCom, its tokens and the clock. *answers* come in turn; a call and a pause take time."""

    answers: list[WeComError | None]
    call_s: float = 0.1
    now: float = AT + 0.5
    calls: list[float] = field(default_factory=list)
    voided: list[str] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)
    no_token: TokenError | None = None

    def send_welcome(self, request: bytes, *, token: str) -> None:
        assert '"welcome_code":"WCsim1"' in request.decode()
        self.calls.append(self.now - AT)
        self.now += self.call_s
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is not None:
            raise answer

    def get(self) -> str:
        if self.no_token is not None:
            raise self.no_token
        return f"token-{len(self.voided)}"

    def void(self, token: str, _error: object) -> None:
        self.voided.append(token)

    def time(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


def send(line: Line) -> WelcomeOutcome:
    sender = WelcomeSender(line, line, real_time=line.time, ending=line.ending, pause=line.pause)  # type: ignore[arg-type]  # what it needs of them
    return sender.send(GREETING, text="您好")


@pytest.mark.parametrize(
    ("answers", "calls", "outcome"),
    [
        pytest.param([OK], 1, WelcomeOutcome("sent"), id="taken"),
        pytest.param([AnswerError(41096), OK], 2, WelcomeOutcome("sent"), id="another app was sending"),
        pytest.param([AnswerError(-1), AnswerError(-1), OK], 3, WelcomeOutcome("sent"), id="busy twice"),
        pytest.param([AnswerError(-1)], 3, WelcomeOutcome("refused", -1), id="busy: three tries"),
        pytest.param([AnswerError(40014), OK], 2, WelcomeOutcome("sent"), id="a token that was revoked"),
        pytest.param(
            [AnswerError(40014)], 2, WelcomeOutcome("refused", 40014), id="a new token is refused, too"
        ),
        pytest.param([AnswerError(41050)], 1, WelcomeOutcome("refused", 41050), id="expired"),
        pytest.param([AnswerError(41051)], 1, WelcomeOutcome("refused", 41051), id="they talk already"),
        pytest.param([AnswerError(41054)], 1, WelcomeOutcome("refused", 41054), id="member not active"),
        pytest.param(
            [AnswerError(45009)], 1, WelcomeOutcome("refused", 45009), id="too often: no window so short"
        ),
        pytest.param([NotSentError("no"), OK], 2, WelcomeOutcome("sent"), id="no connection at first"),
        pytest.param(
            [UnknownOutcomeError("?"), OK], 2, WelcomeOutcome("sent"), id="no answer, and not taken"
        ),
        pytest.param(
            [UnknownOutcomeError("?"), AnswerError(41051)],
            2,
            WelcomeOutcome("sent"),
            id="no answer, but taken",
        ),
    ],
)
def test_each_answer_has_its_meaning(
    answers: list[WeComError | None], calls: int, outcome: WelcomeOutcome
) -> None:
    line = Line(answers)

    found = send(line)

    assert (found, len(line.calls)) == (outcome, calls)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param(AnswerError(41096), WelcomeOutcome("refused", 41096), id="always another app"),
        pytest.param(NotSentError("no"), WelcomeOutcome("dropped", problem="no"), id="never a connection"),
        pytest.param(UnknownOutcomeError("?"), WelcomeOutcome("unknown", problem="?"), id="never an answer"),
    ],
)
def test_no_call_begins_after_18_seconds(answer: WeComError, outcome: WelcomeOutcome) -> None:
    line = Line([answer], call_s=1.0)

    assert send(line) == outcome
    assert len(line.calls) > 3
    assert max(line.calls) <= 18


def test_what_is_late_already_is_dropped_without_a_call() -> None:
    line = Line([OK], now=AT + 18.1)

    assert send(line) == WelcomeOutcome("dropped")
    assert line.calls == []


def test_a_forbidden_api_says_what_to_change_and_an_unknown_code_does_not() -> None:
    forbidden, expired = send(Line([AnswerError(48002)])), send(Line([AnswerError(41050)]))

    assert "可调用接口的应用" in forbidden.problem
    assert expired.problem == ""


def test_without_a_token_nothing_is_sent() -> None:
    line = Line([OK], no_token=TokenError("the secret is wrong", errcode=40001, until=AT + 600))

    assert send(line) == WelcomeOutcome("refused", 40001, "the secret is wrong")
    assert line.calls == []


def test_a_service_that_ends_tries_once() -> None:
    line = Line([AnswerError(41096)])
    line.ending.set()

    assert send(line) == WelcomeOutcome("refused", 41096)
    assert len(line.calls) == 1


def test_a_greeting_shows_no_code() -> None:
    assert "WCsim1" not in repr(GREETING)
