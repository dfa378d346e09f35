"""`[messages] templates`: a bank's own texts, checked before anybody reads them, and then everywhere."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import pytest
from builders.chat import say
from builders.docs import text_of
from builders.e2e import (
    FakeTime,
    Quotabot,
    add_customers,
    at,
    command_here,
    far_schedule,
    installation,
    write_config,
    write_roster,
)

from bot.app.bootstrap import open_services
from bot.cli.serve import _reload
from bot.config import ConfigError, load
from bot.config.own_texts import FIRST, FIXED, OwnTexts
from bot.core.periods import PeriodKind
from bot.locales import languages
from bot.messages.catalog import Texts, Voice, texts_in
from bot.services import Services
from scheduler.planner import plan

MORNING = at("2026-11-24T09:07")


def remarks(text: str, language: str = "zh-CN") -> tuple[list[str], list[str]]:
    """Faults and warnings of a file with *text*, as `place: sentence`."""
    own = OwnTexts(language, tomllib.loads(text))
    return (
        [f"{one.key_path}: {one.allowed}" for one in own.faults],
        [f"{one.key_path}: {one.allowed}" for one in own.warnings],
    )


def own_texts(language: str, text: str) -> Texts:
    """The texts of *language* with those of a file, which is without fault."""
    own = OwnTexts(language, tomllib.loads(text))
    assert (own.faults, own.warnings) == ([], [])
    return own.texts


def replaceable(texts: Texts) -> dict[str, object]:
    """All texts that a bank may replace, as a file has them."""
    return {name: table for name, table in texts.as_written().items() if name not in FIXED}


# --- one text in the place of another ---


def test_only_what_is_given_is_replaced() -> None:
    ours, before = texts_in("zh-CN"), texts_in("zh-CN").as_written()
    texts = texts_in(Voice("zh-CN", own_texts("zh-CN", '[progress]\nadd_today = "今天 {n} 位，够了"\n')))

    assert texts["progress.add_today"].say(n=3) == "今天 3 位，够了"
    assert texts["progress.today_done"] == ours["progress.today_done"]
    assert (texts_in("zh-CN"), ours.as_written()) == (ours, before)  # nobody else hears of it
    assert texts.tree["close"] is ours.tree["close"]


def test_a_form_for_one_is_said_of_one() -> None:
    texts = own_texts("en", '[progress]\nto_add = { other = "{n} more", one = "just one more" }\n')

    assert [texts["progress.to_add"].say(n=n) for n in (0, 1, 2)] == ["0 more", "just one more", "2 more"]


def test_lists_and_tables_of_texts_are_replaced_too() -> None:
    text = 'weekdays = ["一", "二", "三", "四", "五", "六", "日"]\nthis_period.month = "这个月"\n'
    texts = own_texts("zh-CN", f"[progress]\n{text}")
    this_period = texts.table("progress.this_period")

    assert (texts.each("progress.weekdays")[0], this_period[PeriodKind.MONTH]) == ("一", "这个月")
    assert this_period[PeriodKind.WEEK] == texts_in("zh-CN").table("progress.this_period")[PeriodKind.WEEK]


def test_a_voice_is_its_language_to_everybody_else() -> None:
    voice = Voice("en")

    assert (voice == "en", {"en": 1}[voice], json.dumps([voice]), texts_in(voice)) == (
        True,
        1,
        '["en"]',
        texts_in("en"),
    )


@pytest.mark.parametrize("language", languages())
def test_the_built_in_texts_are_without_fault_and_say_the_same_from_a_file(language: str) -> None:
    own = OwnTexts(language, replaceable(texts_in(language)))

    assert (own.faults, own.warnings) == ([], [])
    assert own.texts.as_written() == texts_in(language).as_written()


def test_first_lines_are_names_of_texts() -> None:
    ours = texts_in("en").tree

    assert {name: set(names) - set(ours[name]) for name, names in FIRST.items()} == {
        name: set() for name in FIRST
    }


def test_a_copy_of_a_voice_speaks_alike() -> None:
    voice = Voice("en", own_texts("en", '[progress]\npeace_today = "Quiet now."\n'))

    assert texts_in(deepcopy(voice))["progress.peace_today"].say() == "Quiet now."


# --- what is refused, what is only said ---


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param('[progres]\nadd_today = "x"', "progres: there is no such table of texts", id="table"),
        pytest.param('progress = "x"', "progress: must be a table: [progress]", id="no table"),
        pytest.param(
            '[progress]\nadd_todday = "{n}"', "progress.add_todday: there is no such text", id="name"
        ),
        pytest.param(
            '[progress]\nadd_today = "加 {m} 位，共 {n}"',
            "progress.add_today: has no {m}; it has {n}",
            id="unknown variable",
        ),
        pytest.param(
            '[progress]\nadd_today = "今天够了"', "progress.add_today: must have {n}", id="missing variable"
        ),
        pytest.param(
            '[progress]\nadd_today = "今天 {n.real} 位"',
            "progress.add_today: has no {n.real}; it has {n}",
            id="the inside of a variable",
        ),
        pytest.param(
            '[progress]\nadd_today = "今天 {n:>999999999}"',
            "progress.add_today: has no {n:>999999999}; it has {n}",
            id="a width",
        ),
        pytest.param(
            '[progress]\nadd_today = "今天 {n 位"',
            "progress.add_today: has a brace without its other half; a place is written {n}",
            id="half a brace",
        ),
        pytest.param(
            '[statement]\npeace = "{n}"',
            "statement.peace: has no variables, so no braces either",
            id="no variables",
        ),
        pytest.param("[progress]\nadd_today = 3", "progress.add_today: must be a text", id="a number"),
        pytest.param(
            '[progress]\npeace_today = ""',
            "progress.peace_today: must be one line that says something",
            id="nothing",
        ),
        pytest.param(
            '[progress]\npeace_today = "a\\nb"',
            "progress.peace_today: must be one line that says something",
            id="two lines",
        ),
        pytest.param(
            '[progress]\nto_add = { one = "one" }',
            "progress.to_add: needs the form other, said of all numbers but 1",
            id="only one",
        ),
        pytest.param(
            '[progress]\nto_add = { other = "{n}", few = "{n}" }',
            "progress.to_add.few: a text has only the forms other and one",
            id="a third form",
        ),
        pytest.param(
            '[progress]\nkept = { other = "{percent}", one = "{percent}" }',
            "progress.kept.one: has no number {n}, so it has no form for 1",
            id="one of nothing",
        ),
        pytest.param(
            '[progress]\nweekdays = ["一"]', "progress.weekdays: must be a list of 7 texts", id="too few days"
        ),
        pytest.param(
            '[progress]\nstatus.lost = "x"',
            "progress.status.lost: there is no such text",
            id="unknown status",
        ),
        pytest.param(
            f'[progress]\nadd_today = "{"够" * 37}{{n}}"',
            "progress.add_today: is too long for a first line: 74 columns, 72 at most",
            id="a long first line",
        ),
        pytest.param(
            f'[progress]\npeace_today = "{"够" * 161}"',
            "progress.peace_today: is too long: 483 bytes of UTF-8, 480 at most",
            id="a long line",
        ),
        pytest.param(
            '[cards]\nkept = "客户留存率"\npending = "还没有确认的"',
            "cards.pending: is too long for a card: 6 characters, 5 at most",
            id="a row's name",
        ),
        pytest.param(
            '[cards]\nbutton.list = "请给我看所有客户的明细"',
            "cards.button.list: is too long for a card: 11 characters, 10 at most",
            id="a button",
        ),
        pytest.param(
            f'[cards]\nkept_value = "{"还在的客户" * 5}占{{percent}}%"',
            "cards.kept_value: is too long for a card: 36 characters, 30 at most",
            id="a row's value, whose number would be cut off",
        ),
        pytest.param(
            '[cards]\ncoach_numbered = "我很愿意来帮第 {n} 位"',
            "cards.coach_numbered: is too long for a card: 13 characters, 10 at most",
            id="a button whose number would be cut off",
        ),
        pytest.param(
            '[menu]\ngroups = ["我的", "静", "多"]\nbuttons."mute today" = "今天请你们都别再来提醒我了哦"',
            'menu.buttons."mute today": is too long for the menu: 42 bytes of UTF-8, 40 at most',
            id="a button of the menu",
        ),
        pytest.param('[pages.verify]\ntitle = "x"', "pages: there is no such table of texts", id="a page"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused(text: str, fault: str) -> None:
    assert remarks(text) == ([fault], [])


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        pytest.param("今天加 {n} 位，省 300 元", "speaks of money", id="money"),
        pytest.param("您落后 {n} 位", "says that somebody is behind", id="behind"),
        pytest.param("今天加 {n} 位就够！", "has an exclamation mark", id="loud"),
        pytest.param("今天" + "慢" * 19 + "{n}", "is longer than a notification shows", id="long"),
    ],
)
def test_a_first_line_that_hurts_draws_a_warning(text: str, warning: str) -> None:
    faults, warnings = remarks(f'[progress]\nadd_today = "{text}"')

    assert faults == []
    assert [one.partition(": ")[2].startswith(warning) for one in warnings] == [True]


def test_further_lines_may_speak_of_money() -> None:
    assert remarks('[close]\npenalty = "估算 {amount} 元（{rule}），人力资源部核定！"') == ([], [])


@pytest.mark.parametrize("language", languages())
def test_the_page_names_every_table_and_no_other(language: str) -> None:
    header = {"en": "| table |", "zh-CN": "| 表 |"}[language]
    rows = text_of("texts", language).partition(header)[2].partition("\n\n")[0].splitlines()[2:]
    named = [name for row in rows for name in row.partition(" | ")[0].split("`")[1::2]]

    assert sorted(named) == sorted(replaceable(texts_in("en")))


@pytest.mark.parametrize("language", languages())
def test_the_file_on_the_page_is_right(language: str) -> None:
    page = text_of("texts", language)

    assert remarks(page.partition("```toml\n")[2].partition("```")[0]) == ([], [])


# --- in an installation ---


@contextmanager
def bank(folder: Path, text: str, *, language: str = "zh-CN", style: str = "markdown") -> Iterator[Services]:
    """One employee with a quota, and the file *text* for the language."""
    with installation(written(folder, text, language=language, style=style), FakeTime(MORNING)) as services:
        add_customers(services, "zhang", *[at("2026-11-23T10:00")] * 20)
        yield services


def written(folder: Path, text: str, *, language: str = "zh-CN", style: str = "markdown") -> Path:
    write_roster(folder, "zhang,员工甲,11,客户经理,,,,")
    (folder / "texts").mkdir(exist_ok=True)
    (folder / "texts" / f"{language}.toml").write_text(text, encoding="utf-8")
    more = f'[locale]\nlanguage = "{language}"\n[messages]\nstyle = "{style}"\ntemplates = "texts"\n'
    return write_config(folder, more=more + far_schedule())


TEXTS = """
[progress]
add_today = "今天 {n} 位，够了"
kind_progress = "早安"
[pending]
line = "还在等：{parts}"
[cards]
button.list = "看看明细"
[own]
progress_kind = "我的"
[about]
head = "我们记这些"
"""


def test_messages_answers_and_cards_say_it(tmp_path: Path) -> None:
    with bank(tmp_path, TEXTS, style="card") as services:
        (row,) = plan(services, "progress", at=MORNING)
        answer, privacy = say(services, "zhang", "进度"), say(services, "zhang", "隐私")
        forms = json.loads(row.forms)

    assert "今天 6 位，够了" in row.content
    assert forms[0]["body"]["button_list"][0]["text"] == "看看明细"
    assert forms[-1]["text"].endswith("· 早安")
    assert (answer[0], answer[-1].rpartition(" ")[2], privacy[0]) == (
        "今天 6 位，够了",
        "我的",
        "我们记这些",
    )


def test_another_language_has_its_own_file(tmp_path: Path) -> None:
    with bank(tmp_path, '[progress]\nadd_today = "{n} today will do"\n', language="en") as services:
        (row,) = plan(services, "progress", at=MORNING)

    assert row.content.startswith("**6 today will do**")


def test_a_changed_file_is_taken_on_sighup_and_a_wrong_one_is_not(tmp_path: Path) -> None:
    found = []
    with bank(tmp_path, TEXTS) as services:
        for text in (
            TEXTS.replace("今天 {n} 位，够了", "今天 {n} 位就行"),
            TEXTS.replace("今天 {n} 位，够了", "今天够了"),
        ):
            config = written(tmp_path, text)
            _reload(services, config)
            found.append(next(plan(services, "progress", at=MORNING)).content.split("\n")[0])

    assert found == ["**今天 6 位就行**"] * 2


def test_nothing_starts_with_a_faulty_text(tmp_path: Path) -> None:
    config = load(written(tmp_path, '[progress]\nadd_today = "够了"\nadd_todai = "x"\n'), environ={})
    (tmp_path / "texts" / "english.toml").write_text("", encoding="utf-8")

    with pytest.raises(ConfigError) as caught, open_services(config):
        pass

    assert [str(fault).removeprefix(f"{tmp_path}/texts/") for fault in caught.value.faults] == [
        "english.toml: no language has this file; name it zh-CN.toml or en.toml",
        'zh-CN.toml: progress.add_today = "够了": must have {n}',
        'zh-CN.toml: progress.add_todai = "x": there is no such text; did you mean add_today?',
    ]


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


def test_check_says_faults_and_warnings(tmp_path: Path, quotabot: Quotabot) -> None:
    config = str(written(tmp_path, '[progress]\nadd_today = "今天加 {n} 位！"\n'))
    warned = quotabot("check", "--config", config, "--format", "json")
    written(tmp_path, '[progress]\nadd_today = "今天加 {k} 位"\n')
    refused = quotabot("check", "--config", config, "--format", "json")
    (tmp_path / "texts" / "zh-CN.toml").unlink()
    empty = quotabot("check", "--config", config)

    assert (warned.code, refused.code, empty.code) == (0, 2, 0)
    assert "has an exclamation mark in a first line" in warned.json()["warnings"][-1]
    assert [fault.rpartition(" = ")[2] for fault in refused.json()["faults"]] == [
        '"今天加 {k} 位": has no {k}; it has {n}',
        '"今天加 {k} 位": must have {n}',
    ]
    assert "没有 zh-CN.toml，所以发的是内置文本" in empty.err


def test_a_dry_run_shows_them(tmp_path: Path, quotabot: Quotabot) -> None:
    done = quotabot(
        "run", "progress", "--dry-run", "--at", "2026-11-09T09:07", "--config", str(written(tmp_path, TEXTS))
    )

    assert done.code == 0
    assert "今天 4 位，够了" in done.out


def test_texts_prints_a_file_that_says_the_same(tmp_path: Path, quotabot: Quotabot) -> None:
    config = str(written(tmp_path, TEXTS))
    now, built_in = (
        quotabot("texts", "--config", config),
        quotabot("texts", "--language", "en", "--config", config),
    )

    assert tomllib.loads(built_in.out) == replaceable(texts_in("en"))
    assert tomllib.loads(now.out)["progress"]["add_today"] == "今天 {n} 位，够了"
    assert remarks(now.out) == ([], [])
