"""A right configuration file becomes one frozen value."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from builders.config import AES_KEY, DIRECTORY, MINIMAL, QUOTA, TOKEN, WECOM, read
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from bot.config import load
from bot.config.fields import HostPort
from bot.core.counting import Counting, FirstAdd
from bot.core.periods import PeriodKind
from bot.core.quotas import Quota
from bot.core.workdays import WorkCalendar


def test_the_address_of_a_postgresql_store_is_kept_like_a_secret(tmp_path: Path) -> None:
    url = "postgresql://bot:hunter2@db.example.com/bank?sslmode=verify-full"

    config = read(tmp_path, MINIMAL + f'[store]\nurl = "{url}"\n')

    assert isinstance(config.store.where, SecretStr)
    assert config.store.where.get_secret_value() == url
    assert "hunter2" not in repr(config)


def test_what_is_left_out_has_the_default_of_the_contract(tmp_path: Path) -> None:
    config = read(tmp_path)

    assert config.wecom.api_base_url == "https://qyapi.weixin.qq.com"
    assert (config.wecom.account_cap, config.wecom.max_per_minute, config.wecom.max_in_flight) == (
        500,
        6000,
        5,
    )
    assert config.server.listen == HostPort(host="127.0.0.1", port=8080)
    assert config.server.trusted_proxies == (ip_network("127.0.0.1"),)
    assert config.server.callback_max_age == 3600
    assert config.server.metrics_token is None
    assert config.locale.language == "zh-CN"
    assert config.ledger.regain_s == 3 * 86400
    assert config.messages.behind_threshold == Decimal("0.9")
    assert config.messages.style == "card"
    assert [config.schedule.progress.at, config.schedule.reminder.at, config.schedule.digest.at] == [
        time(9, 7),
        time(16, 37),
        time(17, 48),
    ]
    assert (f"{config.schedule.weekly.at:%H:%M}", config.schedule.weekly.on) == (
        "17:23",
        "last_workday_of_week",
    )


def test_paths_begin_at_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "verify").mkdir()
    config = read(
        tmp_path,
        MINIMAL.replace('source = "csv"', 'source = "csv"\ndepartments = "lists/departments.csv"')
        + '[server]\nverify_files = "verify"\n',
    )

    assert config.file == tmp_path / "config.toml"
    assert config.directory.roster_path == tmp_path / "roster.csv"
    assert config.directory.departments_path == tmp_path / "lists/departments.csv"
    assert config.store.where == tmp_path / "var/quotabot.db"
    assert config.server.verify_files == tmp_path / "verify"
    assert config.wecom.ca_file is None


def test_an_sqlite_url_with_four_slashes_begins_at_the_root(tmp_path: Path) -> None:
    config = read(tmp_path, MINIMAL + '[store]\nurl = "sqlite:////srv/quotabot/bot.db"\n')

    assert config.store.where == Path("/srv/quotabot/bot.db")


def test_secrets_come_from_text_environment_or_file(tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_text(f"\ufeff{TOKEN}\r\n", encoding="utf-8")
    text = MINIMAL.replace('{ env = "WECOM_SECRET" }', '"in the file"').replace(
        '{ env = "WECOM_CALLBACK_TOKEN" }', '{ file = "token.txt" }'
    )

    config = read(tmp_path, text)

    assert config.wecom.secret.get_secret_value() == "in the file"
    assert config.wecom.callback_token.get_secret_value() == TOKEN
    assert config.wecom.callback_aes_key.get_secret_value() == AES_KEY


def test_quotas_become_rules_of_the_core(tmp_path: Path) -> None:
    text = WECOM + DIRECTORY
    text += (
        QUOTA + 'roles = ["客户经理"]\ndepartments = [12]\nuserids = ["ZhangSan"]\nstarts_on = 2026-01-01\n'
    )
    text += '[quotas.counting]\nfirst_add = "any"\n'
    text += QUOTA.replace("cm-monthly", "teller").replace('"month"', '"week"') + "ends_on = 2026-12-31\n"

    config = read(tmp_path, text)

    assert config.core_quotas() == (
        Quota(
            id="cm-monthly",
            period=PeriodKind.MONTH,
            target=50,
            roles=frozenset({"客户经理"}),
            departments=frozenset({12}),
            userids=frozenset({"zhangsan"}),
            starts_on=date(2026, 1, 1),
            counting=Counting(first_add=FirstAdd.ANY),
        ),
        Quota(id="teller", period=PeriodKind.WEEK, target=50, ends_on=date(2026, 12, 31)),
    )


def test_the_calendar_becomes_the_cores(tmp_path: Path) -> None:
    text = '[calendar]\nworking_hours = "09:00-17:30"\nholidays = [2026-05-06]\nworkdays = [2026-05-09]\n'

    config = read(tmp_path, MINIMAL + text)

    assert config.work_calendar() == WorkCalendar(
        zone=ZoneInfo("Asia/Shanghai"),
        country="CN",
        opens=time(9),
        closes=time(17, 30),
        holidays=frozenset({date(2026, 5, 6)}),
        workdays=frozenset({date(2026, 5, 9)}),
    )


def test_half_a_firing_keeps_the_other_half_of_its_default(tmp_path: Path) -> None:
    config = read(tmp_path, MINIMAL + '[schedule]\nreminder = { on = "last_workday_of_week" }\n')

    assert (config.schedule.reminder.at, config.schedule.reminder.on) == (
        time(16, 37),
        "last_workday_of_week",
    )


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        pytest.param('"0.0.0.0:80"', HostPort(host="0.0.0.0", port=80), id="IPv4"),
        pytest.param('"[::1]:8080"', HostPort(host="::1", port=8080), id="IPv6 loses its brackets"),
        pytest.param('"localhost:0"', HostPort(host="localhost", port=0), id="any free port"),
    ],
)
def test_an_address_to_listen_on_is_host_and_port(tmp_path: Path, written: str, read_as: HostPort) -> None:
    config = read(tmp_path, MINIMAL + f"[server]\nlisten = {written}\n")

    assert config.server.listen == read_as


def test_numbers_are_exact_decimals(tmp_path: Path) -> None:
    config = read(tmp_path, MINIMAL + "[messages]\nbehind_threshold = 0.1\n")

    assert config.messages.behind_threshold * 3 == Decimal("0.3")


def test_a_whole_number_will_do_where_a_number_is_wanted(tmp_path: Path) -> None:
    assert read(tmp_path, MINIMAL + "[messages]\nbehind_threshold = 1\n").messages.behind_threshold == 1


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff" + MINIMAL).wecom.agent_id == 1000002


def test_a_slash_at_the_end_of_an_address_is_dropped(tmp_path: Path) -> None:
    text = MINIMAL.replace("[directory]", 'api_base_url = "http://127.0.0.1:8090/"\n[directory]')

    assert read(tmp_path, text).wecom.api_base_url == "http://127.0.0.1:8090"


def test_what_says_off_is_allowed_before_it_can_be_switched_on(tmp_path: Path) -> None:
    text = MINIMAL.replace("[[quotas]]", "[money]\ncap_per_month = 0\n[rollout]\nmode = 'on'\n[[quotas]]")
    text += 'basis = "added"\n[quotas.counting]\nkeep_days = 0\nown_book = false\nrequired_tags = []\n'
    text += 'customer_types = ["wecom", "wechat"]\nmax_per_day = 0\n'

    assert read(tmp_path, text).quotas[0].counting.keep_days == 0


def test_a_configuration_does_not_change(tmp_path: Path) -> None:
    config = read(tmp_path)

    with pytest.raises(ValidationError, match="frozen"):
        config.wecom.agent_id = 5  # type: ignore[misc]  # what the test is about


def test_the_same_file_read_twice_is_the_same_configuration(tmp_path: Path) -> None:
    assert read(tmp_path) == read(tmp_path)


@given(userid=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}", fullmatch=True))
def test_userids_are_read_in_lower_case(tmp_path_factory: pytest.TempPathFactory, userid: str) -> None:
    config = read(tmp_path_factory.mktemp("config"), MINIMAL + f'userids = ["{userid}"]\n')

    assert config.quotas[0].userids == (userid.lower(),)


def test_loading_asks_only_the_environment_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    monkeypatch.setenv("WECOM_SECRET", "of the process")
    environ = {"WECOM_SECRET": "given", "WECOM_CALLBACK_TOKEN": TOKEN, "WECOM_CALLBACK_AES_KEY": AES_KEY}

    config = load(path, environ=environ)

    assert config.wecom.secret.get_secret_value() == "given"
