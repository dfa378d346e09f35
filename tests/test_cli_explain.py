"""`quotabot explain`: for people the last characters of ids, for programs the whole of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.e2e import QUOTA, Quotabot, at, command_here
from builders.imports import JIA, branch, detail, file, imported, tell

from bot.core.relations import RelationKind
from scheduler.jobs import PREPARES

AT = ("--at", "2026-11-23T18:00")
RULES = QUOTA + "[quotas.counting]\nkeep_days = 7\n"


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Iterator[tuple[str, str]]:
    with branch(tmp_path, tmp_path / "bot.db", quotas=RULES, when=at("2026-12-08T08:42")) as services:
        tell(services, "zhangsan", "wmSIM0AAAAcust0042", "2026-11-20T10:02")
        tell(services, "zhangsan", "wmSIM0AAAAcust0043", "2026-11-20T11:00")
        tell(services, "zhangsan", "wmSIM0AAAAcust0043", "2026-11-23T09:30", RelationKind.LOST_BY_CUSTOMER)
        PREPARES["close"](services, at("2026-12-08T08:42"))
        yield "--config", str(services.config.file)


def test_for_programs(quotabot: Quotabot, config: tuple[str, str]) -> None:
    done = quotabot("explain", "ZhangSan", "0042", *AT, "--format", "json", *config)

    assert done.code == 0
    assert done.json() == {
        "as_of": "2026-11-23T18:00:00+08:00",
        "userid": "zhangsan",
        "quotas": [
            {
                "quota": "cm-monthly",
                "period": "2026-11",
                "contacts": [
                    {
                        "external_userid": "wmSIM0AAAAcust0042",
                        "added_at": "2026-11-20T10:02:00+08:00",
                        "verdict": "pending:keep_period",
                        "open": False,
                        "reason": "Kept for 7 days on 11-27 10:02; then it counts",  # whatever [locale] says
                        "until": "2026-11-27T10:02:00+08:00",
                        "events": [
                            {"kind": "added", "at": "2026-11-20T10:02:00+08:00", "source": "callback"}
                        ],
                    }
                ],
            }
        ],
    }


def test_for_people_ids_are_cut(quotabot: Quotabot, config: tuple[str, str]) -> None:
    done = quotabot("explain", "zhangsan", *AT, *config)

    assert done.code == 0
    assert "…0042" in done.out
    assert "wmSIM0AAAAcust0042" not in done.out
    assert "11-20 11:00" in done.out
    assert "不计入" in done.out
    assert {"添加时间", "客户", "结论", "原因", "事件"} <= set(done.out.split())
    assert "11-23 09:30 客户删除员工" in done.out


def test_an_employee_without_contacts_has_an_empty_list(quotabot: Quotabot, config: tuple[str, str]) -> None:
    told = quotabot("explain", "lisi", *AT, "--format", "json", *config)
    text = quotabot("explain", "lisi", *AT, *config)
    no_such = quotabot("explain", "zhangsan", "9999", *AT, "--format", "json", *config)
    other_kind = quotabot("explain", "zhangsan", "--period", "2026-W48", "--format", "json", *config)

    assert [quota["contacts"] for quota in told.json()["quotas"]] == [[]]
    assert "没有客户" in text.out
    assert [quota["contacts"] for quota in no_such.json()["quotas"]] == [[]]
    assert other_kind.json()["quotas"] == []


def test_nobody_of_that_name_is_1_and_a_wrong_period_is_2(
    quotabot: Quotabot, config: tuple[str, str]
) -> None:
    nobody = quotabot("explain", "wangwu", *AT, *config)
    wrong = quotabot("explain", "zhangsan", "--period", "november", *config)

    assert (nobody.code, nobody.out, len(nobody.err.splitlines())) == (1, "", 1)
    assert "wangwu" in nobody.err
    assert (wrong.code, wrong.out) == (2, "")
    assert "november" in wrong.err


def test_that_a_period_is_closed_is_said_beside_the_json(quotabot: Quotabot, config: tuple[str, str]) -> None:
    words = ("explain", "zhangsan", "--period", "2026-11", "--at", "2026-12-09T09:00", "--format", "json")
    done = quotabot(*words, *config)

    assert "cm-monthly 2026-11 已结算，结果为初步结果" in done.err
    assert {contact["verdict"] for contact in done.json()["quotas"][0]["contacts"]} == {
        "counted",
        "rejected:lost_early",
    }


def test_what_is_known_by_a_number_of_the_employee_alone_is_said(quotabot: Quotabot, tmp_path: Path) -> None:
    number = "a" * 64
    with branch(tmp_path, tmp_path / "bot.db", quotas=QUOTA) as services:
        detail(services, "zhangsan", JIA, "2026-11-10T10:00", mobile_sha256=number)
        imported(services, "facts", file(tmp_path, "mobile_sha256,account", f"{number},1"))
        config = ("--config", str(services.config.file))
    told = quotabot("explain", "zhangsan", *AT, "--format", "json", *config).json()
    shown = quotabot("explain", "zhangsan", *AT, *config)

    assert told["quotas"][0]["contacts"][0]["self_declared"] == ["account"]
    assert "凭员工自填的备注手机号：account" in shown.out
