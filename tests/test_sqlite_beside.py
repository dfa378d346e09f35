"""One SQLite file, one service, and other processes that write to it meanwhile: commands, scripts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
import requests
from builders.e2e import (
    COMMAND,
    MADE_UP_APP,
    PATIENCE_S,
    ROOT,
    bot_process,
    far_schedule,
    rows_of,
    until,
    write_config,
    write_roster,
)
from builders.service import contact_event, sealed
from builders.stores import make_complete

from bot.store.store import Store
from sandbox.wxcrypto import Codec

CODEC = Codec(
    token=str(MADE_UP_APP["callback_token"]),
    aes_key=str(MADE_UP_APP["callback_aes_key"]),
    receive_id=str(MADE_UP_APP["corp_id"]),
)
LANES, POSTS, WRITES = 4, 40, 150
# Reads a number and writes it back one higher, and adds a fact: one transaction, again and again.
WRITER = """
import sys
from pathlib import Path
from bot.core.relations import RelationEvent, RelationKind
from bot.store.store import Store
store = Store(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    with store.transaction():
        count = int(store.marks.get("count") or 0)
        event = RelationEvent(
            userid="yg02",
            external_userid=f"wm-other-{number}",
            at=1_795_395_600 + number,
            kind=RelationKind.ADDED,
        )
        store.ledger.append(event, origin="import", recorded_at=0)
        store.marks.put("count", str(count + 1))
store.close()
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_roster(tmp_path, "yg01,员工甲,1,客户经理,,,,", "yg02,员工乙,1,客户经理,,,,")
    return write_config(tmp_path, more=far_schedule())


def writer(store: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(store), str(WRITES)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_processes_that_write_beside_a_running_service_lose_nothing_and_harm_nothing(config: Path) -> None:
    store = config.parent / "quotabot.db"
    with closing(Store(store)) as opened:
        make_complete(opened)
    answers: dict[str, int] = {}
    plan = [*COMMAND, "run", "progress", "--at", "2026-11-23T09:07", "--no-wait", "--config", str(config)]
    with bot_process(config) as bot:

        def load(lane: int) -> None:
            for number in range(POSTS):
                customer = f"wm-{lane}-{number}"
                callback = sealed(contact_event(userid="yg01", customer=customer), codec=CODEC)
                url = f"{bot.url}{callback.target}"
                answers[customer] = requests.post(url, data=callback.body, timeout=PATIENCE_S).status_code

        others = [writer(store), writer(store)]
        others += [subprocess.Popen(plan, cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(2)]
        threads = [threading.Thread(target=load, args=(lane,)) for lane in range(LANES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        codes = [other.wait(PATIENCE_S) for other in others]
        until(lambda: rows_of(store, "SELECT state FROM inbox WHERE state = 'pending'") == [])
        until(lambda: rows_of(store, "SELECT * FROM dirty") == [])
        ended = bot.end()

    added = Counter(row["userid"] for row in rows_of(store, "SELECT userid FROM adds"))
    assert (codes, ended) == ([0, 0, 0, 0], 0)
    assert Counter(answers.values()) == {200: LANES * POSTS}
    assert added == {"yg01": LANES * POSTS, "yg02": WRITES}
    assert rows_of(store, "SELECT value FROM marks WHERE name = 'count'") == [{"value": str(2 * WRITES)}]
    assert len(rows_of(store, "SELECT key FROM outbox")) == 2
    assert rows_of(store, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]
