"""Two real processes read from one WeCom on one store: together they stay below what it allows."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from builders.e2e import ROOT
from builders.sandbox import make_world

from bot.store.store import Store
from sandbox import server as sandbox_server
from sandbox.switches import ApiSwitches

PER_MINUTE, AT_ONCE = 200, 3
READS = """
import sys
import threading
from pathlib import Path
from bot.store.budget import Share
from bot.store.coordination import own_name
from bot.store.store import Store
from bot.wecom.budget import ReadBudget
from bot.wecom.client import Access, WeComClient
from bot.wecom.errors import WeComError
from bot.wecom.reads import Reads
from bot.wecom.token import TokenKeeper
_, path, corp, secret, url, per_minute, at_once = sys.argv
store, name = Store(Path(path)), own_name()
client = WeComClient(Access(corp_id=corp, secret=secret, base_url=url))
tokens = TokenKeeper(name="app", holder=name, client=client, tokens=store.tokens, leases=store.leases)
share = Share(per_minute=int(per_minute), per_hour=1000, in_flight=int(at_once), call_s=10)
reads = Reads(client, tokens, ReadBudget(store.budget, holder=name, real_time=store.now, share=share))
read = []
def work():
    try:
        while True:
            reads.ask("tag/list", lambda token: read.append(client.read("tag/list", token=token)), turn_s=4)
    except WeComError as error:
        print(error, file=sys.stderr)
threads = [threading.Thread(target=work) for _ in range(4)]
print("ready", flush=True)
sys.stdin.readline()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(read))
"""


@pytest.mark.lasting
def test_two_processes_see_neither_45009_nor_45033(tmp_path: Path) -> None:
    world, real = make_world(api=ApiSwitches(reads_per_minute=PER_MINUTE))
    real.now = time.time()
    world.faults.arm({"concurrency": AT_ONCE, "delay_ms": 30})
    Store(tmp_path / "bot.db").close()
    with sandbox_server.start(world) as running:
        app = world.app
        options = (str(tmp_path / "bot.db"), app.corp_id, app.secret, running.url, PER_MINUTE, AT_ONCE)
        command = [sys.executable, "-c", READS, *map(str, options)]
        processes = [
            subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        read = [int(process.communicate(timeout=120)[0]) for process in processes]
        codes = Counter(call.errcode for call in world.calls if call.path == "tag/list")

    assert codes.keys() == {0}
    assert sum(read) == codes[0] <= PER_MINUTE
    assert min(read) >= 1
