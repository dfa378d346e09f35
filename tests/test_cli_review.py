"""`quotabot review`: what waits, with whom, and decisions with a name and a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.docs import LANGUAGES, text_of
from builders.e2e import FakeTime, Quotabot, command_here, outbox_rows
from builders.reviews import ANSWERED, BURST_ID, HOLD, TUESDAY, branch, burst, lost_contact, morning, numbers

from bot.services import Services

ENGLISH = '\n[locale]\nlanguage = "en"\n'
EMPTY = "nothing waits for a decision\n"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """The machine's clock as the commands see it."""
    clock = FakeTime(TUESDAY)
    monkeypatch.setattr("bot.app.bootstrap.RealClock", lambda: clock)
    return clock


@pytest.fixture
def services(tmp_path: Path, clock: FakeTime) -> Iterator[Services]:
    with branch(tmp_path, more=HOLD + ENGLISH) as services:
        yield services


@pytest.fixture
def quotabot(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, services: Services, clock: FakeTime
) -> Quotabot:
    typed = command_here(capsys, monkeypatch)
    config = ("--config", str(services.config.file))
    return lambda *arguments: typed("review", *arguments, *config)


def test_nothing_waits(quotabot: Quotabot) -> None:
    assert quotabot("list").out == EMPTY
    assert quotabot("list", "--format", "json").json() == {
        "as_of": "2026-11-24T09:07:00+08:00",
        "cases": [],
    }


def test_an_appeal_is_opened_listed_and_accepted(services: Services, quotabot: Quotabot) -> None:
    lost_contact(services)
    opened = quotabot("open", "ZHANG", "wm-lost", "--text", "柜面误删")
    listed = quotabot("list")
    accepted = quotabot("accept", "appeal:1", "--yes", "--by", "head", "--reason", "有录音")

    assert opened.out == "appeal:1: cm-monthly 2026-11, with head\n"
    assert listed.out == (
        "appeal:1: zhang, cm-monthly 2026-11\n"
        "  wm-lost, added 2026-11-04 10:00: rejected:lost_early\n"
        "  says: 柜面误删\n"
        "  with head\n"
    )
    assert accepted.out == (
        "appeal:1: cm-monthly 2026-11: counted 0 → 1, rejected 1 → 0\nappeal:1: accepted by head\n"
    )
    assert quotabot("list").out == EMPTY
    assert numbers(services, "zhang", TUESDAY) == (1, 0, 0, ())
    assert [(row["key"], row["content"]) for row in outbox_rows(services)] == [
        (
            "decided:appeal:1:2026-11-24:zhang",
            (
                "**Your appeal was accepted: the customer counts**\n"
                "Customer …lost, added 11-04\n"
                "Decided by 主管乙. Reason: 有录音\n"
                "Your numbers show it from now on.\n"
                '<font color="comment">As of Tue 11-24 09:07 · decision</font>'
            ),
        )
    ]


def test_a_finding_is_listed_answered_and_confirmed(
    services: Services, quotabot: Quotabot, clock: FakeTime
) -> None:
    burst(services)
    morning(services, TUESDAY)
    asked, held = quotabot("list").out.splitlines(), " ".join(f"held:{number}" for number in range(1, 17))
    clock.moment = ANSWERED
    answered = quotabot("answer", BURST_ID, "--text", "支行开放日")
    told = quotabot("list", "--format", "json").json()["cases"]
    rejected = quotabot("reject", BURST_ID, "--yes", "--by", "head", "--reason", "当天没有活动")

    assert asked == [
        f"{BURST_ID}: zhang, a question, not a verdict",
        "  16 adds from 2026-11-23 10:02 to 10:09",
        f"  holds 16 contact(s) until it is decided; one by one: {held}",
        "  zhang may answer until 2026-11-27 18:00",
    ]
    assert answered.out == f"{BURST_ID}: with head\n"
    assert [(one["kind"], len(one["holds"])) for one in told] == [("finding", 16)]
    assert rejected.out == (
        f"{BURST_ID}: cm-monthly 2026-11: pending 16 → 0, rejected 0 → 16\n{BURST_ID}: confirmed by head\n"
    )
    assert quotabot("list").out == EMPTY


def test_the_json_of_a_case_has_every_key_that_the_page_tells(services: Services, quotabot: Quotabot) -> None:
    burst(services)
    morning(services, TUESDAY)
    *_, finding = quotabot("list", "--format", "json").json()["cases"]

    assert finding == {
        "id": BURST_ID,
        "kind": "finding",
        "userid": "zhang",
        "quota": None,
        "period": None,
        "external_userid": None,
        "added_at": None,
        "verdict": None,
        "finding": "burst",
        "subject": "2026-11-23",
        "holds": [
            {"id": f"held:{n}", "quota": "cm-monthly", "external_userid": held.contact[1]}
            for n, held in enumerate(services.store.reviews.all_open(), start=1)
        ],
        "old_userid": None,
        "evidence": {
            "first": "2026-11-23T10:02:00+08:00",
            "last": "2026-11-23T10:09:00+08:00",
            "n": 16,
            "of": 0,
            "days": 0,
        },
        "opened_at": "2026-11-24T09:07:00+08:00",
        "said": None,
        "waits_for": "employee",
        "reviewers": [],
        "until": "2026-11-27T18:00:00+08:00",
    }
    for language in LANGUAGES:
        section = text_of("commands", language).split("## `review`")[1].split("\n## ")[0]
        assert [key for key in finding if f"`{key}`" not in section] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(
            ("accept", "appeal:1", "--by", "team", "--reason", "x"),
            "appeal:1: team may not decide about zhang; it is with head",
            id="not for him to decide",
        ),
        pytest.param(
            ("reject", "appeal:9", "--by", "head", "--reason", "x"),
            "appeal:9: no such open case; see `quotabot review list`",
            id="no such open case",
        ),
        pytest.param(
            ("open", "zhang", "wm-lost", "--text", "x"),
            "cm-monthly 2026-11: appeal:1 is open already",
            id="open already",
        ),
        pytest.param(
            ("open", "zhang", "wm-lost", "--text", "x", "--quota", "none"),
            "no quota looks at wm-lost of zhang then",
            id="no such quota",
        ),
        pytest.param(
            ("answer", "appeal:1", "--text", "x"),
            "appeal:1 is no finding: it has the employee's text already",
            id="nothing to answer",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    services: Services, quotabot: Quotabot, arguments: tuple[str, ...], sentence: str
) -> None:
    lost_contact(services)
    quotabot("open", "zhang", "wm-lost", "--text", "柜面误删")

    done = quotabot(*arguments)

    assert (done.code, done.out, done.err) == (1, "", f"{sentence}\n")


@pytest.mark.parametrize("missing", ["--by", "--reason"])
def test_a_decision_without_name_or_reason_is_bad_usage(quotabot: Quotabot, missing: str) -> None:
    given = [word for name in ("--by", "--reason") if name != missing for word in (name, "x")]

    done = quotabot("accept", "appeal:1", *given)

    assert done.code == 2
    assert missing in done.err


def test_a_list_is_in_the_language_of_the_installation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, clock: FakeTime
) -> None:
    typed = command_here(capsys, monkeypatch)
    with branch(tmp_path, more=HOLD) as services:
        config = ("--config", str(services.config.file))
        empty = typed("review", "list", *config)
        lost_contact(services)
        typed("review", "open", "zhang", "wm-lost", "--text", "柜面误删", *config)
        listed = typed("review", "list", *config)

    assert empty.out == "没有待处理的事项\n"
    assert listed.out.splitlines() == [
        "appeal:1：zhang，cm-monthly 2026-11",
        "  wm-lost，添加于 2026-11-04 10:00：rejected:lost_early",
        "  说：柜面误删",
        "  由 head 处理",
    ]
