"""Each fault of a configuration file is one line: key, value, what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.config import DIRECTORY, MINIMAL, QUOTA, WECOM, faults

SECRET = '{ env = "WECOM_SECRET" }'


def changed(old: str, new: str) -> str:
    assert old in MINIMAL
    return MINIMAL.replace(old, new)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(
            changed("ww0123456789abcdef", "1234"),
            'wecom.corp_id = "1234": must be ww (old corps: wx) and letters or digits; '
            "admin console: 我的企业 → 企业ID",
            id="corp id of another shape",
        ),
        pytest.param(
            changed("agent_id = 1000002", 'agent_id = "1000002"'),
            'wecom.agent_id = "1000002": must be a whole number',
            id="a number in quotes is a text",
        ),
        pytest.param(
            changed("agent_id = 1000002", "agent_id = true"),
            "wecom.agent_id = true: must be a whole number",
            id="true is not 1",
        ),
        pytest.param(
            changed("agent_id = 1000002", "agent_id = 0"),
            "wecom.agent_id = 0: must be at least 1",
            id="below the least",
        ),
        pytest.param(
            changed("target = 50", "target = 50.0"),
            'quotas[0].target (quota "cm-monthly") = 50.0: must be a whole number',
            id="half contacts do not exist",
        ),
        pytest.param(
            changed("target = 50", "target = 99999999999999999999"),
            'quotas[0].target (quota "cm-monthly") = (a huge number): must be at most 1000000',
            id="more than a store can hold",
        ),
        pytest.param(
            changed("wecom]", "wecom]\nmax_in_flight = 101"),
            "wecom.max_in_flight = 101: must be at most 100",
            id="above the most",
        ),
        pytest.param(
            WECOM + DIRECTORY, "quotas: is required. At least one [[quotas]].", id="no quota at all"
        ),
        pytest.param(
            "quotas = []\n" + WECOM + DIRECTORY,
            "quotas: must have at least one [[quotas]]",
            id="empty quotas",
        ),
        pytest.param(
            changed("[[quotas]]", "[quotas]"),
            "quotas: must be a list: write [[quotas]], not [quotas]",
            id="single brackets",
        ),
        pytest.param(
            WECOM + QUOTA + '[directory]\ndepartments = "departments.csv"\n',
            'directory.departments = "departments.csv": is for source = "csv": with "wecom" the departments '
            "are WeCom's; leave it out",
            id="departments of a file beside WeCom's",
        ),
        pytest.param(
            MINIMAL + '[calender]\ncountry = "CN"\n',
            "calender: unknown key; did you mean calendar?",
            id="misspelt section",
        ),
        pytest.param(
            MINIMAL + "keep_days = 7\n",
            'quotas[0].keep_days (quota "cm-monthly"): unknown key; '
            "did you mean quotas[].counting.keep_days?",
            id="right key under the wrong heading",
        ),
        pytest.param(
            MINIMAL + "[ledger]\nzzz = 7\n",
            "ledger.zzz: unknown key; known here: regain_days",
            id="nothing like it is known",
        ),
        pytest.param(
            MINIMAL + '[quotas.counting]\nfirst_add = "first"\n',
            'quotas[0].counting.first_add (quota "cm-monthly") = "first": '
            'must be one of "pair", "corp" or "any"',
            id="word that is not one of the words",
        ),
        pytest.param(
            MINIMAL + '[schedule]\nbackup = { at = "04:43", on = "first_workday_after_settlement" }\n',
            'schedule.backup.on = "first_workday_after_settlement": must be one of '
            '"workdays", "every_day" or "last_workday_of_week"',
            id="day that suits another job alone",
        ),
        pytest.param(
            MINIMAL + "penalty = { flat = 3, per_missing = 4 }\n",
            'quotas[0].penalty (quota "cm-monthly"): '
            "exactly one of flat, per_missing (with cap if wanted), tiers",
            id="several ways at once",
        ),
        pytest.param(
            MINIMAL + '[calendar]\ntimezone = "Asia/Shanghay"\n',
            'calendar.timezone = "Asia/Shanghay": must be a time zone such as "Asia/Shanghai"; '
            "did you mean Asia/Shanghai?",
            id="no such zone",
        ),
        pytest.param(
            MINIMAL + '[calendar]\ncountry = "ZZ"\n',
            'calendar.country = "ZZ": must be a country whose holidays are known, '
            'by its two capital letters, such as "CN"',
            id="no such country",
        ),
        pytest.param(
            MINIMAL + '[calendar]\nholidays = [2026-01-01, "2026-01-02"]\n',
            'calendar.holidays[1] = "2026-01-02": must be a date without quotes, such as 2026-01-31',
            id="date in quotes",
        ),
        pytest.param(
            MINIMAL + "[calendar]\nholidays = [2026-01-01T00:00:00]\n",
            "calendar.holidays[0] = 2026-01-01T00:00:00: must be a date without quotes, such as 2026-01-31",
            id="date with a time",
        ),
        pytest.param(
            MINIMAL + '[calendar]\nworking_hours = "08:00-18:01"\n',
            'calendar.working_hours = "08:00-18:01": must span at most 10 hours',
            id="a minute too long",
        ),
        pytest.param(
            MINIMAL + '[calendar]\nworking_hours = "18:00-08:00"\n',
            'calendar.working_hours = "18:00-08:00": the first time must be before the second',
            id="hours end before they begin",
        ),
        pytest.param(
            MINIMAL + '[calendar]\nworking_hours = "8:30-18:00"\n',
            'calendar.working_hours = "8:30-18:00": must be local times such as "08:30-18:00"',
            id="hours without a leading zero",
        ),
        pytest.param(
            MINIMAL + "[messages]\nbehind_threshold = nan\n",
            "messages.behind_threshold = NaN: must be a number",
            id="not a number",
        ),
        pytest.param(
            MINIMAL + "[messages]\nbehind_threshold = 2.01\n",
            "messages.behind_threshold = 2.01: must be at most 2",
            id="threshold too high",
        ),
        pytest.param(
            MINIMAL + '[messages]\nstyle = "cards"\n',
            'messages.style = "cards": must be one of "card", "markdown" or "text"',
            id="no such style",
        ),
        pytest.param(
            MINIMAL + '[store]\nurl = "mysql://h/db"\n',
            'store.url = "mysql://h/db": must be sqlite:///PATH begun at the configuration\'s folder, '
            "sqlite:////PATH from the root, or postgresql://USER@HOST/DATABASE",
            id="unknown store",
        ),
        pytest.param(
            MINIMAL + '[store]\nurl = "sqlite://var/bot.db"\n',
            'store.url = "sqlite://var/bot.db": must be sqlite:///PATH begun at the configuration\'s folder, '
            "sqlite:////PATH from the root, or postgresql://USER@HOST/DATABASE",
            id="a slash too few",
        ),
        pytest.param(
            MINIMAL + '[server]\nlisten = "8080"\n',
            'server.listen = "8080": must be host and port such as "127.0.0.1:8080" or "[::1]:8080"',
            id="port alone",
        ),
        pytest.param(
            MINIMAL + '[server]\nlisten = "127.0.0.1:65536"\n',
            'server.listen = "127.0.0.1:65536": '
            'must be host and port such as "127.0.0.1:8080" or "[::1]:8080"',
            id="no such port",
        ),
        pytest.param(
            MINIMAL + '[server]\npublic_url = "quota.example.com"\n',
            'server.public_url = "quota.example.com": must be an address that begins with http:// '
            "or https:// and has no ?, # or password in it",
            id="address without a scheme",
        ),
        pytest.param(
            changed("[directory]", 'api_base_url = "https://a.example.com/?x=1"\n[directory]'),
            'wecom.api_base_url = "https://a.example.com/?x=1": must be an address that begins with http:// '
            "or https:// and has no ?, # or password in it",
            id="address with a query",
        ),
        pytest.param(
            MINIMAL + '[server]\ntrusted_proxies = ["proxy"]\n',
            'server.trusted_proxies[0] = "proxy": must be an IP address or a network such as 10.1.0.0/16',
            id="a name is no address",
        ),
        pytest.param(
            MINIMAL + '[server]\nverify_files = "nowhere"\n',
            'server.verify_files = "nowhere": no such folder; paths begin at the configuration\'s folder',
            id="missing folder",
        ),
        pytest.param(
            changed('source = "csv"', 'source = "csv"\nroster = ""'),
            'directory.roster = "": must be the path of a file',
            id="source csv needs a roster",
        ),
        pytest.param(
            MINIMAL + '[[roles]]\nname = "经理"\nmatch = {}\n',
            'roles[0].match (role "经理"): matches nobody; name somebody, such as { userids = ["…"] }',
            id="role of nobody",
        ),
        pytest.param(
            MINIMAL + '[[roles]]\nname = "经理"\nmatch = { tags = [4] }\n',
            'roles[0].match.tags (role "经理"): is known to WeCom only; use source = "wecom", or departments '
            "and userids",
            id="roles by tag without WeCom",
        ),
        pytest.param(
            MINIMAL + '[[roles]]\nname = "经理"\nmatch = { positions = ["经理"], userids = ["a"] }\n',
            'roles[0].match.positions (role "经理"): is known to WeCom only; use source = "wecom", or '
            "departments and userids",
            id="roles by position without WeCom",
        ),
        pytest.param(
            MINIMAL + '[schedule]\nsync = { at = "02:17", on = "first_workday_after_settlement" }\n',
            'schedule.sync.on = "first_workday_after_settlement": must be one of '
            '"workdays", "every_day" or "last_workday_of_week"',
            id="sync on the days of close",
        ),
        pytest.param(
            MINIMAL + 'userids = ["员工甲"]\n',
            'quotas[0].userids[0] (quota "cm-monthly") = "员工甲": '
            "must be a WeCom userid: a letter or digit, then up to 63 more or _ . @ -",
            id="a name is no userid",
        ),
        pytest.param(
            MINIMAL + "departments = [0]\n",
            'quotas[0].departments[0] (quota "cm-monthly") = 0: must be a department id, from 1 on',
            id="department 0",
        ),
        pytest.param(
            MINIMAL + "starts_on = 2026-02-01\nends_on = 2026-01-31\n",
            'quotas[0].ends_on (quota "cm-monthly") = 2026-01-31: must not be before starts_on = 2026-02-01',
            id="ends before it begins",
        ),
        pytest.param(
            MINIMAL + QUOTA,
            'quotas[1].id (quota "cm-monthly") = "cm-monthly": must be unique; quotas[0] has it already',
            id="two quotas of one id",
        ),
        pytest.param(
            MINIMAL + '[schedule]\nprogress = { at = "9:07" }\n',
            'schedule.progress.at = "9:07": must be a local time such as "09:07"',
            id="time without a leading zero",
        ),
        pytest.param(
            MINIMAL + '[schedule]\nweekly = { at = "17:23", on = "first_workday_after_settlement" }\n',
            'schedule.weekly.on = "first_workday_after_settlement": must be one of '
            '"workdays", "every_day" or "last_workday_of_week"',
            id="day that suits another job",
        ),
        pytest.param(
            MINIMAL + "target = 4\n",
            "is not TOML: Cannot overwrite a value (at line 16, column 11)",
            id="key written twice: line and column",
        ),
        pytest.param(
            MINIMAL + "a = " + "9" * 5000,
            "is not TOML: a number is too long, or tables are nested too deeply",
            id="number of thousands of digits",
        ),
        pytest.param(
            changed(SECRET, '{ env = "NOT_SET" }'),
            "wecom.secret: the environment variable NOT_SET is not set; "
            "set it for the service, or use { file = … }",
            id="missing variable",
        ),
        pytest.param(
            changed(SECRET, '{ file = "secrets/app.txt" }'),
            "wecom.secret: the file secrets/app.txt cannot be read (No such file or directory); "
            "write the secret into it",
            id="missing secret file",
        ),
        pytest.param(
            changed(SECRET, '{ envs = "X" }'),
            'wecom.secret: must be a text in quotes, { env = "NAME" } or { file = "PATH" }',
            id="misspelt way to a secret",
        ),
        pytest.param(changed(SECRET, '""'), "wecom.secret: must not be empty", id="empty secret"),
        pytest.param(
            changed('{ env = "WECOM_CALLBACK_AES_KEY" }', '"' + "a" * 42 + '"'),
            "wecom.callback_aes_key: must be 43 letters and digits, as in 接收消息 → EncodingAESKey",
            id="AES key a letter short",
        ),
        pytest.param(
            changed('{ env = "WECOM_CALLBACK_TOKEN" }', '"with-dash"'),
            "wecom.callback_token: must be 1 to 32 letters and digits, as in 接收消息 → Token",
            id="token with a dash",
        ),
    ],
)
def test_a_fault_says_key_value_and_what_is_allowed(tmp_path: Path, text: str, line: str) -> None:
    assert faults(tmp_path, text) == [line]
