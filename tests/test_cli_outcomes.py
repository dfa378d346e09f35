"""Commands that operators and scripts rely on: exit codes, and figures that stand under their own names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.delivery import give_up
from builders.e2e import FakeTime, Quotabot, add_customers, at, change, command_here, outbox_rows
from builders.imports import file
from builders.reviews import RULES, branch, tell

from bot.core.relations import RelationKind
from bot.features.reviews import decide
from bot.services import Services
from scheduler.jobs import PREPARES

CLOSED = at("2026-11-09T08:42")
OCTOBER = ("cm-monthly", "2026-10")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Of October zhang has one contact that counts and one that was lost; li has two."""
    with branch(tmp_path, quotas=RULES.replace("50", "3"), when=CLOSED) as opened:
        add_customers(opened, "zhang", at("2026-10-12T10:00"))
        tell(opened, "zhang", "wm-lost", at("2026-10-13T10:00"), RelationKind.ADDED)
        tell(opened, "zhang", "wm-lost", at("2026-10-14T10:00"), RelationKind.LOST_BY_CUSTOMER)
        add_customers(opened, "li", at("2026-10-12T11:00"), at("2026-10-12T12:00"))
        yield opened


@pytest.fixture
def quotabot(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, services: Services
) -> Quotabot:
    typed = command_here(capsys, monkeypatch)
    return lambda *arguments: typed(*arguments, "--config", str(services.config.file))


# --- dead letters ---


@pytest.mark.parametrize(("act", "state"), [("retry", "pending"), ("drop", "dropped")])
@pytest.mark.parametrize(
    ("idents", "code"),
    [
        pytest.param(("message:a", "message:b"), 0, id="all are there"),
        pytest.param(("message:a", "message:none", "message:b"), 1, id="one in the middle is not"),
        pytest.param(("message:none", "message:a", "message:b"), 1, id="the first is not"),
        pytest.param(("message:a", "message:b", "event:99"), 1, id="the last is not"),
    ],
)
def test_each_dead_letter_is_dealt_with_and_one_that_is_missing_ends_with_1(
    quotabot: Quotabot, services: Services, act: str, state: str, idents: tuple[str, ...], code: int
) -> None:
    give_up(services, "a", "b", at=CLOSED)

    done = quotabot("dead", act, *idents)

    assert done.code == code
    assert [row["state"] for row in outbox_rows(services)] == [state] * 2
    assert len(done.out.splitlines()) == 2
    assert len(done.err.splitlines()) == len(idents) - 2


def test_a_dead_letter_is_listed_with_whom_and_why(quotabot: Quotabot, services: Services) -> None:
    give_up(services, "a", at=CLOSED)

    (letter,) = quotabot("dead", "list", "--format", "json").json()["dead"]
    missing = quotabot("dead", "show", "message:none")

    assert letter == {
        "id": "message:a",
        "at": "2026-11-09T08:42:00+08:00",
        "what": "progress to zhang",
        "state": "failed",
        "tries": 0,
        "error": "81013",
    }
    assert (missing.code, missing.out) == (1, "")


# --- closed periods ---


def closed(quotabot: Quotabot) -> dict[str, Any]:
    (period,) = quotabot("close", "list", "--format", "json").json()["periods"]
    found: dict[str, Any] = period
    return found


def test_a_closed_period_is_listed_with_each_figure_under_its_name(
    quotabot: Quotabot, services: Services
) -> None:
    PREPARES["close"](services, CLOSED)
    decide.open_appeal(services, "zhang", "wm-lost", text="误删", at=at("2026-11-10T09:00"), period="2026-10")
    before = closed(quotabot)
    signed = quotabot("close", "sign", *OCTOBER, "--by", "人事")
    add_customers(services, "li", at("2026-10-20T10:00"))
    after = closed(quotabot)
    text = quotabot("close", "list").out

    assert {name: before[name] for name in ("quota", "period", "people", "final", "open")} == {
        "quota": "cm-monthly",
        "period": "2026-10",
        "people": 2,
        "final": 0,
        "open": ["zhang"],
    }
    assert before["closed_at"] == "2026-11-09T08:42:00+08:00"
    assert before["appeals_until"] == "2026-11-16T18:00:00+08:00"
    assert (signed.code, signed.err) == (0, "zhang：有申诉未决，处理完后请再签一次\n")
    assert signed.out == "cm-monthly 2026-10：1 行已定稿，签字人 人事\n"
    assert (after["people"], after["final"], after["open"]) == (2, 1, ["zhang"])
    (one,) = after["corrections"]
    assert (one["userid"], one["stored"]["counted"], one["now"]["counted"]) == ("li", 2, 3)
    assert (one["stored"]["target"], one["now"]["target"]) == (3, 3)
    assert (one["stored"]["status"], one["now"]["status"]) == ("missed", "met")
    assert text.splitlines() == [
        "cm-monthly 2026-10：2 行中 1 行已定稿；申诉截止 2026-11-16T18:00",
        f"  已公布的根：{after['root']}",
        "  zhang：有申诉未决",
        "  li：已存 2/3，现在应为 3/3：quotabot close correct",
    ]


def test_a_refused_correction_ends_with_1_and_changes_nothing(quotabot: Quotabot, services: Services) -> None:
    PREPARES["close"](services, CLOSED)
    add_customers(services, "li", at("2026-10-20T10:00"))

    refused = quotabot("close", "correct", *OCTOBER, "li", "--by", "人事", "--reason", "回调迟到")

    assert (refused.code, refused.out) == (1, "")
    assert refused.err == "cm-monthly 2026-10：li 没有可更正的\n"
    newest = services.store.results.newest(*OCTOBER)
    assert (newest["li"].line.counted, newest["li"].version) == (2, 1)


# --- what a script asks ---


def test_a_replay_that_finds_a_difference_ends_with_1_until_it_is_mended(
    quotabot: Quotabot, services: Services
) -> None:
    quotabot("replay")  # the rules of the ledger are noted
    equal = quotabot("replay", "--check")
    change(services, "UPDATE adds SET state = 'changed' WHERE userid = 'li'")
    different = quotabot("replay", "--check")
    mended = quotabot("replay")
    again = quotabot("replay", "--check")

    assert [one.code for one in (equal, different, mended, again)] == [0, 1, 0, 0]
    assert "2 处不一致\n" in different.out
    assert "2 处不一致，已改正" in mended.out


@pytest.mark.parametrize(
    ("options", "code", "stored"),
    [
        pytest.param((), 1, 0, id="a wrong line stores nothing"),
        pytest.param(("--skip-bad",), 0, 1, id="but with skip-bad the others are"),
        pytest.param(("--skip-bad", "--dry-run"), 0, 0, id="a dry run stores nothing"),
    ],
)
def test_an_import_says_by_its_code_whether_it_was_as_asked(
    quotabot: Quotabot, services: Services, tmp_path: Path, options: tuple[str, ...], code: int, stored: int
) -> None:
    lines = ("userid,from,to,kind", "zhang,2026-11-02,2026-11-02,年假", "nobody,2026-11-02,2026-11-02,年假")
    path = file(tmp_path, *lines, name="leave.csv")

    done = quotabot("import", "absences", str(path), "--by", "人事", "--format", "json", *options)

    report = json.loads(done.out)
    assert (done.code, report["stored"], report["good"], report["bad"]) == (code, stored, 1, 1)
    assert len(services.store.contact_knowledge.absences()) == stored


def test_bad_reviews_end_with_1_and_decide_nothing(quotabot: Quotabot, services: Services) -> None:
    unknown = quotabot("review", "accept", "appeal:99", "--by", "head", "--reason", "x")
    counted = quotabot("review", "open", "li", "wm-none", "--text", "x")

    assert (unknown.code, counted.code) == (1, 1)
    assert (unknown.out, counted.out) == ("", "")
    assert services.store.reviews.all_open() == []


def test_commands_end_with_2_for_a_file_that_is_wrong(quotabot: Quotabot, services: Services) -> None:
    assert isinstance(services.clock, FakeTime)
    good = quotabot("check")
    path = services.config.file
    path.write_text(path.read_text(encoding="utf-8").replace("target = 3", "target = -3"), encoding="utf-8")

    bad = [quotabot(*words).code for words in (("check",), ("check", "--format", "json"), ("status",))]

    assert good.code == 0
    assert bad == [2, 2, 2]
