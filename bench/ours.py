"""How our receiver is started for a measurement: the product itself, with a configuration of its own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bench.callbacks import AES_KEY, CORP_ID, TOKEN

if TYPE_CHECKING:
    from pathlib import Path

COUNT_SQL = "SELECT count(DISTINCT hash) FROM inbox"

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


def prepare(folder: Path, *, port: int) -> Path:
    """Write the configuration into *folder*; return where the database will be."""
    (folder / "roster.csv").write_text(
        "userid,name,department,role,leader_of,joined_on,left_on,share\n", "utf-8"
    )
    (folder / "config.toml").write_text(
        _CONFIG.format(corp_id=CORP_ID, token=TOKEN, aes_key=AES_KEY, port=port), "utf-8"
    )
    return folder / "quotabot.db"


def command(folder: Path) -> list[str]:
    """The command line of `quotabot serve --role receiver`, run from this tree."""
    program = "from bot.cli.main import main; main()"
    return [
        sys.executable,
        "-c",
        program,
        "serve",
        "--role",
        "receiver",
        "--config",
        str(folder / "config.toml"),
    ]
