"""What is allowed but hardly meant draws a warning and nothing more."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.config import MINIMAL as BARE
from builders.config import read
from builders.e2e import write_config

from bot.config import ConfigError, load
from bot.config.warnings import warnings

MINIMAL = BARE + "counting = { keep_days = 7 }\n"


def lines(folder: Path, text: str, **known: object) -> list[str]:
    config = read(folder, text)
    return [str(found).removeprefix(f"{config.file}: ") for found in warnings(config, **known)]  # type: ignore[arg-type]  # the keywords of the table below


def test_the_defaults_draw_no_warning(tmp_path: Path) -> None:
    assert lines(tmp_path, MINIMAL, years=[2025, 2026]) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(
            '[schedule]\nprogress = { at = "09:00" }\n',
            'schedule.progress.at = "09:00": WeCom asks to avoid minutes 0 and 30; take another one',
            id="minute 0",
        ),
        pytest.param(
            '[schedule]\nreminder = { at = "16:30" }\n',
            'schedule.reminder.at = "16:30": WeCom asks to avoid minutes 0 and 30; take another one',
            id="minute 30",
        ),
        pytest.param(
            '[schedule]\nsync = { at = "02:00" }\n',
            'schedule.sync.at = "02:00": WeCom asks to avoid minutes 0 and 30; take another one',
            id="minute 0 of a job that runs at night",
        ),
        pytest.param(
            '[schedule]\nengagement = { at = "05:41" }\n',
            'schedule.engagement.at = "05:41": WeCom has yesterday\'s figures from about 06:00 on; before, '
            "the days before it are read",
            id="figures at night",
        ),
        pytest.param(
            '[schedule]\ndigest = { at = "18:01" }\n',
            'schedule.digest.at = "18:01": lies outside the working hours 08:30-18:00, '
            "when nothing unasked is pushed",
            id="after closing",
        ),
        pytest.param(
            '[calendar]\nworking_hours = "08:30-17:48"\n',
            'schedule.digest.at = "17:48": lies outside the working hours 08:30-17:48, '
            "when nothing unasked is pushed",
            id="the second of closing is outside",
        ),
        pytest.param(
            "[calendar]\nholidays = [2026-05-06]\nworkdays = [2026-05-06]\n",
            "calendar.holidays = 2026-05-06: is in workdays too; it counts as a working day",
            id="day off and on",
        ),
        pytest.param(
            "starts_on = 2026-01-15\n",
            'quotas[0].starts_on (quota "cm-monthly") = 2026-01-15: is not the first day of a month; '
            "the quota begins with 2026-02",
            id="begins inside a period",
        ),
        pytest.param("starts_on = 2026-02-01\nends_on = 2026-02-01\n", None, id="exactly one period is fine"),
        pytest.param(
            "[privacy]\nstore_customer_names = true\n",
            "privacy.store_customer_names = true: names of customers and the remarks of staff stand readable "
            "in the store and its backups; each is shown to the customer's own employee only; with false, "
            "the next start removes them",
            id="names of customers",
        ),
    ],
)
def test_a_warning_says_key_value_and_why(tmp_path: Path, text: str, line: str | None) -> None:
    assert lines(tmp_path, MINIMAL + text) == ([] if line is None else [line])


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param("", ["counting.keep_days"], id="lost at once and counted"),
        pytest.param(
            "penalty = { flat = 300 }\n",
            ["counting.keep_days", "penalty.flat"],
            id="a flat deduction beside it",
        ),
        pytest.param(
            "penalty = { per_missing = 5 }\n", ["counting.keep_days"], id="a deduction for each missing one"
        ),
        pytest.param("penalty = { flat = 300 }\ncounting = { keep_days = 1 }\n", [], id="kept for a day"),
        pytest.param('basis = "held"\npenalty = { flat = 300 }\n', [], id="held: what is lost is not there"),
        pytest.param(
            'counting = { keep_days = 7, first_add = "any" }\n', ["counting.first_add"], id="each add earns"
        ),
        pytest.param(
            'counting = { keep_days = 7, required_tags = ["VIP"] }\nreward = { per_extra = 5 }\n',
            ["counting.required_tags"],
            id="money on a tag",
        ),
        pytest.param(
            'counting = { keep_days = 7, segment_tags = ["VIP"] }\npenalty = { per_missing = 50 }\n',
            ["counting.segment_tags"],
            id="money for a segment of a tag",
        ),
        pytest.param('counting = { keep_days = 7, required_tags = ["VIP"] }\n', [], id="a tag without money"),
    ],
)
def test_what_invites_faking_is_told(tmp_path: Path, text: str, places: list[str]) -> None:
    found = lines(tmp_path, BARE + text)

    assert [line.partition(" (")[0].removeprefix("quotas[0].") for line in found] == places


def test_a_quota_that_never_holds_is_told(tmp_path: Path) -> None:
    found = lines(tmp_path, MINIMAL + "starts_on = 2026-01-02\nends_on = 2026-01-31\n")

    assert found == [
        (
            'quotas[0].starts_on (quota "cm-monthly") = 2026-01-02: is not the first day of a month; '
            "the quota begins with 2026-02"
        ),
        (
            'quotas[0].ends_on (quota "cm-monthly") = 2026-01-31: the quota never holds: '
            "no month begins between starts_on and ends_on"
        ),
    ]


def test_a_target_of_zero_is_told(tmp_path: Path) -> None:
    found = lines(tmp_path, MINIMAL.replace("target = 50", "target = 0"))

    assert found == ['quotas[0].target (quota "cm-monthly") = 0: exempts everybody under this quota']


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        pytest.param("http://127.0.0.1:8090", False, id="this machine"),
        pytest.param("http://localhost:8090", False, id="this machine by name"),
        pytest.param("http://[::1]:8090", False, id="this machine in IPv6"),
        pytest.param("http://proxy.example.com", True, id="across the network"),
        pytest.param("https://proxy.example.com", False, id="encrypted"),
    ],
)
def test_a_secret_that_crosses_the_network_in_plain_is_told(tmp_path: Path, url: str, warned: bool) -> None:
    found = lines(tmp_path, MINIMAL.replace("[directory]", f'api_base_url = "{url}"\n[directory]'))

    assert [line.startswith("wecom.api_base_url") for line in found] == ([True] if warned else [])


def test_a_year_without_a_decree_is_told(tmp_path: Path) -> None:
    found = lines(tmp_path, MINIMAL, years=[2026, 2090])

    assert len(found) == 1
    assert found[0].startswith('calendar.country = "CN": the holiday decree (放假安排) for 2090 is not known')


def test_names_that_the_roster_does_not_know_are_told_with_the_nearest(tmp_path: Path) -> None:
    text = (
        MINIMAL + 'roles = ["客户经理", "柜员", "大堂"]\nuserids = ["LISI", "lisl"]\ndepartments = [12, 99]\n'
    )
    text += '[[roles]]\nname = "客户经理"\nmatch = { userids = ["nobody"] }\n'

    found = lines(tmp_path, text, userids={"lisi", "wangwu"}, roles={"柜员"}, departments={12})

    assert found == [
        'roles[0].match.userids[0] = "nobody": nobody in the roster has this userid',
        (
            'quotas[0].userids[1] (quota "cm-monthly") = "lisl": nobody in the roster has this userid; '
            "did you mean lisi?"
        ),
        (
            'quotas[0].roles[2] (quota "cm-monthly") = "大堂": '
            "no [[roles]] and no line of the roster gives this role, so nobody has it"
        ),
        (
            'quotas[0].departments[1] (quota "cm-monthly") = 99: '
            "neither the roster nor departments has this department"
        ),
    ]


def test_a_department_of_a_robot_that_nobody_knows_is_told(tmp_path: Path) -> None:
    text = (
        MINIMAL
        + '[[robots]]\nname = "south"\nwebhook_key = "k"\ndepartments = [12, 99]\nposts = ["digest"]\n'
    )

    found = lines(tmp_path, text, departments={12})

    assert found == ["robots[0].departments[1] = 99: neither the roster nor departments has this department"]


def test_reviewers_and_admins_whom_the_roster_does_not_know_are_told(tmp_path: Path) -> None:
    text = MINIMAL + '[review]\nreviewers = ["lisi", "lisl"]\n[admins]\nuserids = ["it"]\n'

    found = lines(tmp_path, text, userids={"lisi"})

    assert found == [
        'review.reviewers[1] = "lisl": nobody in the roster has this userid; did you mean lisi?',
        'admins.userids[0] = "it": nobody in the roster has this userid',
    ]


@pytest.mark.parametrize(
    ("zone", "country", "warned"),
    [
        ("Asia/Shanghai", "CN", False),
        ("Asia/Hong_Kong", "CN", False),
        ("UTC", "CN", True),
        ("Asia/Urumqi", "CN", True),
        ("Europe/Berlin", "DE", False),
    ],
)
def test_a_time_zone_that_is_not_chinas_is_warned_of(
    tmp_path: Path, zone: str, country: str, *, warned: bool
) -> None:
    path = write_config(tmp_path, more=f'[calendar]\ntimezone = "{zone}"\ncountry = "{country}"\n')
    texts = [str(one) for one in warnings(load(path, environ={}))]

    assert any("is not China's time" in text for text in texts) is warned


def test_beijing_is_told_the_right_name(tmp_path: Path) -> None:
    path = write_config(tmp_path, more='[calendar]\ntimezone = "Asia/Beijing"\n')

    with pytest.raises(ConfigError, match="did you mean Asia/Shanghai"):
        load(path, environ={})
