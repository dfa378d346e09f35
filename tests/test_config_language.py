"""Faults and warnings are said in the language of `[locale]`, or of the environment if there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from builders.config import DIRECTORY, ENVIRON, MINIMAL, QUOTA, WECOM, read, write
from builders.e2e import Quotabot, command_here, write_config, write_roster
from pydantic import BaseModel

from bot.cli import demo
from bot.config import Config, ConfigError, load
from bot.config.roster import RosterError, read_departments, read_roster
from bot.config.warnings import warnings
from bot.messages.catalog import texts_in
from bot.messages.sentences import in_language, packed, speaker, unpacked

CHINESE = texts_in("zh-CN")
# What may stand in a Chinese sentence: keys, values and names, but no sentence of English words.
ENGLISH_WORDS = re.compile(r"\b(?:must|is|are|has|have|not|the|an|and|or|in|of|to|with|be|only|no)\b")


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return command_here(capsys, monkeypatch)


def said(folder: Path, text: str) -> list[str]:
    """The faults of a wrong configuration in Chinese, without the file's name."""
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(path, environ=ENVIRON)
    lines = [fault.say(CHINESE) for fault in caught.value.faults]
    assert in_language(CHINESE, str(caught.value)) == "\n".join(lines)
    return [line.removeprefix(f"{path}：") for line in lines]


# --- faults ---


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(
            MINIMAL.replace("ww0123456789abcdef", "1234"),
            'wecom.corp_id = "1234"：须为 ww（老企业为 wx）加字母或数字，见管理后台：我的企业 → 企业ID',
            id="a value",
        ),
        pytest.param(
            MINIMAL.replace("agent_id = 1000002", "agent_id = 0"),
            "wecom.agent_id = 0：不能小于 1",
            id="a bound",
        ),
        pytest.param(
            MINIMAL.replace("target = 50", "target = 99999999999999999999"),
            'quotas[0].target（指标 "cm-monthly"） = （很大的数）：不能大于 1000000',
            id="a value that is not shown, of a named item",
        ),
        pytest.param(WECOM + DIRECTORY, "quotas：必须填写：至少要有一个 [[quotas]]。", id="a key without"),
        pytest.param(
            MINIMAL + '[calender]\ncountry = "CN"\n', "calender：没有这个键；是不是 calendar？", id="misspelt"
        ),
        pytest.param(
            MINIMAL + '[messages]\nstyle = "cards"\n',
            'messages.style = "cards"：只能是 "card", "markdown" 或 "text"',
            id="one of several words",
        ),
        pytest.param(
            MINIMAL + '[schedule]\nbackup = { at = "04:43", on = "first_workday_after_settlement" }\n',
            'schedule.backup.on = "first_workday_after_settlement"：只能是 "workdays", '
            '"every_day" 或 "last_workday_of_week"',
            id="a day of another job",
        ),
        pytest.param(
            MINIMAL + "target = 4\n",
            "不是 TOML：第 16 行第 11 列（Cannot overwrite a value）",
            id="no TOML",
        ),
        pytest.param(
            MINIMAL.replace('{ env = "WECOM_SECRET" }', '{ file = "secrets/app.txt" }'),
            "wecom.secret：文件 secrets/app.txt 无法读取（没有这个文件或文件夹）：请把密钥写进去",
            id="a reason of the system",
        ),
        pytest.param(
            MINIMAL + QUOTA,
            'quotas[1].id（指标 "cm-monthly"） = "cm-monthly"：不能重复：quotas[0] 已经用了',
            id="two keys at once",
        ),
    ],
)
def test_a_fault_is_said_in_chinese(tmp_path: Path, text: str, line: str) -> None:
    assert said(tmp_path, text) == [line]


def test_faults_of_a_roster_and_of_departments_are_said_in_chinese(tmp_path: Path) -> None:
    roster, tree = tmp_path / "roster.csv", tmp_path / "departments.csv"
    roster.write_text("userid,department,share,zone\n员工,x,2,\n", encoding="utf-8")
    with pytest.raises(RosterError) as unknown:
        read_roster(roster)
    roster.write_text("userid,department,share\n员工,x,2\nyg01,1\n007,1,\n7,1,\n", encoding="utf-8")
    tree.write_text("id,name,parent\n1,总行,2\n2,分行,1\n3,支行,9\n", encoding="utf-8")
    with pytest.raises(RosterError) as lines:
        read_roster(roster)
    with pytest.raises(RosterError) as departments:
        read_departments(tree)

    told = [
        fault.say(CHINESE).rpartition(".csv：")[2]
        for faults in (unknown.value.faults[:1], lines.value.faults, departments.value.faults)
        for fault in faults
    ]

    assert told[0].startswith('第 1 行 = "zone"：没有这一列；可以用的列是 userid, name, department')
    assert told[1:6] == [
        f'第 2 行 userid 列 = "员工"：{CHINESE["faults.userid"]}',
        '第 2 行 department 列 = "x"：须为部门编号，从 1 开始的整数；多个用 ; 连接',
        '第 2 行 share 列 = "2"：须为工时比例，大于 0，不超过 1，例如 0.5；留空为 1',
        "第 3 行：有 2 格，表头只有 3 格",
        (
            '第 5 行 userid 列 = "7"：与 007 只差开头的零，表格软件会去掉它们：请把这一列设为文本，'
            "按企业微信里的账号填写；账号确实改过的，用 `quotabot import renames`"
        ),
    ]
    assert told[6:] == [
        '第 2 行 parent 列 = "2"：部门的上下级不能成环：1 → 2 → 1',
        '第 4 行 parent 列 = "9"：文件里没有部门 9',
    ]


def test_all_faults_of_a_file_keep_their_language_in_the_store(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("userid,department\n员工,1\nyg01,0\n", encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_roster(roster)

    kept = unpacked(packed(str(caught.value)))

    assert kept == "\n".join(map(str, caught.value.faults))
    assert in_language(CHINESE, kept) == "\n".join(fault.say(CHINESE) for fault in caught.value.faults)


def required(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, str | None]]:
    """Every required key of *model* and of the tables in it, with its description."""
    for name, info in model.model_fields.items():
        key = f"{path}{info.alias or name}"
        below = [part for part in _parts(info.annotation) if issubclass(part, BaseModel)]
        if info.is_required() and (not below or info.description):
            yield key, info.description
        for table in below:
            yield from required(table, f"{key}.")


def _parts(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type):
        yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def test_each_required_key_has_its_description_in_each_language() -> None:
    wanted = dict(required(Config))

    assert len(wanted) > 20
    assert dict(texts_in("en").table("faults.keys")) == wanted
    assert set(CHINESE.table("faults.keys")) == set(wanted)


# --- warnings ---

WARNED = """
[calendar]
timezone = "UTC"
holidays = [2026-05-06]
workdays = [2026-05-06]
[schedule]
progress = { at = "07:00" }
engagement = { at = "05:41" }
[privacy]
store_customer_names = true
[rollout]
mode = "pilot"
[[quotas]]
id = "tags"
period = "quarter"
target = 0
userids = ["lisl"]
roles = ["大堂"]
departments = [99]
starts_on = 2026-01-02
ends_on = 2026-01-31
penalty = { flat = 300 }
counting = { first_add = "any", required_tags = ["VIP"], segment_tags = ["VIP"] }
"""


def test_all_warnings_are_said_in_chinese(tmp_path: Path) -> None:
    text = MINIMAL.replace("ww0123456789abcdef", "wwx").replace(
        "[directory]", 'api_base_url = "http://a.b"\n[directory]'
    )
    config = read(tmp_path, text + WARNED)
    known: Mapping[str, Any] = {"userids": {"lisi"}, "roles": set(), "departments": {12}, "years": [2090]}

    found = warnings(config, say=speaker(CHINESE), **known)

    assert len(found) > 20
    assert [fault.allowed for fault in found if ENGLISH_WORDS.search(fault.allowed)] == []
    assert [fault.allowed for fault in found] == [
        in_language(CHINESE, each.allowed) for each in warnings(config, **known)
    ]
    never = next(fault for fault in found if fault.key_path.startswith("quotas[1].ends_on"))
    assert never.say(CHINESE).endswith(
        'quotas[1].ends_on（指标 "tags"） = 2026-01-31：'
        "本指标不会生效：starts_on 和 ends_on 之间没有新的一个季度开始"
    )


# --- commands ---


@pytest.mark.parametrize(
    ("text", "environ", "chinese"),
    [
        pytest.param("", {}, True, id="no key"),
        pytest.param('[locale]\nlanguage = "en"\n', {"LANG": "zh_CN.UTF-8"}, False, id="the file's"),
        pytest.param(
            '[locale]\nlanguage = "zh-CN"\n', {"LANG": "en_US.UTF-8"}, True, id="the file's Chinese"
        ),
        pytest.param('[locale]\nlanguage = "de"\n', {"LANG": "en_US.UTF-8"}, False, id="none of ours"),
        pytest.param("= =", {"LANG": "en_GB.UTF-8"}, False, id="no TOML, English at home"),
        pytest.param("= =", {"LANG": "zh_CN.GBK"}, True, id="no TOML, Chinese at home"),
        pytest.param("= =", {"LANG": "C.UTF-8"}, True, id="no TOML, no language at home"),
        pytest.param("= =", {"LC_ALL": "en_US", "LANG": "zh_CN"}, False, id="LC_ALL goes before"),
        pytest.param(None, {"LANG": "en_US.UTF-8"}, False, id="no file"),
        pytest.param(None, {}, True, id="no file, no language"),
    ],
)
def test_the_language_of_faults(
    tmp_path: Path,
    quotabot: Quotabot,
    monkeypatch: pytest.MonkeyPatch,
    text: str | None,
    environ: dict[str, str],
    chinese: bool,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "config.toml" if text is None else write(tmp_path, f"{text}\n[calender]\n")

    told = {words: quotabot(*words, "--config", str(path)) for words in (("check",), ("status",), ("serve",))}

    assert {done.code for done in told.values()} == {2}
    assert len({done.err for done in told.values()}) == 1
    assert (ENGLISH_WORDS.search(told["check",].err.replace(str(tmp_path), "")) is None) is chinese


def test_programs_read_english(tmp_path: Path, quotabot: Quotabot) -> None:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    path = write_config(tmp_path, more='[schedule]\nprogress = { at = "09:00" }\n')
    warned = quotabot("check", "--config", str(path), "--format", "json")
    path.write_text(path.read_text(encoding="utf-8") + "[calender]\n", encoding="utf-8")
    refused = quotabot("check", "--config", str(path), "--format", "json")

    assert any("WeCom asks to avoid minutes 0 and 30" in line for line in warned.json()["warnings"])
    assert [json.dumps(fault) for fault in refused.json()["faults"]] == [
        json.dumps(f"{path}: calender: unknown key; did you mean calendar?")
    ]


@pytest.mark.parametrize(
    ("environ", "options", "language"),
    [
        pytest.param({"LANG": "en_US.UTF-8"}, (), "en", id="English at home"),
        pytest.param({"LANG": "C.UTF-8"}, (), "zh-CN", id="no language at home"),
        pytest.param({"LANG": "en_US.UTF-8"}, ("--language", "zh-CN"), "zh-CN", id="the option's"),
    ],
)
def test_a_tour_speaks_as_people_at_home(
    quotabot: Quotabot,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    options: tuple[str, ...],
    language: str,
) -> None:
    asked: list[str] = []

    def running(_start: str, *, language: str, speed: float) -> None:
        asked.append(language)
        raise SystemExit(speed)

    monkeypatch.setattr(demo, "running", running)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    quotabot("demo", "--tour", *options)

    assert asked == [language]
