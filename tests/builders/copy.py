"""An installation on SQLite with a day of history, for the tests of its copy."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import TupleRow

from bot.app.bootstrap import record_files
from bot.cli.main import main
from bot.clock import RealClock
from bot.core.people import Membership, Person
from bot.features.ledger.derive import note_rules
from bot.services import Services
from bot.store.counters import count
from bot.store.outbox import OutboxMessage
from bot.store.store import Store
from bot.store.welcomes import WelcomeState
from builders import config as config_files
from handlers.inbox import work_off

EVENT_AT = 1_795_395_600  # 2026-11-23T09:00+08:00
ROSTER = """userid,name,department,role,leader_of,joined_on,left_on,share
sales01,员工甲,2,,,,,
sales02,员工乙 𠮷,2,,,,,
"""
NOT_TEXT = bytes(range(256))


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Quotabot = Callable[..., Done]


def command_here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    """`quotabot` within this process, by its own door."""

    def quotabot(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["quotabot", *arguments])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        assert isinstance(code, int)
        return Done(code, out, err)

    return quotabot


def write_config(folder: Path, *, store: str = "sqlite:///quotabot.db", name: str = "config.toml") -> Path:
    """A configuration with its roster; the secrets are in the environment."""
    (folder / "roster.csv").write_text(ROSTER, encoding="utf-8")
    path = folder / name
    told = f'[store]\nurl = "{store}"\n[locale]\nlanguage = "en"\n'
    path.write_text(config_files.MINIMAL + told, encoding="utf-8")
    return path


def put_events(store: Store, bodies: list[bytes]) -> None:
    """Put *bodies* into the inbox as the receiver does."""
    rows = [
        {"hash": hashlib.sha256(body).hexdigest(), "body": body, "received_at": EVENT_AT} for body in bodies
    ]
    with store.transaction():
        store.engine.run_many("inbox_add", rows)


def contact(number: int, *, userid: str = "sales01", change: str = "add_external_contact") -> bytes:
    """A change of customer *number*, that many seconds after nine."""
    return (
        "<xml><ToUserName>ww0123456789abcdef</ToUserName><FromUserName>sys</FromUserName>"
        f"<CreateTime>{EVENT_AT + number}</CreateTime><MsgType>event</MsgType>"
        f"<Event>change_external_contact</Event><ChangeType>{change}</ChangeType>"
        f"<UserID>{userid}</UserID><ExternalUserID>wm{number:08d}</ExternalUserID></xml>"
    ).encode()


def live_a_day(services: Services) -> None:
    """Something in every table: events good and bad, people, messages, runs, a token, an outage, a lease."""
    store = services.store
    record_files(services, now=RealClock().now())
    _know(services.store)
    note_rules(services)
    put_events(store, [contact(number, userid=f"sales0{1 + number % 2}") for number in range(701)])
    put_events(store, [contact(number, change="del_follow_user") for number in range(2, 40, 2)])
    put_events(store, [NOT_TEXT, b"", "不是事件 𠮷".encode()])
    work_off(services)
    with store.transaction():
        people = [
            Person(
                userid="sales03",
                name="员工丙",
                memberships=(Membership(since=None, departments=(2,), role="客户经理"),),
            )
        ]
        store.members.put(people, read_on=date(2026, 11, 23))
        for number in range(4):
            store.outbox.add(_message(number), created_at=EVENT_AT)
        store.ledger.mark_all()  # left over for the target to derive
        store.daily_statements.make_key("2026-11")
        store.daily_statements.add(
            "7K3M9Q2PXW4D8HTR", month="2026-11", body="{}", userid="sales01", day="2026-11-23"
        )
        store.daily_statements.note_wrong_code("a", hour=1)
    store.outbox.begin(1, request=NOT_TEXT, now=EVENT_AT)
    store.outbox.finish(1, state="sent", now=EVENT_AT + 1, receipt='{"errmsg": "成功"}')
    store.outbox.finish(4, state="sent", now=EVENT_AT)
    with store.transaction():
        assert store.inbox.purge_before(EVENT_AT + 1, limit=1)
        assert store.outbox.purge_before(EVENT_AT + 1, limit=10)
    store.runs.claim("progress", EVENT_AT, holder="a:1", now=EVENT_AT, lease_until=EVENT_AT + 60)
    store.runs.end("progress", EVENT_AT, holder="a:1", state="done")
    store.tokens.put("app", token="made-up-token", expires_at=EVENT_AT + 7200)
    store.outages.add(EVENT_AT, EVENT_AT + 90, reason="down", holder="a:1")
    store.welcomes.claim("WCsim1", happened_at=EVENT_AT, now=EVENT_AT + 1)
    store.welcomes.finish("WCsim1", state=WelcomeState.SENT, errcode=0, now=EVENT_AT + 2)
    store.robots.switch_off("south-branch", configured="x", errcode=93000, error="gone", now=EVENT_AT)
    store.attachments.put("x1", filename="团队.xlsx", body=NOT_TEXT, at=EVENT_AT)
    store.leases.take("delivery", holder="a:1", now=EVENT_AT, until=EVENT_AT + 15)
    count("callbacks", "stored")
    services.store.counters.flush()


def _message(number: int) -> OutboxMessage:
    return OutboxMessage(
        key=f"progress:2026-11-23:员工{number}",
        job="progress",
        to_userid="sales01",
        content="今天还差 3 位，慢慢来 🌱\n" * (number + 1),
        msgtype="markdown",
        not_before=EVENT_AT,
        expires_at=EVENT_AT + 600,
        time_shift=None if number else -5,
    )


def seen(url: str, query: str) -> list[TupleRow]:
    """What another program sees in the target."""
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def tampered(url: str, statement: str) -> None:
    """Change something in the target behind our back."""
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute(statement.encode()).rowcount == 1


def _know(store: Store) -> None:
    """A row in each table that no event fills."""
    rows = (
        "INSERT INTO absences VALUES ('sales01', '2026-11-02', '2026-11-03', '年假')",
        "INSERT INTO details VALUES ('sales01', 'wm1', 1, 1, 1, '', '', '[\"et1\"]', '', '', 2)",
        "INSERT INTO detail_reads VALUES ('sales01', 'wm9', 'wanted', 1, 1, 0, 0, '')",
        "INSERT INTO customer_names VALUES ('sales01', 'wm1', '向阳花', '到店客户', 2)",
        "INSERT INTO corp_tags VALUES ('et1', 1, '级别', '贵宾')",
        "INSERT INTO facts VALUES (1, 'external_userid', 'wm1', 'sales01', '{\"account\": \"1\"}')",
        """INSERT INTO reviews (kind, quota, period, userid, external_userid, added_at, opened_at)
           VALUES ('appeal', 'q', '2026-11', 'sales01', 'wm1', 1, 2)""",
        """INSERT INTO findings (kind, userid, subject, on_day, concerned, evidence, asked_at)
           VALUES ('burst', 'sales01', '2026-11-02', '2026-11-02', '[]', '{"n": 15}', 1)""",
        "INSERT INTO sync_runs (began_at, state) VALUES (5, 'reading')",
        "INSERT INTO sync_members (userid, batch) VALUES ('sales01', 0)",
        "INSERT INTO sync_listed VALUES ('sales01', 'wm1', 1, 1, 1, '', '', '[]', '', '')",
        "INSERT INTO sync_losses VALUES ('sales01', 'wm2', 5, 1)",
        "INSERT INTO sync_readings VALUES ('sales01', 5)",
        "INSERT INTO sync_drift VALUES (1, 'held', 'sales01', 12, '原因')",
        "INSERT INTO engagement VALUES ('sales01', '2026-11-22', 3, 9, 6025, 180, 0, 1, 1, 0, 6)",
        "INSERT INTO engagement VALUES ('sales01', '2026-11-21', 0, 0, NULL, NULL, 0, 0, 0, 1, 6)",
        "INSERT INTO engagement_teams VALUES (2, '2026-11-22', 'median', 2, 6025, NULL, 1, 6)",
        "INSERT INTO engagement_runs (last_day, began_at) VALUES ('2026-11-22', 6)",
        "INSERT INTO engagement_members (userid, state) VALUES ('sales01', 'read')",
        "INSERT INTO departments VALUES (2, '零售一部', 1, '2026-11-23')",
        """INSERT INTO address_book
           VALUES ('sales01', '员工甲', '2', '', '客户经理', 1, '', '4', 'present', '2026-11-23', '', NULL,
                   NULL, '2026-11-23')""",
        "INSERT INTO member_tags VALUES (4, '理财')",
        "INSERT INTO member_reads VALUES ('sales02', 1, '2026-11-23', 0, 0, '')",
        "INSERT INTO renames VALUES ('sales00', 'sales01', 1, '甲')",
        """INSERT INTO proposed_renames (old_userid, userid, same, living, proposed_at)
           VALUES ('sales02', 'sales03', 4, 5, 1)""",
        """INSERT INTO roster_lines
           VALUES ('sales01', '{"userid": "sales01", "name": "", "department": "2", "role": "",
                                "leader_of": "", "joined_on": "", "left_on": "", "share": "1"}', '', 1)""",
        "INSERT INTO mutes VALUES ('sales01', 9, 5, 'word')",
        "INSERT INTO leaves_said VALUES ('sales01', '2026-11-02', '2026-11-03', 5)",
        "INSERT INTO help_wishes VALUES ('sales01', '2026-11-23', 5)",
        "INSERT INTO coaching VALUES ('sales02', 'sales01', '2026-11-23', 5, 'q', NULL)",
        """INSERT INTO figures
           VALUES ('sales01', 'q', '2026-11', 12, 'cm', 50, 40, 1, '{}', 9, 10, 3, 2, 5, 0)""",
        "INSERT INTO lists_shown VALUES ('sales01', 1, 'wm1', 5)",
        "INSERT INTO words VALUES (1, '7349000000000000001', 'sales01', '', 'word', 5, 'done', 'c1', 6, '')",
        "INSERT INTO unasked_days VALUES ('sales01', '2026-11-23', 2)",
        "INSERT INTO withheld VALUES ('progress:sales01', 'progress', 'sales01', '2026-11-23', 'muted', 5)",
        "INSERT INTO exports VALUES ('x1', 'sales01', 'sales02', 5)",
        "INSERT INTO logouts VALUES ('sales01', 1)",
        "INSERT INTO closings VALUES ('q', '2026-10', 3)",
        "INSERT INTO results VALUES ('q', '2026-10', 'sales01', 1, 'final', '{}', '', '', 3, '0a', 's')",
        "INSERT INTO erased VALUES ('0b', 'sales01')",
    )
    with store.transaction():
        for number, row in enumerate(rows):
            store.engine.learn(f"-- name: know_{number}()!\n{row};")
            store.engine.run(f"know_{number}")
        store.audit.add(at=1, actor="甲", act="adopt", subject="q", detail={"target": [50, 40]})
