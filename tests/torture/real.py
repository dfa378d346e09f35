"""`python -m torture.real`: the bot's real processes under kill -9 and worse, on both engines, and its books.

Prints one table for each engine; exit code 1 if something was lost, doubled or not as it should be.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builders.postgres import Server, server_folder
from builders.speed import cache_bytecode

from torture.rounds import Options, Round, opened

_HEAD = ("part", "events", "messages", "recovered", "lost", "doubled", "whole after")


def main() -> None:
    """Torture the asked engines one after the other."""
    parser = argparse.ArgumentParser(prog="python -m torture.real", description=__doc__)
    parser.add_argument("--engine", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--frozen", type=int, default=120, help="seconds of the long SIGSTOP; 0: none")
    parser.add_argument(
        "--minutes", type=float, default=40, help="no new fault after so long, for one engine"
    )
    parser.add_argument("--no-cells", action="store_true", help="without the nine cells")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no process is left behind
    cache_bytecode()  # half of each start in an environment without
    engines = ("sqlite", "postgres") if given.engine == "both" else (given.engine,)
    is_wrong = False
    for engine in engines:
        options = Options(
            seed=given.seed,
            kills=given.kills,
            frozen_s=given.frozen,
            within_s=given.minutes * 60,
            cells=() if given.no_cells else None,
            tell=lambda line: print(line, file=sys.stderr, flush=True),
        )
        with tempfile.TemporaryDirectory() as folder, _server(engine) as server:
            began = time.monotonic()
            with opened(Path(folder), options, server=server) as played:
                played.play()
            print(f"\n## {engine}, seed {given.seed}, {(time.monotonic() - began) / 60:.0f} min\n")
            print(table(played))
        is_wrong = is_wrong or bool(played.failures)
        for failure in played.failures[:50]:
            print(f"WRONG: {failure}")
    if is_wrong:
        print(f"again: python -m torture.real {' '.join(sys.argv[1:])}")
    sys.exit(is_wrong)


def table(played: Round) -> str:
    """Return the lines of a round as a table, and what else it counted."""
    rows = [_HEAD, tuple("---" for _ in _HEAD)]
    for line in played.lines:
        after = played.whole_after.get(line.part)
        rows.append(
            (
                line.part,
                str(line.events),
                str(line.messages),
                f"{line.recovered:.1f} %",
                str(line.lost),
                str(line.doubled),
                "" if after is None else f"{after:.0f} s",
            )
        )
    said = "\n".join(f"* {name}: {count}" for name, count in sorted(played.counts().items()))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + f"\n\n{said}"


@contextmanager
def _server(engine: str) -> Iterator[Server | None]:
    if engine == "sqlite":
        yield None
        return
    with server_folder() as folder:
        server = Server(folder, durable=True)
        server.start()
        try:
            yield server
        finally:
            server.stop(immediately=True)


if __name__ == "__main__":
    main()
