"""The sandbox on an address, in a separate thread: for tests, the demo and the command."""

from __future__ import annotations

import os
import socket
import threading
from types import TracebackType
from typing import Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox.app import create_app
from sandbox.callbacks import CallbackSender
from sandbox.events import complete_transfers
from sandbox.world import World

_BACKLOG = 256
_TICK_S = 0.2


class AddressInUseError(OSError):
    """An address that cannot be used; the text is one sentence for people."""


class _QuietHandler(WSGIRequestHandler):
    """A handler without a line for each request (the world has the log of calls); answers leave at once."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


class RunningServer:
    """A started sandbox. Ends by `close`, or as a context manager."""

    def __init__(self, world: World, sender: CallbackSender, server: BaseWSGIServer, *, host: str) -> None:
        self.world = world
        self.sender = sender
        self._server = server
        self.host = host
        self.port = server.port
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        threading.Thread(target=self._pass_time, daemon=True).start()

    @property
    def url(self) -> str:
        """Return the base URL, for `wecom.api_base_url`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def _pass_time(self) -> None:
        """Fire the events that the virtual clock brings by itself."""
        while not self.world.stopping.wait(_TICK_S):
            if events := complete_transfers(self.world):
                self.sender.send(events)

    def close(self) -> None:
        """Stop listening; drop hanging calls and pending retries."""
        self.world.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(world: World, *, host: str = "127.0.0.1", port: int = 0) -> RunningServer:
    """Start serving *world*; port 0 means any free port. Raises AddressInUseError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as exc:
        raise AddressInUseError(
            f"cannot listen on {host}:{port}: {os.strerror(exc.errno or 0)}; choose another port"
        ) from exc
    sender = CallbackSender(world)
    with listening:  # werkzeug copies the descriptor
        bound = listening.getsockname()[1]
        server = make_server(
            host,
            bound,
            create_app(world, sender=sender),
            threaded=True,
            request_handler=_QuietHandler,
            fd=listening.fileno(),
        )
    return RunningServer(world, sender, server, host=host)
