"""What the pages for users say of commands, times, kinds, pages and verdicts is what the program has."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders.config import ENVIRON
from builders.docs import LANGUAGES, ROOT, rows, text_of
from builders.messages import examples

from bot.config import load
from bot.core.integrity import FindingKind
from bot.core.people import Membership, Person
from bot.core.quiet_hours import FIRST, WAITS, Silence
from bot.core.status import Status
from bot.core.verdicts import Verdict
from bot.features.access.rules import Page, pages_of
from bot.features.chat.commands import LED, Command, parse_command
from bot.messages.catalog import texts_in
from bot.messages.message import as_text
from scheduler.jobs import ALONGSIDE, BESIDE, JOBS

in_both = pytest.mark.parametrize("language", LANGUAGES)


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def section(text: str, number: int) -> str:
    """Return what stands below the heading of the second level with this *number*, from 1 on."""
    return re.split(r"^## .*$", text, flags=re.MULTILINE)[number]


def commands_of(row: list[str]) -> set[Command | None]:
    found = [parse_command(text) for cell in row[:2] for text in quoted(cell)]
    return {None if one is None else one.command for one in found}


@in_both
def test_every_line_of_chat_commands_names_one_command_in_both_languages(language: str) -> None:
    lines = [row for row in rows(section(text_of("words", language), 1)) if len(row) == 3]

    assert [row for row in lines if len(commands_of(row)) != 1 or None in commands_of(row)] == []
    assert [row for row in lines if not (quoted(row[0]) and quoted(row[1]))] == []


@in_both
def test_every_chat_command_has_its_line(language: str) -> None:
    lines = [commands_of(row).pop() for row in rows(section(text_of("words", language), 1))]

    assert sorted(lines, key=str) == sorted(Command, key=str)
    assert set(lines[-len(LED) :]) == LED


@in_both
def test_every_kind_says_how_long_it_waits(language: str) -> None:
    days = {1: "one|一", 2: "two|两", 3: "three|三", 5: "five|五", 10: "ten|十", 60: "sixty|六十"}
    told = {kind: row[1] for row in rows(section(text_of("words", language), 2)) for kind in quoted(row[0])}
    kinds = {
        *FIRST,
        *WAITS,
        *(kind for jobs in (ALONGSIDE, BESIDE) for more in jobs.values() for kind in more),
    }

    assert set(told) == kinds
    for kind, line in told.items():
        waits = WAITS.get(kind, 0)
        assert bool(
            re.search(rf"(?:{days[waits]})(?: |个工作日)", line) if waits else not re.search("wait|等", line)
        )


@in_both
def test_every_reason_for_silence_is_named(language: str) -> None:
    named = quoted(section(text_of("words", language), 2))

    assert [reason.value for reason in Silence if reason.value not in named] == []


@pytest.fixture
def schedule(tmp_path: Path) -> dict[str, str]:
    """Return the times of the jobs, as they are when a file says nothing of them."""
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    (tmp_path / "config.toml").write_text(re.sub(r"(?ms)^\[schedule\].*?(?=^\[)", "", text), encoding="utf-8")
    times = load(tmp_path / "config.toml", environ=ENVIRON).schedule
    return {job: getattr(times, job).at.strftime("%H:%M") for job in JOBS}


@in_both
def test_the_day_has_every_job_at_its_time(language: str, schedule: dict[str, str]) -> None:
    lines = [row for row in rows(text_of("day", language)) if re.fullmatch(r"`\w+`", row[1])]
    told = {row[1].strip("`"): re.findall(r"\d\d:\d\d", row[0]) for row in lines}
    beside = {
        kind: schedule[job] for jobs in (ALONGSIDE, BESIDE) for job, more in jobs.items() for kind in more
    }

    assert told == {job: [time] for job, time in (schedule | beside).items()}


@in_both
def test_every_verdict_status_and_finding_has_its_line(language: str) -> None:
    text = text_of("counting", language)
    verdicts = {word for row in rows(section(text, 4)) for word in quoted(row[1])}
    first = {row[0].strip("`") for row in rows(text) if re.fullmatch(r"`\w+`", row[0])}

    assert {word for word in verdicts if word in {*Verdict} or ":" in word} == {
        verdict.value for verdict in Verdict
    }
    assert first == {status.value for status in Status} | {kind.value for kind in FindingKind}


@in_both
def test_every_kind_of_case_has_its_id(language: str) -> None:
    ids = [word.partition(":")[::2] for row in rows(text_of("reviews", language)) for word in quoted(row[1])]
    findings = [rest.partition(":")[0] for kind, rest in ids if kind == "finding"]

    assert sorted(findings) == sorted(kind.value for kind in FindingKind)
    assert {kind for kind, _ in ids} - {""} == {"appeal", "held", "finding", "rename", "joiner"}


@in_both
def test_every_page_has_its_line_and_its_heading(language: str) -> None:
    text = text_of("pages", language)
    told = {path for row in rows(section(text, 0)) for path in quoted(row[0])}

    assert told == {f"/{page.value}" for page in Page} | {"/verify", "/about"}
    assert re.findall(r"^## `/(\w+)`$", text, re.MULTILINE) == [page.value for page in Page]


# The lines of the table of rights, in order: who asks.
RIGHTS: tuple[dict[str, Any], ...] = (
    {},
    {"leads": (1,)},
    {"leads": (1,)},
    {"reviewers": ["x"]},
    {"admins": ["x"]},
)


@in_both
def test_the_table_of_rights_is_that_of_the_program(language: str) -> None:
    lines = rows(section(text_of("pages", language), 2))
    told = [[cell != "–" for cell in line[1:]] for line in lines[: len(RIGHTS)]]

    assert told == [[page in allowed(**who) for page in Page] for who in RIGHTS]


def allowed(leads: tuple[int, ...] = (), **named: Any) -> frozenset[Page]:
    """Return the pages of somebody in the roster."""
    membership = Membership(since=None, departments=(1,), role=None)
    person = Person(userid="x", name="x", memberships=(membership,), leader_of=leads)
    return pages_of("x", person, day=date(2026, 11, 24), **named)


@in_both
def test_every_job_and_kind_of_message_stands_among_the_messages(language: str) -> None:
    text = text_of("messages", language)
    told = {kind for row in rows(section(text, 2)) for kind in quoted(row[0])}
    kinds = {
        *FIRST,
        *WAITS,
        *(kind for jobs in (ALONGSIDE, BESIDE) for more in jobs.values() for kind in more),
    }

    assert told == kinds
    assert [job for job in JOBS if f"`{job}`" not in text] == []


@in_both
def test_the_first_lines_of_messages_are_those_that_are_sent(language: str) -> None:
    sent = {as_text(message).splitlines()[0] for message in examples(language).values()}
    quoted_lines = {row[2] for row in rows(section(text_of("messages", language), 2)) if "`" not in row[2]}
    helped = texts_in(language)["preferences.asks"].say(name="员工甲")

    assert quoted_lines - sent == {helped}


@in_both
def test_every_button_of_a_card_stands_among_the_messages(language: str) -> None:
    text = section(text_of("messages", language), 8)
    chinese, english = (texts_in(one).table("cards.button") for one in ("zh-CN", "en"))

    # The button of the digest names the person whom it helps.
    names = [*chinese.values(), *english.values(), "*Help …*"]
    assert [name for name in names if name not in text and name != english["coach"]] == []
