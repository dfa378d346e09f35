"""A PostgreSQL for measurements: durable, with the settings that a new server has."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from bench.processes import ROOT


@contextmanager
def databases() -> Iterator[Callable[[], str]]:
    """Start a server; yields a function that makes an empty database and returns its address."""
    sys.path.insert(0, f"{ROOT}/tests")  # the tests' server, which knows where the binaries are
    import psycopg
    from builders.postgres import Server, server_folder

    numbers = count()
    with server_folder() as folder:
        server = Server(folder, durable=True)
        server.start()

        def make() -> str:
            name = f"bench{next(numbers)}"
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}".encode())
            return server.url(name)

        try:
            yield make
        finally:
            server.stop(immediately=True)
