"""No message is too long, torn or broken by what people are called."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import replace

import pytest
from builders.messages import (
    AFTERNOON,
    AT_REST,
    BEHIND,
    COVERED,
    DAILY,
    EVENING,
    EXEMPT,
    FRIDAY,
    MET,
    MONDAY,
    MONTHLY,
    MORNING,
    QUIET,
    examples,
    member,
)
from hypothesis import given
from hypothesis import strategies as st

from bot.core.day import DayFacts
from bot.core.progress import QuotaFigures
from bot.core.status import ENOUGH, Status
from bot.features.progress import progress
from bot.features.reminder.message import list_to_remind, reminder
from bot.features.reminder.offer import offer_help
from bot.features.statements.message import statement
from bot.features.teams.digest_message import digest
from bot.features.weekly import OwnWeek, TeamWeek, weekly
from bot.messages.limits import MESSAGE_BYTES, NAME_BYTES
from bot.messages.message import Message, as_markdown, as_text
from bot.messages.sanitize import clean, clip

FORBIDDEN = re.compile(r"落后|[!！元¥￥$]|yuan|behind|rank", re.IGNORECASE)
FOOTER = re.compile(r"\d\d-\d\d .*\d\d:\d\d · \w+")
LANGUAGE = st.sampled_from(["zh-CN", "en"])
COUNT = st.integers(0, 5000)
# Names are all that Unicode has, and rich in what is hard: emoji of several code points, flags, markup.
PIECES = ["👨‍👩‍👧‍👦", "🇨🇳", "👍🏽", "e\u0301", "**", "<font color='x'>", "[a](b)", "\n", "\u202e", "王", "x"]
NAMES = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))


@st.composite
def rows(draw: st.DrawFn) -> QuotaFigures:
    kind = draw(st.sampled_from([MONTHLY, BEHIND, MET, COVERED, EXEMPT, DAILY]))
    if kind is EXEMPT:
        return replace(kind, quota=draw(NAMES))
    return replace(
        kind,
        quota=draw(NAMES),
        target=draw(st.integers(1, 5000)),
        counted=draw(COUNT),
        pending=draw(COUNT),
        to_add=draw(COUNT),
        workdays_left=draw(st.integers(0, 250)),
        today_dose=draw(COUNT),
        today_left=draw(COUNT),
        kept_90=draw(st.none() | st.integers(0, 100).map(lambda n: n / 100)),
        status=draw(st.sampled_from(sorted(set(Status) - {Status.EXEMPT}))),
    )


@st.composite
def messages(draw: st.DrawFn) -> Message:
    language = draw(LANGUAGE)
    some = draw(st.lists(rows(), min_size=1, max_size=12))
    kind = draw(st.sampled_from(["progress", "reminder", "digest", "weekly"]))
    if kind == "digest":
        team = [
            member(draw(NAMES), *some[n % 3 :: 3], userid=f"u{n}") for n in range(draw(st.integers(1, 9)))
        ]
        return digest(language=language, team=team, at=EVENING)
    if kind == "weekly":
        facts = DayFacts(added=draw(COUNT), lost_by_customer=draw(COUNT), lost_by_member=draw(COUNT))
        team = [member(draw(NAMES), *some, userid=f"u{n}") for n in range(draw(st.integers(0, 4)))]
        return weekly(
            language=language,
            first=MONDAY,
            at=FRIDAY,
            own=OwnWeek(rows=some, facts=facts, dose=draw(COUNT), tight=draw(st.booleans())),
            team=TeamWeek(
                members=team, facts=facts, improved=[one.name for one in team[:3]], more=draw(COUNT)
            )
            if team
            else None,
        )
    if kind == "reminder" and list_to_remind(some):
        if draw(st.booleans()):
            return offer_help(language=language, rows=some, about=list_to_remind(some), at=AFTERNOON)
        return reminder(language=language, rows=some, at=AFTERNOON, today_is_workday=draw(st.booleans()))
    facts = DayFacts(added=draw(COUNT), lost_by_customer=draw(COUNT), lost_by_member=draw(COUNT))
    return progress(language=language, rows=some, yesterday=facts, at=MORNING)


WRITERS = pytest.mark.parametrize("write", [as_text, as_markdown])


@WRITERS
@given(message=messages())
def test_no_message_is_over_the_limit_of_its_type(write: Callable[..., str], message: Message) -> None:
    content = write(message)

    assert len(content.encode()) <= MESSAGE_BYTES["text"] == MESSAGE_BYTES["markdown"] == 2048


@WRITERS
@given(message=messages(), limit=st.integers(0, 1200))
def test_whatever_the_limit_no_line_is_torn_and_the_footer_stays(
    write: Callable[..., str], message: Message, limit: int
) -> None:
    # At the very end of giving way markdown is written without its tones, as the text is.
    whole = {line for each in (write, as_text) for line in each(message, limit=1_000_000).splitlines()}

    content = write(message, limit=limit)

    assert len(content.encode()) <= limit
    torn = [line for line in content.splitlines() if line not in whole and not _says_more(line)]
    assert all(line.endswith("…") for line in torn)
    if limit >= 100:
        assert FOOTER.search(content.splitlines()[-1])
    if limit >= 400:
        assert not torn


def _says_more(line: str) -> bool:
    return re.fullmatch(r"另有 \d+ [位项]|and \d+ more", line) is not None


@given(message=messages())
def test_markdown_without_its_markup_is_the_text(message: Message) -> None:
    markdown = as_markdown(message, limit=1_000_000)

    bare = re.sub(r'\*\*|<font color="(?:info|comment)">|</font>', "", markdown)

    assert bare == as_text(message, limit=1_000_000)


@given(name=NAMES)
def test_a_name_is_one_harmless_line(name: str) -> None:
    cleaned = clean(name)

    assert len(cleaned.encode()) <= NAME_BYTES
    assert not set("<>*[]`#\n\r\u2028\u202e\x00") & set(cleaned)
    assert cleaned == cleaned.strip()


@given(name=st.text(alphabet=string.ascii_letters + "员工甲乙丙_-.（）·'", max_size=16))
def test_an_ordinary_name_stays_as_it_is(name: str) -> None:
    assert clean(name) == name


@given(text=NAMES, limit=st.integers(0, 300))
def test_a_clipped_text_is_its_own_beginning(text: str, limit: int) -> None:
    clipped = clip(text, limit=limit)

    assert len(clipped.encode()) <= limit
    assert clipped in (text, "") or (clipped[-1] == "…" and text.startswith(clipped[:-1]))


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param("员工甲", 9, "员工甲", id="fits exactly"),
        pytest.param("员工甲", 8, "员…", id="a character has three bytes, so has the mark"),
        pytest.param("员工甲", 2, "", id="no room for the mark"),
        pytest.param("ab👨‍👩‍👧‍👦", 20, "ab…", id="a family is one picture"),
        pytest.param("ab👍🏽cdef", 10, "ab…", id="a thumb keeps its colour"),
        pytest.param("cafe\u0301s!", 7, "caf…", id="an accent stays with its letter"),
        pytest.param("a🇨🇳🇫🇷", 16, "a🇨🇳…", id="a flag is two letters"),
        pytest.param("a🇨🇳🇫🇷", 12, "a🇨🇳…", id="a cut after a whole flag"),
        pytest.param("a🇨🇳🇫🇷", 9, "a…", id="no half of the first flag"),
    ],
)
def test_what_is_drawn_as_one_character_is_not_cut(text: str, limit: int, expected: str) -> None:
    assert clip(text, limit=limit) == expected


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("员工*甲*", "员工＊甲＊", id="bold"),
        pytest.param("<font color='x'>甲</font>", "＜font color='x'＞甲＜/font＞", id="colour"),
        pytest.param("[甲](https://a.example)", "［甲］(https://a.example)", id="link"),
        pytest.param("甲\n全队 0 人", "甲 全队 0 人", id="a line of its own"),
        pytest.param("\u202e甲\u2066", "甲", id="direction marks"),
        pytest.param("甲\ud83d乙", "甲 乙", id="half a surrogate pair, which UTF-8 cannot hold"),
        pytest.param("\n", "u1", id="nothing visible: the userid"),
    ],
)
def test_a_name_cannot_break_the_message(name: str, shown: str) -> None:
    message = digest(language="zh-CN", team=[member(name, BEHIND, userid="u1")], at=EVENING)

    assert as_markdown(message).startswith(f"**今天先帮 1 位：{shown}**\n{shown} · 本月")


def test_a_list_that_is_too_long_ends_by_saying_how_many_more() -> None:
    many = [replace(MONTHLY, quota=f"quota-{n:02}", today_dose=99 - n) for n in range(40)]

    lines = as_text(progress(language="zh-CN", rows=many, yesterday=QUIET, at=MORNING)).splitlines()
    english = as_text(progress(language="en", rows=many, yesterday=QUIET, at=MORNING)).splitlines()

    shown = [line for line in lines if line.startswith("quota-")]
    assert lines[0].startswith("今天加 99 位就够")
    assert shown[0].startswith("quota-00")
    assert lines[1 + len(shown)] == f"另有 {40 - len(shown)} 项"
    assert lines[-1] == "截至 11-24 周二 09:07 · 进度"
    assert any(re.fullmatch(r"and \d+ more", line) for line in english)


def test_what_matters_least_goes_first() -> None:
    message = examples("zh-CN")["progress"]

    seen = {tuple(as_text(message, limit=limit).splitlines()) for limit in range(90, 600)}

    first, standings, pending, yesterday, kept, peace, footer = as_text(message).splitlines()
    assert seen == {
        (first, standings, pending, yesterday, kept, peace, footer),
        (first, standings, pending, yesterday, peace, footer),
        (first, standings, pending, yesterday, footer),
        (first, standings, pending, footer),
        (first, standings, footer),
        (first, footer),
    }


def test_the_digest_of_300_people_fits_whole() -> None:
    team = [
        member(f"员工 {n}", BEHIND, replace(DAILY, status=Status.BEHIND), userid=str(n)) for n in range(300)
    ]

    lines = as_text(digest(language="zh-CN", team=team, at=EVENING)).splitlines()

    assert "另有 297 位" in lines
    assert "全队 300 人：已够 0 · 正常 0 · 需帮助 300" in lines
    assert "仅供您安排帮助，请勿转发或张榜。" in lines


@given(row=rows(), language=LANGUAGE)
def test_one_quota_has_a_first_line_that_fits_a_notification_and_says_enough(
    row: QuotaFigures, language: str
) -> None:
    first = [as_text(progress(language=language, rows=[row], yesterday=QUIET, at=MORNING)).splitlines()[0]]
    is_done = row.status in ENOUGH | {Status.EXEMPT}
    if list_to_remind([row]):
        message = reminder(language=language, rows=[row], at=AFTERNOON, today_is_workday=True)
        first.append(as_text(message).splitlines()[0])

    if row.today_dose or is_done:  # else it does not call enough what is not
        assert all(("够" if language == "zh-CN" else "enough") in line.lower() for line in first)
    if language == "zh-CN":
        assert max(map(len, first)) <= 24


@given(row=rows(), language=LANGUAGE)
def test_no_message_speaks_of_money_rank_or_falling_behind_or_shouts(
    row: QuotaFigures, language: str
) -> None:
    plain = replace(row, quota="cm-monthly", penalty=300, reward=500)
    written = [
        progress(language=language, rows=[plain], yesterday=QUIET, at=MORNING),
        digest(language=language, team=[member("员工甲", plain)], at=EVENING),
    ]
    if list_to_remind([plain]):
        written.append(reminder(language=language, rows=[plain], at=AFTERNOON, today_is_workday=True))

    texts = [as_markdown(message) for message in written]
    assert [text for text in texts if not is_whole(text)] == []
    assert not [line for text in texts for line in text.splitlines() if FORBIDDEN.search(line)]


@given(rank=st.integers(1, 400), penalty=st.integers(1, 9000))
def test_rank_and_money_change_nothing(rank: int, penalty: int) -> None:
    other = replace(BEHIND, rank=rank, penalty=penalty, reward=penalty)

    for_one, for_other = (
        [
            as_text(reminder(language="en", rows=[row], at=AFTERNOON, today_is_workday=True)),
            as_text(progress(language="en", rows=[row], yesterday=QUIET, at=MORNING)),
            as_text(digest(language="en", team=[member("Jia", row)], at=EVENING)),
        ]
        for row in (BEHIND, other)
    )

    assert for_one == for_other
    assert all(is_whole(text) for text in for_one)


def is_whole(text: str) -> bool:
    """Say whether a message has a first line, something below it, and its time and kind at the end."""
    lines = text.splitlines()
    return len(lines) > 2 and all(lines) and FOOTER.search(lines[-1]) is not None


@pytest.mark.parametrize("write", [as_text, as_markdown])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_an_address_that_is_too_long_goes_before_anything_else_of_a_statement(
    write: Callable[[Message], str], language: str
) -> None:
    def told(page: str) -> str:
        code = "7K3M9Q2PXW4D8HTR"
        return write(
            statement(language=language, rows=[AT_REST], added=2, code=code, at=AFTERNOON, page=page)
        )

    assert told(f"https://{'q' * 2000}.example.com/verify") == told("")
    assert "7K3M-9Q2P-XW4D-8HTR" in told("")
