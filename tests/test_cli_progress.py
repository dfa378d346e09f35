"""`quotabot progress` and `quotabot status`: numbers for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from builders.e2e import QUOTA, FakeTime, Quotabot, at, command_here, installation, write_config, write_roster
from builders.progress import WEEKLY, WHEN, two_teams

from bot.store.outbox import OutboxMessage
from scheduler.runs import tick

# In this order, as the contract has it (§5).
KEYS = [
    "quota",
    "userid",
    "department",
    "role",
    "period",
    "period_start",
    "period_end",
    "target",
    "counted",
    "pending",
    "open",
    "rejected",
    "gross",
    "lost",
    "kept_90",
    "expected",
    "pace",
    "forecast",
    "remaining",
    "to_add",
    "workdays_left",
    "today_dose",
    "today_left",
    "status",
    "rank",
    "penalty",
    "reward",
    "flags",
]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return two_teams(tmp_path)


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, config: Path) -> Quotabot:
    monkeypatch.setenv("QUOTABOT_CONFIG", str(config))
    return command_here(capsys, monkeypatch)


def rows(quotabot: Quotabot, *arguments: str) -> list[tuple[str, str, int]]:
    done = quotabot("progress", *WHEN, *arguments, "--format", "json")
    assert done.code == 0, done.err
    return [(row["quota"], row["userid"], row["counted"]) for row in done.json()["rows"]]


def test_json_has_exactly_the_keys_of_the_contract_in_their_order(quotabot: Quotabot) -> None:
    done = quotabot("progress", *WHEN, "--format", "json")
    report = done.json()

    assert list(report) == ["as_of", "complete", "incomplete_because", "rows"]
    assert (report["complete"], report["incomplete_because"]) == (True, None)
    assert report["as_of"] == "2026-11-23T12:00:00+08:00"
    assert [list(row) for row in report["rows"]] == [KEYS] * 4
    assert done.err == ""


def test_a_row_says_what_the_ledger_holds_as_of_the_time(quotabot: Quotabot) -> None:
    report = quotabot(
        "progress", *WHEN, "--format", "json", "--user", "zhang", "--quota", "cm-monthly"
    ).json()

    (row,) = report["rows"]
    assert {name: row[name] for name in KEYS[:13]} == {
        "quota": "cm-monthly",
        "userid": "zhang",
        "department": 11,
        "role": "客户经理",
        "period": "2026-11",
        "period_start": "2026-11-01",
        "period_end": "2026-11-30",
        "target": 50,
        "counted": 2,
        "pending": 0,
        "open": 0,
        "rejected": 0,
        "gross": 2,
    }
    assert (row["expected"], row["workdays_left"], row["status"]) == (38.1, 6, "behind")
    assert (row["penalty"], row["reward"], row["flags"]) == (None, None, [])


def test_rows_stand_in_the_order_of_quotas_then_userids(quotabot: Quotabot) -> None:
    assert rows(quotabot) == [
        ("weekly", "li", 0),
        ("weekly", "zhang", 1),
        ("cm-monthly", "li", 0),
        ("cm-monthly", "zhang", 2),
    ]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        pytest.param(("--user", "ZHANG"), {"zhang"}, id="a userid in any case"),
        pytest.param(("--user", "zhang", "--user", "li"), {"zhang", "li"}, id="two users"),
        pytest.param(("--department", "12"), {"li"}, id="a department"),
        pytest.param(("--department", "1"), {"zhang", "li"}, id="with what is below it"),
        pytest.param(("--department", "12", "--user", "zhang"), set(), id="both must hold"),
    ],
)
def test_rows_can_be_chosen(quotabot: Quotabot, arguments: tuple[str, ...], found: set[str]) -> None:
    assert {userid for _, userid, _ in rows(quotabot, *arguments)} == found


def test_a_department_without_a_row_is_named_beside_the_numbers(quotabot: Quotabot) -> None:
    done = quotabot("progress", *WHEN, "--department", "99", "--department", "12", "--format", "json")

    assert {row["department"] for row in done.json()["rows"]} == {12}
    assert "部门 99" in done.err
    assert "部门 12" not in done.err


def test_a_user_without_a_row_is_named_beside_the_numbers(quotabot: Quotabot) -> None:
    done = quotabot("progress", *WHEN, "--user", "nobody", "--format", "json")

    assert done.json()["rows"] == []
    assert "nobody" in done.err


@pytest.mark.parametrize(
    ("period", "found"),
    [
        pytest.param("2026-10", [("cm-monthly", "li", 1), ("cm-monthly", "zhang", 0)], id="a month"),
        pytest.param("2026-W48", [("weekly", "li", 0), ("weekly", "zhang", 1)], id="a week"),
        pytest.param("2026-Q4", [], id="no quota has this kind"),
    ],
)
def test_a_period_can_be_named(quotabot: Quotabot, period: str, found: list[tuple[str, str, int]]) -> None:
    assert rows(quotabot, "--period", period) == found


def test_csv_has_the_same_columns_and_values(quotabot: Quotabot) -> None:
    lines = list(csv.DictReader(io.StringIO(quotabot("progress", *WHEN, "--format", "csv").out)))
    report = quotabot("progress", *WHEN, "--format", "json").json()

    assert list(lines[0]) == KEYS
    for line, row in zip(lines, report["rows"], strict=True):
        assert line == {key: _cell(row[key]) for key in KEYS}


def _cell(value: object) -> str:
    return "" if value is None or value == [] else str(value)


@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_output_goes_into_a_file_and_nowhere_else(quotabot: Quotabot, tmp_path: Path, form: str) -> None:
    told = quotabot("progress", *WHEN, "--format", form).out
    done = quotabot("progress", *WHEN, "--format", form, "--output", str(tmp_path / "out"))

    assert (done.code, done.out) == (0, "")
    assert (tmp_path / "out").read_bytes().decode() == told


def test_an_output_that_cannot_be_written_is_one_sentence_and_2(quotabot: Quotabot, tmp_path: Path) -> None:
    done = quotabot("progress", *WHEN, "--output", str(tmp_path / "none" / "out.json"))

    assert done.code == 2
    assert "out.json" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("language", "said"),
    [
        pytest.param(
            "zh-CN", ["cm-monthly · 2026-11 · 截至 2026-11-23 12:00", "已计入", "进度偏慢"], id="zh-CN"
        ),
        pytest.param("en", ["cm-monthly · 2026-11 · as of 2026-11-23 12:00", "counted", "behind"], id="en"),
    ],
)
def test_the_table_shows_people_by_name_in_the_language_of_the_file(
    quotabot: Quotabot, config: Path, language: str, said: list[str]
) -> None:
    write_config(config.parent, quotas=WEEKLY + QUOTA, more=f'[locale]\nlanguage = "{language}"\n')

    out = quotabot("progress", *WHEN).out

    assert [words for words in (*said, "员工甲", "员工乙") if words not in out] == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        pytest.param("zh-CN", "这个周期没有人适用任何指标", id="zh-CN"),
        pytest.param("en", "nobody is under a quota in this period", id="en"),
    ],
)
def test_an_empty_table_says_so(quotabot: Quotabot, config: Path, language: str, said: str) -> None:
    write_config(config.parent, quotas=WEEKLY + QUOTA, more=f'[locale]\nlanguage = "{language}"\n')

    assert quotabot("progress", "--period", "2026-Q4").out == said + "\n"


def test_a_time_with_an_offset_is_the_same_moment(quotabot: Quotabot) -> None:
    def told(moment: str) -> tuple[str, int]:
        only = ("--user", "zhang", "--quota", "cm-monthly")
        report = quotabot("progress", "--at", moment, *only, "--format", "json").json()
        return report["as_of"], report["rows"][0]["counted"]

    noon = ("2026-11-23T12:00:00+08:00", 2)
    assert told("2026-11-23T04:00:00+00:00") == told("2026-11-22T20:00:00-08:00") == noon
    assert told("2026-11-23T12:00:00") == noon  # without an offset it is the bank's own time
    assert told("2026-11-23T04:00:00") == ("2026-11-23T04:00:00+08:00", 1)  # the second came at noon


def test_reports_record_nothing(quotabot: Quotabot, config: Path) -> None:
    write_roster(config.parent, "zhang,员工甲,12,柜员,,,,")
    quotabot("progress", *WHEN)
    with installation(config, FakeTime(at("2026-11-23T08:00"))) as services:
        members = services.store.members.all()

    assert len(members["li"].memberships) == 1  # still known, though the new file lacks him


def test_status_has_the_shape_of_the_contract(quotabot: Quotabot) -> None:
    report = quotabot("status", "--format", "json").json()

    assert report["inbox"] == {"pending": 0, "dead": 0, "oldest_s": None}
    assert report["outbox"] == {"pending": 0, "dead": 0, "oldest_s": None}
    assert report["details"] == {"pending": 0}
    assert report["jobs"] == []
    assert report["token"]["expires_in_s"] is None
    assert report["lease"] == {"holder": None, "until_s": None}
    assert report["drift"] == {"at": None, "found": 0, "repaired": 0}


def test_status_tells_what_waits_and_what_ran_last(quotabot: Quotabot, config: Path) -> None:
    clock = FakeTime(at("2026-11-23T08:00"))
    with installation(config, clock) as services:
        tick(services)
        clock.set("2026-11-23T09:07")
        tick(services)
        services.store.leases.take("delivery", holder="host:1", now=0, until=2**40)
    report = quotabot("status", "--format", "json").json()

    assert report["outbox"]["pending"] == 4
    assert report["outbox"]["oldest_s"] >= 0
    assert report["jobs"] == [
        {"job": "close", "fire_at": "2026-11-23T08:42:00+08:00", "outcome": "done", "messages": 2},
        {"job": "progress", "fire_at": "2026-11-23T09:07:00+08:00", "outcome": "done", "messages": 2},
    ]
    assert report["lease"]["holder"] == "host:1"
    assert "progress" in quotabot("status").out


def make_dead(config: Path) -> str:
    with installation(config, FakeTime(at("2026-11-23T08:00"))) as services:
        outbox = services.store.outbox
        outbox.add(
            OutboxMessage(
                key="progress:2026-11-23:zhang",
                job="progress",
                to_userid="zhang",
                content="今天加 2 位就够",
                msgtype="markdown",
                not_before=0,
                expires_at=2**40,
            ),
            created_at=0,
        )
        outbox.finish(1, state="failed", now=1, error="WeCom answered 81013")
    return "message:progress:2026-11-23:zhang"


def test_dead_letters_are_listed_and_shown(quotabot: Quotabot, config: Path) -> None:
    before = quotabot("dead", "list").out
    ident = make_dead(config)
    listed = quotabot("dead", "list", "--format", "json").json()
    shown = quotabot("dead", "show", ident, "--format", "json").json()

    assert before == "没有被放弃的事件或消息\n"
    assert [letter["id"] for letter in listed["dead"]] == [ident]
    assert "81013" in listed["dead"][0]["error"]
    assert shown["content"] == "今天加 2 位就够"
    (line,) = quotabot("dead", "list").out.splitlines()
    assert line.startswith(ident)
    assert line.endswith("企业微信返回 81013")
    assert "progress，发给 zhang  试过" in line
    assert "今天加 2 位就够" in quotabot("dead", "show", ident).out
    assert quotabot("status", "--format", "json").json()["outbox"]["dead"] == 1


def test_a_dead_letter_can_be_tried_again(quotabot: Quotabot, config: Path) -> None:
    ident = make_dead(config)
    done = quotabot("dead", "retry", ident)

    assert done.code == 0
    assert json.loads(quotabot("dead", "list", "--format", "json").out) == {"dead": []}
    assert quotabot("status", "--format", "json").json()["outbox"] == {
        "pending": 1,
        "dead": 0,
        "oldest_s": pytest.approx(quotabot("status", "--format", "json").json()["outbox"]["oldest_s"], abs=5),
    }


def test_a_dead_letter_can_be_dropped_for_good(quotabot: Quotabot, config: Path) -> None:
    ident = make_dead(config)
    done = quotabot("dead", "drop", ident)

    assert done.code == 0
    assert quotabot("dead", "list", "--format", "json").json() == {"dead": []}
    assert quotabot("status", "--format", "json").json()["outbox"]["pending"] == 0


@pytest.mark.parametrize("act", ["show", "retry", "drop"])
@pytest.mark.parametrize("ident", ["message:progress:2026-11-23:nobody", "event:99"])
def test_an_unknown_dead_letter_is_said_and_ends_with_1(quotabot: Quotabot, act: str, ident: str) -> None:
    done = quotabot("dead", act, ident)

    assert done.code == 1
    assert ident in done.err
