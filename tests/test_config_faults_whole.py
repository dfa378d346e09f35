"""A wrong configuration file gets all its faults at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.config import ENVIRON, MINIMAL, QUOTA, faults, write
from hypothesis import given
from hypothesis import strategies as st

from bot.config import ConfigError, Fault, load


def test_all_faults_are_told_at_once_in_the_order_of_sections(tmp_path: Path) -> None:
    text = (
        MINIMAL.replace("agent_id", "agentid").replace('"csv"', '"xls"')
        + "target_ = 3\nstarts_on = 2026-02-01\nends_on = 2026-01-01\n"
        + QUOTA.replace('"month"', '"fortnight"')
        + '[calendar]\nworking_hours = "9-5"\n[privacy]\nevent_log_days = 0\n[quota]\nid = "x"\n'
    )

    assert faults(tmp_path, text) == [
        "wecom.agent_id: is required. The app's AgentId.",
        "wecom.agentid: unknown key; did you mean agent_id?",
        'calendar.working_hours = "9-5": must be local times such as "08:30-18:00"',
        'directory.source = "xls": must be one of "wecom" or "csv"',
        'quotas[0].target_ (quota "cm-monthly"): unknown key; did you mean target?',
        'quotas[0].ends_on (quota "cm-monthly") = 2026-01-01: must not be before starts_on = 2026-02-01',
        (
            'quotas[1].period (quota "cm-monthly") = "fortnight": '
            'must be one of "day", "week", "month", "quarter" or "year"'
        ),
        'quotas[1].id (quota "cm-monthly") = "cm-monthly": must be unique; quotas[0] has it already',
        "privacy.event_log_days = 0: must be at least 1",
        "quota: unknown key; did you mean quotas?",
    ]


def test_an_empty_file_names_every_key_that_is_required(tmp_path: Path) -> None:
    lines = faults(tmp_path, "")

    assert [line.partition(":")[0] for line in lines] == [
        "wecom.corp_id",
        "wecom.agent_id",
        "wecom.secret",
        "wecom.callback_token",
        "wecom.callback_aes_key",
        "quotas",
    ]


def test_a_missing_file_is_one_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "absent.toml"

    with pytest.raises(ConfigError) as caught:
        load(path, environ={})

    assert str(caught.value) == (
        f"{path}: there is no such file; quotabot init writes one, --config names another"
    )


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path, environ={})


def test_a_file_in_another_encoding_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes("# 配置".encode("gbk"))

    with pytest.raises(ConfigError, match="is not UTF-8 text: byte 3"):
        load(path, environ={})


def test_a_fault_keeps_its_parts_for_programs(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL.replace("corp_id", "corpid"))

    with pytest.raises(ConfigError) as caught:
        load(path, environ=ENVIRON)

    assert caught.value.faults[1] == Fault(
        file=str(path), key_path="wecom.corpid", value=None, allowed="unknown key", nearest="corp_id"
    )


TOML_VALUES = st.sampled_from(
    [
        "1",
        "-1",
        "0.5",
        "nan",
        "inf",
        '""',
        '"x"',
        "true",
        "[]",
        "[1]",
        '["x"]',
        "{}",
        "{ x = 1 }",
        "2026-01-01",
    ]
)


@given(
    key=st.sampled_from(
        [
            "wecom.agent_id",
            "wecom.secret",
            "wecom.proxy",
            "server.listen",
            "server.trusted_proxies",
            "store.url",
            "calendar.holidays",
            "roles",
            "quotas",
            "ledger.regain_days",
            "integrity.burst",
            "messages.behind_threshold",
            "messages.leaderboard",
            "robots",
            "welcome",
            "schedule.progress",
            "schedule.weekly",
            "campaigns",
            "privacy",
            "unknown",
        ]
    ),
    value=TOML_VALUES,
)
def test_any_value_under_any_key_is_either_read_or_a_fault(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: str
) -> None:
    path = write(tmp_path_factory.mktemp("config"), f"{key} = {value}\n")

    with pytest.raises(ConfigError) as caught:
        load(path, environ=ENVIRON)

    assert all("\n" not in str(fault) and fault.allowed for fault in caught.value.faults)
