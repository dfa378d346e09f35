"""Our server and the route of the callbacks, without any work: what a receiver on it could reach at most.

Start: `python -m bench.peers.constant PORT`. It ends on SIGTERM.
"""

from __future__ import annotations

import signal
import sys
import threading

from flask import Flask

from bot.web.request import Reply, Request
from bot.web.server import serve


def answer(_: Request, reply: Reply) -> None:
    """Answer 200 without looking."""
    reply(200, b"")


def main() -> None:
    """Serve until the end is asked for."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    app = Flask(__name__)
    serve(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        threads=1,
        on_ready=lambda _: None,
        stop=stop,
        direct={"/callback": answer},
    )


if __name__ == "__main__":
    main()
