"""A whole installation with faults: no secret and no customer's name is anywhere but where it belongs.

Looked through: logs of both forms with `-v`, what commands print, readyz, metrics, pages, the lists of
processes, and every column of the database.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from builders.e2e import (
    QUOTA,
    BotProcess,
    Quotabot,
    SandboxProcess,
    bot_process,
    command_here,
    far_schedule,
    rows_of,
    sandbox_process,
    until,
    write_config,
)
from builders.service import contact_event, sealed

from sandbox.wxcrypto import Codec

NAMES = ("秘密客户甲", "张三丰备注", "SECRET-LEE")
NUMBER = "13912345678"
PASSWORD, ROBOT_KEY, METRICS = "pg-password-7f3a", "robot-key-9c1e-77aa", "metrics-token-5b2d"
# Where a secret belongs: the token that processes share, and the keys that are made once.
BELONGS = {("tokens", "token"), ("marks", "value")}


@dataclass
class Office:
    """A bot beside WeCom's stand-in, and everything that anybody can read of it."""

    sandbox: SandboxProcess
    bot: BotProcess
    config: Path
    place: Path | str
    app: dict[str, Any]
    quotabot: Quotabot
    read: dict[str, str] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)

    def look(self) -> None:
        """Read what a monitor, an operator and a neighbour on the machine can read."""
        token = {"Authorization": f"Bearer {METRICS}"}
        for path in ("readyz", "metrics", "healthz", "about", "me", "nothing"):
            answer = requests.get(f"{self.bot.url}/{path}", headers=token, timeout=60, allow_redirects=False)
            self.read[f"GET /{path}"] = self.read.get(f"GET /{path}", "") + answer.text + str(answer.headers)
        self.tokens |= {row["token"] for row in rows_of(self.place, "SELECT token FROM tokens")} - {""}
        process = Path("/proc") / str(self.bot.process.pid)
        self.read["command line"] = (process / "cmdline").read_text()
        for thread in (process / "task").iterdir():
            with suppress(OSError):  # it has ended meanwhile
                self.read["its threads"] = self.read.get("its threads", "") + (thread / "comm").read_text()

    def run(self, *words: str) -> None:
        """Run a command that reports something; keep what it prints."""
        done = self.quotabot(*words, "--config", str(self.config))
        self.read[f"quotabot {' '.join(words)}"] = done.out + done.err


def secrets_of(office: Office) -> dict[str, str]:
    """Every secret of the installation by what it is; those made by WeCom and the bot come from the store."""
    (session,) = [
        row["value"] for row in rows_of(office.place, "SELECT value FROM marks WHERE name = 'session_key'")
    ]
    key = office.app["callback_aes_key"]
    known = {
        "corp secret": office.app["secret"],
        "callback token": office.app["callback_token"],
        "AES key": key,
        "AES key, decoded": base64.b64decode(key + "=").hex(),
        **{f"access token {number}": token for number, token in enumerate(sorted(office.tokens))},
        "session key": session,
        "robot's key": ROBOT_KEY,
        "token of metrics": METRICS,
        **{f"a customer's name {number}": name for number, name in enumerate(NAMES)},
        "a customer's number": NUMBER,
    }
    return known | ({"PostgreSQL password": PASSWORD} if isinstance(office.place, str) else {})


def columns(place: Path | str) -> Iterator[tuple[str, str, str]]:
    """Every value of the database as text, with its table and column."""
    listed = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if isinstance(place, Path)
        else "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    for table in [row["name"] for row in rows_of(place, listed)]:
        for row in rows_of(place, f'SELECT * FROM "{table}"'):
            for column, value in row.items():
                raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                yield table, column, raw.decode(errors="replace")


@pytest.fixture(params=["console", "json"])
def office(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Office]:
    """On SQLite with a log for people, and on PostgreSQL, behind a password, with one for programs."""
    place: Path | str = tmp_path / "quotabot.db"
    if request.param == "json":
        url: str = request.getfixturevalue("store_url")
        place = url.replace("quotabot@", f"quotabot:{PASSWORD}@")
    with sandbox_process(tmp_path) as sandbox:
        app = sandbox.get("app")
        config = write_config(
            tmp_path,
            app=app,
            api_url=sandbox.url,
            quotas=QUOTA,
            more=f"""{far_schedule()}[[robots]]
name = "south-branch"
webhook_key = "{ROBOT_KEY}"
departments = [12]
posts = ["digest"]
[admins]
userids = ["zg01"]
""",
            store=place if isinstance(place, str) else "sqlite:///quotabot.db",
        )
        text = config.read_text(encoding="utf-8")
        config.write_text(
            text.replace("[server]", f'[server]\nmetrics_token = "{METRICS}"'), encoding="utf-8"
        )
        with bot_process(config, environ={"QUOTABOT_LOG_FORMAT": request.param}) as bot:
            yield Office(sandbox, bot, config, place, app, command_here(capsys, monkeypatch))


def reads(office: Office) -> int:
    """How often the bot has read a contact."""
    return len(office.sandbox.get("calls?path=externalcontact/get")["calls"])


def live_through(office: Office) -> None:
    """Customers come, members ask, messages go, and everything on the way fails once."""
    sandbox, bot = office.sandbox, office.bot
    sandbox.post("switches", {"callback_url": f"{bot.url}/callback", "api": {"details_delay": 0.0}})
    sandbox.post("events?wait=1", {"kind": "add", "userid": "yg01"})
    until(lambda: reads(office) > 0)
    (contact,) = sandbox.get("contacts?userid=yg01")["contacts"]
    about = {"userid": "yg01", "external_userid": contact["external_userid"]}
    sandbox.post("contacts", about | {"name": NAMES[0], "remark": NAMES[1], "remark_mobiles": [NUMBER]})
    sandbox.post("events?wait=1", {"kind": "edit", **about})
    until(lambda: reads(office) > 1)  # with these names
    faults: tuple[dict[str, Any], ...] = (
        {"http_status": {"status": 502, "times": 1}},
        {"close_after": {"times": 1}},
        {"gateway": {"times": 1}},
        {"send_error": {"errcode": 81013, "times": 1}},
        {"revoke_token": True},
        {"send_error": {"errcode": 40001, "times": 3}},
        {"token_error": {"errcode": 40001, "times": 1}, "revoke_token": True},
    )

    def has_renewed_its_token() -> bool:
        office.look()
        return len(office.tokens) > 1

    for fault in faults:
        sandbox.post("faults", fault)
        words = ("进度", "明细", "申诉 1 客户已开户，有凭证")
        events = [{"kind": "text", "userid": "yg01", "word": word} for word in words]
        sandbox.post("events?wait=1", {"events": events})
        office.look()
        if fault == {"revoke_token": True}:  # the next faults let nobody have a token for minutes
            until(has_renewed_its_token)
    codec = Codec(
        token=office.app["callback_token"],
        aes_key=office.app["callback_aes_key"],
        receive_id=office.app["corp_id"],
    )
    good = sealed(contact_event(userid="yg01"), codec=codec)
    named = sealed(f"<xml><MsgType>event</MsgType><Name>{NAMES[2]}".encode(), codec=codec)
    for spoiled in (good.with_query(msg_signature="0" * 40), good.with_query(nonce="x"), named):
        requests.post(f"{bot.url}{spoiled.target}", data=spoiled.body, timeout=60)
    requests.get(f"{bot.url}/login/done?code=made-up&state=s", timeout=60)
    session = requests.Session()
    session.get(f"{bot.url}/login", allow_redirects=False, timeout=60)  # makes the session's key
    office.look()


def look_at_all(office: Office) -> None:
    """What commands say, and what the log has said until the end."""
    commands = ("status", "status --format json", "progress --format json", "explain yg01", "dead list")
    for words in (*commands, "check --live", "audit", "run progress --dry-run", "-v run sync"):
        office.run(*words.split())
    office.bot.end()
    office.read["log"] = "".join(office.bot.lines)


def test_no_secret_and_no_customers_name_is_where_it_does_not_belong(office: Office) -> None:
    live_through(office)
    look_at_all(office)
    hidden = secrets_of(office)
    found = [
        f"{what} in {where}"
        for where, text in office.read.items()
        for what, it in hidden.items()
        if it in text
    ]
    found += [
        f"{what} in {table}.{column}"
        for table, column, text in columns(office.place)
        for what, it in hidden.items()
        if it in text and (table, column) not in BELONGS
    ]

    assert found == []
    assert office.read["its threads"]
    assert len(office.read["log"]) > 500
    assert "callback refused" in office.read["log"]
    assert len(office.tokens) > 1


def test_a_secret_in_the_log_would_be_found(tmp_path: Path) -> None:
    """The search itself: a value in a table that is not its own is seen."""
    place = tmp_path / "a.db"
    with sqlite3.connect(place) as connection:
        connection.execute("CREATE TABLE outbox (request BLOB, content TEXT)")
        connection.execute("INSERT INTO outbox VALUES (?, ?)", (NAMES[0].encode(), "x"))
    seen = [(table, column) for table, column, text in columns(place) if NAMES[0] in text]

    assert seen == [("outbox", "request")]
