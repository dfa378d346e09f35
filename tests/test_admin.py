"""The administrators' message: only when something is wrong, what it is, and for whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from builders.e2e import FakeTime, at, change, installation, write_config, write_roster

from bot.config import load
from bot.core.sync import Cause
from bot.features.admin import Finding, Trouble, Wrong, admin
from bot.features.robots.posts import fingerprints
from bot.messages.message import as_text
from bot.services import FIRST_START, Services
from bot.store import troubles
from bot.store.outbox import OutboxMessage
from bot.store.troubles import Part
from scheduler.admin import wrong
from scheduler.planner import plan

MONDAY = at("2026-11-23T09:07")
FRIDAY_NOON = int(at("2026-11-20T12:00").timestamp())
FRIDAY_EARLY = int(at("2026-11-20T09:00").timestamp())  # before the same time of the workday before
NOW = int(MONDAY.timestamp())
FACTS = '[quotas.counting]\nrequired_facts = ["account"]\n'
QUOTA = '[[quotas]]\nid = "cm"\nroles = ["客户经理"]\nperiod = "month"\ntarget = 5\n'
ADMINS = '[admins]\nuserids = ["Boss", "clerk"]\n'


@contextmanager
def bank(folder: Path, place: Path | str, *, quotas: str = QUOTA, more: str = ADMINS) -> Iterator[Services]:
    """boss administers, as does clerk, who stands in no roster; Monday morning by every clock."""
    write_roster(folder, "yg01,员工甲,11,客户经理,,,,", "boss,主管甲,11,主管,11,,,")
    store = place if isinstance(place, str) else f"sqlite:///{place}"
    config = write_config(folder, quotas=quotas, more=more, store=store)
    with installation(config, FakeTime(MONDAY)) as services:
        yield services


@pytest.fixture
def services(tmp_path: Path, place: Path | str) -> Iterator[Services]:
    with bank(tmp_path, place) as opened:
        yield opened


def told(services: Services) -> dict[str, str]:
    found = plan(services, "progress", at=MONDAY)
    return {message.to_userid: message.content for message in found if message.job == "admin"}


def found(services: Services) -> dict[Wrong, int]:
    return {one.what: one.n for one in wrong(services, at=MONDAY)}


def message(
    services: Services,
    key: str,
    *,
    state: str,
    error: str = "",
    receipt: str = "",
    at_s: int = FRIDAY_NOON,
) -> None:
    """A message to yg01 that came to nothing at *at_s*."""
    row = OutboxMessage(
        key=key,
        job="progress",
        to_userid="yg01",
        content=key,
        msgtype="text",
        not_before=at_s,
        expires_at=at_s + 60,
        time_shift=0,
    )
    services.store.outbox.add(row, created_at=at_s)
    if state == "expired":
        services.store.outbox.expire(real_now=at_s + 60, clock_now=at_s + 60)
    else:
        stored = services.store.outbox.by_key(key)
        assert stored is not None
        services.store.outbox.finish(stored["seq"], state=state, now=at_s, error=error, receipt=receipt)


def compared(services: Services, *, at_s: int, drift: dict[Cause, int]) -> None:
    """A complete comparison that found *drift* with yg01."""
    change(
        services,
        f"INSERT INTO sync_runs (number, began_at, state, ended_at) VALUES (1, {at_s}, 'done', {at_s + 60})",
    )
    for cause, number in drift.items():
        change(services, f"INSERT INTO sync_drift VALUES (1, '{cause.value}', 'yg01', {number}, 'so')")


def test_nothing_wrong_is_no_message(services: Services) -> None:
    assert told(services) == {}


def test_every_administrator_is_told_once_also_one_who_is_in_no_roster(services: Services) -> None:
    message(services, "progress:x", state="failed", error="no licence")

    contents = told(services)

    assert sorted(contents) == ["boss", "clerk"]
    assert contents["boss"].splitlines()[:2] == [
        "**有 1 件事请看一下**",
        "1 条消息没有送到（yg01）：no licence",
    ]


@pytest.mark.parametrize(
    ("state", "receipt", "said"),
    [
        pytest.param("failed", '{"errcode": 81013}', "应用看不到成员，", id="out of range"),
        pytest.param(
            "failed", '{"msgid": "m", "invaliduser": "yg01"}', "应用看不到成员，", id="ok, but not him"
        ),
        pytest.param("failed", '{"unlicenseduser": "yg01"}', "成员没有企业微信基础许可，", id="no licence"),
        pytest.param("failed", '{"errcode": 82004}', "企业微信返回 82004，", id="refused"),
        pytest.param("unknown", '{"errcode": 42027}', "不知道有没有送到，", id="nobody knows"),
    ],
)
def test_why_a_message_did_not_arrive_is_told_in_the_language_of_the_bank(
    services: Services, state: str, receipt: str, said: str
) -> None:
    message(services, "progress:x", state=state, error="in English", receipt=receipt)

    assert told(services)["boss"].splitlines()[1].startswith(f"1 条消息没有送到（yg01）：{said}")


def test_an_administrator_on_leave_is_left_in_peace(services: Services) -> None:
    change(services, "INSERT INTO absences VALUES ('boss', '2026-11-23', '2026-11-23', 'leave')")
    message(services, "progress:x", state="failed", error="no licence")

    assert sorted(told(services)) == ["clerk"]


Wronged = Callable[[Services], None]


@pytest.mark.parametrize(
    ("happen", "expected"),
    [
        pytest.param(
            lambda services: message(services, "a", state="expired"),
            {Wrong.EXPIRED: 1},
            id="a message expired",
        ),
        pytest.param(
            lambda services: message(services, "a", state="unknown", error="e"),
            {Wrong.UNREACHED: 1},
            id="nobody knows whether it arrived",
        ),
        pytest.param(
            lambda services: message(services, "a", state="sent"), {}, id="a message that arrived is nothing"
        ),
        pytest.param(
            lambda services: message(services, "a", state="failed", error="e", at_s=FRIDAY_EARLY),
            {},
            id="what Friday's message told already",
        ),
        pytest.param(
            lambda services: services.store.outages.add(
                FRIDAY_NOON, FRIDAY_NOON + 90, reason="down", holder="a"
            ),
            {Wrong.OUTAGE: 1},
            id="callbacks may be lost",
        ),
        pytest.param(
            lambda services: services.store.runs.miss("digest", FRIDAY_NOON, now=NOW),
            {Wrong.JOBS: 1},
            id="a job was missed",
        ),
        pytest.param(
            lambda services: services.store.marks.put(FIRST_START, str(NOW - 86_400)),
            {Wrong.NEVER_COMPARED: 1},
            id="a day without any comparison",
        ),
        pytest.param(
            lambda services: compared(services, at_s=NOW - 3600, drift={Cause.IMPORTED: 40}),
            {},
            id="the first reading of lists repairs nothing",
        ),
        pytest.param(
            lambda services: compared(
                services, at_s=NOW - 3600, drift={Cause.MISSED_ADD: 3, Cause.MISSED_LOSS: 12, Cause.HELD: 12}
            ),
            {Wrong.HELD: 12, Wrong.REPAIRED: 3},
            id="drift, some of it waits",
        ),
        pytest.param(
            lambda services: compared(services, at_s=NOW - 3600, drift={Cause.UNKNOWN: 1, Cause.FROZEN: 1}),
            {Wrong.UNREAD: 1},
            id="a list was not read; who left is nothing wrong",
        ),
        pytest.param(
            lambda services: compared(services, at_s=NOW - 3 * 86_400, drift={}),
            {Wrong.COMPARED_LONG_AGO: 3},
            id="not compared since Friday",
        ),
    ],
)
def test_what_is_wrong_is_told(services: Services, happen: Wronged, expected: dict[Wrong, int]) -> None:
    happen(services)

    assert found(services) == expected


@pytest.mark.parametrize(
    ("age_days", "expected"),
    [(None, {Wrong.NO_FACTS: 1}), (6, {}), (7, {Wrong.OLD_FACTS: 7})],
)
def test_old_facts_are_told_where_a_rule_needs_them(
    tmp_path: Path, age_days: int | None, expected: dict[Wrong, int]
) -> None:
    with bank(tmp_path, tmp_path / "bot.db", quotas=QUOTA + FACTS) as services:
        if age_days is not None:
            services.store.marks.put("facts_imported_at", str(NOW - age_days * 86_400))

        assert found(services) == expected


MAY_NOT = "企业微信返回 48002，应用没有权限，请到 客户联系 → 权限配置 → 可调用接口的应用 添加"


def _noted(part: Part, text: str, errcode: int = 0) -> Wronged:
    return lambda services: services.store.troubles.note(part, troubles.Trouble(errcode, text))


@pytest.mark.parametrize(
    ("happen", "chinese"),
    [
        pytest.param(
            lambda services: services.store.tokens.block("app", error="e", errcode=40001, until=NOW + 60),
            "消息发不出去：企业微信返回 40001，secret 不对或应用已停用，请把本应用的 secret 填入配置",
            id="a refusal with its remedy",
        ),
        pytest.param(
            _noted(Part.DELIVERY, "WeCom answered 48011", 48011),
            "消息发不出去：企业微信返回 48011，见 quotabot status",
            id="a refusal that nobody knows more of",
        ),
        pytest.param(
            _noted(Part.DELIVERY, "no connection to WeCom (timed out)"),
            "消息发不出去（no connection to WeCom (timed out)）",
            id="no answer: the detail stays as it is",
        ),
        pytest.param(
            _noted(Part.DIRECTORY, "not allow", 60020),
            "通讯录读不到：企业微信返回 60020，服务器地址不可信，请到 应用管理 → 企业可信IP 添加",
            id="the directory",
        ),
        pytest.param(
            _noted(Part.DETAILS, "e", 48002),
            f"客户详情读不到：{MAY_NOT}",
            id="details",
        ),
        pytest.param(
            _noted(Part.WELCOME, "e", 48002),
            f"欢迎语发不出去：{MAY_NOT}",
            id="welcome messages",
        ),
    ],
)
def test_what_is_in_everybodys_way_is_told_in_chinese(
    services: Services, happen: Wronged, chinese: str
) -> None:
    happen(services)

    (one,) = wrong(services, at=MONDAY)
    assert one.what is Wrong.SERVICE
    assert as_text(admin(language="zh-CN", found=[one], at=MONDAY)).splitlines()[1] == chinese


@pytest.mark.parametrize(
    ("one", "chinese", "english"),
    [
        pytest.param(
            Finding(what=Wrong.SERVICE, trouble=Trouble.SILENCE, n=130, text="in English"),
            "130 分钟没有收到企业微信的回调，",
            "No callback from WeCom for 130 minutes, ",
            id="silence",
        ),
        pytest.param(
            Finding(what=Wrong.SERVICE, trouble=Trouble.READS, n=40, names=("user/get",), errcode=45009),
            "调用太多，企业微信暂停了 user/get，40 秒后自动恢复",
            "Too many calls: WeCom pauses user/get, which goes on by itself in 40 s",
            id="one API",
        ),
        pytest.param(
            Finding(what=Wrong.SERVICE, trouble=Trouble.READS, n=40, names=("*",), errcode=45009),
            "调用太多，企业微信暂停了 全部读取，40 秒后自动恢复",
            "Too many calls: WeCom pauses all reading, which goes on by itself in 40 s",
            id="all reading",
        ),
        pytest.param(
            Finding(what=Wrong.SERVICE, trouble=Trouble.STUCK, n=3, text="in English", errcode=84061),
            "3 位客户的详情多次没读到：企业微信返回 84061，若涉及很多客户，",
            "The details of 3 contacts could not be read: WeCom answered 84061, if it concerns many, ",
            id="details that stay unread",
        ),
    ],
)
def test_a_trouble_has_words_in_both_languages(one: Finding, chinese: str, english: str) -> None:
    for language, begins in (("zh-CN", chinese), ("en", english)):
        said = as_text(admin(language=language, found=[one], at=MONDAY)).splitlines()[1]
        assert said.startswith(begins)
        assert "in English" not in said


def test_a_picture_that_was_too_large_is_told(services: Services) -> None:
    message(services, "digest:x:picture", state="failed", error="e", receipt='{"picture_bytes": 2097153}')

    assert told(services)["boss"].splitlines()[1] == "1 条消息没有送到（yg01）：图片超过 2 MB，只发了文字"


def test_a_robot_that_is_off_is_told_in_their_language(services: Services, tmp_path: Path) -> None:
    more = f'{ADMINS}[[robots]]\nname = "south"\nwebhook_key = "k"\ndepartments = [11]\nposts = ["digest"]\n'
    services.use(load(write_config(tmp_path, quotas=QUOTA, more=more), environ={}), services.directory)
    configured = fingerprints(services.config)["south"]
    with services.store.transaction():
        services.store.robots.switch_off("south", configured=configured, errcode=93000, error="e", now=NOW)

    (one,) = wrong(services, at=MONDAY)

    assert (one.what, "south”已停用：企业微信返回 93000" in one.text) == (Wrong.SERVICE, True)


def test_without_administrators_nobody_is_told(tmp_path: Path) -> None:
    with bank(tmp_path, tmp_path / "bot.db", more="") as services:
        message(services, "a", state="failed", error="e")

        assert told(services) == {}
