"""Messages as template cards: within WeCom's limits whatever people are called, and saying what matters."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from builders.examples import tried
from builders.messages import (
    AFTERNOON,
    BEHIND,
    COVERED,
    DAILY,
    EVENING,
    EXEMPT,
    FRIDAY,
    MADE,
    MET,
    MISSED,
    MONDAY,
    MONTHLY,
    MORNING,
    OBJECT_UNTIL,
    QUIET,
    RESULTS,
    WAITING,
    examples,
    member,
)
from hypothesis import given
from hypothesis import strategies as st

from bot.core.day import DayFacts
from bot.core.engagement import Method, TeamRate
from bot.core.progress import QuotaFigures
from bot.core.verdicts import Verdict
from bot.features.close.message import closed
from bot.features.progress import progress
from bot.features.reminder.message import list_to_remind, reminder
from bot.features.teams.digest_message import digest
from bot.features.weekly import OwnWeek, TeamWeek, weekly
from bot.locales import languages
from bot.messages.cards import as_card, button_of, card_text, marked
from bot.messages.catalog import texts_in
from bot.messages.forms import forms_of
from bot.messages.limits import CARD_CHARACTERS, CARD_ITEMS, over
from bot.messages.message import Button, Message, as_text
from sandbox.cards import buttons_of, check_card, content_of_card
from sandbox.switches import ApiSwitches

LINK = "https://quota.example.com/"
COUNT = st.integers(0, 99_999)
PIECES = ["👨‍👩‍👧‍👦", "🇨🇳", "👍🏽", "e\u0301", "**", "<a>", "\n", "\u202e", "王", "x"]
NAMES = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
PENDING = [verdict for verdict in Verdict if verdict.outcome == "pending"]
REJECTED = [verdict for verdict in Verdict if verdict.outcome == "rejected"]


@st.composite
def rows(draw: st.DrawFn) -> QuotaFigures:
    kind = draw(st.sampled_from([MONTHLY, BEHIND, MET, COVERED, EXEMPT, DAILY]))
    if kind is EXEMPT:
        return replace(kind, quota=draw(NAMES))
    return replace(
        kind,
        quota=draw(NAMES),
        target=draw(st.integers(1, 99_999)),
        counted=draw(COUNT),
        pending=draw(COUNT),
        to_add=draw(COUNT),
        today_dose=draw(COUNT),
        today_left=draw(COUNT),
        kept_90=draw(st.none() | st.integers(0, 100).map(lambda n: n / 100)),
    )


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, Message]:
    language = draw(st.sampled_from(["zh-CN", "en"]))
    some = draw(st.lists(rows(), min_size=1, max_size=8))
    kind = draw(st.sampled_from(["progress", "reminder", "digest", "weekly", "close"]))
    if kind == "digest":
        team = [member(draw(NAMES), *some[n::3], userid=f"u{n}") for n in range(3)]
        return language, digest(language=language, team=team, at=EVENING)
    if kind == "close":
        verdicts = draw(st.dictionaries(st.sampled_from(REJECTED), st.integers(1, 999)))
        lines = [replace(draw(st.sampled_from([MISSED, MADE])), row=row, verdicts=verdicts) for row in some]
        return language, closed(language=language, lines=lines, until=OBJECT_UNTIL, at=RESULTS)
    if kind == "reminder" and list_to_remind(some):
        return language, reminder(language=language, rows=some, at=AFTERNOON, today_is_workday=True)
    if kind == "weekly":
        facts = DayFacts(added=draw(COUNT), lost_by_customer=draw(COUNT), lost_by_member=draw(COUNT))
        team = [member(draw(NAMES), *some, userid=f"u{n}") for n in range(3)]
        week = OwnWeek(rows=some, facts=facts, dose=draw(COUNT), tight=draw(st.booleans()))
        theirs = TeamWeek(members=team, facts=facts, improved=[one.name for one in team], more=draw(COUNT))
        return language, weekly(language=language, first=MONDAY, at=FRIDAY, own=week, team=theirs)
    waiting = [
        replace(WAITING[0], quota=draw(st.sampled_from(some)).quota, verdict=verdict, missing=(draw(NAMES),))
        for verdict in draw(st.lists(st.sampled_from(PENDING), max_size=12))
    ]
    facts = DayFacts(added=draw(COUNT), lost_by_customer=draw(COUNT), lost_by_member=draw(COUNT))
    said = progress(language=language, rows=some, yesterday=facts, at=MORNING, waiting=waiting)
    return language, said


def card_of(message: Message, language: str = "zh-CN", *, link: str = LINK) -> dict[str, Any]:
    card = as_card(message, language=language, task_id="qb-1", link=link)
    assert card is not None
    return card


@tried(40)
@given(said=messages())
def test_no_card_is_over_a_limit_whatever_people_are_called_and_however_many_wait(
    said: tuple[str, Message],
) -> None:
    language, message = said
    card = card_of(message, language)

    assert over("template_card", card) is None
    check_card(card, ApiSwitches())  # the sandbox's own view of the limits, the harder readings
    texts = [card["main_title"]["title"], card.get("sub_title_text", "")]
    texts += [row["value"] for row in card.get("horizontal_content_list", [])]
    assert not any(torn(text) for text in texts)


FLAG_LETTER = "[\U0001f1e6-\U0001f1ff]"
TORN = re.compile(f"\u200d…|(?<!{FLAG_LETTER})(?:{FLAG_LETTER}{{2}})*{FLAG_LETTER}…")


def torn(text: str) -> bool:
    """Whether a cut fell into what is drawn as one character: a joined emoji, half a flag."""
    return TORN.search(text) is not None


@tried(25)
@given(said=messages())
def test_what_a_card_leaves_out_of_a_list_is_counted(said: tuple[str, Message]) -> None:
    language, message = said
    card = message.card
    assert card is not None
    text = card_of(message, language).get("sub_title_text", "")

    for block in card.body:
        shown = [line for line in getattr(block, "items", ()) if line.parts[0].words in text]
        if shown and len(shown) < len(block.items):
            assert re.search(r"另有 \d+ [位项]|and \d+ more", text)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_morning_card_has_dose_standing_pending_until_when_and_kept_relations(language: str) -> None:
    card = card_of(examples(language)["progress"], language)
    rows = {row["keyname"]: row["value"] for row in card["horizontal_content_list"]}
    texts = texts_in(language)

    assert card["main_title"]["title"] in {"今天加 2 位就够", "Add 2 today, that is enough"}
    assert "42/50" in next(iter(rows.values()))
    assert rows[texts["cards.pending"]].startswith("4")
    assert "12-08" in rows[texts["cards.pending"]]
    assert "93%" in rows[texts["cards.kept"]]
    assert "11-30" in card["sub_title_text"]


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("progress", ["list", "mute", "leave"]),
        ("reminder", ["help", "list", "mute"]),
        ("reminder, help", ["help", "list"]),
        ("digest", ["coach:jia", "coach:yi", "coach:bing", "team"]),
        ("weekly", ["list"]),
        ("weekly, help", ["help", "list"]),
        ("weekly, leader", ["team"]),
        ("weekly, both", ["list", "team"]),
        ("close", ["list:2026-11", "appeal", "rules"]),
        ("leave", ["confirm:zhangsan:2026-11-26:2026-11-27"]),
    ],
)
def test_the_buttons_of_each_card(heading: str, keys: list[str]) -> None:
    card = card_of(examples("zh-CN")[heading])

    assert (card["card_type"], card["task_id"]) == ("button_interaction", "qb-1")
    assert [button["key"] for button in card["button_list"]] == keys
    assert all(button_of(key) is not None for key in keys)


@pytest.mark.parametrize(
    ("key", "button"),
    [("list", (Button.LIST, "")), ("list:2026-11", (Button.LIST, "2026-11")), ("x", None), ("", None)],
)
def test_a_key_names_its_button(key: str, button: tuple[Button, str] | None) -> None:
    assert button_of(key) == button


def test_who_made_it_gets_a_notice_or_no_card_while_there_is_no_page() -> None:
    message = examples("zh-CN")["close, met"]

    card = card_of(message)
    assert (card["card_type"], card["card_action"]["url"]) == ("text_notice", LINK)
    assert "task_id" not in card
    assert as_card(message, language="zh-CN", task_id="t", link="") is None
    assert [form.msgtype for form in forms(message, link="")] == ["markdown", "text"]


def forms(message: Message, *, style: str = "card", link: str = LINK) -> Any:
    return forms_of(message, style=style, language="zh-CN", task_id="qb-1", link=link)


@pytest.mark.parametrize(
    ("style", "types"),
    [
        ("card", ["template_card", "markdown", "text"]),
        ("markdown", ["markdown", "text"]),
        ("text", ["text"]),
    ],
)
def test_a_message_falls_to_simpler_forms_from_the_style_on(style: str, types: list[str]) -> None:
    found = forms(examples("zh-CN")["progress"], style=style)

    assert [form.msgtype for form in found] == types
    assert all(form.text.startswith(("今天加 2 位就够", "**今天加 2 位就够**")) for form in found)


def test_messages_that_are_no_cards_begin_as_markdown() -> None:
    for heading in ("question", "rules", "decided, an appeal"):
        assert [form.msgtype for form in forms(examples("zh-CN")[heading])] == ["markdown", "text"]


@pytest.mark.parametrize("heading", ["progress", "reminder", "digest", "close", "close, met", "leave"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_text_of_a_card_is_what_a_phone_shows(language: str, heading: str) -> None:
    card = card_of(examples(language)[heading], language)

    assert card_text(card) == content_of_card(card, buttons_of(card))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        pytest.param({"main_title": {"title": "多" * 37}}, "main_title.title", id="title"),
        pytest.param({"sub_title_text": "x" * 161}, "sub_title_text", id="text"),
        pytest.param({"task_id": "t" * 129}, "task_id", id="task"),
        pytest.param({"button_list": [{"key": "k", "text": "x"}] * 7}, "button_list", id="buttons"),
        pytest.param({"button_list": [{"text": "x" * 11}]}, "button_list.text", id="words of a button"),
        pytest.param({"button_list": [{"key": "多" * 342}]}, "button_list.key", id="bytes of a key"),
        pytest.param({"card_action": {"url": "u" * 2049}}, "card_action.url", id="address"),
    ],
)
def test_the_table_finds_what_is_over(change: dict[str, Any], place: str) -> None:
    assert over("template_card", {"main_title": {"title": "x"}, **change}) == place


def test_the_table_knows_bytes_of_texts_and_markdown() -> None:
    assert over("markdown", {"content": "多" * 682}) is None
    assert over("markdown", {"content": "多" * 683}) == "content"
    assert over("text", {"content": "x" * 2049}) == "content"


def test_names_and_buttons_fit_their_places_in_both_languages() -> None:
    for texts in map(texts_in, languages()):
        names = [*texts.table("cards.period").values(), texts["cards.pending"], texts["cards.to_add"]]
        names += [texts["cards.kept"], texts["cards.team"], texts["cards.enough"], texts["cards.on_track"]]
        names += [texts["cards.to_help"], texts["cards.attainment"], texts["cards.counted"]]
        names += [texts["cards.object_until"]]
        assert max(map(len, names)) <= CARD_CHARACTERS["horizontal_content_list.keyname"]
        said = [*texts.table("cards.button").values(), *texts.table("cards.done").values()]
        assert max(map(len, said)) <= CARD_CHARACTERS["button_list.text"]


def test_no_money_in_a_title_and_at_most_six_rows() -> None:
    for language in ("zh-CN", "en"):
        for message in examples(language).values():
            card = as_card(message, language=language, task_id="qb-1", link=LINK)
            if card is not None:
                title = json.dumps(card["main_title"], ensure_ascii=False)
                assert re.search(r"落后|[!！元¥￥$]|yuan|behind|rank", title, re.IGNORECASE) is None
                assert len(card.get("horizontal_content_list", [])) <= CARD_ITEMS["horizontal_content_list"]  # type: ignore[arg-type]  # a list


def test_a_quota_of_a_period_that_is_over_is_named_in_the_text() -> None:
    later = datetime(2026, 12, 1, 9, 7, tzinfo=MORNING.tzinfo)
    message = progress(language="zh-CN", rows=[MONTHLY], yesterday=QUIET, at=later)

    card = card_of(message)

    assert "2026-11 期 42/50" in card["sub_title_text"]
    assert "本月" not in json.dumps(card, ensure_ascii=False)


@pytest.mark.parametrize(
    ("names", "language", "texts", "after"),
    [
        pytest.param(["员工甲", "员工乙"], "zh-CN", ["我来帮员工甲", "我来帮员工乙"], "✓ 员工乙", id="names"),
        pytest.param(
            ["员工甲", "员工甲"], "zh-CN", ["我来帮第 1 位", "我来帮第 2 位"], "✓ 第 2 位", id="two of a name"
        ),
        pytest.param(
            ["名字很长的一位员工", "员工乙"],
            "zh-CN",
            ["我来帮名字很长的一…", "我来帮员工乙"],
            "✓ 员工乙",
            id="cut",
        ),
        pytest.param(["Al", "Bo"], "en", ["Help Al", "Help Bo"], "✓ Bo", id="English"),
        pytest.param(
            ["Alex A", "Alex B"], "en", ["Help no. 1", "Help no. 2"], "✓ no. 2", id="the same once cut"
        ),
    ],
)
def test_who_may_be_helped_has_a_button_and_who_is_marked_another(
    names: list[str], language: str, texts: list[str], after: str
) -> None:
    team = [member(name, BEHIND, userid=f"u{n}") for n, name in enumerate(names)]
    card = card_of(digest(language=language, team=team, at=EVENING), language)
    called = {f"u{n}": name for n, name in enumerate(names)}
    then = marked(card, language=language, names=called, done={"u1"})

    team_button = texts_in(language).table("cards.button")[Button.TEAM]
    assert [button["text"] for button in card["button_list"]] == [*texts, team_button]
    assert [button["text"] for button in then["button_list"]] == [texts[0], after, team_button]
    assert [button["key"] for button in then["button_list"]] == ["coach:u0", "coach:u1", "team"]
    assert over("template_card", then) is None


@pytest.mark.parametrize(
    ("method", "value"),
    [
        pytest.param(Method.AGGREGATED, "88% yesterday", id="over all chats"),
        pytest.param(Method.MEDIAN, "88% (median)", id="a median says that it is one"),
    ],
)
def test_a_shortened_reply_rate_says_no_more_than_is_known(method: Method, value: str) -> None:
    replies = TeamRate(method=method, people=2, reply_rate=8_899, first_reply_s=661)
    message = digest(language="en", team=[member("A", MONTHLY)], at=EVENING, replies=replies)
    card = as_card(message, language="en", task_id="qb-1")

    assert card is not None
    assert f"Reply: {value}" in card_text(card)


@pytest.mark.parametrize(
    ("names", "title"),
    [
        pytest.param(["Ann", "Bob", "Cy"], "Help first: Ann, Bob, Cy", id="names that fit"),
        pytest.param(["Ann " * 6, "Bob " * 6], "Help 2 people first today", id="names that do not"),
    ],
)
def test_a_title_never_names_only_some_of_those_it_counts(names: list[str], title: str) -> None:
    team = [member(name, BEHIND, userid=f"u{n}") for n, name in enumerate(names)]
    card = as_card(digest(language="en", team=team, at=EVENING), language="en", task_id="qb-1")

    assert card is not None
    assert card_text(card).splitlines()[0] == title


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_week_that_offers_help_asks_nobody_for_more_speed(language: str) -> None:
    message = examples(language)["weekly, help"]
    card = as_card(message, language=language, task_id="qb-1")

    assert card is not None
    for said in (card_text(card), as_text(message)):
        assert "28/50" in said
        assert not {"稍快", "speed"} & set(re.findall("稍快|speed", said))
