"""A rolling upgrade behind the proxy: receivers are replaced one by one; each callback is answered 200."""

from __future__ import annotations

import subprocess
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from builders.e2e import (
    PATIENCE_S,
    BotProcess,
    bot_process,
    far_schedule,
    rows_of,
    until,
    write_config,
    write_roster,
)
from builders.ports import free_port
from builders.proxy import NGINX, proxy_file, site_of, with_nginx
from builders.service import contact_event, sealed

from sandbox.wxcrypto import Codec

CODEC = Codec(
    token="QDG6eK",
    aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
    receive_id="ww0123456789abcdef",
)
_PAUSE_S = 0.02  # between two callbacks: the receivers shall restart, not be measured
AT_LEAST = 60  # callbacks, so that some meet each restart


@pytest.fixture
def postgres_url(store_url: str) -> str:
    return store_url


def receiver(folder: Path, url: str, port: int) -> Path:
    """The configuration of one receiver on its own port."""
    own = folder / str(port)
    own.mkdir()
    write_roster(own, "u001,员工,1,客户经理,,,,")
    return write_config(own, store=url, listen=f"127.0.0.1:{port}", more=far_schedule())


class Callbacks:
    """WeCom that goes on sending until it is told to end."""

    def __init__(self, url: str) -> None:
        self.statuses: Counter[int] = Counter()
        self._url, self._ending = url, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def sent(self) -> int:
        return self.statuses.total()

    def end(self) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        with requests.Session() as session:
            while not self._ending.is_set() or self.sent < AT_LEAST:
                event = contact_event(userid="u001", customer=f"wm{self.sent:030d}")
                callback = sealed(event, codec=CODEC)
                answer = session.post(f"{self._url}{callback.target}", data=callback.body, timeout=PATIENCE_S)
                self.statuses[answer.status_code] += 1
                self._ending.wait(_PAUSE_S)


@pytest.mark.lasting
@with_nginx
def test_receivers_are_replaced_one_by_one_without_a_502_and_without_a_loss(
    tmp_path: Path, postgres_url: str
) -> None:
    assert NGINX is not None
    ports = (free_port(), free_port())
    configs = [receiver(tmp_path, postgres_url, port) for port in ports]
    front = free_port()
    path = proxy_file(tmp_path, site_of("nginx/compose.conf", tmp_path, port=front, upstreams=ports))
    codes: list[int] = []
    with ExitStack() as stack:

        def start(number: int) -> BotProcess:
            return stack.enter_context(bot_process(configs[number], "--role", "receiver"))

        running = [start(0), start(1)]
        nginx = stack.enter_context(subprocess.Popen([NGINX, "-p", str(tmp_path), "-c", str(path)]))
        stack.callback(nginx.terminate)
        url = f"http://127.0.0.1:{front}"
        until(lambda: _is_up(f"{url}/about"))
        callbacks = Callbacks(url)
        stack.callback(callbacks.end)
        for number in (0, 1):
            seen = callbacks.sent
            until(lambda: callbacks.sent > seen + 5)  # noqa: B023 - called at once
            codes.append(running[number].end())
            running[number] = start(number)
        callbacks.end()

    assert codes == [0, 0]
    assert callbacks.statuses == {200: callbacks.sent}
    assert len(rows_of(postgres_url, "SELECT seq FROM inbox")) == callbacks.sent


def _is_up(url: str) -> bool:
    try:
        return requests.get(url, timeout=PATIENCE_S).status_code == 200
    except requests.ConnectionError:
        return False
