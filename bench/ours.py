"""How our receiver is started for a measurement: the product itself, with a configuration of its own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bench.callbacks import AES_KEY, CORP_ID, TOKEN

if TYPE_CHECKING:
    from pathlib import Path

COUNT_SQL = "SELECT count(DISTINCT hash) FROM inbox"
RATE = 120  # messages a second that we are allowed to send
_NOBODY = '"http://127.0.0.1:9"'

_CONFIG = """
[wecom]
corp_id = "{corp_id}"
agent_id = 1000002
secret = "unused: a receiver sends nothing"
callback_token = "{token}"
callback_aes_key = "{aes_key}"
api_base_url = "http://127.0.0.1:9"

[server]
listen = "127.0.0.1:{port}"

[store]
url = "sqlite:///quotabot.db"

[directory]
source = "csv"
roster = "roster.csv"

[[quotas]]
id = "bench"
period = "month"
target = 50
basis = "added"
"""


def prepare(folder: Path, *, port: int, store: str = "", wecom: str = "", more: str = "") -> Path:
    """Write the configuration into *folder*; return where the database will be.

    *store*: another store than the file; *wecom*: the address of its stand-in; *more*: more sections.
    """
    (folder / "roster.csv").write_text(
        "userid,name,department,role,leader_of,joined_on,left_on,share\n", "utf-8"
    )
    text = _CONFIG.format(corp_id=CORP_ID, token=TOKEN, aes_key=AES_KEY, port=port)
    if store:
        text = text.replace("sqlite:///quotabot.db", store)
    if wecom:
        text = text.replace(_NOBODY, f'"{wecom}"\nmax_per_minute = {RATE * 60}\nmax_in_flight = 20')
    (folder / "config.toml").write_text(text + more, "utf-8")
    return folder / "quotabot.db"


def command(folder: Path, *, role: str = "receiver") -> list[str]:
    """The command line of `quotabot serve`, run from this tree."""
    program = "from bot.cli.main import main; main()"
    config = str(folder / "config.toml")
    return [sys.executable, "-c", program, "serve", "--role", role, "--config", config]
