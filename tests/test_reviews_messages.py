"""Questions, cases and decisions in words: calm, short at the head, within WeCom's limits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders.messages import ANSWER_UNTIL, APPEALED, BURST, MORNING, QUICK_LOSS, ROLLOUT, SHARED, examples

from bot.core.verdicts import Verdict
from bot.features.reviews.decision_message import decided
from bot.features.reviews.question_message import Seen, ToDecide, questions, to_review
from bot.messages.catalog import texts_in
from bot.messages.message import as_markdown, as_text

LANGUAGES = ("zh-CN", "en")
OURS = [
    pytest.param(as_text(message), id=f"{name} ({language})")
    for language in LANGUAGES
    for name, message in examples(language).items()
    if name.partition(",")[0] in {"question", "review", "decided"}
]
ACCUSING = ("落后", "作弊", "违规", "异常", "造假", "fraud", "cheat", "violation", "suspicious", "!", "！")


@pytest.mark.parametrize("text", OURS)
def test_no_message_accuses_or_shouts(text: str) -> None:
    assert [word for word in ACCUSING if word in text] == []


@pytest.mark.parametrize("text", OURS)
def test_the_first_line_fits_the_notification(text: str) -> None:
    head = text.splitlines()[0]

    assert len(head) <= (24 if any("\u4e00" <= char <= "\u9fff" for char in head) else 52)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seen", [BURST, SHARED, QUICK_LOSS, ROLLOUT], ids=lambda seen: seen.kind.value)
def test_every_question_is_a_question(language: str, seen: Seen) -> None:
    asked = questions(language=language, asked=[seen], until=ANSWER_UNTIL, at=MORNING)

    assert ("？" if language == "zh-CN" else "?") in as_text(asked).splitlines()[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_is_shown_by_the_end_of_the_id_only(language: str) -> None:
    asked = as_text(questions(language=language, asked=[SHARED], until=ANSWER_UNTIL, at=MORNING))

    assert "…k2pq" in asked
    assert SHARED.about not in asked


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        pytest.param(Verdict.LOST_EARLY, "，现未计入：未满留存天数就流失。", id="rejected"),
        pytest.param(Verdict.TAGS, "，现待确认。", id="pending"),
        pytest.param(Verdict.COUNTED, "…d9wz。", id="counted meanwhile"),
        pytest.param(None, "…d9wz。", id="gone meanwhile"),
    ],
)
def test_an_appeal_says_how_the_contact_stands(verdict: Verdict | None, words: str) -> None:
    appealed = replace(APPEALED, added_at=MORNING, verdict=verdict)
    case = ToDecide(id="appeal:1", name="员工甲", said="", what=appealed)

    told = as_text(to_review(language="zh-CN", cases=[case], goes_up=None, at=MORNING))

    assert words in told
    assert "上一级" not in told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("write", [as_text, as_markdown])
def test_many_cases_with_long_words_fit_into_one_message(language: str, write: object) -> None:
    case = ToDecide(id="appeal:1", name="员工甲" * 20, said="*很长*<的话>" * 100, what=APPEALED)
    message = to_review(language=language, cases=[case] * 40, goes_up=ANSWER_UNTIL, at=MORNING)

    text = write(message)  # type: ignore[operator]  # one of the two

    assert len(text.encode()) <= 2048
    assert "40" in text.splitlines()[0]


def test_words_of_others_cannot_add_markup() -> None:
    case = ToDecide(id="appeal:1", name="甲", said="**加粗**\n<a href=x>", what=BURST)

    told = as_markdown(to_review(language="zh-CN", cases=[case], goes_up=None, at=MORNING))
    result = as_markdown(
        decided(language="zh-CN", what=BURST, state="cleared", by="<b>", reason="**理由**", at=MORNING)
    )

    assert "＊＊加粗＊＊ ＜a href=x＞" in told
    assert "由 ＜b＞ 决定，理由：＊＊理由＊＊" in result


def test_both_languages_know_every_decision() -> None:
    chinese, english = (texts_in(language).table("decided.heads") for language in LANGUAGES)

    assert set(chinese) == set(english)
    assert set(english) == {"accepted", "rejected", "cleared", "confirmed"}


def test_nothing_to_say_is_no_message() -> None:
    with pytest.raises(ValueError, match="need at least one observation"):
        questions(language="en", asked=[], until=ANSWER_UNTIL, at=MORNING)
    with pytest.raises(ValueError, match="needs a case"):
        to_review(language="en", cases=[], goes_up=None, at=MORNING)


def test_a_burst_within_one_minute_has_one_time() -> None:
    sudden = replace(BURST, evidence=replace(BURST.evidence, first=BURST.evidence.last))

    told = as_text(questions(language="zh-CN", asked=[sudden], until=ANSWER_UNTIL, at=MORNING))

    assert "11-23 10:09 有 16 位新增" in told
